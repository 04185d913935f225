"""Encoded chunks and an AAC track → HLS in CMAF: files that any web server can hand out.

In: chunks of one profile, in order, each with whether it shows something personal; the film's one AAC track; its
captions. Out: the files of one folder. Nothing is encoded: chunks are framed by boxes and packets are copied, so the
stream decodes to what the MP4 decodes to. Knows nothing of scores or plans.

There is one init segment a track, decode times go on from chunk to chunk, and so no discontinuity is announced: to a
player the film is one stream. Media segments that hold only shared chunks are named by the digest of their bytes, which
depend on nothing but those chunks and where they stand: every recipient's playlist names the same file, and a CDN holds
it once. What is personal is named by its place: a digest of it could be guessed at and probed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, groupby
from pathlib import Path

import av

from renderer.errors import EnvironmentFault, Place, RenderError
from renderer.render.model import Artefact, write_artefact
from renderer.render.video.boxes import TrackSpec, aac_entry, avc_entry, fragment, init_segment
from renderer.render.video.encode import EncodedChunk, EncodeProfile, golden_extradata
from renderer.render.video.mux import AudioTrack, Tags, language
from renderer.render.video.playlists import (
    ENTRANCE,
    TARGET_S,
    Rendition,
    SegmentEntry,
    avc_codec,
    media_playlist,
    multivariant_playlist,
    target_duration,
)
from renderer.units import digest

TICKS = 512
"""Ticks a frame lasts: the picture's timescale is frame rate times this, so that every frame's time is whole."""
AAC_FRAME = 1024
AAC_CODEC = "mp4a.40.2"

_PLAYLIST = "application/vnd.apple.mpegurl"
_NAME_DIGITS = 32
_OURS = re.compile(r"(film|video|sound|captions)(-[0-9a-z]+)?\.(m3u8|m4s|mp4|vtt)")


@dataclass(frozen=True, kw_only=True)
class HlsFile:
    """One file of the folder. Names are fixed, numbered or digests; they say nothing of anybody."""

    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True, kw_only=True)
class SegmentPlan:
    """Which chunks a media segment of the picture holds (``first_chunk`` until before ``end_chunk``), the film's frame
    it begins at, how many it has, and whether one of them is personal."""

    first_chunk: int
    end_chunk: int
    first_frame: int
    frames: int
    personal: bool


def hls_files(
    chunks: Sequence[EncodedChunk],
    personal: Sequence[bool],
    profile: EncodeProfile,
    audio: AudioTrack | None,
    captions: bytes | None,
    tags: Tags,
) -> tuple[HlsFile, ...]:
    """All files of the stream, :data:`.playlists.ENTRANCE` last: whoever finds it finds the others.

    ``personal`` says of each chunk whether it shows something personal. ``captions`` is WebVTT; None, or one without a
    cue, leaves that rendition out.
    Raises RenderError ``render.media`` when a chunk is not of the profile or the track does not begin on a packet.
    """
    golden = golden_extradata(profile)
    if any(chunk.extradata != golden for chunk in chunks):
        raise RenderError("render.media", "A chunk was encoded with other parameter sets and would not join.")
    files: dict[str, HlsFile] = {}

    def put(name: str, data: bytes, media_type: str) -> None:
        files[name] = HlsFile(name=name, data=data, media_type=media_type)

    def put_segment(track: str, number: int, data: bytes, duration: Fraction, own: bool) -> SegmentEntry:
        name = segment_name(track, number, data, own)
        put(name, data, f"{'audio' if track == 'sound' else 'video'}/mp4")
        return SegmentEntry(name=name, duration=duration, bytes=len(data))

    plans = segment_plans([chunk.frames for chunk in chunks], personal, profile.fps)
    seen = []
    for number, plan in enumerate(plans, 1):
        data = segment_bytes(chunks[plan.first_chunk : plan.end_chunk], plan.first_frame, profile)
        seen.append(put_segment("video", number, data, plan.frames / profile.fps, plan.personal))
    heard = []
    if audio is not None:
        for number, (data, samples) in enumerate(sound_segments(audio), 1):
            heard.append(put_segment("sound", number, data, Fraction(samples, audio.rate), not audio.shared))
    target = target_duration([*seen, *heard])
    put("video-init.mp4", video_init(profile, tags.locale), "video/mp4")
    put("video.m3u8", media_playlist(seen, target=target, init="video-init.mp4"), _PLAYLIST)
    if audio is not None:
        put("sound-init.mp4", sound_init(audio, tags.locale), "audio/mp4")
        put("sound.m3u8", media_playlist(heard, target=target, init="sound-init.mp4"), _PLAYLIST)
    words = []
    if captions is not None and b"-->" in captions:
        timed = timed_captions(captions)
        put("captions.vtt", timed, "text/vtt")
        duration = sum(chunk.frames for chunk in chunks) / profile.fps
        words.append(SegmentEntry(name="captions.vtt", duration=duration, bytes=len(timed)))
        put("captions.m3u8", media_playlist(words, target=target_duration(words), init=None), _PLAYLIST)
    entrance = multivariant_playlist(
        video=Rendition(playlist="video.m3u8", entries=tuple(seen)),
        sound=Rendition(playlist="sound.m3u8", entries=tuple(heard)) if heard else None,
        captions=Rendition(playlist="captions.m3u8", entries=tuple(words)) if words else None,
        codecs=(avc_codec(golden), *((AAC_CODEC,) if heard else ())),
        size=(profile.width, profile.height),
        fps=profile.fps,
        locale=tags.locale,
    )
    put(ENTRANCE, entrance, _PLAYLIST)
    return tuple(files.values())


def write_hls(out: Path, folder: str, files: Sequence[HlsFile]) -> tuple[Artefact, ...]:
    """Put the files into ``out/video/<folder>``, in their order: no playlist is there before what it names. Whoever
    copies the artefacts does well to keep that order.

    Files of ours that an earlier film left there are removed: they may be another person's.
    Raises EnvironmentFault when the disk refuses.
    """
    made = tuple(
        write_artefact(out, "video", "hls", f"{folder}/{file.name}", file.data, file.media_type) for file in files
    )
    names = {file.name for file in files}
    try:
        for path in (out / "video" / folder).iterdir():
            if path.name not in names and _OURS.fullmatch(path.name):
                path.unlink()
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk", f"An old file cannot be removed: {error.strerror}.", place=Place(channel="video")
        ) from error
    return made


def segment_name(track: str, number: int, data: bytes, personal: bool) -> str:
    """A media segment's file name: its number in the playlist if it is personal, else the digest of its bytes."""
    return f"{track}-{number if personal else digest(data)[:_NAME_DIGITS]}.m4s"


