"""Score → frames: colours, sub-pixel places, transitions, and the same bytes whatever the order."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from renderer.assets.door import AssetDoor
from renderer.errors import RenderError
from renderer.render.video.blend import Blender, Picture
from renderer.render.video.colour import converted
from renderer.render.video.compose import Composer, Frame, frame_digest
from renderer.render.video.raster import Raster
from renderer.render.video.score import Score
from tests import film_samples
from tests.film_samples import box, composer, fact, one_scene, plan, scene, score, storyboard, text_layer

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "film.txt"

# Rec. ITU-R BT.709-6: 8-bit Y, Cb, Cr of 100 % colours, computed by hand from its formulas.
PATCHES = {
    "#FFFFFF": (235, 128, 128),
    "#000000": (16, 128, 128),
    "#FF0000": (63, 102, 240),
    "#00FF00": (173, 42, 26),
    "#0000FF": (32, 240, 118),
    "#FFFF00": (219, 16, 138),
    "#00FFFF": (188, 154, 16),
    "#FF00FF": (78, 214, 230),
}


def mean(frame: Frame, left: int, top: int, right: int, bottom: int) -> tuple[float, float, float]:
    """The mean Y, U, V of a rectangle (even sides)."""
    y, u, v = frame.planes
    half = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
    return float(y[top:bottom, left:right].mean()), float(u[half].mean()), float(v[half].mean())


def film_with(colours: dict[str, str], *layers: dict[str, Any], **more: Any) -> Composer:
    return composer(_score_with(colours, *layers, **more))


def _score_with(colours: dict[str, str], *layers: dict[str, Any], **more: Any) -> Score:
    from renderer.render.video.scoring import score_film

    board = storyboard(scene("one", list(layers), **more))
    look = replace(film_samples.look(board), colours={**film_samples.COLOURS, **colours})
    return score_film(
        replace(plan(), scenes=("one",)), board, look, film_samples.FORMAT, film_samples.engine(), lambda ref: ref, ""
    )


@pytest.mark.parametrize(("colour", "expected"), PATCHES.items())
def test_colours_are_those_of_rec_709(colour: str, expected: tuple[int, int, int]) -> None:
    patch = {"kind": "shape", "id": "p", "shape": "rect", "fill": "patch", "box": box(100, 100, 200, 200)}
    drawn = film_with({"patch": colour}, patch).frame(0)
    behind = film_with({"patch": colour}, backdrop={"kind": "colour", "colour": "patch"}).frame(0)
    for found in (mean(drawn, 120, 120, 280, 280), mean(behind, 0, 0, 1280, 720)):
        assert all(abs(one - other) <= 1 for one, other in zip(found, expected, strict=True)), found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(1, 255), st.integers(1, 256))
def test_a_blend_is_within_two_values_of_the_exact_one(
    red: int, green: int, blue: int, alpha: int, opacity: int
) -> None:
    straight = np.array([blue, green, red, 255])
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:] = np.rint(straight * alpha / 255)
    picture = Picture.empty(8, 8)
    for plane, value in zip(picture.planes, (200, 60, 180), strict=True):
        plane[:] = value
    Blender(8, 8).blend(picture, converted(Raster(0, 0, pixels)), 0, 0, opacity)
    premultiplied = pixels[0, 0].astype(float) / 255
    b, g, r, a = premultiplied
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    parts = (16 * a + 219 * luma, 128 * a + 224 * (b - luma) / 1.8556, 128 * a + 224 * (r - luma) / 1.5748)
    for plane, ground, part in zip(picture.planes, (200, 60, 180), parts, strict=True):
        exact = ground + (part + ground * (1 - a) - ground) * opacity / 256
        assert abs(float(plane[0, 0]) - exact) <= 2
        assert (plane == plane[0, 0]).all()


def centre(plane: NDArray[np.uint8]) -> tuple[float, float]:
    """The centre of what has less of this component than the ground."""
    values = plane.astype(float)
    dark = values[0, 0] - values
    rows, columns = np.indices(dark.shape)
    return float((dark * columns).sum() / dark.sum()), float((dark * rows).sum() / dark.sum())


def test_slow_moves_are_smooth_below_a_pixel() -> None:
    film = composer(
        one_scene(
            {
                "kind": "shape",
                "id": "dot",
                "shape": "ellipse",
                "fill": "ink",
                "box": box(300, 300, 60, 60),
                "keyframes": {
                    "position": [{"at_s": 0, "value": [0, 0]}, {"at_s": 2, "value": [12.5, 5], "easing": "linear"}]
                },
            }
        )
    )
    centres = [centre(film.frame(number).planes[0]) for number in range(0, 50)]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(centres)]
    assert all(abs(x - 0.25) < 0.06 and abs(y - 0.1) < 0.06 for x, y in steps), steps


@pytest.mark.parametrize("place", [0, 0.25, 1, 1.5, 2, 3.75])
def test_a_moved_sprite_is_where_it_was_moved_to(place: float) -> None:
    dot = {"kind": "shape", "id": "dot", "shape": "ellipse", "fill": "accent"}
    moved = composer(
        one_scene(
            {**dot, "box": box(300, 300, 60, 60), "keyframes": {"position": [{"at_s": 0, "value": [place, -place]}]}}
        )
    )
    frame = moved.frame(0)
    assert centre(frame.planes[0]) == pytest.approx((329.5 + place, 329.5 - place), abs=0.04)
    # A chroma value is for 2 by 2 pixels: the disc is around 330, which is 165 values on, whose centre is number 164.5.
    assert centre(frame.planes[2]) == pytest.approx((164.5 + place / 2, 164.5 - place / 2), abs=0.06)


def test_scale_and_rotation_turn_about_the_anchor() -> None:
    bar = {"kind": "shape", "id": "bar", "shape": "rect", "fill": "ink", "box": box(400, 300, 200, 40)}
    half = {"scale": [{"at_s": 0, "value": 0.5}]}
    grown = composer(one_scene({**bar, "anchor": "start", "keyframes": half})).frame(0)
    assert centre(grown.planes[0]) == pytest.approx((449.5, 319.5), abs=0.6)
    turned = composer(one_scene({**bar, "keyframes": {"rotation": [{"at_s": 0, "value": 90}]}})).frame(0)
    dark = turned.planes[0] < 100
    assert [int(np.ptp(np.flatnonzero(dark.any(axis=axis)))) for axis in (0, 1)] == [39, 199]


def test_a_layer_that_is_scaled_beyond_all_sense_is_an_error_and_no_gigabytes() -> None:
    wide = {"kind": "shape", "id": "bar", "shape": "rect", "fill": "ink", "box": box(0, 0, 1280, 720)}
    with pytest.raises(RenderError, match="more than any picture may be") as caught:
        composer(one_scene({**wide, "keyframes": {"scale": [{"at_s": 0, "value": 12}]}})).frame(0)
    assert caught.value.code == "render.layout"
    assert (caught.value.place.scene, caught.value.place.channel) == ("one", "video")
    assert caught.value.message == "Layer 'bar': a drawing is scaled to more than any picture may be."
    upright = composer(replace(one_scene({**wide, "keyframes": {"scale": [{"at_s": 0, "value": 12}]}}), format="9:16"))
    with pytest.raises(RenderError, match="Layer 'bar' in 9:16: a drawing"):
        upright.frame(0)


@pytest.mark.parametrize(
    ("side", "direction", "covered"),
    [
        ("start", "ltr", (400, 500)),
        ("start", "rtl", (780, 880)),
        ("end", "ltr", (500, 600)),
    ],
)
def test_reveal_uncovers_from_its_side(side: str, direction: Any, covered: tuple[int, int]) -> None:
    layer = {
        "kind": "shape",
        "id": "bar",
        "shape": "rect",
        "fill": "ink",
        "box": box(400, 300, 200, 40),
        "reveal_from": side,
        "keyframes": {"reveal": [{"at_s": 0, "value": 0.5}]},
    }
    frame = composer(one_scene(layer, the_plan=plan(direction=direction))).frame(0)
    columns = np.flatnonzero((frame.planes[0] < 100).any(axis=0))
    assert (columns[0], columns[-1] + 1) == covered


def test_a_fade_is_a_mean_and_a_slide_a_border() -> None:
    def film(kind: str, **more: Any) -> Composer:
        return composer(
            score(
                plan(),
                storyboard(
                    scene("one", [], backdrop={"kind": "colour", "colour": "ink"}),
                    scene("two", [], transition={"kind": kind, "duration_s": 0.6, "easing": "linear", **more}),
                ),
            )
        )

    ink, paper = mean(film("fade").frame(0), 0, 0, 64, 64)[0], mean(film("fade").frame(80), 0, 0, 64, 64)[0]
    fade = [mean(film("fade").frame(35 + step), 0, 0, 64, 64)[0] for step in range(15)]
    assert all(one < other for one, other in zip([ink, *fade], [*fade, paper], strict=True)), "every frame shows more"
    assert fade[7] == pytest.approx((ink + paper) / 2, abs=1.5)
    slide = film("slide", side="end").frame(35 + 7)
    row = slide.planes[0][300]
    assert (row[:640] == row[0]).all()
    assert (row[640:] == row[-1]).all()
    assert row[0] < row[-1]


def test_equal_neighbours_are_told_and_are_equal() -> None:
    film = composer(score())
    before: NDArray[np.uint8] | None = None
    repeated = 0
    for frame in film.frames(range(film.score.frames)):
        if frame.same_as_previous:
            assert before is not None
            assert np.array_equal(before, frame.data)
            repeated += 1
        before = frame.data.copy()
    assert repeated > 20


def test_a_cut_between_two_bare_scenes_is_not_taken_for_a_repeat() -> None:
    board = storyboard(scene("one", []), scene("two", [], backdrop={"kind": "colour", "colour": "ink"}))
    film = composer(score(plan(), board))
    assert [frame.same_as_previous for frame in film.frames(range(48, 53))] == [False, True, False, True, True]


def test_frames_are_the_same_in_any_order() -> None:
    film = composer(score())
    forward = {frame.number: frame_digest(frame) for frame in film.frames(range(film.score.frames))}
    numbers = list(forward)
    random.Random(7).shuffle(numbers)
    again = composer(score())
    assert all(frame_digest(again.frame(number)) == forward[number] for number in numbers)


def test_another_process_draws_the_same_bytes() -> None:
    code = (
        "from tests.film_samples import *; from renderer.render.video.compose import frame_digest; "
        "film = composer(score()); print(*(frame_digest(film.frame(n)) for n in (5, 45, 70)))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    film = composer(score())
    assert out.split() == [frame_digest(film.frame(number)) for number in (5, 45, 70)]


def test_only_what_is_personal_differs_between_people() -> None:
    one, other = composer(score()), composer(score(plan(name="Zoë")))
    personal = {frame for first, end in one.score.personal_spans for frame in range(first, end)}
    for number in range(one.score.frames):
        same = frame_digest(one.frame(number)) == frame_digest(other.frame(number))
        assert same == (number not in personal), number


class Flicker:
    """A backdrop whose frames differ, and which says by writing protection that they are not to be drawn on."""

    def planes(self, frame: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        value = self.key(frame)
        y, u, v = (np.full(shape, value, np.uint8) for shape in ((720, 1280), (360, 640), (360, 640)))
        for plane in (y, u, v):
            plane.flags.writeable = False
        return y, u, v

    def key(self, frame: int) -> int:
        """Every picture shows for two frames."""
        return 100 + frame // 2


def test_layers_lie_over_a_moving_backdrop_that_is_left_alone() -> None:
    box_layer = {"kind": "shape", "id": "card", "shape": "rect", "fill": "card", "box": box(100, 100, 200, 200)}
    board = storyboard(scene("one", [box_layer], backdrop={"kind": "footage", "media": "media/a.mp4"}))
    found = score(replace(plan(), scenes=("one",)), board)
    film = Composer(found, {"one": Flicker()}, film_samples.fonts(), AssetDoor({}), text=film_samples.engine())
    for frame in film.frames(range(6)):
        assert mean(frame, 400, 400, 500, 500) == (100 + frame.number // 2,) * 3
        assert mean(frame, 120, 120, 280, 280) == (235, 128, 128)
        assert frame.same_as_previous == (frame.number % 2 == 1)


def test_media_that_was_not_prepared_is_an_error_with_its_scene() -> None:
    board = storyboard(scene("one", [], backdrop={"kind": "image", "media": "media/a.png"}))
    with pytest.raises(RenderError, match="'one'"):
        composer(score(replace(plan(), scenes=("one",)), board)).frame(0)


def test_images_keep_their_transparency_and_round_corners() -> None:
    picture = Image.new("RGBA", (100, 100), (255, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 50, 100))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    photo = fact("photo", "", kind="image", value="abc")
    layer = {"kind": "image", "id": "photo", "fact": "photo", "box": box(200, 200, 200, 200), "radius_px": 100}
    frame = composer(one_scene(layer, the_plan=plan(facts={"photo": photo})), images={"abc": buffer.getvalue()}).frame(
        0
    )
    paper = mean(frame, 0, 0, 64, 64)
    assert mean(frame, 220, 280, 290, 320) == pytest.approx(paper, abs=0.5), "the transparent half"
    assert mean(frame, 310, 280, 380, 320) == pytest.approx((63, 102, 240), abs=1), "the red half"
    assert mean(frame, 392, 200, 400, 208) == pytest.approx(paper, abs=0.5), "the corner"


def test_a_gradient_has_no_bands_and_ends_in_its_colours() -> None:
    backdrop = {"kind": "gradient", "angle_deg": 90, "stops": [{"colour": "a", "at": 0}, {"colour": "b", "at": 1}]}
    frame = film_with({"a": "#202020", "b": "#303030"}, backdrop=backdrop).frame(0)
    luma = frame.planes[0].astype(float)
    means = luma.reshape(720, 80, 16).mean(axis=(0, 2))
    assert means[0] == pytest.approx(16 + 219 * 0x20 / 255, abs=0.3)
    assert means[-1] == pytest.approx(16 + 219 * 0x30 / 255, abs=0.3)
    assert np.diff(means).min() > 0, "it rises everywhere, though it has only 14 levels"


LETTERS = {"paper": ".", "ink": "I", "accent": "A", "accent-soft": "a", "sun": "S", "card": "C", "ink-soft": "i"}


def letters(frame: Frame) -> str:
    """A frame as a picture made of letters: for each block of 32 by 24 pixels the colour that stands out in it."""
    from renderer.render.video.colour import yuv_of

    tokens = list(LETTERS)
    palette = np.array([yuv_of(film_samples.COLOURS[token]) for token in tokens])
    y, u, v = frame.planes
    pixels = np.stack([y[::2, ::2], u, v], axis=-1).astype(int)
    near = np.abs(pixels[:, :, None, :] - palette).sum(axis=-1).argmin(axis=-1)
    rows = []
    for row in range(0, 360, 12):
        line = ""
        for column in range(0, 640, 16):
            counts = np.bincount(near[row : row + 12, column : column + 16].ravel(), minlength=len(tokens))
            ground = counts.argmax()
            counts[ground] = 0
            shown = counts.argmax() if counts.max() > 12 * 16 * 0.12 else ground
            line += LETTERS[tokens[shown]]
        rows.append(line)
    return "\n".join(rows)


def test_the_film_looks_as_it_did() -> None:
    """Golden pictures; write them anew with `python -m tests.unit.test_video_compose` after looking at the frames.

    Another version of Pango or FreeType may tip a few letters at the edges of words; a layer out of place tips many.
    """
    found, expected = golden(), GOLDEN.read_text("utf-8")
    assert len(found) == len(expected)
    differing = sum(one != other for one, other in zip(found, expected, strict=True))
    assert differing <= len(expected) // 200, found


def golden() -> str:
    words = {"hello": "مرحبا \u2068ليلى\u2069", "title": "فاتورتك"}
    arabic = plan(name="ليلى", direction="rtl", locale="ar", copy=words)
    films = {"it": composer(score()), "ar": composer(score(arabic))}
    shown = [("it", 38), ("it", 80), ("ar", 38), ("ar", 80)]
    return "\n".join(f"{locale}, frame {number}\n{letters(films[locale].frame(number))}\n" for locale, number in shown)


def test_the_golden_pictures_would_show_a_fault() -> None:
    still = letters(composer(one_scene(text_layer())).frame(49))
    for fault in (one_scene(text_layer(box=box(96, 150, 900, 200))), one_scene()):
        other = letters(composer(fault).frame(49))
        assert sum(one != two for one, two in zip(still, other, strict=True)) > len(golden()) // 200


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(golden(), "utf-8")
