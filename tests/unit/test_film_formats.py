"""Other formats of the film: what the default arrangement does, what overrides do, what is refused."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from renderer import pipeline
from renderer.errors import ErrorList
from renderer.plan.build import Planner
from renderer.profile.load import BadRecord
from renderer.render.video.layering import FilmLook
from renderer.render.video.render import film_scores
from renderer.render.video.safe import outside
from renderer.render.video.score import Q, Score, TextContent
from renderer.render.video.scoring import FilmFormat, score_film
from renderer.template.formats import composition, in_format
from renderer.template.layers import CounterLayer, LayerBase, TextLayer
from renderer.template.load import find_template, load_release
from renderer.template.model import FORMATS, FormatName, Margins, VideoChannel
from renderer.template.release import Release
from renderer.template.storyboard import FootageBackdrop, ImageBackdrop, Scene
from tests import film_samples as samples
from tests.film_samples import box, scene, storyboard, text_layer

UPRIGHT = VideoChannel.model_validate({"formats": {"9:16": {"width": 720, "height": 1280}}}).margins("9:16")
SAFE = (43.2, 102.4, 676.8, 1075.2)


def upright(*layers: dict[str, Any], name: FormatName = "9:16", margins: Margins = UPRIGHT, **more: Any) -> Scene:
    """A scene of these layers in another format."""
    return in_format(storyboard(scene("one", list(layers), **more)), name, margins).scenes[0]


def by_id(found: Scene) -> dict[str, LayerBase]:
    return {layer.id: layer for layer in found.layers}


def image(layer_id: str, *place: float, **more: Any) -> dict[str, Any]:
    return {"kind": "image", "id": layer_id, "media": "media/a.png", "box": box(*place), **more}


def rect(layer_id: str, *place: float, **more: Any) -> dict[str, Any]:
    return {"kind": "shape", "id": layer_id, "shape": "rect", "fill": "sun", "box": box(*place), **more}


def edges(layer: LayerBase) -> tuple[float, float, float, float]:
    return layer.box.x, layer.box.y, layer.box.x + layer.box.width, layer.box.y + layer.box.height


# ---------------------------------------------------------------- the default arrangement


def test_the_storyboard_itself_is_the_film_in_16_9() -> None:
    board = storyboard()
    assert in_format(board, "16:9", Margins()) is board


def test_the_short_side_of_every_format_is_720() -> None:
    assert {name: min(composition(name)) for name in FORMATS} == dict.fromkeys(FORMATS, 720)


def test_columns_become_rows_with_the_start_on_top() -> None:
    found = by_id(upright(text_layer(box=box(96, 120, 448, 200)), image("picture", 640, 100, 544, 500)))
    words, picture = found["headline"], found["picture"]
    assert edges(words)[3] < edges(picture)[1]
    assert edges(words)[0] == pytest.approx(SAFE[0], abs=0.01) and edges(words)[2] == pytest.approx(SAFE[2], abs=0.01)
    assert edges(picture)[3] == pytest.approx(SAFE[3], abs=1), "a picture stands at the foot of the safe area"


def test_a_block_keeps_its_shape() -> None:
    """What overlaps is scaled and moved as one: wheels stay on their car."""
    parts = (image("car", 640, 300, 500, 200), image("wheel", 700, 440, 100, 100), image("window", 900, 320, 80, 60))
    found = by_id(upright(text_layer(box=box(96, 120, 448, 200)), *parts))
    scale = found["car"].box.width / 500
    for part in parts:
        at, was = found[part["id"]].box, part["box"]
        assert at.width == pytest.approx(was["width"] * scale, abs=0.01)
        assert at.x - found["car"].box.x == pytest.approx((was["x"] - 640) * scale, abs=0.01)
        assert at.y - found["car"].box.y == pytest.approx((was["y"] - 300) * scale, abs=0.01)


def test_what_stands_on_one_line_stays_there() -> None:
    books = [rect(f"book-{n}", 100 + 300 * n, 400, 60, 240) for n in range(4)]
    found = by_id(upright(text_layer(box=box(96, 96, 1080, 100)), *books, rect("board", 0, 640, 1280, 8)))
    assert {round(edges(found[book["id"]])[3]) for book in books} == {round(found["board"].box.y)}
    assert [found[book["id"]].box.x for book in books] == sorted(found[book["id"]].box.x for book in books)


def test_motion_is_scaled_with_its_block() -> None:
    moved = {"position": [{"at_s": 0, "value": [100, -40]}, {"at_s": 1, "value": [0, 0]}]}
    enter = {"motion": "rise", "distance_px": 50}
    found = by_id(
        upright(text_layer(box=box(96, 120, 448, 200)), image("p", 592, 60, 640, 600, keyframes=moved, enter=enter))
    )["p"]
    scale = found.box.width / 640
    assert scale != 1
    assert found.keyframes.position[0].value == pytest.approx((100 * scale, -40 * scale))
    assert found.enter is not None and found.enter.distance_px == pytest.approx(50 * scale)


def test_what_fills_the_frame_fills_it() -> None:
    ground = by_id(upright(rect("ground", -2, -2, 1284, 724), text_layer()))["ground"]
    assert edges(ground) == (-2, -2, 722, 1282)


def test_what_bled_off_an_edge_still_does() -> None:
    words = text_layer(box=box(96, 120, 500, 200))
    assert edges(by_id(upright(words, image("disc", 700, 100, 740, 500)))["disc"])[2] > 720
    found = by_id(upright(words, image("disc", 700, 300, 740, 740)))["disc"]
    assert edges(found)[2] > 720 and edges(found)[3] > 1280


def test_a_text_on_a_card_stays_on_it() -> None:
    card, on_it = rect("card", 140, 160, 1000, 400), text_layer(box=box(200, 200, 600, 150))
    found = by_id(upright(card, on_it))
    scale = found["card"].box.width / 1000
    assert found["headline"].box.x - found["card"].box.x == pytest.approx(60 * scale, abs=0.01)
    assert found["headline"].box.y - found["card"].box.y == pytest.approx(40 * scale, abs=0.01)


def test_a_mark_stays_beside_its_name() -> None:
    found = by_id(upright(image("mark", 96, 44, 50, 50), text_layer(box=box(160, 50, 700, 38))))
    assert 0 < edges(found["headline"])[0] - edges(found["mark"])[2] < 24
    assert abs(found["mark"].box.y - found["headline"].box.y) < 12


def test_a_narrower_text_may_have_more_lines_and_shrink_as_far_as_its_box_did() -> None:
    found = by_id(upright(text_layer(box=box(96, 120, 1088, 150), fit={"max_lines": 1})))["headline"]
    assert isinstance(found, TextLayer)
    assert found.fit.max_lines == 3  # it grew by a quarter, too
    narrow = found.box.width / 1088
    assert found.fit.min_size_px == pytest.approx(64 * narrow, rel=0.02)


def test_a_figure_shrinks_rather_than_wraps() -> None:
    layer = {"kind": "counter", "id": "n", "fact": "total", "style": "figure", "box": box(96, 120, 1088, 150)}
    found = by_id(upright(layer))["n"]
    assert isinstance(found, CounterLayer)
    assert found.fit.max_lines == 1 and found.fit.min_size_px is not None and found.fit.min_size_px < 120


def test_type_grows_where_there_is_room() -> None:
    board = in_format(storyboard(scene("one", [text_layer(box=box(96, 120, 448, 200))])), "9:16", UPRIGHT)
    layer = board.scenes[0].layers[0]
    assert isinstance(layer, TextLayer)
    assert board.styles[layer.style].size_px == pytest.approx(64 * 1.25)
    assert board.styles["headline"].size_px == 64, "the author's own style stays"


def test_drawings_behind_texts_keep_their_place_in_the_picture() -> None:
    found = by_id(upright(image("sun", 702, 200, 400, 400), text_layer(box=box(96, 164, 1088, 186))))["sun"]
    left, top, right, bottom = edges(found)
    assert right - left == 400
    assert ((left + right) / 2 / 720, (top + bottom) / 2 / 1280) == pytest.approx((902 / 1280, 400 / 720), abs=0.001)


@pytest.mark.parametrize("name", ["9:16", "1:1", "4:5"])
def test_every_kind_of_layer_lands_inside_the_frame(name: FormatName) -> None:
    """The samples' film uses every kind: scored and fitted, with a long name, right to left too."""
    width, height = composition(name)
    for direction in ("ltr", "rtl"):
        plan = samples.plan(name="Massimiliano Della Robbia", direction=direction)
        board = in_format(storyboard(), name, Margins())
        look = FilmLook(
            styles=board.styles,
            colours=samples.COLOURS,
            families=samples.fonts().families,
            faces=frozenset((face.family, face.weight) for face in samples.fonts().faces),
        )
        film = FilmFormat(width=width, height=height, fps=Fraction(25), name=name)
        score = score_film(plan, board, look, film, samples.engine(), lambda ref: "0" * 64, samples.fonts().digest)
        assert score.format == name
        for one in score.scenes:
            for layer in one.layers:
                if isinstance(layer.content, TextContent):
                    assert layer.rect_q[0] >= -Q and layer.rect_q[2] <= (width + 1) * Q, layer.id
                    assert layer.rect_q[1] >= -Q and layer.rect_q[3] <= (height + 1) * Q, layer.id


