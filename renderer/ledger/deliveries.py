"""Deliveries in the ledger: what the outbox holds becomes one row for each endpoint that wants it, and a courier takes
rows, tries them and says what came of it.

Any number of couriers may do this at once. A row is taken for the length of a lease, with a token that rises each time:
whoever was stopped and comes back changes nothing. While somebody has a row, ``available_ms`` is the end of the lease,
so one whose courier has died is there again by itself, and one index answers what is due.

Nothing here is needed to outlive a power cut: what is undone by one is done again, under the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select, text, update

from renderer.ledger.database import Database
from renderer.ledger.endpoints import Endpoint, SealedSecret, endpoints_there, signing
from renderer.ledger.events import told_template
from renderer.ledger.health import Health, hold, tend
from renderer.ledger.model import Clock, DeliveryState, Fence, wall_clock
from renderer.ledger.tables import outbox, webhook_attempts, webhook_deliveries, webhook_endpoints
from renderer.ledger.tallies import add
from renderer.ledger.upkeep import guard

PAGE = 500
"""Messages of the outbox in one transaction."""

STEP = 200
"""Messages that go in one transaction when they are old."""

_UNSENT = text("outbox.sent_ms is null")
_WAITING = text("webhook_deliveries.state = 'waiting'")
"""In the words of the indexes that hold them."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A delivery that a courier has until ``until_ms``. ``dedupe`` names the event, ``payload`` is what is told of it
    (JSON); ``attempts`` have ended before this one."""

    id: int
    token: int
    dedupe: str
    topic: str
    payload: str
    at_ms: int
    attempts: int
    until_ms: int


@dataclass(frozen=True, kw_only=True)
class Load:
    """Deliveries that were taken for one endpoint, and what signs them, the newest first."""

    endpoint: Endpoint
    secrets: tuple[SealedSecret, ...]
    deliveries: tuple[Taken, ...]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of an attempt: ``code`` is None where it got through; else it is tried again at ``again_ms``, and never
    where that is None."""

    delivery: Taken
    endpoint_id: str
    at_ms: int
    took_ms: int
    status: int | None
    code: str | None
    again_ms: int | None


