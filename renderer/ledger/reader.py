"""Every question to the ledger. Nothing here changes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, select

from renderer.ledger.database import Database
from renderer.ledger.model import OPEN, Counts, Fault, Part, Produced, Request
from renderer.ledger.tables import artefacts, history, parts, requests, runs, sealed


class Reader:
    """The reading side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, run_id: str) -> Counts:
        """What became of a run's requests."""
        with self._database.reading() as connection:
            expected = connection.scalar(select(runs.c.expected).where(runs.c.id == run_id))
            rows = connection.execute(
                select(requests.c.state, func.count()).where(requests.c.run_id == run_id).group_by(requests.c.state)
            )
            found: dict[str, int] = {row[0]: row[1] for row in rows}
        return Counts(
            input=expected,
            open=sum(found.get(state, 0) for state in OPEN),
            done=found.get("done", 0),
            failed=found.get("failed", 0),
            suppressed=found.get("suppressed", 0),
            cancelled=found.get("cancelled", 0),
        )

    def open_runs(self, kind: str) -> list[str]:
        """Runs of a kind that still have open requests."""
        with self._database.reading() as connection:
            return list(
                connection.scalars(
                    select(runs.c.id)
                    .join(requests, requests.c.run_id == runs.c.id)
                    .where(runs.c.kind == kind, requests.c.state.in_(OPEN))
                    .distinct()
                )
            )

    def requests(self, run_id: str) -> list[Request]:
        """The requests of a run in the order of their ids."""
        with self._database.reading() as connection:
            rows = connection.execute(select(requests).where(requests.c.run_id == run_id).order_by(requests.c.id))
            return [
                Request(
                    id=row.id,
                    run_id=row.run_id,
                    template=row.template,
                    release=row.release,
                    state=row.state,
                    plan_digest=row.plan_digest,
                    reason=row.reason,
                    fault=_fault(row),
                )
                for row in rows
            ]

    def parts(self, run_id: str) -> list[Part]:
        """All parts of a run in the order of their ids."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(parts)
                .join(requests, requests.c.id == parts.c.request_id)
                .where(requests.c.run_id == run_id)
                .order_by(parts.c.id)
            )
            return [
                Part(
                    id=row.id,
                    request_id=row.request_id,
                    channel=row.channel,
                    state=row.state,
                    attempts=row.attempts,
                    faults=row.faults,
                    step=row.step,
                    steps=row.steps,
                    fault=_fault(row),
                    owner=row.lease_owner,
                    started_ms=row.started_ms,
                    finished_ms=row.finished_ms,
                    figures=json.loads(row.figures or "{}"),
                    warnings=tuple(json.loads(row.warnings or "[]")),
                )
                for row in rows
            ]

    def artefacts(self, request_id: str, channel: str | None = None) -> list[Produced]:
        """The files of a request's parts that are done: the only files that count, whatever else the store holds."""
        wanted = parts.c.request_id == request_id
        if channel is not None:
            wanted &= parts.c.channel == channel
        with self._database.reading() as connection:
            rows = connection.execute(
                select(artefacts)
                .join(parts, parts.c.id == artefacts.c.part_id)
                .where(wanted, parts.c.state == "done")
                .order_by(artefacts.c.path)
            )
            return [
                Produced(
                    path=row.path,
                    kind=row.kind,
                    media_type=row.media_type,
                    bytes=row.bytes,
                    sha256=row.sha256,
                    key=row.key,
                )
                for row in rows
            ]

    def channels(self, request_id: str) -> Mapping[str, str]:
        """State of each channel of a request."""
        with self._database.reading() as connection:
            rows = connection.execute(select(parts.c.channel, parts.c.state).where(parts.c.request_id == request_id))
            return {row.channel: row.state for row in rows}

    def sealed(self, request_id: str, kind: str) -> bytes | None:
        """The sealed ``profile`` or ``plan`` of a request, or None before it is made or after it was dropped."""
        with self._database.reading() as connection:
            return connection.scalar(
                select(sealed.c.data).where(sealed.c.request_id == request_id, sealed.c.kind == kind)
            )

    def in_flight(self, queue: str) -> int:
        """How many parts of a queue are sent or at work."""
        with self._database.reading() as connection:
            return (
                connection.scalar(
                    select(func.count()).where(parts.c.queue == queue, parts.c.state.in_(("dispatched", "running")))
                )
                or 0
            )

    def waiting(self, queue: str) -> bool:
        """Whether a part of a queue could be sent, unless its back-off says not yet."""
        with self._database.reading() as connection:
            return (
                connection.scalar(
                    select(parts.c.id)
                    .where(
                        parts.c.queue == queue,
                        parts.c.state == "submitted",
                        parts.c.waits == 0,
                    )
                    .limit(1)
                )
                is not None
            )

    def history(self, request_id: str) -> list[tuple[str, str | None]]:
        """What happened to a request, in order: (event, part)."""
        with self._database.reading() as connection:
            return [
                (row.event, row.part_id)
                for row in connection.execute(
                    select(history.c.event, history.c.part_id)
                    .where(history.c.request_id == request_id)
                    .order_by(history.c.id)
                )
            ]


def _fault(row: Row[Any]) -> Fault | None:
    return Fault(code=row.error_code, message=row.error_message) if row.error_code else None
