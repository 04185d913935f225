"""The loyalty year's film as its designer promised it: lengths on the beat, a colour for each story, words that fit."""

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
from renderer.render.video.motion import frames_of
from renderer.render.video.score import Q, TextContent
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.template.layers import BarChartLayer, CounterLayer, ImageLayer, ShapeLayer, TextLayer
from renderer.template.load import find_template
from renderer.template.storyboard import ColourBackdrop, Scene, Storyboard
from tests.scene_paths import scene_paths

TEMPLATE = find_template("loyalty-year")
MEDIA = TEMPLATE / "media"
SAMPLES = sorted((TEMPLATE / "samples").glob("*.json"))
LOCALES = ("en", "it", "fr", "ro")
FPS = Fraction(25)
RATE = 48_000
BEAT = 13
"""Frames of a beat."""
BAR = 4 * BEAT
STORIES = ("big-spender", "regular", "newcomer", "slipping", "long-gone", "listener")
LOWEST = 640
"""Below it, in design pixels, players lay captions."""


@cache
def planner() -> Planner:
    return pipeline.open_template("loyalty-year")


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


def starts(path: Sequence[str]) -> list[int]:
    """The frame at which each scene begins to come in, and the film's length."""
    found = [0]
    for name, after in itertools.zip_longest(path, path[1:]):
        overlap = frames_of(scene(after).transition.duration_s, FPS) if after else 0
        found.append(found[-1] + frames_of(scene(name).duration_s, FPS) - overlap)
    return found


# ---------------------------------------------------------------- time


def test_every_film_lasts_20_to_30_seconds_and_has_5_or_6_scenes() -> None:
    lengths = {path: starts(path)[-1] / FPS for path in paths()}
    assert len(lengths) == 6 * 2 * 4 * 5 * 2
    assert {len(path): length for path, length in lengths.items()} == {5: Fraction("24.96"), 6: Fraction("29.12")}
    assert set(lengths.values()) == {Fraction("24.96"), Fraction("29.12")}


def test_every_scene_begins_on_a_bar() -> None:
    assert {start % BAR for path in paths() for start in starts(path)} == {0}


def test_what_comes_in_comes_on_a_half_beat() -> None:
    half = BEAT / float(FPS) / 2
    for one in board().scenes:
        for layer in one.layers:
            halves = layer.in_s / half
            assert abs(halves - round(halves)) < 0.02, (one.id, layer.id)


# ---------------------------------------------------------------- colour


def ground(name: str, story: str) -> str:
    """The colour token behind a scene, for a story."""
    backdrop = scene(name).backdrop
    assert isinstance(backdrop, ColourBackdrop)
    found = backdrop.colour
    for layer in scene(name).layers:
        if isinstance(layer, ShapeLayer) and layer.box.width >= 1280 and layer.shown_with == (f"story-{story}",):
            found = layer.fill or found
    return found


def test_each_story_opens_in_its_own_colour_with_its_own_sleeve_and_title() -> None:
    grounds = [ground("opening", story) for story in STORIES]
    assert len(set(grounds)) == len(STORIES)
    assert grounds == [ground(f"story-{story}", story) for story in STORIES], "the story keeps the opening's colour"
    for story in STORIES:
        shown = [layer for layer in scene("opening").layers if f"story-{story}" in (layer.shown_with or ())]
        assert [one.media for one in shown if isinstance(one, ImageLayer) and "sleeve" in str(one.media)] == [
            f"media/image-sleeve-{story}.png"
        ]
        assert f"film-title-{story}" in {one.copy_ for one in shown if isinstance(one, TextLayer)}


def test_scenes_that_follow_each_other_differ_in_colour() -> None:
    for path in paths():
        story = path[1].removeprefix("story-")
        if (
            ("since" in path and "best-month" in path)
            or ("big-spender" in path[1] and "rank" in path)
            or ("long-gone" in path[1] and "months" in path)
        ):
            continue  # no customer has both
        if "regular" in path[1] and len(path) == 5 and "since" in path:
            continue  # four orders in two months that all cost nothing
        grounds = [ground(name, story) for name in path[1:]]
        assert all(before != after for before, after in itertools.pairwise(grounds)), path


# ---------------------------------------------------------------- words


def shown_words(name: str, story: str, locale: str) -> tuple[int, float]:
    """Words on screen in a scene, a figure or name counted as one, and seconds from the first to the last of them."""
    book = planner().template.copy[locale]
    words, start, end = 0, scene(name).duration_s, scene(name).duration_s
    for layer in scene(name).layers:
        if layer.shown_with is not None and f"story-{story}" not in layer.shown_with:
            continue
        if isinstance(layer, TextLayer) and layer.copy_ is not None:
            sentence = book.sentences[layer.copy_]
            values: dict[str, str | int] = {one: "0" for fact in sentence.facts for one in (fact, f"{fact}_n")}
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
        start = min(start, layer.in_s)
    return words, end - start


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [one.id for one in board().scenes])
def test_a_scene_leaves_time_to_read_it(name: str, locale: str) -> None:
    for story in STORIES if name == "opening" else STORIES[:1]:
        words, seconds = shown_words(name, story, locale)
        assert words / 3.5 <= seconds, f"{words} words in {seconds} s"


