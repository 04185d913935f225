"""What stands beside a film, as storyboards say it: the poster, the teaser, and interactions.

See :mod:`.storyboard` for units.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.template.layers import Anchor, Box, Keyframe, OtherFormat, PositionKeyframe, ShownWith
from renderer.template.model import Id, Strict

_Part = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=120)]


class Poster(Strict):
    """The still picture shown before the film plays. It is a public file: choose a scene without secret facts."""

    scene: Id = Field(description="Scene it is taken from; if it does not play, the first scene is used.")
    at_s: float = Field(ge=0, le=120, description="When, from the scene's start.")
    mark_at: tuple[_Part, _Part] | None = Field(
        None,
        description="Where the play mark is on the still for e-mail, [x, y] as parts of a 16:9 frame, mirrored right "
        "to left; without it, and in other formats, the middle, or beside it where it would cover a text.",
    )


class TeaserPart(Strict):
    """One stretch of the film that the teaser shows."""

    scene: Id = Field(description="Scene it is taken from; a scene that does not play is passed over.")
    from_s: _Seconds | None = Field(
        None, description="Where it begins, from the scene's start; without it where the scene comes together."
    )
    to_s: float | None = Field(
        None, gt=0, le=120, description="Where it ends; without it all parts without an end share the teaser's length."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_s is not None and not (self.from_s or 0) < self.to_s:
            raise PydanticCustomError("template.value", "A part of a teaser must begin before it ends.")
        return self


class Teaser(Strict):
    """A short silent film for e-mail. It opens and ends with the poster under a play mark, so that a mail program which
    shows only the first picture shows all that matters. What is secret never gets into it."""

    parts: tuple[TeaserPart, ...] = Field(
        (), max_length=24, description="What it shows, in order; without them three scenes after the poster's."
    )
    seconds: float = Field(3.6, ge=1, le=10, description="How long it moves at most; the first picture stands before.")
    width_px: int = Field(600, ge=120, le=800, multiple_of=2, description="Width at most, in pixels.")
    loops: int = Field(
        1, ge=0, le=20, description="How often it plays; 0 without end, which readers of longer ones cannot stop."
    )


class InteractionBase(Strict):
    """What all interactions have."""

    id: Id = Field(description="Name inside the scene.")
    link: Id = Field(description="Link of template.yaml that it leads to.")
    label: Id = Field(description="Copy key of what it says: a button's words, a hotspot's name for those who listen.")
    shown_with: ShownWith | None = Field(
        None,
        description="Only there if the plan chose the scene, block or offer of this id, or any of several; rules: "
        "decisions.yaml.",
    )


class Action(InteractionBase):
    """A call to action: a button that the player lays over the film for a while, and lists below it."""

    kind: Literal["action"]
    in_s: float = Field(0, ge=0, le=120, description="When it appears, from the scene's start.")
    out_s: float | None = Field(None, gt=0, le=120, description="When it goes; without it the scene's end.")
    place: Anchor = Field("bottom-end", description="Where; `start` and `end` swap right to left.")


class HotspotKeyframes(Strict):
    """How the box of a hotspot moves."""

    position: tuple[PositionKeyframe, ...] = Field((), description="Offset in design pixels.")
    scale: tuple[Keyframe, ...] = Field((), description="1 is the box's own size, about its middle.")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name in ("position", "scale"):
            times = [frame.at_s for frame in getattr(self, name)]
            if any(later <= earlier for earlier, later in pairwise(times)):
                raise PydanticCustomError(
                    "template.value", "The keyframes of '{name}' must be in order of time.", {"name": name}
                )
        return self


class HotspotFormat(Strict):
    """A hotspot in another format of the film."""

    box: Box = Field(description="Where it is, in that format's composition.")
    keyframes: HotspotKeyframes = Field(HotspotKeyframes(), description="How the box moves, from the in point on.")


class Hotspot(InteractionBase):
    """A part of the picture that leads somewhere. It follows a layer, or is a box that keyframes move.

    Its rectangle is at least as large as a finger needs on a small screen.
    """

    kind: Literal["hotspot"]
    layer: Id | None = Field(None, description="A layer of this scene to follow, for as long as it can be seen.")
    box: Box | None = Field(None, description="Where it is, instead.")
    keyframes: HotspotKeyframes = Field(HotspotKeyframes(), description="How the box moves, from the in point on.")
    padding_px: tuple[float, float] = Field((0, 0), description="Room [x, y] around the layer or box.")
    mirror: bool = Field(True, description="Mirror the box in right-to-left locales.")
    formats: Mapping[OtherFormat, HotspotFormat] = Field(
        {}, description="The box in other formats; in one that is not named here a hotspot with a box is left out."
    )
    in_s: float = Field(0, ge=0, le=120, description="When it comes, from the scene's start.")
    out_s: float | None = Field(None, gt=0, le=120, description="When it goes; without it the scene's end.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.layer is None) == (self.box is None):
            raise PydanticCustomError("template.value", "A hotspot has either 'layer' or 'box'.")
        if self.layer is not None and (self.keyframes.position or self.keyframes.scale):
            raise PydanticCustomError("template.value", "A hotspot that follows a layer has no keyframes of its own.")
        if self.layer is not None and self.formats:
            raise PydanticCustomError("template.value", "A hotspot that follows a layer does so in every format.")
        return self


Interaction = Annotated[Action | Hotspot, Field(discriminator="kind")]
