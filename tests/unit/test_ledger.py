"""The ledger's transitions: each guarded, each once, whatever comes twice, late or from somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from renderer.errors import UsageError
from renderer.ledger.leader import LATE_MS
from renderer.ledger.model import (
    URGENT,
    Counts,
)
from renderer.ledger.tables import outbox
from tests.ledger_bench import FAULT, LEASE, Bench, nobody, outcome
from tests.listening import listen


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def test_a_request_is_submitted_once_however_often_it_is_sent(bench: Bench) -> None:
    items = [bench.submission("statement", idempotency=f"i{n % 3}") for n in range(9)]
    assert bench.intake.submit(bench.run, items) == 3
    assert bench.intake.submit(bench.run, [bench.submission("statement", idempotency="i1")]) == 0
    assert len(bench.reader.parts(bench.run)) == 3
    bench.intake.seal_run(bench.run, 3)
    bench.intake.seal_run(bench.run, 99)
    assert bench.reader.counts(bench.run) == Counts(input=3, open=3)
    assert not bench.reader.counts(bench.run).complete
    with pytest.raises(UsageError):
        bench.intake.submit(bench.run, [bench.submission("statement")])


def test_a_run_is_opened_once_however_often_it_is_asked_for(bench: Bench) -> None:
    first = bench.intake.open_run("batch", idempotency="k")
    assert bench.intake.open_run("batch", idempotency="k") == first
    assert bench.intake.open_run("batch", idempotency="other") != first
    assert bench.intake.open_run("demo") != bench.intake.open_run("demo")


def test_no_part_is_ready_before_its_request_is_planned(bench: Bench) -> None:
    request = bench.submit("statement", plan=False)
    assert bench.sent("statement") == []
    assert bench.ledger.claim(f"{request}-statement", "me", LEASE) is None
    assert bench.sent("control") == [f"{request}-plan"]
    claim = bench.ledger.claim(f"{request}-plan", "me", LEASE)
    assert claim is not None and claim.channel == "plan"
    assert bench.ledger.planned(claim, "one", b"first")
    assert not bench.ledger.planned(claim, "two", b"second")
    assert bench.reader.sealed(request, "plan") == b"first"
    assert bench.sent("statement") == [f"{request}-statement"]
    found = bench.ledger.claim(f"{request}-statement", "me", LEASE)
    assert found is not None and found.plan_digest == "one"


def test_a_part_that_embeds_others_waits_for_them(bench: Bench) -> None:
    request = bench.submit()
    assert bench.sent("site") == []
    for channel in ("statement", "video"):
        claim = bench.claim(f"{request}-{channel}")
        assert bench.ledger.finish(claim, outcome(claim.part_id))
    assert bench.sent("site") == [f"{request}-microsite"]
    claim = bench.claim(f"{request}-microsite")
    assert bench.ledger.finish(claim, outcome(claim.part_id))
    bench.intake.seal_run(bench.run, 1)
    assert bench.reader.counts(bench.run) == Counts(input=1, done=1)
    assert bench.reader.counts(bench.run).complete


def test_alone_it_waits_for_nothing_but_the_plan(bench: Bench) -> None:
    request = bench.submit("microsite")
    assert bench.sent("site") == [f"{request}-microsite"]


def test_only_what_was_sent_can_be_claimed(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    assert bench.ledger.claim(part, "me", LEASE) is None
    assert bench.ledger.claim("nothing-statement", "me", LEASE) is None
    assert bench.sent("statement") == [part]
    assert bench.ledger.claim(part, "me", LEASE) is not None


def test_a_second_claim_or_a_late_finish_changes_nothing(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    first = bench.claim(part, "first")
    assert bench.ledger.claim(part, "second", LEASE) is None
    bench.now += LEASE + LATE_MS + 1
    assert bench.leader.sweep(nobody) == 1
    second = bench.claim(part, "second")
    assert second.token == first.token + 1
    assert not bench.ledger.beat(first, 1, 2)
    assert not bench.ledger.finish(first, outcome(part))
    assert not bench.ledger.fail(first, FAULT)
    assert not bench.ledger.give_back(first, FAULT)
    assert not bench.ledger.retry(first, FAULT, 0)
    assert bench.state(part) == "running"
    assert bench.reader.pauses() == []
    assert bench.ledger.finish(second, outcome(part))
    assert not bench.ledger.finish(second, outcome(part))
    assert bench.sent("statement") == []
    assert bench.outcomes(part) == ["late", "done"]


def test_progress_is_noted_and_makes_no_lease_longer(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    claim = bench.claim(part)
    assert bench.ledger.beat(claim, 3, 10)
    (found,) = bench.reader.parts(bench.run)
    assert (found.step, found.steps) == (3, 10)
    bench.now += LEASE + LATE_MS
    assert bench.leader.sweep(nobody) == 0
    bench.now += 1
    assert bench.leader.sweep(nobody) == 1


def test_failure_takes_along_what_embeds_it_and_nothing_else(bench: Bench) -> None:
    request = bench.submit()
    assert bench.ledger.fail(bench.claim(f"{request}-video"), FAULT)
    assert bench.state(f"{request}-microsite") == "failed"
    assert bench.state(f"{request}-statement") == "submitted"
    assert bench.reader.counts(bench.run).open == 1
    claim = bench.claim(f"{request}-statement")
    assert bench.ledger.finish(claim, outcome(claim.part_id))
    (found,) = bench.reader.requests(bench.run)
    assert (found.state, found.fault) == ("failed", FAULT)


def test_without_a_plan_nothing_is_made(bench: Bench) -> None:
    request = bench.submit(plan=False)
    assert bench.ledger.fail(bench.claim(f"{request}-plan"), FAULT)
    assert {part.state for part in bench.reader.parts(bench.run)} == {"failed"}
    (found,) = bench.reader.requests(bench.run)
    assert (found.state, found.fault) == ("failed", FAULT)


def test_suppression_ends_every_part(bench: Bench) -> None:
    request = bench.submit(plan=False)
    claim = bench.claim(f"{request}-plan")
    assert bench.ledger.suppress(claim, "opted-out")
    assert not bench.ledger.suppress(claim, "opted-out")
    assert not bench.ledger.planned(claim, "digest", b"")
    assert {part.state for part in bench.reader.parts(bench.run)} == {"suppressed"}
    assert bench.reader.counts(bench.run).suppressed == 1
    assert bench.outcomes(claim.part_id) == ["suppressed"]


def test_cancelling_ends_every_part_and_beats_those_at_work(bench: Bench) -> None:
    request = bench.submit()
    planning = bench.claim(f"{bench.submit(plan=False)}-plan")
    claim = bench.claim(f"{request}-video")
    ended = bench.claim(f"{bench.submit('statement')}-statement")
    assert bench.ledger.finish(ended, outcome(ended.part_id))
    assert bench.intake.cancel_run(bench.run) == 2
    assert bench.intake.cancel_run(bench.run) == 0
    assert not bench.ledger.beat(claim, 1, 2)
    assert not bench.ledger.finish(claim, outcome(claim.part_id))
    assert not bench.ledger.planned(planning, "digest", b"")
    counts = bench.reader.counts(bench.run)
    assert (counts.done, counts.cancelled, counts.open) == (1, 2, 0)
    assert bench.outcomes(claim.part_id) == ["cancelled"]
    with pytest.raises(UsageError):
        bench.submit("statement")


def test_a_run_can_be_held_until_it_is_approved(bench: Bench) -> None:
    bench.run = bench.intake.open_run("batch", hold_after=2)
    items = [bench.submission("statement", record=record) for record in range(1, 6)]
    assert bench.intake.submit(bench.run, items[:4]) == 4
    assert bench.sent("control") == [f"{item.id}-plan" for item in items[:2]]
    assert bench.intake.approve(bench.run) == 2
    assert bench.intake.approve(bench.run) == 0
    assert bench.intake.submit(bench.run, items[4:]) == 1
    assert bench.sent("control") == [f"{item.id}-plan" for item in items[2:]]
    assert bench.intake.approve("no such run") == 0


def test_a_run_ends_when_all_of_its_requests_have(bench: Bench) -> None:
    with bench.database.writing() as connection:
        listen(connection)
    claim = bench.claim(f"{bench.submit('statement')}-statement")
    assert bench.leader.settle() == []
    bench.intake.seal_run(bench.run, 1)
    assert bench.leader.settle() == []
    assert bench.ledger.finish(claim, outcome(claim.part_id))
    assert bench.leader.settle() == [bench.run]
    assert bench.leader.settle() == []
    assert bench.reader.run_state(bench.run) == "complete"
    wrong = bench.intake.open_run("test")
    bench.intake.seal_run(wrong, 7)
    assert bench.leader.settle() == [wrong]
    assert bench.reader.run_state(wrong) == "unbalanced"
    with bench.database.reading() as connection:
        assert list(connection.scalars(select(outbox.c.topic).order_by(outbox.c.id))) == [
            "run.complete",
            "run.unbalanced",
        ]


def test_the_end_of_a_request_is_announced_once_where_it_is_wanted(bench: Bench) -> None:
    with bench.database.writing() as connection:
        listen(connection)
    items = [bench.submission("statement", notify=notify) for notify in (0, 1, 1)]
    bench.intake.submit(bench.run, items)
    for item in items[:2]:
        assert bench.ledger.planned(bench.claim(f"{item.id}-plan"), "digest", b"plan")
        claim = bench.claim(f"{item.id}-statement")
        assert bench.ledger.finish(claim, outcome(claim.part_id))
        assert not bench.ledger.finish(claim, outcome(claim.part_id))
    assert bench.ledger.suppress(bench.claim(f"{items[2].id}-plan"), "opted-out")
    with bench.database.reading() as connection:
        found = connection.execute(select(outbox.c.topic, outbox.c.dedupe).order_by(outbox.c.id)).all()
    assert [tuple(row) for row in found] == [
        ("request.done", f"request {items[1].id}"),
        ("request.suppressed", f"request {items[2].id}"),
    ]


def test_only_files_of_parts_that_are_done_count(bench: Bench) -> None:
    request = bench.submit("statement")
    claim = bench.claim(f"{request}-statement")
    assert bench.reader.artefacts(request) == []
    bench.ledger.finish(claim, outcome(claim.part_id))
    assert [file.path for file in bench.reader.artefacts(request, "statement")] == ["p"]
    assert bench.reader.artefacts(request, "video") == []


def test_those_with_priority_go_first_and_the_urgent_have_a_queue(bench: Bench) -> None:
    late, high = bench.submission("statement", record=1), bench.submission("statement", record=2, priority=1)
    early = bench.submission("statement", record=1)
    urgent = bench.submission("statement", "video", priority=URGENT)
    bench.intake.submit(bench.run, [late, high, urgent])
    bench.intake.submit(bench.run, [early])
    assert bench.sent("control", 1) == [f"{high.id}-plan"]
    assert bench.sent("urgent") == [f"{urgent.id}-plan"]
    assert bench.ledger.planned(bench.claim(f"{urgent.id}-plan"), "digest", b"plan")
    assert bench.sent("urgent") == [f"{urgent.id}-statement", f"{urgent.id}-video"]
    assert bench.sent("video") == []
