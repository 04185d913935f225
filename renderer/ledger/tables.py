"""The ledger's tables. What must never be is refused by the database itself: an unknown state, a second artefact under
one key, a request submitted twice, a history that is rewritten.

This is what the code reads; :mod:`renderer.ledger.migrations` makes it, and a test holds the two together.

Nothing personal stands in clear: the recipient's key and the caller's idempotency key are keyed digests, profile and
plan are sealed (``sealed.data``).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from renderer.ledger.model import DELIVERY_STATES, ENDPOINT_STATES, RUN_STATES, STATES

metadata = MetaData()

_STATES = ", ".join(f"'{state}'" for state in STATES)
_RUN_STATES = ", ".join(f"'{state}'" for state in RUN_STATES)
_ENDPOINT_STATES = ", ".join(f"'{state}'" for state in ENDPOINT_STATES)
_DELIVERY_STATES = ", ".join(f"'{state}'" for state in DELIVERY_STATES)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # who made it: demo, batch, door
    Column("idempotency", Text, unique=True),  # keyed digest
    Column("template", Text),  # where all requests are of one
    Column("release", Text),
    Column("state", Text, CheckConstraint(f"state in ({_RUN_STATES})"), nullable=False),
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
    Column("state", Text, CheckConstraint(f"state in ({_STATES})"), nullable=False),
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
Index(
    "requests_kept",
    requests.c.release,
    requests.c.finished_ms,
    sqlite_where=text("dropped_ms is null and finished_ms is not null"),
    postgresql_where=text("dropped_ms is null and finished_ms is not null"),
)
Index(
    "requests_by_end",
    requests.c.run_id,
    requests.c.finished_ms,
    requests.c.state,
    sqlite_where=text("finished_ms is not null"),
    postgresql_where=text("finished_ms is not null"),
)
Index(
    "requests_failed",
    requests.c.finished_ms,
    requests.c.error_code,
    sqlite_where=text("state = 'failed'"),
    postgresql_where=text("state = 'failed'"),
)

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
    Column("state", Text, CheckConstraint(f"state in ({_STATES})"), nullable=False),
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
Index(
    "parts_ready",
    parts.c.queue,
    parts.c.priority.desc(),
    parts.c.record,
    parts.c.id,
    sqlite_where=text("state = 'submitted' and waits = 0"),
    postgresql_where=text("state = 'submitted' and waits = 0"),
)
Index(
    "parts_leased",
    parts.c.queue,
    parts.c.lease_until_ms,
    sqlite_where=text("state in ('dispatched', 'running')"),
    postgresql_where=text("state in ('dispatched', 'running')"),
)

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
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("run_id", Text, index=True),  # of what concerns a whole run
    Column("request_id", Text, index=True),
    Column("part_id", Text),
    Column("event", Text, nullable=False),
    Column("token", Integer),
    Column("owner", Text),  # who decided: key <id>; null: a command
    Column("code", Text),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),  # node:pid:start of the process that has the children
    Column("name", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("children", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("beat_ms", BigInteger, nullable=False),
    Column("dead_ms", BigInteger),  # declared dead, or stopped in order
)

pauses = Table(
    "pauses",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("faults", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),  # the first fault
    Column("fault_ms", BigInteger, nullable=False),  # the last fault
    Column("until_ms", BigInteger, nullable=False),  # then one part may try
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),  # dispatcher
    Column("holder", Text, nullable=False),
    Column("token", Integer, nullable=False),  # fencing: one more with each holder
    Column("until_ms", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("dedupe", Text, nullable=False, unique=True),  # goes along, so that a receiver can drop a second delivery
    Column("payload", Text, nullable=False),  # JSON: ids and states
    Column("created_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
)
Index(
    "outbox_unsent",
    outbox.c.id,
    sqlite_where=text("sent_ms is null"),
    postgresql_where=text("sent_ms is null"),
)

# Who is told by webhook. What waits for one that is paused or disabled goes on waiting.
webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),  # the operator's word for the receiver
    Column("url", Text, nullable=False),  # empty once it was removed
    Column("topics", Text),  # names with spaces between; null: all
    Column("templates", Text),  # ids with spaces between; null: all
    Column("state", Text, CheckConstraint(f"state in ({_ENDPOINT_STATES})"), nullable=False),
    Column("why", Text),  # the code for which it was disabled
    Column("created_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),  # how often in a row nothing got through
    Column("failing_ms", BigInteger),  # since when nothing has
    Column("failed_ms", BigInteger),  # when that was tried last
    Column("rests_ms", BigInteger),  # nothing is tried before
    Column("delivered_ms", BigInteger),  # the last success, to the minute
)

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("endpoint_id", Text, ForeignKey("webhook_endpoints.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),  # it has to be used, so a digest would not do
    Column("created_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # set when a newer one takes its place
)

# One message of the outbox for one endpoint.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event_id", BigInteger, ForeignKey("outbox.id"), nullable=False),
    Column("endpoint_id", Text, ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("state", Text, CheckConstraint(f"state in ({_DELIVERY_STATES})"), nullable=False),
    Column("attempts", Integer, nullable=False),  # those that ended
    Column("available_ms", BigInteger, nullable=False),  # not before; while somebody has it, the end of the lease
    Column("lease_owner", Text),
    Column("lease_token", Integer, nullable=False),  # fencing: one more with each claim
    Column("created_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    UniqueConstraint("event_id", "endpoint_id", name="webhook_deliveries_once"),
    Index("webhook_deliveries_of", "endpoint_id", "id"),
)
Index(
    "webhook_deliveries_waiting",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.available_ms,
    webhook_deliveries.c.id,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)
Index(
    "webhook_deliveries_leased",
    webhook_deliveries.c.lease_owner,
    sqlite_where=text("lease_owner is not null"),
    postgresql_where=text("lease_owner is not null"),
)

# The log: what came of each attempt. Nothing of what the receiver said but the number.
webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("delivery_id", BigInteger, ForeignKey("webhook_deliveries.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("status", Integer),  # of the answer; null where there was none
    Column("code", Text),  # why it did not get through; null where it did
)

releases = Table(
    "releases",
    metadata,
    Column("template", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # files_digest
    Column("contract", Text, nullable=False),  # digest
    Column("retention_days", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("prepared", Text),  # JSON: prepared media in the store, by what prepared them
    Column("engine", Text, nullable=False),  # what prepared them first; empty while nothing is prepared
    Column("published_ms", BigInteger, nullable=False),
)

activations = Table(
    "activations",  # append-only; the newest of a template counts
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("template", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("back_to", BigInteger),  # the earlier activation that a rollback went back to
)

erasures = Table(
    "erasures",  # the proof that somebody was forgotten; counts grow until it is finished and looked after, none goes
    metadata,
    Column("id", Text, primary_key=True),
    Column("recipient", Text, nullable=False, index=True),  # keyed digest
    Column("at_ms", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),  # set aside
    Column("artefacts", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),  # null while it is carried out
    Column("checked_ms", BigInteger),  # when it was seen that work under way has left nothing
)

# Sums over what has ended, kept up by the leader: nobody counts a million rows to say how many there are.
tallies = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),  # attempts, requests, artefacts, removed
    Column("label", Text, primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),  # upper end of a histogram's bucket, or 0
    Column("count", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),  # milliseconds or bytes
)

# How far the leader's upkeep has come.
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Keys of the HTTP API. What a client shows is not here, only a digest of it that nobody can go back from.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),  # stands in the key itself, in clear
    Column("name", Text, nullable=False),  # the operator's word for who has it
    Column("scopes", Text, nullable=False),  # names with spaces between
    Column("templates", Text),  # ids with spaces between; null: any
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("used_ms", BigInteger),  # last use, to the minute
)

api_secrets = Table(
    "api_secrets",
    metadata,
    Column("digest", Text, primary_key=True),  # keyed
    Column("key_id", Text, ForeignKey("api_keys.id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # set when a newer one takes its place
)

# Sessions of the operators' page that were signed out. The others are written nowhere.
ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("nonce", Text, primary_key=True),  # the cookie holds it sealed
    Column("until_ms", BigInteger, nullable=False),  # when the session would have ended by itself
)

# Encoded pieces of film: what is kept under a name that tells what can be seen (renderer/render/video/keys.py).
chunks = Table(
    "chunks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("bytes", BigInteger),  # null while it is encoded
    Column("personal", Boolean, nullable=False),
    Column("frames_digest", Text),
    Column("audits", Integer, nullable=False),  # how often its frames were composed again and were the same
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("lease_owner", Text),
    Column("lease_token", BigInteger, nullable=False),  # fencing: higher with each claim
    Column("lease_until_ms", BigInteger, nullable=False),  # 0: nobody has it
    Index("chunks_by_use", "used_ms"),
)

# Who has a chunk. A use may be written before its chunk is there, so that no moment is left in which a personal chunk
# belongs to nobody.
chunk_uses = Table(
    "chunk_uses",
    metadata,
    Column("use", Text, primary_key=True),  # the id of a part, or of what else was made
    Column("key", Text, primary_key=True, index=True),
    Column("keep", Boolean, nullable=False),  # not to be evicted while this use lasts
)
