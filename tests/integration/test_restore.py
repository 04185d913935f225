"""The drill of "Deploy the service": a copy made by the page's own commands in the middle of a run, the home lost, the
copy put back by the page's commands: the run goes on, adds up, and every file is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from renderer.batch.report import as_json, gather
from renderer.batch.verify import verify
from renderer.bootstrap import build
from renderer.settings import Settings
from tests.pauses import pause, unpause
from workers.start import TIED_TO, is_running

ROOT = Path(__file__).resolve().parents[2]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECORDS = 6
BEFORE = 4
"""So many of them may be made before the copy is."""

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A run-time folder with a name short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="d-") as folder:
        yield Path(folder)


@pytest.fixture
def environment(tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return {
        **os.environ,
        "DEARLY_HOME": str(tmp_path / "home"),
        "DEARLY_CHILDREN": "1",
        "PYTHONPATH": str(ROOT),
        "backup": str(tmp_path / "backup"),
    }


def dearly(environment: dict[str, str], *words: str) -> Any:
    command = [sys.executable, "-m", "renderer.cli.main", *words, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def commands(number: int, environment: dict[str, str], cwd: Path) -> None:
    block = SHELL.findall((ROOT / "docs/deploy.md").read_text("utf-8"))[number]
    subprocess.run(["/bin/sh", "-euc", block], env=environment, cwd=cwd, check=True, timeout=120)


def let(home: Path, statement: str, *given: object) -> None:
    """Change something in the home's ledger."""
    with closing(sqlite3.connect(f"file:{home}/ledger.sqlite", timeout=60, uri=True)) as ledger, ledger:
        ledger.execute(statement, given)


LATER = "update parts set available_ms = ? where channel = 'plan' and state = 'submitted' and record > ?"


def done(home: Path, table: str = "requests", state: str = "done") -> int:
    """How many rows are so in the home's ledger."""
    with closing(sqlite3.connect(f"file:{home}/ledger.sqlite?mode=ro", uri=True)) as ledger:
        return int(ledger.execute(f"select count(*) from {table} where state = ?", (state,)).fetchone()[0])


@contextmanager
def service(environment: dict[str, str], log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=out, stderr=out)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def test_a_run_goes_on_from_a_copy_that_was_made_in_the_middle_of_it(
    environment: dict[str, str], tmp_path: Path, runtime: Path
) -> None:
    home = tmp_path / "home"
    sample = json.loads((ROOT / "templates/energy-bill/samples/12-high-user-ev.json").read_text("utf-8"))
    people = tmp_path / "people.jsonl"
    with people.open("w") as file:
        for number in range(RECORDS):
            file.write(json.dumps(sample | {"customer": sample["customer"] | {"id": f"C-{number}"}}) + "\n")
    # The service that a command starts for itself: half as many processes as that of the machine below.
    tied = environment | {TIED_TO: str(os.getpid())}
    with service(tied, tmp_path / "before.log", "workers.supervisor") as process:
        until = time.monotonic() + 120
        while not is_running(Settings(home=home)):  # else the next command would start one
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        database = build(Settings(home=home, broker_url="", database_url="")).database
        pause(database, "control")  # until it is settled what may be made
        start = ["batch", "start", "energy-bill", "--profiles", str(people), "--channel", "statement", "--detach"]
        run = dearly(environment, *start)["run"]
        let(home, LATER, 2**60, BEFORE)
        unpause(database)
        database.close()
        until = time.monotonic() + 120
        while done(home) < 2:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        commands(0, environment, tmp_path)
        process.kill()  # as a machine goes, and not in order
        process.wait(120)
    shutil.rmtree(home)
    shutil.rmtree(runtime)
    runtime.mkdir(mode=0o700)

    commands(1, environment, tmp_path)
    assert 2 <= done(home) <= BEFORE  # it was a copy of the middle
    let(home, LATER, 0, BEFORE)
    with service(environment, tmp_path / "after.log", "renderer.cli.main", "worker"):
        until = time.monotonic() + 180
        while done(home, "runs", "complete") < 1:
            assert time.monotonic() < until, (tmp_path / "after.log").read_text()[-2000:]
            time.sleep(0.2)
    services = build(Settings(home=home, broker_url="", database_url=""))
    report = as_json(gather(services, run))
    assert report["balanced"] is True and report["counts"]["done"] == report["counts"]["input"] == RECORDS
    assert all(total["difference"] in ("0", "0.00", 0) for total in report["control_totals"]), report["control_totals"]
    verified = verify(services, run)
    services.database.close()
    assert verified.whole and verified.files == RECORDS, verified
    for path in (home / "ledger.sqlite", home / "installation.key"):
        assert path.stat().st_mode & 0o077 == 0
