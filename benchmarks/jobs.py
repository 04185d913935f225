"""What the machinery of jobs costs, with an engine that renders nothing.

    .venv/bin/python -m benchmarks.jobs cost [--parts 2000] [--postgres URL]       CPU a part, its plan included
    .venv/bin/python -m benchmarks.jobs submit [--requests 100000] [--postgres URL]
    .venv/bin/python -m benchmarks.jobs urgent [--requests 40]                     start of urgent requests in a batch

``cost`` does the leader's and the workers' work in one process, without a broker; ``urgent`` uses a whole service. A
PostgreSQL address is that of a database which ``dearly migrate`` has been run on.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from renderer.bootstrap import Progress, Services, build
from renderer.ledger.model import URGENT, Submission, wall_clock
from renderer.orders import MadePlan, Order, Taken, submission
from renderer.render.model import RenderResult, write_artefact
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import Release
from renderer.units import digest
from workers import log
from workers.app import make_app
from workers.dispatch import shards
from workers.lanes import LANES, SENT_MS
from workers.supervisor import main as supervise
from workers.tasks import work_on

APP = "benchmarks.jobs"
BURN_S = 0.03
"""What a part of the batch computes while urgent ones are measured, as a fast statement does."""


class Nothing:
    """Renders nothing: a plan of a few hundred bytes, a file of a few."""

    def take(self, release: Release, profile: str) -> Taken:
        raise NotImplementedError

    def plan(self, release: Release, order: Order) -> MadePlan:
        return MadePlan(data=order.profile, digest=digest(order.profile.encode()))

    def render(
        self,
        release: Release,
        plan: MadePlan,
        channel: Channel,
        out: Path,
        made: Sequence[RenderResult],
        progress: Progress,
        use: str,
    ) -> RenderResult:
        until = time.process_time() + (BURN_S if json.loads(plan.data).get("burn") else 0)
        while time.process_time() < until:
            pass
        artefact = write_artefact(out, channel, "pdf", "statement.pdf", b"nothing", "application/pdf")
        return RenderResult(channel=channel, artefacts=(artefact,), figures={"pages": 1})


def build_nothing(settings: Settings) -> Services:
    return build(settings, Nothing())


_settings = Settings()
app = make_app(_settings, lambda: build_nothing(_settings))


def _services(home: Path, postgres: str) -> Services:
    return build_nothing(Settings(home=home, broker_url="", database_url=postgres))


def _orders(services: Services, run: str, count: int, priority: int = 0, burn: bool = False) -> Iterator[Submission]:
    release = services.releases.publish(Release({"template.yaml": b"id: nothing"}))
    profile = json.dumps({"name": "somebody", "lines": ["a line of a statement"] * 10, "burn": burn})
    for record in range(1, count + 1):
        yield submission(
            services.vault,
            Order(profile=profile),
            recipient=str(record),
            idempotency=(run, str(record)),
            template="nothing",
            release=release,
            channels=("statement",),
            priority=priority,
            record=record,
        )


def cost(parts: int, postgres: str) -> dict[str, Any]:
    """CPU ms a part of a batch, its share of dispatch, plan and run included."""
    with tempfile.TemporaryDirectory() as folder:
        services = _services(Path(folder), postgres)
        run = services.intake.open_run("batch")
        services.intake.submit(run, _orders(services, run, parts))
        services.intake.seal_run(run, parts)
        spent: dict[str, float] = {}
        first = os.times()
        began = time.monotonic()
        while services.reader.counts(run).open:
            for queue in ("control", "statement"):
                before = time.process_time()
                lane = LANES[queue]
                ready = services.leader.dispatch(queue, lane.high * lane.shard, SENT_MS)
                for ids in shards(ready, lane.shard, 1):
                    work_on(services, ids)
                spent[queue] = spent.get(queue, 0) + time.process_time() - before
        assert services.reader.counts(run).done == parts
        last = os.times()
        return {
            "parts": parts,
            "plan_ms": round(1000 * spent["control"] / parts, 2),
            "statement_ms": round(1000 * spent["statement"] / parts, 2),
            "cpu_ms_a_part": round(1000 * sum(spent.values()) / parts, 2),
            "of_which_kernel_ms": round(1000 * (last.system - first.system) / parts, 2),
            "wall_s": round(time.monotonic() - began, 1),
        }


def submit(requests: int, postgres: str) -> dict[str, Any]:
    """Time and memory of a submission."""
    with tempfile.TemporaryDirectory() as folder:
        services = _services(Path(folder), postgres)
        run = services.intake.open_run("batch")
        began, cpu = time.monotonic(), time.process_time()
        new = services.intake.submit(run, _orders(services, run, requests))
        services.intake.seal_run(run, new)
        return {
            "requests": new,
            "wall_s": round(time.monotonic() - began, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def urgent(requests: int) -> dict[str, Any]:
    """Milliseconds from the submission of an urgent request to the start of its plan and of its part, one at a time,
    while a batch keeps every worker process busy."""
    with tempfile.TemporaryDirectory() as folder:
        services = _services(Path(folder), "")
        environment = {**os.environ, "DEARLY_HOME": folder}
        with (Path(folder) / "supervisor.log").open("wb") as log:
            service = subprocess.Popen([sys.executable, "-m", APP, "serve"], env=environment, stdout=log, stderr=log)
        try:
            batch = services.intake.open_run("batch")
            services.intake.submit(batch, _orders(services, batch, 20_000, burn=True))
            while services.reader.counts(batch).done < 50:
                time.sleep(0.1)
            plans, starts = [], []
            for _ in range(requests):
                run = services.intake.open_run("api")
                (item,) = _orders(services, run, 1, priority=URGENT)
                since = wall_clock()
                services.intake.submit(run, [item])
                while services.reader.counts(run).open:
                    time.sleep(0.05)
                planned, begun = services.reader.begun(item.id)
                plans.append(planned - since)
                starts.append(begun - since)
                time.sleep(0.1)
            assert services.reader.counts(batch).open
            return {"requests": requests, "plan": _spread(plans), "part": _spread(starts)}
        finally:
            services.intake.cancel_run(batch)
            service.terminate()
            service.wait(60)


def _spread(found: Sequence[float]) -> dict[str, float]:
    ordered = sorted(found)
    return {
        "median_ms": statistics.median(ordered),
        "p95_ms": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "max_ms": ordered[-1],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "submit", "urgent", "serve"))
    parser.add_argument("--parts", type=int, default=2000)
    parser.add_argument("--requests", type=int, default=None)
    parser.add_argument("--postgres", default="", metavar="URL")
    given = parser.parse_args()
    if given.what == "serve":
        return supervise(build_nothing, APP)
    log.set_up()
    found = {
        "cost": lambda: cost(given.parts, given.postgres),
        "submit": lambda: submit(given.requests or 100_000, given.postgres),
        "urgent": lambda: urgent(given.requests or 40),
    }[given.what]()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
