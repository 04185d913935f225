"""Figures as a voice says them: amounts, dates, percentages and quantities in the words of one locale.

:func:`words_of` gives the words of a locale's language, or None for a language that is not written here; then the
spoken form of a figure keeps its digits, which every voice reads by itself. The same rounding as in the text has been
done before; nothing here rounds, so what is heard is what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_name, get_currency_unit_pattern

from renderer.plan import arabic, numerals
from renderer.plan.numerals import LARGEST, Gender, Spell

_NUMBER = re.compile(r"([0-9]+)(er\b)?")  # with the ending that French writes after the first of a month
_APOSTROPHE = "’"


@dataclass(frozen=True, kw_only=True)
class Language:
    """What a language says around its numbers. ``cents`` are the names of a currency's hundredth (one, many) by code,
    ``major`` names that are said otherwise than CLDR writes them, ``feminine`` and ``neuter`` the currencies and units
    whose noun is so. ``day`` says the day of a month before the month's name, ``day_after`` behind it."""

    spell: Spell
    minus: str
    plus: str
    point: str
    per_cent: str
    and_: str
    cents: Mapping[str, tuple[str, str]]
    feminine: frozenset[str] = frozenset()
    neuter: frozenset[str] = frozenset()
    major: Mapping[str, tuple[str, str]] | None = None
    day: Callable[[int], str] | None = None
    day_after: Callable[[int], str] | None = None
    first: str | None = None
    year: Callable[[int], str] | None = None
    millions_of: str = ""
    pairs: bool = True
    """Whether two decimals are read as a number ("virgola venticinque") or each by itself."""
    decimals_agree: bool = False
    """Whether a number with decimals takes the gender of its noun ("două virgulă cinci ore")."""
    agrees_with: Callable[[int], int] = int
    """The number whose plural form a currency's name takes after a whole number."""
    nouns: Mapping[str, arabic.Noun] = field(default_factory=dict)
    """Currencies, and in ``hundredths`` their hundredths, with every form that a number asks for."""
    hundredths: Mapping[str, arabic.Noun] = field(default_factory=dict)
    count_named: Callable[[int, str, bool, bool], str] | None = None
    """Says so many of what is named, feminine or not, in its dual or not, where the number may stand behind."""


_HOURS = ("duration-hour", "duration-second", "duration-minute")
_STERLING = ("GBP", "TRY", "SEK", "NOK", "DKK", "CZK", "ISK", "INR", "PKR", "EGP", "LBP", "SYP")
# Every unit of CLDR whose Romanian noun is not masculine.
_ROMANIAN_FEMININE = (
    *("UAH", "BGN", "duration-day", "duration-week", "duration-month", "duration-night", "duration-hour"),
    *("duration-second", "duration-millisecond", "duration-microsecond", "duration-nanosecond"),
    *("mass-tonne", "mass-metric-ton", "mass-ton", "mass-pound", "mass-ounce", "mass-ounce-troy", "mass-grain"),
    *("energy-calorie", "energy-kilocalorie", "energy-foodcalorie", "energy-british-thermal-unit"),
    *("length-mile", "length-nautical-mile", "length-mile-scandinavian", "area-square-mile", "volume-cubic-mile"),
    *("speed-mile-per-hour", "consumption-mile-per-gallon", "consumption-mile-per-gallon-imperial"),
    *("volume-cup", "volume-cup-metric", "volume-pint", "volume-pint-metric", "volume-tablespoon", "volume-teaspoon"),
    *("volume-fluid-ounce", "volume-fluid-ounce-imperial", "volume-bushel", "volume-dessert-spoon"),
    *("light-candela", "pressure-atmosphere", "angle-revolution", "angle-arc-second", "acceleration-g-force"),
    *("concentr-permille", "concentr-permillion", "concentr-part-per-million", "length-astronomical-unit"),
)
_ROMANIAN_NEUTER = (
    *("duration-minute", "duration-quarter", "duration-decade", "duration-century", "angle-degree", "angle-arc-minute"),
    *("mass-kilogram", "mass-gram", "mass-milligram", "mass-microgram", "mass-carat", "area-hectare"),
    *("temperature-celsius", "temperature-fahrenheit", "temperature-generic", "length-foot", "area-square-foot"),
    *("volume-cubic-foot", "volume-gallon", "volume-gallon-imperial", "volume-quart", "speed-knot", "graphics-dot"),
    *("concentr-percent", "concentr-karat", "concentr-milligram-ofglucose-per-deciliter", "length-point"),
)

