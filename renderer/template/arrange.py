"""Places for the layers of one scene in another format, by the rules that :mod:`.formats` states."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

from renderer.template.blocks import FRAME, Block, Item, Rect, cut, runs_under, stretches, tied
from renderer.template.graphics import Layer
from renderer.template.layers import Box
from renderer.template.model import Margins
from renderer.template.resize import FormatStyles, resized

STACK_GAP = 40.0
"""The least room between blocks that lay side by side."""
TRIES = (
    (1.25, 1.3), (1.18, 1.2), (1.1, 1.1), (1.0, 1.0), (1.0, 0.85), (1.0, 0.7), (1.0, 0.55), (0.9, 0.5), (0.8, 0.45),
    (0.7, 0.4), (0.6, 0.35), (0.5, 0.3), (0.4, 0.25),
)  # fmt: skip
"""Scales of texts and of drawings, in the order in which they are tried."""


class Arranger:
    """Finds places for the layers of one scene in a composition of ``size``; ``fixed`` ones have theirs already."""

    def __init__(
        self, layers: list[Layer], fixed: set[str], size: tuple[int, int], margins: Margins, styles: FormatStyles
    ) -> None:
        self._layers, self._fixed, self._styles = layers, fixed, styles
        self._width, self._height = size
        self._safe = Rect(
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
        ground = [item for item in items if item.rect.holds(FRAME)]
        lines = [item for item in items if item not in ground and stretches(item)]
        rest = [item for item in items if item not in ground and item not in lines]
        groups = tied(rest, lines)
        words = [item for item in rest if item.text]
        behind = [group for group in groups if runs_under(group, words)]
        blocks = cut([group for group in groups if group not in behind], self._safe.width)
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
                self._done[layer.id] = resized(layer, 1 if layer.id in self._fixed else scale, self._styles, layer.box)
        return tuple(self._done[layer.id] for layer in self._layers)

    def _items(self) -> list[Item]:
        rects: dict[str, Rect] = {}
        found = []
        for layer in self._layers:
            if layer.id in self._fixed or getattr(layer, "around", None) is not None:
                continue
            box = layer.box
            top = box.y + (rects[layer.below].bottom if layer.below in rects else 0)
            rect = Rect(box.x, top, box.x + box.width, top + box.height)
            if layer.below is not None and layer.below not in rects:  # below a text with a place of its own
                width = min(box.width, self._safe.width)
                left = min(max(box.x, self._safe.left), self._safe.right - width)
                self._done[layer.id] = resized(
                    layer, 1, self._styles, box.model_copy(update={"x": left, "width": width})
                )
                continue
            rects[layer.id] = rect
            found.append(Item(layer, rect))
        return found

    # ------------------------------------------------------------ what is no block

    def _grounded(self, rect: Rect) -> Rect:
        """A rectangle over the whole frame, with as much beyond it as before."""
        return Rect(
            rect.left, rect.top, self._width + rect.right - FRAME.right, self._height + rect.bottom - FRAME.bottom
        )

    def _kept(self, rect: Rect) -> Rect:
        """A drawing behind texts: its size, about the same part of the frame."""
        scale = min(1, self._safe.width / rect.width) if FRAME.holds(rect) else 1
        x = (rect.left + rect.right) / 2 * self._width / FRAME.right
        y = (rect.top + rect.bottom) / 2 * self._height / FRAME.bottom
        across, up = rect.width * scale / 2, rect.height * scale / 2
        return Rect(x - across, y - up, x + across, y + up)

    def _stretched(self, item: Item, blocks: Sequence[Block]) -> Rect:
        """A long line, or a band from edge to edge: across the frame, at the height of what it stood with."""
        rect = item.rect
        bled = rect.left < 0, rect.right > FRAME.right
        left = rect.left if bled[0] else self._safe.left
        right = self._width + rect.right - FRAME.right if bled[1] else self._safe.right
        near = [one for block in blocks for one in block.items if one.rect.top <= rect.top <= one.rect.bottom + 12]
        if near:
            base = max(near, key=lambda one: one.rect.bottom)
            to, scale = self._done[base.layer.id], self._scales.get(base.layer.id, 1)
            if to.below is None:
                top = to.box.y + (rect.top - base.rect.top) * scale
                return Rect(left, top, right, top + rect.height)
        top = rect.top * self._height / FRAME.bottom
        bottom = self._height + rect.bottom - FRAME.bottom if rect.bottom > FRAME.bottom else top + rect.height
        return Rect(left, top, right, bottom)

    # ------------------------------------------------------------ blocks

    def _stack(self, blocks: list[Block]) -> None:
        if not blocks:
            return
        for texts, drawings in TRIES:
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
            top, bottom = blocks[0].rect.top, FRAME.bottom - blocks[-1].rect.bottom
            above = free * top / max(top + bottom, 1)
        y = self._safe.top + above
        for block, height, gap in zip(blocks, heights, gaps, strict=True):
            y += gap + (max(free - above, 0) / stacked if block.stacked else 0)
            if block is blocks[-1] and block.bleeds("bottom"):
                y = max(y, self._height - height)
            self._place(block, y)
            y += height

    def _gaps(self, blocks: Sequence[Block]) -> list[float]:
        gaps = [0.0]
        for before, block in pairwise(blocks):
            least = STACK_GAP if block.stacked else 0.0
            between = 0.0 if block.stacked else block.rect.top - before.rect.bottom
            gaps.append(max(least, min(between, 80.0) * min(before.scale, block.scale)))
        return gaps

    def _height_of(self, block: Block) -> float:
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

    def _text(self, block: Block, item: Item) -> tuple[Rect, float]:
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
        return Rect(left, top, right, top + height), narrow

    def _start(self, block: Block) -> float:
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

    def _place(self, block: Block, top: float) -> None:
        left, scale = self._start(block), block.scale
        ids = {item.layer.id for item in block.items}
        for item in block.items:
            if item.text:
                rect, narrow = self._text(block, item)
                layer = self._refitted(item.layer, narrow, scale)
            else:
                x = left + (item.rect.left - block.hard[0]) * scale
                y = (item.rect.top - block.rect.top) * scale
                rect, layer = Rect(x, y, x + item.rect.width * scale, y + item.rect.height * scale), item.layer
            if item.layer.below in ids:
                y = item.layer.box.y * scale
                rect = Rect(rect.left, y, rect.right, y + rect.height)
            else:
                rect = Rect(rect.left, rect.top + top, rect.right, rect.bottom + top)
            self._put(Item(layer, item.rect), scale, rect)

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

    def _put(self, item: Item, scale: float, rect: Rect) -> None:
        box = Box.model_construct(
            x=round(rect.left, 3), y=round(rect.top, 3), width=round(rect.width, 3), height=round(rect.height, 3)
        )
        self._done[item.layer.id] = resized(item.layer, scale, self._styles, box)
        self._scales[item.layer.id] = scale
