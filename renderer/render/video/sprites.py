"""Layers as sprites: rasterised once, moved by resampling, converted once.

In: a score layer and its frame. Out: a :class:`Drawing`, a sprite with its place and opacity and a key; equal keys
within one film promise equal pixels. Sprites are kept up to a number of bytes: those that show something personal for
the film, the others for all films of the process.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.errors import RenderError
from renderer.render.video.colour import YuvSprite, converted
from renderer.render.video.graphics import arc_raster, path_raster, qr_raster
from renderer.render.video.kept import Kept, Shared
from renderer.render.video.pictures import Picture, View, image_raster, read_picture, view_raster
from renderer.render.video.raster import MAX_SIDE, Raster, trimmed
from renderer.render.video.score import (
    ArcContent,
    ImageContent,
    PathContent,
    Q,
    QrContent,
    ScoreLayer,
    ShapeContent,
    TextContent,
    U,
)
from renderer.render.video.shapes import shape_raster
from renderer.render.video.text import TextEngine

CACHE_BYTES = 16 * 1024 * 1024
OPAQUE = 256
MAX_PIXELS = 64_000_000
"""A layer that is scaled or turned has no more: 256 MB."""
Shift = tuple[int, int]
_Shown = tuple[Hashable, Hashable, int, int, int, int, int]
"""A layer's name, its state, reveal, scale, rotation and the shift beyond even pixels."""


@dataclass(frozen=True)
class Drawing:
    """A sprite, shifted by even (dx, dy), at ``opacity`` 1 to 256."""

    key: tuple[Hashable, ...]
    sprite: YuvSprite
    dx: int
    dy: int
    opacity: int


