"""Makes the film's pictures: the record and its labels, six sleeves, the gift's tickets, stickers, tonearm and mark.

A record is drawn in two parts: the disc with its grooves and the light on them stands still, as light does; the label
is a file of its own and turns. Files have one and a half times their size in design pixels, so that they stay sharp at
1080 lines. Run from the project's folder: ``.venv/bin/python templates/loyalty-year/media/make_images.py``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cairocffi
import numpy as np
from PIL import Image

SCALE = 1.5
NIGHT, VINYL, PLUM, CREAM, HUSH = "#1A1024", "#2A1A38", "#3B1F4F", "#F6EBDD", "#C9B9CF"
CORAL, LILAC, LIME = "#FF5A3C", "#B79CFF", "#D7F25B"
BLACK = "#0E0716"
TAU = 2 * math.pi
Context = cairocffi.Context
Point = tuple[float, float]


def tone(code: str) -> tuple[float, float, float]:
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def fill(c: Context, code: str, alpha: float = 1) -> None:
    c.set_source_rgba(*tone(code), alpha)
    c.fill()


def stroke(c: Context, code: str, width: float, alpha: float = 1) -> None:
    c.set_source_rgba(*tone(code), alpha)
    c.set_line_width(width)
    c.set_line_cap(cairocffi.LINE_CAP_ROUND)
    c.set_line_join(cairocffi.LINE_JOIN_ROUND)
    c.stroke()


def circle(c: Context, x: float, y: float, radius: float) -> None:
    c.new_sub_path()
    c.arc(x, y, radius, 0, TAU)


def half(c: Context, x: float, y: float, radius: float, turn: float) -> None:
    """Path of half a disc whose flat side looks along ``turn`` (parts of a full turn)."""
    c.new_sub_path()
    c.arc(x, y, radius, turn * TAU, turn * TAU + math.pi)
    c.close_path()


def shape(c: Context, *points: Point) -> None:
    c.move_to(*points[0])
    for point in points[1:]:
        c.line_to(*point)
    c.close_path()


# ---------------------------------------------------------------- the record


def disc(c: Context) -> None:
    """A record without its label, 640 square: grooves in five tracks, light in two opposite fans."""
    middle, outer = 320.0, 318.0
    circle(c, middle, middle, outer)
    fill(c, BLACK)
    circle(c, middle, middle, outer - 1.5)
    stroke(c, HUSH, 2.2, 0.42)
    radius, track = 298.0, 0
    gaps = (262, 224, 190, 152)
    while radius > 126:
        if any(abs(radius - gap) < 4 for gap in gaps):
            radius -= 8.5
            track += 1
            continue
        circle(c, middle, middle, radius)
        stroke(c, HUSH, 0.9, 0.10 + 0.08 * (0.5 + 0.5 * math.sin(radius * 1.7 + track)))
        radius -= 3.1
    circle(c, middle, middle, 122)
    stroke(c, HUSH, 1.2, 0.3)
    c.save()
    circle(c, middle, middle, 304)
    circle(c, middle, middle, 104)
    c.set_fill_rule(cairocffi.FILL_RULE_EVEN_ODD)
    c.clip()
    c.set_fill_rule(cairocffi.FILL_RULE_WINDING)
    for direction in (-0.13, 0.37):
        for step in range(26):
            width = 0.062 * (1 - step / 26)
            c.move_to(middle, middle)
            c.arc(middle, middle, 310, (direction - width) * TAU, (direction + width) * TAU)
            c.close_path()
            fill(c, CREAM, 0.0105)
    c.restore()


def label(c: Context, ground: str, first: str, second: str) -> None:
    """A label, 208 square, with enough on one side that its turning is seen."""
    circle(c, 104, 104, 103)
    fill(c, ground)
    c.save()
    circle(c, 104, 104, 103)
    c.clip()
    half(c, 104, 104, 103, 0.5)
    fill(c, first)
    circle(c, 104, 56, 25)
    fill(c, second)
    for row, (left, right) in enumerate(((62, 146), (74, 134), (84, 124))):
        c.move_to(left, 138 + row * 17)
        c.line_to(right, 138 + row * 17)
        stroke(c, NIGHT if ground != NIGHT else CREAM, 7)
    c.restore()
    circle(c, 104, 104, 103)
    stroke(c, NIGHT, 2, 0.4)
    circle(c, 104, 104, 9)
    fill(c, BLACK)


def arm(c: Context) -> None:
    """A tonearm, 150 by 520; it turns about the middle of its bearing, (96, 70)."""
    circle(c, 96, 70, 50)
    fill(c, CREAM)
    circle(c, 96, 70, 30)
    fill(c, NIGHT)
    circle(c, 96, 70, 12)
    fill(c, CORAL)
    c.move_to(96, 98)
    c.line_to(96, 350)
    c.curve_to(96, 390, 70, 405, 58, 440)
    stroke(c, CREAM, 13)
    c.save()
    c.translate(52, 456)
    c.rotate(0.34)
    c.rectangle(-18, -16, 36, 62)
    fill(c, CORAL)
    c.rectangle(-18, 30, 36, 16)
    fill(c, NIGHT)
    c.restore()


# ---------------------------------------------------------------- sleeves, 460 square: one for each story


def paper(c: Context, ground: str) -> None:
    c.rectangle(0, 0, 460, 460)
    fill(c, ground)


def worn(c: Context) -> None:
    """Edges of card, and the ghost of the record inside."""
    circle(c, 230, 230, 212)
    stroke(c, NIGHT, 2, 0.10)
    c.rectangle(2, 2, 456, 456)
    stroke(c, NIGHT, 4, 0.22)
    c.rectangle(0, 0, 12, 460)
    fill(c, NIGHT, 0.16)


def sleeve_big_spender(c: Context) -> None:
    """Suns over suns: everything at once."""
    paper(c, NIGHT)
    for row in range(4):
        for column in range(4):
            x, y = 57.5 + column * 115, 57.5 + row * 115
            hue = (LIME, CORAL, LILAC, CREAM)[(row * 3 + column) % 4]
            if (row + column) % 3 == 2:
                circle(c, x, y, 50)
                fill(c, hue)
                circle(c, x, y, 17)
                fill(c, NIGHT)
            else:
                half(c, x, y, 50, (row + 2 * column) % 4 / 4)
                fill(c, hue)
    worn(c)


def sleeve_regular(c: Context) -> None:
    """A groove that keeps coming back: concentric arches."""
    paper(c, LIME)
    for number, hue in enumerate((NIGHT, CORAL, CREAM, NIGHT, LILAC, LIME, NIGHT)):
        c.move_to(230, 460)
        c.arc(230, 460, 420 - number * 58, math.pi, TAU)
        c.close_path()
        fill(c, hue)
    circle(c, 366, 84, 40)
    fill(c, CORAL)
    worn(c)


def sleeve_newcomer(c: Context) -> None:
    """Something comes up over the edge."""
    paper(c, CREAM)
    circle(c, 230, 300, 150)
    fill(c, CORAL)
    c.rectangle(0, 300, 460, 160)
    fill(c, NIGHT)
    for row in range(5):
        c.rectangle(100 + row * 20, 318 + row * 27, 260 - row * 40, 12)
        fill(c, LILAC)
    for ray in range(9):
        angle = math.pi * (1 + (ray + 0.5) / 9)
        c.move_to(230 + 178 * math.cos(angle), 300 + 178 * math.sin(angle))
        c.line_to(230 + 212 * math.cos(angle), 300 + 212 * math.sin(angle))
    stroke(c, NIGHT, 10)
    worn(c)


def sleeve_slipping(c: Context) -> None:
    """A row that slides out of line."""
    paper(c, CORAL)
    for number in range(7):
        y = 30 + number * 60
        drift = number * number * 5.2
        c.rectangle(40 + drift, y, 300, 38)
        fill(c, (NIGHT, CREAM, NIGHT, LILAC, NIGHT, CREAM, NIGHT)[number])
    worn(c)


def sleeve_long_gone(c: Context) -> None:
    """A moon over a quiet place."""
    paper(c, PLUM)
    circle(c, 300, 160, 110)
    fill(c, LILAC)
    circle(c, 258, 138, 100)
    fill(c, PLUM)
    for row in range(6):
        c.move_to(0, 330 + row * 25)
        for step in range(1, 47):
            c.line_to(step * 10, 330 + row * 25 + 8 * math.sin(step * 0.42 + row * 0.9))
        stroke(c, (HUSH, LILAC)[row % 2], 5, 0.85 - row * 0.1)
    for x, y in ((70, 70), (130, 180), (400, 290), (66, 262), (420, 60)):
        circle(c, x, y, 4)
        fill(c, CREAM)
    worn(c)


def sleeve_listener(c: Context) -> None:
    """Two ears, one beat."""
    paper(c, LILAC)
    half(c, 230, 186, 146, 0.25)
    fill(c, NIGHT)
    half(c, 230, 186, 146, 0.75)
    fill(c, CREAM)
    half(c, 230, 186, 80, 0.75)
    fill(c, CORAL)
    half(c, 230, 186, 80, 0.25)
    fill(c, LIME)
    for number in range(7):
        tall = (26, 44, 62, 34, 54, 40, 22)[number]
        c.rectangle(88 + number * 43, 424 - tall, 26, tall)
        fill(c, NIGHT)
    worn(c)


# ---------------------------------------------------------------- the gift


def ticket(c: Context, ground: str, ink: str) -> None:
    """A ticket, 1136 by 454: notched where it is torn, the stub at the right with a record and a bar code."""
    c.scale(1.136, 1.135)
    c.move_to(24, 0)
    c.line_to(712, 0)
    c.arc_negative(740, 0, 28, math.pi, 0)
    c.line_to(976, 0)
    c.arc(976, 24, 24, -math.pi / 2, 0)
    for number in range(7):
        c.arc_negative(1000, 70 + number * 43, 11, -math.pi / 2, math.pi / 2)
    c.arc(976, 376, 24, 0, math.pi / 2)
    c.line_to(768, 400)
    c.arc_negative(740, 400, 28, 0, math.pi)
    c.line_to(24, 400)
    c.arc(24, 376, 24, math.pi / 2, math.pi)
    for number in range(7):
        c.arc_negative(0, 328 - number * 43, 11, math.pi / 2, -math.pi / 2)
    c.arc(24, 24, 24, math.pi, 1.5 * math.pi)
    c.close_path()
    fill(c, ground)
    tear(c, (740, 42), (740, 360), ink)
    bar_code(c, 792, 296, 62, ink)
    small_record(c, 870, 156, 92, ground, ink)


def coupon(c: Context, ground: str, ink: str) -> None:
    """The ticket of the upright film, 612 by 700: the stub is its foot, torn edges are above and below."""
    c.move_to(28, 0)
    for number in range(10):
        c.arc_negative(63 + number * 54, 0, 13, math.pi, 0)
    c.arc(584, 28, 28, -math.pi / 2, 0)
    c.line_to(612, 452)
    c.arc_negative(612, 484, 32, -math.pi / 2, math.pi / 2)
    c.arc(584, 672, 28, 0, math.pi / 2)
    for number in range(10):
        c.arc_negative(549 - number * 54, 700, 13, 0, math.pi)
    c.arc(28, 672, 28, math.pi / 2, math.pi)
    c.line_to(0, 516)
    c.arc_negative(0, 484, 32, math.pi / 2, -math.pi / 2)
    c.arc(28, 28, 28, math.pi, 1.5 * math.pi)
    c.close_path()
    fill(c, ground)
    tear(c, (48, 484), (566, 484), ink)
    small_record(c, 118, 592, 70, ground, ink)
    bar_code(c, 232, 546, 92, ink, 1.25)


def tear(c: Context, start: Point, end: Point, ink: str) -> None:
    """A dotted line to tear along."""
    c.set_dash([2, 15])
    c.move_to(*start)
    c.line_to(*end)
    stroke(c, ink, 6)
    c.set_dash([])


def bar_code(c: Context, x: float, y: float, height: float, ink: str, scale: float = 1) -> None:
    for number in range(17):
        width = (4, 9, 3, 6, 3, 11, 5, 3, 7, 4, 10, 3, 5, 8, 3, 6, 4)[number] * scale
        c.rectangle(x, y, width, height)
        fill(c, ink)
        x += width + (4, 3, 6, 4, 3, 4, 6)[number % 7] * scale


def small_record(c: Context, x: float, y: float, radius: float, ground: str, ink: str) -> None:
    circle(c, x, y, radius)
    fill(c, ink)
    for groove in (82, 72, 62, 52):
        circle(c, x, y, radius * groove / 92)
        stroke(c, ground, 1.6, 0.5)
    circle(c, x, y, radius * 38 / 92)
    fill(c, ground)
    circle(c, x, y, radius * 7 / 92)
    fill(c, ink)


# ---------------------------------------------------------------- stickers, 220 square


def burst(c: Context, ground: str, points: int = 18) -> None:
    for number in range(points * 2):
        radius = 106 if number % 2 == 0 else 90
        angle = number * math.pi / points
        place = (110 + radius * math.cos(angle), 110 + radius * math.sin(angle))
        c.move_to(*place) if number == 0 else c.line_to(*place)
    c.close_path()
    fill(c, ground)


def star(c: Context) -> None:
    burst(c, CORAL)
    for number in range(10):
        radius, angle = (64 if number % 2 == 0 else 27), number * math.pi / 5 - math.pi / 2
        place = (110 + radius * math.cos(angle), 110 + radius * math.sin(angle))
        c.move_to(*place) if number == 0 else c.line_to(*place)
    c.close_path()
    fill(c, NIGHT)


def note(c: Context) -> None:
    burst(c, LIME)
    for x, y in ((84, 144), (136, 132)):
        c.save()
        c.translate(x, y)
        c.rotate(-0.35)
        c.scale(21, 15)
        circle(c, 0, 0, 1)
        c.restore()
        fill(c, NIGHT)
    shape(c, (96, 66), (156, 52), (156, 76), (96, 90))
    fill(c, NIGHT)
    c.rectangle(96, 66, 8, 78)
    c.rectangle(148, 54, 8, 78)
    fill(c, NIGHT)


def candle(c: Context) -> None:
    burst(c, LIME)
    c.rectangle(60, 118, 100, 46)
    fill(c, NIGHT)
    for x in (76, 105, 134):
        c.rectangle(x, 82, 10, 40)
        fill(c, CORAL)
        c.move_to(x + 5, 48)
        c.curve_to(x + 17, 64, x + 12, 76, x + 5, 76)
        c.curve_to(x - 2, 76, x - 7, 64, x + 5, 48)
        fill(c, NIGHT)
    c.move_to(60, 138)
    for step in range(1, 6):
        c.curve_to(60 + step * 20 - 14, 152, 60 + step * 20 - 6, 152, 60 + step * 20, 138)
    stroke(c, CREAM, 7)


def hand(c: Context) -> None:
    """A smile, for somebody who is waited for."""
    burst(c, CORAL)
    circle(c, 110, 110, 62)
    fill(c, NIGHT)
    for x in (88, 132):
        circle(c, x, 96, 9)
        fill(c, CREAM)
    c.arc(110, 108, 32, 0.12 * math.pi, 0.88 * math.pi)
    stroke(c, CREAM, 9)


def mark(c: Context, ink: str, groove: str) -> None:
    """The sender's mark: the record at the end of its name. 56 square."""
    circle(c, 28, 28, 27)
    fill(c, ink)
    for radius in (23, 19.5, 16):
        circle(c, 28, 28, radius)
        stroke(c, groove, 1, 0.55)
    circle(c, 28, 28, 12)
    fill(c, CORAL)
    circle(c, 28, 28, 2.8)
    fill(c, groove)


