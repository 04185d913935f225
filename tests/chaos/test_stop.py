"""A service that is stopped in order under load, recycles its children, or loses its supervisor: nothing is lost, and
nothing is left running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.ledger.model import Counts
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.house import FAULTY, House
from tests.chaos.processes import Process
from workers.start import is_running

REQUESTS = 80
BY_THEN = 40
"""What may be made before the first stop. The last of it is held, as is the last of all before the second one: there is
load on any machine."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    pace = {"CHAOS_LONGER_S": "0.3", "CHAOS_SOFT_S": "400"}
    running = House(tmp_path / "home", chaos_database, module=FAULTY, environment=pace)
    yield running
    running.close()


@pytest.mark.short_on("sqlite")
def test_a_service_stopped_or_killed_under_load_hands_back_what_it_had(house: House) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.put_off(run, BY_THEN + 1)
    house.hold(BY_THEN)

    house.start()
    family = house.whole()
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())
    assert house.stop() == 0
    gone(house, family)
    assert not house.at_work() and house.counts(run).open
    assert house.services.reader.workers() == []
    assert set(attempts_of(house.services, run)) <= {0, 1}  # nothing was counted that was not finished
    assert list(house.settings.work.iterdir()) == []

    done = house.counts(run).done
    house.begin(run, REQUESTS)
    house.hold(REQUESTS)
    house.start()
    family = house.whole()
    house.until(lambda: house.counts(run).done > done and house.at_work())
    assert house.supervisor is not None
    house.supervisor.kill()  # nobody is told: the kernel ends the others
    house.supervisor.wait()
    gone(house, family)
    assert not is_running(house.settings)

    house.hurry()
    house.start()
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    assert attempts_of(house.services, run) == {1: 3 * REQUESTS}  # not even the kill was held against a part


def gone(house: House, family: list[Process]) -> None:
    """Supervisor, broker, three workers or more and their children have ended."""
    assert len(family) >= 10
    house.until(lambda: not any(process.alive() for process in family))
