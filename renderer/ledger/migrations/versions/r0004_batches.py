"""Batch runs: what a run was started with and how much of its input was read, records that are set aside, releases that
are published and activated, the versions that made an artefact, and what is left after retention and erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("runs", sa.Column("options", sa.Text))
    op.add_column("runs", sa.Column("scope", sa.Text))
    op.add_column("runs", sa.Column("records", sa.BigInteger))
    op.add_column("runs", sa.Column("input_digest", sa.Text))
    op.add_column("requests", sa.Column("dropped_ms", sa.BigInteger))
    op.add_column("requests", sa.Column("forgotten_ms", sa.BigInteger))
    op.add_column("requests", sa.Column("cleaned_ms", sa.BigInteger))
    op.create_index(
        "requests_kept",
        "requests",
        ["release", "finished_ms"],
        sqlite_where=sa.text("dropped_ms is null and finished_ms is not null"),
        postgresql_where=sa.text("dropped_ms is null and finished_ms is not null"),
    )
    op.drop_index("requests_by_record", "requests")
    op.create_index("requests_by_record", "requests", ["run_id", "record", "id"])
    op.create_index(
        "requests_by_end",
        "requests",
        ["run_id", "finished_ms", "state"],
        sqlite_where=sa.text("finished_ms is not null"),
        postgresql_where=sa.text("finished_ms is not null"),
    )
    op.create_index(
        "requests_failed",
        "requests",
        ["finished_ms", "error_code"],
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index("attempts_by_end", "attempts", ["ended_ms"])
    op.create_index(
        "outbox_unsent",
        "outbox",
        ["id"],
        sqlite_where=sa.text("sent_ms is null"),
        postgresql_where=sa.text("sent_ms is null"),
    )
    op.add_column("pauses", sa.Column("since_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("artefacts", sa.Column("engine", sa.Text))
    op.create_table(
        "engines",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("versions", sa.Text, nullable=False),
    )
    op.create_table(
        "set_aside",
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("record", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("line", sa.BigInteger),
        sa.Column("field", sa.Text),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("data", sa.LargeBinary),
        sa.Column("amounts", sa.LargeBinary),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("set_aside_by_recipient", "set_aside", ["recipient"])
    op.create_table(
        "releases",
        sa.Column("template", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("contract", sa.Text, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("prepared", sa.Text),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("published_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "activations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("back_to", sa.BigInteger),
    )
    op.create_index("ix_activations_template", "activations", ["template"])
    _forbid_rewriting("activations")
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("artefacts", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.BigInteger, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
        sa.Column("checked_ms", sa.BigInteger),
    )
    op.create_index("ix_erasures_recipient", "erasures", ["recipient"])
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )


def _forbid_rewriting(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{change} before {change} on {table} "
                f"begin select raise(abort, '{table} is append-only'); end"
            )
    else:  # the function is there since the first shape
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function dearly_append_only()"
        )
