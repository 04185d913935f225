"""The client of Dearly's HTTP API, for systems in Python::

    from dearly.client import Client

    with Client("https://dearly.example", key) as dearly:
        handed = dearly.submit("energy-bill", profile, "bill-2026-11-0815", channels=["statement"])
        request = dearly.wait(handed.id, timeout_s=120)
        dearly.download(request.id, "statement/statement.pdf", "bill.pdf")

Every method may be called from several threads. Each raises :class:`~dearly.errors.ApiError` for what the API refuses
and :class:`~dearly.errors.Unreachable` when no answer comes; both only after what may pass was tried again for a while.
Nothing of a profile is kept, logged, or in an error.
"""

from __future__ import annotations

import heapq
import os
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from dearly import downloading, model, streaming
from dearly.calls import Calls, body_of, check_name, place
from dearly.errors import (
    ApiError,
    Busy,
    Conflict,
    Damaged,
    DearlyError,
    Fault,
    NotAllowed,
    NotGenuine,
    NotThere,
    Refused,
    StillOpen,
    Unreachable,
)
from dearly.model import (
    Answer,
    Artefact,
    Channel,
    Handed,
    Line,
    Link,
    Report,
    Request,
    Run,
    Standing,
    Template,
    WholeTemplate,
    Why,
)
from dearly.webhooks import Event, verify_webhook

__all__ = [
    "Answer",
    "ApiError",
    "Artefact",
    "Busy",
    "Channel",
    "Client",
    "Conflict",
    "Damaged",
    "DearlyError",
    "Event",
    "Fault",
    "Handed",
    "Line",
    "Link",
    "NotAllowed",
    "NotGenuine",
    "NotThere",
    "Refused",
    "Report",
    "Request",
    "Run",
    "Standing",
    "StillOpen",
    "Template",
    "Unreachable",
    "WholeTemplate",
    "Why",
    "verify_webhook",
]

PATIENCE_S = 60.0
TIMEOUT_S = 60.0
FIRST_LOOK_S, LAST_LOOK_S = 0.2, 5.0
"""Pauses between two looks at a request: from the one to the other, by half as much again each time."""
PAGE = 200

JSON = {"Content-Type": "application/json"}


