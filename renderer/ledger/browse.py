"""Requests and runs as a client of the HTTP API asks for them: one by one, or page by page.

Pages go by id, newest first: ids sort by time, and a page starts below the last id of the one before (a keyset), so it
costs the same however far down it is. A filter that little passes must not make a page read the whole ledger: a page
looks at :data:`WINDOW` rows at most, and says where to go on even when it found nothing.

Nothing personal is asked for: no recipient, no idempotency key, nothing sealed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select

from renderer.ledger.database import Database
from renderer.ledger.endings import end_request
from renderer.ledger.model import Clock, Produced, RunState, State, wall_clock
from renderer.ledger.rows import fault_of, produced_of
from renderer.ledger.seen import (
    Failed,
    Page,
    Sampled,
    SeenAttempt,
    SeenPart,
    SeenRelease,
    SeenRequest,
    SeenRun,
    SeenStep,
)
from renderer.ledger.tables import activations, artefacts, attempts, history, parts, releases, requests, runs, sealed

WINDOW = 20_000
"""Rows that a page looks at."""

MOST_RELEASES = 200
"""Releases of one template that are listed."""

MOST_STEPS = 50
"""Steps of one run, or attempts of one request, that are listed."""


class Browse:
    """The reading side for one who looks from outside, and the ending of one request."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def request(self, request_id: str) -> SeenRequest | None:
        """One request with its channels."""
        with self._database.reading() as connection:
            return _whole(connection, request_id)

    def requests(
        self,
        *,
        limit: int,
        below: str | None = None,
        state: State | None = None,
        template: str | None = None,
        run: str | None = None,
        templates: Collection[str] | None = None,
    ) -> Page[SeenRequest]:
        """A page of requests. ``templates`` are all that may be seen, None is every one."""
        wanted = _wanted(state, templates if template is None else _both({template}, templates))
        within = []
        if run is not None:
            within.append(requests.c.run_id == run)
        if below is not None:
            within.append(requests.c.id < below)
        rows, further = self._page(requests, within, wanted, limit)
        return Page(items=tuple(map(_request, rows)), below=further)

    def run(self, run_id: str) -> SeenRun | None:
        """One run."""
        with self._database.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
        return None if row is None else _run(row)

    def runs(
        self,
        *,
        limit: int,
        below: str | None = None,
        state: RunState | None = None,
        templates: Collection[str] | None = None,
    ) -> Page[SeenRun]:
        """A page of runs."""
        within = [] if below is None else [runs.c.id < below]
        rows, further = self._page(runs, within, _wanted(state, templates), limit)
        return Page(items=tuple(map(_run, rows)), below=further)

    def steps(self, run_id: str) -> tuple[SeenStep, ...]:
        """What was done with a run as a whole, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(history.c.at_ms, history.c.event, history.c.owner)
                .where(history.c.run_id == run_id)
                .order_by(history.c.id.desc())
                .limit(MOST_STEPS)
            )
            return tuple(SeenStep(at_ms=row.at_ms, event=row.event, by=row.owner) for row in rows)

    def sample(
        self, run_id: str, *, limit: int, after: int = 0, upto: int | None = None
    ) -> tuple[tuple[Sampled, ...], int | None]:
        """The first requests of a run with their channels, by record, and the record after which the next ones come;
        None at the end. ``upto`` is the last record that counts."""
        wanted = select(requests).where(requests.c.run_id == run_id, requests.c.record > after)
        if upto is not None:
            wanted = wanted.where(requests.c.record <= upto)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(requests.c.record, requests.c.id).limit(limit + 1)).all()
            shown = rows[:limit]
            made: dict[str, list[SeenPart]] = {row.id: [] for row in shown}
            for row in connection.execute(
                select(parts)
                .where(parts.c.request_id.in_([*made]), parts.c.channel != "plan")
                .order_by(parts.c.request_id, parts.c.channel)
            ):
                made[row.request_id].append(_part(row))
        found = tuple(Sampled(record=row.record, request=_request(row, tuple(made[row.id]))) for row in shown)
        return found, shown[-1].record if len(rows) > limit else None

    def record(self, request_id: str) -> int:
        """The place of a request in its run's input; 0 where there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(requests.c.record).where(requests.c.id == request_id)) or 0

    def attempts(self, request_id: str) -> tuple[SeenAttempt, ...]:
        """The tries at a request's parts that have ended, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(attempts, parts.c.channel)
                .join(parts, parts.c.id == attempts.c.part_id)
                .where(parts.c.request_id == request_id)
                .order_by(attempts.c.ended_ms.desc(), attempts.c.part_id, attempts.c.token.desc())
                .limit(MOST_STEPS)
            )
            return tuple(
                SeenAttempt(
                    work=row.channel,
                    worker=row.worker,
                    begun_ms=row.begun_ms,
                    ended_ms=row.ended_ms,
                    outcome=row.outcome,
                    code=row.code,
                )
                for row in rows
            )

    def _page(
        self, table: Table, within: Sequence[Any], wanted: Mapping[str, Collection[str]], limit: int
    ) -> tuple[Sequence[Row[Any]], str | None]:
        """Rows of a window with one of the ``wanted`` values in each of those columns, and where to go on."""
        query = select(table).where(*within).order_by(table.c.id.desc())
        window = query.limit(WINDOW).subquery()
        asked = [window.c[name].in_(sorted(values)) for name, values in wanted.items()]
        with self._database.reading() as connection:
            found = connection.execute(select(window).where(*asked).order_by(window.c.id.desc()).limit(limit + 1)).all()
            if len(found) > limit:
                return found[:limit], found[limit - 1].id
            if not wanted:
                return found, None
            end: str | None = connection.scalar(query.with_only_columns(table.c.id).offset(WINDOW - 1).limit(1))
        return found, end

    def file(self, request_id: str, path: str) -> Produced | None:
        """A file of a request by its path, if it counts: if its part is done."""
        return next((one for one in self.files(request_id) if one.path == path), None)

    def files(self, request_id: str) -> tuple[Produced, ...]:
        """The files of a request's parts that are done, by path; none when they are not kept any more."""
        return self.files_of([request_id])[request_id]

    def files_of(
        self, request_ids: Sequence[str], kinds: Collection[str] | None = None
    ) -> dict[str, tuple[Produced, ...]]:
        """:meth:`files` of several requests; of some kinds only, if they are named."""
        wanted = (
            select(parts.c.request_id, artefacts)
            .join(parts, parts.c.id == artefacts.c.part_id)
            .join(requests, requests.c.id == parts.c.request_id)
            .where(parts.c.request_id.in_(request_ids), parts.c.state == "done")
            .where(requests.c.forgotten_ms.is_(None), requests.c.cleaned_ms.is_(None))
            .order_by(parts.c.request_id, artefacts.c.path)
        )
        if kinds is not None:
            wanted = wanted.where(artefacts.c.kind.in_(sorted(kinds)))
        found: dict[str, list[Produced]] = {one: [] for one in request_ids}
        with self._database.reading() as connection:
            for row in connection.execute(wanted):
                found[row.request_id].append(produced_of(row))
        return {one: tuple(files) for one, files in found.items()}

    def failed(self, request_id: str) -> Failed | None:
        """A request as one that might be handed in again. None when it is not there."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(requests, runs.c.kind)
                .join(runs, runs.c.id == requests.c.run_id)
                .where(requests.c.id == request_id)
            ).one_or_none()
            if row is None:
                return None
            found = connection.execute(
                select(parts.c.channel, parts.c.priority)
                .where(parts.c.request_id == request_id, parts.c.channel != "plan")
                .order_by(parts.c.channel)
            ).all()
            order = connection.scalar(
                select(sealed.c.data).where(sealed.c.request_id == request_id, sealed.c.kind == "profile")
            )
        return Failed(
            template=row.template,
            release=row.release,
            recipient=row.recipient,
            channels=tuple(part.channel for part in found),
            priority=max((part.priority for part in found), default=0),
            state=row.state,
            run_kind=row.kind,
            sealed=None if row.dropped_ms is not None else order,
        )

    def active(self) -> dict[str, tuple[str, str]]:
        """The active release of each template that has one: its digest and title."""
        newest = select(func.max(activations.c.id)).group_by(activations.c.template)
        same = (releases.c.template == activations.c.template) & (releases.c.digest == activations.c.digest)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(activations.c.template, activations.c.digest, releases.c.title)
                .join(releases, same)
                .where(activations.c.id.in_(newest))
            )
            return {row.template: (row.digest, row.title) for row in rows}

    def releases(self, template: str) -> tuple[SeenRelease, ...]:
        """The releases of a template that were published, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(releases.c.digest, releases.c.title, releases.c.published_ms)
                .where(releases.c.template == template)
                .order_by(releases.c.published_ms.desc(), releases.c.digest)
                .limit(MOST_RELEASES)
            )
            return tuple(SeenRelease(digest=row.digest, title=row.title, published_ms=row.published_ms) for row in rows)

    def cancel(self, request_id: str) -> SeenRequest | None:
        """End a request that is open, and its parts; what it is afterwards. None when it is not there."""
        with self._database.writing() as connection:
            end_request(connection, self._clock(), request_id, "cancelled")
            return _whole(connection, request_id)


