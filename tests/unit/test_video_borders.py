"""From composed frames through chunks and containers to what players decode: colours stay, no border shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.hls import hls_files
from renderer.render.video.mux import Tags, mux_mp4
from renderer.render.video.playlists import ENTRANCE
from renderer.render.video.score import Score
from renderer.render.video.scoring import FilmFormat, score_film
from tests import film_samples
from tests.film_samples import box, composer, plan, scene, storyboard, text_layer

Frame = NDArray[np.uint8]
WIDTH, HEIGHT, FPS = 640, 360, Fraction(25)
PROFILE = EncodeProfile(width=WIDTH, height=HEIGHT, fps=FPS)
BORDERS = (0, 13, 40, 41, 77, 102, 125)
"""Chunks of one frame to one and a half seconds, cut in the midst of movement."""

# Rec. ITU-R BT.709-6: 8-bit Y, Cb, Cr of 100 % colours, computed by hand from its formulas (items 3.2 to 3.4, 4.6).
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


def written(folder: Path, frames: Sequence[Frame], borders: Sequence[int], where: str) -> Path:
    """The frames as a film in chunks: the file that players open."""
    chunks = [encode_chunk(frames[first:end], PROFILE) for first, end in pairwise(borders)]
    tags = Tags(title="Film", locale="en")
    if where == "mp4":
        mux_mp4(folder / "film.mp4", chunks, PROFILE, None, tags)
        return folder / "film.mp4"
    for file in hls_files(chunks, [False] * len(chunks), PROFILE, None, None, tags):
        (folder / file.name).write_bytes(file.data)
    return folder / ENTRANCE


def decoded(path: Path) -> list[Frame]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(), np.uint8) for frame in container.decode(video=0)]


def planes(frame: Frame) -> tuple[Frame, Frame, Frame]:
    flat, area = frame.reshape(-1), WIDTH * HEIGHT
    y, u, v = flat[:area], flat[area : area * 5 // 4], flat[area * 5 // 4 :]
    return y.reshape(HEIGHT, WIDTH), u.reshape(HEIGHT // 2, -1), v.reshape(HEIGHT // 2, -1)


def patches_score() -> Score:
    """A scene of each colour: a ground of it with a rectangle of the next one."""
    names = [f"c{number}" for number in range(len(PATCHES))]
    scenes = []
    for number, name in enumerate(names):
        shape = {"kind": "shape", "id": "p", "shape": "rect", "fill": names[number - 1], "box": box(400, 200, 480, 320)}
        backdrop = {"kind": "colour", "colour": name}
        scenes.append(scene(name, [shape], duration_s=0.5, backdrop=backdrop))
    board = storyboard(*scenes)
    look = film_samples.look(board)
    colours = {**look.colours, **dict(zip(names, PATCHES, strict=True))}
    film = FilmFormat(width=WIDTH, height=HEIGHT, fps=FPS)
    looks = replace(look, colours=colours)
    return score_film(
        replace(plan(), scenes=tuple(names)), board, looks, film, film_samples.engine(), lambda ref: ref, ""
    )


@pytest.mark.parametrize("where", ["mp4", "hls"])
def test_eight_patches_come_back_within_two_values(tmp_path: Path, where: str) -> None:
    score = patches_score()
    made = composer(score)
    borders = [*(one.first for one in score.scenes), score.frames]
    seen = decoded(written(tmp_path, [made.array(n).copy() for n in range(score.frames)], borders, where))
    assert len(seen) == score.frames
    expected = list(PATCHES.values())
    for number, (first, end) in enumerate(pairwise(borders)):
        for frame in (seen[first], seen[end - 1]):
            for plane, ground, patch in zip(planes(frame), expected[number], expected[number - 1], strict=True):
                part = HEIGHT // plane.shape[0]
                assert np.abs(plane[: 80 // part].astype(int) - ground).max() <= 2, number
                inside = plane[120 // part : 240 // part, 220 // part : 420 // part]
                assert np.abs(inside.astype(int) - patch).max() <= 2, number


def moving_frames() -> list[Frame]:
    """Five seconds of text and a disc that glide over a gradient."""

    def glide(x: float, y: float) -> dict[str, object]:
        return {"position": [{"at_s": 0, "value": [0, 0]}, {"at_s": 5, "value": [x, y], "easing": "linear"}]}

    disc = {"kind": "shape", "id": "disc", "shape": "ellipse", "fill": "accent", "box": box(300, 300, 160, 160)}
    stops = [{"colour": "paper", "at": 0}, {"colour": "accent", "at": 1}]
    board = storyboard(
        scene(
            "one",
            [text_layer(keyframes=glide(300, 200)), {**disc, "keyframes": glide(500, -150)}],
            duration_s=5,
            backdrop={"kind": "gradient", "angle_deg": 160, "stops": stops},
        )
    )
    film = FilmFormat(width=WIDTH, height=HEIGHT, fps=FPS)
    made = composer(film_samples.score(replace(plan(), scenes=("one",)), board, film))
    return [made.array(number).copy() for number in range(BORDERS[-1])]


def psnr(one: Frame, other: Frame) -> float:
    """Peak signal-to-noise ratio of luma, in decibels."""
    error = float(((planes(one)[0].astype(float) - planes(other)[0]) ** 2).mean())
    return 10 * np.log10(255**2 / error) if error else 99.0


def test_no_border_shows(tmp_path: Path) -> None:
    composed = moving_frames()
    cut = decoded(written(tmp_path, composed, BORDERS, "hls"))
    whole = decoded(written(tmp_path, composed, (0, len(composed)), "mp4"))
    quality = [psnr(one, other) for one, other in zip(cut, composed, strict=True)]
    reference = [psnr(one, other) for one, other in zip(whole, composed, strict=True)]
    # Above 40 dB no difference is seen. The last two frames of a chunk get fewer bits, because nothing looks ahead past
    # the end; so a border is a step, and it must be one within what nobody sees.
    assert min(quality) > 42
    assert max(after - before for after, before in zip(reference, quality, strict=True)) < 4
    for border in BORDERS[1:-1]:
        assert abs(quality[border] - quality[border - 1]) < 4, border
        # Nor does the picture as a whole get lighter or darker by itself.
        lighter = float(planes(cut[border])[0].mean()) - float(planes(cut[border - 1])[0].mean())
        meant = float(planes(composed[border])[0].mean()) - float(planes(composed[border - 1])[0].mean())
        assert abs(lighter - meant) < 0.25, border
