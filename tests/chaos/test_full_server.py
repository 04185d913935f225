"""The disk of the ledger's PostgreSQL server is full, and only that one. At first the server lives and refuses what
needs room; then it needs a new file for its log and ends itself. The run waits, goes on by itself when there is room
(and somebody has started the server again), and nobody has lost an attempt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from renderer.ledger.model import DEAD_MS, Counts
from tests import ledgers
from tests.chaos.audit import audit, audit_names, tried_once
from tests.chaos.disk import Disk, Limited, keep, small, stands
from tests.chaos.house import FAULTY, House

REQUESTS = 60
BY_THEN = 40
"""What may be made before the server ends. The last of all is held meanwhile: there is load on any machine."""
FULL_S = DEAD_MS / 1000 + 3
"""So long that every worker would look dead to somebody who reads the ledger only."""

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
    pace = {"CHAOS_LONGER_S": "0.2", "CHAOS_SOFT_S": "400"}
    running = House(tmp_path / "home", server.ledger(), module=FAULTY, environment=pace)
    yield running
    running.close()


def test_a_server_without_room_for_the_ledger_is_waited_for(house: House, server: ledgers.Postgres, disk: Disk) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.put_off(run, BY_THEN + 1)
    house.start()
    family = {process.pid for process in house.whole()}
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())

    server.keep_log_files()  # so it has room to say what it does, and none for what it is told
    with disk.full(house) as fill:
        house.until(lambda: (fill(), refused(house))[1])
        keep(fill, FULL_S)
        house.until(lambda: stands(fill, lambda: house.counts(run).done, 1))
        assert server.running()
        done = house.counts(run).done
    house.begin(run, REQUESTS)
    house.hold(REQUESTS)
    house.until(lambda: house.counts(run).done >= done + 5 and house.at_work())

    with server.connected() as operator, disk.full(house) as fill:
        for _ in range(2 * ledgers.LOG_FILES):
            fill()
            if ended(server, operator):
                break
            time.sleep(0.2)
        else:  # it has recovered, and has no room to let anybody in who could ask it for more
            server.stop()
        keep(fill, 3)
    assert house.supervisor is not None and house.supervisor.poll() is None, house.tail()
    server.start_again()  # as its operator does

    house.hurry()
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    tried_once(house.services, run)
    assert {process.pid for process in house.look()} >= family, "somebody was ended for it"
    assert list((house.settings.store / ".incoming").iterdir()) == []
    assert house.stop() == 0
    assert list(house.settings.work.iterdir()) == []


def ended(server: ledgers.Postgres, operator: Connection) -> bool:
    """Whether the server has ended: it goes through its reserve of files of the log, and who asks for one more is told
    that there is no room, or ends it. The connection is of before: who wants a new one now can be refused."""
    with suppress(SQLAlchemyError):
        operator.rollback()  # of what was cut off
        ledgers.begin_log_file(operator)
    return not server.running()


def refused(house: House) -> bool:
    """Whether somebody of the service met the full disk."""
    return any("environment.ledger" in log.read_text("utf-8") for log in house.settings.logs.iterdir())
