"""A storyboard, drawn for 16:9, as the storyboard of another format of the film. Pure: nothing is measured or drawn.

The short side of every format is 720 design pixels, so a text's size means the same in each. The default arrangement:

1. What fills the frame fills it. A shape from edge to edge, or a long thin line, stretches.
2. The rest is cut into blocks wherever an empty strip runs through the scene: columns first, then rows. What overlaps,
   stands below or around one another is one block. A drawing that texts run over is no block: it keeps its size and its
   place as a part of the frame.
3. Columns become rows, the start column on top, unless they have room side by side. Blocks keep their order.
4. A block is scaled as a whole: drawings, texts, motion. Texts on their own take the width of the safe area and more
   lines instead; type grows by up to a quarter where there is room. Drawings give way first where there is none.
5. What bled off an edge still does. Height that is left over stands above the first block and between former columns.

A text that fits in 16:9 fits here too: it may shrink by as much as its box became narrower. Overrides (`formats` of
styles, backdrops and layers) replace what the default gives, and are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from pydantic import BaseModel

from renderer.template.graphics import Layer
from renderer.template.layers import (
    COMPOSITION_HEIGHT,
    COMPOSITION_WIDTH,
    Box,
    OtherFormat,
    ShapeLayer,
    TextStyle,
)
from renderer.template.model import FormatName, Margins
from renderer.template.storyboard import Backdrop, FootageBackdrop, ImageBackdrop, Scene, Storyboard

_SIZES: Mapping[FormatName, tuple[int, int]] = {
    "16:9": (COMPOSITION_WIDTH, COMPOSITION_HEIGHT),
    "9:16": (720, 1280),
    "1:1": (720, 720),
    "4:5": (720, 900),
}
_COLUMN_GAP = 24.0
"""Narrower strips do not part columns: a mark and the name beside it stay together."""
_STACK_GAP = 40.0
"""The least room between blocks that lay side by side."""
_SOFT_WIDTH = 240.0
"""Of a text's width, so much counts for a block's size; the rest of its box is room."""
_TRIES = (
    (1.25, 1.3), (1.18, 1.2), (1.1, 1.1), (1.0, 1.0), (1.0, 0.85), (1.0, 0.7), (1.0, 0.55), (0.9, 0.5), (0.8, 0.45),
    (0.7, 0.4), (0.6, 0.35), (0.5, 0.3), (0.4, 0.25),
)  # fmt: skip
"""Scales of texts and of drawings, in the order in which they are tried."""


def composition(name: FormatName) -> tuple[int, int]:
    """Width and height of a format's composition in design pixels."""
    return _SIZES[name]


def in_format(board: Storyboard, name: FormatName, margins: Margins) -> Storyboard:
    """``board`` as it is drawn in the format ``name``, whose safe area ``margins`` gives. For 16:9 it is ``board``."""
    if name == "16:9":
        return board
    styles = _Styles(board.styles, name)
    scenes = tuple(_scene(scene, name, margins, styles) for scene in board.scenes)
    return board.model_copy(update={"scenes": scenes, "styles": styles.found})


class _Styles:
    """The text styles of a format. Scaled ones are added as they are asked for."""

    def __init__(self, styles: Mapping[str, TextStyle], name: OtherFormat) -> None:
        self.found: dict[str, TextStyle] = {}
        self._literal: set[str] = set()
        for key, style in styles.items():
            special = style.formats.get(name)
            changes = special.model_dump(exclude_none=True) if special else {}
            self.found[key] = style.model_copy(update=changes)
            if "size_px" in changes:
                self._literal.add(key)

    def scaled(self, key: str, scale: float) -> str:
        """The name of a style at another size; one with a size of its own for this format stays."""
        scale = self.factor(key, scale)
        if scale == 1 or key not in self.found:
            return key
        name = f"{key}-at-{round(scale * 1000)}"
        style = self.found[key]
        self.found.setdefault(name, style.model_copy(update={"size_px": style.size_px * scale}))
        return name

    def factor(self, key: str, scale: float) -> float:
        return 1 if key in self._literal else round(scale, 3)


