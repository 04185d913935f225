"""The statement channel's entrance: a plan becomes ``statement/statement.pdf``."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.errors import Place, RenderError, TemplateError, nearest
from renderer.plan.model import RenderPlan
from renderer.render.layout import brand_css, page
from renderer.render.model import RenderJob, RenderResult, write_artefact
from renderer.template.model import StatementChannel, Template
from renderer.units import canonical_json, digest

if TYPE_CHECKING:
    from renderer.render.statement.engine import Paper, Styles

NAME: Final = "statement.pdf"
KEPT_STYLES: Final = 4
"""Releases whose parsed styles and font map a process keeps."""
SHOWN: Final = 120
_REFERENCE: Final = re.compile(r"url\(\s*(['\"]?)(media/|asset:)", re.IGNORECASE)


def render_statement(job: RenderJob, out: Path) -> RenderResult:
    """Write ``out/statement/statement.pdf``: PDF/A-3a and PDF/UA-1, the same bytes for the same plan and engine.

    Raises RenderError ``render.suppressed`` for a plan that gets nothing, TemplateError when the template has no
    statement or lacks a part of it, what :func:`renderer.render.layout.page` and :func:`.engine.compose` raise, and
    EnvironmentFault when the file cannot be written.
    """
    if job.plan.suppression is not None:
        raise RenderError("render.suppressed", "The rules say that this recipient gets nothing.")
    started = time.process_time()
    paper = make(job)
    artefact = write_artefact(out, "statement", "pdf", NAME, paper.data, "application/pdf")
    if job.progress is not None:
        job.progress(1, 1)
    return RenderResult(
        channel="statement",
        artefacts=(artefact,),
        figures={"pages": paper.pages, "cpu_s": f"{time.process_time() - started:.3f}"},
    )


def make(job: RenderJob) -> Paper:
    """The statement in memory. Raises as :func:`render_statement` does, but for writing."""
    job.fonts.activate()  # before WeasyPrint is imported: it looks for the host's fonts when it is
    from renderer.render.statement.engine import Identity, compose
    from renderer.render.statement.fetcher import AssetFetcher

    channel = _channel(job.template)
    identity = Identity(
        title=_title(job.plan, channel),
        author=job.template.config.brand.name,
        language=job.plan.locale.replace("_", "-"),
        plan_digest=job.plan.digest,
    )
    styles = _shelf.get(_styles_key(job), lambda: _styles(job))
    quote = _quote(job.template, channel)
    return compose(
        markup(job),
        styles,
        identity,
        AssetFetcher(job.assets, quote),
        max_pages=channel.max_pages,
        quote=quote,
        file=channel.page,
    )


def markup(job: RenderJob) -> str:
    """The statement's HTML as the engine gets it: ``<bdi>`` as the characters it stands for (U+2068, U+2069).

    Pango then orders and breaks a line as one run of text. As inline boxes WeasyPrint would place them itself, which it
    does not do by the bidirectional algorithm (Kozea/WeasyPrint#106), and would lay out three boxes for one figure.
    """
    return page(job, _channel(job.template).page).replace("<bdi>", "\u2068").replace("</bdi>", "\u2069")


def style_sheets(job: RenderJob) -> dict[str, str]:
    """The statement's style sheets by path, the brand's tokens first, with addresses that the fetcher knows."""
    sheets = {"template.yaml": brand_css(job.template)}
    # Sheets write media/… and asset:…, as the microsite's do; the engine wants an address with a scheme.
    for path in _channel(job.template).styles:
        sheets[path] = _REFERENCE.sub(r"url(\1dearly:\2", job.template.release.text(path))
    return sheets


class _Shelf:
    """The last few :class:`~.engine.Styles` of this process by key; nothing in them is of a recipient."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Styles] = OrderedDict()

    def get(self, key: str, make: Callable[[], Styles]) -> Styles:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > KEPT_STYLES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


_shelf: Final = _Shelf()


def _styles_key(job: RenderJob) -> str:
    """Names the sheets and what they may show, so that a save of anything else leaves the parsed sheets standing."""
    sheets = _channel(job.template).styles
    files = [
        [path, name]
        for path, name in job.template.release.digests.items()
        if path in sheets or path.startswith("media/")
    ]
    return digest(canonical_json([brand_css(job.template), list(sheets), files, job.fonts.digest]))


def _styles(job: RenderJob) -> Styles:
    from renderer.render.statement.engine import prepare
    from renderer.render.statement.fetcher import AssetFetcher

    return prepare(style_sheets(job), job.fonts, AssetFetcher(job.assets, lambda text: text))


def _channel(template: Template) -> StatementChannel:
    channel = template.config.channels.statement
    if channel is None:
        raise TemplateError(
            "template.reference",
            "The template makes no statement.",
            place=Place(file="template.yaml", field="channels.statement"),
        )
    return channel


def _title(plan: RenderPlan, channel: StatementChannel) -> str:
    """The document's title: it ends up in file listings and window titles, so it says nothing personal."""
    message = plan.copy.get(channel.title)
    place = Place(file="template.yaml", field="channels.statement.title")
    if message is None:
        raise TemplateError(
            "template.reference",
            f"There is no sentence '{channel.title}' for the statement's title.",
            place=place,
            hint=nearest(channel.title, tuple(plan.copy)),
        )
    if message.sensitivity != "public":
        raise TemplateError(
            "template.value",
            f"The title '{channel.title}' names a fact that is not public.",
            place=place,
            hint="Titles are shown in lists and found by search: leave such facts out.",
        )
    return message.text.replace("\u2068", "").replace("\u2069", "")


def _quote(template: Template, channel: StatementChannel) -> Callable[[str], str]:
    """What a message may repeat: a text that stands in the template's own statement files, else an ellipsis."""

    def quote(text: str) -> str:
        files = template.release.files
        needle = text.strip().encode("utf-8", "replace")
        own = (files.get(path, b"") for path in (channel.page, *channel.styles))
        return text if 1 < len(needle) <= SHOWN and any(needle in source for source in own) else "…"

    return quote