class Deliveries:
    """What a courier does in the ledger."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    # ---- From the outbox

    def fan_out(self, limit: int = PAGE) -> int:
        """Turn some messages of the outbox into deliveries to whoever wants them; how many messages."""
        with self._database.reading() as connection:
            if not connection.scalar(select(exists(select(outbox.c.id).where(_UNSENT)))):
                return 0
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            found = connection.execute(
                select(outbox).where(_UNSENT).order_by(outbox.c.id).limit(limit).with_for_update(skip_locked=True)
            ).all()
            if not found:
                return 0
            listening = endpoints_there(connection)
            rows = [
                {
                    "event_id": row.id,
                    "endpoint_id": endpoint.id,
                    "state": "waiting",
                    "attempts": 0,
                    "available_ms": now,
                    "lease_token": 0,
                    "created_ms": now,
                }
                for row in found
                for endpoint in listening
                if endpoint.wants(row.topic, told_template(row.payload), row.created_ms)
            ]
            if rows:
                connection.execute(insert(webhook_deliveries), rows)
            connection.execute(update(outbox).where(outbox.c.id.in_([row.id for row in found])).values(sent_ms=now))
            return len(found)

    # ---- Taking

    def due(self) -> list[Endpoint]:
        """The endpoints to which something may be tried now."""
        with self._database.reading() as connection:
            now = self._clock()
            waits = exists().where(
                webhook_deliveries.c.endpoint_id == webhook_endpoints.c.id,
                _WAITING,
                webhook_deliveries.c.available_ms <= now,
            )
            rested = or_(webhook_endpoints.c.rests_ms.is_(None), webhook_endpoints.c.rests_ms <= now)
            found = select(webhook_endpoints.c.id).where(webhook_endpoints.c.state == "active", rested, waits)
            ids = {*connection.scalars(found)}
            return [endpoint for endpoint in endpoints_there(connection) if endpoint.id in ids] if ids else []

    def take(self, owner: str, lease_ms: int, wanted: Mapping[Endpoint, int]) -> list[Load]:
        """Take up to so many deliveries for each endpoint, those that are due first."""
        loads: list[Load] = []
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            until = now + lease_ms
            secrets = signing(connection, [endpoint.id for endpoint in wanted], now)
            for endpoint, room in wanted.items():
                taken = _take(connection, endpoint.id, room, owner, now, until)
                if taken:
                    loads.append(Load(endpoint=endpoint, secrets=tuple(secrets[endpoint.id]), deliveries=taken))
        return loads

    def give_back(self, deliveries: Sequence[Taken]) -> None:
        """Let others have what was taken and not tried."""
        if deliveries:
            with self._database.writing(durable=False) as connection:
                now = self._clock()
                connection.execute(_BACK, [{"b_id": one.id, "b_token": one.token, "b_now": now} for one in deliveries])

    def release(self, is_dead: Callable[[str], bool]) -> int:
        """Give back at once what couriers have that are known to be dead; how much."""
        with self._database.reading() as connection:
            mine = select(webhook_deliveries.c.lease_owner).where(webhook_deliveries.c.lease_owner.is_not(None))
            owners = [owner for owner in connection.scalars(mine.distinct()) if is_dead(str(owner))]
        if not owners:
            return 0
        with self._database.writing(durable=False) as connection:
            return connection.execute(
                update(webhook_deliveries)
                .where(webhook_deliveries.c.lease_owner.in_(owners), webhook_deliveries.c.state == "waiting")
                .values(lease_owner=None, available_ms=self._clock())
            ).rowcount

    # ---- What came of it

    def settle(self, tried: Sequence[Tried], health: Mapping[str, Health]) -> None:
        """Write down what came of some attempts, and how their endpoints do."""
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            connection.execute(_SETTLE, [_settled(one, now) for one in tried])
            connection.execute(_LOG, [_logged(one) for one in tried])
            for endpoint_id in sorted(health):  # in one order, so that no two couriers wait for each other
                tend(connection, endpoint_id, health[endpoint_id], now)
            took: Counter[str] = Counter()
            count: Counter[str] = Counter()
            for one in tried:
                outcome = "delivered" if one.code is None else one.code.removeprefix("webhook.")
                count[outcome] += 1
                took[outcome] += one.took_ms
            add(connection, [("webhooks", outcome, 0, count[outcome], took[outcome]) for outcome in count])

    def hold(self, until_ms: Mapping[str, int | None], why: str) -> None:
        """Try nothing for some endpoints before a time of each, for a fault of ours: it counts against nobody. None
        lets one go on that was held for it."""
        with self._database.writing(durable=False) as connection:
            for endpoint_id in sorted(until_ms):
                hold(connection, endpoint_id, until_ms[endpoint_id], why)

    # ---- Upkeep

    def end_waiting(self, endpoint_id: str) -> None:
        """End what waits for an endpoint that was removed."""
        while True:
            with self._database.writing() as connection:
                if not _end_waiting(connection, endpoint_id, self._clock()):
                    return

    def sweep(self, before_ms: int, fence: Fence | None = None) -> int:
        """Drop some of what happened before then, with its deliveries and their log, wherever they stand; how many
        messages. Raises NotLeader."""
        with self._database.writing() as connection:
            now = self._clock()
            guard(connection, fence, now)
            for endpoint_id in connection.scalars(_REMOVED).all():
                if not _end_waiting(connection, endpoint_id, now):
                    of_it = exists().where(webhook_deliveries.c.endpoint_id == endpoint_id)
                    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id, ~of_it))
            # Ids rise with time, so what is old stands first: nothing is looked through that stays.
            first = connection.execute(_FIRST).all()
            gone = [row for row in first if row.created_ms < before_ms]
            old = [row.id for row in gone]
            if not old:
                return 0
            ours = webhook_deliveries.c.event_id.in_(old)
            found = connection.execute(select(webhook_deliveries.c.id, webhook_deliveries.c.state).where(ours)).all()
            ids = [row.id for row in found]
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(some)))
            connection.execute(delete(webhook_deliveries).where(ours))
            connection.execute(delete(outbox).where(outbox.c.id.in_(old)))
            expired = sum(row.state == "waiting" for row in found) + sum(row.sent_ms is None for row in gone)
            if expired:
                add(connection, [("webhooks", "expired", 0, expired, 0)])
            return len(old)


_HELD = update(webhook_deliveries).where(
    webhook_deliveries.c.id == bindparam("b_id"),
    webhook_deliveries.c.lease_token == bindparam("b_token"),
    webhook_deliveries.c.state == "waiting",
)
"""An update of a delivery by whoever took it last."""
_BACK = _HELD.values(lease_owner=None, available_ms=bindparam("b_now"))
_SETTLE = _HELD.values(
    state=bindparam("b_state"),
    attempts=bindparam("b_attempts"),
    available_ms=bindparam("b_available"),
    finished_ms=bindparam("b_finished"),
    lease_owner=None,
)
_LOGGED = (
    webhook_attempts.c.delivery_id,
    webhook_attempts.c.attempt,
    webhook_attempts.c.at_ms,
    webhook_attempts.c.took_ms,
    webhook_attempts.c.status,
    webhook_attempts.c.code,
)
# Only of deliveries that are still there: what is old goes wherever it stands.
_LOG = insert(webhook_attempts).from_select(
    [column.name for column in _LOGGED],
    select(*(bindparam(f"b_{column.name}", type_=column.type) for column in _LOGGED)).where(
        exists().where(webhook_deliveries.c.id == bindparam("b_delivery_id", type_=webhook_deliveries.c.id.type))
    ),
)
_FIRST = select(outbox.c.id, outbox.c.created_ms, outbox.c.sent_ms).order_by(outbox.c.id).limit(STEP)
_REMOVED = select(webhook_endpoints.c.id).where(webhook_endpoints.c.state == "removed")


def _take(
    connection: Connection, endpoint_id: str, room: int, owner: str, now_ms: int, until_ms: int
) -> tuple[Taken, ...]:
    found = connection.execute(
        select(
            webhook_deliveries.c.id,
            webhook_deliveries.c.lease_token,
            webhook_deliveries.c.attempts,
            outbox.c.dedupe,
            outbox.c.topic,
            outbox.c.payload,
            outbox.c.created_ms,
        )
        .join(outbox, outbox.c.id == webhook_deliveries.c.event_id)
        .where(webhook_deliveries.c.endpoint_id == endpoint_id, _WAITING, webhook_deliveries.c.available_ms <= now_ms)
        .order_by(webhook_deliveries.c.available_ms, webhook_deliveries.c.id)
        .limit(room)
        .with_for_update(skip_locked=True, of=webhook_deliveries)
    ).all()
    if not found:
        return ()
    connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id.in_([row.id for row in found]))
        .values(lease_owner=owner, lease_token=webhook_deliveries.c.lease_token + 1, available_ms=until_ms)
    )
    return tuple(
        Taken(
            id=row.id,
            token=row.lease_token + 1,
            dedupe=row.dedupe,
            topic=row.topic,
            payload=row.payload,
            at_ms=row.created_ms,
            attempts=row.attempts,
            until_ms=until_ms,
        )
        for row in found
    )


def _settled(one: Tried, now_ms: int) -> dict[str, Any]:
    state: DeliveryState = "delivered" if one.code is None else "failed" if one.again_ms is None else "waiting"
    return {
        "b_id": one.delivery.id,
        "b_token": one.delivery.token,
        "b_state": state,
        "b_attempts": one.delivery.attempts + 1,
        "b_available": one.again_ms if state == "waiting" else now_ms,
        "b_finished": None if state == "waiting" else now_ms,
    }


def _logged(one: Tried) -> dict[str, Any]:
    return {
        "b_delivery_id": one.delivery.id,
        "b_attempt": one.delivery.attempts + 1,
        "b_at_ms": one.at_ms,
        "b_took_ms": one.took_ms,
        "b_status": one.status,
        "b_code": one.code,
    }


def _end_waiting(connection: Connection, endpoint_id: str, now_ms: int) -> int:
    some = select(webhook_deliveries.c.id).where(webhook_deliveries.c.endpoint_id == endpoint_id, _WAITING).limit(STEP)
    return connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id.in_(connection.scalars(some).all()))
        .values(state="failed", finished_ms=now_ms, lease_owner=None)
    ).rowcount


def waiting(connection: Connection, endpoint_id: str, most: int) -> int:
    """How many deliveries wait for an endpoint; no more than ``most`` are counted."""
    some = select(webhook_deliveries.c.id).where(webhook_deliveries.c.endpoint_id == endpoint_id, _WAITING).limit(most)
    return connection.scalar(select(func.count()).select_from(some.subquery())) or 0


def first_due_ms(connection: Connection, endpoint_id: str) -> int | None:
    """Since when the delivery has been due that an endpoint waits for longest; it may be a time to come."""
    first = select(webhook_deliveries.c.available_ms).where(webhook_deliveries.c.endpoint_id == endpoint_id, _WAITING)
    found: int | None = connection.scalar(first.order_by(webhook_deliveries.c.available_ms).limit(1))
    return found
