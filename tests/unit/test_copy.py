"""Copy is held to what facts there are, in every locale alike, before anybody is planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import ErrorList
from tests.small_template import FILES, load


def problems(folder: Path, extra: str, locales: str = "en ar") -> list[tuple[str | None, str, str]]:
    """(file, code, message and hint) when sentences are added to the copy of some locales."""
    paths = {"en": "copy/en.ftl", "ar": "copy/ar/all.ftl"}
    with pytest.raises(ErrorList) as caught:
        load(folder, {paths[locale]: FILES[paths[locale]] + extra for locale in locales.split()})
    return [(e.place.file, e.code, f"{e.message} {e.hint or ''}") for e in caught.value.errors]


@pytest.mark.parametrize(
    ("extra", "code", "said"),
    [
        ("x = { $totl }\n", "template.reference", "unknown fact '$totl'. Did you mean '$total'?"),
        ("x = { NUMBER($total) }\n", "template.copy", "calls NUMBER()"),
        ("x = { DATETIME($due_date) }\n", "template.copy", "calls DATETIME()"),
        ("x = { FOO() }\n", "template.copy", "calls FOO()"),
        ("x = { $days_n }\n", "template.copy", "prints '$days_n'"),
        ("x = { $name_n ->\n *[other] a\n}\n", "template.copy", "not shown as a whole number"),
        ("x = { $due_date_n ->\n *[other] a\n}\n", "template.copy", "not shown as a whole number"),
        ("x = { $months }\n", "template.copy", "which has no text"),
        ("x = { $photo }\n", "template.copy", "which has no text"),
        ("x = { helo }\n", "template.reference", "refers to 'helo', which is not there. Did you mean 'hello'?"),
        ("x = { hello.title }\n", "template.reference", "'hello.title'"),
        ("x = { -brand }\n", "template.reference", "'-brand'"),
        ("x =\n .title = only an attribute\ny = { x }\n", "template.reference", "refers to 'x'"),
        ("x = { y }\ny = { x }\n", "template.copy", "refers to itself"),
        ("-x = { -x }\n", "template.copy", "refers to itself"),
        ("-x = { $name }\ny = { -x }\n", "template.copy", "a term sees no facts"),
        ("-x = { $case }\ny = { -x(case: \"a\") }\n", "template.copy", "a term sees no facts"),
        ("-x = { $days_n ->\n *[other] a\n}\n", "template.copy", "a term sees no facts"),
        ("hello = Again\n", "template.duplicate", "'hello' stands twice"),
        ("x = {\n", "template.syntax", "not valid Fluent"),
        ("x = { $a ->\n [one] 1\n}\n", "template.syntax", "not valid Fluent"),
    ],
)  # fmt: skip
def test_faults_of_sentences(tmp_path: Path, extra: str, code: str, said: str) -> None:
    found = problems(tmp_path, extra)
    assert any(of == code and said.replace("'$total'", "'total'") in text for _, of, text in found), found
    assert {file for file, _, _ in found} == {"copy/en.ftl", "copy/ar/all.ftl"}


def test_a_term_may_choose_its_form_by_a_parameter(tmp_path: Path) -> None:
    extra = '-firm = { $case ->\n *[a] Brezza\n  [b] Brezza’s\n}\nx = { -firm(case: "b") } { $name }\n'
    paths = ("copy/en.ftl", "copy/ar/all.ftl")
    template = load(tmp_path, {path: FILES[path] + extra for path in paths})
    assert template.copy["en"].sentences["x"].facts == ("name",)


def test_a_sentence_needs_the_facts_of_those_it_refers_to(tmp_path: Path) -> None:
    paths = ("copy/en.ftl", "copy/ar/all.ftl")
    template = load(tmp_path, {path: FILES[path] + "both = { due } { days }\n" for path in paths})
    both = template.copy["en"].sentences["both"]
    assert (both.facts, both.counts) == (("days", "due_date", "total"), ("days",))


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "The locale 'ar' has no sentence 'x'."), ("ar", "The reference locale 'en' has no sentence 'x'.")],
)
def test_locales_have_the_same_sentences(tmp_path: Path, locale: str, said: str) -> None:
    assert any(said in text for _, _, text in problems(tmp_path, "x = y\n", locale))


def test_each_locale_needs_copy(tmp_path: Path) -> None:
    with pytest.raises(ErrorList, match="locale 'ar' has no copy"):
        load(tmp_path, {"copy/ar/all.ftl": None})


def test_a_fault_names_the_line_of_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(ErrorList) as caught:
        load(tmp_path, {"copy/en.ftl": FILES["copy/en.ftl"].replace("alone = { $name }", "alone = { $nam }")})
    place = caught.value.errors[0].place
    assert (place.file, place.line) == ("copy/en.ftl", FILES["copy/en.ftl"].split("\n").index("alone = { $name }") + 1)


def test_a_locale_is_one_file_or_the_files_of_one_folder(tmp_path: Path) -> None:
    lines = FILES["copy/ar/all.ftl"].splitlines(keepends=True)
    parts: dict[str, str | None] = {
        "copy/ar/all.ftl": None,
        "copy/ar/1.ftl": lines[0],
        "copy/ar/2.ftl": "".join(lines[1:]),
        "copy/ar/notes.txt": "not read as Fluent {",
    }
    assert set(load(tmp_path, parts).copy["ar"].sentences) == set(load(tmp_path / "x").copy["ar"].sentences)
