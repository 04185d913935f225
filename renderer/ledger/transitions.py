"""What workers change in the ledger. Each is one short transaction; each change of state is guarded (an UPDATE that
names the state it expects and counts the rows it changed), so that a message delivered twice, a second dispatcher or a
worker that wakes up late changes nothing.

    submitted ──dispatch──▶ dispatched ──claim──▶ running ──finish──▶ done
        ▲  ▲ ╰───── undispatch · sweep ─────╯       │ ╰─────fail────▶ failed
        │  ╰───────────── hand back · sweep ────────╯
        ╰ waits for the plan, for parts whose files it embeds, for the run's approval
    submitted, dispatched, running ──▶ suppressed | cancelled | failed (by the request)

Sending and taking back is the leader's (:mod:`renderer.ledger.leader`).
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, bindparam, delete, exists, func, insert, select, update

from renderer.ledger.database import Database, insert_new
from renderer.ledger.endings import (
    close,
    end_attempts,
    end_request,
    fail,
    held,
    keep_accounted,
    keep_plan,
    lock,
    lock_if_free,
    note,
    request_of,
)
from renderer.ledger.model import MAX_ATTEMPTS, OPEN, Claim, Clock, Fault, Outcome, Wish, wall_clock
from renderer.ledger.prepared import Prepared, constant
from renderer.ledger.tables import LEASED, artefacts, attempts, engines, part_needs, parts, pauses, requests, sealed

FAULT_WAIT_MS = 500
LONGEST_FAULT_WAIT_MS = 10_000
"""How long a queue waits after a fault of its environment; it doubles each time up to the longest."""


class Ledger:
    """The workers' side. Safe from any number of processes; ``clock`` gives milliseconds since the epoch."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock
        self._engines: set[str] = set()

    def claim(self, part_id: str, owner: str, lease_ms: int, worker: str | None = None) -> Claim | None:
        """Take a part to work on; None if it is not to be had (done, at work, taken back): then drop the message.

        ``owner`` is the process that works, ``worker`` the one that it belongs to. The attempt is counted here, before
        any work, so that a part which kills its process is not tried for ever.
        """
        with self._database.writing(durable=False) as connection:
            lock(connection, request_of(part_id))
            return self._claim(connection, Wish(part_id=part_id, owner=owner, lease_ms=lease_ms, worker=worker))

    def _claim_too(self, connection: Connection, wish: Wish) -> Claim | None:
        """Take a part in a transaction that has just ended another; None also where that would mean to wait for whoever
        changes its request, since two who each wait for the other's would wait for ever."""
        return self._claim(connection, wish) if lock_if_free(connection, request_of(wish.part_id)) else None

    def _claim(self, connection: Connection, wish: Wish) -> Claim | None:
        now = self._clock()
        until = now + wish.lease_ms
        row = _CLAIM(
            connection,
            {"b_id": wish.part_id, "b_worker": wish.worker, "b_owner": wish.owner, "b_until": until, "b_now": now},
        ).one_or_none()
        if row is None:
            return None
        request_id = request_of(wish.part_id)
        request = (_BEGIN if row.channel == "plan" else _LOOK)(connection, {"b_id": request_id}).one()
        return Claim(
            part_id=wish.part_id,
            request_id=request_id,
            channel=row.channel,
            queue=row.queue,
            template=request.template,
            release=request.release,
            token=row.lease_token,
            attempt=row.attempts,
            tries=row.attempts - row.crashes - row.losses,
            faults=row.faults,
            worker=wish.worker,
            owner=wish.owner,
            begun_ms=now,
            lease_until_ms=until,
            plan_digest=request.plan_digest,
            needed=row.needed,
            probe=bool(row.probe),
            sealed=request.sealed,
        )

    def beat(self, claim: Claim, step: int, steps: int) -> bool:
        """Note the progress. False when the claim is lost: then stop, nobody wants the result. The lease is not made
        longer: it is as long as the part may take."""
        with self._database.writing(durable=False) as connection:
            changed = connection.execute(update(parts).where(held(claim)).values(step=step, steps=steps))
            return changed.rowcount == 1

    def planned(self, claim: Claim, plan_digest: str, sealed_plan: bytes, accounted: bytes | None = None) -> bool:
        """The plan is made; the request's other parts wait for it no longer. ``accounted`` are the control amounts that
        it accounts for, sealed. False when the claim was lost."""
        with self._database.writing(durable=False) as connection:
            return self._planned(connection, claim, plan_digest, sealed_plan, accounted)

    def planned_and_claim(
        self, claim: Claim, plan_digest: str, sealed_plan: bytes, wish: Wish, accounted: bytes | None = None
    ) -> tuple[bool, Claim | None]:
        """:meth:`planned` and then :meth:`claim`, in one transaction. Without a claim, ask for it again."""
        with self._database.writing(durable=False) as connection:
            kept = self._planned(connection, claim, plan_digest, sealed_plan, accounted)
            return kept, self._claim_too(connection, wish)

    def _planned(
        self, connection: Connection, claim: Claim, plan_digest: str, sealed_plan: bytes, accounted: bytes | None
    ) -> bool:
        lock(connection, claim.request_id)
        now = self._clock()
        values = {"b_figures": None, "b_warnings": None, "b_now": now}
        if _FINISH(connection, {**_of(claim), **values}).rowcount != 1:
            return False
        _KEEP_DIGEST(connection, {"b_id": claim.request_id, "b_digest": plan_digest})
        keep_plan(connection, claim.request_id, sealed_plan)
        if accounted is not None:
            keep_accounted(connection, claim.request_id, accounted)
        _WAIT_LESS(connection, {"b_id": claim.request_id})
        _TRIED(connection, _attempt(claim, now, "done"))
        note(connection, now, "planned", request_id=claim.request_id)
        if claim.probe:
            connection.execute(_well_again(claim))
        return True

    def suppress(self, claim: Claim, reason: str) -> bool:
        """The rules say that this recipient gets nothing: the request ends with its parts. ``claim`` is that of the
        plan. False when it was lost."""
        with self._database.writing(durable=False) as connection:
            lock(connection, claim.request_id)
            if connection.execute(select(parts.c.id).where(held(claim))).one_or_none() is None:
                return False
            return end_request(connection, self._clock(), claim.request_id, "suppressed", reason=reason)

    def know_engine(self, digest: str, versions: str) -> None:
        """Write down what makes artefacts under a digest, once a process: to be called before they are."""
        if digest not in self._engines:
            with self._database.writing(durable=False) as connection:
                connection.execute(insert_new(connection, engines, "digest").values(digest=digest, versions=versions))
            self._engines.add(digest)

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """The part is done and its files count. False when the claim was lost: then nothing changed."""
        with self._database.writing(durable=False) as connection:
            return self._finish(connection, claim, outcome)

    def finish_and_claim(self, claim: Claim, outcome: Outcome, wish: Wish) -> tuple[bool, Claim | None]:
        """:meth:`finish` and then :meth:`claim`, in one transaction. Without a claim, ask for it again."""
        with self._database.writing(durable=False) as connection:
            kept = self._finish(connection, claim, outcome)
            return kept, self._claim_too(connection, wish)

    def _finish(self, connection: Connection, claim: Claim, outcome: Outcome) -> bool:
        lock(connection, claim.request_id)
        now = self._clock()
        figures = json.dumps(dict(outcome.figures), sort_keys=True)
        values = {"b_figures": figures, "b_warnings": json.dumps(outcome.warnings), "b_now": now}
        if _FINISH(connection, {**_of(claim), **values}).rowcount != 1:
            return False
        if outcome.artefacts:
            _FILES.many(
                connection,
                [
                    {
                        "part_id": claim.part_id,
                        "path": file.path,
                        "kind": file.kind,
                        "sha256": file.sha256,
                        "media_type": file.media_type,
                        "bytes": file.bytes,
                        "key": file.key,
                        "engine": file.engine,
                    }
                    for file in outcome.artefacts
                ],
            )
        if claim.needed:
            _NEED_LESS(connection, {"b_id": claim.part_id})
        _TRIED(connection, _attempt(claim, now, "done"))
        note(connection, now, "done", request_id=claim.request_id, part_id=claim.part_id, token=claim.token)
        if claim.probe:
            connection.execute(_well_again(claim))
        close(connection, now, claim.request_id)
        return True

    def fail(self, claim: Claim, fault: Fault) -> bool:
        """The part cannot be made, and neither can the parts that need it; without a plan nothing of the request can.
        False when the claim was lost."""
        with self._database.writing(durable=False) as connection:
            return fail(connection, self._clock(), claim.part_id, claim.token, fault)

    def retry(self, claim: Claim, fault: Fault, wait_ms: int) -> bool:
        """Try again after ``wait_ms``, or fail when this was the last attempt. False when the claim was lost."""
        if claim.tries >= MAX_ATTEMPTS:
            return self.fail(claim, fault)
        return self._hand_back(claim, fault, wait_ms, "retried", uncounted=0)

    def give_back(self, claim: Claim, fault: Fault) -> bool:
        """The environment is at fault: the attempt does not count, and the part's queue pauses. False when the claim
        was lost."""
        return self._hand_back(claim, fault, 0, "given back", uncounted=1)

    def _hand_back(self, claim: Claim, fault: Fault, wait_ms: int, event: str, *, uncounted: int) -> bool:
        with self._database.writing(durable=False) as connection:
            lock(connection, claim.request_id)
            now = self._clock()
            if uncounted:
                wait_ms = _fault_wait(claim.faults)
            end_attempts(connection, now, held(claim), event, fault.code)
            changed = connection.execute(
                update(parts)
                .where(held(claim))
                .values(
                    state="submitted",
                    lease_worker=None,
                    lease_owner=None,
                    lease_until_ms=None,
                    begun_ms=None,
                    available_ms=now + wait_ms,
                    attempts=parts.c.attempts - uncounted,
                    faults=parts.c.faults + uncounted,
                    error_code=fault.code,
                    error_message=fault.message,
                )
            )
            if changed.rowcount != 1:
                return False
            note(
                connection,
                now,
                event,
                request_id=claim.request_id,
                part_id=claim.part_id,
                token=claim.token,
                code=fault.code,
            )
        if uncounted:
            self._pause(claim, fault)
        return True

    def _pause(self, claim: Claim, fault: Fault) -> None:
        """Send nothing more of a queue until a single part of it, the probe, has got through."""
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            values = {"fault_ms": now, "code": fault.code, "message": fault.message}
            fresh = {"queue": claim.queue, "faults": 1, "since_ms": now, "until_ms": now + FAULT_WAIT_MS, **values}
            put = insert_new(connection, pauses, "queue").values(fresh).returning(pauses.c.queue)
            new = connection.execute(put).one_or_none() is not None
            if claim.probe and not new:  # other parts that fail were at work when the queue was paused
                faults = select(pauses.c.faults).where(pauses.c.queue == claim.queue).with_for_update()
                wait_ms = _fault_wait(connection.scalar(faults) or 0)
                connection.execute(
                    update(pauses)
                    .where(pauses.c.queue == claim.queue)
                    .values(faults=pauses.c.faults + 1, until_ms=now + wait_ms, **values)
                )
            # What is on its way would only fail too. A claim asks for parts that are sent, so it is not to be had.
            connection.execute(
                update(parts)
                .where(LEASED, parts.c.queue == claim.queue, parts.c.state == "dispatched")
                .values(state="submitted", lease_until_ms=None)
            )