class Client:
    """Calls of one key to the API at ``url``.

    ``patience_s`` is how long a call is tried again after what may pass: no connection, a cut answer, 429, 503.
    ``timeout_s`` is how long one try may be silent. ``http`` is an httpx client of your own, for a proxy or a
    certificate authority; it stays yours to close.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience_s: float = PATIENCE_S,
        timeout_s: float = TIMEOUT_S,
        http: httpx.Client | None = None,
    ) -> None:
        self._calls = Calls(url, key, patience_s, timeout_s, http)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:  # never the key
        return f"Client({self._calls.url!r})"

    def close(self) -> None:
        """Close connections."""
        self._calls.close()

    # ---- Handing in

    def submit(
        self,
        template: str,
        profile: Mapping[str, Any],
        request_id: str,
        *,
        channels: Sequence[str] | None = None,
        priority: str | None = None,
        as_of: str | None = None,
        locale: str | None = None,
    ) -> Handed:
        """Hand one request in.

        ``request_id`` is your name for it, up to 255 visible ASCII characters: handed in twice under one name, it is
        one request. ``template`` is an id or ``id@digest``. Raises Refused for a profile that breaks the template's
        contract (``faults`` has all that is wrong), Conflict for a name that stands for something else.
        """
        said: dict[str, Any] = {"template": template, "profile": profile}
        optional = {"channels": channels, "priority": priority, "as_of": as_of, "locale": locale}
        said.update({name: value for name, value in optional.items() if value is not None})
        headers = {**JSON, "Idempotency-Key": check_name(request_id)}
        return model.handed(self._calls.json("POST", "/v1/requests", headers=headers, content=body_of(said)))

    def submit_many(self, lines: Iterable[Line | Mapping[str, Any]]) -> Iterator[Answer]:
        """Hand any number in; yields what became of each, in their order, while further ones are still read.

        A line has ``request_id``, ``template``, ``profile``, and what else :meth:`submit` takes. Memory does not grow
        with their number. One that the API refuses is an answer with ``status`` ``refused``; the others go on. What is
        cut or turned away is sent again; when that stays so for ``patience_s``, Unreachable or Busy is raised, and all
        may be handed in again from the beginning: what was taken in is ``known``. Nothing is sent before the first
        answer is asked for; stop asking, and at most some lines that were read before are still taken in. Raises
        ValueError for a line without a ``request_id`` or that is no JSON.
        """
        return streaming.hand_in(self._calls, lines)

    # ---- Requests

    def request(self, id: str) -> Request:
        """How a request stands. Raises NotThere."""
        return model.request(self._calls.json("GET", place("requests", id)))

    def requests(
        self, *, state: str | None = None, template: str | None = None, run: str | None = None
    ) -> Iterator[Request]:
        """All requests that the key sees, the newest first, without their channels; page by page as they are asked
        for."""
        return map(model.request, self._pages("/v1/requests", {"state": state, "template": template, "run": run}))

    def wait(self, id: str, timeout_s: float) -> Request:
        """A request once it has ended: done, failed, suppressed or cancelled. Raises StillOpen after ``timeout_s``."""
        for _, found in self.wait_many([id], timeout_s):
            return found
        raise AssertionError("unreachable")

    def wait_many(self, ids: Iterable[str], timeout_s: float) -> Iterator[tuple[str, Request]]:
        """Yields each of some requests with its id when it has ended, the first to end first. They are asked for one by
        one, ever less often: for thousands, webhooks cost less. Raises StillOpen for one that has not ended after
        ``timeout_s``."""
        until = time.monotonic() + timeout_s
        looks = [(0.0, number, id, FIRST_LOOK_S) for number, id in enumerate(dict.fromkeys(ids))]
        tags: dict[str, tuple[str, Request]] = {}
        while looks:
            due, number, id, pause_s = heapq.heappop(looks)
            time.sleep(max(0.0, min(due, until) - time.monotonic()))
            tag, found = self._look(id, tags.get(id), max(1.0, until - time.monotonic()))
            if found.ended:
                tags.pop(id, None)
                yield id, found
                continue
            if time.monotonic() >= until:
                raise StillOpen(found)
            tags[id] = tag, found
            due = time.monotonic() + pause_s * random.uniform(0.75, 1.25)
            heapq.heappush(looks, (due, number, id, min(LAST_LOOK_S, 1.5 * pause_s)))

    def cancel(self, id: str) -> Request:
        """Call a request off. Raises Conflict for one that has ended otherwise."""
        return model.request(self._calls.json("POST", place("requests", id, "cancel")))

    def retry(self, id: str) -> Handed:
        """Try a failed request again, as a new one; twice is once. Raises Conflict for one that did not fail, NotThere
        when its profile is not kept any more."""
        return model.handed(self._calls.json("POST", place("requests", id, "retry")))

    # ---- Files

    def artefacts(self, id: str) -> tuple[Artefact, ...]:
        """The files of those channels of a request that are done."""
        return tuple(map(model.artefact, model.items(self._calls.json("GET", place("requests", id, "artefacts")))))

    def download(self, id: str, path: str, to: str | os.PathLike[str]) -> Path:
        """Fetch one file of a request to a path, or into a folder; where it is now.

        It is there only once it is whole and its digest right, for its owner only; what was there before is replaced in
        one step. What is cut goes on where it was. Raises NotThere, Damaged, OSError.
        """
        return downloading.download(self._calls, id, path, to)

    def download_all(self, id: str, to: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Fetch all files of a request into a folder, under their paths: a microsite needs them so."""
        found = []
        for artefact in self.artefacts(id):
            target = downloading.place_in(Path(to), artefact.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            found.append(self.download(id, artefact.path, target))
        return tuple(found)

    def link(self, id: str, path: str, *, expires_in_s: int = 24 * 3600) -> Link:
        """An address that opens one file for whoever has it, without a key. Raises Conflict for a request without
        files yet, NotThere."""
        said = body_of({"paths": [path], "expires_in_s": expires_in_s})
        answer = self._calls.json("POST", place("requests", id, "links"), headers=JSON, content=said)
        return model.link(answer, self._calls.url)

    # ---- Runs

    def runs(self, *, state: str | None = None) -> Iterator[Run]:
        """All runs that the key sees, the newest first."""
        return map(model.run, self._pages("/v1/runs", {"state": state}))

    def run(self, id: str) -> Standing:
        """How a run stands."""
        return model.standing(self._calls.json("GET", place("runs", id)))

    def report(self, id: str) -> Report:
        """What came in with a run and what became of it. Raises Conflict for a run that takes requests for ever."""
        return model.report(self._calls.json("GET", place("runs", id, "report")))

    def approve_run(self, id: str) -> Run:
        """Let a run that is held go on."""
        return model.run(self._calls.json("POST", place("runs", id, "approve")))

    def cancel_run(self, id: str) -> Run:
        """Call off what is still open of a run."""
        return model.run(self._calls.json("POST", place("runs", id, "cancel")))

    def retry_run(self, id: str) -> Run:
        """Try again what failed of a run. Not repeated by itself once it may have arrived: twice would try again what
        failed since."""
        return model.run(self._calls.json("POST", place("runs", id, "retry"), once=True))

    # ---- Templates

    def templates(self) -> tuple[Template, ...]:
        """All templates that the key may use."""
        return tuple(map(model.template, model.items(self._calls.json("GET", "/v1/templates"))))

    def template(self, id: str) -> WholeTemplate:
        """How a template is filled, what it makes, and its releases."""
        return model.whole_template(self._calls.json("GET", place("templates", id)))

    # ---- Shared

    def _look(self, id: str, before: tuple[str, Request] | None, patience_s: float) -> tuple[str, Request]:
        """A request and its tag; what was there ``before`` when nothing has changed."""
        tag = {"If-None-Match": before[0]} if before else None
        headers, said = self._calls.answer("GET", place("requests", id), headers=tag, patience_s=patience_s)
        if said is None and before:
            return before
        return headers.get("etag", ""), model.request(said)

    def _pages(self, path: str, asked: Mapping[str, str | None]) -> Iterator[Mapping[str, Any]]:
        params: Mapping[str, Any] = {**asked, "limit": PAGE}
        while True:
            found, params = model.page(self._calls.json("GET", path, params=params))
            yield from found
            if not params:
                return
