"""Handing in: one request, or a stream of any number."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from renderer.api import stream
from renderer.api.bodies import body_of, check_kind, size_of
from renderer.api.described import answers, body, with_key
from renderer.api.gate import closing
from renderer.api.house import House
from renderer.api.model import HandedSaid
from renderer.api.offers import LOCALE, REQUEST_ID
from renderer.api.pages import done
from renderer.api.problems import MOST_ERRORS, Refusal
from renderer.ledger.hand_in import Handed
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import PRIORITIES
from renderer.publishing import NAME
from renderer.template.model import CHANNELS

PATH = "/v1/requests"
STREAM_PATH = "/v1/requests:stream"

_FIELDS: dict[str, Any] = {
    "template": {
        "type": "string",
        "pattern": f"^{NAME.pattern}$",
        "description": "An id for the active release, or `id@digest` for that one (8 digits of a digest are enough).",
        "examples": ["energy-bill"],
    },
    "profile": {"type": "object", "description": "One record, as the template's contract asks for it."},
    "channels": {
        "type": ["array", "null"],
        "items": {"enum": list(CHANNELS)},
        "minItems": 1,
        "uniqueItems": True,
        "description": "Without it, all that the template has.",
    },
    "priority": {"enum": list(PRIORITIES), "default": "normal"},
    "as_of": {
        "type": ["string", "null"],
        "format": "date",
        "description": "The day it speaks from, where the profile has none.",
    },
    "locale": {"type": ["string", "null"], "pattern": LOCALE, "description": "Wins over the profile's."},
}
REQUEST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["template", "profile"],
    "additionalProperties": False,
    "properties": _FIELDS,
}
LINE_SCHEMA: dict[str, Any] = {
    **REQUEST_SCHEMA,
    "required": ["request_id", "template", "profile"],
    "properties": {
        "request_id": {
            "type": "string",
            "pattern": REQUEST_ID,
            "description": "The sender's name for it. Sent twice, it is one request.",
        },
        **_FIELDS,
    },
}
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["status"],
    "additionalProperties": False,
    "properties": {
        "line": {"type": "integer", "minimum": 1, "description": "The line of the body that it answers."},
        "request_id": {"type": ["string", "null"]},
        "status": {
            "enum": ["accepted", "known", "refused", "end", "stopped"],
            "description": "The last line is `end`, or `stopped` with the reason; without one of them, the answer was "
            "cut.",
        },
        "id": {"type": "string", "description": "The request, where it is in the ledger."},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "field": {"type": "string"},
        "hint": {"type": "string"},
        "more": {"type": "integer", "maximum": MOST_ERRORS, "description": "Further faults of the same record."},
        "lines": {"type": "integer"},
        "accepted": {"type": "integer"},
        "known": {"type": "integer"},
        "refused": {"type": "integer"},
    },
}
_PROFILE = {"customer": {"id": "C-1", "name": "Anna Bianchi"}, "bill": {"total": 66.9, "currency": "EUR"}}
_EXAMPLE = {"template": "energy-bill", "profile": _PROFILE, "channels": ["statement"], "priority": "high"}


def router(house: House) -> APIRouter:
    """The addresses that take requests in."""
    found = APIRouter(tags=["submit"])
    submits = house.doorkeeper.needs("submit")

    @found.post(
        PATH,
        status_code=202,
        summary="Hand in one request",
        operation_id="submit",
        response_model=None,
        responses=answers(
            (202, HandedSaid, "It is new, and in the ledger."),
            (200, HandedSaid, "It was handed in before, with the same body."),
            problems=(400, 409),
        ),
        openapi_extra={**with_key("submit"), **body(("application/json",), REQUEST_SCHEMA, _EXAMPLE)},
    )
    async def submit(
        request: Request,
        key: Annotated[ApiKey, Depends(submits)],
        idempotency_key: Annotated[
            str,
            Header(
                pattern=REQUEST_ID,
                description="Your name for this request. With the same body it may be sent again and changes nothing.",
                examples=["bill-2026-11-0815"],
            ),
        ],
    ) -> Response:
        if len(request.headers.getlist("idempotency-key")) > 1:  # which of them counts is anybody's guess
            raise closing(
                Refusal(400, "api.argument", "The header Idempotency-Key came more than once.", field="idempotency-key")
            )
        with house.bodies.hold(size_of(request)):
            data = await body_of(request, "application/json")
            handed = await house.desk.hand_in(idempotency_key, data, key, request.scope["state"]["trace"])
            return handed_response(house, handed)

    @found.post(
        STREAM_PATH,
        summary="Hand in many requests, as a stream",
        operation_id="submitStream",
        response_model=None,
        description="Each line of the body is a request with its own `request_id`; each line of the answer says what "
        "became of one, while the body is still being sent; with `Dearly-Answers: after-body`, a header for proxies "
        "that cannot pass that on, once all of it has come. A stream that was cut can be sent again whole: what was "
        "taken in is known.",
        responses={
            **answers(problems=(400,)),
            200: {
                "description": "A line for each line that is not empty, in their order, then one with the counts.",
                "content": {stream.MEDIA_TYPE: {"schema": ANSWER_SCHEMA}},
            },
        },
        openapi_extra={
            **with_key("submit"),
            **body(stream.MEDIA_TYPES, LINE_SCHEMA, {"request_id": "bill-2026-11-0815", **_EXAMPLE}),
        },
    )
    async def submit_stream(request: Request, key: Annotated[ApiKey, Depends(submits)]) -> Response:
        check_kind(request, *stream.MEDIA_TYPES)
        if not house.streams.enter(key.id):
            raise Refusal(429, "api.rate", "This key sends as many streams as it may.", headers={"Retry-After": "10"})
        taker = stream.Taker(house.entry, key, house.doorkeeper.standing(request))
        return stream.LinesResponse(
            taker.take,
            house.stream_pool,
            house.services.settings.work,
            lambda: house.streams.leave(key.id),
            after_body=request.headers.get("dearly-answers") == "after-body",
        )

    return found


def handed_response(house: House, handed: Handed) -> Response:
    """The answer to one who handed a request in."""
    href = f"{house.base}{PATH}/{handed.id}"
    new = handed.answer == "new"
    said = HandedSaid(id=handed.id, status="accepted" if new else "known", state=handed.state, href=href)
    return done(said, 202 if new else 200, {"Location": href})