def test_the_poster_greets_nobody() -> None:
    poster = board().poster
    assert poster is not None and poster.scene == "opening"
    greetings = [layer for layer in scene("opening").layers if layer.id.startswith("greeting")]
    greeted = sorted(story for layer in greetings for story in layer.shown_with or ())
    assert greeted == sorted(f"story-{story}" for story in STORIES)
    assert all(poster.at_s < layer.in_s for layer in greetings)


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
        assert score.frames == starts(plan.scenes)[-1]
        assert not [fit for fit in score.fits if fit.broken or fit.ellipsized]
        smallest = min((Fraction(fit.size_q, fit.full_size_q), fit.scene, fit.layer) for fit in score.fits)
        assert smallest[0] >= Fraction(6, 10), (locale, smallest)
        for one in score.scenes:
            for layer in one.layers:
                if isinstance(layer.content, TextContent):
                    assert layer.rect_q[3] <= LOWEST * Q, (locale, one.id, layer.id)
        captions = captions_vtt(score).decode("utf-8")
        assert captions.count("-->") == len(score.captions), (locale, "a caption was too long for one cue")
        assert all(
            any(scored.first <= caption.first < scored.end for caption in score.captions) for scored in score.scenes
        )


# ---------------------------------------------------------------- music and sounds


def clip(name: str) -> NDArray[np.float32]:
    return decode_clip(AssetDoor({f"media/{name}": (MEDIA / name).read_bytes()}).get(f"media/{name}"))


@pytest.mark.parametrize("name", ["music.flac", "sound-needle.flac", "sound-sleeve.flac", "sound-stamp.flac"])
def test_sound_is_clean(name: str) -> None:
    with av.open(str(MEDIA / name)) as container:
        stream = container.streams.audio[0]
        kind = (stream.codec_context.name, stream.rate, stream.channels, stream.codec_context.format.name)
    assert kind == ("flac", RATE, 2, "s16")
    pcm = clip(name)
    assert -14 < 20 * np.log10(np.abs(pcm).max()) < -3
    assert np.abs(pcm.mean(axis=0)).max() < 5e-4, "direct current"
    assert np.abs(pcm[[0, -1]]).max() < 1e-3, "starts or ends with a click"
    assert np.abs(np.diff(pcm, axis=0)).max() < 0.25, "a click inside"


def test_music_keeps_the_beat_of_the_film_and_is_warm() -> None:
    assert (MEDIA / "music.flac").stat().st_size < 2_500_000
    pcm = clip("music.flac")
    bar = RATE * BAR // int(FPS)
    assert len(pcm) == 16 * bar > max(starts(path)[-1] for path in paths()) / FPS * RATE
    # The drum is there: laid over each other, all beats have most of their low end in their first quarter.
    mono = pcm.mean(axis=1)
    low = np.fft.irfft(np.fft.rfft(mono) * (np.fft.rfftfreq(len(mono), 1 / RATE) < 90), len(mono))
    quarters = (low.reshape(64, 4, bar // 16) ** 2).mean(axis=(0, 2))
    assert quarters.argmax() == 0 and quarters[0] > 2 * np.median(quarters)
    spectrum = np.abs(np.fft.rfft(mono)) ** 2
    frequency = np.fft.rfftfreq(len(mono), 1 / RATE)
    share = {limit: spectrum[frequency > limit].sum() / spectrum.sum() for limit in (1_000, 3_000)}
    assert 0.01 < share[1_000] < 0.25 and 0.0005 < share[3_000] < 0.03
    middle, side = pcm.sum(axis=1).std(), (pcm[:, 0] - pcm[:, 1]).std()
    assert 0.1 < side / middle < 0.8, "neither mono nor hollow"


# ---------------------------------------------------------------- pictures, and the code that made them


def test_all_media_of_the_film_are_used_and_small() -> None:
    files = [path for path in MEDIA.iterdir() if path.name.startswith(("image-", "sound-", "music"))]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    used = board().model_dump_json()
    assert not [path.name for path in files if f"media/{path.name}" not in used]


def test_records_turn_at_33_and_a_third() -> None:
    """A label's keyframes, where it turns evenly from its start: 200 degrees a second."""
    label = next(layer for layer in scene("story-regular").layers if layer.id == "label")
    first, last = label.keyframes.rotation[0], label.keyframes.rotation[-1]
    assert (last.value - first.value) / (last.at_s - first.at_s) == pytest.approx(200)


@pytest.fixture
def making() -> Iterator[dict[str, ModuleType]]:
    """The media's own code, loaded from its folder."""
    found: dict[str, ModuleType] = {}
    for name in ("make_music", "make_images"):
        spec = importlib.util.spec_from_file_location(f"loyalty_year_{name}", MEDIA / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        found[name] = module
    yield found
    for module in found.values():
        sys.modules.pop(module.__name__, None)


def test_the_code_beside_the_media_makes_them(making: dict[str, ModuleType]) -> None:
    music = making["make_music"]
    for name, make in (("needle", music.needle), ("sleeve", music.sleeve), ("stamp", music.stamp)):
        assert np.abs(make() - clip(f"sound-{name}.flac")).max() < 2 / 32_768
    for name in ("label-lime", "sleeve-regular", "ticket-coral"):
        with Image.open(MEDIA / f"image-{name}.png") as image:
            committed = np.asarray(image).astype(np.int16)
        # Another build of cairo may smooth an edge a little differently.
        assert np.abs(np.asarray(making["make_images"].drawing(name)) - committed).mean() < 0.5
