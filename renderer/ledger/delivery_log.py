"""What was delivered by webhook and what was not, for whoever looks; and deliveries begun again when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from renderer.ledger.database import Database
from renderer.ledger.model import Clock, DeliveryState, wall_clock
from renderer.ledger.tables import outbox, webhook_attempts, webhook_deliveries, webhook_endpoints

STEP = 500
"""Deliveries that are begun again in one transaction."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt. ``status`` is that of the answer, None where none came; ``code`` says why it did not get through."""

    number: int
    at_ms: int
    took_ms: int
    status: int | None
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One delivery. ``dedupe`` names the event, ``next_ms`` is when it is tried next."""

    id: int
    endpoint_id: str
    dedupe: str
    topic: str
    at_ms: int
    state: DeliveryState
    next_ms: int | None
    attempts: tuple[Attempt, ...]


class DeliveryLog:
    """The log, kept as long as the messages are."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, endpoint_id: str, limit: int, state: DeliveryState | None = None) -> list[Logged]:
        """The last deliveries to an endpoint, the newest first."""
        wanted = webhook_deliveries.c.endpoint_id == endpoint_id
        if state is not None:
            wanted &= webhook_deliveries.c.state == state
        with self._database.reading() as connection:
            rows = connection.execute(_LISTED.where(wanted).order_by(webhook_deliveries.c.id.desc()).limit(limit)).all()
            tried: dict[int, list[Attempt]] = {row.id: [] for row in rows}
            for row in connection.execute(
                select(webhook_attempts)
                .where(webhook_attempts.c.delivery_id.in_([*tried]))
                .order_by(webhook_attempts.c.id)
            ):
                tried[row.delivery_id].append(_attempt(row))
        return [_logged(row, tried[row.id]) for row in rows]

    def find(self, name: str) -> list[int]:
        """The deliveries that are meant: one by its number, or all of one event by its name."""
        ours = webhook_deliveries.c.id == int(name) if name.isdecimal() and len(name) < 19 else outbox.c.dedupe == name
        with self._database.reading() as connection:
            wanted = select(webhook_deliveries.c.id).join(outbox, outbox.c.id == webhook_deliveries.c.event_id)
            there = webhook_endpoints.c.state != "removed"
            joined = wanted.join(webhook_endpoints, webhook_endpoints.c.id == webhook_deliveries.c.endpoint_id)
            return list(connection.scalars(joined.where(ours, there).order_by(webhook_deliveries.c.id)))

    def again(self, ids: Sequence[int]) -> int:
        """Begin deliveries anew, whatever came of them, under the ids that their messages had; how many."""
        if not ids:
            return 0
        with self._database.writing() as connection:
            return connection.execute(
                update(webhook_deliveries)
                .where(webhook_deliveries.c.id.in_(ids))
                .values(
                    state="waiting",
                    attempts=0,
                    available_ms=self._clock(),
                    finished_ms=None,
                    lease_owner=None,
                    lease_token=webhook_deliveries.c.lease_token + 1,
                )
            ).rowcount

    def failed_again(self, endpoint_id: str, since_ms: int) -> int:
        """Begin all deliveries to an endpoint anew that have failed for good since then; how many."""
        count, after = 0, 0
        while True:
            with self._database.reading() as connection:
                found = connection.execute(
                    select(webhook_deliveries.c.id, webhook_deliveries.c.state, webhook_deliveries.c.finished_ms)
                    .where(webhook_deliveries.c.endpoint_id == endpoint_id, webhook_deliveries.c.id > after)
                    .order_by(webhook_deliveries.c.id)
                    .limit(STEP)
                ).all()
            if not found:
                return count
            after = found[-1].id
            count += self.again([row.id for row in found if row.state == "failed" and row.finished_ms >= since_ms])


_LISTED = select(webhook_deliveries, outbox.c.dedupe, outbox.c.topic, outbox.c.created_ms.label("event_ms")).join(
    outbox, outbox.c.id == webhook_deliveries.c.event_id
)


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(number=row.attempt, at_ms=row.at_ms, took_ms=row.took_ms, status=row.status, code=row.code)


def _logged(row: Row[Any], attempts: Sequence[Attempt]) -> Logged:
    return Logged(
        id=row.id,
        endpoint_id=row.endpoint_id,
        dedupe=row.dedupe,
        topic=row.topic,
        at_ms=row.event_ms,
        state=row.state,
        next_ms=row.available_ms if row.state == "waiting" else None,
        attempts=tuple(attempts),
    )
