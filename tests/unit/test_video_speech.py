"""Speech: the real engines, their words and times, the lexicon, the level, and what is kept."""

import json
import os
import shutil
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from renderer.errors import EnvironmentFault, ErrorList, RenderError, UsageError
from renderer.located import read_yaml
from renderer.render.video.audio import RATE, measure
from renderer.render.video.espeak import EspeakEngine
from renderer.render.video.piper import PiperEngine, _with_lengths
from renderer.render.video.speech import LEVEL_LUFS, Sound, SpeakingVoice, pieces_of, sayable
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.render.video.voices import model_of
from renderer.render.voice import VoiceSettings, voice_models
from renderer.template.lexicon import EMPTY, Lexicon, read_lexicon

KEY = b"a key of this test's own"
SENTENCE = "Hello Sarah, the total of the bill is sixty-six euros and ninety cents. It is due on Monday."
JOE = model_of("en", VoiceSettings())
needs_piper = pytest.mark.skipif(JOE is None, reason="the extra 'voice' is not installed")


def lexicon(text: str) -> Lexicon:
    return read_lexicon(*read_yaml(text, "voice/lexicon.en.yaml"))


def shelf(folder: Path, key: bytes = KEY) -> SpeechShelf:
    return SpeechShelf(folder, key)


def robot(folder: Path, words: Lexicon = EMPTY, locale: str = "en") -> SpeakingVoice:
    return SpeakingVoice(EspeakEngine(locale), shelf(folder), words)


@pytest.fixture(scope="module", params=["espeak", pytest.param("piper", marks=needs_piper)])
def voice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SpeakingVoice:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "espeak":
        return robot(folder)
    assert JOE is not None
    return SpeakingVoice(PiperEngine(JOE), shelf(folder))


def loudness(sound: Sound) -> float:
    return measure(np.repeat(sound[:, None] / np.float32(32768), 2, axis=1)).integrated


# ---------------------------------------------------------------- both engines


def test_words_begin_in_order_inside_the_sound(voice: SpeakingVoice) -> None:
    speech = voice.speak(SENTENCE, "en")
    assert [word for _, word in speech.marks] == SENTENCE.split()
    begins = [begin for begin, _ in speech.marks]
    assert begins == sorted(begins)
    assert len(set(begins)) == len(begins)
    assert 0 <= begins[0] < RATE // 10
    assert begins[-1] < speech.samples - RATE // 5
    assert len(voice.sound(speech.pcm_digest)) == speech.samples
    assert 3.5 * RATE < speech.samples < 9 * RATE


def test_an_engine_rests_once_when_all_has_been_said(voice: SpeakingVoice, tmp_path: Path) -> None:
    rests = []

    class Tired:
        fingerprint, synthesize, unsure = voice._engine.fingerprint, voice._engine.synthesize, voice._engine.unsure

        def rest(self) -> None:
            rests.append(True)
            voice._engine.rest()

    tired = SpeakingVoice(Tired(), shelf(tmp_path))
    spoken = [tired.speak(text, "en") for text in ("Good morning.", "Good night.")]
    assert rests == []
    before = [tired.sound(one.pcm_digest) for one in spoken]
    assert len(rests) == 1
    again = SpeakingVoice(Tired(), shelf(tmp_path / "again"))
    assert [again.speak(text, "en") for text in ("Good morning.", "Good night.")] == spoken
    after = [again.sound(one.pcm_digest) for one in spoken]
    assert len(rests) == 2 and all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    known = SpeakingVoice(Tired(), shelf(tmp_path))
    known.sound(known.speak("Good night.", "en").pcm_digest)
    assert len(rests) == 2, "what was on the shelf tired nobody"


def test_a_word_after_a_pause_begins_where_sound_begins(voice: SpeakingVoice) -> None:
    speech = voice.speak("One. Two.", "en")
    begin = speech.marks[1][0]
    sound = np.abs(voice.sound(speech.pcm_digest).astype(np.float32))
    loud = [at for at in range(0, len(sound), 240) if sound[at : at + 240].max() > 0.03 * sound.max()]
    gap, onset = max((after - before, after) for before, after in pairwise(loud))
    assert gap > 0.1 * RATE
    assert abs(begin - onset) < 0.1 * RATE


def test_equal_words_give_equal_sound_whatever_was_said_before(tmp_path: Path, voice: SpeakingVoice) -> None:
    first = voice.speak(SENTENCE, "en")
    voice.speak("Something else, to be sure.", "en")
    again = SpeakingVoice(voice._engine, shelf(tmp_path / "other"))
    assert again.speak(SENTENCE, "en") == first
    assert np.array_equal(again.sound(first.pcm_digest), voice.sound(first.pcm_digest))


