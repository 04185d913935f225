"""One composed frame → the still that is shown before the film plays."""

from __future__ import annotations

import io

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from renderer.render.video.score import Score

QUALITY = 86


def poster_frame(score: Score) -> int | None:
    """The frame for the poster: the score's, or the nearest one without a secret layer. None if every frame has one.

    A poster is shown where a film is only announced (a mail, a link's preview), so nothing secret may be in it.
    """
    wanted = min(max(score.poster_frame, 0), score.frames - 1)
    secret = [
        range(scene.first + layer.first, scene.first + layer.first + layer.frames)
        for scene in score.scenes
        for layer in scene.layers
        if layer.sensitivity == "secret"
    ]
    free = (frame for frame in range(score.frames) if not any(frame in seen for seen in secret))
    return min(free, key=lambda frame: (abs(frame - wanted), frame), default=None)


def poster_jpeg(frame: NDArray[np.uint8]) -> bytes:
    """A contiguous yuv420p frame (Rec. 709 limited) as a progressive JPEG in sRGB, without metadata."""
    picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), format="yuv420p")
    rgb = VideoReformatter().reformat(
        picture,
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.DEFAULT,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        threads=1,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
    )
    buffer = io.BytesIO()
    Image.fromarray(rgb.to_ndarray()).save(buffer, "JPEG", quality=QUALITY, progressive=True, optimize=True)
    return buffer.getvalue()