class SpriteRoom:
    """Makes and keeps the sprites of one film, whose frames are of ``size`` (width, height) in pixels. Layers are told
    apart by the name the caller gives."""

    def __init__(
        self,
        text: TextEngine,
        assets: AssetDoor,
        size: Shift,
        *,
        capacity: int = CACHE_BYTES,
        shared: Shared[YuvSprite | None] | None = None,
    ) -> None:
        self._text = text
        self._assets = assets
        self._size = size
        self._shared = _SHARED if shared is None else shared
        self._shared.begin()
        self._content: dict[Hashable, Hashable] = {}
        self._rasters: Kept[Raster] = Kept(capacity)
        self._sprites: Kept[YuvSprite | None] = Kept(capacity)
        self._pictures: Kept[Picture] = Kept(capacity)

    def drawing(self, name: Hashable, layer: ScoreLayer, frame: int) -> Drawing | None:
        """What ``layer`` shows at a frame counted from its own first; None if nothing."""
        opacity = (layer.at("opacity", frame) * OPAQUE + U // 2) // U
        reveal, scale = layer.at("reveal", frame), layer.at("scale", frame)
        if opacity <= 0 or reveal <= 0 or scale <= 0:
            return None
        # Whole even pixels only move a finished sprite; the rest is part of its picture.
        (dx, rest_x), (dy, rest_y) = (_even_part(layer.at("x", frame)), _even_part(layer.at("y", frame)))
        rotation = layer.at("rotation", frame)
        state: Hashable = layer.at("step", frame)
        if isinstance(layer.content, ImageContent) and layer.content.zoom_u:
            state = View(layer.at("zoom", frame), layer.at("focus_x", frame), layer.at("focus_y", frame))
        picture = (name, state, reveal, scale, rotation, rest_x, rest_y)
        # What reaches out of the frame is cut before it is converted, so it cannot be used where more of it shows.
        edge = (dx, dy) if isinstance(layer.content, ImageContent) and self._reaches_out(layer, frame) else None
        sprite = self._found(name, layer, picture, edge)
        if sprite is None:
            return None
        return Drawing((*picture, dx, dy, opacity), sprite, dx, dy, opacity)

    def _found(self, name: Hashable, layer: ScoreLayer, picture: _Shown, edge: Shift | None) -> YuvSprite | None:
        """The sprite from this film, from another one, or made now."""
        common: Hashable = None
        if not layer.personal:
            if name not in self._content:
                content = layer.content
                drawn_from = self._assets.get(content.media).digest if isinstance(content, ImageContent) else None
                own = (content, drawn_from, layer.rect_q, layer.anchor_q, layer.reveal_from)
                self._content[name] = (_once(own), self._text.fonts_digest, self._size)
            common = (self._content[name], *picture[1:], edge)
            known = self._shared.find(common)
            if known is not None:
                return known[0]
        sprite = self._sprites.get((picture, edge), lambda: self._sprite(layer, picture, edge), _sprite_size)
        if common is not None:
            self._shared.offer(common, sprite, _sprite_size(sprite))
        return sprite

    def _reaches_out(self, layer: ScoreLayer, frame: int) -> bool:
        """Whether a layer that is neither turned nor scaled lies partly beyond the frame's edges."""
        if "rotation" in layer.tracks or "scale" in layer.tracks:
            return False
        left, top, right, bottom = layer.rect_q
        x, y = layer.at("x", frame), layer.at("y", frame)
        return left + x < 0 or top + y < 0 or right + x > self._size[0] * Q or bottom + y > self._size[1] * Q

    def _sprite(self, layer: ScoreLayer, picture: _Shown, edge: Shift | None) -> YuvSprite | None:
        name, state, reveal, scale, rotation, rest_x, rest_y = picture
        content = layer.content
        if isinstance(content, ArcContent):  # it grows along itself
            raster = arc_raster(content, layer.rect_q, reveal / U)
        else:
            raster = self._rasters.get(
                (name, state), lambda: self._raster(name, layer, state), lambda made: made.pixels.nbytes
            )
            if reveal < U:
                raster = _revealed(raster, layer, reveal / U)
        if scale != U or rotation or rest_x % Q or rest_y % Q:
            raster = _resampled(raster, layer, scale / U, rotation / U, rest_x / Q, rest_y / Q)
        else:
            raster = Raster(raster.x + rest_x // Q, raster.y + rest_y // Q, raster.pixels)
        if edge is not None:
            raster = self._inside(raster, edge)
        return None if raster.empty else converted(raster)

    def _inside(self, raster: Raster, shift: Shift) -> Raster:
        """The part of a picture that is in the frame once it is shifted."""
        height, width = raster.pixels.shape[:2]
        left, top = max(raster.x, -shift[0]), max(raster.y, -shift[1])
        right = min(raster.x + width, self._size[0] - shift[0])
        bottom = min(raster.y + height, self._size[1] - shift[1])
        if left >= right or top >= bottom:
            return Raster(0, 0, raster.pixels[:0, :0])
        rows, columns = slice(top - raster.y, bottom - raster.y), slice(left - raster.x, right - raster.x)
        return Raster(left, top, raster.pixels[rows, columns])

    def _raster(self, name: Hashable, layer: ScoreLayer, state: Hashable) -> Raster:
        """A layer whole and at rest. ``state`` is the step that shows, or what is seen of a moving picture."""
        content, rect = layer.content, layer.rect_q
        match content:
            case TextContent():
                assert isinstance(state, int)
                return self._text.raster(content, state, rect[0], rect[1])
            case ShapeContent():
                return shape_raster(content, rect)
            case PathContent():
                return path_raster(content, rect)
            case QrContent():
                return qr_raster(content, rect)
            case ImageContent():
                if not isinstance(state, View):
                    return image_raster(content, rect, read_picture(self._assets.get(content.media).data))
                source = self._pictures.get(
                    name,
                    lambda: Picture.covering(read_picture(self._assets.get(content.media).data), rect, content.zoom_u),
                    lambda made: made.nbytes,
                )
                return view_raster(content, rect, source, state)
        raise TypeError(f"{type(content).__name__} is not drawn from a raster")


_SHARED: Shared[YuvSprite | None] = Shared()
"""Sprites that show nothing personal, for all films that are made in this process."""


@lru_cache(maxsize=4096)
def _once(own: tuple[Hashable, ...]) -> _Same:
    """One object for equal contents, so that they are compared once and not with every frame."""
    return _Same()


class _Same:
    """Equal to itself only."""


def _sprite_size(sprite: YuvSprite | None) -> int:
    return 64 if sprite is None else sprite.nbytes


def _even_part(shift_q: int) -> tuple[int, int]:
    """A shift as whole even pixels and the rest (0 to under two pixels, in 1/256)."""
    rest = shift_q % (2 * Q)
    return (shift_q - rest) // Q, rest


def _revealed(raster: Raster, layer: ScoreLayer, part: float) -> Raster:
    """The part of a picture that shows: cut at the moving edge, or for a growing bar pushed out from behind it."""
    if raster.empty:
        return raster
    left, top, right, bottom = (value / Q for value in layer.rect_q)
    height, width = raster.pixels.shape[:2]
    if isinstance(layer.content, TextContent):  # letters may reach out of their lines' rectangle
        ink = raster.x, raster.y, raster.x + width, raster.y + height
        if layer.content.shown == "all":
            left, top, right, bottom = ink
        else:  # pieces of one text are uncovered together
            left, top, right, bottom = min(left, ink[0]), min(top, ink[1]), max(right, ink[2]), max(bottom, ink[3])
    if isinstance(layer.content, ShapeContent) and layer.content.shape == "line":  # it has no extent of its own
        room = layer.content.stroke_q / Q
        left, top, right, bottom = left - room, top - room, right + room, bottom + room
    hidden_x, hidden_y = (right - left) * (1 - part), (bottom - top) * (1 - part)
    if isinstance(layer.content, ShapeContent) and layer.content.rising:
        shift = {"left": (-hidden_x, 0.0), "right": (hidden_x, 0.0), "top": (0.0, -hidden_y), "bottom": (0.0, hidden_y)}
        dx, dy = shift[layer.reveal_from]
        moved = _warped(raster, np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]]))
        return _cut(moved, left, top, right, bottom)
    match layer.reveal_from:
        case "left":
            right -= hidden_x
        case "right":
            left += hidden_x
        case "top":
            bottom -= hidden_y
        case "bottom":
            top += hidden_y
    return _cut(raster, left, top, right, bottom)


