"""Spoken figures, read back by readers that know nothing of the writer: no amount may be heard other than it is."""

import re
from collections.abc import Mapping
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

LOCALES = ("en", "en-GB", "it", "fr", "fr-CH", "ro", "ar")
MINUS = {"en": "minus", "it": "meno", "fr": "moins", "ro": "minus", "ar": "ناقص"}
POINT = {"en": "point", "it": "virgola", "fr": "virgule", "ro": "virgulă", "ar": "فاصلة"}
SCALES: Mapping[str, int] = {
    **{"thousand": 10**3, "million": 10**6, "billion": 10**9},
    **{"mille": 10**3, "mila": 10**3, "milione": 10**6, "milioni": 10**6, "miliardo": 10**9, "miliardi": 10**9},
    **{"millions": 10**6, "milliard": 10**9, "milliards": 10**9},
    **{"mie": 10**3, "mii": 10**3, "milion": 10**6, "milioane": 10**6, "miliard": 10**9, "miliarde": 10**9},
    **{"ألف": 10**3, "ألفًا": 10**3, "آلاف": 10**3, "مليون": 10**6, "مليونًا": 10**6, "ملايين": 10**6},
    **{"مليار": 10**9, "مليارًا": 10**9, "مليارات": 10**9},
}
TWICE = {"ألفان": 2 * 10**3, "مليونان": 2 * 10**6, "ملياران": 2 * 10**9} | {
    **{"ألفا": 2 * 10**3, "مليونا": 2 * 10**6, "مليارا": 2 * 10**9},
}
HUNDRED = {"hundred", "cento", "cent", "cents", "sută", "sute"}
SILENT = {"and", "et", "și", "de", "e"}


