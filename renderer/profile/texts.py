"""What a text from outside must not hold, whatever its field: characters that no channel can carry honestly."""

from __future__ import annotations

import re
import unicodedata

# All controls but tab and line ends; and the anchors of annotations and embedded objects, which engines act on.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufff9-\ufffc]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Embeddings, overrides and isolates. Plain marks (U+200E, U+200F, U+061C) are part of honest text and stay.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LAST_TWO = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_NONCHARACTER = re.compile(f"[\ufdd0-\ufdef{_LAST_TWO}]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_UNSEEN = (
    " \t\n\r\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u3000\u3164\ufeff\uffa0"
)
_FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters by their category that cannot be seen."""
MOST_MARKS = 8
"""More marks on one letter than any script uses draw over the lines around it."""


def text_fault(text: str, longest: int) -> str | None:
    """What is wrong with ``text``, in a sentence that does not repeat it, or None."""
    if len(text) > longest:
        return f"The text is longer than {longest} characters."
    if _CONTROL.search(text):
        return "The text holds a control character."
    if text and not text.strip(_UNSEEN):
        return "The text has nothing that can be seen."
    if text.isascii():
        return None
    if _SURROGATE.search(text):
        return "The text holds half of a surrogate pair."
    if _DIRECTION.search(text):
        return "The text holds a control that turns the direction of what follows (U+202A to U+202E, U+2066 to U+2069)."
    if _NONCHARACTER.search(text) or _PRIVATE.search(text):
        return "The text holds a code point that is no character."
    if _piled(text):
        return "The text piles more marks on one letter than any script does."
    return None


def _piled(text: str) -> bool:
    """Whether more than :data:`MOST_MARKS` non-spacing or enclosing marks follow one another.

    What cannot be seen does not begin a new pile: fonts set marks behind it on the letter before it."""
    run = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me"):
            run += 1
        elif character not in _FILLERS and unicodedata.category(character) != "Cf":
            run = 0
        if run > MOST_MARKS:
            return True
    return False
