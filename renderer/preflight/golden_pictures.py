"""Golden pictures: kept small, and compared with a small tolerance.

A picture is kept as WebP of a fixed width. What is compared is always two decoded WebPs, so the codec's own loss is on
both sides. The tolerance forgives the edges of letters, which two builds of a rasteriser shade a little differently.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 80
CHANNEL_TOLERANCE = 24
"""A pixel differs when one of its channels does by more than this, of 255."""
PART_TOLERANCE = 0.0005
"""A picture differs when more than this share of its pixels does: 0.05 %, about 65 pixels of a still of 480 by 270."""
MAX_HEIGHT_PX = 16_000
"""WebP ends at 16383."""
_MARK = np.array([214, 0, 120], np.uint8)


def small(picture: Image.Image, width: int) -> bytes:
    """A picture as WebP of ``width`` pixels, or of its own width when that is less."""
    picture = picture.convert("RGB")
    height = round(picture.height * min(1.0, width / picture.width))
    if width < picture.width:
        picture = picture.resize((width, max(1, height)), Image.Resampling.LANCZOS, reducing_gap=3)
    if picture.height > MAX_HEIGHT_PX:
        picture = picture.crop((0, 0, picture.width, MAX_HEIGHT_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def differing(before: bytes, after: bytes) -> float:
    """The share of pixels that differ, 0 to 1. What one of two unequal sizes lacks differs."""
    if before == after:
        return 0.0
    return float(_differing(_pixels(before), _pixels(after)).mean())


def differs(part: float) -> bool:
    """Whether that share is beyond the tolerance."""
    return part > PART_TOLERANCE


def marked(before: bytes, after: bytes) -> bytes:
    """``after`` in pale grey with every pixel that differs in a strong colour, as WebP."""
    old, new = _pixels(before), _pixels(after)
    where = _differing(old, new)
    shown = np.full((*where.shape, 3), 255, np.uint8)
    grey = new.mean(axis=2)
    shown[: new.shape[0], : new.shape[1]] = (190 + grey * 0.25)[..., None].astype(np.uint8)
    shown[where] = _MARK
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def _pixels(data: bytes) -> NDArray[np.uint8]:
    """Shape (height, width, 3), RGB. Raises OSError for data that is no picture."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)


def _differing(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels differ, in the smallest shape that holds both pictures."""
    height, width = (max(old.shape[axis], new.shape[axis]) for axis in (0, 1))
    found = np.ones((height, width), np.bool_)
    both_high, both_wide = (min(old.shape[axis], new.shape[axis]) for axis in (0, 1))
    gap = np.abs(old[:both_high, :both_wide].astype(np.int16) - new[:both_high, :both_wide].astype(np.int16))
    found[:both_high, :both_wide] = gap.max(axis=2) > CHANNEL_TOLERANCE
    return found
