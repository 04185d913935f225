"""The shelf of chunks: index in the ledger, bytes in the store, behind the port of :mod:`renderer.render.video.chunks`.

Bytes always go before their row goes, and come before it says that they are there. So whatever is cut short, a row
without bytes may be left, which is noticed and encoded again, and never bytes of a person that no row knows of.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from renderer.errors import EnvironmentFault
from renderer.ledger.chunk_index import ChunkIndex, ChunkRow, Lease
from renderer.render.video.chunks import Busy, Kept, Mine
from renderer.store.base import Store

LEASE_MS = 15_000
"""A process that encodes a chunk renews its lease every two seconds; after this long without, another one may."""
AUDIT_ONE_IN = 200
GB = 1_000_000_000
LIMIT_BYTES = 20 * GB
_SPARE = 0.9
"""What eviction brings the chunks down to, as part of the limit: it is not to run with every chunk that comes."""
_STEP = 0.01
"""How much must come before the size is looked at again, as part of the limit."""
_BATCH = 64


class Shelf:
    """Implements :class:`~renderer.render.video.chunks.ChunkShelf` over an index and a store.

    ``installation_key`` is the secret that the names of personal chunks are keyed with, by way of a key of its own.
    ``limit`` is the number of bytes that chunks may take.
    """

    def __init__(
        self,
        index: ChunkIndex,
        store: Store,
        installation_key: bytes,
        *,
        limit: int = LIMIT_BYTES,
        audit_one_in: int = AUDIT_ONE_IN,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self._index, self._store = index, store
        self._limit, self._lease_ms = limit, lease_ms
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._come: float = limit  # unknown what came before us: look at once
        self._lock = Lock()
        self.audit_one_in = audit_one_in
        self.secret = chunk_secret(installation_key)

    def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        found = {}
        for key, row in self._index.find(keys).items():
            kept = self._read(row)
            if kept is not None:
                found[key] = kept
        return found

    def claim(self, key: str, personal: bool) -> Kept | Mine | Busy:
        for _ in range(2):
            answer = self._index.claim(key, personal, self._owner, self._lease_ms)
            if isinstance(answer, Lease):
                return Mine(answer.token)
            if answer is None:
                return Busy()
            kept = self._read(answer)
            if kept is not None:
                return kept
        return Busy()

    def renew(self, tokens: Mapping[str, int]) -> None:
        self._index.renew(tokens, self._lease_ms)

    def put(self, key: str, token: int, data: bytes, frames_digest: str) -> bytes:
        stored = self._store.put_if_absent(place(key), data, durable=False)
        kept = data if stored.created else self._bytes(key) or data
        if self._index.finish(key, token, len(kept), frames_digest):
            self._make_room(len(kept))
        elif not self._index.known(key):
            self._store.delete(place(key))  # erased while it was encoded
        return kept

    def give_up(self, key: str, token: int) -> None:
        self._index.give_up(key, token)

    def drop(self, key: str, data: bytes | None) -> None:
        if data is None or self._bytes(key) == data:
            self._store.delete(place(key))
            self._index.lose(key)

    def audited(self, keys: Iterable[str]) -> None:
        self._index.audited(keys)

    def hold(self, keys: Iterable[str], use: str, *, keep: bool = False) -> None:
        self._index.hold(keys, use, keep)

    def release(self, use: str) -> int:
        going = self._index.only_of(use)
        for key in going:
            self._store.delete(place(key))
        self._index.release(use, going)
        return len(going)

    def drop_unused(self, after: str = "") -> tuple[int, str | None]:
        """Remove some personal chunks that nobody has: what was kept for a film whose recipient was forgotten while it
        was made, or for one that nobody will ask for again. How many, and the key to go on after, None at the end."""
        keys = self._index.unused(after, _BATCH)
        for key in keys:
            self._store.delete(place(key))
        gone = self._index.remove_unused(keys)
        return gone, keys[-1] if len(keys) == _BATCH else None

    def make_room(self) -> int:
        """Evict the chunks that were not used for longest until all of them together are within the limit; how many.

        Chunks that a use keeps stay, and so do those that are being encoded."""
        size = self._index.size()
        return self.evict(size - int(self._limit * _SPARE))[0] if size > self._limit else 0

    def evict(self, size: int) -> tuple[int, int]:
        """Evict so many bytes, those that were not used for longest, as far as they may go; chunks and bytes gone."""
        gone = freed = 0
        while freed < size and (rows := self._index.oldest(_BATCH)):
            for row in rows:
                self._store.delete(place(row.key))
                if not self._index.evict(row):
                    self._index.lose(row.key)
                freed += row.bytes
                gone += 1
                if freed >= size:
                    break
        return gone, freed

    def _make_room(self, come: int) -> None:
        with self._lock:
            self._come += come
            if self._come < self._limit * _STEP:
                return
            self._come = 0
        self.make_room()

    def _read(self, row: ChunkRow) -> Kept | None:
        """The chunk of a row. None, and the row knows it, if its bytes are gone."""
        data = self._bytes(row.key)
        if data is None:
            self._index.lose(row.key)
            return None
        return Kept(data, row.frames_digest)

    def _bytes(self, key: str) -> bytes | None:
        try:
            with self._store.open(place(key)) as file:
                return file.read()
        except EnvironmentFault as error:
            if error.code != "store.missing":
                raise
            return None


def place(key: str) -> str:
    """The store's key of a chunk."""
    return f"chunks/{key[:2]}/{key}"


def chunk_secret(installation_key: bytes) -> bytes:
    """The key that names of personal chunks are keyed with: of this installation, and of no other use."""
    return hashlib.blake2b(key=installation_key, digest_size=32, person=b"dearly secret", salt=b"chunks 1").digest()
