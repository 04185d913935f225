"""Who is told by webhook, and what came of it. What waits for one that is paused or disabled goes on waiting."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from renderer.ledger.model import DELIVERY_STATES, ENDPOINT_STATES
from renderer.ledger.tables.base import ROW_ID, metadata, one_of, partial_index

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),  # the operator's word for the receiver
    Column("url", Text, nullable=False),  # empty once it was removed
    Column("topics", Text),  # names with spaces between; null: all
    Column("templates", Text),  # ids with spaces between; null: all
    Column("state", Text, one_of("state", ENDPOINT_STATES), nullable=False),
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
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("event_id", BigInteger, ForeignKey("outbox.id"), nullable=False),
    Column("endpoint_id", Text, ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("state", Text, one_of("state", DELIVERY_STATES), nullable=False),
    Column("attempts", Integer, nullable=False),  # those that ended
    Column("available_ms", BigInteger, nullable=False),  # not before; while somebody has it, the end of the lease
    Column("lease_owner", Text),
    Column("lease_token", Integer, nullable=False),  # fencing: one more with each claim
    Column("created_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    UniqueConstraint("event_id", "endpoint_id", name="webhook_deliveries_once"),
    Index("webhook_deliveries_of", "endpoint_id", "id"),
)
partial_index(
    "webhook_deliveries_waiting",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.available_ms,
    webhook_deliveries.c.id,
    where="state = 'waiting'",
)
partial_index("webhook_deliveries_leased", webhook_deliveries.c.lease_owner, where="lease_owner is not null")

# The log: what came of each attempt. Nothing of what the receiver said but the number.
webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("delivery_id", BigInteger, ForeignKey("webhook_deliveries.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("status", Integer),  # of the answer; null where there was none
    Column("code", Text),  # why it did not get through; null where it did
)
