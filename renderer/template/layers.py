"""What layers of a storyboard's scene have in common and how they move; text, counter, image, shape and bar chart.

The other kinds are in :mod:`.graphics`.

See :mod:`.storyboard` for units. `start` and `end` are the sides where reading starts and ends: left and right in
left-to-right locales, swapped in right-to-left ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.errors import nearest
from renderer.template.model import Id, Reference, Strict

COMPOSITION_WIDTH = 1280
COMPOSITION_HEIGHT = 720
OtherFormat = Literal["9:16", "1:1", "4:5"]
"""Formats that a storyboard, which is drawn for 16:9, may say something special for."""

ShownWith = Annotated[
    tuple[Id, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given), Field(min_length=1)
]
"""One id or several: what is shown with any of them."""
Side = Literal["start", "end", "top", "bottom"]
Anchor = Literal[
    "centre",
    "top",
    "bottom",
    "start",
    "end",
    "top-start",
    "top-end",
    "bottom-start",
    "bottom-end",
]
_CURVES = ("sine", "quad", "cubic", "quart", "quint", "expo", "circ", "back")
EASINGS: tuple[str, ...] = (
    "linear",
    "hold",
    "ease",
    "ease-in",
    "ease-out",
    "ease-in-out",
    *(f"{curve}-{way}" for curve in _CURVES for way in ("in", "out", "in-out")),
)
"""Easings by name: `linear`, `hold` (jumps at the keyframe), CSS's four, and eight curves in, out and both."""
_BEZIER = re.compile(r"^cubic-bezier\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)$")
_Pixels = Annotated[float, Field(ge=-4000, le=4000)]
_Length = Annotated[float, Field(ge=0, le=4000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
MOST_SCALE, MOST_TURN = 50, 36_000
"""How far keyframes may enlarge a layer, and turn it, in degrees."""


def bezier_handles(name: str) -> tuple[float, float, float, float] | None:
    """The four numbers of `cubic-bezier(x1, y1, x2, y2)` with both x between 0 and 1, or None if it is none."""
    found = _BEZIER.match(name)
    if found is None or any(part.count(".") > 1 or part in ("-", ".", "-.") for part in found.groups()):
        return None
    x1, y1, x2, y2 = (float(part) for part in found.groups())
    return (x1, y1, x2, y2) if 0 <= x1 <= 1 and 0 <= x2 <= 1 and abs(y1) <= 4 and abs(y2) <= 4 else None


def _known_easing(name: str) -> str:
    if name not in EASINGS and bezier_handles(name) is None:
        raise PydanticCustomError(
            "template.value",
            "There is no easing '{name}'. {hint}",
            {"name": name, "hint": nearest(name, EASINGS) or "Use cubic-out, say, or cubic-bezier(0.2, 0, 0, 1)."},
        )
    return name


Easing = Annotated[str, AfterValidator(_known_easing)]


class StyleFormat(Strict):
    """A text style in another format. What stands here is taken as it stands, and not scaled."""

    size_px: float | None = Field(None, gt=4, le=400, description="Size in design pixels.")
    line_height: float | None = Field(None, ge=0.8, le=3, description="Distance of lines, as a multiple of the size.")


class TextStyle(Strict):
    """How text looks."""

    family: str | None = Field(None, description="A listed font family to try first; without it the template's order.")
    weight: int = Field(400, ge=100, le=900, description="A listed weight.")
    size_px: float = Field(gt=4, le=400, description="Size in design pixels.")
    line_height: float = Field(1.25, ge=0.8, le=3, description="Distance of lines, as a multiple of the size.")
    letter_spacing_em: float = Field(
        0, ge=-0.1, le=0.5, description="Extra space between letters, as part of the size; joined scripts ignore it."
    )
    colour: Id = Field(description="Colour token.")
    tabular: bool = Field(False, description="Figures of one width, so that counters do not shake.")
    formats: Mapping[OtherFormat, StyleFormat] = Field({}, description="What differs in other formats.")


# ---------------------------------------------------------------- motion


class Keyframe(Strict):
    """A value at a moment. Before the first keyframe its value holds, after the last one that one's."""

    at_s: float = Field(ge=0, le=120, description="When, from the layer's in point.")
    value: float = Field(description="The value.")
    easing: Easing = Field("cubic-in-out", description="How it is reached from the keyframe before.")


class PositionKeyframe(Strict):
    """An offset at a moment."""

    at_s: float = Field(ge=0, le=120, description="When, from the layer's in point.")
    value: tuple[_Pixels, _Pixels] = Field(description="Offset [x, y] from the layer's place; x swaps right to left.")
    easing: Easing = Field("cubic-in-out", description="How it is reached from the keyframe before.")


class Keyframes(Strict):
    """Animated properties of a layer."""

    opacity: tuple[Keyframe, ...] = Field((), description="0 to 1.")
    position: tuple[PositionKeyframe, ...] = Field((), description="Offset in design pixels.")
    scale: tuple[Keyframe, ...] = Field((), description="1 is the layer's own size, about its anchor.")
    rotation: tuple[Keyframe, ...] = Field((), description="Degrees clockwise about the anchor; swaps right to left.")
    reveal: tuple[Keyframe, ...] = Field((), description="Part of the layer that shows, 0 to 1, from `reveal_from`.")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name in ("opacity", "position", "scale", "rotation", "reveal"):
            times = [frame.at_s for frame in getattr(self, name)]
            if any(later <= earlier for earlier, later in pairwise(times)):
                raise PydanticCustomError(
                    "template.value", "The keyframes of '{name}' must be in order of time.", {"name": name}
                )
        for name, least, most in (("scale", 0, MOST_SCALE), ("rotation", -MOST_TURN, MOST_TURN)):
            if not all(least <= frame.value <= most for frame in getattr(self, name)):
                raise PydanticCustomError(
                    "template.value",
                    "The keyframes of '{name}' must lie between {least} and {most}.",
                    {"name": name, "least": least, "most": most},
                )
        return self


class Entrance(Strict):
    """A ready-made way to come in at the in point or to go at the out point. Keyframes add to it."""

    motion: Literal["fade", "rise", "fall", "slide", "pop", "wipe"] = Field(
        "fade",
        description="`fade` opacity only; `rise` and `fall` fade and move up or down; `slide` fades and moves along "
        "the line; `pop` fades and grows; `wipe` uncovers from `reveal_from`.",
    )
    duration_s: float = Field(0.5, gt=0, le=5, description="Seconds.")
    distance_px: float = Field(28, ge=0, le=1280, description="How far it moves (rise, fall, slide).")
    easing: Easing = Field("cubic-out", description="Easing; for an exit its mirror image is used.")


class Box(Strict):
    """A rectangle of the composition, in design pixels from its top and start corner."""

    x: _Pixels = Field(description="From the left edge (from the right one in right-to-left locales, if mirrored).")
    y: _Pixels = Field(description="From the top edge.")
    width: _Length = Field(description="Width.")
    height: _Length = Field(description="Height.")


class LayerFormat(Strict):
    """A layer in another format of the film. What is left out is as the layer says. Where a box stands here, the layer
    takes no part in the default arrangement: its lengths are design pixels of this format (the short side is 720)."""

    hidden: bool = Field(False, description="Leave it out of this format.")
    box: Box | None = Field(None, description="Where it is.")
    below: Id | None = Field(None, description="The text layer it stands below; `box` counts from there.")
    anchor: Anchor | None = Field(None, description="The point that scale and rotation turn about.")
    opacity: float | None = Field(None, ge=0, le=1, description="Opacity of the layer as a whole.")
    enter: Entrance | None = Field(None, description="How it comes in.")
    exit: Entrance | None = Field(None, description="How it goes.")
    keyframes: Keyframes | None = Field(None, description="Animated properties.")
    reveal_from: Side | None = Field(None, description="Where `reveal` and `wipe` begin.")


class LayerBase(Strict):
    """What all layers have."""

    id: Id = Field(description="Name inside the scene.")
    box: Box = Field(description="Where it is.")
    below: Id | None = Field(
        None, description="An earlier text layer; the box's y then counts from the bottom of what that layer draws."
    )
    anchor: Anchor = Field("centre", description="The point of the box that scale and rotation turn about.")
    in_s: float = Field(0, ge=0, le=120, description="In point, from the scene's start.")
    out_s: float | None = Field(None, gt=0, le=120, description="Out point; without it the scene's end.")
    opacity: float = Field(1, ge=0, le=1, description="Opacity of the layer as a whole.")
    enter: Entrance | None = Field(None, description="How it comes in.")
    exit: Entrance | None = Field(None, description="How it goes.")
    keyframes: Keyframes = Field(Keyframes(), description="Animated properties.")
    reveal_from: Side = Field("start", description="Where `reveal` and `wipe` begin.")
    mirror: bool = Field(True, description="Mirror place, motion and alignment in right-to-left locales.")
    shown_with: ShownWith | None = Field(
        None,
        description="Only drawn if the plan chose the scene, block or offer of this id, or any of several; rules: "
        "decisions.yaml.",
    )
    formats: Mapping[OtherFormat, LayerFormat] = Field({}, description="What differs in other formats.")


# ---------------------------------------------------------------- kinds of layers


class Fit(Strict):
    """What happens to a text that does not fit. Tried in order: wrap (into lines of about one length), shrink, the next
    variant, breaking a word, an ellipsis. If none of these is allowed or helps it is an error; text is never cut in
    silence."""

    max_lines: int = Field(1, ge=1, le=12, description="Lines it may wrap to.")
    min_size_px: float | None = Field(None, gt=4, le=400, description="Size it may shrink to; without it it does not.")
    ellipsis: bool = Field(False, description="Whether the last line may end in an ellipsis as a last resort.")


class TextFormat(LayerFormat):
    """A text or counter in another format of the film."""

    style: Id | None = Field(None, description="Text style.")
    align: Literal["start", "centre", "end"] | None = Field(None, description="Alignment of lines in the box.")
    valign: Literal["top", "middle", "bottom"] | None = Field(None, description="Place in the box's height.")
    fit: Fit | None = Field(None, description="What to do when it does not fit.")


class TextLayer(LayerBase):
    """A sentence of copy, or a fact."""

    kind: Literal["text"]
    copy_: Id | None = Field(None, alias="copy", description="Copy key of the sentence.")
    fact: Id | None = Field(None, description="Fact to show instead.")
    variants: tuple[Id, ...] = Field((), max_length=5, description="Shorter sentences; the first that fits is taken.")
    style: Id = Field(description="Text style.")
    align: Literal["start", "centre", "end"] = Field("start", description="Alignment of lines in the box.")
    valign: Literal["top", "middle", "bottom"] = Field("top", description="Place of the lines in the box's height.")
    fit: Fit = Field(Fit(), description="What to do when it does not fit.")
    formats: Mapping[OtherFormat, TextFormat] = Field({}, description="What differs in other formats.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.copy_ is None) == (self.fact is None):
            raise PydanticCustomError("template.value", "A text layer has either 'copy' or 'fact'.")
        if self.fact is not None and self.variants:
            raise PydanticCustomError("template.value", "Only copy has variants.")
        return self


class CounterLayer(LayerBase):
    """A fact that counts up to its text. `facts.yaml` gives the number of steps."""

    kind: Literal["counter"]
    fact: Id = Field(description="A fact with steps.")
    style: Id = Field(description="Text style; use tabular figures.")
    align: Literal["start", "centre", "end"] = Field("start", description="Alignment in the box.")
    valign: Literal["top", "middle", "bottom"] = Field("top", description="Place in the box's height.")
    start_s: float = Field(0, ge=0, le=120, description="When counting starts, from the in point.")
    duration_s: float = Field(1.2, gt=0, le=20, description="How long it counts.")
    easing: Easing = Field("cubic-out", description="Pace of counting.")
    fit: Fit = Field(Fit(), description="What to do when it does not fit; the widest step decides.")
    formats: Mapping[OtherFormat, TextFormat] = Field({}, description="What differs in other formats.")


class ImageFormat(LayerFormat):
    """A picture in another format of the film."""

    scaling: Literal["cover", "contain"] | None = Field(None, description="Fill the box, or show all of it.")
    focus: tuple[Fraction, Fraction] | None = Field(None, description="The point that stays in view when it is cut.")
    radius_px: float | None = Field(None, ge=0, le=720, description="Rounded corners.")


class Zoom(Strict):
    """A slow move through a still picture (a Ken Burns effect), at fractions of a pixel."""

    from_: float = Field(1, alias="from", ge=1, le=3, description="Scale at its start; 1 fills the frame or the box.")
    to: float = Field(1.08, ge=1, le=3, description="Scale at its end.")
    from_focus: tuple[Fraction, Fraction] | None = Field(
        None, description="The point [x, y] of the picture that the view is on at first; without it `focus`."
    )
    to_focus: tuple[Fraction, Fraction] | None = Field(
        None, description="The point that it ends on, as far as the picture reaches; without it `focus`."
    )
    easing: Easing = Field("linear", description="Pace of the move.")


class Shadow(Strict):
    """A soft shadow under a shape or a picture."""

    colour: Id = Field(description="Colour token.")
    opacity: float = Field(0.16, ge=0, le=1, description="Opacity.")
    blur_px: float = Field(24, ge=0, le=120, description="Softness.")
    offset_y_px: float = Field(8, ge=-100, le=100, description="How far below the shape it lies.")


class ImageLayer(LayerBase):
    """A picture, or the picture of a fact."""

    kind: Literal["image"]
    media: Reference | None = Field(None, description="PNG, JPEG or WebP; transparency is kept.")
    fact: Id | None = Field(None, description="A fact that is an image, instead.")
    scaling: Literal["cover", "contain"] = Field("cover", description="Fill the box, or show all of the picture in it.")
    focus: tuple[Fraction, Fraction] = Field((0.5, 0.5), description="The point that stays in view when it is cut.")
    align: Literal["start", "centre", "end"] = Field("centre", description="Place in the box when it is contained.")
    valign: Literal["top", "middle", "bottom"] = Field("middle", description="Place in the box when it is contained.")
    radius_px: float = Field(0, ge=0, le=720, description="Rounded corners; half the box makes a circle.")
    formats: Mapping[OtherFormat, ImageFormat] = Field({}, description="What differs in other formats.")
    shadow: Shadow | None = Field(None, description="A soft shadow of the picture's own outline.")
    zoom: Zoom | None = Field(None, description="A slow move through the picture, from in point to out point.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.media is None) == (self.fact is None):
            raise PydanticCustomError("template.value", "An image layer has either 'media' or 'fact'.")
        if self.zoom is not None and self.scaling == "contain":
            raise PydanticCustomError("template.value", "A picture with a zoom covers its box.")
        return self


class ShapeFormat(LayerFormat):
    """A shape in another format of the film."""

    stroke_px: float | None = Field(None, gt=0, le=100, description="Thickness of the outline.")
    radius_px: float | None = Field(None, ge=0, le=720, description="Rounded corners of a rect.")
    padding_px: tuple[_Pixels, _Pixels] | None = Field(None, description="Room [x, y] around its text.")


class ShapeLayer(LayerBase):
    """A plain shape."""

    kind: Literal["shape"]
    shape: Literal["rect", "ellipse", "line"] = Field(
        description="`rect` (rounded with `radius_px`), `ellipse`, or `line`, top start to bottom end of the box."
    )
    fill: Id | None = Field(None, description="Colour token of the inside; a line has none.")
    stroke: Id | None = Field(None, description="Colour token of the outline; it lies inside the box.")
    stroke_px: float = Field(2, gt=0, le=100, description="Thickness of the outline.")
    radius_px: float = Field(0, ge=0, le=720, description="Rounded corners of a rect.")
    shadow: Shadow | None = Field(None, description="A soft shadow.")
    around: Id | None = Field(
        None, description="A text layer whose drawn text the shape surrounds; the box is then not used."
    )
    padding_px: tuple[_Pixels, _Pixels] = Field((20, 12), description="Room [x, y] around that text.")
    formats: Mapping[OtherFormat, ShapeFormat] = Field({}, description="What differs in other formats.")

    @model_validator(mode="after")
    def _visible(self) -> Self:
        if self.stroke is None and (self.fill is None or self.shape == "line"):
            raise PydanticCustomError("template.value", "A shape needs a fill or a stroke; a line needs a stroke.")
        return self


class Bar(Strict):
    """One bar of a chart over several facts."""

    fact: Id = Field(description="A fact with a ratio (`of` in facts.yaml): the bar's length; its text is the value.")
    label: Id | None = Field(None, description="Copy key of its label.")
    colour: Id | None = Field(None, description="Colour token; without it the chart's.")
    value_fact: Id | None = Field(None, description="Another fact whose text is shown as the value.")


class BarsFormat(LayerFormat):
    """A bar chart in another format of the film."""

    orientation: Literal["upright", "lying"] | None = Field(None, description="Upright bars, or along the line.")
    gap: float | None = Field(None, ge=0, le=0.9, description="Room between bars, as part of a bar's pitch.")
    radius_px: float | None = Field(None, ge=0, le=100, description="Rounded far ends.")
    label_style: Id | None = Field(None, description="Text style of the labels.")
    label_every: int | None = Field(None, ge=1, le=24, description="Label every nth point of a series.")
    value_style: Id | None = Field(None, description="Text style of the values.")


class BarChartLayer(LayerBase):
    """Bars that grow. A series stands upright, in time order; several facts may stand or lie."""

    kind: Literal["bars"]
    series: Id | None = Field(
        None,
        description="A series fact. Bars grow from zero: a point below it has its label and value but no bar, and "
        "`dearly check` says so. Use a line for figures that change their sign.",
    )
    bars: tuple[Bar, ...] = Field(
        (), max_length=12, description="Facts with ratios, instead; a ratio below zero has no bar either."
    )
    orientation: Literal["upright", "lying"] = Field("upright", description="Upright bars, or bars along the line.")
    colour: Id = Field(description="Colour token of the bars.")
    mark_colour: Id | None = Field(None, description="Colour token of stressed points; without it the same.")
    gap: float = Field(0.4, ge=0, le=0.9, description="Room between bars, as part of a bar's pitch.")
    radius_px: float = Field(4, ge=0, le=100, description="Rounded far ends.")
    label_style: Id | None = Field(None, description="Text style of the labels; without it none are shown.")
    label_every: int = Field(1, ge=1, le=24, description="Label every nth point of a series, back from the last.")
    value_style: Id | None = Field(None, description="Text style of the values; without it none are shown.")
    values: Literal["all", "marked"] = Field("marked", description="Which points of a series show their value.")
    baseline: Id | None = Field(None, description="Colour token of a line that the bars stand on.")
    start_s: float = Field(0, ge=0, le=120, description="When growing starts, from the in point.")
    duration_s: float = Field(0.8, gt=0, le=20, description="How long one bar grows.")
    stagger_s: float = Field(0.05, ge=0, le=5, description="How much later each next bar starts.")
    easing: Easing = Field("cubic-out", description="Easing of growth.")
    formats: Mapping[OtherFormat, BarsFormat] = Field({}, description="What differs in other formats.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.series is None) == (not self.bars):
            raise PydanticCustomError("template.value", "A bar chart has either 'series' or 'bars'.")
        if self.series is not None and self.orientation == "lying":
            raise PydanticCustomError("template.value", "The bars of a series stand upright.")
        return self
