"""What a scene says: `voice` in a scene of the storyboard. Who may say it stands in `template.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.template.layers import ShownWith
from renderer.template.model import Id, Reference, Strict


class Utterance(Strict):
    """One thing that is said: a sentence that a voice speaks, or a recorded clip."""

    say: Id | None = Field(
        None,
        description="Copy key of the sentence that is spoken; figures in it are said in words. Its attribute `.spoken` "
        "is said instead if it has one.",
    )
    clip: Reference | Mapping[str, Reference] | None = Field(
        None, description="Recorded speech instead, WAV or FLAC: one file, or one for each locale of the template."
    )
    copy_: Id | None = Field(None, alias="copy", description="Copy key of what a clip says, for its caption.")
    at_s: float | None = Field(
        None,
        ge=0,
        le=120,
        description="When it begins, from the scene's start; later if what was said before has not ended. Without it, "
        "it follows what was said before.",
    )
    pause_s: float = Field(0.25, ge=0, le=20, description="Silence after what was said before.")
    caption: bool = Field(True, description="Whether captions show it, timed by its words.")
    gain_db: float = Field(0, ge=-24, le=12, description="Gain of a clip in decibels; spoken sentences are level.")
    shown_with: ShownWith | None = Field(
        None,
        description="Only said if the plan chose the scene, block or offer of this id, or one of these; rules: "
        "decisions.yaml.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.say is None) == (self.clip is None):
            raise PydanticCustomError("template.value", "An utterance has either 'say' or 'clip'.")
        if self.copy_ is not None and self.clip is None:
            raise PydanticCustomError("template.value", "Only a clip has 'copy': 'say' names what is said.")
        if self.gain_db and self.clip is None:
            raise PydanticCustomError("template.value", "Only a clip has 'gain_db'.")
        return self
