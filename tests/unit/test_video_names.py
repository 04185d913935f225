"""Names of the world in films: right pictures in the right order, never a blank box.

The reference is drawn here by HarfBuzz, glyph by glyph, without Pango: which letters join or stack is told by the
fonts, which piece comes first by hand.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import cairocffi
import numpy as np
import pytest
import uharfbuzz as harfbuzz
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import Face, FontRequest, FontSet, _configuration, load_fonts
from renderer.errors import RenderError
from renderer.render.video.compose import Composer
from renderer.render.video.layering import FilmLook
from renderer.render.video.raster import Raster
from renderer.render.video.score import Q, Score, TextContent, TextLook
from renderer.render.video.scoring import FilmFormat, score_film
from renderer.render.video.text import TextEngine
from renderer.units import digest
from tests.film_samples import COLOURS, box, plan, scene, storyboard, text_layer

DROID = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
CACHE = Path(gettempdir()) / "dearly-test-fonts"
SIZE = 64
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
LATIN, ARABIC, DEVANAGARI, CJK = "IBM Plex Sans", "IBM Plex Sans Arabic", "Noto Sans Devanagari", "Droid Sans Fallback"
needs_cjk = pytest.mark.skipif(not DROID.exists(), reason="fonts-droid-fallback is not installed")


@cache
def fonts() -> FontSet:
    """A template's list for names of many scripts."""
    listed = [FontRequest(name, (400,)) for name in (LATIN, ARABIC, DEVANAGARI, "Noto Color Emoji")]
    faces = load_fonts(listed, CACHE).faces
    if DROID.exists():  # no package has a font for Chinese and Japanese
        faces = (*faces, Face(CJK, 400, False, DROID, digest(DROID.read_bytes())))
    return FontSet(faces, _configuration(faces, CACHE))


@cache
def engine() -> TextEngine:
    return TextEngine(fonts())


def look(direction: Any = "ltr", language: str = "en", **more: Any) -> TextLook:
    return replace(
        TextLook(
            families=fonts().families, weight=400, size_q=SIZE * Q, line_height_q=SIZE * 2 * Q, letter_spacing_q=0,
            colour="#000000ff", tabular=False, align="left", direction=direction, language=language,
        ), **more,
    )  # fmt: skip


def drawn(text: str, style: TextLook) -> Raster:
    content = TextContent(texts=(text,), look=style, column_q=0, width_q=1200 * Q, lines=1)
    return engine().raster(content, 0, 0, 0)


class _Pen:
    """Glyph outlines, y up in font units, onto a cairo context."""

    def __init__(self, context: cairocffi.Context, x: float, y: float, scale: float) -> None:
        self._context, self._x, self._y, self._scale = context, x, y, scale
        self._at = (0.0, 0.0)

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        return self._x + point[0] * self._scale, self._y - point[1] * self._scale

    def moveTo(self, point: tuple[float, float]) -> None:
        self._at = point
        self._context.move_to(*self._place(point))

    def lineTo(self, point: tuple[float, float]) -> None:
        self._at = point
        self._context.line_to(*self._place(point))

    def curveTo(self, *points: tuple[float, float]) -> None:
        self._at = points[-1]
        self._context.curve_to(*(one for point in points for one in self._place(point)))

    def qCurveTo(self, middle: tuple[float, float], end: tuple[float, float]) -> None:
        one, two = (tuple(a + (b - a) * 2 / 3 for a, b in zip(side, middle, strict=True)) for side in (self._at, end))
        self.curveTo((one[0], one[1]), (two[0], two[1]), end)

    def closePath(self) -> None:
        self._context.close_path()


def reference(pieces: list[tuple[str, str, str]]) -> NDArray[np.uint8]:
    """The pieces (text, family, direction) from left to right, black on nothing, without empty borders."""
    surface = cairocffi.ImageSurface(cairocffi.FORMAT_A8, 1200, 4 * SIZE)
    context, x = cairocffi.Context(surface), 0.0
    for text, family, direction in pieces:
        path = next(face.path for face in fonts().faces if face.family == family)
        font = harfbuzz.Font(harfbuzz.Face(harfbuzz.Blob.from_file_path(str(path))))
        buffer = harfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = direction
        harfbuzz.shape(font, buffer)
        scale = SIZE / font.face.upem
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            assert info.codepoint != 0, "the font has no glyph for it"
            pen = _Pen(context, x + place.x_offset * scale, 2 * SIZE - place.y_offset * scale, scale)
            font.draw_glyph_with_pen(info.codepoint, pen)
            context.fill()
            x += place.x_advance * scale
    surface.flush()
    pixels = np.frombuffer(surface.get_data(), np.uint8).reshape(4 * SIZE, surface.get_stride())
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def same(raster: Raster, expected: NDArray[np.uint8]) -> bool:
    """Whether two pictures differ by no more than how two programs round."""
    found = raster.pixels[:, :, 3]
    if any(abs(one - other) > 1 for one, other in zip(found.shape, expected.shape, strict=True)):
        return False
    height, width = (min(pair) for pair in zip(found.shape, expected.shape, strict=True))
    return float(np.abs(found[:height, :width].astype(int) - expected[:height, :width]).mean()) < 3


