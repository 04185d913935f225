"""Opens the ledger's database: SQLite (WAL, one writer at a time) or PostgreSQL, with the same SQL."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import DatabaseError as SqliteDatabaseError
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool, StaticPool

from renderer.errors import EnvironmentFault
from renderer.ledger import migrations

TRUSTED_S = 1.0
"""For so long after its last use a connection is taken to be good. If it is not, its transaction fails as it would if
the server went away a moment later."""

SILENT_S = 10
"""A server that does not answer a call, or acknowledge what was sent, for so long is gone. The kernel would wait for a
quarter of an hour when a cable or a firewall cuts a connection without a word."""

_CLIENT = {
    "connect_timeout": SILENT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": SILENT_S * 1000,
}
"""For libpq; what the address says counts more."""

_SERVER = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": str(SILENT_S * 1000),
    "idle_in_transaction_session_timeout": "300000",
}
"""The same for the server's end: a machine that was cut off in the middle of a transaction keeps its locks until the
server has noticed, and nobody else can lead or end a part. One that was stopped, and still acknowledges, has longer."""

BUSY_S = 30.0
"""How long a writer waits for another: transactions are short, but SQLite's lock is not fair."""


class Database:
    """A connection pool to one ledger. Not to be carried over a fork: each process opens its own."""

    def __init__(self, url: str, *, upgrade: bool | None = None, only_look: bool = False, pooled: bool = True) -> None:
        """``url`` is SQLAlchemy's; ``sqlite://`` alone is a ledger in memory, for tests. With ``upgrade`` a ledger of
        an older shape is brought up to date; as a rule SQLite is, a server is not (:mod:`renderer.ledger.migrations`).
        Who wants to ``only_look`` makes one where there is none, and changes none that is there.

        Without ``pooled`` every transaction has a connection of its own, closed after it. Raises EnvironmentFault when
        the ledger cannot be opened or has a shape that this version does not read.
        """
        self.engine: Engine = _engine(url, pooled)
        if upgrade is None:
            upgrade = self.engine.dialect.name == "sqlite"
        try:
            self._check_shape(upgrade, only_look)
        except BaseException:
            self.close()
            raise

    def _check_shape(self, upgrade: bool, only_look: bool) -> None:
        with self.reading() as connection:
            found = migrations.revision(connection)
        if found == migrations.HEAD:
            return
        if found is not None and not migrations.known(found):
            raise EnvironmentFault(
                "environment.ledger",
                f"The ledger has shape {found}, which this version of Dearly does not know.",
                hint="Use the version of Dearly that made it, or another DEARLY_HOME.",
            )
        if not upgrade or (only_look and found is not None):
            hint = "Stop every worker, then run 'dearly migrate'."
            raise EnvironmentFault(
                "environment.ledger",
                f"The ledger's database has shape {found or 'none'}; this version of Dearly reads {migrations.HEAD}.",
                hint=f"{hint} The service does the same when it starts." if upgrade else hint,
            )
        with self.writing() as connection:
            migrations.upgrade(connection)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that may write. It takes SQLite's write lock at once: a read that later turns into a write
        would fail without waiting.

        Once it has ended it outlives a power cut. What is not ``durable`` outlives the death of any process, but a
        power cut may undo the last of it in SQLite, which then does not wait for the disk: for changes that are made
        again by themselves, such as those of workers.
        """
        with _faults(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True, durable=durable)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _faults(), self.engine.connect() as connection, connection.begin():
            yield connection

    def scrub(self, tables: Sequence[Table], wait_s: float = 5.0) -> bool:
        """Let go of the bytes of rows that were deleted from some tables; whether it could be done in so much time.

        SQLite has overwritten them in its file (``secure_delete``), but its log holds earlier pages until it is cut,
        which waits for whoever reads. A server is asked to vacuum.
        """
        sqlite_log = self.engine.dialect.name == "sqlite"
        with _faults(), self.engine.connect() as plain:
            if not sqlite_log:
                connection = plain.execution_options(isolation_level="AUTOCOMMIT")
                for table in tables:
                    connection.exec_driver_sql(f"vacuum {table.name}")
                return True
            cursor = plain.connection.cursor()  # no transaction: a checkpoint cannot be in one
            try:
                cursor.execute(f"pragma busy_timeout = {int(wait_s * 1000)}")
                return not cursor.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            finally:
                cursor.execute(f"pragma busy_timeout = {int(BUSY_S * 1000)}")
                cursor.close()

    def close(self) -> None:
        self.engine.dispose()


def server_ms(connection: Connection) -> int | None:
    """The server's time in milliseconds since the epoch; None where the ledger has no server."""
    if connection.dialect.name == "sqlite":
        return None
    found: int = connection.exec_driver_sql(
        "select (extract(epoch from clock_timestamp()) * 1000)::bigint"
    ).scalar_one()
    return found


