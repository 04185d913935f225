"""The store on a local disk: one file a key.

A put writes a temporary file, flushes it, *links* it to its final name and flushes the folder. Link, unlike rename,
fails when the name is taken, so the first writer wins even between processes and machines on one disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from renderer.errors import EnvironmentFault
from renderer.store.base import Stored, checked

_INCOMING = ".incoming"


class LocalStore:
    """Files under ``root``, which is made with rights for its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with _faults():
            (root / _INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
            root.chmod(0o700)

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True) -> Stored:
        target = self._path(key)
        with _faults():
            if target.exists():
                return self._first(key)
            _make_folders(target.parent)
            handle, name = tempfile.mkstemp(dir=self.root / _INCOMING)
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    if isinstance(data, bytes):
                        file.write(data)
                    else:
                        with data.open("rb") as source:
                            shutil.copyfileobj(source, file, 1 << 20)
                    if durable:
                        file.flush()
                        os.fsync(file.fileno())
                written = _digest(temporary)
                if not _link(temporary, target):
                    return self._first(key)
                if durable:
                    _flush(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return Stored(key=key, bytes=written[0], sha256=written[1], created=True)

    def open(self, key: str) -> BinaryIO:
        with _faults():
            return self._path(key).open("rb")

    def stat(self, key: str) -> int | None:
        with _faults():
            try:
                return self._path(key).stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> bool:
        path = self._path(key)
        with _faults():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            _flush(path.parent)
            # Folders left empty go too.
            for parent in path.relative_to(self.root).parents[:-1]:
                with suppress(OSError):
                    (self.root / parent).rmdir()
        return True

    def list(self, prefix: str = "") -> Iterator[str]:
        start = self._path(prefix) if prefix else self.root
        if start.is_file():
            yield prefix
            return
        for folder, folders, files in os.walk(start):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def _path(self, key: str) -> Path:
        return self.root / checked(key)

    def _first(self, key: str) -> Stored:
        size, sha256 = _digest(self._path(key))
        return Stored(key=key, bytes=size, sha256=sha256, created=False)


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return file.tell(), found.hexdigest()


def _link(temporary: Path, target: Path) -> bool:
    """False when somebody else was first. A folder that a concurrent delete found empty and took away is made again."""
    for _ in range(20):
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        except FileNotFoundError:
            _make_folders(target.parent)
        else:
            return True
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def _make_folders(folder: Path) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(parents=True, exist_ok=True, mode=0o700)
        _flush(made.parent)


def _flush(folder: Path) -> None:
    """A new name is on disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise EnvironmentFault("store.missing", "A file that the ledger names is not in the store.") from error
    except OSError as error:
        hint = "Free some space." if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check the folder DEARLY_HOME."
        raise EnvironmentFault(
            "environment.disk", f"The store could not be used: {error.strerror}.", hint=hint
        ) from error
