"""Layouts: profile text stays text, template code stays inside, and neither can run for ever."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import DearlyError, ErrorList, ProfileError, RenderError, TemplateError
from renderer.render.layout import brand_css, page
from renderer.render.layout_views import isolated, plain_text
from renderer.render.sandbox import Budget, LayoutEnvironment
from tests.page_samples import small_job, small_template

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{7*7}}",
    "{% raw %}",
    "</title><script>",
    "javascript:alert(1)",
    "\u202eevil\u202c",
    "]]>",
    "&lt;b&gt;",
    "😀‍🔥",
    "a\u2069b\u2068c",
]
PAGE = "<p title=\"{{ text('hello') }}\">{{ t('hello') }}</p><p>{{ facts.who }}</p>"


class Elements(HTMLParser):
    """What a browser's parser would make of a page: tags and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def made(layout: str, who: str = "Ada", files: Mapping[str, str] | None = None) -> str:
    return page(small_job(layout, who=who, files=files), "microsite/index.html.j2")


def failure(layout: str, who: str = "Ada") -> DearlyError:
    with pytest.raises(DearlyError) as caught:
        made(layout, who)
    return caught.value


# ---------------------------------------------------------------- what layouts see


def test_facts_and_sentences_are_isolated_and_escaped() -> None:
    html = made(PAGE, "Ada & <Co>")
    assert '<p title="Hello Ada &amp; &lt;Co&gt;, welcome.">' in html
    assert "Hello <bdi>Ada &amp; &lt;Co&gt;</bdi>, welcome." in html
    assert "<p><bdi>Ada &amp; &lt;Co&gt;</bdi></p>" in html


def test_tables_give_their_cells_and_absent_ones_are_empty() -> None:
    row = "[{{ row.name }}|{{ row.kwh }}|{% if row.kwh %}yes{% endif %}]"
    layout = f"{{% for row in facts.months.rows %}}{row}{{% endfor %}}"
    assert made(layout) == "[<bdi>May</bdi>|<bdi>3</bdi>|yes][<bdi>June</bdi>||]"


def test_a_layout_can_ask_what_there_is() -> None:
    layout = (
        "{% if 'count' in facts %}count{% endif %}{% if 'who' in facts %}who{% endif %}"
        "{% if has('first') %} first{% endif %}{% if has('counted') %} counted{% endif %}"
        "{% for block in blocks %} {{ block }}{% endfor %} {% if 'pay' in links %}{{ link('pay') }}{% endif %}"
    )
    assert made(layout) == "who first first https://brezza.example/pay/Ada"


def test_what_is_not_there_is_an_error_with_its_place() -> None:
    error = failure("<p>\n{{ facts.count }}</p>")
    assert (error.code, error.place.file, error.place.line) == ("render.layout", "microsite/index.html.j2", 2)
    assert "'count'" in error.message
    assert failure("{{ t('counted') }}").code == "render.layout"
    assert failure("{{ link('nowhere') }}").code == "render.layout"
    assert failure("{{ nonsense }}").code == "render.layout"


def test_numbers_lists_and_nothing_are_not_printed() -> None:
    same = "{{ facts.months.rows[0].name.value == 'May' }}"
    for layout in ("{{ blocks }}", same, "{{ facts.who.ratio }}", "{{ 1 / 3 }}"):
        assert "cannot print" in failure(layout).message


def test_right_to_left_pages_say_so() -> None:
    job = small_job('<html lang="{{ locale }}" dir="{{ dir }}">{{ as_of }}</html>', direction="rtl")
    assert page(job, "microsite/index.html.j2") == '<html lang="en" dir="rtl">2026-11-01</html>'


def test_short_figures_may_be_kept_on_one_line() -> None:
    assert isolated("Used \u2068412 kWh\u2069 now") == 'Used <bdi class="kept">412 kWh</bdi> now'
    assert isolated("\u2068Ada B\u2069") == "<bdi>Ada B</bdi>"


def test_brand_tokens_become_css() -> None:
    css = brand_css(small_template("x"), dark=True)
    assert css.startswith(":root{--colour-ink:#10262E;--colour-accent:#0B6E69;--gap:1.5rem;}")
    assert "@media screen and (prefers-color-scheme:dark){:root{--colour-ink:#EAF2F1;}}" in css
    assert "dark" not in brand_css(small_template("x"))


# ---------------------------------------------------------------- hostile profiles


@pytest.mark.parametrize("who", HOSTILE)
def test_hostile_text_is_inert(who: str) -> None:
    try:
        found = Elements(made(PAGE, who))
    except (ProfileError, ErrorList):  # refused before it came here: controls that turn the direction of text
        assert re.search("[\u202a-\u202e\u2066-\u2069]", who)
        return
    assert found.tags == ["p", "bdi", "p", "bdi"]
    assert found.attributes == {"title"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_a_tag_or_an_open_isolate(text: str) -> None:
    html = isolated(f"a \u2068{text}\u2069 b")
    assert set(Elements(html).tags) <= {"bdi"}
    assert html.count("<bdi") == html.count("</bdi>")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html + plain_text(text))


