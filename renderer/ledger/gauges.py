"""How the whole ledger stands right now: for metrics and for people. Nothing here changes it.

No question reads a table of requests or parts from end to end. What has ended is summed up by the leader
(:mod:`renderer.ledger.tallies`); what is open is counted in indexes that hold only open rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select, text

from renderer.ledger import migrations
from renderer.ledger.database import Database
from renderer.ledger.deliveries import first_due_ms, waiting
from renderer.ledger.endpoints import Endpoint, endpoints_there
from renderer.ledger.model import OPEN, Clock, Fault, RunState, wall_clock
from renderer.ledger.tables import (
    activations,
    chunks,
    erasures,
    leases,
    outbox,
    parts,
    pauses,
    requests,
    runs,
    set_aside,
    workers,
)

MOST = 100_000
"""A backlog of messages that is longer is not counted to its end."""

_READY = text("parts.state = 'submitted' and parts.waits = 0")
"""As literals: only then does SQLite know that the index of ready parts has them all."""

_UNDER_WAY = text("parts.state in ('dispatched', 'running')")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue: parts that could be sent, are sent, are at work. ``oldest_ms`` is when the request of the part that
    waits longest was made."""

    name: str
    ready: int = 0
    sent: int = 0
    at_work: int = 0
    oldest_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Paused:
    """A queue that waits for its environment since ``since_ms``; one part tries at ``until_ms``."""

    queue: str
    faults: int
    since_ms: int
    until_ms: int
    fault: Fault


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """A worker that was not declared dead."""

    id: str
    name: str
    queues: tuple[str, ...]
    children: int
    beat_ms: int


