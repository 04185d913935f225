"""Runs that wait for an approval: noticed when nothing else is left of them, and announced then.

A run holds what comes after its first records (``hold_after``). The leader walks those first records, a page at a time
and from where it was the time before, until all of them have ended.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select

from renderer.ledger.database import Database
from renderer.ledger.endings import note
from renderer.ledger.events import REOPENED, announce_run
from renderer.ledger.model import OPEN, Clock, Fence, wall_clock
from renderer.ledger.tables import history, requests, runs, set_aside
from renderer.ledger.upkeep import guard

HELD = "held"
"""What the history says of a run that waits for nothing but its approval."""

PAGE = 2_000
"""Requests that one look passes."""


@dataclass
class _Walk:
    """How far the first records of a run were passed, and what became of them."""

    record: int = 0
    counts: Counter[str] = field(default_factory=Counter)


class Holds:
    """One for a dispatcher; what it has passed is nobody else's."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock
        self._walks: dict[tuple[str, int], _Walk] = {}

    def tell(self, fence: Fence | None = None) -> list[str]:
        """Look at each run that is held and was not announced, a page of it; the ids of those that were now. Raises
        NotLeader."""
        found: list[tuple[Row[Any], int, Counter[str]]] = []
        walks: dict[tuple[str, int], _Walk] = {}
        with self._database.reading() as connection:
            for run in connection.execute(select(runs).where(_waits())).all():
                last, times = _before(connection, run.id)
                if last == HELD:
                    continue
                key = (run.id, times)
                walk = walks[key] = self._walks.get(key) or _Walk()
                if _pass(connection, run, walk) and _beyond(connection, run):
                    found.append((run, times, walk.counts))
        self._walks = walks
        return [run.id for run, times, counts in found if self._announce(run, times, counts, fence)]

    def _announce(self, run: Row[Any], times: int, counts: Counter[str], fence: Fence | None) -> bool:
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            guard(connection, fence, now)
            still = select(runs.c.id).where(runs.c.id == run.id, _waits()).with_for_update()
            last, now_times = _before(connection, run.id)
            if connection.scalar(still) is None or last == HELD or now_times != times:  # or tried again meanwhile
                return False
            aside = connection.scalar(select(func.count()).where(set_aside.c.run_id == run.id)) or 0
            told = {"input": run.expected or 0, **counts, **({"set_aside": aside} if aside else {})}
            told["held"] = told["input"] - sum(counts.values()) - aside
            note(connection, now, HELD, run_id=run.id)
            announce_run(connection, now, run.id, HELD, again=times, counts=told)
            return True


def _waits() -> ColumnElement[bool]:
    """True of a run all of whose input was read, and that nobody has approved."""
    return (runs.c.state == "running") & runs.c.hold_after.is_not(None) & runs.c.approved_ms.is_(None)


def _before(connection: Connection, run_id: str) -> tuple[str | None, int]:
    """What was the last of this run that counts here, and how often something of it was tried again."""
    again = (REOPENED, "retried")
    ours = (history.c.run_id == run_id) & history.c.event.in_((HELD, *again))
    events = connection.scalars(select(history.c.event).where(ours).order_by(history.c.id)).all()
    return (events[-1] if events else None), sum(event in again for event in events)


def _beyond(connection: Connection, run: Row[Any]) -> bool:
    """Whether anything is held: otherwise the run ends by itself."""
    beyond = (requests.c.run_id == run.id) & (requests.c.record > run.hold_after)
    return bool(connection.scalar(select(exists().where(beyond, requests.c.state.in_(OPEN)))))


def _pass(connection: Connection, run: Row[Any], walk: _Walk) -> bool:
    """Pass a page of what has ended; whether all records that need no approval have."""
    rows = connection.execute(
        select(requests.c.record, requests.c.state)
        .where(requests.c.run_id == run.id, requests.c.record > walk.record, requests.c.record <= run.hold_after)
        .order_by(requests.c.record)
        .limit(PAGE)
    ).all()
    for row in rows:
        if row.state in OPEN:
            return False
        walk.record = row.record
        walk.counts[row.state] += 1
    return len(rows) < PAGE