# ---------------------------------------------------------------- overrides


def test_a_box_of_its_own_is_taken_as_it_stands() -> None:
    place = box(60, 700, 300, 120)
    found = by_id(upright(text_layer(formats={"9:16": {"box": place, "align": "end"}})))["headline"]
    assert isinstance(found, TextLayer)
    assert found.box.model_dump() == place and found.align == "end"
    assert found.style == "headline", "and its text is not scaled"


def test_other_formats_do_not_see_it() -> None:
    layer = text_layer(formats={"9:16": {"hidden": True}})
    assert not upright(layer).layers
    assert upright(layer, name="1:1", margins=Margins()).layers


def test_what_stood_below_a_hidden_text_moves_up() -> None:
    layers = (
        text_layer("first", formats={"9:16": {"hidden": True}}),
        text_layer("second", below="first", box=box(96, 20, 900, 60)),
    )
    found = by_id(upright(*layers))
    assert list(found) == ["second"] and found["second"].below is None


def test_sizes_of_a_style_are_taken_as_they_stand() -> None:
    layer = text_layer(box=box(96, 120, 448, 200))
    styles = {**samples.STYLES, "headline": {**samples.STYLES["headline"], "formats": {"9:16": {"size_px": 90}}}}
    board = in_format(storyboard(scene("one", [layer]), styles=styles), "9:16", UPRIGHT)
    found = board.scenes[0].layers[0]
    assert isinstance(found, TextLayer)
    assert board.styles[found.style].size_px == 90