DRAWINGS: dict[str, tuple[float, float, Callable[[Context], None]]] = {
    # name: width, height, drawing
    "disc": (640, 640, disc),
    "label-coral": (208, 208, partial(label, ground=CORAL, first=CREAM, second=NIGHT)),
    "label-lilac": (208, 208, partial(label, ground=LILAC, first=CORAL, second=CREAM)),
    "label-lime": (208, 208, partial(label, ground=LIME, first=CORAL, second=CREAM)),
    "label-cream": (208, 208, partial(label, ground=CREAM, first=LILAC, second=CORAL)),
    "arm": (150, 520, arm),
    "sleeve-big-spender": (460, 460, sleeve_big_spender),
    "sleeve-regular": (460, 460, sleeve_regular),
    "sleeve-newcomer": (460, 460, sleeve_newcomer),
    "sleeve-slipping": (460, 460, sleeve_slipping),
    "sleeve-long-gone": (460, 460, sleeve_long_gone),
    "sleeve-listener": (460, 460, sleeve_listener),
    "ticket-coral": (1136, 454, partial(ticket, ground=CORAL, ink=NIGHT)),
    "ticket-lilac": (1136, 454, partial(ticket, ground=LILAC, ink=NIGHT)),
    "ticket-lime": (1136, 454, partial(ticket, ground=LIME, ink=NIGHT)),
    "ticket-cream": (1136, 454, partial(ticket, ground=CREAM, ink=NIGHT)),
    "coupon-coral": (612, 700, partial(coupon, ground=CORAL, ink=NIGHT)),
    "coupon-lilac": (612, 700, partial(coupon, ground=LILAC, ink=NIGHT)),
    "coupon-lime": (612, 700, partial(coupon, ground=LIME, ink=NIGHT)),
    "coupon-cream": (612, 700, partial(coupon, ground=CREAM, ink=NIGHT)),
    "sticker-star": (220, 220, star),
    "sticker-note": (220, 220, note),
    "sticker-candle": (220, 220, candle),
    "sticker-smile": (220, 220, hand),
    "mark": (56, 56, partial(mark, ink=NIGHT, groove=CREAM)),
    "mark-dark": (56, 56, partial(mark, ink=CREAM, groove=NIGHT)),
}


def drawing(name: str) -> Image.Image:
    """One drawing, with transparency."""
    width, height, draw = DRAWINGS[name]
    surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, round(width * SCALE), round(height * SCALE))
    context = cairocffi.Context(surface)
    context.scale(SCALE, SCALE)
    draw(context)
    surface.flush()
    pixels = np.frombuffer(surface.get_data(), np.uint8).reshape(surface.get_height(), surface.get_stride() // 4, 4)
    pixels = pixels[:, : surface.get_width()].astype(np.float32)
    alpha = pixels[:, :, 3:4]
    plain = np.where(alpha > 0, pixels[:, :, 2::-1] * 255 / np.maximum(alpha, 1), 0)
    straight = np.concatenate([np.clip(plain + 0.5, 0, 255), alpha], axis=2).astype(np.uint8)
    return Image.fromarray(straight, "RGBA")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name in DRAWINGS:
        drawing(name).save(folder / f"image-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
