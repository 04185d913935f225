"""The layers of a scene as rectangles, and the blocks that they make: what is scaled and moved as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from renderer.template.graphics import Layer
from renderer.template.layers import COMPOSITION_HEIGHT, COMPOSITION_WIDTH, ImageLayer, ShapeLayer

BESIDE_GAP = 24.0
"""A mark that is no farther from the name beside it stays with it."""
COLUMN_GAP = 4.0
"""Narrower strips do not part columns."""
ROW_OVERLAP = 24.0
"""Boxes are larger than what is drawn in them: rows may overlap by so much."""
SOFT_WIDTH = 240.0
"""Of a text's width, so much counts for a block's size; the rest of its box is room."""


@dataclass(frozen=True)
class Rect:
    """Design pixels, from the start side and the top."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    def holds(self, other: Rect, slack: float = 0) -> bool:
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and self.right + slack >= other.right
            and self.bottom + slack >= other.bottom
        )

    def meets(self, other: Rect, slack: float = 0) -> bool:
        """Whether they overlap by more than ``slack`` both ways; a negative one counts neighbours in."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > slack and min(self.bottom, other.bottom) - max(self.top, other.top) > slack


FRAME = Rect(0, 0, COMPOSITION_WIDTH, COMPOSITION_HEIGHT)


def union(rects: Sequence[Rect]) -> Rect:
    return Rect(
        min(rect.left for rect in rects),
        min(rect.top for rect in rects),
        max(rect.right for rect in rects),
        max(rect.bottom for rect in rects),
    )


@dataclass(frozen=True, eq=False)
class Item:
    """A layer and where its box is in the 16:9 composition; for one below another, where it is at most."""

    layer: Layer
    rect: Rect

    @property
    def text(self) -> bool:
        return hasattr(self.layer, "fit") and hasattr(self.layer, "style")

    @property
    def shown(self) -> Rect:
        """The part inside the frame."""
        rect = self.rect
        left, right = (min(max(x, 0.0), FRAME.right) for x in (rect.left, rect.right))
        top, bottom = (min(max(y, 0.0), FRAME.bottom) for y in (rect.top, rect.bottom))
        return Rect(left, top, right, bottom)


@dataclass(eq=False)
class Block:
    """What is scaled and moved as one. ``stacked``: it lay beside the block before it."""

    items: list[Item]
    stacked: bool = False
    scale: float = 1

    @property
    def wordy(self) -> bool:
        """Whether it is nothing but texts, which may reflow."""
        return all(item.text for item in self.items)

    @property
    def rect(self) -> Rect:
        return union([item.shown for item in self.items])

    @property
    def hard(self) -> tuple[float, float]:
        """From where to where it must be seen; of a text the part that every text has."""
        spans = [_hard(item) for item in self.items]
        return min(left for left, _ in spans), max(right for _, right in spans)

    def bleeds(self, edge: str) -> bool:
        """Whether a drawing reaches beyond an edge of the frame, and no text would go there with it."""
        if any(item.text for item in self.items):
            return False
        beyond = {"left": -1, "top": -1, "right": 1, "bottom": 1}[edge]
        return any(
            (getattr(item.rect, edge) - getattr(FRAME, edge)) * beyond > 1 for item in self.items if not item.text
        )


def _hard(item: Item) -> tuple[float, float]:
    left, right = item.shown.left, item.shown.right
    if not item.text:
        return left, right
    width = min(right - left, SOFT_WIDTH)
    align = getattr(item.layer, "align", "start")
    if align == "centre":
        middle = (left + right) / 2
        return middle - width / 2, middle + width / 2
    return (left, left + width) if align == "start" else (right - width, right)


def stretches(item: Item) -> bool:
    """A shape from edge to edge, or a line along most of the frame."""
    if not isinstance(item.layer, ShapeLayer):
        return False
    wide = item.shown.width / FRAME.width
    return wide >= 1 or (wide > 0.6 and item.rect.height <= 12)


def tied(items: Sequence[Item], lines: Sequence[Item] = ()) -> list[list[Item]]:
    """Items that belong together: one below another, drawings that overlap, touch or stand on one of ``lines``, a text
    on a card."""
    groups: list[list[Item]] = []
    for item in items:
        tied = [
            group
            for group in groups
            if any(_together(item, other) or _on_one_line(item, other, lines) for other in group)
        ]
        groups = [group for group in groups if group not in tied]
        groups.append([*(one for group in tied for one in group), item])
    order = {id(item): number for number, item in enumerate(items)}
    return [sorted(group, key=lambda one: order[id(one)]) for group in groups]


def _together(one: Item, other: Item) -> bool:
    if one.layer.id == other.layer.below or other.layer.id == one.layer.below:
        return True
    if not one.text and not other.text:
        return one.shown.meets(other.shown, -2)
    if one.text and other.text:
        return one.shown.meets(other.shown, 2)
    word, drawing = (one, other) if one.text else (other, one)
    if drawing.shown.holds(word.shown, 8):
        return True
    beside = max(word.shown.left - drawing.shown.right, drawing.shown.left - word.shown.right)
    level = min(word.shown.bottom, drawing.shown.bottom) - max(word.shown.top, drawing.shown.top)
    return -1 <= beside <= BESIDE_GAP and level > 0 and drawing.shown.area < word.shown.area


def _on_one_line(one: Item, other: Item, lines: Sequence[Item]) -> bool:
    def stands(item: Item, line: Item) -> bool:
        return not item.text and abs(item.rect.bottom - line.rect.top) <= 2 and item.shown.meets(line.shown, -3)

    return any(stands(one, line) and stands(other, line) for line in lines)


def runs_under(group: Sequence[Item], words: Sequence[Item]) -> bool:
    """Whether texts that are not on it run over a drawing."""
    if not all(isinstance(item.layer, ImageLayer | ShapeLayer) for item in group):
        return False
    return any(item.shown.meets(word.shown, ROW_OVERLAP) for item in group for word in words)


def cut(groups: Sequence[list[Item]], room: float) -> list[Block]:
    """Groups as blocks in reading order. Columns that do not fit side by side come one after the other."""
    whole = Block([item for group in groups for item in group])
    if len(groups) < 2:
        return [whole] if groups else []
    columns = _parted(groups, "left", "right", COLUMN_GAP)
    if len(columns) > 1:
        left, right = whole.hard
        if right - left <= room:
            return [whole]
        found: list[Block] = []
        for column in columns:
            blocks = cut(column, room)
            blocks[0].stacked = bool(found) and not (found[-1].wordy and blocks[0].wordy)
            found += blocks
        return found
    rows = _parted(groups, "top", "bottom", -ROW_OVERLAP)
    return [block for row in rows for block in cut(row, room)] if len(rows) > 1 else [whole]


def _parted(groups: Sequence[list[Item]], near: str, far: str, gap: float) -> list[list[list[Item]]]:
    """Groups parted where an empty strip of at least ``gap`` lies across, from the near edge to the far one."""
    extents = [(union([item.shown for item in group]), group) for group in groups]
    found: list[list[list[Item]]] = []
    reached = 0.0
    for rect, group in sorted(extents, key=lambda extent: float(getattr(extent[0], near))):
        if found and getattr(rect, near) < reached + gap - 0.5:
            found[-1].append(group)
        else:
            found.append([group])
        reached = max(reached, getattr(rect, far))
    return found
