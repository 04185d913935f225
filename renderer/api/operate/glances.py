"""Looks that are used again for a moment, so that many who watch cost the ledger no more than one."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

KEPT_S = 1.0
"""So long a look is used again; longer where it took long itself."""
TIMES = 5
LONGEST_S = 30.0
KEPT = 200

T = TypeVar("T")


class Glances:
    """Used by several threads: of those who ask for the same at the same time one looks, the others wait for it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def look(self, name: str, work: Callable[[], T]) -> T:
        """What ``work`` gives, or gave a moment ago under this name. Raises what it raises, which is not kept."""
        with self._lock:
            held = self._held.setdefault(name, _Held())
            self._held.move_to_end(name)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        with held.lock:
            began = self._now()
            if held.until <= began:
                held.value = work()
                took = self._now() - began
                held.until = began + took + min(LONGEST_S, max(KEPT_S, TIMES * took))
            value: T = held.value
            return value

    def drop(self, name: str) -> None:
        """Look anew the next time: something was changed."""
        with self._lock:
            self._held.pop(name, None)


class _Held:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = float("-inf")
        self.value: Any = None
