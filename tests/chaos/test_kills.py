"""``kill -9`` of a random child, worker, dispatcher, supervisor, broker or of the command itself every two seconds:
sums exact, every file there once, nothing stuck, nothing personal where it does not belong.

The run is a batch that the command starts. On SQLite the command has the service that it starts itself, and starts it
again; on PostgreSQL it follows one that stands by itself, as an operator's.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from renderer.ledger.database import Database
from renderer.ledger.model import Counts
from renderer.ledger.tables import runs
from tests.chaos import customers
from tests.chaos.audit import audit, audit_names
from tests.chaos.house import House
from tests.chaos.killing import EVERY_S, Killer
from tests.chaos.privacy import nothing_personal
from workers.start import is_running

REQUESTS = int(os.environ.get("DEARLY_CHAOS_REQUESTS", "300"))
"""`./run chaos` asks for 2,000."""

SERVER_REQUESTS = REQUESTS if "DEARLY_CHAOS_REQUESTS" in os.environ else REQUESTS // 3
"""With a ledger on a server: every day fewer, because the tests of all must end in time."""

STEP = max(1, REQUESTS // 60)
"""Nobody is killed until so many requests more are done, or for SLOW_S: on a machine so busy that a service needs
twenty seconds to start, one that dies every two would never do anything."""

SLOW_S = 60.0

PATIENCE_S = 240 + REQUESTS

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(PATIENCE_S + 120)]


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(tmp_path / "home", chaos_database)
    yield running
    running.close()


class Night:
    """The batch of one night: whoever is missing is started again."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.standing = bool(house.settings.database_url)
        self.requests = SERVER_REQUESTS if self.standing else REQUESTS
        self.file = customers.write_records(house.settings.home / "customers.jsonl", self.requests)
        self.begin: tuple[str, ...] = (
            *("batch", "start", str(house.settings.home / "template"), "--profiles", str(self.file)),
            *("--key", "night", "--json"),
        )
        self.command: subprocess.Popen[bytes] | None = None
        self.dispatcher: subprocess.Popen[bytes] | None = None

    def look_after(self) -> bool:
        """Start who is missing; False once the command has said that the run is complete."""
        if self.command is not None and self.command.poll() == 0:
            return False
        if self.standing and not is_running(self.house.settings):
            self.house.start()
            self.house.until(lambda: is_running(self.house.settings))
        if self.command is None or self.command.poll() is not None:
            self.command = self.house.run("renderer.cli.main", *self.begin, log="command")
        if self.dispatcher is None or self.dispatcher.poll() is not None:
            self.dispatcher = self.house.run("workers.dispatch", log="dispatch")
        return True

    def ask(self, *arguments: str) -> Any:
        """What a command says with ``--json``."""
        log = f"said-{arguments[1]}"
        assert self.house.run("renderer.cli.main", *arguments, "--json", log=log).wait(120) == 0, self.house.tail()
        return json.loads((self.house.settings.home / f"{log}.log").read_text())

    def end(self) -> None:
        """End all in order."""
        assert self.dispatcher is not None
        self.dispatcher.terminate()
        self.dispatcher.wait(60)
        if self.standing:
            if not is_running(self.house.settings):
                self.house.start()
                self.house.until(lambda: is_running(self.house.settings))
            supervisor = self.house.supervisor
            if supervisor is not None and supervisor.poll() is None:
                assert self.house.stop() == 0
        self.house.until(lambda: not is_running(self.house.settings))


def test_whoever_is_killed_nothing_is_lost_and_nothing_doubled(house: House) -> None:
    killer = Killer(house, int(os.environ.get("DEARLY_CHAOS_SEED", random.randrange(10**6))))
    night = Night(house)
    end = time.monotonic() + PATIENCE_S
    due = 0.0
    reached = 0
    try:
        while night.look_after():
            assert time.monotonic() < end, f"not done: {standing(house)}; {killer}\n{house.tail()}"
            now = time.monotonic()
            if not killer.killed:  # the first is the command, as soon as it has begun to read
                if standing(house):
                    killer.kill_one("command")
                    due = time.monotonic() + EVERY_S
            elif ripe(house, now, due, reached + STEP) and killer.kill_one():
                reached = done(house)
                due = time.monotonic() + EVERY_S
            time.sleep(0.1)
        ((run, state),) = standing(house)
        assert state == "complete"
        assert house.counts(run) == Counts(input=night.requests, done=night.requests)
        night.end()
        audit(house.services)
        audit_names(house.services, run, {record: record for record in range(1, night.requests + 1)})
        counts = night.ask("batch", "report", run)["counts"]
        assert counts == {
            "input": night.requests,
            "done": night.requests,
            **dict.fromkeys(("failed", "suppressed", "set_aside", "cancelled"), 0),
        }
        night.ask("batch", "verify", run)
        assert list(house.settings.work.iterdir()) == []
        night.file.unlink()
        nothing_personal(house)
    except BaseException:
        print(killer)
        raise
    assert len(killer.killed) > 1, "everything was done before anybody was killed"


def ripe(house: House, now: float, due: float, enough: int) -> bool:
    """Whether it is time to kill somebody."""
    return now > due + SLOW_S or (now > due and done(house) >= enough and house.at_work())


def done(house: House) -> int:
    """Requests that are done."""
    return sum(house.counts(run).done for run, _ in standing(house))


def standing(house: House) -> list[tuple[str, str]]:
    """The runs of the ledger and their states."""
    with closing(Database(house.settings.database)) as database, database.reading() as connection:
        return [(row.id, row.state) for row in connection.execute(select(runs.c.id, runs.c.state))]
