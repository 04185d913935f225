"""YAML and JSON of templates: plain data, a line for every fault, and nothing that templates do not use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from renderer import located
from renderer.errors import DearlyError, ErrorList, TemplateError
from renderer.located import parse, read_json, read_yaml
from renderer.template.model import DecisionRules, Strict
from renderer.template.storyboard import Storyboard


class Leaf(Strict):
    size: int = 1
    kind: Literal["a", "b"] = "a"


class Tree(Strict):
    name: str
    leaves: tuple[Leaf, ...] = ()
    by_name: Mapping[str, Leaf] = {}
    as_: str | None = Field(None, alias="as")


def faults(model: type[Strict], text: str) -> list[tuple[int | None, str, str]]:
    """(line, code, message and hint) of each fault."""
    with pytest.raises(ErrorList) as caught:
        parse(model, *read_yaml(text, "f.yaml"))
    return [(e.place.line, e.code, f"{e.message} {e.hint or ''}") for e in caught.value.errors]


def refused(text: str, json: bool = False) -> DearlyError:
    with pytest.raises(TemplateError) as caught:
        (read_json if json else read_yaml)(text, "f")
    return caught.value


def test_scalars_are_those_of_yaml_12() -> None:
    data, _ = read_yaml("[1, -2.5, 1e3, yes, no, on, true, ~, '1', 2026-01-02, 0o7, 1_000, .inf, 007]", "f")
    assert data == [1, -2.5, 1000.0, "yes", "no", "on", True, None, "1", "2026-01-02", "0o7", "1_000", ".inf", 7]
    assert read_yaml("", "f")[0] is None
    assert read_yaml("1: {true: x}", "f")[0] == {"1": {"true": "x"}}


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: &x 2", 2, "anchor"),
        ("a: &x 1\nb: *x", 1, "anchor"),
        ("a:\n  - !!python/object:os.system x", 2, "tag"),
        ("a: !!str 1", 1, "tag"),
        ("a: ! x", 1, "tag"),
        ("a: 1\nb: 2\na: 3", 3, "stands twice"),
        ("%YAML 1.1\n---\na: 1", 2, "directive"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("? [a]\n: 1", 1, "no plain text"),
        ("<<: {a: 1}\n? {b: 1}\n: 2", 2, "no plain text"),
        ("[" * 60 + "]" * 60, 1, "deep"),
        ("a:\n - b\n c: d", 3, "not valid YAML"),
        ("a: \0", None, "not valid YAML"),
        ("a: *nobody", 1, "alias"),
    ],
)
def test_yaml_that_templates_do_not_use(text: str, line: int | None, part: str) -> None:
    error = refused(text)
    assert (error.place.line, part in error.message) == (line, True), error


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ('{"a": 1,\n "a": 2}', 2, "stands twice"),
        ('{\n"a": }', 2, "not valid JSON"),
        ('{"a": NaN}', None, "not valid JSON"),
        ("[" * 10_000, None, "not valid JSON"),
        ('{"a":' * 60 + "1" + "}" * 60, 1, "deep"),
    ],
)
def test_json_that_is_refused(text: str, line: int | None, part: str) -> None:
    error = refused(text, json=True)
    assert (error.place.line, part in error.message) == (line, True), error


@given(st.dictionaries(st.from_regex("[a-z]{1,9}", fullmatch=True), st.integers(-9, 9), min_size=1))
def test_every_key_knows_its_line(data: dict[str, int]) -> None:
    text = "{\n" + ",\n".join(f'"{key}": {value}' for key, value in data.items()) + "\n}"
    read, lines = read_json(text, "f")
    assert read == data
    assert [lines.place([key]).line for key in data] == list(range(2, len(data) + 2))


def test_every_fault_is_said_with_its_line() -> None:
    text = "nam: x\nleaves:\n  - {size: big}\n  - {sise: 1}\n  - 3\nby_name:\n  x:\n    kind: c\nas: [1]\n"
    found = {(line, code): said for line, code, said in faults(Tree, text)}
    assert "'name' is missing." in found[(1, "template.value")]
    assert "Did you mean 'name'?" in found[(1, "template.unknown-key")]
    assert "'leaves.0.size': It must be a whole number." in found[(3, "template.value")]
    assert "Unknown key 'leaves.1.sise'. Did you mean 'size'?" in found[(4, "template.unknown-key")]
    assert "'leaves.2': It must hold keys with values." in found[(5, "template.value")]
    assert "'by_name.x.kind'" in found[(8, "template.value")]
    assert "'as': It must be text" in found[(9, "template.value")]


def test_a_whole_file_of_the_wrong_shape() -> None:
    assert faults(Tree, "[1]") == [(1, "template.value", "'the file': It must hold keys with values. ")]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{id: a, wen: b}", "Unknown key 'scenes.0.wen'. Did you mean 'when'?"),
        ("{choose: a, from: [{id: x}], defualt: b}", "Unknown key 'scenes.0.defualt'. Did you mean 'default'?"),
        (
            "{choose: a, from: [{id: x, excldes: [y]}], default: b}",
            "'scenes.0.from.0.excldes'. Did you mean 'excludes'?",
        ),
        ("{maybe: a, form: [{id: x}]}", "Unknown key 'scenes.0.form'. Did you mean 'from'?"),
        ("{maybe: a, from: [{id: X}]}", "'scenes.0.from.0.id': String should match"),
    ],
)
def test_a_fault_in_a_union_is_said_for_the_branch_that_was_meant(rule: str, said: str) -> None:
    assert any(said in text for _, _, text in faults(DecisionRules, f"scenes: [{rule}]"))


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("backdrop: {kind: colour, colour: ink, colr: x}", "'scenes.0.backdrop.colr'. Did you mean 'colour'?"),
        (
            "backdrop: {kind: footage, media: media/a.mp4, treatment: {spede: 2}}",
            "treatment.spede'. Did you mean 'speed'?",
        ),
        ("backdrop: {kind: color}", "'scenes.0.backdrop': Input tag 'color'"),
        (
            "backdrop: {kind: colour, colour: ink}\n"
            "    layers: [{kind: shape, shape: line, fil: ink, id: s, box: {x: 0, y: 0, width: 1, height: 1}}]",
            "'scenes.0.layers.0.fil'. Did you mean 'fill'?",
        ),
    ],
)
def test_a_key_named_like_its_own_kind_does_not_mislead(scene: str, said: str) -> None:
    text = f"scenes:\n  - id: a\n    title: b\n    duration_s: 2\n    {scene}\n"
    assert any(said in found for _, _, found in faults(Storyboard, text))


def test_numbers_are_finite() -> None:
    assert "size" in faults(Tree, 'name: x\nleaves: [{size: "nan"}]')[0][2]


BOARD = (Path(__file__).resolve().parents[2] / "templates/energy-bill/video/storyboard.yaml").read_text("utf-8")
LINES = BOARD.splitlines(keepends=True)
ODD = [
    'x: "open\n',
    "  - {a: 1,\n",
    "y: |\n",
    "  - z\n",
    "scenes:\n",
    "# note\n",
    "---\n",
    "}\n",
    "   deep: 'q\n",
    "\n",
    "styles: 1\n",
]


def outcome(read: Any, text: str) -> Any:
    located._whole.cache_clear()
    try:
        data, lines = read(text, "f")
        return data, dict(lines.by_path)
    except TemplateError as error:
        return error.code, error.message, error.place.line


def test_a_file_read_by_pieces_is_the_file_read_whole() -> None:
    pieces = located._by_pieces(BOARD, "f")
    assert pieces is not None and pieces[0] == located._whole(BOARD, "f")[0] and len(pieces[0]["scenes"]) > 5


@given(
    st.integers(0, LINES.index("scenes:\n") - 1),
    st.lists(st.tuples(st.integers(0, 119), st.sampled_from([*ODD, ""])), min_size=1, max_size=3),
)
def test_damage_is_the_same_by_pieces_and_whole(start: int, damage: list[tuple[int, str]]) -> None:
    lines = LINES[start : start + 120]
    for at, line in damage:
        lines[at] = line
    text = "".join(lines)
    assert outcome(located._read.__wrapped__, text) == outcome(located._whole.__wrapped__, text)


def test_a_save_of_one_scene_reads_that_scene_only() -> None:
    read_yaml(BOARD, "f")
    before = located._whole.cache_info().misses
    saved, lines = read_yaml(BOARD.replace("duration_s: 4\n", "duration_s: 5\n", 1), "f")
    assert saved["scenes"][0]["duration_s"] == 5 and located._whole.cache_info().misses == before + 1
    number = BOARD.splitlines().index("  - id: closing-debit") + 1
    place = next(index for index, scene in enumerate(saved["scenes"]) if scene["id"] == "closing-debit")
    assert lines.by_path[("scenes", place)] == lines.by_path[("scenes", place, "id")] == number
