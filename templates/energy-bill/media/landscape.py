"""The film's place: hills, wind turbines and a few homes on one horizon, at dawn and by day.

Drawn, not photographed, so that it needs no licence and keeps to the brand's colours. :mod:`make_footage` moves it,
:mod:`make_images` makes a still of it. Pictures are float32 of shape (height, width, 3), sRGB values 0 to 1; they
become bytes only in :func:`quantised`, with noise that keeps the sky free of bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cairocffi
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]

WIDTH, HEIGHT = 1280, 720
GROUND = 572
"""Where the ground begins. The storyboard's line of light lies on it."""


def colour(text: str) -> Rgb:
    """#rrggbb as parts of 1."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


@dataclass(frozen=True, kw_only=True)
class Palette:
    """One time of day. ``sky`` are (place, colour) from the top (0) to the ground (1); ``hills`` from far to near."""

    sky: tuple[tuple[float, str], ...]
    sun: str
    glow: str
    glow_strength: float
    sun_at: tuple[float, float]
    sun_radius: float
    hills: tuple[str, ...]
    haze: str
    ground: tuple[str, str]
    turbine: str
    home: tuple[str, str]
    window: str
    breeze: str
    breeze_strength: float


DAWN = Palette(
    sky=(
        (0.0, "#06202A"),
        (0.30, "#0A3B45"),
        (0.50, "#1C5F64"),
        (0.62, "#5F8A80"),
        (0.73, "#D6AC6C"),
        (0.86, "#F8C873"),
    ),
    sun="#FFE9BF",
    glow="#F79A2E",
    glow_strength=0.80,
    sun_at=(944, 450),
    sun_radius=46,
    hills=("#4F8078", "#2B6464", "#16494D", "#0C3239"),
    haze="#F0BC6C",
    ground=("#0A262E", "#061A21"),
    turbine="#DCEBE4",
    home=("#071E26", "#0A2A33"),
    window="#FFC35A",
    breeze="#FDF0D9",
    breeze_strength=0.50,
)
DAY = Palette(
    sky=((0.0, "#E4F0ED"), (0.45, "#F3F4EC"), (0.80, "#FDF3DF"), (1.0, "#FDECCB")),
    # The sun is a layer of its own in the storyboard, which stands on the other side for readers from right to left.
    sun="#FFD98A",
    glow="#FFE3AE",
    glow_strength=0.5,
    sun_at=(640, 420),
    sun_radius=-2,
    hills=("#CBE0DA", "#A9CEC8", "#7DB3AD", "#3F8C86"),
    haze="#FDF1DA",
    ground=("#0B6E69", "#095C58"),
    turbine="#FFFFFF",
    home=("#0A5A57", "#FBF8F2"),
    window="#F4A52A",
    breeze="#FFFFFF",
    breeze_strength=0.0,
)

# For each hill from far to near: its mean height over the ground, then waves of (height, count across, phase).
_RIDGES: tuple[tuple[float, tuple[tuple[float, float, float], ...]], ...] = (
    (128, ((30, 1.3, 0.4), (14, 2.9, 1.9), (5, 6.1, 0.7))),
    (88, ((32, 1.1, 2.6), (11, 3.1, 0.2), (4, 7.3, 2.2))),
    (48, ((26, 1.5, 4.4), (9, 3.7, 1.1), (3, 8.2, 0.3))),
    (14, ((13, 1.9, 5.6), (5, 4.6, 2.8), (1.5, 9.1, 1.7))),
)
_TURBINES = ((1, 700, 62.0, 0.35), (1, 816, 74.0, 0.0), (0, 1010, 52.0, 0.15), (1, 1104, 92.0, 0.62))
"""Hill it stands on, x, height of the tower in px, where in a third of a turn its blades are."""
_HOMES = ((1004, 34, 24), (1046, 44, 30), (1100, 30, 22), (1136, 54, 34), (1200, 36, 26), (952, 26, 18))
"""Left edge, width, height of the walls, in px."""


def ridge(number: int) -> NDArray[np.float32]:
    """y of a hill's edge for every column, far hills first."""
    mean, waves = _RIDGES[number]
    x = np.linspace(0, 1, WIDTH, dtype=np.float32)
    height = mean + sum(size * np.sin(2 * np.pi * count * x + phase) for size, count, phase in waves)
    return (GROUND - np.maximum(height, 0)).astype(np.float32)


