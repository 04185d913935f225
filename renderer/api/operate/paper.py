"""Pages of a PDF as pictures: a PDF cannot be shown in a page without a plug-in, and on many phones not at all."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2

from renderer.errors import EnvironmentFault
from renderer.store.base import Store

WIDTH, SMALL = 1100, 480
"""Pixels that a page is wide, and that it is in an overview."""
TALL = 6000
MOST_BYTES = 64 * 2**20

_lock = threading.Lock()
"""PDFium is not made for several threads."""


def page_count(store: Store, key: str) -> int:
    """How many pages a stored PDF has; 0 where it cannot be read or is not there."""
    try:
        with _opened(store, key) as document:
            return 0 if document is None else len(document)
    except EnvironmentFault:
        return 0


def page_picture(store: Store, key: str, number: int, width: int = WIDTH) -> bytes | None:
    """A page of a stored PDF as PNG, so many pixels wide; None where it has no such page or cannot be read. Raises
    EnvironmentFault when the store does not have it."""
    with _opened(store, key) as document:
        if document is None or not 1 <= number <= len(document):
            return None
        try:
            page = document[number - 1]
            scale = min(width / max(1.0, page.get_width()), TALL / max(1.0, page.get_height()))
            image = page.render(scale=scale).to_pil().convert("RGB")
        except pypdfium2.PdfiumError:  # the file can be read, this page of it cannot
            return None
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


@contextmanager
def _opened(store: Store, key: str) -> Iterator[Any]:
    """The document while the block lasts, or None for what is none, or is larger than a statement can be."""
    with store.open(key) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        yield None
        return
    with _lock:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError:
            document = None
        try:
            yield document
        finally:
            if document is not None:
                document.close()
