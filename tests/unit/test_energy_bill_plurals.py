"""The energy bill's sentences that count days, in the languages whose plurals are hard: through the planner."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from renderer.pipeline import open_template
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.render.microsite.webfonts import CUTS

BILLS = Path(__file__).parents[2] / "templates/energy-bill"
ISOLATES = re.compile("[\u2066-\u2069]")

ROMANIAN = {
    1: "1 zi",
    2: "2 zile",
    3: "3 zile",
    11: "11 zile",
    19: "19 zile",
    20: "20 de zile",
    21: "21 de zile",
    31: "31 de zile",
    100: "100 de zile",
    101: "101 zile",
    119: "119 zile",
    120: "120 de zile",
}
ARABIC = {
    1: "يوم واحد",
    2: "يومان",
    3: "3 أيام",
    10: "10 أيام",
    11: "11 يومًا",
    20: "20 يومًا",
    21: "21 يومًا",
    99: "99 يومًا",
    100: "100 يوم",
    101: "101 يوم",
    102: "102 يوم",
    103: "103 أيام",
    111: "111 يومًا",
}
FRENCH = {1: "1 jour", 2: "2 jours", 21: "21 jours", 100: "100 jours", 101: "101 jours"}
COUNTED = {"ro": ROMANIAN, "ar": ARABIC, "fr": FRENCH}
IN_ONE = {"ro": "într-o zi", "ar": "في يوم واحد", "fr": "en 1 jour"}
IN_MANY = {"ro": "în", "ar": "في", "fr": "en"}


@pytest.fixture(scope="module")
def planner() -> Planner:
    return open_template("energy-bill")


def said(planner: Planner, locale: str, days: int) -> Mapping[str, str]:
    """The sentences of a bill over so many days, a first one, so that page and film say the days."""
    record = json.loads((BILLS / "samples/10-first-bill.json").read_text(encoding="utf-8"))
    record["usage"]["days"] = days
    line = json.dumps(record)
    plan = planner.plan(parse_record(line, planner.template.contract), locale=locale)
    return {key: ISOLATES.sub("", message.text) for key, message in plan.copy.items()}


@pytest.mark.parametrize(("locale", "days"), [(locale, days) for locale, texts in COUNTED.items() for days in texts])
def test_days_are_counted_as_the_language_counts_them(planner: Planner, locale: str, days: int) -> None:
    sentences = said(planner, locale, days)
    counted = COUNTED[locale][days]
    assert sentences["period-days"] == counted
    # After a preposition the Arabic dual changes its ending, and Romanian joins it to the article.
    within = IN_ONE[locale] if days == 1 else f"{IN_MANY[locale]} {counted.replace('يومان', 'يومين')}"
    assert sentences["page-usage-days"] == sentences["film-usage-days"] == within


@pytest.mark.parametrize("locale", ["fr", "ro"])
def test_letters_and_spaces_are_those_of_the_language(locale: str) -> None:
    for file in sorted((BILLS / "copy" / locale).glob("*.ftl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            assert not re.search("[şţŞŢ\u0327]", line), f"{file.name}: a cedilla for a comma below in {line!r}"
            assert not re.search("['\"]", line), f"{file.name}: a typewriter quote in {line!r}"
            # What the page's fonts leave out falls back to another face in the middle of a word.
            assert not re.sub(f"[{CUTS['Latn']}]", "", line), f"{file.name}: letters the page has no face for: {line!r}"
            if locale == "fr":
                bare = re.search("(?<!\u00a0)(?::(?= |$)|»)|«(?!\u00a0)|(?<!\u202f)[;!?](?= |$)", line)
                assert not bare, f"{file.name}: no no-break space in {line!r}"


def test_french_writes_the_first_of_a_month_as_an_ordinal(planner: Planner) -> None:
    record = json.loads((BILLS / "samples/17-french.json").read_text(encoding="utf-8"))
    record["bill"]["due"] = "2026-12-01"
    line = json.dumps(record)
    french = planner.plan(parse_record(line, planner.template.contract))
    assert french.facts["due_date"].text == "1er décembre 2026"
    assert french.facts["due_day"].text == "1er décembre"
    assert french.facts["period_start"].text == "1er octobre 2026"
    assert french.facts["period_end"].text == "31 octobre 2026"
    assert french.facts["period_month"].text == "octobre 2026"
    romanian = planner.plan(parse_record(line, planner.template.contract), locale="ro")
    assert romanian.facts["due_date"].text == "1 decembrie 2026"
