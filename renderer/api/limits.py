"""Limits by key and by address: token buckets in this process.

They are not kept in the ledger on purpose: a write for every call would cost more than most calls, and the limits are
there to protect this process. Several processes of the API each give a key its rate.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from renderer.api.problems import busy

KEPT = 10_000
"""Buckets that are remembered; those not used for longest are forgotten, which fills them."""


@dataclass(frozen=True)
class Taken:
    """What a call found: whether it may go on, what is ``left``, and the seconds until there is one more."""

    granted: bool
    left: int
    wait_s: int


class Buckets:
    """A bucket of ``burst`` tokens for each name, filled at ``rate`` tokens a second."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when that was

    def take(self, name: str) -> Taken:
        """Take a token out of a bucket, if there is one."""
        now = self._now()
        tokens, then = self._buckets.pop(name, (float(self.burst), now))
        tokens = min(self.burst, tokens + max(0.0, now - then) * self.rate)
        granted = tokens >= 1
        if granted:
            tokens -= 1
        self._buckets[name] = (tokens, now)
        if len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        return Taken(granted, int(tokens), 0 if granted else max(1, math.ceil((1 - tokens) / self.rate)))

    def headers(self, taken: Taken) -> dict[str, str]:
        """What a client is told of its bucket (draft-ietf-httpapi-ratelimit-headers)."""
        window_s = max(1, math.ceil(self.burst / self.rate))
        reset_s = taken.wait_s if not taken.granted else math.ceil((self.burst - taken.left) / self.rate)
        return {
            "RateLimit-Policy": f'"key";q={self.burst};w={window_s}',
            "RateLimit": f'"key";r={taken.left};t={reset_s}',
        }


class Held:
    """How many of something each name has at the same time, up to a limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[str, int] = {}

    def enter(self, name: str) -> bool:
        """False when the name has as many as it may. Each True wants one :meth:`leave`."""
        if self._held.get(name, 0) >= self._most:
            return False
        self._held[name] = self._held.get(name, 0) + 1
        return True

    def leave(self, name: str) -> None:
        left = self._held[name] - 1
        if left:
            self._held[name] = left
        else:
            del self._held[name]


class Budget:
    """An amount of something that all calls share, such as the bytes of the bodies that are in memory."""

    def __init__(self, most: int) -> None:
        self._left = most

    @contextmanager
    def hold(self, amount: int) -> Iterator[None]:
        """Have so much of it while the block lasts. Raises a Refusal 503 when there is not so much."""
        if amount > self._left:
            raise busy("Too many large bodies are on their way.")
        self._left -= amount
        try:
            yield
        finally:
            self._left += amount
