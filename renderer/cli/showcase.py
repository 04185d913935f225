"""The demonstration's run: which samples, how they stand in the ledger, and their files in the folder.

Knows nothing about any template: samples are chosen by variety (one of each locale first, then in the order of files).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from renderer import pipeline
from renderer.bootstrap import Services
from renderer.cli import console
from renderer.errors import DearlyError
from renderer.ledger.model import OPEN, Fault, Part, Produced, Submission
from renderer.orders import Order, submission
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.profile.carry import to_text
from renderer.profile.load import SUFFIXES, BadRecord
from renderer.profile.model import Profile
from renderer.publishing import keep
from renderer.template.load import installed
from renderer.template.model import Channel, Template

FAULTS = 5
"""A part that the environment stopped so many times (some ten seconds) will not get through by itself."""

FRONT: Mapping[Channel, str] = {"microsite": "page", "statement": "pdf", "video": "mp4"}
"""The kind of file that a channel is opened by."""

Standing = Mapping[str, Mapping[Channel, tuple[str, int]]]
"""Of each piece by name: state and percentage of each channel."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One sample customer. ``stem`` is the name of its file."""

    stem: str
    template: Template
    profile: Profile
    plan: RenderPlan

    @property
    def name(self) -> str:
        """Also the folder of its files."""
        return f"{self.template.id}/{self.stem}"


def choose(each: int | None) -> tuple[list[Piece], list[DearlyError]]:
    """``each`` samples of every template, or all; and what is wrong with samples that cannot be used."""
    pieces: list[Piece] = []
    refused: list[DearlyError] = []
    for _, folder in installed():
        planner = pipeline.open_template(str(folder))
        found = []
        for path in sorted((folder / "samples").glob("*")):
            if path.suffix in SUFFIXES:
                found += _read(path, planner, refused)
        pieces += found if each is None else _varied(found)[:each]
    return pieces, refused


def _read(path: Path, planner: Planner, refused: list[DearlyError]) -> list[Piece]:
    pieces = []
    for record in pipeline.profiles(path, planner):
        if isinstance(record, BadRecord):
            refused.extend(error.at(file=path.name) for error in record.errors)
            continue
        try:
            plan = pipeline.plan(planner, record)
        except DearlyError as error:
            refused.append(error.at(file=path.name))
            continue
        stem = path.stem if path.suffix == ".json" else f"{path.stem}-{record.record}"
        pieces.append(Piece(stem=stem, template=planner.template, profile=record, plan=plan))
    return pieces


def _varied(pieces: list[Piece]) -> list[Piece]:
    """Those that get something first, and among them one of each locale first; otherwise in the order of files."""
    seen: set[str] = set()
    first, then, last = [], [], []
    for piece in pieces:
        if piece.plan.suppression is not None:
            last.append(piece)
        elif piece.plan.locale not in seen:
            seen.add(piece.plan.locale)
            first.append(piece)
        else:
            then.append(piece)
    return [*first, *then, *last]


