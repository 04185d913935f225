"""Makes the film's pictures: one drawing for each next step, the sun, the sender's mark, and the hills by day.

Drawings are 592 by 440 design pixels and stand on their lower edge, which the storyboard lays on the line of light.
Files have twice that size, so that they stay sharp at 1080 lines. Parts that turn are files of their own. Run from the
project's folder: ``.venv/bin/python templates/energy-bill/media/make_images.py``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import cairocffi
import cv2
import landscape
import numpy as np
from PIL import Image

WIDTH, HEIGHT, SCALE = 592, 440, 2
INK, TEAL, DEEP, MIDDLE, PALE, MIST = "#10262E", "#0B6E69", "#084F4C", "#5FA8A2", "#BFDDD9", "#E3F0EE"
PAPER, WHITE, SUN, WARM, CREAM = "#FBF8F2", "#FFFFFF", "#F4A52A", "#FBD592", "#FDF0D9"
NIGHT, AQUA = "#06222A", "#5CC5BC"
MIDST = WIDTH / 2
"""Parts that turn stand in the middle of their drawing: there, drawings that are placed mirrored still meet them."""
Context = cairocffi.Context
Point = tuple[float, float]


def fill(c: Context, tone: str, alpha: float = 1) -> None:
    c.set_source_rgba(*landscape.colour(tone), alpha)
    c.fill()


def stroke(c: Context, tone: str, width: float, alpha: float = 1) -> None:
    c.set_source_rgba(*landscape.colour(tone), alpha)
    c.set_line_width(width)
    c.set_line_cap(cairocffi.LINE_CAP_ROUND)
    c.set_line_join(cairocffi.LINE_JOIN_ROUND)
    c.stroke()


def block(c: Context, x: float, y: float, width: float, height: float, radius: float = 0, feet: bool = True) -> None:
    """Path of a rounded rectangle; without ``feet`` its lower corners are square, as of what stands on the ground."""
    low = radius if feet else 0
    c.new_sub_path()
    c.arc(x + width - radius, y + radius, radius, -math.pi / 2, 0)
    c.arc(x + width - low, y + height - low, low, 0, math.pi / 2)
    c.arc(x + low, y + height - low, low, math.pi / 2, math.pi)
    c.arc(x + radius, y + radius, radius, math.pi, math.pi * 1.5)
    c.close_path()


def shape(c: Context, *points: Point) -> None:
    c.move_to(*points[0])
    for point in points[1:]:
        c.line_to(*point)
    c.close_path()


def circle(c: Context, x: float, y: float, radius: float) -> None:
    c.new_sub_path()
    c.arc(x, y, radius, 0, 2 * math.pi)


def fade(c: Context, x0: float, y0: float, x1: float, y1: float, start: str, stop: str) -> None:
    """Fill the path with a linear gradient."""
    pattern = cairocffi.LinearGradient(x0, y0, x1, y1)
    pattern.add_color_stop_rgb(0, *landscape.colour(start))
    pattern.add_color_stop_rgb(1, *landscape.colour(stop))
    c.set_source(pattern)
    c.fill()


def ground_shadow(c: Context, left: float, right: float, tone: str = DEEP, alpha: float = 0.16) -> None:
    c.save()
    c.translate((left + right) / 2, HEIGHT)
    c.scale((right - left) / 2, 7)
    circle(c, 0, 0, 1)
    c.restore()
    fill(c, tone, alpha)


def tree(c: Context, x: float, height: float, tone: str) -> None:
    block(c, x - 4, HEIGHT - height * 0.5, 8, height * 0.5)
    fill(c, DEEP)
    block(c, x - height * 0.24, HEIGHT - height, height * 0.48, height * 0.74, height * 0.24)
    fill(c, tone)
    c.move_to(x, HEIGHT - height * 0.26)
    c.line_to(x, HEIGHT - height * 0.62)
    stroke(c, DEEP, 3, 0.4)


def window(c: Context, x: float, y: float, width: float, height: float, light: str = WARM) -> None:
    block(c, x, y, width, height, 4)
    fade(c, x, y, x, y + height, light, CREAM)
    c.move_to(x + width / 2, y)
    c.line_to(x + width / 2, y + height)
    stroke(c, WHITE, 3.5)
    c.rectangle(x - 5, y + height, width + 10, 5)
    fill(c, PALE)


def solar(c: Context) -> None:
    ground_shadow(c, 60, 570)
    tree(c, 86, 150, MIDDLE)
    tree(c, 128, 108, TEAL)
    block(c, 176, 236, 338, 204)
    fade(c, 176, 236, 176, 440, WHITE, "#F3EFE6")
    block(c, 176, 236, 338, 20)
    fill(c, INK, 0.08)
    block(c, 316, 330, 62, 110, 6, feet=False)
    fill(c, TEAL)
    circle(c, 366, 388, 3.5)
    fill(c, SUN)
    window(c, 214, 306, 66, 62)
    window(c, 414, 306, 66, 62)
    corners = ((218.0, 96.0), (472.0, 96.0), (548.0, 242.0), (142.0, 242.0))
    shape(c, *corners)
    fade(c, 0, 96, 0, 242, "#12585A", DEEP)
    c.rectangle(142, 240, 406, 7)
    fill(c, INK)

    def roof(u: float, v: float) -> Point:
        """A point of the roof: u along the ridge, v from the ridge down."""
        (x0, y0), (x1, _), (x2, y2), (x3, _) = corners
        left, right = x0 + (x3 - x0) * v, x1 + (x2 - x1) * v
        return left + (right - left) * u, y0 + (y2 - y0) * v

    for row in range(2):
        for column in range(4):
            u0, u1 = 0.10 + column * 0.205, 0.10 + column * 0.205 + 0.185
            v0, v1 = 0.10 + row * 0.42, 0.10 + row * 0.42 + 0.37
            shape(c, roof(u0, v0), roof(u1, v0), roof(u1, v1), roof(u0, v1))
            (x0, y0), (x1, y1) = roof(u0, v0), roof(u1, v1)
            fade(c, x0, y0, x1, y1, "#2E8F9A" if (row + column) % 3 else "#3FA6AE", "#0F4E63")
            for line in (1 / 3, 2 / 3):
                c.move_to(*roof(u0 + (u1 - u0) * line, v0))
                c.line_to(*roof(u0 + (u1 - u0) * line, v1))
            c.move_to(*roof(u0, (v0 + v1) / 2))
            c.line_to(*roof(u1, (v0 + v1) / 2))
            stroke(c, "#BFE3E4", 1.1, 0.6)
            shape(c, roof(u0, v0), roof(u1, v0), roof(u1, v1), roof(u0, v1))
            stroke(c, "#D9ECEA", 2.2)


def car(c: Context) -> None:
    ground_shadow(c, 40, 452, NIGHT, 0.6)
    # The charging post, and the cable that hangs from it to the car's rear.
    ground_shadow(c, 488, 560, NIGHT, 0.6)
    block(c, 500, 214, 50, 226, 22, feet=False)
    fade(c, 500, 214, 550, 214, PAPER, "#CFDEDC")
    block(c, 511, 240, 28, 40, 8)
    fill(c, NIGHT)
    c.move_to(527, 246)
    c.line_to(519, 262)
    c.line_to(525, 262)
    c.line_to(522, 275)
    c.line_to(531, 257)
    c.line_to(525, 257)
    c.close_path()
    fill(c, SUN)
    for width, tone, alpha in ((9, NIGHT, 1.0), (5, SUN, 1.0)):
        c.move_to(501, 318)
        c.curve_to(462, 330, 486, 408, 456, 404)
        c.curve_to(430, 398, 452, 338, 424, 334)
        stroke(c, tone, width, alpha)
    # The body: bonnet at the left, cabin in the middle.
    c.move_to(48, 404)
    c.curve_to(42, 362, 54, 338, 92, 332)
    c.curve_to(118, 326, 136, 324, 150, 320)
    c.curve_to(182, 278, 216, 256, 272, 254)
    c.curve_to(340, 252, 376, 276, 402, 316)
    c.curve_to(428, 322, 440, 338, 440, 364)
    c.line_to(440, 396)
    c.curve_to(440, 404, 436, 408, 428, 408)
    c.line_to(56, 408)
    c.curve_to(52, 408, 49, 407, 48, 404)
    c.close_path()
    fade(c, 0, 250, 0, 410, "#7AD6CE", "#1F8C86")
    c.move_to(168, 320)
    c.curve_to(194, 288, 220, 273, 262, 271)
    c.line_to(262, 320)
    c.close_path()
    fade(c, 160, 270, 262, 320, "#143F49", NIGHT)
    c.move_to(276, 271)
    c.curve_to(332, 270, 356, 288, 380, 320)
    c.line_to(276, 320)
    c.close_path()
    fade(c, 276, 270, 380, 320, "#143F49", NIGHT)
    c.move_to(269, 326)
    c.line_to(269, 398)
    stroke(c, NIGHT, 1.6, 0.35)
    for x in (232, 346):
        block(c, x, 338, 24, 5, 2.5)
        fill(c, NIGHT, 0.4)
    c.move_to(52, 372)
    c.line_to(438, 372)
    stroke(c, WHITE, 2, 0.25)
    block(c, 50, 346, 30, 13, 6)
    fill(c, "#FFF1CF")
    block(c, 424, 344, 14, 12, 5)
    fill(c, "#E5654F")
    circle(c, 420, 334, 8)
    fill(c, NIGHT)
    circle(c, 420, 334, 4)
    fill(c, SUN)
    for x in (134, 356):
        circle(c, x, 400, 46)
        fill(c, "#0E3F45")
        circle(c, x, 402, 38)
        fill(c, "#04171D")
        circle(c, x, 402, 23)
        fill(c, "#C9DCDA")
        circle(c, x, 402, 7)
        fill(c, "#04171D")
        for spoke in range(5):
            turn = spoke * 2 * math.pi / 5 - math.pi / 2
            c.move_to(x + 10 * math.cos(turn), 402 + 10 * math.sin(turn))
            c.line_to(x + 22 * math.cos(turn), 402 + 22 * math.sin(turn))
        stroke(c, "#7FA3A3", 3)


def night(c: Context) -> None:
    """A crescent and stars, for the sky above the car."""
    c.push_group()
    circle(c, 452, 96, 44)
    fill(c, CREAM)
    c.set_operator(cairocffi.OPERATOR_DEST_OUT)
    circle(c, 432, 82, 40)
    fill(c, CREAM)
    c.pop_group_to_source()
    c.paint()
    for x, y, size in (
        (96, 74, 3),
        (188, 150, 2),
        (250, 52, 2.4),
        (330, 126, 2),
        (386, 40, 2.6),
        (540, 168, 2.4),
        (520, 36, 2),
        (46, 178, 2),
        (140, 28, 1.8),
        (300, 196, 1.6),
        (566, 92, 1.8),
    ):
        circle(c, x, y, size)
        fill(c, CREAM, 0.85)


def heat_pump(c: Context) -> None:
    ground_shadow(c, 40, 420)
    block(c, 424, 40, 168, 400)
    fade(c, 424, 0, 592, 0, "#F3EFE6", WHITE)
    c.rectangle(424, 40, 7, 400)
    fill(c, INK, 0.06)
    shape(c, (396, 40), (592, 40), (592, 22), (404, 22))
    fill(c, DEEP)
    window(c, 470, 128, 84, 92)
    tree(c, 34, 118, MIDDLE)
    # Pipes from the unit into the wall.
    for y, tone in ((300, SUN), (320, MIDDLE)):
        c.move_to(392, y)
        c.line_to(448, y)
        stroke(c, tone, 9)
    block(c, 440, 286, 16, 48, 6)
    fill(c, PALE)
    for x in (110, 334):
        block(c, x, 414, 40, 26, 3, feet=False)
        fill(c, INK)
    block(c, 74, 226, 330, 194, 18)
    fade(c, 74, 226, 74, 420, WHITE, "#E9EEEA")
    block(c, 74, 226, 330, 194, 18)
    stroke(c, PALE, 2.5)
    for line in range(6):
        c.move_to(106, 276 + line * 19)
        c.line_to(176, 276 + line * 19)
    stroke(c, MIDDLE, 4, 0.7)
    circle(c, MIDST, 323, 84)
    fade(c, 212, 240, 380, 407, TEAL, DEEP)
    circle(c, MIDST, 323, 84)
    stroke(c, PALE, 4)
    circle(c, 98, 248, 5)
    fill(c, SUN)


def fan(c: Context) -> None:
    """Blades, about the middle of a square of 152."""
    for blade in range(5):
        c.save()
        c.translate(76, 76)
        c.rotate(blade * 2 * math.pi / 5)
        c.move_to(0, 0)
        c.curve_to(-10, -24, -36, -46, -26, -68)
        c.curve_to(-10, -78, 16, -72, 20, -62)
        c.curve_to(10, -44, 12, -20, 0, 0)
        c.close_path()
        fade(c, 0, 0, 0, -72, PALE, MIST)
        c.restore()
    circle(c, 76, 76, 15)
    fill(c, WHITE)
    circle(c, 76, 76, 6)
    fill(c, SUN)


def warmth(c: Context) -> None:
    """Three rising lines of warm air in the house, on a sheet as large as the drawing of the heat pump."""
    for line in range(3):
        x = 478 + line * 34
        c.move_to(x, 378)
        c.curve_to(x - 22, 350, x + 22, 326, x, 300)
        c.curve_to(x - 12, 286, x - 7, 276, x + 2, 264)
        stroke(c, SUN, 6)


def phone(c: Context) -> None:
    ground_shadow(c, 190, 450)
    block(c, 206, 26, 216, 414, 34)
    fill(c, INK)
    block(c, 217, 37, 194, 392, 25)
    fill(c, PAPER)
    block(c, 284, 48, 60, 13, 6.5)
    fill(c, INK)
    block(c, 235, 84, 84, 9, 4.5)
    fill(c, PALE)
    block(c, 235, 104, 132, 22, 8)
    fill(c, TEAL)
    block(c, 235, 142, 158, 148, 16)
    fill(c, WHITE)
    for number, tall in enumerate((46, 62, 54, 78, 70, 98)):
        block(c, 249 + number * 22.5, 274 - tall, 15, tall, 5, feet=False)
        fill(c, SUN if number == 5 else PALE)
    c.move_to(246, 275)
    c.line_to(384, 275)
    stroke(c, SUN, 3)
    for row, tone in enumerate((TEAL, MIDDLE, SUN)):
        y = 306 + row * 36
        block(c, 235, y, 158, 28, 10)
        fill(c, WHITE)
        circle(c, 251, y + 14, 7)
        fill(c, tone)
        block(c, 267, y + 10, 60 + row * 12, 8, 4)
        fill(c, PALE)
    block(c, 272, 412, 84, 5, 2.5)
    fill(c, INK, 0.5)


def notice(c: Context) -> None:
    """A message that comes to the phone: 196 by 76, room for its shadow included."""
    block(c, 12, 14, 172, 56, 16)
    fill(c, DEEP, 0.10)
    block(c, 12, 8, 172, 56, 16)
    fill(c, WHITE)
    circle(c, 41, 36, 16)
    fill(c, TEAL)
    c.move_to(34, 36)
    c.line_to(39, 41)
    c.line_to(48, 31)
    stroke(c, WHITE, 3.6)
    block(c, 68, 24, 92, 8, 4)
    fill(c, MIDDLE)
    block(c, 68, 40, 62, 8, 4)
    fill(c, PALE)


def washer(c: Context) -> None:
    c.translate(-2, 0)
    ground_shadow(c, 110, 486)
    for x in (150, 412):
        block(c, x, 426, 34, 14, 3, feet=False)
        fill(c, INK)
    block(c, 128, 62, 340, 368, 24)
    fade(c, 128, 62, 468, 430, WHITE, "#E6ECE8")
    block(c, 128, 62, 340, 368, 24)
    stroke(c, PALE, 2.5)
    c.move_to(130, 130)
    c.line_to(466, 130)
    stroke(c, PALE, 2.5)
    block(c, 154, 84, 92, 26, 8)
    fill(c, MIST)
    circle(c, 300, 97, 19)
    fill(c, TEAL)
    c.move_to(300, 97)
    c.line_to(309, 84)
    stroke(c, WHITE, 3.5)
    block(c, 372, 84, 70, 26, 8)
    fill(c, INK)
    block(c, 382, 94, 30, 6, 3)
    fill(c, SUN)
    circle(c, MIDST + 2, 280, 118)
    fill(c, PALE)
    circle(c, MIDST + 2, 280, 118)
    stroke(c, MIDDLE, 3, 0.6)
    circle(c, MIDST + 2, 280, 94)
    fade(c, 210, 190, 386, 370, DEEP, INK)


def drum(c: Context) -> None:
    """What turns behind the door, about the middle of a square of 184: clothes, water."""
    circle(c, 92, 92, 90)
    c.clip()
    circle(c, 92, 92, 90)
    fade(c, 0, 0, 184, 184, "#0C5C5C", "#0A3B44")
    for turn in range(12):
        angle = turn * math.pi / 6
        circle(c, 92 + 78 * math.cos(angle), 92 + 78 * math.sin(angle), 4)
        fill(c, AQUA, 0.35)
    for angle, distance, size, tone in (
        (0.4, 40, 40, SUN),
        (1.5, 44, 44, PAPER),
        (2.7, 42, 38, AQUA),
        (3.8, 40, 42, WARM),
        (5.2, 44, 40, MIDDLE),
    ):
        x, y = 92 + distance * math.cos(angle), 92 + distance * math.sin(angle)
        c.save()
        c.translate(x, y)
        c.rotate(angle + 0.6)
        c.move_to(-size, 0)
        c.curve_to(-size, -size * 0.7, -size * 0.2, -size * 0.8, size * 0.2, -size * 0.5)
        c.curve_to(size * 0.9, -size * 0.6, size * 1.1, size * 0.2, size * 0.5, size * 0.5)
        c.curve_to(0, size * 0.9, -size * 0.9, size * 0.7, -size, 0)
        c.close_path()
        fill(c, tone)
        c.move_to(-size * 0.5, 0)
        c.curve_to(-size * 0.1, -size * 0.3, size * 0.2, size * 0.2, size * 0.5, -size * 0.1)
        stroke(c, INK, 2.5, 0.18)
        c.restore()


def glass(c: Context) -> None:
    """Light on the washing machine's door, 184 square."""
    c.arc(92, 92, 74, math.pi * 1.08, math.pi * 1.42)
    stroke(c, WHITE, 9, 0.55)
    c.arc(92, 92, 74, math.pi * 1.48, math.pi * 1.54)
    stroke(c, WHITE, 9, 0.55)


