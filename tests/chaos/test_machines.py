"""Two machines share a run. One is cut off in the middle of it, for longer than its heartbeat may be missed, and comes
back: the other one takes over, what comes too late is thrown away, the one that was cut off goes on by itself, and the
sums are exact.

The machines are namespaces with a network between them. Ledger, broker and bucket are on a third one. Connections are
cut as firewalls do it: nobody is told.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import select

from renderer.errors import EnvironmentFault
from renderer.ledger.database import SILENT_S, Database
from renderer.ledger.leader import Leader
from renderer.ledger.model import Counts
from renderer.ledger.tables import attempts, history, leases, parts, workers
from tests import brokers, ledgers, stores
from tests.chaos import machines
from tests.chaos.audit import audit, audit_names
from tests.chaos.conftest import LONG
from tests.chaos.house import FAULTY, ROOT, House, until
from tests.chaos.machines import BACK, Machine

REQUESTS = 120 if LONG else 48
LONGER_S = 0.8 if LONG else 1.2
"""How much longer each statement takes, so that the run outlasts what happens to it."""
AWAY_S = 15.0
"""Longer than heartbeats may be missed (12 s), and than a connection is believed in that answers nothing (10 s)."""

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(900 if LONG else 400)]


@pytest.fixture
def network() -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(machines.backplane())
        except machines.NotPermitted as reason:
            pytest.skip(f"no machines without namespaces: {reason}")
        yield


@pytest.fixture
def server(network: None) -> Iterator[tuple[ledgers.Postgres, Callable[[str], str]]]:
    """A server in the network, and what makes a database's address for the machines from its name."""
    with ledgers.postgres() as own:
        yield own, own.listen(BACK)


@pytest.fixture
def pair(network: None) -> Iterator[tuple[Machine, Machine]]:
    with ExitStack() as stack:
        made = []
        for number in (1, 2):
            made.append(Machine(number))
            stack.callback(made[-1].close)
        yield made[0], made[1]


