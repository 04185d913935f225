"""The ledger's file, used by several processes and several times in one."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from renderer.ledger.database import Database
from renderer.ledger.intake import Intake

LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("select count(*) from runs").fetchone()[0])
connection.close()
"""


def seen_by_another_process(path: Path) -> int:
    """The number of runs that another process finds. It is the last to close the file, as far as it can know."""
    found = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, check=True, text=True)
    return int(found.stdout)


def test_a_second_look_in_one_process_does_not_give_up_the_locks_of_the_first(tmp_path: Path) -> None:
    """POSIX locks of a process go when it closes the file anywhere. Another process that closes it then takes itself
    for the last, removes the write-ahead log, and what the first still writes to it is gone."""
    path = tmp_path / "ledger.sqlite"
    url = f"sqlite:///{path}"
    with closing(Database(url)) as database:
        runs = Intake(database)
        runs.open_run("test")
        with closing(Database(url)):  # as the index of chunks, or metrics
            pass
        assert seen_by_another_process(path) == 1
        assert path.with_name("ledger.sqlite-wal").exists()
        runs.open_run("test")
        assert seen_by_another_process(path) == 2


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "folder/ledger.sqlite"
    with closing(Database(f"sqlite:///{path}")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
