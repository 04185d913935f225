"""How a run stands: its state in words, how long it will take, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.console import Console

from renderer.batch import standing
from renderer.batch.measures import rate, size, span
from renderer.batch.standing import Standing, as_json, look
from renderer.cli.batch_status import line, view
from renderer.ledger.model import QUEUES, URGENT_QUEUE
from tests.run_samples import FULL, Bench


@pytest.fixture
def bench(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(ledger_url)
    monkeypatch.setattr(standing, "wall_clock", lambda: made.now)
    yield made
    made.database.close()


def see(bench: Bench) -> Standing:
    return look(bench.services, bench.run)


def waits(bench: Bench) -> list[str]:
    return [wait.word for wait in see(bench).waits]


def paper(found: Standing, width: int = 80) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(view(found))
    return capture.get()


def alive(bench: Bench) -> None:
    bench.roll.beat("w", queues=(*QUEUES.values(), URGENT_QUEUE))


def test_a_run_that_goes_well(bench: Bench) -> None:
    bench.now += 1
    for record in range(1, 41):
        bench.suppressed(record) if record % 4 == 0 else bench.done(record)
    for record in range(41, 61):
        bench.submit(record, plan=record < 51)
    bench.set_run(state="running", expected=60, sealed_ms=bench.now)
    alive(bench)
    bench.now += 10_000
    found = see(bench)
    assert (found.state, found.input, found.share, found.ended) == ("at work", 60, 40 / 60, False)
    # Thirty were made in ten seconds. Ten of the open ones have a plan; of the others as many will be suppressed as
    # were of the fifty that have been decided.
    assert found.pace is not None and found.pace.rendered_s == pytest.approx(3, rel=0.01)
    assert found.eta_s == pytest.approx((10 + 10 * 0.8) / 3, rel=0.01)
    assert found.waits == () and found.no_eta is None
    told = as_json(found)
    assert told["counts"] == {
        "input": 60,
        "done": 30,
        "failed": 0,
        "suppressed": 10,
        "set_aside": 0,
        "cancelled": 0,
        "working": 10,
        "waiting": 10,
        "held": 0,
    }
    assert told["eta_s"] == 6 and told["state"] == "running"
    text = paper(found)
    assert "at work" in text and "66 %" in text and "40 of 60" in text and "about 6 s to go" in text
    assert "30 done" in line(found)


def test_nothing_is_foretold_that_cannot_be_known(bench: Bench) -> None:
    bench.submit(1)
    assert see(bench).no_eta == "the input is still being read"
    bench.set_run(state="running", expected=1)
    assert waits(bench) == ["workers"] and see(bench).no_eta == "it waits"
    alive(bench)
    found = see(bench)
    assert found.waits == () and found.eta_s is None and found.no_eta == "too little has ended to tell"
    assert "s to go" not in paper(found)


def test_an_input_that_is_not_read_on(bench: Bench) -> None:
    alive(bench)
    bench.submit(1)
    assert see(bench).state == "reading the input" and waits(bench) == []
    bench.now += standing.READING_MS + 1
    alive(bench)
    found = see(bench)
    assert [wait.word for wait in found.waits] == ["input"]
    assert found.waits[0].hint == f"dearly batch resume {bench.run}"
    assert "1 record read so far" in paper(found)


def test_a_run_that_waits_for_its_approval(bench: Bench) -> None:
    bench.run = bench.open(hold_after=1)
    for record in (1, 2, 3):
        bench.submit(record, plan=False)
    bench.set_run(state="running", expected=3)
    alive(bench)
    found = see(bench)
    assert (found.held, found.state) == (2, "at work")
    assert found.waits[0].message == "2 requests wait for approval."
    assert bench.ledger.suppress(bench.claim(_first(bench), "plan"), "opt-out")
    found = see(bench)
    assert found.state == "waiting for approval" and found.eta_s is None and found.no_eta is None
    assert f"dearly batch approve {bench.run}" in paper(found)
    bench.intake.approve(bench.run)
    assert see(bench).held == 0 and see(bench).state == "at work"


def _first(bench: Bench) -> str:
    return next(one.id for page in bench.walk.requests(bench.run) for one in page)


def test_a_queue_that_is_paused_and_queues_that_nobody_serves(bench: Bench) -> None:
    request_id = bench.submit(1)
    assert bench.ledger.give_back(bench.claim(request_id, "statement"), FULL)
    bench.set_run(state="running", expected=1, options='{"channels": ["statement"]}')
    bench.roll.beat("w", queues=("control", "statement"))
    found = see(bench)
    assert [wait.word for wait in found.waits] == ["paused"]
    assert FULL.message in found.waits[0].message and FULL.code in found.waits[0].message
    assert FULL.code in paper(found)
    bench.set_run(options='{"channels": ["statement", "video"]}')
    assert waits(bench) == ["paused", "workers"]
    assert see(bench).waits[1].message == "No worker takes parts from the queue video."
    bench.set_run(options='{"channels": ["video"]}')
    assert "paused" not in waits(bench), "another channel's queue"
    bench.set_run(options='{"priority": "urgent"}')
    assert see(bench).waits[0].message == "No worker is alive.", "none that takes what is urgent"


def test_a_run_that_has_ended(bench: Bench) -> None:
    bench.done(1)
    bench.failed(2)
    bench.aside(3)
    bench.set_run(state="running", expected=3)
    assert see(bench).state == "being summed up"
    bench.now += 90_000
    bench.settle('{"input": 3}')
    found = see(bench)
    assert (found.state, found.share, found.ended, found.waits) == ("complete", 1.0, True, ())
    text = paper(found)
    assert "100 %" in text and "render.glyph" in text and "profile.missing" in text and "after it began" in text
    bench.settle('{"input": 3}', state="unbalanced", why='{"why": ["A cent is missing."]}')
    assert "A cent is missing." in paper(see(bench)) and as_json(see(bench))["why"] == ["A cent is missing."]
    bench.set_run(state="cancelled", finished_ms=None)
    assert see(bench).state == "being cancelled" and not see(bench).ended


def test_a_look_fits_a_terminal(bench: Bench) -> None:
    for record in range(1, 5):
        bench.failed(record)
        bench.aside(record + 10, field="address.of.a.field.with.a.long.name")
    for width in (80, 120):
        assert max(len(one.rstrip()) for one in paper(see(bench), width).splitlines()) <= width


def test_an_empty_run_divides_by_nothing(bench: Bench) -> None:
    assert see(bench).share == 0.0
    bench.settle('{"input": 0}')
    assert see(bench).share == 1.0


def test_spans_rates_and_sizes_have_few_digits() -> None:
    assert [span(s) for s in (0.2, 5, 98, 100, 5_900, 6_000, 90_000, 200_000)] == [
        "less than a second",
        "5 s",
        "98 s",
        "2 min",
        "98 min",
        "1 h 40 min",
        "25 h 0 min",
        "2 days 7 h",
    ]
    assert [rate(r) for r in (12.34, 0.5, 0.005)] == ["12.3 a second", "30.0 a minute", "18.0 an hour"]
    assert [size(n) for n in (0, 999, 1_500, 2_500_000_000)] == ["0 bytes", "999 bytes", "1.5 kB", "2.5 GB"]
