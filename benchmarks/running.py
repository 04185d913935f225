"""A whole service with its broker, dispatcher and worker processes: what a statement costs it, how soon urgent requests
begin, and how much of two cores reaches the work."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.machinery import APP, orders, services_at
from benchmarks.servers import cpu_s, service, until
from renderer import pipeline
from renderer.bootstrap import Services, build
from renderer.ledger.model import URGENT, Submission, wall_clock
from renderer.orders import Order, submission
from renderer.profile.carry import from_text, to_text
from renderer.profile.load import BadRecord
from renderer.settings import Settings
from renderer.template.load import find_template

TEMPLATE = "energy-bill"
WARM = 8
"""Statements that each process makes before it is measured: fonts, styles and code are loaded with them."""


def whole(statements: int, database_url: str, server_pid: int | None = None, broker: str = "") -> dict[str, Any]:
    """CPU milliseconds of all processes of a service for a statement that nobody renders, its plan included. The
    embedded broker is one of them, another one is not."""
    with tempfile.TemporaryDirectory(prefix="dearly-whole-") as folder:
        services = services_at(Path(folder), database_url)
        with service(Path(folder), APP, database_url, broker=broker) as process:
            through(services, process, orders(services, "warm", 200), 200)
            idle_s = 3.0
            before = cpu_s(process.pid)
            time.sleep(idle_s)
            idle = (cpu_s(process.pid) - before) / idle_s
            before, served = cpu_s(process.pid), cpu_s(server_pid) if server_pid else 0.0
            wall = through(services, process, orders(services, "batch", statements), statements)
            spent = cpu_s(process.pid) - before
            found = {
                "statements": statements,
                "cpu_ms_a_statement": round(1000 * spent / statements, 2),
                "cpu_ms_a_part": round(1000 * spent / statements / 2, 2),
                "statements_a_second": round(statements / wall, 1),
                "idle_cpu_ms_a_second": round(1000 * idle, 1),
            }
            if server_pid:
                found["server_cpu_ms_a_statement"] = round(1000 * (cpu_s(server_pid) - served) / statements, 2)
            return found


def through(services: Services, process: Any, batch: Iterator[Submission], count: int) -> float:
    """Seconds in which a run of so many requests is done, once they have been handed in."""
    run = services.intake.open_run("bench", hold_after=0)  # all of it waits until it is there
    services.intake.submit(run, batch)
    services.intake.seal_run(run, count)
    began = time.monotonic()
    services.intake.approve(run)
    until(lambda: services.reader.counts(run).open == 0, process)
    found = services.reader.counts(run)
    assert found.done == count, found
    return time.monotonic() - began


def urgent(requests: int, database_url: str, _server_pid: int | None = None) -> dict[str, Any]:
    """Milliseconds from the submission of an urgent request to the start of its plan and of its part, one at a time,
    while a batch keeps every worker process busy."""
    with tempfile.TemporaryDirectory(prefix="dearly-urgent-") as folder:
        services = services_at(Path(folder), database_url)
        with service(Path(folder), APP, database_url) as process:
            batch = services.intake.open_run("bench")
            services.intake.submit(batch, orders(services, batch, 20_000, burn=True))
            try:
                until(lambda: services.reader.counts(batch).done >= 50, process, 0.2)
                plans, starts = [], []
                for number in range(requests):
                    run = services.intake.open_run("api")
                    (item,) = orders(services, run, 1, priority=URGENT)
                    time.sleep(0.1 + 0.007 * (number % 10))  # not in step with the dispatcher
                    since = wall_clock()
                    services.intake.submit(run, [item])
                    until(lambda run=run: services.reader.counts(run).open == 0, process)  # type: ignore[misc]
                    planned, begun = services.reader.begun(item.id)
                    plans.append(planned - since)
                    starts.append(begun - since)
                assert services.reader.counts(batch).open, "the batch was over before the urgent requests were"
            finally:
                services.intake.cancel_run(batch)
            return {"requests": requests, "plan": _spread(plans), "part": _spread(starts)}


def _spread(found: Sequence[float]) -> dict[str, float]:
    ordered = sorted(found)
    return {
        "median_ms": statistics.median(ordered),
        "p95_ms": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "max_ms": ordered[-1],
    }


def children(statements: int, database_url: str, _server_pid: int | None = None) -> dict[str, Any]:
    """Statements of a real template: a service with two worker children against a bare loop in two processes, taking
    turns, with the same records. Each side is warm. ``ratio`` is of statements a second, ``cpu_ratio`` of CPU."""
    with tempfile.TemporaryDirectory(prefix="dearly-children-") as folder:
        home = Path(folder)
        settings = Settings(home=home, broker_url="", database_url=database_url)
        services = build(settings)
        people = people_of(statements + 2 * WARM)
        release = services.releases.publish(pipeline.open_template(TEMPLATE).template.release)

        warm, rest = people[: 2 * WARM], people[2 * WARM :]
        bare: list[tuple[float, float]] = []
        served: list[tuple[float, float]] = []
        with service(home, "workers.supervisor", database_url) as process:
            for turn in range(2):  # for a start so many that both children have had some
                through(services, process, statements_of(services, release, f"warm {turn}", warm), len(warm))
            for turn in range(2):
                bare.append(_bare(settings, warm, rest))
                before = cpu_s(process.pid)
                wall = through(services, process, statements_of(services, release, f"turn {turn}", rest), len(rest))
                served.append((wall, cpu_s(process.pid) - before))
        bare_wall, bare_cpu = (sum(one[which] for one in bare) / len(bare) for which in (0, 1))
        wall, cpu = (sum(one[which] for one in served) / len(served) for which in (0, 1))
        return {
            "statements": statements,
            "bare_a_second": round(statements / bare_wall, 2),
            "service_a_second": round(statements / wall, 2),
            "ratio": round(bare_wall / wall, 3),
            "bare_cpu_ms": round(1000 * bare_cpu / statements, 1),
            "service_cpu_ms": round(1000 * cpu / statements, 1),
            "cpu_ratio": round(bare_cpu / cpu, 3),
        }


def people_of(count: int) -> list[Order]:
    """The template's own samples over and over, without those that get nothing."""
    planner = pipeline.open_template(TEMPLATE)
    found = []
    for file in sorted((find_template(TEMPLATE) / "samples").glob("*.json")):
        for person in pipeline.profiles(file, planner):
            if not isinstance(person, BadRecord) and pipeline.plan(planner, person).suppression is None:
                found.append(Order(profile=to_text(person), images=person.images))
    return list(islice(cycle(found), count))


