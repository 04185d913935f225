"""One composed frame → the stills that stand for a film: one for the page's player, one with a play mark for e-mail."""

from __future__ import annotations

import io

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from renderer.render.video.moments import MARK_DIAMETER, secret_spans
from renderer.render.video.planar import video_frame
from renderer.render.video.score import Score, U

QUALITY = 86
MAIL_SIDE_PX = 1200
"""The longer side of a still for e-mail: twice the 600 CSS pixels that mails are laid out in."""
MAIL_QUALITY = 80

_DISC = (10, 18, 24)
_DISC_OPACITY = 0.66
_RING = 0.035
"""Width of the ring, as part of the mark's diameter."""
_OVER = 4
"""The mark is drawn so many times as large and scaled down, for smooth edges."""


def poster_frame(score: Score) -> int | None:
    """The frame for the poster: the score's, or the nearest one without a secret layer. None if every frame has one.

    A poster is shown where a film is only announced (a mail, a link's preview), so nothing secret may be in it.
    """
    wanted = min(max(score.poster_frame, 0), score.frames - 1)
    secret = [range(*span) for span in secret_spans(score.scenes)]
    free = (frame for frame in range(score.frames) if not any(frame in seen for seen in secret))
    return min(free, key=lambda frame: (abs(frame - wanted), frame), default=None)


def poster_jpeg(frame: NDArray[np.uint8]) -> bytes:
    """A contiguous yuv420p frame (Rec. 709 limited) as a progressive JPEG in sRGB, without metadata."""
    return _jpeg(Image.fromarray(rgb(frame)), QUALITY)


def mail_poster_jpeg(frame: NDArray[np.uint8], mark_u: tuple[int, int]) -> bytes:
    """The same with a play mark, its middle at ``mark_u`` (1/65536 of the frame), at most 1200 pixels long."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    scale = min(1.0, MAIL_SIDE_PX / max(width, height))
    size = (round(width * scale), round(height * scale))
    return _jpeg(marked(Image.fromarray(rgb(frame, size)), mark_u), MAIL_QUALITY)


def rgb(frame: NDArray[np.uint8], size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """A contiguous yuv420p frame (Rec. 709 limited) as sRGB, shape (height, width, 3); scaled down to ``size``."""
    picture = video_frame(np.ascontiguousarray(frame))
    smaller = size is not None and size != (picture.width, picture.height)
    width, height = size or (picture.width, picture.height)
    found: NDArray[np.uint8] = (
        VideoReformatter()
        .reformat(
            picture,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.DEFAULT,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            threads=1,
            interpolation=(Interpolation.AREA if smaller else Interpolation.BICUBIC)
            | Interpolation.ACCURATE_RND
            | Interpolation.FULL_CHR_H_INT,
        )
        .to_ndarray()
        .astype(np.uint8, copy=False)
    )
    return found


def marked(picture: Image.Image, mark_u: tuple[int, int]) -> Image.Image:
    """A copy of an RGB picture with a play mark: a dark glass disc with a white ring and a white triangle.

    The disc keeps the triangle legible on light grounds, the ring finds the disc on dark ones.
    """
    size = max(24, round(float(MARK_DIAMETER) * min(picture.size)))
    left = round(mark_u[0] / U * picture.width - size / 2)
    top = round(mark_u[1] / U * picture.height - size / 2)
    room = (left, top, left + size, top + size)
    ground = picture.crop(room).filter(ImageFilter.GaussianBlur(size / 14))
    glass = Image.blend(ground, Image.new("RGB", ground.size, _DISC), _DISC_OPACITY)
    disc, white = _shapes(size)
    found = picture.copy()
    shadow = Image.new("L", picture.size)
    shadow.paste(disc, (left, top + max(1, size // 40)))
    shadow = shadow.filter(ImageFilter.GaussianBlur(size / 18)).point(lambda value: round(value * 0.28))
    found.paste((0, 0, 0), mask=shadow)
    found.paste(glass, (left, top), disc)
    found.paste((255, 255, 255), (left, top), white)
    return found


def _shapes(size: int) -> tuple[Image.Image, Image.Image]:
    """Masks of the disc, and of ring and triangle."""
    big = size * _OVER
    disc = Image.new("L", (big, big))
    ImageDraw.Draw(disc).ellipse((1, 1, big - 2, big - 2), fill=255)
    inner, edge = Image.new("L", (big, big)), round(big * _RING)
    ImageDraw.Draw(inner).ellipse((1 + edge, 1 + edge, big - 2 - edge, big - 2 - edge), fill=255)
    white = ImageChops.subtract(disc, inner)
    # A triangle about the disc's middle by its centre of gravity, with rounded corners.
    reach, middle, corner = big * 0.2, big / 2, big * 0.022
    corners = [(middle - reach * 0.5 * 1.1, middle - reach), (middle - reach * 0.5 * 1.1, middle + reach)]
    corners.append((middle + reach * 1.1, middle))
    pen = ImageDraw.Draw(white)
    pen.polygon(corners, fill=255)
    for x, y in corners:
        pen.ellipse((x - corner, y - corner, x + corner, y + corner), fill=255)
    pen.line([*corners, corners[0]], fill=255, width=round(corner * 2))
    small = (size, size)
    return disc.resize(small, Image.Resampling.LANCZOS), white.resize(small, Image.Resampling.LANCZOS)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, progressive=True, optimize=True)
    return buffer.getvalue()
