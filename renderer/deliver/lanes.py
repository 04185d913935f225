"""How many messages are under way to each receiver, so that nobody waits behind one that is slow. Pure bookkeeping.

A receiver begins with few at a time. Each quick success allows one more, up to the setting; a failure or a slow answer
halves it. What that has brought down to one at a time is *slow*, and all slow ones together have no more than half of
the places, so the other half is always for receivers that answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

AT_ONCE = 200
"""Messages that are under way at the same time, of one process."""

SLOW_AT_ONCE = AT_ONCE // 2

HELD = 2 * AT_ONCE
"""Messages that one process has taken and not brought to an end, whatever waits in the ledger."""

FIRST = 2
"""How many at a time a receiver begins with."""

KEPT = 5_000
"""Receivers of which it is known how they did."""

SLOW_MS = 2_000
"""An answer that takes longer is a slow one."""

T = TypeVar("T")


@dataclass
class Lane(Generic[T]):
    """The way to one receiver: what waits here, and how much is under way."""

    limit: int = FIRST
    waiting: deque[T] = field(default_factory=deque)
    under_way: int = 0
    slow: bool = False

    @property
    def held(self) -> int:
        return len(self.waiting) + self.under_way


class Lanes(Generic[T]):
    """All lanes of a process, by the endpoints' ids. ``most`` may be under way to one receiver."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lanes: dict[str, Lane[T]] = {}
        self._last = ""  # who got a place last: whoever comes after has the next turn

    @property
    def under_way(self) -> int:
        return sum(lane.under_way for lane in self._lanes.values())

    @property
    def held(self) -> int:
        return sum(lane.held for lane in self._lanes.values())

    def holds(self, endpoint_id: str) -> bool:
        """Whether anything waits here for an endpoint, or is under way to it."""
        lane = self._lanes.get(endpoint_id)
        return lane is not None and lane.held > 0

    def rooms(self, ids: Sequence[str], failing: Iterable[str] = ()) -> dict[str, int]:
        """How many more may be taken for each of some endpoints, which get their turn one after the other. Those that
        are ``failing`` are slow until something gets through."""
        for one in failing:
            lane = self._lane(one)
            lane.limit, lane.slow = 1, True
        free = HELD - self.held
        free_slow = SLOW_AT_ONCE - sum(lane.held for lane in self._lanes.values() if lane.slow)
        rooms: dict[str, int] = {}
        ordered = sorted(ids)
        turn = bisect_right(ordered, self._last)
        for one in [*ordered[turn:], *ordered[:turn]]:
            lane = self._lane(one)
            # As many again as are under way, so that the next one is there when one has ended; of slow ones none.
            room = (1 if lane.slow else 2 * lane.limit) - lane.held
            room = min(room, free, free_slow) if lane.slow else min(room, free)
            if room > 0:
                rooms[one] = room
                free -= room
                free_slow -= room if lane.slow else 0
                self._last = one
        return rooms

    def put(self, endpoint_id: str, items: Iterable[T]) -> None:
        """Let some wait here."""
        self._lane(endpoint_id).waiting.extend(items)

    def start(self, begin: Callable[[str, T], None]) -> None:
        """Begin what may begin, one of each lane in turn."""
        began = True
        slow = sum(lane.under_way for lane in self._lanes.values() if lane.slow)
        all_ = self.under_way
        while began and all_ < AT_ONCE:
            began = False
            for endpoint_id, lane in self._lanes.items():
                if not lane.waiting or lane.under_way >= lane.limit or all_ >= AT_ONCE:
                    continue
                if lane.slow and slow >= SLOW_AT_ONCE:
                    continue
                lane.under_way += 1
                all_ += 1
                slow += lane.slow
                began = True
                begin(endpoint_id, lane.waiting.popleft())

    def ended(self, endpoint_id: str, took_ms: int | None, through: bool) -> None:
        """One has ended; ``took_ms`` is None where it was not tried."""
        lane = self._lanes[endpoint_id]
        lane.under_way -= 1
        if took_ms is None:
            return
        if through and took_ms <= SLOW_MS:
            lane.limit, lane.slow = min(self._most, lane.limit + 1), False
        else:
            lane.limit = max(1, lane.limit // 2)
            lane.slow = lane.limit == 1

    def clear(self, endpoint_id: str) -> list[T]:
        """What waits here for a receiver and has not begun; it waits no more."""
        waiting = self._lanes[endpoint_id].waiting
        found = list(waiting)
        waiting.clear()
        return found

    def empty(self) -> list[T]:
        """All that wait here and have not begun; they wait no more."""
        return [item for endpoint_id in self._lanes for item in self.clear(endpoint_id)]

    def _lane(self, endpoint_id: str) -> Lane[T]:
        if endpoint_id not in self._lanes:
            if len(self._lanes) >= KEPT:
                self._lanes = {key: lane for key, lane in self._lanes.items() if lane.held}
            self._lanes[endpoint_id] = Lane(limit=min(FIRST, self._most))
        return self._lanes[endpoint_id]
