"""The plan: everything personal in one frozen value, same inputs, same bytes, nothing secret where it shows."""

from __future__ import annotations

import base64
import decimal
import io
import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from renderer.errors import ErrorList, ProfileError, UsageError
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.plan.read import read_plan
from renderer.preflight.sample import as_line, samples
from renderer.profile.load import parse_record
from renderer.profile.texts import text_fault
from renderer.units import canonical_json, digest
from tests.small_template import changed, load, plan_of, profile_with

TOKEN = "zq8Kx91w"


def planned(planner: Planner, record: dict[str, Any], **options: Any) -> RenderPlan:
    return planner.plan(parse_record(json.dumps(record), planner.template.contract, 3), **options)


# ---------------------------------------------------------------- bytes


def test_a_plan_reads_back_equal(small: Planner, energy_bill: Planner) -> None:
    contract = energy_bill.template.contract
    records = [parse_record(as_line(record), contract) for record in samples(contract, energy_bill.template, 12, 7)]
    plans = [energy_bill.plan(record) for record in records]
    assert len({plan.digest for plan in plans}) == 12
    for plan in [*plans, plan_of(small), plan_of(small, locale="ar", bill__total=0)]:
        again = read_plan(plan.data)
        assert (again.data, again.digest) == (plan.data, plan.digest)
        assert canonical_json(json.loads(plan.data)) == plan.data
        assert plan.digest == digest(plan.data)


def test_a_plan_of_another_schema_is_refused(small: Planner) -> None:
    with pytest.raises(ValueError, match="schema 2"):
        read_plan(plan_of(small).data.replace(b'"schema":1', b'"schema":2'))


NOTES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40).filter(
    lambda text: text_fault(text, 40) is None
)


@settings(max_examples=60, deadline=None)
@given(NOTES, NOTES, st.decimals(-9999, 9999, places=2), st.sampled_from(["en", "ar"]))
def test_whatever_a_profile_holds(small: Planner, name: str, note: str, total: decimal.Decimal, locale: str) -> None:
    record = profile_with(customer__name=name, bill__note=note, bill__total=float(total), locale=locale)
    plan = planned(small, record)
    assert read_plan(plan.data).data == plan.data == planned(small, record).data
    if plan.suppression is None:
        assert plan.facts["note"].text == note
        query = parse_qs(urlsplit(plan.links["pay"].href).query, keep_blank_values=True, strict_parsing=True)
        assert query == {"by": ["2026-11-30"], "note": [note]}


def test_the_callers_arithmetic_does_not_matter(small: Planner) -> None:
    with decimal.localcontext(prec=4, rounding=decimal.ROUND_UP):
        odd = plan_of(small, bill__total=123456.78)
    assert odd.data == plan_of(small, bill__total=123456.78).data


def test_numbers_at_the_edge_of_what_a_contract_allows_can_be_shown(small: Planner) -> None:
    plan = plan_of(small, usage__kwh=999_999_999_999_999, usage__last=0.000001)
    assert plan.facts["change"].text.startswith("+99,999,999,999,999,")


def test_one_amount_written_two_ways_is_one_plan(small: Planner) -> None:
    text = json.dumps(profile_with())
    plans = [
        small.plan(parse_record(text.replace("66.9", way), small.template.contract)) for way in ("66.90", "669e-1")
    ]
    assert plans[0].data == plans[1].data == plan_of(small).data


def test_seed_and_date_and_locale_are_part_of_it(small: Planner) -> None:
    record = profile_with()
    different: list[dict[str, Any]] = [{}, {"seed": 1}, {"as_of": date(2026, 1, 1)}, {"locale": "ar"}]
    assert len({planned(small, record, **options).digest for options in different}) == 4
    assert planned(small, record, as_of=date(2026, 11, 9), locale="en", seed=0).digest == planned(small, record).digest


def test_nothing_of_the_machine_is_in_it(small: Planner, tmp_path: Path) -> None:
    text = plan_of(small).data.decode()
    assert str(Path.cwd()) not in text and "/tmp" not in text and "weasyprint" not in text.lower()


# ---------------------------------------------------------------- date and locale


def without(tmp_path: Path, field: str) -> Planner:
    """The small template whose contract does not require a field."""
    return Planner(load(tmp_path, dict(changed("contract.json", f'"{field}",\n  ', ""))))


