"""Questions about whole runs: right on both databases, and answered by an index."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from renderer.errors import UsageError
from renderer.ledger import census, walk
from renderer.ledger.model import DEAD_MS
from renderer.ledger.summary import Pace, Reason, Tally
from tests.run_samples import ENGINE, FULL, GLYPH, Bench


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def test_a_run_is_found_by_its_id_its_beginning_or_as_the_latest(bench: Bench) -> None:
    bench.now += 60_000_000
    newer = bench.open()
    bench.now += 60_000_000
    demo = bench.open("demo")
    ask = bench.summary.run_id
    assert ask(bench.run) == bench.run
    assert ask(bench.run[:14]) == bench.run
    assert ask("latest") == newer
    assert ask("latest", kind=None) == demo
    with pytest.raises(UsageError, match="Several"):
        ask(bench.run[:2])
    for name in ("ffff", demo, "Latest", "0%", "", "x'; --"):
        with pytest.raises(UsageError) as caught:
            ask(name)
        assert caught.value.code == "usage.run"
    assert [run.id for run in bench.summary.newest(5)] == [newer, bench.run]
    assert [run.id for run in bench.summary.newest(1, kind=None)] == [demo]


def test_there_may_be_no_run_at_all(bench: Bench) -> None:
    with pytest.raises(UsageError, match="no run yet"):
        bench.summary.run_id("latest", kind="other")
    with pytest.raises(UsageError):
        bench.summary.run("0" * 32)


def test_every_record_is_counted_once(bench: Bench) -> None:
    other = bench.open()
    bench.submit(1, run=other)
    bench.done(1)
    bench.failed(2)
    bench.suppressed(3)
    bench.aside(4)
    bench.submit(5)
    bench.submit(6, plan=False)
    found = bench.summary.tally(bench.run)
    assert found == Tally(waiting=1, working=1, done=1, failed=1, suppressed=1, set_aside=1)
    assert (found.open, found.ended, found.all) == (2, 4, 6)
    assert bench.summary.tallies([bench.run, other])[other] == Tally(working=1)
    bench.intake.cancel_run(bench.run)
    assert bench.summary.tally(bench.run) == Tally(done=1, failed=1, suppressed=1, set_aside=1, cancelled=2)
    assert bench.summary.tallies([]) == {}


def test_reasons_come_with_their_first_records(bench: Bench) -> None:
    failed = [bench.failed(record) for record in (9, 2, 5, 7)]
    poison = bench.failed(3, FULL)
    assert bench.summary.failures(bench.run) == [
        Reason(
            code="render.glyph",
            count=4,
            message=GLYPH.message,
            examples=((2, failed[1]), (5, failed[2]), (7, failed[3])),
        ),
        Reason(code=FULL.code, count=1, message=FULL.message, examples=((3, poison),)),
    ]
    opted = bench.suppressed(4)
    assert bench.summary.suppressions(bench.run) == [Reason(code="opt-out", count=1, examples=((4, opted),))]
    for record in (10, 11, 12, 13):
        bench.aside(record)
    bench.aside(14, field="name")
    bench.aside(15, "profile.depth", None)
    assert bench.summary.set_aside(bench.run) == [
        Reason(code="profile.missing", field="bill.total", count=4, examples=((10, None), (11, None), (12, None))),
        Reason(code="profile.depth", count=1, examples=((15, None),)),
        Reason(code="profile.missing", field="name", count=1, examples=((14, None),)),
    ]
    assert bench.summary.failures(bench.open()) == []


def test_the_pace_is_that_of_the_last_minutes(bench: Bench) -> None:
    assert bench.summary.pace(bench.run) is None
    bench.done(1)
    bench.now += 1000
    assert bench.summary.pace(bench.run) is None, "one end is no pace"
    for record in range(2, 8):
        bench.done(record)
    bench.suppressed(8)
    bench.now += 59_000
    # Less than enough in a minute: that of the last quarter of an hour.
    assert bench.summary.pace(bench.run) == Pace(rendered_s=7 / 900, ended_s=8 / 900, window_s=900.0)
    # Nothing counts from before the run began, or was approved.
    assert bench.summary.pace(bench.run, bench.now - 30_000) is None
    assert bench.summary.pace(bench.run, bench.now - 60_000) == Pace(rendered_s=6 / 60, ended_s=7 / 60, window_s=60.0)
    bench.now += 900_001
    assert bench.summary.pace(bench.run) is None, "it stands still"


def test_the_pace_of_what_is_quick_is_that_of_a_minute(bench: Bench) -> None:
    bench.done(1)
    bench.now += 120_000
    for record in range(2, 32):
        bench.done(record)
    bench.now += 30_000
    assert bench.summary.pace(bench.run) == Pace(rendered_s=0.5, ended_s=0.5, window_s=60.0)


def test_what_waits_for_approval_is_counted(bench: Bench) -> None:
    held = bench.run = bench.open(hold_after=2)
    for record in (1, 2, 3, 4, 5):
        bench.submit(record, plan=False)
    run = bench.summary.run(held)
    assert run.held and bench.summary.held(run) == 3
    bench.intake.approve(held)
    run = bench.summary.run(held)
    assert not run.held and bench.summary.held(run) == 0


def test_who_works_on_a_run_is_known(bench: Bench) -> None:
    other = bench.open()
    bench.claim(bench.submit(1, run=other), "statement")
    bench.claim(bench.submit(1, "statement", "video"), "video")
    bench.claim(bench.submit(2), "statement")
    bench.submit(3)
    assert bench.summary.at_work(bench.run) == {"statement": 1, "video": 1}
    assert bench.summary.queues_served() == set()
    bench.roll.beat("w1", queues=("site", "statement"))
    bench.roll.beat("w2", queues=("video",))
    bench.now += DEAD_MS
    bench.roll.beat("w2")
    assert bench.summary.queues_served() == {"site", "statement", "video"}
    bench.now += 1
    assert bench.summary.queues_served() == {"video"}
    bench.roll.stop("w2")
    assert bench.summary.queues_served() == set()


def test_the_last_record_that_was_read_is_known(bench: Bench) -> None:
    assert bench.summary.last_read_ms(bench.run) is None
    bench.submit(1)
    first = bench.now
    assert bench.summary.last_read_ms(bench.run) == first
    bench.now += 5
    bench.aside(2)
    assert bench.summary.last_read_ms(bench.run) == first + 5


def test_a_census_sums_up_every_part(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "PAGE", 2)
    begun = bench.now
    bench.done(1, "statement", "video")
    bench.done(2, "statement")
    bench.failed(3)
    bench.suppressed(4)
    retried = bench.submit(5)
    assert bench.ledger.retry(bench.claim(retried, "statement"), GLYPH, 0)
    assert bench.ledger.give_back(bench.claim(retried, "statement"), FULL)
    bench.now += 10
    bench.finish(retried, "statement", seconds="0.25")
    bench.submit(6, plan=False)
    bench.set_engine("{}")
    forgotten = bench.done(7)
    bench.set_request(forgotten, forgotten_ms=bench.now, dropped_ms=bench.now)
    seen: list[int] = []
    found = bench.summary.census(bench.run, seen.append)
    assert seen == [2, 4, 6, 7]
    statement, video, plan = (found.channels[name] for name in ("statement", "video", "plan"))
    assert statement.states == {"done": 4, "failed": 1, "suppressed": 1, "submitted": 1}
    assert statement.failures == {"render.glyph": 1}
    assert (statement.attempts, statement.faults, statement.crashes) == (6, 1, 0), "the environment's counts for nobody"
    assert statement.figures == {"pages": Decimal(8), "cpu_s": Decimal("1.75")}
    assert (statement.files, statement.bytes) == (4, 4 * len(f"{forgotten} statement statement.pdf"))
    assert statement.engines == {ENGINE: 3, None: 1}
    assert (video.states, video.files) == ({"done": 1}, 6)
    assert plan.states == {"done": 5, "suppressed": 1, "submitted": 1}
    assert found.releases == {"r" * 64: 7}
    assert (found.forgotten, found.cleaned, found.dropped) == (1, 0, 1)
    assert (found.first_started_ms, found.last_finished_ms) == (begun, begun + 10)
    assert bench.summary.census(bench.open()) == census.Census()


def test_a_run_is_gone_through_in_pages_by_record(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 2)
    ids = {record: bench.done(record, "statement", "video") for record in (5, 3, 1)}
    ids[4] = bench.failed(4)
    ids[2] = bench.suppressed(2)
    for record in (8, 7, 6):
        bench.aside(record)
    pages = list(bench.walk.requests(bench.run, files=True))
    assert [len(page) for page in pages] == [2, 2, 1]
    everybody = [one for page in pages for one in page]
    assert [(one.record, one.id) for one in everybody] == sorted(ids.items())
    first = everybody[0]
    assert [part.channel for part in first.parts] == ["plan", "statement", "video"]
    assert [part.channel for part in first.channels] == ["statement", "video"]
    assert {file.path for part in first.parts for file in part.files} == {file.path for file in bench.files(first.id)}
    assert everybody[1].reason == "opt-out" and everybody[3].error_code == "render.glyph"
    done = [one.record for page in bench.walk.requests(bench.run, state="done") for one in page]
    assert done == [1, 3, 5]
    assert not any(part.files for page in bench.walk.requests(bench.run) for one in page for part in one.parts)
    assert [[one.record for one in page] for page in bench.walk.set_aside(bench.run)] == [[6, 7], [8]]


def test_records_without_a_number_are_gone_through_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that come one by one have no place in an input."""
    monkeypatch.setattr(walk, "PAGE", 2)
    monkeypatch.setattr(census, "PAGE", 2)
    ids = sorted(bench.submit(0) for _ in range(5))
    assert [one.id for page in bench.walk.requests(bench.run) for one in page] == ids
    assert bench.summary.census(bench.run).releases.total() == 5


