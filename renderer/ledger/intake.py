"""How requests come in: runs are opened, requests and their parts are put in, the run is sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Insert, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from renderer.ledger.database import Database
from renderer.ledger.model import NEEDS, QUEUES, Clock, Submission, new_id, wall_clock
from renderer.ledger.tables import history, part_needs, parts, requests, runs, sealed

BATCH = 2_000
"""Requests in one transaction of a submission."""


class Intake:
    """Puts requests in. Nothing is planned or rendered here."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def open_run(self, kind: str) -> str:
        """A new run's id. ``kind`` says what makes it: demo, batch, api."""
        now = self._clock()
        run_id = new_id(now)
        with self._database.writing() as connection:
            connection.execute(insert(runs).values(id=run_id, kind=kind, created_ms=now))
        return run_id

    def submit(self, run_id: str, submissions: Iterable[Submission]) -> int:
        """Put requests and their parts in; the number that was new. A known idempotency key changes nothing."""
        new = 0
        stream = iter(submissions)
        while batch := list(islice(stream, BATCH)):
            with self._database.writing() as connection:
                new += self._submit(connection, run_id, batch)
        return new

    def _submit(self, connection: Connection, run_id: str, batch: Sequence[Submission]) -> int:
        now = self._clock()
        rows = [
            {
                "id": item.id,
                "run_id": run_id,
                "recipient": item.recipient,
                "idempotency": item.idempotency,
                "template": item.template,
                "release": item.release,
                "state": "submitted",
                "created_ms": now,
            }
            for item in batch
        ]
        # Not RETURNING: drivers differ in how they give it for many rows. Ids are random, so what is there is ours.
        connection.execute(_ignoring_known(connection), rows)
        ids = [item.id for item in batch]
        ours: set[str] = set()
        for start in range(0, len(ids), 500):
            ours.update(connection.scalars(select(requests.c.id).where(requests.c.id.in_(ids[start : start + 500]))))
        taken = [item for item in batch if item.id in ours]
        part_rows: list[dict[str, Any]] = []
        needs: list[dict[str, str]] = []
        for item in taken:
            for channel in item.channels:
                part_id = f"{item.id}-{channel}"
                needed = [f"{item.id}-{other}" for other in NEEDS.get(channel, ()) if other in item.channels]
                needs += [{"part_id": part_id, "needs_id": other} for other in needed]
                part_rows.append(
                    {
                        "id": part_id,
                        "request_id": item.id,
                        "channel": channel,
                        "queue": QUEUES[channel],
                        "priority": item.priority,
                        "state": "submitted",
                        "waits": len(needed),
                        "available_ms": now,
                        "attempts": 0,
                        "faults": 0,
                        "lease_token": 0,
                        "step": 0,
                        "steps": 0,
                    }
                )
        if taken:
            connection.execute(insert(parts), part_rows)
            if needs:
                connection.execute(insert(part_needs), needs)
            connection.execute(
                insert(sealed), [{"request_id": item.id, "kind": "profile", "data": item.sealed} for item in taken]
            )
            connection.execute(
                insert(history), [{"at_ms": now, "request_id": item.id, "event": "submitted"} for item in taken]
            )
        return len(taken)

    def seal_run(self, run_id: str, expected: int) -> None:
        """Say that all of the input was read and how many requests it held."""
        with self._database.writing() as connection:
            connection.execute(
                update(runs).where(runs.c.id == run_id, runs.c.expected.is_(None)).values(expected=expected)
            )


def _ignoring_known(connection: Connection) -> Insert:
    """An INSERT of requests that passes over those whose idempotency key is known."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(requests).on_conflict_do_nothing(index_elements=["idempotency"])
    return sqlite.insert(requests).on_conflict_do_nothing(index_elements=["idempotency"])