class Showcase:
    """One run. Files of a piece land below ``out/<template>/<sample>/`` as its parts finish."""

    def __init__(self, services: Services, pieces: list[Piece], out: Path) -> None:
        self.pieces = pieces
        self._services = services
        self._out = out
        self._run = ""
        self._requests: dict[str, Piece] = {}
        self._parts: dict[str, Part] = {}
        self._links: dict[str, dict[Channel, str]] = {piece.name: {} for piece in pieces}
        self._files: dict[str, list[Produced]] = {piece.name: [] for piece in pieces}

    def submit(self) -> None:
        """Put everything into the ledger. What a demonstration that was killed left open is cancelled first."""
        for left in self._services.reader.open_runs("demo"):
            self._services.intake.cancel_run(left)
        self._run = self._services.intake.open_run("demo")
        for template in {piece.template.release.files_digest: piece.template for piece in self.pieces}.values():
            keep(self._services, template.release, template)
        submissions = [self._submission(record, piece) for record, piece in enumerate(self.pieces, 1)]
        self._services.intake.submit(self._run, submissions)
        self._services.intake.seal_run(self._run, len(submissions))

    def _submission(self, record: int, piece: Piece) -> Submission:
        made = submission(
            self._services.vault,
            Order(profile=to_text(piece.profile), record=piece.profile.record, images=piece.profile.images),
            recipient=piece.profile.recipient,
            idempotency=(self._run, piece.name),
            template=piece.template.id,
            release=piece.template.release.files_digest,
            channels=piece.template.channels,
            record=record,
        )
        self._requests[made.id] = piece
        return made

    def look(self) -> bool:
        """Read the ledger and bring new files over; whether anything changed."""
        found = {part.id: part for part in self._services.reader.parts(self._run)}
        if found == self._parts:
            return False
        for part in found.values():
            before = self._parts.get(part.id)
            if part.state == "done" and (before is None or before.state != "done"):
                self._bring(part)
        self._parts = found
        return True

    def _bring(self, part: Part) -> None:
        """Copy a part's files; a copy, so that nobody who edits one changes what the store holds."""
        piece = self._requests[part.request_id]
        for file in self._services.reader.artefacts(part.request_id, part.channel):
            target = self._out / piece.name / file.path
            incoming = target.with_name(f".{target.name}.part")
            with console.writes_into(self._out), self._services.store.open(file.key) as source:
                target.parent.mkdir(parents=True, exist_ok=True)
                with incoming.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                incoming.replace(target)
            self._files[piece.name].append(file)
            if file.kind == FRONT[part.channel]:
                self._links[piece.name].setdefault(part.channel, f"{piece.name}/{file.path}")

    def standing(self) -> Standing:
        """How everything stands."""
        found: dict[str, dict[Channel, tuple[str, int]]] = {
            piece.name: dict.fromkeys(piece.template.channels, ("submitted", 0)) for piece in self.pieces
        }
        for part in self._parts.values():
            percent = 100 * part.step // part.steps if part.steps else 0
            found[self._requests[part.request_id].name][part.channel] = (part.state, percent)
        return found

    def links(self, piece: Piece) -> Mapping[Channel, str]:
        """The file to open of each channel that is done, relative to the folder."""
        return self._links[piece.name]

    def finished(self) -> bool:
        """Whether every part has ended."""
        return len(self._parts) > 0 and all(part.state not in OPEN for part in self._parts.values())

    def stuck(self) -> Fault | None:
        """What keeps a part from being rendered on this machine, if it has been tried often enough."""
        parts = (part.fault for part in self._parts.values() if part.faults >= FAULTS and part.state in OPEN)
        pauses = (pause.fault for pause in self._services.reader.pauses() if pause.faults >= FAULTS)
        return next(chain(parts, pauses, [None]))

    def failures(self) -> list[tuple[str, Channel, Fault]]:
        """Name, channel and reason of every part that failed."""
        return [
            (self._requests[part.request_id].name, part.channel, part.fault or Fault(code="job.fault", message=""))
            for part in self._parts.values()
            if part.state == "failed"
        ]

    def cancel(self) -> None:
        """End what is still open."""
        if self._run:
            self._services.intake.cancel_run(self._run)

    def report(self, gallery: Path) -> dict[str, Any]:
        """What ``--json`` prints; paths of artefacts are relative to the folder."""
        counts = self._services.reader.counts(self._run)
        return {
            "run": self._run,
            "gallery": str(gallery),
            "counts": {
                "input": counts.input,
                "done": counts.done,
                "failed": counts.failed,
                "suppressed": counts.suppressed,
                "cancelled": counts.cancelled,
            },
            "customers": [
                {
                    "template": piece.template.id,
                    "sample": piece.stem,
                    "locale": piece.plan.locale,
                    "plan_digest": piece.plan.digest,
                    "suppressed": piece.plan.suppression,
                    "channels": {channel: state for channel, (state, _) in self.standing()[piece.name].items()},
                    "artefacts": [
                        {
                            "channel": file.path.partition("/")[0],
                            "kind": file.kind,
                            "path": f"{piece.name}/{file.path}",
                            "media_type": file.media_type,
                            "bytes": file.bytes,
                            "sha256": file.sha256,
                        }
                        for file in self._files[piece.name]
                    ],
                }
                for piece in self.pieces
            ],
            "failures": [
                {"customer": name, "channel": channel, "code": fault.code, "message": fault.message}
                for name, channel, fault in self.failures()
            ],
        }
