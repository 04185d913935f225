"""Captions, chapters and transcript say what the plan says, in lines that can be read."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Any

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from renderer.plan.model import Direction, Sensitivity
from renderer.render.video.captions import (
    MAX_COLUMNS,
    caption_cues,
    captions_vtt,
    chapters_vtt,
    columns,
    transcript_txt,
)
from renderer.render.video.score import DrawnText, Score, ScoreCaption, ScoreChapter


def score(*captions: tuple[int, int, str], frames: int = 250, direction: Direction = "ltr", **more: Any) -> Score:
    """A score with nothing but captions (first frame, end, text) at 25 frames a second."""
    public: Sensitivity = "public"
    given_values: dict[str, Any] = {
        "width": 640,
        "height": 352,
        "fps_num": 25,
        "fps_den": 1,
        "frames": frames,
        "locale": "en",
        "direction": direction,
        "plan": "",
        "fonts": "",
        "scenes": (),
        "captions": tuple(
            ScoreCaption(first=a, end=b, text=text, message="m", sensitivity=public) for a, b, text in captions
        ),
        "chapters": (ScoreChapter(scene="s", first=0, end=frames, title="All <of> it", sensitivity=public),),
        "music": None,
        "sounds": (),
        "texts": (),
        "fits": (),
        "personal_frames": 0,
        "personal_spans": (),
        "poster_frame": 0,
    }
    return Score(**{**given_values, **more})


def parsed(data: bytes) -> list[Any]:
    return list(webvtt.from_buffer(io.StringIO(data.decode())).captions)


def test_a_caption_keeps_its_time_and_its_words() -> None:
    (cue,) = parsed(captions_vtt(score((25, 75, "Your bill is \u206845,20\u00a0€\u2069."))))
    assert (cue.start, cue.end) == ("00:00:01.000", "00:00:03.000")
    assert cue.text == "Your bill is 45,20\u00a0€."


def test_long_captions_are_cut_into_two_balanced_lines_and_into_pages_by_length() -> None:
    words = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
    cues = caption_cues(score((0, 150, words)))
    assert [len(cue.lines) for cue in cues] == [2, 2]
    assert all(columns(line) <= MAX_COLUMNS for cue in cues for line in cue.lines)
    first, second = cues[0].lines
    assert abs(columns(first) - columns(second)) < 10
    assert (cues[0].first, cues[0].end, cues[1].end) == (0, cues[1].first, 150)
    assert min(cues[0].end - cues[0].first, cues[1].end - cues[1].first) >= 40  # no page is left with a word or two


def test_a_caption_stays_until_it_can_be_read_where_nothing_follows() -> None:
    words = "Here is your bill for the month of October."
    readable = -(-columns(words) * 25 // 17)
    (alone,) = caption_cues(score((0, 40, words)))
    assert (alone.first, alone.end) == (0, readable) and readable > 40
    pressed, after = caption_cues(score((0, 40, words), (50, 120, "And that is all.")))
    assert (pressed.end, after.first) == (50, 50), "the next one is not put off"


def test_a_caption_of_two_sentences_is_cut_between_them() -> None:
    words = "There is nothing you have to do: we take care of the debit. The details are on your page."
    cues = caption_cues(score((0, 100, words)))
    assert [" ".join(cue.lines) for cue in cues] == [
        "There is nothing you have to do: we take care of the debit.",
        "The details are on your page.",
    ]


def test_a_short_caption_stays_a_second_where_the_next_one_lets_it() -> None:
    cues = caption_cues(score((0, 5, "One"), (50, 55, "Two"), (60, 100, "Three"), (245, 248, "Four")))
    assert [(cue.first, cue.end) for cue in cues] == [(0, 25), (50, 60), (60, 100), (245, 250)]


def test_captions_never_overlap() -> None:
    cues = caption_cues(score((0, 100, "One"), (40, 90, "Two")))
    assert [(cue.first, cue.end) for cue in cues] == [(0, 40), (40, 90)]


def test_right_to_left_lines_say_so() -> None:
    (cue,) = parsed(captions_vtt(score((0, 100, "Ada، فاتورتك جاهزة"), direction="rtl")))
    assert cue.text == "\u200fAda، فاتورتك جاهزة"


def test_chapters_and_transcript() -> None:
    made = score((0, 50, "Hello & <b>welcome</b>"), (50, 100, "Bye"))
    assert b"All &lt;of&gt; it" in chapters_vtt(made)
    assert transcript_txt(made).decode() == "All <of> it\n-----------\nHello & <b>welcome</b>\nBye\n"


def shown(layer: str, text: str, first: int) -> DrawnText:
    return DrawnText(scene="s", layer=layer, text=text, first=first, last=first + 20, sensitivity="public")


def test_the_transcript_tells_what_is_shown_and_not_said_in_order_of_time() -> None:
    made = score(
        (10, 50, "You pay 66,90 € this month"),
        (60, 100, "Bye"),
        texts=(
            shown("brand", "Brezza \u2068Energia\u2069", 0),
            shown("amount", "0,00 €", 20),
            shown("amount", "66,90 €", 30),
            shown("year-label0", "oct", 55),
            shown("year-label3", "jan", 55),
            shown("when", "27 November", 55),
            shown("brand-again", "Brezza Energia", 70),
            shown("empty", " ", 70),
        ),
    )
    assert transcript_txt(made).decode().splitlines()[2:] == [
        "[Brezza Energia]",
        "You pay 66,90 € this month",
        "[oct · jan]",
        "[27 November]",
        "Bye",
    ]


def test_a_text_of_the_picture_is_said_only_if_it_is_said_as_words() -> None:
    made = score((0, 50, "A dozen of them"), texts=(shown("one", "doze", 5), shown("two", "A DOZEN", 6)))
    assert "[doze]" in transcript_txt(made).decode() and "DOZEN" not in transcript_txt(made).decode()


def test_no_captions_make_a_valid_empty_file() -> None:
    assert captions_vtt(score()) == b"WEBVTT\n"


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👍", 2), ("\u2068a\u2069", 1)])
def test_columns_count_what_is_seen(text: str, width: int) -> None:
    assert columns(text) == width


HOSTILE = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=300)


@given(HOSTILE, st.sampled_from(["ltr", "rtl"]))
def test_any_text_comes_back_whole_in_lines_that_fit(text: str, direction: Direction) -> None:
    made = score((0, 200, f"A {text} --> 00:00.000 & <i>Z</i>"), direction=direction)
    data = captions_vtt(made).decode()
    assert not re.search(r"<|>(?!\s\d\d:)", data.replace("-->", "", data.count("-->")))
    for cue in caption_cues(made):
        assert len(cue.lines) <= 2 and all(columns(line) <= MAX_COLUMNS for line in cue.lines)
    said = "".join("".join(cue.lines) for cue in caption_cues(made))
    isolates = dict.fromkeys(range(0x2066, 0x206A))
    assert said.replace(" ", "") == made.captions[0].text.translate(isolates).replace(" ", "")
    assert all(unicodedata.category(character) != "Cc" for character in data if character != "\n")
