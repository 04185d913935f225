"""Decisions: first in order wins, defaults are always there, and every choice has its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.decide.decide import Rules
from renderer.decide.model import Decision, Decisions
from renderer.errors import ProfileError
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.units import canonical_json
from tests.small_template import CONTRACT, changed, load, profile_with

TOKEN = "zq8Kx91w"


def decide(planner: Planner | Rules, **changes: Any) -> Decisions:
    rules = planner if isinstance(planner, Rules) else planner.rules
    profile = parse_record(json.dumps(profile_with(**changes)), rules.scope.contract)
    as_of: Any = profile.data["as_of"]
    return rules.decide(profile, as_of, 0)


def decision(made: Decisions, name: str) -> Decision:
    return next(one for one in made.decisions if one.id == name)


def test_the_first_eligible_candidate_in_order_is_chosen(small: Planner) -> None:
    assert decide(small, bill__total=-5).scenes == ("opening", "credit")  # and closing is excluded by it
    assert decide(small, bill__total=1001).scenes == ("opening", "big", "closing")
    assert decide(small, bill__total=5).scenes == ("opening", "due-scene", "closing")


def test_blocks_may_be_skipped_and_defaults_fill_in(small: Planner) -> None:
    assert decide(small).blocks == ("down",)
    assert decide(small, usage__last=None).blocks == ("same",)
    assert decide(small, usage__last=248).blocks == ("same",)


def test_every_candidate_has_its_reason(small: Planner) -> None:
    amount = decision(decide(small, bill__total=5), "amount")
    assert (amount.chosen, amount.fallback) == (("due-scene",), True)
    assert [(c.id, c.eligible, c.reason) for c in amount.candidates] == [
        ("credit", False, "bill.total < 0 is false (bill.total = 5)"),
        ("big", False, "bill.total > 1000 is false (bill.total = 5)"),
        ("due-scene", True, "default: nothing before it holds"),
    ]
    closing = decision(decide(small, bill__total=-5), "closing")
    assert (closing.chosen, closing.candidates[0].reason) == ((), "excluded by credit")


def test_segments_can_be_used_further_down(small: Planner) -> None:
    made = decide(small, usage__kwh=1500)
    assert made.segments == ("high-user",)
    assert made.offers == {"main": "offer-saver"}
    assert decide(small).offers == {}
    assert decide(small, usage__kwh=1500, consent={"offers": False}).offers == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consent": {"post": False}}, "no-consent"),
        ({"bill__total": 0}, "nothing-due"),
        ({"bill__total": 0, "consent": {"post": False}}, "no-consent"),
    ],
)
def test_who_is_suppressed_gets_nothing_and_a_reason(small: Planner, changes: dict[str, Any], code: str) -> None:
    made = decide(small, **changes)
    assert made.suppression == code
    assert (made.segments, made.offers, made.scenes, made.blocks) == ((), {}, (), ())
    assert [one.kind for one in made.decisions] == ["suppression"]
    assert made.decisions[0].chosen == (code,)


def test_a_derived_value_whose_condition_fails_is_none(small: Planner) -> None:
    assert decide(small, usage__last=None).names["change"] is None
    assert decide(small, usage__last=0).names["change"] is None


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(-2000, 2000, places=2).map(float),
    st.integers(0, 3000),
    st.none() | st.integers(0, 3000),
    st.booleans(),
    st.booleans(),
)
def test_deciding_is_pure_complete_and_serialisable(
    small: Planner, total: float, kwh: int, last: int | None, offers: bool, post: bool
) -> None:
    changes = {
        "bill__total": total,
        "usage__kwh": kwh,
        "usage__last": last,
        "consent": {"offers": offers, "post": post},
    }
    made, again = decide(small, **changes), decide(small, **changes)
    assert made == again
    assert json.loads(canonical_json(made.decisions))
    if made.suppression is None:
        for choice in ("amount", "change-block"):
            chosen = decision(made, choice)
            assert len(chosen.chosen) == 1
            assert chosen.chosen[0] in [c.id for c in chosen.candidates if c.eligible]
        assert set(made.scenes) <= set(small.rules.ids("scene"))


def test_reasons_mask_secrets_also_through_derived_values(tmp_path: Path) -> None:
    rules = Rules(
        load(
            tmp_path,
            dict(changed("decisions.yaml", "code_length: {value: customer.code | length}",
                         "code_length: {value: customer.code | length}\n"
                         "  copied: {value: customer.code}\n"
                         "  chosen: {value: \"'x'\", when: copied is not none}"))
            | {"decisions.yaml": changed("decisions.yaml", "code_length: {value: customer.code | length}",
                         "code_length: {value: customer.code | length}\n"
                         "  copied: {value: customer.code}\n"
                         "  chosen: {value: \"'x'\", when: copied is not none}")["decisions.yaml"]
                .replace("when: bill.total > 1000}", "when: copied != 'a' and code_length > 3 and chosen == 'x'}")},
        )
    )  # fmt: skip
    made = decide(rules, customer__code=TOKEN)
    assert made.scenes == ("opening", "big", "closing")
    assert TOKEN not in canonical_json(made.decisions).decode()
    big = decision(made, "amount").candidates[1]
    assert set(big.values.values()) == {"(secret)"}


def test_long_numbers_are_shown_short_and_kept_exact(small: Planner) -> None:
    up = decision(decide(small, usage__last=7), "change-block").candidates[0]
    assert up.reason == "change is not none and change > 0 is true (change = 34.4286)"
    assert str(up.values["change"]).startswith("34.42857142857142857142857142857")


def test_times_and_lists_are_shown_in_words(tmp_path: Path) -> None:
    rules = Rules(
        load(tmp_path, {"decisions.yaml": changed("decisions.yaml", "when: bill.total > 1000",
             "when: bill.due - as_of == left and bill.lines | length > 0")["decisions.yaml"]
             .replace("derive:\n", "derive:\n  left: {value: bill.due - as_of}\n")})
    )  # fmt: skip
    big = decision(decide(rules), "amount").candidates[1]
    assert big.values["left"] == "21 days" and big.values["bill.lines"] == "(2 items)"
    assert json.loads(canonical_json(big))


def test_a_rule_that_fails_says_which_and_where(tmp_path: Path) -> None:
    rules = Rules(load(tmp_path, dict(changed("decisions.yaml", "when: bill.total > 1000", "when: usage.last > 1000"))))
    with pytest.raises(ProfileError) as caught:
        decide(rules, usage__last=None)
    assert caught.value.code == "decide.none"
    assert (caught.value.place.file, caught.value.place.line) == ("decisions.yaml", 21)


def test_ids_list_all_that_can_be_chosen(small: Planner) -> None:
    assert small.rules.ids("scene") == ("opening", "credit", "big", "due-scene", "closing")
    assert small.rules.ids("block") == ("photo-block", "up", "down", "same")
    assert "code" in CONTRACT["properties"]["customer"]["properties"]