def test_without_a_date_the_clock_is_not_asked(tmp_path: Path) -> None:
    planner = without(tmp_path, "as_of")
    with pytest.raises(ProfileError) as caught:
        planned(planner, profile_with(as_of=None))
    assert (caught.value.code, caught.value.place.record) == ("profile.as-of", 3)
    assert planned(planner, profile_with(as_of=None), as_of=date(2026, 5, 1)).as_of == date(2026, 5, 1)


def test_without_a_locale_none_is_guessed(tmp_path: Path) -> None:
    planner = without(tmp_path, "locale")
    with pytest.raises(ProfileError) as caught:
        planned(planner, profile_with(locale=None))
    assert (caught.value.code, caught.value.place.record) == ("profile.locale", 3)
    assert planned(planner, profile_with(locale=None), locale="ar").direction == "rtl"


@pytest.mark.parametrize(("asked", "spoken"), [("en", "en"), ("en-GB", "en"), ("ar-EG", "ar")])
def test_a_region_falls_back_to_its_language(small: Planner, asked: str, spoken: str) -> None:
    assert plan_of(small, locale=asked).locale == spoken
    assert planned(small, profile_with(locale="en"), locale=asked).locale == spoken


def test_a_locale_that_is_not_spoken(small: Planner) -> None:
    with pytest.raises(ProfileError, match="does not speak") as record:
        plan_of(small, locale="fr")
    with pytest.raises(UsageError, match="does not speak") as command:
        planned(small, profile_with(), locale="fr")
    assert (record.value.exit_code, command.value.exit_code) == (1, 2)


# ---------------------------------------------------------------- who is suppressed; links; pictures; secrets


def test_who_is_suppressed_has_an_empty_plan(small: Planner) -> None:
    plan = plan_of(small, bill__total=0, bill__note="n", customer__name=TOKEN)
    assert plan.suppression == "nothing-due"
    assert not (plan.facts or plan.copy or plan.links or plan.scenes or plan.blocks or plan.offers or plan.images)
    assert TOKEN not in plan.data.decode()


def test_links_hold_canonical_values_percent_encoded(small: Planner) -> None:
    note = "a&b=c#d?/../ é\u202f\n<script>"
    links = plan_of(small, bill__note=note).links
    assert links["pay"].href == (
        "https://brezza.example/pay?by=2026-11-30&note=a%26b%3Dc%23d%3F%2F..%2F%20%C3%A9%E2%80%AF%0A%3Cscript%3E"
    )
    assert (links["pay"].sensitivity, links["account"].sensitivity) == ("personal", "public")
    assert set(plan_of(small).links) == {"account"}  # the other one needs a note


def test_a_number_stands_in_a_link_without_its_dress(tmp_path: Path) -> None:
    planner = Planner(load(tmp_path, dict(changed("template.yaml", "by={due_date}", "by={total}-{kwh}"))))
    assert (
        plan_of(planner, bill__note="n", bill__total=1234.5)
        .links["pay"]
        .href.startswith("https://brezza.example/pay?by=1234.5-248&")
    )


def test_secrets_are_in_their_own_facts_and_nowhere_else(small: Planner) -> None:
    plan = plan_of(small, customer__code=TOKEN, bill__note="n")
    assert plan.facts["code"].text == TOKEN
    rest = json.loads(plan.data)
    assert rest["facts"].pop("code")["sensitivity"] == "secret"
    assert TOKEN not in json.dumps(rest)


def test_every_fault_of_links_is_said(tmp_path: Path) -> None:
    href = changed("template.yaml", "pay?by={due_date}&note={note}", "pay?by={code}&x={nothing}&y={Bad}")
    with pytest.raises(ErrorList) as caught:
        Planner(load(tmp_path, dict(href)))
    assert {error.code for error in caught.value.errors} == {"template.unsafe", "template.reference", "template.value"}


def test_pictures_are_named_by_the_digest_of_what_was_sent(small: Planner) -> None:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    source = digest(out.getvalue())
    photo = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    plan = plan_of(small, customer__photo=photo)
    assert plan.images == {"photo": source}
    assert plan.blocks[0] == "photo-block"
    assert photo not in plan.data.decode()


def test_a_plan_is_frozen(small: Planner) -> None:
    plan: Any = plan_of(small)
    for change in (
        lambda: setattr(plan, "seed", 1),
        lambda: plan.facts.update({}),
        lambda: plan.facts["total"].__setattr__("text", ""),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()
