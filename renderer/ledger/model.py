"""What the ledger speaks of, as frozen values. The words are those of the glossary:

- a **run** is one submission of many requests;
- a **request** is one recipient and one template release, and every count in a report counts requests;
- a **part** is one channel of one request; queues, leases, attempts and fencing act on parts. The making of the plan is
  a part too (``plan``): every other part of its request waits for it, and reports do not show it.

Times are integer milliseconds since the epoch, UTC (``_ms``).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from renderer.errors import DearlyError
from renderer.template.model import Channel

State = Literal["submitted", "dispatched", "running", "done", "failed", "suppressed", "cancelled"]
STATES: tuple[State, ...] = ("submitted", "dispatched", "running", "done", "failed", "suppressed", "cancelled")
OPEN: tuple[State, ...] = ("submitted", "dispatched", "running")

RunState = Literal["open", "running", "complete", "unbalanced", "cancelled"]
RUN_STATES: tuple[RunState, ...] = ("open", "running", "complete", "unbalanced", "cancelled")
"""Input is read · all of it is in · every request is accounted for · the sums do not agree · called off."""

ENDLESS = ("api", "door")
"""Kinds of runs that take requests for ever and are never settled: their requests end one by one."""

EndpointState = Literal["active", "paused", "disabled", "removed"]
ENDPOINT_STATES: tuple[EndpointState, ...] = ("active", "paused", "disabled", "removed")
"""Is told · by the operator's wish not now · by Dearly's not any more, until the operator says so · is gone."""

DeliveryState = Literal["waiting", "delivered", "failed"]
DELIVERY_STATES: tuple[DeliveryState, ...] = ("waiting", "delivered", "failed")

TOPICS: Mapping[str, str] = {
    "request.done": "All files of a request are made.",
    "request.failed": "A request cannot be made; `code` says why.",
    "request.suppressed": "The template's rules say that the recipient gets nothing; `reason` is the rule's word.",
    "request.cancelled": "A request was called off, or its recipient was forgotten.",
    "run.held": "All that may be made of a run without an approval has ended; the rest waits for it.",
    "run.complete": "All of a run has ended, and its sums agree.",
    "run.unbalanced": "All of a run has ended, and its sums do not agree.",
    "run.cancelled": "A run was called off, and nothing of it is open any more.",
}
"""What happens that others can be told of, and what each means."""

Work = Literal["plan", "microsite", "statement", "video"]
"""What a part makes: the plan, or a channel's files."""

QUEUES: Mapping[Work, str] = {"plan": "control", "microsite": "site", "statement": "statement", "video": "video"}
"""The queue of each kind of part."""

URGENT_QUEUE = "urgent"
"""The queue of all parts of an urgent request."""

PRIORITIES: Mapping[str, int] = {"low": -1, "normal": 0, "high": 1, "urgent": 2}
URGENT = PRIORITIES["urgent"]

NEEDS: Mapping[Channel, tuple[Channel, ...]] = {"microsite": ("statement", "video")}
"""The channels whose files a channel embeds, where the request asks for them too: its part waits for theirs."""

MAX_ATTEMPTS = 3
"""Attempts that may end with an unknown fault or too late."""

ALONE_AFTER = 2
"""Deaths of its process after which a part is sent in a message by itself."""

POISON_AFTER = 4
"""Deaths of its process after which a part has failed: twice in company, twice alone."""

MAX_LOSSES = 10
"""Deaths of a whole worker after which a part that was at work there each time has failed. A worker dies of many
things, so it says little about a part."""

DEAD_MS = 12_000
"""A worker that has not been heard of for so long is dead."""

Clock = Callable[[], int]
"""Gives the time in milliseconds since the epoch."""


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def new_id(now_ms: int) -> str:
    """A random id that sorts by time: 48 bits of milliseconds and 80 random bits, in hex. Nothing personal in it."""
    return f"{now_ms:012x}{secrets.token_hex(10)}"


