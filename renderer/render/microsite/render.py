"""The microsite: a folder that is complete by itself, opened from disk or served.

In: a job, and what the film and the statement have made. Out: ``index.html``, ``site.css`` and copies of the film, its
poster, the statement and the pictures. The page carries no script, nothing inline and no address of a third party, and
its policy forbids them; no file name says anything about the recipient.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from renderer.errors import EnvironmentFault, Place, TemplateError
from renderer.render.layout import brand_css, page
from renderer.render.microsite.tracks import data_uri, read_cues, read_transcript
from renderer.render.microsite.webfonts import font_css
from renderer.render.model import Artefact, Kind, RenderJob, RenderResult, RenderWarning, write_artefact
from renderer.template.model import FormatName, MicrositeChannel, VideoChannel

POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; media-src 'self' file: data:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
"""What the page may load. ``file:`` is for pages opened from disk: what 'self' matches there is not settled
(w3c/webappsec-csp#459), and a served page cannot load such addresses. A server adds ``frame-ancestors 'none'``, which
browsers refuse to read from a page."""

HEAD = Markup(
    '<meta charset="utf-8">\n'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n'
    '<meta name="robots" content="noindex, nofollow, noarchive">\n'
    '<meta name="color-scheme" content="light dark">\n'
    '<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">\n'
    '<link rel="icon" href="data:,">\n'
    '<link rel="stylesheet" href="site.css">'
)

UPRIGHT_SCREEN = "(max-aspect-ratio: 3/4)"
"""Screens that show the upright film, as layouts write it at their ``<source>``."""
CLEAR = data_uri(
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x01D\x00;",
    "image/gif",
)
"""A clear pixel. Chromium paints a video that has no poster grey, whatever is behind it."""

_URL = re.compile(r"url\(\s*(['\"]?)([^'\")]*)\1\s*\)|@import\b", re.IGNORECASE)


def render_microsite(
    job: RenderJob, out: Path, *, film: RenderResult | None, statement: RenderResult | None
) -> RenderResult:
    """The microsite in ``out/microsite``. Film and statement are taken from ``out`` when they were made.

    Raises what :func:`renderer.render.layout.page` and the asset door raise, TemplateError for a layout without
    ``{{ head }}`` and for a style sheet that reaches out, EnvironmentFault when files cannot be written.
    """
    started = time.process_time()
    options = job.template.config.channels.microsite or MicrositeChannel()
    files = _Files(job, out)
    warnings: list[RenderWarning] = []
    shown = files.film(film)
    names = {
        "head": HEAD,
        "film": shown,
        "film_at": lambda chapter: f"{shown['src'] if shown else 'film.mp4'}#t={chapter['seconds']}",
        "statement": files.statement(statement),
    }
    for name, result in (("video", film), ("statement", statement)):
        if result is None and name in job.template.channels:
            warnings.append(
                RenderWarning(
                    code="render.warning",
                    place=Place(channel="microsite"),
                    message=f"The page is without the {name}, which was not made.",
                )
            )
    html = page(job, options.page, names, asset_url=files.address)
    if str(HEAD) not in html:
        raise TemplateError(
            "template.unsafe",
            "The page's layout does not print {{ head }}.",
            place=Place(file=options.page),
            hint="Put {{ head }} first in <head>: it carries the policy.",
        )
    css = _styles(job, options, files)
    artefacts = [
        write_artefact(out, "microsite", "page", "index.html", html.encode("utf-8"), "text/html; charset=utf-8"),
        write_artefact(out, "microsite", "asset", "site.css", css.encode("utf-8"), "text/css; charset=utf-8"),
        *files.written.values(),
    ]
    if job.progress is not None:
        job.progress(1, 1)
    figures: dict[str, int | str] = {
        "bytes_before_play": sum(item.bytes for item in artefacts if item.kind not in ("mp4", "pdf")),
        "cpu_s": f"{time.process_time() - started:.3f}",
    }
    return RenderResult(channel="microsite", artefacts=tuple(artefacts), warnings=tuple(warnings), figures=figures)


def lint_style(path: str, source: str) -> list[TemplateError]:
    """What a style sheet may not do: import others, or name an address that is not ``media/…`` or ``asset:…``."""
    found = []
    for match in _URL.finditer(source):
        reference = match[2]
        if reference is None or not reference.startswith(("media/", "asset:", "#")):
            found.append(
                TemplateError(
                    "template.unsafe",
                    "A style sheet reaches outside the template.",
                    place=Place(file=path, line=source.count("\n", 0, match.start()) + 1),
                    hint="Use url(media/…) or url(asset:…), and list every sheet in template.yaml.",
                )
            )
    return found


def _styles(job: RenderJob, options: MicrositeChannel, files: _Files) -> str:
    """One sheet: fonts, brand tokens, then the template's own sheets with their references made addresses."""
    sheets: list[str] = []
    for path in options.styles:
        source = job.template.release.text(path)
        faults = lint_style(path, source)
        if faults:
            raise faults[0]
        sheets.append(
            _URL.sub(lambda match: f"url('{files.address(match[2])}')" if match[2][0] != "#" else match[0], source)
        )
    fonts = font_css(job.fonts, job.plan.locale, sheets, job.cache)
    families = ", ".join(f"'{family}'" for family in job.fonts.families)
    stack = f":root{{--font:{families}, system-ui, sans-serif;}}\n"
    return "".join(['@charset "utf-8";\n', fonts, stack, brand_css(job.template, dark=True), film_css(job), *sheets])


def film_css(job: RenderJob) -> str:
    """`--film-ratio` and `--film-poster` on ``:root``; on narrow upright screens those of the upright film.

    A video has one poster whatever its screen, so where there are two the page gives it a clear one (``film.cover``)
    and shows these behind it; the browser loads only the one that it shows. The same for every recipient.
    """
    config = job.template.config.channels.video
    if config is None:
        return ""
    names = job.formats or tuple(config.formats)
    css = f":root{{{_film_tokens(config, names[0])}}}\n"
    if "9:16" in names[1:]:
        css += f"@media {UPRIGHT_SCREEN}{{:root{{{_film_tokens(config, '9:16')}}}}}\n"
    return css


def _film_tokens(config: VideoChannel, name: FormatName) -> str:
    size, ending = config.formats[name], config.ending(name)
    return f"--film-ratio:{size.width} / {size.height};--film-poster:url('poster{ending}.jpg');"


class _Files:
    """The files beside the page, each written once, by the address the page uses for it."""

    def __init__(self, job: RenderJob, out: Path) -> None:
        self.job = job
        self.out = out
        self.written: dict[str, Artefact] = {}

    def address(self, reference: str) -> str:
        """Write the asset behind ``reference`` and give its address; a recipient's images are only numbered."""
        if reference not in self.written:
            asset = self.job.assets.get(reference)
            name = re.sub(r"[/:]", "-", reference)
            if reference.startswith("image:"):
                number = 1 + sum(known.startswith("image:") for known in self.written)
                name = f"image-{number}.{'png' if asset.media_type == 'image/png' else 'jpg'}"
            self.written[reference] = write_artefact(self.out, "microsite", "asset", name, asset.data, asset.media_type)
        return self.written[reference].path.removeprefix("microsite/")

    def film(self, film: RenderResult | None) -> Mapping[str, Any] | None:
        """The film as layouts see it, or None: ``src poster cover width height captions`` (data: URIs where they must
        be), ``upright`` (``src poster width height``, or None), ``chapters`` (``.clock .title .seconds``),
        ``transcript`` (``.title .lines``)."""
        made = [] if film is None else self._formats(film)
        if film is None or not made:
            return None
        # Without the main format, which `dearly render --format` may leave out, the page shows what was made.
        name, shown = made[0]
        shown["upright"] = next((one for other, one in made[1:] if other == "9:16" and name != "9:16"), None)
        shown["cover"] = CLEAR if shown["upright"] else shown["poster"]
        captions, chapters, transcript = (self._text(film, kind) for kind in ("captions", "chapters", "transcript"))
        shown["captions"] = data_uri(captions.encode("utf-8"), "text/vtt") if captions else ""
        shown["chapters_track"] = data_uri(chapters.encode("utf-8"), "text/vtt") if chapters else ""
        shown["chapters"] = tuple(
            {"clock": cue.clock, "title": cue.text, "seconds": cue.seconds} for cue in read_cues(chapters)
        )
        shown["transcript"] = tuple(
            {"title": passage.title, "lines": passage.lines} for passage in read_transcript(transcript)
        )
        return shown

    def _formats(self, film: RenderResult) -> list[tuple[FormatName, dict[str, Any]]]:
        """The formats that were made, each put beside the page with its poster, in the template's order."""
        config = self.job.template.config.channels.video
        by_path = {artefact.path: artefact for artefact in film.artefacts}
        found: list[tuple[FormatName, dict[str, Any]]] = []
        for name, size in config.formats.items() if config else ():
            assert config is not None
            src, poster = f"film{config.ending(name)}.mp4", f"poster{config.ending(name)}.jpg"
            if f"video/{src}" in by_path:
                still = by_path.get(f"video/{poster}")
                found.append(
                    (
                        name,
                        {
                            "src": self._place(by_path[f"video/{src}"], "mp4", src),
                            "poster": self._place(still, "poster", poster) if still else "",
                            "width": size.width,
                            "height": size.height,
                        },
                    )
                )
        return found

    def statement(self, statement: RenderResult | None) -> Mapping[str, Any] | None:
        """The statement as layouts see it, or None: ``src``, ``kilobytes``."""
        document = None if statement is None else statement.of("pdf")
        if document is None:
            return None
        return {"src": self._place(document, "pdf", "statement.pdf"), "kilobytes": max(1, round(document.bytes / 1024))}

    def _text(self, film: RenderResult, kind: Kind) -> str:
        artefact = film.of(kind)
        return "" if artefact is None else (self.out / artefact.path).read_text(encoding="utf-8")

    def _place(self, made: Artefact, kind: Kind, name: str) -> str:
        """A second name for a finished file: a hard link where the disk can, else a copy."""
        source, target = self.out / made.path, self.out / "microsite" / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder:
                os.link(source, Path(folder, name))
                os.replace(Path(folder, name), target)
        except OSError:
            try:
                data = source.read_bytes()
            except OSError as error:
                raise EnvironmentFault(
                    "environment.disk",
                    f"A finished file cannot be read: {error.strerror}.",
                    place=Place(channel="microsite"),
                ) from error
            self.written[name] = write_artefact(self.out, "microsite", kind, name, data, made.media_type)
        else:
            self.written[name] = Artefact(
                channel="microsite",
                kind=kind,
                path=f"microsite/{name}",
                media_type=made.media_type,
                bytes=made.bytes,
                sha256=made.sha256,
            )
        return name
