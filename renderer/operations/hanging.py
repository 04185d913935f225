"""Calls that may hang, as those to a network's disk that is away: whoever asks waits for a moment and no longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MayHang(Generic[T]):
    """What ``call`` gives, asked for in a thread of its own. While one call goes on there is no other, so one that
    hangs leaves one thread behind. Used by several threads."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._found: T | None = None

    def begin(self) -> None:
        """Call, unless a call goes on."""
        with self._lock:
            if not self._ended.is_set():
                return
            self._found = None
            self._ended.clear()
            try:
                threading.Thread(target=self._work, name="may-hang", daemon=True).start()
            except RuntimeError:  # there is no room for a thread more: nothing is found, this time
                self._ended.set()

    def found(self, wait_s: float) -> T | None:
        """What the call that was begun last has found; None when it goes on for longer, or broke with an OSError."""
        return self._found if self._ended.wait(wait_s) else None

    def _work(self) -> None:
        try:
            self._found = self._call()
        except OSError:
            pass  # that nothing can be said is all that is told
        finally:
            self._ended.set()
