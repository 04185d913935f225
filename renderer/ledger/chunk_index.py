"""The index of encoded chunks: which there are, who is encoding one, who has one. Bytes are in the store.

A chunk is a row from the moment somebody claims it. ``bytes`` is null until it is finished; the lease says who may
finish it, and the token (fencing) that it still may. Everything is a short transaction with a guarded update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Insert, Table, and_, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from renderer.ledger.database import Database
from renderer.ledger.model import Clock, wall_clock
from renderer.ledger.tables import chunk_uses, chunks

TOUCH_MS = 60_000
"""How exact the time of last use is: a chunk that was used less long ago is not written to again."""
_MANY = 500
"""Keys in one statement."""


@dataclass(frozen=True, kw_only=True)
class ChunkRow:
    """A finished chunk: its size and the digest of the frames it was composed of."""

    key: str
    bytes: int
    frames_digest: str
    used_ms: int
    personal: bool


@dataclass(frozen=True)
class Lease:
    """The right to encode a chunk."""

    token: int


class ChunkIndex:
    """Rows of chunks and their uses. Safe from any number of processes; ``clock`` gives milliseconds since the
    epoch."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    # ---- Finding

    def find(self, keys: Sequence[str]) -> dict[str, ChunkRow]:
        """The finished ones of some chunks. They count as used now."""
        now = self._clock()
        with self._database.reading() as connection:
            rows = {row.key: row for some in _batches(keys) for row in _finished(connection, chunks.c.key.in_(some))}
        old = [key for key, row in rows.items() if row.used_ms < now - TOUCH_MS]
        if old:
            with self._database.writing(durable=False) as connection:
                for some in _batches(old):
                    connection.execute(update(chunks).where(chunks.c.key.in_(some)).values(used_ms=now))
        return rows

    # ---- Encoding one

    def claim(self, key: str, personal: bool, owner: str, lease_ms: int) -> ChunkRow | Lease | None:
        """The chunk if it is finished; else the right to encode it; None while somebody else has that."""
        now = self._clock()
        with self._database.reading() as connection:  # who waits for a chunk asks often
            row = connection.execute(
                select(chunks.c.bytes, chunks.c.lease_until_ms).where(chunks.c.key == key)
            ).one_or_none()
            if row is not None and row.bytes is not None:
                return _finished(connection, chunks.c.key == key)[0]
        if row is not None and row.lease_until_ms > now:
            return None
        with self._database.writing(durable=False) as connection:
            if row is None:
                values = {
                    "key": key,
                    "personal": personal,
                    "audits": 0,
                    "created_ms": now,
                    "used_ms": now,
                    "lease_token": now,  # above that of any row that stood here before
                    "lease_until_ms": 0,
                }
                connection.execute(_unless_there(connection, chunks), [values])
            changed = connection.execute(
                update(chunks)
                .where(chunks.c.key == key, chunks.c.bytes.is_(None), chunks.c.lease_until_ms <= now)
                .values(
                    lease_owner=owner,
                    lease_token=chunks.c.lease_token + 1,
                    lease_until_ms=now + lease_ms,
                    personal=personal,
                )
            )
            if changed.rowcount == 1:
                return Lease(connection.execute(select(chunks.c.lease_token).where(chunks.c.key == key)).scalar_one())
            found = _finished(connection, chunks.c.key == key)
            return found[0] if found else None

    def renew(self, tokens: Mapping[str, int], lease_ms: int) -> None:
        """Make leases last again. One that somebody else has now is left alone."""
        until = self._clock() + lease_ms
        with self._database.writing(durable=False) as connection:
            for key, token in tokens.items():
                connection.execute(update(chunks).where(_held(key, token)).values(lease_until_ms=until))

    def give_up(self, key: str, token: int) -> None:
        """Let somebody else encode it."""
        with self._database.writing(durable=False) as connection:
            connection.execute(update(chunks).where(_held(key, token)).values(lease_until_ms=0, lease_owner=None))

    def finish(self, key: str, token: int, size: int, frames_digest: str) -> bool:
        """The chunk is in the store. False if the lease was lost: then nothing changes."""
        with self._database.writing(durable=False) as connection:
            changed = connection.execute(
                update(chunks)
                .where(_held(key, token))
                .values(
                    bytes=size,
                    frames_digest=frames_digest,
                    used_ms=self._clock(),
                    lease_owner=None,
                    lease_until_ms=0,
                )
            )
            return changed.rowcount == 1

    def known(self, key: str) -> bool:
        """Whether there is a row of it, finished or not."""
        with self._database.reading() as connection:
            return connection.scalar(select(chunks.c.key).where(chunks.c.key == key)) is not None

    def lose(self, key: str) -> None:
        """Its bytes are gone: somebody is to encode it again."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                update(chunks)
                .where(chunks.c.key == key, chunks.c.bytes.is_not(None))
                .values(bytes=None, frames_digest=None, lease_until_ms=0)
            )

    def audited(self, keys: Iterable[str]) -> None:
        """Count a comparison that found the same frames."""
        with self._database.writing(durable=False) as connection:
            for some in _batches(keys):
                connection.execute(update(chunks).where(chunks.c.key.in_(some)).values(audits=chunks.c.audits + 1))

    # ---- Uses

    def hold(self, keys: Iterable[str], use: str, keep: bool) -> None:
        """Write down that ``use`` has these chunks, be they there or not. What it keeps already it goes on keeping."""
        named = list(keys)
        if not named:
            return
        rows = [{"use": use, "key": key, "keep": keep} for key in named]
        with self._database.writing(durable=False) as connection:
            connection.execute(_unless_there(connection, chunk_uses), rows)
            if keep:
                for some in _batches(named):
                    mine = and_(chunk_uses.c.use == use, chunk_uses.c.key.in_(some))
                    connection.execute(update(chunk_uses).where(mine).values(keep=True))

    def only_of(self, use: str) -> list[str]:
        """The personal chunks that ``use`` has and nobody else."""
        other = chunk_uses.alias()
        with self._database.reading() as connection:
            return list(
                connection.scalars(
                    select(chunks.c.key)
                    .join(chunk_uses, chunk_uses.c.key == chunks.c.key)
                    .where(
                        chunk_uses.c.use == use,
                        chunks.c.personal,
                        ~exists().where(other.c.key == chunks.c.key, other.c.use != use),
                    )
                )
            )

    def release(self, use: str, removed: Sequence[str]) -> None:
        """Forget a use, and the rows of chunks whose bytes were removed, unless somebody came to use them since."""
        with self._database.writing(durable=False) as connection:
            connection.execute(delete(chunk_uses).where(chunk_uses.c.use == use))
            for some in _batches(removed):
                connection.execute(
                    delete(chunks).where(chunks.c.key.in_(some), ~exists().where(chunk_uses.c.key == chunks.c.key))
                )

    def unused(self, after: str = "", count: int = _MANY) -> list[str]:
        """Some personal chunks that nobody has, and nobody is encoding, in the order of their keys after ``after``."""
        with self._database.reading() as connection:
            asked = select(chunks.c.key).where(chunks.c.key > after, self._of_nobody()).order_by(chunks.c.key)
            return list(connection.scalars(asked.limit(count)))

    def remove_unused(self, keys: Sequence[str]) -> int:
        """Forget the rows of such chunks whose bytes were removed, unless somebody came to use them; how many."""
        with self._database.writing(durable=False) as connection:
            return sum(
                connection.execute(delete(chunks).where(chunks.c.key.in_(some), self._of_nobody())).rowcount
                for some in _batches(keys)
            )

    def _of_nobody(self) -> Any:
        alone = ~exists().where(chunk_uses.c.key == chunks.c.key)
        return and_(chunks.c.personal, chunks.c.lease_until_ms <= self._clock(), alone)

    # ---- Evicting

    def size(self) -> int:
        """Bytes of all finished chunks."""
        with self._database.reading() as connection:
            return int(connection.scalar(select(func.coalesce(func.sum(chunks.c.bytes), 0))) or 0)

    def oldest(self, count: int) -> list[ChunkRow]:
        """The chunks that may go and were not used for longest. None that a use keeps."""
        free = ~exists().where(chunk_uses.c.key == chunks.c.key, chunk_uses.c.keep)
        with self._database.reading() as connection:
            return _finished(connection, free, limit=count)

    def evict(self, row: ChunkRow) -> bool:
        """Remove the row of a chunk whose bytes were removed. False if it was used or is encoded again meanwhile."""
        with self._database.writing(durable=False) as connection:
            changed = connection.execute(
                delete(chunks).where(
                    chunks.c.key == row.key, chunks.c.bytes.is_not(None), chunks.c.used_ms == row.used_ms
                )
            )
            return changed.rowcount == 1


def _finished(connection: Connection, which: Any, limit: int | None = None) -> list[ChunkRow]:
    columns = (chunks.c.key, chunks.c.bytes, chunks.c.frames_digest, chunks.c.used_ms, chunks.c.personal)
    query = select(*columns).where(chunks.c.bytes.is_not(None), which).order_by(chunks.c.used_ms)
    return [
        ChunkRow(
            key=row.key,
            bytes=row.bytes,
            frames_digest=row.frames_digest,
            used_ms=row.used_ms,
            personal=row.personal,
        )
        for row in connection.execute(query.limit(limit) if limit else query)
    ]


def _held(key: str, token: int) -> Any:
    """The row while nobody has claimed it after ``token``."""
    return and_(chunks.c.key == key, chunks.c.lease_token == token, chunks.c.bytes.is_(None))


def _unless_there(connection: Connection, table: Table) -> Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    stream = iter(keys)
    while batch := list(islice(stream, _MANY)):
        yield batch
