"""Threads for what blocks: the ledger, the store, checking and sealing. So many and no more, and so many calls waiting
for one and no more: beyond that a call is turned away at once instead of waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from renderer.api.problems import busy

T = TypeVar("T")


class Pool:
    """``threads`` at work; ``waiting`` calls at most that have none."""

    def __init__(self, threads: int, waiting: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threads + waiting
        self._inside = 0

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """What ``work`` gives. Raises a Refusal 503 when too many wait."""
        if self._inside >= self._room:
            raise busy("Too many calls wait for their turn.")
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Wait for what is at work."""
        self._executor.shutdown()
