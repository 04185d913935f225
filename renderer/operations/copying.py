"""Copies all files of one store into another: from a folder into a bucket, or back. Nothing is changed where it is
copied from, what is there already is left, and the mark that says whose store it is goes last: until then nobody takes
the copy for the whole. Cut short, it goes on when it is called again.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from renderer.errors import EnvironmentFault
from renderer.installation import MARKER, check_store
from renderer.ledger.identity import Identity
from renderer.store.base import Store
from renderer.store.local import LocalStore
from renderer.store.s3_probe import PREFIX

COPIERS = 8
"""Files that are copied side by side: a network is waited for."""
TOGETHER = 256


@dataclass(kw_only=True)
class Copied:
    """What was done: files that were ``copied`` (``bytes`` of them), and those that were ``there`` already."""

    copied: int = 0
    bytes: int = 0
    there: int = 0


def copy_store(
    source: Store, target: Store, identity: Identity, work: Path, progress: Callable[[int], None] = lambda _: None
) -> Copied:
    """Copy every file. ``work`` is a folder for what is on its way; ``progress`` is called with the files dealt with.

    Raises EnvironmentFault: ``store.other`` when the source is not the ledger's store or the target is another's,
    ``store.damaged`` when the target has another file of the same name, and whatever either store raises.
    """
    check_store(source, identity)
    if target.stat(MARKER) is not None:
        check_store(target, identity)
    found = Copied()
    keys = (key for key in source.list() if key != MARKER and not key.startswith(f"{PREFIX}/"))
    with ThreadPoolExecutor(COPIERS) as copiers:
        while some := list(islice(keys, TOGETHER)):
            for size in copiers.map(lambda key: _copy(source, target, key, work), some):
                found.there += size is None
                found.copied += size is not None
                found.bytes += size or 0
            progress(found.copied + found.there)
    _copy(source, target, MARKER, work)
    check_store(target, identity)
    return found


def _copy(source: Store, target: Store, key: str, work: Path) -> int | None:
    """Copy one file; its size, None when it was there already, or is gone from where it was."""
    size, there = source.stat(key), target.stat(key)
    if size is None or size == there:
        return None
    if there is None:
        with _at_hand(source, key, work) as path:
            stored = target.put_if_absent(key, path)
        if stored.bytes == size:
            return size
    raise EnvironmentFault(
        "store.damaged",
        f"The store that is copied into has another file of this name: {key}.",
        hint="Remove it there, or copy into an empty folder or prefix.",
    )


@contextmanager
def _at_hand(source: Store, key: str, work: Path) -> Iterator[Path]:
    """The file as one of this disk."""
    if isinstance(source, LocalStore):
        yield source.root / key
        return
    path = work / f"copy-{secrets.token_hex(8)}"
    try:
        with source.open(key) as content, path.open("xb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        yield path
    finally:
        path.unlink(missing_ok=True)
