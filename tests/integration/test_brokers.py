"""Redis and RabbitMQ in place of the embedded broker: a service from start to finish, the client of the docs, messages
that kill and a door that waits. Real servers; only the engine does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from renderer.ledger.model import Counts
from renderer.operations import broker as broker_view
from renderer.orders import door_key
from renderer.settings import DEAD_LETTERS
from tests import brokers
from tests.integration.test_door import send
from tests.queue_house import PLANTED, Service
from workers.app import make_app
from workers.lanes import INTAKE, LANES

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=brokers.KINDS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with brokers.running(request.param, tmp_path_factory.mktemp("broker") / request.param) as own:
        running = Service(tmp_path_factory.mktemp("home"), own.url)
        running.until(lambda: len(running.services.reader.workers()) >= 4)
        yield running
        assert running.stop() == 0
        # A message that nobody acknowledged would be there again, and again. One may be there once: with nothing at
        # work, workers are ended at once, and what was done a moment ago may not be acknowledged yet.
        if request.param == "rabbitmq":
            for _ in range(2):
                if any(lengths(running).values()):
                    running.start()
                    running.until(lambda: not any(lengths(running).values()))
                    time.sleep(5)
                    assert running.stop() == 0
            assert set(lengths(running).values()) == {0}


def lengths(service: Service) -> dict[str, int]:
    """How many messages wait in each queue, and in the one for those that could not be delivered."""
    app = make_app(service.settings, lambda: service.services)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        names = (*LANES, INTAKE, DEAD_LETTERS)
        return {name: channel.queue_declare(name, passive=True).message_count for name in names}


def state(service: Service, request_id: str) -> tuple[str, str | None] | None:
    """What became of a request that was handed in, and the code of its fault."""
    request = service.services.reader.by_key(door_key(service.services.vault, request_id))
    return None if request is None else (request.state, request.fault.code if request.fault else None)


def test_a_run_goes_through(service: Service) -> None:
    run = service.submit([{"do": "go"}] * 12)
    assert service.finished(run) == Counts(input=12, done=12)
    ends = {line: count for line, count in service.journal(run).items() if line.startswith("end")}
    assert len(ends) == 36 and set(ends.values()) == {1}
    assert broker_view.look(service.settings) == broker_view.BrokerView(answers=True)


def test_the_client_of_the_docs_gets_its_request_through_once(service: Service) -> None:
    for _ in range(2):
        send(service, "one", {"do": "go", "name": PLANTED})
    service.until(lambda: state(service, "one") == ("done", None))
    send(service, "bad", {"do": "go"})
    service.until(lambda: state(service, "bad") == ("failed", "profile.missing"))


def test_a_request_that_kills_whoever_reads_it_fails_and_is_gone(service: Service) -> None:
    send(service, "deadly", {"do": "die at the door", "name": PLANTED})
    service.until(lambda: state(service, "deadly") == ("failed", "job.poison"))
    send(service, "after", {"do": "go", "name": PLANTED})
    service.until(lambda: state(service, "after") == ("done", None))
    service.until(lambda: list((service.settings.home / "door").iterdir()) == [])
    for log in (service.settings.home / "logs").iterdir():
        assert PLANTED not in log.read_text("utf-8", "replace")


def test_a_door_that_waits_does_not_wear_its_messages_out(service: Service) -> None:
    """RabbitMQ counts how often a message goes back to its queue, and drops it in the end."""
    for number in range(3):
        send(service, f"patient {number}", {"do": "wait at the door", "name": PLANTED})
    waited = service.settings.home / "waited"
    service.until(lambda: waited.exists() and len(waited.read_text()) >= 5)
    if service.settings.broker_kind == "rabbitmq":
        assert counted(service) == 0
    (service.settings.home / "open").touch()
    service.until(lambda: all(state(service, f"patient {number}") == ("done", None) for number in range(3)))


def counted(service: Service) -> int:
    """How often the next message of the intake was delivered before."""
    app = make_app(service.settings, lambda: service.services)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        end = time.monotonic() + 60
        while (message := channel.basic_get(INTAKE)) is None:
            assert time.monotonic() < end
            time.sleep(0.01)
        try:
            return int(message.headers.get("x-delivery-count", 0))
        finally:
            channel.basic_reject(message.delivery_tag, requeue=True)
