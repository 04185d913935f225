"""What a text from outside must not hold, whatever its field: characters that no channel can carry honestly."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NONCHARACTER = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
# Embeddings, overrides and isolates. Plain marks (U+200E, U+200F, U+061C) are part of honest text and stay.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# More marks on one letter than any script uses draw over the lines around it.
_PILE = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{9,}")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


def text_fault(text: str, longest: int) -> str | None:
    """What is wrong with ``text``, in a sentence that does not repeat it, or None."""
    if len(text) > longest:
        return f"The text is longer than {longest} characters."
    if _SURROGATE.search(text):
        return "The text holds half of a surrogate pair."
    if _CONTROL.search(text):
        return "The text holds a control character."
    if _DIRECTION.search(text):
        return "The text holds a control that turns the direction of what follows (U+202A to U+202E, U+2066 to U+2069)."
    if _NONCHARACTER.search(text) or _PRIVATE.search(text):
        return "The text holds a code point that is no character."
    if _PILE.search(text):
        return "The text piles more marks on one letter than any script does."
    return None