def meter(c: Context) -> None:
    c.translate(-10, 0)
    ground_shadow(c, 170, 440)
    block(c, 272, 380, 18, 60)
    fill(c, INK)
    block(c, 322, 380, 18, 60)
    fill(c, MIDDLE)
    block(c, 156, 36, 300, 364, 30)
    fade(c, 156, 36, 456, 400, WHITE, "#E6ECE8")
    block(c, 156, 36, 300, 364, 30)
    stroke(c, PALE, 2.5)
    block(c, 190, 72, 232, 150, 18)
    fade(c, 190, 72, 422, 222, "#12454B", INK)
    for number, tall in enumerate((38, 60, 50, 74, 56, 88, 66)):
        block(c, 212 + number * 27.5, 204 - tall, 17, tall, 4, feet=False)
        fill(c, SUN if number == 5 else AQUA, 1 if number == 5 else 0.75)
    for row in range(2):
        block(c, 190, 252 + row * 30, 150 - row * 46, 12, 6)
        fill(c, PALE)
    circle(c, 392, 270, 30)
    fill(c, MIST)
    circle(c, 392, 270, 30)
    stroke(c, PALE, 2.5)
    c.move_to(397, 252)
    c.line_to(381, 274)
    c.line_to(391, 274)
    c.line_to(387, 289)
    c.line_to(403, 266)
    c.line_to(393, 266)
    c.close_path()
    fill(c, TEAL)
    block(c, 190, 340, 232, 30, 10)
    fill(c, MIST)
    for slot in range(9):
        c.move_to(206 + slot * 25, 348)
        c.line_to(206 + slot * 25, 362)
    stroke(c, MIDDLE, 4, 0.6)