def segment_plans(frames: Sequence[int], personal: Sequence[bool], fps: Fraction) -> tuple[SegmentPlan, ...]:
    """Which chunks share a media segment: neighbours that are all personal or all not, up to 6 s together.

    ``frames`` is how long each chunk is. Needs no bytes, so a playlist can be planned before a chunk is read.
    """
    most = int(TARGET_S * fps)
    starts = [0, *accumulate(frames)]
    plans: list[SegmentPlan] = []
    for own, run in groupby(range(len(frames)), key=lambda chunk: personal[chunk]):
        for chunk in run:
            last = plans[-1] if plans else None
            if last is not None and last.personal == own and last.frames + frames[chunk] <= most:
                last = plans.pop()
                first, length = last.first_chunk, last.frames + frames[chunk]
            else:
                first, length = chunk, frames[chunk]
            plans.append(
                SegmentPlan(
                    first_chunk=first, end_chunk=chunk + 1, first_frame=starts[first], frames=length, personal=own
                )
            )
    return tuple(plans)


def segment_bytes(chunks: Sequence[EncodedChunk], first_frame: int, profile: EncodeProfile) -> bytes:
    """The media segment of some chunks that follow each other, a fragment each; ``first_frame`` is where in the film.

    A pure function of its arguments. So a server need not keep segments: a list of chunk keys with frame numbers is
    enough to make any of them when it is asked for. A fragment's sequence number is the number of its first frame, plus
    1: it rises as it must, and does not depend on how many fragments came before.
    """
    fragments = []
    duration = TICKS * profile.fps.denominator
    for chunk in chunks:
        fragments.append(
            fragment(
                chunk.sizes,
                chunk.samples,
                sequence=first_frame + 1,
                decode_time=first_frame * duration,
                duration=duration,
            )
        )
        first_frame += chunk.frames
    return b"".join(fragments)


def video_init(profile: EncodeProfile, locale: str) -> bytes:
    """The picture's init segment: the same for every film of a profile and language."""
    return init_segment(
        TrackSpec(
            timescale=TICKS * profile.fps.numerator,
            entry=avc_entry(golden_extradata(profile), profile.width, profile.height),
            language=language(locale),
            width=profile.width,
            height=profile.height,
        )
    )


def sound_init(audio: AudioTrack, locale: str) -> bytes:
    """The sound's init segment."""
    config, _ = _packets(audio)
    return init_segment(
        TrackSpec(timescale=audio.rate, entry=aac_entry(config, audio.rate, 2), language=language(locale))
    )


def sound_segments(audio: AudioTrack) -> Iterator[tuple[bytes, int]]:
    """The track's media segments of about 6 s, each with its length in samples.

    What the encoder put before the film's first sample is left out, and so the sound begins at decode time 0 without an
    edit list, which players treat differently. A decoder blends each packet with the one before, so the first 21 ms
    come in as through a fade. The last packet may reach past the film, by less than its 21 ms.
    """
    _, packets = _packets(audio)
    per_segment = int(TARGET_S * audio.rate / AAC_FRAME)
    for first in range(0, len(packets), per_segment):
        group = packets[first : first + per_segment]
        data = fragment(
            [len(packet) for packet in group],
            b"".join(group),
            sequence=first + 1,
            decode_time=first * AAC_FRAME,
            duration=AAC_FRAME,
            independent=True,
        )
        yield data, len(group) * AAC_FRAME


def timed_captions(captions: bytes) -> bytes:
    """WebVTT with the header that ties its clock to the stream's (RFC 8216, 3.5): both begin at 0."""
    head, _, rest = captions.partition(b"\n")
    return head + b"\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n" + rest


@lru_cache(maxsize=2)
def _packets(audio: AudioTrack) -> tuple[bytes, list[bytes]]:
    """The AudioSpecificConfig, and the AAC packets from the film's first sample until its last."""
    try:
        with av.open(io.BytesIO(audio.mp4), "r", format="mov") as container:
            stream = container.streams.audio[0]
            config = bytes(stream.codec_context.extradata or b"")
            timed = [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.pts is not None]
    except av.FFmpegError as error:
        raise RenderError("render.media", "The film's sound cannot be read.") from error
    kept = [(pts, data) for pts, data in timed if -AAC_FRAME < pts < audio.samples]
    if not config or [pts for pts, _ in kept] != list(range(0, audio.samples, AAC_FRAME)):
        raise RenderError("render.media", "The film's sound does not begin on a packet, or has a gap.")
    return config, [data for _, data in kept]
