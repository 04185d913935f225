"""Lets Pango shape the texts inside drawings.

WeasyPrint 70 draws SVG text code point by code point (Kozea/WeasyPrint#2249): Arabic comes out unjoined and in reverse
(#2909), Latin without kerning. A text that places none of its letters by hand is drawn here as one piece, as #2249
proposes. This can go when that issue is closed; a test fails then, because it checks that the engine still needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weasyprint import svg as engine
from weasyprint.svg.utils import normalize

_PLACING = ("x", "y", "dx", "dy", "rotate")
_letter_by_letter = engine.text


class _Whole(str):
    """A text that the engine's loop over letters takes as a single one."""

    def __iter__(self) -> Iterator[str]:
        yield str(self)


def text(svg: Any, node: Any, font_size: float) -> None:
    """Draw a text node; stands in for ``weasyprint.svg.text``."""
    by_hand = any(len(normalize(node.attrib.get(name, "")).split()) > 1 for name in _PLACING)
    if node.text and not by_hand and "letter-spacing" not in node.attrib and "textLength" not in node.attrib:
        node._etree_node.text = _Whole(node.text)
    _letter_by_letter(svg, node, font_size)


def shape_drawings() -> None:
    """Put :func:`text` in the engine's place. Calling it again changes nothing."""
    for tag, drawn_by in engine.TAGS.items():
        if drawn_by is _letter_by_letter:
            engine.TAGS[tag] = text
    engine.text = text
