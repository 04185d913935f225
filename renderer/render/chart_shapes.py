"""The geometry and the elements that charts are drawn from: an area with its scales, a bar's path, an SVG element.

Lengths are in units of the drawing's viewBox; values are exact Decimals until a coordinate is made of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import escape

from renderer.plan.model import Fact, Point, Series
from renderer.units import Money, Quantity

GLYPH_EM = 0.58
"""Width of an average glyph in ems: digits of IBM Plex Sans have 0.60, lower-case letters 0.55."""
BOLD = 1.1
"""How much wider the semibold face runs; generous, because such labels are clamped to the edge of the drawing."""
GAP = 8
RADIUS = 4.0


@dataclass(frozen=True, kw_only=True)
class Plot:
    """The area that values are drawn in, in units of the viewBox."""

    width: int
    size: int
    left: float
    right: float
    top: float
    bottom: float
    low: Decimal
    high: Decimal
    points: int
    mirrored: bool

    @classmethod
    def fit(cls, series: Series, width: int, height: int, size: int, mirrored: bool) -> Plot:
        axis = max((text_width(tick.text, size) for tick in series.ticks), default=0.0) + GAP if series.ticks else 0.0
        ends = [Decimal(tick.value) for tick in series.ticks]
        ends += [value for point in series.points if (value := y_of(point)) is not None]
        ends.append(Decimal(0))
        low, high = min(ends), max(ends)
        below = size * 2.2 + (size * 1.6 if low < 0 else 0)
        return cls(
            width=width,
            size=size,
            left=0.0 if mirrored else axis,
            right=width - axis if mirrored else float(width),
            top=size * 2.0,
            bottom=height - below,
            low=low,
            high=high if high > low else low + 1,
            points=max(1, len(series.points)),
            mirrored=mirrored,
        )

    @property
    def slot(self) -> float:
        return (self.right - self.left) / self.points

    @property
    def zero(self) -> float:
        return self.y(Decimal(0))

    def x(self, index: int) -> float:
        place = self.slot * (index + 0.5)
        return self.right - place if self.mirrored else self.left + place

    def y(self, value: Decimal) -> float:
        return self.bottom - float((value - self.low) / (self.high - self.low)) * (self.bottom - self.top)


def marked(points: Sequence[Point]) -> list[int]:
    return [index for index, point in enumerate(points) if point.mark]


def y_of(point: Point) -> Decimal | None:
    return None if point.y.value is None else Decimal(str(point.y.value))


def amount_of(fact: Fact) -> Decimal:
    value = fact.value
    if isinstance(value, Money | Quantity):
        return value.amount
    if isinstance(value, Decimal | int):
        return Decimal(value)
    raise TypeError("a bar needs an amount")


def bar_path(x: float, thick: float, base: float, end: float) -> str:
    """A bar from ``base`` to ``end`` whose far corners are round."""
    radius = min(RADIUS, thick / 2, abs(base - end))
    inner = end + radius if end < base else end - radius
    left, right, first, last = number(x), number(x + thick), number(x + radius), number(x + thick - radius)
    foot, curve, top = number(base), number(inner), number(end)
    return f"M{left} {foot}V{curve}Q{left} {top} {first} {top}H{last}Q{right} {top} {right} {curve}V{foot}Z"


def text_width(text: str, size: float) -> float:
    """About how wide a text is; marks of direction and combining marks take no room."""
    return size * GLYPH_EM * sum(unicodedata.category(character) not in ("Mn", "Cf") for character in text)


def has_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def number(number: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """An element; ``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"
