"""Makes footage-dawn.mp4: dawn over the hills, wind turbines turning, lines of air. Six seconds that join end to end.

Run from the project's folder: ``.venv/bin/python templates/energy-bill/media/make_footage.py``. The same picture comes
out each time; H.264 bytes may differ between builds of x264.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from landscape import DAWN, HEIGHT, WIDTH, colour, composed, grain, moving, quantised, scenery
from numpy.typing import NDArray

FPS = 25
FRAMES = 150
SEED = 2026
CRF = "17"


def pictures() -> list[NDArray[np.uint8]]:
    """The frames as RGB bytes."""
    still, glow = scenery(DAWN)
    warm = np.array(colour(DAWN.glow), np.float32)
    noise = grain(SEED) * np.float32(0.7)
    found = []
    for number in range(FRAMES):
        part = number / FRAMES
        breath = np.float32(0.05 + 0.05 * math.sin(2 * math.pi * part))
        lit = still + (warm - still) * glow * breath
        found.append(quantised(composed(lit, moving(DAWN, part)), noise))
    return found


def encode(frames: list[NDArray[np.uint8]], path: Path) -> None:
    """H.264 in MP4, 4:2:0, Rec. 709 limited range, tagged so."""
    convert = VideoReformatter()
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = 1
        stream.codec_context.color_trc = 1
        stream.options = {"crf": CRF, "preset": "slow", "tune": "grain", "threads": "1", "g": "150"}
        for number, picture in enumerate(frames):
            frame = convert.reformat(
                VideoFrame.from_ndarray(picture, format="rgb24"),
                format="yuv420p",
                src_colorspace=Colorspace.DEFAULT,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    encode(pictures(), folder / "footage-dawn.mp4")


if __name__ == "__main__":
    main()
