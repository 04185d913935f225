"""Queues that wait for somebody: what a test wants to meet on its way is on its way as long as the test says."""

from __future__ import annotations

from sqlalchemy import delete, insert

from renderer.ledger.database import Database
from renderer.ledger.tables import pauses


def pause(database: Database, *queues: str) -> None:
    """Let nothing of these queues be made, as if its environment were never well again."""
    row = {"faults": 1, "since_ms": 0, "fault_ms": 0, "until_ms": 2**60, "code": "environment.disk", "message": "Full."}
    with database.writing() as connection:
        connection.execute(insert(pauses), [{"queue": queue, **row} for queue in queues])


def unpause(database: Database) -> None:
    """Let everything be made again."""
    with database.writing() as connection:
        connection.execute(delete(pauses))
