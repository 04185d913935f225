"""What a film says and when: scene lengths, order, captions with the times of words, and who stays silent."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import RenderError
from renderer.labels import Sensitivity
from renderer.plan.model import Message, RenderPlan
from renderer.render.video.captions import caption_cues
from renderer.render.video.holding import held
from renderer.render.video.layering import FilmLook
from renderer.render.video.score import Score
from renderer.render.video.scoring import FilmFormat, score_film
from renderer.render.video.speech import Sound, Speech
from renderer.render.video.telling import RATE, Teller, word_times
from renderer.template.model import VoiceOptions
from renderer.template.storyboard import Scene, Storyboard
from tests.film_samples import COLOURS, engine, fonts, plan, scene, storyboard, text_layer

FPS = 25


class Metronome:
    """A voice for tests: every letter takes a twentieth of a second, and nothing sounds."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    def speak(self, text: str, language: str, *, personal: bool = False) -> Speech:
        self.asked.append((text, language, personal))
        begins, at = [], 0
        for word in text.split(" "):
            begins.append((at, word))
            at += (len(word) + 1) * RATE // 20
        return Speech(f"{len(text):064}", at, tuple(begins))

    def sound(self, pcm_digest: str) -> Sound:
        raise AssertionError("a score needs no sound")


def message(key: str, text: str, spoken: str | None = None, label: Sensitivity = "public") -> Message:
    return Message(id=key, text=text, facts=(), sensitivity=label, spoken=spoken or text)


def spoken_plan(scenes: tuple[str, ...] = ("one", "two"), **said: Message) -> RenderPlan:
    made = plan(scenes=scenes, locale="en")
    return replace(made, copy={**made.copy, **said})


def film(
    board: Storyboard, made: RenderPlan, voice: Any = None, clips: Mapping[str, int] | None = None, **options: Any
) -> Score:
    look = FilmLook(styles=board.styles, colours=COLOURS, families=fonts().families, faces=frozenset())
    teller = Teller(
        plan=made,
        voice=voice,
        clip=lambda ref: ("c" * 64, (clips or {})[ref]),
        options=VoiceOptions.model_validate(options),
    )
    size = FilmFormat(width=320, height=180, fps=Fraction(FPS))
    return score_film(made, board, look, size, engine(), lambda ref: "m" * 64, fonts().digest, teller=teller)


def saying(*utterances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return scene("one", [], voice=list(utterances), **more)


TWENTY = message("twenty", "aaaa bbbb cccc dddd")  # 20 letters with a space each: one second


# ---------------------------------------------------------------- time


def test_a_scene_lasts_until_its_last_word_and_its_tail() -> None:
    long = message("long", " ".join(["abcd"] * 20))  # five seconds
    board = storyboard(saying({"say": "long", "at_s": 0.4}, tail_s=0.8), scene("two", []))
    score = film(board, spoken_plan(long=long), Metronome())
    assert score.scenes[0].frames == 163  # 0.4 + 5 + 0.8, in half seconds beyond the two it had
    assert score.scenes[1].first == score.scenes[0].frames
    assert score.voice[0].first == round(0.4 * RATE)
    assert score.voice[0].samples == 5 * RATE


def test_a_scene_is_never_shorter_than_the_storyboard_says() -> None:
    board = storyboard(saying({"say": "twenty"}), scene("two", []))
    assert film(board, spoken_plan(twenty=TWENTY), Metronome()).scenes[0].frames == 2 * FPS
    assert film(board, spoken_plan(twenty=TWENTY), None).scenes[0].frames == 2 * FPS


def test_what_is_said_follows_in_order_and_never_overlaps() -> None:
    board = storyboard(
        saying(
            {"say": "twenty", "at_s": 0.5},
            {"say": "twenty", "pause_s": 0.3},
            {"say": "twenty", "at_s": 1, "pause_s": 0},
            duration_s=2,
            tail_s=0,
        ),
        scene("two", [], voice=[{"say": "twenty", "at_s": 0}], transition={"kind": "fade", "duration_s": 0.8}),
    )
    cues = film(board, spoken_plan(twenty=TWENTY), Metronome()).voice
    assert [cue.first / RATE for cue in cues[:3]] == [0.5, 1.8, 2.8]
    assert all(after.first >= before.end for before, after in pairwise(cues))
    assert cues[3].first >= cues[2].end + RATE * 3 // 20


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2), st.integers(1, 60)), min_size=1, max_size=5))
def test_no_two_things_ever_sound_at_once(parts: list[tuple[float, float, int]]) -> None:
    said = {f"s{index}": message(f"s{index}", "x" * letters) for index, (_, _, letters) in enumerate(parts)}
    utterances = [
        {"say": f"s{index}", "pause_s": round(pause, 2), **({"at_s": round(at, 2)} if index % 2 else {})}
        for index, (at, pause, _) in enumerate(parts)
    ]
    teller = Teller(plan=spoken_plan(("one",), **said), voice=Metronome(), clip=lambda ref: ("", 0))
    told = teller.tell(Scene.model_validate(saying(*utterances)))
    assert all(after.cue.first >= before.cue.end for before, after in pairwise(told))


