"""What the machinery of jobs costs, with an engine that renders nothing, and what it leaves to a real one.

    .venv/bin/python -m benchmarks.jobs cost [--statements 2000]      CPU of a part of a batch, in one process
    .venv/bin/python -m benchmarks.jobs whole [--statements 2000]     the same of a whole service, broker and all
    .venv/bin/python -m benchmarks.jobs submit [--requests 1000000]   time and memory of a submission; a leader's tick
    .venv/bin/python -m benchmarks.jobs urgent [--requests 100]       start of urgent requests while a batch runs
    .venv/bin/python -m benchmarks.jobs children [--statements 300]   two worker children against a bare loop

With ``--json`` one object is printed. Each is measured on SQLite; with ``--postgres auto`` on a PostgreSQL server too,
which is started for it, and with ``--postgres URL`` on an empty database that ``dearly migrate`` has been run on.
``whole`` takes ``--broker redis|rabbitmq`` too, which is started from Debian's package.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from benchmarks import machinery, running
from benchmarks.servers import postgres
from tests import brokers
from workers import log

Measure = Callable[[int, str, int | None], dict[str, Any]]

MEASURES: dict[str, tuple[Measure, int]] = {
    "cost": (machinery.cost, 2_000),
    "whole": (running.whole, 2_000),
    "submit": (machinery.submit, 1_000_000),
    "urgent": (running.urgent, 100),
    "children": (running.children, 300),
}
"""What can be measured, and of how many requests."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--requests", "--statements", type=int, default=None, dest="count", metavar="N")
    parser.add_argument("--postgres", default="", metavar="auto|URL")
    parser.add_argument("--broker", choices=brokers.KINDS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log.set_up()
    measure, usual = MEASURES[given.what]
    if given.broker and given.what != "whole":
        parser.error("--broker is for 'whole'")
    count = given.count or usual
    with Path(os.devnull).open("w") as nowhere, ExitStack() as stack:
        if given.broker:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="dearly-broker-")))
            broker = stack.enter_context(brokers.running(given.broker, folder / "broker"))
            measure = partial(running.whole, broker=broker.url)
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=nowhere))
        found = {"sqlite": measure(count, "", None)}
        if given.postgres == "auto":
            with postgres() as server:
                found["postgresql"] = measure(count, server.ledger(), server.pid)
        elif given.postgres:
            found["postgresql"] = measure(count, given.postgres, None)
    if given.json:
        print(json.dumps({"what": given.what, **found}))
        return 0
    names = list(found["sqlite"]) + [name for name in found.get("postgresql", {}) if name not in found["sqlite"]]
    print(f"{given.what:32}", *(f"{database:>24}" for database in found))
    for name in names:
        print(f"{name:32}", *(f"{_text(figures.get(name)):>24}" for figures in found.values()))
    return 0


def _text(figure: Any) -> str:
    if isinstance(figure, dict):
        return " ".join(f"{value:g}" for value in figure.values())
    return "" if figure is None else str(figure)


if __name__ == "__main__":
    sys.exit(main())
