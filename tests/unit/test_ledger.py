"""The ledger's transitions: each guarded, each once, whatever comes twice, late or from somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.exc import IntegrityError

from renderer.errors import EnvironmentFault, UsageError
from renderer.ledger import leader
from renderer.ledger.database import Database
from renderer.ledger.endings import lock, request_of
from renderer.ledger.intake import Intake
from renderer.ledger.leader import LATE_MS, Leader, NotLeader, Roll
from renderer.ledger.model import (
    DEAD_MS,
    MAX_ATTEMPTS,
    MAX_LOSSES,
    POISON_AFTER,
    URGENT,
    Claim,
    Counts,
    Fault,
    Outcome,
    Produced,
    Submission,
    Wish,
    new_id,
    wall_clock,
)
from renderer.ledger.reader import Reader
from renderer.ledger.tables import attempts, history, outbox, parts
from renderer.ledger.transitions import Ledger
from renderer.template.model import Channel
from tests.listening import listen

LEASE = 1000
FAULT = Fault(code="render.glyph", message="A glyph is missing.")
FULL = Fault(code="environment.disk", message="The disk is full.")


class Bench:
    """A ledger with a clock that a test turns."""

    def __init__(self, url: str) -> None:
        self.now = 1_000_000
        self.database = Database(url)
        self.intake = Intake(self.database, lambda: self.now)
        self.ledger = Ledger(self.database, lambda: self.now)
        self.leader = Leader(self.database, lambda: self.now)
        self.roll = Roll(self.database, lambda: self.now)
        self.reader = Reader(self.database)
        self.run = self.intake.open_run("test")

    def submission(self, *channels: Channel, idempotency: str | None = None, **more: int) -> Submission:
        request_id = new_id(self.now)
        return Submission(
            id=request_id,
            recipient="r",
            idempotency=idempotency or request_id,
            template="t",
            release="d",
            channels=channels or ("microsite", "statement", "video"),
            sealed=b"sealed",
            **more,  # type: ignore[arg-type]
        )

    def submit(self, *channels: Channel, plan: bool = True) -> str:
        item = self.submission(*channels)
        assert self.intake.submit(self.run, [item]) == 1
        if plan:
            assert self.ledger.planned(self.claim(f"{item.id}-plan"), "digest", b"plan")
        return item.id

    def sent(self, queue: str, room: int = 10) -> list[str]:
        return [ready.part_id for ready in self.leader.dispatch(queue, room, LEASE)]

    def mark(self, part_id: str) -> None:
        """Mark one part as sent, as the leader would."""
        with self.database.writing() as connection:
            connection.execute(
                update(parts)
                .where(parts.c.id == part_id, parts.c.state == "submitted", parts.c.waits == 0)
                .values(state="dispatched", lease_until_ms=self.now + LEASE)
            )

    def claim(self, part_id: str, owner: str = "me", worker: str | None = None) -> Claim:
        self.mark(part_id)
        claim = self.ledger.claim(part_id, owner, LEASE, worker)
        assert claim is not None
        return claim

    def state(self, part_id: str) -> str:
        with self.database.reading() as connection:
            return str(connection.scalar(select(parts.c.state).where(parts.c.id == part_id)))

    def outcomes(self, part_id: str) -> list[str]:
        with self.database.reading() as connection:
            wanted = select(attempts.c.outcome).where(attempts.c.part_id == part_id).order_by(attempts.c.token)
            return list(connection.scalars(wanted))


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def outcome(part_id: str) -> Outcome:
    file = Produced(path="p", kind="page", media_type="text/plain", bytes=1, sha256="00", key=f"key/{part_id}")
    return Outcome(artefacts=(file,))


def nobody(_owner: str) -> bool:
    return False


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


def test_a_dead_owner_is_seen_before_the_lease_ends(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    bench.claim(part, "dead")
    assert bench.leader.sweep(lambda owner: owner == "another") == 0
    assert bench.leader.sweep(lambda owner: owner == "dead", worker="elsewhere") == 0
    assert bench.leader.sweep(lambda owner: owner == "dead") == 1
    assert bench.state(part) == "submitted"
    assert bench.outcomes(part) == ["crashed"]


def test_poison_is_sent_alone_and_fails_at_last(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    alone = []
    for _ in range(POISON_AFTER):
        (ready,) = bench.leader.dispatch("statement", 10, LEASE)
        alone.append(ready.alone)
        assert bench.ledger.claim(part, "me", LEASE, "worker")
        bench.leader.sweep(lambda owner: owner == "me")
    assert alone == [False, False, True, True]
    (found,) = bench.reader.parts(bench.run)
    assert found.state == "failed"
    assert found.fault is not None and found.fault.code == "job.poison"
    assert found.crashes == POISON_AFTER, "the last death counts too"
    assert bench.reader.counts(bench.run).failed == 1


def test_the_death_of_a_whole_worker_says_little_about_its_parts(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for number in range(MAX_LOSSES):
        assert bench.state(part) == "submitted"
        bench.roll.beat(f"w{number}")
        bench.claim(part, f"child{number}", f"w{number}")
        bench.now += DEAD_MS
        bench.roll.beat("another")
        assert bench.roll.bury() == []
        bench.now += 1
        assert bench.roll.bury() == [f"w{number}"]
        assert bench.roll.bury() == []
        assert bench.leader.sweep(nobody) == 1  # at once, long before the lease ends
        bench.now -= DEAD_MS
    (found,) = bench.reader.parts(bench.run)
    assert found.fault is not None and found.fault.code == "job.attempts"


def test_where_nobody_is_heard_of_it_is_the_ledger_that_does_not_hear(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for worker in ("w", "another"):
        bench.roll.beat(worker)
    claim = bench.claim(part, "child", "w")
    bench.now += DEAD_MS + 1
    assert bench.roll.bury() == []
    assert bench.leader.sweep(nobody) == 0
    assert bench.ledger.finish(claim, outcome(part))
    bench.roll.beat("another")
    assert bench.roll.bury() == ["w"]


def test_a_worker_that_was_declared_dead_comes_back_without_what_it_had(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    bench.roll.beat("w", name="pages", queues=("statement",), children=2)
    claim = bench.claim(part, "child", "w")
    assert bench.roll.bury(lambda worker: worker == "w") == ["w"]
    assert bench.leader.sweep(nobody) == 1
    bench.roll.beat("w")
    assert bench.leader.sweep(nobody) == 0
    assert not bench.ledger.finish(claim, outcome(part))
    again = bench.claim(part, "child", "w")
    assert bench.leader.sweep(nobody) == 0
    assert bench.ledger.finish(again, outcome(part))


def test_an_orderly_stop_costs_no_attempt(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for _ in range(MAX_ATTEMPTS + POISON_AFTER):
        assert bench.claim(part).attempt == 1
        bench.leader.sweep(lambda owner: True, counted=False)
    (found,) = bench.reader.parts(bench.run)
    assert (found.state, found.attempts, found.crashes) == ("submitted", 0, 0)


def test_retries_end_and_deaths_do_not_count_among_them(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    bench.claim(part, "me")
    bench.leader.sweep(lambda owner: True)
    for _ in range(MAX_ATTEMPTS):
        assert bench.state(part) == "submitted"
        assert bench.ledger.retry(bench.claim(part), FAULT, 100)
        if bench.state(part) == "submitted":
            assert bench.sent("statement") == []  # not before its time
        bench.now += 100
    assert bench.state(part) == "failed"
    assert bench.outcomes(part) == ["crashed", "retried", "retried", "failed"]


def test_a_part_that_is_always_late_fails(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for _ in range(MAX_ATTEMPTS):
        bench.claim(part)
        bench.now += LEASE + LATE_MS + 1
        assert bench.leader.sweep(nobody) == 1
    (found,) = bench.reader.parts(bench.run)
    assert found.fault is not None and found.fault.code == "job.time"


def test_a_fault_of_the_environment_pauses_its_queue_and_counts_no_attempt(bench: Bench) -> None:
    for _ in range(4):
        bench.submit("statement")
    film = f"{bench.submit('video')}-video"
    ids = bench.sent("statement", 3)
    assert len(ids) == 3
    claims = [bench.ledger.claim(part, "me", LEASE) for part in ids[:2]]
    assert claims[0] and claims[1]
    assert bench.ledger.give_back(claims[0], FULL)
    assert bench.ledger.claim(ids[2], "me", LEASE) is None  # what was on its way is taken back
    assert bench.state(ids[2]) == "submitted"
    assert bench.sent("statement") == []
    assert bench.sent("video") == [film]
    assert bench.ledger.give_back(claims[1], FULL)
    assert [(pause.queue, pause.faults) for pause in bench.reader.pauses()] == [("statement", 1)]
    bench.now += 500
    for round_, wait in enumerate((1000, 2000, 4000, 8000, 10_000, 10_000), 2):
        (probe,) = bench.sent("statement")  # one part finds out
        assert bench.sent("statement") == []
        claim = bench.ledger.claim(probe, "me", LEASE)
        assert claim is not None and claim.probe and claim.attempt == 1
        assert bench.ledger.give_back(claim, FULL)
        assert bench.reader.pauses()[0].faults == round_
        bench.now += wait - 1
        assert bench.sent("statement") == []
        bench.now += 1
    (probe,) = bench.sent("statement")
    claim = bench.ledger.claim(probe, "me", LEASE)
    assert claim is not None
    assert bench.ledger.finish(claim, outcome(probe))
    assert bench.reader.pauses() == []
    bench.now += 10_000
    assert len(bench.sent("statement")) == 3
    assert all(part.attempts <= 1 for part in bench.reader.parts(bench.run))


def test_what_was_sent_and_never_claimed_is_sent_again(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    assert bench.sent("statement", 5) == [part]
    assert bench.sent("statement", 5) == []
    assert bench.leader.undispatch([part]) == 1
    assert bench.sent("statement", 5) == [part]
    bench.now += LEASE + 1
    assert bench.leader.sweep(nobody) == 1
    assert bench.sent("statement", 5) == [part]
    assert bench.claim(part).attempt == 1


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


def test_there_is_one_leader_and_who_was_one_can_do_nothing(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    first = bench.leader.lead("dispatcher", "a", LEASE)
    assert first is not None
    assert bench.leader.lead("dispatcher", "b", LEASE) is None
    assert bench.leader.lead("dispatcher", "a", LEASE) == first
    bench.now += LEASE
    second = bench.leader.lead("dispatcher", "b", LEASE)
    assert second is not None and second.token == first.token + 1
    acts: list[Callable[[], object]] = [
        lambda: bench.leader.dispatch("statement", 1, LEASE, first),
        lambda: bench.leader.settle(first),
        lambda: bench.leader.sweep(lambda _: True, fence=first),
    ]
    bench.intake.seal_run(bench.intake.open_run("empty"), 0)
    bench.claim(part)
    for act in acts:
        with pytest.raises(NotLeader):
            act()
    assert bench.leader.sweep(lambda _: True, fence=second) == 1
    assert bench.leader.dispatch("statement", 1, LEASE, second)
    third = bench.leader.lead("dispatcher", "c", LEASE, lambda holder: holder == "b")
    assert third is not None
    bench.leader.resign(second)
    assert bench.leader.lead("dispatcher", "d", LEASE) is None
    bench.leader.resign(third)
    assert bench.leader.lead("dispatcher", "d", LEASE) is not None


def test_the_database_itself_refuses_what_must_not_be(bench: Bench) -> None:
    bench.submit("statement")
    acts: list[Callable[[], object]] = [
        lambda: delete(history),
        lambda: update(history).values(event="x"),
        lambda: delete(attempts),
        lambda: update(attempts).values(outcome="done"),
        lambda: update(parts).values(state="lost"),
        lambda: update(parts).where(parts.c.waits == 0).values(state="running"),
        lambda: update(parts).values(waits=1),  # the plan is made
    ]
    for act in acts:
        with pytest.raises(IntegrityError), bench.database.writing() as connection:
            connection.execute(act())  # type: ignore[call-overload]
    with bench.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(history)) == 3  # opened, submitted, planned


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


def test_nobody_else_can_read_the_ledger(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}").close()
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0


def test_a_file_that_is_damaged_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no ledger " * 1000)
    with pytest.raises(EnvironmentFault, match="is damaged, or is no ledger"):
        Database(f"sqlite:///{path}")
    path.unlink()
    Database(f"sqlite:///{path}").close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))  # a disk that forgot
    with pytest.raises(EnvironmentFault, match="is damaged, or is no ledger"):
        Database(f"sqlite:///{path}")


def test_a_part_ends_and_the_next_is_claimed_in_one_step(bench: Bench) -> None:
    first, second = (bench.submit("statement", plan=False) for _ in range(2))
    bench.sent("control")
    claim = bench.ledger.claim(f"{first}-plan", "me", LEASE, "w")
    assert claim is not None and claim.sealed == b"sealed"
    wish = Wish(part_id=f"{second}-plan", owner="me", lease_ms=LEASE, worker="w")
    kept, after = bench.ledger.planned_and_claim(claim, "digest", b"plan", wish)
    assert kept and after is not None
    assert (after.part_id, after.owner, after.worker, after.attempt) == (f"{second}-plan", "me", "w", 1)
    # It was not sent, so it is not to be had; the plan is made all the same.
    ready = Wish(part_id=f"{first}-statement", owner="me", lease_ms=LEASE)
    assert bench.ledger.planned_and_claim(after, "digest", b"plan", ready) == (True, None)
    bench.sent("statement")
    one = bench.ledger.claim(f"{first}-statement", "me", LEASE)
    assert one is not None and one.sealed == b"plan"
    two = Wish(part_id=f"{second}-statement", owner="me", lease_ms=LEASE)
    kept, claimed = bench.ledger.finish_and_claim(one, outcome(one.part_id), two)
    assert kept and claimed is not None and claimed.sealed == b"plan"
    # Whoever comes too late ends nothing, and may go on with something else all the same.
    assert bench.ledger.finish_and_claim(one, outcome(one.part_id), two) == (False, None)
    assert bench.ledger.finish(claimed, outcome(claimed.part_id))
    assert bench.reader.counts(bench.run).done == 2


def test_a_claim_with_an_end_waits_for_nobody(bench: Bench) -> None:
    """Two who each end a part and want the other's request would else wait for each other for ever."""
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    one, other = (f"{bench.submit('statement')}-statement" for _ in range(2))
    claim = bench.claim(one)
    bench.mark(other)
    wish = Wish(part_id=other, owner="me", lease_ms=LEASE)
    with bench.database.writing() as connection:
        lock(connection, request_of(other))
        assert bench.ledger.finish_and_claim(claim, outcome(one), wish) == (True, None)
    assert bench.state(other) == "dispatched"
    assert bench.ledger.claim(other, "me", LEASE) is not None


