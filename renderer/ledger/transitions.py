"""Every change of the ledger. Each is one short transaction; each change of state is guarded (an UPDATE that names the
state it expects and counts the rows it changed), so that a message delivered twice, a second dispatcher or a worker
that wakes up late changes nothing.

    submitted ──dispatch──▶ dispatched ──claim──▶ running ──finish──▶ done
        ▲ ╰────────────────── claim ────────────────▲ │ ╰────fail───▶ failed
        ╰───────────── hand back · sweep ─────────────╯
    submitted, dispatched, running ──▶ suppressed | cancelled (by the request)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Connection, case, insert, select, update

from renderer.ledger.database import Database
from renderer.ledger.model import (
    MAX_ATTEMPTS,
    OPEN,
    Claim,
    Clock,
    Fault,
    Outcome,
    State,
    wall_clock,
)
from renderer.ledger.tables import artefacts, history, part_needs, parts, requests, runs, sealed

FAULT_WAIT_MS = 500
LONGEST_FAULT_WAIT_MS = 10_000
"""The wait before a part that the environment stopped is tried again; it doubles each time up to the longest."""

TOO_OFTEN = Fault(code="job.attempts", message=f"Tried {MAX_ATTEMPTS} times; each time its process ended.")
DEPENDENCY = Fault(code="job.dependency", message="A part whose files this one embeds has failed.")


class Ledger:
    """The writing side. Safe from any number of processes; ``clock`` gives milliseconds since the epoch."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def cancel_run(self, run_id: str) -> int:
        """End what is still open of a run; the number of requests cancelled. Work under way loses its lease."""
        with self._database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(cancelled_ms=self._clock()))
            found = connection.scalars(
                select(requests.c.id).where(requests.c.run_id == run_id, requests.c.state.in_(OPEN))
            ).all()
            return sum(self._end_request(connection, request_id, "cancelled") for request_id in found)

    def planned(self, request_id: str, plan_digest: str, sealed_plan: bytes) -> bool:
        """Keep the plan of a request. False when it has one already (the first stays) or is not open any more."""
        with self._database.writing() as connection:
            changed = connection.execute(  # takes the lock of the request, as _lock does
                update(requests)
                .where(requests.c.id == request_id, requests.c.plan_digest.is_(None), requests.c.state.in_(OPEN))
                .values(plan_digest=plan_digest)
            )
            if changed.rowcount != 1:
                return False
            connection.execute(insert(sealed).values(request_id=request_id, kind="plan", data=sealed_plan))
            self._note(connection, request_id, "planned")
            return True

    def suppress(self, request_id: str, reason: str) -> bool:
        """The rules say that this recipient gets nothing: the request ends with its parts. False if it had ended."""
        with self._database.writing() as connection:
            return self._end_request(connection, request_id, "suppressed", reason=reason)

    def fail_request(self, request_id: str, fault: Fault) -> bool:
        """Nothing of this request can be made. False when it has ended already."""
        with self._database.writing() as connection:
            return self._end_request(connection, request_id, "failed", fault=fault)

    def _lock(self, connection: Connection, request_id: str) -> None:
        """Make changes of one request wait for each other. SQLite has one writer at a time anyway; elsewhere two parts
        that end at once would each see the other still open, and a claim and a cancelling could wait for each other."""
        if connection.dialect.name != "sqlite":
            connection.execute(select(requests.c.id).where(requests.c.id == request_id).with_for_update())

    def _end_request(
        self,
        connection: Connection,
        request_id: str,
        state: State,
        *,
        reason: str | None = None,
        fault: Fault | None = None,
    ) -> bool:
        self._lock(connection, request_id)
        now = self._clock()
        error = {"error_code": fault.code, "error_message": fault.message} if fault else {}
        changed = connection.execute(
            update(requests)
            .where(requests.c.id == request_id, requests.c.state.in_(OPEN))
            .values(state=state, reason=reason, finished_ms=now, **error)
        )
        if changed.rowcount != 1:
            return False
        connection.execute(
            update(parts)
            .where(parts.c.request_id == request_id, parts.c.state.in_(OPEN))
            .values(state=state, finished_ms=now, **error)
        )
        self._note(connection, request_id, state, code=reason or (fault.code if fault else None))
        return True

    # ---- Parts

    def dispatch(self, queue: str, room: int, lease_ms: int) -> list[str]:
        """Up to ``room`` parts of a queue that are ready, marked as sent for ``lease_ms``. Publish them after this."""
        if room <= 0:
            return []
        now = self._clock()
        with self._database.writing() as connection:
            ready = connection.scalars(
                select(parts.c.id)
                .where(
                    parts.c.queue == queue,
                    parts.c.state == "submitted",
                    parts.c.waits == 0,
                    parts.c.available_ms <= now,
                )
                .order_by(parts.c.priority.desc(), parts.c.id)
                .limit(room)
                .with_for_update(skip_locked=True)
            ).all()
            if ready:
                connection.execute(
                    update(parts)
                    .where(parts.c.id.in_(ready), parts.c.state == "submitted")
                    .values(state="dispatched", lease_until_ms=now + lease_ms)
                )
            return list(ready)

    def undispatch(self, part_ids: Sequence[str]) -> None:
        """Take back what was marked as sent and could not be."""
        with self._database.writing() as connection:
            connection.execute(
                update(parts)
                .where(parts.c.id.in_(part_ids), parts.c.state == "dispatched")
                .values(state="submitted", lease_until_ms=None)
            )

    def claim(self, part_id: str, owner: str, lease_ms: int) -> Claim | None:
        """Take a part to work on; None if it is not to be had (done, at work, waiting): then drop the message.

        The attempt is counted here, before any work, so that a part which kills its process is not tried for ever.
        """
        with self._database.writing() as connection:
            self._lock(connection, part_id.rpartition("-")[0])
            now = self._clock()
            changed = connection.execute(
                update(parts)
                .where(
                    parts.c.id == part_id,
                    parts.c.state.in_(("dispatched", "submitted")),
                    parts.c.waits == 0,
                    parts.c.available_ms <= now,
                )
                .values(
                    state="running",
                    attempts=parts.c.attempts + 1,
                    lease_token=parts.c.lease_token + 1,
                    lease_owner=owner,
                    lease_until_ms=now + lease_ms,
                    step=0,
                    steps=0,
                    started_ms=case((parts.c.started_ms.is_(None), now), else_=parts.c.started_ms),
                )
            )
            if changed.rowcount != 1:
                return None
            row = connection.execute(
                select(parts, requests.c.template, requests.c.release, requests.c.plan_digest)
                .join(requests, requests.c.id == parts.c.request_id)
                .where(parts.c.id == part_id)
            ).one()
            connection.execute(
                update(requests)
                .where(requests.c.id == row.request_id, requests.c.state == "submitted")
                .values(state="running")
            )
            self._note(connection, row.request_id, "claimed", part_id, token=row.lease_token, owner=owner)
            return Claim(
                part_id=part_id,
                request_id=row.request_id,
                channel=row.channel,
                template=row.template,
                release=row.release,
                token=row.lease_token,
                attempt=row.attempts,
                faults=row.faults,
                lease_until_ms=row.lease_until_ms,
                plan_digest=row.plan_digest,
            )

    def beat(self, claim: Claim, lease_ms: int, step: int, steps: int) -> bool:
        """Renew the lease and note the progress. False when the claim is lost: then stop, nobody wants the result."""
        with self._database.writing() as connection:
            changed = connection.execute(
                update(parts)
                .where(_held(claim))
                .values(lease_until_ms=self._clock() + lease_ms, step=step, steps=steps)
            )
            return changed.rowcount == 1

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """The part is done and its files count. False when the claim was lost: then nothing changed."""
        with self._database.writing() as connection:
            self._lock(connection, claim.request_id)
            now = self._clock()
            changed = connection.execute(
                update(parts)
                .where(_held(claim))
                .values(
                    state="done",
                    finished_ms=now,
                    step=parts.c.steps,
                    error_code=None,
                    error_message=None,
                    figures=json.dumps(dict(outcome.figures), sort_keys=True),
                    warnings=json.dumps(outcome.warnings),
                )
            )
            if changed.rowcount != 1:
                return False
            if outcome.artefacts:
                connection.execute(
                    insert(artefacts),
                    [
                        {
                            "part_id": claim.part_id,
                            "path": file.path,
                            "kind": file.kind,
                            "sha256": file.sha256,
                            "media_type": file.media_type,
                            "bytes": file.bytes,
                            "key": file.key,
                        }
                        for file in outcome.artefacts
                    ],
                )
            connection.execute(
                update(parts)
                .where(
                    parts.c.id.in_(select(part_needs.c.part_id).where(part_needs.c.needs_id == claim.part_id)),
                    parts.c.waits > 0,
                )
                .values(waits=parts.c.waits - 1)
            )
            self._note(connection, claim.request_id, "done", claim.part_id, token=claim.token)
            self._close(connection, claim.request_id)
            return True

    def fail(self, claim: Claim, fault: Fault) -> bool:
        """The part cannot be made, and neither can the parts that need it. False when the claim was lost."""
        with self._database.writing() as connection:
            return self._fail(connection, claim.part_id, claim.request_id, claim.token, fault)

    def retry(self, claim: Claim, fault: Fault, wait_ms: int) -> bool:
        """Try again after ``wait_ms``, or fail when this was the last attempt. False when the claim was lost."""
        if claim.attempt >= MAX_ATTEMPTS:
            return self.fail(claim, fault)
        return self._hand_back(claim, fault, wait_ms, "retried", attempts=0, faults=0)

    def give_back(self, claim: Claim, fault: Fault) -> bool:
        """The environment is at fault: the attempt does not count. False when the claim was lost."""
        wait_ms = min(LONGEST_FAULT_WAIT_MS, FAULT_WAIT_MS * 2 ** min(claim.faults, 10))
        return self._hand_back(claim, fault, wait_ms, "given back", attempts=-1, faults=1)

    def _hand_back(self, claim: Claim, fault: Fault, wait_ms: int, event: str, *, attempts: int, faults: int) -> bool:
        with self._database.writing() as connection:
            changed = connection.execute(
                update(parts)
                .where(_held(claim))
                .values(
                    state="submitted",
                    lease_owner=None,
                    lease_until_ms=None,
                    available_ms=self._clock() + wait_ms,
                    attempts=parts.c.attempts + attempts,
                    faults=parts.c.faults + faults,
                    error_code=fault.code,
                    error_message=fault.message,
                )
            )
            if changed.rowcount == 1:
                self._note(connection, claim.request_id, event, claim.part_id, token=claim.token, code=fault.code)
            return changed.rowcount == 1

    def sweep(self, is_dead: Callable[[str], bool], *, counted: bool = True) -> int:
        """Take back what nobody works on: sent and never claimed, or claimed by one who is dead or let the lease pass.

        A part whose last attempt ended so has failed. With ``counted`` false (an orderly stop) the attempt is given
        back. The number of parts that changed.
        """
        now = self._clock()
        with self._database.reading() as connection:
            running = connection.execute(
                select(
                    parts.c.id,
                    parts.c.request_id,
                    parts.c.attempts,
                    parts.c.lease_token,
                    parts.c.lease_owner,
                    parts.c.lease_until_ms,
                ).where(parts.c.state == "running")
            ).all()
            late = connection.scalar(
                select(parts.c.id).where(parts.c.state == "dispatched", parts.c.lease_until_ms < now).limit(1)
            )
        lost = [row for row in running if row.lease_until_ms < now or is_dead(row.lease_owner)]
        if not lost and late is None:
            return 0
        changed = 0
        with self._database.writing() as connection:
            changed += connection.execute(
                update(parts)
                .where(parts.c.state == "dispatched", parts.c.lease_until_ms < now)
                .values(state="submitted", lease_until_ms=None)
            ).rowcount
            for row in lost:
                if counted and row.attempts >= MAX_ATTEMPTS:
                    changed += self._fail(connection, row.id, row.request_id, row.lease_token, TOO_OFTEN)
                    continue
                back = connection.execute(
                    update(parts)
                    .where(
                        parts.c.id == row.id,
                        parts.c.state == "running",
                        parts.c.lease_token == row.lease_token,
                        parts.c.lease_until_ms == row.lease_until_ms,  # a beat since then means that somebody lives
                    )
                    .values(
                        state="submitted",
                        lease_owner=None,
                        lease_until_ms=None,
                        available_ms=now,
                        attempts=parts.c.attempts if counted else parts.c.attempts - 1,
                    )
                ).rowcount
                if back:
                    self._note(connection, row.request_id, "taken back", row.id, token=row.lease_token)
                changed += back
        return changed

    def _fail(self, connection: Connection, part_id: str, request_id: str, token: int, fault: Fault) -> bool:
        self._lock(connection, request_id)
        now = self._clock()
        changed = connection.execute(
            update(parts)
            .where(parts.c.id == part_id, parts.c.lease_token == token, parts.c.state == "running")
            .values(state="failed", finished_ms=now, error_code=fault.code, error_message=fault.message)
        )
        if changed.rowcount != 1:
            return False
        connection.execute(
            update(parts)
            .where(
                parts.c.id.in_(select(part_needs.c.part_id).where(part_needs.c.needs_id == part_id)),
                parts.c.state.in_(OPEN),
            )
            .values(state="failed", finished_ms=now, error_code=DEPENDENCY.code, error_message=DEPENDENCY.message)
        )
        self._note(connection, request_id, "failed", part_id, token=token, code=fault.code)
        self._close(connection, request_id, fault)
        return True

    def _close(self, connection: Connection, request_id: str, fault: Fault | None = None) -> None:
        """End a request whose last part has ended; the first fault of a part is the request's."""
        if fault is not None:
            connection.execute(
                update(requests)
                .where(requests.c.id == request_id, requests.c.error_code.is_(None))
                .values(error_code=fault.code, error_message=fault.message)
            )
        states = set(connection.scalars(select(parts.c.state).where(parts.c.request_id == request_id).distinct()))
        if not states & set(OPEN):
            state = "failed" if "failed" in states else "done"
            connection.execute(
                update(requests)
                .where(requests.c.id == request_id, requests.c.state.in_(OPEN))
                .values(state=state, finished_ms=self._clock())
            )
            self._note(connection, request_id, f"request {state}")

    def _note(
        self,
        connection: Connection,
        request_id: str,
        event: str,
        part_id: str | None = None,
        *,
        token: int | None = None,
        owner: str | None = None,
        code: str | None = None,
    ) -> None:
        connection.execute(
            insert(history).values(
                at_ms=self._clock(),
                request_id=request_id,
                part_id=part_id,
                event=event,
                token=token,
                owner=owner,
                code=code,
            )
        )


def _held(claim: Claim) -> ColumnElement[bool]:
    """True of the claimed part while nobody holds a higher token."""
    return (parts.c.id == claim.part_id) & (parts.c.lease_token == claim.token) & (parts.c.state == "running")
