"""Sessions of the operators' page that somebody has signed out of, until they would have ended by themselves.

A session that lives is written nowhere: its cookie says all of it. So what stands here is small, and what is not here
is alive as far as the ledger knows.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from renderer.ledger.database import Database, insert_new
from renderer.ledger.tables import ended_sessions


class EndedSessions:
    """Safe from any number of processes. What a session is, is not known here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, nonce: str, until_ms: int) -> None:
        """A session has ended that would have lasted until then. Harmless when it had ended before."""
        with self._database.writing() as connection:
            row = {"nonce": nonce, "until_ms": until_ms}
            connection.execute(insert_new(connection, ended_sessions, "nonce").values(row))

    def has(self, nonce: str) -> bool:
        """Whether a session has ended before its time."""
        with self._database.reading() as connection:
            return bool(connection.scalar(select(exists().where(ended_sessions.c.nonce == nonce))))
