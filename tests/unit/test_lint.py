"""What ``check`` says about a template without a profile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from renderer.errors import ErrorList
from renderer.plan.build import Planner
from renderer.preflight.contrast import ratio
from renderer.preflight.lint import lint
from renderer.preflight.model import Finding
from tests.small_template import FILES, changed, drawable, load


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fonts, cut once."""
    return tmp_path_factory.mktemp("cache")


def findings(folder: Path, cache: Path, changes: Mapping[str, str | None]) -> list[Finding]:
    """What is found in the small template with some files changed; unused copy aside."""
    found = lint(Planner(load(folder, drawable(changes))), cache)
    return [one for one in found if "uses the sentence" not in one.error.message]


def page(layout: str) -> dict[str, str | None]:
    """The microsite's layout, after a line that is sound."""
    return {"microsite/index.html.j2": "<title>{{ text('doc-title') }}</title>\n" + layout}


def test_a_sound_template_has_no_finding(tmp_path: Path, cache: Path) -> None:
    assert findings(tmp_path, cache, {}) == []


@pytest.mark.parametrize(
    ("layout", "code", "part"),
    [
        ("{{ t('helo') }}", "template.reference", "copy 'helo'"),
        ("{{ facts.totl }}", "template.reference", "fact 'totl'"),
        ("{% if has('upp') %}x{% endif %}", "template.reference", "block 'upp'"),
        ("<a href=\"{{ link('payy') }}\">x</a>", "template.reference", "link 'payy'"),
        ('<img src="{{ asset(\'media/dott.svg\') }}" alt="">', "template.reference", "media/dott.svg"),
        ("{{ facts.name|safe }}", "template.unsafe", "safe"),
    ],
)
def test_what_a_layout_names_must_be_there_and_be_safe(
    tmp_path: Path, cache: Path, layout: str, code: str, part: str
) -> None:
    found = findings(tmp_path, cache, page(layout))
    assert any(
        one.severe
        and one.error.code == code
        and part in str(one.error)
        and one.error.place.line == 2
        and one.error.place.file == "microsite/index.html.j2"
        for one in found
    ), found


def test_the_nearest_name_is_told(tmp_path: Path, cache: Path) -> None:
    (found,) = findings(tmp_path, cache, page("{{ t('helo') }}"))
    assert found.error.hint == "Did you mean 'hello'?"


def test_a_style_that_reaches_out_is_found(tmp_path: Path, cache: Path) -> None:
    (found,) = findings(tmp_path, cache, {"microsite/site.css": "p {\n background: url(https://x.example/a.png) }"})
    assert (found.error.code, found.error.place.line) == ("template.unsafe", 2)


def test_a_pair_of_colours_too_close_is_found(tmp_path: Path, cache: Path) -> None:
    (found,) = [
        one
        for one in findings(tmp_path, cache, changed("template.yaml", 'light: "#10262E"', 'light: "#B0B6B8"'))
        if one.error.place.file == "template.yaml" and "light" in one.error.message
    ]
    assert found.error.code == "render.contrast" and found.error.place.line is not None


def test_copy_that_no_font_draws_is_found_with_its_line(tmp_path: Path, cache: Path) -> None:
    (found,) = findings(tmp_path, cache, changed("copy/en.ftl", "Hello {", "Hello 日 {"))
    assert (found.error.code, found.error.place.file, found.error.place.line) == ("render.glyph", "copy/en.ftl", 2)
    assert "U+65E5" in found.error.message


def test_a_poster_that_draws_a_secret_is_refused(tmp_path: Path, cache: Path) -> None:
    board = FILES["video/storyboard.yaml"].replace("copy: hello", "fact: code", 1)
    found = findings(tmp_path, cache, {"video/storyboard.yaml": "poster: {scene: opening, at_s: 1}\n" + board})
    assert [one.error.code for one in found] == ["template.unsafe"]
    shown = findings(tmp_path / "b", cache, {"video/storyboard.yaml": "poster: {scene: closing, at_s: 1}\n" + board})
    assert shown == []


def board(line: str) -> dict[str, str | None]:
    """The storyboard with interactions in its first scene (of 2 s)."""
    scene = "    backdrop: {kind: colour, colour: paper}\n"
    found = FILES["video/storyboard.yaml"].replace(scene, f"{scene}    interactions:\n      - {line}\n", 1)
    return {"video/storyboard.yaml": found}


