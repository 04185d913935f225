"""Kills a process of a service at random every two seconds; whoever dies, nobody else is told."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable

from tests.chaos.house import House
from tests.chaos.processes import Kind, Process, kind_of, of

EVERY_S = 2.0


class Killer:
    """``dispatcher`` gives a further dispatcher that the test runs. ``seed`` decides who dies, not when."""

    def __init__(
        self, house: House, seed: int, others: Callable[[], list[subprocess.Popen[bytes]]] = lambda: []
    ) -> None:
        self._house = house
        self._random = random.Random(seed)
        self._others = others
        self.seed = seed
        self.killed: list[tuple[float, Kind, int]] = []
        self._began = time.monotonic()

    def kill_one(self) -> Kind | None:
        """Kill one process of a kind that is chosen first; None when none of that kind is there just now."""
        victims: dict[Kind, list[Process]] = {
            "child": [],
            "worker": [],
            "broker": [],
            "supervisor": [],
            "dispatcher": [],
        }
        family = self._house.look()
        for process in family:
            kind = kind_of(process, family)
            if kind in victims:
                victims[kind].append(process)
        for started in [self._house.supervisor, *self._others()]:
            found = of(started.pid) if started is not None and started.poll() is None else None
            if found is not None:
                victims["supervisor" if started is self._house.supervisor else "dispatcher"].append(found)
        kind = self._random.choice(list(victims))
        if not victims[kind]:
            return None
        victim = self._random.choice(sorted(victims[kind], key=lambda process: process.pid))
        victim.kill()
        self.killed.append((round(time.monotonic() - self._began, 1), kind, victim.pid))
        return kind

    def __str__(self) -> str:
        return f"seed {self.seed}, killed {self.killed}"
