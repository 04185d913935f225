"""A stream's fragments, segments and playlists agree with each other, with the standards and with the MP4."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import m3u8
import numpy as np
import pytest
import webvtt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from renderer.errors import RenderError
from renderer.render.video.audio import RATE, Pcm, Placed, encode_aac, mix
from renderer.render.video.encode import EncodedChunk, EncodeProfile, encode_chunk, golden_extradata
from renderer.render.video.hls import hls_files, segment_bytes, segment_plans
from renderer.render.video.mux import AudioTrack, Tags, mux_mp4
from renderer.render.video.playlists import (
    ENTRANCE,
    SegmentEntry,
    average_bits,
    language_name,
    media_playlist,
    peak_bits,
)

Frame = NDArray[np.uint8]
WIDTH, HEIGHT, FPS = 320, 176, Fraction(25)
PROFILE = EncodeProfile(width=WIDTH, height=HEIGHT, fps=FPS)
TAGS = Tags(title="Film", locale="it")
CAPTIONS = "WEBVTT\n\n1\n00:00:00.200 --> 00:00:01.500\nPerché no?\n".encode()
LENGTHS = (1, 2, 7, 25, 40, 60)


def ramp(shift: int) -> Frame:
    """A picture with detail that moves with ``shift``."""
    wave = np.add.outer(np.arange(HEIGHT * 3 // 2), np.arange(WIDTH) + shift) % 200 + 20
    return np.ascontiguousarray(wave, dtype=np.uint8)


@cache
def pool() -> tuple[EncodedChunk, ...]:
    """A moving chunk of each length, and two that stand still after a while."""
    moving = [encode_chunk((ramp(50 * length + 3 * n) for n in range(length)), PROFILE) for length in LENGTHS]
    still = [encode_chunk((ramp(7 * min(n, stop)) for n in range(40)), PROFILE) for stop in (0, 12)]
    assert all(chunk.repeated > 15 for chunk in still)
    return (*moving, *still)


@cache
def pictures(number: int) -> list[Frame]:
    """What a chunk of the pool decodes to alone."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = pool()[number].extradata
    found = [frame for sample in pool()[number] for frame in decoder.decode(av.Packet(sample))]
    return [np.asarray(frame.to_ndarray(), np.uint8) for frame in [*found, *decoder.decode(None)]]


@cache
def track(samples: int) -> AudioTrack:
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(samples) / RATE)
    return encode_aac(np.repeat(tone[:, None], 2, axis=1).astype(np.float32))


def written(folder: Path, chunks: Sequence[EncodedChunk], personal: Sequence[bool], **more: Any) -> Path:
    """The stream in ``folder``; the file that players open."""
    values: dict[str, Any] = {"audio": None, "captions": CAPTIONS, "tags": TAGS, **more}
    folder.mkdir(parents=True, exist_ok=True)
    for file in hls_files(chunks, personal, PROFILE, **values):
        (folder / file.name).write_bytes(file.data)
    return folder / ENTRANCE


