"""The samples of the loyalty year: exact, each with its own story, and together they reach all that can be chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from renderer.pipeline import open_template
from renderer.plan.build import Planner
from renderer.plan.model import Fact, RenderPlan
from renderer.preflight.sample import as_line, samples
from renderer.profile.load import parse_record, read_profiles
from renderer.profile.model import Profile
from renderer.template.model import ChoiceRule, NoneChoiceRule

FILES = sorted((Path(__file__).parents[2] / "templates/loyalty-year/samples").glob("*.json"))
STORIES = ("big-spender", "newcomer", "slipping", "long-gone", "regular", "listener")


@pytest.fixture(scope="module")
def planner() -> Planner:
    return open_template("loyalty-year")


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
def generated(planner: Planner) -> list[RenderPlan]:
    contract = planner.template.contract
    made = samples(contract, planner.template, 120, seed=11)
    return [
        planner.plan(parse_record(as_line(record), contract, number)) for number, record in enumerate(made, start=1)
    ]


def test_there_are_enough_and_the_hard_ones_come_first(profiles: dict[str, Profile]) -> None:
    assert len(FILES) >= 12
    assert FILES[0].stem == "01-longest-name"
    names = {name: part(profile, "customer")["name"] for name, profile in profiles.items()}
    assert max(names.values(), key=len) == names["01-longest-name"]
    assert len(names["02-one-letter-name"]) == 1
    assert set("țșă") <= set(names["03-romanian-name"])
    assert "œ" in names["04-french-name"]
    assert ord(part(profiles["05-emoji-name"], "customer")["given_name"][-1]) > 0xFFFF


def test_every_profile_has_its_own_key_and_every_locale_speaks_thrice(
    planner: Planner, profiles: dict[str, Profile]
) -> None:
    assert len({profile.recipient for profile in profiles.values()}) == len(profiles)
    spoken = Counter(part(profile, "customer")["locale"] for profile in profiles.values())
    assert set(spoken) == set(planner.template.config.locales)
    assert min(spoken.values()) >= 3


def test_every_figure_is_the_sum_of_the_orders(profiles: dict[str, Profile]) -> None:
    for name, profile in profiles.items():
        orders = list_of(profile, "orders")
        year, this_year, totals = part(profile, "year"), part(profile, "this_year"), part(profile, "totals")
        within = [order for order in orders if year["start"] <= order["date"] <= year["end"]]
        for sums, made_of in ((totals, orders), (this_year, within)):
            assert sums["orders"] == len(made_of), name
            assert sums["units"] == sum(order["units"] for order in made_of), name
            assert sums["spent"] == sum(order["amount"] for order in made_of), name
        months = this_year["months"]
        assert [month["month"].day for month in months] == [1] * 12
        assert (months[0]["month"], months[-1]["month"]) == (year["start"], year["end"].replace(day=1))
        assert sum(month["units"] for month in months) == this_year["units"], name
        assert sum(month["spent"] for month in months) == this_year["spent"], name
        assert [order["date"] for order in orders] == sorted(order["date"] for order in orders), name
        assert part(profile, "first_order") == orders[0]
        assert part(profile, "last_order") == orders[-1]
        assert part(profile, "points") == {"earned": this_year["spent"] // 1, "balance": totals["spent"] // 1}
        assert year["end"] + timedelta(days=1) == profile.data["as_of"]


def test_everybody_is_told_what_was_made_up(profiles: dict[str, Profile], plans: dict[str, RenderPlan]) -> None:
    fields = {"name": "name", "given-name": "given_name", "locale": "locale", "birthday": "birthday"}
    for name, profile in profiles.items():
        told = set(list_of(profile, "generated"))
        there = {label for label, field in fields.items() if part(profile, "customer")[field] is not None}
        assert told == there | {"consent"}, name
        assert "generated-note" in plans[name].blocks
        shown: Any = plans[name].facts["generated_fields"].value
        assert len(shown.rows) == len(told)


@pytest.mark.parametrize(
    ("name", "story", "gift"),
    [
        ("03-romanian-name", "regular", "offer-points"),
        ("06-nothing-paid", "long-gone", "offer-win-back"),
        ("07-biggest-spender", "big-spender", "offer-thank-you"),
        ("10-regular", "regular", "offer-points"),
        ("11-slipping", "slipping", "offer-win-back"),
        ("12-quiet-year", "slipping", "offer-win-back"),
        ("13-newcomer", "newcomer", "offer-points"),
        ("14-listener", "listener", "offer-points"),
        ("15-birthday", "regular", "offer-birthday"),
        ("16-no-consent", "big-spender", None),
        ("17-came-once", "long-gone", "offer-win-back"),
    ],
)
def test_different_customers_get_different_stories(
    plans: dict[str, RenderPlan], name: str, story: str, gift: str | None
) -> None:
    assert f"story-{story}" in plans[name].scenes
    assert plans[name].offers.get("gift") == gift


def test_everybody_has_one_story_and_it_is_the_same_everywhere(
    plans: dict[str, RenderPlan], generated: list[RenderPlan]
) -> None:
    for plan in (*plans.values(), *generated):
        assert plan.suppression is None
        (story,) = set(plan.segments) & set(STORIES)
        assert [scene for scene in plan.scenes if scene.startswith("story-")] == [f"story-{story}"]
        assert plan.blocks[0] == f"{story}-block"
        assert 5 <= len(plan.scenes) <= 6


def test_page_and_film_give_the_gift_that_was_chosen(plans: dict[str, RenderPlan], generated: list[RenderPlan]) -> None:
    worth = {
        "birthday": "gift_amount",
        "win-back": "gift_discount",
        "thank-you": "gift_amount",
        "points": "gift_points",
    }
    for plan in (*plans.values(), *generated):
        gift = plan.offers.get("gift", "offer-none").removeprefix("offer-")
        assert [one for one in plan.scenes if one.startswith("gift-")] == [f"gift-{gift}"]
        assert [one for one in plan.blocks if one.startswith("gift-")] == [f"gift-{gift}-block"]
        there = {fact for fact in ("gift_amount", "gift_discount", "gift_points", "gift_until") if fact in plan.facts}
        assert there == ({worth[gift], "gift_until"} if gift != "none" else set())


def test_every_scene_block_offer_segment_and_default_is_reached(planner: Planner, plans: dict[str, RenderPlan]) -> None:
    rules = planner.template.decisions
    reached = Counter(one for plan in plans.values() for decision in plan.decisions for one in decision.chosen)
    assert [name for name in (*rules.segments, *all_ids(planner)) if not reached[name]] == []
    skipped = {d.id for plan in plans.values() for d in plan.decisions if not d.chosen}
    optional = {rule.maybe for rule in (*rules.offers, *rules.scenes) if isinstance(rule, NoneChoiceRule)}
    assert optional <= skipped, "what may be left out is left out for somebody"


RANKED = ("rank_share", "rank_top")
BEST = ("best_month", "best_month_units")
BIGGEST = ("biggest_date", "biggest_units", "biggest_amount")
NEEDS = {
    "story-big-spender": RANKED,
    "months": ("year_months", *BEST),
    "rank": RANKED,
    "best-month": BEST,
    "best-order": BIGGEST,
    "gift-birthday": ("birthday", "gift_amount"),
    "big-spender-block": RANKED,
    "months-block": ("year_months", "month_rows"),
    "best-month-block": BEST,
    "best-order-block": BIGGEST,
    "rank-block": RANKED,
    "rhythm-block": ("gap_days", "gap_ratio", "since_ratio"),
    "orders-block": ("recent_orders",),
    "gift-birthday-block": ("birthday", "gift_amount"),
    "generated-note": ("generated_fields",),
}
"""Facts that a chosen thing may place without asking; each beyond those that everybody has."""
ALWAYS = (
    *("given_name", "customer_name", "year_start", "year_end", "year_from", "year_to", "year_orders", "year_units"),
    *("year_spent", "active_months", "total_orders", "total_units", "first_date", "first_month", "first_units"),
    *("last_date", "last_month", "last_units", "days_since", "months_since", "points_earned", "points_balance"),
)


def test_whatever_is_chosen_has_the_facts_it_needs(
    planner: Planner, plans: dict[str, RenderPlan], generated: list[RenderPlan]
) -> None:
    assert set(NEEDS) <= set(all_ids(planner))
    for plan in (*plans.values(), *generated):
        assert [fact for fact in ALWAYS if fact not in plan.facts] == []
        for chosen in (*plan.scenes, *plan.blocks):
            assert [fact for fact in NEEDS.get(chosen, ()) if fact not in plan.facts] == [], chosen


def test_nothing_is_said_of_an_amount_of_zero(plans: dict[str, RenderPlan]) -> None:
    plan = plans["06-nothing-paid"]
    assert "total_spent" not in plan.facts
    assert "points-block" not in plan.blocks


def test_a_long_history_shows_its_latest_orders_and_counts_the_rest(plans: dict[str, RenderPlan]) -> None:
    facts = plans["08-most-orders"].facts
    table: Any = facts["recent_orders"].value
    dates = [row["date"].value for row in table.rows]
    assert 12 <= len(dates) <= 16
    assert dates == sorted(dates, reverse=True)
    assert number(facts["older_orders"]) == number(facts["total_orders"]) - len(dates)
    assert "older_orders" not in plans["13-newcomer"].facts


@pytest.mark.parametrize(
    ("share", "shown", "top"),
    [("0.9001", "90", "10"), ("0.93", "92", "8"), ("0.99", "98", "2"), ("0.9901", "99", "1"), ("1", "99", "1")],
)
def test_a_rank_never_says_more_than_is_true(planner: Planner, share: str, shown: str, top: str) -> None:
    facts = planned(planner, rank_percent=Decimal(share)).facts
    assert (number(facts["rank_share"]) * 100, number(facts["rank_top"]) * 100) == (Decimal(shown), Decimal(top))


def test_below_the_top_tenth_no_rank_is_told(planner: Planner) -> None:
    plan = planned(planner, rank_percent=Decimal("0.9"))
    assert "rank_share" not in plan.facts
    assert not {"rank", "rank-block"} & {*plan.scenes, *plan.blocks}


@pytest.mark.parametrize(
    ("as_of", "birthday", "soon"),
    [
        ("1998-07-01", "1960-07-01", True),
        ("1998-07-01", "1960-07-31", True),
        ("1998-07-01", "1960-08-01", False),
        ("1998-07-01", "1960-06-30", False),
        ("1998-12-20", "1960-01-19", True),
        ("1998-12-20", "1960-01-20", False),
        ("1998-12-20", "1960-12-19", False),
        ("1998-02-10", "1960-02-29", True),
        ("1998-07-01", None, False),
    ],
)
def test_a_birthday_within_thirty_days_across_new_year_too(
    planner: Planner, as_of: str, birthday: str | None, soon: bool
) -> None:
    plan = planned(planner, customer={"birthday": birthday}, as_of=date.fromisoformat(as_of))
    assert (plan.offers["gift"] == "offer-birthday") is soon


@pytest.mark.parametrize(
    ("silence", "story"), [(0, "listener"), (60, "listener"), (61, "slipping"), (180, "slipping"), (181, "slipping")]
)
def test_a_habit_is_slipping_by_its_own_rhythm(planner: Planner, silence: int, story: str) -> None:
    """Twenty days between orders: sixty days of silence are little, sixty-one are much."""
    assert story in planned(planner, gap_days=20, silence=silence).segments
    slow = planned(planner, gap_days=90, silence=silence).segments
    assert ("slipping" in slow) == (silence > 180)


def test_nobody_without_orders_is_sent_anything(planner: Planner) -> None:
    nothing = {"orders": 0, "units": 0, "spent": 0}
    plan = planned(planner, orders=[], totals=nothing, first_order=None, last_order=None)
    assert plan.suppression == "no-orders"


def test_generated_profiles_tell_every_story(generated: list[RenderPlan]) -> None:
    assert set(STORIES) <= {segment for plan in generated for segment in plan.segments}


def planned(planner: Planner, *, silence: int = 10, as_of: date = date(1998, 7, 1), **changes: Any) -> RenderPlan:
    """The plan of a made-up customer with three orders this year, in the top half, last seen ``silence`` days ago."""
    last = date(1998, 7, 1) - timedelta(days=silence)
    orders = [{"date": (last - timedelta(days=days)).isoformat(), "units": 2, "amount": 20} for days in (40, 20, 0)]
    months = [{"month": f"199{7 + at // 12}-{at % 12 + 1:02}-01", "units": 0, "spent": 0} for at in range(6, 18)]
    months[0] |= {"units": 6, "spent": 60}
    record: dict[str, Any] = {
        "customer": {"id": "1", "name": "Ada Bell", "locale": "en"},
        "as_of": "1998-07-01",
        "year": {"start": "1997-07-01", "end": "1998-06-30"},
        "orders": orders,
        "totals": {"orders": 3, "units": 6, "spent": 60},
        "this_year": {"orders": 3, "units": 6, "spent": 60, "months": months, "best_month": months[0]},
        "points": {"earned": 60, "balance": 60},
        "rank_percent": Decimal("0.8"),
    }
    for name, change in changes.items():
        record[name] = {**record.get(name, {}), **change} if isinstance(change, dict) else change
    given = {name: without_none(value) for name, value in record.items() if value is not None}
    return planner.plan(parse_record(as_line(given), planner.template.contract), as_of=as_of)


def without_none(value: Any) -> Any:
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def part(profile: Profile, name: str) -> dict[str, Any]:
    value: Any = profile.data[name]
    return dict(value)


def number(fact: Fact) -> Decimal:
    assert isinstance(fact.value, Decimal)
    return fact.value


def list_of(profile: Profile, name: str) -> list[Any]:
    value: Any = profile.data[name]
    return list(value)


def all_ids(planner: Planner) -> Iterator[str]:
    rules = planner.template.decisions
    for rule in (*rules.offers, *rules.scenes, *rules.blocks):
        if isinstance(rule, ChoiceRule | NoneChoiceRule):
            yield from (candidate.id for candidate in rule.from_)
            if isinstance(rule, ChoiceRule):
                yield rule.default
        else:
            yield rule.id
