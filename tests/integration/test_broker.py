"""The embedded broker: never two on one append-only file, and one that answers nobody is started again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from renderer.settings import Settings
from tests.chaos.house import until
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


def test_the_next_broker_waits_for_the_end_of_the_one_before(settings: Settings, brokers: list[Broker]) -> None:
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
        starting.result(60)
    assert first.process.wait(10) == 0
    assert _said(settings.broker_socket) == b"+PONG\r\n"  # the first did not take the socket of the second along


def test_a_broker_that_answers_nobody_is_ended(
    settings: Settings, brokers: list[Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "PING_S", 0.0)
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
