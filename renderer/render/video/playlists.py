"""HLS playlists as text (RFC 8216, version 7). Complete when written: they carry their end tag and are never extended.

In: names of files with their lengths and byte counts, and what the tracks are. Out: bytes in UTF-8. Times are fractions
of seconds. Knows nothing of boxes, chunks or films. Section numbers are of RFC 8216.

Terms: *media segment*, one file of a few seconds of one track; *rendition*, a track with a playlist of its own;
*multivariant playlist*, the one that players open: it names the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from babel import Locale, UnknownLocaleError

ENTRANCE = "film.m3u8"
"""The file that players open."""
VERSION = 7
TARGET_S = Fraction(6)
"""How long a media segment is at most where nothing else decides, as Apple advises."""

_HEAD = f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n"


@dataclass(frozen=True, kw_only=True)
class SegmentEntry:
    """A media segment as a playlist states it. ``duration`` in seconds."""

    name: str
    duration: Fraction
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """A track beside the picture: its playlist's file name and its media segments."""

    playlist: str
    entries: tuple[SegmentEntry, ...]


def media_playlist(entries: Sequence[SegmentEntry], *, target: int, init: str | None) -> bytes:
    """One track's playlist. ``target`` in whole seconds, at least as long as any entry; ``init`` names the track's init
    segment, which WebVTT has not.

    Durations are the differences of rounded points in time, so that their sum is the track's length however many.
    """
    ends = [round(end * 1_000_000) for end in accumulate(entry.duration for entry in entries)]
    lines = [f"#EXT-X-TARGETDURATION:{target}", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"]
    if init is not None:
        lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{init}"']
    for entry, (start, end) in zip(entries, pairwise([0, *ends]), strict=True):
        micros = end - start
        lines += [f"#EXTINF:{micros // 1_000_000}.{micros % 1_000_000:06},", entry.name]
    return (_HEAD + "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n").encode()


def multivariant_playlist(
    *,
    video: Rendition,
    sound: Rendition | None,
    captions: Rendition | None,
    codecs: Sequence[str],
    size: tuple[int, int],
    fps: Fraction,
    locale: str,
) -> bytes:
    """The playlist that a player opens (4.3.4). ``codecs`` in the order picture, sound; ``size`` is width and height in
    pixels. Sound is stereo, and in the film's language as captions are."""
    spoken = f'NAME="{language_name(locale)}",LANGUAGE="{locale.replace("_", "-")}"'
    renditions = [one for one in (video, sound, captions) if one is not None]
    attributes = [
        f"BANDWIDTH={sum(peak_bits(one.entries) for one in renditions)}",
        f"AVERAGE-BANDWIDTH={sum(average_bits(one.entries) for one in renditions)}",
        f'CODECS="{",".join(codecs)}"',
        f"RESOLUTION={size[0]}x{size[1]}",
        f"FRAME-RATE={float(fps):.3f}",
    ]
    lines = ["#EXT-X-INDEPENDENT-SEGMENTS"]
    if sound is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",{spoken},DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="2",URI="{sound.playlist}"'
        )
        attributes.append('AUDIO="sound"')
    if captions is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",{spoken},DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,'
            f'URI="{captions.playlist}"'
        )
        attributes.append('SUBTITLES="captions"')
    attributes.append("CLOSED-CAPTIONS=NONE")
    lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", video.playlist]
    return (_HEAD + "\n".join(lines) + "\n").encode()


def target_duration(entries: Sequence[SegmentEntry]) -> int:
    """The least whole number of seconds that no entry is longer than. 6.2.4: picture and sound must state the same."""
    return ceil(max(entry.duration for entry in entries))


def average_bits(entries: Sequence[SegmentEntry]) -> int:
    """Bits a second over all."""
    return ceil(8 * sum(entry.bytes for entry in entries) / sum(entry.duration for entry in entries))


def peak_bits(entries: Sequence[SegmentEntry]) -> int:
    """4.1: the highest bit rate of neighbouring entries that together last 0.5 to 1.5 target durations.

    Of a track that is shorter than that, its average.
    """
    least, most = Fraction(target_duration(entries), 2), Fraction(3 * target_duration(entries), 2)
    peak = 0
    for first in range(len(entries)):
        size, duration = 0, Fraction(0)
        for entry in entries[first:]:
            size, duration = size + entry.bytes, duration + entry.duration
            if duration > most:
                break
            if duration >= least:
                peak = max(peak, ceil(8 * size / duration))
    return peak or average_bits(entries)


def avc_codec(avcc: bytes) -> str:
    """The codec string of H.264 (RFC 6381, 3.3): profile, constraints and level from the avcC record."""
    return f"avc1.{avcc[1:4].hex()}"


def language_name(locale: str) -> str:
    """A locale's language in that language, as a menu shows it: ``it`` → ``Italiano``.

    The locale itself if CLDR does not know it.
    """
    try:
        known = Locale.parse(locale.replace("-", "_"))
        name = known.get_language_name(known) or locale
    except (UnknownLocaleError, ValueError):
        name = locale
    name = name.replace('"', "")
    return name[:1].upper() + name[1:]
