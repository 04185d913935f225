"""A run on two machines against one: statements of a real template, with everything shared over a network.

    .venv/bin/python -m benchmarks.hosts [--statements 300] [--broker redis|rabbitmq] [--json]

The machines are namespaces on this one (root is needed), each with a service of its own; ledger (PostgreSQL), broker
and bucket (SeaweedFS) are on a third. All of them share this machine's cores: with two cores, two machines of one
worker child each cannot be faster than one machine of two. What the figures tell is what sharing costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.running import TEMPLATE, WARM, people_of, statements_of, through
from benchmarks.servers import cpu_s, service
from renderer import pipeline
from renderer.bootstrap import Services, build
from renderer.orders import Order
from renderer.settings import Settings
from tests import brokers, ledgers, stores
from tests.chaos.machines import BACK, Machine, NotPermitted, backplane
from workers import log

SHAPES = {"one machine, one child": (1,), "one machine, two children": (2,), "two machines, one child each": (1, 1)}
"""Children of each machine."""


def main() -> int:
    """Measure and print; 3 where namespaces are not permitted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=300)
    parser.add_argument("--broker", choices=brokers.KINDS, default="redis")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log.set_up()
    os.environ.update(stores.KEYS)
    try:
        found = measure(given.statements, given.broker)
    except NotPermitted as reason:
        print(reason, file=sys.stderr)
        return 3
    if given.json:
        print(json.dumps({"statements": given.statements, "broker": given.broker, **found}))
        return 0
    names = next(iter(found.values()))
    print(f"{'':30}", *(f"{name:>26}" for name in names))
    for shape, figures in found.items():
        print(f"{shape:30}", *(f"{value:>26}" for value in figures.values()))
    return 0


def measure(statements: int, kind: str) -> dict[str, dict[str, float]]:
    """Statements a second and CPU milliseconds of each, for every shape."""
    people = people_of(statements + 4 * WARM)
    with ExitStack() as stack:
        stack.enter_context(backplane())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dearly-hosts-")))
        postgres = stack.enter_context(ledgers.postgres())
        address = postgres.listen(BACK)
        broker = stack.enter_context(brokers.running(kind, folder / "broker", BACK))
        store = stack.enter_context(stores.seaweed(BACK))
        found = {}
        for number, (shape, children) in enumerate(SHAPES.items()):
            url = postgres.ledger()
            bucket = store.bucket()
            broker.forget()
            shared = {
                **bucket.environment,
                "DEARLY_DATABASE_URL": address(url.partition("?")[0].rpartition("/")[2]),
                "DEARLY_KEY_FILE": str(folder / f"key{number}"),
            }
            office = Settings(
                home=folder / f"office{number}",
                database_url=url,
                broker_url=broker.url,
                key_file=folder / f"key{number}",
                store_url=bucket.url,
                s3_endpoint=bucket.endpoint,
                s3_region=stores.REGION,
            )
            homes = [folder / f"home{number}-{machine}" for machine in range(len(children))]
            found[shape] = _shape(build(office), homes, children, shared, broker.url, people, statements)
        return found


def _shape(
    services: Services,
    homes: Sequence[Path],
    children: Sequence[int],
    shared: dict[str, str],
    broker: str,
    people: Sequence[Order],
    statements: int,
) -> dict[str, float]:
    release = services.releases.publish(pipeline.open_template(TEMPLATE).template.release)

    with ExitStack() as stack:
        processes: list[Any] = []
        for number, (home, count) in enumerate(zip(homes, children, strict=True), 1):
            home.mkdir()
            machine = Machine(number)
            stack.callback(machine.close)
            running = service(
                home,
                "workers.supervisor",
                shared["DEARLY_DATABASE_URL"],
                count,
                broker=broker,
                within=machine.within,
                environment=shared,
            )
            processes.append(stack.enter_context(running))
        for turn in range(2):  # for a start so many that every child has had some
            some = people[2 * turn * WARM : 2 * (turn + 1) * WARM]
            through(services, processes[0], statements_of(services, release, f"warm {turn}", some), len(some))
        measured = people[4 * WARM :]
        before = sum(cpu_s(process.pid) for process in processes)
        wall = through(services, processes[0], statements_of(services, release, "measured", measured), statements)
        spent = sum(cpu_s(process.pid) for process in processes) - before
    return {
        "statements_a_second": round(statements / wall, 2),
        "cpu_ms_a_statement": round(1000 * spent / statements, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
