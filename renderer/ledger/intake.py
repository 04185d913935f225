"""How requests come in: runs are opened, requests and their parts are put in, the run is sealed or called off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, insert, select, update

from renderer.errors import UsageError
from renderer.ledger.database import Database, insert_new
from renderer.ledger.endings import end_request, note
from renderer.ledger.events import TOLD, announce_end, announce_run
from renderer.ledger.model import (
    NEEDS,
    OPEN,
    QUEUES,
    URGENT,
    URGENT_QUEUE,
    Clock,
    Fault,
    Submission,
    Work,
    new_id,
    wall_clock,
)
from renderer.ledger.tables import history, part_needs, parts, requests, runs, sealed

BATCH = 2_000
"""Requests in one transaction of a submission."""

END_BATCH = 200
"""Requests in one transaction of a cancelling: it must not keep workers waiting."""


class Intake:
    """Puts requests in. Nothing is planned or rendered here."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def open_run(
        self,
        kind: str,
        *,
        idempotency: str | None = None,
        template: str | None = None,
        release: str | None = None,
        hold_after: int | None = None,
    ) -> str:
        """A new run's id. ``kind`` says what makes it: demo, batch, door.

        ``idempotency`` is a keyed digest of whatever makes it the same run: when it is known, the id is that of the run
        that is there. Records after ``hold_after`` wait for :meth:`approve`.
        """
        now = self._clock()
        run_id = new_id(now)
        with self._database.writing() as connection:
            row = {
                "id": run_id,
                "kind": kind,
                "idempotency": idempotency,
                "template": template,
                "release": release,
                "state": "open",
                "hold_after": hold_after,
                "created_ms": now,
            }
            new = insert_new(connection, runs, "idempotency").values(row).returning(runs.c.id)
            if connection.execute(new).one_or_none() is not None:
                note(connection, now, "opened", run_id=run_id)
                return run_id
            known: str = connection.scalars(select(runs.c.id).where(runs.c.idempotency == idempotency)).one()
            return known

    def submit(self, run_id: str, submissions: Iterable[Submission]) -> int:
        """Put requests and their parts in; the number that was new. A known idempotency key changes nothing.

        Raises UsageError when the run takes no more.
        """
        new = 0
        stream = iter(submissions)
        while batch := list(islice(stream, BATCH)):
            with self._database.writing() as connection:
                new += len(self.put(connection, run_id, batch))
        return new

    def put(self, connection: Connection, run_id: str, batch: Sequence[Submission]) -> list[Submission]:
        """:meth:`submit` for at most :data:`BATCH`, inside the caller's transaction; those that were new."""
        run = connection.execute(select(runs).where(runs.c.id == run_id).with_for_update(read=True)).one_or_none()
        if run is None or run.state != "open":
            raise UsageError("usage.run", "The run is not there, or takes no more requests.")
        return put_requests(connection, self._clock(), run, batch)

    def refuse(self, run_id: str, item: Submission, fault: Fault) -> bool:
        """Keep a request that cannot be used, as failed and without parts. False when its idempotency key is known."""
        with self._database.writing() as connection:
            now = self._clock()
            row = {
                **_request(item, run_id, now),
                "state": "failed",
                "finished_ms": now,
                "error_code": fault.code,
                "error_message": fault.message,
            }
            put = insert_new(connection, requests, "idempotency").values(row).returning(*TOLD)
            refused = connection.execute(put).one_or_none()
            if refused is None:
                return False
            note(connection, now, "submitted", request_id=item.id)
            note(connection, now, "failed", request_id=item.id, code=fault.code)
            if item.notify:
                announce_end(connection, now, refused)
            return True

    def seal_run(self, run_id: str, expected: int) -> None:
        """Say that all of the input was read and how many requests it held."""
        with self._database.writing() as connection:
            now = self._clock()
            changed = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.state == "open")
                .values(state="running", expected=expected, sealed_ms=now)
            )
            if changed.rowcount == 1:
                note(connection, now, "sealed", run_id=run_id)

    def approve(self, run_id: str, by: str | None = None) -> int:
        """Let a run that is held go on; the number of requests that waited. Harmless when it is not held."""
        self.mark_approved(run_id, by)
        return self.release(run_id)

    def mark_approved(self, run_id: str, by: str | None = None) -> bool:
        """Say that a run that is held may go on: the first half of :meth:`approve`, which goes on with :meth:`release`.
        ``by`` says in the history who decided. False, and no change, when it is not held (any more) or has ended."""
        with self._database.writing() as connection:
            now = self._clock()
            changed = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.hold_after.is_not(None), runs.c.approved_ms.is_(None))
                .where(runs.c.state.in_(("open", "running")))
                .values(approved_ms=now)
            )
            if changed.rowcount == 1:
                note(connection, now, "approved", run_id=run_id, owner=by)
            return changed.rowcount == 1

    def release(self, run_id: str) -> int:
        """Let the requests of an approved run go on that still wait for it, also those that an approval which was
        interrupted has left; how many."""
        released = 0
        while True:
            with self._database.writing() as connection:
                waiting = (
                    select(parts.c.id)
                    .join(requests, requests.c.id == parts.c.request_id)
                    .join(runs, runs.c.id == requests.c.run_id)
                    .where(requests.c.run_id == run_id, requests.c.record > runs.c.hold_after)
                    .where(runs.c.approved_ms.is_not(None))
                    .where(parts.c.channel == "plan", parts.c.waits > 0, parts.c.state == "submitted")
                    .limit(BATCH)
                )
                found = connection.scalars(waiting).all()
                if not found:
                    return released
                for start in range(0, len(found), 500):
                    block = found[start : start + 500]
                    released += connection.execute(
                        update(parts).where(parts.c.id.in_(block), parts.c.waits > 0).values(waits=0)
                    ).rowcount

    def cancel_run(self, run_id: str, by: str | None = None) -> int:
        """End what is still open of a run; the number of requests cancelled. Work under way loses its lease. The sums
        of a batch are made after this (:mod:`renderer.batch.balance`), and only then has it finished."""
        self.mark_cancelled(run_id, by)
        return self.cancel_rest(run_id)

    def mark_cancelled(self, run_id: str, by: str | None = None, *, held: bool = False) -> bool:
        """Say that nothing of a run may be made any more: the first half of :meth:`cancel_run`, which goes on with
        :meth:`cancel_rest`. ``by`` says in the history who decided. With ``held`` it counts only while the run waits
        for an approval: of one who approves and one who rejects, one is first. False, and no change, otherwise."""
        with self._database.writing() as connection:
            now = self._clock()
            open_ = (runs.c.id == run_id) & runs.c.state.in_(("open", "running"))
            if held:
                open_ = open_ & runs.c.hold_after.is_not(None) & runs.c.approved_ms.is_(None)
            changed = connection.execute(
                update(runs)
                .where(open_)
                .values(
                    state="cancelled", cancelled_ms=now, finished_ms=case((runs.c.kind == "batch", None), else_=now)
                )
                .returning(runs.c.finished_ms)
            ).one_or_none()
            if changed is not None:
                note(connection, now, "cancelled", run_id=run_id, owner=by)
                if changed.finished_ms is not None:  # of one that nobody sums up
                    announce_run(connection, now, run_id, "cancelled")
            return changed is not None

    def cancel_rest(self, run_id: str) -> int:
        """End the open requests of a run that was cancelled; how many."""
        cancelled = 0
        while (some := self.cancel_some(run_id)) is not None:
            cancelled += some
        return cancelled

    def cancel_some(self, run_id: str) -> int | None:
        """End some of the open requests of a run, in one transaction: how many. None when there is none left."""
        with self._database.writing() as connection:
            found = connection.scalars(
                select(requests.c.id)
                .where(requests.c.run_id == run_id, requests.c.state.in_(OPEN))
                .order_by(requests.c.id)
                .limit(END_BATCH)
            ).all()
            if not found:
                return None
            now = self._clock()
            return sum(end_request(connection, now, request_id, "cancelled") for request_id in found)