# ---------------------------------------------------------------- rectangles and blocks


@dataclass(frozen=True)
class _Rect:
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

    def holds(self, other: _Rect, slack: float = 0) -> bool:
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and self.right + slack >= other.right
            and self.bottom + slack >= other.bottom
        )

    def meets(self, other: _Rect, slack: float = 0) -> bool:
        """Whether they overlap by more than ``slack`` both ways; a negative one counts neighbours in."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > slack and min(self.bottom, other.bottom) - max(self.top, other.top) > slack


_FRAME = _Rect(0, 0, COMPOSITION_WIDTH, COMPOSITION_HEIGHT)


def _union(rects: Sequence[_Rect]) -> _Rect:
    return _Rect(
        min(rect.left for rect in rects),
        min(rect.top for rect in rects),
        max(rect.right for rect in rects),
        max(rect.bottom for rect in rects),
    )


@dataclass(frozen=True, eq=False)
class _Item:
    """A layer and where its box is in the 16:9 composition; for one below another, where it is at most."""

    layer: Layer
    rect: _Rect

    @property
    def text(self) -> bool:
        return hasattr(self.layer, "fit") and hasattr(self.layer, "style")

    @property
    def shown(self) -> _Rect:
        """The part inside the frame."""
        rect = self.rect
        left, right = (min(max(x, 0.0), _FRAME.right) for x in (rect.left, rect.right))
        top, bottom = (min(max(y, 0.0), _FRAME.bottom) for y in (rect.top, rect.bottom))
        return _Rect(left, top, right, bottom)


@dataclass(eq=False)
class _Block:
    """What is scaled and moved as one. ``stacked``: it lay beside the block before it."""

    items: list[_Item]
    stacked: bool = False
    scale: float = 1

    @property
    def wordy(self) -> bool:
        """Whether it is nothing but texts, which may reflow."""
        return all(item.text for item in self.items)

    @property
    def rect(self) -> _Rect:
        return _union([item.shown for item in self.items])

    @property
    def hard(self) -> tuple[float, float]:
        """From where to where it must be seen; of a text the part that every text has."""
        spans = [_hard(item) for item in self.items]
        return min(left for left, _ in spans), max(right for _, right in spans)

    def bleeds(self, edge: str) -> bool:
        beyond = {"left": -1, "top": -1, "right": 1, "bottom": 1}[edge]
        return any(
            (getattr(item.rect, edge) - getattr(_FRAME, edge)) * beyond > 1 for item in self.items if not item.text
        )


def _hard(item: _Item) -> tuple[float, float]:
    left, right = item.shown.left, item.shown.right
    if not item.text:
        return left, right
    width = min(right - left, _SOFT_WIDTH)
    align = getattr(item.layer, "align", "start")
    if align == "centre":
        middle = (left + right) / 2
        return middle - width / 2, middle + width / 2
    return (left, left + width) if align == "start" else (right - width, right)


# ---------------------------------------------------------------- one scene


def _scene(scene: Scene, name: OtherFormat, margins: Margins, styles: _Styles) -> Scene:
    layers, fixed = _overridden(scene.layers, name)
    placed = _Arranger(layers, fixed, name, margins, styles).layers()
    return scene.model_copy(update={"layers": placed, "backdrop": _backdrop(scene.backdrop, name)})


def _backdrop(backdrop: Backdrop, name: OtherFormat) -> Backdrop:
    if not isinstance(backdrop, ImageBackdrop | FootageBackdrop) or name not in backdrop.formats:
        return backdrop
    changes = _given(backdrop.formats[name])
    if isinstance(backdrop, FootageBackdrop):
        inner: dict[str, Any] = {key: changes.pop(key) for key in ("focus", "crop") if key in changes}
        changes["treatment"] = backdrop.treatment.model_copy(update=inner)
    return backdrop.model_copy(update=changes)


def _given(model: BaseModel) -> dict[str, Any]:
    """What an author wrote in an override: fields by name, as values of the model."""
    return {key: getattr(model, key) for key in type(model).model_fields if getattr(model, key) is not None}


def _overridden(layers: Sequence[Layer], name: OtherFormat) -> tuple[list[Layer], set[str]]:
    """The layers of this format with what its author wrote for it, and the ids of those with a box of their own."""
    found: list[Layer] = []
    fixed: set[str] = set()
    hidden: dict[str, Layer] = {}
    for layer in layers:
        special = layer.formats.get(name)
        changes = _given(special) if special else {}
        if changes.pop("hidden", False):
            hidden[layer.id] = layer
            continue
        if "box" in changes:
            fixed.add(layer.id)
            changes.setdefault("below", None)
        changed = layer.model_copy(update=changes)
        while changed.below in hidden:  # it moves up into the place of what is not there
            gone = hidden[changed.below]
            box = changed.box.model_copy(update={"y": changed.box.y + gone.box.y})
            changed = changed.model_copy(update={"below": gone.below, "box": box})
        if getattr(changed, "around", None) not in hidden:
            found.append(changed)
    return found, fixed


class _Arranger:
    """Finds places for the layers of one scene that have none of their own."""

    def __init__(
        self, layers: list[Layer], fixed: set[str], name: OtherFormat, margins: Margins, styles: _Styles
    ) -> None:
        self._layers, self._fixed, self._styles = layers, fixed, styles
        self._width, self._height = composition(name)
        self._safe = _Rect(
            margins.start * self._width,
            margins.top * self._height,
            (1 - margins.end) * self._width,
            (1 - margins.bottom) * self._height,
        )
        self._done: dict[str, Layer] = {}
        self._scales: dict[str, float] = {}

    def layers(self) -> tuple[Layer, ...]:
        """All layers in their order, in the format's composition."""
        items = self._items()
        ground = [item for item in items if item.rect.holds(_FRAME)]
        lines = [item for item in items if item not in ground and _stretches(item)]
        rest = [item for item in items if item not in ground and item not in lines]
        groups = _tied(rest)
        words = [item for item in rest if item.text]
        behind = [group for group in groups if _runs_under(group, words)]
        blocks = _cut([group for group in groups if group not in behind], self._safe.width)
        for item in ground:
            self._put(item, 1, self._grounded(item.rect))
        for group in behind:
            for item in group:
                self._put(item, 1, self._kept(item.rect))
        self._stack(blocks)
        for item in lines:
            self._put(item, 1, self._stretched(item, blocks))
        for layer in self._layers:
            if layer.id not in self._done:  # with a box of its own, or following a text
                scale = self._scales.get(getattr(layer, "around", None) or "", 1)
                self._done[layer.id] = _resized(layer, 1 if layer.id in self._fixed else scale, self._styles, layer.box)
        return tuple(self._done[layer.id] for layer in self._layers)

    def _items(self) -> list[_Item]:
        rects: dict[str, _Rect] = {}
        found = []
        for layer in self._layers:
            if layer.id in self._fixed or getattr(layer, "around", None) is not None:
                continue
            box = layer.box
            top = box.y + (rects[layer.below].bottom if layer.below in rects else 0)
            rect = _Rect(box.x, top, box.x + box.width, top + box.height)
            if layer.below is not None and layer.below not in rects:  # below a text with a place of its own
                width = min(box.width, self._safe.width)
                left = min(max(box.x, self._safe.left), self._safe.right - width)
                self._done[layer.id] = _resized(
                    layer, 1, self._styles, box.model_copy(update={"x": left, "width": width})
                )
                continue
            rects[layer.id] = rect
            found.append(_Item(layer, rect))
        return found

    # ------------------------------------------------------------ what is no block

    def _grounded(self, rect: _Rect) -> _Rect:
        """A rectangle over the whole frame, with as much beyond it as before."""
        return _Rect(
            rect.left, rect.top, self._width + rect.right - _FRAME.right, self._height + rect.bottom - _FRAME.bottom
        )

    def _kept(self, rect: _Rect) -> _Rect:
        """A drawing behind texts: its size, about the same part of the frame."""
        scale = min(1, self._width / rect.width) if _FRAME.holds(rect) else 1
        x = (rect.left + rect.right) / 2 * self._width / _FRAME.right
        y = (rect.top + rect.bottom) / 2 * self._height / _FRAME.bottom
        across, up = rect.width * scale / 2, rect.height * scale / 2
        return _Rect(x - across, y - up, x + across, y + up)

    def _stretched(self, item: _Item, blocks: Sequence[_Block]) -> _Rect:
        """A long line, or a band from edge to edge: across the frame, at the height of what it stood with."""
        rect = item.rect
        bled = rect.left < 0, rect.right > _FRAME.right
        left = rect.left if bled[0] else self._safe.left
        right = self._width + rect.right - _FRAME.right if bled[1] else self._safe.right
        near = [one for block in blocks for one in block.items if one.rect.top <= rect.top <= one.rect.bottom + 12]
        if near:
            base = max(near, key=lambda one: one.rect.bottom)
            to, scale = self._done[base.layer.id], self._scales.get(base.layer.id, 1)
            if to.below is None:
                top = to.box.y + (rect.top - base.rect.top) * scale
                return _Rect(left, top, right, top + rect.height)
        top = rect.top * self._height / _FRAME.bottom
        bottom = self._height + rect.bottom - _FRAME.bottom if rect.bottom > _FRAME.bottom else top + rect.height
        return _Rect(left, top, right, bottom)

    # ------------------------------------------------------------ blocks

    def _stack(self, blocks: list[_Block]) -> None:
        if not blocks:
            return
        for texts, drawings in _TRIES:
            for block in blocks:
                left, right = block.hard
                most = self._safe.width / max(right - left, 1)
                block.scale = round(min(texts if any(item.text for item in block.items) else drawings, most), 3)
            heights = [self._height_of(block) for block in blocks]
            gaps = self._gaps(blocks)
            room = self._safe.height + (self._height - self._safe.bottom if blocks[-1].bleeds("bottom") else 0)
            free = room - sum(heights) - sum(gaps)
            if free >= 0:
                break
        stacked = sum(block.stacked for block in blocks)
        above = free / 3 if free > 0 else 0.0
        if not stacked and free > 0:  # nothing was moved: it keeps its place in the height
            top, bottom = blocks[0].rect.top, _FRAME.bottom - blocks[-1].rect.bottom
            above = free * top / max(top + bottom, 1)
        y = self._safe.top + above
        for block, height, gap in zip(blocks, heights, gaps, strict=True):
            y += gap + (max(free - above, 0) / stacked if block.stacked else 0)
            if block is blocks[-1] and block.bleeds("bottom"):
                y = max(y, self._height - height)
            self._place(block, y)
            y += height

    def _gaps(self, blocks: Sequence[_Block]) -> list[float]:
        gaps = [0.0]
        for before, block in pairwise(blocks):
            least = _STACK_GAP if block.stacked else 0.0
            between = 0.0 if block.stacked else block.rect.top - before.rect.bottom
            gaps.append(max(least, min(between, 80.0) * min(before.scale, block.scale)))
        return gaps

    def _height_of(self, block: _Block) -> float:
        """How much height a block takes at its scale. Texts that wrap more are higher."""
        tops: dict[str, tuple[float, float]] = {}
        for item in block.items:
            rect, _ = self._text(block, item) if item.text else (item.shown, 1.0)
            height = rect.height if item.text else rect.height * block.scale
            below = item.layer.below
            at = tops[below][1] + item.layer.box.y * block.scale if below in tops else 0.0
            if below not in tops:
                at = (item.shown.top - block.rect.top) * block.scale
            tops[item.layer.id] = at, at + height
        return max(bottom for _, bottom in tops.values())

    def _text(self, block: _Block, item: _Item) -> tuple[_Rect, float]:
        """A text's box relative to its block's top and the frame's start, and how much narrower it is than scaled."""
        scale, align = block.scale, getattr(item.layer, "align", "start")
        full = item.rect.width * scale
        left = self._start(block) + (item.rect.left - block.hard[0]) * scale
        right = left + full
        if block.wordy:
            if align == "start":
                left, right = min(max(left, self._safe.left), self._safe.right - 1), self._safe.right
            else:
                left, right = self._safe.left, self._safe.right
        else:
            left, right = max(left, self._safe.left), min(right, self._safe.right)
        narrow = min(1.0, max(right - left, 1) / max(full, 1))
        top = (item.rect.top - block.rect.top) * scale
        height = item.rect.height * scale
        if narrow < 1 and height:
            height = max(height, self._lines(item.layer, narrow) * self._line_height(item.layer, scale))
        return _Rect(left, top, right, top + height), narrow

    def _start(self, block: _Block) -> float:
        """Where a block's hard part begins: at its edge if it bleeds off one, else so that margins and middle stay."""
        left, right = block.hard
        width = (right - left) * block.scale
        if block.bleeds("right") and not block.bleeds("left"):
            return self._width - width
        if block.bleeds("left"):
            return 0.0
        if block.wordy or any(item.text for item in block.items):
            return self._safe.left
        return self._safe.left + (self._safe.width - width) / 2

    def _lines(self, layer: Layer, narrow: float) -> int:
        """Lines that a narrower text may have. A figure stays on its line and shrinks."""
        lines: int = layer.fit.max_lines  # type: ignore[union-attr]
        return lines if getattr(layer, "copy_", None) is None else min(12, ceil(lines / narrow - 0.05))

    def _line_height(self, layer: Layer, scale: float) -> float:
        style = self._styles.found.get(layer.style)  # type: ignore[union-attr]
        if style is None:
            return 0.0
        return style.size_px * style.line_height * self._styles.factor(layer.style, scale)  # type: ignore[union-attr]

    def _place(self, block: _Block, top: float) -> None:
        left, scale = self._start(block), block.scale
        ids = {item.layer.id for item in block.items}
        for item in block.items:
            if item.text:
                rect, narrow = self._text(block, item)
                layer = self._refitted(item.layer, narrow, scale)
            else:
                x = left + (item.rect.left - block.hard[0]) * scale
                y = (item.rect.top - block.rect.top) * scale
                rect, layer = _Rect(x, y, x + item.rect.width * scale, y + item.rect.height * scale), item.layer
            if item.layer.below in ids:
                y = item.layer.box.y * scale
                rect = _Rect(rect.left, y, rect.right, y + rect.height)
            else:
                rect = _Rect(rect.left, rect.top + top, rect.right, rect.bottom + top)
            self._put(_Item(layer, item.rect), scale, rect)

    def _refitted(self, layer: Layer, narrow: float, scale: float) -> Layer:
        """A text with the lines and the smallest size that its narrower box asks for."""
        if narrow == 1:
            return layer
        rule = layer.fit  # type: ignore[union-attr]
        style = self._styles.found.get(layer.style)  # type: ignore[union-attr]
        smallest = rule.min_size_px or (style.size_px if style else 0)
        if style and self._styles.factor(layer.style, scale) != round(scale, 3):  # type: ignore[union-attr]
            smallest = min(smallest, style.size_px) / scale  # it will be scaled with the layer; the style will not
        changes = {"max_lines": self._lines(layer, narrow), "min_size_px": max(smallest * narrow, 4.5)}
        return layer.model_copy(update={"fit": rule.model_copy(update=changes)})

    def _put(self, item: _Item, scale: float, rect: _Rect) -> None:
        box = Box.model_construct(
            x=round(rect.left, 3), y=round(rect.top, 3), width=round(rect.width, 3), height=round(rect.height, 3)
        )
        self._done[item.layer.id] = _resized(item.layer, scale, self._styles, box)
        self._scales[item.layer.id] = scale