def samples_of(chunks: Sequence[EncodedChunk]) -> int:
    return round(sum(chunk.frames for chunk in chunks) / FPS * RATE)


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """All boxes, depth first (ISO/IEC 14496-12, 4.2): a parser that shares nothing with the writer."""
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        assert 8 <= size <= len(data) - position, "a box reaches past its parent"
        name, body = kind.decode("latin-1"), data[position + 8 : position + size]
        yield name, body
        if name in ("moov", "trak", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf", "edts"):
            yield from boxes(body)
        position += size


def fragments(data: bytes) -> Iterator[tuple[int, int, int, list[bytes]]]:
    """Sequence number, decode time, tick length of a sample, and the samples of each fragment."""
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        assert kind == b"moof"
        inside = dict(boxes(data[position : position + size]))
        flags, _, duration, sample_flags = struct.unpack_from(">IIII", inside["tfhd"])
        assert flags == 0x020028
        run_flags, count, offset, first_flags = struct.unpack_from(">IIiI", inside["trun"])
        if run_flags == 0x205:  # pictures: the first decodes alone, the others do not
            assert (first_flags, sample_flags) == (0x02000000, 0x01010000)
        else:
            assert (run_flags, sample_flags) == (0x201, 0x02000000)
        sizes = struct.unpack_from(f">{count}I", inside["trun"], 16 if run_flags & 4 else 12)
        samples, start = [], position + offset
        for length in sizes:
            samples.append(data[start : start + length])
            start += length
        mdat, kind = struct.unpack_from(">I4s", data, position + size)
        assert kind == b"mdat" and start == position + size + mdat
        (sequence,) = struct.unpack(">I", inside["mfhd"][4:])
        (decode_time,) = struct.unpack(">Q", inside["tfdt"][4:])
        yield sequence, decode_time, duration, samples
        position = start


def decoded(path: Path) -> tuple[list[Frame], Pcm, int]:
    """All pictures, all sound, and the number of the sample that the sound begins with, as FFmpeg's demuxers see it."""
    seen: list[Frame] = []
    heard: list[NDArray[np.float32]] = []
    first = None
    with av.open(str(path)) as container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        for packet in container.demux(*streams):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    seen.append(np.asarray(frame.to_ndarray(), np.uint8))
                elif isinstance(frame, av.AudioFrame):
                    first = frame.pts * frame.time_base * RATE if first is None else first  # type: ignore[operator]
                    heard.append(np.asarray(frame.to_ndarray(), np.float32))
    return seen, np.concatenate(heard, 1).T if heard else np.zeros((0, 2), np.float32), int(first or 0)


def strictly_silent(path: Path) -> None:
    """FFmpeg's program, told to stop at the slightest fault, has nothing to say."""
    careful = ["-v", "warning", "-xerror", "-err_detect", "+crccheck+bitstream+buffer+explode+careful+compliant"]
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), *careful, "-i", str(path), "-map", "0:v?", "-map", "0:a?", "-f", "null", "-"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


