"""The ledger's transitions: each guarded, each once, whatever comes twice, late or from somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from renderer.ledger.database import Database
from renderer.ledger.intake import Intake
from renderer.ledger.model import MAX_ATTEMPTS, Claim, Counts, Fault, Outcome, Produced, Submission, new_id
from renderer.ledger.reader import Reader
from renderer.ledger.tables import history, parts
from renderer.ledger.transitions import Ledger
from renderer.template.model import Channel

LEASE = 1000
FAULT = Fault(code="render.glyph", message="A glyph is missing.")


class Bench:
    """A ledger in a file, with a clock that a test turns."""

    def __init__(self, url: str) -> None:
        self.now = 1_000_000
        self.database = Database(url)
        self.intake = Intake(self.database, lambda: self.now)
        self.ledger = Ledger(self.database, lambda: self.now)
        self.reader = Reader(self.database)
        self.run = self.intake.open_run("test")

    def submission(self, *channels: Channel, idempotency: str | None = None) -> Submission:
        request_id = new_id(self.now)
        return Submission(
            id=request_id,
            recipient="r",
            idempotency=idempotency or request_id,
            template="t",
            release="d",
            channels=channels or ("microsite", "statement", "video"),
            sealed=b"sealed",
        )

    def submit(self, *channels: Channel) -> str:
        item = self.submission(*channels)
        assert self.intake.submit(self.run, [item]) == 1
        return item.id

    def claim(self, part_id: str, owner: str = "me") -> Claim:
        claim = self.ledger.claim(part_id, owner, LEASE)
        assert claim is not None
        return claim

    def state(self, part_id: str) -> str:
        return next(part.state for part in self.reader.parts(self.run) if part.id == part_id)


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def outcome(part_id: str) -> Outcome:
    file = Produced(path="p", kind="page", media_type="text/plain", bytes=1, sha256="00", key=f"key/{part_id}")
    return Outcome(artefacts=(file,))


def test_a_request_is_submitted_once_however_often_it_is_sent(bench: Bench) -> None:
    items = [bench.submission("statement", idempotency=f"i{n % 3}") for n in range(9)]
    assert bench.intake.submit(bench.run, items) == 3
    assert bench.intake.submit(bench.run, [bench.submission("statement", idempotency="i1")]) == 0
    assert len(bench.reader.parts(bench.run)) == 3
    bench.intake.seal_run(bench.run, 3)
    bench.intake.seal_run(bench.run, 99)
    assert bench.reader.counts(bench.run) == Counts(input=3, open=3)
    assert not bench.reader.counts(bench.run).complete


def test_a_part_that_embeds_others_waits_for_them(bench: Bench) -> None:
    request = bench.submit()
    assert bench.ledger.dispatch("site", 10, LEASE) == []
    assert bench.ledger.claim(f"{request}-microsite", "me", LEASE) is None
    for channel in ("statement", "video"):
        claim = bench.claim(f"{request}-{channel}")
        assert bench.ledger.finish(claim, outcome(claim.part_id))
    assert bench.ledger.dispatch("site", 10, LEASE) == [f"{request}-microsite"]
    claim = bench.claim(f"{request}-microsite")
    assert bench.ledger.finish(claim, outcome(claim.part_id))
    bench.intake.seal_run(bench.run, 1)
    assert bench.reader.counts(bench.run) == Counts(input=1, done=1)
    assert bench.reader.counts(bench.run).complete


def test_alone_it_waits_for_nothing(bench: Bench) -> None:
    request = bench.submit("microsite")
    assert bench.ledger.dispatch("site", 10, LEASE) == [f"{request}-microsite"]


def test_a_second_claim_or_a_late_finish_changes_nothing(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    first = bench.claim(part, "first")
    assert bench.ledger.claim(part, "second", LEASE) is None
    bench.now += LEASE + 1
    assert bench.ledger.sweep(lambda owner: False) == 1
    second = bench.claim(part, "second")
    assert second.token == first.token + 1
    assert not bench.ledger.beat(first, LEASE, 1, 2)
    assert not bench.ledger.finish(first, outcome(part))
    assert not bench.ledger.fail(first, FAULT)
    assert not bench.ledger.give_back(first, FAULT)
    assert not bench.ledger.retry(first, FAULT, 0)
    assert bench.state(part) == "running"
    assert bench.ledger.finish(second, outcome(part))
    assert not bench.ledger.finish(second, outcome(part))
    assert bench.ledger.claim(part, "third", LEASE) is None


def test_a_beat_renews_the_lease(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    claim = bench.claim(part)
    bench.now += LEASE - 1
    assert bench.ledger.beat(claim, LEASE, 3, 10)
    bench.now += LEASE - 1
    assert bench.ledger.sweep(lambda owner: False) == 0
    (found,) = bench.reader.parts(bench.run)
    assert (found.step, found.steps) == (3, 10)


def test_a_dead_owner_is_seen_before_the_lease_ends(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    bench.claim(part, "dead")
    assert bench.ledger.sweep(lambda owner: owner == "another") == 0
    assert bench.ledger.sweep(lambda owner: owner == "dead") == 1
    assert bench.state(part) == "submitted"


def test_a_part_whose_process_always_dies_fails_at_last(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for _ in range(MAX_ATTEMPTS):
        bench.claim(part)
        bench.ledger.sweep(lambda owner: True)
    (found,) = bench.reader.parts(bench.run)
    assert found.state == "failed"
    assert found.fault is not None and found.fault.code == "job.attempts"
    assert bench.reader.counts(bench.run).failed == 1


def test_an_orderly_stop_costs_no_attempt(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for _ in range(MAX_ATTEMPTS + 2):
        assert bench.claim(part).attempt == 1
        bench.ledger.sweep(lambda owner: True, counted=False)


def test_retries_end_and_environment_does_not_count(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    for _ in range(8):
        assert bench.ledger.give_back(bench.claim(part), FAULT)
        assert bench.ledger.claim(part, "me", LEASE) is None  # not before its time, whoever delivers the message
        bench.now += 10_000
    for _ in range(MAX_ATTEMPTS):
        assert bench.ledger.retry(bench.claim(part), FAULT, 100)
        bench.now += 100
    assert bench.state(part) == "failed"


def test_what_was_sent_and_never_claimed_is_sent_again(bench: Bench) -> None:
    part = f"{bench.submit('statement')}-statement"
    assert bench.ledger.dispatch("statement", 5, LEASE) == [part]
    assert bench.ledger.dispatch("statement", 5, LEASE) == []
    bench.ledger.undispatch([part])
    assert bench.ledger.dispatch("statement", 5, LEASE) == [part]
    bench.now += LEASE + 1
    assert bench.ledger.sweep(lambda owner: False) == 1
    assert bench.ledger.dispatch("statement", 5, LEASE) == [part]
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


def test_suppression_and_cancelling_end_every_part_and_beat_those_at_work(bench: Bench) -> None:
    ends: list[Callable[[str], object]] = [
        lambda request: bench.ledger.suppress(request, "opted-out"),
        lambda _: bench.ledger.cancel_run(bench.run),
    ]
    for end in ends:
        request = bench.submit()
        claim = bench.claim(f"{request}-video")
        assert end(request)
        assert not end(request)
        assert not bench.ledger.beat(claim, LEASE, 1, 2)
        assert not bench.ledger.finish(claim, outcome(claim.part_id))
        assert not bench.ledger.planned(request, "digest", b"")
    counts = bench.reader.counts(bench.run)
    assert (counts.suppressed, counts.cancelled, counts.open) == (1, 1, 0)


def test_the_first_plan_stays(bench: Bench) -> None:
    request = bench.submit()
    assert bench.ledger.planned(request, "one", b"first")
    assert not bench.ledger.planned(request, "two", b"second")
    assert bench.reader.sealed(request, "plan") == b"first"
    assert bench.claim(f"{request}-video").plan_digest == "one"


def test_only_files_of_parts_that_are_done_count(bench: Bench) -> None:
    request = bench.submit("statement")
    claim = bench.claim(f"{request}-statement")
    assert bench.reader.artefacts(request) == []
    bench.ledger.finish(claim, outcome(claim.part_id))
    assert [file.path for file in bench.reader.artefacts(request, "statement")] == ["p"]
    assert bench.reader.artefacts(request, "video") == []


def test_the_database_itself_refuses_what_must_not_be(bench: Bench) -> None:
    bench.submit("statement")
    for forbidden in (
        delete(history),
        update(history).values(event="x"),
        update(parts).values(state="lost"),
        update(parts).values(state="running"),
    ):
        with pytest.raises(IntegrityError), bench.database.writing() as connection:
            connection.execute(forbidden)


def test_urgent_parts_go_first(bench: Bench) -> None:
    late = bench.submission("statement")
    urgent = Submission(**{**vars(bench.submission("statement")), "priority": 5})
    bench.intake.submit(bench.run, [late, urgent])
    assert bench.ledger.dispatch("statement", 1, LEASE) == [f"{urgent.id}-statement"]


def test_nobody_else_can_read_the_ledger(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}").close()
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0
