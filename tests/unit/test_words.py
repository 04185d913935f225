"""Spoken figures, read back by :mod:`tests.spoken`: no amount may be heard other than it is."""

import re
from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from renderer.plan.build import Planner
from renderer.plan.formats import Formats, known_unit
from renderer.plan.numerals import LARGEST, english_year
from renderer.plan.words import Words, words_of
from renderer.profile.load import read_one
from renderer.template.load import HOME
from renderer.template.model import ValueRule
from renderer.units import Money
from tests.spoken import AR_NOUNS, read, read_arabic_money, read_decimal, read_euros

LOCALES = ("en", "en-GB", "it", "fr", "fr-CH", "ro", "ar")


def words(locale: str) -> Words:
    found = words_of(Locale.parse(locale, sep="-"))
    assert found is not None
    return found


# ---------------------------------------------------------------- whole numbers


@pytest.mark.parametrize("locale", LOCALES)
def test_every_number_to_ten_thousand_is_read_back(locale: str) -> None:
    say = words(locale).number
    for number in range(10_000):
        assert read(say(Decimal(number)), locale[:2]) == number, number


@given(st.integers(0, LARGEST), st.sampled_from(LOCALES))
def test_large_numbers_are_read_back(number: int, locale: str) -> None:
    assert read(words(locale).number(Decimal(number)), locale[:2]) == number


@given(st.decimals(-99_999, 99_999, places=2), st.sampled_from(LOCALES))
def test_decimals_are_read_back(number: Decimal, locale: str) -> None:
    assert read_decimal(words(locale).number(number), locale[:2]) == number


def test_a_number_beyond_words_keeps_its_digits() -> None:
    assert words("it").number(Decimal(LARGEST + 1)) == "1000000000000"


@pytest.mark.parametrize(
    ("locale", "number", "said"),
    [
        ("en", 201, "two hundred one"),
        ("en-GB", 1001, "one thousand and one"),
        ("it", 23, "ventitré"),
        ("it", 28, "ventotto"),
        ("it", 103_023, "centotremilaventitré"),
        ("it", 1_000_000, "un milione"),
        ("it", 1_000_001, "un milione e uno"),
        ("fr", 71, "soixante et onze"),
        ("fr", 80, "quatre-vingts"),
        ("fr", 81, "quatre-vingt-un"),
        ("fr", 200, "deux cents"),
        ("fr", 201, "deux cent un"),
        ("fr", 80_000, "quatre-vingt mille"),
        ("fr", 80_000_000, "quatre-vingts millions"),
        ("fr-CH", 91, "nonante et un"),
        ("ro", 16, "șaisprezece"),
        ("ro", 21_000, "douăzeci și una de mii"),
        ("ro", 101_000, "o sută una mii"),
        ("ro", 100_000, "o sută de mii"),
        ("ro", 22_000_000, "douăzeci și două de milioane"),
        ("ar", 11, "أحد عشر"),
        ("ar", 200, "مئتان"),
        ("ar", 3_000, "ثلاثة آلاف"),
        ("ar", 11_000, "أحد عشر ألفًا"),
        ("ar", 200_000, "مئتا ألف"),
        ("ar", 102_000, "مئة ألف وألفان"),
        ("ar", 2_026, "ألفان وستة وعشرون"),
    ],
)
def test_numbers_are_said_as_the_language_wants(locale: str, number: int, said: str) -> None:
    assert words(locale).number(Decimal(number)) == said


def test_years_in_english() -> None:
    assert [english_year(year) for year in (1905, 1999, 2000, 2005, 2010, 2026, 1900)] == [
        "nineteen oh five",
        "nineteen ninety-nine",
        "two thousand",
        "two thousand five",
        "twenty ten",
        "twenty twenty-six",
        "nineteen hundred",
    ]


# ---------------------------------------------------------------- money


@given(st.integers(-(10**9), 10**9), st.sampled_from(LOCALES))
def test_no_amount_is_wrong_by_a_cent(cents: int, locale: str) -> None:
    amount = Decimal(cents) / 100
    assert read_euros(words(locale).money(amount.quantize(Decimal("0.01")), "EUR"), locale[:2]) == amount


