"""Webhooks: who is told, the secrets that messages are signed with, deliveries and the log of their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # Nobody could be told until now: what nobody was told of is of no use to who comes later.
    op.execute("delete from outbox")
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("topics", sa.Text),
        sa.Column("templates", sa.Text),
        sa.Column(
            "state",
            sa.Text,
            sa.CheckConstraint("state in ('active', 'paused', 'disabled', 'removed')"),
            nullable=False,
        ),
        sa.Column("why", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_ms", sa.BigInteger),
        sa.Column("failed_ms", sa.BigInteger),
        sa.Column("rests_ms", sa.BigInteger),
        sa.Column("delivered_ms", sa.BigInteger),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("endpoint_id", sa.Text, sa.ForeignKey("webhook_endpoints.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger),
    )
    op.create_index("ix_webhook_secrets_endpoint_id", "webhook_secrets", ["endpoint_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.BigInteger, sa.ForeignKey("outbox.id"), nullable=False),
        sa.Column("endpoint_id", sa.Text, sa.ForeignKey("webhook_endpoints.id"), nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint("state in ('waiting', 'delivered', 'failed')"), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("available_ms", sa.BigInteger, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
        sa.UniqueConstraint("event_id", "endpoint_id", name="webhook_deliveries_once"),
    )
    op.create_index("webhook_deliveries_of", "webhook_deliveries", ["endpoint_id", "id"])
    waiting = ["endpoint_id", "available_ms", "id"]
    _partial("webhook_deliveries_waiting", "webhook_deliveries", waiting, "state = 'waiting'")
    _partial("webhook_deliveries_leased", "webhook_deliveries", ["lease_owner"], "lease_owner is not null")
    op.create_table(
        "webhook_attempts",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("webhook_deliveries.id"), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("took_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("code", sa.Text),
    )
    op.create_index("ix_webhook_attempts_delivery_id", "webhook_attempts", ["delivery_id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
