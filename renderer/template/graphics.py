"""More layers of a storyboard's scene: paragraph, progress ring, line chart, donut chart and QR code.

See :mod:`.layers` for what all layers have. Figures come from facts: a ring and a donut take their lengths from ratios
(`of` in facts.yaml), a line from a series.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.template.layers import (
    BarChartLayer,
    CounterLayer,
    Easing,
    Fit,
    ImageLayer,
    LayerBase,
    OtherFormat,
    ShapeLayer,
    TextFormat,
    TextLayer,
)
from renderer.template.model import Id, Strict


class Highlight(Strict):
    """Words of a paragraph that stand out: a figure in it, or a phrase that the copy says elsewhere too (in Fluent, a
    sentence quotes it as `{ film-key-phrase }`). Words that a variant or a locale does not have are not marked."""

    fact: Id | None = Field(None, description="A fact in the copy; its figure is marked.")
    copy_: Id | None = Field(None, alias="copy", description="Copy key of the words to mark, instead.")
    colour: Id | None = Field(None, description="Colour token that the words take on.")
    weight: int | None = Field(None, ge=100, le=900, description="A listed weight of the words, from the start.")
    marker: Id | None = Field(None, description="Colour token of a marker pen that is drawn behind the words.")
    pen: Literal["box", "underline"] = Field(
        "box", description="What the pen marks: the words, or the line under them."
    )
    start_s: float = Field(0.5, ge=0, le=120, description="When pen and colour start, from the in point.")
    duration_s: float = Field(0.5, ge=0, le=20, description="How long they take; 0 is at once.")
    easing: Easing = Field("cubic-in-out", description="Pace of the pen.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.fact is None) == (self.copy_ is None):
            raise PydanticCustomError("template.value", "A highlight has either 'fact' or 'copy'.")
        if self.colour is None and self.weight is None and self.marker is None:
            raise PydanticCustomError("template.value", "A highlight needs a colour, a weight or a marker.")
        return self


class ParagraphLayer(LayerBase):
    """Several sentences in one column, with words that stand out."""

    kind: Literal["paragraph"]
    copy_: tuple[Id, ...] = Field(
        alias="copy", min_length=1, max_length=8, description="Copy keys of the sentences, in order."
    )
    each: Literal["run-on", "line"] = Field(
        "run-on", description="Whether sentences follow each other in one text, or each begins a line."
    )
    gap_px: float = Field(0, ge=0, le=200, description="Extra room between sentences that begin a line.")
    variants: tuple[Id, ...] = Field((), max_length=5, description="Shorter texts for the whole; the first that fits.")
    style: Id = Field(description="Text style.")
    line_height: float | None = Field(
        None, ge=0.8, le=3, description="Distance of lines as a multiple of the size; without it the style's."
    )
    align: Literal["start", "centre", "end"] = Field("start", description="Alignment of lines in the box.")
    valign: Literal["top", "middle", "bottom"] = Field("top", description="Place of the lines in the box's height.")
    fit: Fit = Field(Fit(max_lines=6), description="What to do when it does not fit.")
    highlights: tuple[Highlight, ...] = Field((), max_length=8, description="Words that stand out.")
    formats: Mapping[OtherFormat, TextFormat] = Field({}, description="What differs in other formats.")


class RingLayer(LayerBase):
    """A progress ring: how much of a whole a fact is. It runs clockwise from the top, in every locale, as clocks do."""

    kind: Literal["ring"]
    fact: Id = Field(description="A fact with a ratio (`of` in facts.yaml).")
    value_fact: Id | None = Field(None, description="Another fact whose text stands in the middle.")
    colour: Id = Field(description="Colour token of the ring.")
    track: Id | None = Field(None, description="Colour token of the part that is missing; without it nothing is there.")
    thickness_px: float = Field(24, gt=0, le=300, description="Thickness.")
    caps: Literal["round", "flat"] = Field("round", description="Ends of the ring.")
    value_style: Id | None = Field(None, description="Text style of the value; without it none is shown.")
    label: Id | None = Field(None, description="Copy key of a label under the value.")
    label_style: Id | None = Field(None, description="Text style of the label.")
    start_s: float = Field(0, ge=0, le=120, description="When it starts to grow, from the in point.")
    duration_s: float = Field(1.2, gt=0, le=20, description="How long it grows; a value with steps counts along.")
    easing: Easing = Field("cubic-in-out", description="Easing of growth.")

    @model_validator(mode="after")
    def _label_has_style(self) -> Self:
        if (self.label is None) != (self.label_style is None):
            raise PydanticCustomError("template.value", "A ring's label and 'label_style' come together.")
        return self


class LineChartLayer(LayerBase):
    """A line over a series, drawn in reading order. Gaps in the series are gaps in the line."""

    kind: Literal["line"]
    series: Id = Field(description="A series fact; its ticks are the axis.")
    colour: Id = Field(description="Colour token of the line.")
    width_px: float = Field(5, gt=0, le=60, description="Thickness of the line.")
    curve: Literal["smooth", "straight"] = Field(
        "smooth", description="How points are joined; `smooth` never goes beyond the points it joins."
    )
    area: float = Field(0.2, ge=0, le=1, description="Opacity of the ground under the line, at its highest point.")
    dots: Literal["none", "marked", "all"] = Field("marked", description="Which points have a dot.")
    dot_px: float = Field(16, gt=0, le=100, description="Diameter of a dot.")
    mark_colour: Id | None = Field(None, description="Colour token of stressed points; without it the line's.")
    dot_fill: Id | None = Field(None, description="Colour token inside dots; without it they are filled.")
    head: bool = Field(True, description="Whether a dot runs at the line's end while it is drawn.")
    grid: Id | None = Field(None, description="Colour token of a thin line at each tick; without it none is drawn.")
    tick_style: Id | None = Field(None, description="Text style of the ticks' figures; without it none are shown.")
    label_style: Id | None = Field(None, description="Text style of the labels; without it none are shown.")
    label_every: int = Field(1, ge=1, le=24, description="Label every nth point, back from the last.")
    value_style: Id | None = Field(None, description="Text style of the values; without it none are shown.")
    values: Literal["all", "marked"] = Field("marked", description="Which points show their value.")
    start_s: float = Field(0, ge=0, le=120, description="When drawing starts, from the in point.")
    duration_s: float = Field(1.4, gt=0, le=20, description="How long the line is drawn.")
    easing: Easing = Field("cubic-in-out", description="Pace of drawing.")


class DonutPart(Strict):
    """One part of a donut."""

    fact: Id = Field(description="A fact with a ratio (`of` in facts.yaml): its share of the circle.")
    label: Id | None = Field(None, description="Copy key of its label.")
    colour: Id = Field(description="Colour token.")
    value_fact: Id | None = Field(None, description="Another fact whose text is shown as the value.")


class DonutLayer(LayerBase):
    """Parts of a whole as a ring with a legend. It runs clockwise from the top. Ratios that are together more than the
    whole are drawn as shares of their sum."""

    kind: Literal["donut"]
    parts: tuple[DonutPart, ...] = Field((), max_length=8, description="Facts with ratios.")
    series: Id | None = Field(None, description="A series fact instead: shares of its sum.")
    colours: tuple[Id, ...] = Field((), max_length=12, description="Colour tokens of a series' parts, in turn.")
    track: Id | None = Field(None, description="Colour token of what the parts leave; without it nothing is there.")
    thickness_px: float = Field(52, gt=0, le=360, description="Thickness.")
    gap_px: float = Field(4, ge=0, le=40, description="Room between parts.")
    legend: Literal["end", "below", "none"] = Field("end", description="Where labels and values stand.")
    label_style: Id | None = Field(None, description="Text style of the legend's labels; without it none are shown.")
    value_style: Id | None = Field(None, description="Text style of the legend's values; without it none are shown.")
    middle_fact: Id | None = Field(None, description="A fact whose text stands in the middle.")
    middle_style: Id | None = Field(None, description="Text style of that text.")
    start_s: float = Field(0, ge=0, le=120, description="When it starts to grow, from the in point.")
    duration_s: float = Field(1.2, gt=0, le=20, description="How long it grows, all parts together.")
    easing: Easing = Field("cubic-in-out", description="Easing of growth.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.series is None) == (not self.parts):
            raise PydanticCustomError("template.value", "A donut has either 'parts' or 'series'.")
        if (self.series is None) != (not self.colours):
            raise PydanticCustomError("template.value", "The donut of a series, and only that, needs 'colours'.")
        if (self.middle_fact is None) != (self.middle_style is None):
            raise PydanticCustomError("template.value", "'middle_fact' and 'middle_style' come together.")
        return self


class QrLayer(LayerBase):
    """A QR code of an address, with the quiet zone that readers need. It fills the largest square of its box."""

    kind: Literal["qr"]
    link: Id = Field(description="A link of template.yaml; one with a secret in it is refused.")
    colour: Id = Field(description="Colour token of the code; dark.")
    ground: Id = Field(description="Colour token of the ground; light.")
    recovery: Literal["L", "M", "Q", "H"] = Field(
        "M", description="How much of it may be covered and still be read: 7, 15, 25 or 30 %."
    )
    radius_px: float = Field(16, ge=0, le=360, description="Rounded corners of the ground.")


Layer = Annotated[
    TextLayer
    | CounterLayer
    | ParagraphLayer
    | ImageLayer
    | ShapeLayer
    | BarChartLayer
    | RingLayer
    | LineChartLayer
    | DonutLayer
    | QrLayer,
    Field(discriminator="kind"),
]
