"""Composed frames → H.264 samples, one chunk at a time.

In: contiguous yuv420p frames (Rec. 709, limited range) by number. Out: :class:`EncodedChunk` values whose samples are
length-prefixed NAL units, ready for MP4 and HLS alike. Every chunk of one :class:`EncodeProfile` has the same parameter
sets and is one closed GOP without B-frames, so chunks join in any order by copying bytes. Knows nothing of scores,
layers or people.

Terms: *chunk*, a run of frames encoded alone; *sample*, one encoded frame; *profile*, what fixes the parameter sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.parameter_sets import GOLDEN, PRESET
from renderer.render.video.planar import video_frame
from renderer.render.video.stillness import SkipWriter
from renderer.render.video.witness import Witness

FrameAt = Callable[[int], NDArray[np.uint8]]
"""Frame number → one contiguous yuv420p frame, shape (height * 3 / 2, width), dtype uint8. The array may be reused."""

# Frames that go to x264 after the picture stopped moving, so that it can refine what it last drew in a hurry.
SETTLE_FRAMES = 6

# H.264 (08/2021) table A-1: level, macroblocks a second, macroblocks a frame. Only what a film may need.
_LEVELS = (
    (30, 40_500, 1_620),
    (31, 108_000, 3_600),
    (32, 216_000, 5_120),
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
)

# PyAV logs through Python and has deadlocked there (PyAV issues 751, 2276); errors come as exceptions anyway.
av.logging.set_level(None)


@dataclass(frozen=True, kw_only=True)
class EncodeProfile:
    """What fixes the parameter sets and the look of the picture. Width and height in pixels, both even.

    ``crf`` may differ between chunks of one film without changing the parameter sets; the rest may not.
    """

    width: int
    height: int
    fps: Fraction
    crf: int = 21
    preset: str = "veryfast"

    @property
    def level(self) -> int:
        """The lowest H.264 level that holds this size and rate, times ten. Set explicitly, so no encoder guesses it."""
        macroblocks = -(-self.width // 16) * -(-self.height // 16)
        for level, per_second, per_frame in _LEVELS:
            if macroblocks <= per_frame and macroblocks * self.fps <= per_second:
                return level
        raise RenderError("render.media", "The film's size and frame rate are beyond H.264 level 5.2.")

    @property
    def x264_params(self) -> str:
        """x264's own options. See also ``docs/architecture.md``, "How a film is made"."""
        return ":".join(
            (
                "annexb=0",  # length-prefixed NAL units and an avcC header: what MP4 holds
                "stitchable=1",  # no content-dependent value in the parameter sets
                "bframes=0",  # pts = dts: no edit list, any chunk length
                "open-gop=0",
                "scenecut=0",
                "keyint=infinite",  # one IDR, the chunk's first frame
                "force-cfr=1",
                # What is drawn moves by whole pixels or by its own resampling: finer search costs a quarter to a third
                # more and finds nothing (docs/performance.md).
                "me=dia",
                "subme=1",
                "threads=1",
                "lookahead-threads=1",
                "sliced-threads=0",  # the same bytes on any number of cores
                "cpu-independent=1",  # … and with any SIMD level
            )
        )

    @property
    def fingerprint(self) -> dict[str, object]:
        """What a chunk's key must name besides its content (canonical JSON data)."""
        return {
            "size": [self.width, self.height],
            "fps": [self.fps.numerator, self.fps.denominator],
            "crf": self.crf,
            "preset": self.preset,
            "level": self.level,
            "x264": self.x264_params,
            "settle": SETTLE_FRAMES,
            "avcodec": list(av.library_versions["libavcodec"]),
        }


