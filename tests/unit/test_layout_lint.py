"""The lint: each construct that would let profile text run as code is found, with its line, and sound layouts pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.render.layout_lint import Reference, lint_layout, references
from tests.page_samples import BILLS


@pytest.mark.parametrize(
    ("layout", "says"),
    [
        ("<a title={{ facts.a.text }}>x</a>", "not in quotes"),
        ("<a title= {{ facts.a.text }}>x</a>", "not in quotes"),
        ("<a title=x{{ facts.a.text }}>x</a>", "not in quotes"),
        ('<a href="{{ facts.a.text }}">x</a>', "does not come from link() or asset()"),
        ('<a href="{{ x }}">x</a>', "does not come from link()"),
        ("<img src='{{ facts.a.value }}'>", "does not come from link()"),
        ('<a href="{% if a %}{{ link("x") }}{% else %}{{ x }}{% endif %}">', "does not come from link()"),
        ('<a href="{% if a %}#{% endif %}{{ x }}">', "does not come from link()"),
        ('<a href="javascript:{{ link("x") }}">', "does not come from link()"),
        ('<a href="https://example.com/">x</a>', "written into the layout"),
        ("<a href='javascript:alert(1)'>x</a>", "written into the layout"),
        ("<a href=//example.com>x</a>", "written into the layout"),
        ('<svg><use xlink:href="//example.com/x.svg"/></svg>', "written into the layout"),
        ('<video poster="http://example.com/x.jpg"></video>', "written into the layout"),
        ("{{ facts.a|safe }}", "'|safe'"),
        ("{{ facts.a|tojson }}", "filter 'tojson'"),
        ("{% filter upper %}x{% endfilter %}", "filter 'upper'"),
        ("{% autoescape false %}{{ facts.a }}{% endautoescape %}", "Escaping cannot be switched"),
        ('<p style="color: red">', "an inline style"),
        ("<p STYLE='x'>", "an inline style"),
        ('<p onclick="x()">', "would run a script"),
        ("<svg onload=x>", "would run a script"),
        ("<body\nonpageshow = 'x'>", "would run a script"),
        ("<script>x</script>", "<script>"),
        ("<SCRIPT src='x'></SCRIPT>", "<script>"),
        ("<style>p{}</style>", "<style>"),
        ("<iframe></iframe>", "<iframe>"),
        ("<base href='x'>", "<base>"),
        ("<svg><animate attributeName='href'/></svg>", "<animate>"),
        ("<meta http-equiv='refresh' content='0'>", "a header in a tag"),
        ("<iframe srcdoc='x'>", "a page in an attribute"),
        ("<{{ tag }}>", "right before an expression"),
        ("<a {{ attributes }}>", "where a tag's or an attribute's name belongs"),
        ("<a da{{ x }}ta='y'>", "where a tag's or an attribute's name belongs"),
        ("<h{{ level }}>", "where a tag's or an attribute's name belongs"),
        ("<!-- {{ x }} -->", "comment"),
        ("<a {% if x %}title='{% endif %}{{ y }}'>", "leave the page in different places"),
        ("{% for a in b %}<a title='{% endfor %}", "leave the page in different places"),
        ("<a title='", "ends inside a tag"),
        ("{% macro m() %}<a title='{% endmacro %}", "ends inside a tag"),
        ("<a title='{% include 'x.j2' %}'>", "included inside a tag"),
        ("{% include name %}", "literally"),
        ("{% set link = x %}", "a new meaning"),
        ("{% macro asset() %}{% endmacro %}", "a new meaning"),
        ("{% for facts in x %}{% endfor %}", "a new meaning"),
        ("{% set _x = 1 %}", "a new meaning"),
        ("{{ a.__class__ }}", "internal"),
        ("{{ a['__class__'] }}", "internal"),
        ("{{ self }}", "'self'"),
        ("<p title=\"{{ facts.a }}\">", "bring its <bdi> along"),
        ("<p title=\"{{ t('a') }}\">", "bring its <bdi> along"),
        ("{% if %}", "cannot be read"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_its_line(layout: str, says: str) -> None:
    found = lint_layout("microsite/x.j2", f"<p>one</p>\n\n{layout}")
    assert any(says in error.message for error in found), [error.message for error in found]
    assert {error.place.file for error in found} == {"microsite/x.j2"}
    assert (found[0].place.line or 0) >= 3 or says in ("ends inside a tag",)
    assert all(error.code in ("template.unsafe", "template.syntax") for error in found)


@pytest.mark.parametrize(
    "layout",
    [
        "<p class='a {{ b }}' title=\"{{ text('x') }} {{ facts.a.text }}\">{{ facts.a }}</p>",
        '<a href="{{ link("pay") }}">{{ t("x") }}</a><img src="{{ asset(facts.photo) }}" alt="">',
        '<a href="{{ link("a") if has("b") else link("c") }}#part">x</a>',
        '<a href="{% if a %}{{ link("a") }}{% else %}{{ link("b") }}{% endif %}">x</a>',
        '<a href="#part-{{ loop_index }}">x</a><svg><use href="#x"/></svg>',
        '<video poster="{{ film.poster }}"><source src="{{ film.src }}"></video><img src="{{ brand.logo }}" alt="a">',
        "<option {% if a %}selected {% endif %}value=x>1 < 2 & 3</option><br/>",
        "<!DOCTYPE html>\n<!-- a > b ' \" -->\n{# {{ x|safe }} #}<p>{{ x }}</p>",
        "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{% set x %}<i>{{ y }}</i>{% endset %}{{ m(x) }}",
        "{% import 'a.j2' as a %}{% from 'b.j2' import c as d %}{{ a.b() }}{{ d() }}",
        "{% with x = facts.a %}<p>{{ x }}</p>{% endwith %}{% for a, b in c %}<td>{{ a|e }}</td>{% endfor %}",
    ],
)
def test_a_sound_layout_passes(layout: str) -> None:
    assert lint_layout("x.j2", layout) == []


def test_every_fault_is_told_in_the_order_of_lines() -> None:
    found = lint_layout("x.j2", "{{ a|safe }}\n<p onclick=''>\n{{ b|attr('x') }}")
    assert [error.place.line for error in found] == [1, 2, 3]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>\"'=/ !-a{}%#on\n", max_size=60))
def test_the_lint_ends_well_for_any_text(source: str) -> None:
    for error in lint_layout("x.j2", source):
        assert error.code in ("template.unsafe", "template.syntax")


def test_references_are_listed_with_their_lines() -> None:
    source = (
        "{% include 'a.j2' %}\n{{ t('k') }}{{ text('k2') }}\n{{ facts.usage }}{{ facts['cost'] }}"
        "{% if 'x' in facts %}{% endif %}\n"
        "{% if has('block') %}{{ link('pay') }}{{ asset('media/a.svg') }}{% endif %}"
        "{{ chart('h') }}{{ bars(['p', 'q']) }}"
    )
    assert references("x.j2", source) == (
        Reference("layout", "a.j2", 1), Reference("copy", "k", 2), Reference("copy", "k2", 2),
        Reference("fact", "cost", 3),
        Reference("fact", "usage", 3), Reference("fact", "x", 3), Reference("asset", "media/a.svg", 4),
        Reference("block", "block", 4), Reference("fact", "h", 4), Reference("fact", "p", 4), Reference("fact", "q", 4),
        Reference("link", "pay", 4),
    )  # fmt: skip


@pytest.mark.parametrize("path", sorted(BILLS.glob("*/*.j2")), ids=lambda path: path.name)
def test_the_energy_bills_layouts_are_sound(path: Path) -> None:
    assert lint_layout(path.name, path.read_text("utf-8")) == []