def test_backdrops_have_another_focus() -> None:
    picture = {"kind": "image", "media": "media/a.png", "formats": {"9:16": {"focus": [0.8, 0.5]}}}
    found = upright(backdrop=picture).backdrop
    assert isinstance(found, ImageBackdrop) and found.focus == (0.8, 0.5)
    moving = {
        "kind": "footage",
        "media": "media/a.mp4",
        "formats": {"9:16": {"media": "media/b.mp4", "focus": [0.2, 0]}},
    }
    film = upright(backdrop=moving).backdrop
    assert isinstance(film, FootageBackdrop)
    assert (film.media, film.treatment.focus) == ("media/b.mp4", (0.2, 0))


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        ('{"16:9": {width: 720, height: 720}}', "has not the aspect ratio 16:9"),
        ('{"9:16": {width: 721, height: 1280}}', "multiple of 2"),
        ('{"2:1": {width: 720, height: 360}}', "formats.2:1"),
        (
            '{"9:16": {width: 720, height: 1280, safe: {left: 0.1}}}',
            "Unknown key 'channels.video.formats.9:16.safe.left'",
        ),
        ("{}", "at least 1"),
    ],
)
def test_sizes_that_are_no_such_format_are_refused_with_their_line(formats: str, said: str) -> None:
    fault = broken("template.yaml", '{"16:9": {width: 320, height: 180}}', formats)
    assert said in fault and "template.yaml:" in fault


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('{"9:16": {sise: 3}}', "sise"),
        ('{"9:16": {style: nothing}}', "There is no style 'nothing'"),
        ('{"16:9": {hidden: true}}', "16:9"),
    ],
)
def test_overrides_that_say_nothing_are_refused_with_their_line(override: str, said: str) -> None:
    fault = broken("video/storyboard.yaml", "style: title,", f"style: title, formats: {override},")
    assert said in fault and "video/storyboard.yaml:" in fault