def _stretches(item: _Item) -> bool:
    """A shape from edge to edge, or a line along most of the frame."""
    if not isinstance(item.layer, ShapeLayer):
        return False
    wide = item.shown.width / _FRAME.width
    return wide >= 1 or (wide > 0.6 and item.rect.height <= 12)


def _tied(items: Sequence[_Item]) -> list[list[_Item]]:
    """Items that belong together: one below another, drawings that overlap or touch, a text on a card."""
    groups: list[list[_Item]] = []
    for item in items:
        tied = [group for group in groups if any(_together(item, other) for other in group)]
        groups = [group for group in groups if group not in tied]
        groups.append([*(one for group in tied for one in group), item])
    order = {id(item): number for number, item in enumerate(items)}
    return [sorted(group, key=lambda one: order[id(one)]) for group in groups]


def _together(one: _Item, other: _Item) -> bool:
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
    return -1 <= beside <= _COLUMN_GAP and level > 0 and drawing.shown.height <= 3 * max(word.shown.height, 1)


def _runs_under(group: Sequence[_Item], words: Sequence[_Item]) -> bool:
    """Whether texts that are not on it run over a drawing."""
    if any(item.text for item in group):
        return False
    return any(item.shown.meets(word.shown, 4) for item in group for word in words)


def _cut(groups: Sequence[list[_Item]], room: float) -> list[_Block]:
    """Groups as blocks in reading order. Columns that do not fit side by side come one after the other."""
    whole = _Block([item for group in groups for item in group])
    if len(groups) < 2:
        return [whole] if groups else []
    columns = _parted(groups, "left", "right", _COLUMN_GAP)
    if len(columns) > 1:
        left, right = whole.hard
        if right - left <= room:
            return [whole]
        found: list[_Block] = []
        for column in columns:
            blocks = _cut(column, room)
            blocks[0].stacked = bool(found)
            found += blocks
        return found
    rows = _parted(groups, "top", "bottom", 0)
    return [block for row in rows for block in _cut(row, room)] if len(rows) > 1 else [whole]


