"""Values into words of one locale, with CLDR's rules through Babel. One :class:`Formats` per locale, prepared once.

Amounts are rounded half away from zero, as bills round, before they are written; nothing else ever rounds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from copy import copy
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property, lru_cache
from typing import Any, Literal

from babel import Locale, localedata
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, get_currency_name, get_currency_precision, get_currency_unit_pattern
from babel.units import UnknownUnitError, format_unit

from renderer.plan.model import Direction
from renderer.plan.words import words_of
from renderer.template.model import NUMBERS, ValueRule

SKELETONS = {"month": "MMM", "month-year": "yMMMM", "day-month": "MMMMd"}
# What abbreviates is said in full; LLLL is CLDR's month that stands alone.
_SPOKEN_DATES = {"short": "long", "medium": "long", "month": "LLLL"}
NO_BREAK = "\u00a0"
FIRST_DAY = re.compile(r"\b(1) (?=[^\W\d])")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """``value`` with so many decimals, half away from zero; never a negative zero."""
    result = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return result if result else abs(result)


def shown_decimals(value: Decimal, rule: ValueRule, currency: str | None) -> int:
    """How many decimals the text has: the rule's, else the currency's, else as many as the value has, at most two."""
    if rule.decimals is not None:
        return rule.decimals
    if currency is not None:
        return int(get_currency_precision(currency))
    own = value.normalize().as_tuple().exponent
    return min(2, max(0, -own)) if isinstance(own, int) and rule.as_ != "percent" else 0


class Formats:
    """How one locale writes figures."""

    def __init__(self, locale: str) -> None:
        self.locale = _own_locale(locale)
        symbols = self.locale.number_symbols["latn"]
        self._minus, self._plus = symbols["minusSign"], symbols["plusSign"]
        # Months and currencies repeat from row to row and from person to person.
        self._date = lru_cache(4096)(self._format_date)
        self._unit_parts = lru_cache(256)(self._find_unit)
        self._patterns = lru_cache(64)(self._find_pattern)
        self._words = words_of(self.locale)

    @cached_property
    def direction(self) -> Direction:
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    def text(self, value: Any, rule: ValueRule, currency: str | None = None) -> str:
        """``value`` as the rule wants it written. ``value`` is a Decimal or int, a date, or a str by the rule's
        kind."""
        match rule.as_:
            case "money" | "quantity" | "number" | "percent":
                number = Decimal(value)
                scaled = number * 100 if rule.as_ == "percent" else number
                amount = rounded(scaled, shown_decimals(number, rule, currency))
                return self._signed(amount, rule, lambda shown: self._number(shown, rule, currency))
            case "date":
                return self._date(value, rule.style or "long")
        return str(value)

    def count(self, value: Any, rule: ValueRule, currency: str | None = None) -> int | None:
        """The whole number that the text shows, for plural rules; None where the text shows decimals or no number."""
        if rule.as_ not in NUMBERS:
            return None
        number = Decimal(value)
        decimals = shown_decimals(number, rule, currency)
        if decimals:
            return None
        return int(rounded(number * 100 if rule.as_ == "percent" else number, 0))

    def spoken(self, value: Any, rule: ValueRule, text: str, currency: str | None = None) -> str:
        """``value`` as a voice says it: the number that ``text`` shows in words, currency and unit by name.

        In languages that :mod:`.words` does not know, numbers keep their digits and any voice reads them.
        """
        match rule.as_:
            case "money" | "quantity" | "number" | "percent":
                return self._spoken_number(Decimal(value), rule, currency)
            case "date":
                written = self._date(value, _SPOKEN_DATES.get(rule.style or "long", rule.style or "long"))
                return written if self._words is None else self._words.date(written)
        return text

    def _spoken_number(self, number: Decimal, rule: ValueRule, currency: str | None) -> str:
        scaled = number * 100 if rule.as_ == "percent" else number
        amount = rounded(scaled, shown_decimals(number, rule, currency))
        if rule.sign == "never":
            amount = abs(amount)
        words = self._words
        if words is None:
            return self._spoken_digits(amount, rule, currency)
        match rule.as_:
            case "money":
                said = words.money(amount, currency or "")
            case "quantity":
                shown = amount if amount.as_tuple().exponent else Decimal(int(amount))
                unit, plural = rule.unit or "", self.locale.plural_form
                before, after = self._unit_parts(unit, "long", plural(abs(shown)))
                said = words.quantity(amount, before, after, unit, self._unit_parts(unit, "long", plural(1))[1])
            case "percent":
                said = words.percent(amount)
            case _:
                said = words.number(amount)
        return words.signed(said) if rule.sign == "always" and amount > 0 else said

    def _spoken_digits(self, amount: Decimal, rule: ValueRule, currency: str | None) -> str:
        if rule.as_ == "money" and currency is not None:
            # Not format_currency: it drops the zeros that the text shows.
            name = get_currency_name(currency, amount, self.locale)
            return get_currency_unit_pattern(currency, amount, self.locale).format(self._plain(amount), name)
        if rule.as_ == "quantity":
            return self._quantity(amount, rule.unit or "", "long")
        if rule.as_ == "percent":
            return str(self._patterns("percent", 0, 6).apply(amount / 100, self.locale))
        return self._plain(amount)

    def _signed(self, amount: Decimal, rule: ValueRule, write: Callable[[Decimal], str]) -> str:
        if rule.sign == "never":
            return write(abs(amount))
        if amount > 0 and rule.sign == "always":
            # The locale says where a sign stands only for negatives: write it as one and change the sign.
            return write(-amount).replace("-", self._plus, 1)
        # A pattern's hyphen stands for the locale's minus sign (UTS 35, part 3, section 3.2); Babel leaves it as it is.
        return write(amount).replace("-", self._minus, 1) if amount < 0 else write(amount)

    def _number(self, amount: Decimal, rule: ValueRule, currency: str | None) -> str:
        digits = max(0, -int(amount.as_tuple().exponent))
        if rule.as_ == "money":
            return self._money(amount, currency or "", digits)
        if rule.as_ == "quantity":
            return self._quantity(amount, rule.unit or "", rule.length or "short")
        if rule.as_ == "percent":
            return str(self._patterns("percent", digits, digits).apply(amount / 100, self.locale))
        return self._plain(amount)

    def _plain(self, amount: Decimal) -> str:
        digits = max(0, -int(amount.as_tuple().exponent))
        return str(self._patterns("decimal", digits, digits).apply(amount, self.locale))

    def _money(self, amount: Decimal, currency: str, digits: int) -> str:
        pattern = self._patterns("currency", digits, digits)
        return _spaced(str(pattern.apply(amount, self.locale, currency=currency, currency_digits=False)))

    def _quantity(self, amount: Decimal, unit: str, length: str) -> str:
        before, after = self._unit_parts(unit, length, self.locale.plural_form(amount))
        return f"{before}{self._plain(amount)}{after}"

    def _find_unit(self, unit: str, length: Any, plural: str) -> tuple[str, str]:
        """What stands before and after a number of this plural form. Found by formatting one and taking it out
        again."""
        sample = next(number for number in _PLURAL_SAMPLES if self.locale.plural_form(number) == plural)
        written = _of_unit(sample, unit, length, self.locale)
        number = str(self._patterns("decimal", 0, 6).apply(sample, self.locale, group_separator=False))
        before, found, after = written.partition(number)
        return (before, after) if found else ("", NO_BREAK + written)

    def _find_pattern(self, kind: Literal["decimal", "percent", "currency"], least: int, most: int) -> NumberPattern:
        """The locale's pattern with between ``least`` and ``most`` decimals."""
        of = self.locale
        found = {"decimal": of.decimal_formats, "percent": of.percent_formats, "currency": of.currency_formats}[kind]
        pattern: NumberPattern = copy(found["standard" if kind == "currency" else None])
        pattern.frac_prec = (least, most)
        return pattern

    def _format_date(self, value: date, style: str) -> str:
        if style in SKELETONS:
            text = str(format_skeleton(SKELETONS[style], value, locale=self.locale))
        else:
            text = str(format_date(value, style, locale=self.locale))
        # CLDR has no ordinal for the one day of the month that French writes with it: "1er novembre".
        return FIRST_DAY.sub(r"\1er ", text) if value.day == 1 and self.locale.language == "fr" else text


