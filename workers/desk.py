"""The private folder in which the parts of one message are made, one after the other."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.leash import owned_prefix


class Desk:
    """Each part finds it without files. The folders of channels stay, since to make and remove folders costs the disk
    more than a small file does."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._kept: Path | None = None

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop(self._kept)

    @contextmanager
    def cleared(self) -> Iterator[Path]:
        """The folder for one part. After one that failed it is not used again."""
        folder, self._kept = self._kept, None
        if folder is None:
            folder = Path(tempfile.mkdtemp(dir=self._work, prefix=owned_prefix()))
        try:
            yield folder
            _clear(folder, keep=1)
            self._kept = folder
        finally:
            if self._kept is None:
                self._drop(folder)

    @staticmethod
    def _drop(folder: Path | None) -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path | str, keep: int) -> None:
    """Remove all but so many levels of folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry)
            elif keep:
                _clear(entry.path, keep - 1)
            else:
                shutil.rmtree(entry)
