"""Sound starts when it should, joins without clicks, is as loud as promised and never too loud."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from renderer.assets.door import Asset, AssetDoor
from renderer.errors import RenderError
from renderer.render.video.audio import (
    CEILING_DBTP,
    PEAK_DBTP,
    RATE,
    TARGET_LUFS,
    Pcm,
    Placed,
    decode_clip,
    decode_track,
    encode_aac,
    level,
    limit,
    master,
    measure,
    mix,
)


def tone(seconds: float, hertz: float = 220, amplitude: float = 0.3) -> Pcm:
    wave_ = amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)
    return np.repeat(wave_[:, None], 2, axis=1).astype(np.float32)


def wav(samples: Pcm, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def encoded(codec: str, kind: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as output:
        stream = output.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=RATE, frame_size=960)
        source = av.AudioFrame.from_ndarray(tone(1).reshape(1, -1), format="flt", layout="stereo")
        source.sample_rate = RATE
        for frame in [*resampler.resample(source), *resampler.resample(None)]:
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def asset(data: bytes) -> Asset:
    return Asset("media/sound", data, "", "audio/x")


def jumps(pcm: Pcm) -> float:
    """The largest step between neighbouring samples: a click shows as one."""
    return float(np.abs(np.diff(pcm[:, 0])).max())


@pytest.mark.parametrize(
    "data",
    [wav(tone(1)), wav(tone(1), 44_100), encoded("flac", "flac"), encoded("libopus", "ogg")],
    ids=["wav", "44.1 kHz", "flac", "ogg"],
)
def test_clips_come_as_stereo_at_48_khz(data: bytes) -> None:
    pcm = decode_clip(asset(data))
    assert pcm.dtype == np.float32 and pcm.shape[1] == 2
    assert 0.95 * RATE < len(pcm) < 1.1 * RATE
    assert abs(float(np.abs(pcm[RATE // 4 : RATE // 2]).max()) - 0.3) < 0.03


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"#EXTM3U\nhttp://127.0.0.1/a.ts",
        lambda data: b"",
        lambda data: data[:30],
        lambda data: b"RIFF\x00\x00\x00\x00WAVEjunk",
        lambda data: b"fLaC" + b"\x00" * 200,
    ],
    ids=["playlist", "empty", "cut off", "no sound", "zeros"],
)
def test_what_is_no_sound_is_refused_by_name(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RenderError) as caught:
        decode_clip(asset(spoil(wav(tone(0.1)))))
    assert (caught.value.code, caught.value.place.file) == ("render.media", "media/sound")


def test_a_sound_starts_on_its_sample_and_adds_to_the_others() -> None:
    one, two = tone(0.5), tone(0.5, 330)
    both = mix([Placed(pcm=one, start=1000), Placed(pcm=two, start=1000)], RATE)
    assert not both[:1000].any()
    middle = slice(1000 + RATE // 8, 1000 + RATE // 4)
    inside = slice(RATE // 8, RATE // 4)
    assert np.allclose(both[middle], one[inside] + two[inside], atol=1e-6)
    quiet = mix([Placed(pcm=one, start=1000, gain_db=-20)], RATE)
    assert np.allclose(quiet[middle], one[inside] / 10, atol=1e-6)


@pytest.mark.parametrize("length_s", [0.7, 3.0, 7.3])
def test_music_is_looped_or_trimmed_to_the_film_without_clicks(length_s: float) -> None:
    clip = tone(3.1, 217)
    film = mix([Placed(pcm=clip, fill=True, fade_in=RATE // 10, fade_out=RATE // 5)], int(length_s * RATE))
    assert len(film) == int(length_s * RATE)
    assert abs(film[0, 0]) < 1e-6 and abs(film[-1, 0]) < 1e-3
    assert jumps(film) < 1.5 * jumps(clip)
    body = film[RATE // 10 : -RATE // 5, 0]
    windows = body[: len(body) // 2400 * 2400].reshape(-1, 2400)
    assert np.sqrt((windows**2).mean(axis=1)).min() > 0.09  # nowhere silent, not at the seam either


def test_a_sound_past_the_end_fades_instead_of_clicking() -> None:
    film = mix([Placed(pcm=tone(2), start=RATE // 2)], RATE)
    assert abs(film[-1, 0]) < 1e-3 and jumps(film[RATE * 3 // 4 :]) < 1.5 * jumps(tone(2))
    assert not mix([Placed(pcm=tone(1), start=2 * RATE)], RATE).any()


def test_the_meter_agrees_with_the_standard() -> None:
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS reads -23 LUFS, within 0.1.
    sine = tone(20, 1000, 10 ** (-23 / 20))
    found = measure(sine)
    assert abs(found.integrated + 23) <= 0.1
    assert abs(found.true_peak + 23) <= 0.2


@pytest.mark.parametrize("amplitude", [0.001, 0.05, 0.9])
def test_a_mix_is_brought_to_the_target(amplitude: float) -> None:
    assert abs(measure(level(tone(5, 440, amplitude))).integrated - TARGET_LUFS) < 0.2


def test_peaks_between_samples_are_held_too() -> None:
    # A quarter of the sample rate, sampled 45° off its crests: samples at 0.71, true peaks at 1.
    place = np.arange(RATE)
    wave_ = np.sin(np.pi / 2 * place + np.pi / 4) * 1.4 * np.minimum(1, np.minimum(place, place[::-1]) / 500)
    loud = np.repeat(wave_[:, None], 2, axis=1).astype(np.float32)
    assert measure(loud).true_peak > 2
    assert measure(limit(loud)).true_peak <= CEILING_DBTP + 0.3


def test_the_limiter_leaves_alone_what_is_quiet_and_is_smooth_where_it_works() -> None:
    quiet = tone(1, 220, 0.5)
    assert limit(quiet) is quiet
    spiky = tone(2, 100, 0.5)
    spiky[RATE] = 3.0
    held = limit(spiky)
    assert np.abs(held).max() <= 10 ** (CEILING_DBTP / 20) + 1e-4
    far = slice(0, RATE // 2)
    assert np.array_equal(held[far], spiky[far])


def test_aac_keeps_time_and_peaks() -> None:
    noise = np.random.default_rng(3).normal(0, 0.2, (4 * RATE, 2)).astype(np.float32)
    noise[:RATE] = 0
    noise[RATE : RATE + 480] *= 4
    track = master(noise)
    played = decode_track(track)
    assert track.samples == len(noise)
    onset = int(np.argmax(np.abs(played[:, 0]) > 0.3)) / RATE
    assert abs(onset - 1.0) <= 0.005
    assert measure(played).true_peak <= PEAK_DBTP
    assert abs(measure(played).integrated - TARGET_LUFS) <= 1.5


def test_silence_stays_silent() -> None:
    silence: Pcm = np.zeros((RATE, 2), dtype=np.float32)
    assert math.isinf(measure(silence).true_peak)
    assert not level(silence).any()
    assert np.abs(decode_track(encode_aac(silence))).max() < 1e-4


def test_the_same_mix_gives_the_same_bytes() -> None:
    assert encode_aac(tone(1)).mp4 == encode_aac(tone(1)).mp4


def test_a_torn_track_in_the_cache_is_made_anew(tmp_path: Path) -> None:
    from renderer.render.video.score import MusicCue
    from renderer.render.video.soundtrack import soundtrack
    from tests.unit.test_video_captions import score

    door = AssetDoor({"media/m.wav": wav(tone(1))})
    film = score(frames=50, music=MusicCue(media="media/m.wav", digest="d", gain_u=0, fade_in=5, fade_out=5))
    first = soundtrack(film, door, tmp_path)
    assert first is not None and first.samples == 2 * RATE
    path = next(tmp_path.rglob("*.m4a"))
    path.write_bytes(path.read_bytes()[:-100])
    assert soundtrack(film, door, tmp_path) == first
    assert soundtrack(score(frames=50), door, tmp_path) is None
