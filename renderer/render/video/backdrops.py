"""What is behind all layers, as planes by frame number.

In: mezzanines. Out: :class:`Backdrop` values. Colours and gradients, which need no preparation, are :mod:`.compose`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from renderer.assets.door import AssetDoor
from renderer.render.video.mezzanine import Mezzanine, Planes
from renderer.render.video.motion import view_path
from renderer.render.video.pictures import FINER, window
from renderer.render.video.prepare import U, even, image_size, prepare_footage, prepare_image
from renderer.render.video.score import ScoreBackdrop

_EDGE = 2
"""Pixels that chroma planes are widened by, since chroma of the outermost pixels lies beyond them."""


class Backdrop(Protocol):
    """A ground by frame number, counted from 0 at the scene's start.

    ``planes`` are Y of the composition's size and U, V of half of it, Rec. 709 limited range, dtype uint8; they may be
    read-only and may be overwritten by the next call, so a composer copies them. ``key`` of two frames being equal
    promises equal planes.
    """

    def planes(self, frame: int) -> Planes: ...

    def key(self, frame: int) -> int: ...


def media_backdrop(
    backdrop: ScoreBackdrop, *, frames: int, width: int, height: int, fps: Fraction, assets: AssetDoor, cache: Path
) -> Backdrop:
    """The backdrop of a scene of ``frames`` frames that shows an image or footage; prepares it unless that was done.

    Raises what :mod:`.prepare` raises, and TemplateError for a reference that does not resolve.
    """
    settings: Mapping[str, Any] = backdrop.settings
    asset = assets.get(backdrop.media or "")
    scrim = settings.get("scrim")
    if backdrop.kind == "footage":
        treatment = settings["treatment"]
        footage = prepare_footage(asset, treatment, scrim=scrim, width=width, height=height, fps=fps, cache=cache)
        return Moving(footage=footage, when_short=treatment["when_short"])
    focus_u, zoom = settings["focus"], settings.get("zoom")
    if zoom is None:
        still = prepare_image(asset, focus_u=focus_u, scrim=scrim, width=width, height=height, cache=cache)
        return Still(picture=still)
    start, stop = zoom["from"] / U, zoom["to"] / U
    size = image_size(asset)  # the whole picture, since a move may go anywhere in it
    scale = max(width / size[0], height / size[1]) * max(start, stop) * FINER
    picture = prepare_image(
        asset,
        focus_u=[U // 2, U // 2],
        scrim=scrim,
        width=max(even(size[0] * scale), width),
        height=max(even(size[1] * scale), height),
        cache=cache,
    )
    return Zooming(
        picture,
        width=width,
        height=height,
        frames=frames,
        start=start,
        stop=stop,
        focus=_point(zoom.get("from_focus") or focus_u),
        to=_point(zoom.get("to_focus") or focus_u),
        pace=zoom.get("easing", "linear"),
    )


def _point(parts: Sequence[int]) -> tuple[float, float]:
    return parts[0] / U, parts[1] / U


@dataclass(frozen=True, kw_only=True)
class Still:
    """One picture that does not move."""

    picture: Mezzanine

    def planes(self, frame: int) -> Planes:
        return self.picture.planes(0)

    def key(self, frame: int) -> int:
        return 0


@dataclass(frozen=True, kw_only=True)
class Moving:
    """Footage. If the scene outlasts it, the last picture holds, or it loops, or plays back and forth."""

    footage: Mezzanine
    when_short: Literal["hold", "loop", "bounce"] = "hold"

    def planes(self, frame: int) -> Planes:
        return self.footage.planes(self.key(frame))

    def key(self, frame: int) -> int:
        """The footage's own frame number."""
        count = self.footage.frames
        if self.when_short == "loop":
            return frame % count
        if self.when_short == "bounce" and count > 1:
            place = frame % (2 * count - 2)
            return min(place, 2 * count - 2 - place)
        return min(frame, count - 1)


class Zooming:
    """A picture that grows, shrinks or passes by over ``frames`` frames (a Ken Burns effect).

    ``picture`` covers the frame; ``start`` and ``stop`` are scales of at least 1, where 1 fills the frame. The view
    goes from the point ``focus`` to the point ``to``, parts of the picture, as :func:`~.motion.view_path` says.

    Pillow resamples with its bicubic filter at any fraction of a pixel, and widens the filter where the picture is made
    smaller. OpenCV's would be no faster for that, and places pixels at 1/32 only.
    """

    def __init__(
        self,
        picture: Mezzanine,
        *,
        width: int,
        height: int,
        frames: int,
        start: float,
        stop: float,
        focus: tuple[float, float] = (0.5, 0.5),
        to: tuple[float, float] | None = None,
        pace: str = "linear",
    ) -> None:
        luma, *chroma = picture.planes(0)
        self._luma = Image.fromarray(luma)
        self._chroma = [Image.fromarray(np.pad(plane, _EDGE, mode="edge")) for plane in chroma]
        self._size, self._whole = (width, height), (picture.width, picture.height)
        self._last = max(frames - 1, 1)
        self._view = view_path(start, stop, focus, focus if to is None else to, pace)

    def key(self, frame: int) -> int:
        return min(max(frame, 0), self._last)

    def planes(self, frame: int) -> Planes:
        scale, x, y = self._view(self.key(frame) / self._last)
        left, top, right, bottom = window(self._whole, self._size, scale, (x, y))
        half = self._size[0] // 2, self._size[1] // 2
        # Chroma lies on even luma columns and between luma rows (4:2:0, left siting).
        step = (right - left) / self._size[0]
        aside = left / 2 + (1 - step) / 4 + _EDGE
        box = aside, top / 2 + _EDGE, aside + half[0] * step, bottom / 2 + _EDGE
        u, v = (_resampled(plane, half, box) for plane in self._chroma)
        return _resampled(self._luma, self._size, (left, top, right, bottom)), u, v


def _resampled(plane: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    return np.asarray(plane.resize(size, Image.Resampling.BICUBIC, box=box))
