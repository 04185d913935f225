"""Bodies of calls: of the right kind, within the limits of the gate."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from renderer.api.gate import RECORD_BODY, closing
from renderer.api.problems import Refusal


async def body_of(request: Request, *kinds: str, required: bool = True) -> bytes:
    """The whole body. Raises a Refusal 415 for another kind, and what the gate refuses."""
    if (
        not required
        and request.headers.get("content-length", "0") == "0"
        and "transfer-encoding" not in request.headers
    ):
        return b""
    check_kind(request, *kinds)
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(400, "api.body", "The body did not come whole.") from None


def check_kind(request: Request, *kinds: str) -> None:
    """Raises a Refusal 415 unless the body is said to be of one of these kinds, in UTF-8."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower().replace('"', "")
    if kind.strip().lower() not in kinds or charset not in ("", "charset=utf-8"):
        raise closing(
            Refusal(
                415,
                "api.media-type",
                "The body is of another kind than this address takes.",
                hint="Send it as " + kinds[0] + ".",
                headers={"Accept-Post": ", ".join(kinds)},
            )
        )


def size_of(request: Request) -> int:
    """The bytes that a body may turn out to have."""
    given = request.headers.get("content-length", "")
    return int(given) if given.isascii() and given.isdigit() else RECORD_BODY
