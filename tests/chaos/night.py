"""One night's batch during which somebody dies every two seconds, and what must be so in the morning."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import select

from renderer.ledger.database import Database
from renderer.ledger.model import Counts
from renderer.ledger.tables import runs
from tests.chaos import customers
from tests.chaos.audit import audit, audit_names
from tests.chaos.house import House
from tests.chaos.killing import EVERY_S, KINDS, Killer
from tests.chaos.privacy import nothing_personal
from tests.chaos.processes import Kind
from workers.start import is_running

SLOW_S = 60.0
"""Nobody is killed until some requests more are done, or for so long: on a machine so busy that a service needs twenty
seconds to start, one that dies every two would never do anything."""


def patience_s(requests: int) -> int:
    """How long a night may be."""
    return 400 + requests


class Night:
    """The batch of one night: whoever is missing is started again."""

    def __init__(self, house: House, requests: int) -> None:
        self.house = house
        self.standing = bool(house.settings.database_url)
        self.requests = requests
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
        for server in (self.house.own_broker, self.house.own_store):
            if server is not None and not server.running():
                server.start()
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


def get_through(
    house: House, requests: int, *, kinds: Sequence[Kind] = KINDS, step: int | None = None, held: int = 0
) -> Killer:
    """Have a batch of so many made while one of the ``kinds`` is killed every two seconds, once ``step`` requests more
    are done, and audit it. The last ``held`` of them, which the service has to hold (``CHAOS_HELD_FROM``), are made in
    peace and in haste when each kind had its turn. Gives the killer."""
    killer = Killer(house, int(os.environ.get("DEARLY_CHAOS_SEED", random.randrange(10**6))), kinds)
    night = Night(house, requests)
    end = time.monotonic() + patience_s(requests)
    step = max(1, requests // 60) if step is None else step
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
            elif held and killer.all_had_their_turn():
                house.hurry()
            elif ripe(house, now, due, min(reached + step, requests - held)) and killer.kill_one():
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
    return killer


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
