"""The ledger's tables. What must never be is refused by the database itself: an unknown state, a second artefact under
one key, a request submitted twice, a history that is rewritten.

This is what the code reads; :mod:`renderer.ledger.migrations` makes it, and a test holds the two together.

Nothing personal stands in clear: the recipient's key and the caller's idempotency key are keyed digests, profile and
plan are sealed (``sealed.data``).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
    text,
)

from renderer.ledger.model import STATES

metadata = MetaData()

_STATES = ", ".join(f"'{state}'" for state in STATES)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # who made it: demo, batch, api
    Column("expected", BigInteger),  # requests handed in; known once all of the input was read
    Column("cancelled_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("recipient", Text, nullable=False),  # keyed digest
    Column("idempotency", Text, nullable=False, unique=True),  # keyed digest
    Column("template", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("state", Text, CheckConstraint(f"state in ({_STATES})"), nullable=False),
    Column("plan_digest", Text),
    Column("reason", Text),  # suppression code
    Column("error_code", Text),
    Column("error_message", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Index("requests_by_run", "run_id", "state"),
    Index("requests_by_recipient", "recipient"),
)

parts = Table(
    "parts",
    metadata,
    Column("id", Text, primary_key=True),  # <request id>-<channel>
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("state", Text, CheckConstraint(f"state in ({_STATES})"), nullable=False),
    Column("waits", SmallInteger, CheckConstraint("waits >= 0"), nullable=False),  # parts it needs that are not done
    Column("available_ms", BigInteger, nullable=False),  # not before: back-off lives here, never in the broker
    Column("attempts", SmallInteger, CheckConstraint("attempts >= 0"), nullable=False),  # counted at claim
    Column("faults", Integer, nullable=False),  # handed back because of the environment; no attempt counted
    Column("lease_owner", Text),
    Column("lease_token", Integer, nullable=False),  # fencing: one more with each claim
    Column("lease_until_ms", BigInteger),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("figures", Text),  # JSON: counts only
    Column("warnings", Text),  # JSON: codes only
    Column("error_code", Text),
    Column("error_message", Text),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    CheckConstraint("state <> 'running' or (lease_owner is not null and lease_until_ms is not null)"),
)
Index(
    "parts_ready",
    parts.c.queue,
    parts.c.priority.desc(),
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

part_needs = Table(
    "part_needs",
    metadata,
    Column("part_id", Text, ForeignKey("parts.id"), primary_key=True),
    Column("needs_id", Text, ForeignKey("parts.id"), primary_key=True, index=True),
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
)

sealed = Table(
    "sealed",
    metadata,
    Column("request_id", Text, ForeignKey("requests.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # profile, plan
    Column("data", LargeBinary, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("request_id", Text, nullable=False, index=True),
    Column("part_id", Text),
    Column("event", Text, nullable=False),
    Column("token", Integer),
    Column("owner", Text),
    Column("code", Text),
)