def test_an_address_is_checked_again() -> None:
    who = 'x" onclick="alert(1)'
    html = made("<a href=\"{{ link('pay') }}\">pay</a>", who)
    assert Elements(html).attributes == {"href"}
    assert "onclick=" not in html


def test_errors_do_not_repeat_values() -> None:
    for layout in ("{{ facts.who.text + 1 }}", "{{ facts[facts.who.text] }}", "{{ {}[facts.who.text] }}"):
        assert "Zebedee" not in str(failure(layout, "Zebedee"))


# ---------------------------------------------------------------- hostile templates


@pytest.mark.parametrize(
    "layout",
    [
        "{{ ''.__class__.__mro__ }}", "{{ facts.__class__ }}", "{{ facts['__class__'] }}", "{{ link.__globals__ }}",
        "{{ facts.who.fact }}", "{{ facts.who._text }}", "{{ cycler }}", "{{ lipsum() }}", "{{ namespace(a=1) }}",
        "{{ joiner }}", "{{ dict }}", "{{ self }}", "{{ '{0.__class__}'.format(facts) }}", "{{ 'a'.upper() }}",
        "{{ facts.who.text.encode() }}", "{{ [1].append(2) }}", "{{ t.__call__ }}",
        "{{ blocks|map(attribute='__class__')|list }}",
        "{{ facts.who|attr('text') }}", "{{ facts.who|safe }}", "{{ facts.who|tojson }}", "{{ 'x'|center(99999999) }}",
        "{{ '%99999999s'|format('x') }}", "{{ '%99999999s' % 'x' }}", "{{ 'a' * 200000000 }}", "{{ [0] * 99999999 }}",
        "{{ 9 ** 9 }}", "{{ (9 * 10) ** 2 }}", "{{ 999999999 * 999999999 * 9999 }}", "{{ range(1000000)|list|length }}",
        "{% autoescape false %}{{ facts.who }}{% endautoescape %}", "{% include '/etc/passwd' %}",
        "{% include '../template.yaml' %}", "{% include 'template.yaml' %}", "{% include facts.who.text %}",
        "{% extends 'contract.json' %}", "{% set link = t %}", "{% macro facts() %}{% endmacro %}",
        "{% for text in [1] %}{% endfor %}", "{% import 'microsite/index.html.j2' as link %}",
        "{{ print }}", "{{ (1).real }}",
    ],
)  # fmt: skip
def test_a_layout_cannot_reach_out_or_grow(layout: str) -> None:
    assert failure(layout).code in ("template.unsafe", "template.syntax", "render.layout", "render.limit")


@pytest.mark.parametrize(
    "layout",
    [
        "{% for a in range(900) %}{% for b in range(900) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(900) %}{% for b in range(900) %}" + "words " * 50 + "{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = 'xxxxxxxx' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
        "{% set a = 'xxxxxxxx' %}" + "{% set b %}{{ a }}{{ a }}{% endset %}{% set a = b %}" * 40 + "{{ a }}",
        "{% set a = 'xxxxxxxx' %}" + "{% set a = [a, a, a]|join(a) %}" * 40 + "{{ a }}",
        "{% include 'microsite/index.html.j2' %}",
        "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
    ],
)
def test_a_layout_cannot_run_for_ever(layout: str) -> None:
    started = time.process_time()  # not the clock's: other tests run on this machine
    assert failure(layout).code == "render.limit"
    assert time.process_time() - started < 15


def test_nested_lists_cannot_be_printed_into_an_explosion() -> None:
    assert "cannot print" in failure("{% set a = ['x'] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}").message


def test_time_has_an_end_of_its_own() -> None:
    environment = LayoutEnvironment({"a.j2": "{% for a in range(1000) %}{% endfor %}"}, lambda *_: None)
    with pytest.raises(RenderError, match="took too long"):
        list(environment.pieces("a.j2", {}, Budget(deadline_s=time.monotonic() - 1)))


def test_layouts_may_share_macros_within_the_release() -> None:
    shared = {"microsite/parts.html.j2": "{% macro card(x) %}<b>{{ x }}</b>{% endmacro %}"}
    layout = "{% import 'microsite/parts.html.j2' as parts %}{{ parts.card(facts.who) }}"
    assert made(layout, "<i>", shared) == "<b><bdi>&lt;i&gt;</bdi></b>"


def test_broken_syntax_has_file_and_line() -> None:
    error = failure("<p>\n{% if %}</p>")
    assert isinstance(error, TemplateError)
    assert (error.code, error.place.file, error.place.line) == ("template.syntax", "microsite/index.html.j2", 2)
