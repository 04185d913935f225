"""Whole numbers in words: English, Italian, French and Romanian. Arabic is in :mod:`.arabic`.

Written here because neither CLDR's spelling rules nor the `num2words` package can be trusted with a bill: both leave
out Romanian "de" or get the gender before it wrong ("douăzeci și una de mii"), CLDR still writes cedillas, and
has a mixed "إحدى عشر" for eleven. Tests read every number back.

``gender`` is that of the noun that is counted; ``counted`` says that the noun follows ("un euro", but "uno" alone).
Numbers from 0 to :data:`LARGEST`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Gender = Literal["masculine", "feminine", "neuter"]
Spell = Callable[[int, Gender, bool], str]
LARGEST = 10**12 - 1

_THOUSAND, _MILLION, _MILLIARD = 10**3, 10**6, 10**9


def listed(words: str) -> list[str]:
    """Words by their index; a dot where none is needed."""
    return words.split()


# ---------------------------------------------------------------- English

_EN = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_TENS = listed(". . twenty thirty forty fifty sixty seventy eighty ninety")
_EN_SCALES = ((_MILLIARD, "billion"), (_MILLION, "million"), (_THOUSAND, "thousand"))
_EN_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def american(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`two hundred one`."""
    return _english(number, "")


def british(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`two hundred and one`, as everywhere but in the United States."""
    return _english(number, "and ")


def english_ordinal(number: int) -> str:
    """1 to 99: `first`, `twenty-second`."""
    start, hyphen, last = american(number).rpartition("-")
    if last in _EN_ORDINALS:
        last = _EN_ORDINALS[last]
    else:
        last = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return start + hyphen + last


def english_year(year: int) -> str:
    """`nineteen ninety-nine`, `two thousand five`, `twenty twenty-six`."""
    century, rest = divmod(year, 100)
    if not 1000 < year < 10_000 or 2000 <= year < 2010 or year % 1000 == 0:
        return american(year)
    if rest == 0:
        return f"{american(century)} hundred"
    return f"{american(century)} {'oh ' if rest < 10 else ''}{american(rest)}"


def _english(number: int, joint: str) -> str:
    if number < 20:
        return _EN[number]
    if number < 100:
        return _EN_TENS[number // 10] + (f"-{_EN[number % 10]}" if number % 10 else "")
    if number < _THOUSAND:
        rest = number % 100
        return f"{_EN[number // 100]} hundred" + (f" {joint}{_english(rest, joint)}" if rest else "")
    scale, name = next(pair for pair in _EN_SCALES if number >= pair[0])
    rest = number % scale
    small = joint if 0 < rest < 100 else ""
    return f"{_english(number // scale, joint)} {name}" + (f" {small}{_english(rest, joint)}" if rest else "")


# ---------------------------------------------------------------- Italian

_IT = listed(
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
)
_IT_TENS = listed(". . venti trenta quaranta cinquanta sessanta settanta ottanta novanta")


def italian(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`uno`, `un euro`, `ventitré`, `duemilacinquecento`, `un milione due`, `un milione e un euro`."""
    words: list[str] = []
    for scale, one, many in ((_MILLIARD, "miliardo", "miliardi"), (_MILLION, "milione", "milioni")):
        count, number = divmod(number, scale)
        if count:
            words.append(f"un {one}" if count == 1 else f"{_italian(count)} {many}")
    if number == 1:
        alone = "una" if gender == "feminine" else "un" if counted else "uno"
        words.append(f"e {alone}" if words else alone)
    elif number or not words:
        words.append(_italian(number))
    return " ".join(words)


def italian_noun(number: int) -> int:
    """The number that the noun agrees with: `un milione e un dollaro`, as in "mille e una notte"."""
    return 1 if _MILLION < number <= LARGEST and number % _MILLION == 1 else number


def _italian(number: int) -> str:
    """Below a million, one word."""
    thousands, rest = divmod(number, _THOUSAND)
    if thousands:
        start = "mille" if thousands == 1 else f"{_italian_below_thousand(thousands)}mila"
        end = _italian_below_thousand(rest) if rest else ""
        whole = start + end
    else:
        whole = _italian_below_thousand(rest)
    # A final "tre" takes an accent wherever it is not alone.
    return f"{whole[:-1]}é" if whole.endswith("tre") and whole != "tre" else whole


def _italian_below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    start = "" if not hundreds else ("cento" if hundreds == 1 else f"{_IT[hundreds]}cento")
    if rest < 20:
        return start + (_IT[rest] if rest or not start else "")
    tens, unit = _IT_TENS[rest // 10], rest % 10
    return start + (tens[:-1] if unit in (1, 8) else tens) + (_IT[unit] if unit else "")


# ---------------------------------------------------------------- French

_FR = listed(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf"
)
_FR_TENS = listed(". . vingt trente quarante cinquante soixante")


def french(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`soixante et onze`, `quatre-vingts`, `deux cents`, `mille`, `un million`."""
    return _french(number, gender, swiss=False)


def swiss_french(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """As in Belgium and Switzerland: `septante`, `nonante`."""
    return _french(number, gender, swiss=True)


def _french(number: int, gender: Gender, swiss: bool) -> str:
    words = []
    for scale, one, many in ((_MILLIARD, "milliard", "milliards"), (_MILLION, "million", "millions")):
        count, number = divmod(number, scale)
        if count:
            words.append(f"un {one}" if count == 1 else f"{_french_below_thousand(count, swiss, True)} {many}")
    thousands, rest = divmod(number, _THOUSAND)
    if thousands:
        words.append("mille" if thousands == 1 else f"{_french_below_thousand(thousands, swiss, False)} mille")
    if rest or not (words or thousands):
        words.append(_french_below_thousand(rest, swiss, True))
    whole = " ".join(words)
    return f"{whole}e" if gender == "feminine" and (whole == "un" or whole.endswith((" un", "-un"))) else whole


def _french_below_thousand(number: int, swiss: bool, last: bool) -> str:
    """``last``: nothing follows but a noun, so `cents` and `quatre-vingts` keep their plural."""
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _french_below_hundred(rest, swiss, last)
    start = "cent" if hundreds == 1 else f"{_FR[hundreds]} cent{'s' if last and not rest else ''}"
    return f"{start} {_french_below_hundred(rest, swiss, last)}" if rest else start


def _french_below_hundred(number: int, swiss: bool, last: bool) -> str:
    if number < 20:
        return _FR[number]
    tens, unit = divmod(number, 10)
    if swiss and tens in (7, 9):
        name = "septante" if tens == 7 else "nonante"
    elif tens in (7, 9):
        name, unit = ("soixante" if tens == 7 else "quatre-vingt"), unit + 10
    elif tens == 8:
        name = "quatre-vingts" if last and not unit else "quatre-vingt"
    else:
        name = _FR_TENS[tens]
    if not unit:
        return name
    and_ = unit in (1, 11) and not name.startswith("quatre")
    return f"{name} et {_FR[unit]}" if and_ else f"{name}-{_FR[unit]}"


# ---------------------------------------------------------------- Romanian

_RO = listed(
    "zero unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece treisprezece paisprezece "
    "cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece"
)
_RO_TENS = listed(". . douăzeci treizeci patruzeci cincizeci șaizeci șaptezeci optzeci nouăzeci")


def romanian(number: int, gender: Gender = "masculine", counted: bool = False) -> str:
    """`un leu`, `doi lei`, `două zile`, `douăzeci și una de mii`. The "de" before the noun is the caller's, by the
    plural form."""
    words = []
    for scale, one, many in ((_MILLIARD, "un miliard", "miliarde"), (_MILLION, "un milion", "milioane")):
        count, number = divmod(number, scale)
        if count:
            words.append(one if count == 1 else _romanian_scale(count, "neuter", many))
    thousands, rest = divmod(number, _THOUSAND)
    if thousands:
        words.append("o mie" if thousands == 1 else _romanian_scale(thousands, "feminine", "mii"))
    if rest or not words:
        alone = not words and rest == 1 and counted
        words.append(
            ("o" if gender == "feminine" else "un") if alone else " ".join(_romanian_below_thousand(rest, gender))
        )
    return " ".join(words)


def romanian_de(number: int) -> bool:
    """Whether "de" stands between the number and its noun."""
    return number >= 20 and not 1 <= number % 100 <= 19


def _romanian_scale(count: int, gender: Gender, name: str) -> str:
    return " ".join([*_romanian_below_thousand(count, gender), *(["de"] if romanian_de(count) else []), name])


def _romanian_below_thousand(number: int, gender: Gender) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [] if not hundreds else ["o sută"] if hundreds == 1 else [_romanian_unit(hundreds, "feminine"), "sute"]
    if rest >= 20:
        words.append(_RO_TENS[rest // 10])
        rest %= 10
        if rest:
            words.append("și")
    if rest or not words:
        words.append(_romanian_unit(rest, gender))
    return words


def _romanian_unit(number: int, gender: Gender) -> str:
    if number == 1 and gender == "feminine":
        return "una"
    if number in (2, 12) and gender != "masculine":
        return {2: "două", 12: "douăsprezece"}[number]
    return _RO[number]
