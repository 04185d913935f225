"""The book of releases: which were published, what is prepared for them, and which one is active.

Nothing is ever taken out. An activation is a new line, and so is a rollback: it names the earlier line that it goes
back to, so that a second rollback goes further back and never forth again to the release that was left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from renderer.ledger.database import Database, insert_new
from renderer.ledger.model import Clock, wall_clock
from renderer.ledger.tables import activations, engines, releases, requests


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """One prepared file: ``path`` in a cache, where the store has it, and how to know that it is whole.

    ``bytes`` and ``sha256`` are those of the file in the cache; ``packed`` is how the store has it (empty: as it is),
    ``stored`` the bytes it takes there.
    """

    path: str
    key: str
    bytes: int
    sha256: str
    packed: str = ""
    stored: int = 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A release as it was published. ``prepared`` are the prepared files by the digest of what prepared them."""

    template: str
    digest: str
    contract: str
    retention_days: int
    title: str
    files: int
    bytes: int
    engine: str = ""
    published_ms: int = 0
    prepared: Mapping[str, tuple[Prepared, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A release with what has become of it since."""

    entry: Entry
    active: bool
    requests: int


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A change of the active release of a template: ``before`` is None where none was active."""

    template: str
    before: str | None
    now: str


class ReleaseBook:
    """Safe from any number of processes; ``clock`` gives milliseconds since the epoch."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, entry: Entry) -> bool:
        """Write a release down. False, and no change, when it is known."""
        with self._database.writing() as connection:
            row = {
                "template": entry.template,
                "digest": entry.digest,
                "contract": entry.contract,
                "retention_days": entry.retention_days,
                "title": entry.title,
                "files": entry.files,
                "bytes": entry.bytes,
                "prepared": None,
                "engine": entry.engine,
                "published_ms": self._clock(),
            }
            put = insert_new(connection, releases, "template", "digest").values(row).returning(releases.c.digest)
            return connection.execute(put).one_or_none() is not None

    def keep_prepared(
        self,
        template: str,
        digest: str,
        engine: str,
        files: Mapping[str, Sequence[Prepared]],
        versions: Mapping[str, str],
    ) -> None:
        """Note what is prepared for a release that is in the book: ``files`` by the digest of what prepared them, which
        replace those of the same. ``engine`` stands for all of them together; ``versions`` has the text behind each
        digest."""
        with self._database.writing() as connection:
            for name, text_ in versions.items():
                connection.execute(insert_new(connection, engines, "digest").values(digest=name, versions=text_))
            this = (releases.c.template == template) & (releases.c.digest == digest)
            found = connection.execute(
                select(releases.c.prepared, releases.c.engine).where(this).with_for_update()
            ).one()
            known = json.loads(found.prepared or "{}")
            known |= {name: [_as_json(one) for one in some] for name, some in files.items()}
            connection.execute(
                update(releases)
                .where(this)
                .values(prepared=json.dumps(known, sort_keys=True), engine=found.engine or engine)
            )

    def get(self, template: str, digest: str) -> Entry | None:
        """A release by its whole digest."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(releases).where(releases.c.template == template, releases.c.digest == digest)
            ).one_or_none()
        return None if row is None else _entry(row)

    def template_of(self, digest: str) -> str | None:
        """The template that a release in the book is one of: its id is in the files that the digest is of."""
        with self._database.reading() as connection:
            return connection.scalar(select(releases.c.template).where(releases.c.digest == digest).limit(1))

    def matching(self, template: str, prefix: str) -> list[str]:
        """The digests of a template's releases that begin with ``prefix``."""
        with self._database.reading() as connection:
            return list(
                connection.scalars(
                    select(releases.c.digest)
                    .where(releases.c.template == template, releases.c.digest.startswith(prefix, autoescape=True))
                    .order_by(releases.c.digest)
                )
            )

    def active(self, template: str) -> str | None:
        """The digest of the active release; None where none was ever activated."""
        with self._database.reading() as connection:
            return _active(connection, template)

    def templates(self) -> list[str]:
        """The ids of all templates that have a release in the book."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(releases.c.template).distinct().order_by(releases.c.template)))

    def listed(self, template: str | None = None) -> list[Listed]:
        """All releases, or those of one template; the newest first, template by template."""
        query = select(releases).order_by(releases.c.template, releases.c.published_ms.desc(), releases.c.digest)
        counts = select(requests.c.template, requests.c.release, func.count().label("number"))
        if template is not None:
            query = query.where(releases.c.template == template)
            counts = counts.where(requests.c.template == template)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            made = {
                (row.template, row.release): row.number
                for row in connection.execute(counts.group_by(requests.c.template, requests.c.release))
            }
            active = {name: _active(connection, name) for name in {row.template for row in rows}}
        return [
            Listed(
                entry=_entry(row),
                active=active[row.template] == row.digest,
                requests=made.get((row.template, row.digest), 0),
            )
            for row in rows
        ]

    def activate(self, template: str, digest: str, *, if_none: bool = False) -> Switch | None:
        """Make a release the active one. None, and no change, when it is that already; with ``if_none``, when any is.
        The release must be in the book."""
        with self._database.writing() as connection:
            _alone(connection)
            before = _active(connection, template)
            if before == digest or (if_none and before is not None):
                return None
            connection.execute(insert(activations).values(template=template, digest=digest, at_ms=self._clock()))
            return Switch(template=template, before=before, now=digest)

    def before(self, template: str) -> str | None:
        """The digest of the release that :meth:`roll_back` goes to; None when there is none."""
        with self._database.reading() as connection:
            newest = _newest(connection, template)
            earlier = None if newest is None else _before(connection, newest)
            return None if earlier is None else str(earlier.digest)

    def roll_back(self, template: str, to: str | None = None) -> Switch | None:
        """Make the release active that was so before the active one. None, and no change, when there was none, or when
        it is not ``to`` (any more)."""
        with self._database.writing() as connection:
            _alone(connection)
            newest = _newest(connection, template)
            earlier = None if newest is None else _before(connection, newest)
            if newest is None or earlier is None or to not in (None, earlier.digest):
                return None
            connection.execute(
                insert(activations).values(
                    template=template, digest=earlier.digest, at_ms=self._clock(), back_to=earlier.id
                )
            )
            return Switch(template=template, before=newest.digest, now=earlier.digest)


def _active(connection: Connection, template: str) -> str | None:
    newest = _newest(connection, template)
    return None if newest is None else str(newest.digest)


def _newest(connection: Connection, template: str) -> Row[Any] | None:
    return connection.execute(
        select(activations).where(activations.c.template == template).order_by(activations.c.id.desc()).limit(1)
    ).one_or_none()


def _before(connection: Connection, line: Row[Any]) -> Row[Any] | None:
    """The line that was in force before another was written, as the one it stands for; None for the first. A rollback
    stands where the line stood that it went back to."""
    stands_at = line.id if line.back_to is None else line.back_to
    earlier = connection.execute(
        select(activations)
        .where(activations.c.template == line.template, activations.c.id < stands_at)
        .order_by(activations.c.id.desc())
        .limit(1)
    ).one_or_none()
    if earlier is None or earlier.back_to is None:
        return earlier
    return connection.execute(select(activations).where(activations.c.id == earlier.back_to)).one()


def _alone(connection: Connection) -> None:
    """Let nobody else write activations until the transaction ends: what comes next depends on the last one. SQLite
    has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("lock table activations in share row exclusive mode"))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        template=row.template,
        digest=row.digest,
        contract=row.contract,
        retention_days=row.retention_days,
        title=row.title,
        files=row.files,
        bytes=row.bytes,
        engine=row.engine,
        published_ms=row.published_ms,
        prepared={
            engine: tuple(Prepared(**one) for one in files)
            for engine, files in json.loads(row.prepared or "{}").items()
        },
    )


def _as_json(one: Prepared) -> dict[str, object]:
    return {
        "path": one.path,
        "key": one.key,
        "bytes": one.bytes,
        "sha256": one.sha256,
        "packed": one.packed,
        "stored": one.stored,
    }
