"""Single values of generated profiles: numbers in range, words, small pictures."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from renderer.preflight.sample_draws import Draws
from renderer.preflight.sample_hints import Hint
from renderer.preflight.sample_words import Words

IMAGE_SIDE_PX = 40
_WIDE = Decimal(1_000)


def wording(draws: Draws, name: str, hint: Hint, own: Words) -> str:
    """Words for a text field in the record's language."""
    # A person's names belong together, so they hang on the record and not on the field.
    given, family = draws.one("given", own.given), draws.one("family", own.family)
    match hint.words:
        case "full-name":
            return f"{given} {family}"
        case "given-name":
            return given
        case "street":
            return own.street.format(name=draws.one(name, own.streets), number=draws.number(f"{name}#", 180) + 1)
        case "postcode":
            return draws.mask(name, own.postcode)
        case "city":
            return draws.one(name, own.cities)
        case "sentences":
            start, many = draws.number(name, len(own.sentences)), draws.number(f"{name}#", 3) + 1
            return " ".join((own.sentences * 2)[start : start + many])
    return " ".join(draws.one(f"{name}#{at}", own.plain) for at in range(draws.number(name, 3) + 1))


def sized(text: str, shortest: int, longest: int) -> str:
    """``text`` repeated or cut to a length that is allowed."""
    while len(text) < shortest:
        text += " " + text if text else "a"
    return text[:longest].rstrip() or text[:longest]


def rounded(value: Any, hint: Hint) -> Any:
    """A drawn number with the decimals its hint asks for; anything else as it is."""
    if isinstance(value, Decimal) and hint.decimals is not None:
        return value.quantize(Decimal(1).scaleb(-hint.decimals), rounding=ROUND_HALF_UP)
    return value


def fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """A number rounded to the decimals and moved into the range that the contract allows; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or schema["type"] not in ("number", "integer"):
        return value
    places = 0 if schema["type"] == "integer" else schema.get("x-decimals", 6)
    number = Decimal(value)
    if -int(number.as_tuple().exponent) > places:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    for bound, beyond in (("minimum", number.__lt__), ("maximum", number.__gt__)):
        if bound in schema and beyond(Decimal(str(schema[bound]))):
            number = Decimal(str(schema[bound]))
    return int(number) if number == number.to_integral_value() else number


def any_number(draws: Draws, name: str, schema: Mapping[str, Any]) -> Any:
    """A number in the range of the schema, the small more often than the large; bounds and zero now and then."""
    low = Decimal(str(schema.get("minimum", schema.get("exclusiveMinimum", 0))))
    high = Decimal(str(schema.get("maximum", schema.get("exclusiveMaximum", max(low, Decimal(0)) + _WIDE))))
    step = Decimal(str(schema["multipleOf"])) if "multipleOf" in schema else None
    inner_low, inner_high = max(low, Decimal(0)), min(high, max(low, Decimal(0)) + _WIDE)
    if inner_high <= inner_low:
        inner_low, inner_high = low, high
    if low < 0 and draws.number(f"{name}-", 10) == 0:
        inner_low, inner_high = max(low, -_WIDE), min(high, Decimal(0))
    value = draws.between(name, inner_low, inner_high)
    places = 0 if schema["type"] == "integer" else min(schema.get("x-decimals", 2), 2)
    value = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if "exclusiveMinimum" in schema and value <= low:
        value = (low + high) / 2
    if "exclusiveMaximum" in schema and value >= high:
        value = (low + high) / 2
    if step is not None:
        value = (value // step) * step if (value // step) * step >= low else (value // step + 1) * step
    return fitted(value, schema)


def image(draws: Draws, name: str) -> str:
    """A small picture of two colours as a PNG data URI. Stored, not deflated: zlib builds differ in their output."""
    side = IMAGE_SIDE_PX
    top, bottom = ([60 + draws.number(f"{name}#{end}{part}", 180) for part in range(3)] for end in "tb")
    rows = b"".join(
        b"\0" + bytes((a * (side - 1 - y) + b * y) // (side - 1) for a, b in zip(top, bottom, strict=True)) * side
        for y in range(side)
    )
    body = b"\x78\x01\x01" + len(rows).to_bytes(2, "little") + (len(rows) ^ 0xFFFF).to_bytes(2, "little") + rows
    body += zlib.adler32(rows).to_bytes(4, "big")
    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(part).to_bytes(4, "big") + kind + part + zlib.crc32(kind + part).to_bytes(4, "big")
        for kind, part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
