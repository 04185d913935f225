"""The index of encoded chunks of film, and who has them.

A ledger that was used between two releases may have the tables already: they were once made beside the revisions.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("chunks"):
        return
    op.create_table(
        "chunks",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("personal", sa.Boolean, nullable=False),
        sa.Column("frames_digest", sa.Text),
        sa.Column("audits", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.BigInteger, nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("chunks_by_use", "chunks", ["used_ms"])
    op.create_table(
        "chunk_uses",
        sa.Column("use", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("keep", sa.Boolean, nullable=False),
    )
    op.create_index("ix_chunk_uses_key", "chunk_uses", ["key"])
