"""What each queue is given: time, and how many parts may be on their way at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A part of this queue is interrupted after ``soft_s`` and its process killed after ``hard_s``. The dispatcher
    keeps up to ``window`` parts for each worker process sent or at work."""

    soft_s: int
    hard_s: int
    window: int

    @property
    def lease_ms(self) -> int:
        """Longer than the work can last, so that a native call which holds the interpreter cannot cost the lease."""
        return (self.hard_s + 60) * 1000

    @property
    def sent_ms(self) -> int:
        """How long a part may lie in the broker before it is sent again: a window's work at half the limit."""
        return self.window * self.soft_s * 500


LANES: Mapping[str, Lane] = {
    "site": Lane(soft_s=60, hard_s=90, window=4),
    "statement": Lane(soft_s=60, hard_s=90, window=4),
    "video": Lane(soft_s=240, hard_s=300, window=2),
}
