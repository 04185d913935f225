"""Arabic whole numbers in words, and the nouns that they count.

Nominative throughout, as news readers say prices. A noun follows its number in one of five ways: one stands behind
its noun, two is the noun's dual, three to ten take the plural, eleven to ninety-nine the accusative singular, and
hundreds and thousands the genitive singular; there the number is in construct and loses its ending ("مئتا يورو",
"اثنا عشر ألف يورو"). One and two after a hundred or a thousand repeat the noun: "ألف يورو ويوروان".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from renderer.plan.numerals import Gender, listed

# How many of a masculine noun (with ة) and of a feminine one, 3 to 10.
_MASCULINE = listed(". . . ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة")
_FEMININE = listed(". . . ثلاث أربع خمس ست سبع ثمان تسع عشر")
_TENS = listed(". . عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون")
_HUNDREDS = listed(". مئة مئتان ثلاثمئة أربعمئة خمسمئة ستمئة سبعمئة ثمانمئة تسعمئة")
_ORDINALS = listed(
    ". الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر الحادي_عشر الثاني_عشر الثالث_عشر "
    "الرابع_عشر الخامس_عشر السادس_عشر السابع_عشر الثامن_عشر التاسع_عشر"
)


@dataclass(frozen=True)
class Noun:
    """What is counted: ``one`` also stands after hundreds and thousands, ``two`` is the dual, ``few`` the plural after
    3 to 10, ``many`` the accusative after 11 to 99."""

    one: str
    two: str
    few: str
    many: str
    feminine: bool = False


NOUNS: Mapping[str, Noun] = {
    "EUR": Noun("يورو", "يوروان", "يورو", "يورو"),  # a loan without plural or accusative
    "USD": Noun("دولار أمريكي", "دولاران أمريكيان", "دولارات أمريكية", "دولارًا أمريكيًا"),
    "GBP": Noun("جنيه إسترليني", "جنيهان إسترلينيان", "جنيهات إسترلينية", "جنيهًا إسترلينيًا"),
    "EGP": Noun("جنيه مصري", "جنيهان مصريان", "جنيهات مصرية", "جنيهًا مصريًا"),
    "SAR": Noun("ريال سعودي", "ريالان سعوديان", "ريالات سعودية", "ريالًا سعوديًا"),
    "AED": Noun("درهم إماراتي", "درهمان إماراتيان", "دراهم إماراتية", "درهمًا إماراتيًا"),
    "MAD": Noun("درهم مغربي", "درهمان مغربيان", "دراهم مغربية", "درهمًا مغربيًا"),
    "TND": Noun("دينار تونسي", "ديناران تونسيان", "دنانير تونسية", "دينارًا تونسيًا"),
    "TRY": Noun("ليرة تركية", "ليرتان تركيتان", "ليرات تركية", "ليرة تركية", feminine=True),
    "RON": Noun("ليو روماني", "ليوان رومانيان", "ليوات رومانية", "ليو رومانيًا"),
    "CHF": Noun("فرنك سويسري", "فرنكان سويسريان", "فرنكات سويسرية", "فرنكًا سويسريًا"),
}
"""Currencies, by code."""

_CENT = Noun("سنت", "سنتان", "سنتات", "سنتًا")
_CENTIME = Noun("سنتيم", "سنتيمان", "سنتيمات", "سنتيمًا")
_QIRSH = Noun("قرش", "قرشان", "قروش", "قرشًا")
HUNDREDTHS: Mapping[str, Noun] = {
    **dict.fromkeys(("EUR", "USD", "CAD", "AUD"), _CENT),
    **dict.fromkeys(("MAD", "CHF"), _CENTIME),
    **dict.fromkeys(("EGP", "TRY"), _QIRSH),
    "GBP": Noun("بنس", "بنسان", "بنسات", "بنسًا"),
    "AED": Noun("فلس", "فلسان", "فلوس", "فلسًا"),
    "RON": Noun("بان", "بانان", "بانات", "بانًا"),
    "SAR": Noun("هللة", "هللتان", "هللات", "هللة", feminine=True),
}
"""Their hundredths, by the currency's code."""