def test_out_points_and_last_moves_keep_their_distance_to_the_end() -> None:
    layer = text_layer(
        in_s=0.2,
        out_s=3.6,
        keyframes={"opacity": [{"at_s": 0.3, "value": 0}, {"at_s": 3.2, "value": 1}]},
    )
    made = Scene.model_validate(
        scene("one", [layer], duration_s=4, sounds=[{"media": "media/a.flac", "at_s": 0.5}], captions=[])
    )
    longer = held(made, Fraction(3, 2))
    moved = longer.layers[0]
    assert (longer.duration_s, moved.in_s) == (5.5, 0.2)
    assert moved.out_s == pytest.approx(5.1)
    assert [frame.at_s for frame in moved.keyframes.opacity] == [0.3, pytest.approx(4.7)]
    assert longer.sounds[0].at_s == 0.5
    assert held(made, Fraction(0)) is made
    early = held(made.model_copy(update={"hold_at_s": 0.1}), Fraction(1))
    assert early.layers[0].in_s == 1.2
    assert early.sounds[0].at_s == 1.5


# ---------------------------------------------------------------- who speaks


def test_names_are_spoken_as_personal_and_in_the_films_language() -> None:
    voice = Metronome()
    hello = message("hi", "Hi \u2068Giulia\u2069", "Hi Giulia", "personal")
    score = film(storyboard(saying({"say": "hi"})), spoken_plan(("one",), hi=hello), voice)
    assert voice.asked == [("Hi Giulia", "en", True)]
    assert score.voice[0].sensitivity == "personal"


def test_what_is_secret_is_said_only_where_the_template_allows_it() -> None:
    made = spoken_plan(("one",), pin=message("pin", "Your code is 1234", label="secret"), twenty=TWENTY)
    board = storyboard(saying({"say": "pin"}, {"say": "twenty"}))
    voice = Metronome()
    assert [cue.message for cue in film(board, made, voice).voice] == ["twenty"]
    assert [asked[0] for asked in voice.asked] == [TWENTY.text]
    assert [cue.message for cue in film(board, made, voice, say_secrets=True).voice] == ["pin", "twenty"]


def test_what_is_withheld_from_speech_has_the_storyboards_captions_in_the_time_that_is_free() -> None:
    made = spoken_plan(
        ("one",),
        pin=message("pin", "Your code is 1234", label="secret"),
        twenty=TWENTY,
        ask=message("ask", "Have your code at hand."),
    )
    said: list[dict[str, Any]] = [{"say": "pin"}, {"say": "twenty", "at_s": 2}]
    written = [
        {"copy": "ask", "in_s": 0.2, "out_s": 2.5},
        {"copy": "twenty", "in_s": 2.6, "out_s": 3.1},
        {"copy": "ask", "in_s": 3.1, "out_s": 3.9},
    ]
    board = storyboard(saying(*said, captions=written, duration_s=5))
    shown = [(one.message, one.first, one.end) for one in film(board, made, Metronome()).captions]
    assert shown == [("ask", 5, 50), ("twenty", 50, 85)]  # the last would stand for 12 frames beside the voice
    open_ = film(board, made, Metronome(), say_secrets=True)
    assert [one.message for one in open_.captions] == ["pin", "twenty"]
    bare = film(storyboard(saying(*said, duration_s=5)), made, Metronome())
    assert [one.message for one in bare.captions] == ["twenty"]
    alone = film(storyboard(saying({"say": "pin"}, captions=written, duration_s=5)), made, Metronome())
    assert [one.message for one in alone.captions] == ["ask", "twenty", "ask"]