def mark(accent: str, sun: str) -> Callable[[Context], None]:
    """The sender's mark as in logo.svg: a breeze that curls round the sun. 42 square."""

    def draw(c: Context) -> None:
        c.translate(0, 1)
        c.move_to(3, 22)
        c.line_to(25.5, 22)
        c.arc_negative(25.5, 14, 8, math.pi / 2, -math.pi)
        stroke(c, accent, 3.6)
        c.move_to(9, 29.5)
        c.line_to(30, 29.5)
        c.arc(30, 34.1, 4.6, -math.pi / 2, math.pi)
        stroke(c, accent, 3.6)
        circle(c, 25.5, 14, 3.6)
        fill(c, sun)

    return draw


def homes(c: Context) -> None:
    """The homes by day, 304 by 56."""
    c.translate(-942, 56 - landscape.GROUND)
    landscape.homes(c, landscape.DAY)


def tower(c: Context) -> None:
    """A wind turbine's tower, 16 by 200."""
    landscape.tower(c, landscape.DAY, 8, 200, 196)


def blades(c: Context) -> None:
    """Its blades, about the middle of a square of 236."""
    landscape.blades(c, landscape.DAY, 118, 118, 196, 0)


def sun_disc(c: Context) -> None:
    """The sun with its light, 640 square."""
    glow = cairocffi.RadialGradient(320, 320, 150, 320, 320, 318)
    for at, alpha in ((0, 0.42), (0.25, 0.24), (0.55, 0.09), (0.8, 0.025), (1, 0)):
        glow.add_color_stop_rgba(at, *landscape.colour("#F9BE62"), alpha)
    c.set_source(glow)
    c.rectangle(0, 0, 640, 640)
    c.fill()
    circle(c, 320, 320, 170)
    fade(c, 320, 150, 320, 490, "#FBC25A", SUN)


