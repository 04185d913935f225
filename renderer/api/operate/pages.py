"""Pages: templates of this folder, filled and sent with the headers that go with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renderer import __version__
from renderer.api.operate.doorman import Visitor
from renderer.api.operate.words import FILTERS, bar

FOLDER = Path(__file__).with_name("page")
PREFIX = "/operate"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "Cache-Control": "private, no-store",
    # Not no-referrer: with that, browsers hide where a form comes from, also from ourselves.
    "Referrer-Policy": "same-origin",
}


class Pages:
    """Fills the templates. ``base`` is the path that a proxy puts before every address; ``sheets`` gives the addresses
    of styles and script by name."""

    def __init__(self, base: str, sheets: Callable[[str], str]) -> None:
        self._base = base
        self._jinja = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters.update(FILTERS)
        self._jinja.globals.update(at=self.at, sheet=sheets, bar=bar, version=__version__)

    def at(self, path: str = "") -> str:
        """The address of a page."""
        return f"{self._base}{PREFIX}{path}"

    def show(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        shows: bool = False,
        refresh_s: int = 0,
        **data: Any,
    ) -> Response:
        """A page as an answer. With ``shows`` it may show a sample: frames and films of ours. With ``refresh_s`` its
        script looks again so often."""
        visitor: Visitor | None = request.scope["state"].get("visitor")
        text = self._jinja.get_template(name).render(visitor=visitor, refresh_s=refresh_s, **data)
        policy = _POLICY + ("; frame-src 'self'; media-src 'self'" if shows else "")
        headers = {**_HEADERS, "Content-Security-Policy": policy}
        return Response(text, status, headers, "text/html; charset=utf-8")

    def go(self, path: str) -> Response:
        """Another page as the answer to a form."""
        return RedirectResponse(self.at(path), 303, _HEADERS)
