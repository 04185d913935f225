"""A real HTTP API for tests: uvicorn on a loopback port, a ledger of the test's own, published small templates.

Nothing is rendered: :meth:`HttpHouse.make` puts the files of a request into store and ledger, as a worker would do.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import func, select, update

from renderer.api.app import make_app
from renderer.api.keys import SCOPES, Keys
from renderer.bootstrap import Services, build
from renderer.errors import CODES
from renderer.ledger.model import Fault, Outcome, Produced, artefact_key
from renderer.ledger.tables import parts, requests
from renderer.publishing import keep
from renderer.settings import Settings
from renderer.template.release import read_folder
from renderer.tracing import NO_TRACES, Traces
from tests import small_template

TEMPLATES = ("small", "other")


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.body.splitlines()]


class HttpHouse:
    """The API at ``port``, and the services below it."""

    def __init__(self, services: Services, port: int) -> None:
        self.services = services
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.keys = Keys(services.key_ring, services.vault)
        self.all = self.key(*SCOPES)

    def key(self, *scopes: str, templates: Sequence[str] | None = None, expires_ms: int | None = None) -> str:
        """A new key, as its holder shows it."""
        return self.keys.create("test", scopes, templates, expires_ms)[1]

    def call(
        self,
        method: str,
        path: str,
        body: bytes | str | dict[str, Any] | Iterator[bytes] | None = None,
        *,
        key: str | None = "",
        **headers: str,
    ) -> Answer:
        """One call with a key of every scope, another one, or (None) without. Header names with ``_``; a dict is sent
        as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.all}"
        if isinstance(body, dict):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent, encode_chunked=not isinstance(body, bytes | str | None))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def submit(self, name: str, template: str = "small", *, key: str = "", **changes: Any) -> Answer:
        """Hand in the small template's profile with other values, under a name."""
        body = {"template": template, "profile": small_template.profile_with(**changes), "channels": ["statement"]}
        return self.call("POST", "/v1/requests", body, key=key, Idempotency_Key=name)

    def stream(self, lines: Sequence[Any] | bytes, *, key: str = "") -> Answer:
        """Hand in lines, as they are or as JSON."""
        data = lines if isinstance(lines, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return self.call("POST", "/v1/requests:stream", data, key=key, Content_Type="application/jsonl")

    def make(
        self,
        request_id: str,
        files: Mapping[str, bytes] | None = None,
        fault: Fault | None = None,
        kinds: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Do a worker's work for a request of one channel, the statement: it is done with files, or failed. ``kinds``
        has kind and media type of a file by its path."""
        files = {"statement/statement.pdf": b"%PDF-1.7 " + bytes(range(256)) * 8} if files is None else files
        ledger = self.services.ledger
        plan = self._claim(f"{request_id}-plan")
        assert ledger.planned(plan, "digest", b"plan")
        part = self._claim(f"{request_id}-statement")
        if fault is not None:
            assert ledger.fail(part, fault)
            return
        made = []
        for path, data in files.items():
            key = artefact_key(request_id, path)
            stored = self.services.store.put_if_absent(key, data)
            kind, media_type = (kinds or {}).get(path, ("file", "application/pdf"))
            made.append(
                Produced(
                    path=path,
                    kind=kind,
                    media_type=media_type,
                    bytes=stored.bytes,
                    sha256=stored.sha256,
                    key=key,
                )
            )
        assert ledger.finish(part, Outcome(artefacts=tuple(made)))

    def _claim(self, part_id: str) -> Any:
        with self.services.database.writing() as connection:
            connection.execute(
                update(parts).where(parts.c.id == part_id).values(state="dispatched", lease_until_ms=2**60)
            )
        claim = self.services.ledger.claim(part_id, "test", 60_000)
        assert claim is not None
        return claim


@contextmanager
def http_house(folder: Path, ledger_url: str, traces: Traces = NO_TRACES, **settings: Any) -> Iterator[HttpHouse]:
    """The API with the templates ``small`` and ``other``, which is the same by another name."""
    services = build(Settings(home=folder / "home", database_url=ledger_url, **settings))
    for name in TEMPLATES:
        changes = {"template.yaml": small_template.FILES["template.yaml"].replace("id: small", f"id: {name}")}
        pinned = keep(services, read_folder(small_template.write(folder / name, changes)))
        services.book.activate(pinned.template, pinned.release.files_digest)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            make_app(services, traces),
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until
            time.sleep(0.01)
        try:
            yield HttpHouse(services, port)
        finally:
            server.should_exit = True
            thread.join(30)
            services.database.close()


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, which must be this one."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert (found["status"], found["code"]) == (status, code), found
    assert found["type"] == f"urn:dearly:error:{code}" and found["title"] == CODES[code]
    assert found["instance"] == f"urn:dearly:call:{answer.headers['x-request-id']}"
    return found


def requests_in(house: HttpHouse) -> int:
    """How many requests the ledger has."""
    with house.services.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(requests)) or 0


def line(name: str, **changes: Any) -> dict[str, Any]:
    """A line of a stream: the small template's profile with other values, under a name."""
    body = {"template": "small", "profile": small_template.profile_with(**changes), "channels": ["statement"]}
    return {"request_id": name, **body}