FILMS = st.lists(st.tuples(st.integers(0, len(LENGTHS) + 1), st.booleans()), min_size=1, max_size=9)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(0, False)])
@example([(6, False), (5, False), (5, True), (7, True), (0, False), (4, False)])
@given(FILMS)
def test_any_chunks_join_to_what_each_decodes_to(tmp_path: Path, film: list[tuple[int, bool]]) -> None:
    chunks = [pool()[number] for number, _ in film]
    frames = sum(chunk.frames for chunk in chunks)
    alone = [picture for number, _ in film for picture in pictures(number)]
    audio = track(samples_of(chunks))
    entrance = written(tmp_path / "hls", chunks, [own for _, own in film], audio=audio)
    mux_mp4(tmp_path / "film.mp4", chunks, PROFILE, audio, TAGS)
    for path in (entrance, tmp_path / "film.mp4"):
        seen, heard, first = decoded(path)
        assert len(seen) == frames
        assert all(np.array_equal(one, other) for one, other in zip(seen, alone, strict=True)), path.name
        assert abs(first + len(heard) - samples_of(chunks)) <= 1024, path.name
    found = list(boxes((tmp_path / "film.mp4").read_bytes()))
    picture_times = next(body for name, body in found if name == "stts")
    assert struct.unpack(">II", picture_times[4:12]) == (1, frames)
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None and stream.duration * stream.time_base * FPS == frames  # type: ignore[operator]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILMS)
def test_playlists_and_decode_times_cover_the_film_without_gap(tmp_path: Path, film: list[tuple[int, bool]]) -> None:
    chunks = [pool()[number] for number, _ in film]
    frames = sum(chunk.frames for chunk in chunks)
    entrance = written(tmp_path / "hls", chunks, [own for _, own in film], audio=track(samples_of(chunks)))
    top = m3u8.load(str(entrance))
    assert top.is_variant and len(top.playlists) == 1
    names = {
        "video": top.playlists[0].uri,
        "sound": next(one.uri for one in top.media if one.type == "AUDIO"),
        "captions": next(one.uri for one in top.media if one.type == "SUBTITLES"),
    }
    targets = {}
    for track_name, name in names.items():
        playlist = m3u8.load(str(entrance.with_name(name)))
        assert playlist.version == 7 and playlist.playlist_type == "vod" and playlist.is_endlist
        targets[track_name] = playlist.target_duration
        assert all(round(segment.duration) <= playlist.target_duration for segment in playlist.segments)
        assert not any(segment.discontinuity for segment in playlist.segments)
        lasts = sum(Fraction(str(segment.duration)) for segment in playlist.segments)
        if track_name != "sound":
            assert lasts == frames / FPS
        if track_name == "captions":
            continue
        assert [init.uri for init in playlist.segment_map] == [f"{track_name}-init.mp4"]
        init = dict(boxes(entrance.with_name(f"{track_name}-init.mp4").read_bytes()))
        assert "elst" not in init and "edts" not in init
        (timescale,) = struct.unpack_from(">I", init["mdhd"], 12)
        assert timescale == (FPS * 512 if track_name == "video" else RATE)
        due, last = 0, 0
        for segment in playlist.segments:
            before = due
            for sequence, decode_time, duration, samples in fragments(entrance.with_name(segment.uri).read_bytes()):
                assert sequence > last and decode_time == due
                due += len(samples) * duration
                last = sequence
            assert abs(Fraction(due - before, timescale) - Fraction(str(segment.duration))) <= Fraction(1, 1_000_000)
        if track_name == "video":
            assert due == frames * 512
        else:
            assert 0 <= due - samples_of(chunks) < 1024
            assert abs(lasts - Fraction(due, RATE)) < Fraction(1, 1_000_000)
    assert targets["video"] == targets["sound"]  # RFC 8216, 6.2.4


@given(st.lists(st.tuples(st.integers(1, 150), st.booleans()), min_size=1, max_size=40))
def test_segments_hold_each_chunk_once_and_never_mix(film: list[tuple[int, bool]]) -> None:
    frames, personal = [length for length, _ in film], [own for _, own in film]
    plans = segment_plans(frames, personal, FPS)
    assert [chunk for plan in plans for chunk in range(plan.first_chunk, plan.end_chunk)] == list(range(len(film)))
    at = 0
    for plan, after in zip(plans, (*plans[1:], None), strict=True):
        held = range(plan.first_chunk, plan.end_chunk)
        assert {personal[chunk] for chunk in held} == {plan.personal}
        assert (plan.first_frame, plan.frames) == (at, sum(frames[chunk] for chunk in held))
        at += plan.frames
        assert plan.frames <= 150
        if after is not None and after.personal == plan.personal:  # no smaller than it need be
            assert plan.frames + frames[after.first_chunk] > 150


def test_shared_segments_are_alike_for_everybody_and_personal_ones_are_not_named_by_what_they_show() -> None:
    shared, mine = pool()[4], pool()[5]
    yours = [encode_chunk((ramp(9 * n) for n in range(30)), PROFILE) for _ in range(2)]  # as long, cut differently

    def stream(*chunks: EncodedChunk, personal: Sequence[bool]) -> dict[str, bytes]:
        return {file.name: file.data for file in hls_files(chunks, personal, PROFILE, None, None, TAGS)}

    one = stream(shared, shared, mine, shared, personal=[False, False, True, False])
    other = stream(shared, shared, *yours, shared, personal=[False, False, True, True, False])
    assert set(one) == set(other)
    assert {name for name in one if one[name] != other[name]} - {ENTRANCE} == {"video-2.m4s"}
    assert len([name for name in one if name.endswith(".m4s")]) == 3


