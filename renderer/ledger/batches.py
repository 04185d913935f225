"""Batch runs in the ledger: how they are opened, take their input in, are taken up again, and end.

What a transaction of the intake puts in (requests, parts, records that are set aside) and how far it came (``records``,
``totals``, the digest of what was read) change together, so a process that is killed anywhere has lost nothing and
doubled nothing: whoever takes the run up goes on after ``records``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select, update

from renderer.errors import UsageError
from renderer.ledger.database import Database, insert_new
from renderer.ledger.endings import note
from renderer.ledger.events import REOPENED, announce_run
from renderer.ledger.model import Clock, RunState, new_id, wall_clock
from renderer.ledger.reopening import Reopening
from renderer.ledger.tables import history, requests, runs, sealed, set_aside
from renderer.ledger.taking import SetAside, Taking

KIND = "batch"

PAGE = 500
"""Rows that are read at a time where a run is gone through."""


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """A run as it stands. ``options``, ``totals`` and ``why`` are JSON texts (:mod:`renderer.batch.model`);
    ``expected`` is None until all of the input was read; ``scope`` is the first of the runs that go on from one
    another."""

    id: str
    state: RunState
    template: str
    release: str
    options: str
    scope: str
    records: int
    expected: int | None
    input_digest: str
    totals: str | None
    why: str | None
    hold_after: int | None
    approved: bool
    created_ms: int
    finished_ms: int | None

    @property
    def settled(self) -> bool:
        """Whether its sums are final."""
        return self.finished_ms is not None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A request that has ended, with its sealed control amounts as they came in and as its plan accounts for them."""

    id: str
    record: int
    state: str
    amounts: bytes | None
    accounted: bytes | None
    forgotten: bool