def test_a_machine_that_is_cut_off_in_a_transaction_keeps_no_lock(
    server: tuple[ledgers.Postgres, Callable[[str], str]], pair: tuple[Machine, Machine]
) -> None:
    postgres, over_tcp = server
    url = postgres.ledger()
    name = url.partition("?")[0].rpartition("/")[2]
    held = subprocess.Popen(
        [*pair[0].within, sys.executable, "-c", HOLDS_A_LOCK, over_tcp(name)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout is not None and held.stdout.readline() == "locked\n"
    with closing(Database(url)) as database:
        with pytest.raises(EnvironmentFault), database.reading() as connection:
            connection.exec_driver_sql("select * from leases for update nowait")
        pair[0].cut_off()
        began = time.monotonic()
        assert Leader(database).lead("dispatcher", "another", 1000) is not None
        assert time.monotonic() - began < 4 * SILENT_S
    pair[0].close()
    held.wait()
    held.stdout.close()


HOLDS_A_LOCK = """
import sys, time
from renderer.ledger.database import Database
from renderer.ledger.leader import Leader
database = Database(sys.argv[1])
Leader(database).lead("dispatcher", "first", 1)
with database.writing() as connection:
    connection.exec_driver_sql("select * from leases for update")
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", brokers.KINDS if LONG else ["rabbitmq"])
def test_one_of_two_machines_is_cut_off_in_the_middle_of_a_run_and_comes_back(
    kind: str,
    tmp_path: Path,
    server: tuple[ledgers.Postgres, Callable[[str], str]],
    pair: tuple[Machine, Machine],
    bucket_keys: None,
) -> None:
    with ExitStack() as stack:
        broker = stack.enter_context(brokers.running(kind, tmp_path / "broker", BACK))
        seaweed = stack.enter_context(stores.seaweed(BACK)) if LONG else None
        bucket = seaweed.bucket() if seaweed else stack.enter_context(stores.moto(BACK)).bucket()
        town = Town(tmp_path, server, broker.url, bucket, pair)
        stack.callback(town.close)
        run = town.office.submit(range(1, REQUESTS + 1))
        for house in town.houses:
            house.start()
        town.until(lambda: all(town.made()[node] >= 2 for node in town.nodes()) and len(town.nodes()) == 2)

        # The one whose dispatcher leads is cut off, while it is making something.
        away = town.leading()
        assert away is not None
        machine, node = pair[away], town.node_of(away)
        cut = town.cut_off_at_work(machine, node)
        town.until(lambda: town.leading() != away)
        town.until(lambda: town.living() == {town.node_of(1 - away)})
        made = town.made()[town.node_of(1 - away)]
        town.until(lambda: town.made()[town.node_of(1 - away)] >= made + 3)
        town.houses[1 - away].hold(1)  # it leaves something to the one that comes back
        time.sleep(max(0.0, AWAY_S - (time.monotonic() - cut)))
        assert town.office.counts(run).open, "the run was over before the machine came back"
        machine.connect()

        made = town.made()[node]
        town.until(lambda: town.living() == set(town.nodes()))
        town.until(lambda: town.made()[node] > made or not town.office.counts(run).open)
        assert town.made()[node] > made, "the run was over before the machine took part again"
        for house in town.houses:
            house.hurry()
        assert town.office.finished(run) == Counts(input=REQUESTS, done=REQUESTS)
        audit(town.office.services)
        audit_names(town.office.services, run, {record: record for record in range(1, REQUESTS + 1)})
        assert town.taken_back() > 0, "nothing of the machine's was taken back: it had nothing to do"
        assert [house.supervisor and house.supervisor.poll() for house in town.houses] == [None, None]
        assert [house.stop() for house in town.houses] == [0, 0]


class Town:
    """The machines' services, and an office that hands the work in and looks on, from where ledger, broker and bucket
    are."""

    def __init__(
        self,
        folder: Path,
        server: tuple[ledgers.Postgres, Callable[[str], str]],
        broker: str,
        bucket: stores.Bucket,
        pair: tuple[Machine, Machine],
    ) -> None:
        postgres, over_tcp = server
        local = postgres.ledger()
        remote = over_tcp(local.partition("?")[0].rpartition("/")[2])
        self.office = House(folder / "office", local, broker=broker, bucket=bucket)
        self.houses = [
            House(
                folder / f"home{machine.number}",
                remote,
                module=FAULTY,
                broker=broker,
                bucket=bucket,
                environment={"CHAOS_LONGER_S": str(LONGER_S), "CHAOS_SOFT_S": "400"},
                key_file=self.office.settings.key_file,
                children=1,
                within=machine.within,
            )
            for machine in pair
        ]

    def close(self) -> None:
        for house in (*self.houses, self.office):
            house.close()

    def until(self, true: Callable[[], object]) -> None:
        until(true, lambda: "\n".join(f"=== {house.settings.home.name}\n{house.tail()}" for house in self.houses))

    def nodes(self) -> list[str]:
        """The machines by the names that their processes have in the ledger, those that have been heard of."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            return sorted({str(owner).partition(":")[0] for owner in connection.scalars(select(workers.c.id))})

    def node_of(self, index: int) -> str:
        """The name of the machine with this place in the pair."""
        folder = self.houses[index].settings.work
        names = {path.name.partition("-")[0] for path in folder.iterdir()} & set(self.nodes())
        (name,) = names
        return name

    def cut_off_at_work(self, machine: Machine, node: str) -> float:
        """Cut a machine off while it is at something, and say when that was."""
        while True:
            self.until(lambda: self.at_work(node))
            machine.cut_off()
            cut = time.monotonic()
            time.sleep(0.5)  # what was on its way has come
            if self.at_work(node):
                return cut
            machine.connect()

    def at_work(self, node: str) -> bool:
        """Whether a process of a machine has a part."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            owners = connection.scalars(select(parts.c.lease_owner).where(parts.c.state == "running")).all()
        return any(owner.startswith(f"{node}:") for owner in owners)

    def leading(self) -> int | None:
        """Which machine's dispatcher leads, by its place in the pair."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            row = connection.execute(select(leases.c.holder).where(leases.c.name == "dispatcher")).one()
        node = str(row.holder).partition(":")[0]
        return next((index for index in (0, 1) if self.node_of(index) == node), None)

    def living(self) -> set[str]:
        """The machines whose workers are not thought dead, all of them."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            rows = connection.execute(select(workers.c.id, workers.c.dead_ms)).all()
        dead = {row.id.partition(":")[0] for row in rows if row.dead_ms is not None}
        return {row.id.partition(":")[0] for row in rows} - dead

    def made(self) -> Counter[str]:
        """How many parts each machine has finished."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            done = connection.scalars(select(attempts.c.owner).where(attempts.c.outcome == "done")).all()
        return Counter(str(owner).partition(":")[0] for owner in done)

    def taken_back(self) -> int:
        """How many parts were taken from a worker that was thought dead."""
        with closing(Database(self.office.settings.database)) as database, database.reading() as connection:
            found = select(history.c.id).where(history.c.event == "taken back", history.c.code == "lost")
            return len(connection.scalars(found).all())
