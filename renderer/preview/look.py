"""One view in a render process: its plan, and each channel made when it is first asked for, then kept.

Everything is made by the functions that production calls: :func:`renderer.pipeline.plan`,
:func:`~renderer.pipeline.render_channel`, ``build_score`` and ``Composer``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import pypdfium2

from renderer import pipeline
from renderer.errors import DearlyError, Place, RenderError
from renderer.plan.build import Planner
from renderer.preview.film import film_stand_in, film_summary, in_size, picture
from renderer.preview.model import Still, View
from renderer.preview.places import noted
from renderer.preview.sheet import from_sheet, record_text, to_sheet
from renderer.render.model import Artefact, RenderJob, RenderResult, RenderWarning
from renderer.render.video.compose import Composer, frame_digest
from renderer.render.video.render import film_backdrops
from renderer.render.video.score import Score
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.render.voice import VoiceSettings
from renderer.template.model import Channel

PAPER_DPI = 144


@dataclass(frozen=True)
class Tools:
    """What views of one template release share in one process."""

    planner: Planner
    text: TextEngine
    cache: Path
    posters: dict[str, bytes]
    voices: VoiceSettings | None = None


class Look:
    """One view. ``out`` is its own folder. Raises what the pipeline's stages raise, when they are first asked for."""

    def __init__(self, view: View, tools: Tools, out: Path, *, width: int | None = None) -> None:
        self._view, self._tools, self.out = view, tools, out
        planner = tools.planner
        self.profile = from_sheet(view.sheet, planner.template.contract, view.record, view.images)
        self.plan = pipeline.plan(planner, self.profile, as_of=view.as_of, locale=view.locale)
        self.template = planner.template if width is None else in_size(planner.template, width)
        self._films: dict[str | None, tuple[Score, Composer]] = {}
        self._paper: RenderResult | None = None
        self._paper_placed: dict[str, list[str]] = {}

    @cached_property
    def job(self) -> RenderJob:
        """What channels get."""
        return pipeline.prepare_job(
            self.template, self.plan, self.profile.images, self._tools.cache, voices=self._tools.voices
        )

    @cached_property
    def score(self) -> Score:
        """The film's score in the view's format, as production makes it."""
        return self._film(self._shown)[0]

    @cached_property
    def composer(self) -> Composer:
        """Draws the film's frames, as production does."""
        return self._film(self._shown)[1]

    @property
    def _shown(self) -> str | None:
        """The view's format."""
        video = self.template.config.channels.video
        return self._view.format or (video.first_format if video else None)

    def _film(self, name: str | None) -> tuple[Score, Composer]:
        """Score and composer of the film in a format. Raises RenderError for one it has not."""
        if name not in self._films:
            video, job = self.template.config.channels.video, self.job
            found = next((one for one in (video.formats if video else ()) if one == name), None)
            if name is not None and found is None:
                raise RenderError("render.layout", "The film has no such format.", place=Place(channel="video"))
            score = build_score(
                self.plan, self.template, job.fonts, job.assets, self._tools.text, format=found, voice=job.voice
            )
            backdrops = film_backdrops(score, job.assets, job.cache)
            self._films[name] = score, Composer(score, backdrops, job.fonts, job.assets, text=self._tools.text)
        return self._films[name]

    def summary(self) -> dict[str, Any]:
        """The plan, the form's data and the record to keep, as JSON data."""
        return {
            "plan_json": self.plan.data.decode("utf-8"),
            "digest": self.plan.digest,
            "sheet": to_sheet(self.profile),
            "record_text": record_text(self.profile),
            "images": {name: bytes(data) for name, data in self.profile.images.items()},
        }

    def film(self) -> dict[str, Any]:
        """The film's scenes, captions, fits and drawn facts, as JSON data."""
        return film_summary(self.score)

    def frame(self, number: int, *, exact: bool = False, width: int | None = None) -> Still:
        """One composed frame as a JPEG; ``exact`` as a PNG, ``width`` scaled down to it. Raises IndexError."""
        composer = self.composer
        started = time.perf_counter()
        frame = composer.frame(number)
        took = time.perf_counter() - started
        data, media_type = picture(frame.data, exact=exact, width=width)
        return Still(number=number, digest=frame_digest(frame), data=data, media_type=media_type, compose_s=took)

    def paper(self) -> dict[str, Any]:
        """The statement's pages and what it places, as JSON data."""
        result = self._statement()
        with _document(self.out / result.artefacts[0].path) as document:
            sizes = [document.get_page_size(index) for index in range(len(document))]
        return {
            "bytes": result.artefacts[0].bytes,
            "sha256": result.artefacts[0].sha256,
            "pages": [{"width_pt": round(width, 2), "height_pt": round(height, 2)} for width, height in sizes],
            "placed": self._paper_placed,
            "warnings": _warnings(result.warnings),
            "path": str(self.out / result.artefacts[0].path),
        }

    def paper_page(self, number: int, width: int | None = None) -> bytes:
        """One page, counted from 0, as a PNG at 144 dpi or of a width in pixels. Raises IndexError."""
        result = self._statement()
        with _document(self.out / result.artefacts[0].path) as document:
            if not 0 <= number < len(document):
                raise IndexError("no such page")
            page = document[number]
            scale = PAPER_DPI / 72 if width is None else width / page.get_width()
            pixels = page.render(scale=scale, rev_byteorder=False).to_numpy()
        _, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        return bytes(data)

    def site(self, paper_bytes: int) -> dict[str, Any]:
        """The microsite in a folder, complete but for film and statement, which are put in when somebody opens them.

        All that a page shows of a statement is its size, ``paper_bytes``.
        """
        watched = noted(self.plan)
        film, statement = None, None
        if "video" in self.template.channels:
            with suppress(DearlyError):  # the film's own pane shows it, and the page warns that it is without
                video = self.template.config.channels.video
                films = {video.ending(name): self._film(name) for name in video.formats} if video else {}
                film = film_stand_in(films, self._tools.posters, self.out)
        if "statement" in self.template.channels:
            statement = self._paper_stand_in(paper_bytes)
        job = replace(self.job, plan=watched.plan)
        result = pipeline.render_channel("microsite", job, self.out, film=film, statement=statement)
        page = result.of("page")
        assert page is not None
        files = sorted((item.path, item.sha256) for item in result.artefacts if item.kind not in ("pdf", "mp4"))
        return {
            "folder": str(self.out / "microsite"),
            "files": files,
            "bytes_before_play": result.figures.get("bytes_before_play", 0),
            "placed": watched.placed(),
            "warnings": _warnings(result.warnings),
        }

    def _statement(self) -> RenderResult:
        if self._paper is None:
            watched = noted(self.plan)
            job = replace(self.job, plan=watched.plan)
            self._paper = pipeline.render_channel("statement", job, self.out)
            self._paper_placed = watched.placed()
        return self._paper

    def _paper_stand_in(self, size: int) -> RenderResult:
        path = self.out / "statement" / "statement.pdf"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        artefact = Artefact(
            channel="statement", kind="pdf", path="statement/statement.pdf", media_type="application/pdf",
            bytes=size, sha256="",
        )  # fmt: skip
        return RenderResult(channel="statement", artefacts=(artefact,))

    def need(self, channel: Channel) -> None:
        """Raises RenderError when the template does not make this channel or the rules suppress the recipient."""
        if self.plan.suppression is not None:
            raise RenderError("render.suppressed", f"The rules suppress this recipient: {self.plan.suppression}.")
        if channel not in self.template.channels:
            raise RenderError("render.layout", f"The template makes no {channel}.", place=Place(channel=channel))


class _document:
    """An open PDF."""

    def __init__(self, path: Path) -> None:
        self._document = pypdfium2.PdfDocument(path)

    def __enter__(self) -> Any:
        return self._document

    def __exit__(self, *_: object) -> None:
        self._document.close()


def _warnings(warnings: tuple[RenderWarning, ...]) -> list[Mapping[str, Any]]:
    return [
        {"code": warning.code, "message": warning.message,
         **{name: value for name, value in vars(warning.place).items() if value is not None}}
        for warning in warnings
    ]  # fmt: skip
