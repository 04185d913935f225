"""Processes by /proc: who is whose child, what each of a service is. Only numbers that a test started are ever asked
about, and each is known with its start, so that a number given anew is not taken for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["command", "supervisor", "dispatcher", "broker", "store", "worker", "child", "other"]

_MODULES: dict[str, Kind] = {
    "renderer.cli.main": "command",
    "workers.supervisor": "supervisor",
    "tests.chaos.app": "supervisor",
    "workers.dispatch": "dispatcher",
}


@dataclass(frozen=True)
class Process:
    """A process as it was found: ``start`` in clock ticks since the machine began."""

    pid: int
    parent: int
    start: str
    command: tuple[str, ...]

    def alive(self) -> bool:
        found = _look(self.pid)
        return found is not None and found.start == self.start

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def thread_state(self) -> str:
        """``T`` when it is stopped."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]


def descendants(pid: int) -> list[Process]:
    """All that a process started, and what those started; nearest first."""
    children: dict[int, list[Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    new = [pid]
    while new:
        below = [child for parent in new for child in children.get(parent, [])]
        found += below
        new = [child.pid for child in below]
    return found


def of(pid: int) -> Process | None:
    """One process, None when it has ended."""
    return _look(pid)


def kind_of(process: Process, family: Sequence[Process]) -> Kind:
    """What a process of a service is; ``family`` are all that belong to it."""
    parent = next((other for other in family if other.pid == process.parent), None)
    if any("valkey" in word for word in process.command[:1]):
        return "broker"
    if "celery" in process.command:
        return "child" if parent is not None and "celery" in parent.command else "worker"
    return next((kind for module, kind in _MODULES.items() if module in process.command), "other")


def _all() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        found = _look(int(folder.name))
        if found is not None:
            yield found


def _look(pid: int) -> Process | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] in "ZX":
            return None
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except (OSError, IndexError):
        return None
    return Process(pid, int(fields[1]), fields[19], tuple(command))
