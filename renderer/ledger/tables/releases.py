"""Templates as they were published, and which one an id means."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from renderer.ledger.tables.base import ROW_ID, metadata

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
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("template", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("back_to", BigInteger),  # the earlier activation that a rollback went back to
)