DRAWINGS: dict[str, tuple[float, float, float, Callable[[Context], None]]] = {
    # name: width, height, scale, drawing
    "solar": (WIDTH, HEIGHT, SCALE, solar),
    "car": (WIDTH, HEIGHT, SCALE, car),
    "night": (WIDTH, 240, SCALE, night),
    "heat-pump": (WIDTH, HEIGHT, SCALE, heat_pump),
    "fan": (152, 152, SCALE, fan),
    "warmth": (WIDTH, HEIGHT, SCALE, warmth),
    "phone": (WIDTH, HEIGHT, SCALE, phone),
    "notice": (196, 76, SCALE, notice),
    "washer": (WIDTH, HEIGHT, SCALE, washer),
    "drum": (184, 184, SCALE, drum),
    "glass": (184, 184, SCALE, glass),
    "meter": (WIDTH, HEIGHT, SCALE, meter),
    "homes": (304, 56, SCALE, homes),
    "tower": (16, 200, SCALE, tower),
    "blades": (236, 236, SCALE, blades),
    "mark": (42, 42, 4, mark("#0B6E69", "#F4A52A")),
    "mark-dark": (42, 42, 4, mark("#5CC5BC", "#F6B84F")),
    "sun": (640, 640, 1, sun_disc),
}


