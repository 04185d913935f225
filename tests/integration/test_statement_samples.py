"""The energy bill as a PDF, from profile to text read back: every sample, hostile texts, the same bytes anywhere."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from renderer.errors import BadInput, DearlyError, RenderError, TemplateError
from renderer.plan.build import Planner
from renderer.plan.model import Series, Table
from renderer.render.model import RenderJob
from renderer.render.statement.render import make, render_statement
from renderer.template.load import load_release
from tests.statement_samples import SAMPLES, bill_release, elements, job, pages_of, planner, record, tags, unified

SHOWN = {
    "": ("issued", "usage_kwh", "daily_kwh", "period_start", "period_end", "period_month", "total"),
    "state-due": ("due_date",),
    "state-debit": ("debit_date",),
    "state-credit": ("total_abs",),
    "compare-up": ("usage_change_abs", "last_year_kwh"),
    "compare-down": ("usage_change_abs", "last_year_kwh"),
    "compare-steady": ("last_year_kwh",),
    "neighbours-above-block": ("neighbours_kwh", "neighbour_gap_abs"),
    "neighbours-below-block": ("neighbours_kwh", "neighbour_gap_abs"),
    "why-up-block": ("previous_total", "bill_change_abs", "usage_effect", "price_effect", "other_effect"),
    "why-down-block": ("previous_total", "bill_change_abs", "usage_effect", "price_effect", "other_effect"),
    "why-same-block": ("previous_total", "usage_effect", "price_effect", "other_effect"),
    "green": ("green_share",),
    "offer-solar-block": ("offer_saving",),
    "offer-ev-block": ("offer_saving",),
    "offer-heat-pump-block": ("offer_saving",),
    "portrait": (),
    "first-bill-note": (),
    "compare-first": (),
    "history": (),
    "lines": (),
    "offer-app-block": (),
    "note": (),
    "help": (),
}
"""The figures that a statement shows always, and for each block."""
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@cache
def paper(sample: str) -> tuple[RenderJob, bytes, str]:
    """A sample's job, its PDF, and all its text."""
    made_for = job(record(sample))
    data = make(made_for).data
    return made_for, data, " ".join(pages_of(data))


def reads(figure: str, text: str, made_for: RenderJob) -> bool:
    """Right to left only the digits are compared: readers bring the letters of a cluster back in visual order."""
    if made_for.plan.direction == "ltr":
        return unified(figure) in text
    return set(NUMBER.findall(unified(figure))) <= set(NUMBER.findall(text))


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_figure_is_read_back(sample: str) -> None:
    made_for, _, text = paper(sample)
    facts = made_for.plan.facts
    for block in ("", *made_for.plan.blocks):
        for name in SHOWN[block]:
            assert reads(facts[name].text, text, made_for), f"{name} is not on the statement"
    table, series = (facts[name].value if name in facts else None for name in ("bill_lines", "usage_history"))
    assert isinstance(table, Table)
    for row in table.rows:
        assert all(reads(cell.text, text, made_for) for cell in row.values() if cell is not None)
    if "history" in made_for.plan.blocks:
        assert isinstance(series, Series)
        assert all(reads(point.y.text, text, made_for) for point in series.points)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_total_stands_in_the_summary_and_at_the_end_of_the_lines(sample: str) -> None:
    made_for, data, text = paper(sample)
    total = made_for.plan.facts["total"]
    assert reads(made_for.plan.facts["total_abs"].text.replace("-", ""), pages_of(data)[0].replace("-", ""), made_for)
    label = unified(made_for.plan.copy["table-total"].text)
    if made_for.plan.direction == "ltr":
        assert f"{label} {unified(total.text)}" in text
    else:
        assert sum(found == NUMBER.findall(unified(total.text))[0] for found in NUMBER.findall(text)) >= 2