@given(st.integers(-(10**9), 10**9), st.sampled_from(sorted(AR_NOUNS)))
def test_arabic_amounts_are_read_back_and_agree(cents: int, currency: str) -> None:
    amount = Decimal(cents // 100) if currency == "TND" else (Decimal(cents) / 100).quantize(Decimal("0.01"))
    assert read_arabic_money(words("ar").money(amount, currency), currency) == amount


@pytest.mark.parametrize("currency", ["EGP", "TRY"])
def test_every_small_and_every_round_arabic_amount_agrees(currency: str) -> None:
    say = words("ar").money
    round_ones = [10**power * at for power in range(9) for at in range(1, 13)]
    for whole in (*range(1, 1200), *range(2000, 10**6, 1001), *round_ones):
        assert read_arabic_money(say(Decimal(whole), currency), currency) == whole
    for cents in range(1, 100):
        amount = Decimal(cents).scaleb(-2)
        assert read_arabic_money(say(amount, currency), currency) == amount


@pytest.mark.parametrize(
    "wrong",
    ["واحد يورو", "اثنان يورو", "مئتان يورو", "ألفان يورو", "اثنا عشر ألفًا يورو", "مئة وواحد يورو", "ثلاث يورو"],
)
def test_the_reader_refuses_wrong_agreement(wrong: str) -> None:
    with pytest.raises(AssertionError):
        read_arabic_money(wrong, "EUR")


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "said"),
    [
        ("en", "66.90", "EUR", "sixty-six euros and ninety cents"),
        ("en", "1.01", "GBP", "one British pound and one penny"),
        ("it", "1.00", "EUR", "un euro"),
        ("it", "21.00", "EUR", "ventuno euro"),
        ("it", "0.01", "EUR", "un centesimo"),
        ("it", "21.21", "EUR", "ventuno euro e ventuno centesimi"),
        ("it", "1000001.00", "EUR", "un milione e un euro"),
        ("it", "1000001.01", "EUR", "un milione e un euro e un centesimo"),
        ("it", "1000001.00", "USD", "un milione e un dollaro statunitense"),
        ("it", "1000000000001.00", "USD", "1000000000001 dollari statunitensi"),
        ("it", "2000000001.00", "GBP", "due miliardi e una sterlina britannica"),
        ("it", "1.00", "GBP", "una sterlina britannica"),
        ("it", "-66.90", "EUR", "meno sessantasei euro e novanta centesimi"),
        ("it", "2000000.00", "EUR", "due milioni di euro"),
        ("fr", "0.80", "EUR", "quatre-vingts centimes"),
        ("fr", "2000000", "EUR", "deux millions d’euros"),
        ("ro", "1.01", "RON", "un leu și un ban"),
        ("ro", "19.02", "RON", "nouăsprezece lei și doi bani"),
        ("ro", "20.20", "RON", "douăzeci de lei și douăzeci de bani"),
        ("ro", "101.00", "RON", "o sută unu lei"),
        ("ro", "2.00", "GBP", "două lire sterline"),
        ("ro", "1.00", "TRY", "o liră turcească"),
        ("ro", "21.00", "TRY", "douăzeci și una de lire turcești"),
        ("ro", "1.00", "EUR", "un euro"),
        ("ro", "2.50", "TRY", "două virgulă cincizeci lire turcești"),
        ("ro", "12.02", "PLN", "doisprezece virgulă zero doi zloți"),
        ("ar", "66.90", "EUR", "ستة وستون يورو وتسعون سنتًا"),
        ("ar", "1.00", "EUR", "يورو واحد"),
        ("ar", "2.00", "EUR", "يوروان"),
        ("ar", "2.02", "EGP", "جنيهان مصريان وقرشان"),
        ("ar", "3.00", "USD", "ثلاثة دولارات أمريكية"),
        ("ar", "8.00", "TRY", "ثماني ليرات تركية"),
        ("ar", "11.00", "USD", "أحد عشر دولارًا أمريكيًا"),
        ("ar", "11.00", "TRY", "إحدى عشرة ليرة تركية"),
        ("ar", "200.00", "EUR", "مئتا يورو"),
        ("ar", "2000.00", "EUR", "ألفا يورو"),
        ("ar", "12000.00", "EUR", "اثنا عشر ألف يورو"),
        ("ar", "1001.00", "EGP", "ألف جنيه مصري وجنيه مصري واحد"),
        ("ar", "102.00", "EUR", "مئة يورو ويوروان"),
        ("ar", "66.900", "TND", "ستة وستون فاصلة تسعة صفر صفر دينار تونسي"),
        ("ar", "1.00", "PLN", "زلوتي بولندي واحد"),
        ("ar", "2.00", "CNY", "اثنان يوان صيني"),
        ("ar", "2.00", "DZD", "ديناران جزائريان"),
        ("en", "66.90", "PLN", "sixty-six point nine zero Polish zlotys"),
        ("it", "0.2345", "EUR", "zero virgola due tre quattro cinque euro"),
    ],
)
def test_money_is_said_with_its_hundredths(locale: str, amount: str, currency: str, said: str) -> None:
    assert words(locale).money(Decimal(amount), currency) == said


