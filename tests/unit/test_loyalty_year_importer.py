"""The importer: orders as they are, sums exact, and people made up from a seed alone. Needs no data but its own."""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "templates/loyalty-year/import_cdnow.py"
LINES = """\
 customer_id  date number_of_cds  dollar_value
 00001 19970101  1   11.77
 00002 19970112  1   12.00
 00002 19970112  5   77.00
 00002 19970301  2    0.00
 00002 19980101  3   30.10
 00002 19980105  4   20.20
 00003 19970702  1   20.20
"""


@pytest.fixture(scope="module")
def importer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("import_cdnow", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "data.txt"
    file.write_text(LINES, encoding="ascii")
    return file


def made(importer: ModuleType, data: Path, as_of: date = date(1998, 7, 1), seed: int = 7) -> list[dict[str, Any]]:
    return list(importer.profiles(importer.read_orders(data), importer.Year(as_of), seed))


def test_every_line_is_an_order_and_every_sum_is_exact(importer: ModuleType, data: Path) -> None:
    one, two, three = made(importer, data)
    assert [len(record["orders"]) for record in (one, two, three)] == [1, 5, 1]
    assert two["totals"] == {"orders": 5, "units": 15, "spent": Decimal("139.30")}
    assert two["this_year"]["spent"] == Decimal("50.30")
    assert two["this_year"]["best_month"] == {"month": date(1998, 1, 1), "units": 7, "spent": Decimal("50.30")}
    assert two["this_year"]["biggest"] == {"date": date(1998, 1, 1), "units": 3, "amount": Decimal("30.10")}
    assert two["points"] == {"earned": 50, "balance": 139}
    assert one["this_year"] == {"orders": 0, "units": 0, "spent": 0, "months": one["this_year"]["months"]}


def test_the_gap_is_the_median_between_days_with_an_order(importer: ModuleType, data: Path) -> None:
    one, two, _ = made(importer, data)
    assert two["gap_days"] == 48  # 12 January, 1 March, 1 January, 5 January: 48, 306 and 4 days
    assert "gap_days" not in one


def test_the_rank_is_the_share_of_those_who_spent_less(importer: ModuleType, data: Path) -> None:
    one, two, three = made(importer, data)
    assert "rank_percent" not in one
    assert (two["rank_percent"], three["rank_percent"]) == (Decimal("0.6666"), Decimal("0.3333"))


def test_another_year_knows_only_what_was_before_it(importer: ModuleType, data: Path) -> None:
    records = made(importer, data, date(1997, 7, 1))
    assert [record["customer"]["id"] for record in records] == ["cdnow-00001", "cdnow-00002"]
    assert records[1]["totals"]["orders"] == records[1]["this_year"]["orders"] == 3
    assert records[1]["year"] == {"start": date(1996, 7, 1), "end": date(1997, 6, 30)}


def test_a_person_depends_on_seed_and_number_alone(importer: ModuleType, data: Path) -> None:
    same = [record["customer"] for record in made(importer, data)]
    assert same == [record["customer"] for record in made(importer, data, date(1998, 5, 1))]
    assert same != [record["customer"] for record in made(importer, data, seed=8)]


def test_a_bad_line_is_named(importer: ModuleType, data: Path) -> None:
    for bad in ("00003 19970230 1 2.00", "00003 19970501 1", "00003 19970801 1 -2.00", "00003 19970701 1 2.00"):
        data.write_text(f"{LINES} {bad}\n", encoding="ascii")
        with pytest.raises(importer.ImportFault, match="line 9"):
            importer.read_orders(data)


def test_numbers_are_written_digit_for_digit(importer: ModuleType, data: Path) -> None:
    record = made(importer, data)[1]
    for text in (importer.as_json(record), importer.as_json(record, 0)):
        read = json.loads(text, parse_float=Decimal)
        assert read["orders"][2] == {"date": "1997-03-01", "units": 2, "amount": Decimal("0.00")}
        assert read["totals"]["spent"] == Decimal("139.30")
    assert '"amount": 30.10' in importer.as_json(record)


def test_without_the_data_it_says_what_to_do(
    importer: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(importer, "PACKAGE", "no-such-package-anywhere")
    assert importer.main(["--out", str(tmp_path / "out.jsonl")]) == 3
    assert "./run installs it" in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()
