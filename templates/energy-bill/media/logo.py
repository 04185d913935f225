"""Makes logo.svg and logo-dark.svg: a breeze that curls round the sun, and the name in outlines of IBM Plex Sans.

Outlines, because an SVG shown as a picture cannot use the page's fonts. Run from the project's folder:
``.venv/bin/python templates/energy-bill/media/logo.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from renderer.assets.fonts import FontRequest, load_fonts

HERE = Path(__file__).parent
NAME = "Brezza"
SIZE = 29.0
BASELINE = 30.0
LEFT = 49.0
TRACKING = -0.4

MARK = """  <g fill="none" stroke="{accent}" stroke-width="3.6" stroke-linecap="round">
    <path d="M3 22h22.5a8 8 0 1 0-8-8"/>
    <path d="M9 29.5h21a4.6 4.6 0 1 1-4.6 4.6"/>
  </g>
  <circle cx="25.5" cy="14" r="3.6" fill="{sun}"/>
"""


def wordmark(font: TTFont) -> tuple[str, float]:
    """The name as one path, and where it ends."""
    glyphs, cmap, scale = font.getGlyphSet(), font.getBestCmap(), SIZE / font["head"].unitsPerEm
    pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip("."))
    x = LEFT
    for letter in NAME:
        glyph = glyphs[cmap[ord(letter)]]
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, x, BASELINE)))
        x += glyph.width * scale + TRACKING
    return pen.getCommands(), x - TRACKING


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        fonts = load_fonts([FontRequest("IBM Plex Sans", (600,))], Path(cache))
        path, end = wordmark(TTFont(fonts.faces[0].path))
    width = round(end + 1)
    for name, ink, accent, sun in (
        ("logo.svg", "#10262E", "#0B6E69", "#F4A52A"),
        ("logo-dark.svg", "#EAF2F1", "#5CC5BC", "#F6B84F"),
    ):
        (HERE / name).write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 42" width="{width}" height="42">\n'
            f"{MARK.format(accent=accent, sun=sun)}"
            f'  <path fill="{ink}" d="{path}"/>\n</svg>\n',
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