@dataclass(frozen=True, kw_only=True)
class OpenRun:
    """A run that is not settled. ``records`` of its input were taken in or set aside, ``expected`` is None until all of
    it was read; ``open`` of its requests have not ended."""

    id: str
    kind: str
    template: str | None
    state: RunState
    created_ms: int
    records: int
    expected: int | None
    open: int
    failed: int
    held: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Chunks of film: shared or personal ones."""

    count: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Erasures:
    """How many were asked for, are not through, and wait for the last look."""

    finished: int
    open: int
    unchecked: int


@dataclass(frozen=True, kw_only=True)
class Listening:
    """A webhook endpoint. ``waiting`` messages wait for it, no more than MOST are counted; ``due_ms`` is since when the
    one is due that is due first, which may be a time to come."""

    endpoint: Endpoint
    waiting: int
    due_ms: int | None


class Gauges:
    """The questions. ``clock`` gives milliseconds since the epoch."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self.clock = clock

    def queues(self) -> dict[str, Queue]:
        """Queues that have something to do."""
        found: dict[str, dict[str, Any]] = {}
        with self._database.reading() as connection:
            for name, ready, oldest in connection.execute(
                select(parts.c.queue, func.count(), func.min(parts.c.id)).where(_READY).group_by(parts.c.queue)
            ):
                found[name] = {"ready": ready, "oldest_ms": made_ms(oldest)}
            for name, state, count in connection.execute(
                select(parts.c.queue, parts.c.state, func.count())
                .where(_UNDER_WAY)
                .group_by(parts.c.queue, parts.c.state)
            ):
                found.setdefault(name, {})["sent" if state == "dispatched" else "at_work"] = count
        return {name: Queue(name=name, **values) for name, values in sorted(found.items())}

    def open_requests(self) -> dict[str, int]:
        """Requests that have not ended, by state."""
        with self._database.reading() as connection:
            ids = connection.scalars(select(runs.c.id).where(runs.c.state.in_(("open", "running")))).all()
            return {state: sum(_count(connection, run_id, state) for run_id in ids) for state in OPEN}

    def runs(self) -> dict[str, int]:
        """Runs by state."""
        with self._database.reading() as connection:
            rows = connection.execute(select(runs.c.state, func.count()).group_by(runs.c.state))
            return {str(state): int(count) for state, count in rows}

    def open_runs(self, limit: int = 50) -> list[OpenRun]:
        """Runs that are not settled, the newest first. Of more than ``limit``, those that may wait for an approval come
        before others: nobody must miss one behind newer runs."""
        may_wait = case((runs.c.hold_after.is_not(None) & runs.c.approved_ms.is_(None), 1), else_=0)
        with self._database.reading() as connection:
            found = connection.execute(
                select(runs)
                .where(runs.c.state.in_(("open", "running")))
                .order_by(may_wait.desc(), runs.c.created_ms.desc(), runs.c.id.desc())
                .limit(limit)
            ).all()
            found = sorted(found, key=lambda row: (row.created_ms, row.id), reverse=True)
            return [
                OpenRun(
                    id=row.id,
                    kind=row.kind,
                    template=row.template,
                    state=row.state,
                    created_ms=row.created_ms,
                    records=_records(connection, row),
                    expected=row.expected,
                    open=sum(_count(connection, row.id, state) for state in OPEN),
                    failed=_count(connection, row.id, "failed"),
                    held=row.hold_after is not None and row.approved_ms is None and _holds(connection, row),
                )
                for row in found
            ]

    def unbalanced(self, since_ms: int) -> list[str]:
        """Runs that ended since then and whose sums do not agree."""
        with self._database.reading() as connection:
            wanted = (runs.c.state == "unbalanced") & (runs.c.finished_ms >= since_ms)
            return list(connection.scalars(select(runs.c.id).where(wanted).order_by(runs.c.finished_ms.desc())))

    def pauses(self) -> list[Paused]:
        """Queues that wait for their environment."""
        with self._database.reading() as connection:
            return [
                Paused(
                    queue=row.queue,
                    faults=row.faults,
                    since_ms=row.since_ms,
                    until_ms=row.until_ms,
                    fault=Fault(code=row.code, message=row.message),
                )
                for row in connection.execute(select(pauses).order_by(pauses.c.queue))
            ]

    def workers(self) -> list[AtWork]:
        """Workers that were not declared dead."""
        with self._database.reading() as connection:
            return [
                AtWork(
                    id=row.id,
                    name=row.name,
                    queues=tuple(filter(None, row.queues.split(","))),
                    children=row.children,
                    beat_ms=row.beat_ms,
                )
                for row in connection.execute(
                    select(workers).where(workers.c.dead_ms.is_(None)).order_by(workers.c.name, workers.c.id)
                )
            ]

    def leader(self, name: str = "dispatcher") -> bool:
        """Whether somebody leads."""
        with self._database.reading() as connection:
            until = connection.scalar(select(leases.c.until_ms).where(leases.c.name == name))
            return until is not None and until > self.clock()

    def outbox(self) -> tuple[int, int | None]:
        """Messages that no courier has taken up (no more than MOST are counted), and when the first was written."""
        unsent = select(outbox.c.id).where(text("outbox.sent_ms is null")).limit(MOST)
        first = select(outbox.c.created_ms).where(text("outbox.sent_ms is null")).order_by(outbox.c.id).limit(1)
        with self._database.reading() as connection:
            count = connection.scalar(select(func.count()).select_from(unsent.subquery())) or 0
            return count, connection.scalar(first)

    def webhooks(self) -> list[Listening]:
        """The webhook endpoints, and what waits for each."""
        with self._database.reading() as connection:
            return [
                Listening(
                    endpoint=endpoint,
                    waiting=waiting(connection, endpoint.id, MOST),
                    due_ms=first_due_ms(connection, endpoint.id),
                )
                for endpoint in endpoints_there(connection)
            ]

    def chunks(self) -> dict[str, Kept]:
        """Kept chunks of film, ``shared`` and ``personal``."""
        with self._database.reading() as connection:
            found = {
                bool(personal): Kept(count=count, bytes=int(size or 0))
                for personal, count, size in connection.execute(
                    select(chunks.c.personal, func.count(), func.sum(chunks.c.bytes))
                    .where(chunks.c.bytes.is_not(None))
                    .group_by(chunks.c.personal)
                )
            }
        nothing = Kept(count=0, bytes=0)
        return {"shared": found.get(False, nothing), "personal": found.get(True, nothing)}

    def failures(self, since_ms: int, templates: Collection[str] | None = None) -> Mapping[str, int]:
        """Requests that failed since then, by code; the most frequent first. ``templates`` are all that count, None is
        every one."""
        wanted = (
            select(requests.c.error_code, func.count().label("count"))
            .where(text("requests.state = 'failed'"), requests.c.finished_ms >= since_ms)
            .group_by(requests.c.error_code)
            .order_by(func.count().desc(), requests.c.error_code)
        )
        if templates is not None:
            wanted = wanted.where(requests.c.template.in_(sorted(templates)))
        with self._database.reading() as connection:
            rows = connection.execute(wanted)
            return {code or "unknown": count for code, count in rows}

    def erasures(self) -> Erasures:
        """How the requests to be forgotten stand."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(
                    func.count(erasures.c.finished_ms),
                    func.sum(case((erasures.c.finished_ms.is_(None), 1), else_=0)),
                    func.sum(case((erasures.c.checked_ms.is_(None), 1), else_=0)),
                )
            ).one()
        return Erasures(finished=row[0], open=int(row[1] or 0), unchecked=int(row[2] or 0))

    def active(self) -> dict[str, str]:
        """The digest of each template's active release."""
        newest = select(func.max(activations.c.id)).group_by(activations.c.template)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(activations.c.template, activations.c.digest).where(activations.c.id.in_(newest))
            )
            return {str(template): str(digest) for template, digest in rows}

    def revision(self) -> str | None:
        """The shape of the ledger."""
        with self._database.reading() as connection:
            return migrations.revision(connection)


def made_ms(an_id: str) -> int:
    """When an id was made (:func:`renderer.ledger.model.new_id`)."""
    return int(an_id[:12], 16)


def _count(connection: Connection, run_id: str, state: str) -> int:
    return connection.scalar(select(func.count()).where(requests.c.run_id == run_id, requests.c.state == state)) or 0


def _records(connection: Connection, run: Any) -> int:
    """How much of its input a run has taken in."""
    if run.records is not None:
        return int(run.records)
    if run.expected is not None:
        return int(run.expected)
    last = connection.scalar(select(func.max(requests.c.record)).where(requests.c.run_id == run.id)) or 0
    aside = connection.scalar(select(func.max(set_aside.c.record)).where(set_aside.c.run_id == run.id)) or 0
    return max(last, aside)


def _holds(connection: Connection, run: Any) -> bool:
    """Whether a run has requests beyond the ones that need no approval."""
    wanted = (requests.c.run_id == run.id) & (requests.c.record > run.hold_after)
    return connection.scalar(select(requests.c.id).where(wanted).limit(1)) is not None
