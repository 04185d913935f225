"""Kills a process of a service at random; whoever dies, nobody else is told."""

from __future__ import annotations

import random
import time

from tests.chaos.house import House
from tests.chaos.processes import Kind, Process, kind_of

EVERY_S = 2.0
KINDS: tuple[Kind, ...] = ("child", "worker", "dispatcher", "supervisor", "broker", "command")


class Killer:
    """``seed`` decides who dies, not when."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._random = random.Random(seed)
        self.seed = seed
        self.killed: list[tuple[float, Kind, int]] = []
        self._began = time.monotonic()

    def kill_one(self, kind: Kind | None = None) -> bool:
        """Kill one process of a kind that is chosen first; False when none of that kind is there just now."""
        chosen: Kind = self._random.choice(KINDS) if kind is None else kind
        family = self._house.look()
        victims = [process for process in family if kind_of(process, family) == chosen]
        if not victims:
            return False
        victim: Process = self._random.choice(sorted(victims, key=lambda process: process.pid))
        victim.kill()
        self.killed.append((round(time.monotonic() - self._began, 1), chosen, victim.pid))
        return True

    def __str__(self) -> str:
        return f"DEARLY_CHAOS_SEED={self.seed}, killed {self.killed}"
