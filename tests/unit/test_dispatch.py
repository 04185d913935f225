"""What a dispatcher does when those around it are gone: the broker's messages, the ledger, another dispatcher, workers.
A real ledger, kombu's broker in memory, a clock in the test's hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.ledger.leader import LATE_MS, Leader, Roll
from renderer.ledger.model import DEAD_MS, Claim, wall_clock
from renderer.orders import Order, submission
from renderer.settings import Settings
from tests.integration.queue_app import build_nothing
from workers.app import make_app
from workers.dispatch import LOST_S, Dispatcher
from workers.heart import BEAT_S, CALM_S
from workers.leash import this_owner

FENCE_S = 60.0
LONG_MS = 10 * 60_000


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build_nothing(Settings(home=tmp_path / "home", children=1, broker_url="memory://", database_url=""))


class Desk:
    """A dispatcher whose messages are counted, and its clock."""

    def __init__(self, services: Services, owner: str | None = None) -> None:
        self.now = 0.0
        self.sent: list[str] = []
        self.app = make_app(services.settings, lambda: services)
        self.dispatcher = Dispatcher(services, self.app, lambda: self.now, owner)
        self.before: Callable[[], None] = lambda: None
        real = self.app.send_task

        def send_task(name: str, *, args: Any, **options: Any) -> Any:
            self.before()
            self.sent += args[0]
            return real(name, args=args, **options)

        setattr(self.app, "send_task", send_task)  # noqa: B010

    def run(self, seconds: float) -> list[str]:
        """Tick for so long; the ids sent meanwhile."""
        self.sent.clear()
        until = self.now + seconds
        while self.now < until:
            self.dispatcher.tick()
            self.now += 0.25
        return list(self.sent)

    def flush(self) -> None:
        """The broker forgets everything."""
        with self.app.connection_for_write() as connection:
            for queue in ("control", "statement"):
                channel: Any = connection.default_channel
                channel.queue_purge(queue)


def submit(services: Services, count: int = 3) -> str:
    run = services.intake.open_run("test")
    orders = [
        submission(
            services.vault,
            Order(profile="{}"),
            recipient=str(number),
            idempotency=(run, str(number)),
            template="nothing",
            release="0",
            channels=("statement",),
            record=number,
        )
        for number in range(1, count + 1)
    ]
    services.intake.submit(run, orders)
    services.intake.seal_run(run, count)
    return run


def test_what_an_earlier_dispatcher_sent_and_the_broker_lost_is_sent_again(services: Services) -> None:
    submit(services)
    first = Desk(services)
    assert len(first.run(1)) == 3
    first.dispatcher.resign()
    first.flush()
    # Nothing waits, everything is sent: a dispatcher that has just begun must look all the same.
    assert len(Desk(services, "elsewhere:1:1").run(2 * LOST_S + 3)) == 3


def test_what_another_dispatcher_sent_while_it_led_is_not_forgotten_either(services: Services) -> None:
    first, second = Desk(services), Desk(services, "elsewhere:1:1")
    first.run(1)
    first.dispatcher.resign()
    submit(services)
    assert len(second.run(3)) == 3
    second.dispatcher.resign()
    second.flush()
    assert len(first.run(2 * LOST_S + 3)) == 3


def test_a_dead_worker_takes_the_messages_it_had_fetched_along_so_they_are_sent_again(services: Services) -> None:
    submit(services, 4)
    desk = Desk(services)
    services.roll.beat("nobody:1:1", name="pages", queues=["control", "statement"], children=1)
    sent = desk.run(CALM_S + 1)
    assert len(sent) == 4
    # One part is at work somewhere else, and stays so: the queue moves, nothing is missed by its stillness.
    assert services.ledger.claim(sent[0], this_owner(), LONG_MS) is not None
    silence(services, "nobody:1:1")
    services.roll.beat("somebody:1:1")
    assert sorted(desk.run(3 * LOST_S)) == sorted(sent[1:])


def test_a_broker_that_refuses_to_write_ends_no_dispatcher(services: Services) -> None:
    submit(services)
    desk = Desk(services)

    def refuse() -> None:
        raise RuntimeError("MISCONF Errors writing to the AOF file: No space left on device")

    desk.before = refuse
    assert desk.run(5) == []
    assert services.reader.in_flight("control") == (0, 0)
    desk.before = lambda: None
    assert len(desk.run(5)) == 3


def test_silence_says_nothing_about_workers_while_the_ledger_was_away(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(services)
    claim = work_begun(services, desk)

    with monkeypatch.context() as away:  # longer than heartbeats and leases last
        away.setattr(Leader, "lead", _away)
        desk.run(5)
        silence(services, "nobody:1:1")
        overdue(services)
    desk.run(5)  # every worker had time for a beat
    assert [worker.id for worker in services.reader.workers()] == ["nobody:1:1"]
    assert services.ledger.planned(claim, "digest", b"plan")  # it has come back, and what it did counts

    overdue(services)
    desk.run(CALM_S + 5)
    assert len(services.reader.workers()) == 1  # nobody is heard of: perhaps the ledger takes nothing from anybody
    services.roll.beat("somebody:1:1")
    desk.run(2 * CALM_S + 5)
    assert [worker.id for worker in services.reader.workers()] == ["somebody:1:1"]  # it was dead after all


def test_the_first_who_is_heard_of_again_does_not_make_the_others_dead(services: Services) -> None:
    submit(services, 1)
    desk = Desk(services)
    names = ("one:1:1", "two:1:1")
    for name in names:
        services.roll.beat(name, name="pages", queues=["control"], children=1)
    desk.run(CALM_S + 6)

    for name in names:  # the disk takes what the leader writes, and nobody's heartbeat
        silence(services, name)
    desk.run(6)
    services.roll.beat("one:1:1")
    desk.run(CALM_S - 1)
    assert sorted(worker.id for worker in services.reader.workers()) == sorted(names)

    desk.run(6)  # that it is silent since says that it is dead
    assert [worker.id for worker in services.reader.workers()] == ["one:1:1"]


def test_who_goes_on_for_too_long_is_left_to_its_worker_when_the_ledger_is_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker waits as well before it ends a process: who took the part back sooner would leave that one alone."""
    desk = Desk(services)
    work_begun(services, desk)
    with monkeypatch.context() as away:
        away.setattr(Leader, "lead", _away)
        desk.run(5)
        overdue(services)
    desk.run(CALM_S + 2 * BEAT_S)
    assert services.reader.in_flight("control") == (0, 1)
    desk.run(2 * BEAT_S)
    assert services.reader.in_flight("control") != (0, 1)


def work_begun(services: Services, desk: Desk) -> Claim:
    """A plan that a process of the worker "nobody:1:1" is at."""
    submit(services, 1)
    services.roll.beat("nobody:1:1", name="pages", queues=["control"], children=1)
    (plan,) = desk.run(CALM_S + 1)
    claim = services.ledger.claim(plan, "nobody:2:2", 1000, "nobody:1:1")
    assert claim is not None
    return claim


def _away(*_: object) -> None:
    raise EnvironmentFault("environment.ledger", "Away.")


def silence(services: Services, worker: str) -> None:
    """As if nothing had been heard of a worker for long."""
    Roll(_database(services), lambda: wall_clock() - 2 * DEAD_MS).beat(worker)


def overdue(services: Services) -> None:
    """As if every lease had been over for long."""
    from sqlalchemy import update

    from renderer.ledger.tables import parts

    with _database(services).writing() as connection:
        connection.execute(
            update(parts).where(parts.c.state == "running").values(lease_until_ms=wall_clock() - 2 * LATE_MS)
        )


def _database(services: Services) -> Any:
    return services.leader._database
