"""The storyboard: the film's language, as authors write it in `video/storyboard.yaml`.

Words are After Effects' and Lottie's: composition, scene, layer, anchor, keyframe, easing, in and out point. Lengths
are design pixels of a composition of 1280 by 720; :mod:`.formats` arranges them for other formats. Times are seconds
and count from the start of the scene, keyframes from the layer's in point. A storyboard holds no rule about customers:
which scenes play stands in `decisions.yaml`, what is said in copy, every figure in `facts.yaml`.

Field descriptions are the storyboard reference. Names used here are listed, with their place, by :mod:`.references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.errors import nearest
from renderer.template.beside import Hotspot, Interaction, Poster, Teaser
from renderer.template.graphics import Layer
from renderer.template.layers import (
    COMPOSITION_HEIGHT,
    COMPOSITION_WIDTH,
    Easing,
    Fraction,
    OtherFormat,
    Side,
    TextStyle,
    Zoom,
)
from renderer.template.model import Id, Reference, Strict
from renderer.template.speech import Utterance

__all__ = [
    "COMPOSITION_HEIGHT",
    "COMPOSITION_WIDTH",
    "Backdrop",
    "Caption",
    "ColourBackdrop",
    "Effect",
    "FootageBackdrop",
    "GradientBackdrop",
    "GradientStop",
    "ImageBackdrop",
    "Music",
    "Poster",
    "Scene",
    "Scrim",
    "Sound",
    "Storyboard",
    "Teaser",
    "Transition",
    "Treatment",
    "Zoom",
]

EffectName = Literal[
    "BlackAndWhite",
    "GammaCorrection",
    "InvertColors",
    "LumContrast",
    "MirrorX",
    "MirrorY",
    "MultiplyColor",
    "Painting",
    "SuperSample",
    "TimeMirror",
    "TimeSymmetrize",
    "Blur",
]


MAX_LAYERS = 60
"""Layers that a scene may have."""


class Music(Strict):
    """The film's music bed."""

    media: Reference = Field(description="The music, WAV or FLAC; it is looped or cut to the film's length.")
    gain_db: float = Field(-14, ge=-60, le=6, description="Gain in decibels before the mix is levelled.")
    fade_in_s: float = Field(0.5, ge=0, le=10, description="Seconds it takes to come in.")
    fade_out_s: float = Field(2, ge=0, le=20, description="Seconds it takes to go out at the film's end.")


class Sound(Strict):
    """One sound at one moment of a scene."""

    media: Reference = Field(description="The sound, WAV or FLAC.")
    at_s: float = Field(0, ge=0, le=120, description="When it starts, from the scene's start.")
    gain_db: float = Field(-10, ge=-60, le=6, description="Gain in decibels.")


class Caption(Strict):
    """One caption. Captions are a text track beside the picture, never burnt in."""

    copy_: Id = Field(alias="copy", description="Copy key of what is shown.")
    in_s: float = Field(ge=0, le=120, description="When it appears, from the scene's start.")
    out_s: float = Field(gt=0, le=120, description="When it goes; at most the scene's end.")

    @model_validator(mode="after")
    def _in_before_out(self) -> Self:
        if not self.in_s < self.out_s:
            raise PydanticCustomError("template.value", "The in point must be before the out point.")
        return self


# ---------------------------------------------------------------- backdrops


class Scrim(Strict):
    """An even veil over a picture, so that text on it stays readable. It is baked into the prepared backdrop."""

    colour: Id = Field(description="Colour token.")
    opacity: Fraction = Field(0.5, description="0 shows none of it, 1 hides the picture.")


class ColourBackdrop(Strict):
    """One plain colour."""

    kind: Literal["colour"]
    colour: Id = Field(description="Colour token.")


class GradientStop(Strict):
    """One colour of a gradient."""

    colour: Id = Field(description="Colour token.")
    at: Fraction = Field(description="Where along the gradient, 0 to 1.")


class GradientBackdrop(Strict):
    """A linear gradient; it is dithered, so it shows no bands."""

    kind: Literal["gradient"]
    stops: tuple[GradientStop, ...] = Field(min_length=2, max_length=3, description="Two or three colours in order.")
    angle_deg: float = Field(
        180, ge=0, lt=360, description="Direction as in CSS: 0 up, 90 to the right, 180 down. Mirrored right to left."
    )

    @model_validator(mode="after")
    def _stops_rise(self) -> Self:
        if list(self.stops) != sorted(self.stops, key=lambda stop: stop.at):
            raise PydanticCustomError("template.value", "The stops of a gradient must be in order of 'at'.")
        return self