def _wanted(state: str | None, templates: Collection[str] | None) -> dict[str, Collection[str]]:
    asked = {"state": None if state is None else (state,), "template": templates}
    return {name: values for name, values in asked.items() if values is not None}


def _both(asked: set[str], allowed: Collection[str] | None) -> Collection[str]:
    return asked if allowed is None else asked & {*allowed}


def _whole(connection: Connection, request_id: str) -> SeenRequest | None:
    row = connection.execute(select(requests).where(requests.c.id == request_id)).one_or_none()
    if row is None:
        return None
    found = connection.execute(
        select(parts).where(parts.c.request_id == request_id, parts.c.channel != "plan").order_by(parts.c.channel)
    )
    return _request(row, tuple(map(_part, found)))


def _request(row: Row[Any], seen: tuple[SeenPart, ...] = ()) -> SeenRequest:
    return SeenRequest(
        id=row.id,
        run_id=row.run_id,
        template=row.template,
        release=row.release,
        state=row.state,
        reason=row.reason,
        fault=fault_of(row),
        created_ms=row.created_ms,
        finished_ms=row.finished_ms,
        gone=row.forgotten_ms is not None or row.cleaned_ms is not None,
        parts=seen,
    )


def _part(row: Row[Any]) -> SeenPart:
    warnings: Sequence[str] = json.loads(row.warnings or "[]")
    return SeenPart(
        channel=row.channel,
        state=row.state,
        attempts=row.attempts,
        step=row.step,
        steps=row.steps,
        fault=fault_of(row),
        warnings=tuple(warnings),
        finished_ms=row.finished_ms,
    )


def _run(row: Row[Any]) -> SeenRun:
    return SeenRun(
        id=row.id,
        kind=row.kind,
        template=row.template,
        release=row.release,
        state=row.state,
        expected=row.expected,
        hold_after=row.hold_after,
        approved_ms=row.approved_ms,
        created_ms=row.created_ms,
        finished_ms=row.finished_ms,
    )
