"""What must be so after a run, whatever happened to it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from sqlalchemy import select

from renderer.bootstrap import Services
from renderer.ledger.database import Database
from renderer.ledger.model import OPEN
from renderer.ledger.tables import artefacts, attempts, history, outbox, parts, pauses, requests, runs
from tests.chaos import customers

UNCOUNTED = ("given back",)
ENDS = ("done", "failed", "suppressed", "cancelled")


def audit(services: Services) -> None:
    """All runs of a ledger have ended, each request once, its files are there and nothing else is. Raises
    AssertionError."""
    database = Database(services.settings.database)
    try:
        with database.reading() as connection:
            run_rows = connection.execute(select(runs)).all()
            request_rows = connection.execute(select(requests)).all()
            part_rows = connection.execute(select(parts)).all()
            attempt_rows = connection.execute(select(attempts)).all()
            file_rows = connection.execute(select(artefacts)).all()
            events = connection.execute(select(history).order_by(history.c.id)).all()
            announced = Counter(connection.scalars(select(outbox.c.dedupe)))
            waiting = connection.execute(select(pauses)).all()
    finally:
        database.close()

    # Nothing is stuck, and the sums are exact.
    assert not waiting
    assert {row.state for row in run_rows} <= {"complete", "cancelled"}
    for run in run_rows:
        mine = Counter(row.state for row in request_rows if row.run_id == run.id)
        assert not set(mine) & set(OPEN)
        assert run.expected is None or sum(mine.values()) == run.expected
        if run.state == "complete":
            assert announced[f"run {run.id}"] == 1
    states = {row.id: row.state for row in part_rows}
    assert not set(states.values()) & set(OPEN)
    of_request: dict[str, list[str]] = {}
    for row in part_rows:
        of_request.setdefault(row.request_id, []).append(row.state)
    for request in request_rows:
        if request.state == "done":
            assert set(of_request[request.id]) == {"done"}, request.id

    # Attempts: one row for each claim, no claim ended twice, the counters are the rows'.
    tried: dict[str, list[tuple[int, str]]] = {}
    for row in attempt_rows:
        tried.setdefault(row.part_id, []).append((row.token, row.outcome))
    stopped = Counter(row.part_id for row in events if row.event == "taken back" and row.code == "stopped")
    for part in part_rows:
        rows = sorted(tried.get(part.id, []))
        assert [token for token, _ in rows] == list(range(1, part.lease_token + 1)), part.id
        outcomes = Counter(outcome for _, outcome in rows)
        assert outcomes["given back"] == part.faults, part.id
        assert part.attempts == len(rows) - part.faults - stopped[part.id], (part.id, rows)
        assert part.crashes + part.losses <= outcomes["crashed"] + outcomes["lost"]
        if part.state == "done":
            assert outcomes["done"] == 1 and rows[-1][1] == "done", (part.id, rows)
        else:
            assert outcomes["done"] == 0, (part.id, rows)

    # History: each end was written once.
    ends = Counter((row.request_id, row.part_id) for row in events if row.event == "done")
    assert ends == {(row.request_id, row.id): 1 for row in part_rows if row.state == "done" and row.channel != "plan"}
    closed = Counter(row.request_id for row in events if row.event in {f"request {end}" for end in ENDS})
    assert set(closed.values()) <= {1}

    # Files: those of the ledger, whole, and no other.
    assert {row.part_id for row in file_rows} == {
        row.id for row in part_rows if row.state == "done" and row.channel != "plan"
    }
    keys = [row.key for row in file_rows]
    assert len(keys) == len(set(keys))
    assert set(services.store.list("artefacts")) == set(keys)
    for row in file_rows:
        with services.store.open(row.key) as file:
            data = file.read()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row.bytes, row.sha256), row.key


def audit_names(services: Services, run: str, numbers: dict[int, int]) -> None:
    """Each page is its own recipient's: ``numbers`` gives the customer of each record that is done."""
    database = Database(services.settings.database)
    with database.reading() as connection:
        rows = connection.execute(
            select(requests.c.record, artefacts.c.key)
            .join(parts, parts.c.request_id == requests.c.id)
            .join(artefacts, artefacts.c.part_id == parts.c.id)
            .where(requests.c.run_id == run, artefacts.c.path == "microsite/index.html")
        ).all()
    database.close()
    assert {row.record for row in rows} == set(numbers)
    for row in rows:
        with services.store.open(row.key) as file:
            assert customers.name(numbers[row.record]) in file.read().decode(), row.key


def attempts_of(services: Services, run: str) -> Counter[int]:
    """How often the parts of a run were tried, plans too."""
    database = Database(services.settings.database)
    with database.reading() as connection:
        found = Counter(
            connection.scalars(
                select(parts.c.attempts)
                .join(requests, requests.c.id == parts.c.request_id)
                .where(requests.c.run_id == run)
            )
        )
    database.close()
    return found


def tried_once(services: Services, run: str) -> None:
    """Every part of a run was done at its first attempt. Raises AssertionError with what happened to the others."""
    database = Database(services.settings.database)
    with database.reading() as connection:
        others = select(parts.c.id).join(requests, requests.c.id == parts.c.request_id)
        others = others.where(requests.c.run_id == run, parts.c.attempts != 1)
        what = select(history.c.part_id, history.c.at_ms, history.c.event, history.c.token, history.c.code)
        found = connection.execute(what.where(history.c.part_id.in_(others)).order_by(history.c.id)).all()
    database.close()
    assert not found, "\n".join(str(tuple(row)) for row in found)


def as_json(found: object) -> str:
    """For messages of failed tests."""
    return json.dumps(found, default=str)
