"""A run of any size costs a page of the operators' the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from renderer.ledger.model import new_id, wall_clock
from renderer.ledger.tables import parts, requests, runs, set_aside
from tests.http_house import HttpHouse, http_house
from tests.operate_house import (
    Visitor,
    requests_of,
    text_of,
)


@contextmanager
def watched() -> Iterator[list[tuple[str, int]]]:
    """Every SELECT of this process with the rows that it gives."""
    found: list[tuple[str, int]] = []
    asking = False

    def ask(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal asking
        if asking or not statement.lstrip().upper().startswith("SELECT"):
            return
        asking = True
        try:
            rows = connection.exec_driver_sql(f"select count(*) from ({statement})", parameters).scalar()
            plan = [row[3] for row in connection.exec_driver_sql(f"explain query plan {statement}", parameters)]
            whole = [step for step in plan if re.fullmatch(r"SCAN (requests|parts|set_aside|artefacts|history)", step)]
            assert not whole, (statement, plan)
        finally:
            asking = False
        found.append((statement, rows))

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", ask)


@pytest.mark.slow
def test_a_large_run_costs_a_page_no_more_than_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.api.operate.glances.KEPT_S", 0.0)
    monkeypatch.setattr("renderer.api.operate.glances.TIMES", 0)
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_rate=1e5, api_burst=10**6) as house:
        visitor = Visitor(house, house.all)
        large = fill(house, 6_000)
        paths = ["/operate", "/operate/runs", f"/operate/runs/{large}", f"/operate/runs/{large}/approve"]
        paths += [f"/operate/requests?run={large}&state=failed", "/operate/workers", "/operate/releases"]
        paths.append(f"/operate/requests/{requests_of(house, large)[7]}")
        for path in paths:
            with watched() as asked:
                answer = visitor.get(path)
            assert answer.status == 200, (path, text_of(answer))
            assert len(asked) <= 60 and sum(rows for _, rows in asked) <= 300, (path, len(asked), asked)
            assert len(answer.body) < 60_000, path
        shown = text_of(visitor.get(f"/operate/runs/{large}"))
        assert "of 6,400 records" in shown and "400" in shown, shown


def fill(house: HttpHouse, many: int) -> str:
    """A held run of so many requests, straight into the tables: a tenth failed, the first hundred done."""
    now = wall_clock()
    run = new_id(now)
    digest = house.services.book.active("small")
    states = ["done" if place < 100 else "failed" if place % 20 == 0 else "submitted" for place in range(many)]
    ids = [new_id(now) for _ in range(many)]
    with house.services.database.writing() as connection:
        connection.execute(
            insert(runs).values(
                id=run, kind="batch", template="small", release=digest, state="running", expected=many + 400,
                records=many + 400, hold_after=100, created_ms=now - 1000, sealed_ms=now, options="{}", scope=run,
            )
        )  # fmt: skip
        connection.execute(
            insert(requests),
            [
                {
                    "id": ids[place], "run_id": run, "record": place + 1, "recipient": f"r{place}",
                    "idempotency": f"i{place}", "template": "small", "release": digest, "notify": 0, "state": state,
                    "error_code": "render.glyph" if state == "failed" else None,
                    "error_message": "A glyph is missing." if state == "failed" else None,
                    "created_ms": now, "finished_ms": now if state in ("done", "failed") else None,
                }
                for place, state in enumerate(states)
            ],
        )  # fmt: skip
        connection.execute(
            insert(parts),
            [
                {
                    "id": f"{ids[place]}-{work}", "request_id": ids[place], "channel": work, "queue": "statement",
                    "priority": 0, "record": place + 1, "state": state, "waits": 0 if state == "done" else 1,
                    "needed": 0, "available_ms": now, "attempts": 1, "crashes": 0, "losses": 0, "faults": 0,
                    "lease_token": 0, "step": 0, "steps": 0,
                }
                for place, state in enumerate(states)
                for work in ("plan", "statement")
            ],
        )  # fmt: skip
        connection.execute(
            insert(set_aside),
            [
                {
                    "run_id": run, "record": many + 1 + place, "code": "profile.missing", "field": "bill",
                    "faults": json.dumps([]), "at_ms": now,
                }
                for place in range(400)
            ],
        )  # fmt: skip
    return run
