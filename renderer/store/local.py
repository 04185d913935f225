"""The store on a local disk: one file a key.

A put writes a temporary file, flushes it, *links* it to its final name and flushes the folder. Link, unlike rename,
fails when the name is taken, so the first writer wins even between processes and machines on one disk. A file that the
store may take is not written again: it is flushed and linked where it is.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from renderer.errors import EnvironmentFault
from renderer.store.base import Stored, checked

INCOMING = ".incoming"
"""Where files are written before they have their name."""


class LocalStore:
    """Files under ``root``, which is made with rights for its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with _faults():
            (root / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
            root.chmod(0o700)

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
        target = self._path(key)
        with _faults():
            if target.exists():
                return self._first(key)
            _make_folders(target.parent)
            written = _taken(data, target, durable) if take and isinstance(data, Path) else None
            if written is None:
                written = self._copied(data, target, durable)
            if not written.linked:
                return self._first(key)
            if durable:
                _flush(target.parent)
        return Stored(key=key, bytes=written.bytes, sha256=written.sha256, created=True)

    def _copied(self, data: bytes | Path, target: Path, durable: bool) -> _Written:
        handle, name = tempfile.mkstemp(dir=self.root / INCOMING)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                size, found = 0, hashlib.sha256()
                for block in _blocks(data):
                    file.write(block)
                    found.update(block)
                    size += len(block)
                file.flush()  # what cannot be written is to be known before it has a name
                if durable:
                    os.fsync(file.fileno())
            return _Written(_link(temporary, target), size, found.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)

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


class _Written(NamedTuple):
    """A file that is on disk; ``linked`` to its key unless somebody else was first."""

    linked: bool
    bytes: int
    sha256: str


def _blocks(data: bytes | Path) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as source:
        while block := source.read(1 << 20):
            yield block


def _taken(source: Path, target: Path, durable: bool) -> _Written | None:
    """The file itself under its key; None where it has to be copied: it is on another disk, or has another name under
    which somebody could write to it."""
    with source.open("rb") as file:
        status = os.fstat(file.fileno())
        if source.is_symlink() or not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return None
        if status.st_dev != target.parent.stat().st_dev:
            return None
        os.fchmod(file.fileno(), 0o600)
        found = hashlib.file_digest(file, "sha256")
        size = file.tell()
        if durable:
            os.fsync(file.fileno())
    linked = _link(source, target)
    source.unlink(missing_ok=True)
    return _Written(linked, size, found.hexdigest())


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