@pytest.mark.parametrize("sample", SAMPLES)
def test_pages_are_numbered_in_the_recipients_language(sample: str) -> None:
    made_for, data, _ = paper(sample)
    pages = pages_of(data)
    assert 1 <= len(pages) <= 3
    words = [made_for.plan.copy[key].text for key in ("statement-page", "statement-page-of")]
    for number, page in enumerate(pages, start=1):
        folio = f"{words[0]} {number} {words[1]} {len(pages)}"
        assert folio in page or (made_for.plan.direction == "rtl" and all(part in page for part in folio.split()))
        assert made_for.plan.facts["bill_number"].text in page


@pytest.mark.parametrize("sample", SAMPLES)
def test_it_is_tagged_and_names_nobody(sample: str) -> None:
    made_for, data, _ = paper(sample)
    names = tags(data)
    assert names.count("H1") == 1
    assert names.count("H2") >= 4
    assert names.count("Table") >= 4
    with pikepdf.open(io.BytesIO(data)) as document:
        assert str(document.Root.Lang) == made_for.plan.locale
        assert bool(document.Root.MarkInfo.Marked)
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        assert all("/Alt" in element for element in elements(document) if element.S == "/Figure")
        said = " ".join([*map(str, document.docinfo.values()), document.Root.Metadata.read_bytes().decode()])
        title = made_for.plan.copy["statement-title"].text.replace("\u2068", "").replace("\u2069", "")
        assert str(document.docinfo.Title) == title
    for fact in ("customer_name", "bill_number", "account_number", "street"):
        assert len(made_for.plan.facts[fact].text) < 3 or made_for.plan.facts[fact].text not in said


def test_a_bill_of_120_lines_repeats_its_head_and_fits_the_template() -> None:
    data = record("11")
    line = {"code": "energy", "quantity_kwh": 10, "unit_price": 0.1, "amount": 1.0}
    data["bill"]["lines"] = [{**line, "amount": float(Decimal(n) + Decimal("0.07"))} for n in range(1, 121)]
    made_for = job(data)
    pdf = make(made_for).data
    pages = pages_of(pdf)
    head = " ".join(
        unified(made_for.plan.copy[key].text)
        for key in ("table-label", "table-quantity", "table-unit-price", "table-amount")
    )
    with_lines = [page for page in pages if "10 kWh" in page]
    assert len(with_lines) >= 3
    assert all(head in page for page in with_lines)
    assert all(f" {n},07 €" in " ".join(pages) for n in range(1, 121))


# ---------------------------------------------------------------- hostile texts

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "quotes": "\"'><b>bold</b>&amp;</p>",
    "braces": "{{7*7}} {% raw %} ${7*7} #{7*7}",
    "overrides": "\u202eevil\u202d \u2066x\u2069\u2069\u2069 end",
    "bdi": "</bdi><bdi><img src='file:///etc/passwd' alt=a>",
    "reference": "url(file:///etc/passwd) dearly:media/logo.svg data:text/html,x",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "marks": "a" + "\u0301" * 40,
    "unbroken": "W" * 110,
    "mixed": "Ali علي 123 אב",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_inert_or_refused(name: str) -> None:
    data = record("09")
    data["customer"]["name"] = HOSTILE[name]
    data["note"] = HOSTILE[name] * 2
    try:
        pdf = make(job(data)).data
    except DearlyError as error:
        assert isinstance(error, BadInput)
        assert HOSTILE[name] not in str(error)
        return
    text = " ".join(pages_of(pdf))
    if name in ("script", "quotes", "braces", "reference"):
        assert unified(HOSTILE[name]).split(" ")[0] in text
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert "/Names" not in document.Root
        for page in document.pages:
            for link in page.get("/Annots", []):
                assert str(link.A.URI).startswith("https://brezza.example/")


@pytest.mark.parametrize("text", ["x" * 1_000_000, "word " * 200_000, "a\x00b", "\ud800", "a\u0007b"])
def test_a_text_no_page_can_carry_is_refused_without_repeating_it(text: str) -> None:
    data = record("09")
    data["note"] = text
    with pytest.raises(DearlyError) as caught:
        make(job(data))
    assert text[:40] not in str(caught.value)


