"""Every name a storyboard uses, with its place, so that the loader can say file and line of one that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from renderer.template.graphics import (
    DonutLayer,
    DonutPart,
    Highlight,
    Layer,
    LineChartLayer,
    ParagraphLayer,
    QrLayer,
    RingLayer,
)
from renderer.template.layers import Bar, BarChartLayer, CounterLayer, ImageLayer, ShapeLayer, TextLayer
from renderer.template.speech import Utterance
from renderer.template.storyboard import (
    Caption,
    ColourBackdrop,
    FootageBackdrop,
    GradientBackdrop,
    ImageBackdrop,
    Scene,
    Storyboard,
)

NameKind = Literal[
    "copy",
    "fact",
    "counter",
    "image",
    "series",
    "ratio",
    "style",
    "colour",
    "font",
    "media",
    "scene",
    "layer",
    "chosen",
    "link",
]
"""What a name must be: a copy key; a fact of a kind that has a text, one with steps, one that is an image, a series,
one with a ratio; a text style, colour token, `family:weight` of a listed font (family empty for the first), media
reference; a scene of this storyboard; a text layer of the same scene; an id that decisions.yaml can choose (scene,
block or offer); a link of template.yaml."""
Step = str | int


@dataclass(frozen=True)
class NameUse:
    """One use of a name. ``path`` leads to it in the YAML document: keys and list indexes."""

    kind: NameKind
    name: str
    path: tuple[Step, ...]


def references(storyboard: Storyboard) -> tuple[NameUse, ...]:
    """All names that ``storyboard`` uses, scene by scene. The caller checks each against what the
    template defines."""
    return tuple(_storyboard(storyboard))


def _storyboard(board: Storyboard) -> Iterator[NameUse]:
    if board.music:
        yield NameUse("media", board.music.media, ("music", "media"))
    for name, style in board.styles.items():
        yield NameUse("colour", style.colour, ("styles", name, "colour"))
        where = "family" if style.family else "weight"
        yield NameUse("font", f"{style.family or ''}:{style.weight}", ("styles", name, where))
    for index, scene in enumerate(board.scenes):
        yield from _scene(scene, ("scenes", index))
    if board.poster:
        yield NameUse("scene", board.poster.scene, ("poster", "scene"))
    for index, part in enumerate(board.teaser.parts):
        yield NameUse("scene", part.scene, ("teaser", "parts", index, "scene"))


def _scene(scene: Scene, at: tuple[Step, ...]) -> Iterator[NameUse]:
    yield NameUse("chosen", scene.id, (*at, "id"))
    yield NameUse("copy", scene.title, (*at, "title"))
    yield from _backdrop(scene, (*at, "backdrop"))
    for index, layer in enumerate(scene.layers):
        yield from _layer(layer, (*at, "layers", index))
    for index, caption in enumerate(scene.captions):
        yield from _named(caption, {"copy": "copy"}, (*at, "captions", index))
    for index, sound in enumerate(scene.sounds):
        yield NameUse("media", sound.media, (*at, "sounds", index, "media"))
    for index, utterance in enumerate(scene.voice):
        yield from _utterance(utterance, (*at, "voice", index))
    for index, one in enumerate(scene.interactions):
        yield from _named(one, {"link": "link", "label": "copy"}, (*at, "interactions", index))
        for number, name in enumerate(one.shown_with or ()):
            yield NameUse("chosen", name, (*at, "interactions", index, "shown_with", number))


def _utterance(utterance: Utterance, at: tuple[Step, ...]) -> Iterator[NameUse]:
    yield from _named(utterance, {"copy": "copy"}, at)
    for index, name in enumerate(utterance.shown_with or ()):
        yield NameUse("chosen", name, (*at, "shown_with", index))
    if utterance.say is not None:
        yield NameUse("copy", utterance.say, (*at, "say"))
    clips = utterance.clip if isinstance(utterance.clip, Mapping) else {None: utterance.clip}
    for locale, clip in clips.items():
        if clip is not None:
            yield NameUse("media", clip, (*at, "clip", *([locale] if locale else [])))


def clip_locales(storyboard: Storyboard) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Where clips are given by locale, and for which."""
    for number, scene in enumerate(storyboard.scenes):
        for index, one in enumerate(scene.voice):
            for locale in one.clip if isinstance(one.clip, Mapping) else ():
                yield ("scenes", number, "voice", index, "clip", locale), locale


