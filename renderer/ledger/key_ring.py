"""The keys of the HTTP API, as the ledger knows them: what each may do, and digests of the secrets that open it.

A key keeps its id for life. Its secrets change: a rotation adds one and lets the others end after an overlap.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from renderer.ledger.database import Database
from renderer.ledger.model import Clock, wall_clock
from renderer.ledger.rotation import end_by, from_column, to_column, works_after
from renderer.ledger.tables import api_keys, api_secrets

USED_EVERY_MS = 60_000
"""The last use of a key is written at most so often."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """One key. ``templates`` are those it may use, None for all. Times are milliseconds since the epoch."""

    id: str
    name: str
    scopes: frozenset[str]
    templates: frozenset[str] | None
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    used_ms: int | None

    def lives(self, now_ms: int) -> bool:
        """Whether it opens anything at that time."""
        return self.revoked_ms is None and (self.expires_ms is None or now_ms < self.expires_ms)

    def may_use(self, template: str | None) -> bool:
        """Whether what is of this template is any of its business; None is what is of several templates."""
        return self.templates is None or template in self.templates


class KeyRing:
    """Safe from any number of processes. Secrets come and go as digests; who makes them is not known here."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def new_id(self) -> str:
        """An id for a key that is about to be made."""
        return secrets.token_hex(6)

    def add(
        self,
        key_id: str,
        digest: str,
        *,
        name: str,
        scopes: Sequence[str],
        templates: Sequence[str] | None,
        expires_ms: int | None,
    ) -> ApiKey:
        """A new key with its first secret."""
        now = self._clock()
        with self._database.writing() as connection:
            row = connection.execute(
                insert(api_keys)
                .values(
                    id=key_id,
                    name=name,
                    scopes=" ".join(sorted(scopes)),
                    templates=to_column(templates),
                    created_ms=now,
                    expires_ms=expires_ms,
                )
                .returning(api_keys)
            ).one()
            connection.execute(insert(api_secrets).values(digest=digest, key_id=key_id, created_ms=now))
        return _key(row)

    def rotate(self, key_id: str, digest: str, overlap_ms: int) -> ApiKey | None:
        """Give a key another secret; those it has end after ``overlap_ms``, or when they would have ended. None when
        there is no such key, or it was revoked."""
        now = self._clock()
        with self._database.writing() as connection:
            row = connection.execute(
                select(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_ms.is_(None)).with_for_update()
            ).one_or_none()
            if row is None:
                return None
            end_by(connection, api_secrets, api_secrets.c.key_id == key_id, now + overlap_ms)
            connection.execute(insert(api_secrets).values(digest=digest, key_id=key_id, created_ms=now))
        return _key(row)

    def revoke(self, key_id: str) -> ApiKey | None:
        """Let a key open nothing any more. None when there is no such key; harmless when it was revoked before."""
        now = self._clock()
        with self._database.writing() as connection:
            connection.execute(
                update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_ms.is_(None)).values(revoked_ms=now)
            )
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        return None if row is None else _key(row)

    def get(self, key_id: str) -> ApiKey | None:
        """A key, whether it lives or not."""
        with self._database.reading() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        return None if row is None else _key(row)

    def find(self, key_id: str) -> tuple[ApiKey, tuple[str, ...]] | None:
        """A key that lives, and the digests of the secrets that open it now."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
            if row is None:
                return None
            ours = api_secrets.c.key_id == key_id
            digests = connection.scalars(select(api_secrets.c.digest).where(ours, works_after(api_secrets, now)))
            found = tuple(digests)
        key = _key(row)
        return (key, found) if key.lives(now) else None

    def listed(self) -> list[ApiKey]:
        """All keys, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_ms.desc(), api_keys.c.id))
            return [_key(row) for row in rows]

    def used(self, key_id: str) -> None:
        """Note that a key was used, unless that was written within the last minute."""
        now = self._clock()
        with self._database.writing() as connection:
            stale = or_(api_keys.c.used_ms.is_(None), api_keys.c.used_ms < now - USED_EVERY_MS)
            connection.execute(update(api_keys).where(api_keys.c.id == key_id, stale).values(used_ms=now))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        templates=from_column(row.templates),
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        revoked_ms=row.revoked_ms,
        used_ms=row.used_ms,
    )