@pytest.mark.parametrize("shared", [True, False])
def test_sound_is_named_by_its_digest_only_if_nobodys(shared: bool) -> None:
    audio = replace(track(7 * RATE), shared=shared)
    names = [file.name for file in hls_files([pool()[5]] * 3, [False] * 3, PROFILE, audio, None, TAGS)]
    sound = [name for name in names if name.startswith("sound-") and name.endswith(".m4s")]
    assert len(sound) == 2
    assert (sound == ["sound-1.m4s", "sound-2.m4s"]) is not shared


def test_a_segment_can_be_made_alone(tmp_path: Path) -> None:
    chunks = [pool()[number] for number in (3, 4, 5, 6)]
    entrance = written(tmp_path, chunks, [False, False, True, False])
    listed = m3u8.load(str(entrance.with_name("video.m3u8"))).segments
    plans = segment_plans([chunk.frames for chunk in chunks], [False, False, True, False], FPS)
    for segment, plan in zip(listed, plans, strict=True):
        made = segment_bytes(chunks[plan.first_chunk : plan.end_chunk], plan.first_frame, PROFILE)
        assert entrance.with_name(segment.uri).read_bytes() == made


def test_the_entrance_says_what_players_need(tmp_path: Path) -> None:
    chunks = [pool()[5]] * 8
    entrance = written(tmp_path, chunks, [False] * 8, audio=track(samples_of(chunks)), tags=Tags(title="", locale="ar"))
    text = entrance.read_text()
    for line in ("#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"):
        assert line in text.splitlines()
    variant = m3u8.loads(text).playlists[0].stream_info
    avcc = golden_extradata(PROFILE)
    assert variant.codecs == f"avc1.{avcc[1]:02x}{avcc[2]:02x}{avcc[3]:02x},mp4a.40.2"
    assert avcc[1] == 100 and avcc[3] == PROFILE.level  # High
    assert (variant.resolution, variant.frame_rate, variant.closed_captions) == ((WIDTH, HEIGHT), 25, "NONE")
    assert (variant.audio, variant.subtitles) == ("sound", "captions")
    for media in m3u8.loads(text).media:
        assert (media.name, media.language, media.autoselect) == ("العربية", "ar", "YES")
        assert media.group_id in ("sound", "captions")
    seconds = sum(chunk.frames for chunk in chunks) / 25
    weight = sum(path.stat().st_size for path in tmp_path.glob("*.m4s"))
    assert abs(variant.average_bandwidth - 8 * weight / seconds) < 0.02 * variant.average_bandwidth
    assert variant.bandwidth >= variant.average_bandwidth


def test_a_film_without_sound_or_words_names_neither(tmp_path: Path) -> None:
    entrance = written(tmp_path, [pool()[3]], [False], captions=b"WEBVTT\n")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".m4s") == [
        ENTRANCE,
        "video-init.mp4",
        "video.m3u8",
    ]
    assert "mp4a" not in entrance.read_text() and "EXT-X-MEDIA" not in entrance.read_text()
    assert len(decoded(entrance)[0]) == 25


def test_no_file_comes_before_what_it_names(tmp_path: Path) -> None:
    chunks = [pool()[5]] * 4
    there: set[str] = set()
    for file in hls_files(chunks, [True, False, False, True], PROFILE, track(samples_of(chunks)), CAPTIONS, TAGS):
        if file.name.endswith(".m3u8"):
            text = file.data.decode()
            named = [line for line in text.splitlines() if line and not line.startswith("#")]
            named += re.findall(r'URI="([^"]+)"', text)
            assert named and there.issuperset(named), file.name
        there.add(file.name)
    assert file.name == ENTRANCE


def test_captions_keep_their_words_and_times(tmp_path: Path) -> None:
    entrance = written(tmp_path, [pool()[5]], [False])
    data = entrance.with_name("captions.vtt").read_bytes()
    assert data.startswith(b"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n")
    (cue,) = webvtt.from_string(data.decode()).captions
    assert (cue.start, cue.end, cue.text) == ("00:00:00.200", "00:00:01.500", "Perché no?")


