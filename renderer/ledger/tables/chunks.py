"""Pieces of film that are kept: the index of the shelf (:mod:`renderer.shelf`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from renderer.ledger.tables.base import metadata

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
