"""Who may come in: keys of the HTTP API, and sessions of the operators' page."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from renderer.ledger.tables.base import metadata

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
