"""The disk of the ledger's PostgreSQL server is full, and only that one. At first the server lives and refuses what
needs room; then it needs a new file for its log and ends itself. The run waits, goes on by itself when there is room
(and somebody has started the server again), and nobody has lost an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from renderer.ledger.model import DEAD_MS, Counts
from tests import ledgers
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.disk import Disk, Limited, keep, small
from tests.chaos.house import FAULTY, House

REQUESTS = 60
FULL_S = DEAD_MS / 1000 + 3
"""So long that every worker would look dead to somebody who reads the ledger only."""

LOG_FILES = 20
"""More files of its log than the server keeps in reserve."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def disk() -> Iterator[Disk]:
    with ledgers.postgres_folder() as folder, small(folder, 256) as mounted:
        if isinstance(mounted, Limited):
            pytest.skip("no file system may be mounted here, and a limit on file sizes would end the server at once")
        yield mounted


@pytest.fixture
def server(disk: Disk) -> Iterator[ledgers.Postgres]:
    with ledgers.postgres(disk.root) as own:
        yield own


@pytest.fixture
def house(tmp_path: Path, server: ledgers.Postgres) -> Iterator[House]:
    running = House(tmp_path / "home", server.ledger(), module=FAULTY, environment={"CHAOS_LONGER_S": "0.2"})
    yield running
    running.close()


def test_a_server_without_room_for_the_ledger_is_waited_for(house: House, server: ledgers.Postgres, disk: Disk) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.start()
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())
    family = {process.pid for process in house.look()}

    server.begin_log_file()  # so it has room to say what it does, and none for what it is told
    with disk.full(house) as fill:
        house.until(lambda: (fill(), refused(house))[1])
        keep(fill, FULL_S)
        assert server.running()
        done = house.counts(run).done
        assert done < REQUESTS
        keep(fill, 1)
        assert house.counts(run).done == done
    house.until(lambda: house.counts(run).done >= done + 5)
    assert house.counts(run).open > 5, "nearly everything was done before the server ended"

    with disk.full(house) as fill:
        with pytest.raises(OperationalError):
            for _ in range(LOG_FILES):
                fill()
                server.begin_log_file()
        house.until(lambda: not server.running())
        keep(fill, 3)
    assert house.supervisor is not None and house.supervisor.poll() is None, house.tail()
    server.start_again()  # as its operator does

    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    assert attempts_of(house.services, run) == {1: 3 * REQUESTS}
    assert {process.pid for process in house.look()} == family, "somebody was ended for it"
    assert list((house.settings.store / ".incoming").iterdir()) == []
    assert house.stop() == 0
    assert list(house.settings.work.iterdir()) == []


def refused(house: House) -> bool:
    """Whether somebody of the service met the full disk."""
    return any("environment.ledger" in log.read_text("utf-8") for log in house.settings.logs.iterdir())