def test_no_question_reads_a_whole_table(tmp_path: Path) -> None:
    """On SQLite, whose planner says what it does; a run of a million must not be gone through for each look."""
    bench = Bench(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    bench.done(1)
    bench.failed(2)
    bench.suppressed(3)
    bench.aside(4)
    statements: list[tuple[str, Any]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(bench.database.engine, "before_cursor_execute", keep)
    run = bench.summary.run(bench.run)
    bench.summary.tally(run.id)
    bench.summary.failures(run.id)
    bench.summary.suppressions(run.id)
    bench.summary.set_aside(run.id)
    bench.summary.pace(run.id)
    bench.summary.at_work(run.id)
    bench.summary.last_read_ms(run.id)
    list(bench.walk.requests(run.id, files=True))
    list(bench.walk.set_aside(run.id))
    bench.summary.census(run.id)
    event.remove(bench.database.engine, "before_cursor_execute", keep)
    plans = []
    with bench.database.reading() as connection:
        for statement, parameters in statements:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"explain query plan {statement}", parameters)
                plans += [(row[3], statement) for row in rows]
    bench.database.close()
    scans = {step for step, _ in plans if step.startswith("SCAN") and "(subquery" not in step and "anon_" not in step}
    assert scans == {"SCAN parts USING INDEX parts_leased"}, "that index has only what is leased"
    assert any("USING COVERING INDEX requests_by_end" in step for step, _ in plans), "the pace"
    assert any("requests_by_record (run_id=? AND (record,id)>(?,?))" in step for step, _ in plans), "pages"
