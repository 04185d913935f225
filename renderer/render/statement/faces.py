"""Which faces and letters a document really drew, against what the template lists.

In: the fonts of a finished WeasyPrint document. Out: nothing, or the error that ends the job. A face is known by the
bytes of its own tables (``head`` carries the checksum of the whole file: OpenType 1.9, ``checksumAdjustment``), not by
name: the host may have another file of the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fontTools.ttLib import TTFont
from weasyprint.text.ffi import ffi, harfbuzz

from renderer.assets.fonts import FontSet
from renderer.errors import Place, RenderError

TABLES: Final = ("head", "name", "OS/2")


def listed_marks(fonts: FontSet) -> frozenset[bytes]:
    """The marks of every face in the set."""
    return frozenset(_file_mark(str(face.path)) for face in fonts.faces)


def check_faces(fonts: Mapping[Any, Any], listed: frozenset[bytes]) -> None:
    """``fonts`` as in ``Document.fonts`` after writing.

    Raises RenderError ``render.glyph`` when a character was drawn as an empty box, ``render.face`` when a face outside
    the list was embedded.
    """
    missing = sorted({code_point for font in fonts.values() for code_point in font.missing})
    if missing:
        raise missing_error(missing)
    for font in fonts.values():
        if _face_mark(font.hb_face) not in listed:
            raise RenderError(
                "render.face",
                f"The statement used a face of '{font.family}' that the template does not list.",
                place=Place(channel="statement"),
                hint="Add the family and weight to the template's font list.",
            )


def missing_error(code_points: Iterable[int]) -> RenderError:
    """The error for characters without a glyph, named by code point."""
    named = [f"U+{code_point:04X}" for code_point in code_points]
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return RenderError(
        "render.glyph",
        f"No listed font has a glyph for {shown}.",
        place=Place(channel="statement"),
        hint="Add a font that has them to the template's font list.",
    )


def _file_mark(path: str) -> bytes:
    with TTFont(path, lazy=True) as font:
        return _mark(bytes(font.reader[tag]) if tag in font.reader else b"" for tag in TABLES)


def _face_mark(face: Any) -> bytes:
    return _mark(_table(face, tag) for tag in TABLES)


def _table(face: Any, tag: str) -> bytes:
    blob = harfbuzz.hb_face_reference_table(face, harfbuzz.hb_tag_from_string(tag.encode(), -1))
    try:
        length = ffi.new("unsigned int *")
        data = harfbuzz.hb_blob_get_data(blob, length)
        return bytes(ffi.buffer(data, length[0])) if length[0] else b""
    finally:
        harfbuzz.hb_blob_destroy(blob)


def _mark(tables: Iterable[bytes]) -> bytes:
    return hashlib.blake2b(b"\0".join(tables), digest_size=16).digest()
