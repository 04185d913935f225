"""Questions about a whole run, which may have a million requests: counts, reasons, pace. Nothing is changed here.

Each question is one grouped statement that an index answers, or a bounded look at a few rows; none brings a run's
requests into memory. What must look at every part is in :mod:`renderer.ledger.census`, what gives every row in
:mod:`renderer.ledger.walk`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Column, Row, Table, func, literal_column, select

from renderer.errors import UsageError
from renderer.ledger.census import Census, take
from renderer.ledger.database import Database
from renderer.ledger.model import DEAD_MS, OPEN, Clock, RunState, wall_clock
from renderer.ledger.tables import parts, requests, runs, set_aside, workers

LATEST = "latest"

EXAMPLES = 3
"""Records that are named with each reason."""

WINDOWS_S = (60, 300, 900)
"""The pace is that of the last minute if enough ended in it, else of longer."""

ENOUGH = 30
"""Ends after which a window is long enough; films end slowly, pages by the hundred."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. ``template`` and ``release`` are None where its requests are of several; ``expected`` and ``sealed_ms``
    until all of the input was read; ``totals``, ``why`` and ``options`` are what the columns' JSON says."""

    id: str
    kind: str
    template: str | None
    release: str | None
    state: RunState
    expected: int | None
    records: int | None
    totals: Any
    why: Any
    options: Mapping[str, Any]
    scope: str | None
    hold_after: int | None
    approved_ms: int | None
    created_ms: int
    sealed_ms: int | None
    cancelled_ms: int | None
    finished_ms: int | None

    @property
    def held(self) -> bool:
        """Whether part of it waits for an approval, or will."""
        return self.hold_after is not None and self.approved_ms is None and self.state in ("open", "running")


@dataclass(frozen=True, kw_only=True)
class Tally:
    """A run's records by what became of them. ``waiting`` and ``working`` are open; the others have ended."""

    waiting: int = 0
    working: int = 0
    done: int = 0
    failed: int = 0
    suppressed: int = 0
    set_aside: int = 0
    cancelled: int = 0

    @property
    def open(self) -> int:
        return self.waiting + self.working

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.suppressed + self.set_aside + self.cancelled

    @property
    def all(self) -> int:
        return self.open + self.ended


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why records ended as they did. ``examples`` are the first of them: the record's number and the request's id (None
    of what was set aside). ``message`` is the first one's; it holds nothing personal. ``field`` is the contract's."""

    code: str
    count: int
    examples: tuple[tuple[int, str | None], ...]
    field: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast requests end. ``rendered_s`` are those a second that were made or could not be, ``ended_s`` with the
    suppressed ones; measured over ``window_s``."""

    rendered_s: float
    ended_s: float
    window_s: float


