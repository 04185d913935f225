"""Everything that can go wrong, as one tree::

    DearlyError
    ├── Unreachable     no answer came, after all tries
    ├── StillOpen       a request has not ended in the time that was given
    ├── Damaged         a download is not the file that it should be
    ├── NotGenuine      a webhook that Dearly did not send, or an old one
    └── ApiError        the API's own answer, a problem (RFC 9457)
        ├── Refused     400, 413, 415, 422: what was sent cannot be used; sending it again changes nothing
        ├── NotAllowed  401, 403: the key opens nothing, or not this
        ├── NotThere    404, 410: nothing is there, or not any more
        ├── Conflict    409: not in a state for this, or the name stands for something else
        └── Busy        408, 429, 502, 503, 504: not now, after all tries

No text of an error holds a value of a profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dearly.model import Request


class DearlyError(Exception):
    """See the module."""


class Unreachable(DearlyError):
    """No whole answer came. Whether the call arrived is not known; the same call may be made again."""


class StillOpen(DearlyError):
    """``request`` is how it stood last. It goes on by itself."""

    def __init__(self, request: Request) -> None:
        super().__init__(f"The request {request.id} has not ended in time: it is {request.state}.")
        self.request = request


class Damaged(DearlyError):
    """What came is not the file whose digest the API gave."""


class NotGenuine(DearlyError):
    """The message is not to be believed. Answer 400 and do nothing else."""


@dataclass(frozen=True)
class Fault:
    """One fault of a record. ``code`` is one of Dearly's error codes."""

    code: str
    message: str
    field: str | None = None
    hint: str | None = None


class ApiError(DearlyError):
    """What the API answered.

    ``code`` is one of Dearly's error codes (``http`` where the answer was not the API's, as of a proxy), ``field`` the
    field of the profile or of the call, ``faults`` all faults of the record, ``call`` the call's id in the API's log,
    ``retry_after_s`` when to come again.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.code = str(problem.get("code", "http"))
        self.detail = str(problem.get("detail", f"The answer was {status}."))
        self.field: str | None = problem.get("field")
        self.hint: str | None = problem.get("hint")
        self.call = str(problem.get("instance", "")).rpartition(":")[2]
        self.retry_after_s = retry_after_s
        self.faults = tuple(
            Fault(str(one.get("code")), str(one.get("message")), one.get("field"), one.get("hint"))
            for one in _records(problem.get("errors"))
        ) or (Fault(self.code, self.detail, self.field, self.hint),)
        place = f"{self.field}: " if self.field else ""
        super().__init__(f"{status} {self.code}: {place}{self.detail}" + (f" {self.hint}" if self.hint else ""))


def _records(found: object) -> list[Mapping[str, Any]]:
    """What a proxy says is not always of this shape."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class Refused(ApiError):
    """What was sent cannot be used."""


class NotAllowed(ApiError):
    """The key opens nothing, or not this."""


class NotThere(ApiError):
    """Nothing is there that this key sees, or not any more."""


class Conflict(ApiError):
    """Not in a state for this, or the name stands for something else."""


class Busy(ApiError):
    """Not now."""


KINDS: Mapping[int, type[ApiError]] = {
    400: Refused,
    401: NotAllowed,
    403: NotAllowed,
    404: NotThere,
    408: Busy,
    409: Conflict,
    410: NotThere,
    413: Refused,
    415: Refused,
    422: Refused,
    429: Busy,
    502: Busy,
    503: Busy,
    504: Busy,
}
"""Which error a status is; any other is an :class:`ApiError` and nothing more."""
