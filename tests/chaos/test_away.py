"""The ledger's server, or the broker, is away for longer than heartbeats last: the run goes on by itself when they are
back, and nobody has lost an attempt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.ledger.model import DEAD_MS, Counts
from tests import ledgers
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.house import FAULTY, House

REQUESTS = 40
AWAY_S = DEAD_MS / 1000 + 3
"""So long that every worker would look dead to somebody who reads the ledger only."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def server() -> Iterator[ledgers.Postgres]:
    """A server of its own: others must not feel that it is away."""
    with ledgers.postgres() as own:
        yield own


@pytest.fixture
def house(tmp_path: Path, server: ledgers.Postgres) -> Iterator[House]:
    running = House(tmp_path / "home", server.ledger(), module=FAULTY, environment={"CHAOS_LONGER_S": "0.2"})
    yield running
    running.close()


def test_a_postgresql_that_is_stopped_and_started_again_costs_only_time(house: House, server: ledgers.Postgres) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.start()
    family = {process.pid for process in house.whole()}
    house.until(lambda: house.counts(run).done >= 5 and house.at_work())
    server.halt()
    time.sleep(AWAY_S)
    assert house.supervisor is not None and house.supervisor.poll() is None, house.tail()
    server.start_again()
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    assert attempts_of(house.services, run) == {1: 3 * REQUESTS}
    assert {process.pid for process in house.look()} >= family, "somebody was ended for it"
    assert house.stop() == 0