def scenery(palette: Palette) -> tuple[Picture, Picture]:
    """What stands still: (the picture, the sun's glow to be added in varying strength)."""
    y = np.linspace(0, HEIGHT / GROUND, HEIGHT, dtype=np.float32)
    places = [place for place, _ in palette.sky]
    bands = [colour(text) for _, text in palette.sky]
    sky = np.stack([_smooth(y, places, [band[channel] for band in bands]) for channel in range(3)], axis=1)
    picture = np.repeat(sky[:, None, :], WIDTH, axis=1).astype(np.float32)
    columns, rows = np.meshgrid(np.arange(WIDTH, dtype=np.float32) + 0.5, np.arange(HEIGHT, dtype=np.float32) + 0.5)
    distance = np.hypot(columns - palette.sun_at[0], (rows - palette.sun_at[1]) * 1.15)
    light = 0.62 * np.exp(-((distance / 150) ** 1.15)) + 0.38 * np.exp(-((distance / 430) ** 1.3))
    glow = (light * palette.glow_strength).astype(np.float32)[:, :, None]
    radius = np.hypot(columns - palette.sun_at[0], rows - palette.sun_at[1])
    disc = np.clip(palette.sun_radius + 0.8 - radius, 0, 1.6) / 1.6
    picture = _lit(picture, glow, palette)
    picture += (np.array(colour(palette.sun), np.float32) - picture) * disc[:, :, None].astype(np.float32)
    for number, tone in enumerate(palette.hills):
        edge = ridge(number)
        cover = np.clip(rows - edge[None, :] + 0.5, 0, 1)[:, :, None]
        depth = np.clip((rows - edge[None, :]) / 95, 0, 1)[:, :, None]
        # The light of the sun lies on the ridges, most where it stands, and mist lies in the valleys.
        near = np.exp(-(((columns - palette.sun_at[0]) / 420) ** 2))[:, :, None] * (1 - number * 0.22)
        body = np.array(colour(tone), np.float32)
        rim = np.array(colour(palette.haze), np.float32)
        light = 0.34 * near * (1 - depth) ** 2 + 0.16 * depth * (1 - number / 4)
        shade = body + (rim - body) * light.astype(np.float32)
        picture += (shade - picture) * cover.astype(np.float32)
    below = np.clip(rows - GROUND + 0.5, 0, 1)[:, :, None].astype(np.float32)
    fall = np.clip((rows - GROUND) / (HEIGHT - GROUND), 0, 1)[:, :, None].astype(np.float32)
    top, bottom = (np.array(colour(text), np.float32) for text in palette.ground)
    picture += (top + (bottom - top) * fall - picture) * below
    return picture, glow * (1 - below)


def _lit(picture: Picture, glow: Picture, palette: Palette) -> Picture:
    """Light as two lamps on one screen: it warms a dark sky without turning it to mud."""
    return 1 - (1 - picture) * (1 - np.array(colour(palette.glow), np.float32) * glow * np.float32(0.8))


def _smooth(at: NDArray[np.float32], places: list[float], values: list[float]) -> NDArray[np.float32]:
    """Values between stops along a monotone curve without corners (Fritsch and Carlson): a sky has no edges."""
    steps = np.diff(places)
    slopes = np.diff(values) / steps
    inner = ((before + after) / 2 if before * after > 0 else 0 for before, after in pairwise(slopes))
    tangents = np.array([slopes[0], *inner, slopes[-1]])
    limit = 3 * np.minimum(np.abs(np.r_[slopes[0], slopes]), np.abs(np.r_[slopes, slopes[-1]]))
    tangents = np.clip(tangents, -limit, limit)
    place = np.clip(at, places[0], places[-1])
    index = np.clip(np.searchsorted(places, place, side="right") - 1, 0, len(steps) - 1)
    width = steps[index]
    t = (place - np.array(places)[index]) / width
    start, stop = np.array(values)[index], np.array(values)[index + 1]
    m0, m1 = tangents[index] * width, tangents[index + 1] * width
    ends = start * (2 * t**3 - 3 * t**2 + 1) + stop * (3 * t**2 - 2 * t**3)
    return (ends + m0 * (t**3 - 2 * t**2 + t) + m1 * (t**3 - t**2)).astype(np.float32)


