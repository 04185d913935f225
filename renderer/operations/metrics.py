"""Metrics for Prometheus, computed from the ledger when they are asked for.

Every process that serves them serves the same numbers, and they outlive every process. Labels are queues, channels,
states, templates and workers' names: a bounded handful, and nothing that names a run, a request or a person.

What is open is counted in small indexes, what has ended is summed up already (:mod:`renderer.ledger.tallies`). A
backlog of a million still takes a while to count, so a group of metrics is kept for as long as counting it is to stay a
small share of the time.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from renderer import __version__
from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.gauges import Gauges
from renderer.ledger.model import QUEUES, RUN_STATES, URGENT_QUEUE, Clock, wall_clock
from renderer.ledger.tallies import BUCKETS_MS, LONGER, Tallies, Tally
from renderer.operations.hanging import MayHang
from renderer.operations.store_watch import HANGS_S, MOMENT_S, StoreWatch, watch
from renderer.settings import Settings

SHARE = 0.01
"""The share of the time that counting may take."""

DISK_S = 1.0
"""So long a disk is waited for at least that does not say how full it is. One of a network may never."""

ALL_QUEUES = (URGENT_QUEUE, *sorted(set(QUEUES.values())))


class LedgerCollector(Collector):
    """Gives the metrics. Opens the ledger when it is first asked, and again after a fault."""

    def __init__(
        self,
        settings: Settings,
        open_database: Callable[[], Database] | None = None,
        clock: Clock = wall_clock,
        now: Callable[[], float] = time.monotonic,
        store: StoreWatch | None = None,
        store_wait_s: float = MOMENT_S,
    ) -> None:
        self._store = store or watch(settings)
        self._store_wait_s = store_wait_s
        self._disk = MayHang(lambda: _free_and_size(settings))
        self._open = open_database or (lambda: Database(settings.database, only_look=True))
        self._clock = clock
        self._now = now
        self._database: Database | None = None
        self._kept: dict[str, tuple[float, list[Metric]]] = {}
        self._lock = Lock()

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            self._store.begin()  # while the ledger is read
            self._disk.begin()
            yield from _about()
            began = self._now()
            try:
                found = [metric for name, group in self._groups() for metric in self._group(name, group)]
            except EnvironmentFault:  # the numbers are missing, and that is the news
                self.close()
                self._kept.clear()
                found = []
                yield _gauge("dearly_ledger_up", "1 if the ledger could be read.", 0)
            else:
                yield _gauge("dearly_ledger_up", "1 if the ledger could be read.", 1)
            yield from found
            up = self._store.up(self._store_wait_s)
            if up is not None:
                yield _gauge("dearly_store_up", "1 if the store answered when it was looked at last.", int(up))
            yield from _room(self._disk.found(max(DISK_S, self._store_wait_s)))
            yield _gauge("dearly_collect_seconds", "Time that these metrics took to count.", self._now() - began)

    def close(self) -> None:
        """Let go of the ledger. It is opened again when somebody asks."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked when it is registered."""
        return ()

    def _group(self, name: str, count: Callable[[], Iterable[Metric]]) -> list[Metric]:
        """A group of metrics, counted again when it is time."""
        until, kept = self._kept.get(name, (float("-inf"), []))
        began = self._now()
        if began < until:
            return kept
        kept = list(count())
        took = self._now() - began
        self._kept[name] = (began + took / SHARE if took > 0.05 else began, kept)
        return kept

    def _groups(self) -> Iterator[tuple[str, Callable[[], Iterable[Metric]]]]:
        if self._database is None:
            self._database = self._open()
        gauges, tallies = Gauges(self._database, self._clock), Tallies(self._database, self._clock)
        yield "queues", lambda: _queues(gauges)
        yield "requests", lambda: _requests(gauges)
        yield "runs", lambda: _runs(gauges)
        yield "workers", lambda: _workers(gauges)
        yield "outbox", lambda: _outbox(gauges)
        yield "webhooks", lambda: _webhooks(gauges)
        yield "chunks", lambda: _chunks(gauges)
        yield "erasures", lambda: _erasures(gauges)
        yield "tallies", lambda: _tallies(tallies)


def exposition(settings: Settings) -> str:
    """All metrics in Prometheus' text form."""
    collector = LedgerCollector(settings, store_wait_s=HANGS_S)  # nobody asks again for what is not known yet
    with closing(collector):
        return generate_latest(registry(collector)).decode()


def registry(collector: LedgerCollector) -> CollectorRegistry:
    """A registry that has the ledger's metrics, and none of the process that serves them."""
    made = CollectorRegistry()
    made.register(collector)
    return made


