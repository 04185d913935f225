"""What an installation says about voices: plain values, without the engines that speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renderer.errors import UsageError


@dataclass(frozen=True)
class VoiceSettings:
    """The voices of an installation. A value, so that a child process gets it as it is.

    ``models`` are Piper models by locale, None for a locale that shall have none. ``key`` names the files of kept
    speech; without one it is drawn at random, and what this process keeps no other finds.
    """

    models: Mapping[str, Path | None] = field(default_factory=dict)
    key: bytes = b""


def voice_models(text: str) -> dict[str, Path | None]:
    """``en=/path/model.onnx,it=…`` as models by locale. Raises UsageError for anything else."""
    models: dict[str, Path | None] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        locale, equals, path = part.partition("=")
        if not equals or not locale.strip():
            raise UsageError(
                "usage.argument",
                "DEARLY_VOICES is no list of voices by locale.",
                hint="Write it like en=/path/model.onnx,it=/path/other.onnx.",
            )
        models[locale.strip()] = Path(path.strip()).expanduser().absolute() if path.strip() else None
    return models
