"""The demonstration's gallery: one ``index.html`` that opens from disk, without script and without any other file.

Written first while everything still waits, and again as parts finish; until then the page asks for itself again. Its
own brand is Dearly's, quiet, so that the templates' brands show in the pictures.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pypdfium2
from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from renderer.assets.fonts import FontRequest, load_fonts
from renderer.cli import console
from renderer.cli.showcase import Piece, Standing
from renderer.plan.model import Decision
from renderer.render.microsite.webfonts import font_css
from renderer.template.model import CHANNELS, Channel

HERE = Path(__file__).parent
POSTER_PX = (640, 360)
SHEET_PX = (560, 792)
"""Longest sides of the pictures: twice what the page shows, for fine screens."""

LABELS: dict[Channel, str] = {"microsite": "Web page", "statement": "PDF", "video": "Film"}
FILES: dict[Channel, str] = {
    "microsite": "microsite/index.html",
    "statement": "statement/statement.pdf",
    "video": "video/film.mp4",
}
POSTER = "video/poster.jpg"
REASON = 90
"""Characters of a reason that are shown."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One channel of a card: where it is once it is done, else what it does."""

    label: str
    href: str | None
    state: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One customer."""

    title: str
    locale: str
    state: str
    poster: str | None
    sheet: str | None
    segments: tuple[str, ...]
    scenes: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    suppressed: str | None
    links: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One template and its customers."""

    title: str
    about: str
    cards: tuple[Card, ...]


class Gallery:
    """Writes the page for ``pieces``, whose files are below ``out``."""

    def __init__(self, out: Path, pieces: Sequence[Piece], cache: Path) -> None:
        self._out = out
        self._pieces = pieces
        self._pictures: dict[Path, str] = {}
        environment = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._page = environment.get_template("gallery.html.j2")
        self._style = (HERE / "gallery.css").read_text("utf-8")
        self._cache = cache

    def dress(self) -> None:
        """Put the page's own typeface in. The first time this takes seconds, so the page is written once before."""
        fonts = load_fonts([FontRequest("IBM Plex Sans", (400, 500, 600), False)], self._cache / "fonts")
        self._style = font_css(fonts, "en", [self._style], self._cache) + self._style

    def write(self, standing: Standing, *, finished: bool) -> Path:
        """The page as things stand; whoever reads it sees the whole page before or after, never half of one."""
        sections = []
        for template in {piece.template.id: piece.template for piece in self._pieces}.values():
            cards = tuple(self._card(piece, standing) for piece in self._pieces if piece.template.id == template.id)
            sections.append(Section(title=template.config.title, about=template.config.description, cards=cards))
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        ended = sum(card.state in ("done", "failed", "suppressed") for section in sections for card in section.cards)
        html = self._page.render(
            style=Markup(self._style),
            style_digest=digest,
            sections=sections,
            finished=finished,
            ended=ended,
            total=len(self._pieces),
        )
        target = self._out / "index.html"
        with console.writes_into(self._out):
            handle, incoming = tempfile.mkstemp(dir=self._out, prefix=".index-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(html)
                os.chmod(incoming, 0o644)
                os.replace(incoming, target)
            except BaseException:
                Path(incoming).unlink(missing_ok=True)
                raise
        return target

    def _card(self, piece: Piece, standing: Standing) -> Card:
        states = standing[piece.name]
        plan = piece.plan
        links = []
        for channel in CHANNELS:
            if channel in states:
                state, percent = states[channel]
                links.append(
                    Link(
                        label=LABELS[channel],
                        href=f"{piece.name}/{FILES[channel]}" if state == "done" else None,
                        state=_doing(state, percent),
                    )
                )
        folder = self._out / piece.name
        done = {channel for channel, (state, _) in states.items() if state == "done"}
        return Card(
            title=_words(piece.stem.lstrip("0123456789-_") or piece.stem),
            locale=str(Locale.parse(plan.locale, sep="-").get_display_name("en")),
            state=_overall([state for state, _ in states.values()]),
            poster=self._poster(folder / POSTER) if "video" in done else None,
            sheet=self._sheet(folder / FILES["statement"]) if "statement" in done else None,
            segments=tuple(map(_words, plan.segments)),
            scenes=tuple(
                (_words(chosen), _why(decision, chosen))
                for decision in plan.decisions
                if decision.kind == "scene"
                for chosen in decision.chosen
            ),
            chosen=tuple(
                _words(decision.chosen[0])
                for decision in plan.decisions
                if decision.kind == "scene" and decision.chosen and not decision.fallback and _is_choice(decision)
            ),
            suppressed=plan.suppression,
            links=tuple(links),
        )

    def _poster(self, path: Path) -> str | None:
        if path not in self._pictures and path.exists():
            with Image.open(path) as picture:
                self._pictures[path] = _data_uri(picture, POSTER_PX)
        return self._pictures.get(path)

    def _sheet(self, path: Path) -> str | None:
        """The first page of a PDF."""
        if path not in self._pictures and path.exists():
            document = pypdfium2.PdfDocument(path)
            try:
                page = document[0]
                picture = page.render(scale=2 * SHEET_PX[0] / page.get_width()).to_pil()
                self._pictures[path] = _data_uri(picture, SHEET_PX)
            finally:
                document.close()
        return self._pictures.get(path)


def _data_uri(picture: Image.Image, longest: tuple[int, int]) -> str:
    """Inside the page, because browsers do not agree on whether a page opened from disk may load its neighbours under a
    strict policy."""
    small = picture.convert("RGB")
    small.thumbnail(longest, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def _overall(states: Sequence[str]) -> str:
    for state in ("failed", "suppressed", "cancelled"):
        if state in states:
            return state
    if all(state == "done" for state in states):
        return "done"
    return "working" if {"running", "done"} & set(states) else "waiting"


def _doing(state: str, percent: int) -> str:
    if state == "running":
        return f"{percent} %" if percent else "working"
    return "waiting" if state in ("submitted", "dispatched") else state


def _words(name: str) -> str:
    """An id as words: ``usage-up`` → ``Usage up``. What every id of its kind begins with is left out."""
    words = name.removeprefix("scene-").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def _is_choice(decision: Decision) -> bool:
    """Whether it could have come out otherwise."""
    return any(candidate.values for candidate in decision.candidates)


def _short(value: object) -> str:
    """A value with at most four decimals."""
    return f"{round(value, 4).normalize():f}" if isinstance(value, Decimal) else str(value)


def _why(decision: Decision, chosen: str) -> str:
    """In one line, the values that a scene was chosen for."""
    candidate = next((found for found in decision.candidates if found.id == chosen), None)
    if decision.fallback:
        return "the default: nothing else applied"
    if candidate is None or not candidate.values:
        return "always part of the story"
    reason = ", ".join(f"{_words(name).lower()} = {_short(value)}" for name, value in candidate.values.items())
    return reason if len(reason) <= REASON else reason[: REASON - 1] + "…"