def _about() -> Iterator[Metric]:
    info = GaugeMetricFamily("dearly_info", "Dearly's version; always 1.", labels=["version"])
    info.add_metric([__version__], 1)
    yield info


def _free_and_size(settings: Settings) -> tuple[int, int]:
    found = shutil.disk_usage(settings.disk)
    return found.free, found.total


def _room(disk: tuple[int, int] | None) -> Iterator[Metric]:
    if disk is None:
        return
    free, size = disk
    yield _gauge(
        "dearly_disk_free_bytes",
        "Bytes that are free on the disk of the store or, where that is a bucket, of the home.",
        free,
    )
    yield _gauge("dearly_disk_size_bytes", "Bytes of that disk.", size)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _queues(gauges: Gauges) -> Iterator[Metric]:
    found = gauges.queues()
    now = gauges.clock()
    state = GaugeMetricFamily(
        "dearly_parts",
        "Parts that are open and wait for no other, by queue and state: ready to be sent, sent, at work.",
        labels=["queue", "state"],
    )
    oldest = GaugeMetricFamily(
        "dearly_queue_oldest_seconds",
        "Age of the oldest request with a part that is ready in this queue; 0 if none is.",
        labels=["queue"],
    )
    for name in sorted({*ALL_QUEUES, *found}):
        queue = found.get(name)
        for label, value in (
            ("ready", queue.ready if queue else 0),
            ("dispatched", queue.sent if queue else 0),
            ("running", queue.at_work if queue else 0),
        ):
            state.add_metric([name, label], value)
        waits = 0.0 if queue is None or queue.oldest_ms is None else max(0.0, (now - queue.oldest_ms) / 1000)
        oldest.add_metric([name], waits)
    yield state
    yield oldest
    paused = GaugeMetricFamily(
        "dearly_queue_paused", "1 if the queue waits for its environment to be well again.", labels=["queue"]
    )
    held = {pause.queue for pause in gauges.pauses()}
    for name in sorted({*ALL_QUEUES, *held}):
        paused.add_metric([name], int(name in held))
    yield paused


def _requests(gauges: Gauges) -> Iterator[Metric]:
    found = GaugeMetricFamily("dearly_requests_open", "Requests that have not ended, by state.", labels=["state"])
    for state, count in gauges.open_requests().items():
        if state != "dispatched":  # a request never is, its parts are
            found.add_metric([state], count)
    yield found


def _runs(gauges: Gauges) -> Iterator[Metric]:
    found = GaugeMetricFamily("dearly_runs", "Runs by state; 'unbalanced' ones do not add up.", labels=["state"])
    counts = gauges.runs()
    for state in RUN_STATES:
        found.add_metric([state], counts.get(state, 0))
    yield found


def _workers(gauges: Gauges) -> Iterator[Metric]:
    alive = GaugeMetricFamily("dearly_workers", "Workers that were not declared dead, by name.", labels=["worker"])
    children = GaugeMetricFamily("dearly_worker_children", "Processes of these workers.", labels=["worker"])
    beat = GaugeMetricFamily(
        "dearly_worker_heartbeat_age_seconds",
        "Time since the last heartbeat, the longest of a name.",
        labels=["worker"],
    )
    names: dict[str, list[tuple[int, float]]] = defaultdict(list)
    now = gauges.clock()
    for worker in gauges.workers():
        names[worker.name].append((worker.children, max(0.0, (now - worker.beat_ms) / 1000)))
    for name, those in sorted(names.items()):
        alive.add_metric([name], len(those))
        children.add_metric([name], sum(count for count, _ in those))
        beat.add_metric([name], max(age for _, age in those))
    yield alive
    yield children
    yield beat
    yield _gauge("dearly_leader", "1 if a dispatcher leads.", int(gauges.leader()))


def _outbox(gauges: Gauges) -> Iterator[Metric]:
    waiting, first_ms = gauges.outbox()
    yield _gauge("dearly_outbox_waiting", "Messages that no courier has taken up; 100,000 are that or more.", waiting)
    age = 0.0 if first_ms is None else max(0.0, (gauges.clock() - first_ms) / 1000)
    yield _gauge("dearly_outbox_oldest_seconds", "Age of the oldest of them; 0 if there is none.", age)


