"""What is behind all layers, as planes by frame number.

In: mezzanines. Out: :class:`Backdrop` values. Colours and gradients, which need no preparation, are :mod:`.compose`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.render.video.mezzanine import Mezzanine, Planes
from renderer.render.video.prepare import U, even, prepare_footage, prepare_image
from renderer.render.video.score import ScoreBackdrop


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
    # Prepared at the largest scale it is shown at, but not so large that the smallest one would flicker.
    over = min(max(start, stop), 1.5 * min(start, stop))
    picture = prepare_image(
        asset, focus_u=focus_u, scrim=scrim, width=even(width * over), height=even(height * over), cache=cache
    )
    return Zooming(
        picture,
        width=width,
        height=height,
        frames=frames,
        start=start,
        stop=stop,
        focus=(focus_u[0] / U, focus_u[1] / U),
    )


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
    """A picture that grows or shrinks about its focus over ``frames`` frames, resampled at fractions of a pixel.

    ``picture`` covers the frame at ``width`` × ``height`` times some scale; ``start`` and ``stop`` are scales of at
    least 1, where 1 fills the frame. The scale changes by a constant ratio a frame, which looks like an even move.
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
    ) -> None:
        self._planes = tuple(plane.copy() for plane in picture.planes(0))
        self._width, self._height = width, height
        self._scale = picture.width / width, picture.height / height
        self._last = max(frames - 1, 1)
        self._start, self._stop = start, stop
        self._focus = focus

    def key(self, frame: int) -> int:
        return min(max(frame, 0), self._last)

    def planes(self, frame: int) -> Planes:
        part = self.key(frame) / self._last
        scale = self._start * (self._stop / self._start) ** part
        # Mapping of luma pixel centres: source = step * target + offset, per axis.
        axes = []
        for size, over, focus in zip((self._width, self._height), self._scale, self._focus, strict=True):
            step = over / scale
            shown = size / scale  # length of the part in view, in frame pixels
            first = min(max(focus * size - shown / 2, 0.0), size - shown) * over
            axes.append((step, first + step / 2 - 0.5))
        (step_x, off_x), (step_y, off_y) = axes
        luma = self._warp(0, self._width, self._height, step_x, off_x, step_y, off_y)
        # Chroma lies on even luma columns and between luma rows (4:2:0, left siting).
        chroma = (step_x, off_x / 2, step_y, (step_y / 2 + off_y - 0.5) / 2)
        half = self._width // 2, self._height // 2
        return luma, self._warp(1, *half, *chroma), self._warp(2, *half, *chroma)

    def _warp(
        self, plane: int, width: int, height: int, step_x: float, off_x: float, step_y: float, off_y: float
    ) -> NDArray[np.uint8]:
        matrix = np.array([[step_x, 0, off_x], [0, step_y, off_y]], dtype=np.float64)
        warped = cv2.warpAffine(
            self._planes[plane],
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(warped, dtype=np.uint8)
