"""The first shape: runs, requests, parts, artefacts and their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_STATES = "state in ('submitted', 'dispatched', 'running', 'done', 'failed', 'suppressed', 'cancelled')"


def upgrade() -> None:
    op.create_table("meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("expected", sa.BigInteger),
        sa.Column("cancelled_ms", sa.BigInteger),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("idempotency", sa.Text, nullable=False, unique=True),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint(_STATES), nullable=False),
        sa.Column("plan_digest", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
    )
    op.create_index("requests_by_run", "requests", ["run_id", "state"])
    op.create_index("requests_by_recipient", "requests", ["recipient"])
    op.create_table(
        "parts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, sa.ForeignKey("requests.id"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint(_STATES), nullable=False),
        sa.Column("waits", sa.SmallInteger, sa.CheckConstraint("waits >= 0"), nullable=False),
        sa.Column("available_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, sa.CheckConstraint("attempts >= 0"), nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.Integer, nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("figures", sa.Text),
        sa.Column("warnings", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("finished_ms", sa.BigInteger),
        sa.CheckConstraint("state <> 'running' or (lease_owner is not null and lease_until_ms is not null)"),
    )
    op.create_index("ix_parts_request_id", "parts", ["request_id"])
    _partial("parts_ready", ["queue", sa.text("priority desc"), "id"], "state = 'submitted' and waits = 0")
    _partial("parts_leased", ["queue", "lease_until_ms"], "state in ('dispatched', 'running')")
    op.create_table(
        "part_needs",
        sa.Column("part_id", sa.Text, sa.ForeignKey("parts.id"), primary_key=True),
        sa.Column("needs_id", sa.Text, sa.ForeignKey("parts.id"), primary_key=True),
    )
    op.create_index("ix_part_needs_needs_id", "part_needs", ["needs_id"])
    op.create_table(
        "artefacts",
        sa.Column("part_id", sa.Text, sa.ForeignKey("parts.id"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "sealed",
        sa.Column("request_id", sa.Text, sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("part_id", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("token", sa.Integer),
        sa.Column("owner", sa.Text),
        sa.Column("code", sa.Text),
    )
    op.create_index("ix_history_request_id", "history", ["request_id"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"create trigger history_no_{change} before {change} on history "
                "begin select raise(abort, 'history is append-only'); end"
            )
    else:
        op.execute(
            "create function dearly_append_only() returns trigger language plpgsql as "
            "$$ begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$"
        )
        op.execute(
            "create trigger history_append_only before update or delete or truncate on history "
            "for each statement execute function dearly_append_only()"
        )


def _partial(name: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(name, "parts", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