_ENGLISH = Language(
    spell=numerals.american,
    minus="minus",
    plus="plus",
    point="point",
    per_cent="percent",
    and_=" and ",
    pairs=False,
    cents={
        **dict.fromkeys(("EUR", "USD", "AUD", "CAD", "NZD", "SGD", "HKD", "ZAR"), ("cent", "cents")),
        "GBP": ("penny", "pence"),
        "RON": ("ban", "bani"),
        "CHF": ("centime", "centimes"),
        "MAD": ("centime", "centimes"),
    },
    day=numerals.english_ordinal,
    year=numerals.english_year,
)
_FRENCH = Language(
    spell=numerals.french,
    minus="moins",
    plus="plus",
    point="virgule",
    per_cent="pour cent",
    and_=" et ",
    first="premier",
    millions_of="de",
    cents={
        **dict.fromkeys(("EUR", "CHF", "MAD"), ("centime", "centimes")),
        **dict.fromkeys(("USD", "CAD", "AUD"), ("cent", "cents")),
        "GBP": ("penny", "pence"),
        "RON": ("ban", "bani"),
    },
    feminine=frozenset((*_STERLING, *_HOURS, "duration-week", "mass-tonne", "mass-metric-ton")),
)
_LANGUAGES: Mapping[str, Language] = {
    "en": _ENGLISH,
    "en-and": replace(
        _ENGLISH,
        spell=numerals.british,
        day=lambda day: f"the {numerals.english_ordinal(day)} of",
        day_after=numerals.english_ordinal,  # "November 22, 2026", as Canadians write it
    ),
    "fr": _FRENCH,
    "fr-septante": replace(_FRENCH, spell=numerals.swiss_french),
    "it": Language(
        spell=numerals.italian,
        minus="meno",
        plus="più",
        point="virgola",
        per_cent="per cento",
        and_=" e ",
        first="primo",
        millions_of="di",
        agrees_with=numerals.italian_noun,
        cents={
            **dict.fromkeys(("EUR", "USD", "CHF", "CAD", "AUD"), ("centesimo", "centesimi")),
            "GBP": ("penny", "penny"),
            "RON": ("ban", "bani"),
        },
        feminine=frozenset((*_STERLING, "duration-hour", "duration-week", "mass-tonne", "mass-metric-ton")),
    ),
    "ro": Language(
        spell=numerals.romanian,
        minus="minus",
        plus="plus",
        point="virgulă",
        per_cent="la sută",
        and_=" și ",
        first="întâi",
        cents={
            "RON": ("ban", "bani"),
            **dict.fromkeys(("EUR", "USD", "CAD", "AUD"), ("cent", "cenți")),
            "GBP": ("penny", "pence"),
        },
        major={"RON": ("leu", "lei")},
        decimals_agree=True,
        feminine=frozenset((*_STERLING, *_ROMANIAN_FEMININE)),
        neuter=frozenset(_ROMANIAN_NEUTER),
    ),
    "ar": Language(
        spell=arabic.arabic,
        minus="ناقص",
        plus="زائد",
        point="فاصلة",
        per_cent="بالمئة",
        and_=" و",
        cents={},
        nouns=arabic.NOUNS,
        hundredths=arabic.HUNDREDTHS,
        count_named=arabic.count_named,
        feminine=frozenset(("TRY", "SYP", "SEK", "NOK", "DKK", "CZK", "INR", "PKR", *_HOURS)),
        day=lambda day: f"{arabic.arabic_day(day)} من",
    ),
}


