"""Those who die, are late or fail: processes, workers, leaders, the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from renderer.ledger import leader
from renderer.ledger.database import Database
from renderer.ledger.leader import LATE_MS, NotLeader, Roll
from renderer.ledger.model import (
    DEAD_MS,
    MAX_ATTEMPTS,
    MAX_LOSSES,
    POISON_AFTER,
    wall_clock,
)
from tests.ledger_bench import FAULT, FULL, LEASE, Bench, nobody, outcome


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


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


def test_a_machine_whose_clock_is_wrong_takes_nobody_on_a_server_for_dead(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(ledger_url, upgrade=True)) as database:
        roll = Roll(database)
        roll.beat("right")
        monkeypatch.setattr(leader, "wall_clock", lambda: wall_clock() + 5 * DEAD_MS)
        roll.beat("wrong")
        assert roll.bury() == ([] if database.engine.dialect.name == "postgresql" else ["right"])
