"""Web fonts: the template's faces, cut down to one script and put into the page's style sheet.

In: a font set, a locale and the style sheets. Out: ``@font-face`` rules with the fonts inside as data: URIs, because
browsers refuse font files that a page opened from disk asks for. The cut depends on the template's release and the
locale's script, never on a recipient; what a name needs beyond it comes from the reader's own fonts.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel import Locale
from babel.core import get_global
from fontTools import subset
from fontTools.ttLib import TTFont

from renderer.assets.fonts import Face, FontSet
from renderer.errors import EnvironmentFault
from renderer.render.microsite.tracks import data_uri
from renderer.units import canonical_json, digest

PREPARER = "3"
"""Raised when the way fonts are cut changes, so that old ones are not reused."""
PUNCTUATION = (
    "\u00a0\u00ab\u00b0\u00b2\u00b7\u00bb\u00d7\u200e\u200f\u2010-\u2015\u2018-\u201e\u2026\u202f\u2030\u2032\u2033"
    "\u2039\u203a\u20ac\u2122\u2190-\u2193\u2212"
)
ARABIC = "\u060c\u061b\u061f\u0621-\u063a\u0640-\u0652\u0660-\u066c\u0670\u067e\u0686\u06a9\u06af\u06cc"
CUTS = {"Latn": f" -~\u00a1-\u017f\u0218-\u021b{PUNCTUATION}", "Arab": f" -~{ARABIC}{PUNCTUATION}"}
"""Characters by script, written as in a character class. A script not listed gets Latin."""
FEATURES = [
    "ccmp",
    "locl",
    "kern",
    "mark",
    "mkmk",
    "liga",
    "calt",
    "rlig",
    "init",
    "medi",
    "fina",
    "isol",
    "tnum",
    "lnum",
]
_WEIGHT = re.compile(r"font-weight\s*:\s*(\d{3}|bold|normal)|font\s*:[^;}]*?\b([1-9]00)\b")


def font_css(fonts: FontSet, locale: str, styles: Iterable[str], cache: Path) -> str:
    """``@font-face`` rules for the weights that ``styles`` name, made once and kept in ``cache`` (create-only).

    Faces without a glyph of the locale's script or of Latin are left out, and so are colour fonts. Raises
    EnvironmentFault when the cache cannot be written.
    """
    weights = weights_of(styles)
    script = Locale.parse(locale.replace("-", "_")).script or _script(locale)
    characters = list(_characters(CUTS.get(script, CUTS["Latn"])))
    faces = [face for face in fonts.faces if face.weight in weights and not face.italic]
    name = digest(canonical_json([PREPARER, script, characters, [[face.digest, face.weight] for face in faces]]))
    kept = cache / "webfonts" / f"{name}.css"
    try:
        if not kept.exists():
            _keep(kept, "".join(_rules(faces, script, characters)))
        return kept.read_text(encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault("environment.disk", f"The font cache cannot be written: {error.strerror}.") from error


def weights_of(styles: Iterable[str]) -> frozenset[int]:
    """The font weights that style sheets name; 400 is always among them."""
    found = {400}
    for css in styles:
        for weight, shorthand in _WEIGHT.findall(css):
            found.add({"bold": 700, "normal": 400}.get(weight) or int(weight or shorthand))
    return frozenset(found)


def _script(locale: str) -> str:
    """The script a locale is written in when its name does not say: by CLDR's likely subtags."""
    likely = get_global("likely_subtags").get(locale.replace("-", "_").split("_")[0], "")
    return next((part for part in str(likely).split("_") if len(part) == 4), "Latn")


def _characters(cut: str) -> Iterator[int]:
    for part in re.findall(r"(.)-(.)|(.)", cut, re.DOTALL):
        first, last, single = part
        yield from range(ord(first), ord(last) + 1) if first else (ord(single),)


def _rules(faces: list[Face], script: str, characters: list[int]) -> Iterator[str]:
    taken: dict[int, set[int]] = {}
    for face in faces:
        with TTFont(face.path, lazy=True, recalcTimestamp=False) as font:  # else no two would be the same
            if "CBDT" in font or "COLR" in font:
                continue
            missing = set(characters) - taken.setdefault(face.weight, set())
            wanted = missing & set(font.getBestCmap())
            if not _carries(wanted, script, first=not taken[face.weight]):
                continue
            taken[face.weight] |= wanted
            yield (
                f"@font-face{{font-family:'{face.family}';font-weight:{face.weight};font-style:normal;"
                f"font-display:swap;src:url({data_uri(_cut(font, wanted), 'font/woff2')}) format('woff2')}}\n"
            )


def _carries(wanted: set[int], script: str, *, first: bool) -> bool:
    """Whether a face adds enough to be worth its bytes: the first of a weight does, a later one by its letters."""
    return bool(wanted) and (
        first or (script != "Latn" and any(code >= 0x250 and chr(code).isalpha() for code in wanted))
    )


def _cut(font: TTFont, characters: set[int]) -> bytes:
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = FEATURES
    options.name_IDs = []
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = False
    options.drop_tables += ["meta", "DSIG"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(characters))
    cutter.subset(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


def _keep(kept: Path, text: str) -> None:
    """Put ``text`` at ``kept`` in one step; who comes second finds the same content and leaves it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=kept.parent, prefix=".writing-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, kept)
