"""What the leader does seldom and in small steps: drop what has been kept long enough, and put old rows away.

Each method is one short transaction that asks for the leader's fence, changes a bounded number of rows, and changes
nothing when it comes a second time. History, attempts, activations and erasures are append-only and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from renderer.ledger.database import Database, insert_new
from renderer.ledger.endings import note
from renderer.ledger.leader import NotLeader
from renderer.ledger.model import ENDLESS, OPEN, Clock, Fence, wall_clock
from renderer.ledger.tables import (
    LEASED,
    READY,
    ended_sessions,
    leases,
    marks,
    parts,
    pauses,
    releases,
    requests,
    runs,
    sealed,
    set_aside,
    workers,
)
from renderer.times import DAY_MS

STEP = 100
"""Requests, or records, in one transaction: it must not keep workers waiting."""

DEAD_DAYS = 7
"""Rows of workers that ended so long ago go."""

IDLE_PAUSE_MS = 600_000
"""A pause ends by itself when its queue has had nothing to try with for so long."""


@dataclass(frozen=True, kw_only=True)
class OldRun:
    """A settled run with records that were set aside and are still kept."""

    id: str
    release: str | None
    finished_ms: int


class Upkeep:
    """The leader's side of retention."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    # ---- Marks

    def mark(self, name: str) -> int | None:
        """A number that was kept under a name."""
        with self._database.reading() as connection:
            found: int | None = connection.scalar(select(marks.c.value).where(marks.c.name == name))
            return found

    def put_mark(self, name: str, value: int, fence: Fence | None = None, event: str | None = None) -> None:
        """Keep a number, and note an event beside it. Raises NotLeader."""
        with self._database.writing() as connection:
            now = self._clock()
            guard(connection, fence, now)
            connection.execute(insert_new(connection, marks, "name").values(name=name, value=value))
            connection.execute(update(marks).where(marks.c.name == name).values(value=value))
            if event is not None:
                note(connection, now, event)

    # ---- Retention

    def published(self) -> dict[str, int]:
        """Days of retention by release, of those that were published."""
        with self._database.reading() as connection:
            return {
                row.digest: row.retention_days
                for row in connection.execute(select(releases.c.digest, releases.c.retention_days))
            }

    def due(self, release: str, before_ms: int, limit: int = STEP) -> list[str]:
        """Requests of a release that ended before then, and whose runs are settled; those that ended first first."""
        with self._database.reading() as connection:
            return list(
                connection.scalars(
                    select(requests.c.id)
                    .join(runs, runs.c.id == requests.c.run_id)
                    .where(requests.c.release == release, requests.c.finished_ms < before_ms)
                    .where(requests.c.dropped_ms.is_(None), requests.c.finished_ms.is_not(None), settled())
                    .order_by(requests.c.finished_ms)
                    .limit(limit)
                )
            )

    def drop(self, request_ids: Sequence[str], fence: Fence | None = None) -> int:
        """Drop all that is sealed of some requests; of how many. One that is open again, or whose run is, is left
        alone, and so is one whose run somebody is at: the leader waits for nobody. Raises NotLeader."""
        with self._database.writing() as connection:
            now = self._clock()
            guard(connection, fence, now)
            kept = keep_settled(connection, request_ids, wait=False)
            dropped = connection.scalars(
                update(requests)
                .where(requests.c.id.in_(request_ids), requests.c.dropped_ms.is_(None))
                .where(requests.c.finished_ms.is_not(None), requests.c.state.not_in(OPEN), of_settled())
                .where(requests.c.run_id.in_(kept))
                .values(dropped_ms=now)
                .returning(requests.c.id)
            ).all()
            if dropped:
                connection.execute(delete(sealed).where(sealed.c.request_id.in_(dropped)))
            return len(dropped)

    def old_runs(self, before_ms: int) -> list[OldRun]:
        """Settled runs that ended before then and have records set aside that are kept."""
        kept = exists().where(set_aside.c.run_id == runs.c.id, _kept_aside())
        with self._database.reading() as connection:
            return [
                OldRun(id=row.id, release=row.release, finished_ms=row.finished_ms)
                for row in connection.execute(
                    select(runs.c.id, runs.c.release, runs.c.finished_ms)
                    .where(settled(), runs.c.finished_ms < before_ms, kept)
                    .order_by(runs.c.finished_ms)
                )
            ]

    def drop_aside(self, run_id: str, fence: Fence | None = None) -> int:
        """Drop the data of some records that a run has set aside; of how many. The rows stay: they count. Raises
        NotLeader."""
        with self._database.writing() as connection:
            guard(connection, fence, self._clock())
            some = select(set_aside.c.record).where(set_aside.c.run_id == run_id, _kept_aside()).limit(STEP)
            return connection.execute(
                update(set_aside)
                .where(set_aside.c.run_id == run_id, set_aside.c.record.in_(some))
                .values(data=None, amounts=None)
            ).rowcount

    # ---- Old rows

    def put_away(self, fence: Fence | None = None) -> int:
        """Remove workers that ended long ago, pauses that nothing can end, and what is kept of sessions that would be
        over anyway; how many. Raises NotLeader."""
        with self._database.writing() as connection:
            now = self._clock()
            guard(connection, fence, now)
            at_work = exists().where(LEASED, parts.c.lease_worker == workers.c.id)
            gone = connection.execute(
                delete(workers).where(workers.c.dead_ms < now - DEAD_DAYS * DAY_MS, ~at_work)
            ).rowcount
            ready = exists().where(READY, parts.c.queue == pauses.c.queue)
            under_way = exists().where(LEASED, parts.c.queue == pauses.c.queue)
            gone += connection.execute(
                delete(pauses).where(pauses.c.until_ms < now - IDLE_PAUSE_MS, ~ready, ~under_way)
            ).rowcount
            # A day later: a clock that was wrong for a while lets nobody in again.
            gone += connection.execute(delete(ended_sessions).where(ended_sessions.c.until_ms < now - DAY_MS)).rowcount
            return gone