def test_no_question_of_every_tick_looks_through_the_table(bench: Bench) -> None:
    """It would take a second with a million requests: SQLite uses a partial index only where a question names it."""
    if bench.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's planner looks at how large a table is")
    asked: list[tuple[str, Any]] = []
    claim = bench.claim(f"{bench.submit('statement')}-statement", worker="w")
    bench.submit("statement")
    bench.sent("statement", 1)
    bench.now += LEASE + 1
    engine = bench.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, said, given, *_: asked.append((said, given)))
    bench.reader.in_flight("statement")
    bench.reader.waiting("statement")
    bench.reader.sent("statement")
    bench.reader.overdue("w")
    bench.leader.dispatch("statement", 5, LEASE)
    bench.leader.sweep(nobody)
    bench.leader.sweep(nobody, worker="w")
    bench.leader.settle()
    bench.ledger.give_back(claim, FULL)
    with engine.connect() as connection:
        plans = [
            str(row[-1])
            for said, given in asked
            if said.startswith(("SELECT", "UPDATE"))
            for row in connection.exec_driver_sql(f"explain query plan {said}", given)
        ]
    assert any("USING INDEX parts_leased" in step for step in plans)
    assert any("USING INDEX parts_ready" in step for step in plans)
    assert [step for step in plans if step.startswith(("SCAN parts", "SCAN requests")) and "USING" not in step] == []


