"""Every question to the ledger. Nothing here changes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from renderer.ledger.database import Database
from renderer.ledger.model import (
    OPEN,
    Clock,
    Counts,
    Fault,
    Origin,
    Part,
    Pause,
    Produced,
    Request,
    RunState,
    Worker,
    wall_clock,
)
from renderer.ledger.rows import fault_of, produced_of
from renderer.ledger.tables import (
    LEASED,
    READY,
    artefacts,
    engines,
    history,
    parts,
    pauses,
    requests,
    runs,
    sealed,
    workers,
)

_ORIGIN = select(requests.c.run_id, requests.c.created_ms, requests.c.trace).where(requests.c.id == bindparam("id"))


class Reader:
    """The reading side."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

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

    def origin(self, request_id: str) -> Origin:
        """Where a request comes from. Raises KeyError for one that is not there."""
        with self._database.reading() as connection:
            row = connection.execute(_ORIGIN, {"id": request_id}).one_or_none()
        if row is None:
            raise KeyError(request_id)
        return Origin(run_id=row.run_id, created_ms=row.created_ms, traceparent=row.trace)

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

    def known(self, idempotency: str) -> bool:
        """Whether there is a request with this key."""
        with self._database.reading() as connection:
            return connection.scalar(select(requests.c.id).where(requests.c.idempotency == idempotency)) is not None

    def by_key(self, idempotency: str) -> Request | None:
        """The request with this key."""
        with self._database.reading() as connection:
            row = connection.execute(select(requests).where(requests.c.idempotency == idempotency)).one_or_none()
            return None if row is None else _request(row)

    def requests(self, run_id: str) -> list[Request]:
        """The requests of a run in the order of their ids."""
        with self._database.reading() as connection:
            rows = connection.execute(select(requests).where(requests.c.run_id == run_id).order_by(requests.c.id))
            return [_request(row) for row in rows]

    def parts(self, run_id: str) -> list[Part]:
        """The channels' parts of a run in the order of their ids; not the plans."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(parts)
                .join(requests, requests.c.id == parts.c.request_id)
                .where(requests.c.run_id == run_id, parts.c.channel != "plan")
                .order_by(parts.c.id)
            )
            return [
                Part(
                    id=row.id,
                    request_id=row.request_id,
                    channel=row.channel,
                    state=row.state,
                    attempts=row.attempts,
                    crashes=row.crashes,
                    faults=row.faults,
                    step=row.step,
                    steps=row.steps,
                    fault=fault_of(row),
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
            return list(map(produced_of, rows))

    def engines(self, digests: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """What stands behind digests of engines: the versions of Dearly and of the libraries that made an artefact."""
        with self._database.reading() as connection:
            rows = connection.execute(select(engines).where(engines.c.digest.in_(sorted({*digests}))))
            return {row.digest: json.loads(row.versions) for row in rows}

    def channels(self, request_id: str) -> Mapping[str, str]:
        """State of each channel of a request."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(parts.c.channel, parts.c.state).where(
                    parts.c.request_id == request_id, parts.c.channel != "plan"
                )
            )
            return {row.channel: row.state for row in rows}

    def sealed(self, request_id: str, kind: str) -> bytes | None:
        """The sealed ``profile`` or ``plan`` of a request, or None before it is made or after it was dropped."""
        with self._database.reading() as connection:
            return connection.scalar(
                select(sealed.c.data).where(sealed.c.request_id == request_id, sealed.c.kind == kind)
            )

    def in_flight(self, queue: str) -> tuple[int, int]:
        """How many parts of a queue are sent, and how many are at work."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(parts.c.state, func.count()).where(LEASED, parts.c.queue == queue).group_by(parts.c.state)
            )
            count: dict[str, int] = {row[0]: row[1] for row in found}
        return count.get("dispatched", 0), count.get("running", 0)

    def sent(self, queue: str) -> list[str]:
        """The parts of a queue that are sent and not claimed."""
        with self._database.reading() as connection:
            return list(
                connection.scalars(
                    select(parts.c.id).where(LEASED, parts.c.queue == queue, parts.c.state == "dispatched")
                )
            )

    def pauses(self) -> list[Pause]:
        """The queues that wait for their environment."""
        with self._database.reading() as connection:
            return [
                Pause(
                    queue=row.queue,
                    faults=row.faults,
                    until_ms=row.until_ms,
                    fault=Fault(code=row.code, message=row.message),
                )
                for row in connection.execute(select(pauses).order_by(pauses.c.queue))
            ]

    def workers(self) -> list[Worker]:
        """The workers that have not been declared dead."""
        with self._database.reading() as connection:
            return [
                Worker(
                    id=row.id,
                    name=row.name,
                    queues=tuple(row.queues.split(",")),
                    children=row.children,
                    beat_ms=row.beat_ms,
                )
                for row in connection.execute(select(workers).where(workers.c.dead_ms.is_(None)).order_by(workers.c.id))
            ]

    def queues_of(self, ids: Sequence[str]) -> set[str]:
        """The queues that some workers served, dead or alive."""
        with self._database.reading() as connection:
            found = connection.scalars(select(workers.c.queues).where(workers.c.id.in_(ids))).all() if ids else []
        return {queue for queues in found for queue in queues.split(",")}

    def run_state(self, run_id: str) -> RunState | None:
        """How a run stands; None when there is no such run."""
        with self._database.reading() as connection:
            found: RunState | None = connection.scalar(select(runs.c.state).where(runs.c.id == run_id))
            return found

    def waiting(self, queue: str) -> bool:
        """Whether a part of a queue could be sent, unless its back-off says not yet."""
        with self._database.reading() as connection:
            return connection.scalar(select(parts.c.id).where(READY, parts.c.queue == queue).limit(1)) is not None

    def begun(self, request_id: str) -> tuple[int, int]:
        """When the work on a request's plan first began, and that on its first channel (ms). For one that is done."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(parts.c.channel, parts.c.started_ms).where(parts.c.request_id == request_id)
            ).all()
        plan = min(row.started_ms for row in rows if row.channel == "plan")
        return plan, min(row.started_ms for row in rows if row.channel != "plan")

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


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        run_id=row.run_id,
        template=row.template,
        release=row.release,
        state=row.state,
        plan_digest=row.plan_digest,
        reason=row.reason,
        fault=fault_of(row),
    )
