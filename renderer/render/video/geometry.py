"""Boxes of the composition as rectangles of the frame: scaling and mirroring. Design pixels in, 1/256 px out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from renderer.render.video.score import PhysicalSide, Q, Rect
from renderer.template.layers import Anchor, Box, Side
from renderer.template.model import FormatName

Align = Literal["left", "centre", "right"]


@dataclass(frozen=True)
class Stage:
    """The frame, and how design pixels lie in it. ``rtl``: the locale is read from right to left."""

    width: int
    height: int
    scale: Fraction
    rtl: bool
    name: FormatName = "16:9"

    @property
    def where(self) -> str:
        """Says which format a message is about, unless it is the one that storyboards are drawn in."""
        return "" if self.name == "16:9" else f" in {self.name}"

    def mirrored(self, mirror: bool) -> bool:
        """Whether a layer with this ``mirror`` is drawn mirrored."""
        return self.rtl and mirror

    def length(self, pixels: float) -> int:
        """Design pixels as 1/256 output pixels."""
        return math.floor(Fraction(repr(float(pixels))) * self.scale * Q + Fraction(1, 2))

    def rect(self, box: Box, mirror: bool) -> Rect:
        """A box as a rectangle of the frame."""
        left, top = self.length(box.x), self.length(box.y)
        width, height = self.length(box.width), self.length(box.height)
        if self.mirrored(mirror):
            left = self.width * Q - left - width
        return left, top, left + width, top + height

    def side(self, side: Side, mirror: bool) -> PhysicalSide:
        """Where a logical side is."""
        if side == "start":
            return "right" if self.mirrored(mirror) else "left"
        if side == "end":
            return "left" if self.mirrored(mirror) else "right"
        return side

    def align(self, align: Literal["start", "centre", "end"], mirror: bool) -> Align:
        """Which way a logical alignment goes."""
        if align == "centre":
            return "centre"
        return "left" if self.side(align, mirror) == "left" else "right"

    def anchor(self, anchor: Anchor, rect: Rect, mirror: bool) -> tuple[int, int]:
        """The point of ``rect`` that an anchor names."""
        left, top, right, bottom = rect
        words = anchor.split("-")
        x, y = (left + right) // 2, (top + bottom) // 2
        if "start" in words:
            x = right if self.mirrored(mirror) else left
        elif "end" in words:
            x = left if self.mirrored(mirror) else right
        if "top" in words:
            y = top
        elif "bottom" in words:
            y = bottom
        return x, y


def moved(rect: Rect, dx: int, dy: int) -> Rect:
    """``rect`` shifted."""
    return rect[0] + dx, rect[1] + dy, rect[2] + dx, rect[3] + dy
