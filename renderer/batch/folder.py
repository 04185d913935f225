"""The folder that a run is exported into: whose it is, and how one file at a time comes to stand in it, whole."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

from renderer.errors import EnvironmentFault, Place, UsageError
from renderer.ledger.model import Produced
from renderer.store.base import Store
from renderer.store.local import LocalStore

MARK = "export.json"
"""Says what the folder is; written first."""

WRITING = ".writing"
WRITING_MANIFEST = ".writing-manifest"
"""The names under which one file at a time, and the manifest, are written before they are whole."""

BLOCK = 1 << 20

Fault = Literal["missing", "damaged", "unreadable", "other"]
WHAT: Mapping[Fault, str] = {
    "missing": "The file is not in the store.",
    "damaged": "The file in the store is not the one that was made.",
    "unreadable": "The file in the store cannot be read.",
    "other": "Something else stands in its place in the folder, and was left there.",
}
"""Why a file was not exported, in words."""


@contextmanager
def opened(to: Path, about: Mapping[str, Any]) -> Iterator[None]:
    """Be the only export into a folder, which is made, is empty, or was begun for the same ``about``.

    Raises UsageError when it holds anything else, and EnvironmentFault for whatever the system refuses meanwhile.
    """
    try:
        with _locked(to, about):
            yield
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"The folder of --to cannot be written: {error.strerror or type(error).__name__}.",
            place=Place(file=str(to)),
            hint="Free some space, or check the rights; then export again. What is there is whole and stays.",
        ) from error


@contextmanager
def _locked(to: Path, about: Mapping[str, Any]) -> Iterator[None]:
    to.mkdir(parents=True, exist_ok=True, mode=0o700)  # people's letters; one that is there is as its owner wants it
    mark = to / MARK
    if not mark.exists() and any(to.iterdir()):
        raise UsageError(
            "usage.argument",
            "The folder of --to holds other things.",
            place=Place(file=str(to)),
            hint="Name an empty folder, or one that this run was exported into.",
        )
    with mark.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise UsageError(
                "usage.argument", "Another export writes into this folder.", place=Place(file=str(to))
            ) from error
        file.seek(0)
        found = file.read()
        if not found.strip():  # new, or the process that began it was killed at once
            file.write(json.dumps(about) + "\n")
            file.flush()
        else:
            _check(found, about, to)
        try:
            yield
        finally:
            for left in (to / WRITING, to / WRITING_MANIFEST):
                left.unlink(missing_ok=True)


def _check(found: str, about: Mapping[str, Any], to: Path) -> None:
    known: Any = None
    with suppress(ValueError):
        known = json.loads(found)
    if not isinstance(known, dict) or known.get("run") != about["run"]:
        raise UsageError(
            "usage.argument",
            "The folder of --to holds the export of another run.",
            place=Place(file=str(to)),
            hint="Name another folder.",
        )
    if known.get("channels") != about["channels"]:
        raise UsageError(
            "usage.argument",
            "The folder of --to holds an export of other channels of this run.",
            place=Place(file=str(to)),
            hint="Name another folder, or the same channels as before.",
        )


class Shelving:
    """Puts stored files into a folder that is :func:`opened`."""

    def __init__(self, store: Store, to: Path, *, link: bool) -> None:
        self._store = store
        self._to = to
        self._link = link
        self.written = 0
        self.linked = 0

    def put(self, file: Produced, path: str) -> Fault | None:
        """Let a stored file stand at ``path`` in the folder; why it does not. One that stands there already is read."""
        target = self._to / path
        below = target.parents[: len(target.parents) - len(self._to.parents) - 1]
        if any(folder.is_symlink() for folder in below):  # it leads out of the folder
            return "other"
        if os.path.lexists(target):
            return None if _is(target, file) else "other"
        target.parent.mkdir(parents=True, exist_ok=True)
        incoming = self._to / WRITING
        incoming.unlink(missing_ok=True)
        fault, linked = _linked(self._store, file, incoming) if self._link else (None, False)
        if fault is None and not linked:
            fault = _copied(self._store, file, incoming)
        if fault is None:
            _place(incoming, target)
            self.written += 1
            self.linked += linked
        incoming.unlink(missing_ok=True)
        return fault


def _is(target: Path, file: Produced) -> bool:
    """Whether a file of the folder is the recorded one."""
    if target.is_symlink() or not target.is_file() or target.stat().st_size != file.bytes:
        return False
    with target.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


def _copied(store: Store, file: Produced, incoming: Path) -> Fault | None:
    """A copy of a stored file, whose digest is made on the way."""
    try:
        source = store.open(file.key)
    except EnvironmentFault as error:
        if error.code == "environment.store":  # the whole store, not this file
            raise
        return "missing" if error.code == "store.missing" else "unreadable"
    digest, size = hashlib.sha256(), 0
    with source, incoming.open("xb") as copy:
        for block in _blocks(source):
            if block is None:
                return "unreadable"
            copy.write(block)
            digest.update(block)
            size += len(block)
    return None if (size, digest.hexdigest()) == (file.bytes, file.sha256) else "damaged"


def _blocks(source: BinaryIO) -> Iterator[bytes | None]:
    """The blocks of a file, and None at last where one cannot be read."""
    while True:
        try:
            block = source.read(BLOCK)
        except OSError:
            yield None
            return
        if not block:
            return
        yield block


def _linked(store: Store, file: Produced, incoming: Path) -> tuple[Fault | None, bool]:
    """A second name for a stored file; (None, False) where the disk is another one or has no links."""
    if not isinstance(store, LocalStore):
        return None, False
    stored = store.root / file.key
    try:
        os.link(stored, incoming)
    except FileNotFoundError:
        return "missing", False
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            return None, False
        raise
    return (None, True) if _is(incoming, file) else ("damaged", False)


def _place(incoming: Path, target: Path) -> None:
    """Give a whole file its name, unless something got there first."""
    try:
        os.link(incoming, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        os.rename(incoming, target)  # a disk without links; nobody else writes here (_locked)