def _parted(groups: Sequence[list[_Item]], near: str, far: str, gap: float) -> list[list[list[_Item]]]:
    """Groups parted where an empty strip of at least ``gap`` lies across, from the near edge to the far one."""
    extents = [(_union([item.shown for item in group]), group) for group in groups]
    found: list[list[list[_Item]]] = []
    reached = 0.0
    for rect, group in sorted(extents, key=lambda extent: float(getattr(extent[0], near))):
        if found and getattr(rect, near) < reached + gap - 0.5:
            found[-1].append(group)
        else:
            found.append([group])
        reached = max(reached, getattr(rect, far))
    return found


# ---------------------------------------------------------------- sizes


def _resized(layer: Layer, scale: float, styles: _Styles, box: Box) -> Layer:
    """A layer with every length in it scaled, in a box of the format's composition."""
    changes: dict[str, Any] = {"box": box}
    if scale != 1:
        changes = {**_scaled(layer, scale), **changes}
        for key in type(layer).model_fields:
            value = getattr(layer, key)
            if (key == "style" or key.endswith("_style")) and isinstance(value, str):
                changes[key] = styles.scaled(value, scale)
        rule = getattr(layer, "fit", None)
        if rule is not None and rule.min_size_px is not None:
            smallest = rule.min_size_px * styles.factor(layer.style, scale)  # type: ignore[union-attr]
            changes["fit"] = rule.model_copy(update={"min_size_px": smallest})
    return layer.model_copy(update=changes)


def _scaled(model: BaseModel, scale: float) -> dict[str, Any]:
    """The lengths of a model, and of the models in it, at another scale: fields named ``…_px``, and positions."""
    changes: dict[str, Any] = {}
    for key in type(model).model_fields:
        value = getattr(model, key)
        if key in ("formats", "box", "fit") or value is None:
            continue
        if key.endswith("_px") or (key == "value" and isinstance(value, tuple)):
            changes[key] = tuple(one * scale for one in value) if isinstance(value, tuple) else value * scale
        elif isinstance(value, BaseModel):
            changes[key] = value.model_copy(update=_scaled(value, scale))
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            changes[key] = tuple(one.model_copy(update=_scaled(one, scale)) for one in value)
    return changes
