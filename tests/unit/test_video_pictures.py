"""Pictures in films: where they lie, their shadows, and moves at fractions of a pixel (Ken Burns)."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from renderer.assets.door import AssetDoor
from renderer.render.video.backdrops import media_backdrop
from renderer.render.video.motion import view_path
from renderer.render.video.pictures import window
from renderer.render.video.score import Q, ScoreBackdrop, ShapeContent, U
from renderer.render.video.shapes import shape_raster
from tests.film_samples import box, composer, fact, one_scene, plan

FRAMES = 120


def png(pixels: NDArray[np.uint8], mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels, mode).save(out, "PNG")
    return out.getvalue()


def spot(width: int, height: int, x: float, y: float) -> bytes:
    """A soft light spot in the dark."""
    down, across = np.mgrid[:height, :width]
    light = 20 + 220 * np.exp(-(((across + 0.5 - x) / 14) ** 2) - ((down + 0.5 - y) / 14) ** 2)
    return png(np.repeat(np.rint(light).astype(np.uint8)[:, :, None], 3, axis=2))


def centre(luma: NDArray[Any]) -> tuple[float, float]:
    """Where the spot is, to a hundredth of a pixel: the mean place of its light."""
    light = np.clip(luma.astype(float) - 60, 0, None)
    down, across = np.mgrid[: light.shape[0], : light.shape[1]]
    return float((light * (across + 0.5)).sum() / light.sum()), float((light * (down + 0.5)).sum() / light.sum())


def image(**more: Any) -> dict[str, Any]:
    return {"kind": "image", "id": "photo", "fact": "photo", "box": box(200, 100, 480, 270), **more}


def shown(data: bytes, layer: dict[str, Any], **more: Any) -> Any:
    the_plan = plan(facts={"photo": fact("photo", "", kind="image", value="a" * 64)}, **more)
    return composer(one_scene(layer, the_plan=the_plan, duration_s=4.8), {"a" * 64: data})


# ---------------------------------------------------------------- moves


def backdrop(data: bytes, zoom: dict[str, Any], cache: Path, width: int = 640, height: int = 352) -> Any:
    settings = {"focus": [U // 2, U // 2], "zoom": zoom, "scrim": None}
    return media_backdrop(
        ScoreBackdrop(kind="image", media="media/a.png", digest="", moving=True, settings=settings),
        frames=FRAMES,
        width=width,
        height=height,
        fps=Fraction(25),
        assets=AssetDoor({"media/a.png": data}),
        cache=cache,
    )


@pytest.mark.parametrize(
    "zoom",
    [
        {"from": U, "to": U * 11 // 10, "easing": "linear"},
        {"from": U * 6 // 5, "to": U * 6 // 5, "from_focus": [U * 2 // 5, U // 2], "to_focus": [U * 3 // 5, U // 2]},
        {"from": U, "to": U * 5 // 4, "to_focus": [U * 11 // 20, U * 2 // 5], "easing": "sine-in-out"},
    ],
    ids=["zoom", "pan", "both"],
)
def test_a_move_is_where_its_path_says_in_every_frame(zoom: dict[str, Any], tmp_path: Path) -> None:
    """No jitter: from frame to frame the spot moves as its path does, to a fiftieth of a pixel. Whole pixels would be
    half a pixel off. (The prepared picture as a whole lies within half a pixel, its size being whole and even.)"""
    found = backdrop(spot(1280, 704, 700, 330), zoom, tmp_path)
    middle = (U // 2, U // 2)
    start, stop = zoom.get("from_focus", middle), zoom.get("to_focus", middle)
    path = view_path(
        zoom["from"] / U, zoom["to"] / U, (start[0] / U, start[1] / U), (stop[0] / U, stop[1] / U),
        zoom.get("easing", "linear"),
    )  # fmt: skip
    off, moved = [], []
    for frame in range(0, FRAMES, 3):
        scale, x, y = path(frame / (FRAMES - 1))
        left, top, right, _ = window((1280, 704), (640, 352), scale, (x, y))
        share = 640 / (right - left)
        wanted = np.array([(700 - left) * share, (330 - top) * share])
        at = np.array(centre(found.planes(frame)[0]))
        off.append(float(np.abs(at - wanted).max()))
        moved.append(at - wanted)
    assert max(off) < 0.5
    assert float(np.abs(np.diff(moved, axis=0)).max()) < 0.02
    chroma = found.planes(60)[1]
    assert chroma.shape == (176, 320) and abs(int(chroma.max()) - 128) <= 1


def test_a_pan_shows_the_picture_from_one_end_to_the_other(tmp_path: Path) -> None:
    """A wide picture: what a frame without a move would cut off is seen."""
    pixels = np.zeros((352, 1600, 3), np.uint8)
    pixels[:, :, 0] = np.linspace(0, 255, 1600).astype(np.uint8)
    found = backdrop(png(pixels), {"from": U, "to": U, "from_focus": [0, U // 2], "to_focus": [U, U // 2]}, tmp_path)
    lumas = [found.planes(frame)[0] for frame in (0, FRAMES - 1)]
    assert int(lumas[0][100, 4]) == pytest.approx(16, abs=2) and int(lumas[1][100, 635]) == pytest.approx(63, abs=2)


def test_a_move_is_as_sharp_in_every_frame(tmp_path: Path) -> None:
    """Resampling blurs frames between two pixels and leaves those on one sharp: a picture would pulse."""
    noise = np.random.default_rng(3).integers(0, 256, (352, 640, 1), dtype=np.uint8).repeat(3, axis=2)
    found = backdrop(png(noise), {"from": U * 6 // 5, "to": U * 6 // 5, "from_focus": [U * 49 // 100, U // 2],
                                 "to_focus": [U * 51 // 100, U // 2]}, tmp_path)  # fmt: skip
    detail = [float(np.abs(np.diff(found.planes(frame)[0].astype(int), axis=1)).mean()) for frame in range(0, 60, 4)]
    assert max(detail) / min(detail) < 1.01


def test_an_image_layer_moves_inside_its_box_as_smoothly() -> None:
    zoom = {"from": 1.1, "to": 1.3, "from_focus": [0.45, 0.5], "to_focus": [0.55, 0.5], "easing": "linear"}
    film = shown(spot(1200, 675, 610, 330), image(zoom=zoom, radius_px=24))
    path = view_path(1.1, 1.3, (0.45, 0.5), (0.55, 0.5), "linear")
    for frame in range(0, FRAMES, 10):
        luma = film.frame(frame).planes[0]
        scale, x, y = path(frame / (FRAMES - 1))
        left, top, right, _ = window((1200, 675), (480, 270), scale, (x, y))
        share = 480 / (right - left)
        at = centre(luma[130:340, 230:650])
        wanted = (610 - left) * share - 30, (330 - top) * share - 30
        assert at[0] == pytest.approx(wanted[0], abs=0.2) and at[1] == pytest.approx(wanted[1], abs=0.2), frame
        assert luma[102, 202] > 200 and luma[90, 300] > 200, "round corners, and nothing outside the box"


def test_a_path_has_a_fixed_point_and_keeps_its_ends() -> None:
    path = view_path(1.0, 2.0, (0.5, 0.5), (0.25, 0.5), "cubic-in-out")
    assert path(0) == (1.0, 0.5, 0.5)
    assert list(path(1)) == pytest.approx([2.0, 0.25, 0.5])
    # The point 0 of the picture: seen at the same place of the frame all the time.
    for time in (0.2, 0.5, 0.8):
        scale, x, _ = path(time)
        assert (0 - x) * scale == pytest.approx(-0.5)


# ---------------------------------------------------------------- at rest


@pytest.mark.parametrize(
    ("align", "valign", "direction", "inside"),
    [("centre", "middle", "ltr", (440, 235)), ("start", "top", "ltr", (210, 235)), ("end", "bottom", "ltr", (670, 235)),
     ("start", "middle", "rtl", (1080 - 10, 235))],
)  # fmt: skip
def test_a_contained_picture_lies_where_it_is_told(
    align: str, valign: str, direction: Any, inside: tuple[int, int]
) -> None:
    dark = png(np.zeros((200, 100, 3), np.uint8))
    layer = image(scaling="contain", align=align, valign=valign)
    luma = shown(dark, layer, direction=direction).frame(0).planes[0]
    assert luma[inside[1], inside[0]] < 40
    assert int((luma < 40).sum()) == pytest.approx(270 * 135, rel=0.02)
    wide = png(np.zeros((50, 400, 3), np.uint8))
    rows = np.flatnonzero((shown(wide, layer, direction=direction).frame(0).planes[0] < 40).any(axis=1))
    height = 60
    top = {"top": 100, "middle": 205, "bottom": 310}[valign]
    assert [int(rows[0]), int(rows[-1]) + 1] == pytest.approx([top, top + height], abs=1)


def test_a_shadow_is_that_of_the_pictures_outline() -> None:
    pixels = np.zeros((270, 480, 4), np.uint8)
    pixels[:, :240] = (0, 0, 0, 255)  # the right half is transparent
    shadow = {"colour": "ink", "opacity": 0.5, "blur_px": 20, "offset_y_px": 10}
    luma = shown(png(pixels, "RGBA"), image(shadow=shadow)).frame(0).planes[0]
    paper = int(luma[700, 1200])
    assert luma[235, 300] < 30
    assert luma[375, 320] < paper - 15, "below the picture"
    assert luma[235, 446] < paper - 15 and luma[235, 620] == paper, "beside its outline, not around its box"
    assert luma[60, 320] == paper
    column = luma[371:400, 320].astype(int)
    assert (np.diff(column) >= 0).all() and column[-1] > column[0] + 20, "fading out"
    moving = shown(spot(960, 540, 480, 270), image(shadow=shadow, zoom={"from": 1, "to": 1.2})).frame(0).planes[0]
    assert moving[375, 320] < paper - 15


def test_a_round_picture_has_soft_edges_and_no_corner() -> None:
    dark = png(np.zeros((400, 400, 3), np.uint8))
    luma = shown(dark, image(box=box(200, 100, 200, 200), radius_px=100)).frame(0).planes[0]
    paper = int(luma[700, 1200])
    cover = (paper - luma[90:310, 190:410].astype(float)) / (paper - 16)
    assert float(cover.sum()) == pytest.approx(np.pi * 100**2, rel=0.003)
    assert luma[104, 204] == paper


@pytest.mark.parametrize("offset", [12, -60, 90])
def test_no_shadow_is_seen_through_a_shape_that_lets_light_through(offset: int) -> None:
    content = ShapeContent(
        shape="rect", fill="#ffffff80", stroke=None, stroke_q=0, radii_q=(20 * Q,) * 4, shadow="#000000ff",
        shadow_blur_q=30 * Q, shadow_offset_q=offset * Q,
    )  # fmt: skip
    made = shape_raster(content, (100 * Q, 100 * Q, 300 * Q, 220 * Q))
    inside = made.pixels[105 - made.y : 215 - made.y, 125 - made.x : 275 - made.x]
    assert inside.shape[:2] == (110, 150)
    assert (inside[:, :, 3] == 128).all() and (inside[:, :, 0] == inside[:, :, 3]).all(), "the fill and nothing else"
    beyond = 220 + abs(offset) // 2 if offset > 0 else 100 + offset // 2
    assert made.pixels[beyond - made.y, 200 - made.x, 3] > 100, "and the shadow beside it"
