"""The store in memory: for tests of code that uses a store, and for nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from renderer.errors import EnvironmentFault
from renderer.store.base import Stored, checked
from renderer.units import sha256


class MemoryStore:
    """Keeps everything until it is deleted. Safe between threads, not between processes."""

    def __init__(self) -> None:
        self._content: dict[str, bytes] = {}
        self._lock = Lock()

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
        content = data if isinstance(data, bytes) else data.read_bytes()
        with self._lock:
            created = checked(key) not in self._content
            first = self._content.setdefault(key, content)
        return Stored(key=key, bytes=len(first), sha256=sha256(first), created=created)

    def open(self, key: str) -> BinaryIO:
        try:
            return io.BytesIO(self._content[checked(key)])
        except KeyError as error:
            raise EnvironmentFault("store.missing", "A file that the ledger names is not in the store.") from error

    def stat(self, key: str) -> int | None:
        content = self._content.get(checked(key))
        return None if content is None else len(content)

    def delete(self, key: str) -> bool:
        return self._content.pop(checked(key), None) is not None

    def list(self, prefix: str = "") -> Iterator[str]:
        if prefix:
            checked(prefix)
        for key in list(self._content):
            if not prefix or key == prefix or key.startswith(prefix + "/"):
                yield key
