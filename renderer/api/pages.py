"""Answers with data: as JSON with a tag of what they say, and pages that lead to the next."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlencode

from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from renderer.api.files import matches
from renderer.api.problems import Refusal
from renderer.errors import EnvironmentFault
from renderer.ledger.seal import Vault

CURSOR = r"^[A-Za-z0-9_-]{20,200}$"
CACHE = "private, no-cache"
"""Kept by the client's own cache only, and asked for again each time."""


class Cursors:
    """Where a page goes on, sealed: it may be the id of something that the caller's key does not see."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def write(self, below: str) -> str:
        return base64.urlsafe_b64encode(self._vault.seal(below.encode(), "cursor")).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> str | None:
        """Raises a Refusal 422 for a cursor that was not made here."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            return self._vault.open(data, "cursor").decode()
        except (ValueError, EnvironmentFault):
            raise Refusal(
                422, "api.argument", "after: this is not where a page of ours goes on.", field="after"
            ) from None


def said(request: Request, model: BaseModel, *, below: str | None = None) -> Response:
    """A GET's answer, or 304 when the client has it. ``below`` is where the next page starts, which ``model`` has in a
    writing that is another each time."""
    body = model.model_dump_json(by_alias=True)
    told = model.model_dump_json(exclude={"next"}) + (below or "")
    etag = f'"{hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": CACHE}
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    following = getattr(model, "next", None)
    if following is not None:
        headers["Link"] = f'<{following}>; rel="next"'
    return Response(body, headers=headers, media_type="application/json")


def done(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A POST's answer."""
    return Response(model.model_dump_json(by_alias=True), status, headers, "application/json")


def next_page(request: Request, base: str, cursors: Cursors, below: str | None) -> str | None:
    """The address of the next page: this one's, with another cursor. ``base`` is the house's."""
    if below is None:
        return None
    asked = [(name, value) for name, value in QueryParams(request.scope["query_string"]).multi_items()]
    kept = [(name, value) for name, value in asked if name != "after"]
    return f"{base}{request.url.path}?{urlencode([*kept, ('after', cursors.write(below))])}"