class Summary:
    """Asks about runs."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    # ---- Which run

    def run_id(self, name: str, kind: str | None = "batch") -> str:
        """The run that ``name`` means: an id, the beginning of just one, or ``latest``, of those of a kind (None: of
        every kind). Raises UsageError ``usage.run``."""
        wanted = select(runs.c.id).order_by(runs.c.created_ms.desc(), runs.c.id.desc()).limit(EXAMPLES + 1)
        if kind is not None:
            wanted = wanted.where(runs.c.kind == kind)
        if name != LATEST:
            if not re.fullmatch(r"[0-9a-f]{1,32}", name):
                raise UsageError(
                    "usage.run", "A run is named by its id, the beginning of one, or 'latest'.", hint=_LIST
                )
            wanted = wanted.where(runs.c.id >= name, runs.c.id < f"{name}g")  # g: after every digit of an id
        with self._database.reading() as connection:
            found: Sequence[str] = connection.scalars(wanted).all()
        if not found:
            raise UsageError(
                "usage.run", "There is no such run." if name != LATEST else "There is no run yet.", hint=_LIST
            )
        if len(found) > 1 and name != LATEST:
            shown = ", ".join(found[:EXAMPLES])
            raise UsageError(
                "usage.run", f"Several runs begin so: {shown}{', …' if len(found) > EXAMPLES else ''}.", hint=_LIST
            )
        return found[0]

    def run(self, run_id: str) -> Run:
        """A run by its whole id. Raises UsageError ``usage.run``."""
        with self._database.reading() as connection:
            row = connection.execute(select(*_RUN).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            raise UsageError("usage.run", "There is no such run.", hint=_LIST)
        return _run(row)

    def runs(self, run_ids: Sequence[str]) -> dict[str, Run]:
        """Several runs by their whole ids; those that are there."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*_RUN).where(runs.c.id.in_(run_ids)))
            return {row.id: _run(row) for row in rows}

    def newest(self, limit: int, kind: str | None = "batch") -> list[Run]:
        """The newest runs first."""
        wanted = select(*_RUN).order_by(runs.c.created_ms.desc(), runs.c.id.desc()).limit(limit)
        if kind is not None:
            wanted = wanted.where(runs.c.kind == kind)
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(wanted)]

    # ---- How much of it

    def tally(self, run_id: str) -> Tally:
        """What became of a run's records so far, all counted at one moment."""
        return self.tallies([run_id])[run_id]

    def tallies(self, run_ids: Sequence[str]) -> dict[str, Tally]:
        """The tallies of several runs."""
        with self._database.reading() as connection:
            states = connection.execute(
                select(requests.c.run_id, requests.c.state, func.count())
                .where(requests.c.run_id.in_(run_ids))
                .group_by(requests.c.run_id, requests.c.state)
            ).all()
            aside = connection.execute(
                select(set_aside.c.run_id, func.count())
                .where(set_aside.c.run_id.in_(run_ids))
                .group_by(set_aside.c.run_id)
            ).all()
        found: dict[str, dict[str, int]] = {run_id: {} for run_id in run_ids}
        for run_id, state, count in states:
            name = _WORDS.get(state, state)
            found[run_id][name] = found[run_id].get(name, 0) + count
        for run_id, count in aside:
            found[run_id]["set_aside"] = count
        return {run_id: Tally(**counts) for run_id, counts in found.items()}

    def held(self, run: Run) -> int:
        """How many requests wait for an approval."""
        if not run.held:
            return 0
        free = requests.c.record <= run.hold_after
        with self._database.reading() as connection:
            ours = (requests.c.run_id == run.id) & requests.c.state.in_(OPEN)
            every = connection.scalar(select(func.count()).where(ours)) or 0
            first = connection.scalar(
                select(func.count()).where(requests.c.run_id == run.id, free, requests.c.state.in_(OPEN))
            )
        return every - (first or 0)

    def census(self, run_id: str, progress: Callable[[int], None] = lambda _: None) -> Census:
        """What all parts sum up to. Looks at each: about a minute for a million requests. ``progress`` is called
        with the number of requests looked at so far."""
        return take(self._database, run_id, progress)

    def last_read_ms(self, run_id: str) -> int | None:
        """When the last record of the input was put in."""
        with self._database.reading() as connection:
            newest = [
                connection.scalar(select(when).where(table.c.run_id == run_id).order_by(table.c.record.desc()).limit(1))
                for table, when in _READ
            ]
        return max((when for when in newest if when is not None), default=None)

    # ---- Why

    def failures(self, run_id: str) -> list[Reason]:
        """Requests that failed, by the code of their first fault; the most frequent first."""
        return self._reasons(requests, run_id, "failed", requests.c.error_code, requests.c.error_message)

    def suppressions(self, run_id: str) -> list[Reason]:
        """Requests that the rules suppressed, by reason; the most frequent first."""
        return self._reasons(requests, run_id, "suppressed", requests.c.reason, None)

    def _reasons(
        self, table: Table, run_id: str, state: str, code: Column[Any], message: Column[Any] | None
    ) -> list[Reason]:
        shown = [table.c.record, table.c.id, *(() if message is None else (message.label("message"),))]
        place = func.row_number().over(partition_by=code, order_by=(table.c.record, table.c.id)).label("place")
        among = func.count().over(partition_by=code).label("among")
        ranked = (
            select(code.label("code"), *shown, place, among)
            .where(table.c.run_id == run_id, table.c.state == state)
            .subquery()
        )
        wanted = (
            select(ranked)
            .where(ranked.c.place <= EXAMPLES)
            .order_by(ranked.c.among.desc(), ranked.c.code, ranked.c.place)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return _gathered(
            [(row.code or "", None, row.among, row.record, row.id, getattr(row, "message", None)) for row in rows]
        )

    def set_aside(self, run_id: str) -> list[Reason]:
        """Records that were set aside, by the code and field of their first fault; the most frequent first."""
        by = (set_aside.c.code, set_aside.c.field)
        place = func.row_number().over(partition_by=by, order_by=set_aside.c.record).label("place")
        among = func.count().over(partition_by=by).label("among")
        ranked = select(*by, set_aside.c.record, place, among).where(set_aside.c.run_id == run_id).subquery()
        wanted = (
            select(ranked)
            .where(ranked.c.place <= EXAMPLES)
            .order_by(ranked.c.among.desc(), ranked.c.code, ranked.c.field, ranked.c.place)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return _gathered([(row.code, row.field, row.among, row.record, None, None) for row in rows])

    # ---- How fast

    def pace(self, run_id: str, since_ms: int = 0) -> Pace | None:
        """How fast requests end at present; None when too little has ended to tell. Only what ended after ``since_ms``
        counts (the run's start, or its approval)."""
        now = self._clock()
        for window in WINDOWS_S:
            start = max(now - window * 1000, since_ms)
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(requests.c.state, func.count(), func.min(requests.c.finished_ms))
                    .where(requests.c.run_id == run_id, requests.c.finished_ms > start)
                    .group_by(requests.c.state)
                ).all()
            count: dict[str, int] = {state: number for state, number, _ in rows if state != "cancelled"}
            ended = sum(count.values())
            if ended >= ENOUGH or window == WINDOWS_S[-1] or start == since_ms:
                break
        rendered = count.get("done", 0) + count.get("failed", 0)
        seconds = (now - start) / 1000
        if ended < 2 or seconds < 1:
            return None
        return Pace(rendered_s=rendered / seconds, ended_s=ended / seconds, window_s=seconds)

    # ---- Who

    def at_work(self, run_id: str) -> dict[str, int]:
        """How many parts of a run are at work just now, by what they make."""
        # A subquery that gives one value cannot be turned round: first the few leased parts, then their requests.
        run = select(requests.c.run_id).where(requests.c.id == parts.c.request_id).scalar_subquery()
        with self._database.reading() as connection:
            rows = connection.execute(
                select(parts.c.channel, func.count())
                .where(_LEASED, parts.c.state == "running", run == run_id)
                .group_by(parts.c.channel)
            ).all()
        return {row[0]: row[1] for row in rows}

    def queues_served(self) -> set[str]:
        """The queues that a living worker takes parts from."""
        alive = (workers.c.dead_ms.is_(None)) & (workers.c.beat_ms >= self._clock() - DEAD_MS)
        with self._database.reading() as connection:
            return {
                queue for text in connection.scalars(select(workers.c.queues).where(alive)) for queue in text.split(",")
            }


_LIST = "'dearly batch list' shows the runs."
_LEASED = parts.c.state.in_([literal_column("'dispatched'"), literal_column("'running'")])
"""As the index of leased parts says it: with values of a statement's own SQLite would not know that it may be used."""

_WORDS = {"submitted": "waiting", "dispatched": "waiting", "running": "working"}
_READ = ((requests, requests.c.created_ms), (set_aside, set_aside.c.at_ms))


_RUN = [runs.c[column.name] for column in fields(Run)]


def _run(row: Row[Any]) -> Run:
    known = dict(row._mapping)
    for name in ("totals", "why"):
        known[name] = None if known[name] is None else json.loads(known[name])
    return Run(**{**known, "options": json.loads(known["options"] or "{}")})


def _gathered(rows: Sequence[tuple[str, str | None, int, int, str | None, str | None]]) -> list[Reason]:
    """Rows of (code, field, count, record, request, message), those of one reason together."""
    found: dict[tuple[str, str | None], Reason] = {}
    for code, field, count, record, request_id, message in rows:
        known = found.get((code, field))
        before = known.examples if known else ()
        found[code, field] = Reason(
            code=code,
            field=field,
            count=count,
            examples=(*before, (record, request_id)),
            message=known.message if known else message,
        )
    return list(found.values())
