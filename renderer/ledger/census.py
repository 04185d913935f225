"""What all parts of a run sum up to: states, attempts, processor time, files. The ledger keeps no such sums, so every
part is looked at, a page of requests at a time, and added up by the database as far as it can."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Text, any_, case, func, literal, select, tuple_

from renderer.ledger.database import Database
from renderer.ledger.tables import artefacts, parts, requests

PAGE = 1_000
"""Requests that are summed up in one transaction."""


@dataclass(kw_only=True)
class ChannelCensus:
    """One channel of a run, or ``plan``. ``states`` counts parts, ``failures`` the codes of those that failed,
    ``attempts`` all tries that counted; ``crashes`` of them ended with their process, ``losses`` with their worker.
    ``faults`` were the environment's and counted for nobody. ``figures`` are sums of what rendering reported,
    ``engines`` the files by the versions that made them (digest, or None)."""

    states: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    crashes: int = 0
    losses: int = 0
    faults: int = 0
    figures: dict[str, Decimal] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    engines: Counter[str | None] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Census:
    """A run by channel and by release. ``forgotten`` and ``cleaned`` count requests whose files are gone, ``dropped``
    those whose profile and plan are. Times are those of parts; None when nothing began or ended."""

    channels: dict[str, ChannelCensus] = field(default_factory=dict)
    releases: Counter[str] = field(default_factory=Counter)
    forgotten: int = 0
    cleaned: int = 0
    dropped: int = 0
    first_started_ms: int | None = None
    last_finished_ms: int | None = None

    def of(self, channel: str) -> ChannelCensus:
        if channel not in self.channels:
            self.channels[channel] = ChannelCensus()
        return self.channels[channel]


def take(database: Database, run_id: str, progress: Callable[[int], None] = lambda _: None) -> Census:
    """The census of a run. ``progress`` is called with the number of requests looked at so far."""
    found = Census()
    after: tuple[int, str] = (-1, "")
    looked = 0
    while True:
        with database.reading() as connection:
            beyond = (requests.c.run_id == run_id) & (tuple_(requests.c.record, requests.c.id) > tuple_(*after))
            page = connection.execute(
                select(requests.c.record, requests.c.id)
                .where(beyond)
                .order_by(requests.c.record, requests.c.id)
                .limit(PAGE)
            ).all()
            if not page:
                return found
            _add(connection, found, [row.id for row in page])
        last = (page[-1].record, page[-1].id)
        after = last
        looked += len(page)
        progress(looked)


def _add(connection: Connection, found: Census, ids: Sequence[str]) -> None:
    # By the ids themselves and not by a join: a server that has not yet counted its rows would read whole tables.
    of_page = _among(connection, requests.c.id, ids)
    of_parts = _among(connection, parts.c.request_id, ids)
    for row in connection.execute(
        select(
            requests.c.release,
            func.count().label("all"),
            func.count(requests.c.forgotten_ms).label("forgotten"),
            func.count(requests.c.cleaned_ms).label("cleaned"),
            func.count(requests.c.dropped_ms).label("dropped"),
        )
        .where(of_page)
        .group_by(requests.c.release)
    ):
        found.releases[row.release] += row.all
        found.forgotten += row.forgotten
        found.cleaned += row.cleaned
        found.dropped += row.dropped

    code = case((parts.c.state == "failed", parts.c.error_code)).label("code")
    for row in connection.execute(
        select(
            parts.c.channel,
            parts.c.state,
            code,
            func.count().label("all"),
            func.sum(parts.c.attempts).label("attempts"),
            func.sum(parts.c.crashes).label("crashes"),
            func.sum(parts.c.losses).label("losses"),
            func.sum(parts.c.faults).label("faults"),
            func.min(parts.c.started_ms).label("started"),
            func.max(case((parts.c.started_ms.is_not(None), parts.c.finished_ms))).label("finished"),
        )
        .where(of_parts)
        .group_by(parts.c.channel, parts.c.state, code)
    ):
        channel = found.of(row.channel)
        channel.states[row.state] += row.all
        channel.attempts += row.attempts
        channel.crashes += row.crashes
        channel.losses += row.losses
        channel.faults += row.faults
        if row.code is not None:
            channel.failures[row.code] += row.all
        found.first_started_ms = _first(found.first_started_ms, row.started)
        found.last_finished_ms = _last(found.last_finished_ms, row.finished)

    # Most parts of a channel report the same: so many pages, no warning.
    done = set()
    for row in connection.execute(
        select(parts.c.channel, parts.c.figures, parts.c.warnings, func.count().label("all"))
        .where(of_parts, parts.c.state == "done", parts.c.channel != "plan")
        .group_by(parts.c.channel, parts.c.figures, parts.c.warnings)
    ):
        done.add(row.channel)
        channel = found.of(row.channel)
        for name, value in json.loads(row.figures or "{}").items():
            channel.figures[name] = channel.figures.get(name, Decimal(0)) + _number(value) * row.all
        for warning in json.loads(row.warnings or "[]"):
            channel.warnings[warning] += row.all

    for name in done:
        channel = found.of(name)
        for row in connection.execute(
            select(artefacts.c.engine, func.count().label("files"), func.sum(artefacts.c.bytes).label("bytes"))
            .where(_among(connection, artefacts.c.part_id, [f"{request_id}-{name}" for request_id in ids]))
            .group_by(artefacts.c.engine)
        ):
            channel.files += row.files
            channel.bytes += int(row.bytes)  # PostgreSQL's sum of large integers is a decimal
            channel.engines[row.engine] += row.files


def _among(connection: Connection, column: Column[str], values: Sequence[str]) -> ColumnElement[bool]:
    """``column IN (values)``; for a server as one parameter, since its driver takes long over a thousand."""
    if connection.dialect.name == "sqlite":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(Text)))


def _number(value: object) -> Decimal:
    """A figure: a whole number, or a decimal as text. What is neither counts nothing."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def _first(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _last(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)
