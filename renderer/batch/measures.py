"""Spans of time, paces and sizes in words, as commands and the operators' page say them."""

from __future__ import annotations


def span(seconds: float) -> str:
    """A length of time in two units at most."""
    minutes, hours = seconds / 60, seconds / 3600
    if seconds < 1:
        return "less than a second"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 99.5:
        return f"{minutes:.0f} min"
    if hours < 48:
        return f"{int(hours)} h {int(minutes % 60)} min"
    return f"{int(hours / 24)} days {int(hours % 24)} h"


def rate(a_second: float) -> str:
    """A pace in the unit that gives a number of a few digits."""
    for each, unit in ((1, "a second"), (60, "a minute")):
        if a_second * each >= 1:
            return f"{a_second * each:,.1f} {unit}"
    return f"{a_second * 3600:,.1f} an hour"


def size(count: int) -> str:
    """A number of bytes in the unit that gives a number of a few digits."""
    for unit, each in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= each:
            return f"{count / each:,.1f} {unit}"
    return f"{count:,} bytes"
