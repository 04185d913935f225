"""Listens to WeasyPrint, fontTools and their kin while one statement is made.

WeasyPrint ships a page without its image, its style or its letters and only writes a line to a log. Here that line is
what fails the job. The lines never reach other handlers: they quote the page, and so the profile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from renderer.errors import Place, RenderError

LOGGERS: Final = ("weasyprint", "fontTools", "pydyf")
PROGRESS: Final = "weasyprint.progress"
_GLYPH: Final = ".notdef glyph rendered"
_ASSET: Final = (
    "Failed to load",
    "Relative URI reference",
    "Font-face %r cannot be loaded",
    "Malformed URL",
    "Malformed base URL",
    "Unsupported stylesheet",
    "Failed to render SVG image",
)
HINTS: Final = {
    "render.asset": "Use asset('media/…') in layouts and url(media/…) in styles.",
    "render.warning": "Take out of the layout or the style sheet what the engine does not understand.",
    "render.glyph": "Add a font that has them to the template's font list.",
}


class TooLong(Exception):
    """The document has more pages, or needs more time, than it may. Raised from inside the engine's own log call."""


@dataclass
class Watch:
    """What the engine said during one render in this thread.

    ``max_pages`` pages may be laid out before :class:`TooLong`, within ``seconds`` of this thread's CPU time. ``quote``
    gives a text back if a message may repeat it, else an ellipsis.
    """

    quote: Callable[[str], str]
    max_pages: int = 10_000
    seconds: float = 120.0
    complaints: list[RenderError] = field(default_factory=list)
    _end: float = 0.0
    _outer: Watch | None = None

    def __enter__(self) -> Watch:
        _listen()
        self._outer = getattr(_current, "watch", None)
        self._end = time.thread_time() + self.seconds
        _current.watch = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.watch = self._outer

    def progress(self, record: logging.LogRecord) -> None:
        page = next((arg for arg in record.args or () if isinstance(arg, int)), 0)
        if page > self.max_pages or time.thread_time() > self._end:
            raise TooLong

    def complaint(self, record: logging.LogRecord) -> None:
        template = str(record.msg)
        code = (
            "render.glyph"
            if template.startswith(_GLYPH)
            else "render.asset"
            if template.startswith(_ASSET)
            else "render.warning"
        )
        self.complaints.append(
            RenderError(
                code,
                f"The engine says: {self._said(template, record.args)}.",
                place=Place(channel="statement"),
                hint=HINTS[code],
            )
        )

    def _said(self, template: str, args: object) -> str:
        """The engine's sentence with the template's own words in it; numbers stay, everything else is an ellipsis."""
        values = args if isinstance(args, tuple) else ()
        shown = tuple(value if isinstance(value, int | float) else self.quote(str(value)) for value in values)
        try:
            text = template % shown if values else template
        except (TypeError, ValueError):
            text = template
        return text.strip().rstrip(".")[:300]


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        watch: Watch | None = getattr(_current, "watch", None)
        if watch is None:
            return
        if record.name == PROGRESS:
            watch.progress(record)
        elif record.levelno >= logging.WARNING:
            watch.complaint(record)


_current = threading.local()
_listener: Final = _Listener()


def _listen() -> None:
    """Put the one listener of this process on the engine's loggers. Logging is global, so this part cannot be else."""
    for name in (*LOGGERS, PROGRESS):
        logger = logging.getLogger(name)
        if _listener not in logger.handlers:
            logger.addHandler(_listener)
        logger.propagate = False
        logger.disabled = False
        logger.setLevel(logging.INFO if name == PROGRESS else logging.WARNING)
        if not logger.isEnabledFor(logging.WARNING):
            raise RuntimeError("logging is disabled in this process, so a broken page would go unnoticed")