def test_the_voice_has_one_level(voice: SpeakingVoice) -> None:
    for text in (
        SENTENCE,
        "You used two hundred forty-eight kilowatt-hours, a little less than a year ago. Thank you!",
    ):
        assert abs(loudness(voice.sound(voice.speak(text, "en").pcm_digest)) - LEVEL_LUFS) < 2


def test_silence_at_both_ends_is_cut_but_no_sound(voice: SpeakingVoice) -> None:
    sound = np.abs(voice.sound(voice.speak("Hello Sarah.", "en").pcm_digest).astype(np.float32))
    edge = int(0.02 * RATE)
    assert sound[: 4 * edge].max() > 500
    assert sound[-edge // 4 :].max() < sound.max() / 10
    assert sound[-4 * edge :].max() > 100


def test_the_lexicon_changes_what_is_said_and_nothing_else(voice: SpeakingVoice) -> None:
    words = lexicon('Brezza: {say: Bretsa, ipa: ˈbɹɛtsə, espeak: "br\'Ets@"}\nEnel Green: {say: ennel grin}\n')
    knows = SpeakingVoice(voice._engine, voice._shelf, words)
    plain, said = voice.speak("Brezza's bill.", "en"), knows.speak("Brezza's bill.", "en")
    assert plain.pcm_digest != said.pcm_digest
    assert [word for _, word in said.marks] == ["Brezza's", "bill."]
    assert [word for _, word in knows.speak("From Enel Green today.", "en").marks] == ["From", "Enel", "today."]
    assert knows.speak("No brand.", "en") == voice.speak("No brand.", "en")


def test_names_that_a_voice_would_guess_at(voice: SpeakingVoice) -> None:
    for sure in ("Sarah", "O'Brien", "Maria Rossi", "Zoë", "Al"):
        assert not voice.unsure(sure, "en"), sure
    for doubtful in ("يوسف", "田中", "Szczepański", "BRZ", "Krk"):
        assert voice.unsure(doubtful, "en"), doubtful


def test_a_name_of_another_script_is_survived(voice: SpeakingVoice) -> None:
    speech = voice.speak("Hello 田中 🙂 يوسف.", "en")
    assert [word for _, word in speech.marks] == ["Hello", "田中", "يوسف."]


def test_a_text_without_words_is_silence(voice: SpeakingVoice) -> None:
    assert voice.speak("🙂 …", "en").marks == ()


# ---------------------------------------------------------------- the words of a text


def test_a_voice_reads_no_pictures_and_no_marks_of_layout() -> None:
    assert sayable("\u2068Giulia\u2069 🙂\ufe0f,\u00a0ciao\n") == "Giulia , ciao"
    assert [piece.text for piece in pieces_of("Bonjour ! C’est … la vie — 5 %.", EMPTY)] == [
        "Bonjour!",
        "C’est…",
        "la",
        "vie—",
        "5",
        "%.",
    ]


def test_espeak_speaks_every_locale_of_the_templates(tmp_path: Path) -> None:
    for locale, text in (("it", "Ciao Niccolò."), ("fr", "Bonjour !"), ("ro", "Bună ziua."), ("ar", "مرحبا يوسف.")):
        speech = robot(tmp_path, locale=locale).speak(text, locale)
        assert len(speech.marks) == len(pieces_of(text, EMPTY))
        assert speech.samples > RATE // 3


# ---------------------------------------------------------------- what is kept


def test_speech_is_kept_once_and_found_again(tmp_path: Path) -> None:
    first = robot(tmp_path).speak("Hello.", "en")
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = robot(tmp_path)
    assert again.speak("Hello.", "en") == first
    assert len(again.sound(first.pcm_digest)) == first.samples
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == files


def test_a_name_is_neither_in_the_names_nor_in_the_files_that_are_kept(tmp_path: Path) -> None:
    robot(tmp_path).speak("Hello Giulia.", "en", personal=True)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    personal = [path for path in kept if "personal" in path.parts]
    assert len(personal) == 2
    assert not any(b"Giulia" in path.read_bytes() for path in kept)
    other = SpeechShelf(tmp_path, b"the key of another installation")
    stranger = SpeakingVoice(EspeakEngine("en"), other)
    stranger.speak("Hello Giulia.", "en", personal=True)
    assert not {path.name for path in personal} & {
        path.name for path in tmp_path.rglob("*") if path.is_file() and path not in kept
    }
    assert shelf(tmp_path).prune(days=1) == 0
    assert shelf(tmp_path).prune(days=0) == 4
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "personal" in path.parts]


