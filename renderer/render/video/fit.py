"""Making text fit: wrap, shrink, the next variant, break a word, ellipsis; in this order, each only if allowed.

In: candidate texts, how they should look, the room, the rule. Out: what was chosen and what was done to it, or None if
nothing helps. Knows text only through the port :class:`~.text.Measure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from renderer.render.video.score import Q, TextLook
from renderer.render.video.text import Measure, Wrap

STEP_Q = Q // 2
"""Sizes are tried in steps of half a pixel."""
SLACK_Q = Q // 2
"""What may stick out: rounding of advance widths, never a letter."""
MAX_CHARACTERS = 4000
"""A text longer than this fits no picture; it is not even measured, which would take long."""


@dataclass(frozen=True)
class Room:
    """The room for a text, in 1/256 px, and the rule. ``height_q`` 0 is any height, ``min_size_q`` 0 no shrinking."""

    width_q: int
    height_q: int
    max_lines: int
    min_size_q: int
    ellipsis: bool


@dataclass(frozen=True)
class Fitted:
    """``texts`` of candidate number ``variant`` in a look that fits. ``lines`` and ``width_q`` are the most of any;
    ``column_q`` is the width they wrap at, narrower than the room where lines were evened out."""

    variant: int
    texts: tuple[str, ...]
    look: TextLook
    lines: int
    width_q: int
    column_q: int
    wrap: Wrap
    ellipsis: bool


def fit(measure: Measure, candidates: Sequence[tuple[str, ...]], look: TextLook, room: Room) -> Fitted | None:
    """The first candidate that fits. A candidate is one text, or the steps of a counter, which share one size."""
    if any(len(text) > MAX_CHARACTERS for texts in candidates for text in texts):
        return None
    for variant, texts in enumerate(candidates):
        size_q = _largest(measure, texts, look, room)
        if size_q is not None:
            return _fitted(measure, variant, texts, sized(look, size_q), room, "word")
    smallest = sized(look, min(room.min_size_q or look.size_q, look.size_q))
    if room.max_lines > 1:
        for variant, texts in enumerate(candidates):
            if _holds(measure, texts, smallest, room, "anywhere"):
                return _fitted(measure, variant, texts, smallest, room, "anywhere")
    if room.ellipsis:
        return _ellipsized(measure, len(candidates) - 1, candidates[-1], smallest, room)
    return None


def sized(look: TextLook, size_q: int) -> TextLook:
    """``look`` at another size; line height and letter spacing go with it."""
    if size_q == look.size_q:
        return look
    return replace(
        look,
        size_q=size_q,
        line_height_q=look.line_height_q * size_q // look.size_q,
        letter_spacing_q=look.letter_spacing_q * size_q // look.size_q,
    )


def _largest(measure: Measure, texts: tuple[str, ...], look: TextLook, room: Room) -> int | None:
    """The largest size between the full and the smallest one at which all texts fit without breaking words."""
    if _holds(measure, texts, look, room, "word"):
        return look.size_q
    low = room.min_size_q
    if not low or low >= look.size_q or not _holds(measure, texts, sized(look, low), room, "word"):
        return None
    steps = (look.size_q - low) // STEP_Q
    fits, fails = 0, steps + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        holds = _holds(measure, texts, sized(look, low + middle * STEP_Q), room, "word")
        fits, fails = (middle, fails) if holds else (fits, middle)
    return low + fits * STEP_Q


def _holds(measure: Measure, texts: tuple[str, ...], look: TextLook, room: Room, wrap: Wrap) -> bool:
    lines, width_q = _extent(measure, texts, look, room, wrap)
    return (
        lines <= room.max_lines
        and width_q <= room.width_q + SLACK_Q
        and (not room.height_q or lines * look.line_height_q <= room.height_q + SLACK_Q)
    )


def _extent(measure: Measure, texts: tuple[str, ...], look: TextLook, room: Room, wrap: Wrap) -> tuple[int, int]:
    column = room.width_q + SLACK_Q if room.max_lines > 1 else None
    sizes = [measure.measure(text, look, column, wrap) for text in texts]
    return max(size.lines for size in sizes), max(size.width_q for size in sizes)


def _fitted(measure: Measure, variant: int, texts: tuple[str, ...], look: TextLook, room: Room, wrap: Wrap) -> Fitted:
    lines, width_q = _extent(measure, texts, look, room, wrap)
    column_q = max(room.width_q, width_q) + SLACK_Q  # what was measured must wrap the same when drawn
    if lines > 1 and wrap == "word" and len(texts) == 1:
        column_q, width_q = _balanced(measure, texts[0], look, room, lines, width_q)
    return Fitted(variant, texts, look, lines, width_q, column_q, wrap, False)


def _balanced(measure: Measure, text: str, look: TextLook, room: Room, lines: int, width_q: int) -> tuple[int, int]:
    """The narrowest column (to a pixel or two) that needs no more lines, and the width of the longest line in it: a
    headline then has no lonely last word."""
    holds, fails = width_q, width_q // lines - Q
    while holds - fails > 2 * Q:
        middle = (holds + fails) // 2
        size = measure.measure(text, look, middle, "word")
        if size.lines <= lines and size.width_q <= middle:
            holds = size.width_q
        else:
            fails = middle
    size = measure.measure(text, look, holds + SLACK_Q, "word")
    if size.lines > lines:
        return room.width_q + SLACK_Q, width_q
    return holds + SLACK_Q, size.width_q


def _ellipsized(measure: Measure, variant: int, texts: tuple[str, ...], look: TextLook, room: Room) -> Fitted | None:
    lines_allowed = room.max_lines
    if room.height_q:
        lines_allowed = min(lines_allowed, (room.height_q + SLACK_Q) // look.line_height_q)
    if lines_allowed < 1:
        return None
    sizes = [measure.measure(text, look, room.width_q, "anywhere", lines_allowed) for text in texts]
    # Pango's place for the ellipsis is off by the letter spacing beside it.
    widest = room.width_q + SLACK_Q + 2 * abs(look.letter_spacing_q)
    if any(size.width_q > widest or size.lines > lines_allowed for size in sizes):
        return None
    width_q = max(size.width_q for size in sizes)
    return Fitted(variant, texts, look, lines_allowed, width_q, room.width_q, "anywhere", True)
