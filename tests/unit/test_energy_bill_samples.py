"""The samples of the energy bill: consistent to the cent, and together they reach all that its rules can choose."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from renderer.pipeline import open_template
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.preflight.sample import as_line, samples
from renderer.profile.load import parse_record, read_profiles
from renderer.profile.model import Profile
from renderer.template.model import ChoiceRule, NoneChoiceRule

FILES = sorted((Path(__file__).parents[2] / "templates/energy-bill/samples").glob("*.json"))


@pytest.fixture(scope="module")
def planner() -> Planner:
    return open_template("energy-bill")


@pytest.fixture(scope="module")
def profiles(planner: Planner) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for file in FILES:
        (profile,) = read_profiles(file, planner.template.contract)
        assert isinstance(profile, Profile), f"{file.name}: {profile}"
        found[file.stem] = profile
    return found


@pytest.fixture(scope="module")
def plans(planner: Planner, profiles: dict[str, Profile]) -> dict[str, RenderPlan]:
    return {name: planner.plan(profile) for name, profile in profiles.items()}


@pytest.fixture(scope="module")
def generated(planner: Planner) -> list[Profile]:
    contract = planner.template.contract
    made = samples(contract, planner.template, 150, seed=11)
    return [parse_record(as_line(record), contract, number) for number, record in enumerate(made, start=1)]


def test_there_are_enough_and_the_hard_ones_come_first() -> None:
    assert len(FILES) >= 12
    assert FILES[0].stem == "01-longest-name"


def test_the_longest_name_has_sixty_letters_and_the_shortest_one(profiles: dict[str, Profile]) -> None:
    names = {name: str(customer(profile)["name"]) for name, profile in profiles.items()}
    letters = {name: sum(letter.isalpha() for letter in text) for name, text in names.items()}
    assert letters["01-longest-name"] == 60
    assert names["02-one-letter-name"] == "O"
    assert max(letters.values()) == 60


def test_every_profile_has_its_own_key_and_speaks_every_locale(planner: Planner, profiles: dict[str, Profile]) -> None:
    assert len({profile.recipient for profile in profiles.values()}) == len(profiles)
    assert {customer(p)["locale"] for p in profiles.values()} == set(planner.template.config.locales)


def test_the_lines_sum_to_the_total_exactly(profiles: dict[str, Profile], generated: list[Profile]) -> None:
    for profile in (*profiles.values(), *generated):
        bill = part(profile, "bill")
        assert bill["total"] == sum(line["amount"] for line in bill["lines"]), profile.recipient
        for line in bill["lines"]:
            if line["unit_price"] is not None:
                exact = line["quantity_kwh"] * line["unit_price"]
                assert abs(line["amount"] - exact) <= Decimal("0.005"), profile.recipient


def test_dates_days_and_months_fit(profiles: dict[str, Profile], generated: list[Profile]) -> None:
    for profile in (*profiles.values(), *generated):
        bill, usage, as_of = part(profile, "bill"), part(profile, "usage"), profile.data["as_of"]
        assert isinstance(as_of, date)
        start, end = bill["period"]["start"], bill["period"]["end"]
        assert (end - start).days + 1 == usage["days"]
        assert end < bill["issued"] <= as_of < bill["due"]
        assert bill["debit_on"] is None or as_of < bill["debit_on"] <= bill["due"]
        assert end.day == calendar.monthrange(end.year, end.month)[1]
        history = usage["history"]
        if history:
            assert history[-1]["month"] == start.replace(day=1)
            assert history[-1]["kwh"] == usage["kwh"]
            numbers = [item["month"].year * 12 + item["month"].month for item in history]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        if len(history) == 13 and usage["last_year_kwh"] is not None:
            assert history[0]["kwh"] == usage["last_year_kwh"]
        if len(history) >= 2 and profile.data["previous"] is not None:
            assert history[-2]["kwh"] == part(profile, "previous")["kwh"]


@pytest.mark.parametrize("locale", ["it", "en", "ar"])
def test_no_sentence_stumbles_over_its_figures(planner: Planner, profiles: dict[str, Profile], locale: str) -> None:
    """A currency may end with a point (د.إ.), so a sentence must not end with an amount and then its own."""
    for name, profile in profiles.items():
        for key, message in planner.plan(profile, locale=locale).copy.items():
            text = re.sub("[\u2066-\u2069\u200e\u200f\u061c]", "", message.text)
            assert not re.search(r"\.\s*\.|،\s*،|\s[,.;:،؛](?:\s|$)|[{}¤]", text), (name, key, text)


def test_the_effects_sum_to_the_change(plans: dict[str, RenderPlan]) -> None:
    explained = [plan for plan in plans.values() if "bill_change" in plan.facts]
    assert len(explained) >= 8
    for plan in explained:
        effects = [plan.facts[f"{name}_effect"].value.amount for name in ("usage", "price", "other")]
        assert sum(effects) == plan.facts["bill_change"].value.amount


def test_every_scene_block_offer_segment_and_default_is_reached(planner: Planner, plans: dict[str, RenderPlan]) -> None:
    rules = planner.template.decisions
    reached = Counter(one for plan in plans.values() for decision in plan.decisions for one in decision.chosen)
    wanted = [*rules.segments, *all_ids(planner)]
    assert [name for name in wanted if not reached[name]] == []
    skipped = {
        d.id
        for plan in plans.values()
        for d in plan.decisions
        if d.kind in ("offer", "scene", "block") and not d.chosen
    }
    optional = {
        rule.maybe for rule in (*rules.offers, *rules.scenes, *rules.blocks) if isinstance(rule, NoneChoiceRule)
    }
    assert optional <= skipped, "what may be left out is left out for somebody"


def test_page_and_film_show_the_offer_that_was_chosen(
    planner: Planner, plans: dict[str, RenderPlan], generated: list[Profile]
) -> None:
    for plan in (*plans.values(), *map(planner.plan, generated)):
        if plan.suppression is not None:
            continue
        offer = plan.offers.get("main")
        shown = [one for one in plan.blocks if one.startswith("offer-")]
        scenes = [one for one in plan.scenes if one.startswith("scene-")]
        assert shown == ([f"{offer}-block"] if offer else [])
        assert scenes == [offer.replace("offer-", "scene-") if offer else "scene-tip"]
        assert ("offer_saving" in plan.facts) == (offer not in (None, "offer-app"))


AGAINST_LAST_YEAR = ("usage_change_abs", "last_year_kwh", "this_year_ratio", "last_year_ratio")
AGAINST_NEIGHBOURS = ("neighbours_kwh", "neighbour_gap_abs", "usage_ratio", "neighbours_ratio")
AGAINST_THE_BILL_BEFORE = ("previous_total", "bill_change", "usage_effect", "price_effect", "other_effect")
NEEDS = {
    "amount-debit": ("debit_date", "debit_day"),
    "closing-debit": ("debit_date", "debit_day"),
    "state-debit": ("debit_date", "debit_day"),
    "usage-up": AGAINST_LAST_YEAR,
    "usage-down": AGAINST_LAST_YEAR,
    "usage-steady": AGAINST_LAST_YEAR,
    "compare-up": AGAINST_LAST_YEAR,
    "compare-down": AGAINST_LAST_YEAR,
    "compare-steady": AGAINST_LAST_YEAR,
    "neighbours-above": AGAINST_NEIGHBOURS,
    "neighbours-below": AGAINST_NEIGHBOURS,
    "neighbours-above-block": AGAINST_NEIGHBOURS,
    "neighbours-below-block": AGAINST_NEIGHBOURS,
    "why-up": AGAINST_THE_BILL_BEFORE,
    "why-down": AGAINST_THE_BILL_BEFORE,
    "why-up-block": AGAINST_THE_BILL_BEFORE,
    "why-down-block": AGAINST_THE_BILL_BEFORE,
    "why-same-block": AGAINST_THE_BILL_BEFORE,
    "scene-solar": ("offer_saving",),
    "scene-ev": ("offer_saving",),
    "scene-heat-pump": ("offer_saving",),
    "offer-solar-block": ("offer_saving",),
    "offer-ev-block": ("offer_saving",),
    "offer-heat-pump-block": ("offer_saving",),
    "portrait": ("photo",),
    "note": ("note",),
    "green": ("green_share",),
    "history": ("usage_history",),
}
"""Facts that a chosen thing may place without asking."""


def test_whatever_is_chosen_has_the_facts_it_needs(
    planner: Planner, plans: dict[str, RenderPlan], generated: list[Profile]
) -> None:
    assert set(NEEDS) <= set(all_ids(planner))
    checked: Counter[str] = Counter()
    for plan in (*plans.values(), *map(planner.plan, generated)):
        for chosen in (*plan.scenes, *plan.blocks):
            lacking = [fact for fact in NEEDS.get(chosen, ()) if fact not in plan.facts]
            assert lacking == [], chosen
            checked[chosen] += 1
        if {"usage-up", "usage-down", "usage-steady"} & set(plan.scenes):
            history: Any = plan.facts["usage_history"].value
            assert len(history.points) >= 2
    assert set(NEEDS) <= set(checked)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"consent": {"service": False}}, "no-service-consent"), ({"bill": {"total": 0}}, "nothing-billed"), ({}, None)],
)
def test_who_gets_nothing_and_why(planner: Planner, change: dict[str, Any], code: str | None) -> None:
    record = next(samples(planner.template.contract, planner.template, 1, seed=4))
    for name, fields in change.items():
        record[name] = {**record.get(name, {}), **fields}
    plan = planner.plan(parse_record(as_line(record), planner.template.contract))
    assert plan.suppression == code


def test_generated_profiles_are_varied(planner: Planner, generated: list[Profile]) -> None:
    plans = [planner.plan(profile) for profile in generated]
    reached = {one for plan in plans for one in (*plan.scenes, *plan.blocks)}
    assert set(all_ids(planner)) - {*planner.rules.ids("offer")} <= reached
    totals = [plan.facts["total"].value.amount for plan in plans if plan.suppression is None]
    assert min(totals) < 0
    assert max(totals) > 2000


def customer(profile: Profile) -> dict[str, Any]:
    return part(profile, "customer")


def part(profile: Profile, name: str) -> dict[str, Any]:
    value: Any = profile.data[name]
    return dict(value)


def all_ids(planner: Planner) -> Iterator[str]:
    rules = planner.template.decisions
    for rule in (*rules.offers, *rules.scenes, *rules.blocks):
        if isinstance(rule, ChoiceRule | NoneChoiceRule):
            yield from (candidate.id for candidate in rule.from_)
            if isinstance(rule, ChoiceRule):
                yield rule.default
        else:
            yield rule.id
