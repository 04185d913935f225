"""Webhook endpoints in the ledger: where each is, what it is told of, and the sealed secrets its messages are signed
with.

An endpoint keeps its id for life. Its secrets change: a rotation adds one and lets the others end after an overlap. One
that is removed stays as a row without address until its log is gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from renderer.ledger.database import Database
from renderer.ledger.model import Clock, EndpointState, wall_clock
from renderer.ledger.rotation import end_by, from_column, to_column, works_after
from renderer.ledger.tables import webhook_endpoints, webhook_secrets

MOST_SECRETS = 5
"""So many secrets of one endpoint sign at the same time, the newest."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. ``topics`` and ``templates`` are what it is told of, None for all. ``why`` is the code for which it
    was disabled or, while it is active, is held; ``failing_ms`` since when nothing has got through, None where the last
    attempt did."""

    id: str
    name: str
    url: str
    topics: frozenset[str] | None
    templates: frozenset[str] | None
    state: EndpointState
    why: str | None
    created_ms: int
    failures: int
    failing_ms: int | None
    rests_ms: int | None
    delivered_ms: int | None

    def wants(self, topic: str, template: str | None, at_ms: int) -> bool:
        """Whether it is told of something of this topic and template that happened then."""
        return (
            at_ms >= self.created_ms
            and (self.topics is None or topic in self.topics)
            and (self.templates is None or template in self.templates)
        )


@dataclass(frozen=True, kw_only=True)
class SealedSecret:
    """One secret. ``id`` is what it was sealed for."""

    id: str
    sealed: bytes


class Endpoints:
    """Safe from any number of processes. What a secret is, and how it is sealed, is not known here."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def new_id(self) -> str:
        """An id for an endpoint or a secret that is about to be made."""
        return secrets.token_hex(6)

    def add(
        self,
        endpoint_id: str,
        secret: SealedSecret,
        *,
        name: str,
        url: str,
        topics: Sequence[str] | None,
        templates: Sequence[str] | None,
    ) -> Endpoint:
        """A new endpoint with its first secret. It is told of what happens from now on."""
        with self._database.writing() as connection:
            now = self._clock()
            row = {
                "id": endpoint_id,
                "name": name,
                "url": url,
                "topics": to_column(topics),
                "templates": to_column(templates),
                "state": "active",
                "created_ms": now,
                "failures": 0,
            }
            connection.execute(insert(webhook_endpoints).values(row))
            _put(connection, endpoint_id, secret, now)
            return _endpoint(connection.execute(_one(endpoint_id)).one())

    def rotate(self, endpoint_id: str, secret: SealedSecret, overlap_ms: int) -> Endpoint | None:
        """Another secret for an endpoint; those before sign for ``overlap_ms`` more. None when there is no such one."""
        with self._database.writing() as connection:
            now = self._clock()
            row = connection.execute(_one(endpoint_id).with_for_update()).one_or_none()
            if row is None:
                return None
            ours = webhook_secrets.c.endpoint_id == endpoint_id
            end_by(connection, webhook_secrets, ours, now + overlap_ms)
            connection.execute(delete(webhook_secrets).where(ours, webhook_secrets.c.until_ms <= now))
            _put(connection, endpoint_id, secret, now)
            return _endpoint(row)

    def secrets(self, endpoint_ids: Iterable[str]) -> dict[str, list[SealedSecret]]:
        """The secrets that sign now, of each endpoint, the newest first."""
        with self._database.reading() as connection:
            return signing(connection, [*endpoint_ids], self._clock())

    def get(self, endpoint_id: str) -> Endpoint | None:
        """An endpoint, unless it was removed."""
        with self._database.reading() as connection:
            row = connection.execute(_one(endpoint_id)).one_or_none()
        return None if row is None else _endpoint(row)

    def listed(self) -> list[Endpoint]:
        """All endpoints, the newest first."""
        with self._database.reading() as connection:
            return [_endpoint(row) for row in connection.execute(there())]

    def any_active(self) -> bool:
        """Whether there is anybody who is told now."""
        with self._database.reading() as connection:
            return bool(connection.scalar(select(exists().where(webhook_endpoints.c.state == "active"))))

    def pause(self, endpoint_id: str) -> Endpoint | None:
        """Tell it nothing for now; what happens meanwhile waits for it. None when there is no such endpoint."""
        return self._change(endpoint_id, ("active",), {"state": "paused"})

    def resume(self, endpoint_id: str) -> Endpoint | None:
        """Tell it again, whoever has stopped that, and at once. None when there is no such endpoint."""
        fresh = {"state": "active", "why": None, "failures": 0, "failing_ms": None, "failed_ms": None, "rests_ms": None}
        return self._change(endpoint_id, ("active", "paused", "disabled"), fresh)

    def remove(self, endpoint_id: str) -> Endpoint | None:
        """Tell it nothing any more, and forget its address and secrets. None when there is no such endpoint."""
        found = self.get(endpoint_id)
        with self._database.writing() as connection:
            connection.execute(delete(webhook_secrets).where(webhook_secrets.c.endpoint_id == endpoint_id))
            connection.execute(
                update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(state="removed", url="")
            )
        return found

    def _change(self, endpoint_id: str, before: Collection[str], values: dict[str, Any]) -> Endpoint | None:
        with self._database.writing() as connection:
            ours = (webhook_endpoints.c.id == endpoint_id) & webhook_endpoints.c.state.in_(before)
            connection.execute(update(webhook_endpoints).where(ours).values(values))
            row = connection.execute(_one(endpoint_id)).one_or_none()
        return None if row is None else _endpoint(row)