def test_a_connection_that_has_rested_is_tried_before_it_is_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have been started again meanwhile."""
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("a file's connection does not go away")

    def lose() -> None:
        with bench.database.reading() as connection:
            pid = connection.scalar(text("select pg_backend_pid()"))
        other = Database(str(bench.database.engine.url.render_as_string(hide_password=False)), pooled=False)
        with other.reading() as connection:
            connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        other.close()

    bench.reader.workers()
    lose()
    with pytest.raises(EnvironmentFault):  # as if the server went away a moment later
        bench.reader.workers()
    assert bench.reader.workers() == []
    monkeypatch.setattr("renderer.ledger.database.TRUSTED_S", 0.0)
    lose()
    assert bench.reader.workers() == []


def test_what_is_handed_in_is_on_the_disk_and_what_workers_do_need_not_wait_for_it(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as database:
        found = []
        for durable in (True, False, False, True):
            with database.writing(durable=durable) as connection:
                found.append(connection.exec_driver_sql("pragma synchronous").scalar())
        assert found == [2, 1, 1, 2]  # full, normal
        with database.reading() as connection:
            assert connection.exec_driver_sql("pragma synchronous").scalar() == 2


def test_a_machine_whose_clock_is_wrong_takes_nobody_on_a_server_for_dead(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(ledger_url, upgrade=True)) as database:
        roll = Roll(database)
        roll.beat("right")
        monkeypatch.setattr(leader, "wall_clock", lambda: wall_clock() + 5 * DEAD_MS)
        roll.beat("wrong")
        assert roll.bury() == ([] if database.engine.dialect.name == "postgresql" else ["right"])
