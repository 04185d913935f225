"""How a command starts the supervisor as a process of its own, and ends it again. Imports no Celery."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from renderer.errors import EnvironmentFault
from renderer.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
TIED_TO = "DEARLY_TIED_TO"
"""The variable that names the process whose end also ends the supervisor."""

LOG = "supervisor.log"
GRACE_S = 30.0
START_S = 30.0


class Service:
    """The service of a home for as long as a command needs it: the one that runs there, or a supervisor of our own,
    which ends with this process, however that ends."""

    def __init__(self, settings: Settings, module: str = "workers.supervisor") -> None:
        self._settings = settings
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """See that the service runs, and start it if nobody has. Raises EnvironmentFault when ours has ended."""
        if self._process is None:
            if not is_running(self._settings):
                self._process = self._start()
            return
        code = self._process.poll()
        if code is None:
            return
        if is_running(self._settings):  # another command was faster
            self._process = None
            return
        raise EnvironmentFault(
            "environment.worker",
            f"The service of the queue ended (code {code}).",
            hint=f"See {LOG} in the folder 'logs' of DEARLY_HOME.",
        )

    def stop(self) -> None:
        """Have ours stop everything in order; leave another's alone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):  # not empty: somebody else's. One that ended before it had the lock leaves it to us.
            self._settings.run_folder.rmdir()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "DEARLY_HOME": str(self._settings.home), TIED_TO: str(os.getpid())}
        with (self._settings.logs / LOG).open("ab") as out:
            # A session of its own: Ctrl-C at the terminal is for the command, which then stops us in order.
            return subprocess.Popen(
                [sys.executable, "-m", self._module],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )


def run_alone(settings: Settings) -> None:
    """See that a service runs on this home: where there is none, start one that goes on when this process ends, and
    stops by itself when nothing is left to do. Raises EnvironmentFault when it does not start."""
    if is_running(settings):
        return
    environment = {**os.environ, "DEARLY_HOME": str(settings.home)}
    environment.pop(TIED_TO, None)
    with (settings.logs / LOG).open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "renderer.cli.main", "worker", "--until-idle"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    until = time.monotonic() + START_S
    while not is_running(settings):
        if process.poll() is not None or time.monotonic() > until:
            raise EnvironmentFault(
                "environment.worker",
                "The service of the queue does not start.",
                hint=f"See {LOG} in the folder 'logs' of DEARLY_HOME.",
            )
        time.sleep(0.05)
    process.returncode = 0  # it is nobody's child any more, and Python must not say that it still runs


def lock_file(settings: Settings) -> Path:
    """The file that a running supervisor holds a lock on, and removes when it ends."""
    return settings.run_folder / "supervisor.lock"


def is_running(settings: Settings) -> bool:
    """Whether a supervisor has this home. Whoever looks shares the lock with others who do, and a supervisor that
    starts can tell them from one that runs."""
    try:
        with lock_file(settings).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