@pytest.mark.parametrize("slot_s", [1.0, 5.99, 6.4])
def test_a_clap_is_where_its_slot_begins(tmp_path: Path, slot_s: float) -> None:
    chunks = [pool()[5]] * 4
    noise = np.random.default_rng(4).normal(0, 0.3, (RATE // 50, 2)).astype(np.float32)
    start = round(slot_s * RATE)
    music = 0.01 * np.sin(2 * np.pi * 220 * np.arange(samples_of(chunks)) / RATE)
    mixed = mix(
        [Placed(pcm=np.repeat(music[:, None], 2, 1).astype(np.float32)), Placed(pcm=noise, start=start)],
        samples_of(chunks),
    )
    audio = encode_aac(mixed)
    mux_mp4(tmp_path / "film.mp4", chunks, PROFILE, audio, TAGS)
    for path in (written(tmp_path / "hls", chunks, [False] * 4, audio=audio), tmp_path / "film.mp4"):
        _, heard, first = decoded(path)
        loud = np.abs(heard).max(axis=1)
        onset = int(np.argmax(loud > 0.5 * loud.max())) + first
        assert abs(onset - start) <= 0.005 * RATE, path.name


def test_a_strict_decoder_is_silent(tmp_path: Path) -> None:
    chunks = [pool()[number] for number in (5, 6, 0, 7, 4, 1, 5)]
    personal = [False, False, True, True, False, True, False]
    audio = track(samples_of(chunks))
    mux_mp4(tmp_path / "film.mp4", chunks, PROFILE, audio, TAGS)
    entrance = written(tmp_path / "hls", chunks, personal, audio=audio)
    for path in (entrance, entrance.with_name("video.m3u8"), entrance.with_name("sound.m3u8"), tmp_path / "film.mp4"):
        strictly_silent(path)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    other = EncodeProfile(width=WIDTH, height=HEIGHT, fps=Fraction(30))
    foreign = encode_chunk([ramp(0)], other)
    with pytest.raises(RenderError) as caught:
        hls_files([pool()[0], foreign], [False, False], PROFILE, None, None, TAGS)
    assert caught.value.code == "render.media"
    late = AudioTrack(mp4=track(RATE).mp4, samples=2 * RATE, rate=RATE)  # ends before the film does
    with pytest.raises(RenderError) as caught:
        hls_files([pool()[0]], [False], PROFILE, late, None, TAGS)
    assert caught.value.code == "render.media"


def entries(*parts: tuple[Fraction | int, int]) -> list[SegmentEntry]:
    return [SegmentEntry(name=str(number), duration=Fraction(d), bytes=b) for number, (d, b) in enumerate(parts)]


def test_bit_rates_are_those_of_rfc_8216() -> None:
    # A short heavy segment counts with its neighbours: peaks are of 0.5 to 1.5 target durations (here 3 to 9 s).
    film = entries((6, 6000), (Fraction(1, 25), 1000), (6, 6000), (2, 9000))
    assert average_bits(film) == -(-8 * 22000 * 25 // 351)
    assert peak_bits(film) == -(-8 * 16000 * 25 // 201)
    assert peak_bits(entries((Fraction(1, 25), 100))) == 20000
    # Both heavy ends together are more than 1.5 target durations.
    assert peak_bits(entries((2, 9000), (6, 600), (2, 9000))) == 9600


def test_durations_add_up_however_many() -> None:
    playlist = m3u8.loads(media_playlist(entries(*[(Fraction(1, 3), 1)] * 3000), target=1, init="i.mp4").decode())
    assert sum(Fraction(str(one.duration)) for one in playlist.segments) == 1000


@pytest.mark.parametrize(
    ("locale", "name"), [("it", "Italiano"), ("pt_BR", "Português"), ("ja", "日本語"), ("tlh", "Tlh"), ("x!", "X!")]
)
def test_languages_are_named_in_themselves(locale: str, name: str) -> None:
    assert language_name(locale) == name