class Words:
    """The spoken figures of one locale. Pure, and remembered: bills repeat their days, months and units."""

    def __init__(self, locale: Locale, language: Language) -> None:
        self._locale = locale
        self._language = language
        self._cardinal = lru_cache(4096)(self._spelled)
        self._names: dict[tuple[str, str], tuple[str, str]] = {}

    def number(self, amount: Decimal, gender: Gender = "masculine", counted: bool = False) -> str:
        """A number with the decimals that it is written with; minus in a word."""
        sign, whole, decimals = _parts(amount)
        return self._signed(sign, self._decimal(whole, decimals, gender, counted))

    def percent(self, amount: Decimal) -> str:
        """``amount`` of a hundred."""
        return f"{self.number(amount)} {self._language.per_cent}"

    def money(self, amount: Decimal, currency: str) -> str:
        """The currency by name; hundredths by theirs where they have one, else as decimals."""
        sign, whole, decimals = _parts(amount)
        language = self._language
        divided = currency in language.cents or currency in language.hundredths
        if decimals and (not divided or len(decimals) != 2):
            counted = self._decimal(whole, decimals, self._gender(currency), False)
            return self._signed(sign, self._with_currency(counted, currency, amount, False))
        hundredths = int(decimals or 0)
        said = []
        if whole or not hundredths:
            said.append(self._majors(whole, currency))
        if hundredths:
            said.append(self._cents(hundredths, currency))
        return self._signed(sign, language.and_.join(said))

    def quantity(self, amount: Decimal, before: str, after: str, unit: str, one: str = "") -> str:
        """A number between the parts of the unit's pattern; ``one`` is what stands after a single one."""
        sign, whole, decimals = _parts(amount)
        # An Italian kilowattora is masculine, and "1 kilowattora" is "un".
        gender, count_named = self._gender(unit), self._language.count_named
        if count_named is not None and not decimals and not before and whole <= LARGEST:
            name = _spaced(after).strip()
            # A few singulars end so too: "فدان", an acre.
            dual = name.partition(" ")[0].endswith(("ان", "آن")) and name != _spaced(one).strip()
            return self._signed(sign, count_named(whole, name, gender == "feminine", dual))
        counted = self._decimal(whole, decimals, gender, not decimals)
        return self._signed(sign, _spaced(f"{before}{counted}{after}"))

    def date(self, written: str) -> str:
        """A date that was written with the month's name: its day and its year in words."""
        return _NUMBER.sub(self._day_or_year, written)

    def signed(self, words: str) -> str:
        """With a plus in a word."""
        return f"{self._language.plus} {words}"

    def _day_or_year(self, found: re.Match[str]) -> str:
        language, number, rest = self._language, found[1], found.string[found.end() :].lstrip()
        value = int(number)
        if len(number) > 2:
            return language.year(value) if language.year else self._cardinal(value, "masculine", False)
        day = language.day if language.day_after is None or rest[:1].isalpha() else language.day_after
        if day is not None and 1 <= value <= 31:
            return day(value)
        if value == 1 and language.first is not None:
            return language.first
        return self._cardinal(value, "masculine", False)

    def _decimal(self, whole: int, decimals: str, gender: Gender, counted: bool) -> str:
        if not decimals:
            return self._cardinal(whole, gender, counted)
        agreed: Gender = gender if self._language.decimals_agree else "masculine"
        said = [self._cardinal(whole, agreed, False), self._language.point]
        if self._language.pairs and len(decimals) == 2 and decimals[0] != "0":
            said.append(self._cardinal(int(decimals), agreed, False))
        else:
            said += [self._cardinal(int(digit), agreed, False) for digit in decimals]
        return " ".join(said)

    def _majors(self, whole: int, currency: str) -> str:
        """So many whole units of the currency."""
        language, gender = self._language, self._gender(currency)
        if whole <= LARGEST and currency in language.nouns:
            return arabic.count_of(whole, language.nouns[currency])
        if whole <= LARGEST and language.count_named is not None:
            name = get_currency_name(currency, whole, self._locale)
            dual = name != get_currency_name(currency, 1, self._locale)
            return language.count_named(whole, name, gender == "feminine", dual)
        agreed = Decimal(language.agrees_with(whole))
        counted = self._cardinal(whole, gender, True)
        return self._with_currency(counted, currency, agreed, whole % 10**6 == 0 and whole > 0)

    def _cents(self, count: int, currency: str) -> str:
        noun = self._language.hundredths.get(currency)
        if noun is not None:
            return arabic.count_of(count, noun)
        one, many = self._language.cents[currency]
        of = "de " if self._locale.language == "ro" and numerals.romanian_de(count) else ""
        return f"{self._cardinal(count, 'masculine', True)} {of}{one if count == 1 else many}"

    def _with_currency(self, counted: str, currency: str, amount: Decimal, round_millions: bool) -> str:
        shown = abs(amount)
        plural = self._locale.plural_form(shown)
        key = (currency, plural)
        if key not in self._names:
            self._names[key] = (
                get_currency_name(currency, shown, self._locale),
                get_currency_unit_pattern(currency, shown, self._locale),
            )
        name, pattern = self._names[key]
        named = (self._language.major or {}).get(currency)
        if named is not None:
            name = named[0 if shown == 1 else 1]
        of = self._language.millions_of if round_millions else ""
        if of:
            joined = f"d{_APOSTROPHE}{name}" if of == "de" and name[:1].lower() in "aeiouyé" else f"{of} {name}"
            return f"{counted} {joined}"
        return pattern.format(counted, name)

    def _gender(self, noun: str) -> Gender:
        if noun in self._language.feminine:
            return "feminine"
        return "neuter" if noun in self._language.neuter else "masculine"

    def _signed(self, negative: bool, words: str) -> str:
        return f"{self._language.minus} {words}" if negative else words

    def _spelled(self, number: int, gender: Gender, counted: bool) -> str:
        if number > LARGEST:
            return str(number)
        return self._language.spell(number, gender, counted)


def words_of(locale: Locale) -> Words | None:
    """The words of a locale's language; None if it is not one that is written here."""
    name = locale.language
    if name == "en" and locale.territory not in (None, "US"):
        name = "en-and"
    if name == "fr" and locale.territory in ("BE", "CH"):
        name = "fr-septante"
    language = _LANGUAGES.get(name)
    return None if language is None else Words(locale, language)


def _parts(amount: Decimal) -> tuple[bool, int, str]:
    """(negative, whole part, decimals as they are written)."""
    whole, _, decimals = f"{abs(amount):f}".partition(".")
    return amount < 0, int(whole), decimals if decimals.strip("0") else ""


def _spaced(words: str) -> str:
    """With plain spaces for the ones that do not break, and for the stroke of "8/night"."""
    return words.replace("\u00a0", " ").replace("/", " ")