def broken(path: str, old: str, new: str) -> str:
    """What loading the starter template says with one thing changed in it."""
    home = Path(pipeline.__file__).parent / "preflight" / "starter"
    files = {one.relative_to(home).as_posix(): one.read_bytes() for one in home.rglob("*") if one.is_file()}
    text = (
        files[path].decode("utf-8").replace('"16:9": {width: 1280, height: 720}', '"16:9": {width: 320, height: 180}')
    )
    if path == "template.yaml":
        text = text.replace('formats:\n      "16:9": {width: 320, height: 180}', f"formats: {old}")
    assert old in text
    with pytest.raises(ErrorList) as caught:
        load_release(Release({**files, path: text.replace(old, new, 1).encode("utf-8")}))
    return str(caught.value)


# ---------------------------------------------------------------- the templates


@cache
def planner(template: str) -> Planner:
    return pipeline.open_template(template)


def scored(template: str, sample: Path, locale: str | None = None) -> dict[str, Score]:
    record = next(iter(pipeline.profiles(sample, planner(template))))
    assert not isinstance(record, BadRecord)
    plan = pipeline.plan(planner(template), record, locale=locale)
    cache_folder = Path(gettempdir()) / "dearly-test-fonts"
    return film_scores(pipeline.prepare_job(planner(template).template, plan, record.images, cache_folder))


@pytest.mark.parametrize(
    ("template", "sample"),
    [
        pytest.param(name, sample, id=f"{name}-{sample.stem}")
        for name in ("energy-bill", "loyalty-year")
        for sample in sorted((find_template(name) / "samples").glob("*.json"))
    ],
)
def test_upright_films_of_all_samples_are_safe_and_readable(template: str, sample: Path) -> None:
    scores = scored(template, sample)
    assert list(scores) == ["", "-9x16"]
    flat, tall = scores.values()
    assert (tall.format, tall.width, tall.height) == ("9:16", 720, 1280)
    assert tall.captions == flat.captions and tall.chapters == flat.chapters and tall.frames == flat.frames
    video = planner(template).template.config.channels.video
    assert video is not None
    for score in scores.values():
        assert not list(outside(score, video.margins(score.format)))
    assert _said(tall) <= _said(flat), "an upright film says nothing of its own"
    for one in tall.scenes:
        placed = [layer for layer in one.layers if isinstance(layer.content, TextContent)]
        for layer in placed:
            look = layer.content.look  # type: ignore[union-attr]
            assert look.size_q >= 22 * Q, (one.id, layer.id)  # 12 CSS pixels on a phone of 390
        for index, layer in enumerate(placed):
            for other in placed[index + 1 :]:
                assert not _meet(layer.rect_q, other.rect_q), (one.id, layer.id, other.id)


def _said(score: Score) -> set[tuple[str, str]]:
    return {(one.scene, one.text) for one in score.texts if "-label" not in one.layer}


def _meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across, up = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    return across > 4 * Q and up > 4 * Q
