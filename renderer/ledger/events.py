"""What is told of: ends of requests and runs, put into the outbox in the transaction that makes them so.

Nothing is written where nobody is to be told. What is told holds ids, states, counts and codes, and nothing personal:
it goes to other systems, and stays when its recipient is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, select

from renderer.ledger.prepared import Prepared, constant
from renderer.ledger.tables import history, outbox, requests, runs, webhook_endpoints

REOPENED = "reopened"
"""What the history says of a run or a request that had ended and goes on."""

TOLD = (
    requests.c.id,
    requests.c.run_id,
    requests.c.template,
    requests.c.release,
    requests.c.state,
    requests.c.notify,
    requests.c.error_code,
    requests.c.reason,
)
"""The columns of a request that :func:`announce_end` takes."""

_LISTENS = exists().where(webhook_endpoints.c.state.in_([constant(s) for s in ("active", "paused", "disabled")]))
_COLUMNS = (outbox.c.topic, outbox.c.dedupe, outbox.c.payload, outbox.c.created_ms)
_ANNOUNCE = Prepared(
    insert(outbox)
    .from_select(
        [column.name for column in _COLUMNS],
        select(*(bindparam(column.name, type_=column.type) for column in _COLUMNS)).where(_LISTENS),
    )
    .inline()
)
_AGAIN = select(func.count()).where(history.c.request_id == bindparam("b_id"), history.c.event == REOPENED)
_RUN = select(runs.c.kind, runs.c.template, runs.c.release, runs.c.state).where(runs.c.id == bindparam("b_id"))


def announce_end(connection: Connection, now_ms: int, ended: Row[Any]) -> None:
    """Tell of the end of a request, a row of :data:`TOLD`."""
    # Each end is told once; one that comes after a retry is another end.
    again = connection.scalar(_AGAIN, {"b_id": ended.id})
    told = {
        "request": ended.id,
        "run": ended.run_id,
        "template": ended.template or None,
        "release": ended.release or None,
        "state": ended.state,
        "code": ended.error_code,
        "reason": ended.reason,
    }
    _announce(connection, now_ms, f"request.{ended.state}", _named("request", ended.id, again or 0), told)


def announce_run(
    connection: Connection,
    now_ms: int,
    run_id: str,
    what: str,
    *,
    again: int = 0,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Tell of a run, under the topic ``run.<what>``, with counts of its records. ``again`` says how often the same was
    told of it before."""
    run = connection.execute(_RUN, {"b_id": run_id}).one()
    told = {
        "run": run_id,
        "kind": run.kind,
        "template": run.template,
        "release": run.release,
        "state": run.state,
        "counts": None if counts is None else dict(counts),
    }
    _announce(connection, now_ms, f"run.{what}", _named("held" if what == "held" else "run", run_id, again), told)


def told_template(payload: str) -> str | None:
    """The template of what was told."""
    found: str | None = json.loads(payload).get("template")
    return found


def _named(kind: str, an_id: str, again: int) -> str:
    """The name of an event, which is unique: the database refuses to tell of one twice."""
    return f"{kind} {an_id}" + (f" {again}" if again else "")


def _announce(connection: Connection, now_ms: int, topic: str, dedupe: str, told: Mapping[str, object]) -> None:
    payload = json.dumps(told)
    _ANNOUNCE(connection, {"topic": topic, "dedupe": dedupe, "payload": payload, "created_ms": now_ms})