def lacking_clips(storyboard: Storyboard, locales: Sequence[str]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Where clips are given by locale but not for all of ``locales``, and each that is missing."""
    for number, scene in enumerate(storyboard.scenes):
        for index, one in enumerate(scene.voice):
            if isinstance(one.clip, Mapping):
                for locale in locales:
                    if locale not in one.clip:
                        yield ("scenes", number, "voice", index, "clip"), locale


def misled_layers(storyboard: Storyboard) -> Iterator[tuple[NameUse, tuple[str, ...]]]:
    """Each use of a layer's name that no text can be placed by, with the names that could stand there.

    Texts are placed one after another, so one stands below an earlier one; what is no text is placed when all are.
    """
    for number, scene in enumerate(storyboard.scenes):
        texts = [layer.id if isinstance(layer, _TEXTS) else None for layer in scene.layers]
        for index, layer in enumerate(scene.layers):
            before = texts[:index] if isinstance(layer, _TEXTS) else texts
            able = tuple(name for name in before if name is not None)
            for use in _layer(layer, ("scenes", number, "layers", index)):
                if use.kind == "layer" and use.name not in able:
                    yield use, able


_TEXTS = (TextLayer, CounterLayer, ParagraphLayer)


def spoken_keys(storyboard: Storyboard) -> frozenset[str]:
    """The copy keys that a voice speaks."""
    return frozenset(one.say for scene in storyboard.scenes for one in scene.voice if one.say is not None)


def _backdrop(scene: Scene, at: tuple[Step, ...]) -> Iterator[NameUse]:
    backdrop = scene.backdrop
    match backdrop:
        case ColourBackdrop():
            yield NameUse("colour", backdrop.colour, (*at, "colour"))
        case GradientBackdrop():
            for index, stop in enumerate(backdrop.stops):
                yield NameUse("colour", stop.colour, (*at, "stops", index, "colour"))
        case ImageBackdrop() | FootageBackdrop():
            yield NameUse("media", backdrop.media, (*at, "media"))
            for name, special in backdrop.formats.items():
                yield from _named(special, {"media": "media"}, (*at, "formats", name))
            if backdrop.scrim:
                yield NameUse("colour", backdrop.scrim.colour, (*at, "scrim", "colour"))
            if isinstance(backdrop, FootageBackdrop) and backdrop.treatment.fade_colour:
                yield NameUse("colour", backdrop.treatment.fade_colour, (*at, "treatment", "fade_colour"))


_LAYER_NAMES: dict[type[BaseModel], dict[str, NameKind]] = {
    TextLayer: {"copy": "copy", "fact": "fact", "style": "style"},
    CounterLayer: {"fact": "counter", "style": "style"},
    ImageLayer: {"media": "media", "fact": "image"},
    ShapeLayer: {"fill": "colour", "stroke": "colour", "around": "layer"},
    BarChartLayer: {
        "series": "series",
        "colour": "colour",
        "mark_colour": "colour",
        "label_style": "style",
        "value_style": "style",
        "baseline": "colour",
    },
    Bar: {"fact": "ratio", "label": "copy", "colour": "colour", "value_fact": "fact"},
    ParagraphLayer: {"style": "style"},
    Highlight: {"fact": "fact", "copy": "copy", "colour": "colour", "marker": "colour"},
    RingLayer: {
        "fact": "ratio",
        "value_fact": "fact",
        "colour": "colour",
        "track": "colour",
        "value_style": "style",
        "label": "copy",
        "label_style": "style",
    },
    LineChartLayer: {
        "series": "series",
        "colour": "colour",
        "mark_colour": "colour",
        "dot_fill": "colour",
        "grid": "colour",
        "tick_style": "style",
        "label_style": "style",
        "value_style": "style",
    },
    DonutLayer: {
        "series": "series",
        "track": "colour",
        "label_style": "style",
        "value_style": "style",
        "middle_fact": "fact",
        "middle_style": "style",
    },
    DonutPart: {"fact": "ratio", "label": "copy", "colour": "colour", "value_fact": "fact"},
    QrLayer: {"link": "link", "colour": "colour", "ground": "colour"},
    Caption: {"copy": "copy"},
}


_FORMAT_NAMES: dict[str, NameKind] = {
    "below": "layer",
    "style": "style",
    "label_style": "style",
    "value_style": "style",
}


def layer_names(layer: Layer) -> Iterator[NameUse]:
    """The names that one layer uses; paths are those inside it."""
    return _layer(layer, ())


def _layer(layer: Layer, at: tuple[Step, ...]) -> Iterator[NameUse]:
    yield from _named(layer, {"below": "layer", **_LAYER_NAMES[type(layer)]}, at)
    for index, name in enumerate(layer.shown_with or ()):
        yield NameUse("chosen", name, (*at, "shown_with", index))
    for name, special in layer.formats.items():
        fields = {key: kind for key, kind in _FORMAT_NAMES.items() if key in type(special).model_fields}
        yield from _named(special, fields, (*at, "formats", name))
    match layer:
        case TextLayer():
            for index, key in enumerate(layer.variants):
                yield NameUse("copy", key, (*at, "variants", index))
        case ParagraphLayer():
            for field, keys in (("copy", layer.copy_), ("variants", layer.variants)):
                for index, key in enumerate(keys):
                    yield NameUse("copy", key, (*at, field, index))
            for index, mark in enumerate(layer.highlights):
                yield from _named(mark, _LAYER_NAMES[Highlight], (*at, "highlights", index))
        case ShapeLayer() | ImageLayer() if layer.shadow:
            yield NameUse("colour", layer.shadow.colour, (*at, "shadow", "colour"))
        case BarChartLayer():
            for index, bar in enumerate(layer.bars):
                yield from _named(bar, _LAYER_NAMES[Bar], (*at, "bars", index))
        case DonutLayer():
            for index, part in enumerate(layer.parts):
                yield from _named(part, _LAYER_NAMES[DonutPart], (*at, "parts", index))
            for index, colour in enumerate(layer.colours):
                yield NameUse("colour", colour, (*at, "colours", index))
        case _:
            pass


def _named(model: BaseModel, names: dict[str, NameKind], at: tuple[Step, ...]) -> Iterator[NameUse]:
    for key, kind in names.items():
        value = getattr(model, "copy_" if key == "copy" else key)
        if value is not None:
            yield NameUse(kind, value, (*at, key))