def statements_of(services: Services, release: str, name: str, people: Sequence[Order]) -> Iterator[Submission]:
    """A request for a statement for each of some people; ``name`` tells those of one run from those of another."""
    for number, order in enumerate(people, 1):
        yield submission(
            services.vault,
            order,
            recipient=str(number),
            idempotency=(name, str(number)),
            template=TEMPLATE,
            release=release,
            channels=("statement",),
            record=number,
        )


def _bare(settings: Settings, warm: Sequence[Order], people: Sequence[Order]) -> tuple[float, float]:
    """Wall and CPU seconds of a loop over plan and statement, in two processes that each take the next record."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(3), context.Barrier(3)
    place = context.Value("i", 0)
    results = context.Queue()
    records = [[order.to_bytes() for order in some] for some in (warm, people)]
    loops = [
        context.Process(target=_loop, args=(settings.cache, *records, place, ready, go, results)) for _ in range(2)
    ]
    for loop in loops:
        loop.start()
    ready.wait(300)
    began = time.monotonic()
    go.wait(300)
    spent = [results.get(timeout=3600) for _ in loops]
    wall = time.monotonic() - began
    for loop in loops:
        loop.join()
    return wall, sum(spent)


def _loop(
    cache: Path, warm: Sequence[bytes], people: Sequence[bytes], place: Any, ready: Any, go: Any, results: Any
) -> None:
    planner = pipeline.open_template(TEMPLATE)
    with tempfile.TemporaryDirectory(prefix="dearly-loop-") as out:

        def make(record: bytes) -> None:
            order = Order.from_bytes(record)
            person = from_text(order.profile, planner.template.contract, order.record, order.images)
            made = pipeline.plan(planner, person)
            job = pipeline.prepare_job(planner.template, made, person.images, cache, channel="statement")
            pipeline.render_channel("statement", job, Path(out))

        for record in warm:
            make(record)
        ready.wait(300)
        go.wait(300)
        before = sum(os.times()[:2])
        while True:
            with place.get_lock():
                number = place.value
                place.value += 1
            if number >= len(people):
                break
            make(people[number])
        results.put(sum(os.times()[:2]) - before)
