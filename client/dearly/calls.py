"""One call, tried until it is answered: the API takes every call twice, so what was lost is simply sent again.

What goes wrong on the way (no connection, a cut answer) and what passes (429, 503, a proxy's 502) is tried again after
a pause, as long as the whole call's patience lasts: what ``Retry-After`` asks for, else (also where that is 0) a random
part of a quarter of a second that doubles each time, so that many clients do not come back together.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Callable
from urllib.parse import quote

import httpx

from dearly import __version__
from dearly.errors import KINDS, ApiError, Busy, DearlyError, Unreachable

FIRST_S, LONGEST_S = 0.25, 10.0
"""Between these the limit of a pause doubles."""
MOST_PROBLEM = 256 * 2**10
"""Bytes of an error's answer that are read."""

_NAME = re.compile(r"[!-~]{1,255}")


class Patience:
    """The pauses of one call, over after some seconds. ``wait`` sleeps; true from it: nobody waits any more."""

    def __init__(self, seconds: float, wait: Callable[[float], Any] = time.sleep) -> None:
        self._until = time.monotonic() + seconds
        self._wait = wait
        self._limit = FIRST_S

    def pause(self, error: DearlyError) -> None:
        """Wait before the next try. Raises ``error`` when there is none."""
        asked_s = error.retry_after_s if isinstance(error, ApiError) else None
        pause_s = random.uniform(0, self._limit)
        if asked_s:
            pause_s = asked_s + min(pause_s, 0.25 * asked_s)
        self._limit = min(LONGEST_S, 2 * self._limit)
        if time.monotonic() + pause_s > self._until or self._wait(pause_s):
            raise error


def place(*parts: str) -> str:
    """The path of one thing of the API. A part stays one, whatever is in it."""
    return "/".join(("/v1", *(quote(part, safe=":") for part in parts)))


class Calls:
    """Calls with a key to the API at an address."""

    def __init__(self, url: str, key: str, patience_s: float, timeout_s: float, http: httpx.Client | None) -> None:
        self.url = url.rstrip("/")
        self.patience_s = patience_s
        self._own = http is None
        self._http = http or httpx.Client()
        self._timeout = httpx.Timeout(timeout_s, connect=min(10.0, timeout_s))
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": f"dearly-client/{__version__}"}

    def close(self) -> None:
        if self._own:
            self._http.close()

    def json(self, method: str, path: str, *, once: bool = False, **given: Any) -> Any:
        """The JSON of an answer; None for 304. ``given`` as :meth:`stream` takes it. With ``once`` the call is not
        repeated after it may have arrived. Raises ApiError and Unreachable."""
        return self.answer(method, path, once=once, **given)[1]

    def answer(
        self, method: str, path: str, *, once: bool = False, patience_s: float = math.inf, **given: Any
    ) -> tuple[httpx.Headers, Any]:
        """As :meth:`json`, with the answer's headers. ``patience_s`` may only be less than the usual."""
        patience = Patience(min(patience_s, self.patience_s))
        while True:
            try:
                with self.stream(method, path, **given) as response:
                    if response.status_code == 304:
                        return response.headers, None
                    return response.headers, _json(response.read())
            except (Busy, Unreachable) as error:
                if once and isinstance(error, Unreachable) and not isinstance(error.__cause__, httpx.ConnectError):
                    raise
                patience.pause(error)

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
    ) -> Iterator[httpx.Response]:
        """One try: an answer of 2xx or 304 whose body is still to be read. Errors while it is read become Unreachable
        too. Raises ApiError and Unreachable."""
        asked = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            with self._http.stream(
                method,
                self.url + path,
                params=asked or None,
                content=content,
                headers={**self._headers, **(headers or {})},
                timeout=self._timeout,
                follow_redirects=False,
            ) as response:
                if not (response.is_success or response.status_code == 304):
                    raise _error_of(response)
                yield response
        except (httpx.RequestError, httpx.StreamError) as error:
            # httpx's own texts may hold the address; what kind it was says enough.
            raise Unreachable(f"No whole answer came from the API ({type(error).__name__}).") from error


def body_of(said: Mapping[str, Any]) -> bytes:
    """JSON without spaces. Decimals become numbers and days texts. Raises ValueError for what JSON cannot say exactly;
    no value is in its text."""
    try:
        text = json.dumps(said, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except _Inexact:
        raise
    except (TypeError, ValueError, RecursionError):  # their texts may quote a value
        raise ValueError("A value is none that JSON has.") from None


class _Inexact(ValueError):
    pass


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        number = float(value)
        if Decimal(repr(number)) == value:  # always so with 15 digits, and the API takes no more
            return number
        raise _Inexact("A Decimal has more digits than a profile's numbers may have.")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError


def check_name(request_id: object, place: str = "") -> str:
    """A sender's name for a request: 1 to 255 visible ASCII characters. Raises ValueError for any other."""
    if not isinstance(request_id, str) or not _NAME.fullmatch(request_id):
        raise ValueError(f"{place}request_id is not a text of 1 to 255 visible ASCII characters")
    return request_id


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise Unreachable("The answer was not the API's: it is no JSON.") from None


def _error_of(response: httpx.Response) -> ApiError:
    data = b""
    for piece in response.iter_bytes():
        data += piece
        if len(data) > MOST_PROBLEM:
            break
    try:
        problem = json.loads(data)
    except ValueError:
        problem = None
    status = response.status_code
    kind = KINDS.get(status, ApiError)
    return kind(status, problem if isinstance(problem, dict) else {}, _seconds(response.headers.get("retry-after")))


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