_PLURAL_SAMPLES = [Decimal(number) for number in (*range(0, 201), 1_000_000)] + [
    Decimal("0.5"),
    Decimal("1.5"),
    Decimal("2.5"),
]


def known_unit(unit: str, locale: str, length: Literal["short", "long", "narrow"]) -> bool:
    """Whether CLDR has the unit's name in the locale; without one Babel writes the unit's id into the text."""
    try:
        return unit not in _of_unit(Decimal(1), unit, length, _own_locale(locale))
    except (UnknownUnitError, KeyError, ValueError):
        return False


def _of_unit(number: Decimal, unit: str, length: Any, locale: Locale) -> str:
    """So many of a unit. CLDR leaves a long or narrow name out where it is the short one (an alias of its root locale),
    which Babel does not follow: "duration-month" in long Arabic."""
    written = format_unit(number, unit, length, format="0.######", locale=locale)
    if unit in written and length != "short":
        return format_unit(number, unit, "short", format="0.######", locale=locale)
    return written


@cache
def _own_locale(name: str) -> Locale:
    """A locale with data of its own, read afresh.

    Babel's locales share the data they inherit, and looking up an alias in one of them overwrites it for all: after a
    Hebrew month an Italian one was Hebrew (python-babel/babel#1234, in 2.18). This can go when that is mended.
    """
    locale = Locale.parse(name, sep="-")
    with localedata._cache_lock:
        shared = localedata._cache
        localedata._cache = {}
        try:
            data: dict[Any, Any] = dict(localedata.load(str(locale)))
        finally:
            localedata._cache = shared
    locale._Locale__data = localedata.LocaleDataDict(data)  # type: ignore[attr-defined]  # what Locale._data fills at its first use
    return locale


def _spaced(text: str) -> str:
    """A no-break space where a currency code of letters touches a digit (UTS 35, currency spacing)."""
    for index in range(1, len(text)):
        left, right = text[index - 1], text[index]
        if left.isdigit() != right.isdigit() and (left.isdigit() or right.isdigit()):
            letter = right if left.isdigit() else left
            if unicodedata.category(letter).startswith("L"):
                return text[:index] + NO_BREAK + text[index:]
    return text
