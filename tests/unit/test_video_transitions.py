"""How scenes come in: slide, push and wipe, their sides and their pace, in both directions of reading."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from renderer.render.video.blend import Blender, Picture
from renderer.render.video.colour import yuv_of
from renderer.render.video.score import U
from tests.film_samples import COLOURS, box, composer, plan, scene, score, storyboard

INK, SUN = (yuv_of(COLOURS[token])[0] for token in ("ink", "sun"))
SIDES = ("start", "end", "top", "bottom")


def film(kind: str, side: str, *, direction: Any = "ltr", **more: Any) -> Any:
    """Paper with a dark bar at the left, then sun yellow with a dark bar at its left."""
    bar = {"kind": "shape", "id": "bar", "shape": "rect", "fill": "ink", "mirror": False, "box": box(0, 0, 80, 720)}
    way = {"kind": kind, "duration_s": 0.8, "side": side, "easing": "linear", **more}
    board = storyboard(
        scene("one", [bar]),
        scene("two", [bar], backdrop={"kind": "colour", "colour": "sun"}, transition=way),
    )
    return composer(score(plan(direction=direction), board))


def luma_of(frames: Any, number: int) -> NDArray[np.uint8]:
    return np.array(frames.frame(number).planes[0])


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["slide", "push", "wipe"])
def test_the_new_scene_comes_from_its_side(kind: str, side: str, direction: Any) -> None:
    frames = film(kind, side, direction=direction)
    first = frames.score.scenes[1].first
    seen = luma_of(frames, first + 10)  # 11 of 21 steps
    part = 11 / 21
    from_left = side == ("start" if direction == "ltr" else "end")
    yellow = np.abs(seen.astype(int) - SUN) < 4
    share = yellow[:, 90:].mean() if side in ("start", "end") else yellow[:, 640].mean()
    assert share == pytest.approx(part, abs=0.08)
    if side in ("top", "bottom"):
        assert yellow[10, 640] == (side == "top") and yellow[-10, 640] == (side == "bottom")
    else:
        assert yellow[300, 100 if kind == "wipe" else 630] == from_left or kind == "slide"
        assert yellow[300, -10] == (not from_left)


def test_a_push_moves_both_scenes_and_a_slide_only_the_new_one_and_a_wipe_neither() -> None:
    bars = {}
    for kind in ("push", "slide", "wipe"):
        frames = film(kind, "end")
        seen = luma_of(frames, frames.score.scenes[1].first + 10)[300]
        bars[kind] = [int(edge) for edge in np.flatnonzero(np.diff((np.abs(seen.astype(int) - INK) < 4).astype(int)))]
    moved = 1280 - round(1280 * 11 / 21 / 2) * 2  # where the new scene begins
    assert bars["push"] == [moved - 1, moved + 79], "its own bar; the old one is out already"
    assert bars["slide"] == [79, moved - 1, moved + 79]
    assert bars["wipe"] == [79], "both have their bar in the same place"


@pytest.mark.parametrize("kind", ["push", "wipe", "slide"])
def test_a_transition_shows_more_of_the_new_scene_with_every_frame(kind: str) -> None:
    frames = film(kind, "end", easing="cubic-in-out")
    first, length = frames.score.scenes[1].first, frames.score.scenes[1].transition.frames
    shares = [(np.abs(luma_of(frames, first + at).astype(int) - SUN) < 4).mean() for at in range(length)]
    assert all(later >= earlier for earlier, later in pairwise(shares))
    assert shares[0] < 0.05 and shares[-1] > 0.85
    steps = np.diff(shares)
    assert steps[len(steps) // 2] > 4 * max(steps[0], 1e-6), "slow at first, fast in the middle"


def test_a_soft_wipe_has_no_hard_edge_and_nothing_of_it_at_its_ends() -> None:
    blender = Blender(320, 160)
    for side in ("left", "right", "top", "bottom"):
        size = 320 if side in ("left", "right") else 160
        for amount, expected in ((0.0, 40), (1.0, 200)):
            old, new = Picture.empty(320, 160), Picture.empty(320, 160)
            old.data[:], new.data[:] = 40, 200
            blender.wipe(old, new, side, amount, 60)
            assert (old.data == expected).all(), (side, amount)
        old.data[:], new.data[:] = 40, 200
        blender.wipe(old, new, side, 0.5, 60)
        line = old.planes[0][80] if side in ("left", "right") else old.planes[0][:, 160]
        line = line.astype(int) if side in ("left", "top") else line[::-1].astype(int)
        assert (np.diff(line) <= 0).all() and np.abs(np.diff(line)).max() <= 4
        assert float((line - 40).sum()) / 160 == pytest.approx(size / 2, abs=1)
        chroma = old.planes[1][40] if side in ("left", "right") else old.planes[1][:, 80]
        assert np.abs(chroma.astype(int) - old.planes[0][80, ::2] if side in ("left", "right") else 0).max() <= 4


def test_a_hard_wipe_has_an_edge_of_a_pixel() -> None:
    blender = Blender(320, 160)
    old, new = Picture.empty(320, 160), Picture.empty(320, 160)
    old.data[:], new.data[:] = 40, 200
    blender.wipe(old, new, "left", 0.3, 0)
    line = old.planes[0][80]
    assert (line[:95] == 200).all() and (line[98:] == 40).all()


def test_the_softness_stands_in_the_score() -> None:
    transition = film("wipe", "start", softness_px=120).score.scenes[1].transition
    assert transition.softness_q == 120 * 256 and transition.side == "left"
    assert film("push", "start", softness_px=120).score.scenes[1].transition.softness_q == 0
    assert film("push", "start", direction="rtl").score.scenes[1].transition.side == "right"
    assert max(value for _, value in transition.amount) < U
