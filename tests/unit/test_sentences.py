"""Sentences: the quick way says what fluent.runtime says, in every locale, for every pattern."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.plan.build import Planner
from renderer.plan.model import Fact, Message, RenderPlan
from renderer.plan.sentences import Speaker
from renderer.profile.load import read_one
from renderer.template.copy import load_copy
from renderer.template.load import HOME
from renderer.template.model import FactRule
from renderer.template.release import Release
from tests.small_template import plan_of

FSI, PDI = "\u2068", "\u2069"


def by_runtime(bundle: FluentBundle, name: str, plan: RenderPlan, counts: dict[str, int]) -> str:
    pattern = bundle.get_message(name).value
    assert pattern is not None
    values: dict[str, Any] = {fact: value.text for fact, value in plan.facts.items()}
    text, errors = bundle.format_pattern(pattern, values | {f"{fact}_n": number for fact, number in counts.items()})
    assert not errors
    return str(text)


@pytest.mark.parametrize("locale", ["it", "en", "ar"])
@pytest.mark.parametrize(
    "sample", sorted((HOME / "energy-bill" / "samples").glob("*.json")), ids=lambda path: path.stem
)
def test_every_sentence_of_the_energy_bill_reads_as_fluent_runtime_reads_it(
    energy_bill: Planner, sample: Path, locale: str
) -> None:
    template = energy_bill.template
    profile = read_one(sample, template.contract)
    plan = energy_bill.plan(profile, locale=locale)
    if plan.suppression is not None:
        pytest.skip("nothing is said to who is suppressed")
    made = energy_bill.rules.decide(profile, plan.as_of, 0)
    speaker = energy_bill._speakers[locale]
    _, counts = energy_bill.facts.make(made.names, energy_bill._formats[locale], speaker.plain)
    book = template.copy[locale]
    assert len(plan.copy) > 100
    for name, message in plan.copy.items():
        assert message.text == by_runtime(book.bundle, name, plan, counts), name
    for name, sentence in book.sentences.items():
        able = set(sentence.facts) <= set(plan.facts) and set(sentence.counts) <= set(counts)
        assert (name in plan.copy) == (able and sentence.pattern is not None), name


WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="{}"), min_size=1, max_size=12)
PIECES = st.lists(
    st.one_of(WORDS.map(lambda words: f"x{words}"), st.sampled_from(["{ $a }", "{ $b }", '{ "lit{" }'])), min_size=1
)


@settings(max_examples=200, deadline=None)
@given(PIECES, st.text(max_size=30), st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_any_pattern_reads_as_fluent_runtime_reads_it(pieces: list[str], one: str, other: str) -> None:
    source = f"m = {''.join(pieces)}\n"
    bundle = FluentBundle(["en"], use_isolating=True)
    bundle.add_resource(FluentResource(source))
    if not bundle.has_message("m"):
        return
    texts = {"a": one[:2000], "b": other[:2000]}
    message = said(source, texts)["m"]
    pattern = bundle.get_message("m").value
    assert pattern is not None
    assert message.text == bundle.format_pattern(pattern, texts)[0]


def said(
    source: str, texts: dict[str, str], counts: dict[str, int] | None = None, locale: str = "en"
) -> dict[str, Message]:
    rules = {name: FactRule.model_validate({"value": "x", "as": "number", "decimals": 0}) for name in texts}
    book = load_copy(Release({f"copy/{locale}.ftl": source.encode("utf-8", "surrogatepass")}), (locale,), rules)[locale]
    facts: Any = {name: type("F", (), {"text": text})() for name, text in texts.items()}
    return Speaker(book, dict.fromkeys(texts, "personal")).say(facts, counts or {})


PLURAL = (
    "m = { $n_n ->\n"
    + "".join(f"  [{form}] {form}\n" for form in ("zero", "one", "two", "few", "many"))
    + " *[other] other\n}\n"
)


FORMS = {
    "ar": {0: "zero", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 99: "many", 100: "other", 103: "few"},
    "ro": {0: "few", 1: "one", 2: "few", 19: "few", 20: "other", 101: "few", 120: "other"},
    "en": {0: "other", 1: "one", 2: "other", -1: "one"},
}


@pytest.mark.parametrize(
    ("locale", "number", "form"), [(locale, *pair) for locale, forms in FORMS.items() for pair in forms.items()]
)
def test_plural_forms(locale: str, number: int, form: str) -> None:
    assert said(PLURAL, {"n": str(number)}, {"n": number}, locale)["m"].text == form


def test_a_text_longer_than_fluent_takes_goes_through_whole() -> None:
    long = "é" * 9_000
    source = "m = { $a } { $n_n ->\n [one] one\n *[other] many\n}\n"
    texts = {"a": long, "n": "5"}
    assert said(source, texts, {"n": 5})["m"].text == f"{FSI}{long}{PDI} {FSI}many{PDI}"


def test_facts_are_isolated_from_the_words_around_them(small: Planner) -> None:
    plan = plan_of(small, customer__name="{ $code } علي")
    assert plan.copy["hello"].text == f"Hello {FSI}{{ $code }} علي{PDI}!"
    assert plan.copy["alone"].text == "{ $code } علي"


def test_a_sentence_without_its_facts_is_left_out(small: Planner) -> None:
    with_all = plan_of(small, bill__note="n")
    without = plan_of(small, usage__last=None)
    assert {"change", "noted"} <= set(with_all.copy)
    assert not {"change", "noted"} & set(without.copy)
    assert {"hello", "due", "doc-title"} <= set(without.copy)


def test_a_sentence_is_as_sensitive_as_its_facts(small: Planner) -> None:
    copy = plan_of(small).copy
    assert (copy["doc-title"].sensitivity, copy["days"].sensitivity) == ("public", "public")
    assert (copy["due"].sensitivity, copy["due"].facts) == ("personal", ("due_date", "total"))
    rules = {name: FactRule.model_validate({"value": "x", "as": "text"}) for name in ("a", "b", "c")}
    book = load_copy(Release({"copy/en.ftl": b"m = { $a } { $b }\nn = { $a } { $c }\n"}), ("en",), rules)["en"]
    speaker = Speaker(book, {"a": "public", "b": "secret", "c": "personal"})
    facts: Any = {name: type("F", (), {"text": name})() for name in rules}
    assert {name: message.sensitivity for name, message in speaker.say(facts, {}).items()} == {
        "m": "secret",
        "n": "personal",
    }
    assert json.dumps(speaker.say(facts, {})["m"].text) == json.dumps(f"{FSI}a{PDI} {FSI}b{PDI}")


def test_a_spoken_sentence_has_its_figures_in_words(tmp_path: Path) -> None:
    fact = FactRule.model_validate({"value": "x", "as": "number", "decimals": 0})
    copy = (
        "a = You used { $kwh } of power.\n    .hint = unused\n"
        "b = Due by { $kwh }.\n    .spoken = It is due: { $kwh_n ->\n       *[other] { $kwh }\n    }, please.\n"
        "c = Hello!\nd = No voice { $kwh }.\n"
    )
    release = Release({"copy/en.ftl": copy.encode()})
    book = load_copy(release, ("en",), {"kwh": fact})["en"]
    speaker = Speaker(book, {"kwh": "personal"}, frozenset("abc"))
    kwh = Fact(id="kwh", kind="number", value=Decimal(21), text="21", spoken="twenty-one", sensitivity="personal")
    said = speaker.say({"kwh": kwh}, {"kwh": 21})
    assert {name: one.spoken for name, one in said.items()} == {
        "a": "You used twenty-one of power.",
        "b": "It is due: twenty-one, please.",
        "c": "Hello!",
        "d": None,
    }
    assert said["a"].text == f"You used {FSI}21{PDI} of power."
