"""The machinery of jobs with an engine that renders nothing, in one process and without a broker: what a part costs,
and what it takes to hand many requests in."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from celery import Celery

from benchmarks.servers import cpu_s
from renderer.bootstrap import Services, build
from renderer.ledger.model import Submission
from renderer.orders import MadePlan, Order, submission
from renderer.render.model import Artefact, RenderResult
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import Release
from renderer.units import sha256
from tests.engines import AsItStands
from workers.app import make_app
from workers.dispatch import Dispatcher, shards
from workers.lanes import LANES, SENT_MS
from workers.post import Post
from workers.supervisor import main as supervise
from workers.tasks import work_on

APP = "benchmarks.machinery"
BURN_S = 0.03
"""What a part of a batch computes while urgent ones are measured, as a fast statement does."""


class Nothing(AsItStands):
    """Renders nothing: a plan that is the profile, a file of a few bytes."""

    def files(self, plan: MadePlan, channel: Channel, out: Path, use: str) -> RenderResult:
        if json.loads(plan.data)["burn"]:
            until = time.process_time() + BURN_S
            while time.process_time() < until:
                pass
        content = b"nothing"
        (out / channel).mkdir(exist_ok=True)
        (out / channel / "statement.pdf").write_bytes(content)
        artefact = Artefact(
            channel=channel,
            kind="pdf",
            path=f"{channel}/statement.pdf",
            media_type="application/pdf",
            bytes=len(content),
            sha256=sha256(content),
        )
        return RenderResult(channel=channel, artefacts=(artefact,), figures={"pages": 1})


def build_nothing(settings: Settings) -> Services:
    return build(settings, Nothing())


_settings = Settings()
app = make_app(_settings, lambda: build_nothing(_settings))


def services_at(home: Path, database_url: str) -> Services:
    """The services of a home."""
    return build_nothing(Settings(home=home, broker_url="", database_url=database_url))


def orders(services: Services, run: str, count: int, priority: int = 0, burn: bool = False) -> Iterator[Submission]:
    """Requests for a statement each, with a profile of a few hundred bytes."""
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


def cost(statements: int, database_url: str, server_pid: int | None = None) -> dict[str, Any]:
    """CPU of a batch in milliseconds: leader's and workers' work, all of it in this process. Each request has two
    parts, its plan and its statement; ``server_pid`` is the database server's, whose CPU is told apart."""
    with tempfile.TemporaryDirectory(prefix="dearly-cost-") as folder:
        services = services_at(Path(folder), database_url)
        warm = 50
        run = services.intake.open_run("bench")
        services.intake.submit(run, orders(services, run, warm + statements))
        services.intake.seal_run(run, warm + statements)
        spent: dict[str, float] = {}
        _work(services, run, spent, warm)  # what a process does once
        spent.clear()
        served = cpu_s(server_pid) if server_pid else 0.0
        first, began = os.times(), time.monotonic()
        _work(services, run, spent, None)
        last, wall = os.times(), time.monotonic() - began
        done = services.reader.counts(run).done
        assert done == warm + statements
        total = sum(spent.values())
        found = {
            "statements": statements,
            "plan_part_ms": 1000 * spent["control"] / statements,
            "statement_part_ms": 1000 * spent["statement"] / statements,
            "cpu_ms_a_statement": 1000 * total / statements,
            "cpu_ms_a_part": 1000 * total / statements / 2,
            "of_which_kernel_ms_a_statement": 1000 * (last.system - first.system) / statements,
            "wall_ms_a_statement": 1000 * wall / statements,
        }
        if server_pid:
            found["server_cpu_ms_a_statement"] = 1000 * (cpu_s(server_pid) - served) / statements
        return {name: round(value, 2) for name, value in found.items()}


def _work(services: Services, run: str, spent: dict[str, float], enough: int | None) -> None:
    while services.reader.counts(run).open and (enough is None or services.reader.counts(run).done < enough):
        for queue in ("control", "statement"):
            before = time.process_time()
            lane = LANES[queue]
            room = lane.high * lane.shard if enough is None else enough
            ready = services.leader.dispatch(queue, room, SENT_MS)
            for ids in shards(ready, lane.shard, 1):
                work_on(services, ids)
            spent[queue] = spent.get(queue, 0) + time.process_time() - before


class _Deaf:
    """In the broker's place: takes messages and does nothing."""

    def send(self, *_: object, **__: object) -> None:
        pass


def submit(requests: int, database_url: str, _server_pid: int | None = None) -> dict[str, Any]:
    """Time and memory of a submission; and what a tick of the dispatcher costs when all of it waits."""
    with tempfile.TemporaryDirectory(prefix="dearly-submit-") as folder:
        services = services_at(Path(folder), database_url)
        run = services.intake.open_run("bench")
        before = _resident_mb()
        began, cpu = time.monotonic(), time.process_time()
        new = services.intake.submit(run, orders(services, run, requests))
        services.intake.seal_run(run, new)
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ticks = _ticks(services)
        return {
            "requests": new,
            "wall_s": round(wall, 1),
            "cpu_s": round(cpu, 1),
            "requests_a_second": round(new / wall),
            "memory_before_mb": round(before),
            "peak_mb": round(peak),
            **ticks,
        }


def _ticks(services: Services) -> dict[str, float]:
    """Milliseconds of a dispatcher's tick: those that look at the urgent lane only, and those that sweep and fill all
    lanes, while the windows are full."""
    at = [0.0]
    spent: dict[str, list[float]] = {"urgent": [], "all": []}
    for _ in range(15):
        dispatcher = Dispatcher(services, cast("Celery", None), now=lambda: at[0], post=cast("Post", _Deaf()))
        dispatcher.tick()
        for count in range(1, 16):
            at[0] += 1.0 if count % 5 == 0 else 0.01
            before = time.process_time()
            dispatcher.tick()
            spent["all" if count % 5 == 0 else "urgent"].append(time.process_time() - before)
        dispatcher.resign()
    return {
        "tick_urgent_ms": round(1000 * sum(spent["urgent"]) / len(spent["urgent"]), 2),
        "tick_all_ms": round(1000 * sum(spent["all"]) / len(spent["all"]), 2),
    }


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(supervise(build_nothing, APP))
