"""The core cases on what several machines share: a ledger on PostgreSQL, files in a bucket, and Redis or RabbitMQ from
Debian's packages. Whoever is killed, the broker too, and whatever it forgets or says thrice, the sums are exact. In the
long form the bucket is one of SeaweedFS, which is killed like everybody else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import brokers, stores
from tests.brokers import Own
from tests.chaos.conftest import LONG
from tests.chaos.house import FAULTY, House
from tests.chaos.killing import KINDS
from tests.chaos.night import get_through, patience_s
from tests.chaos.processes import Kind
from tests.chaos.test_messages import flush, thrice_and_forgotten
from tests.ledgers import Postgres

REQUESTS = int(os.environ.get("DEARLY_CHAOS_REQUESTS", "24"))
MESSAGES = 60 if LONG else 24
HELD = 0 if LONG else 4
"""The last requests, which wait until everybody was killed: few requests are enough then."""

EVERYDAY: Mapping[str, tuple[Kind, ...]] = {"redis": ("child", "broker", "worker"), "rabbitmq": KINDS}
"""Who is killed every day: with Redis those whose death it feels, since it speaks as the embedded Valkey does, on which
the tests of kills kill everybody."""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(patience_s(REQUESTS) + 120),
]


@pytest.fixture(scope="module", params=brokers.KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with brokers.running(request.param, tmp_path_factory.mktemp("broker") / request.param) as own:
        yield own


@pytest.fixture
def broker(server: Own) -> Own:
    """One that runs. It may have messages of another ledger, which mean nothing to anybody."""
    if not server.running():
        server.start()
    return server


@pytest.fixture
def store(bucket_keys: None) -> Iterator[stores.Seaweed | None]:
    """A store to be killed, in the long form."""
    if not LONG:
        yield None
        return
    with stores.seaweed() as own:
        yield own


@pytest.fixture
def pace() -> Mapping[str, str]:
    """How long statements take (:mod:`tests.chaos.app`)."""
    if not HELD:
        return {}
    return {
        "CHAOS_LONGER_S": "1",
        "CHAOS_HELD_FROM": str(REQUESTS - HELD + 1),
        "CHAOS_SOFT_S": str(patience_s(REQUESTS)),
    }


@pytest.fixture
def house(
    tmp_path: Path,
    postgres: Postgres,
    broker: Own,
    moto: stores.Moto,
    store: stores.Seaweed | None,
    pace: Mapping[str, str],
) -> Iterator[House]:
    running = House(
        tmp_path / "home",
        postgres.ledger(),
        broker=broker,
        store=store,
        bucket=moto.bucket(),
        module=FAULTY,
        environment=pace,
    )
    yield running
    running.close()


def test_whoever_is_killed_nothing_is_lost_and_nothing_doubled(house: House, broker: Own) -> None:
    kinds = (*KINDS, "store") if LONG else EVERYDAY[broker.kind]
    killer = get_through(house, REQUESTS, kinds=kinds, step=None if LONG else 1, held=HELD)
    assert killer.all_had_their_turn(), str(killer)


@pytest.mark.parametrize("pace", [{"CHAOS_LONGER_S": "0.2"}])
@pytest.mark.parametrize("server", brokers.KINDS if LONG else ["rabbitmq"], indirect=True)
def test_messages_come_thrice_and_shuffled_and_the_broker_forgets(house: House, broker: Own) -> None:
    thrice_and_forgotten(house, MESSAGES, broker.forget if LONG else lambda: flush(house))
