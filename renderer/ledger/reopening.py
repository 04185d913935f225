"""Requests of a batch that failed, begun again with their run: its sums are theirs, and it settles once more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, case, exists, func, insert, select, update

from renderer.errors import UsageError
from renderer.ledger.database import Database
from renderer.ledger.endings import note
from renderer.ledger.events import REOPENED
from renderer.ledger.model import Clock
from renderer.ledger.tables import history, part_needs, parts, requests, runs

_STEP = 500
"""Requests that are begun again in one transaction."""


class Reopening:
    """Of one run, whose state was ``state`` when it was looked at."""

    def __init__(self, database: Database, clock: Clock, run_id: str, state: str) -> None:
        self._database = database
        self._clock = clock
        self._run_id = run_id
        self._state = state

    def all_failed(self) -> tuple[int, int]:
        """See :meth:`.batches.Batches.reopen_failed`."""
        self._check()
        run_id = self._run_id
        again, after = 0, ""
        # Of one who was forgotten, nothing is there to be tried with.
        failed = (requests.c.run_id == run_id) & (requests.c.state == "failed") & requests.c.dropped_ms.is_(None)
        other, of = requests.alias("other"), runs.alias("of")
        later = exists().where(
            other.c.recipient == requests.c.recipient,
            other.c.id != requests.c.id,
            other.c.run_id == of.c.id,
            of.c.scope == select(runs.c.scope).where(runs.c.id == run_id).scalar_subquery(),
            (other.c.id > requests.c.id) | other.c.state.not_in(("failed", "cancelled")),
        )
        while True:
            with self._database.writing() as connection:
                scope = select(runs.c.scope).where(runs.c.id == run_id).scalar_subquery()
                connection.execute(select(runs.c.id).where(runs.c.id == scope).with_for_update())
                # Before its requests, as who forgets somebody does.
                connection.execute(select(runs.c.id).where(runs.c.id == run_id).with_for_update())
                found = connection.scalars(
                    select(requests.c.id)
                    .where(failed, ~later, requests.c.id > after)
                    .order_by(requests.c.id)
                    .limit(_STEP)
                    .with_for_update()
                ).all()
                if not found:
                    break
                after = found[-1]
                self._go_on(connection)
                self._reopen(connection, found)
                again += len(found)
        with self._database.reading() as connection:
            left = connection.scalar(select(func.count()).where(failed, later)) or 0
        return again, left

    def _check(self) -> None:
        _check_retried(self._state)
        gone = exists().where(
            requests.c.run_id == self._run_id,
            requests.c.state == "failed",
            requests.c.dropped_ms.is_not(None),
            requests.c.forgotten_ms.is_(None),
        )
        with self._database.reading() as connection:
            if connection.scalar(select(gone)):
                raise UsageError(
                    "usage.run",
                    "The profiles of this run are gone: the template's retention is over.",
                    hint="Start another run with --continues and the profiles.",
                )

    def _go_on(self, connection: Connection) -> None:
        now, run_id = self._clock(), self._run_id
        # It may have been cancelled since it was looked at; then nothing of it may begin again.
        _check_retried(connection.scalars(select(runs.c.state).where(runs.c.id == run_id).with_for_update()).one())
        changed = connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(("complete", "unbalanced")))
            .values(state="running", finished_ms=None, why=None)
        )
        note(connection, now, REOPENED if changed.rowcount == 1 else "retried", run_id=run_id)

    def _reopen(self, connection: Connection, ids: Sequence[str]) -> None:
        now = self._clock()
        connection.execute(
            update(requests)
            .where(requests.c.id.in_(ids), requests.c.state == "failed")
            .values(state="submitted", error_code=None, error_message=None, finished_ms=None)
        )
        fresh = parts.c.request_id.in_(ids) & (parts.c.state == "failed")
        plan, needed = parts.alias("plan"), parts.alias("needed")
        unplanned = (
            select(func.count())
            .where(plan.c.request_id == parts.c.request_id, plan.c.channel == "plan", plan.c.state != "done")
            .scalar_subquery()
        )
        unmade = (
            select(func.count())
            .where(part_needs.c.part_id == parts.c.id, part_needs.c.needs_id == needed.c.id, needed.c.state != "done")
            .scalar_subquery()
        )
        connection.execute(
            update(parts)
            .where(fresh)
            .values(
                state="submitted",
                waits=case((parts.c.channel == "plan", 0), else_=unplanned + unmade),
                available_ms=now,
                attempts=0,
                crashes=0,
                losses=0,
                faults=0,
                lease_worker=None,
                lease_owner=None,
                lease_until_ms=None,
                begun_ms=None,
                step=0,
                error_code=None,
                error_message=None,
                finished_ms=None,
            )
        )
        connection.execute(insert(history), [{"at_ms": now, "request_id": one, "event": REOPENED} for one in ids])


def _check_retried(state: str) -> None:
    """Raise UsageError when nothing of a run in this state may be tried again."""
    if state in ("open", "cancelled"):
        message = "The run was cancelled." if state == "cancelled" else "The run still reads its input."
        hint = "Start another one with --continues." if state == "cancelled" else "dearly batch resume."
        raise UsageError("usage.run", message, hint=hint)
