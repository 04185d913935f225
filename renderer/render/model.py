"""What goes into a channel and what comes out of it, the same for all three."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import EnvironmentFault, Place
from renderer.plan.model import RenderPlan
from renderer.template.model import Channel, FormatName, Template
from renderer.units import sha256

if TYPE_CHECKING:
    from renderer.render.engines import MadeBy
    from renderer.render.video.chunks import ChunkShelf
    from renderer.render.video.speech import Voice

Kind = Literal[
    "page",
    "asset",
    "pdf",
    "mp4",
    "hls",
    "captions",
    "chapters",
    "transcript",
    "poster",
    "mail-poster",
    "teaser",
    "interactions",
    "score",
]


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One finished file. ``path`` is relative to the out folder, always ``<channel>/<fixed name>``, never personal."""

    channel: Channel
    kind: Kind
    path: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RenderWarning:
    """Something a person may want to look at: a text that was shrunk, a channel that was left out."""

    code: str
    message: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, kw_only=True)
class RenderResult:
    """A channel's files. ``figures`` are counts for reports (frames_total, frames_encoded, personal_frames, pages) and
    ``cpu_s`` as text; ``made_by`` says what made them, where somebody wants to know."""

    channel: Channel
    artefacts: tuple[Artefact, ...]
    warnings: tuple[RenderWarning, ...] = ()
    figures: Mapping[str, int | str] = field(default_factory=dict)
    made_by: MadeBy | None = None

    def of(self, kind: Kind) -> Artefact | None:
        """The first artefact of a kind, or None."""
        return next((artefact for artefact in self.artefacts if artefact.kind == kind), None)


@dataclass(frozen=True, kw_only=True)
class RenderJob:
    """All that a channel may read. ``cache`` holds prepared things, create-only and addressed by digest; ``progress``
    is called with (done, total) in the channel's own steps. ``formats``: those of the film to make, none are all;
    ``hls`` asks for streams whether or not the template does. ``chunks`` is where films find pieces that were encoded
    before, without it everything is encoded; ``use`` names what is made, so that what is kept of a person can be found
    again. ``voice`` speaks the film; without one it has music and captions only."""

    plan: RenderPlan
    template: Template
    assets: AssetDoor
    fonts: FontSet
    cache: Path
    progress: Callable[[int, int], None] | None = None
    formats: tuple[FormatName, ...] = ()
    hls: bool = False
    chunks: ChunkShelf | None = None
    use: str | None = None
    voice: Voice | None = None

    @property
    def streams(self) -> bool:
        """Whether films are written as HLS too: the template or the caller wants it."""
        channel = self.template.config.channels.video
        return self.hls or (channel is not None and channel.hls)


def write_artefact(out: Path, channel: Channel, kind: Kind, name: str, data: bytes | Path, media_type: str) -> Artefact:
    """Put ``data`` (bytes, or a finished file that is moved) at ``out/<channel>/<name>`` in one step.

    A reader sees the whole file or none. It is not forced to disk: the store does that for what must last, and a stream
    has dozens of files. Raises EnvironmentFault when the disk is full or the folder cannot be written.
    """
    target = out / channel / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = data if isinstance(data, bytes) else data.read_bytes()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        if isinstance(data, Path):
            data.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"A file could not be written: {error.strerror}.",
            place=Place(channel=channel),
            hint="Free some space, or name another folder with --out.",
        ) from error
    return Artefact(
        channel=channel,
        kind=kind,
        path=f"{channel}/{name}",
        media_type=media_type,
        bytes=len(content),
        sha256=sha256(content),
    )