def moving(palette: Palette, part: float) -> NDArray[np.uint8]:
    """What moves, at ``part`` (0 to 1, where 1 is 0 again) of its round: premultiplied BGRA."""
    surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, WIDTH, HEIGHT)
    context = cairocffi.Context(surface)
    for hill, x, height, offset in _TURBINES:
        foot = float(ridge(hill)[x]) + 3
        tower(context, palette, x, foot, height)
        blades(context, palette, x, foot - height, height, 2 * math.pi / 3 * (2 * part + offset))
    homes(context, palette)
    _breeze(context, palette, part)
    surface.flush()
    pixels = np.frombuffer(surface.get_data(), np.uint8).reshape(HEIGHT, surface.get_stride() // 4, 4)
    return pixels[:, :WIDTH].copy()


def tower(context: cairocffi.Context, palette: Palette, x: float, foot: float, height: float) -> None:
    """The tower of a wind turbine, its foot at (x, foot)."""
    context.set_source_rgba(*colour(palette.turbine), 0.92)
    wide, thin = height * 0.032, height * 0.016
    context.move_to(x - wide, foot)
    context.line_to(x - thin, foot - height)
    context.line_to(x + thin, foot - height)
    context.line_to(x + wide, foot)
    context.fill()


def blades(context: cairocffi.Context, palette: Palette, x: float, y: float, height: float, turn: float) -> None:
    """The blades of a turbine of that height about their hub at (x, y), turned by ``turn`` radians."""
    context.set_source_rgba(*colour(palette.turbine), 0.92)
    thin, blade = height * 0.016, height * 0.58
    for third in range(3):
        context.save()
        context.translate(x, y)
        context.rotate(turn + third * 2 * math.pi / 3)
        context.move_to(-thin, 0)
        context.curve_to(-thin * 2.1, -blade * 0.2, -thin * 1.2, -blade * 0.6, 0, -blade)
        context.curve_to(thin * 0.6, -blade * 0.6, thin * 1.1, -blade * 0.2, thin, 0)
        context.fill()
        context.restore()
    context.arc(x, y, thin * 2, 0, 2 * math.pi)
    context.fill()


def homes(context: cairocffi.Context, palette: Palette) -> None:
    """The homes on the ground, between x 946 and 1242 and y 518 and the ground."""
    for number, (left, width, walls) in enumerate(_HOMES):
        context.set_source_rgb(*colour(palette.home[0]))
        roof = walls + width * 0.36
        context.move_to(left - 3, GROUND - walls)
        context.line_to(left + width / 2, GROUND - roof)
        context.line_to(left + width + 3, GROUND - walls)
        context.close_path()
        context.fill()
        context.set_source_rgb(*colour(palette.home[1]))
        context.rectangle(left, GROUND - walls, width, walls + 1)
        context.fill()
        context.set_source_rgb(*colour(palette.window))
        panes = 2 if width > 32 else 1
        for pane in range(panes):
            side = 6.0
            centre = left + width * (pane + 1) / (panes + 1)
            if (number + pane) % 3 != 2:
                context.rectangle(centre - side / 2, GROUND - walls * 0.72, side, side * 1.2)
        context.fill()


def _breeze(context: cairocffi.Context, palette: Palette, part: float) -> None:
    """Thin lines of air. Each is a wave that stands while its light travels along it, once in a round."""
    red, green, blue = colour(palette.breeze)
    for line in range(6):
        base = 120 + line * 58
        phase = line * 1.7
        length = WIDTH * (0.9 + 0.13 * (line % 3))
        context.set_line_width(1.1 + 0.35 * (line % 3))
        context.set_line_cap(cairocffi.LINE_CAP_BUTT)
        step = 8
        previous: tuple[float, float] | None = None
        for x in range(-step, WIDTH + step + 1, step):
            swing = math.sin(2 * math.pi * (x / length) + phase + 0.5 * math.sin(2 * math.pi * part))
            y = base + 20 * swing + 6 * math.sin(2 * math.pi * (x / 410) + phase * 2)
            along = (x / WIDTH - part * (1 + line % 2) + line * 0.37) % 1
            light = max(0.0, math.cos(2 * math.pi * (along - 0.5))) ** 3
            light *= palette.breeze_strength * (0.35 + 0.1 * (line % 3))
            if previous is not None and light > 0.004:
                context.set_source_rgba(red, green, blue, light)
                context.move_to(*previous)
                context.line_to(x, y)
                context.stroke()
            previous = (x, y)


def composed(picture: Picture, overlay: NDArray[np.uint8]) -> Picture:
    """``overlay`` (premultiplied BGRA) over ``picture``."""
    alpha = overlay[:, :, 3:4].astype(np.float32) / 255
    return picture * (1 - alpha) + overlay[:, :, 2::-1].astype(np.float32) / 255


def quantised(picture: Picture, noise: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bytes. ``noise`` of shape (height, width, 1) within ±1 step breaks up the bands of slow gradients."""
    return np.clip(picture * 255 + noise + 0.5, 0, 255).astype(np.uint8)


def grain(seed: int) -> NDArray[np.float32]:
    """Noise of triangular distribution within ±1, the same for all three colours."""
    source = np.random.default_rng(seed)
    shape = (HEIGHT, WIDTH, 1)
    return (source.random(shape, np.float32) - source.random(shape, np.float32)).astype(np.float32)
