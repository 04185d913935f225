"""Messages that come three times and in any order, a broker that forgets everything, two dispatchers at once, a worker
that is stopped for longer than a dead one is waited for and wakes up: the sums are the same."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from renderer.ledger.database import Database
from renderer.ledger.model import DEAD_MS, Counts
from renderer.ledger.tables import attempts, parts
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.house import FAULTY, House
from tests.chaos.processes import Process, kind_of
from workers.app import WORK, make_app
from workers.leash import is_dead
from workers.post import Post

REQUESTS = 60
SLEEPY = 2
LONGER_S = DEAD_MS / 1000 + 3
"""So long that one who was taken for dead is through with its statement when it wakes, and the other is not."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(tmp_path / "home", chaos_database, module=FAULTY, environment={"CHAOS_LONGER_S": "0.2"})
    yield running
    running.close()


@pytest.fixture
def sleepy(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    pace = {"CHAOS_LONGER_S": str(LONGER_S), "CHAOS_SOFT_S": "400"}
    running = House(tmp_path / "home", chaos_database, module=FAULTY, environment=pace)
    yield running
    running.close()


class Echo:
    """Sends every part that is on its way again and again, shuffled and one by one, and to any queue."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._random = random.Random(seed)
        self._post = Post(make_app(house.settings, lambda: house.services))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent: dict[str, int] = {}

    def thrice(self) -> int:
        """How many parts have been sent so often."""
        return sum(count >= 3 for count in [*self.sent.values()])

    def __enter__(self) -> Echo:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)
        self._post.hang_up()

    def _run(self) -> None:
        with closing(Database(self._house.settings.database)) as database:
            while not self._over.wait(0.1):
                with database.reading() as connection:
                    rows = connection.execute(
                        select(parts.c.id, parts.c.queue).where(parts.c.state.in_(("dispatched", "running", "done")))
                    ).all()
                again = [row for row in rows if self.sent.get(row.id, 0) < 3 for _ in range(3)]
                self._random.shuffle(again)
                for row in again:
                    self.sent[row.id] = self.sent.get(row.id, 0) + 1
                    with suppress(Exception):  # a broker that is away has many ways to say so
                        self._post.send(WORK, row.queue, args=[[row.id]])


@pytest.mark.short_on("sqlite")
def test_messages_come_thrice_and_shuffled_the_broker_forgets_and_two_dispatchers_lead(house: House) -> None:
    thrice_and_forgotten(house, REQUESTS, lambda: flush(house))


def thrice_and_forgotten(house: House, requests: int, forget: Callable[[], None]) -> None:
    """A run whose messages come thrice and shuffled, while the broker forgets everything twice and two dispatchers
    are there."""
    run = house.submit(range(1, requests + 1))
    house.start()
    second: list[subprocess.Popen[bytes]] = [house.run("workers.dispatch", log="dispatch")]
    with Echo(house, random.randrange(10**6)) as echo:
        house.until(lambda: house.counts(run).done >= 5)
        forget()
        house.until(lambda: house.counts(run).done >= requests // 2)
        forget()
        assert second[0].poll() is None
        house.until(lambda: echo.thrice() > requests)  # at the latest when all parts are done
        assert house.finished(run) == Counts(input=requests, done=requests)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, requests + 1)})
    assert attempts_of(house.services, run) == {1: 3 * requests}  # nothing was made twice


def flush(house: House) -> None:
    """The broker forgets everything; RabbitMQ all messages that nobody has just now."""
    app = make_app(house.settings, lambda: house.services)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        if house.settings.broker_kind == "rabbitmq":
            for queue in app.amqp.queues.values():
                queue(channel).declare()  # whoever serves it may not be there yet
                channel.queue_purge(queue.name)
        else:
            channel.client.flushall()


@pytest.mark.short_on("postgresql")
def test_a_worker_that_was_stopped_for_too_long_and_wakes_up_changes_nothing(sleepy: House) -> None:
    house = sleepy
    run = house.submit(range(1, SLEEPY + 1))
    house.start()
    # A worker of the service, with its children, in the middle of a statement.
    asleep: list[Process] = []

    def stopped() -> bool:
        family = house.look()
        for process in family:
            if kind_of(process, family) == "worker" and any("pages@" in word for word in process.command):
                group = [process, *(child for child in family if child.parent == process.pid)]
                if held(house, group):
                    for one in group:
                        one.signal(signal.SIGSTOP)
                    house.until(partial(at_rest, group))
                    if held(house, group):
                        asleep.extend(group)
                        return True
                    for one in group:  # it had just ended what it was at
                        one.signal(signal.SIGCONT)
        return False

    house.until(stopped)
    kept = held(house, asleep)
    # Somebody else for its queues: the supervisor's worker sleeps, and is not dead.
    house.run(
        *("celery", "-A", FAULTY, "worker", "-c", "1", "-n", "other@%h", "-Q", "site,statement", "-l", "WARNING"),
        log="other",
    )
    # It wakes while another one is at its part: only the token tells them apart.
    pids = {process.pid for process in asleep}
    house.until(lambda: any(part in kept and pid not in pids for part, pid in at_work(house).items()))
    for process in asleep:
        process.signal(signal.SIGCONT)
    said = house.settings.logs / "worker-pages.log"  # whichever it finds out first
    spoken = ("part came too late", "part dropped", "part too slow")
    house.until(lambda: any(word in said.read_text() for word in spoken))
    house.hurry()
    assert house.finished(run) == Counts(input=SLEEPY, done=SLEEPY)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, SLEEPY + 1)})
    assert {part for part, outcome in tried(house) if outcome == "lost"} >= set(kept)
    assert "raised unexpected" not in said.read_text()  # it was refused in order, not by a constraint of the database


def at_rest(processes: Sequence[Process]) -> bool:
    """Whether all of them are stopped."""
    return all(process.thread_state() == "T" for process in processes)


def at_work(house: House) -> dict[str, int]:
    """The parts that living processes are at, by the ledger, and their ids."""
    with closing(Database(house.settings.database)) as database, database.reading() as connection:
        rows = connection.execute(select(parts.c.id, parts.c.lease_owner).where(parts.c.state == "running")).all()
    return {row.id: int(row.lease_owner.split(":")[1]) for row in rows if not is_dead(row.lease_owner)}


def held(house: House, processes: Sequence[Process]) -> list[str]:
    """Those of them that are some processes'."""
    pids = {process.pid for process in processes}
    return [part for part, pid in at_work(house).items() if pid in pids]


def tried(house: House) -> list[tuple[str, str]]:
    """Every attempt that has ended, and how."""
    with closing(Database(house.settings.database)) as database, database.reading() as connection:
        return [(row.part_id, row.outcome) for row in connection.execute(select(attempts))]
