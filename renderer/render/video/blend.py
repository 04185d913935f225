"""Blending in YUV, on integers: sprites into pictures, and one scene into another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.render.video.colour import YuvSprite
from renderer.render.video.score import PhysicalSide

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
OPAQUE = 256
Rect = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, all even."""


@dataclass(frozen=True)
class Picture:
    """One yuv420p picture in one contiguous array of shape (height * 3 / 2, width), with views of its planes."""

    data: NDArray[np.uint8]
    planes: Planes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.planes[0].shape
        return width, height

    @classmethod
    def over(cls, data: NDArray[np.uint8]) -> Picture:
        """The picture that lies in ``data``."""
        width, height = data.shape[1], data.shape[0] * 2 // 3
        flat, luma, chroma = data.reshape(-1), width * height, width * height // 4
        half = (height // 2, width // 2)
        return cls(
            data,
            (
                flat[:luma].reshape(height, width),
                flat[luma : luma + chroma].reshape(half),
                flat[luma + chroma :].reshape(half),
            ),
        )

    @classmethod
    def empty(cls, width: int, height: int) -> Picture:
        """A picture whose content is not defined yet."""
        return cls.over(np.empty((height * 3 // 2, width), np.uint8))

    @classmethod
    def like(cls, planes: Sequence[NDArray[np.uint8]]) -> Picture:
        """A picture of the size of ``planes``."""
        return cls.empty(planes[0].shape[1], planes[0].shape[0])

    def copy(self, planes: Sequence[NDArray[np.uint8]]) -> None:
        """Take over the content of ``planes``."""
        for mine, other in zip(self.planes, planes, strict=True):
            np.copyto(mine, other)

    def copy_part(self, other: Picture, rect: Rect) -> None:
        """Take over a rectangle (left, top, right, bottom; even numbers inside the picture) of ``other``."""
        left, top, right, bottom = rect
        for index, (mine, its) in enumerate(zip(self.planes, other.planes, strict=True)):
            half = 1 if index == 0 else 2
            part = slice(top // half, bottom // half), slice(left // half, right // half)
            mine[part] = its[part]


class Blender:
    """Blends into pictures of one size. Holds working space, so one thread at a time."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._one, self._two = (np.empty(width * height, np.uint16) for _ in range(2))

    def place(self, sprite: YuvSprite, dx: int, dy: int) -> Rect | None:
        """The rectangle that ``sprite``, shifted by even (dx, dy), covers of a picture; None if it is outside."""
        height, width = sprite.keep[0].shape
        x, y = sprite.x + dx, sprite.y + dy
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, self._width), min(y + height, self._height)
        return None if left >= right or top >= bottom else (left, top, right, bottom)

    def blend(self, picture: Picture, sprite: YuvSprite, dx: int, dy: int, opacity: int) -> None:
        """Put ``sprite``, shifted by even (dx, dy), into ``picture`` at ``opacity`` (1 to 256)."""
        place = self.place(sprite, dx, dy)
        if place is None:
            return
        left, top, right, bottom = place
        x, y = sprite.x + dx, sprite.y + dy
        for index, (plane, add) in enumerate(zip(picture.planes, sprite.add, strict=True)):
            half = 1 if index == 0 else 2
            rows, columns = slice(top // half, bottom // half), slice(left // half, right // half)
            own_rows = slice((top - y) // half, (bottom - y) // half)
            own_columns = slice((left - x) // half, (right - x) // half)
            keep = sprite.keep[0 if index == 0 else 1]
            self._plane(plane[rows, columns], add[own_rows, own_columns], keep[own_rows, own_columns], opacity)

    def _plane(
        self, ground: NDArray[np.uint8], add: NDArray[np.uint16], keep: NDArray[np.uint16], opacity: int
    ) -> None:
        shape, size = ground.shape, ground.size
        mixed = self._one[:size].reshape(shape)
        np.multiply(ground, keep, out=mixed, dtype=np.uint16)
        mixed += add
        mixed += np.uint16(128)
        mixed >>= np.uint16(8)
        if opacity < OPAQUE:
            self._towards(mixed, ground, opacity)
        np.copyto(ground, mixed, casting="unsafe")

    def _towards(self, mixed: NDArray[np.uint16], ground: NDArray[np.uint8], amount: int) -> None:
        """``mixed`` becomes the mean of ``ground`` and itself, weighted by amount / 256."""
        rest = self._two[: ground.size].reshape(ground.shape)
        np.multiply(ground, np.uint16(OPAQUE - amount), out=rest, dtype=np.uint16)
        mixed *= np.uint16(amount)
        mixed += rest
        mixed += np.uint16(128)
        mixed >>= np.uint16(8)

    def dissolve(self, picture: Picture, incoming: Picture, amount: int) -> None:
        """Cross-dissolve ``incoming`` into ``picture``: amount / 256 of it."""
        for ground, other in zip(picture.planes, incoming.planes, strict=True):
            mixed = self._one[: ground.size].reshape(ground.shape)
            np.copyto(mixed, other)
            self._towards(mixed, ground, amount)
            np.copyto(ground, mixed, casting="unsafe")

    def slide(self, picture: Picture, incoming: Picture, side: PhysicalSide, amount: float) -> None:
        """Put the part ``amount`` (0 to 1) of ``incoming`` over ``picture``, coming from ``side``, by even pixels."""
        size = self._width if side in ("left", "right") else self._height
        shown = min(size, int(size * amount / 2 + 0.5) * 2)
        if shown <= 0:
            return
        for index, (ground, other) in enumerate(zip(picture.planes, incoming.planes, strict=True)):
            part = shown if index == 0 else shown // 2
            match side:
                case "right":
                    ground[:, ground.shape[1] - part :] = other[:, :part]
                case "left":
                    ground[:, :part] = other[:, other.shape[1] - part :]
                case "bottom":
                    ground[ground.shape[0] - part :] = other[:part]
                case "top":
                    ground[:part] = other[other.shape[0] - part :]

    def push(self, picture: Picture, incoming: Picture, side: PhysicalSide, amount: float) -> None:
        """As :meth:`slide`, but what is in ``picture`` moves out as ``incoming`` comes."""
        size = self._width if side in ("left", "right") else self._height
        shown = min(size, int(size * amount / 2 + 0.5) * 2)
        for index, ground in enumerate(picture.planes):
            part = shown if index == 0 else shown // 2
            # The rows or columns that stay are read and written in the same place: a copy first.
            match side:
                case "right":
                    ground[:, : ground.shape[1] - part] = ground[:, part:].copy()
                case "left":
                    ground[:, part:] = ground[:, : ground.shape[1] - part].copy()
                case "bottom":
                    ground[: ground.shape[0] - part] = ground[part:].copy()
                case "top":
                    ground[part:] = ground[: ground.shape[0] - part].copy()
        self.slide(picture, incoming, side, amount)

    def wipe(self, picture: Picture, incoming: Picture, side: PhysicalSide, amount: float, softness: float) -> None:
        """Uncover ``incoming`` from ``side`` on, up to the part ``amount`` (0 to 1). The edge is ``softness`` pixels
        wide and lies outside the picture at both ends."""
        across = side in ("left", "right")
        size = self._width if across else self._height
        edge = amount * (size + softness)
        for index, (ground, other) in enumerate(zip(picture.planes, incoming.planes, strict=True)):
            step = 1 if index == 0 else 2
            centres = np.arange(step / 2, size, step)
            if side in ("right", "bottom"):
                centres = size - centres
            weight = np.rint(np.clip((edge - centres) / max(softness, step), 0, 1) * 256).astype(np.uint16)
            some = np.flatnonzero(weight)
            if some.size == 0:
                continue
            first, last = int(some[0]), int(some[-1]) + 1
            part = (slice(None), slice(first, last)) if across else (slice(first, last), slice(None))
            share = weight[None, first:last] if across else weight[first:last, None]
            below = ground[part]
            mixed = self._one[: below.size].reshape(below.shape)
            np.multiply(other[part], share, out=mixed, dtype=np.uint16)
            rest = self._two[: below.size].reshape(below.shape)
            np.multiply(below, np.uint16(256) - share, out=rest, dtype=np.uint16)
            mixed += rest
            mixed += np.uint16(128)
            mixed >>= np.uint16(8)
            np.copyto(below, mixed, casting="unsafe")
