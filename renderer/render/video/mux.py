"""Encoded chunks and an AAC track → one MP4, by copying packets.

In: chunks of one profile, in order, and an audio track. Out: a file with its index in front (fast start), a constant
frame rate and both tracks starting at 0. Nothing is decoded or encoded, and the same input gives the same bytes: no
creation time, no library's name. Knows nothing of scores or plans.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from heapq import merge
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.encode import EncodedChunk, EncodeProfile, configure, golden_extradata

# ISO 639-2/T codes, as MP4 writes languages, of the ISO 639-1 codes that locales start with.
LANGUAGES = {
    "ar": "ara",
    "bg": "bul",
    "bn": "ben",
    "ca": "cat",
    "cs": "ces",
    "da": "dan",
    "de": "deu",
    "el": "ell",
    "en": "eng",
    "es": "spa",
    "et": "est",
    "eu": "eus",
    "fa": "fas",
    "fi": "fin",
    "fr": "fra",
    "ga": "gle",
    "gl": "glg",
    "he": "heb",
    "hi": "hin",
    "hr": "hrv",
    "hu": "hun",
    "id": "ind",
    "is": "isl",
    "it": "ita",
    "ja": "jpn",
    "ko": "kor",
    "lt": "lit",
    "lv": "lav",
    "ms": "msa",
    "mt": "mlt",
    "nb": "nob",
    "nl": "nld",
    "nn": "nno",
    "no": "nor",
    "pl": "pol",
    "pt": "por",
    "ro": "ron",
    "ru": "rus",
    "sk": "slk",
    "sl": "slv",
    "sq": "sqi",
    "sr": "srp",
    "sv": "swe",
    "th": "tha",
    "tr": "tur",
    "uk": "ukr",
    "ur": "urd",
    "vi": "vie",
    "zh": "zho",
}


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """Encoded sound as a small MP4 (``mp4``, AAC-LC) and the number of samples a channel that it plays. ``shared``
    says that nothing in it is about the recipient, so that its parts may be named by what they are."""

    mp4: bytes
    samples: int
    rate: int
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What the file says of itself. Nothing personal: it is read by every player and copied along."""

    title: str
    locale: str


def language(locale: str) -> str:
    """The three-letter code of a locale's language; ``und`` for one that is not listed."""
    return LANGUAGES.get(locale.replace("_", "-").split("-")[0].lower(), "und")


def mux_mp4(
    path: Path, chunks: Sequence[EncodedChunk], profile: EncodeProfile, audio: AudioTrack | None, tags: Tags
) -> None:
    """Write the film to ``path``, which must be a real file (fast start reopens it by name).

    Raises RenderError ``render.media`` when a chunk is not of the profile, EnvironmentFault when the disk refuses.
    """
    golden = golden_extradata(profile)
    if any(chunk.extradata != golden for chunk in chunks):
        raise RenderError("render.media", "A chunk was encoded with other parameter sets and would not join.")
    try:
        _write(path, chunks, profile, audio, tags)
    except OSError as error:
        raise EnvironmentFault("environment.disk", f"The film could not be written: {error.strerror}.") from error


def _write(
    path: Path, chunks: Sequence[EncodedChunk], profile: EncodeProfile, audio: AudioTrack | None, tags: Tags
) -> None:
    with (
        av.open(io.BytesIO(_init_mp4(profile)), "r", format="mov") as pattern,
        av.open(io.BytesIO(audio.mp4 if audio else _init_mp4(profile)), "r", format="mov") as sound,
        av.open(
            str(path),
            "w",
            format="mp4",
            options={
                "movflags": "+faststart",
                "fflags": "+bitexact",
                # Ticks a second that hold a frame exactly at every frame rate we make.
                "video_track_timescale": str(_timescale(profile.fps)),
            },
        ) as output,
    ):
        output.metadata["title"] = tags.title
        video_stream: Stream = output.add_stream_from_template(pattern.streams.video[0])
        video_stream.time_base = 1 / profile.fps
        video_stream.metadata["language"] = language(tags.locale)
        packets = [_video_packets(chunks, video_stream, profile.fps)]
        if audio is not None:
            audio_stream: Stream = output.add_stream_from_template(sound.streams.audio[0])
            audio_stream.metadata["language"] = language(tags.locale)
            packets.append(_audio_packets(sound, audio_stream))
        for _, _, packet in merge(*packets, key=lambda item: item[:2]):
            output.mux_one(packet)


Timed: TypeAlias = "tuple[Fraction, int, Packet[Stream]]"
"""When a packet plays, in seconds; its track; the packet."""


def _video_packets(chunks: Sequence[EncodedChunk], stream: Stream, fps: Fraction) -> Iterator[Timed]:
    number = 0
    for chunk in chunks:
        for index, sample in enumerate(chunk):
            packet: Packet[Stream] = Packet(sample)
            packet.stream = stream
            packet.time_base = 1 / fps
            packet.pts = packet.dts = number
            packet.duration = 1
            packet.is_keyframe = index in chunk.keyframes
            yield Fraction(number) / fps, 0, packet
            number += 1


def _audio_packets(sound: InputContainer, stream: Stream) -> Iterator[Timed]:
    for packet in sound.demux(sound.streams.audio[0]):
        if packet.dts is None:
            continue
        packet.stream = stream  # type: ignore[assignment]  # the template's stream, of the same kind
        yield packet.dts * Fraction(packet.time_base), 1, packet  # type: ignore[misc]


def _timescale(fps: Fraction) -> int:
    return fps.numerator * 512


@lru_cache(maxsize=8)
def _init_mp4(profile: EncodeProfile) -> bytes:
    """A film of one grey frame: the pattern that the output's video track is made from.

    PyAV 18 can set the parameter sets of a track only by copying them from another.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream("libx264", rate=profile.fps)
        configure(stream.codec_context, profile)
        grey = np.full((profile.height * 3 // 2, profile.width), 128, dtype=np.uint8)
        output.mux([*stream.encode(av.VideoFrame.from_numpy_buffer(grey, format="yuv420p")), *stream.encode(None)])
    return buffer.getvalue()
