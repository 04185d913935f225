"""The year in records as a poster: two pages for everybody, every figure read back, tagged, nothing over anything."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pikepdf
import pypdfium2
import pytest

from renderer import pipeline
from renderer.plan.build import Planner
from renderer.plan.model import Table
from renderer.profile.load import parse_record
from renderer.render.model import RenderJob
from renderer.render.statement.render import make, markup
from tests.statement_samples import elements, pages_of, tags, unified

YEAR = Path(__file__).resolve().parents[2] / "templates" / "loyalty-year"
CACHE = Path(gettempdir()) / "dearly-test-fonts"
SAMPLES = tuple(path.stem for path in sorted((YEAR / "samples").glob("*.json")))
LOCALES = ("en", "it", "fr", "ro")
MM = 72 / 25.4
FIGURES = {
    "big-spender-block": "rank_top",
    "newcomer-block": "total_units",
    "slipping-block": "total_units",
    "long-gone-block": "first_units",
    "regular-block": "year_orders",
    "listener-block": "year_units",
}
"""The figure on the front, by story."""
SHOWN = {
    "best-month-block": ("best_month",),
    "best-order-block": ("biggest_units", "biggest_date"),
    "rank-block": ("rank_top",),
    "points-block": ("points_balance",),
    "gift-birthday-block": ("gift_amount", "gift_until"),
    "gift-win-back-block": ("gift_discount", "gift_until"),
    "gift-thank-you-block": ("gift_amount", "gift_until"),
    "gift-points-block": ("gift_points", "gift_until"),
    "lifetime-block": ("total_units", "total_orders", "first_date"),
}
"""What the back shows for a block."""


@cache
def planner() -> Planner:
    return pipeline.open_template(str(YEAR))


def record(sample: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(YEAR.glob(f"samples/{sample}*.json")).read_text("utf-8"))
    return found


def job(data: dict[str, Any], locale: str | None = None) -> RenderJob:
    profile = parse_record(json.dumps(data), planner().template.contract)
    return pipeline.prepare_job(planner().template, planner().plan(profile, locale=locale), profile.images, CACHE)


@cache
def poster(sample: str, locale: str | None = None) -> tuple[RenderJob, bytes]:
    made_for = job(record(sample), locale)
    return made_for, make(made_for).data


def lines(data: bytes, page: int) -> list[tuple[float, float]]:
    """Top and bottom of each run of text on a page, in mm from its top."""
    with pypdfium2.PdfDocument(data) as document:
        text = document[page].get_textpage()
        height = document[page].get_height()
        boxes = [text.get_rect(index) for index in range(text.count_rects())]
        return [((height - top) / MM, (height - bottom) / MM) for _, bottom, _, top in boxes]


@pytest.mark.parametrize("sample", SAMPLES)
def test_it_is_two_pages_that_say_what_the_plan_says(sample: str) -> None:
    made_for, data = poster(sample)
    facts, blocks = made_for.plan.facts, made_for.plan.blocks
    front, back = pages_of(data)
    assert unified(facts["customer_name"].text) in front
    assert unified(facts[FIGURES[blocks[0]]].text) in front
    for block in blocks:
        for name in SHOWN.get(block, ()):
            assert unified(facts[name].text) in back, f"{name} is not on the back"
    rows = facts["recent_orders"].value
    assert isinstance(rows, Table)
    for row in rows.rows[:10]:
        assert all(unified(cell.text) in back for cell in row.values() if cell is not None)
    if "month_rows" in facts:
        months = facts["month_rows"].value
        assert isinstance(months, Table) and len(months.rows) == 12
        for row in months.rows:
            assert all(unified(cell.text) in back for name, cell in row.items() if cell and name != "level")
        assert unified(facts["year_spent"].text) in back


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sample", ["01", "07", "08", "09", "10", "11", "13", "14", "15", "16"])
def test_nothing_lies_over_anything_in_any_language(sample: str, locale: str) -> None:
    _, data = poster(sample, locale)
    assert len(pages_of(data)) == 2
    headline = [bottom for top, bottom in lines(data, 0) if 28 < top < 84]
    assert max(headline) < 83, "the headline reaches the record"
    foot = [bottom for top, bottom in lines(data, 0) if top > 252]
    assert max(foot) < 293
    assert [line for line in lines(data, 1) if 218 < line[1] < 229] == [], "the notes reach the gift"


def test_a_long_name_leaves_the_headline_its_room() -> None:
    data = record("07")
    data["customer"]["given_name"] = "Maria Aleksandra-Bernadette Konstantinopolska"
    data["customer"]["name"] = "Maria Aleksandra-Bernadette Konstantinopolska-Wojciechowska"
    for locale in LOCALES:
        made = make(job(data, locale))
        assert made.pages == 2
        assert max(bottom for top, bottom in lines(made.data, 0) if 28 < top < 84) < 83


@pytest.mark.parametrize("sample", ["08", "09"])
def test_it_is_tagged_and_archivable(sample: str) -> None:
    _, data = poster(sample)
    found = tags(data)
    assert found.count("H1") == 1 and found.count("H2") == 1 and "Table" in found and "TH" in found
    assert found.count("Figure") == 1  # the logo; records and bars are decoration beside the tables
    with pikepdf.open(io.BytesIO(data)) as document:
        assert [str(part.get("/Alt")) for part in elements(document) if str(part.S) == "/Figure"] == ["Solco"]
        assert bool(document.Root.MarkInfo.Marked) and str(document.Root.Lang)
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1" and metadata["pdfaid:part"] == "3"


def test_the_record_on_the_front_has_a_spoke_for_each_month() -> None:
    made_for, _ = poster("10")
    rows = made_for.plan.facts["month_rows"].value
    assert isinstance(rows, Table)
    drawn = markup(made_for)
    for row in rows.rows:
        level = row["level"]
        assert level is not None and f'width="30" height="{level.text}"' in drawn


def test_it_is_the_same_file_each_time() -> None:
    made_for, data = poster("10")
    assert make(made_for).data == data


@pytest.mark.parametrize(
    ("locale", "orders", "text"),
    [("ro", 1, "comandă "), ("ro", 2, "comenzi "), ("ro", 19, "comenzi "), ("ro", 20, "de comenzi "),
     ("ro", 101, "comenzi "), ("ro", 120, "de comenzi "), ("fr", 1, "commande "), ("fr", 2, "commandes "),
     ("it", 1, "ordine "), ("it", 2, "ordini ")],
)  # fmt: skip
def test_counts_take_their_plural(locale: str, orders: int, text: str) -> None:
    data = record("10")
    data["this_year"]["orders"] = orders
    assert job(data, locale).plan.copy["page-regular-figure"].text.startswith(text)
