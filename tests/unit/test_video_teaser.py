"""The stills and the teaser that stand for a film: what they show, what they never show, how large they are."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from renderer.errors import RenderError
from renderer.render.video.moments import mark_place, secret_spans, teaser_spans, without
from renderer.render.video.poster import mail_poster_jpeg, marked, poster_frame, rgb
from renderer.render.video.score import Q, Score, ScoreTeaser, U
from renderer.render.video.scoring import FilmFormat
from renderer.render.video.teaser import MAX_BYTES, make_teaser
from renderer.template.beside import Teaser
from renderer.template.formats import in_format
from renderer.template.model import Margins
from tests import film_samples as samples

FPS = Fraction(25)


def film(**storyboard: object) -> Score:
    """The two-scene sample film (2 s each), whose first scene greets by name."""
    return samples.score(board=samples.storyboard(**storyboard))


def secret(score: Score, layer_id: str) -> Score:
    """The same film with a layer that shows a secret."""
    scenes = tuple(
        replace(
            scene,
            layers=tuple(
                replace(layer, sensitivity="secret") if layer.id == layer_id else layer for layer in scene.layers
            ),
        )
        for scene in score.scenes
    )
    return replace(score, scenes=scenes)


def luminance(colour: NDArray[np.float64]) -> float:
    """Relative luminance of WCAG 2.2."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    lighter, darker = sorted((luminance(one / 255), luminance(other / 255)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# ---------------------------------------------------------------- the play mark