# ---------------------------------------------------------------- dates, units, percentages


def rule(kind: str, **more: object) -> ValueRule:
    return ValueRule.model_validate({"value": "x", "as": kind, **more})


@pytest.mark.parametrize(
    ("locale", "style", "said"),
    [
        ("en", "short", "November twenty-second, twenty twenty-six"),
        ("en-GB", "long", "the twenty-second of November twenty twenty-six"),
        ("en-GB", "full", "Sunday, the twenty-second of November twenty twenty-six"),
        ("en-CA", "long", "November twenty-second, twenty twenty-six"),
        ("en-CA", "day-month", "November twenty-second"),
        ("it", "medium", "ventidue novembre duemilaventisei"),
        ("fr", "day-month", "vingt-deux novembre"),
        ("ro", "month-year", "noiembrie două mii douăzeci și șase"),
        ("ar", "day-month", "الثاني والعشرون من نوفمبر"),
        ("en", "month", "November"),
        ("de", "long", "22. November 2026"),
    ],
)
def test_dates(locale: str, style: str, said: str) -> None:
    assert Formats(locale).spoken(date(2026, 11, 22), rule("date", style=style), "x") == said


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "March first"), ("it", "primo marzo"), ("fr", "premier mars"), ("ro", "întâi martie")]
)
def test_the_first_of_a_month(locale: str, said: str) -> None:
    assert Formats(locale).spoken(date(2026, 3, 1), rule("date", style="day-month"), "x") == said


@pytest.mark.parametrize(
    ("locale", "amount", "said"),
    [
        ("en", "8.3", "eight point three kilowatt-hours"),
        ("it", "1", "un chilowattora"),
        ("fr", "248", "deux cent quarante-huit kilowatt-heures"),
        ("ro", "1", "un kilowatt-oră"),
        ("ro", "248", "două sute patruzeci și opt de kilowați-oră"),
        ("ar", "8", "ثمانية كيلو واط ساعة"),
    ],
)
def test_units_are_said_in_full(locale: str, amount: str, said: str) -> None:
    unit = rule("quantity", unit="energy-kilowatt-hour")
    assert Formats(locale).spoken(Decimal(amount), unit, "x") == said


@pytest.mark.parametrize(
    ("unit", "amount", "said"),
    [
        ("duration-hour", "1", "ساعة واحدة"),
        ("duration-hour", "2", "ساعتان"),
        ("duration-hour", "8", "ثماني ساعات"),
        ("energy-kilowatt-hour", "1", "كيلو واط ساعة واحد"),
        ("energy-kilowatt-hour", "2", "اثنان كيلو واط ساعة"),
        ("energy-kilowatt-hour", "200", "مئتا كيلو واط ساعة"),
    ],
)
def test_one_and_two_of_an_arabic_unit(unit: str, amount: str, said: str) -> None:
    assert Formats("ar").spoken(Decimal(amount), rule("quantity", unit=unit), "x") == said


def test_no_unit_is_said_by_its_key() -> None:
    """CLDR leaves out a long name that is the short one; "duration-month" was read aloud for it."""
    units = [str(unit) for unit in Locale("ar").unit_display_names if "per" not in str(unit)]
    assert len(units) > 80
    for unit in units:
        for amount in ("1", "2", "3", "11", "100"):
            wanted = rule("quantity", unit=unit, length="long", decimals=0)
            said = Formats("ar").spoken(Decimal(amount), wanted, "x")
            assert unit not in said + Formats("ar").text(Decimal(amount), wanted), said