class ImageBackdropFormat(Strict):
    """An image backdrop in another format of the film. What is left out is as the backdrop says."""

    media: Reference | None = Field(None, description="Another picture.")
    focus: tuple[Fraction, Fraction] | None = Field(None, description="The point that stays in view.")
    zoom: Zoom | None = Field(None, description="Another slow zoom.")


class ImageBackdrop(Strict):
    """A still picture that fills the frame."""

    kind: Literal["image"]
    media: Reference = Field(description="PNG, JPEG or WebP.")
    focus: tuple[Fraction, Fraction] = Field(
        (0.5, 0.5), description="The point [x, y] that stays in view when the picture is cut, as parts of its size."
    )
    zoom: Zoom | None = Field(
        None, description="A slow move over the whole scene; without it the picture stands still (and costs less)."
    )
    scrim: Scrim | None = Field(None, description="A veil over it.")
    formats: Mapping[OtherFormat, ImageBackdropFormat] = Field({}, description="What differs in other formats.")


class Effect(Strict):
    """One of MoviePy's effects, or `Blur`, on footage."""

    name: EffectName = Field(description="The effect's name in MoviePy 2 (`vfx.NAME`), or `Blur` (`sigma_px`).")
    parameters: Mapping[str, float | int | bool | str] = Field(
        {}, description="Its parameters by the names MoviePy gives them; `Blur` takes `sigma_px`."
    )


class Treatment(Strict):
    """What is done to footage, once, before any film is made. Order: trim, mirror, crop, speed, effects, fades."""

    in_s: float = Field(0, ge=0, le=3600, description="Where in the footage to start.")
    out_s: float | None = Field(None, gt=0, le=3600, description="Where in the footage to stop; without it its end.")
    speed: float = Field(1, ge=0.1, le=10, description="2 is twice as fast, 0.5 half as fast.")
    when_short: Literal["hold", "loop", "bounce"] = Field(
        "hold", description="If the scene outlasts it: hold the last picture, start again, or play back and forth."
    )
    crop: tuple[Fraction, Fraction, Fraction, Fraction] | None = Field(
        None, description="Part of the picture to use, [x, y, width, height] as parts of its size."
    )
    focus: tuple[Fraction, Fraction] = Field((0.5, 0.5), description="The point that stays in view when it is cut.")
    mirror: bool = Field(False, description="Swap left and right.")
    fade_in_s: float = Field(0, ge=0, le=10, description="Fade in from `fade_colour`.")
    fade_out_s: float = Field(0, ge=0, le=10, description="Fade out to `fade_colour`.")
    fade_colour: Id | None = Field(None, description="Colour token of the fades; without it black.")
    effects: tuple[Effect, ...] = Field((), max_length=8, description="Effects in order.")


class FootageBackdropFormat(Strict):
    """A footage backdrop in another format of the film. What is left out is as the backdrop says."""

    media: Reference | None = Field(None, description="Other footage.")
    focus: tuple[Fraction, Fraction] | None = Field(None, description="The point that stays in view.")
    crop: tuple[Fraction, Fraction, Fraction, Fraction] | None = Field(
        None, description="Part of the picture to use, [x, y, width, height] as parts of its size."
    )


class FootageBackdrop(Strict):
    """Moving pictures that fill the frame."""

    kind: Literal["footage"]
    media: Reference = Field(description="MP4, WebM or MOV; its sound is not used.")
    treatment: Treatment = Field(Treatment(), description="What is done to it.")
    scrim: Scrim | None = Field(None, description="A veil over it.")
    formats: Mapping[OtherFormat, FootageBackdropFormat] = Field({}, description="What differs in other formats.")


Backdrop = Annotated[ColourBackdrop | GradientBackdrop | ImageBackdrop | FootageBackdrop, Field(discriminator="kind")]

# ---------------------------------------------------------------- scenes


class Transition(Strict):
    """How a scene comes in. Both scenes run during it: the film is shorter by its length."""

    kind: Literal["cut", "fade", "slide", "push", "wipe"] = Field(
        "cut",
        description="`cut` at once; `fade` a cross-dissolve; `slide` the new scene moves in over the old one; `push` it"
        " moves the old one out; `wipe` an edge runs over the picture and uncovers the new scene, which stands still.",
    )
    duration_s: float = Field(0, ge=0, le=3, description="Seconds; 0 for a cut.")
    side: Side = Field(
        "end", description="Where the new scene comes from, if it moves; `start` and `end` swap right to left."
    )
    softness_px: float = Field(0, ge=0, le=640, description="How soft the edge of a wipe is.")
    easing: Easing = Field("cubic-in-out", description="Easing.")

    @model_validator(mode="after")
    def _length_fits_kind(self) -> Self:
        if (self.kind == "cut") != (self.duration_s == 0):
            raise PydanticCustomError("template.value", "A cut has duration 0, every other transition a longer one.")
        return self


