"""Errors keep their code, place and hint wherever they go."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from renderer.errors import (
    CODES,
    DearlyError,
    EnvironmentFault,
    ErrorList,
    Place,
    ProfileError,
    TemplateError,
    TransientError,
    UsageError,
    nearest,
)

ERROR = TemplateError("template.value", "Wrong.", place=Place(file="facts.yaml", line=3), hint="Change it.")


def test_an_error_reads_where_what_code_hint() -> None:
    assert str(ERROR) == "facts.yaml:3: Wrong. [template.value]\n  Change it."
    assert str(UsageError("usage.count", "None.")) == "None. [usage.count]"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place(file="a.csv", line=2, record=1, field="bill.total"), "a.csv:2, record 1, field bill.total"),
        (Place(line=4, scene="opening", channel="video"), "line 4, scene opening, channel video"),
    ],
)
def test_a_place_shows_only_what_is_known(place: Place, text: str) -> None:
    assert str(place) == text


def test_errors_cross_process_borders_whole() -> None:
    listed = ErrorList([ERROR, ProfileError("profile.kind", "Expected text.", place=Place(record=2, field="name"))])
    for error in (ERROR, listed):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)
    assert pickle.loads(pickle.dumps(listed)).errors[1].place == Place(record=2, field="name")


def test_a_list_counts_as_its_gravest_error() -> None:
    assert ErrorList([ProfileError("profile.kind", "x"), ERROR]).exit_code == 2
    assert ErrorList([ProfileError("profile.kind", "x")]).exit_code == 1


def test_a_place_is_filled_in_but_never_overwritten() -> None:
    assert ERROR.at(line=9, record=1).place == Place(file="facts.yaml", line=3, record=1)
    assert [error.place.record for error in ErrorList([ERROR, ERROR]).at(record=7).errors] == [7, 7]


def test_json_holds_what_is_known() -> None:
    assert ERROR.as_json() == {
        "code": "template.value",
        "message": "Wrong.",
        "file": "facts.yaml",
        "line": 3,
        "hint": "Change it.",
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [(UsageError, 2), (TemplateError, 2), (ProfileError, 1), (TransientError, 1), (EnvironmentFault, 3)],
)
def test_exit_codes_are_those_of_the_issue(kind: type[DearlyError], code: int) -> None:
    assert kind.exit_code == code


def test_a_code_must_be_registered() -> None:
    with pytest.raises(KeyError, match=r"no\.such"):
        DearlyError("no.such", "x")


def test_every_code_in_the_source_is_registered() -> None:
    roots = [Path(__file__).parents[2] / name for name in ("renderer", "workers")]
    register = roots[0] / "errors.py"
    source = "\n".join(path.read_text("utf-8") for root in roots for path in root.rglob("*.py") if path != register)
    groups = "|".join({code.partition(".")[0] for code in CODES} - {"store", "job"})
    used = set(re.findall(rf'"((?:{groups})\.[a-z]+(?:-[a-z]+)*)"', source))
    assert {code for code in used if not code.endswith((".yaml", ".json", ".html"))} - set(CODES) == set()


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("wen", ["when", "value"], "Did you mean 'when'?"),
        ("zzz", ["b", "a"], "Known here: a, b."),
        ("zzz", [f"name{n}" for n in range(13)], None),
        ("zzz", [], None),
    ],
)
def test_the_nearest_name_is_offered(name: str, known: list[str], hint: str | None) -> None:
    assert nearest(name, known) == hint


def test_every_registered_code_is_raised_somewhere() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "renderer").rglob("*.py"), *(root / "workers").rglob("*.py")]
    source = "".join(file.read_text("utf-8") for file in files if file.name != "errors.py")
    assert [code for code in CODES if f'"{code}"' not in source] == []
