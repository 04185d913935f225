"""Traces: what is told of a call to the HTTP API, of a request and of its parts, to those who watch a whole system.

This is the port; it tells nobody. :mod:`renderer.otlp` tells an OpenTelemetry collector. Where a trace goes on from one
process to another, the ledger carries it: a *traceparent* (W3C Trace Context) in the request's row, or, where it has
none, ids that are made of the request's id. Messages of the broker carry nothing. What is told are ids, codes, states
and times, never a value of a profile, an address or a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from renderer.errors import EnvironmentFault
from renderer.ledger.model import Origin
from renderer.settings import Settings

TELL_S = 2.0
"""So long a process that ends tells what it has not told."""

INSTALL = "pip install --no-deps --require-hashes -r requirements/otel.txt, with Dearly's Python."


@dataclass(frozen=True)
class About:
    """The request that is told of. ``origin`` asks the ledger; it may raise EnvironmentFault."""

    request_id: str
    template: str
    origin: Callable[[], Origin]


class CallSpan(Protocol):
    """A call to the API that is being answered."""

    @property
    def traceparent(self) -> str | None:
        """What a request that the call hands in is to carry; None where nobody is told."""

    def end(self, status: int, route: str, key: str) -> None:
        """It was answered. ``route`` is the pattern of the address, ``key`` the key's id."""


class PartSpan(Protocol):
    """A try at a part."""

    def end(self, outcome: str, code: str | None = None) -> None:
        """How it ended (done, late, dropped, failed, retried, given back), and the error's code."""


class Traces(Protocol):
    """One for a process, made after every fork."""

    def call(self, method: str, call: str, traceparent: str | None) -> CallSpan:
        """A call begins. ``call`` is its id, ``traceparent`` the header that it came with."""

    def part(self, about: About, part_id: str, release: str, attempt: int) -> PartSpan:
        """A try at a part begins."""

    def planned(self, about: About, code: str | None) -> None:
        """Whether and how a request is made has been settled, now, and only once: its own span, from when it was taken
        in. The spans of its parts stand under it. ``code``: why it will not be made."""

    def close(self, seconds: float) -> None:
        """Tell what has not been told, for at most so long. Nothing is told after that."""


class _Nothing:
    traceparent: str | None = None

    def end(self, *_: object) -> None:
        pass


class NoTraces:
    """Nobody is told."""

    _nothing = _Nothing()

    def call(self, *_: object) -> CallSpan:
        return self._nothing

    def part(self, *_: object) -> PartSpan:
        return self._nothing

    def planned(self, *_: object) -> None:
        pass

    def close(self, seconds: float) -> None:
        pass


NO_TRACES: Traces = NoTraces()


def open_traces(settings: Settings, process: str) -> Traces:
    """What the settings ask for, for a process of this kind (``api``, ``worker``). Not to be carried over a fork.
    Raises EnvironmentFault where the packages are not installed or an OTEL_… variable cannot be used."""
    if not settings.tracing:
        return NO_TRACES
    need_packages()
    from renderer.otlp import OtlpTraces

    try:
        return OtlpTraces(process)
    except ValueError as error:
        raise EnvironmentFault(
            "environment.setting", "A variable OTEL_… has a value that it cannot have.", hint="See docs/operate.md."
        ) from error


def need_packages() -> None:
    """Import what traces need: before a fork, so that its children need not. Raises EnvironmentFault."""
    try:
        import renderer.otlp  # noqa: F401
    except ImportError as error:
        raise EnvironmentFault(
            "environment.library", "DEARLY_TRACING is set, and OpenTelemetry is not installed.", hint=INSTALL
        ) from error


def derived(kind: str, request_id: str, bytes_: int) -> int:
    """An id made of a request's: the same in every process, as good as random (a sampler looks at its digits), never
    zero."""
    said = hashlib.blake2b(request_id.encode(), digest_size=bytes_, person=kind.encode()).digest()
    return int.from_bytes(said, "big") or 1
