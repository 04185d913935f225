"""Which files may go to make room, and taking them from the ledger before they go from the store.

The rows of files go first, in one transaction with the mark on their request, then the files: so at no moment does a
row say that a file is there which is not. What is cut short between the two leaves files that no row knows of, and the
leader sweeps those (:meth:`Cleaning.abandoned`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from renderer.ledger.database import Database
from renderer.ledger.model import OPEN, Clock, Fence, wall_clock
from renderer.ledger.tables import artefacts, parts, requests, runs
from renderer.ledger.tallies import add
from renderer.ledger.upkeep import guard, keep_settled, of_settled, settled

PAGE = 200

Remove = Callable[[str], bool]
"""Removes a key from the store; whether something stood there."""


@dataclass(frozen=True, kw_only=True)
class Old:
    """A request whose files may go."""

    id: str
    finished_ms: int
    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A request whose files were taken from the ledger: the ids of its parts, and the keys to remove from the store."""

    id: str
    parts: tuple[str, ...]
    keys: tuple[str, ...]


class Cleaning:
    """The ledger's side of ``dearly clean``."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def old(self, before_ms: int) -> Iterator[Old]:
        """Requests that ended before then, have files, and whose runs are settled; those that were made first first."""
        after = ""
        while True:
            with self._database.reading() as connection:
                found = connection.execute(
                    select(requests.c.id, requests.c.finished_ms)
                    .join(runs, runs.c.id == requests.c.run_id)
                    .where(requests.c.id > after, _may_go(before_ms), settled())
                    .order_by(requests.c.id)
                    .limit(PAGE)
                ).all()
                sums = _files(connection, [row.id for row in found])
            for row in found:
                files, size = sums.get(row.id, (0, 0))
                if files:
                    yield Old(id=row.id, finished_ms=row.finished_ms, files=files, bytes=size)
            if len(found) < PAGE:
                return
            after = found[-1].id

    def count(self, before_ms: int) -> int:
        """How many requests have ended before then and were not cleaned, with files or without."""
        with self._database.reading() as connection:
            asked = select(func.count()).select_from(requests.join(runs, runs.c.id == requests.c.run_id))
            return connection.scalar(asked.where(_may_go(before_ms), settled())) or 0

    def clean(self, request_ids: Sequence[str], before_ms: int) -> list[Taken]:
        """Take the files of some requests from the ledger. Nothing of a request that is open, or has ended again since,
        or whose run was opened again."""
        with self._database.writing() as connection:
            keep_settled(connection, request_ids)
            gone = list(
                connection.scalars(
                    update(requests)
                    .where(requests.c.id.in_(request_ids), _may_go(before_ms), of_settled())
                    .values(cleaned_ms=self._clock())
                    .returning(requests.c.id)
                )
            )
            sums = _files(connection, gone)
            mine = select(parts.c.id, parts.c.request_id).where(parts.c.request_id.in_(gone))
            owners = {str(part_id): str(request_id) for part_id, request_id in connection.execute(mine)}
            keys: dict[str, list[str]] = {request_id: [] for request_id in gone}
            named = list(owners)
            for start in range(0, len(named), 500):
                some = artefacts.c.part_id.in_(named[start : start + 500])
                for part_id, key in connection.execute(select(artefacts.c.part_id, artefacts.c.key).where(some)):
                    keys[owners[part_id]].append(key)
                connection.execute(delete(artefacts).where(some))
            if sums:
                count, size = (sum(one[place] for one in sums.values()) for place in (0, 1))
                add(connection, [("removed", "clean", 0, count, size)])
            return [
                Taken(
                    id=request_id,
                    parts=tuple(part for part in named if owners[part] == request_id),
                    keys=tuple(keys[request_id]),
                )
                for request_id in gone
            ]

    def abandoned(self, keys: Mapping[str, Sequence[str]], before_ms: int) -> list[str]:
        """Of the store's keys by request those that no row names, where the request ended for good before then: a file
        that was stored and never counted, or was to be removed and was not. So none of them is ever named again, and
        each may go at any time after this. Requests that this ledger does not know are left alone: another one may."""
        with self._database.reading() as connection:
            ended = connection.scalars(
                select(requests.c.id).where(requests.c.id.in_(list(keys)), _ended(before_ms), _for_good())
            )
            asked = [key for request_id in ended for key in keys[request_id]]
            known: set[str] = set()
            for start in range(0, len(asked), 500):
                known.update(
                    connection.scalars(select(artefacts.c.key).where(artefacts.c.key.in_(asked[start : start + 500])))
                )
        return [key for key in asked if key not in known]

    def sweep(self, key: str, remove: Remove, fence: Fence | None = None) -> bool:
        """Have an abandoned key removed; whether it was there. Not inside a transaction: a bucket may hang, and nobody
        else could write meanwhile. Raises NotLeader."""
        with self._database.reading() as connection:
            guard(connection, fence, self._clock())
        return remove(key)


def _ended(before_ms: int) -> ColumnElement[bool]:
    return requests.c.state.not_in(OPEN) & (requests.c.finished_ms < before_ms)


def _for_good() -> ColumnElement[bool]:
    """What failed may be tried again while its profile is kept, and a page then embeds the files that are there."""
    return (requests.c.state != "failed") | requests.c.dropped_ms.is_not(None)


def _may_go(before_ms: int) -> ColumnElement[bool]:
    return _ended(before_ms) & _for_good() & requests.c.cleaned_ms.is_(None) & requests.c.forgotten_ms.is_(None)


def _files(connection: Connection, request_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Number and bytes of the files of some requests."""
    rows = connection.execute(
        select(parts.c.request_id, func.count(), func.sum(artefacts.c.bytes))
        .join(artefacts, artefacts.c.part_id == parts.c.id)
        .where(parts.c.request_id.in_(request_ids))
        .group_by(parts.c.request_id)
    )
    return {request_id: (count, int(size)) for request_id, count, size in rows}