def artefact_folder(request_id: str) -> str:
    """The folder of the store in which a request's files are, among those of others. Its name has a random byte and
    some seventeen minutes of time: a million requests of an hour lie in a thousand folders, which go when the last file
    in them is removed."""
    return f"artefacts/{request_id[-2:]}/{request_id[:7]}"


def artefact_key(request_id: str, path: str) -> str:
    """The place in the store of a request's file (``<channel>/…``). It depends on the request and not on the attempt.
    There is no folder of its own for each request: a new folder has to be brought to the disk, like a new file."""
    return f"{artefact_folder(request_id)}/{request_id}.{path.replace('/', '.', 1)}"


def request_of_key(key: str) -> str:
    """The request that a file of the store was made for."""
    return key.split("/")[3].partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request as it is handed in. ``recipient`` and ``idempotency`` are keyed digests (:class:`.seal.Vault`);
    ``sealed`` is the profile, encrypted for the request's id, so the id is made by the one who seals. ``record`` is its
    place in the run's input, from 1. With ``notify`` its end goes to the outbox. ``amounts`` are its control amounts,
    sealed, where its template has control totals. ``body`` is a keyed digest of all that was handed in, where the same
    ``idempotency`` with something else is to be told from the same again. ``trace`` is the trace that it belongs to, as
    W3C's traceparent. ``again`` is the request whose profile it carries, where it is one that is tried again."""

    id: str
    recipient: str
    idempotency: str
    template: str
    release: str
    channels: Sequence[Channel]
    sealed: bytes
    priority: int = 0
    record: int = 0
    notify: bool = False
    body: str | None = None
    amounts: bytes | None = None
    trace: str | None = None
    again: str | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a request comes from: its run, when it was taken in, and the trace that it belongs to if it brought one."""

    run_id: str
    created_ms: int
    traceparent: str | None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why something failed: a code of :mod:`renderer.errors` and its message, which holds nothing personal."""

    code: str
    message: str

    @classmethod
    def of(cls, error: DearlyError) -> Fault:
        """What an error says, with its place and without its hint."""
        place = str(error.place)
        return cls(code=error.code, message=f"{place}: {error.message}" if place else error.message)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A part that ``owner``, a process of ``worker``, would work on for at most ``lease_ms``."""

    part_id: str
    owner: str
    lease_ms: int
    worker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to work on a part, until ``lease_until_ms`` and as long as nobody holds a higher token (fencing).

    ``tries`` are the attempts that count against MAX_ATTEMPTS, this one included. ``probe``: its queue is paused, and
    this part finds out whether the environment is well again. ``sealed`` is what the work is made from: for a plan the
    profile, else the plan; None once it was dropped.
    """

    part_id: str
    request_id: str
    channel: Work
    queue: str
    template: str
    release: str
    token: int
    attempt: int
    tries: int
    faults: int
    worker: str | None
    owner: str
    begun_ms: int
    lease_until_ms: int
    plan_digest: str | None
    needed: int = 0
    probe: bool = False
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A part that was marked as sent: publish its id, ``alone`` in a message of its own."""

    part_id: str
    alone: bool


@dataclass(frozen=True, kw_only=True)
class Fence:
    """Proof of being the leader of that name; a higher token is a later leader's."""

    name: str
    holder: str
    token: int


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker that lives, as far as is known. ``id`` is its owner's name, ``name`` the operator's."""

    id: str
    name: str
    queues: tuple[str, ...]
    children: int
    beat_ms: int


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A queue that waits for its environment."""

    queue: str
    faults: int
    until_ms: int
    fault: Fault


@dataclass(frozen=True, kw_only=True)
class Produced:
    """One stored file of a part. ``path`` is ``<channel>/<fixed name>``, ``key`` its place in the store, ``engine`` the
    digest of what made it (:meth:`.reader.Reader.engines`)."""

    path: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    key: str
    engine: str | None = None


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
    crashes: int
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
