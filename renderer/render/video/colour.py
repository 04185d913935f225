"""sRGB values to Y'CbCr 4:2:0, Rec. 709 primaries matrix, limited range: Y 16 to 235, Cb and Cr 16 to 240.

Rec. ITU-R BT.709-6, sections 3.3 to 3.5. The transfer curve is not converted: sRGB values are taken as BT.709 ones, as
every player shows them. All arithmetic is on integers, so every machine gives the same values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.render.video.raster import Raster, rgba

KR, KB = 0.2126, 0.0722
KG = 1 - KR - KB
_SHIFT = 14
_BAND_PIXELS = 1 << 17
"""About so many are converted at a time: what is worked on stays in the processor's cache."""
_U8 = NDArray[np.uint8]
_U16 = NDArray[np.uint16]


@dataclass(frozen=True)
class YuvSprite:
    """A small picture ready to be blended, at even ``x`` and ``y``, of even width and height.

    ``add`` are Y (height, width), U and V (half of both), premultiplied, in 1/256; ``keep`` (for Y, for U and V) is the
    part of the ground that stays, 0 to 256. So a blend is (ground * keep + add + 128) / 256, which fits 16 bits.
    """

    x: int
    y: int
    add: tuple[_U16, _U16, _U16]
    keep: tuple[_U16, _U16]

    @property
    def nbytes(self) -> int:
        return sum(plane.nbytes for plane in (*self.add, *self.keep))


def _weights() -> list[list[int]]:
    """Rows Y, U, V; columns B, G, R, A of premultiplied 8-bit values; scaled by 256 * 2**14."""
    luma = np.array([KB, KG, KR])
    blue, red = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    rows = [
        [*(219 * luma), 16.0],
        [*(224 * (blue - luma) / (2 * (1 - KB))), 128.0],
        [*(224 * (red - luma) / (2 * (1 - KR))), 128.0],
    ]
    return [[round(float(weight) * 256 * 2**_SHIFT / 255) for weight in row] for row in rows]


_WEIGHTS = _weights()


def exact_yuv(colour: str) -> tuple[float, float, float]:
    """An opaque colour (#rrggbb, alpha ignored) as Y, Cb, Cr before rounding."""
    red, green, blue, _ = rgba(colour)
    luma = KR * red + KG * green + KB * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / (2 * (1 - KB)), 128 + 224 * (red - luma) / (2 * (1 - KR))


def yuv_of(colour: str) -> tuple[int, int, int]:
    """An opaque colour (#rrggbb, alpha ignored) as 8-bit Y, Cb, Cr."""
    y, u, v = exact_yuv(colour)
    return round(y), round(u), round(v)


def converted(raster: Raster) -> YuvSprite:
    """A raster as a sprite, padded to even bounds. Chroma and its alpha are means of 2 by 2 pixels."""
    x, y = raster.x & ~1, raster.y & ~1
    height, width = raster.pixels.shape[:2]
    right, bottom = (raster.x + width + 1) & ~1, (raster.y + height + 1) & ~1
    padded = raster.pixels
    if (x, y, right - x, bottom - y) != (raster.x, raster.y, width, height):
        padded = np.zeros((bottom - y, right - x, 4), np.uint8)
        padded[raster.y - y : raster.y - y + height, raster.x - x : raster.x - x + width] = raster.pixels
    rows, columns = padded.shape[:2]
    shapes = (rows, columns), (rows // 2, columns // 2), (rows // 2, columns // 2)
    luma, blue, red = (np.empty(shape, np.uint16) for shape in shapes)
    kept, kept_chroma = (np.empty(shape, np.uint16) for shape in shapes[:2])
    band = max(_BAND_PIXELS // columns & ~1, 2)
    for top in range(0, rows, band):
        part = padded[top : top + band]
        full = [np.ascontiguousarray(part[:, :, channel]).astype(np.int32) for channel in range(4)]
        quads = [plane[0::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 0::2] + plane[1::2, 1::2] for plane in full]
        here, half = slice(top, top + band), slice(top // 2, (top + band) // 2)
        luma[here], kept[here] = _mixed(full, 0, 0), _kept(full[3], 255)
        blue[half], red[half], kept_chroma[half] = _mixed(quads, 1, 2), _mixed(quads, 2, 2), _kept(quads[3], 4 * 255)
    return YuvSprite(x, y, (luma, blue, red), (kept, kept_chroma))


def _mixed(channels: list[NDArray[np.int32]], row: int, extra_shift: int) -> _U16:
    """One plane of ``add``. Sums of four pixels have two more bits, which weights give up."""
    weights = [weight >> extra_shift for weight in _WEIGHTS[row]]
    total = channels[0] * np.int32(weights[0])
    for channel, weight in zip(channels[1:], weights[1:], strict=True):
        total += channel * np.int32(weight)
    total += np.int32(1 << (_SHIFT - 1))
    total >>= _SHIFT
    plane: _U16 = np.clip(total, 0, 65535).astype(np.uint16)
    return plane


def _kept(alpha: NDArray[np.int32], full: int) -> _U16:
    part: NDArray[np.int32] = (alpha * np.int32(256) + np.int32(full // 2)) // np.int32(full)
    kept: _U16 = (np.int32(256) - part).astype(np.uint16)
    return kept