def test_torn_speech_is_made_anew(tmp_path: Path) -> None:
    first = robot(tmp_path).speak("Hello.", "en")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    again = robot(tmp_path)
    assert again.speak("Hello.", "en") == first
    assert len(again.sound(first.pcm_digest)) == first.samples


def test_personal_speech_is_kept_within_a_size_the_newest_first(tmp_path: Path) -> None:
    store = shelf(tmp_path)
    for number in range(6):
        store.put(f"sound {number}", bytes(1000), personal=True)
        os.utime(store._path(f"sound {number}", True), (1000 + number, 1000 + number))
    store.put("everyone's", bytes(5000), personal=False)
    assert store.prune(days=100_000, limit=3_500) == 3
    assert [store.get(f"sound {number}") is not None for number in range(6)] == [False] * 3 + [True] * 3
    assert store.get("everyone's") is not None
    assert store.prune(days=1) == 3


def test_speech_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="not said"):
        robot(tmp_path).sound("0" * 64)


# ---------------------------------------------------------------- which voice there is


def test_settings_name_voices_by_locale(tmp_path: Path) -> None:
    models = voice_models(f" en=, it={tmp_path}/a.onnx ,fr-CA=~/b.onnx")
    assert models == {"en": None, "it": tmp_path / "a.onnx", "fr-CA": Path.home() / "b.onnx"}
    settings = VoiceSettings(models=models)
    assert (model_of("en-GB", settings), model_of("it-CH", settings)) == (None, tmp_path / "a.onnx")
    assert model_of("fr", settings) is None
    with pytest.raises(UsageError, match="DEARLY_VOICES"):
        voice_models("/path/model.onnx")


@needs_piper
def test_a_missing_or_corrupt_model_is_a_clear_error(tmp_path: Path) -> None:
    assert JOE is not None
    with pytest.raises(EnvironmentFault, match="missing"):
        PiperEngine(tmp_path / "gone.onnx")
    model = tmp_path / "broken.onnx"
    model.write_bytes(JOE.read_bytes()[:100_000])
    shutil.copy(JOE.with_name(JOE.name + ".json"), tmp_path / "broken.onnx.json")
    with pytest.raises(EnvironmentFault, match="cannot be read") as caught:
        PiperEngine(model).synthesize(pieces_of("Hello.", EMPTY))
    assert caught.value.place.file == "broken.onnx"
    (tmp_path / "broken.onnx.json").write_text("{}")
    with pytest.raises(EnvironmentFault, match="settings"):
        PiperEngine(model).synthesize(pieces_of("Hello there.", EMPTY))


@needs_piper
def test_a_model_gives_the_lengths_of_its_phonemes() -> None:
    assert JOE is not None
    added = _with_lengths(JOE.read_bytes())
    assert added.endswith(b"/Ceil_output_0")
    assert _with_lengths(JOE.read_bytes() + added) == b""  # there is an output more already


def test_espeak_without_its_wheel_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.render.video.espeak.installed", lambda: False)
    with pytest.raises(EnvironmentFault, match="not installed"):
        EspeakEngine("en")


def test_a_language_that_nobody_speaks() -> None:
    with pytest.raises(EnvironmentFault, match="does not speak"):
        EspeakEngine("xx")


def test_the_wheels_of_the_tests_are_there() -> None:
    assert find_spec("espeakng_loader") is not None


# ---------------------------------------------------------------- the lexicon's file


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Brezza: {sai: x}", "template.unknown-key"),
        ("Brezza: {}", "template.value"),
        ("- Brezza", "template.value"),
        ("Brezza: a\nbrezza: b", "template.duplicate"),
        ("Brezza: '[[x]]'", "template.value"),
    ],
)
def test_faults_of_a_lexicon_have_their_line(text: str, code: str) -> None:
    with pytest.raises((ErrorList, Exception)) as caught:
        lexicon(text)
    error = caught.value.errors[0] if isinstance(caught.value, ErrorList) else caught.value
    assert (error.code, error.place.file) == (code, "voice/lexicon.en.yaml")  # type: ignore[attr-defined]
    assert error.place.line is not None  # type: ignore[attr-defined]


def test_kept_marks_hold_no_words(tmp_path: Path) -> None:
    store = shelf(tmp_path)
    voice = SpeakingVoice(EspeakEngine("en"), store)
    voice.speak("Hello.", "en")
    kept = [path.read_bytes()[16:] for path in tmp_path.rglob("*") if path.is_file()]
    about = next(json.loads(data) for data in kept if data.startswith(b"{"))
    assert set(about) == {"pcm", "samples", "begins"}


def test_a_packaged_voice_is_found_only_with_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.render.video.piper.installed", lambda: False)
    assert model_of("en", VoiceSettings()) is None