def drawing(name: str) -> Image.Image:
    """One drawing, with transparency."""
    width, height, scale, draw = DRAWINGS[name]
    surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, round(width * scale), round(height * scale))
    context = cairocffi.Context(surface)
    context.scale(scale, scale)
    draw(context)
    surface.flush()
    pixels = np.frombuffer(surface.get_data(), np.uint8).reshape(surface.get_height(), surface.get_stride() // 4, 4)
    pixels = pixels[:, : surface.get_width()].astype(np.float32)
    alpha = pixels[:, :, 3:4]
    plain = np.where(alpha > 0, pixels[:, :, 2::-1] * 255 / np.maximum(alpha, 1), 0)
    straight = np.concatenate([np.clip(plain + 0.5, 0, 255), alpha], axis=2).astype(np.uint8)
    return Image.fromarray(straight, "RGBA")


def hills() -> Image.Image:
    """The hills by day, at one and a half times the composition. What stands on them are drawings of their own."""
    still, _ = landscape.scenery(landscape.DAY)
    size = (landscape.WIDTH * 3 // 2, landscape.HEIGHT * 3 // 2)
    large = cv2.resize(still, size, interpolation=cv2.INTER_CUBIC)
    source = np.random.default_rng(7)
    first, second = (source.random((*size[::-1], 1), np.float32) for _ in range(2))
    return Image.fromarray(landscape.quantised(large, (first - second) * np.float32(0.8)))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name in DRAWINGS:
        drawing(name).save(folder / f"image-{name}.png", optimize=True)
    hills().save(folder / "image-hills.jpg", quality=90, subsampling=0, optimize=True)


if __name__ == "__main__":
    main()
