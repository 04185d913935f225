"""Approving and rejecting on the operators' page: each counts once, and says who."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from renderer.api.operate.run_view import seen_run
from renderer.batch.report import gather
from renderer.ledger.tables import history
from tests.http_house import HttpHouse
from tests.operate_house import (
    Visitor,
    batch,
    held_run,
    location,
    person,
    run_row,
    text_of,
    waiting_of,
)


def test_approving_lets_the_rest_go_on_and_says_who(house: HttpHouse, held: str) -> None:
    key = house.keys.create("Ada of operations", ["read", "runs:approve"], None, None)
    visitor = Visitor(house, key[1])
    page = text_of(visitor.get(f"/operate/runs/{held}"))
    assert ("3 requests wait for an approval" in page and "waiting for approval" in page) or "at work" in page
    until = time.monotonic() + 60  # a look may be used again for a while
    while f"small waits for an approval {held[:12]}" not in text_of(visitor.get("/operate")):
        assert time.monotonic() < until
        time.sleep(0.2)
    asked = text_of(visitor.get(f"/operate/runs/{held}/approve"))
    assert "Approve 3 requests" in asked and key[0].id in asked and "2 requests of the sample are not made yet" in asked
    answer = visitor.decide(held, "approve")
    assert location(answer) == f"/operate/runs/{held}?said=approved"
    shown = text_of(visitor.get(location(answer)))
    assert "Approved. The run goes on." in shown and f"by key {key[0].id} (Ada of operations)" in shown
    assert "wait for an approval" not in shown
    assert waiting_of(house, held) == 0
    # The same form sent twice says the same and changes nothing.
    before = run_row(house, held)
    assert location(visitor.decide(held, "approve")) == f"/operate/runs/{held}?said=approved"
    assert run_row(house, held) == before


def test_who_comes_second_is_told_who_was_first(house: HttpHouse, held: str) -> None:
    first, second = (Visitor(house, house.key("read", "runs:approve")) for _ in range(2))
    token = second.token()
    assert location(first.decide(held, "approve")).endswith("said=approved")
    for decision in ("approve", "reject"):
        answer = second.send(f"/operate/runs/{held}/{decision}", {"token": token})
        assert location(answer) == f"/operate/runs/{held}?said=late"
        assert "Somebody else was first. The run was approved on" in text_of(second.get(location(answer)))
    assert run_row(house, held).state == "running"  # an approved run is not called off by a form that came late
    assert location(second.get(f"/operate/runs/{held}/reject")) == f"/operate/runs/{held}?said=over"


def test_rejecting_ends_what_is_open(house: HttpHouse, held: str) -> None:
    visitor = Visitor(house, house.all)
    assert "Reject 5 requests" in text_of(visitor.get(f"/operate/runs/{held}/reject"))
    assert location(visitor.decide(held, "reject")) == f"/operate/runs/{held}?said=rejected"
    row = run_row(house, held)
    assert row.state == "cancelled" and row.approved_ms is None
    assert house.services.summary.tally(held).cancelled == 5
    assert location(visitor.decide(held, "reject")).endswith("said=rejected")
    late = location(Visitor(house, house.key("read", "runs:approve")).decide(held, "approve"))
    assert late.endswith("said=late") and run_row(house, held).approved_ms is None
    assert "Cancelled" in text_of(visitor.get(f"/operate/runs/{held}"))


def test_of_many_who_decide_at_once_one_is_first(house: HttpHouse, tmp_path: Path) -> None:
    visitors = [Visitor(house, house.key("read", "runs:approve")) for _ in range(6)]
    tokens = [visitor.token() for visitor in visitors]
    for turn in range(4):
        run = held_run(house, tmp_path, turn=f"-race{turn}-")

        def decide(place: int, run: str = run) -> str:
            decision = "approve" if place % 2 else "reject"
            return location(visitors[place].send(f"/operate/runs/{run}/{decision}", {"token": tokens[place]}))

        with ThreadPoolExecutor(6) as threads:
            said = [where.rpartition("=")[2] for where in threads.map(decide, range(6))]
        assert sorted(said)[1:] == ["late"] * 5 or sorted(said)[:-1] == ["late"] * 5, said
        row, (first,) = run_row(house, run), [one for one in said if one != "late"]
        assert (row.state, row.approved_ms is None) == (
            ("cancelled", True) if first == "rejected" else ("running", False)
        )
        with house.services.database.reading() as connection:
            decided = connection.scalars(
                select(history.c.owner).where(history.c.run_id == run, history.c.event.in_(("approved", "cancelled")))
            ).all()
        assert len(decided) == 1 and decided[0].startswith("key ")


def test_an_approval_that_was_interrupted_can_be_finished(
    house: HttpHouse, held: str, all_: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.services.intake.mark_approved(held, "key 000000000000")
    assert "let the rest go on again" not in text_of(all_.get(f"/operate/runs/{held}"))  # it has only begun
    monkeypatch.setattr("renderer.api.operate.run_view.STUCK_MS", 0)
    assert "let the rest go on again" in text_of(all_.get(f"/operate/runs/{held}"))
    assert "It was approved before." in text_of(all_.get(f"/operate/runs/{held}/approve"))
    assert location(all_.decide(held, "approve")).endswith("said=late")
    assert house.services.intake.release(held) == 0  # nothing is left that waits


def test_no_report_keeps_an_approval_waiting(
    house: HttpHouse, held: str, all_: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [batch(house, tmp_path, [person(f"long-{number}")]) for number in range(2)]
    made, go_on = [], threading.Event()
    asked: list[str] = []

    def looks(room: Any, key: Any, id: str) -> Any:
        found = seen_run(room, key, id)
        asked.append(id)
        return found

    monkeypatch.setattr("renderer.api.operate.routes.runs.seen_run", looks)

    def slow(services: Any, run: str) -> Any:
        made.append(run)
        assert go_on.wait(60)
        return gather(services, run)

    monkeypatch.setattr("renderer.api.operate.routes.runs.gather", slow)
    with ThreadPoolExecutor(4) as threads:
        reports = [threads.submit(all_.get, f"/operate/runs/{run}/report.json") for run in [*others, *others]]
        try:
            until = time.monotonic() + 60
            while len(made) < 2 or sum(run in others for run in asked) < 4:
                assert time.monotonic() < until
                time.sleep(0.02)
            assert location(all_.decide(held, "approve")).endswith("said=approved")
            assert waiting_of(house, held) == 0
        finally:
            go_on.set()
        assert [report.result().status for report in reports] == [200] * 4
    assert sorted(made) == sorted(others)  # who asks for the same meanwhile has it of the one who asked first


def test_a_run_that_is_not_held_is_not_decided_about(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    run = batch(house, tmp_path, [person("free")])
    for decision in ("approve", "reject"):
        assert location(all_.get(f"/operate/runs/{run}/{decision}")).endswith("said=over")
        assert location(all_.decide(run, decision)).endswith("said=over")
    assert run_row(house, run).state == "running"
    page = text_of(all_.get(f"/operate/runs/{run}"))
    assert "Approve" not in page and "Reject" not in page
