"""What a process loads, who is alive, and who dies with whom."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from renderer.bootstrap import build
from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from tests.queue_house import alive
from workers import supervisor
from workers.leash import is_dead, this_owner
from workers.start import is_running, lock_file
from workers.supervisor import TAKEN_S, Stopped, Supervisor, lock, remove_run_folder

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("av", "cv2", "moviepy", "pangocffi", "pangocairocffi", "weasyprint")


def loaded(imports: str, tmp_path: Path) -> set[str]:
    """The modules in a fresh process after some imports."""
    found = subprocess.run(
        [sys.executable, "-c", f"{imports}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        env={**os.environ, "DEARLY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.split())


def test_only_workers_know_celery(tmp_path: Path) -> None:
    modules = loaded(
        "import renderer.bootstrap, renderer.ledger.transitions, renderer.ledger.intake, renderer.ledger.reader\n"
        "import renderer.store.local, renderer.orders, renderer.pipeline, workers.start\n"
        "from renderer.cli.main import register; register()",
        tmp_path,
    )
    assert not modules & {"celery", "kombu", "billiard", "redis"}


def test_a_worker_loads_no_engine_before_it_forks(tmp_path: Path) -> None:
    """Pango and FFmpeg start threads and locks that a fork would break."""
    assert not loaded("import workers.celery, workers.supervisor", tmp_path) & set(ENGINES)


def test_an_owner_is_known_to_be_dead_only_when_it_is() -> None:
    assert not is_dead(this_owner())
    node, _, rest = this_owner().partition(":")
    pid, _, started = rest.partition(":")
    assert is_dead(f"{node}:{pid}:{int(started) - 1}")  # another process had this number before
    assert not is_dead(f"other-machine:{pid}:1")
    child = subprocess.Popen(
        [sys.executable, "-c", "from workers.leash import this_owner; print(this_owner(), flush=True)\ninput()"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdin is not None
    owner = child.stdout.readline().strip()
    assert not is_dead(owner)
    child.kill()
    while not is_dead(owner):  # dead already while nobody has waited for it
        time.sleep(0.01)
    child.communicate()
    assert is_dead(owner)


def test_a_lock_whose_file_was_removed_is_taken_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Between opening the file and locking it, a supervisor that ends may remove it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    settings = Settings(home=tmp_path / "home")
    flock, calls = fcntl.flock, []

    def late(file: IO[bytes], how: int) -> None:
        calls.append(how)
        if len(calls) == 1:
            remove_run_folder(settings)
        flock(file, how)

    with monkeypatch.context() as patch:
        patch.setattr("workers.supervisor.fcntl.flock", late)
        held = lock(settings)
    assert len(calls) == 2
    assert is_running(settings)
    remove_run_folder(settings)
    held.close()
    assert list((tmp_path / "dearly").iterdir()) == []
    assert not is_running(settings)


def test_who_looks_whether_a_home_is_free_takes_it_from_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.prepare()
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    with lock_file(settings).open("ab") as looks:
        fcntl.flock(looks, fcntl.LOCK_SH)  # as somebody does who was stopped just there
        assert not is_running(settings)
        with pytest.raises(Stopped):
            lock(settings, lambda: True)
        with monkeypatch.context() as short:
            short.setattr(supervisor, "LOOKED_AT_S", 0.1)
            with pytest.raises(EnvironmentFault, match="was stopped"):
                lock(settings)
        goes = threading.Timer(1.5 * TAKEN_S, fcntl.flock, (looks, fcntl.LOCK_UN))
        goes.start()
        with lock(settings):
            assert is_running(settings)
            with pytest.raises(EnvironmentFault) as found:
                lock(settings)
            assert found.value.code == "environment.busy"
        goes.join()
    remove_run_folder(settings)


def test_a_service_hears_that_it_is_to_stop_as_soon_as_it_can_be_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    heard: list[int] = []
    before = {number: signal.signal(number, lambda *_: heard.append(1)) for number in (signal.SIGTERM, signal.SIGINT)}
    services = build(Settings(home=tmp_path / "home", database_url="", broker_url="redis://127.0.0.1:1/0"))
    service = Supervisor(services, each_tick=lambda: True)
    service._workers.clear()

    def seen(settings: Settings, *_: object) -> BinaryIO:
        held = lock(settings)
        os.kill(os.getpid(), signal.SIGTERM)
        return held

    monkeypatch.setattr("workers.supervisor.lock", seen)
    try:
        service.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        services.database.close()
    assert heard == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_a_tied_process_dies_with_its_parent_however_that_ends() -> None:
    middle = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import os, subprocess, sys, time\n"
                "from workers.leash import die_with_parent\n"
                "me = os.getpid()\n"
                "p = subprocess.Popen(['sleep', '60'], preexec_fn=lambda: die_with_parent(me))\n"
                "print(p.pid, flush=True)\n"
                "time.sleep(60)"
            ),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert middle.stdout is not None
    pid = int(middle.stdout.readline())
    os.kill(pid, 0)
    middle.send_signal(signal.SIGKILL)
    middle.communicate()
    end = time.monotonic() + 60
    while alive(pid):
        assert time.monotonic() < end
        time.sleep(0.02)
