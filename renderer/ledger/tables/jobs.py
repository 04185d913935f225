"""Runs, requests and parts: what is to be made, how it stands, what it gave, what happened, and what of it is told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from renderer.ledger.model import RUN_STATES, STATES
from renderer.ledger.tables.base import ROW_ID, metadata, one_of, partial_index

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # who made it: demo, batch, door
    Column("idempotency", Text, unique=True),  # keyed digest
    Column("template", Text),  # where all requests are of one
    Column("release", Text),
    Column("state", Text, one_of("state", RUN_STATES), nullable=False),
    Column("expected", BigInteger),  # requests handed in; known once all of the input was read
    Column("totals", Text),  # JSON: control totals of the input, by currency
    Column("why", Text),  # JSON: what does not add up
    Column("hold_after", BigInteger),  # records after this one wait for approval
    Column("approved_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("sealed_ms", BigInteger),
    Column("cancelled_ms", BigInteger),
    Column("finished_ms", BigInteger),
    Column("options", Text),  # JSON: what a batch was started with (renderer/batch/model.py)
    Column("scope", Text),  # the first of the runs that go on from one another: no recipient twice in all of them
    Column("records", BigInteger),  # records of the input that were read so far
    Column("input_digest", Text),  # keyed digest of them: only the same input goes on
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("record", BigInteger, nullable=False),  # place in the run's input, from 1; 0 where there is none
    Column("recipient", Text, nullable=False),  # keyed digest
    Column("idempotency", Text, nullable=False, unique=True),  # keyed digest
    Column("template", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("notify", SmallInteger, nullable=False),  # 1: its end goes to the outbox
    Column("state", Text, one_of("state", STATES), nullable=False),
    Column("plan_digest", Text),
    Column("reason", Text),  # suppression code
    Column("error_code", Text),
    Column("error_message", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Column("dropped_ms", BigInteger),  # its profile and plan are gone: the template's retention is over
    Column("forgotten_ms", BigInteger),  # its files too: the recipient was forgotten
    Column("cleaned_ms", BigInteger),  # its files are gone, to make room; it stays done
    Column("body", Text),  # keyed digest of what was handed in, where the same key may come again with something else
    Column("trace", Text),  # the trace that it belongs to, as W3C's traceparent
    Index("requests_by_run", "run_id", "state"),
    Index("requests_listed", "run_id", "id"),
    Index("requests_by_record", "run_id", "record", "id"),  # the order in which a run is gone through
    Index("requests_by_recipient", "recipient"),
)
partial_index(
    "requests_kept", requests.c.release, requests.c.finished_ms, where="dropped_ms is null and finished_ms is not null"
)
partial_index(
    "requests_by_end", requests.c.run_id, requests.c.finished_ms, requests.c.state, where="finished_ms is not null"
)
partial_index("requests_failed", requests.c.finished_ms, requests.c.error_code, where="state = 'failed'")

# Records of a run's input that did not become requests, and why.
set_aside = Table(
    "set_aside",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger),  # of the file, from 1
    Column("field", Text),  # of the first fault
    Column("code", Text, nullable=False),  # of the first fault
    Column("faults", Text, nullable=False),  # JSON: all of them, as errors have it; nothing personal
    Column("recipient", Text),  # keyed digest, where it could be read
    Column("data", LargeBinary),  # the record as it came, sealed
    Column("amounts", LargeBinary),  # its control amounts, sealed; null where they cannot be read
    Column("at_ms", BigInteger, nullable=False),
    Index("set_aside_by_recipient", "recipient"),
)

parts = Table(
    "parts",
    metadata,
    Column("id", Text, primary_key=True),  # <request id>-<channel>, <request id>-plan
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),  # or plan: the step that makes the plan, which all others wait for
    Column("queue", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("record", BigInteger, nullable=False),  # the request's: who has come less far goes first
    Column("state", Text, one_of("state", STATES), nullable=False),
    Column("waits", SmallInteger, CheckConstraint("waits >= 0"), nullable=False),  # for the plan, parts, an approval
    Column("needed", SmallInteger, nullable=False),  # parts that wait for this one
    Column("available_ms", BigInteger, nullable=False),  # not before: back-off lives here, never in the broker
    Column("attempts", SmallInteger, CheckConstraint("attempts >= 0"), nullable=False),  # counted at claim
    Column("crashes", SmallInteger, nullable=False),  # attempts that ended with the death of their process
    Column("losses", SmallInteger, nullable=False),  # attempts that ended with the death of the whole worker
    Column("faults", Integer, nullable=False),  # handed back because of the environment; no attempt counted
    Column("lease_worker", Text),
    Column("lease_owner", Text),
    Column("lease_token", Integer, nullable=False),  # fencing: one more with each claim
    Column("lease_until_ms", BigInteger),
    Column("begun_ms", BigInteger),  # the present attempt
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("figures", Text),  # JSON: counts only
    Column("warnings", Text),  # JSON: codes only
    Column("error_code", Text),
    Column("error_message", Text),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    CheckConstraint("state <> 'running' or (lease_owner is not null and lease_until_ms is not null)"),
    CheckConstraint("waits = 0 or state not in ('dispatched', 'running', 'done')"),
)
partial_index(
    "parts_ready",
    parts.c.queue,
    parts.c.priority.desc(),
    parts.c.record,
    parts.c.id,
    where="state = 'submitted' and waits = 0",
)
partial_index("parts_leased", parts.c.queue, parts.c.lease_until_ms, where="state in ('dispatched', 'running')")

READY = text("parts.state = 'submitted' and parts.waits = 0")

LEASED = text("parts.state in ('dispatched', 'running')")
"""What the indexes ``parts_ready`` and ``parts_leased`` hold, in the very words of their definition. A question about
such parts says so in these words, beside whatever else it asks: SQLite looks through the whole table otherwise, which
takes a second with a million requests."""

part_needs = Table(
    "part_needs",
    metadata,
    Column("part_id", Text, ForeignKey("parts.id"), primary_key=True),
    Column("needs_id", Text, ForeignKey("parts.id"), primary_key=True, index=True),
)

attempts = Table(
    "attempts",  # written once each has ended; append-only
    metadata,
    Column("part_id", Text, primary_key=True),
    Column("token", Integer, primary_key=True),
    Column("worker", Text),
    Column("owner", Text, nullable=False),
    Column("begun_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text),
    Index("attempts_by_end", "ended_ms"),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("part_id", Text, ForeignKey("parts.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("engine", Text),  # what made it: a digest in the table engines
)

engines = Table(
    "engines",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("versions", Text, nullable=False),  # JSON: Dearly's version and those of its libraries
)

sealed = Table(
    "sealed",
    metadata,
    Column("request_id", Text, ForeignKey("requests.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # profile, plan; amounts (control amounts read), accounted (those planned)
    Column("data", LargeBinary, nullable=False),
)

history = Table(
    "history",  # append-only
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("run_id", Text, index=True),  # of what concerns a whole run
    Column("request_id", Text, index=True),
    Column("part_id", Text),
    Column("event", Text, nullable=False),
    Column("token", Integer),
    Column("owner", Text),  # who decided: key <id>; null: a command
    Column("code", Text),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("dedupe", Text, nullable=False, unique=True),  # goes along, so that a receiver can drop a second delivery
    Column("payload", Text, nullable=False),  # JSON: ids and states
    Column("created_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
)
partial_index("outbox_unsent", outbox.c.id, where="sent_ms is null")