@pytest.mark.parametrize("ground", ["#ffffff", "#000000", "#808080", "#ff5a3c", "#d8f55f"])
@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (320, 320)])
def test_a_play_mark_can_be_seen_on_any_ground(ground: str, size: tuple[int, int]) -> None:
    plain = Image.new("RGB", size, ground)
    picture = np.asarray(marked(plain, (U // 2, U // 2)))
    middle_x, middle_y, across = size[0] // 2, size[1] // 2, 0.22 * min(size)
    triangle = picture[middle_y, middle_x]
    disc = picture[middle_y, round(middle_x - across * 0.32)]
    outside = picture[middle_y, round(middle_x - across * 1.2)]
    ring = picture[middle_y, round(middle_x - across / 2 + across * 0.0175)]
    assert contrast(triangle, disc) >= 4.5
    assert max(contrast(ring, outside), contrast(disc, outside)) >= 3
    assert tuple(outside) == tuple(np.asarray(plain)[0, 0]), "the picture around it stays as it is"


def test_a_play_mark_keeps_to_its_size_and_place() -> None:
    plain = Image.new("RGB", (1280, 720), "#335577")
    changed = np.abs(np.asarray(marked(plain, (U * 3 // 4, U // 2))).astype(int) - np.asarray(plain)).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    assert abs((columns.min() + columns.max()) / 2 - 960) <= 1 and abs((rows.min() + rows.max()) / 2 - 360) <= 1
    assert abs(columns.max() - columns.min() + 1 - 0.22 * 720) <= 2


def test_the_mark_goes_where_it_covers_no_text() -> None:
    words = samples.text_layer(copy="title", box=samples.box(440, 320, 600, 80))
    beside = film_of([words])
    x, y = mark_place(beside, 10)
    assert (x, y) != (U // 2, U // 2)
    assert mark_place(film_of([samples.text_layer(copy="title", box=samples.box(96, 60, 600, 80))]), 10) == (
        U // 2,
        U // 2,
    )


def test_beside_a_text_the_mark_keeps_its_distance() -> None:
    """A place that a text almost touches is passed over for one with room; with none, the farthest is taken."""
    close = [
        samples.text_layer(id="title", copy="title", box=samples.box(96, 320, 700, 80)),
        samples.text_layer(id="more", copy="title", box=samples.box(96, 210, 700, 80)),
    ]
    score = film_of(close)
    x, y = mark_place(score, 10)
    texts = [layer.rect_q for layer in score.scenes[0].layers]
    reach = 0.22 * 1.15 * min(score.width, score.height) / 2
    centre = x / U * score.width, y / U * score.height
    gaps = [
        math.hypot(
            max(left / Q - centre[0], 0, centre[0] - right / Q), max(top / Q - centre[1], 0, centre[1] - bottom / Q)
        )
        for left, top, right, bottom in texts
    ]
    assert min(gaps) >= 1.6 * reach


def test_the_mark_goes_where_the_storyboard_says_and_is_mirrored() -> None:
    board = samples.storyboard(poster={"scene": "one", "at_s": 1, "mark_at": [0.25, 0.5]})
    assert mark_place(samples.score(board=board), 0) == (U // 4, U // 2)
    mirrored = samples.score(board=board, the_plan=samples.plan(direction="rtl", locale="ar"))
    assert mark_place(mirrored, 0) == (U * 3 // 4, U // 2)


def test_in_another_format_the_mark_finds_its_own_place() -> None:
    board = samples.storyboard(poster={"scene": "one", "at_s": 1, "mark_at": [0.25, 0.5]})
    tall = FilmFormat(width=180, height=320, fps=FPS, name="9:16")
    score = samples.score(board=in_format(board, "9:16", Margins()), film=tall)
    assert score.poster_mark is None and mark_place(score, 0) != (U // 4, U // 2)


def film_of(layers: list[dict[str, object]]) -> Score:
    board = samples.storyboard(samples.scene("one", layers), samples.scene("two", []))
    return samples.score(board=board)


def test_the_still_for_mail_is_small_enough_and_upright_ones_stay_upright() -> None:
    for width, height, wanted in ((1920, 1080, (1200, 675)), (1080, 1920, (675, 1200)), (640, 352, (640, 352))):
        frame = np.full((height * 3 // 2, width), 128, np.uint8)
        with Image.open(io.BytesIO(mail_poster_jpeg(frame, (U // 2, U // 2)))) as picture:
            assert picture.size == wanted and picture.mode == "RGB" and "exif" not in picture.info


# ---------------------------------------------------------------- what a teaser shows


def test_what_is_left_of_a_stretch_outside_others() -> None:
    assert without((0, 10), [(2, 4), (8, 20)]) == ((0, 2), (4, 8))
    assert without((0, 10), [(0, 10)]) == ()
    assert without((5, 10), [(0, 5), (10, 12)]) == ((5, 10),)


def test_a_teaser_takes_the_parts_that_play_and_keeps_to_its_length() -> None:
    score = film()
    wish = Teaser.model_validate(
        {
            "seconds": 2,
            "parts": [
                {"scene": "elsewhere", "from_s": 0, "to_s": 1},
                {"scene": "two", "from_s": 0.4, "to_s": 1.2},
                {"scene": "one", "from_s": 0, "to_s": 2},
            ],
        }
    )
    two = score.scenes[1].first
    assert teaser_spans(wish, score.scenes, 0, FPS) == ((two + 10, two + 30), (0, 30))


def test_without_parts_it_shows_the_scenes_after_the_posters() -> None:
    score = film()
    (span,) = teaser_spans(Teaser(), score.scenes, 5, FPS)
    assert score.scenes[1].first <= span[0] < span[1] <= score.scenes[1].end


@pytest.mark.parametrize("parts", [(), ({"scene": "one", "from_s": 0, "to_s": 2},), ({"scene": "one"},)])
def test_a_teaser_shows_nothing_secret(parts: tuple[dict[str, object], ...]) -> None:
    score = secret(film(), "amount")
    holes = secret_spans(score.scenes)
    assert holes
    wish = Teaser.model_validate({"parts": parts})
    shown = {frame for span in teaser_spans(wish, score.scenes, 80, FPS) for frame in range(*span)}
    assert shown and not shown & {frame for hole in holes for frame in range(*hole)}


def test_a_film_that_is_secret_throughout_has_no_teaser_and_no_still() -> None:
    everything = tuple(
        replace(
            scene,
            layers=tuple(replace(layer, sensitivity="secret", first=0, frames=scene.frames) for layer in scene.layers),
        )
        for scene in film().scenes
    )
    score = replace(film(), scenes=everything)
    assert teaser_spans(Teaser(), score.scenes, 0, FPS) == ()
    assert poster_frame(score) is None


# ---------------------------------------------------------------- the files


def noise(number: int) -> NDArray[np.uint8]:
    """A frame that no encoder can make small."""
    return np.random.default_rng(number).integers(16, 235, (352 * 3 // 2, 640), dtype=np.uint8)


def waves(number: int) -> NDArray[np.uint8]:
    """A frame with a soft ground, and a bar that moves."""
    frame = np.full((352 * 3 // 2, 640), 128, np.uint8)
    frame[:352] = np.linspace(40, 200, 640).astype(np.uint8)
    frame[100:160, number * 4 % 560 : number * 4 % 560 + 60] = 235
    return frame


def wanting(spans: tuple[tuple[int, int], ...], *, loops: int = 1, width: int = 600) -> Score:
    return replace(film(), width=640, height=352, teaser=ScoreTeaser(spans=spans, width=width, loops=loops))


def played(data: bytes) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The pictures of an animation, and how long each stands in milliseconds."""
    pictures, shown = [], []
    with Image.open(io.BytesIO(data)) as file:
        for number in range(getattr(file, "n_frames", 1)):
            file.seek(number)
            pictures.append(np.asarray(file.convert("RGB")))
            shown.append(int(file.info["duration"]))
    return pictures, shown


def test_the_first_picture_is_the_whole_poster_under_its_mark() -> None:
    score = wanting(((20, 60),))
    made = make_teaser(score, waves, 7)
    assert made is not None
    plain = rgb(waves(7), (600, 330))
    wanted = np.asarray(marked(Image.fromarray(plain), mark_place(score, 7)))
    mark = np.abs(wanted.astype(int) - plain).max(axis=2) > 30
    for data in (made.gif, made.webp):
        pictures, shown = played(data)
        for picture in (pictures[0], pictures[-1]):
            assert np.abs(picture.astype(int) - wanted).mean() < 6
            assert (
                np.abs(picture.astype(int) - wanted)[mark].mean()
                < 20
                < np.abs(picture.astype(int) - plain)[mark].mean()
            )
        assert shown[0] == 1000 and sum(shown) == 1000 + 1600 + 1000
        assert np.abs(pictures[0].astype(int) - pictures[3]).mean() > 2, "and then something moves"


@pytest.mark.parametrize(("loops", "gif", "webp"), [(1, None, 1), (0, 0, 0), (3, 2, 3)])
def test_a_teaser_plays_as_often_as_asked(loops: int, gif: int | None, webp: int) -> None:
    made = make_teaser(wanting(((20, 30),), loops=loops, width=160), waves, 7)
    assert made is not None
    with Image.open(io.BytesIO(made.gif)) as file:
        assert file.info.get("loop") == gif  # how often it is repeated; without it, it plays once
    with Image.open(io.BytesIO(made.webp)) as file:
        assert file.info["loop"] == webp


def test_a_teaser_stays_within_its_size_whatever_it_shows() -> None:
    made = make_teaser(wanting(((0, 90),), width=200), noise, 0, most=100_000)
    assert made is not None and MAX_BYTES == 1_000_000
    for data in (made.gif, made.webp):
        assert len(data) <= 100_000
        pictures, shown = played(data)
        assert len(pictures) > 8 and abs(sum(shown) - 5600) <= 250, "it has less detail, not less to tell"


def test_a_teaser_that_cannot_be_small_enough_says_so() -> None:
    with pytest.raises(RenderError, match="too large"):
        make_teaser(wanting(((0, 4),), width=120), noise, 0, most=100)


def test_the_same_frames_give_the_same_teaser() -> None:
    score = wanting(((20, 30),), width=160)
    assert make_teaser(score, waves, 7) == make_teaser(score, waves, 7)


def test_no_teaser_where_none_is_asked_for() -> None:
    assert make_teaser(film(), waves, 7) is None
    assert film().teaser is None