@pytest.mark.parametrize(
    ("line", "severe", "part"),
    [
        ("{id: a, kind: action, link: account, label: doc-title, in_s: 0.4, out_s: 1.8}", False, "for 1.4 s"),
        (
            "{id: a, kind: hotspot, link: account, label: doc-title, box: {x: 20, y: 60, width: 300, height: 100}}",
            False,
            "safe area of 16:9",
        ),
        (
            "{id: a, kind: action, link: account, label: doc-title}\n"
            "      - {id: b, kind: action, link: pay, label: doc-title, in_s: 0.2}",
            False,
            "one place",
        ),
        ("{id: a, kind: action, link: account, label: told}", True, "secret 'code'"),
    ],
)
def test_interactions_that_people_cannot_use_are_found(
    tmp_path: Path, cache: Path, line: str, severe: bool, part: str
) -> None:
    copy = {path: text + "told = { $code }\n" for path, text in FILES.items() if path.startswith("copy/")}
    (found,) = findings(tmp_path, cache, {**copy, **board(line)})
    assert found.severe == severe and part in found.error.message
    assert found.error.place.file == "video/storyboard.yaml" and (found.error.place.line or 0) > 5


def test_an_interaction_that_people_can_use_is_no_finding(tmp_path: Path, cache: Path) -> None:
    sound = "{id: a, kind: hotspot, link: account, label: doc-title, layer: words, out_s: 1.6}"
    assert findings(tmp_path, cache, board(sound)) == []


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{id: a, kind: action, link: nowhere, label: doc-title}", "link 'nowhere'"),
        ("{id: a, kind: action, link: pay, label: nothing}", "copy 'nothing'"),
        ("{id: a, kind: action, link: pay}", "label' is missing"),
    ],
)
def test_an_interaction_without_its_link_or_label_is_no_template(tmp_path: Path, line: str, part: str) -> None:
    with pytest.raises(ErrorList) as caught:
        load(tmp_path, board(line))
    assert any(part in str(error) for error in caught.value.errors)


def test_a_teaser_that_draws_a_secret_is_refused(tmp_path: Path, cache: Path) -> None:
    secret = FILES["video/storyboard.yaml"].replace("copy: hello", "fact: code", 1)
    for part, codes in (("from_s: 0, to_s: 1", ["template.unsafe"]), ("", [])):
        wish = f"teaser: {{parts: [{{scene: opening{', ' * bool(part)}{part}}}]}}\n"
        found = findings(tmp_path / str(len(part)), cache, {"video/storyboard.yaml": wish + secret})
        assert [one.error.code for one in found] == codes


def test_copy_that_nothing_uses_is_a_warning(tmp_path: Path, cache: Path) -> None:
    planner = Planner(load(tmp_path, drawable(changed("copy/en.ftl", "hello = Hello", "hello = { due } Hello"))))
    unused = {one.error.message.split("'")[1]: one.severe for one in lint(planner, cache)}
    assert "alone" in unused and not any(unused.values())
    assert "hello" not in unused, "the layout uses it"
    assert "due" not in unused, "another sentence quotes it"
    assert "line-energy" not in unused, "its key is put together in facts.yaml"


def test_contrast_is_that_of_wcag() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known grey that just fails
    assert ratio("#ffffff", "#777777") == ratio("#777777", "#ffffff")


def layer(text: str) -> dict[str, str]:
    """The small template with one more layer in each of its five scenes."""
    return changed("video/storyboard.yaml", "    layers:\n", f"    layers:\n      - {text}\n")


@pytest.mark.parametrize(
    ("colours", "count"),
    [("colour: ink, ground: paper", 0), ("colour: paper, ground: ink", 1), ("colour: ink, ground: ink", 1)],
)
def test_a_code_that_readers_cannot_read_is_found(tmp_path: Path, cache: Path, colours: str, count: int) -> None:
    box = "box: {x: 0, y: 0, width: 300, height: 300}"
    found = findings(tmp_path, cache, layer(f"{{id: code, kind: qr, link: pay, {colours}, {box}}}"))
    assert [(one.error.code, one.severe) for one in found] == [("render.contrast", True)] * 5 * count
    assert all(one.error.place.file == "video/storyboard.yaml" and one.error.place.line for one in found)


@pytest.mark.parametrize(("fact", "count"), [("name", 0), ("days", 1)])
def test_words_to_mark_that_the_copy_does_not_say_are_found(tmp_path: Path, cache: Path, fact: str, count: int) -> None:
    words = f"highlights: [{{fact: {fact}, marker: paper}}], box: {{x: 0, y: 0, width: 900, height: 300}}"
    found = findings(tmp_path, cache, layer(f"{{id: marked, kind: paragraph, copy: [hello], style: plain, {words}}}"))
    assert [(one.error.code, one.severe) for one in found] == [("template.copy", False)] * 5 * count