def there() -> Any:
    """A query for all endpoints that were not removed."""
    known = webhook_endpoints.c.state.in_(("active", "paused", "disabled"))
    return (
        select(webhook_endpoints).where(known).order_by(webhook_endpoints.c.created_ms.desc(), webhook_endpoints.c.id)
    )


def endpoints_there(connection: Connection) -> list[Endpoint]:
    """All endpoints that were not removed."""
    return [_endpoint(row) for row in connection.execute(there())]


def signing(connection: Connection, endpoint_ids: Sequence[str], now_ms: int) -> dict[str, list[SealedSecret]]:
    """:meth:`Endpoints.secrets`, inside the caller's transaction."""
    found: dict[str, list[SealedSecret]] = {endpoint_id: [] for endpoint_id in endpoint_ids}
    for start in range(0, len(endpoint_ids), 500):
        rows = connection.execute(
            select(webhook_secrets)
            .where(webhook_secrets.c.endpoint_id.in_(endpoint_ids[start : start + 500]))
            .where(works_after(webhook_secrets, now_ms))
            .order_by(webhook_secrets.c.until_ms.is_not(None), webhook_secrets.c.created_ms.desc())
        )
        for row in rows:
            if len(found[row.endpoint_id]) < MOST_SECRETS:
                found[row.endpoint_id].append(SealedSecret(id=row.id, sealed=row.sealed))
    return found


def _one(endpoint_id: str) -> Any:
    return select(webhook_endpoints).where(
        webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.state != "removed"
    )


def _put(connection: Connection, endpoint_id: str, secret: SealedSecret, now_ms: int) -> None:
    row = {"id": secret.id, "endpoint_id": endpoint_id, "sealed": secret.sealed, "created_ms": now_ms}
    connection.execute(insert(webhook_secrets).values(row))


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        id=row.id,
        name=row.name,
        url=row.url,
        topics=from_column(row.topics),
        templates=from_column(row.templates),
        state=row.state,
        why=row.why,
        created_ms=row.created_ms,
        failures=row.failures,
        failing_ms=row.failing_ms,
        rests_ms=row.rests_ms,
        delivered_ms=row.delivered_ms,
    )
