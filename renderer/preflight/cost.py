"""What things cost in processor seconds and bytes: the model that estimates go by, and how it is kept.

A chunk's cost is counted in *units*. A unit is one frame that differs from the one before, of a megapixel. A frame
that repeats is a small part of it, and beginning a chunk (key frame, encoder, sprites) is worth ten. What a unit costs
here, scene by scene, is measured by a real encode (:mod:`.calibrate`); without that the figures below are taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

COST_SCHEMA = 1
REPEATED, BEGINNING = 0.08, 9.7
"""What a repeated frame and a chunk's beginning cost, in units of processor time …"""
REPEATED_BYTES, BEGINNING_BYTES = 0.05, 13.9
"""… and in bytes. Fitted by least squares to 47 chunks of both templates, encoded alone at 1280 by 720."""


@dataclass(frozen=True)
class ChunkKind:
    """Chunks that cost the same: by format, scene, and how many frames change and repeat."""

    format: str
    scene: str
    personal: bool
    frames: int
    changing: int
    megapixels: float

    @property
    def units(self) -> float:
        """Its processor cost."""
        still = self.frames - self.changing
        return self.megapixels * (self.changing + REPEATED * still + BEGINNING)

    @property
    def byte_units(self) -> float:
        """Its size."""
        still = self.frames - self.changing
        return self.megapixels * (self.changing + REPEATED_BYTES * still + BEGINNING_BYTES)


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """Processor seconds (``_s``) and bytes.

    ``scenes`` are (seconds a unit, bytes a unit) by scene where they were measured. ``film_s`` and ``film_bytes`` are
    what a film costs beside its chunks (score, sound, joining, pictures), for each of its formats; ``speech_s`` is what
    a second of speech costs. ``margin`` is how far an estimate may be off, as a part of it.
    """

    machine: str
    unit_s: float
    unit_bytes: float
    plan_s: float
    speech_s: float
    film_s: float
    film_bytes: float
    film_bytes_a_second: float
    statement_s: float
    statement_bytes: float
    microsite_s: float
    microsite_bytes: float
    margin: float
    films_measured: int = 0
    scenes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def chunk_s(self, kind: ChunkKind) -> float:
        """Processor seconds that encoding one chunk takes."""
        return kind.units * self.scenes.get(kind.scene, (self.unit_s, 0))[0]

    def chunk_bytes(self, kind: ChunkKind) -> float:
        """The bytes of one chunk."""
        return kind.byte_units * self.scenes.get(kind.scene, (0, self.unit_bytes))[1]


DEFAULT = CostModel(
    machine="a two-core x86-64 server, November 2026",
    unit_s=0.0066,
    unit_bytes=1900,
    plan_s=0.008,
    speech_s=0.2,
    film_s=0.75,
    film_bytes=300_000,
    film_bytes_a_second=16_500,
    statement_s=0.35,
    statement_bytes=60_000,
    microsite_s=0.03,
    microsite_bytes=160_000,
    margin=0.5,
)
"""Figures for a machine that was not measured: another one may well take half as much or half more."""


def load_cost(path: Path) -> CostModel | None:
    """A model that was measured here; None if there is none, or one of another shape."""
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if data.pop("schema") != COST_SCHEMA:
            return None
        scenes = {scene: (float(cpu), float(size)) for scene, (cpu, size) in data.pop("scenes").items()}
        return CostModel(**data, scenes=scenes)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_cost(model: CostModel, path: Path) -> None:
    """Keep a model. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"schema": COST_SCHEMA, **asdict(model)}, indent=1), "utf-8")
    fresh.replace(path)
