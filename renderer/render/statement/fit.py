"""Finds text that ran off the paper: WeasyPrint draws it there without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from weasyprint.formatting_structure import boxes

from renderer.errors import Place, RenderError

TOLERANCE_PX: Final = 1.0
"""CSS pixels that a glyph's own space may reach over the edge."""


def check_fit(document: Any) -> None:
    """Raises RenderError ``render.overflow`` when a line of text leaves its page on any side."""
    for number, page in enumerate(document.pages, start=1):
        for text in _texts(page._page_box):
            if (
                text.position_x < -TOLERANCE_PX
                or text.position_y < -TOLERANCE_PX
                or text.position_x + text.width > page.width + TOLERANCE_PX
                or text.position_y + text.height > page.height + TOLERANCE_PX
            ):
                raise RenderError(
                    "render.overflow",
                    f"A text runs off page {number}.",
                    place=Place(channel="statement"),
                    hint="Let long words break (overflow-wrap: anywhere), or give the text more room.",
                )


def _texts(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)
    if isinstance(box, boxes.TextBox):
        if box.text.strip():
            yield box
        return
    for child in getattr(box, "children", ()):
        yield from _texts(child)
