"""HTML to PDF by WeasyPrint, in such a way that a page is either right or not made at all.

In: markup, a release's styles, a fetcher. Out: the bytes of a tagged PDF and its number of pages. What is costly and
the same for every recipient (parsed styles, the font map) is made once per release and process; fonts are activated
before WeasyPrint is first imported, because it looks at the host's fonts then.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any, Final

from fontTools.ttLib import TTFont
from PIL import ImageFile
from weasyprint import CSS, HTML, Document
from weasyprint.css import ColorProfile
from weasyprint.css.counters import CounterStyle
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from renderer.assets.fonts import FontSet
from renderer.errors import DearlyError, Place, RenderError
from renderer.render.statement.faces import check_faces, listed_marks
from renderer.render.statement.fetcher import AssetFetcher
from renderer.render.statement.fit import check_fit
from renderer.render.statement.identity import VARIANT, archivable, describe, identifier
from renderer.render.statement.shaping import shape_drawings
from renderer.render.statement.tags import complete_tags
from renderer.render.statement.watch import TooLong, Watch

# Importing WeasyPrint makes Pillow accept images that are cut off, in the whole process: what a profile may bring would
# depend on whether a statement was made before.
ImageFile.LOAD_TRUNCATED_IMAGES = False
# WeasyPrint rewrites colour fonts with fontTools, which would put the time of day into them.
pdf_fonts.TTFont = partial(TTFont, recalcTimestamp=False)

MAX_CHARACTERS_PER_PAGE: Final = 20_000
"""About three times what the smallest legible type puts on an A4 page. More text than this times the page limit is
refused before layout, whose time grows with the text."""
MAX_CPU_S: Final = 120.0
COLOURS: Final = "paper"
"""Our name for sRGB, the colours that PDF/A makes a file state. Under its own name, ``srgb``, WeasyPrint would open the
profile's file anew for each document and leave it open."""
_SHORTEN: Final = "Shorten what the profile brings, or raise channels.statement.max_pages."


class _Colours(ColorProfile):  # type: ignore[misc]
    """A colour profile that is embedded as its file has it. LittleCMS writes one differently when asked again."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))
        self._data = data

    @property
    def content(self) -> bytes:
        return self._data


@dataclass(frozen=True, kw_only=True)
class Styles:
    """What all statements of one release share in one process."""

    sheets: tuple[CSS, ...]
    font_configuration: FontConfiguration
    counter_style: CounterStyle
    srgb: bytes
    listed: frozenset[bytes]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the file says about itself."""

    title: str
    author: str
    language: str
    plan_digest: str


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A finished PDF."""

    data: bytes
    pages: int


def prepare(sheets: Mapping[str, str], fonts: FontSet, fetcher: AssetFetcher) -> Styles:
    """Parse style sheets (source by path) for a font set.

    Raises RenderError ``render.warning`` or ``render.asset`` with the sheet's name for anything in them that the engine
    does not understand or that is refused.
    """
    shape_drawings()
    fonts.activate()
    configuration = FontConfiguration()
    counters = CounterStyle()
    parsed = []
    for path, source in sheets.items():
        with Watch(quote=lambda text: text) as watch, _refusals(fetcher, path):
            parsed.append(
                CSS(
                    string=source,
                    url_fetcher=fetcher,
                    font_config=configuration,
                    counter_style=counters,
                    color_profiles={},
                )
            )
        if watch.complaints:
            raise watch.complaints[0].at(file=path)
    return Styles(
        sheets=tuple(parsed),
        font_configuration=configuration,
        counter_style=counters,
        srgb=(files("weasyprint.pdf") / "sRGB2014.icc").read_bytes(),
        listed=listed_marks(fonts),
    )


def compose(
    html: str,
    styles: Styles,
    identity: Identity,
    fetcher: AssetFetcher,
    *,
    max_pages: int,
    quote: Callable[[str], str],
    file: str | None = None,
) -> Paper:
    """Lay out ``html`` and write it as PDF/A-3a and PDF/UA-1.

    ``quote`` decides what messages may repeat, ``file`` names the layout in them. Raises RenderError: ``render.asset``,
    ``render.glyph``, ``render.face``, ``render.overflow`` and ``render.warning`` for what would be missing from a page,
    ``render.limit`` beyond ``max_pages`` or the time limit, ``render.layout`` when the engine itself fails.
    """
    place = Place(channel="statement", file=file)
    if len(html) > max_pages * MAX_CHARACTERS_PER_PAGE:
        raise RenderError("render.limit", f"The text cannot fit on {max_pages} pages.", place=place, hint=_SHORTEN)
    with Watch(quote=quote, max_pages=max_pages, seconds=MAX_CPU_S) as watch, _refusals(fetcher, file):
        try:
            with _collector_paused():
                document = _laid_out(html, styles, fetcher)
                check_fit(document)
                describe(document.metadata, title=identity.title, author=identity.author, language=identity.language)
                data: bytes = document.write_pdf(
                    pdf_variant=VARIANT,
                    pdf_identifier=identifier(identity.plan_digest),
                    output_intent=COLOURS,
                    finisher=_finish,
                )
        except TooLong as error:
            raise RenderError(
                "render.limit",
                f"The statement needs more than {max_pages} pages or too much time.",
                place=place,
                hint=_SHORTEN,
            ) from error
        except (DearlyError, MemoryError):
            raise
        except Exception as error:  # whatever the engine trips over; the text of such an error may repeat the page
            kind = type(error).__name__
            raise RenderError("render.layout", f"The engine failed with {kind}.", place=place) from error
    if watch.complaints:
        order = ("render.asset", "render.glyph", "render.warning")
        raise min(watch.complaints, key=lambda complaint: order.index(complaint.code)).at(file=file)
    check_faces(document.fonts, styles.listed)
    return Paper(data=data, pages=len(document.pages))


def _laid_out(html: str, styles: Styles, fetcher: AssetFetcher) -> Document:
    return HTML(string=html, url_fetcher=fetcher).render(
        stylesheets=list(styles.sheets),
        font_config=styles.font_configuration,
        counter_style=styles.counter_style,
        color_profiles={COLOURS: _Colours(styles.srgb)},
        pdf_variant=VARIANT,
        output_intent=COLOURS,
    )


def _finish(document: Document, pdf: Any) -> None:
    complete_tags(document, pdf)
    archivable(pdf)


@contextmanager
def _refusals(fetcher: AssetFetcher, file: str | None) -> Iterator[None]:
    """Turn the engine's fatal error, which no ``except Exception`` sees, into the refusal behind it.

    Also raises a refusal that the engine kept to itself: its SVG code swallows the fatal error too.
    """
    fetcher.refused.clear()
    try:
        yield
    except FatalURLFetchingError as error:
        raise fetcher.refused[0].at(file=file) from error
    if fetcher.refused:
        raise fetcher.refused[0].at(file=file)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No cyclic collection while one document is made: it finds nothing there and costs 14 to 17 % of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
