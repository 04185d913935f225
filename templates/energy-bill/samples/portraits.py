"""Draws the two portraits of the samples: soft, abstract, of nobody. Run it again to make the files again.

    python templates/energy-bill/samples/portraits.py [FOLDER]

``giulia.png`` lies beside the profiles; ``noura.png`` is small enough to stand inside one as a data URI.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

OVER = 4
"""Everything is drawn this many times larger and reduced, which makes the edges smooth."""


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """Colours of one portrait (sRGB) and its side in pixels."""

    name: str
    side_px: int
    sky: tuple[str, str]
    hair: str
    skin: str
    shade: str
    cloth: str
    scarf: bool = False


PORTRAITS = (
    Portrait(
        name="giulia",
        side_px=480,
        sky=("#F7D9A8", "#D9ECEA"),
        hair="#4A2F27",
        skin="#E9B995",
        shade="#D69F7B",
        cloth="#0B6E69",
    ),
    Portrait(
        name="noura",
        side_px=112,
        sky=("#D9ECEA", "#FDF0D9"),
        hair="#2B4C5A",
        skin="#D9A27C",
        shade="#C48C66",
        cloth="#23404C",
        scarf=True,
    ),
)


def draw(portrait: Portrait) -> Image.Image:
    """The portrait as an RGB image of ``side_px`` square."""
    side = portrait.side_px * OVER
    ramp = Image.linear_gradient("L").resize((side, side))
    ground = Image.composite(
        Image.new("RGB", (side, side), portrait.sky[1]), Image.new("RGB", (side, side), portrait.sky[0]), ramp
    )

    def oval(x: float, y: float, width: float, height: float, soft: float = 0.0) -> Image.Image:
        # A mask. Centre and size are parts of the side; ``soft`` is the blur of the edge, also a part of it.
        mask = Image.new("L", (side, side))
        box = [(x - width / 2) * side, (y - height / 2) * side, (x + width / 2) * side, (y + height / 2) * side]
        ImageDraw.Draw(mask).ellipse(box, fill=255)
        return mask.filter(ImageFilter.GaussianBlur(soft * side)) if soft else mask

    def paint(mask: Image.Image, colour: str) -> None:
        ground.paste(Image.new("RGB", (side, side), colour), mask=mask)

    head = oval(0.50, 0.53, 0.50, 0.70) if portrait.scarf else oval(0.50, 0.52, 0.48, 0.66)
    face = oval(0.50, 0.50, 0.30, 0.40)
    paint(oval(0.76, 0.24, 0.34, 0.34, 0.04), "#FFF6E3")
    paint(head, portrait.hair)
    if not portrait.scarf:
        paint(oval(0.50, 0.72, 0.15, 0.30), portrait.shade)
    paint(oval(0.50, 1.10, 0.90, 0.64), portrait.cloth)
    if not portrait.scarf:
        paint(oval(0.50, 0.76, 0.15, 0.14), portrait.shade)
    paint(face, portrait.skin)
    if not portrait.scarf:
        paint(ImageChops.multiply(oval(0.40, 0.26, 0.42, 0.24), head), portrait.hair)
        paint(ImageChops.multiply(oval(0.66, 0.30, 0.22, 0.26), head), portrait.hair)
    return ground.resize((portrait.side_px, portrait.side_px), Image.Resampling.LANCZOS)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for portrait in PORTRAITS:
        image = draw(portrait)
        if portrait.side_px < 200:
            image = image.quantize(48, dither=Image.Dither.NONE)
        image.save(folder / f"{portrait.name}.png", optimize=True)


if __name__ == "__main__":
    main()
