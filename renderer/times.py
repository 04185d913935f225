"""Moments as the ledger has them, milliseconds since the epoch, and how they are written: always in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def moment(at_ms: int) -> datetime:
    """A moment that can be reckoned with; it knows that it is UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


@overload
def iso(at_ms: int) -> str: ...
@overload
def iso(at_ms: int | None) -> str | None: ...
def iso(at_ms: int | None) -> str | None:
    """For machines: ISO 8601, to the second. None stays None."""
    return None if at_ms is None else f"{moment(at_ms):%Y-%m-%dT%H:%M:%SZ}"


def day(at_ms: int) -> str:
    """For people: the day."""
    return f"{moment(at_ms):%Y-%m-%d}"


def minute(at_ms: int) -> str:
    """For people: to the minute."""
    return f"{moment(at_ms):%Y-%m-%d %H:%M}"


def second(at_ms: int) -> str:
    """For people: to the second."""
    return f"{moment(at_ms):%Y-%m-%d %H:%M:%S}"


def ago(milliseconds: float) -> str:
    """A time span in words, rounded down."""
    seconds = max(0, int(milliseconds / 1000))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