@pytest.mark.parametrize("locale", ["it", "en", "ar", "fr", "ro"])
def test_the_longest_words_of_the_contract_break_and_fit(locale: str) -> None:
    data = record("09")
    data["customer"].update(name="W" * 120, given_name="M" * 60)
    data["customer"]["address"].update(street="Q" * 120, postcode="8" * 20, city="W" * 80)
    data["note"] = "x" * 400
    made_for = job(data, locale)
    text = "".join(pages_of(make(made_for).data)).replace(" ", "")
    assert all(long in text for long in ("W" * 100, "Q" * 100, "x" * 400))


# ---------------------------------------------------------------- the template


def changed(layout: str | None = None, css: str | None = None) -> RenderJob:
    original = planner().template.release
    files = {}
    if layout is not None:
        source = original.text("statement/statement.html.j2")
        files["statement/statement.html.j2"] = source.replace("<h1>", layout + "<h1>")
    if css is not None:
        files["statement/statement.css"] = original.text("statement/statement.css") + css
    return job(record("09"), by=Planner(load_release(bill_release(files))))


@pytest.mark.parametrize(
    ("layout", "css", "code"),
    [
        ('<img src="{{ asset(\'media/none.svg\') }}" alt="a">', None, "render.asset"),
        ('<img src="file:///etc/passwd" alt="a">', None, "template.unsafe"),
        ("<p>\U00013000</p>", None, "render.glyph"),
        ("<p>{{ facts.nothing }}</p>", None, "render.layout"),
        (None, "h1 { colour: red }", "render.warning"),
        (None, "h1 { background: url(http://host/a.png) }", "render.asset"),
        (None, "@import 'http://host/a.css';", "render.warning"),
    ],
)
def test_a_broken_template_fails_instead_of_shipping(layout: str | None, css: str | None, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        make(changed(layout, css))
    assert caught.value.code == code
    assert caught.value.place.file in ("statement/statement.html.j2", "statement/statement.css")


def test_a_warning_names_the_templates_own_words() -> None:
    with pytest.raises(RenderError) as caught:
        make(changed(css="h1 { colour: red }"))
    assert "colour" in caught.value.message


def test_a_title_with_a_personal_fact_is_refused() -> None:
    copy = planner().template.release.text("copy/en/statement.ftl")
    copy = copy.replace("statement-title = Your", "statement-title = { $customer_name }, your")
    release = bill_release({"copy/en/statement.ftl": copy})
    with pytest.raises(TemplateError) as caught:
        make(job(record("09"), by=Planner(load_release(release))))
    assert caught.value.code == "template.value"


# ---------------------------------------------------------------- files


def test_the_artefact_is_described_as_it_lies_there(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    made_for = job(record("09"))
    object.__setattr__(made_for, "progress", lambda done, total: steps.append((done, total)))
    result = render_statement(made_for, tmp_path)
    artefact = result.of("pdf")
    assert artefact is not None and artefact.path == "statement/statement.pdf"
    data = (tmp_path / artefact.path).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (artefact.bytes, artefact.sha256)
    assert result.figures["pages"] == len(pages_of(data))
    assert steps == [(1, 1)]


PRINT_DIGEST = """
import hashlib, sys
from tests.statement_samples import job, record
from renderer.render.statement.render import make
for sample in sys.argv[1:]:
    print(hashlib.sha256(make(job(record(sample))).data).hexdigest())
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[list[str]]:
    """Digests of three samples from another process: other hash seed, locale, time zone, and another order."""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Pacific/Auckland", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST, "13", "05", "11"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )
    yield done.stdout.split()


def test_the_same_plan_gives_the_same_bytes_in_any_process(elsewhere: list[str]) -> None:
    here = [hashlib.sha256(make(job(record(sample))).data).hexdigest() for sample in ("11", "05", "13")]
    assert here == elsewhere[::-1]


def test_records_are_json_as_people_write_them() -> None:
    data: dict[str, Any] = json.loads(json.dumps(record("05")))
    assert make(job(data)).pages == make(job(record("05"))).pages
