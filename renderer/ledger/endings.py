"""Steps that several transitions share, each inside the caller's transaction: notes in the history, ends of attempts,
parts and requests.

Whoever changes a part takes the lock of its request first (:func:`lock`). Nobody who has a request's lock waits for
another's: a second one is taken only if it is free (:func:`lock_if_free`).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, bindparam, case, exists, insert, literal, select, update

from renderer.ledger.events import TOLD, announce_end
from renderer.ledger.model import MAX_ATTEMPTS, MAX_LOSSES, OPEN, POISON_AFTER, Claim, Fault, State
from renderer.ledger.prepared import Prepared, constant
from renderer.ledger.tables import attempts, history, part_needs, parts, requests, sealed

POISON = Fault(code="job.poison", message=f"Its process died {POISON_AFTER} times, also when it was alone.")
TOO_OFTEN = Fault(code="job.attempts", message=f"Tried again and again; its worker died {MAX_LOSSES} times.")
TOO_LATE = Fault(code="job.time", message=f"Took longer than it may, {MAX_ATTEMPTS} times.")
DEPENDENCY = Fault(code="job.dependency", message="A part whose files this one embeds has failed.")

_NOTE = Prepared(
    insert(history)
    .values(
        {
            name: bindparam(name)
            for name in ("at_ms", "run_id", "request_id", "part_id", "event", "token", "owner", "code")
        }
    )
    .inline()
)
_KEEP = Prepared(insert(sealed).values({name: bindparam(name) for name in ("request_id", "kind", "data")}).inline())
_OF_IT = parts.c.request_id == bindparam("b_id")
_OPEN = [constant(state) for state in OPEN]
_CLOSE = Prepared(
    update(requests)
    .where(
        requests.c.id == bindparam("b_id"),
        requests.c.state.in_(_OPEN),
        ~exists().where(_OF_IT, parts.c.state.in_(_OPEN)),
    )
    .values(
        state=case((exists().where(_OF_IT, parts.c.state == "failed"), "failed"), else_="done"),
        finished_ms=bindparam("b_now"),
    )
    .returning(*TOLD)
)
_LOCK = Prepared(select(requests.c.id).where(requests.c.id == bindparam("b_id")).with_for_update())
_LOCK_FREE = Prepared(select(requests.c.id).where(requests.c.id == bindparam("b_id")).with_for_update(skip_locked=True))


def request_of(part_id: str) -> str:
    """The request of a part."""
    return part_id.rpartition("-")[0]


def lock(connection: Connection, request_id: str) -> None:
    """Make changes of one request wait for each other. SQLite has one writer at a time anyway; elsewhere two parts
    that end at once would each see the other still open, and a claim and a cancelling could wait for each other."""
    if connection.dialect.name != "sqlite":
        _LOCK(connection, {"b_id": request_id})


def lock_if_free(connection: Connection, request_id: str) -> bool:
    """:func:`lock`, but False instead of waiting."""
    return connection.dialect.name == "sqlite" or _LOCK_FREE(connection, {"b_id": request_id}).first() is not None


def held(claim: Claim) -> ColumnElement[bool]:
    """True of the claimed part while nobody holds a higher token."""
    return (parts.c.id == claim.part_id) & (parts.c.lease_token == claim.token) & (parts.c.state == "running")


def note(
    connection: Connection,
    now_ms: int,
    event: str,
    *,
    run_id: str | None = None,
    request_id: str | None = None,
    part_id: str | None = None,
    token: int | None = None,
    owner: str | None = None,
    code: str | None = None,
) -> None:
    """A line of the history. ``owner`` is who decided."""
    _NOTE(
        connection,
        {
            "at_ms": now_ms,
            "run_id": run_id,
            "request_id": request_id,
            "part_id": part_id,
            "event": event,
            "token": token,
            "owner": owner,
            "code": code,
        },
    )


def end_attempts(
    connection: Connection, now_ms: int, of: ColumnElement[bool], outcome: str, code: str | None = None
) -> None:
    """Write down the attempts that running parts are in. To be called before their state changes."""
    connection.execute(
        insert(attempts).from_select(
            ["part_id", "token", "worker", "owner", "begun_ms", "ended_ms", "outcome", "code"],
            select(
                parts.c.id,
                parts.c.lease_token,
                parts.c.lease_worker,
                parts.c.lease_owner,
                parts.c.begun_ms,
                literal(now_ms),
                literal(outcome),
                literal(code),
            ).where(of, parts.c.state == "running"),
        )
    )


def end_request(
    connection: Connection,
    now_ms: int,
    request_id: str,
    state: State,
    *,
    reason: str | None = None,
    fault: Fault | None = None,
) -> bool:
    """End a request and all of its parts that are open. False when it has ended already."""
    lock(connection, request_id)
    error = {"error_code": fault.code, "error_message": fault.message} if fault else {}
    ended = connection.execute(
        update(requests)
        .where(requests.c.id == request_id, requests.c.state.in_(OPEN))
        .values(state=state, reason=reason, finished_ms=now_ms, **error)
        .returning(*TOLD)
    ).one_or_none()
    if ended is None:
        return False
    code = reason or (fault.code if fault else None)
    open_parts = (parts.c.request_id == request_id) & parts.c.state.in_(OPEN)
    end_attempts(connection, now_ms, open_parts, state, code)
    connection.execute(update(parts).where(open_parts).values(state=state, finished_ms=now_ms, **error))
    note(connection, now_ms, state, request_id=request_id, code=code)
    if ended.notify:
        announce_end(connection, now_ms, ended)
    return True


def fail(connection: Connection, now_ms: int, part_id: str, token: int, fault: Fault, outcome: str = "failed") -> bool:
    """End a part that cannot be made, and those that need it. False when somebody else has it, or it has ended."""
    request_id = request_of(part_id)
    lock(connection, request_id)
    ours = (parts.c.id == part_id) & (parts.c.lease_token == token) & (parts.c.state == "running")
    end_attempts(connection, now_ms, ours, outcome, fault.code)
    failed = connection.execute(
        update(parts)
        .where(ours)
        .values(state="failed", finished_ms=now_ms, error_code=fault.code, error_message=fault.message)
        .returning(parts.c.channel)
    ).one_or_none()
    if failed is None:
        return False
    if failed.channel == "plan":  # nothing of the request can be made
        return end_request(connection, now_ms, request_id, "failed", fault=fault)
    needing = select(part_needs.c.part_id).where(part_needs.c.needs_id == part_id)
    connection.execute(
        update(parts)
        .where(parts.c.id.in_(needing), parts.c.state.in_(OPEN))
        .values(state="failed", finished_ms=now_ms, error_code=DEPENDENCY.code, error_message=DEPENDENCY.message)
    )
    connection.execute(  # the first fault of a part is the request's
        update(requests)
        .where(requests.c.id == request_id, requests.c.error_code.is_(None))
        .values(error_code=fault.code, error_message=fault.message)
    )
    note(connection, now_ms, "failed", request_id=request_id, part_id=part_id, token=token, code=fault.code)
    close(connection, now_ms, request_id)
    return True


def close(connection: Connection, now_ms: int, request_id: str) -> None:
    """End a request whose last part has ended."""
    ended = _CLOSE(connection, {"b_id": request_id, "b_now": now_ms}).one_or_none()
    if ended is not None:
        note(connection, now_ms, f"request {ended.state}", request_id=request_id)
        if ended.notify:
            announce_end(connection, now_ms, ended)


def keep_accounted(connection: Connection, request_id: str, sealed_amounts: bytes) -> None:
    """Put the control amounts that a plan accounts for beside it."""
    _KEEP(connection, {"request_id": request_id, "kind": "accounted", "data": sealed_amounts})


def keep_plan(connection: Connection, request_id: str, sealed_plan: bytes) -> None:
    """Put a request's plan beside its profile."""
    _KEEP(connection, {"request_id": request_id, "kind": "plan", "data": sealed_plan})
