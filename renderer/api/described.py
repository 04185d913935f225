"""How routes are described: every answer that a call can have, and the key that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from renderer.api.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]

WORDS: Mapping[int, str] = {
    304: "What the client has is what there is.",
    400: "The body cannot be read, or a header came twice.",
    401: "No key, or one that opens nothing.",
    403: "The key does not allow this.",
    404: "Nothing is there, or nothing that this key sees.",
    408: "The body came too slowly.",
    409: "It is not in a state for this, or its name stands for something else.",
    410: "The file is not kept any more.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    416: "The file is not so long.",
    422: "What was sent cannot be used; the code says why.",
    429: "Too many calls; `Retry-After` says when.",
    500: "A fault of the API.",
    503: "The installation cannot do this now; `Retry-After` says when to try again.",
}
ALWAYS = (413, 415, 408, 422, 500, 503)
KEYED = (401, 403, 429)


def answers(
    *models: tuple[int, type[BaseModel], str], problems: tuple[int, ...] = (), keyed: bool = True, tagged: bool = False
) -> Responses:
    """Every answer of a route. ``tagged``: it is a GET with an ETag."""
    found: Responses = {status: {"model": model, "description": words} for status, model, words in models}
    if tagged:
        found[304] = {"description": WORDS[304]}
    for status in sorted({*problems, *ALWAYS, *(KEYED if keyed else ())}):
        found.setdefault(
            status,
            {
                "description": WORDS[status],
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
    return found


def with_key(scope: str) -> dict[str, Any]:
    """That a route needs a key with a scope."""
    return {"security": [{"key": [scope]}]}


def body(kinds: tuple[str, ...], schema: Mapping[str, Any], example: Any, *, required: bool = True) -> dict[str, Any]:
    """A body that the route reads by itself."""
    return {
        "requestBody": {
            "required": required,
            "content": {kind: {"schema": schema, "examples": {"one": {"value": example}}} for kind in kinds},
        }
    }
