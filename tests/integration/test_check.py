"""``check`` with profiles: what breaks, what does not fit, what is never reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from renderer.plan.build import Planner
from renderer.preflight.check import check
from renderer.preflight.model import CheckReport
from tests.small_template import FILES, drawable, load, profile_with


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """The small template with a page the statement engine accepts."""
    statement = (
        '<!doctype html><html lang="{{ locale }}" dir="{{ dir }}"><head><title>{{ text("doc-title") }}</title></head>'
        "<body><h1>{{ t('due') }}</h1></body></html>"
    )
    page = (
        "<!doctype html><html><head>{{ head }}<title>{{ text('doc-title') }}</title></head>"
        "<body>{{ t('hello') }}</body></html>"
    )
    return Planner(
        load(
            tmp_path_factory.mktemp("template"),
            drawable({"statement/statement.html.j2": statement, "microsite/index.html.j2": page}),
        )
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fonts, cut once."""
    return tmp_path_factory.mktemp("cache")


def people(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Records with keys of their own."""
    return [profile_with(**{"customer__id": f"C-{number}", **one}) for number, one in enumerate(changes, start=1)]


def run(planner: Planner, cache: Path, folder: Path, records: list[dict[str, Any]]) -> CheckReport:
    """The report on some records."""
    file = folder / "people.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return check(planner, file, cache)


def test_every_record_is_counted_once(planner: Planner, cache: Path, tmp_path: Path) -> None:
    records = people({}, {"bill__total": "much"}, {"consent__post": False}, {"bill__total": 2000})
    records.append(records[0])  # the same recipient again
    report = run(planner, cache, tmp_path, records)
    assert (report.records, report.good, report.broken) == (5, 3, 2)
    assert report.suppressed == {"no-consent": 1}
    faults = {(one.error.place.record, one.error.code) for one in report.findings if one.severe}
    assert faults == {(2, "profile.kind"), (5, "profile.duplicate")}
    assert report.template_faults == 0


def test_what_no_record_reaches_is_listed(planner: Planner, cache: Path, tmp_path: Path) -> None:
    report = run(planner, cache, tmp_path, people({}, {"bill__total": 2000}))
    assert report.unreached["scenes"] == ("credit",)
    assert "offer-saver" in report.unreached["offers"]
    assert report.unreached["suppressions"] == ("no-consent", "nothing-due")
    assert report.chosen["scene:big"] == 1 and report.chosen["scene:opening"] == 2


def test_a_missing_glyph_names_the_fact_and_not_the_text(planner: Planner, cache: Path, tmp_path: Path) -> None:
    report = run(planner, cache, tmp_path, people({"customer__name": "Q7日"}))
    (found,) = [one.error for one in report.findings if one.severe]
    assert (found.code, found.place.record, found.place.field) == ("render.glyph", 1, "name")
    assert "U+65E5" in found.message and "Q7" not in str(found)


def test_a_text_that_does_not_fit_is_found_without_being_repeated(
    planner: Planner, cache: Path, tmp_path: Path
) -> None:
    report = run(
        planner, cache, tmp_path, people({}, {"customer__name": "Wolfeschlegelsteinhausenbergerdorff " + "W" * 24})
    )
    faults = [one.error for one in report.findings if one.severe]
    assert faults and {(one.code, one.place.record) for one in faults} == {("render.overflow", 2)}
    assert all("Wolf" not in str(one) for one in faults)
    assert (report.good, report.broken) == (1, 1)


def test_a_bar_chart_without_a_bar_for_a_figure_below_zero_is_worth_a_look(tmp_path: Path, cache: Path) -> None:
    board, layers = FILES["video/storyboard.yaml"], "    layers:\n"
    chart = (
        "      - {kind: bars, id: chart, series: months, colour: ink, box: {x: 9, y: 200, width: 900, height: 300}}\n"
    )
    changes = drawable({"video/storyboard.yaml": board.replace(layers, layers + chart, 1)})
    config = str(changes["template.yaml"]).replace("  microsite: {}\n  statement: {title: doc-title}\n", "")
    planner = Planner(load(tmp_path / "template", {**changes, "template.yaml": config}))
    months = [{"month": "2026-09-01", "kwh": 274}, {"month": "2026-10-01", "kwh": -12}]
    report = run(planner, cache, tmp_path, people({}, {"usage__months": months}))
    (found,) = report.fits
    assert (found.scene, found.layer, found.records, found.example) == ("opening", "chart", 1, 2)
    assert found.change == "without a bar for a figure below zero"
    assert report.broken == 0
