"""Somebody who is to be told: without one, nothing is put into the outbox."""

from __future__ import annotations

from sqlalchemy import Connection

from renderer.ledger.database import insert_new
from renderer.ledger.tables import webhook_endpoints

LISTENER = "listener"


def listen(connection: Connection, endpoint_id: str = LISTENER, state: str = "paused", created_ms: int = 0) -> None:
    """Put an endpoint into the ledger, if it is not there; of one that is paused no courier is started."""
    row = {"id": endpoint_id, "name": endpoint_id, "url": "https://receiver.example/", "failures": 0}
    new = insert_new(connection, webhook_endpoints, "id")
    connection.execute(new.values(**row, state=state, created_ms=created_ms))
