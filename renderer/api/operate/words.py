"""How figures, times, states and texts from outside are written on the pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from renderer.batch.measures import rate, size, span
from renderer.errors import CODES
from renderer.ledger.summary import Tally
from renderer.times import ago, iso, moment, second

SHORT = 12
"""Digits of an id that are shown: enough to tell runs and requests apart, and what a command takes."""

TONES: Mapping[str, str] = {
    "done": "good",
    "complete": "good",
    "approved": "good",
    "active": "good",
    "alive": "good",
    "failed": "bad",
    "unbalanced": "bad",
    "silent": "bad",
    "poison": "bad",
    "waiting for approval": "wait",
    "paused": "wait",
    "running": "live",
    "at work": "live",
    "reading the input": "live",
    "being summed up": "live",
    "being cancelled": "live",
}
"""What the colour of a state means; those not named have none."""

OUTCOMES = ("done", "failed", "suppressed", "set_aside", "cancelled", "working")
"""What a bar shows, in its order; what is left of it waits."""

WIDE = 1000
"""Units of a bar."""
THIN = 6
"""So many at least has what is there at all."""


def number(count: int) -> str:
    return f"{count:,}"


def when(at_ms: int) -> Markup:
    """A time in UTC, to the minute; the second is in its title."""
    at = moment(at_ms)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        iso(at_ms), f"{second(at_ms)} UTC", f"{at.day} {at:%b %Y, %H:%M}"
    )


def short(an_id: str) -> str:
    return an_id[:SHORT]


def shown(text: str) -> Markup:
    """A text that somebody else wrote: it stays in its direction, and what cannot be seen in it is named."""
    return Markup("<bdi>{}</bdi>").format(plain(text))


def plain(text: str) -> str:
    """A text without tricks: controls and what turns the reading direction are named."""
    return "".join(f"[U+{ord(one):04X}]" if _tricks(one) else one for one in text)


def _tricks(one: str) -> bool:
    return unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in _TURNING


_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def tone(state: str) -> str:
    """The class of a state's colour."""
    return TONES.get(state, "calm")


def meaning(code: str) -> str:
    """What a code says."""
    return CODES.get(code, "")


def several(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def bar(tally: Tally, records: int) -> list[tuple[str, int, int]]:
    """The pieces of a bar, (outcome, start, width) of :data:`WIDE`: what there is little of can be seen too."""
    whole = max(records, tally.all, 1)
    found: list[tuple[str, int, int]] = []
    start = 0
    for name in OUTCOMES:
        count = getattr(tally, name)
        if count:
            width = min(max(THIN, round(WIDE * count / whole)), WIDE - start)
            found.append((name, start, width))
            start += width
    return found


def told(tally: Tally) -> str:
    """A bar in words."""
    parts = [f"{getattr(tally, name):,} {name.replace('_', ' ')}" for name in OUTCOMES if getattr(tally, name)]
    return ", ".join([*parts, f"{tally.waiting:,} waiting"] if tally.waiting else parts) or "nothing yet"


def percent(part: int, whole: int) -> str:
    """A share, rounded down: what is not all is never 100 %."""
    return f"{min(100, 100 * part // whole) if whole else 0} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "when": when,
    "short": short,
    "shown": shown,
    "plain": plain,
    "tone": tone,
    "meaning": meaning,
    "span": span,
    "rate": rate,
    "size": size,
    "ago": ago,
    "several": several,
    "told": told,
    "percent": percent,
}
