"""The embedded broker: never two on one append-only file, one that answers nobody is started again, and its file does
not keep what was handed in."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import redis

from renderer.bootstrap import Services, build
from renderer.operations import forget
from renderer.operations.upkeep import Caretaker
from renderer.settings import Settings
from tests.chaos.house import until
from tests.queue_house import all_in
from workers import broker as broker_module
from workers.broker import Broker, _said
from workers.supervisor import remove_run_folder

pytestmark = [pytest.mark.integration, pytest.mark.chaos]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(home=tmp_path / "home", broker_url="", database_url="")
    made.prepare()
    yield made
    remove_run_folder(made)


@pytest.fixture
def brokers(settings: Settings) -> Iterator[list[Broker]]:
    made = [Broker(settings), Broker(settings)]
    yield made
    for broker in made:
        broker.kill()
        broker.stop(5)


def test_the_next_broker_waits_for_the_end_of_the_one_before(
    settings: Settings, brokers: list[Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "START_S", 120.0)
    first, second = brokers
    first.start(settings.logs)
    assert first.process is not None
    # As when a supervisor was killed: its broker is told to end, and takes its time.
    os.kill(first.process.pid, signal.SIGSTOP)
    first.process.terminate()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(second.start, settings.logs)
        time.sleep(1)
        assert not starting.done() and second.process is None
        os.kill(first.process.pid, signal.SIGCONT)
        starting.result(120)
    assert first.process.wait(60) == 0
    assert _said(settings.broker_socket) == b"+PONG\r\n"  # the first did not take the socket of the second along


def test_a_broker_that_answers_nobody_is_ended(
    settings: Settings, brokers: list[Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "PING_S", 0.0)
    monkeypatch.setattr(broker_module, "ANSWER_S", 60.0)
    broker = brokers[0]
    broker.start(settings.logs)
    for _ in range(2 * broker_module.DEAF):
        broker.ping()
    assert broker.running()
    settings.broker_socket.unlink()  # as programs do that tidy /tmp
    for _ in range(broker_module.DEAF):
        assert broker.running()
        broker.ping()
    until(lambda: not broker.running(), lambda: "still running")
    broker.start(settings.logs)
    assert _said(settings.broker_socket) == b"+PONG\r\n"


NAME = b"Quastenflosser"


def _hand_in_and_take(settings: Settings) -> None:
    """A message that is there and taken again: the ledger has it, the broker need not."""
    with closing(redis.Redis(unix_socket_path=str(settings.broker_socket))) as client:
        client.lpush("intake", b"a profile: " + NAME)
        assert client.rpop("intake")
        client.lpush("intake", b"what still waits")


def _kept(settings: Settings, text: bytes) -> bool:
    """Whether a file of the broker has it. It removes old ones a moment after it has written the new."""
    return text in all_in(settings.broker_folder / "appendonlydir")


def _forget(services: Services) -> None:
    forget.forget(services, NAME.decode())


def _look_after(services: Services) -> None:
    caretaker = Caretaker(services)
    for _ in range(100):
        caretaker.tick(None)


@pytest.mark.parametrize("act", [_forget, _look_after])
def test_the_file_lets_go_of_what_was_handed_in(
    settings: Settings, brokers: list[Broker], act: Callable[[Services], None]
) -> None:
    brokers[0].start(settings.logs)
    services = build(settings)
    with closing(services.database):
        _hand_in_and_take(settings)
        until(lambda: _kept(settings, NAME), lambda: "nothing was kept")
        act(services)
        until(lambda: not _kept(settings, NAME), lambda: "it is kept")
    with closing(redis.Redis(unix_socket_path=str(settings.broker_socket))) as client:
        assert client.lrange("intake", 0, -1) == [b"what still waits"]
