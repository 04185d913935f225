"""What the ledger speaks of, as frozen values. The words are those of the glossary:

- a **run** is one submission of many requests;
- a **request** is one recipient and one template release, and every count in a report counts requests;
- a **part** is one channel of one request; queues, leases, attempts and fencing act on parts.

Times are integer milliseconds since the epoch, UTC (``_ms``).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from renderer.template.model import Channel

State = Literal["submitted", "dispatched", "running", "done", "failed", "suppressed", "cancelled"]
STATES: tuple[State, ...] = ("submitted", "dispatched", "running", "done", "failed", "suppressed", "cancelled")
OPEN: tuple[State, ...] = ("submitted", "dispatched", "running")

QUEUES: Mapping[Channel, str] = {"microsite": "site", "statement": "statement", "video": "video"}
"""The queue of each channel."""

NEEDS: Mapping[Channel, tuple[Channel, ...]] = {"microsite": ("statement", "video")}
"""The channels whose files a channel embeds, where the request asks for them too: its part waits for theirs."""

MAX_ATTEMPTS = 3

Clock = Callable[[], int]
"""Gives the time in milliseconds since the epoch."""


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def new_id(now_ms: int) -> str:
    """A random id that sorts by time: 48 bits of milliseconds and 80 random bits, in hex. Nothing personal in it."""
    return f"{now_ms:012x}{secrets.token_hex(10)}"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request as it is handed in. ``recipient`` and ``idempotency`` are keyed digests (:class:`.seal.Vault`);
    ``sealed`` is the profile, encrypted for the request's id, so the id is made by the one who seals."""

    id: str
    recipient: str
    idempotency: str
    template: str
    release: str
    channels: Sequence[Channel]
    sealed: bytes
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why something failed: a code of :mod:`renderer.errors` and its message, which holds nothing personal."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to work on a part, until ``lease_until_ms`` and as long as nobody holds a higher token (fencing)."""

    part_id: str
    request_id: str
    channel: Channel
    template: str
    release: str
    token: int
    attempt: int
    faults: int
    lease_until_ms: int
    plan_digest: str | None


@dataclass(frozen=True, kw_only=True)
class Produced:
    """One stored file of a part. ``path`` is ``<channel>/<fixed name>``, ``key`` its place in the store."""

    path: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What rendering a part gave: files, counts for reports (frames, pages, CPU seconds as text) and warning codes."""

    artefacts: tuple[Produced, ...]
    figures: Mapping[str, int | str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part as it stands. ``faults`` counts the times it was handed back because of the environment."""

    id: str
    request_id: str
    channel: Channel
    state: State
    attempts: int
    faults: int
    step: int
    steps: int
    fault: Fault | None
    owner: str | None
    started_ms: int | None
    finished_ms: int | None
    figures: Mapping[str, int | str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it stands. ``reason`` is the suppression's code."""

    id: str
    run_id: str
    template: str
    release: str
    state: State
    plan_digest: str | None
    reason: str | None
    fault: Fault | None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Requests of a run by what became of them. ``input`` is None until all of the input was read."""

    input: int | None
    done: int = 0
    failed: int = 0
    suppressed: int = 0
    cancelled: int = 0
    open: int = 0

    @property
    def complete(self) -> bool:
        """Whether every request that came in is accounted for."""
        return self.open == 0 and self.input == self.done + self.failed + self.suppressed + self.cancelled
