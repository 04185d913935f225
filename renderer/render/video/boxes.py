"""Boxes of fragmented MP4: an init segment per track, and movie fragments.

In: a track's codec record, the sizes of encoded frames, their bytes. Out: bytes. Only what CMAF (ISO/IEC 23000-19)
needs of it: one track a file, samples that follow each other without gaps or reordering, no edit list. Section numbers
are of ISO/IEC 14496-12:2022 where no other standard is named. Knows nothing of playlists, chunks or films.

Terms: *box*, a length, a name of four letters and a payload; *fragment*, a ``moof`` box that describes samples and the
``mdat`` box that holds them; *tick*, one part of a track's timescale.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

TRACK = 1
"""Every file has one track, with this number."""

# Sample flags, 8.8.3.1: a sample that depends on no other, and one that depends on others and is no sync sample.
_SYNC = 0x0200_0000
_NOT_SYNC = 0x0101_0000
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)  # 8.2.2: as it is


@dataclass(frozen=True, kw_only=True)
class TrackSpec:
    """What an init segment says of its track. ``entry`` is the finished sample entry, ``language`` a code of
    ISO 639-2/T, ``width`` and ``height`` are pixels, both 0 for sound."""

    timescale: int
    entry: bytes
    language: str
    width: int = 0
    height: int = 0

    @property
    def is_video(self) -> bool:
        return self.width > 0


def box(name: str, *payload: bytes) -> bytes:
    """A box (4.2)."""
    return struct.pack(">I4s", 8 + sum(map(len, payload)), name.encode("ascii")) + b"".join(payload)


def full_box(name: str, version: int, flags: int, *payload: bytes) -> bytes:
    """A box with a version and flags (4.2)."""
    return box(name, struct.pack(">I", version << 24 | flags), *payload)


def init_segment(track: TrackSpec) -> bytes:
    """``ftyp`` and ``moov`` of a track whose samples all come in fragments (8.8).

    It states no duration, so films of any length that are encoded alike share these bytes.
    """
    return box("ftyp", b"iso6", bytes(4), b"iso6", b"cmfc", b"mp41") + box(
        "moov",
        full_box(  # 8.2.2: no times, rate 1.0, volume 1.0, the next free track number
            "mvhd",
            0,
            0,
            struct.pack(">4IiH10x", 0, 0, track.timescale, 0, 0x10000, 0x100),
            _MATRIX,
            struct.pack(">24xI", TRACK + 1),
        ),
        box("trak", _track_header(track), _media(track)),
        # 8.8.3: the first sample entry; duration, size and flags come with each fragment
        box("mvex", full_box("trex", 0, 0, struct.pack(">5I", TRACK, 1, 0, 0, 0))),
    )


def _track_header(track: TrackSpec) -> bytes:
    flags = 0x7  # 8.3.2: enabled, in the movie, in its preview
    volume = 0 if track.is_video else 0x100
    return full_box(
        "tkhd",
        0,
        flags,
        struct.pack(">2II4xI8xhhH2x", 0, 0, TRACK, 0, 0, 0, volume),
        _MATRIX,
        struct.pack(">2I", track.width << 16, track.height << 16),
    )


def _media(track: TrackSpec) -> bytes:
    if track.is_video:
        handler, name, header = b"vide", b"Video\0", full_box("vmhd", 0, 1, bytes(8))  # 12.1.2
    else:
        handler, name, header = b"soun", b"Sound\0", full_box("smhd", 0, 0, bytes(4))  # 12.2.2
    letters = [ord(letter) - 0x60 for letter in track.language]
    language = letters[0] << 10 | letters[1] << 5 | letters[2]  # 8.4.2.3
    return box(
        "mdia",
        full_box("mdhd", 0, 0, struct.pack(">4IHH", 0, 0, track.timescale, 0, language, 0)),
        full_box("hdlr", 0, 0, bytes(4), handler, bytes(12), name),  # 8.4.3
        box(
            "minf",
            header,
            box("dinf", full_box("dref", 0, 0, struct.pack(">I", 1), full_box("url ", 0, 1))),  # 8.7.2: this file
            box(  # 8.5: no sample is listed here
                "stbl",
                full_box("stsd", 0, 0, struct.pack(">I", 1), track.entry),
                full_box("stts", 0, 0, bytes(4)),
                full_box("stsc", 0, 0, bytes(4)),
                full_box("stsz", 0, 0, bytes(8)),
                full_box("stco", 0, 0, bytes(4)),
            ),
        ),
    )


def avc_entry(avcc: bytes, width: int, height: int) -> bytes:
    """The sample entry of H.264 (12.1.3; ISO/IEC 14496-15, 5.4.2) with square pixels and Rec. 709 in limited range."""
    return box(
        "avc1",
        struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1),
        box("avcC", avcc),
        box("colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0)),  # 12.1.5; code points of ITU-T H.273
        box("pasp", struct.pack(">II", 1, 1)),  # 12.1.4
    )


def aac_entry(config: bytes, rate: int, channels: int) -> bytes:
    """The sample entry of AAC (12.2.3; ISO/IEC 14496-14, 5.6). ``config`` is its AudioSpecificConfig."""
    decoder = _descriptor(
        4,  # DecoderConfigDescriptor, ISO/IEC 14496-1, 7.2.6.6: MPEG-4 audio, an audio stream, no bit rates stated
        struct.pack(">BB3xII", 0x40, 5 << 2 | 1, 0, 0),
        _descriptor(5, config),
    )
    stream = _descriptor(3, struct.pack(">HB", 0, 0), decoder, _descriptor(6, b"\x02"))
    return box(
        "mp4a",
        struct.pack(">6xH8xHH4xI", 1, channels, 16, rate << 16),
        full_box("esds", 0, 0, stream),
    )


def _descriptor(tag: int, *payload: bytes) -> bytes:
    """ISO/IEC 14496-1, 8.3.3. All of ours are shorter than 128 bytes."""
    content = b"".join(payload)
    return struct.pack(">BB", tag, len(content)) + content


def fragment(
    sizes: Sequence[int], data: bytes, *, sequence: int, decode_time: int, duration: int, independent: bool = False
) -> bytes:
    """``moof`` and ``mdat`` of the samples that stand one after another in ``data``.

    ``sequence`` rises from fragment to fragment of a track (8.8.5), ``decode_time`` is when the first sample is due
    and ``duration`` how long each lasts, in ticks. The first sample is a sync sample; with ``independent`` all are.
    """
    lengths = struct.pack(f">{len(sizes)}I", *sizes)
    first_flags = b"" if independent else struct.pack(">I", _SYNC)

    def moof(offset: int) -> bytes:
        return box(
            "moof",
            full_box("mfhd", 0, 0, struct.pack(">I", sequence)),
            box(
                "traf",
                # 8.8.7: offsets count from the moof; the duration and flags of each sample
                full_box("tfhd", 0, 0x020028, struct.pack(">3I", TRACK, duration, _SYNC if independent else _NOT_SYNC)),
                full_box("tfdt", 1, 0, struct.pack(">Q", decode_time)),
                # 8.8.8: where the samples begin, the first one's flags, the size of each
                full_box(
                    "trun",
                    0,
                    0x201 if independent else 0x205,
                    struct.pack(">Ii", len(sizes), offset),
                    first_flags,
                    lengths,
                ),
            ),
        )

    return moof(len(moof(0)) + 8) + box("mdat", data)