class Batches:
    """The ledger's side of batch runs."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    # ---- Opening, and taking in

    def open(
        self,
        *,
        key: str | None,
        template: str,
        release: str,
        options: str,
        scope: str | None,
        hold_after: int | None,
    ) -> tuple[str, bool]:
        """(id, whether it is new). ``key`` is a keyed digest: when it is known, the run is the one that is there.
        ``scope`` is that of the run which this one continues."""
        with self._database.writing() as connection:
            now = self._clock()
            run_id = new_id(now)
            row = {
                "id": run_id,
                "kind": KIND,
                "idempotency": key,
                "template": template,
                "release": release,
                "state": "open",
                "hold_after": hold_after,
                "created_ms": now,
                "options": options,
                "scope": scope or run_id,
                "records": 0,
            }
            new = insert_new(connection, runs, "idempotency").values(row).returning(runs.c.id)
            if connection.execute(new).one_or_none() is not None:
                note(connection, now, "opened", run_id=run_id)
                return run_id, True
            return str(connection.scalars(select(runs.c.id).where(runs.c.idempotency == key)).one()), False

    def run(self, run_id: str) -> BatchRun:
        """A run by its id. Raises UsageError when there is no such batch."""
        with self._database.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id, runs.c.kind == KIND)).one_or_none()
        if row is None:
            raise UsageError("usage.run", "There is no such batch run.")
        return BatchRun(
            id=row.id,
            state=row.state,
            template=row.template,
            release=row.release,
            options=row.options or "{}",
            scope=row.scope or row.id,
            records=row.records or 0,
            expected=row.expected,
            input_digest=row.input_digest or "",
            totals=row.totals,
            why=row.why,
            hold_after=row.hold_after,
            approved=row.approved_ms is not None,
            created_ms=row.created_ms,
            finished_ms=row.finished_ms,
        )

    @contextmanager
    def taking(self, run_id: str, records: int) -> Iterator[Taking]:
        """A transaction that goes on after ``records``. Raises UsageError when the run takes no more, or when another
        process has taken it further meanwhile."""
        with self._database.writing() as connection:
            scope = select(runs.c.scope).where(runs.c.id == run_id).scalar_subquery()
            # Two runs of one scope must not both find a recipient unknown.
            connection.execute(select(runs.c.id).where(runs.c.id == scope).with_for_update())
            run = connection.execute(select(runs).where(runs.c.id == run_id).with_for_update()).one()
            if run.state == "cancelled":
                raise UsageError("usage.run", "The run was cancelled; the rest of its input was not read.")
            if run.state != "open" or (run.records or 0) != records:
                raise UsageError(
                    "usage.run",
                    "Another process reads the input of this run at the same time, so this one stops.",
                    hint="Wait for the other one. If it is gone: dearly batch resume.",
                )
            yield Taking(connection, self._clock(), run)

    def seal(self, run_id: str, expected: int) -> bool:
        """Say that all of the input was read, ``expected`` records. False when the run was not open."""
        with self._database.writing() as connection:
            now = self._clock()
            changed = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.state == "open", runs.c.records == expected)
                .values(state="running", expected=expected, sealed_ms=now)
            )
            if changed.rowcount == 1:
                note(connection, now, "sealed", run_id=run_id)
            return changed.rowcount == 1

    # ---- What was set aside

    def aside(self, run_id: str) -> Iterator[SetAside]:
        """The records that were set aside, in order, a page at a time."""
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(set_aside)
                    .where(set_aside.c.run_id == run_id, set_aside.c.record > after)
                    .order_by(set_aside.c.record)
                    .limit(PAGE)
                ).all()
            for row in rows:
                yield SetAside(
                    record=row.record,
                    line=row.line,
                    field=row.field,
                    code=row.code,
                    faults=row.faults,
                    recipient=row.recipient,
                    data=row.data,
                    amounts=row.amounts,
                )
            if len(rows) < PAGE:
                return
            after = rows[-1].record

    def set_aside_but(self, run_id: str, but: str) -> int:
        """How many records were set aside for another reason than the code ``but``."""
        with self._database.reading() as connection:
            wanted = select(func.count()).where(set_aside.c.run_id == run_id, set_aside.c.code != but)
            return connection.scalar(wanted) or 0

    # ---- Again

    def reopen_failed(self, run_id: str) -> tuple[int, int]:
        """Let the requests that failed be tried again; (how many, how many not, because the recipient has a later one).

        A request keeps its id, its history and what is done of it; what failed begins anew. Raises UsageError for a
        run that is still read, was cancelled, or whose data is gone.
        """
        return Reopening(self._database, self._clock, run_id, self.run(run_id).state).all_failed()

    # ---- Ending

    def to_settle(self) -> list[BatchRun]:
        """Runs that may end: all of their input was read, or they were cancelled, and nothing of them is open."""
        with self._database.reading() as connection:
            open_ = exists().where(
                requests.c.run_id == runs.c.id, requests.c.state.in_(("submitted", "dispatched", "running"))
            )
            ended = runs.c.state.in_(("running", "cancelled")) & runs.c.finished_ms.is_(None)
            ids = connection.scalars(select(runs.c.id).where(runs.c.kind == KIND, ended, ~open_)).all()
        return [self.run(run_id) for run_id in ids]

    def unfinished_cancelled(self) -> list[str]:
        """Runs that were cancelled and still have open requests: whoever cancelled them did not get to the end."""
        with self._database.reading() as connection:
            open_ = exists().where(
                requests.c.run_id == runs.c.id, requests.c.state.in_(("submitted", "dispatched", "running"))
            )
            return list(
                connection.scalars(
                    select(runs.c.id).where(
                        runs.c.kind == KIND, runs.c.state == "cancelled", runs.c.finished_ms.is_(None), open_
                    )
                )
            )

    def mark(self, run_id: str) -> int:
        """A number that changes whenever a run is reopened, cancelled or approved."""
        with self._database.reading() as connection:
            return _mark(connection, run_id)

    def ended(self, run_id: str, after: int) -> list[Ended]:
        """A page of a run's requests in the order of their records, after the one with that number."""
        amounts, accounted = sealed.alias("amounts"), sealed.alias("accounted")
        with self._database.reading() as connection:
            rows = connection.execute(
                select(
                    requests.c.id,
                    requests.c.record,
                    requests.c.state,
                    requests.c.dropped_ms,
                    requests.c.forgotten_ms,
                    amounts.c.data.label("amounts"),
                    accounted.c.data.label("accounted"),
                )
                .outerjoin(amounts, (amounts.c.request_id == requests.c.id) & (amounts.c.kind == "amounts"))
                .outerjoin(accounted, (accounted.c.request_id == requests.c.id) & (accounted.c.kind == "accounted"))
                .where(requests.c.run_id == run_id, requests.c.record > after)
                .order_by(requests.c.record)
                .limit(PAGE)
            ).all()
        return [
            Ended(
                id=row.id,
                record=row.record,
                state=row.state,
                amounts=row.amounts,
                accounted=row.accounted,
                forgotten=row.forgotten_ms is not None or row.dropped_ms is not None,
            )
            for row in rows
        ]

    def end(
        self,
        connection: Connection,
        run: BatchRun,
        mark: int,
        *,
        state: RunState,
        totals: str,
        why: str | None,
        counts: Mapping[str, int],
    ) -> bool:
        """End a run in the caller's transaction, and announce it with the ``counts`` of its records. False when it has
        changed since :meth:`mark`."""
        now = self._clock()
        found = connection.execute(
            select(runs.c.state, runs.c.finished_ms, runs.c.records).where(runs.c.id == run.id).with_for_update()
        ).one()
        if found.state != run.state or found.finished_ms is not None or _mark(connection, run.id) != mark:
            return False
        connection.execute(
            update(runs)
            .where(runs.c.id == run.id)
            .values(
                state=state,
                totals=totals,
                why=why,
                finished_ms=now,
                expected=func.coalesce(runs.c.expected, runs.c.records),
            )
        )
        note(connection, now, state if state != "cancelled" else "settled", run_id=run.id)
        times = connection.scalar(select(func.count()).where(history.c.run_id == run.id, history.c.event == REOPENED))
        # Each end is announced once; one that comes after a retry is another end.
        announce_run(connection, now, run.id, state, again=times or 0, counts=counts)
        return True


def _mark(connection: Connection, run_id: str) -> int:
    return connection.scalar(select(func.max(history.c.id)).where(history.c.run_id == run_id)) or 0
