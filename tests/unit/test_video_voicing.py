"""The voice in the mix: music gives way in time, nothing clicks, a spoken name stands in the room of the recording, and
the track is as loud as promised whoever is named."""

import io
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.errors import RenderError
from renderer.labels import Sensitivity
from renderer.render.video.audio import PEAK_DBTP, RATE, TARGET_LUFS, Pcm, decode_clip, decode_track, measure, mix
from renderer.render.video.espeak import EspeakEngine
from renderer.render.video.score import MusicCue, Score, U, VoiceCue
from renderer.render.video.soundtrack import mixed, soundtrack
from renderer.render.video.speech import SpeakingVoice
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.render.video.voicing import EDGE_S, LOOK_AHEAD_S, RELEASE_S, ducking, voice_clips
from tests.unit.test_video_captions import score

FPS = 25


def wav(mono: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((mono * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def music(seconds: float, rms: float = 0.1) -> NDArray[np.float32]:
    """Chords that never rest."""
    at = np.arange(int(seconds * RATE)) / RATE
    tones = sum(
        np.sin(2 * np.pi * hertz * at) * (0.7 + 0.3 * np.sin(at * hertz / 90)) for hertz in (220, 277, 330, 660)
    )
    return np.asarray(tones / np.sqrt(np.square(tones).mean()) * rms, dtype=np.float32)


def recording(seconds: float, room: float, seed: int = 3) -> NDArray[np.float32]:
    """A hum that starts and ends at its loudest, with a pause in the middle, in a room that rustles at ``room`` (root
    mean square)."""
    count = int(seconds * RATE)
    at = np.arange(count) / RATE
    buzz = 0.2 * np.cos(2 * np.pi * 140 * at) * (np.abs(at / seconds - 0.5) > 0.2)
    noise = np.random.default_rng(seed).standard_normal(count)
    smooth = np.convolve(noise, np.ones(24) / 24, mode="same")
    return np.asarray(buzz + smooth / np.sqrt(np.square(smooth).mean()) * room, dtype=np.float32)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> SpeakingVoice:
    return SpeakingVoice(EspeakEngine("en"), SpeechShelf(tmp_path_factory.mktemp("speech"), b"key"))


def speech(voice: SpeakingVoice, text: str, at_s: float, label: Sensitivity = "public", scene: str = "one") -> VoiceCue:
    found = voice.speak(text, "en", personal=label != "public")
    return VoiceCue(
        scene=scene,
        message="m",
        first=round(at_s * RATE),
        samples=found.samples,
        pcm=found.pcm_digest,
        media=None,
        gain_u=0,
        sensitivity=label,
    )


def clip(ref: str, samples: int, first: int) -> VoiceCue:
    return VoiceCue(
        scene="one", message=None, first=first, samples=samples, pcm="d", media=ref, gain_u=0, sensitivity="public"
    )


def film(seconds: float, *cues: VoiceCue, bed: bool = True, duck_db: float = -10) -> Score:
    bed_cue = MusicCue(media="media/m.wav", digest="d", gain_u=-14 * U, fade_in=5, fade_out=40)
    return score(
        frames=int(seconds * FPS), captions=(), voice=cues, music=bed_cue if bed else None, duck_u=round(duck_db * U)
    )


def level_db(pcm: Pcm) -> float:
    return float(10 * np.log10(max(np.square(pcm).mean(), 1e-12)))


DOOR = AssetDoor({"media/m.wav": wav(music(8))})
NARRATION = (
    "Hello Sarah. Here is your bill for October. ",
    "The total is sixty-six euros and ninety cents, due by November the twenty-second. ",
    "You used two hundred and forty-eight kilowatt-hours: eight percent less than a year ago.",
)


# ---------------------------------------------------------------- ducking


def test_music_is_down_before_the_first_word_and_comes_back_after_the_last() -> None:
    cue = clip("media/a.wav", 2 * RATE, 3 * RATE)
    gain = 20 * np.log10(ducking([cue], 10 * RATE, -10))
    look, release = int(LOOK_AHEAD_S * RATE), int(RELEASE_S * RATE)
    assert 0.15 <= LOOK_AHEAD_S <= 0.25 and 0.4 <= RELEASE_S <= 0.8
    assert np.allclose(gain[: 3 * RATE - look], 0, atol=1e-4)
    assert np.allclose(gain[3 * RATE : 5 * RATE], -10, atol=1e-3)
    assert np.allclose(gain[5 * RATE + release :], 0, atol=1e-4)
    assert np.abs(np.diff(gain)).max() < 0.01  # decibels a sample: no step
    assert (np.diff(gain[3 * RATE - look : 3 * RATE]) <= 1e-4).all()


def test_music_does_not_pump_in_short_pauses_but_returns_in_long_ones() -> None:
    cues = [clip("a", RATE, 0), clip("a", RATE, RATE + RATE // 2), clip("a", RATE, 6 * RATE)]
    gain = 20 * np.log10(ducking(cues, 8 * RATE, -12))
    assert np.allclose(gain[: int(2.5 * RATE)], -12, atol=1e-3)
    assert gain[4 * RATE] == pytest.approx(0, abs=1e-3)
    assert ducking([], RATE, -12).min() == 1


def test_speech_stands_well_above_the_music_under_it(voice: SpeakingVoice) -> None:
    cue = speech(voice, NARRATION[1], 2)
    whole = film(9, cue)
    track = mixed(whole, DOOR, 9 * RATE, voice)
    spoken = mix(voice_clips(whole, DOOR, voice), 9 * RATE)
    under, free = track - spoken, mixed(film(9, cue, duck_db=0), DOOR, 9 * RATE, voice) - spoken
    said = slice(cue.first, cue.end)
    assert level_db(track[said]) - level_db(under[said]) > 15
    assert level_db(free[said]) - level_db(under[said]) == pytest.approx(10, abs=0.1)
    assert np.allclose(free[:RATE], under[:RATE], atol=1e-6)


# ---------------------------------------------------------------- joins


def jumps(pcm: Pcm, at: int) -> float:
    """The largest step between neighbouring samples within 5 ms of a place."""
    return float(np.abs(np.diff(pcm[max(0, at - 240) : at + 240, 0])).max())


def test_clip_name_and_clip_join_without_a_click(voice: SpeakingVoice) -> None:
    before, after = recording(1.2, 0.004), recording(1.5, 0.004, seed=5)
    door = AssetDoor({"media/a.wav": wav(before), "media/b.wav": wav(after)})
    first = clip("media/a.wav", len(before), RATE)
    name = speech(voice, "Sarah", first.end / RATE, "personal")
    last = clip("media/b.wav", len(after), name.end)
    track = mixed(film(6, first, name, last, bed=False), door, 6 * RATE, voice)
    for cue in (first, name, last):
        for place in (cue.first, cue.end):
            assert jumps(track, place) < 0.02, place  # a cut would jump by 0.14
    bare = np.concatenate([decode_clip(door.get("media/a.wav")), np.zeros((RATE, 2), np.float32)])
    assert jumps(bare, len(before)) > 0.1
    assert track[first.first + RATE // 10 : first.end - RATE // 10].any()
    assert EDGE_S < 0.005


def test_a_spoken_name_stands_in_the_room_of_the_recording(voice: SpeakingVoice) -> None:
    room = 0.004
    before, after = recording(1.2, room), recording(1.2, room, seed=5)
    door = AssetDoor({"media/a.wav": wav(before), "media/b.wav": wav(after)})
    first = clip("media/a.wav", len(before), RATE)
    name = speech(voice, "Sarah", first.end / RATE + 0.3, "personal")
    last = clip("media/b.wav", len(after), name.end + int(0.3 * RATE))
    track = mixed(film(6, first, name, last, bed=False), door, 6 * RATE, voice)
    pauses = [
        (first.first + len(before) // 2 - 2000, first.first + len(before) // 2 + 2000),  # inside the recording
        (first.end + 1000, name.first - 1000),
        (name.end + 1000, last.first - 1000),
    ]
    levels = [level_db(track[start:stop]) for start, stop in pauses]
    assert max(levels) - min(levels) < 2
    assert levels[0] == pytest.approx(20 * np.log10(room), abs=4)
    colours = [np.abs(np.fft.rfft(track[start : start + 4000, 0])) for start, _ in pauses]
    shares = [float(np.square(one[:150]).sum() / np.square(one).sum()) for one in colours]  # below 1.8 kHz
    assert max(shares) - min(shares) < 0.15
    # Nothing switches on at once, and far from the voice there is silence.
    assert level_db(track[: RATE // 2]) < -90
    assert not np.array_equal(track[first.end + 5000], track[name.end + 5000])


def test_recordings_without_a_room_get_none(voice: SpeakingVoice) -> None:
    dry = recording(1.2, 0.00001)
    door = AssetDoor({"media/a.wav": wav(dry)})
    cues = (clip("media/a.wav", len(dry), RATE), speech(voice, "Sarah", 3, "personal"))
    assert len(voice_clips(film(6, *cues, bed=False), door, voice)) == 2
    assert len(voice_clips(film(6, cues[1], bed=False), door, voice)) == 1


# ---------------------------------------------------------------- the whole track


def test_loudness_and_peak_hold_in_what_a_player_decodes(voice: SpeakingVoice, tmp_path: Path) -> None:
    cues, at = [], 0.5
    for text in NARRATION:
        cues.append(speech(voice, text, at))
        at = cues[-1].end / RATE + 0.8
    track = soundtrack(film(at + 1, *cues), DOOR, tmp_path, voice)
    assert track is not None and track.shared
    played = measure(decode_track(track))
    assert abs(played.integrated - TARGET_LUFS) <= 1.5
    assert played.true_peak <= PEAK_DBTP
    heard = decode_track(track)
    steps = np.abs(np.diff(heard[:, 0]))
    for cue in cues:
        assert steps[max(0, cue.first - 240) : cue.first + 100].max() < 0.1


def test_every_recipient_hears_the_same_level(voice: SpeakingVoice, tmp_path: Path) -> None:
    levels = []
    for name in ("Al", "Maria-Grazia Montefiori della Valle"):
        hello = speech(voice, f"Hello {name}.", 0.4, "personal")
        bill = speech(voice, NARRATION[1], hello.end / RATE + 0.3)
        track = soundtrack(film(11, hello, bill), DOOR, tmp_path, voice)
        assert track is not None
        levels.append(measure(decode_track(track)[bill.first : bill.end]).integrated)
    assert abs(levels[0] - levels[1]) < 1


def test_a_track_that_says_a_name_is_never_kept(voice: SpeakingVoice, tmp_path: Path) -> None:
    personal = soundtrack(film(3, speech(voice, "Hello Sarah.", 0.5, "personal")), DOOR, tmp_path, voice)
    assert personal is not None and not personal.shared
    assert not list(tmp_path.rglob("*.m4a"))
    public = film(3, speech(voice, "Here is your bill.", 0.5))
    first = soundtrack(public, DOOR, tmp_path, voice)
    assert len(list(tmp_path.rglob("*.m4a"))) == 1
    start = time.process_time()
    assert soundtrack(public, DOOR, tmp_path, voice) == first
    assert time.process_time() - start < 0.1


def test_another_word_another_place_or_another_depth_is_another_track(voice: SpeakingVoice, tmp_path: Path) -> None:
    cue = speech(voice, "Here is your bill.", 0.5)
    tracks = [
        soundtrack(film(3, cue), DOOR, tmp_path, voice),
        soundtrack(film(3, speech(voice, "Here is your bill!", 0.5)), DOOR, tmp_path, voice),
        soundtrack(film(3, speech(voice, "Here is your bill.", 0.6)), DOOR, tmp_path, voice),
        soundtrack(film(3, cue, duck_db=-6), DOOR, tmp_path, voice),
    ]
    assert len({track.mp4 for track in tracks if track is not None}) == 4


def test_speech_begins_where_the_score_says(voice: SpeakingVoice) -> None:
    cue = speech(voice, "Tick.", 1.0)
    track = mixed(film(3, cue, bed=False), DOOR, 3 * RATE, voice)
    sound = voice.sound(cue.pcm) / 32768
    onset = int(np.argmax(np.abs(sound) > 0.05))
    assert abs(int(np.argmax(np.abs(track[:, 0]) > 0.05)) - (cue.first + onset)) <= 0.005 * RATE


def test_a_film_with_a_voice_is_not_mixed_without_it(voice: SpeakingVoice, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="without one"):
        soundtrack(film(3, speech(voice, "Hello.", 0.5)), DOOR, tmp_path, None)
    assert decode_clip(DOOR.get("media/m.wav")).any()