_THERE = select(requests.c.id).where(requests.c.id.in_(bindparam("ids", expanding=True)))
_PARTS, _NEEDS, _SEALED, _HISTORY = insert(parts), insert(part_needs), insert(sealed), insert(history)
"""Built once: building one costs more than running it for a single request."""


def put_requests(connection: Connection, now_ms: int, run: Row[Any], batch: Sequence[Submission]) -> list[Submission]:
    """Put requests and their parts into ``run``, a row of that table; those that are new, for a known idempotency key
    changes nothing."""
    if not batch:
        return []
    rows = [_request(item, run.id, now_ms) for item in batch]
    # Not RETURNING: drivers differ in how they give it for many rows. Ids are random, so what is there is ours.
    connection.execute(insert_new(connection, requests, "idempotency"), rows)
    ids = [item.id for item in batch]
    ours: set[str] = set()
    for start in range(0, len(ids), 500):
        ours.update(connection.scalars(_THERE, {"ids": ids[start : start + 500]}))
    taken = [item for item in batch if item.id in ours]
    if not taken:
        return []
    part_rows: list[dict[str, Any]] = []
    needs: list[dict[str, str]] = []
    for item in taken:
        held = run.hold_after is not None and run.approved_ms is None and item.record > run.hold_after
        part_rows.append(_part(item, "plan", now_ms, waits=int(held), needed=len(item.channels)))
        for channel in item.channels:
            needed = [other for other in NEEDS.get(channel, ()) if other in item.channels]
            needs += [{"part_id": f"{item.id}-{channel}", "needs_id": f"{item.id}-{other}"} for other in needed]
            needing = sum(channel in NEEDS.get(other, ()) for other in item.channels)
            part_rows.append(_part(item, channel, now_ms, waits=1 + len(needed), needed=needing))
    connection.execute(_PARTS, part_rows)
    if needs:
        connection.execute(_NEEDS, needs)
    kept = [{"request_id": item.id, "kind": "profile", "data": item.sealed} for item in taken]
    kept += [
        {"request_id": item.id, "kind": "amounts", "data": item.amounts} for item in taken if item.amounts is not None
    ]
    connection.execute(_SEALED, kept)
    connection.execute(_HISTORY, [{"at_ms": now_ms, "request_id": item.id, "event": "submitted"} for item in taken])
    return taken


def _request(item: Submission, run_id: str, now_ms: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "run_id": run_id,
        "record": item.record,
        "recipient": item.recipient,
        "idempotency": item.idempotency,
        "template": item.template,
        "release": item.release,
        "notify": int(item.notify),
        "body": item.body,
        "trace": item.trace,
        "state": "submitted",
        "created_ms": now_ms,
    }


def _part(item: Submission, work: Work, now_ms: int, *, waits: int, needed: int) -> dict[str, Any]:
    return {
        "id": f"{item.id}-{work}",
        "request_id": item.id,
        "channel": work,
        "queue": URGENT_QUEUE if item.priority >= URGENT else QUEUES[work],
        "priority": item.priority,
        "record": item.record,
        "state": "submitted",
        "waits": waits,
        "needed": needed,
        "available_ms": now_ms,
        "attempts": 0,
        "crashes": 0,
        "losses": 0,
        "faults": 0,
        "lease_token": 0,
        "step": 0,
        "steps": 0,
    }
