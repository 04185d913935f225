"""A process that the supervisor keeps running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workers.leash import die_with_parent
from workers.start import ROOT

OFTEN = 5
OFTEN_S = 30.0
"""A process that was started so often in that time waits until it may be started again."""


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: Sequence[str]
    niceness: int = 0
    on_death: int = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)
    held_up: bool = False
    keep: Sequence[int] = ()  # files that it goes on having

    def start(self, logs: Path) -> None:
        parent, niceness, on_death = os.getpid(), self.niceness, self.on_death

        def between_fork_and_exec() -> None:
            die_with_parent(parent, on_death)
            if niceness:
                os.nice(niceness)

        with (logs / f"{self.name}.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                start_new_session=True,
                preexec_fn=between_fork_and_exec,  # no thread runs here yet
                pass_fds=self.keep,
            )
        self.note_start()

    def note_start(self) -> None:
        """Remember that it was started, or tried to be."""
        self.starts = [*self.starts[1 - OFTEN :], time.monotonic()]

    def too_often(self, within_s: float = OFTEN_S) -> bool:
        """Whether it has been started so often lately that it should wait."""
        return len(self.starts) == OFTEN and time.monotonic() - self.starts[0] < within_s

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it and all that it has started, at once: it leads a group of its own."""
        if self.process is not None and self.running():
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self, wait_s: float) -> None:
        """Ask, wait, then end it; by its id, so nothing else is ever hit."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
