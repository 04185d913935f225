"""Opens the ledger's database. SQLite here (WAL, one writer at a time); the SQL beside it is portable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from renderer.errors import EnvironmentFault
from renderer.ledger.tables import SCHEMA, meta, metadata

BUSY_S = 30.0
"""How long a writer waits for another: transactions are short, but SQLite's lock is not fair."""


class Database:
    """A connection pool to one ledger. Not to be carried over a fork: each process opens its own."""

    def __init__(self, url: str) -> None:
        """``url`` is SQLAlchemy's; ``sqlite://`` alone is a ledger in memory, for tests.

        Raises EnvironmentFault when it cannot be opened or has another shape.
        """
        parsed = make_url(url)
        options: dict[str, Any] = {}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": BUSY_S, "check_same_thread": False}
            if parsed.database in (None, "", ":memory:"):
                options["poolclass"] = StaticPool
            else:
                _private_file(Path(str(parsed.database)))
        # Statements carry sealed data as parameters: they must not appear in an error's text.
        self.engine: Engine = create_engine(parsed, hide_parameters=True, **options)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        with self.writing() as connection:
            metadata.create_all(connection)
            found = connection.scalar(select(meta.c.value).where(meta.c.name == "schema"))
            if found is None:
                connection.execute(meta.insert().values(name="schema", value=str(SCHEMA)))
            elif found != str(SCHEMA):
                raise EnvironmentFault(
                    "environment.ledger",
                    f"The ledger has shape {found}; this version of Dearly reads shape {SCHEMA}.",
                    hint="Use the version of Dearly that made it, or another DEARLY_HOME.",
                )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write. It takes SQLite's write lock at once: a read that later turns into a write
        would fail without waiting."""
        with _faults(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, from one snapshot."""
        with _faults(), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def _private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite would make it readable for everybody.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise EnvironmentFault(
            "environment.ledger", f"The ledger's file cannot be opened: {error.strerror}.", hint="Check DEARLY_HOME."
        ) from error


def _set_up_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver thinks
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on", "trusted_schema = off"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:  # locked for too long, disk full, server gone: never about a value
        raise EnvironmentFault(
            "environment.ledger",
            f"The ledger's database could not be used: {error.orig}.",
            hint="Check that its disk has space and that its server runs.",
        ) from error
