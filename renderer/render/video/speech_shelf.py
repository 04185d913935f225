"""Speech that was made before: sound and where words begin, under keyed digests. No text is kept, and a name of a file
tells none. Small on purpose: what only empties the shelf need not load what fills it.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path
from typing import BinaryIO

from renderer.render.video.cache import write_once

PERSONAL_DAYS = 7
PERSONAL_BYTES = 256_000_000
"""Speech that is personal is kept for so long after it was made, and so much of it: the newest."""
_PRUNE_ONE_IN = 32
"""Of so many files that are put into that folder, one has the others looked through."""
_CHECK = 16


class SpeechShelf:
    """Speech that was made before, create-only, in two folders: ``shared``, and ``personal``, which is emptied by age
    and size.

    ``key`` makes the names of files; with another key nothing is found.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = hashlib.blake2b(key, person=b"dearly-speech").digest()

    def get(self, name: str) -> bytes | None:
        """What was kept under a name; None if nothing was, or if it is torn, which is then made anew."""
        for path in (self._path(name, True), self._path(name, False)):
            with contextlib.suppress(FileNotFoundError):
                data = path.read_bytes()
                if hashlib.blake2b(data[_CHECK:], digest_size=_CHECK).digest() == data[:_CHECK]:
                    return data[_CHECK:]
                path.unlink(missing_ok=True)
        return None

    def put(self, name: str, data: bytes, *, personal: bool) -> None:
        """Keep something, unless it is there. Raises EnvironmentFault when the disk refuses."""

        def fill(file: BinaryIO) -> None:
            file.write(hashlib.blake2b(data, digest_size=_CHECK).digest() + data)

        path = self._path(name, personal)
        write_once(path, fill)
        if personal and int(path.name[:8], 16) % _PRUNE_ONE_IN == 0:
            self.prune()

    def prune(self, days: float = PERSONAL_DAYS, limit: int = PERSONAL_BYTES) -> int:
        """Remove personal speech that is older, and the oldest of what is more than ``limit`` bytes; how many files."""
        found = []
        for path in (self._folder / "personal").glob("*/*"):
            with contextlib.suppress(OSError):  # another process was faster
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        removed = kept = 0
        for made, size, path in sorted(found, reverse=True):
            kept += size
            if time.time() - made >= days * 86_400 or kept > limit:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _path(self, name: str, personal: bool) -> Path:
        keyed = hashlib.blake2b(name.encode(), key=self._key, digest_size=24).hexdigest()
        return self._folder / ("personal" if personal else "shared") / keyed[:2] / keyed
