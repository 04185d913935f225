"""One render process of the studio, asked from the event loop: one operation at a time, each with its limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from renderer.guard import Guard
from renderer.preview.desk import work
from renderer.preview.model import Bench

Wanted = Callable[[], Awaitable[bool]]
SECONDS = 60.0


class Unwanted(Exception):
    """Whoever asked has gone before the turn came."""


class Lane:
    """A guarded process with a queue in front of it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._guard = Guard()
        self._turn = asyncio.Lock()
        self._closed = False

    async def ask(
        self,
        revision: int,
        operation: str,
        *arguments: Any,
        seconds: float = SECONDS,
        wanted: Wanted | None = None,
        progress: Callable[..., None] | None = None,
    ) -> Any:
        """The operation's result. Raises what it raises, RenderError ``render.limit`` when it takes longer than
        ``seconds``, and :class:`Unwanted` when nobody waits for it any more."""
        async with self._turn:
            if self._closed or (wanted is not None and not await wanted()):
                raise Unwanted
            running = asyncio.ensure_future(
                asyncio.to_thread(
                    self._guard.call,
                    work,
                    self.bench,
                    revision,
                    operation,
                    arguments,
                    seconds=seconds,
                    progress=progress,
                )
            )
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.wait([running])  # the turn is over when the process is free again, not before
                raise

    def interrupt(self) -> None:
        """End what is under way; the process comes back with the next question."""
        self._guard.interrupt()

    async def close(self) -> None:
        """End the process."""
        self._closed = True
        self._guard.interrupt()
        async with self._turn:
            await asyncio.to_thread(self._guard.close)
