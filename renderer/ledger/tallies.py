"""Sums over what has ended, so that nobody counts a million rows to say how many there are.

The leader takes up, a few thousand rows at a time, the attempts and requests that ended since it last did, and adds
them to a handful of rows. A sum never goes down: what reads it may ask how fast it grows. The rows that were summed may
be cleaned or forgotten afterwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from renderer.ledger.database import Database, insert_new
from renderer.ledger.model import Clock, Fence, wall_clock
from renderer.ledger.tables import artefacts, attempts, marks, requests, tallies
from renderer.ledger.upkeep import guard

LAG_MS = 3_000
"""What ended less long ago is left for the next time: a transaction that read its clock earlier may still commit."""

ROWS = 500
"""Attempts that are taken up in one step."""

BUCKETS_MS = (25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 240_000)
"""Upper ends of the durations' buckets; what is longer has the place :data:`LONGER`."""

LONGER = 0

_MARK = "tallied"

Key = tuple[str, str, int]
"""Name, label and place of a sum."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One sum. ``total`` is in milliseconds or bytes."""

    name: str
    label: str
    place: int
    count: int
    total: int


class Tallies:
    """The sums, and how the leader brings them up."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def read(self) -> list[Tally]:
        """All sums."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tallies).order_by(tallies.c.name, tallies.c.label, tallies.c.place)).all()
        return [
            Tally(name=name, label=label, place=place, count=count, total=total)
            for name, label, place, count, total in rows
        ]

    def behind_ms(self) -> int | None:
        """How far behind the clock the sums are; None before the first."""
        with self._database.reading() as connection:
            mark = connection.scalar(select(marks.c.value).where(marks.c.name == _MARK))
        return None if mark is None else max(0, self._clock() - mark)

    def fold(self, fence: Fence | None = None) -> bool:
        """Take up what ended since the last time, or the first thousands of it; whether there is more. Raises
        NotLeader."""
        now = self._clock()
        with self._database.reading() as connection:
            mark = connection.scalar(select(marks.c.value).where(marks.c.name == _MARK))
            since = 0 if mark is None else mark
            if since > now:  # the clock was put back: go on from here, even if a moment is not counted
                found, until, more = Counter[Key](), now - LAG_MS, False
                totals = Counter[Key]()
            else:
                rows, until = _ended(connection, since, now - LAG_MS)
                if until <= since:
                    return False
                found, totals = _sums(connection, rows, since, until)
                more = until < now - LAG_MS
        with self._database.writing(durable=False) as connection:
            guard(connection, fence, now)
            if mark is None:
                connection.execute(insert_new(connection, marks, "name").values(name=_MARK, value=0))
            ours = connection.execute(
                update(marks).where(marks.c.name == _MARK, marks.c.value == since).values(value=until)
            )
            if ours.rowcount != 1:  # another leader has taken it up
                return more
            add(connection, [(*key, count, totals[key]) for key, count in found.items()])
        return more


def add(connection: Connection, sums: Iterable[tuple[str, str, int, int, int]]) -> None:
    """Add (name, label, place, count, total) to sums, which are made when they are missing."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for name, label, place, count, total in sorted(sums):  # in one order, so that no two wait for each other
        row = insert(tallies).values(name=name, label=label, place=place, count=count, total=total)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["name", "label", "place"],
                set_={"count": tallies.c.count + row.excluded.count, "total": tallies.c.total + row.excluded.total},
            )
        )


def _ended(connection: Connection, since: int, until: int) -> tuple[Sequence[Any], int]:
    """Attempts that ended after ``since``, no more than ROWS, and until when these are all."""
    asked = select(attempts).where(attempts.c.ended_ms > since).order_by(attempts.c.ended_ms)
    rows = connection.execute(asked.where(attempts.c.ended_ms <= until).limit(ROWS)).all()
    if len(rows) < ROWS:
        return rows, until
    last = rows[-1].ended_ms
    if rows[0].ended_ms == last:  # so many in one millisecond: all of that
        return connection.execute(select(attempts).where(attempts.c.ended_ms == last)).all(), last
    return [row for row in rows if row.ended_ms < last], last - 1


def _sums(connection: Connection, rows: Sequence[Any], since: int, until: int) -> tuple[Counter[Key], Counter[Key]]:
    found = Counter[Key]()
    totals = Counter[Key]()
    for row in rows:
        took = max(0, row.ended_ms - row.begun_ms)
        bucket = bisect_left(BUCKETS_MS, took)
        key = (
            "attempts",
            f"{channel_of(row.part_id)} {row.outcome}",
            BUCKETS_MS[bucket] if bucket < len(BUCKETS_MS) else LONGER,
        )
        found[key] += 1
        totals[key] += took
    done = [row.part_id for row in rows if row.outcome == "done"]
    for start in range(0, len(done), 500):
        for part_id, size in connection.execute(
            select(artefacts.c.part_id, artefacts.c.bytes).where(artefacts.c.part_id.in_(done[start : start + 500]))
        ):
            key = ("artefacts", channel_of(part_id), 0)
            found[key] += 1
            totals[key] += size
    for release in releases_kept(connection):
        for template, state, count in connection.execute(
            select(requests.c.template, requests.c.state, func.count())
            .where(requests.c.release == release, requests.c.finished_ms > since, requests.c.finished_ms <= until)
            .where(requests.c.dropped_ms.is_(None), requests.c.finished_ms.is_not(None))
            .group_by(requests.c.template, requests.c.state)
        ):
            found[("requests", f"{template} {state}", 0)] += count
    return found, totals


def channel_of(part_id: str) -> str:
    """What a part makes."""
    return part_id.rpartition("-")[2]


def releases_kept(connection: Connection) -> list[str]:
    """The releases of requests that have ended and whose data is kept: one step in the index for each."""
    found: list[str] = []
    while True:
        following = (
            select(requests.c.release)
            .where(requests.c.dropped_ms.is_(None), requests.c.finished_ms.is_not(None))
            .order_by(requests.c.release)
            .limit(1)
        )
        if found:
            following = following.where(requests.c.release > found[-1])
        release = connection.scalar(following)
        if release is None:
            return found
        found.append(release)
