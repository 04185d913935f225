"""The energy bill's film as its designer promised it: lengths, media, one line through all scenes, time to read."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.plan.build import Planner
from renderer.profile.load import BadRecord
from renderer.render.video.audio import decode_clip
from renderer.render.video.captions import captions_vtt
from renderer.render.video.motion import frames_of, keyframed
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.template.layers import BarChartLayer, CounterLayer, ShapeLayer, TextLayer
from renderer.template.load import find_template
from renderer.template.storyboard import Scene, Storyboard
from tests.scene_paths import scene_paths

TEMPLATE = find_template("energy-bill")
MEDIA = TEMPLATE / "media"
SAMPLES = sorted((TEMPLATE / "samples").glob("*.json"))
FPS = Fraction(25)
RATE = 48_000
MARGIN, COLUMN, END = 96, 592, 1184
LOCALES = ("it", "en", "ar", "fr", "ro")


@cache
def planner() -> Planner:
    return pipeline.open_template("energy-bill")


@cache
def board() -> Storyboard:
    found = planner().template.storyboard
    assert found is not None
    return found


@cache
def paths() -> tuple[tuple[str, ...], ...]:
    return scene_paths(planner().template)


def scene(name: str) -> Scene:
    found = board().scene(name)
    assert found is not None
    return found


def frames(path: Sequence[str]) -> int:
    lengths = [frames_of(scene(name).duration_s, FPS) for name in path]
    return sum(lengths) - sum(frames_of(scene(name).transition.duration_s, FPS) for name in path[1:])


def test_every_film_lasts_25_to_35_seconds_and_has_5_to_7_scenes() -> None:
    lengths = {path: frames(path) / FPS for path in paths()}
    assert len(lengths) == 3 * 4 * 3 * 3 * 5 * 3
    assert {len(path) for path in lengths} == {5, 6, 7}
    assert min(lengths.values()) == Fraction("25.2")
    assert max(lengths.values()) == Fraction("34.8")


# ---------------------------------------------------------------- the line of light


def light(name: str, second: float) -> tuple[float, float, float]:
    """Left and right end of the line and its height, in design pixels, at a second of a scene."""
    layer = next(one for one in scene(name).layers if one.id == "light")
    assert isinstance(layer, ShapeLayer) and layer.in_s == 0 and layer.out_s is None and layer.enter is None
    motion = layer.keyframes
    shown = keyframed([(k.at_s, k.value, k.easing) for k in motion.reveal], second) if motion.reveal else 1.0
    x, y = (
        keyframed([(k.at_s, k.value[axis], k.easing) for k in motion.position], second) if motion.position else 0.0
        for axis in (0, 1)
    )
    left, width = layer.box.x + x, layer.box.width
    hidden = width * (1 - shown)
    ends = (left + hidden, left + width) if layer.reveal_from == "end" else (left, left + width - hidden)
    return ends[0], ends[1], layer.box.y + y


def test_no_cut_shows_in_the_line_of_light() -> None:
    pairs = {pair for path in paths() for pair in itertools.pairwise(path)}
    for before, after in pairs:
        overlap = scene(after).transition.duration_s
        at_end = [light(before, scene(before).duration_s - back) for back in (overlap, 0)]
        at_start = [light(after, forth) for forth in (0, overlap)]
        for ends in (*at_end, *at_start):
            assert ends == pytest.approx(at_end[0], abs=0.02), (before, after)
        assert at_end[0][0] == pytest.approx(MARGIN, abs=0.02) or at_end[0][0] == pytest.approx(COLUMN, abs=0.02)
        assert at_end[0][1] == pytest.approx(END)


# ---------------------------------------------------------------- words


def shown_words(name: str, locale: str) -> tuple[int, float]:
    """Words on screen in a scene, a figure or name counted as one, and seconds from the first to the last of them."""
    book = planner().template.copy[locale]
    words, start, end = 0, scene(name).duration_s, 0.0
    for layer in scene(name).layers:
        if isinstance(layer, TextLayer) and layer.copy_ is not None:
            sentence = book.sentences[layer.copy_]
            assert sentence.pattern is not None
            values: dict[str, str | int] = {name: "0" for fact in sentence.facts for name in (fact, f"{fact}_n")}
            pattern = book.bundle.get_message(layer.copy_).value
            assert pattern is not None
            text, _ = book.bundle.format_pattern(pattern, values)
            words += len(str(text).split())
        elif isinstance(layer, TextLayer | CounterLayer):
            words += 1
        elif isinstance(layer, BarChartLayer):
            words += 3
        else:
            continue
        start, end = min(start, layer.in_s), max(end, layer.out_s or scene(name).duration_s)
    return words, end - start


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [one.id for one in board().scenes])
def test_a_scene_leaves_time_to_read_it(name: str, locale: str) -> None:
    words, seconds = shown_words(name, locale)
    assert words / 3 <= seconds, f"{words} words in {seconds} s"


def test_scenes_that_need_no_name_or_figure_show_none() -> None:
    labels = planner().facts.labels
    for name in ("scene-app", "scene-tip", "closing-due", "closing-debit", "closing-credit"):
        for locale in LOCALES:
            book = planner().template.copy[locale]
            for layer in scene(name).layers:
                facts = book.sentences[layer.copy_ or ""].facts if isinstance(layer, TextLayer) else ()
                assert all(labels[fact] == "public" for fact in facts), (name, layer.id)
    poster = board().poster
    assert poster is not None and poster.scene == "opening"
    greeting = next(layer for layer in scene("opening").layers if layer.id == "greeting")
    assert poster.at_s < greeting.in_s


@cache
def font_set(cache_folder: Path) -> FontSet:
    return pipeline.template_fonts(planner().template, cache_folder)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TextEngine:
    return TextEngine(font_set(tmp_path_factory.getbasetemp()))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_words_fit_in_every_language(
    sample: Path, engine: TextEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    record = next(iter(pipeline.profiles(sample, planner())))
    assert not isinstance(record, BadRecord)
    fonts = font_set(tmp_path_factory.getbasetemp())
    template = planner().template
    for locale in LOCALES:
        plan = pipeline.plan(planner(), record, locale=locale)
        score = build_score(plan, template, fonts, AssetDoor(template.release.files), engine)
        assert score.frames == frames(plan.scenes)
        assert not [fit for fit in score.fits if fit.broken or fit.ellipsized]
        smallest = min((Fraction(fit.size_q, fit.full_size_q), fit.scene, fit.layer) for fit in score.fits)
        assert smallest[0] >= Fraction(7, 10), smallest
        captions = captions_vtt(score).decode("utf-8")
        assert captions.count("-->") == len(score.captions), "a caption was too long for one cue"
        assert {caption.message for caption in score.captions} and all(
            any(scored.first <= caption.first < scored.end for caption in score.captions) for scored in score.scenes
        )


# ---------------------------------------------------------------- music and sounds


def clip(name: str) -> NDArray[np.float32]:
    return decode_clip(AssetDoor({f"media/{name}": (MEDIA / name).read_bytes()}).get(f"media/{name}"))


def stream_of(name: str) -> tuple[str, int, int, str]:
    with av.open(str(MEDIA / name)) as container:
        stream = container.streams.audio[0]
        return stream.codec_context.name, stream.rate, stream.channels, stream.codec_context.format.name


@pytest.mark.parametrize("name", ["music.flac", "sound-count.flac", "sound-air.flac"])
def test_sound_is_clean(name: str) -> None:
    assert stream_of(name) == ("flac", RATE, 2, "s16")
    pcm = clip(name)
    peak = 20 * np.log10(np.abs(pcm).max())
    assert -14 < peak < -3
    assert np.abs(pcm.mean(axis=0)).max() < 2e-4, "direct current"
    assert np.abs(pcm[[0, -1]]).max() < 1e-3, "starts or ends with a click"
    assert np.abs(np.diff(pcm, axis=0)).max() < 0.2, "a click inside"


def test_music_is_long_calm_and_warm() -> None:
    pcm = clip("music.flac")
    assert len(pcm) == 40 * RATE > frames(max(paths(), key=frames)) / FPS * RATE
    bars = [pcm[start : start + RATE * 5 // 2] for start in range(0, len(pcm), RATE * 5 // 2)]
    levels = [20 * np.log10(float(np.sqrt((bar**2).mean()))) for bar in bars]
    assert max(levels) - min(levels[:-1]) < 8
    spectrum = np.abs(np.fft.rfft(pcm.mean(axis=1))) ** 2
    frequency = np.fft.rfftfreq(len(pcm), 1 / RATE)
    share = {limit: spectrum[frequency > limit].sum() / spectrum.sum() for limit in (1_000, 3_000)}
    assert share[1_000] < 0.25 and 0.0005 < share[3_000] < 0.02
    middle, side = pcm.sum(axis=1).std(), (pcm[:, 0] - pcm[:, 1]).std()
    assert 0.2 < side / middle < 0.8, "neither mono nor hollow"


# ---------------------------------------------------------------- pictures


def test_footage_is_what_players_expect_and_joins_end_to_end() -> None:
    assert (MEDIA / "footage-dawn.mp4").stat().st_size < 3_000_000
    with av.open(str(MEDIA / "footage-dawn.mp4")) as container:
        assert not container.streams.audio
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (1280, 720, FPS)
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        # Means of 8 by 8 pixels: what is drawn there, not the grain, which every key frame codes anew.
        pictures = [
            frame.to_ndarray()[:720].astype(np.float64).reshape(90, 8, 160, 8).mean(axis=(1, 3))
            for frame in container.decode(stream)
        ]
        assert stream.codec_context.colorspace == 1, "Rec. 709"
    assert len(pictures) == 150 > frames_of(scene("opening").duration_s, FPS)

    moved = [float(np.abs(pictures[number + 1] - pictures[number]).max()) for number in (10, 50, 90, 130)]
    seam = np.abs(pictures[0] - pictures[149])
    assert seam.mean() < 0.4, "in steps of 255; coding alone makes half of that"
    assert seam.max() < 2 * max(moved), "something jumps where the loop closes"


def test_pictures_are_drawn_for_the_line_they_stand_on() -> None:
    drawings = ("solar", "car", "heat-pump", "phone", "washer", "meter")
    for name in drawings:
        with Image.open(MEDIA / f"image-{name}.png") as image:
            assert image.mode == "RGBA" and image.size == (1184, 880)
            alpha = np.asarray(image)[:, :, 3]
        assert alpha[-2:].any(), f"{name} does not touch the ground"
        assert not alpha[0].any(), f"{name} is cut off at the top"
    with Image.open(MEDIA / "image-hills.jpg") as image:
        assert image.size == (1920, 1080)


def test_all_media_of_the_film_are_used_and_small() -> None:
    files = [path for path in MEDIA.iterdir() if path.suffix in (".flac", ".mp4", ".jpg", ".png")]
    assert sum(path.stat().st_size for path in files) < 8_000_000
    used = board().model_dump_json()
    unused = [path.name for path in files if f"media/{path.name}" not in used]
    assert not unused


# ---------------------------------------------------------------- the code that made them


@pytest.fixture
def making() -> Iterator[dict[str, ModuleType]]:
    """The media's own code, imported from its folder."""
    names = ("landscape", "make_music", "make_images")
    sys.path.insert(0, str(MEDIA))
    try:
        found = {}
        for name in names:
            spec = importlib.util.spec_from_file_location(name, MEDIA / f"{name}.py")
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            found[name] = module
        yield found
    finally:
        sys.path.remove(str(MEDIA))
        for name in names:
            sys.modules.pop(name, None)


def test_the_code_beside_the_media_makes_them(making: dict[str, ModuleType]) -> None:
    for name, make in (("sound-count", making["make_music"].counting), ("sound-air", making["make_music"].air)):
        assert np.abs(make() - clip(f"{name}.flac")).max() < 2 / 32_768
    for name in ("mark", "washer", "phone"):
        with Image.open(MEDIA / f"image-{name}.png") as image:
            committed = np.asarray(image).astype(np.int16)
        # Another build of cairo may smooth an edge a little differently.
        assert np.abs(np.asarray(making["make_images"].drawing(name)) - committed).mean() < 0.5