@dataclass(frozen=True, kw_only=True)
class EncodedChunk:
    """One closed GOP. ``samples`` are all frames one after another, ``sizes`` their byte lengths in order,
    ``keyframes`` the numbers (from 0) of those that decode alone: the first and no other. ``extradata`` is the avcC
    record.

    ``repeated`` counts the frames that cost no encoding since they equal the one before. ``frames_digest`` is that of
    the composed frames (:mod:`.witness`); empty where it is not known.
    """

    extradata: bytes
    samples: bytes
    sizes: tuple[int, ...]
    keyframes: tuple[int, ...]
    repeated: int = 0
    frames_digest: str = ""

    @property
    def frames(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[bytes]:
        """The samples, one frame each."""
        start = 0
        for size in self.sizes:
            yield self.samples[start : start + size]
            start += size


def encode_chunk(
    frames: Iterable[NDArray[np.uint8]], profile: EncodeProfile, on_frame: Callable[[], None] | None = None
) -> EncodedChunk:
    """Encode frames, each of shape (height * 3 / 2, width), as one chunk.

    A frame that equals its forerunners for some time is written as a picture that says "as before" and is not given to
    the encoder: the decoded result is the same and the cost is near nothing. The frame rate stays constant.
    Raises RenderError ``render.media`` for no frames, or frames of another size, or what the encoder refuses.
    """
    context = _open(profile)
    shape = (profile.height * 3 // 2, profile.width)
    samples: list[bytes] = []
    still = SkipWriter(context.extradata or b"", profile.width, profile.height)
    repeats: list[int] = []  # per frame given to x264: how many "as before" pictures follow it
    last = np.empty(shape, dtype=np.uint8)
    unchanged = 0
    witness = Witness()
    try:
        for frame in frames:
            if frame.shape != shape or frame.dtype != np.uint8 or not frame.flags.c_contiguous:
                raise RenderError("render.media", f"A frame is not contiguous yuv420p, {shape[1]} × {profile.height}.")
            unchanged = unchanged + 1 if repeats and _same(frame, last) else 0
            witness.see(frame, again=unchanged > 0)
            if unchanged > SETTLE_FRAMES:
                repeats[-1] += 1
            else:
                if unchanged == 0:
                    np.copyto(last, frame)
                picture = video_frame(frame)
                picture.pts = len(repeats)
                picture.time_base = 1 / profile.fps
                repeats.append(0)
                samples += [_without_sei(bytes(packet)) for packet in context.encode(picture)]
            if on_frame is not None:
                on_frame()
        if not repeats:
            raise RenderError("render.media", "A chunk without frames cannot be encoded.")
        samples += [_without_sei(bytes(packet)) for packet in context.encode(None)]
    except av.FFmpegError as error:
        raise RenderError("render.media", "The video encoder failed.") from error
    if len(samples) != len(repeats):
        raise RenderError("render.media", "The video encoder lost a frame.")
    whole = still.interleave(samples, repeats)
    return EncodedChunk(
        extradata=bytes(context.extradata or b""),
        samples=b"".join(whole),
        sizes=tuple(map(len, whole)),
        keyframes=(0,),
        repeated=sum(repeats),
        frames_digest=witness.digest(),
    )


@lru_cache(maxsize=8)
def golden_extradata(profile: EncodeProfile) -> bytes:
    """The avcC record that every chunk of this profile must carry.

    Raises EnvironmentFault ``environment.library`` when it is written down and the encoder here makes another.
    """
    made = bytes(_open(profile).extradata or b"")
    frozen = GOLDEN.get((profile.width, profile.height, int(profile.fps))) if profile.fps.denominator == 1 else None
    if profile.preset == PRESET and frozen is not None and made.hex() != frozen:
        raise EnvironmentFault(
            "environment.library",
            "The video encoder here makes other parameter sets than films have: they would not join.",
            hint="Install the packages as they are locked: ./run does that.",
        )
    return made


def _open(profile: EncodeProfile) -> VideoCodecContext:
    context = CodecContext.create("libx264", "w")
    configure(context, profile)
    try:
        context.open()
    except av.FFmpegError as error:
        raise RenderError("render.media", "The video encoder refuses this film's size or frame rate.") from error
    return context


def configure(context: VideoCodecContext, profile: EncodeProfile) -> None:
    """Set an encoder that is not open yet to the profile."""
    context.width, context.height, context.pix_fmt = profile.width, profile.height, "yuv420p"
    context.framerate = profile.fps
    context.time_base = 1 / profile.fps
    context.sample_aspect_ratio = Fraction(1)
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.thread_count = 1
    context.flags |= Flags.global_header | Flags.closed_gop
    context.options = {
        "preset": profile.preset,
        "crf": str(profile.crf),
        "level": f"{profile.level // 10}.{profile.level % 10}",
        "x264-params": profile.x264_params,
    }


def _same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two contiguous frames are equal; eight bytes at a time where the size allows, which is much faster."""
    if one.size % 8:
        return np.array_equal(one, other)
    return np.array_equal(one.reshape(-1).view(np.uint64), other.reshape(-1).view(np.uint64))


def _without_sei(sample: bytes) -> bytes:
    """A sample without its SEI units (type 6): x264 writes its options there, which differ between machines."""
    kept, position = [], 0
    while position < len(sample):
        end = position + 4 + int.from_bytes(sample[position : position + 4], "big")
        if sample[position + 4] & 31 != 6:
            kept.append(sample[position:end])
        position = end
    return b"".join(kept)