def insert_new(connection: Connection, table: Table, *unique: str) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that passes over rows whose ``unique`` column (or columns together) is known already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=unique)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=unique)


def _engine(url: str, pooled: bool) -> Engine:
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": BUSY_S, "check_same_thread": False}
            if parsed.database in (None, "", ":memory:"):
                options["poolclass"] = StaticPool
            else:
                _private_file(Path(str(parsed.database)))
        else:
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            options["connect_args"] = {name: value for name, value in _CLIENT.items() if name not in parsed.query}
        # Statements carry sealed data as parameters: they must not appear in an error's text.
        engine = create_engine(parsed, hide_parameters=True, **options)
    except (ArgumentError, ImportError) as error:
        raise EnvironmentFault(
            "environment.ledger",
            "The address of the ledger's database cannot be used.",
            hint="DEARLY_DATABASE_URL is sqlite:///… or postgresql://…; for PostgreSQL install 'psycopg[binary]' too.",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_server)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _check_server)
    return engine


def _private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite would make it readable for everybody. One that is there is not touched: whoever closes a file gives up
        # all locks that his process has on it, also those of SQLite's other connections.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise EnvironmentFault(
            "environment.ledger", f"The ledger's file cannot be opened: {error.strerror}.", hint="Check DEARLY_HOME."
        ) from error


def _set_up_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver thinks
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = wal",
        "foreign_keys = on",
        "trusted_schema = off",
        "secure_delete = on",  # what is dropped or forgotten is overwritten in the file
    ):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _set_up_server(connection: Any, _record: object) -> None:
    before = connection.autocommit
    connection.autocommit = True  # a setting made in a transaction that is rolled back is undone
    connection.execute(
        "select " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SERVER.items())
    )
    connection.autocommit = before


def _note_use(_connection: object, record: Any) -> None:
    record.info["used_s"] = time.monotonic()


def _check_server(connection: Any, record: Any, _proxy: object) -> None:
    """Ask whether the server is still there if a connection was not used for a while: it may have been started again.
    To ask each time, as SQLAlchemy would, costs as much as two statements."""
    if time.monotonic() - record.info.get("used_s", float("inf")) < TRUSTED_S:
        return
    try:
        connection.rollback()
        connection.execute("select 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error  # the pool takes a new connection


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes", False):
        connection.exec_driver_sql("begin")
        return
    level = "full" if options["durable"] else "normal"
    if connection.info.get("synchronous") != level:
        connection.exec_driver_sql(f"pragma synchronous = {level}")
        connection.info["synchronous"] = level
    connection.exec_driver_sql("begin immediate")


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:  # locked too long, disk full, server gone: never about a value
        raise EnvironmentFault(
            "environment.ledger",
            f"The ledger's database could not be used: {str(error.orig).strip().partition(chr(10))[0]}.",
            hint="Check that its disk has space and that its server runs.",
        ) from error
    except DatabaseError as error:
        if type(error.orig) is not SqliteDatabaseError:  # its subclasses are about statements and values
            raise
        raise EnvironmentFault(
            "environment.ledger",
            "The ledger's file is damaged, or is no ledger.",
            hint="Stop everything on this DEARLY_HOME, and put the file back from a backup.",
        ) from error
