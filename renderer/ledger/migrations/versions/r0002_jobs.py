"""Plans as parts of their own, attempts, workers, pauses of queues, leader leases, the outbox; runs with a state.

Every table is made anew and filled from the old one, which both databases do in the same words. Nothing may be at work
meanwhile, so what was sent or running is handed back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_STATES = "state in ('submitted', 'dispatched', 'running', 'done', 'failed', 'suppressed', 'cancelled')"
_RUN_STATES = "state in ('open', 'running', 'complete', 'unbalanced', 'cancelled')"
_OLD = ("history", "sealed", "artefacts", "part_needs", "parts", "requests", "runs")  # those that refer, first
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for name in _OLD:
        op.execute(f"create table old_{name} as select * from {name}")
    for name in (*_OLD, "meta"):
        op.drop_table(name)
    _make_tables()
    _fill()
    for name in _OLD:
        op.drop_table(f"old_{name}")
    _forbid_rewriting("history", "attempts")


def _make_tables() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("idempotency", sa.Text, unique=True),
        sa.Column("template", sa.Text),
        sa.Column("release", sa.Text),
        sa.Column("state", sa.Text, sa.CheckConstraint(_RUN_STATES), nullable=False),
        sa.Column("expected", sa.BigInteger),
        sa.Column("totals", sa.Text),
        sa.Column("why", sa.Text),
        sa.Column("hold_after", sa.BigInteger),
        sa.Column("approved_ms", sa.BigInteger),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("sealed_ms", sa.BigInteger),
        sa.Column("cancelled_ms", sa.BigInteger),
        sa.Column("finished_ms", sa.BigInteger),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("idempotency", sa.Text, nullable=False, unique=True),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("notify", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint(_STATES), nullable=False),
        sa.Column("plan_digest", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
    )
    op.create_index("requests_by_run", "requests", ["run_id", "state"])
    op.create_index("requests_by_record", "requests", ["run_id", "record"])
    op.create_index("requests_by_recipient", "requests", ["recipient"])
    op.create_table(
        "parts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, sa.ForeignKey("requests.id"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint(_STATES), nullable=False),
        sa.Column("waits", sa.SmallInteger, sa.CheckConstraint("waits >= 0"), nullable=False),
        sa.Column("needed", sa.SmallInteger, nullable=False),
        sa.Column("available_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, sa.CheckConstraint("attempts >= 0"), nullable=False),
        sa.Column("crashes", sa.SmallInteger, nullable=False),
        sa.Column("losses", sa.SmallInteger, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("lease_worker", sa.Text),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.Integer, nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger),
        sa.Column("begun_ms", sa.BigInteger),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("figures", sa.Text),
        sa.Column("warnings", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("finished_ms", sa.BigInteger),
        sa.CheckConstraint("state <> 'running' or (lease_owner is not null and lease_until_ms is not null)"),
        sa.CheckConstraint("waits = 0 or state not in ('dispatched', 'running', 'done')"),
    )
    op.create_index("ix_parts_request_id", "parts", ["request_id"])
    ready = sa.text("state = 'submitted' and waits = 0")
    leased = sa.text("state in ('dispatched', 'running')")
    op.create_index(
        "parts_ready",
        "parts",
        ["queue", sa.text("priority desc"), "record", "id"],
        sqlite_where=ready,
        postgresql_where=ready,
    )
    op.create_index("parts_leased", "parts", ["queue", "lease_until_ms"], sqlite_where=leased, postgresql_where=leased)
    op.create_table(
        "part_needs",
        sa.Column("part_id", sa.Text, sa.ForeignKey("parts.id"), primary_key=True),
        sa.Column("needs_id", sa.Text, sa.ForeignKey("parts.id"), primary_key=True),
    )
    op.create_index("ix_part_needs_needs_id", "part_needs", ["needs_id"])
    op.create_table(
        "attempts",
        sa.Column("part_id", sa.Text, primary_key=True),
        sa.Column("token", sa.Integer, primary_key=True),
        sa.Column("worker", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
    )
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
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("part_id", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("token", sa.Integer),
        sa.Column("owner", sa.Text),
        sa.Column("code", sa.Text),
    )
    op.create_index("ix_history_run_id", "history", ["run_id"])
    op.create_index("ix_history_request_id", "history", ["request_id"])
    op.create_table(
        "workers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("queues", sa.Text, nullable=False),
        sa.Column("children", sa.Integer, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("beat_ms", sa.BigInteger, nullable=False),
        sa.Column("dead_ms", sa.BigInteger),
    )
    op.create_table(
        "pauses",
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("fault_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("dedupe", sa.Text, nullable=False, unique=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("sent_ms", sa.BigInteger),
    )


def _fill() -> None:
    op.execute(
        """
        insert into runs (id, kind, state, expected, created_ms, cancelled_ms)
        select id, kind,
            case when cancelled_ms is not null then 'cancelled' when expected is null then 'open' else 'running' end,
            expected, created_ms, cancelled_ms
        from old_runs
        """
    )
    op.execute(
        """
        insert into requests (id, run_id, record, recipient, idempotency, template, release, notify, state,
            plan_digest, reason, error_code, error_message, created_ms, finished_ms)
        select id, run_id, 0, recipient, idempotency, template, release, 0, state,
            plan_digest, reason, error_code, error_message, created_ms, finished_ms
        from old_requests
        """
    )
    # What was at work when the ledger was closed had no fault in that: the attempt is given back.
    op.execute(
        """
        insert into parts (id, request_id, channel, queue, priority, record, state, waits, needed, available_ms,
            attempts, crashes, losses, faults, lease_token, step, steps, figures, warnings, error_code, error_message,
            started_ms, finished_ms)
        select p.id, p.request_id, p.channel, p.queue, p.priority, 0,
            case when p.state in ('dispatched', 'running') then 'submitted' else p.state end,
            p.waits + case when p.state <> 'done' and r.plan_digest is null then 1 else 0 end,
            (select count(*) from old_part_needs n where n.needs_id = p.id),
            p.available_ms, p.attempts - case when p.state = 'running' then 1 else 0 end, 0, 0, p.faults,
            p.lease_token, p.step, p.steps, p.figures, p.warnings, p.error_code, p.error_message,
            p.started_ms, p.finished_ms
        from old_parts p join old_requests r on r.id = p.request_id
        """
    )
    op.execute(
        """
        insert into parts (id, request_id, channel, queue, priority, record, state, waits, needed, available_ms,
            attempts, crashes, losses, faults, lease_token, step, steps)
        select r.id || '-plan', r.id, 'plan', 'control', coalesce(max(p.priority), 0), 0,
            case when r.plan_digest is not null then 'done' when r.state = 'running' then 'submitted' else r.state end,
            0, count(p.id), r.created_ms, 0, 0, 0, 0, 0, 0, 0
        from old_requests r left join old_parts p on p.request_id = r.id
        group by r.id, r.plan_digest, r.state, r.created_ms
        """
    )
    op.execute("insert into part_needs select part_id, needs_id from old_part_needs")
    op.execute("insert into artefacts select part_id, path, kind, media_type, bytes, sha256, key from old_artefacts")
    op.execute("insert into sealed select request_id, kind, data from old_sealed")
    op.execute(
        """
        insert into history (at_ms, request_id, part_id, event, token, owner, code)
        select at_ms, request_id, part_id, event, token, owner, code from old_history order by id
        """
    )


def _forbid_rewriting(*tables: str) -> None:
    for table in tables:
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
