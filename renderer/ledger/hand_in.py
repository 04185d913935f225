"""Requests handed in by somebody who waits for an answer about each: it is new, it is known, or its name was used for
something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from renderer.ledger.database import Database
from renderer.ledger.endings import lock
from renderer.ledger.intake import Intake
from renderer.ledger.model import State, Submission
from renderer.ledger.tables import requests

BLOCK = 500
"""Keys in one question."""


class NotKept(Exception):
    """The profile that a request would carry once more was dropped since it was read. Nothing was put in."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """A request that is there under an idempotency key. ``body`` is the digest of what it was handed in as."""

    id: str
    state: State
    template: str
    body: str | None


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What became of a submission: ``new``, ``known`` as it is, or in ``conflict`` with what has its key."""

    id: str
    state: State
    answer: Literal["new", "known", "conflict"]


class HandIn:
    """Puts requests in through :class:`~renderer.ledger.intake.Intake`, several in one transaction."""

    def __init__(self, database: Database, intake: Intake) -> None:
        self._database = database
        self._intake = intake

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """Those of some idempotency keys under which there is a request."""
        with self._database.reading() as connection:
            return _known(connection, list(keys))

    def put(self, run_id: str, items: Sequence[Submission]) -> list[Handed]:
        """Put requests in, all of them in one transaction; what became of each, in their order. Of several with one
        key the first counts. Raises UsageError when the run takes no more, NotKept, EnvironmentFault."""
        first: dict[str, Submission] = {}
        for item in items:
            first.setdefault(item.idempotency, item)
        with self._database.writing() as connection:
            # In the order of their keys: two transactions that wait for each other's keys would wait for ever.
            new = {item.id for item in self._intake.put(connection, run_id, [first[key] for key in sorted(first)])}
            for item in items:
                if item.again is not None and item.id in new:
                    _still_kept(connection, item.again)
            lost = {item.idempotency for item in items if item.id not in new}
            there = _known(connection, [*lost])
        return [
            Handed(id=item.id, state="submitted", answer="new")
            if item.id in new
            else _handed(item, there[item.idempotency])
            for item in items
        ]


def answer_to(body: str, known: Known) -> Literal["known", "conflict"]:
    """Whether what is there under a key is what is handed in again under it."""
    return "known" if known.body == body else "conflict"


def _still_kept(connection: Connection, request_id: str) -> None:
    """Make sure, to the end of the transaction, that a request's profile is kept. Whoever read it before may have been
    stopped, while its recipient was forgotten from the beginning to the end. Raises NotKept."""
    lock(connection, request_id)
    kept = select(requests.c.id).where(requests.c.id == request_id, requests.c.dropped_ms.is_(None))
    if connection.scalar(kept) is None:
        raise NotKept


def _handed(item: Submission, found: Known) -> Handed:
    return Handed(id=found.id, state=found.state, answer=answer_to(item.body or "", found))


_COLUMNS = (requests.c.idempotency, requests.c.id, requests.c.state, requests.c.template, requests.c.body)
_KNOWN = select(*_COLUMNS).where(requests.c.idempotency.in_(bindparam("keys", expanding=True)))


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for start in range(0, len(keys), BLOCK):
        for row in connection.execute(_KNOWN, {"keys": keys[start : start + BLOCK]}):
            found[row.idempotency] = Known(id=row.id, state=row.state, template=row.template, body=row.body)
    return found