_CLAIM = Prepared(
    update(parts)
    .where(parts.c.id == bindparam("b_id"), parts.c.state == "dispatched")
    .values(
        state="running",
        attempts=parts.c.attempts + 1,
        lease_token=parts.c.lease_token + 1,
        lease_worker=bindparam("b_worker"),
        lease_owner=bindparam("b_owner"),
        lease_until_ms=bindparam("b_until"),
        begun_ms=bindparam("b_now"),
        step=0,
        steps=0,
        started_ms=func.coalesce(parts.c.started_ms, bindparam("b_now")),
    )
    .returning(
        parts.c.channel,
        parts.c.queue,
        parts.c.lease_token,
        parts.c.attempts,
        parts.c.crashes,
        parts.c.losses,
        parts.c.faults,
        parts.c.needed,
        exists().where(pauses.c.queue == parts.c.queue).label("probe"),
    )
)


def _asked(kind: str) -> tuple[ColumnElement[Any], ...]:
    """What a claim takes from its request: also what is sealed for it."""
    wanted = select(sealed.c.data).where(sealed.c.request_id == requests.c.id, sealed.c.kind == kind)
    return requests.c.template, requests.c.release, requests.c.plan_digest, wanted.scalar_subquery().label("sealed")


_LOOK = Prepared(select(*_asked("plan")).where(requests.c.id == bindparam("b_id")))
_BEGIN = Prepared(
    update(requests)
    .where(requests.c.id == bindparam("b_id"), requests.c.state.in_([constant(state) for state in OPEN]))
    .values(state="running")
    .returning(*_asked("profile"))
)
_FINISH = Prepared(
    update(parts)
    .where(parts.c.id == bindparam("b_part"), parts.c.lease_token == bindparam("b_token"), parts.c.state == "running")
    .values(
        state="done",
        finished_ms=bindparam("b_now"),
        step=parts.c.steps,
        error_code=None,
        error_message=None,
        figures=bindparam("b_figures"),
        warnings=bindparam("b_warnings"),
    )
)
_FILES = Prepared(
    insert(artefacts)
    .values(
        {
            name: bindparam(name)
            for name in ("part_id", "path", "kind", "sha256", "media_type", "bytes", "key", "engine")
        }
    )
    .inline()
)
_TRIED = Prepared(
    insert(attempts)
    .values(
        {name: bindparam(name) for name in ("part_id", "token", "worker", "owner", "begun_ms", "ended_ms", "outcome")}
    )
    .inline()
)
_KEEP_DIGEST = Prepared(
    update(requests).where(requests.c.id == bindparam("b_id")).values(plan_digest=bindparam("b_digest"))
)
_WAIT_LESS = Prepared(
    update(parts).where(parts.c.request_id == bindparam("b_id"), parts.c.waits > 0).values(waits=parts.c.waits - 1)
)
_NEED_LESS = Prepared(
    update(parts)
    .where(
        parts.c.id.in_(select(part_needs.c.part_id).where(part_needs.c.needs_id == bindparam("b_id"))),
        parts.c.waits > 0,
    )
    .values(waits=parts.c.waits - 1)
)


def _of(claim: Claim) -> dict[str, Any]:
    return {"b_part": claim.part_id, "b_token": claim.token}


def _attempt(claim: Claim, now_ms: int, outcome: str) -> dict[str, Any]:
    return {
        "part_id": claim.part_id,
        "token": claim.token,
        "worker": claim.worker,
        "owner": claim.owner,
        "begun_ms": claim.begun_ms,
        "ended_ms": now_ms,
        "outcome": outcome,
    }


def _fault_wait(faults: int) -> int:
    return int(min(LONGEST_FAULT_WAIT_MS, FAULT_WAIT_MS * 2 ** min(faults, 10)))


def _well_again(claim: Claim) -> Delete:
    return delete(pauses).where(pauses.c.queue == claim.queue, pauses.c.fault_ms <= claim.begun_ms)
