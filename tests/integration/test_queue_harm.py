"""The queue when processes die, hang or are doubled: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from renderer.ledger.model import POISON_AFTER, Counts
from renderer.ledger.tables import leases
from tests.queue_house import PATIENCE_S, Service, alive, at_work, descendants, nothing_personal_left
from workers.app import WORK, make_app
from workers.dispatch import Dispatcher
from workers.post import Post
from workers.start import is_running

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with at_work(tmp_path_factory.mktemp("home")) as running:
        yield running


def test_a_part_that_eats_memory_fails_and_its_neighbours_do_not(service: Service) -> None:
    run = service.submit([{"do": "swell"}, {"do": "go"}, {"do": "go"}], ["statement"])
    assert service.finished(run) == Counts(input=3, done=2, failed=1)
    (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
    assert part.fault is not None and part.fault.code == "render.limit"


def test_the_environment_costs_no_attempt(service: Service) -> None:
    run = service.submit([{"do": "no-disk"}], ["statement"])

    def given_back() -> bool:
        part = service.part(run, "statement")
        return part.faults > 0 and (part.state, part.attempts) == ("submitted", 0)

    service.until(given_back)
    (service.settings.home / "disk").touch()
    assert service.finished(run) == Counts(input=1, done=1)
    assert service.part(run, "statement").attempts == 1


@pytest.mark.chaos
def test_a_killed_child_loses_nothing_and_doubles_nothing(service: Service) -> None:
    run = service.submit([{"do": "hold", "in": "statement", "until": "killed"}], ["statement"])
    service.until(lambda: service.part(run, "statement").state == "running")
    owner = service.part(run, "statement").owner
    assert owner is not None
    os.kill(int(owner.split(":")[1]), signal.SIGKILL)
    (service.settings.home / "killed").touch()
    assert service.finished(run) == Counts(input=1, done=1)
    (request,) = service.services.reader.requests(run)
    assert service.part(run, "statement").attempts == 2
    events = [event for event, _ in service.services.reader.history(request.id)]
    assert events.count("done") == 1
    assert service.journal(run)[f"plan {request.plan_digest}"] == 1
    assert len(service.services.reader.artefacts(request.id)) == 1


@pytest.mark.chaos
def test_a_profile_that_kills_its_process_fails_as_poison_and_its_neighbours_are_done(service: Service) -> None:
    run = service.submit([{"do": "go"}] * 6 + [{"do": "die"}] + [{"do": "go"}] * 6, ["statement"])
    assert service.finished(run) == Counts(input=13, done=12, failed=1)
    (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
    assert part.fault is not None and part.fault.code == "job.poison"
    assert part.attempts == POISON_AFTER
    assert {part.crashes for part in service.services.reader.parts(run) if part.state == "done"} == {0}


@pytest.mark.chaos
def test_a_broker_that_forgets_everything_costs_only_time(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 0.2}] * 20, ["statement", "video"])
    service.until(lambda: service.services.reader.counts(run).done > 2)
    with make_app(service.settings, lambda: service.services).connection_for_write() as connection:
        connection.default_channel.client.flushall()  # type: ignore[attr-defined]
    assert service.finished(run) == Counts(input=20, done=20)
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


@pytest.mark.chaos
def test_of_two_dispatchers_one_leads_until_it_goes(service: Service) -> None:
    app = make_app(service.settings, lambda: service.services)
    post = Post(app)
    second = Dispatcher(service.services, app, owner="elsewhere:1:1", post=post)
    run = service.submit([{"do": "go"}] * 10)
    end = time.monotonic() + PATIENCE_S
    while service.services.reader.counts(run).open:
        sent = second.tick()
        # Unless the first was held up for longer than its lease lasts.
        assert sent == 0 or leading(service) == "elsewhere:1:1"
        assert time.monotonic() < end
        time.sleep(0.05)
    second.resign()
    post.hang_up()
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


def leading(service: Service) -> str:
    with service.services.database.reading() as connection:
        return str(connection.scalar(select(leases.c.holder).where(leases.c.name == "dispatcher")))


def test_a_part_in_endless_native_code_is_ended_and_its_neighbours_are_done(tmp_path: Path) -> None:
    service = Service(tmp_path / "home", QUEUE_APP_LIMIT_S="1")
    try:
        run = service.submit([{"do": "hang"}, {"do": "go"}, {"do": "go"}], ["statement"])
        assert service.finished(run) == Counts(input=3, done=2, failed=1)
        (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
        assert part.fault is not None and part.fault.code == "job.time"
        assert (part.attempts, part.crashes) == (3, 0)
    finally:
        service.stop()


@pytest.mark.chaos
def test_messages_delivered_again_and_again_change_nothing(service: Service) -> None:
    app = make_app(service.settings, lambda: service.services)
    run = service.submit([{"do": "slow", "s": 0.3}] * 6)
    ids = [part.id for part in service.services.reader.parts(run)]
    for _ in range(3):
        random.shuffle(ids)
        for part_id in ids:
            app.send_task(WORK, args=[[part_id]], queue="statement")
    assert service.finished(run) == Counts(input=6, done=6)
    for part_id in ids:
        app.send_task(WORK, args=[[part_id]], queue="video")
    last = service.submit([{"do": "go"}])
    assert service.finished(last) == Counts(input=1, done=1)
    assert service.finished(run) == Counts(input=6, done=6)
    ends = {line: count for line, count in service.journal(run).items() if line.startswith("end")}
    assert len(ends) == 18
    assert set(ends.values()) == {1}
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


@pytest.mark.chaos
def test_a_supervisor_that_is_killed_takes_its_children_along_and_the_next_goes_on(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 1}] * 4, ["statement"])
    service.until(lambda: any(part.state == "running" for part in service.services.reader.parts(run)))
    assert service.process is not None
    family = descendants(service.process.pid)
    assert len(family) >= 7  # broker, two workers and their two children each
    service.process.kill()
    service.process.wait()
    service.until(lambda: not any(alive(pid) for pid in family))
    assert not is_running(service.settings)
    service.start()
    assert service.finished(run) == Counts(input=4, done=4)


def test_nothing_personal_is_left_where_it_does_not_belong(service: Service) -> None:
    """After all of the above, or alone: what dies leaves nothing behind either."""
    nothing_personal_left(service)