def _cut(raster: Raster, left: float, top: float, right: float, bottom: float) -> Raster:
    """A picture inside a rectangle whose edges may lie between pixels."""
    if raster.empty:
        return raster
    height, width = raster.pixels.shape[:2]
    columns = np.arange(raster.x, raster.x + width)
    rows = np.arange(raster.y, raster.y + height)
    across = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    down = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    share = np.rint(down[:, None] * across[None, :] * 256).astype(np.uint16)
    pixels = ((raster.pixels * share[:, :, None] + 128) >> 8).astype(np.uint8)
    return trimmed(Raster(raster.x, raster.y, pixels))


def _resampled(raster: Raster, layer: ScoreLayer, scale: float, turn: float, dx: float, dy: float) -> Raster:
    """A picture scaled and turned about the layer's anchor, then shifted."""
    cosine, sine = scale * math.cos(turn * 2 * math.pi), scale * math.sin(turn * 2 * math.pi)
    anchor_x, anchor_y = layer.anchor_q[0] / Q, layer.anchor_q[1] / Q
    return _warped(
        raster,
        np.array(
            [
                [cosine, -sine, anchor_x - cosine * anchor_x + sine * anchor_y + dx],
                [sine, cosine, anchor_y - sine * anchor_x - cosine * anchor_y + dy],
            ]
        ),
    )


def _warped(raster: Raster, matrix: NDArray[np.float64]) -> Raster:
    """A picture under an affine map of frame coordinates (pixel edges at whole numbers), bilinear."""
    if raster.empty:
        return raster
    height, width = raster.pixels.shape[:2]
    corners = (
        matrix[:, :2]
        @ np.array(
            [
                [raster.x, raster.x + width, raster.x, raster.x + width],
                [raster.y, raster.y, raster.y + height, raster.y + height],
            ]
        )
        + matrix[:, 2:]
    )
    left, top = (math.floor(value) - 1 for value in corners.min(axis=1))
    right, bottom = (math.ceil(value) + 1 for value in corners.max(axis=1))
    if max(right - left, bottom - top) > MAX_SIDE or (right - left) * (bottom - top) > MAX_PIXELS:
        raise RenderError("render.layout", "A drawing is scaled to more than any picture may be.")
    # OpenCV counts pixel centres as whole numbers, and from the arrays' corners.
    local = matrix.copy()
    local[:, 2] += matrix[:, :2] @ np.array([raster.x + 0.5, raster.y + 0.5]) - np.array([left + 0.5, top + 0.5])
    pixels = cv2.warpAffine(
        raster.pixels,
        local,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    return Raster(left, top, np.asarray(pixels, np.uint8))