_THOUSAND, _MILLION, _MILLIARD = 10**3, 10**6, 10**9
_SCALES = (
    (_MILLIARD, Noun("مليار", "ملياران", "مليارات", "مليارًا")),
    (_MILLION, Noun("مليون", "مليونان", "ملايين", "مليونًا")),
    (_THOUSAND, Noun("ألف", "ألفان", "آلاف", "ألفًا")),
)


def count_of(number: int, noun: Noun) -> str:
    """So many of a noun, from 0 on: `يورو واحد`, `يوروان`, `ثلاثة دولارات أمريكية`, `مئتا يورو`."""
    gender: Gender = "feminine" if noun.feminine else "masculine"
    if number == 1:
        return f"{noun.one} {_unit(1, noun.feminine)}"
    if number == 2:
        return noun.two
    rest = number % 100
    if rest in (1, 2):
        return f"{arabic(number - rest, gender, True)} {noun.one} و{count_of(rest, noun)}"
    form = noun.few if 3 <= rest <= 10 else noun.many if rest else noun.one
    return f"{arabic(number, gender, True)} {form}"


def count_named(number: int, name: str, feminine: bool, dual: bool) -> str:
    """As :func:`count_of`, for a noun of which only the form that CLDR gives with this number is known; ``dual``
    says that two have a form of their own, which says the number."""
    if number == 1:
        return f"{name} {_unit(1, feminine)}"
    if number == 2 and dual:
        return name
    return f"{arabic(number, 'feminine' if feminine else 'masculine', True)} {name}"


def arabic(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`ثلاثة`, `أحد عشر`, `واحد وعشرون`, `ألفان ومئة`; ``counted``: in construct, for a noun follows."""
    words = []
    for scale, noun in _SCALES:
        count, number = divmod(number, scale)
        if count:
            words.append(_scale(count, noun, counted and not number))
    if number or not words:
        words.append(_below_thousand(number, gender == "feminine", counted))
    return " و".join(words)


def _scale(count: int, noun: Noun, construct: bool) -> str:
    """So many thousands, millions or milliards, 1 to 999; ``construct``: a noun follows at once."""
    hundreds, rest = divmod(count, 100)
    if rest in (1, 2):
        last = noun.one if rest == 1 else noun.two[:-1] if construct else noun.two
        return f"{_below_thousand(hundreds * 100, False, True)} {noun.one} و{last}" if hundreds else last
    form = noun.few if 3 <= rest <= 10 else noun.many if rest and not construct else noun.one
    return f"{_below_thousand(count, False, True)} {form}"


def arabic_day(number: int) -> str:
    """The day of a month, 1 to 31, as the ordinal that stands before `من` and the month."""
    if number < 20:
        return _ORDINALS[number].replace("_", " ")
    tens = f"ال{_TENS[number // 10]}"
    if number % 10 == 0:
        return tens
    unit = "الحادي" if number % 10 == 1 else _ORDINALS[number % 10]
    return f"{unit} و{tens}"


def _below_thousand(number: int, feminine: bool, construct: bool) -> str:
    if number == 0:
        return "صفر"
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds]] if hundreds else []
    if construct and not rest and hundreds == 2:
        words = ["مئتا"]
    elif construct and feminine and rest == 8:
        words.append("ثماني")
    elif 0 < rest <= 10:
        words.append(_unit(rest, feminine))
    elif rest == 11:
        words.append("إحدى عشرة" if feminine else "أحد عشر")
    elif rest == 12:
        words.append("اثنتا عشرة" if feminine else "اثنا عشر")
    elif 12 < rest < 20:
        unit = _unit(rest - 10, feminine)
        words.append(f"{'ثماني' if unit == 'ثمان' else unit} {'عشرة' if feminine else 'عشر'}")
    elif rest:
        tens, unit_number = divmod(rest, 10)
        if unit_number:
            unit = "إحدى" if feminine and unit_number == 1 else _unit(unit_number, feminine)
            words.append(unit)
        words.append(_TENS[tens])
    return " و".join(words)


def _unit(number: int, feminine: bool) -> str:
    if number == 1:
        return "واحدة" if feminine else "واحد"
    if number == 2:
        return "اثنتان" if feminine else "اثنان"
    return (_FEMININE if feminine else _MASCULINE)[number]
