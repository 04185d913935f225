"""Folders of the home: how large they are, and what in them nobody needs any more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KEPT_CACHES = ("fonts",)
"""Small, opened late by processes that run for long, and dear to make: never cleaned."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Bytes of a folder's files; ``whole`` is False where looking took too long and there is more."""

    bytes: int
    files: int
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Unused:
    """A file that nobody has touched for a while; ``used`` is seconds since the epoch."""

    path: Path
    bytes: int
    used: float


def size_of(folder: Path, seconds: float = 0.3) -> Size:
    """How large a folder is, as far as can be seen in so much time."""
    until = time.monotonic() + seconds
    size = files = 0
    for entry in _files(folder):
        with suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
            files += 1
        if time.monotonic() > until:
            return Size(bytes=size, files=files, whole=False)
    return Size(bytes=size, files=files, whole=True)


def unused(folder: Path, before: float, skip: tuple[str, ...] = ()) -> list[Unused]:
    """Files that were neither written nor read since ``before`` (seconds since the epoch; where the disk does not note
    reads, since they were written), those that rested longest first. Folders of these names are left out."""
    found = []
    for entry in _files(folder, skip):
        with suppress(OSError):
            about = entry.stat(follow_symlinks=False)
            used = max(about.st_atime, about.st_mtime)
            if used < before:
                found.append(Unused(path=Path(entry.path), bytes=about.st_size, used=used))
    return sorted(found, key=lambda file: (file.used, file.path))


def remove(path: Path) -> bool:
    """Remove a file; False when it was gone or cannot be removed. Folders left empty stay: others may fill them."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def empty(path: Path) -> bool:
    """Take all that a file holds; False when it is gone or refuses. Whoever has it open to add to it, as each process
    has its log, goes on at its beginning, where a file that was removed would take what he writes along."""
    try:
        os.truncate(path, 0)
    except OSError:
        return False
    return True


def _files(folder: Path, skip: tuple[str, ...] = ()) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in skip:
                yield from _files(Path(entry.path))
        else:
            yield entry
