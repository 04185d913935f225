"""A composed picture as PyAV's frame, whatever its height."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray


def video_frame(picture: NDArray[np.uint8]) -> av.VideoFrame:
    """A contiguous yuv420p picture, shape (height * 3 / 2, width), dtype uint8, as a frame of that size.

    The frame lies over the array where it can. PyAV takes six rows of such an array for four of a picture and leaves
    out the rest (``height // 6 * 4`` in ``VideoFrame.from_numpy_buffer``, PyAV 18.1). Where the height is no multiple
    of four, as in 1080 by 1350, two lines would be lost and all colours would lie elsewhere: that picture is copied.
    """
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    if height % 4 == 0:
        return av.VideoFrame.from_numpy_buffer(picture, format="yuv420p")
    frame, flat, start = av.VideoFrame(width, height, "yuv420p"), picture.reshape(-1), 0
    for index, plane in enumerate(frame.planes):
        rows, columns = (height, width) if index == 0 else (height // 2, width // 2)
        part = flat[start : start + rows * columns].reshape(rows, columns)
        held = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]  # a plane is a buffer; the stubs do not say
        held.reshape(rows, plane.line_size)[:, :columns] = part
        start += rows * columns
    return frame
