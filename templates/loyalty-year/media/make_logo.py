"""Makes logo.svg and logo-dark.svg: the shop's name in outlines of Bricolage Grotesque, its last letter a record.

Outlines, because an SVG shown as a picture cannot use the page's fonts; cut for display sizes (optical size 96), which
the text faces of the page are not. Run from the project's folder:
``.venv/bin/python templates/loyalty-year/media/make_logo.py``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

HERE = Path(__file__).parent
LETTERS = "solc"
SIZE = 46.0
BASELINE = 35.0
HEIGHT = 44
TRACKING = -1.2


def face() -> TTFont:
    """The heaviest display cut, from the installed font package; its code is not run."""
    spec = importlib.util.find_spec("fontpkg_bricolage_grotesque")
    if spec is None or spec.origin is None:
        raise SystemExit("Install the font first: pip install fontpkg-bricolage-grotesque")
    source = next(Path(spec.origin).parent.glob("files/*.ttf"))
    return instancer.instantiateVariableFont(TTFont(source), {"wght": 800, "opsz": 96, "wdth": 100})


def letters(font: TTFont) -> tuple[str, float]:
    """The first letters as one path, and where they end."""
    glyphs, cmap, scale = font.getGlyphSet(), font.getBestCmap(), SIZE / font["head"].unitsPerEm
    pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip("."))
    x = 0.0
    for letter in LETTERS:
        glyph = glyphs[cmap[ord(letter)]]
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, x, BASELINE)))
        x += glyph.width * scale + TRACKING
    return pen.getCommands(), x


def round_letter(font: TTFont) -> tuple[float, float]:
    """Radius and middle (above the baseline) of the letter o, so that the record sits like one."""
    glyphs, scale = font.getGlyphSet(), SIZE / font["head"].unitsPerEm
    pen = BoundsPen(glyphs)
    glyphs[font.getBestCmap()[ord("o")]].draw(pen)
    _, low, _, high = pen.bounds
    return (high - low) * scale / 2, (high + low) * scale / 2


def main() -> None:
    font = face()
    path, end = letters(font)
    radius, middle = round_letter(font)
    radius += 1.2
    x, y = end + radius + 1.2, BASELINE - middle
    width = round(x + radius + 0.5)
    for name, ink, ground in (("logo.svg", "#1A1024", "#F6EBDD"), ("logo-dark.svg", "#F6EBDD", "#1A1024")):
        grooves = "".join(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius * part:.2f}"/>' for part in (0.86, 0.74, 0.62))
        (HERE / name).write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" '
            f'height="{HEIGHT}">\n  <path fill="{ink}" d="{path}"/>\n'
            f'  <circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{ink}"/>\n'
            f'  <g fill="none" stroke="{ground}" stroke-width=".5" stroke-opacity=".55">{grooves}</g>\n'
            f'  <circle cx="{x:.2f}" cy="{y:.2f}" r="{radius * 0.46:.2f}" fill="#FF5A3C"/>\n'
            f'  <circle cx="{x:.2f}" cy="{y:.2f}" r="{radius * 0.1:.2f}" fill="{ground}"/>\n</svg>\n',
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
