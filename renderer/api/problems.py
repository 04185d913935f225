"""Every error as ``application/problem+json`` (RFC 9457) with the project's codes, and the status that each has.

Messages are Dearly's own and hold no value of a profile. What is not one of Dearly's errors is a fault of this API: the
answer names the call, the log the place, and neither says what the exception said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from renderer.errors import (
    CODES,
    BadInput,
    DearlyError,
    EnvironmentFault,
    ErrorList,
    TemplateError,
    TransientError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_S = 5
"""After so many seconds a client may ask again where the environment was at fault."""
MOST_ERRORS = 50
"""Faults of one record that an answer lists."""


class Detail(BaseModel):
    """One of several faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str = Field(description="The error's code, one of docs/errors.md.", examples=["profile.missing"])
    message: str = Field(description="What is wrong, without any value that was sent.")
    field: str | None = Field(None, description="The field of the profile.", examples=["bill.total"])
    hint: str | None = Field(None, description="What to do.")


class Problem(BaseModel):
    """RFC 9457, with the error's code."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: str = Field(description="The code as a URI.", examples=["urn:dearly:error:api.key"])
    title: str = Field(description="What the code means.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What is wrong this time, without any value that was sent.")
    instance: str = Field(
        description="This very call, as the log has it.", examples=["urn:dearly:call:018f6d3c5a7b4c2d"]
    )
    code: str = Field(description="The error's code, one of docs/errors.md.", examples=["api.key"])
    field: str | None = Field(None, description="The field of the profile, or of the call.")
    hint: str | None = Field(None, description="What to do.")
    errors: tuple[Detail, ...] | None = Field(None, description="All faults of the record, where there are several.")


class Refusal(BadInput):
    """An error of the call itself, with its status and further headers."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.status = status
        self.field = field
        self.headers = dict(headers or {})


def not_there(what: str = "There is nothing at this address.") -> Refusal:
    """For what is not there, and for what the caller's key may not see: the answers do not differ."""
    return Refusal(404, "api.path", what)


def files_gone() -> Refusal:
    """For the files of a request that are not kept any more."""
    return Refusal(
        410,
        "api.gone",
        "The files of this request are not kept any more.",
        hint="To have them made again, hand it in under another name.",
    )


def busy(message: str, retry_s: int = 1) -> Refusal:
    """For when there is too much to do."""
    return Refusal(503, "api.busy", message, headers={"Retry-After": str(retry_s)})


def status_of(error: DearlyError) -> int:
    """The status of an error."""
    if isinstance(error, Refusal):
        return error.status
    return 503 if _own_matter(error) else 422


def _own_matter(error: DearlyError) -> bool:
    """Whether it is the installation's matter, not the caller's; mended, the same call works."""
    if isinstance(error, ErrorList):
        return any(map(_own_matter, error.errors))
    return isinstance(error, EnvironmentFault | TransientError | TemplateError)


def to_log(error: DearlyError) -> dict[str, str] | None:
    """What the log says of an error whose reason is not told outside; None of others."""
    return {"code": error.code, "reason": error.message} if _own_matter(error) else None


def detail_of(error: DearlyError) -> Detail:
    """One error without the place in the caller's input, which is always the first record."""
    field = error.field if isinstance(error, Refusal) else error.place.field
    return Detail(code=error.code, message=error.message, field=field, hint=error.hint)


def details_of(error: DearlyError) -> tuple[Detail, ...]:
    """All errors of a list, up to a limit. Of what is the installation's own matter only that it is so: a reason may
    name an author's file, or the address and the user of the ledger's server, also to one who has no key."""
    if _own_matter(error):
        said = "The template is not in order." if isinstance(error, BadInput) else CODES[error.code]
        return (Detail(code=error.code, message=said, field=None, hint=None),)
    each = error.errors if isinstance(error, ErrorList) else (error,)
    return tuple(map(detail_of, each[:MOST_ERRORS]))


def problem_response(call: str, error: DearlyError) -> Response:
    """The answer that an error is. ``call`` is the id of the call."""
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, Refusal) else {}
    first, *others = details_of(error)
    if status == 503:
        headers.setdefault("Retry-After", str(RETRY_S))
    problem = Problem(
        type=f"urn:dearly:error:{first.code}",
        title=CODES[first.code],
        status=status,
        detail=first.message,
        instance=f"urn:dearly:call:{call}",
        code=first.code,
        field=first.field,
        hint=first.hint,
        errors=(first, *others) if others else None,
    )
    return Response(problem.model_dump_json(exclude_none=True), status, headers, MEDIA_TYPE)


def call_of(request: Request) -> str:
    """The id of the call that is being answered."""
    found: str = request.scope["state"]["call"]
    return found


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Refusal:
    """An error that the framework gave only a status."""
    code, message = _OF_STATUS.get(status, ("api.argument", "The call cannot be answered."))
    return Refusal(status, code, message, headers=headers)


_OF_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("api.argument", "The call cannot be read."),
    404: ("api.path", "There is nothing at this address."),
    405: ("api.method", "The address does not take this method."),
    413: ("api.too-large", "The body is too large."),
    415: ("api.media-type", "The body is of another kind than this address takes."),
}


def of_arguments(faults: Any) -> Refusal:
    """The framework's findings about address and headers: which part, and pydantic's own sentence, never the value."""
    first = faults[0]
    where = [str(part) for part in first.get("loc", ())]
    name = where[-1] if where else "call"
    return Refusal(422, "api.argument", f"{name}: {_sentence(first)}", field=name)


def _sentence(fault: Mapping[str, Any]) -> str:
    kind = str(fault.get("type", ""))
    if kind == "value_error":  # its text may repeat what was given
        return "this value cannot be used."
    return str(fault.get("msg", "cannot be used")).rstrip(".") + "."
