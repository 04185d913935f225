"""What the first page says: what needs a person, how the service does, the latest runs, what failed lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from renderer.api.operate.room import Room
from renderer.api.operate.rows import Row, rows
from renderer.ledger.gauges import Gauges, Queue
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import wall_clock
from renderer.ledger.summary import Run
from renderer.operations.needs import Need
from renderer.operations.status import Status, every_queue, look
from renderer.times import HOUR_MS

LATEST = 8


@dataclass(frozen=True, kw_only=True)
class WorkerSeen:
    """A worker as the pages tell it. ``silent_ms``: so long nothing was heard of it."""

    name: str
    queues: tuple[str, ...]
    children: int
    silent_ms: int
    alive: bool


@dataclass(frozen=True, kw_only=True)
class QueueSeen:
    """A queue with its pause: what is at fault and for how long, where it waits for its environment."""

    queue: Queue
    oldest_ms: int | None
    paused_ms: int | None = None
    fault: str = ""
    served: bool = False

    @property
    def busy(self) -> bool:
        """Whether there is anything to say of it."""
        return bool(self.queue.ready or self.queue.sent or self.queue.at_work or self.paused_ms is not None)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``status`` is None for a key of some templates: the installation as a whole is none of its business. ``about``
    are the runs that need somebody, by id."""

    status: Status | None
    needs: tuple[Need, ...]
    about: Mapping[str, Run]
    rows: tuple[Row, ...]
    failures: Mapping[str, int]


def overview(room: Room, key: ApiKey) -> Overview:
    """The first page of a key."""
    services = room.services
    status = status_of(room)
    about = services.summary.runs([need.run for need in status.needs if need.run is not None])
    latest = services.browse.runs(limit=LATEST, templates=key.templates)
    if key.templates is None:
        failures: Mapping[str, int] = {} if status.ledger is None else status.ledger.failures
    else:
        failures = Gauges(services.database).failures(wall_clock() - HOUR_MS, key.templates)
    return Overview(
        status=status if key.templates is None else None,
        needs=tuple(need for need in status.needs if _concerns(key, need, about)),
        about=about,
        rows=tuple(rows(services, latest.items)),
        failures=failures,
    )


def status_of(room: Room) -> Status:
    """How the installation does."""
    return room.glances.look("status", lambda: look(room.services.settings, room.service()))


def workers_of(status: Status) -> list[WorkerSeen]:
    """The workers that were not declared dead."""
    return [
        WorkerSeen(
            name=one.name,
            queues=one.queues,
            children=one.children,
            silent_ms=max(0, status.at_ms - one.beat_ms),
            alive=status.alive(one),
        )
        for one in (() if status.ledger is None else status.ledger.workers)
    ]


def queues_of(status: Status) -> list[QueueSeen]:
    """The queues that have something to do, are paused, or are served."""
    if status.ledger is None:
        return []
    served = {name for one in status.ledger.workers if status.alive(one) for name in one.queues}
    paused = {one.queue: one for one in status.ledger.pauses}
    known = every_queue(status.ledger)
    found = []
    for name in sorted({*known, *served}):
        queue, pause = known.get(name, Queue(name=name)), paused.get(name)
        found.append(
            QueueSeen(
                queue=queue,
                oldest_ms=None if queue.oldest_ms is None else max(0, status.at_ms - queue.oldest_ms),
                paused_ms=None if pause is None else max(0, status.at_ms - pause.since_ms),
                fault="" if pause is None else f"{pause.fault.message} [{pause.fault.code}]",
                served=name in served,
            )
        )
    return found


def _concerns(key: ApiKey, need: Need, about: Mapping[str, Run]) -> bool:
    if key.templates is None:
        return True
    run = None if need.run is None else about.get(need.run)
    return run is not None and key.may_use(run.template)