class Scene(Strict):
    """One scene. It plays if `decisions.yaml` chooses its id, in the order given there."""

    id: Id = Field(description="Id that `decisions.yaml` chooses.")
    title: Id = Field(description="Copy key of the chapter's title.")
    duration_s: float = Field(
        gt=0, le=120, description="Seconds it lasts at least, transitions included; speech may make it longer."
    )
    backdrop: Backdrop = Field(description="What is behind all layers.")
    layers: tuple[Layer, ...] = Field((), max_length=MAX_LAYERS, description="Layers, the first at the bottom.")
    captions: tuple[Caption, ...] = Field(
        (), description="Captions in order, without overlap; where its voice speaks, what it says takes their place."
    )
    voice: tuple[Utterance, ...] = Field((), max_length=20, description="What is said, in order.")
    tail_s: float = Field(0.5, ge=0, le=10, description="Seconds the scene lasts at least after its last word.")
    hold_at_s: float | None = Field(
        None,
        ge=0,
        le=120,
        description="Where a scene that waits for its voice holds still; without it 1 s before `duration_s`.",
    )
    sounds: tuple[Sound, ...] = Field((), description="Sounds.")
    interactions: tuple[Interaction, ...] = Field((), max_length=20, description="Calls to action and hotspots.")
    transition: Transition = Field(Transition(), description="How it comes in; not used on the film's first scene.")

    @model_validator(mode="after")
    def _check_scene(self) -> Self:
        _distinct("layer", (layer.id for layer in self.layers))
        for layer in self.layers:
            end = self.duration_s if layer.out_s is None else layer.out_s
            if not layer.in_s < end <= self.duration_s:
                raise PydanticCustomError(
                    "template.value",
                    "Layer '{layer}' must have its in point before its out point, inside the scene.",
                    {"layer": layer.id},
                )
        ends = [0.0, *(caption.out_s for caption in self.captions)]
        overlap = any(caption.in_s < end for caption, end in zip(self.captions, ends, strict=False))
        if overlap or ends[-1] > self.duration_s:
            raise PydanticCustomError(
                "template.value", "Captions must follow one another without overlap and end with the scene."
            )
        self._check_interactions()
        if self.hold_at_s is not None and self.hold_at_s >= self.duration_s:
            raise PydanticCustomError("template.value", "A scene holds still before its end: 'hold_at_s' is too late.")
        if self.transition.duration_s * 2 > self.duration_s:
            raise PydanticCustomError("template.value", "A transition may take at most half of its scene.")
        return self

    def _check_interactions(self) -> None:
        _distinct("interaction", (one.id for one in self.interactions))
        layers = {layer.id for layer in self.layers}
        for one in self.interactions:
            if not one.in_s < (self.duration_s if one.out_s is None else one.out_s) <= self.duration_s:
                raise PydanticCustomError(
                    "template.value",
                    "Interaction '{id}' must have its in point before its out point, inside the scene.",
                    {"id": one.id},
                )
            if isinstance(one, Hotspot) and one.layer is not None and one.layer not in layers:
                raise PydanticCustomError(
                    "template.reference",
                    "Interaction '{id}' follows the layer '{layer}', which its scene does not have. {hint}",
                    {"id": one.id, "layer": one.layer, "hint": nearest(one.layer, sorted(layers)) or ""},
                )


class Storyboard(Strict):
    """`video/storyboard.yaml`. It is drawn for 16:9; other formats are made from it, and `formats` of styles, backdrops
    and layers says what is to be different there."""

    music: Music | None = Field(None, description="The music bed.")
    styles: Mapping[Id, TextStyle] = Field({}, description="Text styles by name.")
    scenes: tuple[Scene, ...] = Field(min_length=1, max_length=100, description="All scenes, chosen or not.")
    poster: Poster | None = Field(None, description="The still; without it the middle of the first scene.")
    teaser: Teaser = Field(Teaser(), description="The short film for e-mail, if `channels.video.teaser` asks for it.")

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        _distinct("scene", (scene.id for scene in self.scenes))
        return self

    def scene(self, scene_id: str) -> Scene | None:
        """The scene of that id, or None."""
        return next((scene for scene in self.scenes if scene.id == scene_id), None)


def _distinct(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise PydanticCustomError(
                "template.duplicate", "Two of one kind have the same id: {what} '{id}'.", {"what": what, "id": one}
            )
        seen.add(one)