def guard(connection: Connection, fence: Fence | None, now_ms: int) -> None:
    """Make sure, to the end of the transaction, that the fence's holder leads. Raises NotLeader."""
    if fence is None:
        return
    ours = (leases.c.name == fence.name) & (leases.c.token == fence.token) & (leases.c.holder == fence.holder)
    statement = select(leases.c.token).where(ours, leases.c.until_ms > now_ms).with_for_update(read=True)
    if connection.scalar(statement) is None:
        raise NotLeader


def settled() -> ColumnElement[bool]:
    """True of a run whose sums are drawn, and of one that never is: its requests count by themselves."""
    return or_(runs.c.state.in_(("complete", "unbalanced", "cancelled")), runs.c.kind.in_(ENDLESS))


def of_settled() -> ColumnElement[bool]:
    """True of a request whose run is :func:`settled`."""
    return requests.c.run_id.in_(select(runs.c.id).where(settled()))


def keep_settled(connection: Connection, request_ids: Sequence[str], *, wait: bool = True) -> list[str]:
    """Let nobody open the runs of some requests again, to the end of the transaction; before any request is locked, as
    everywhere. The ids of those runs, without ``wait`` only of those on which nobody has a lock. Whether they are
    settled is to be asked after this."""
    of_them = runs.c.id.in_(select(requests.c.run_id).where(requests.c.id.in_(request_ids)))
    statement = select(runs.c.id).where(of_them).order_by(runs.c.id)
    return list(connection.scalars(statement.with_for_update(read=True, of=runs, skip_locked=not wait)))


def _kept_aside() -> ColumnElement[bool]:
    return or_(set_aside.c.data.is_not(None), set_aside.c.amounts.is_not(None))
