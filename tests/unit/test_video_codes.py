"""QR codes: read back from frames that were composed and encoded, personal as their links, refused where unsafe."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.errors import RenderError
from renderer.labels import Sensitivity
from renderer.plan.model import Link
from renderer.profile.load import read_one
from renderer.render.video.compose import Composer
from renderer.render.video.encode import EncodedChunk, EncodeProfile, encode_chunk
from renderer.render.video.render import film_backdrops
from renderer.render.video.score import Q, QrContent, Score
from renderer.render.video.scoring import FilmFormat, build_score
from renderer.render.video.text import TextEngine
from renderer.template.load import find_template
from tests.film_samples import box, composer, plan, scene, score, storyboard

HREF = "https://energy.example/pay/9f3c2a7e?m=2026-11&l=it"


def qr(**more: Any) -> dict[str, Any]:
    layer = {"kind": "qr", "id": "code", "link": "pay", "colour": "ink", "ground": "card"}
    return {**layer, "box": box(120, 100, 200, 180), **more}


def film(
    layer: dict[str, Any],
    href: str = HREF,
    *,
    sensitivity: Sensitivity = "personal",
    size: tuple[int, int] = (1280, 720),
    **more: Any,
) -> Score:
    the_plan = replace(plan(scenes=("one",), **more), links={"pay": Link(id="pay", href=href, sensitivity=sensitivity)})
    board = storyboard(scene("one", [layer]))
    return score(the_plan, board, FilmFormat(width=size[0], height=size[1], fps=Fraction(25)))


def read(luma: NDArray[np.uint8]) -> list[str]:
    found = zxingcpp.read_barcodes(luma)
    return [one.text for one in found]


def encoded(found: Score, crf: int) -> NDArray[np.uint8]:
    """Luma of the fifth frame, encoded in a chunk and decoded as a player does."""
    profile = EncodeProfile(width=found.width, height=found.height, fps=Fraction(25), crf=crf)
    return decoded(encode_chunk((np.array(frame.data) for frame in composer(found).frames(range(8))), profile))


def decoded(chunk: EncodedChunk) -> NDArray[np.uint8]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = chunk.extradata
    pictures = [frame for sample in chunk for frame in decoder.decode(av.Packet(sample))] + list(decoder.decode(None))
    return np.asarray(pictures[5].to_ndarray()[: pictures[5].height], np.uint8)


@pytest.mark.parametrize(("size", "crf"), [((1280, 720), 21), ((640, 352), 30)])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_code_is_read_back_from_an_encoded_frame(size: tuple[int, int], crf: int, direction: Any) -> None:
    found = film(qr(box=box(500, 100, 300, 300)), size=size, direction=direction)
    assert read(encoded(found, crf)) == [HREF]


def test_a_code_has_its_quiet_zone_and_modules_of_whole_pixels() -> None:
    found = film(qr())
    (layer,) = found.scenes[0].layers
    code = layer.content
    assert isinstance(code, QrContent)
    left, top, right, bottom = layer.rect_q
    assert right - left == bottom - top == 180 * Q and all(edge % Q == 0 for edge in layer.rect_q)
    assert (left, top) == (130 * Q, 100 * Q), "in the middle of its box"
    luma = np.array(composer(found).frame(0).planes[0])[100:280, 130:310]
    side = len(code.rows) * code.module_q // Q
    ring = (180 - side) // 2
    assert ring >= 4 * code.module_q // Q, "four modules of ground (ISO/IEC 18004)"
    inner = luma[ring : ring + side, ring : ring + side]
    assert len(np.unique(inner)) == 2, "nothing between dark and light"
    assert (luma[ring // 2, 40:-40] == inner.max()).all()


def test_a_personal_link_makes_its_code_personal_and_says_where_it_is_from() -> None:
    for label in ("public", "personal"):
        (layer,) = film(qr(), sensitivity=label).scenes[0].layers
        assert (layer.personal, layer.links, layer.facts) == (label == "personal", ("pay",), ())
    assert HREF.encode() not in film(qr()).data


def test_other_links_are_other_codes() -> None:
    one, other = (film(qr(), href).scenes[0].layers[0].content for href in (HREF, HREF + "1"))
    assert one != other


@pytest.mark.parametrize(
    ("href", "layer", "sensitivity", "code", "words"),
    [
        (HREF, qr(), "secret", "render.layout", "secret"),
        (HREF, qr(link="gone"), "public", "render.layout", "no link 'gone'"),
        (HREF + "x" * 600, qr(), "public", "render.overflow", "too many to be read"),
        (HREF + "x" * 5000, qr(), "public", "render.overflow", "too long"),
    ],
)
def test_what_no_reader_should_or_could_read_is_refused(
    href: str, layer: dict[str, Any], sensitivity: Sensitivity, code: str, words: str
) -> None:
    with pytest.raises(RenderError) as caught:
        film(layer, href, sensitivity=sensitivity)
    assert caught.value.code == code and words in str(caught.value) and "energy.example" not in str(caught.value)
    assert caught.value.place.scene == "one"


@pytest.mark.parametrize(
    ("template", "sample", "locale", "link"),
    [
        ("energy-bill", "11-typical", "it", "direct-debit"),
        ("energy-bill", "13-arabic-credit", "ar", "account"),
        ("loyalty-year", "11-slipping", "fr", "new-records"),
    ],
)
def test_the_codes_of_the_templates_are_read_from_their_last_moments(
    template: str, sample: str, locale: str, link: str, tmp_path: Path
) -> None:
    planner = pipeline.open_template(template)
    person = read_one(find_template(template) / f"samples/{sample}.json", planner.template.contract)
    the_plan = pipeline.plan(planner, person, locale=locale)
    fonts = pipeline.template_fonts(planner.template, tmp_path)
    assets = AssetDoor(planner.template.release.files, images=dict(person.images))
    text = TextEngine(fonts)
    found = build_score(replace(the_plan, scenes=the_plan.scenes[-1:]), planner.template, fonts, assets, text)
    drawn = Composer(found, film_backdrops(found, assets, tmp_path), fonts, assets, text=text)
    profile = EncodeProfile(width=found.width, height=found.height, fps=Fraction(25))
    chunk = encode_chunk((np.array(drawn.frame(found.frames - 8 + at).data) for at in range(8)), profile)
    assert read(decoded(chunk)) == [the_plan.links[link].href]
    assert not any(layer.personal for layer in found.scenes[0].layers if layer.id == "code")