def test_a_sequence_without_its_voice_is_silent_as_a_whole() -> None:
    board = storyboard(saying({"clip": "media/hello.wav", "copy": "title"}, {"say": "twenty"}))
    made = spoken_plan(("one",), twenty=TWENTY)
    assert film(board, made, None, {"media/hello.wav": RATE}).voice == ()
    both = film(board, made, Metronome(), {"media/hello.wav": RATE}).voice
    assert [(cue.media, cue.first) for cue in both] == [("media/hello.wav", 0), (None, RATE + RATE // 4)]


def test_recorded_clips_sound_without_a_voice_in_their_own_locale() -> None:
    clip = {"clip": {"en": "media/en.wav", "it": "media/it.wav"}, "copy": "title"}
    lengths = {"media/en.wav": RATE, "media/it.wav": 2 * RATE}
    board = storyboard(saying(clip))
    assert [cue.media for cue in film(board, spoken_plan(("one",)), None, lengths).voice] == ["media/en.wav"]
    italian = replace(spoken_plan(("one",)), locale="it")
    assert [cue.media for cue in film(board, italian, None, lengths).voice] == ["media/it.wav"]
    assert film(board, replace(italian, locale="fr"), None, lengths).voice == ()


def test_a_clip_is_chosen_by_a_decision() -> None:
    board = storyboard(
        saying(
            {"clip": "media/up.wav", "copy": "title", "shown_with": "rise"},
            {"clip": "media/down.wav", "copy": "title", "shown_with": "fall"},
        )
    )
    made = replace(spoken_plan(("one",)), blocks=("fall",))
    assert [cue.media for cue in film(board, made, None, {"media/down.wav": 10}).voice] == ["media/down.wav"]


def test_a_sentence_that_the_plan_lacks_is_an_error() -> None:
    with pytest.raises(RenderError, match="no copy 'gone'") as caught:
        film(storyboard(saying({"say": "gone"})), spoken_plan(("one",)), Metronome())
    assert caught.value.place.scene == "one"


# ---------------------------------------------------------------- captions


def test_captions_show_what_is_written_at_the_times_it_is_said() -> None:
    total = message("total", "The total is \u206866,90\u00a0€\u2069.", "The total is sixty-six euros and ninety cents.")
    score = film(storyboard(saying({"say": "total", "at_s": 1})), spoken_plan(("one",), total=total), Metronome())
    caption = score.captions[0]
    assert caption.text == "The total is 66,90\u00a0€."
    assert caption.first == FPS
    assert caption.words == (25, 30, 37, 41)  # the, total, is, sixty-six
    assert caption.end > score.voice[0].end * FPS // RATE


def test_a_long_caption_turns_its_page_when_the_voice_does() -> None:
    words = " ".join(["word"] * 14) + ". " + " ".join(["next"] * 6)
    score = film(storyboard(saying({"say": "a"})), spoken_plan(("one",), a=message("a", words)), Metronome())
    cues = caption_cues(score)
    assert len(cues) == 2
    said = words.split(" ")
    at = sum(len(line.split(" ")) for line in cues[0].lines)
    assert cues[1].first == score.captions[0].words[at]
    assert cues[0].end == cues[1].first
    assert cues[0].lines[-1].endswith("word.")
    assert " ".join(line for cue in cues for line in cue.lines).split(" ") == said


def test_the_scenes_own_captions_stand_in_for_a_silent_voice() -> None:
    captions = [{"copy": "caption", "in_s": 0.2, "out_s": 1.5}]
    board = storyboard(saying({"say": "twenty"}, captions=captions))
    made = spoken_plan(("one",), twenty=TWENTY)
    assert [one.message for one in film(board, made, None).captions] == ["caption"]
    assert [one.message for one in film(board, made, Metronome()).captions] == ["twenty"]
    assert [one.message for one in film(storyboard(saying({"say": "twenty"})), made, None).captions] == ["twenty"]


def test_words_that_are_written_otherwise_share_the_time_between() -> None:
    marks = [(0, "You"), (10, "used"), (20, "two"), (30, "hundred"), (40, "kilowatt-hours,"), (60, "Giulia.")]
    assert word_times("You used 200 kWh, Giulia.", marks, 80) == (0, 10, 20, 35, 60)
    assert word_times("Giulia!", [], 80) == (80,)
    assert word_times("– You …", [(5, "You")], 80) == (5, 5, 80)
