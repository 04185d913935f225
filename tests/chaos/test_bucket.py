"""The store of the files is a bucket, and its server is killed while parts are made, or hangs: the run goes on by
itself once it is back, no attempt is burnt, every file is there once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.model import Counts, wall_clock
from renderer.ledger.tables import attempts
from tests import stores
from tests.chaos.audit import attempts_of, audit, audit_names
from tests.chaos.conftest import LONG
from tests.chaos.house import FAULTY, House

REQUESTS = 200 if LONG else 24
BY_THEN = REQUESTS - 4
"""What may be made before the server is away: it is missed on any machine."""
AWAY_S = 4.0

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def server(bucket_keys: None) -> Iterator[stores.Seaweed]:
    """A server of its own: others must not feel that it is away."""
    with stores.seaweed() as own:
        yield own


@pytest.fixture
def house(tmp_path: Path, server: stores.Seaweed) -> Iterator[House]:
    running = House(tmp_path / "home", module=FAULTY, bucket=server.bucket(), environment={"CHAOS_LONGER_S": "0.1"})
    yield running
    running.close()


def killed(house: House, server: stores.Seaweed, run: str) -> None:
    server.kill()
    gone = wall_clock()
    house.begin(run, REQUESTS)
    house.until(lambda: house.services.reader.pauses())
    (pause, *_) = house.services.reader.pauses()
    assert pause.fault.code == "environment.store"
    time.sleep(AWAY_S)
    assert house.counts(run).done < REQUESTS
    assert made_since(house, gone) == 0, "a part was done whose files nobody took"
    server.start()


def frozen(house: House, server: stores.Seaweed, run: str) -> None:
    """Longer than a call is waited for."""
    server.freeze()
    house.begin(run, REQUESTS)
    try:
        house.until(lambda: house.services.reader.pauses())
    finally:
        server.freeze(False)


def made_since(house: House, begun_ms: int) -> int:
    """How many parts with files were begun since then and are done. What had been begun may have had all its files in
    the store."""
    late = (attempts.c.outcome == "done") & (attempts.c.begun_ms > begun_ms) & ~attempts.c.part_id.endswith("-plan")
    with closing(Database(house.settings.database)) as database, database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(attempts).where(late)) or 0


@pytest.mark.parametrize("away", [killed, *([frozen] if LONG else [])])
def test_a_bucket_that_is_away_is_waited_for(
    house: House, server: stores.Seaweed, away: Callable[[House, stores.Seaweed, str], None]
) -> None:
    run = house.submit(range(1, REQUESTS + 1))
    house.put_off(run, BY_THEN + 1)
    house.start()
    house.until(lambda: house.counts(run).done >= 3 and house.at_work())
    away(house, server, run)
    assert house.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
    audit(house.services)
    audit_names(house.services, run, {record: record for record in range(1, REQUESTS + 1)})
    assert attempts_of(house.services, run) == {1: 3 * REQUESTS}
    assert any(part.faults for part in house.services.reader.parts(run))
    assert not (house.settings.home / "store").exists(), "something was written where nobody else would find it"
    assert house.stop() == 0
    assert list(house.settings.work.iterdir()) == []


def test_a_service_waits_for_a_bucket_and_does_not_start_on_another_ledgers(
    house: House, server: stores.Seaweed, tmp_path: Path
) -> None:
    run = house.submit([1])
    server.kill()
    house.start()
    house.until(lambda: "the store is away" in house.tail())
    assert house.supervisor is not None and house.supervisor.poll() is None
    server.start()
    assert house.finished(run) == Counts(input=1, done=1)
    assert house.stop() == 0
    environment = {**house.environment, "DEARLY_HOME": str(tmp_path / "other")}
    house.environment = environment
    assert house.run("workers.supervisor").wait(120) == EnvironmentFault.exit_code
    assert "store.other" in house.tail()
