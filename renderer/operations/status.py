"""How an installation does, at a glance, and what in it needs a person.

Everything here is looked at quickly and by itself: with the service stopped, the broker down or the ledger away, the
rest is still told.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from renderer import __version__
from renderer.bootstrap import bucket
from renderer.deliver.retries import LONGEST_REST_S
from renderer.errors import CODES, EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.gauges import AtWork, Erasures, Gauges, Kept, Listening, OpenRun, Paused, Queue
from renderer.ledger.model import DEAD_MS, ENDLESS, Clock, wall_clock
from renderer.ledger.upkeep import Upkeep
from renderer.operations.broker import look as look_at_broker
from renderer.operations.folders import Size, size_of
from renderer.operations.upkeep import HOLD_MARK, HOLD_MS
from renderer.settings import Settings
from renderer.times import DAY_MS, HOUR_MS

PAUSED_MS = 300_000
"""A pause that is older than this will not pass by itself."""

UNBALANCED_MS = 7 * DAY_MS
"""For so long a run that does not add up is told of."""

STALE_MS = 7 * DAY_MS
"""A run that is open for longer than this, and is no endless one, has been left behind."""

FAILING_MS = HOUR_MS
"""An endpoint to which nothing has got through for longer than this may need somebody."""

OVERDUE_MS = 600_000
"""A message that is due for longer than this is brought by nobody."""

LEAST_FREE_BYTES = 2_000_000_000
LEAST_FREE = 0.05
"""The disk is nearly full below both: so many bytes, or this share of it."""

CONNECT_S = 3


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that needs a person. ``code`` is one word for machines, ``text`` a sentence, ``hint`` what to do.
    ``run`` is the run that it is about."""

    code: str
    text: str
    hint: str = ""
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Room where the home is. ``folders`` have their sizes as far as could be seen quickly."""

    free: int
    total: int
    folders: Mapping[str, Size]


@dataclass(frozen=True, kw_only=True)
class StoreView:
    """Where the files are. ``fault`` says why a bucket cannot be used; a folder is looked at as a disk."""

    kind: Literal["folder", "bucket"]
    fault: EnvironmentFault | None = None


@dataclass(frozen=True, kw_only=True)
class LedgerView:
    """What the ledger says."""

    kind: str
    revision: str | None
    leader: bool
    workers: tuple[AtWork, ...]
    queues: Mapping[str, Queue]
    pauses: tuple[Paused, ...]
    runs: tuple[OpenRun, ...]
    unbalanced: tuple[str, ...]
    failures: Mapping[str, int]
    chunks: Mapping[str, Kept]
    erasures: Erasures
    webhooks: tuple[Listening, ...]
    untold_ms: int | None
    releases: Mapping[str, str]
    retention_held_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """All of it. ``ledger`` is None where it could not be read, and then ``fault`` says why, or where there is none
    yet."""

    at_ms: int
    version: str
    home: str
    service: bool
    broker: bool
    dead_letters: int
    embedded: bool
    ledger: LedgerView | None
    fault: EnvironmentFault | None
    store: StoreView
    disk: Disk | None
    needs: tuple[Need, ...] = ()


def look(settings: Settings, service: bool, clock: Clock = wall_clock) -> Status:
    """How things are. ``service`` says whether a supervisor runs on this home. Changes nothing and raises nothing."""
    now = clock()
    ledger, fault = _ledger(settings, clock)
    broker = look_at_broker(settings)
    found = Status(
        at_ms=now,
        version=__version__,
        home=str(settings.home),
        service=service,
        broker=broker.answers,
        dead_letters=broker.dead_letters,
        embedded=settings.embedded_broker,
        ledger=ledger,
        fault=fault,
        store=_store(settings),
        disk=_disk(settings),
    )
    return replace(found, needs=tuple(_needs(found)))


def _ledger(settings: Settings, clock: Clock) -> tuple[LedgerView | None, EnvironmentFault | None]:
    if not settings.database_url and not (settings.home / "ledger.sqlite").exists():
        return None, None
    try:
        with closing(Database(_quick(settings.database))) as database:
            return _view(database, clock), None
    except EnvironmentFault as error:
        return None, error


def _view(database: Database, clock: Clock) -> LedgerView:
    gauges = Gauges(database, clock)
    now = clock()
    held = Upkeep(database, clock).mark(HOLD_MARK)
    return LedgerView(
        kind=database.engine.dialect.name,
        revision=gauges.revision(),
        leader=gauges.leader(),
        workers=tuple(gauges.workers()),
        queues=gauges.queues(),
        pauses=tuple(gauges.pauses()),
        runs=tuple(gauges.open_runs()),
        unbalanced=tuple(gauges.unbalanced(now - UNBALANCED_MS)),
        failures=gauges.failures(now - HOUR_MS),
        chunks=gauges.chunks(),
        erasures=gauges.erasures(),
        webhooks=tuple(gauges.webhooks()),
        untold_ms=gauges.outbox()[1],
        releases=gauges.active(),
        retention_held_ms=held if held is not None and now < held <= now + HOLD_MS else None,
    )


def _quick(url: str) -> str:
    """A server that does not answer is not waited for."""
    with suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and "connect_timeout" not in parsed.query:
            limited = parsed.update_query_dict({"connect_timeout": str(CONNECT_S)})
            return limited.render_as_string(hide_password=False)
    return url


def _store(settings: Settings) -> StoreView:
    if not settings.store_url:
        return StoreView(kind="folder")
    try:
        bucket(settings, quick=True).stat("ready")
    except EnvironmentFault as error:
        return StoreView(kind="bucket", fault=error)
    return StoreView(kind="bucket")


def _disk(settings: Settings) -> Disk | None:
    try:
        usage = shutil.disk_usage(settings.disk)
    except OSError:
        return None
    names = ("store", "cache", "logs", "work")
    return Disk(
        free=usage.free,
        total=usage.total,
        folders={name: size_of(settings.home / name) for name in names if os.path.isdir(settings.home / name)},
    )


# ---------------------------------------------------------------- What needs a person


def _needs(status: Status) -> Iterator[Need]:
    if status.fault is not None:
        yield Need(code="ledger", text=status.fault.message, hint=status.fault.hint or "")
    if status.store.fault is not None:
        yield Need(code="store", text=status.store.fault.message, hint=status.store.fault.hint or "")
    if status.disk is not None and status.disk.free < min(LEAST_FREE_BYTES, LEAST_FREE * status.disk.total):
        yield Need(code="disk", text="The disk is nearly full.", hint="'dearly clean' makes room.")
    ledger = status.ledger
    if ledger is None:
        return
    if (status.service or not status.embedded) and not status.broker:
        yield Need(code="broker", text="The broker does not answer.", hint="See the logs in DEARLY_HOME.")
    if status.dead_letters:
        text = f"{status.dead_letters:,} requests could not be handed in: each time their worker died."
        yield Need(code="dead_letters", text=text, hint="See 'What RabbitMQ could not deliver' in docs/queue.md.")
    yield from _about_work(status, ledger)
    for pause in ledger.pauses:
        paused_ms = status.at_ms - pause.since_ms
        if paused_ms > PAUSED_MS:
            text = f"The queue '{pause.queue}' has been paused for {ago(paused_ms)}: {pause.fault.message}"
            yield Need(code="paused", text=text, hint="It goes on by itself once this is put right.")
    yield from _about_runs(status, ledger)
    yield from _about_webhooks(status, ledger)
    if ledger.erasures.open:
        text = f"{ledger.erasures.open} recipients are not wholly forgotten: it was cut short."
        yield Need(code="erasure", text=text, hint="Call 'dearly forget' again for them.")
    if ledger.retention_held_ms is not None:
        text = "The clock was moved, or nothing ran for long: no data is dropped by age for a while."
        yield Need(code="clock", text=text, hint="Check the clock of this machine.")


def _about_work(status: Status, ledger: LedgerView) -> Iterator[Need]:
    waiting = {name: queue for name, queue in ledger.queues.items() if queue.ready or queue.sent}
    if not waiting:
        return
    parts = sum(queue.ready + queue.sent for queue in waiting.values())
    living = [worker for worker in ledger.workers if alive(status, worker)]
    if not status.service and (status.embedded or not living):
        text = f"{parts:,} parts wait and no service runs."
        yield Need(code="service", text=text, hint="Start it: 'dearly worker'.")
        return
    if not ledger.leader:
        text = f"{parts:,} parts wait and no dispatcher leads."
        yield Need(code="dispatcher", text=text, hint="Start one: 'python -m workers.dispatch'.")
    for name, queue in waiting.items():
        if not any(name in worker.queues for worker in living):
            oldest = "" if queue.oldest_ms is None else f", the oldest for {ago(status.at_ms - queue.oldest_ms)}"
            text = f"No worker serves the queue '{name}'; {queue.ready + queue.sent:,} parts wait{oldest}."
            yield Need(code="worker", text=text, hint=f"Start one: 'celery -A workers worker -Q {name}'.")


def _about_runs(status: Status, ledger: LedgerView) -> Iterator[Need]:
    for run_id in ledger.unbalanced:
        text = f"The run {run_id} does not add up."
        yield Need(code="unbalanced", text=text, hint=f"dearly batch report {run_id}", run=run_id)
    for run in ledger.runs:
        if run.held:
            text = f"The run {run.id} waits for an approval."
            yield Need(code="approval", text=text, hint=f"dearly batch approve {run.id}", run=run.id)
        elif run.kind not in ENDLESS and status.at_ms - run.created_ms > STALE_MS:
            text = f"The run {run.id} has been open for {ago(status.at_ms - run.created_ms)}; its data is kept so long."
            yield Need(code="stale", text=text, hint=f"dearly batch resume {run.id}, or cancel it.", run=run.id)


def _about_webhooks(status: Status, ledger: LedgerView) -> Iterator[Need]:
    for listening in ledger.webhooks:
        endpoint = listening.endpoint
        hint = f"dearly webhook log {endpoint.id}"
        if endpoint.state == "disabled":
            why = CODES.get(endpoint.why or "", "").removesuffix(".")
            text = f"The webhook endpoint '{endpoint.name}' is disabled; {listening.waiting:,} messages wait. {why}."
            yield Need(code="webhook", text=text, hint=f"dearly webhook resume {endpoint.id}, or remove it.")
        elif endpoint.state == "active" and endpoint.why is not None:
            text = f"Nothing can be signed for the webhook endpoint '{endpoint.name}': its secret cannot be opened."
            hint = f"Put the key back that it was made with, or make a new secret: dearly webhook rotate {endpoint.id}"
            yield Need(code="webhook", text=f"{text} {listening.waiting:,} messages wait.", hint=hint)
        elif endpoint.state == "active" and endpoint.failing_ms is not None:
            failing_ms = status.at_ms - endpoint.failing_ms
            if failing_ms > FAILING_MS:
                text = f"Nothing has got through to the webhook endpoint '{endpoint.name}' for {ago(failing_ms)}."
                yield Need(code="webhook", text=text, hint=hint)
    # What waits behind a receiver that fails, or is held, is not overdue, nor what waits for one that has asked for a
    # rest, while that may last; what is about to be tried again has a time that is to come.
    due = []
    for one in ledger.webhooks:
        kept = one.endpoint.state != "active" or one.endpoint.failing_ms is not None or one.endpoint.why is not None
        if one.due_ms is not None and not kept:
            rests = (one.endpoint.rests_ms or 0) > status.at_ms - OVERDUE_MS
            due.append(status.at_ms - one.due_ms - (LONGEST_REST_S * 1000 if rests else 0))
    # Where no courier runs at all, what happened has not even become a message to anybody.
    if ledger.untold_ms is not None and any(one.endpoint.state == "active" for one in ledger.webhooks):
        due.append(status.at_ms - ledger.untold_ms)
    if (status.service or not status.embedded) and max(due, default=0) > OVERDUE_MS:
        text = f"A webhook message has been due for {ago(max(due))}: no courier brings it, or not fast enough."
        yield Need(code="courier", text=text, hint="See courier.log; or start one: 'python -m workers.courier'.")


def ago(milliseconds: float) -> str:
    """A time span in words, rounded down."""
    seconds = max(0, int(milliseconds / 1000))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def as_json(status: Status) -> dict[str, Any]:
    """For machines: times are seconds before now, sizes bytes."""
    found: dict[str, Any] = {
        "version": status.version,
        "home": status.home,
        "service": status.service,
        "broker": {
            "answers": status.broker,
            "embedded": status.embedded,
            "dead_letters": status.dead_letters,
        },
        "store": {"kind": status.store.kind, "answers": status.store.fault is None},
        "needs": [{"code": need.code, "text": need.text, "hint": need.hint} for need in status.needs],
        "disk": None
        if status.disk is None
        else {
            "free": status.disk.free,
            "total": status.disk.total,
            "folders": {
                name: {"bytes": size.bytes, "files": size.files, "whole": size.whole}
                for name, size in status.disk.folders.items()
            },
        },
        "ledger": None if status.fault is None else {"error": status.fault.as_json()},
    }
    ledger = status.ledger
    if ledger is None:
        return found

    def before(at_ms: int | None) -> float | None:
        return None if at_ms is None else round(max(0, status.at_ms - at_ms) / 1000, 1)

    found["ledger"] = {
        "kind": ledger.kind,
        "revision": ledger.revision,
        "dispatcher": ledger.leader,
        "retention_held": ledger.retention_held_ms is not None,
    }
    found["workers"] = [
        {
            "name": worker.name,
            "queues": list(worker.queues),
            "children": worker.children,
            "beat_age_s": before(worker.beat_ms),
            "alive": alive(status, worker),
        }
        for worker in ledger.workers
    ]
    paused = {pause.queue: pause for pause in ledger.pauses}
    found["queues"] = [
        {
            "name": name,
            "waiting": queue.ready,
            "sent": queue.sent,
            "at_work": queue.at_work,
            "oldest_s": before(queue.oldest_ms),
            "paused": None
            if name not in paused
            else {
                "since_s": before(paused[name].since_ms),
                "code": paused[name].fault.code,
                "message": paused[name].fault.message,
            },
        }
        for name, queue in every_queue(ledger).items()
    ]
    found["runs"] = [
        {
            "id": run.id,
            "kind": run.kind,
            "template": run.template,
            "state": run.state,
            "age_s": before(run.created_ms),
            "records": run.records,
            "expected": run.expected,
            "open": run.open,
            "failed": run.failed,
            "waits_for_approval": run.held,
        }
        for run in ledger.runs
    ]
    found["unbalanced"] = list(ledger.unbalanced)
    found["failures_last_hour"] = dict(ledger.failures)
    found["chunks"] = {kind: {"count": kept.count, "bytes": kept.bytes} for kind, kept in ledger.chunks.items()}
    found["erasures"] = {"finished": ledger.erasures.finished, "open": ledger.erasures.open}
    found["webhooks"] = [
        {
            "id": one.endpoint.id,
            "name": one.endpoint.name,
            "state": one.endpoint.state,
            "why": one.endpoint.why,
            "waiting": one.waiting,
            "due_s": before(one.due_ms),
            "failing_s": before(one.endpoint.failing_ms),
        }
        for one in ledger.webhooks
    ]
    found["releases"] = dict(ledger.releases)
    return found


def alive(status: Status, worker: AtWork) -> bool:
    """Whether a worker was heard of lately."""
    return status.at_ms - worker.beat_ms < DEAD_MS


def every_queue(ledger: LedgerView) -> dict[str, Queue]:
    """The queues that have something to do or are paused."""
    names = {*ledger.queues, *(pause.queue for pause in ledger.pauses)}
    return {name: ledger.queues.get(name, Queue(name=name)) for name in sorted(names)}
