"""What each queue and each kind of part is given: how much may be on its way at once, and time and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from renderer.ledger.model import Work

GIB = 2**30
MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A part is interrupted after ``soft_s``; its process is killed after ``hard_s``, which is also its lease. Its
    files may have ``bytes`` together."""

    soft_s: float
    hard_s: float
    bytes: int

    @property
    def lease_ms(self) -> int:
        return int(self.hard_s * 1000)


LIMITS: Mapping[Work, Limit] = {
    "plan": Limit(soft_s=30, hard_s=45, bytes=64 * MIB),
    "microsite": Limit(soft_s=60, hard_s=90, bytes=GIB),
    "statement": Limit(soft_s=60, hard_s=90, bytes=256 * MIB),
    "video": Limit(soft_s=240, hard_s=300, bytes=GIB),
}

SHARD_S = 240.0
"""After this a message's parts that have not begun are handed back."""

MESSAGE_S = int(SHARD_S + max(limit.hard_s for limit in LIMITS.values()) + 60)
"""After this a message's process is killed whatever it does: the last of several limits."""

SENT_MS = 15 * 60 * 1000
"""After this a part that was sent and not claimed is sent again. Messages that a broker lost are missed much sooner
(:meth:`workers.dispatch.Dispatcher._lost`)."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A queue. Messages hold up to ``shard`` parts. When fewer than ``low`` messages for each worker process are sent
    or at work, the dispatcher fills up to ``high``. ``single``: one process serves it, however many cores there are."""

    shard: int
    low: int
    high: int
    single: bool = False


LANES: Mapping[str, Lane] = {
    "urgent": Lane(shard=1, low=4, high=4, single=True),
    "control": Lane(shard=25, low=2, high=4, single=True),
    "site": Lane(shard=25, low=2, high=4),  # a page takes less than a statement: messages of one would wait for 25
    "statement": Lane(shard=25, low=2, high=4),
    "video": Lane(shard=1, low=2, high=2),
    "io": Lane(shard=1, low=4, high=4, single=True),
}
"""The queues that the dispatcher fills, the urgent one first."""

INTAKE = "intake"
"""The queue that outsiders send to."""