_SPACED = [("24", LATIN, "ltr"), (" ", LATIN, "ltr"), ("ليلى", ARABIC, "rtl")]
NAMES = [
    pytest.param("ليلى 24", _SPACED, "rtl", id="Arabic, digits"),
    pytest.param("\u2068عائشة الزهراء\u2069", [("عائشة الزهراء", ARABIC, "rtl")], "ltr", id="Arabic in Latin"),
    pytest.param("क्षत्रिय श्रीकृष्ण", [("क्षत्रिय श्रीकृष्ण", DEVANAGARI, "ltr")], "ltr", id="Devanagari"),
    pytest.param("山田太郎 張偉", [("山田太郎 張偉", CJK, "ltr")], "ltr", id="CJK", marks=needs_cjk),
    pytest.param("Nguyễn Thị Ánh", [("Nguyễn Thị Ánh", LATIN, "ltr")], "ltr", id="Vietnamese"),
]


@pytest.mark.parametrize(("name", "pieces", "direction"), NAMES)
def test_a_name_looks_as_its_font_draws_it(name: str, pieces: list[tuple[str, str, str]], direction: str) -> None:
    language = "ar" if direction == "rtl" else "en"
    found = drawn(name, look(direction, language))
    assert same(found, reference(pieces))
    assert not same(found, reference(pieces[::-1])) or len(pieces) == 1, "in the right order"


def test_the_check_would_see_letters_that_do_not_join_and_an_empty_box() -> None:
    joined = reference([("ليلى", ARABIC, "rtl")])
    assert not same(drawn("ل\u200cي\u200cل\u200cى", look("rtl", "ar")), joined)
    assert not same(drawn("क\u200cष", look()), reference([("क्ष", DEVANAGARI, "ltr")]))
    with pytest.raises(RenderError, match="glyph"):
        engine().measure("ᚠ", look(), None)


# ---------------------------------------------------------------- in a film


def film(name: str, direction: Any = "ltr") -> tuple[Score, Composer]:
    """A film that greets ``name`` alone in one line or two."""
    layer = text_layer(
        copy="hello-short",
        style="plain",
        box=box(90, 100, 1100, 220),
        fit={"max_lines": 2, "min_size_px": 30, "ellipsis": True},
    )
    board = storyboard(scene("one", [layer]), styles={"plain": {"weight": 400, "size_px": SIZE, "colour": "ink"}})
    style = FilmLook(styles=board.styles, colours=COLOURS, families=fonts().families,
                     faces=frozenset((face.family, face.weight) for face in fonts().faces))  # fmt: skip
    the_plan = plan(name=name, scenes=("one",), direction=direction, copy={"hello-short": f"\u2068{name}\u2069"})
    found = score_film(the_plan, board, style, FilmFormat(width=1280, height=720, fps=Fraction(25)), engine(),
                       lambda ref: ref, fonts().digest)  # fmt: skip
    return found, Composer(found, {}, fonts(), AssetDoor({}), text=engine())


def ink(composer: Composer) -> NDArray[np.bool_]:
    luma = composer.frame(0).planes[0]
    return np.asarray(luma < 180)


@pytest.mark.parametrize(("name", "pieces", "direction"), NAMES)
def test_a_frame_shows_the_name_and_the_record_its_text(
    name: str, pieces: list[tuple[str, str, str]], direction: str
) -> None:
    found, frames = film(name, direction)
    shown = ink(frames)
    expected = reference(pieces)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert columns[-1] - columns[0] == pytest.approx(expected.shape[1], abs=4)
    assert rows[-1] - rows[0] == pytest.approx(expected.shape[0], abs=4)
    assert float(shown.sum()) == pytest.approx(float((expected > 70).sum()), rel=0.06)
    assert columns[-1] > 1180 if direction == "rtl" else columns[0] < 100
    assert [text.text for text in found.texts] == [f"\u2068{name}\u2069"]


def test_a_family_is_one_picture() -> None:
    _, frames = film(FAMILY)
    frame = frames.frame(0)
    paper = int(frame.planes[0][700, 1200])
    drawn_at = np.abs(frame.planes[0].astype(int) - paper) > 6
    columns, rows = np.flatnonzero(drawn_at.any(axis=0)), np.flatnonzero(drawn_at.any(axis=1))
    assert 0.8 * SIZE < columns[-1] - columns[0] < 1.5 * SIZE, "one picture, not four people or a box and a joiner"
    assert 0.8 * SIZE < rows[-1] - rows[0] < 1.5 * SIZE
    picture = frame.planes[0][rows[0] : rows[-1], columns[0] : columns[-1]]
    assert len(np.unique(picture)) > 50, "a picture, not an outlined box"
    assert drawn_at[rows[0] : rows[-1], columns[0] : columns[-1]].mean() > 0.4


@pytest.mark.parametrize(
    "name",
    ["Maximiliana Bartholomea von und zu Hohenstaufen-Wittelsbacherin", "W" * 60, "م" * 60, "क्ष" * 20],
    ids=["words", "one word", "Arabic", "conjuncts"],
)
def test_sixty_letters_stay_in_their_box(name: str) -> None:
    found, frames = film(name, "rtl" if name[0] == "م" else "ltr")
    shown = ink(frames)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert columns[0] >= 88 and columns[-1] <= 1192 and rows[0] >= 100 and rows[-1] <= 322
    assert found.fits[0].size_q >= 30 * Q and shown.sum() > 5000


def test_an_empty_name_draws_nothing() -> None:
    found, frames = film("")
    assert not ink(frames).any() and found.texts == ()
