"""A template says everything that is wrong with it at once, each with its file, its line and the nearest known name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from renderer.errors import DearlyError, ErrorList, UsageError
from renderer.plan.build import Planner
from renderer.template.load import find_template, installed, load_template
from tests.small_template import FILES, changed, load, write


def faults(folder: Path, changes: dict[str, str | None]) -> list[DearlyError]:
    with pytest.raises(ErrorList) as caught:
        Planner(load(folder, changes))
    return list(caught.value.errors)


def line_of(path: str, text: str) -> int:
    return FILES[path][: FILES[path].index(text)].count("\n") + 1


def test_a_sound_template_loads(tmp_path: Path) -> None:
    template = load(tmp_path)
    assert template.id == "small"
    assert template.channels == ("microsite", "statement", "video")
    assert set(template.copy) == {"en", "ar"}


# (file, what is replaced, by what, code, part of message and hint); the fault's line is that of what is replaced.
CHANGES = [
    ("template.yaml", "title: A", "titel: A", "template.unknown-key", "Did you mean 'title'?"),
    ("template.yaml", "weights: [400]", "weights: [50]", "template.value", "greater than or equal to 100"),
    ("template.yaml", "[en, ar]", "[en, xx-YY]", "template.value", "no locale that"),
    ("template.yaml", "[en, ar]", "[en, ar, en]", "template.duplicate", "'en' stands twice"),
    ("template.yaml", "- [ink, paper]", "- [ink, papr]", "template.reference", "Did you mean 'paper'?"),
    ("template.yaml", "microsite: {}", "microsite: {page: x/index.html.j2}", "template.missing-file", "Did you mean"),
    ("template.yaml", "name: Brezza", "name: Brezza\n  logo: media/dott.svg", "template.missing-file", "media/dot.svg"),
    ("template.yaml", "name: Brezza", "name: Brezza\n  logo: asset:../x.svg", "template.missing-file", "asset:../x"),
    ("template.yaml", "{title: doc-title}", "{title: doc-titel}", "template.reference", "Did you mean 'doc-title'?"),
    ("template.yaml", "{title: doc-title}", "{title: hello}", "template.copy", "title names facts"),
    ("template.yaml", "pay?by={due_date}", "pay?by={due_dat}", "template.reference", "Did you mean 'due_date'?"),
    ("template.yaml", "pay?by={due_date}", "pay?by={code}", "template.unsafe", "secret 'code'"),
    ("template.yaml", "pay?by={due_date}", "pay?by={code_length}", "template.unsafe", "secret 'code_length'"),
    ("template.yaml", "pay?by={due_date}", "pay?by={Due}", "template.value", "no fact id"),
    ("template.yaml", "pay?by={due_date}", "pay?by={months}", "template.value", "no value for the link"),
    ("template.yaml", "brezza.example/pay?", "{name}.example/pay?", "template.unsafe", "host"),
    ("template.yaml", "https://brezza.example/account", "http://brezza.example", "template.value", "should match"),
    ("template.yaml", "https://brezza.example/account", "javascript:alert(1)", "template.value", "should match"),
    ("template.yaml", "value: bill.total,", "value: bill.totl,", "template.expression", "Did you mean 'total'?"),
    ("contract.json", '"required": [\n  "customer"', '"requird": [\n  "customer"', "template.unknown-key", "required"),
    ("facts.yaml", "name: {value", "Name: {value", "template.value", "no fact id"),
    ("facts.yaml", "days: {value", "days_n: {value", "template.value", "no fact id"),
    ("facts.yaml", "customer.name, as: text", "customer.nam, as: text", "template.expression", "Did you mean 'name'?"),
    ("facts.yaml", "as: money, currency: bill.currency, steps: 8", "as: money, steps: 8", "template.value", "currency"),
    ("facts.yaml", "unit: energy-kilowatt-hour, decimals: 0, of", "unit: kwhs, decimals: 0, of", "template.value", ""),
    ("facts.yaml", "steps: 8", "stps: 8", "template.unknown-key", "Did you mean 'steps'?"),
    ("facts.yaml", "due, as: date}", "due, as: date, steps: 3}", "template.value", "Only numbers have 'steps'"),
    ("facts.yaml", "ticks: 4", "tiks: 4", "template.unknown-key", "Did you mean 'ticks'?"),
    ("facts.yaml", "row.kwh, as: quantity, unit: energy-kilowatt-hour, decimals: 0, tick", "row.month, as: date, tick",
     "template.value", "numbers"),
    ("facts.yaml", "mark: row", "marks: row", "template.unknown-key", "Did you mean 'mark'?"),
    ("facts.yaml", "row.month == last", "row.mont == last", "template.expression", "Did you mean 'month'?"),
    ("facts.yaml", "as: copy}\n    kwh", "is: copy}\n    kwh", "template.unknown-key", "'columns.label.is'"),
    ("decisions.yaml", "suppress:", "supress:", "template.unknown-key", "Did you mean 'suppress'?"),
    ("decisions.yaml", "{id: big, when", "{id: big, wen", "template.unknown-key", "Did you mean 'when'?"),
    ("decisions.yaml", "{id: big, when", "{id: credit, when", "template.duplicate", "'credit' stands twice"),
    ("decisions.yaml", "default: due-scene", "default: big", "template.unreachable-default", "also a candidate"),
    ("decisions.yaml", "excludes: [closing]", "excludes: [due-scene]", "template.unreachable-default", "the default"),
    ("decisions.yaml", "excludes: [closing]", "excludes: [closng]", "template.reference", "Did you mean 'closing'?"),
    ("decisions.yaml", "choose: amount", "chose: amount", "template.unknown-key", "Did you mean 'choose'?"),
    ("decisions.yaml", "choose: change-block", "choose: photo-block", "template.duplicate", "The choice 'photo-block'"),
    ("decisions.yaml", "when: bill.total > 1000", "when: bill.total >", "template.expression", "is no expression"),
    ("decisions.yaml", "when: usage.kwh > 1000", "when: segment.x", "template.expression", "there is no 'segment.x'"),
    ("decisions.yaml", "code_length > 100", "usage.kwh > segment.high_user", "template.expression", "segment"),
    ("decisions.yaml", "long-code: {", "high_user: {when: credit}\n  long-code: {", "template.duplicate", "segments"),
    ("decisions.yaml", "most: {value", "bill: {value", "template.value", "cannot name a derived value"),
    ("decisions.yaml", "most: {value", "row: {value", "template.value", "cannot name a derived value"),
    ("decisions.yaml", "id: opening}", "id: openin}", "template.reference", "Did you mean 'opening'?"),
    ("video/storyboard.yaml", "copy: hello", "copy: helo", "template.reference", "Did you mean 'hello'?"),
    ("video/storyboard.yaml", "style: plain", "style: plan", "template.reference", "Did you mean 'plain'?"),
    ("video/storyboard.yaml", "id: words, copy", "id: words, below: words, copy", "template.reference", "no earlier"),
    ("video/storyboard.yaml", "id: words, copy", "id: words, formats: {'9:16': {below: word}}, copy",
     "template.reference", "'word' is no earlier text layer"),
    ("video/storyboard.yaml", "size_px: 40", "size_pixel: 40", "template.unknown-key", "Did you mean 'size_px'?"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "code", "said"), CHANGES)
def test_a_fault_names_its_place_and_the_way_out(
    tmp_path: Path, path: str, old: str, new: str, code: str, said: str
) -> None:
    found = faults(tmp_path, dict(changed(path, old, new)))
    matching = [error for error in found if error.code == code and said in f"{error.message} {error.hint or ''}"]
    assert matching, [str(error) for error in found]
    assert matching[0].place.file == path
    first = line_of(path, old)
    assert abs((matching[0].place.line or 0) - first) <= 2


WORDS = "      - {kind: text, id: words, copy: hello, style: plain, box: {x: 10, y: 10, width: 900, height: 90}}\n"
SHAPE = "      - {kind: shape, id: plate, shape: rect, fill: ink, box: {x: 0, y: 0, width: 9, height: 9}, %s}\n"


def only_fault(folder: Path, board: str) -> DearlyError:
    (fault,) = faults(folder, {"video/storyboard.yaml": board})
    return fault


def test_what_a_layer_follows_is_a_text_that_can_be_placed_before_it(tmp_path: Path) -> None:
    board = FILES["video/storyboard.yaml"]
    fine = board.replace(WORDS, SHAPE % "around: words" + WORDS, 1)
    assert load(tmp_path, {"video/storyboard.yaml": fine}).storyboard is not None
    for wrong in ("around: plate", "around: nobody", "below: plate"):
        fault = only_fault(tmp_path, board.replace(WORDS, SHAPE % wrong + WORDS, 1))
        assert fault.code == "template.reference"
        assert (fault.place.file, fault.place.line) == ("video/storyboard.yaml", line_of(fault.place.file or "", WORDS))
    other = WORDS.replace("id: words", "id: more, below: words")
    assert load(tmp_path, {"video/storyboard.yaml": board.replace(WORDS, WORDS + other, 1)}).storyboard is not None
    circle = board.replace(WORDS, WORDS.replace("id: words", "id: words, below: more") + other, 1)
    assert only_fault(tmp_path, circle).message == "'more' is no earlier text layer of this scene."


def test_thousands_of_layers_are_refused_before_they_are_read(tmp_path: Path) -> None:
    board = FILES["video/storyboard.yaml"].replace(WORDS, WORDS * 3_000, 1)
    start = time.process_time()
    fault = only_fault(tmp_path, board)
    assert time.process_time() - start < 3  # reading them all takes eight
    assert "'scenes.0.layers': the list holds more than 60 items" in fault.message
    assert fault.place.line == line_of("video/storyboard.yaml", WORDS) + 60


def test_a_clip_by_locale_has_one_for_each_locale_of_the_template(tmp_path: Path) -> None:
    board = FILES["video/storyboard.yaml"]
    said = "    voice:\n      - {clip: {en: media/hello.wav%s}, copy: doc-title}\n"
    changes = {"media/hello.wav": "", "video/storyboard.yaml": board + said % ""}
    (fault,) = faults(tmp_path, dict(changes))
    assert (fault.code, fault.place.file) == ("template.reference", "video/storyboard.yaml")
    assert fault.place.line == (board + said).count("\n")
    assert "no recording for 'ar'" in fault.message
    changes["video/storyboard.yaml"] = board + said % ", ar: media/hello.wav"
    assert load(tmp_path, dict(changes)).storyboard is not None


@pytest.mark.parametrize("path", ["template.yaml", "contract.json", "facts.yaml", "decisions.yaml"])
def test_a_missing_file_is_named(tmp_path: Path, path: str) -> None:
    assert [(e.code, e.place.file) for e in faults(tmp_path, {path: None})] == [("template.missing-file", path)]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("template.yaml", "id: [", 1),
        ("contract.json", "{\n oops", 2),
        ("facts.yaml", "a: 1\na: 2", 2),
        ("decisions.yaml", "a: &x 1", 1),
        ("video/storyboard.yaml", "\nscenes: }", 2),
        ("copy/en.ftl", "hello = {\n", 1),
    ],
)
def test_syntax_faults_have_a_line(tmp_path: Path, path: str, text: str, line: int) -> None:
    found = [error for error in faults(tmp_path, {path: text}) if error.place.file == path]
    assert found[0].place.line in (line, line + 1)
    assert found[0].code in ("template.syntax", "template.duplicate")


def test_a_broken_file_does_not_hide_the_next(tmp_path: Path) -> None:
    broken = {
        **changed("template.yaml", "title: A", "titel: A"),
        **changed("facts.yaml", "steps: 8", "stps: 8"),
        **changed("decisions.yaml", "suppress:", "supress:"),
        **changed("contract.json", '"total": {', '"total": {"unit": 1,'),
    }
    files = {error.place.file for error in faults(tmp_path, dict(broken))}
    assert files == {"template.yaml", "facts.yaml", "decisions.yaml", "contract.json"}


def test_text_must_be_utf8(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "facts.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(ErrorList, match="not UTF-8"):
        load_template(tmp_path)


@pytest.mark.parametrize("path", ["template.yaml", "contract.json", "facts.yaml", "copy/en.ftl"])
def test_a_byte_order_mark_is_no_fault(tmp_path: Path, path: str) -> None:
    write(tmp_path)
    file = tmp_path / path
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_template(tmp_path).id


@pytest.mark.parametrize("path", ["template.yaml", "contract.json", "facts.yaml", "copy/en.ftl"])
def test_a_control_character_has_a_line(tmp_path: Path, path: str) -> None:
    write(tmp_path)
    file = tmp_path / path
    first, rest = file.read_bytes().split(b"\n", 1)
    file.write_bytes(first + b"\n\0" + rest)
    with pytest.raises(ErrorList) as caught:
        load_template(tmp_path)
    assert f"{path}:2: The file holds a control character, U+0000." in str(caught.value)


# ---------------------------------------------------------------- finding a template


def test_a_template_is_found_by_folder_and_by_id(tmp_path: Path) -> None:
    write(tmp_path / "some-folder")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "template.yaml").write_text("id: [")
    assert find_template(str(tmp_path / "some-folder"), tmp_path) == tmp_path / "some-folder"
    assert find_template("small", tmp_path) == tmp_path / "some-folder"
    assert list(installed(tmp_path)) == [("small", tmp_path / "some-folder")]
    with pytest.raises(UsageError) as caught:
        find_template("smal", tmp_path)
    assert caught.value.hint == "Did you mean 'small'?"
    with pytest.raises(UsageError, match=r"no template\.yaml"):
        find_template(str(tmp_path), tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        load_template(tmp_path / "nowhere")
