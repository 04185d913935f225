"""A disk is full under the store, then under everything, and is freed: the run goes on by itself, no attempt is burnt,
no half file is to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.ledger.model import DEAD_MS, Counts
from tests.chaos.audit import audit, audit_names, tried_once
from tests.chaos.disk import Disk, Limited, keep, small, stands
from tests.chaos.house import FAULTY, House

REQUESTS = 40
FULL_S = DEAD_MS / 1000 + 3
"""So long that no heartbeat in the ledger is young any more."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


def opened(home: Path, database: str) -> Iterator[House]:
    running = House(home, database, module=FAULTY, environment={"CHAOS_LONGER_S": "0.1"})
    yield running
    running.close()


@pytest.fixture
def store_disk(tmp_path: Path) -> Iterator[Disk]:
    with small(tmp_path / "home/store", 16) as disk:
        yield disk


@pytest.fixture
def home_disk(tmp_path: Path) -> Iterator[Disk]:
    with small(tmp_path / "home", 192) as disk:
        yield disk


@pytest.fixture
def house_on_store(store_disk: Disk, chaos_database: str) -> Iterator[House]:
    yield from opened(store_disk.root.parent, chaos_database)


@pytest.fixture
def house_on_disk(home_disk: Disk) -> Iterator[House]:
    yield from opened(home_disk.root, "")


@pytest.mark.short_on("postgresql")
def test_a_full_store_is_waited_for(house_on_store: House, store_disk: Disk) -> None:
    house = house_on_store
    if isinstance(store_disk, Limited) and not house.settings.database_url:
        pytest.skip(
            "no file system may be mounted here, and a limit on file sizes meets the ledger too: see the next test"
        )
    run = house.submit(range(1, REQUESTS + 1))
    house.start()
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())
    with store_disk.full(house) as fill:
        house.until(lambda: (fill(), paused(house))[1])
        keep(fill, 4)
        house.until(lambda: stands(fill, lambda: house.counts(run).done, 2))
        assert house.counts(run).done < REQUESTS
    check(house, run)
    assert any(part.faults for part in house.services.reader.parts(run))


def test_a_disk_that_is_full_under_ledger_broker_logs_and_all_is_waited_for(
    house_on_disk: House, home_disk: Disk
) -> None:
    house = house_on_disk
    run = house.submit(range(1, REQUESTS + 1))
    house.start()
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())
    with home_disk.full(house) as fill:
        keep(fill, FULL_S)
        assert house.supervisor is not None and house.supervisor.poll() is None, house.tail()
        assert house.counts(run).done < REQUESTS
    check(house, run)


def paused(house: House) -> bool:
    """Whether a queue waits for room on a disk."""
    return any(pause.fault.code == "environment.disk" for pause in house.services.reader.pauses())


def check(house: House, run: str) -> None:
    """It went on by itself."""
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    tried_once(house.services, run)
    assert list((house.settings.store / ".incoming").iterdir()) == []
    assert house.stop() == 0
    assert list(house.settings.work.iterdir()) == []
