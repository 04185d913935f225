"""How an installation does, at a glance, and what in it needs a person.

Everything here is looked at quickly and by itself: with the service stopped, the broker down or the ledger away, the
rest is still told.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from renderer import __version__
from renderer.bootstrap import bucket
from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.gauges import AtWork, Erasures, Gauges, Kept, Listening, OpenRun, Paused, Queue
from renderer.ledger.model import DEAD_MS, Clock, wall_clock
from renderer.ledger.upkeep import Upkeep
from renderer.operations.broker import look as look_at_broker
from renderer.operations.folders import Size, size_of
from renderer.operations.hanging import MayHang
from renderer.operations.needs import UNBALANCED_MS, Need, needs_of
from renderer.operations.upkeep import HOLD_MARK, HOLD_MS
from renderer.settings import Settings
from renderer.times import HOUR_MS

CONNECT_S = 3

DISK_S = 10.0
"""So long a disk is waited for. One of a network may never answer."""


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

    def alive(self, worker: AtWork) -> bool:
        """Whether a worker was heard of lately."""
        return self.at_ms - worker.beat_ms < DEAD_MS


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
    return replace(found, needs=tuple(needs_of(found)))


def _ledger(settings: Settings, clock: Clock) -> tuple[LedgerView | None, EnvironmentFault | None]:
    if not settings.database_url and not (settings.home / "ledger.sqlite").exists():
        return None, None
    try:
        with closing(Database(_quick(settings.database), only_look=True)) as database:
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
    looking = MayHang(lambda: _disk_at_once(settings))
    looking.begin()
    return looking.found(DISK_S)


def _disk_at_once(settings: Settings) -> Disk:
    usage = shutil.disk_usage(settings.disk)
    names = ("store", "cache", "logs", "work")
    return Disk(
        free=usage.free,
        total=usage.total,
        folders={name: size_of(settings.home / name) for name in names if os.path.isdir(settings.home / name)},
    )


# ---------------------------------------------------------------- What needs a person


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
            "alive": status.alive(worker),
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


def every_queue(ledger: LedgerView) -> dict[str, Queue]:
    """The queues that have something to do or are paused."""
    names = {*ledger.queues, *(pause.queue for pause in ledger.pauses)}
    return {name: ledger.queues.get(name, Queue(name=name)) for name in sorted(names)}
