"""A render process of the studio comes back, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from renderer.errors import RenderError, TransientError
from renderer.preflight.start import start
from renderer.preview.lane import Lane, Unwanted
from renderer.preview.model import Bench

CACHE = Path(gettempdir()) / "dearly-test-fonts"


def _with_lane(folder: Path, life: Any) -> None:
    async def run() -> None:
        start("book-year", folder / "book-year")
        lane = Lane(Bench(folder=folder / "book-year", profiles=None, cache=CACHE, work=folder / "work"))
        try:
            await life(lane)
        finally:
            await lane.close()

    asyncio.run(run())


def stop(lane: Lane) -> int:
    """Let a lane's process do nothing for now; its number."""
    process = lane._guard._process
    assert process is not None and process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    return int(process.pid)


def test_it_starts_again_after_being_ended_or_taking_too_long(tmp_path: Path) -> None:
    async def life(lane: Lane) -> None:
        assert (await lane.ask(1, "template"))["id"] == "book-year"
        stop(lane)  # or it might be through
        under_way = asyncio.create_task(lane.ask(2, "warm", True))
        await asyncio.sleep(0.02)
        lane.interrupt()
        with pytest.raises(TransientError):
            await under_way
        with pytest.raises(RenderError, match="longer than"):
            await lane.ask(3, "template", seconds=0.001)
        assert (await lane.ask(4, "template"))["id"] == "book-year"

    _with_lane(tmp_path, life)


def test_a_turn_that_nobody_waits_for_is_left_out(tmp_path: Path) -> None:
    async def gone() -> bool:
        return False

    async def life(lane: Lane) -> None:
        with pytest.raises(Unwanted):
            await lane.ask(1, "template", wanted=gone)

    _with_lane(tmp_path, life)


def test_a_caller_that_leaves_keeps_the_turn_until_the_process_is_free(tmp_path: Path) -> None:
    async def life(lane: Lane) -> None:
        assert (await lane.ask(1, "template"))["id"] == "book-year"
        process = stop(lane)
        first: Coroutine[Any, Any, Any] = lane.ask(1, "warm", False)
        task = asyncio.create_task(first)
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()  # it keeps the turn
        os.kill(process, signal.SIGCONT)
        second = await lane.ask(1, "people")
        assert [person.label for person in second] == ["ada", "bruno"]
        with pytest.raises(asyncio.CancelledError):
            await task

    _with_lane(tmp_path, life)
