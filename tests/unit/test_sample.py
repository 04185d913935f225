"""Generated profiles: believable or not, each passes its contract, and the same arguments give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from renderer.errors import TemplateError
from renderer.preflight.sample import HARD_EVERY, SPARSE_EVERY, as_line, samples
from renderer.preflight.sample_draws import Draws
from renderer.preflight.sample_words import HARD_EMOJI, HARD_TEXTS
from renderer.profile.contract import Contract, load_contract
from renderer.profile.load import parse_record
from renderer.template.model import Template
from renderer.units import digest

TEXT = {"type": "string", "minLength": 1, "maxLength": 60, "x-sensitivity": "personal"}
KEY = {"type": "string", "maxLength": 20, "x-role": "recipient", "x-sensitivity": "personal"}


def contract(**properties: Mapping[str, Any]) -> Contract:
    """A contract of a key and ``properties``; those whose name ends in an underscore are optional."""
    return load_contract(
        json.dumps(
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", *(name for name in properties if not name.endswith("_"))],
                "properties": {"key": KEY, **properties},
            }
        ),
        "contract.json",
    )


def template(*locales: str, fonts: tuple[str, ...] = ("Some Sans",)) -> Template:
    """As much of a template as the generator looks at."""
    config = SimpleNamespace(locales=locales or ("en",), fonts=tuple(SimpleNamespace(family=name) for name in fonts))
    return cast(Template, SimpleNamespace(config=config))


def leaf(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "x-sensitivity": "public", **more}


def sample_hint(kind: str, **hint: Any) -> dict[str, Any]:
    return leaf(kind, **{"x-sample": hint})


WIDE = contract(
    name=TEXT,
    mail=leaf("string", format="email"),
    code=leaf("string", pattern="^[A-Z]{3}-[0-9]+$", maxLength=9),
    day=leaf("string", format="date"),
    size=leaf("number", minimum=-5, maximum=5, **{"x-decimals": 3}),
    step=leaf("integer", minimum=3, maximum=400, multipleOf=7),
    above=leaf("number", exclusiveMinimum=0, maximum=1),
    tone=leaf("string", enum=["low", "high"]),
    on=leaf("boolean", default=True),
    photo_=leaf("string", format="image"),
    tags_={"type": "array", "maxItems": 4, "items": TEXT},
    rows_={
        "type": "array",
        "minItems": 1,
        "maxItems": 3,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["amount"],
            "properties": {"amount": leaf("number"), "inner_": {"type": "array", "items": leaf("integer")}},
        },
    },
    part_={
        "type": "object",
        "additionalProperties": False,
        "required": ["deep"],
        "properties": {"deep": leaf("integer"), "maybe": TEXT},
    },
)


def test_a_contract_without_hints_is_enough() -> None:
    for record in samples(WIDE, template("it", "ar"), 120, seed=1):
        parse_record(as_line(record), WIDE)  # raises when the line does not pass


def test_the_same_arguments_give_the_same_bytes() -> None:
    lines = [as_line(record) for record in samples(WIDE, template("it", "ar", fonts=("Any Emoji",)), 40, seed=3)]
    assert lines == [as_line(r) for r in samples(WIDE, template("it", "ar", fonts=("Any Emoji",)), 40, seed=3)]
    # Written down, so that another Python, machine or order of work shows; a change on purpose changes it here.
    assert digest("\n".join(lines).encode())[:32] == "0da1d9ae9b9e6f2d1a519e64cd125e0d"


def test_a_longer_run_begins_like_a_shorter_one_and_another_seed_differs() -> None:
    short, long, other = (list(samples(WIDE, template(), n, seed=s)) for n, s in ((5, 1), (9, 1), (5, 2)))
    assert short == long[:5]
    assert short != other


def test_a_new_field_leaves_the_others_as_they_were() -> None:
    before = contract(name=TEXT, size=leaf("number"))
    after = contract(new=TEXT, name=TEXT, size=leaf("number"))
    for old, new in zip(samples(before, template(), 20, 1), samples(after, template(), 20, 1), strict=True):
        assert old == {key: value for key, value in new.items() if key != "new"}


def test_recipients_differ() -> None:
    assert len({record["key"] for record in samples(WIDE, template(), 300, seed=1)}) == 300


def test_one_record_in_twenty_has_only_what_is_required_and_one_has_everything() -> None:
    made = list(samples(WIDE, template(), SPARSE_EVERY, seed=1))
    sizes = [sum(key.endswith("_") for key in record) for record in made]
    assert sizes[2] == 0
    assert sizes[5] == 4


def test_hard_texts_come_at_the_stated_rate() -> None:
    two = contract(a=TEXT, b=TEXT, c=TEXT)
    hard = {text[:60].rstrip() for text in (*HARD_TEXTS, HARD_EMOJI)}
    made = list(samples(two, template(fonts=("Some Emoji",)), 400, seed=1))
    with_hard = [index for index, record in enumerate(made) if hard & set(record.values())]
    assert all(index % HARD_EVERY == HARD_EVERY - 1 for index in with_hard)
    assert len(with_hard) > 20  # of 40; a field is left as it was now and then
    assert any(HARD_EMOJI in record.values() for record in made)
    assert not any(HARD_EMOJI in record.values() for record in samples(two, template(), 400, seed=1))


def test_words_follow_the_record_s_language() -> None:
    spoken = contract(
        name={**TEXT, "x-sample": {"words": "full-name"}},
        locale=leaf("string", enum=["en", "ar"], **{"x-role": "locale"}),
    )
    for record in samples(spoken, template("en", "ar"), 9, seed=1):
        assert any("\u0600" <= letter <= "\u06ff" for letter in record["name"]) == (record["locale"] == "ar")


def test_expressions_make_values_fit_each_other() -> None:
    rows = {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["amount"],
            "properties": {"amount": leaf("number", **{"x-decimals": 2})},
        },
        "x-sample": {
            "step": 1,
            "rows": [
                {"repeat": "1 + draw * 5", "fields": {"amount": "(draw * 90) | round(2)"}},
                {"when": "draw < 0.5", "fields": {"amount": "((rows | sum(attribute='amount')) * -0.5) | round(2)"}},
            ],
        },
    }
    fitting = contract(
        total=sample_hint("number", step=2, expr="rows | length"),
        lines=rows,
        sum=sample_hint("number", step=2, expr="lines | sum(attribute='amount')"),
        day=sample_hint("string", date={"from": "2026-01-31", "months": "1", "snap": "last", "days": "1"})
        | {"format": "date"},
        late_=sample_hint("integer", when="sum > 100", present=1, step=3, expr="7"),
    )
    lengths = set()
    for record in samples(fitting, template(), 60, seed=5):
        amounts = [Decimal(line["amount"]) for line in record["lines"]]
        assert Decimal(record["sum"]) == sum(amounts)
        assert record["day"] == "2026-03-01"
        if "late_" in record:
            assert record["sum"] > 100
        lengths.add(len(amounts))
    assert len(lengths) > 3


def test_numbers_follow_range_shape_and_rare_values() -> None:
    spread = contract(
        n=sample_hint("number", between=[10, 1000], shape="log", decimals=1, rare=[{"chance": 0.2, "value": 0}]),
        c=sample_hint("string", values=["a", "b"], weights=[0.9, 0.1]),
    )
    made = list(samples(spread, template(), 400, seed=2))
    zero = sum(record["n"] == 0 for record in made)
    assert 50 < zero < 110
    usual = [record["n"] for record in made if record["n"]]
    assert all(10 <= n <= 1000 for n in usual)
    assert sum(n < 100 for n in usual) > 0.4 * len(usual)
    assert 15 < sum(record["c"] == "b" for record in made) < 70


@pytest.mark.parametrize(
    ("field", "says"),
    [
        (sample_hint("number", betwen=[1, 2]), "betwen"),
        (sample_hint("number", expr="nothing + 1"), "nothing"),
        (sample_hint("number", expr="1 / 0"), "zero"),
        (leaf("string", pattern="^(a|b)$"), "pattern"),
        (sample_hint("string", values=["Q1"]) | {"pattern": "^[a-z]+$"}, "does not pass"),
    ],
)
def test_a_wrong_hint_is_an_error_that_names_the_field(field: dict[str, Any], says: str) -> None:
    with pytest.raises(TemplateError, match=says) as caught:
        list(samples(contract(odd=field), template(), 3, seed=1))
    assert caught.value.place.field == "odd"
    assert caught.value.place.file == "contract.json"


@pytest.mark.parametrize("pattern", ["^[A-Z]{3}$", "^[A-Za-z0-9][A-Za-z0-9 ./-]*$", r"^IT\d{2}-[a-f0-9]{4,6}x?$"])
def test_plain_patterns_are_followed(pattern: str) -> None:
    coded = contract(code=leaf("string", pattern=pattern, minLength=3, maxLength=12))
    texts = {record["code"] for record in samples(coded, template(), 40, seed=1)}
    assert len(texts) > 30


def test_draws_depend_on_seed_record_and_name() -> None:
    assert len({Draws(seed, record).even(name) for seed in (1, 2) for record in (0, 1) for name in "ab"}) == 8
    assert Draws(1, 6).mask("x", "A-%%%-x") == "A-007-x"
