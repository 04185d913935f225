"""Footage bytes → RGB pictures by time.

In: the bytes of an MP4, MOV or WebM file. Out: arrays of shape (height, width, 3), dtype uint8, sRGB order R, G, B. The
demuxer is fixed by the file's first bytes, so a playlist or a concat script, which would open other files, is never
taken for footage. Knows nothing of storyboards.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, ColorTrc, Interpolation, VideoReformatter
from numpy.typing import NDArray

from renderer.errors import Place, RenderError

Picture = NDArray[np.uint8]

MAX_PIXELS = 4096 * 2304
KEPT_BYTES = 96 * 1024 * 1024
"""Decoded pictures, as yuv420p, that are kept once footage plays backwards."""

av.logging.set_level(None)


class Footage:
    """Random access by time to one piece of footage. Times are seconds from its first picture. Close it after use.

    Raises RenderError ``render.media``, naming the reference, for bytes that are not such footage or do not decode.
    """

    def __init__(self, data: bytes, ref: str) -> None:
        self._ref = ref
        self._reformatter = VideoReformatter()
        try:
            self._container = av.open(
                io.BytesIO(data),
                "r",
                format=_demuxer(data, ref),
                options={"enable_drefs": "0", "use_absolute_path": "0"},
            )
        except av.FFmpegError as error:
            raise self._corrupt() from error
        try:
            if not self._container.streams.video:
                raise RenderError("render.media", "The footage has no picture.", place=Place(file=ref))
            self._stream = self._container.streams.video[0]
            self._stream.thread_count = 1
            self._unit = self._stream.time_base or Fraction(1, 90_000)
            self._frames = self._decoded()
            self._kept: list[VideoFrame] = [next(self._frames)]
            self._ahead: VideoFrame | None = None
            self._most = 1  # pictures kept; more once one is asked for that is gone
            first = self._kept[0]
            self._start = first.pts or 0
            self._check(first)
            turned = first.rotation % 180 != 0
            self.width, self.height = (first.height, first.width) if turned else (first.width, first.height)
            self.duration_s = self._duration()
        except StopIteration as error:
            self.close()
            raise self._corrupt() from error
        except BaseException:
            self.close()
            raise

    def at(self, time_s: float) -> Picture:
        """The picture shown at ``time_s``: the last one that began by then; the first before the start."""
        # A ten-thousandth of a second forgives float times that fall just short of a picture's own.
        wanted = self._start + int((max(time_s, 0.0) + 1e-4) / self._unit)
        if self._pts(self._kept[0]) > wanted:
            self._seek(wanted)
        while True:
            if self._ahead is None:
                self._ahead = next(self._frames, None)
            if self._ahead is None or self._pts(self._ahead) > wanted:
                break
            self._kept.append(self._ahead)
            self._ahead = None
            if len(self._kept) > self._most:
                del self._kept[0]
        shown = next(frame for frame in reversed(self._kept) if self._pts(frame) <= wanted or frame is self._kept[0])
        return self._rgb(shown)

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decoded(self) -> Iterator[VideoFrame]:
        try:
            for frame in self._container.decode(self._stream):
                if frame.pts is not None:
                    yield frame
        except av.FFmpegError as error:
            raise self._corrupt() from error

    def _seek(self, wanted: int) -> None:
        self._container.seek(max(wanted, self._start), stream=self._stream, backward=True)
        self._frames = self._decoded()
        first = next(self._frames, None)
        if first is None:
            raise self._corrupt()
        self._kept, self._ahead = [first], None
        self._most = max(2, KEPT_BYTES * 2 // (first.width * first.height * 3))

    def _duration(self) -> float:
        if self._stream.duration:
            return float(self._stream.duration * self._unit)
        if self._container.duration:
            return self._container.duration / av.time_base
        raise RenderError("render.media", "The footage does not say how long it is.", place=Place(file=self._ref))

    def _check(self, frame: VideoFrame) -> None:
        if frame.width * frame.height > MAX_PIXELS:
            raise RenderError("render.media", "The footage is larger than 4096 × 2304.", place=Place(file=self._ref))
        if frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
            raise RenderError(
                "render.media",
                "The footage is high dynamic range, which would look pale.",
                place=Place(file=self._ref),
                hint="Export it as Rec. 709.",
            )

    def _rgb(self, frame: VideoFrame) -> Picture:
        source = frame.colorspace
        if source in (Colorspace.DEFAULT, 2):  # untagged: HD is Rec. 709, smaller is Rec. 601, as players assume
            source = Colorspace.ITU709 if frame.height > 576 else Colorspace.ITU601
        converted = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=source,
            dst_colorspace=Colorspace.DEFAULT,
            threads=1,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        )
        picture = np.asarray(converted.to_ndarray(), dtype=np.uint8)
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture

    @staticmethod
    def _pts(frame: VideoFrame) -> int:
        return frame.pts or 0

    def _corrupt(self) -> RenderError:
        return RenderError(
            "render.media",
            "The footage cannot be decoded.",
            place=Place(file=self._ref),
            hint="Export it again as MP4 (H.264) or WebM (VP9), 8 bits, and see that it plays.",
        )


def _demuxer(data: bytes, ref: str) -> str:
    if data[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip"):
        return "mov"
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    raise RenderError("render.media", "The footage is neither MP4, MOV nor WebM.", place=Place(file=ref))
