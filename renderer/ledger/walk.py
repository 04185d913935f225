"""Goes through a run from its first record to its last, a page at a time: a run of a million requests takes the memory
of one page, and no transaction is open between two of them.

What changes while somebody goes through is seen as it is when its page is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, tuple_

from renderer.ledger.database import Database
from renderer.ledger.model import Produced, State, Work
from renderer.ledger.rows import produced_of
from renderer.ledger.tables import artefacts, parts, requests, set_aside

PAGE = 500
"""Requests read at a time: with their parts and files a few megabytes."""


@dataclass(frozen=True, kw_only=True)
class WalkedPart:
    """One channel of a request, or its plan, with the files it gave."""

    id: str
    channel: Work
    state: State
    error_code: str | None
    files: tuple[Produced, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One request. ``gone_ms``: since then its files are not there any more, because its recipient was forgotten
    (``forgotten``) or to make room."""

    id: str
    record: int
    state: State
    reason: str | None
    error_code: str | None
    finished_ms: int | None
    forgotten: bool
    gone_ms: int | None
    parts: tuple[WalkedPart, ...]

    @property
    def channels(self) -> tuple[WalkedPart, ...]:
        """The parts without the plan."""
        return tuple(part for part in self.parts if part.channel != "plan")


@dataclass(frozen=True, kw_only=True)
class Aside:
    """One record that was set aside."""

    record: int
    line: int | None
    field: str | None
    code: str


class Walk:
    """Reads runs row by row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def requests(self, run_id: str, *, files: bool = False, state: State | None = None) -> Iterator[list[Walked]]:
        """The requests of a run in pages, by record; with ``files`` the files of their parts, with ``state`` those in
        that state only."""
        wanted = select(*_REQUEST).where(requests.c.run_id == run_id)
        if state is not None:
            wanted = wanted.where(requests.c.state == state)
        wanted = wanted.order_by(requests.c.record, requests.c.id).limit(PAGE)
        after: tuple[int, str] | None = None
        while True:
            page = wanted
            if after is not None:
                page = wanted.where(tuple_(requests.c.record, requests.c.id) > tuple_(*after))
            with self._database.reading() as connection:
                rows: Sequence[Any] = connection.execute(page).all()
                if not rows:
                    return
                found = _with_parts(connection, rows, files)
            yield found
            after = (rows[-1].record, rows[-1].id)

    def request(self, request_id: str) -> Walked:
        """One request with its files, as it is now. Raises sqlalchemy.exc.NoResultFound."""
        with self._database.reading() as connection:
            row = connection.execute(select(*_REQUEST).where(requests.c.id == request_id)).one()
            return _with_parts(connection, [row], files=True)[0]

    def set_aside(self, run_id: str) -> Iterator[list[Aside]]:
        """The records of a run that were set aside, in pages, by record."""
        after = -1
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(set_aside.c.record, set_aside.c.line, set_aside.c.field, set_aside.c.code)
                    .where(set_aside.c.run_id == run_id, set_aside.c.record > after)
                    .order_by(set_aside.c.record)
                    .limit(PAGE)
                ).all()
            if not rows:
                return
            yield [Aside(**row._mapping) for row in rows]
            after = rows[-1].record


_REQUEST = (
    requests.c.id,
    requests.c.record,
    requests.c.state,
    requests.c.reason,
    requests.c.error_code,
    requests.c.finished_ms,
    requests.c.forgotten_ms,
    requests.c.cleaned_ms,
)
_PART = (parts.c.id, parts.c.request_id, parts.c.channel, parts.c.state, parts.c.error_code)


def _with_parts(connection: Connection, rows: Sequence[Any], files: bool) -> list[Walked]:
    ids = [row.id for row in rows]
    asked = connection.execute(select(*_PART).where(parts.c.request_id.in_(ids)).order_by(parts.c.id)).all()
    produced: dict[str, list[Produced]] = {}
    if files:
        of = [row.id for row in asked]
        for start in range(0, len(of), PAGE):
            block = of[start : start + PAGE]
            wanted = (
                select(artefacts).where(artefacts.c.part_id.in_(block)).order_by(artefacts.c.part_id, artefacts.c.path)
            )
            for row in connection.execute(wanted):
                produced.setdefault(row.part_id, []).append(produced_of(row))
    made: dict[str, list[WalkedPart]] = {}
    for row in asked:
        made.setdefault(row.request_id, []).append(
            WalkedPart(
                id=row.id,
                channel=row.channel,
                state=row.state,
                error_code=row.error_code,
                files=tuple(produced.get(row.id, ())),
            )
        )
    return [
        Walked(
            id=row.id,
            record=row.record,
            state=row.state,
            reason=row.reason,
            error_code=row.error_code,
            finished_ms=row.finished_ms,
            forgotten=row.forgotten_ms is not None,
            gone_ms=row.forgotten_ms if row.forgotten_ms is not None else row.cleaned_ms,
            parts=tuple(made.get(row.id, ())),
        )
        for row in rows
    ]
