"""Reads spoken figures back, knowing nothing of what wrote them: what it cannot read, or a wrong agreement, fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

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