def _webhooks(gauges: Gauges) -> Iterator[Metric]:
    found = gauges.webhooks()
    states = Counter(one.endpoint.state for one in found)
    state = GaugeMetricFamily("dearly_webhook_endpoints", "Webhook endpoints, by state.", labels=["state"])
    for name in ("active", "paused", "disabled"):
        state.add_metric([name], states[name])
    yield state
    active = [one.endpoint for one in found if one.endpoint.state == "active"]
    text = "Active ones to which the last attempt did not get through, or for which nothing can be signed."
    failing = sum(endpoint.failing_ms is not None or endpoint.why is not None for endpoint in active)
    yield _gauge("dearly_webhook_endpoints_failing", text, failing)
    text = "Messages that wait for an endpoint; of each, 100,000 are that or more."
    yield _gauge("dearly_webhook_waiting", text, sum(one.waiting for one in found))
    now = gauges.clock()
    due = [one.due_ms for one in found if one.due_ms is not None and one.endpoint.state == "active"]
    _, untold_ms = gauges.outbox()
    if untold_ms is not None and states["active"]:
        due.append(untold_ms)
    text = "For how long the message has been due that an active endpoint waits for longest."
    yield _gauge("dearly_webhook_oldest_seconds", text, max(0.0, (now - min(due, default=now)) / 1000))


def _chunks(gauges: Gauges) -> Iterator[Metric]:
    count = GaugeMetricFamily("dearly_chunks", "Kept pieces of film.", labels=["kind"])
    size = GaugeMetricFamily("dearly_chunks_bytes", "Bytes of kept pieces of film.", labels=["kind"])
    for kind, kept in gauges.chunks().items():
        count.add_metric([kind], kept.count)
        size.add_metric([kind], kept.bytes)
    yield count
    yield size


def _erasures(gauges: Gauges) -> Iterator[Metric]:
    found = gauges.erasures()
    yield CounterMetricFamily("dearly_erasures", "Recipients that were forgotten.", value=found.finished)
    yield _gauge("dearly_erasures_open", "Erasures that were begun and are not finished.", found.open)


def _tallies(tallies: Tallies) -> Iterator[Metric]:
    ended = CounterMetricFamily("dearly_requests_ended", "Requests that have ended.", labels=["template", "state"])
    tried = CounterMetricFamily("dearly_attempts", "Attempts that have ended.", labels=["channel", "outcome"])
    files = CounterMetricFamily("dearly_artefacts", "Files that were made.", labels=["channel"])
    size = CounterMetricFamily("dearly_artefact_bytes", "Bytes of the files that were made.", labels=["channel"])
    removed = CounterMetricFamily("dearly_removed_files", "Files that were removed again.", labels=["by"])
    removed_size = CounterMetricFamily("dearly_removed_bytes", "Bytes of these.", labels=["by"])
    told = CounterMetricFamily("dearly_webhook_attempts", "Attempts to tell an endpoint.", labels=["outcome"])
    told_s = CounterMetricFamily("dearly_webhook_attempt_seconds", "Seconds that these took.", labels=["outcome"])
    attempts: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for tally in tallies.read():
        match tally.name:
            case "requests":
                ended.add_metric(tally.label.rsplit(" ", 1), tally.count)
            case "attempts":
                channel, _, outcome = tally.label.partition(" ")
                attempts[channel, outcome].append(tally)
            case "artefacts":
                files.add_metric([tally.label], tally.count)
                size.add_metric([tally.label], tally.total)
            case "webhooks":
                told.add_metric([tally.label], tally.count)
                told_s.add_metric([tally.label], tally.total / 1000)
            case "removed":
                removed.add_metric([tally.label], tally.count)
                removed_size.add_metric([tally.label], tally.total)
    durations = HistogramMetricFamily(
        "dearly_part_duration_seconds", "How long attempts took that got through, by channel.", labels=["channel"]
    )
    for (channel, outcome), those in sorted(attempts.items()):
        tried.add_metric([channel, outcome], sum(tally.count for tally in those))
        if outcome == "done":
            buckets, total = _histogram(those)
            durations.add_metric([channel], buckets, total)
    yield from (ended, tried, durations, files, size, removed, removed_size, told, told_s)
    behind = tallies.behind_ms()
    if behind is not None:
        text = "How far the sums of what has ended (all counters) are behind the clock."
        yield _gauge("dearly_tallies_behind_seconds", text, behind / 1000)


def _histogram(those: list[Tally]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets, and the sum in seconds."""
    count = {tally.place: tally.count for tally in those}
    so_far = 0
    buckets: list[tuple[str, float]] = []
    for bound in BUCKETS_MS:
        so_far += count.get(bound, 0)
        buckets.append((repr(bound / 1000), so_far))
    buckets.append(("+Inf", so_far + count.get(LONGER, 0)))
    return buckets, sum(tally.total for tally in those) / 1000
