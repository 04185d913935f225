"""Mezzanines made small for the way, without losing a bit: H.264 that predicts and does not quantise.

In: a mezzanine's file. Out: a Matroska file of a fiftieth to a hundredth of its size, and back. What comes back is the
same file byte for byte: the standard (H.264, section 8.5.15) says exactly what a lossless picture decodes to.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from renderer.errors import RenderError
from renderer.render.video import mezzanine

NAME = "x264 lossless"
_OPTIONS = {"qp": "0", "preset": "ultrafast"}


def pack(source: Path, target: Path) -> None:
    """The mezzanine at ``source``, small, at ``target``. Raises RenderError ``render.media``."""
    frames = mezzanine.load(source)
    if frames is None:
        raise RenderError("render.media", "Prepared footage could not be read back.")
    try:
        # Without the flag the file gets a random number, and would have another digest each time.
        with av.open(str(target), "w", format="matroska", options={"fflags": "+bitexact"}) as out:
            stream = out.add_stream("libx264", rate=25, options=_OPTIONS)
            stream.width, stream.height, stream.pix_fmt = frames.width, frames.height, "yuv420p"
            stream.thread_count = 1
            for number in range(frames.frames):
                flat = np.array(frames.pixels[number])
                frame = av.VideoFrame.from_ndarray(flat.reshape(-1, frames.width), format="yuv420p")
                frame.pts = number
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise RenderError("render.media", "Prepared footage could not be packed.") from error


def unpack(source: BinaryIO, target: Path) -> None:
    """Write the mezzanine that was packed to ``target``. Whether it is the same is for the caller to find out, by its
    digest. Raises RenderError ``render.media`` for what is no such file, EnvironmentFault when it cannot be written."""
    try:
        with av.open(source, "r", format="matroska") as packed:
            stream = packed.streams.video[0]
            stream.thread_count = 1
            pictures = (
                np.ascontiguousarray(one.to_ndarray(format="yuv420p"), dtype=np.uint8) for one in packed.decode(stream)
            )
            mezzanine.write(target, stream.width, stream.height, pictures)
    except (av.FFmpegError, IndexError) as error:
        raise RenderError("render.media", "Packed footage cannot be read.") from error
