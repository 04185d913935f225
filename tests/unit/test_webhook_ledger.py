"""Webhooks in the ledger, on both databases: who gets what has happened, couriers that meet, and what goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from renderer.ledger.endpoints import MOST_SECRETS, SealedSecret
from renderer.ledger.events import announce_run
from renderer.ledger.health import FAILING, FAILING_MS, GAP_MS, GONE, UNSIGNED
from renderer.ledger.leader import NotLeader
from renderer.ledger.model import Fence
from renderer.ledger.tables import (
    outbox,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_secrets,
)
from renderer.ledger.tallies import Tallies
from renderer.times import DAY_MS
from tests.ledgers import one_database
from tests.webhook_post import Post, post_at

HOUR_MS = 3_600_000


@pytest.fixture
def post(tmp_path: Path, ledger_url: str) -> Iterator[Post]:
    with post_at(tmp_path, ledger_url) as made:
        yield made


# ---------------------------------------------------------------- Who gets it


@one_database
def test_each_endpoint_gets_what_it_wants(post: Post) -> None:
    early = post.ended()
    everything = post.endpoint()
    runs = post.endpoint(topics=["run.complete", "run.cancelled"])
    small = post.endpoint(templates=["small"])
    one, other = post.ended("small"), post.ended("other")
    post.now += 1
    late = post.endpoint()
    with post.database.writing() as connection:
        announce_run(connection, post.now, post.run, "cancelled")
    got = {load.endpoint.id: [taken.dedupe for taken in load.deliveries] for load in post.take()}
    run = f"run {post.run}"
    assert got == {
        everything: [f"request {one}", f"request {other}", run],
        runs: [run],
        small: [f"request {one}", run],
        late: [run],
    }
    assert early not in str(got)
    assert post.take() == [] and post.deliveries.fan_out() == 0


@one_database
def test_what_happens_while_an_endpoint_is_paused_waits_for_it(post: Post) -> None:
    there = post.endpoint()
    post.ended()
    post.endpoints.pause(there)
    post.ended()
    assert post.take() == []
    post.endpoints.resume(there)
    assert [len(load.deliveries) for load in post.take()] == [2]


def test_pages_of_the_outbox_are_taken_up_once(post: Post) -> None:
    post.endpoint()
    for _ in range(7):
        post.ended()
    assert [post.deliveries.fan_out(3) for _ in range(4)] == [3, 3, 1, 0]
    assert post.count(webhook_deliveries) == 7


# ---------------------------------------------------------------- Couriers that meet


def test_what_one_has_taken_the_other_leaves_alone(post: Post) -> None:
    post.endpoint()
    ids = [post.ended() for _ in range(5)]
    (mine,) = post.take("one", room=2)
    (others,) = post.take("two")
    assert [one.dedupe for one in (*mine.deliveries, *others.deliveries)] == [f"request {one}" for one in ids]
    assert post.take("three") == []


def test_one_that_comes_back_late_changes_nothing(post: Post) -> None:
    post.endpoint()
    post.ended()
    (stopped,) = post.take("one")
    post.now += 60_001
    (taken,) = post.take("two")
    assert taken.deliveries[0].id == stopped.deliveries[0].id
    assert taken.deliveries[0].token == stopped.deliveries[0].token + 1
    post.settle(stopped, "webhook.timeout", None)  # it would have given up
    post.settle(taken)
    post.settle(stopped, "webhook.timeout", None)
    (logged,) = post.log.of(taken.endpoint.id, 10)
    assert logged.state == "delivered"
    assert [attempt.code for attempt in logged.attempts] == ["webhook.timeout", None, "webhook.timeout"]


def test_what_a_dead_one_had_is_there_at_once(post: Post) -> None:
    post.endpoint()
    post.ended()
    post.take("dead")
    assert post.deliveries.release(lambda owner: owner == "other") == 0 and post.take() == []
    assert post.deliveries.release(lambda owner: owner == "dead") == 1
    (load,) = post.take()
    post.deliveries.give_back(load.deliveries)
    assert len(post.take("two")) == 1


# ---------------------------------------------------------------- What came of it


@one_database
def test_a_failure_is_tried_again_when_it_is_time_and_then_no_more(post: Post) -> None:
    there = post.endpoint()
    post.ended()
    (load,) = post.take()
    post.settle(load, "webhook.answer", post.now + 5_000)
    assert post.take() == []
    post.now += 5_000
    (load,) = post.take()
    assert load.deliveries[0].attempts == 1
    post.settle(load, "webhook.answer", None)
    post.now += 10 * DAY_MS
    assert post.take() == []
    (logged,) = post.log.of(there, 10)
    assert (logged.state, logged.next_ms) == ("failed", None)
    assert [(attempt.number, attempt.status, attempt.code) for attempt in logged.attempts] == [
        (1, 500, "webhook.answer"),
        (2, 500, "webhook.answer"),
    ]
    tallies = {tally.label: (tally.count, tally.total) for tally in Tallies(post.database).read()}
    assert tallies == {"answer": (2, 14)}


def test_what_failed_is_sent_again_under_the_same_name(post: Post) -> None:
    there = post.endpoint()
    names = [f"request {post.ended()}" for _ in range(3)]
    for _ in names:
        (first,) = post.take(room=1)
        post.settle(first, "webhook.answer", None)
        post.now += HOUR_MS
    assert post.log.failed_again(there, post.now - 2 * HOUR_MS) == 2
    (load,) = post.take()
    assert [one.dedupe for one in load.deliveries] == names[1:] and {one.attempts for one in load.deliveries} == {0}
    post.settle(load)
    assert post.log.failed_again(there, 0) == 1
    (delivered,) = post.log.find(names[2])
    assert post.log.find(str(delivered)) == [delivered] and post.log.find("request x") == []
    assert post.log.again([delivered]) == 1
    assert [one.dedupe for one in post.take()[0].deliveries] == [names[0], names[2]]


@one_database
def test_an_endpoint_that_says_it_is_gone_is_disabled(post: Post) -> None:
    there = post.endpoint()
    post.ended()
    (load,) = post.take()
    post.settle(load, "webhook.gone", post.now + 1, gone=True)
    found = post.endpoints.get(there)
    assert found is not None and (found.state, found.why) == ("disabled", GONE)
    post.now += DAY_MS
    post.ended()
    assert post.take() == []
    post.endpoints.resume(there)
    assert [len(load.deliveries) for load in post.take()] == [2]


@one_database
def test_an_endpoint_that_fails_for_days_is_disabled_and_one_that_fails_now_and_then_is_not(post: Post) -> None:
    there = post.endpoint()
    post.ended()

    def fails(after_ms: int) -> str:
        post.now += after_ms
        (load,) = post.take()
        post.settle(load, "webhook.connect", post.now)
        found = post.endpoints.get(there)
        assert found is not None
        return found.state

    assert fails(0) == "active"
    assert fails(GAP_MS + DAY_MS) == "active"
    assert fails(GAP_MS + 9 * DAY_MS) == "active"  # nothing is known of the days between
    for _ in range(FAILING_MS // DAY_MS):
        assert fails(DAY_MS) == "active"
    assert fails(DAY_MS) == "disabled"
    found = post.endpoints.get(there)
    assert found is not None and found.why == FAILING


@one_database
def test_an_endpoint_rests_and_a_success_ends_that(post: Post) -> None:
    there = post.endpoint()
    post.ended(), post.ended()
    (load,) = post.take(room=1)
    post.settle(load, "webhook.connect", post.now, rests_ms=post.now + 9_000)
    assert post.take() == []  # the other one waits with it, and loses no attempt
    post.now += 9_000
    (load,) = post.take()
    assert load.endpoint.failures == 1 and load.endpoint.failing_ms is not None
    post.settle(load)
    found = post.endpoints.get(there)
    assert found is not None and (found.failures, found.failing_ms, found.rests_ms) == (0, None, None)
    assert found.delivered_ms == post.now


def test_what_was_under_way_cuts_no_rest_short(post: Post) -> None:
    """A receiver has asked for a rest; what was sent to it before that ends later, well or not."""
    there = post.endpoint()
    for _ in range(4):
        post.ended()
    first, second, third = [post.take(room=1)[0] for _ in range(3)]
    until = post.now + HOUR_MS
    post.settle(first, "webhook.answer", until, rests_ms=until)
    post.settle(second, "webhook.timeout", until, rests_ms=post.now)
    post.settle(third)
    assert post.take() == []
    found = post.endpoints.get(there)
    assert found is not None and (found.failures, found.rests_ms) == (0, until)
    post.now = until
    (load,) = post.take()
    assert len(load.deliveries) == 3
    post.settle(load, rests_ms=post.now + 9_000)  # it takes some, and asks for a rest all the same
    found = post.endpoints.get(there)
    assert found is not None and (found.failures, found.rests_ms) == (0, post.now + 9_000)


def test_one_that_is_held_for_a_fault_of_ours_rests_and_is_blamed_for_nothing(post: Post) -> None:
    there, beside = post.endpoint(), post.endpoint()
    post.ended()
    mine = next(load for load in post.take() if load.endpoint.id == there)
    until = post.now + 2_000
    post.deliveries.hold({there: until}, UNSIGNED)
    post.deliveries.give_back(mine.deliveries)
    found = post.endpoints.get(there)
    assert found is not None and (found.state, found.why, found.rests_ms) == ("active", UNSIGNED, until)
    assert (found.failures, found.failing_ms) == (0, None)
    assert post.take() == []  # the other's is under way
    post.deliveries.hold({there: until - 1_000}, UNSIGNED)  # another courier's pause cuts none short
    post.now = until - 1
    assert post.take() == []
    post.now = until
    (load,) = post.take()
    assert load.endpoint.id == there and load.deliveries[0].attempts == 0
    post.deliveries.hold({there: None, beside: None}, UNSIGNED)
    found = post.endpoints.get(there)
    assert found is not None and (found.state, found.why) == ("active", None)
    post.endpoints.pause(beside)
    post.deliveries.hold({beside: until}, UNSIGNED)
    found = post.endpoints.get(beside)
    assert found is not None and (found.state, found.why) == ("paused", None)


# ---------------------------------------------------------------- Secrets, and what goes


def test_secrets_overlap_and_end(post: Post) -> None:
    there = post.endpoint()
    ids = [post.endpoints.new_id() for _ in range(2)]
    post.now += 1
    post.endpoints.rotate(there, SealedSecret(id=ids[0], sealed=b"1"), HOUR_MS)
    assert [one.sealed for one in post.endpoints.secrets([there])[there]] == [b"1", b"sealed"]
    post.now += HOUR_MS
    assert [one.sealed for one in post.endpoints.secrets([there])[there]] == [b"1"]
    post.endpoints.rotate(there, SealedSecret(id=ids[1], sealed=b"2"), 0)
    assert [one.sealed for one in post.endpoints.secrets([there])[there]] == [b"2"]
    assert post.endpoints.rotate("no", SealedSecret(id="x", sealed=b"3"), 0) is None
    for number in range(MOST_SECRETS + 1):
        post.now += 1
        post.endpoints.rotate(there, SealedSecret(id=f"s{number}", sealed=b"%d" % number), HOUR_MS)
    newest = [b"%d" % number for number in range(MOST_SECRETS, 0, -1)]
    assert [one.sealed for one in post.endpoints.secrets([there])[there]] == newest
    post.endpoints.remove(there)
    assert post.count(webhook_secrets) == 0 and post.endpoints.get(there) is None and post.endpoints.listed() == []


def test_old_messages_go_with_their_log_whatever_came_of_them(post: Post) -> None:
    there = post.endpoint()
    post.ended(), post.ended()
    (load,) = post.take(room=1)
    post.settle(load)
    post.now += 14 * DAY_MS
    young = post.ended()
    post.deliveries.fan_out()
    while post.deliveries.sweep(post.now - 14 * DAY_MS + 10):
        pass
    assert [one.dedupe for one in post.log.of(there, 10)] == [f"request {young}"]
    assert (post.count(outbox), post.count(webhook_attempts)) == (1, 0)
    assert ("webhooks", "expired") in {(tally.name, tally.label) for tally in Tallies(post.database).read()}
    post.settle(load)  # a courier that still had one: no row comes back
    assert post.count(webhook_attempts) == 0
    with pytest.raises(NotLeader):
        post.deliveries.sweep(0, Fence(name="dispatcher", holder="nobody", token=1))


@one_database
def test_an_endpoint_that_was_removed_goes_when_its_log_has(post: Post) -> None:
    there = post.endpoint()
    post.ended()
    post.deliveries.fan_out()
    post.endpoints.remove(there)
    post.deliveries.sweep(0)
    assert post.take() == []
    with post.database.reading() as connection:
        assert connection.scalars(select(webhook_deliveries.c.state)).all() == ["failed"]
    post.deliveries.sweep(post.now + 1)
    post.deliveries.sweep(post.now + 1)
    assert post.count(webhook_endpoints) == 0


# ---------------------------------------------------------------- Cost


@one_database
def test_questions_are_answered_by_indexes(post: Post) -> None:
    """With a million deliveries nothing that a courier asks may look through them. (PostgreSQL's planner looks at how
    large a table is.)"""
    post.endpoint()
    post.ended()
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    event.listen(post.database.engine, "before_cursor_execute", note)
    (load,) = post.take()
    post.settle(load)
    post.deliveries.release(lambda _: False)
    event.remove(post.database.engine, "before_cursor_execute", note)
    with post.database.reading() as connection:
        for statement, values in asked:
            if not statement.lower().startswith(("select", "update")):
                continue
            plan = [row[3] for row in connection.exec_driver_sql(f"explain query plan {statement}", values)]
            scans = [
                step for step in plan if step.startswith("SCAN") and "INDEX" not in step and "CONSTANT" not in step
            ]
            assert not [step for step in scans if "webhook_endpoints" not in step], (statement, plan)
            assert not [step for step in plan if "TEMP B-TREE" in step and "webhook_deliveries" in statement], statement
    assert len(asked) > 8
