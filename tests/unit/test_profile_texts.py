"""Texts that no channel can carry are refused, honest ones of any script are not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.profile.texts import text_fault

LONGEST = 10_000


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a\0b", "control"),
        ("a\x1bb", "control"),
        ("a\x85b", "control"),
        ("a\ufffcb", "control"),
        ("a\ud800b", "surrogate"),
        ("a\u202eb", "direction"),
        ("a\u2066b", "direction"),
        ("a\ufffeb", "no character"),
        ("a\U0001ffffb", "no character"),
        ("a\ue000b", "no character"),
        ("a\U0010fffdb", "no character"),
        ("Z" + "\u0301" * 9, "marks"),
        ("Z" + ("\u0302" * 8 + "\u2060") * 5, "marks"),
        ("Z" + ("\u0302" * 8 + "\u200b") * 2, "marks"),
        ("Z" + ("\u0302" * 8 + "\u3164") * 2, "marks"),
        ("\u0e01" + "\u0e49" * 9, "marks"),
        ("a" * (LONGEST + 1), "longer"),
        ("  ", "can be seen"),
        (" \u200b\u2060", "can be seen"),
    ],
)
def test_what_is_refused(text: str, part: str) -> None:
    assert part in (text_fault(text, LONGEST) or "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Line\nline\ttab\r\n",
        "<script>alert(1)</script> {{7*7}} \"'",
        "Zoë O’Connor-Łukasz",
        "مُحَمَّد بن\u200fعلي",
        "בְּרֵאשִׁית",
        "क्षत्रिय กำลังใจ ཨོཾ་མ་ཎི",
        "👩🏽‍🚀🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f❤️",
        "Z" + "\u0301" * 8,
    ],
)
def test_honest_texts_pass(text: str) -> None:
    assert text_fault(text, LONGEST) is None


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=200))
def test_letters_figures_signs_and_spaces_between_them_always_pass(text: str) -> None:
    assert text_fault("a" + text, LONGEST) is None


@given(st.text(min_size=1, max_size=50))
def test_the_sentence_never_repeats_the_text(text: str) -> None:
    token = "q7" + text + "zz9"
    assert token not in (text_fault(token + "\0", LONGEST) or "")


def test_a_megabyte_is_judged_at_once() -> None:
    start = time.process_time()
    assert text_fault("\u0301" * 2**20, LONGEST) is not None
    assert time.process_time() - start < 0.5
