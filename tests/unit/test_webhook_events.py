"""What receivers of webhooks are told of: what the outbox holds when something has happened, and what it never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import renderer.ledger.holds
from renderer.ledger.holds import Holds
from renderer.ledger.leader import NotLeader
from renderer.ledger.model import Fault
from renderer.ledger.tables import (
    outbox,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_secrets,
)
from tests.batches import FAILS, person
from tests.ledgers import one_database
from tests.webhook_post import PLANTED, Post, post_at


@pytest.fixture
def post(tmp_path: Path, ledger_url: str) -> Iterator[Post]:
    with post_at(tmp_path, ledger_url) as made:
        yield made


@one_database
def test_nothing_is_written_where_nobody_is_to_be_told(post: Post) -> None:
    post.ended()
    assert post.count(outbox) == 0
    there = post.endpoint()
    first = post.ended()
    post.endpoints.pause(there)
    second = post.ended()
    post.endpoints.remove(there)
    post.ended()
    assert [told["request"] for _, told in post.told()] == [first, second]


def test_what_is_told_of_a_request(post: Post) -> None:
    post.endpoint()
    failed = post.request()
    assert post.ledger.fail(post.claim(failed), Fault(code="render.glyph", message="A glyph is missing."))
    suppressed = post.request()
    assert post.ledger.suppress(post.claim(suppressed), "opted-out")
    cancelled = post.ended()
    post.ended(notify=False)
    always = {"run": post.run, "template": "small", "release": "d"}
    assert post.told() == [
        ("request.failed", {"request": failed, "state": "failed", "code": "render.glyph", "reason": None, **always}),
        ("request.suppressed", {"request": suppressed, "state": "suppressed", "code": None, "reason": "opted-out",
                                **always}),
        ("request.cancelled", {"request": cancelled, "state": "cancelled", "code": None, "reason": None, **always}),
    ]  # fmt: skip


@one_database
def test_a_batch_tells_of_itself_and_of_its_requests_only_where_asked(post: Post) -> None:
    post.endpoint()
    people = [person(1), person(2, customer__name=FAILS), person(1), "{"]
    quiet = post.bench.start(post.bench.file(people), channels=("statement",))
    post.bench.finish(quiet)
    counts = {"input": 4, "done": 1, "failed": 1, "set_aside": 2}
    ((topic, told),) = post.told()
    assert topic == "run.complete"
    assert told == {
        "run": quiet.id, "kind": "batch", "template": "small", "release": quiet.release, "state": "complete",
        "counts": counts,
    }  # fmt: skip
    loud = post.bench.start(post.bench.file(people), channels=("statement",), notify=True)
    post.bench.finish(loud)
    assert [topic for topic, _ in post.told()[1:]] == ["request.done", "request.failed", "run.complete"]
    # What is tried again ends once more, and that is told under a name of its own.
    post.bench.services.batches.reopen_failed(loud.id)
    (post.bench.settings.home / "mended").touch()
    post.bench.finish(loud)
    assert [topic for topic, _ in post.told()[4:]] == ["request.done", "run.complete"]
    with post.database.reading() as connection:
        names = connection.scalars(select(outbox.c.dedupe)).all()
    assert len({*names}) == len(names) == 6


def test_a_run_that_waits_for_nothing_but_its_approval_is_told_of_once(post: Post) -> None:
    post.endpoint()
    holds = Holds(post.database, post.clock)
    run = post.bench.start(
        post.bench.file([person(n) for n in range(5)] + ["{"]), channels=("statement",), hold_after=2
    )
    all_ = post.bench.start(post.bench.file([person(n) for n in range(2)]), channels=("statement",), hold_after=2)
    assert holds.tell() == []
    post.bench.work()
    assert holds.tell() == [run.id] and holds.tell() == []
    assert Holds(post.database, post.clock).tell() == []  # another leader
    ((topic, told),) = post.told()
    assert topic == "run.held" and told["counts"] == {"input": 6, "done": 2, "set_aside": 1, "held": 3}
    post.intake.approve(run.id)
    post.bench.work()
    assert {*post.bench.settle()} == {run.id, all_.id} and holds.tell() == []
    assert sorted(topic for topic, _ in post.told()[1:]) == ["run.complete", "run.complete"]


def test_a_hold_that_was_tried_again_meanwhile_is_told_of_when_that_has_ended(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.endpoint()
    people = [person(1, customer__name=FAILS), person(2)]
    run = post.bench.start(post.bench.file(people), channels=("statement",), hold_after=1)
    post.bench.work()
    beyond = renderer.ledger.holds._beyond

    def between(*given: Any) -> bool:
        monkeypatch.setattr("renderer.ledger.holds._beyond", beyond)
        post.bench.services.batches.reopen_failed(run.id)
        return beyond(*given)

    monkeypatch.setattr("renderer.ledger.holds._beyond", between)
    holds = Holds(post.database, post.clock)
    assert holds.tell() == [] == post.told()
    (post.bench.settings.home / "mended").touch()
    post.bench.work()
    assert holds.tell() == [run.id]
    ((topic, told),) = post.told()
    assert topic == "run.held" and told["counts"] == {"input": 2, "done": 1, "held": 1}


@one_database
def test_only_the_leader_tells_of_a_hold(post: Post) -> None:
    post.endpoint()
    post.bench.start(post.bench.file([person(n) for n in range(3)]), channels=("statement",), hold_after=1)
    post.bench.work()
    old = post.leader.lead("dispatcher", "one", 60_000)
    post.leader.lead("dispatcher", "two", 60_000, is_dead=lambda _: True)
    with pytest.raises(NotLeader):
        Holds(post.database, post.clock).tell(old)
    assert post.told() == []


@one_database
def test_runs_that_nobody_sums_up_are_told_of_too(post: Post) -> None:
    post.endpoint()
    other = post.intake.open_run("demo")
    post.intake.seal_run(other, 3)
    post.leader.settle()
    post.intake.cancel_run(post.run)
    post.intake.cancel_run(post.run)
    assert [(topic, told["counts"]) for topic, told in post.told()] == [
        ("run.unbalanced", {"input": 3}),
        ("run.cancelled", None),
    ]


@one_database
def test_nothing_personal_is_told_or_kept(post: Post) -> None:
    post.endpoint()
    names = [f"{PLANTED} {number}" for number in range(3)]
    run = post.bench.start(
        post.bench.file([person(number, customer__name=name) for number, name in enumerate(names)]), notify=True
    )
    post.bench.finish(run)
    for load in post.take():
        post.settle(load, "webhook.answer", post.now + 1)
    keyed = [post.bench.services.vault.keyed("recipient", f"C-{number}") for number in range(3)]
    with post.database.reading() as connection:
        for table in (outbox, webhook_deliveries, webhook_attempts, webhook_endpoints, webhook_secrets):
            found = str(connection.execute(select(table)).all())
            assert found != "[]" and not [one for one in (PLANTED, "C-1", *keyed) if one in found], table.name
