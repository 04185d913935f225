"""``kill -9`` of a random child, worker, dispatcher, supervisor or broker every two seconds: sums exact, every file
there once, nothing stuck, nothing personal where it does not belong."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.ledger.model import Counts
from tests.chaos.audit import audit, audit_names
from tests.chaos.house import House
from tests.chaos.killing import EVERY_S, Killer

REQUESTS = int(os.environ.get("DEARLY_CHAOS_REQUESTS", "300"))
"""`./run chaos` asks for 2,000."""

PATIENCE_S = 240 + REQUESTS / 2

SLOW_S = 10.0
"""After so long without anything at work somebody is killed all the same."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(int(2 * PATIENCE_S))]


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(tmp_path / "home", chaos_database)
    yield running
    running.close()


def test_whoever_is_killed_nothing_is_lost_and_nothing_doubled(house: House) -> None:
    killer = Killer(house, int(os.environ.get("DEARLY_CHAOS_SEED", random.randrange(10**6))), lambda: dispatchers)
    dispatchers: list[subprocess.Popen[bytes]] = []
    run = house.submit(range(1, REQUESTS + 1))
    end = time.monotonic() + PATIENCE_S
    due = time.monotonic()
    try:
        while house.services.reader.run_state(run) == "running":
            assert time.monotonic() < end, f"not done: {house.counts(run)}; {killer}\n{house.tail()}"
            if house.supervisor is None or house.supervisor.poll() is not None:
                house.start()  # as the operator's process manager does
            if not dispatchers or dispatchers[-1].poll() is not None:
                dispatchers[:] = [house.run("workers.dispatch", log="dispatch")]
            # A kill hits something at work. On a slow machine a service that dies every two seconds would never start.
            now = time.monotonic()
            if now > due + SLOW_S or (now > due and house.at_work()):
                killer.kill_one()
                due = time.monotonic() + EVERY_S
            time.sleep(0.1)
        assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
        audit(house.services)
        audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    except BaseException:
        print(killer)
        raise
    assert killer.killed, "everything was done before anybody was killed"
