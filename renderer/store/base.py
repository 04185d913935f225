"""The store's port: five methods, and the rule of its keys.

A key is ``name/name/…`` of plain letters, digits, ``.``, ``_`` and ``-``; no name starts with a dot. Whoever makes a
key keeps what is personal out of it. Every implementation passes ``tests/contract/store_contract.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

MAX_KEY = 400

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What stands under a key after a put. ``created`` is False when another writer was first: then size and digest are
    those of the first writer's content, which is the one to record."""

    key: str
    bytes: int
    sha256: str
    created: bool


class Store(Protocol):
    """Create-only storage. Raises EnvironmentFault when the medium fails; a fault leaves no half content visible."""

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
        """Keep ``data`` (bytes, or a file that is copied) under ``key`` unless something stands there already. With
        ``take`` the caller needs its file no more and nobody writes to it: it may become the store's own.

        A reader sees all of it or nothing, also after a crash; of racing writers exactly one has ``created``. What is
        not ``durable`` may be torn or gone after a power cut (not after a crash of a process), and is quicker to keep:
        for content that can be made again and tells itself whether it is whole.
        """

    def open(self, key: str) -> BinaryIO:
        """The content, to be read and closed. Raises EnvironmentFault ``store.missing`` when nothing stands there."""

    def stat(self, key: str) -> int | None:
        """The size in bytes, or None when nothing stands there."""

    def delete(self, key: str) -> bool:
        """Remove the content; False when nothing stood there."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """The keys that start with ``prefix`` (a whole number of names, or nothing), in no order."""


def is_key(name: str) -> bool:
    """Whether a name has the form of a key."""
    return len(name) <= MAX_KEY and _KEY.fullmatch(name) is not None


def checked(key: str) -> str:
    """The key, or ValueError: a bad key is a bug, since no key comes from outside."""
    if not is_key(key):
        raise ValueError("not a key of the store")
    return key
