"""Kills a process of a service at random; whoever dies, nobody else is told."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.chaos.house import House
from tests.chaos.processes import Kind, Process, kind_of

EVERY_S = 2.0
KINDS: tuple[Kind, ...] = ("child", "worker", "dispatcher", "supervisor", "broker", "command")


class Killer:
    """``seed`` decides who dies, not when. Each kind has its turn before any has a second one."""

    def __init__(self, house: House, seed: int, kinds: Sequence[Kind] = KINDS) -> None:
        self._house = house
        self._kinds = kinds
        self._random = random.Random(seed)
        self._turns: list[Kind] = []
        self.seed = seed
        self.killed: list[tuple[float, Kind, int]] = []
        self._began = time.monotonic()

    def kill_one(self, kind: Kind | None = None) -> bool:
        """Kill one process, of a kind that is chosen first; False when none of that kind is there just now."""
        if not self._turns:
            dead = {kind for _, kind, _ in self.killed}
            left = [kind for kind in self._kinds if kind not in dead] or list(self._kinds)
            self._turns = self._random.sample(left, len(left))
        chosen = kind or self._turns.pop(0)
        family = self._house.look()
        victims = [process for process in family if kind_of(process, family) == chosen]
        broker, store = self._house.own_broker, self._house.own_store
        if chosen == "broker" and broker is not None and broker.running():
            self._note(chosen, broker.processes[-1].pid)
            broker.kill()
            return True
        if chosen == "store" and store is not None and store.running():
            self._note(chosen, 0)
            store.kill()
            return True
        if not victims:
            if kind is None:
                self._turns.append(chosen)
            return False
        victim: Process = self._random.choice(sorted(victims, key=lambda process: process.pid))
        victim.kill()
        self._note(chosen, victim.pid)
        return True

    def all_had_their_turn(self) -> bool:
        """Whether one of each kind has died."""
        return {kind for _, kind, _ in self.killed} >= set(self._kinds)

    def _note(self, kind: Kind, pid: int) -> None:
        self.killed.append((round(time.monotonic() - self._began, 1), kind, pid))

    def __str__(self) -> str:
        return f"DEARLY_CHAOS_SEED={self.seed}, killed {self.killed}"
