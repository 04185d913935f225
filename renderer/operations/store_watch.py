"""Whether the store answers, for whoever must not wait for one that hangs.

A look goes on in a thread of its own, one at a time. Whoever asks waits for it a moment and then has what the last one
found; a look that goes on for too long is itself the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from renderer.bootstrap import bucket
from renderer.errors import EnvironmentFault
from renderer.installation import MARKER
from renderer.settings import Settings
from renderer.store.base import Store

EVERY_S = 5.0
"""A look that is younger is used again."""
MOMENT_S = 1.0
"""So long somebody waits for a look that goes on."""
HANGS_S = 10.0
"""A store that has not answered for so long does not. Longer than a client that gives up waits."""


class StoreWatch:
    """Looks when it is asked and it is time. ``look`` says whether the store answers; it may block. Used by several
    threads."""

    def __init__(self, look: Callable[[], bool], now: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now = now
        self._lock = threading.Lock()
        self._begun = float("-inf")
        self._ended = threading.Event()
        self._ended.set()
        self._up: bool | None = None

    def begin(self) -> None:
        """Look, unless somebody does or has just done so."""
        with self._lock:
            if not self._ended.is_set() or self._now() - self._begun < EVERY_S:
                return
            self._begun = self._now()
            self._ended.clear()
        threading.Thread(target=self._work, name="store-watch", daemon=True).start()

    def up(self, wait_s: float = MOMENT_S) -> bool | None:
        """Whether the store answers; None where that is not known yet."""
        self.begin()
        if not self._ended.wait(wait_s) and self._now() - self._begun >= HANGS_S:
            return False
        return self._up

    def _work(self) -> None:
        found = False
        try:
            found = self._look()
        except EnvironmentFault:
            pass  # that it is away is all that is told here; 'dearly status' says why
        finally:
            self._up = found
            self._ended.set()


def watch(settings: Settings) -> StoreWatch:
    """A watch of the store that the settings name."""
    if not settings.store_url:
        return StoreWatch(lambda: _is_there(settings.store))
    made: list[Store] = []

    def look() -> bool:
        if not made:
            made.append(bucket(settings, quick=True))
        made[0].stat(MARKER)
        return True

    return StoreWatch(look)


def _is_there(folder: Path) -> bool:
    """Whether the store's folder has what every store has: of a disk that is not mounted an empty folder is left."""
    try:
        return (folder / MARKER).is_file()
    except OSError:
        return False