def _numbers(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    return {word: start + index * step for index, word in enumerate(words.split())}


VALUES: dict[str, int] = {
    **_numbers("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"),
    **_numbers("sixteen seventeen eighteen nineteen", 16),
    **_numbers("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
    **_numbers("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"),
    **_numbers("vingt trente quarante cinquante soixante septante", 20, 10),
    **{"une": 1, "nonante": 90, "vingts": 20},
    **_numbers("unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece treisprezece paisprezece", 1),
    **_numbers("cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece", 15),
    **_numbers("douăzeci treizeci patruzeci cincizeci șaizeci șaptezeci optzeci nouăzeci", 20, 10),
    **{"un": 1, "o": 1, "una": 1, "două": 2, "douăsprezece": 12},
    **_numbers("صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة"),
    **_numbers("عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون", 20, 10),
    **_numbers("مئة مئتان ثلاثمئة أربعمئة خمسمئة ستمئة سبعمئة ثمانمئة تسعمئة", 100, 100),
    **_numbers("ثلاث أربع خمس ست سبع ثمان تسع عشر", 3),
    **{"أحد": 1, "إحدى": 1, "واحدة": 1, "اثنا": 2, "اثنتا": 2, "اثنتان": 2, "ثماني": 8, "مئتا": 200},
}
IT_UNITS = _numbers("zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici") | {
    **_numbers("quindici sedici diciassette diciotto diciannove", 15),
    **_numbers("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10),
    **_numbers("vent trent quarant cinquant sessant settant ottant novant", 20, 10),
    **{"tré": 3, "un": 1, "una": 1, "cento": -1, "mille": -2, "mila": -2},
}
IT_PARTS = re.compile("|".join(sorted(IT_UNITS, key=len, reverse=True)))


def read(text: str, language: str) -> int:
    """The whole number that the words say."""
    tokens: list[str] = []
    for token in re.split(r"[\s-]+", text):
        if language == "it" and token not in SCALES and token != "e":
            found = IT_PARTS.findall(token)
            assert "".join(found) == token, token
            tokens += found
        elif language == "ar" and token not in VALUES and token not in SCALES and token not in TWICE:
            assert token.startswith("و"), token
            tokens.append(token[1:])
        else:
            tokens.append(token)
    total = current = 0
    values = IT_UNITS if language == "it" else VALUES
    for token in tokens:
        if token in SILENT:
            continue
        if token in TWICE:
            assert current == 0, text
            total += TWICE[token]
        elif token in SCALES:
            total += max(current, 1) * SCALES[token]
            current = 0
        elif token in HUNDRED:
            current = current - current % 100 + max(current % 100, 1) * 100
        elif language == "fr" and token in ("vingt", "vingts") and current % 100 == 4:
            current += 76
        else:
            current += values[token]
    return total + current


def words(locale: str) -> Words:
    found = words_of(Locale.parse(locale, sep="-"))
    assert found is not None
    return found


def read_decimal(text: str, language: str) -> Decimal:
    sign = -1 if text.startswith(MINUS[language] + " ") else 1
    whole, point, decimals = text.removeprefix(MINUS[language] + " ").partition(f" {POINT[language]} ")
    value = Decimal(read(whole, language))
    if point:
        digits = decimals.split(" ")
        if len(digits) > 1 and all(values_of(one, language) < 10 for one in digits):
            written = "".join(str(values_of(one, language)) for one in digits)
        else:
            written = str(read(decimals, language))
        value += Decimal(f"0.{written}")
    return sign * value


def values_of(word: str, language: str) -> int:
    return (IT_UNITS if language == "it" else VALUES).get(word, 99)


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

# What the grammar asks of a noun: one and after hundreds, two, three to ten, eleven to ninety-nine; its gender.
AR_NOUNS: Mapping[str, tuple[str, str, str, str, str]] = {
    "EUR": ("يورو", "يوروان", "يورو", "يورو", "m"),
    "USD": ("دولار أمريكي", "دولاران أمريكيان", "دولارات أمريكية", "دولارًا أمريكيًا", "m"),
    "GBP": ("جنيه إسترليني", "جنيهان إسترلينيان", "جنيهات إسترلينية", "جنيهًا إسترلينيًا", "m"),
    "EGP": ("جنيه مصري", "جنيهان مصريان", "جنيهات مصرية", "جنيهًا مصريًا", "m"),
    "SAR": ("ريال سعودي", "ريالان سعوديان", "ريالات سعودية", "ريالًا سعوديًا", "m"),
    "AED": ("درهم إماراتي", "درهمان إماراتيان", "دراهم إماراتية", "درهمًا إماراتيًا", "m"),
    "MAD": ("درهم مغربي", "درهمان مغربيان", "دراهم مغربية", "درهمًا مغربيًا", "m"),
    "TND": ("دينار تونسي", "ديناران تونسيان", "دنانير تونسية", "دينارًا تونسيًا", "m"),
    "TRY": ("ليرة تركية", "ليرتان تركيتان", "ليرات تركية", "ليرة تركية", "f"),
    "RON": ("ليو روماني", "ليوان رومانيان", "ليوات رومانية", "ليو رومانيًا", "m"),
    "CHF": ("فرنك سويسري", "فرنكان سويسريان", "فرنكات سويسرية", "فرنكًا سويسريًا", "m"),
}
AR_CENTS: Mapping[str, tuple[str, str, str, str, str]] = {
    **dict.fromkeys(("EUR", "USD"), ("سنت", "سنتان", "سنتات", "سنتًا", "m")),
    **dict.fromkeys(("MAD", "CHF"), ("سنتيم", "سنتيمان", "سنتيمات", "سنتيمًا", "m")),
    **dict.fromkeys(("EGP", "TRY"), ("قرش", "قرشان", "قروش", "قرشًا", "m")),
    "GBP": ("بنس", "بنسان", "بنسات", "بنسًا", "m"),
    "AED": ("فلس", "فلسان", "فلوس", "فلسًا", "m"),
    "SAR": ("هللة", "هللتان", "هللات", "هللة", "f"),
    "RON": ("بان", "بانان", "بانات", "بانًا", "m"),
}
# 3 to 19 of a masculine noun and of a feminine one: reversed to ten, and the ten of 13 to 19 agrees again.
AR_UNITS: Mapping[str, list[str]] = {
    "m": [
        "ثلاثة",
        "أربعة",
        "خمسة",
        "ستة",
        "سبعة",
        "ثمانية",
        "تسعة",
        "عشرة",
        "أحد عشر",
        "اثنا عشر",
        "ثلاثة عشر",
        "أربعة عشر",
        "خمسة عشر",
        "ستة عشر",
        "سبعة عشر",
        "ثمانية عشر",
        "تسعة عشر",
    ],
    "f": [
        "ثلاث",
        "أربع",
        "خمس",
        "ست",
        "سبع",
        "ثماني",
        "تسع",
        "عشر",
        "إحدى عشرة",
        "اثنتا عشرة",
        "ثلاث عشرة",
        "أربع عشرة",
        "خمس عشرة",
        "ست عشرة",
        "سبع عشرة",
        "ثماني عشرة",
        "تسع عشرة",
    ],
}
AR_BEFORE_TENS = {
    "m": ["", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة"],
    "f": ["", "إحدى", "اثنتان", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع"],
}
AR_TENS = ["عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون"]
AR_NOT_IN_CONSTRUCT = ("ان", "ًا")  # a dual's ending and an accusative's do not stand before the noun that they count


def read_counted(text: str, noun: tuple[str, str, str, str, str]) -> tuple[int, str]:
    """How many of the noun an Arabic text starts with, and the rest of the text; fails on a wrong agreement."""
    one, two, few, many, gender = noun
    single = one + (" واحدة" if gender == "f" else " واحد")
    forms = "|".join(sorted({single, one, two, few, many}, key=len, reverse=True))
    total, rest, first = 0, text, True
    while found := re.match(rf"(?:(.*?)(?: |(?<= و)|(?<=^و)))??({forms})(?= |$)", rest):
        number, form = (found[1] or "").strip(), found[2]
        if number == "و":
            number = ""
        if number == "":
            assert form in (single, two), text
            assert first or total % 100 == 0, text
            count = 1 if form == single else 2
        else:
            assert first, text
            count = read(number, "ar")
            last = count % 100
            if 3 <= last <= 10:
                assert form == few, text
            elif last >= 11:
                assert form == many, text
            else:
                assert last == 0, f"one and two repeat the noun: {text}"
                assert form == one, text
                assert not number.endswith(AR_NOT_IN_CONSTRUCT), text
            if 3 <= last <= 19:
                agreed = AR_UNITS[gender][last - 3]
            elif last:
                unit = AR_BEFORE_TENS[gender][last % 10]
                agreed = f"{unit} و{AR_TENS[last // 10 - 2]}" if unit else AR_TENS[last // 10 - 2]
            else:
                agreed = ""
            assert number == agreed or number.endswith((f" {agreed}", f" و{agreed}")) or not agreed, text
        total, rest, first = total + count, rest[found.end() :].lstrip(), False
    return total, rest


def read_arabic_money(text: str, currency: str) -> Decimal:
    sign = -1 if text.startswith(MINUS["ar"] + " ") else 1
    whole, rest = read_counted(text.removeprefix(MINUS["ar"] + " "), AR_NOUNS[currency])
    cents = 0
    if rest:
        assert not whole or rest.startswith("و"), text
        cents, rest = read_counted(rest.removeprefix("و") if whole else rest, AR_CENTS[currency])
        assert 1 <= cents <= 99, text
        assert rest == "", text
    return sign * (Decimal(whole) + Decimal(cents) / 100)


EURO = re.compile(r"(?: de| di| d’|^) ?euros?| euros?")
CENTS = re.compile(r" (?:de )?(?:cents?|centesim[io]|centimes?|cenți)$")


def read_euros(text: str, language: str) -> Decimal:
    if language == "ar":
        return read_arabic_money(text, "EUR")
    sign = -1 if text.startswith(MINUS[language] + " ") else 1
    text = text.removeprefix(MINUS[language] + " ")
    euros = cents = 0
    parts = EURO.split(text, maxsplit=1)
    rest = text
    if len(parts) == 2:
        euros, rest = read(parts[0], language), parts[1]
    rest = re.sub(r"^ (?:and|et|și|e) ", "", rest)
    if rest:
        assert CENTS.search(rest), rest
        cents = read(CENTS.sub("", rest), language)
    return sign * (Decimal(euros) + Decimal(cents) / 100)


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
