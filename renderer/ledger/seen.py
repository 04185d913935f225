"""Requests, runs and releases as one sees them who looks from outside (:mod:`.browse`): ids, states, codes and times.
Nothing personal, but what :class:`Failed` has sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from renderer.ledger.model import Fault, RunState, State

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SeenPart:
    """One channel of a request."""

    channel: str
    state: State
    attempts: int
    step: int
    steps: int
    fault: Fault | None
    warnings: tuple[str, ...]
    finished_ms: int | None


@dataclass(frozen=True, kw_only=True)
class SeenRequest:
    """One request. ``gone`` says that its files are not kept any more. ``parts`` is empty in lists."""

    id: str
    run_id: str
    template: str
    release: str
    state: State
    reason: str | None
    fault: Fault | None
    created_ms: int
    finished_ms: int | None
    gone: bool
    parts: tuple[SeenPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """One run. ``template`` is None where its requests are of several."""

    id: str
    kind: str
    template: str | None
    release: str | None
    state: RunState
    expected: int | None
    hold_after: int | None
    approved_ms: int | None
    created_ms: int
    finished_ms: int | None


@dataclass(frozen=True, kw_only=True)
class SeenRelease:
    """A release that was published."""

    digest: str
    title: str
    published_ms: int


@dataclass(frozen=True, kw_only=True)
class SeenStep:
    """A line of a run's history. ``by`` says who decided, None where a command did."""

    at_ms: int
    event: str
    by: str | None


@dataclass(frozen=True, kw_only=True)
class SeenAttempt:
    """One try at a part that has ended. ``work`` is the channel, or ``plan``."""

    work: str
    worker: str | None
    begun_ms: int
    ended_ms: int
    outcome: str
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A request with its place in the input of its run."""

    record: int
    request: SeenRequest


@dataclass(frozen=True, kw_only=True)
class Failed:
    """What it takes to hand a request in again: ``sealed`` is its order, None when that is not kept any more."""

    template: str
    release: str
    recipient: str
    channels: tuple[str, ...]
    priority: int
    state: State
    run_kind: str
    sealed: bytes | None


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some rows, and the id below which the next page starts; None when there is nothing further down."""

    items: tuple[T, ...]
    below: str | None