@pytest.mark.parametrize(
    ("locale", "unit", "amount", "written", "said"),
    [
        ("ar", "duration-month", "1", "1\u00a0شهر", "شهر واحد"),
        ("ar", "duration-month", "2", "2\u00a0شهران", "شهران"),
        ("ar", "duration-month", "3", "3 أشهر", "ثلاثة أشهر"),
        ("ar", "duration-month", "11", "11 شهرًا", "أحد عشر شهرًا"),
        ("ar", "area-acre", "2", "2 فدان", "اثنان فدان"),  # its singular looks like a dual
        ("tr", "duration-month", "3", "3 ay", "3 ay"),
    ],
)
def test_a_long_name_that_is_the_short_one(locale: str, unit: str, amount: str, written: str, said: str) -> None:
    wanted = rule("quantity", unit=unit, length="long")
    assert known_unit(unit, locale, "long")
    assert Formats(locale).text(Decimal(amount), wanted) == written
    assert Formats(locale).spoken(Decimal(amount), wanted, "x") == said


@pytest.mark.parametrize(
    ("unit", "amount", "said"),
    [
        ("duration-hour", "2.5", "două virgulă cinci ore"),
        ("duration-hour", "1.5", "una virgulă cinci ore"),
        ("duration-hour", "12.2", "douăsprezece virgulă două ore"),
        ("duration-hour", "1", "o oră"),
        ("duration-hour", "21", "douăzeci și una de ore"),
        ("duration-hour", "101", "o sută una ore"),
        ("duration-month", "2.5", "două virgulă cinci luni"),
        ("duration-month", "1", "o lună"),
        ("duration-year", "2.5", "doi virgulă cinci ani"),
        ("duration-year", "1", "un an"),
        ("mass-kilogram", "2.5", "două virgulă cinci kilograme"),
        ("mass-kilogram", "1.1", "unu virgulă unu kilograme"),
        ("mass-kilogram", "1", "un kilogram"),
        ("volume-liter", "2.2", "doi virgulă doi litri"),
        ("energy-kilowatt-hour", "2.5", "doi virgulă cinci kilowați-oră"),
    ],
)
def test_romanian_numbers_agree_with_their_unit(unit: str, amount: str, said: str) -> None:
    decimals = len(amount.partition(".")[2])
    assert Formats("ro").spoken(Decimal(amount), rule("quantity", unit=unit, decimals=decimals), "x") == said


def test_signs_and_percentages() -> None:
    italian = Formats("it")
    assert italian.spoken(Decimal("0.08"), rule("percent", sign="always"), "x") == "più otto per cento"
    assert italian.spoken(Decimal("-0.08"), rule("percent", sign="never"), "x") == "otto per cento"
    assert Formats("ro").spoken(Decimal("-0.21"), rule("percent"), "x") == "minus douăzeci și unu la sută"
    assert Formats("de").spoken(Decimal("66.9"), rule("money", currency="x"), "x", "EUR") == "66,90 Euro"


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_heard_is_what_is_read(locale: str) -> None:
    formats = Formats(locale)
    for cents in range(0, 20_000, 7):
        amount = Decimal(cents) / 1000  # three decimals: the text rounds, and so does the voice
        shown = formats.text(amount, rule("money", currency="x"), "EUR")
        figures = Decimal(re.sub(r"[^0-9.,]", "", shown).replace(",", "."))
        assert read_euros(formats.spoken(amount, rule("money", currency="x"), shown, "EUR"), locale[:2]) == figures


@pytest.mark.parametrize("locale", ["it", "en", "ar", "fr", "ro"])
def test_every_amount_of_the_energy_bill_is_spoken_to_the_cent(energy_bill: Planner, locale: str) -> None:
    heard = 0
    for sample in sorted((HOME / "energy-bill" / "samples").glob("*.json")):
        plan = energy_bill.plan(read_one(sample, energy_bill.template.contract), locale=locale)
        for fact in plan.facts.values():
            if not isinstance(fact.value, Money) or fact.value.currency != "EUR" or fact.id == "unit_price":
                continue
            words = re.sub(r"^(plus|più|زائد) ", "", fact.spoken)
            shown = re.sub(r"[^0-9]", "", fact.text)
            found = abs(read_euros(words, locale))
            assert found in (Decimal(shown), Decimal(shown) / 100), fact.id
            assert abs(found - abs(fact.value.amount)) < Decimal("0.5" if fact.id == "offer_saving" else "0.005")
            heard += 1
    assert heard > 60
