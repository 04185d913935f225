"""What must hold of the HTTP API whatever is sent: keys see what their scopes say and nothing else, a name means one
request, and a stream that was cut can be sent again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from itertools import count
from select import select as select_
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from renderer.api.keys import SCOPES, WHOLE
from renderer.ledger.tables import requests
from tests.http_house import TEMPLATES, Answer, HttpHouse, http_house
from tests.small_template import profile_with

numbers = count()
some = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("properties")
    with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=100_000, api_burst=1_000_000) as made:
        yield made


def test_a_proxy_may_ask_that_a_stream_is_answered_after_its_body(house: HttpHouse) -> None:
    """Nothing is sent while the body is, though its first line is in the ledger; then all of it is."""
    lines = [
        json.dumps({"request_id": f"after-{n}", "template": "small", "profile": profile_with()}).encode() + b"\n"
        for n in range(2)
    ]
    size = sum(map(len, lines))
    before = rows(house)
    with socket.create_connection(("127.0.0.1", house.port), 30) as wire:
        head = f"POST /v1/requests:stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.all}\r\n"
        head += f"Content-Type: application/jsonl\r\nContent-Length: {size}\r\nDearly-Answers: after-body\r\n"
        wire.sendall(head.encode() + b"Connection: close\r\n\r\n" + lines[0])
        until = time.monotonic() + 30
        while rows(house) == before and time.monotonic() < until and not readable(wire):
            time.sleep(0.02)
        assert not readable(wire)
        wire.sendall(lines[1])
        said = b"".join(iter(lambda: wire.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 200") and said.count(b'"accepted","id"') == 2 and b'"status":"end"' in said


def rows(house: HttpHouse) -> int:
    with house.services.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(requests)).scalar_one()


def readable(wire: socket.socket) -> bool:
    return bool(select_([wire], [], [], 0)[0])


# ---------------------------------------------------------------- scopes


class World:
    """A request and a run of each template, with a file and a link."""

    def __init__(self, house: HttpHouse) -> None:
        self.house = house
        self.requests: dict[str, str] = {}
        self.runs: dict[str, str] = {}
        for template in TEMPLATES:
            self.requests[template] = house.submit(f"world-{template}", template=template).json["id"]
            house.make(self.requests[template])
            self.runs[template] = house.services.intake.open_run("batch", template=template)
        (self.shared_run,) = {house.call("GET", f"/v1/requests/{id_}").json["run"] for id_ in self.requests.values()}


@pytest.fixture(scope="module")
def world(house: HttpHouse) -> World:
    return World(house)


def calls(world: World, template: str) -> list[tuple[str, str, str]]:
    """Calls that concern one template: the scope that each needs, method, address."""
    id_, run = world.requests[template], world.runs[template]
    return [
        ("read", "GET", f"/v1/requests/{id_}"),
        ("submit", "POST", f"/v1/requests/{id_}/cancel"),
        ("submit", "POST", f"/v1/requests/{id_}/retry"),
        ("artefacts", "GET", f"/v1/requests/{id_}/artefacts"),
        ("artefacts", "GET", f"/v1/requests/{id_}/artefacts/statement/statement.pdf"),
        ("artefacts", "POST", f"/v1/requests/{id_}/links"),
        ("read", "GET", f"/v1/runs/{run}"),
        ("read", "GET", f"/v1/runs/{run}/report"),
        ("runs:approve", "POST", f"/v1/runs/{run}/approve"),
        ("runs:approve", "POST", f"/v1/runs/{run}/retry"),
        ("read", "GET", f"/v1/templates/{template}"),
    ]


def test_the_calls_of_these_tests_are_all_that_there_are(world: World) -> None:
    """An address that is added without a thought of its scope is found here."""
    described = world.house.call("GET", "/v1/openapi.json", key=None).json["paths"]
    found = {(method.upper(), path) for path, methods in described.items() for method in methods}
    ours = {
        (method, path.replace(world.requests["small"], "{id}").replace(world.runs["small"], "{id}"))
        for _, method, path in calls(world, "small")
    }
    ours = {(method, path.replace("statement/statement.pdf", "{path}").replace("templates/small", "templates/{id}"))
            for method, path in ours}  # fmt: skip
    elsewhere = {
        ("POST", "/v1/requests"), ("POST", "/v1/requests:stream"), ("GET", "/v1/requests"), ("GET", "/v1/runs"),
        ("GET", "/v1/templates"), ("GET", "/metrics"), ("POST", "/v1/runs/{id}/cancel"), ("GET", "/v1/links/{token}"),
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/v1/openapi.json"),
    }  # fmt: skip
    assert found == ours | elsewhere


@some
@given(
    scopes=st.sets(st.sampled_from(sorted(SCOPES)), min_size=1),
    templates=st.none() | st.sets(st.sampled_from(TEMPLATES), min_size=1),
)
def test_no_key_sees_what_its_scope_forbids(
    house: HttpHouse, world: World, scopes: set[str], templates: set[str] | None
) -> None:
    if templates is not None:
        scopes -= WHOLE
        if not scopes:
            return
    key = house.key(*scopes, templates=sorted(templates) if templates is not None else None)
    allowed = set(TEMPLATES) if templates is None else templates
    for template in TEMPLATES:
        ids = {world.requests[template], world.runs[template]}
        for scope, method, path in calls(world, template):
            answer = house.call(method, path, key=key)
            if scope not in scopes:
                assert (answer.status, answer.json["code"]) == (403, "api.scope"), (path, answer.body)
            elif template not in allowed:
                assert (answer.status, answer.json["code"]) == (404, "api.path"), (path, answer.body)
            else:
                assert answer.status in (200, 409), (path, answer.body)
        for path in ("/v1/requests", f"/v1/requests?template={template}", "/v1/runs"):
            answer = house.call("GET", path, key=key)
            if "read" not in scopes:
                assert answer.status == 403
            else:
                shown = {one["id"] for one in answer.json["items"]}
                assert template in allowed or not shown & ids
                assert templates is None or {one["template"] for one in answer.json["items"]} <= templates
        name = f"scope-{next(numbers)}"
        taken = house.submit(name, template=template, key=key)
        assert taken.status == (202 if "submit" in scopes and template in allowed else 403)
        streamed = house.stream([line(f"{name}-line", template)], key=key)
        if "submit" not in scopes:
            assert streamed.status == 403
        else:
            first = streamed.lines[0]
            assert first["status"] == ("accepted" if template in allowed else "refused")
            assert template in allowed or first["code"] == "api.scope"
    if "read" in scopes:
        shown = {one["id"] for one in house.call("GET", "/v1/templates", key=key).json["items"]}
        assert shown & set(TEMPLATES) == allowed and (templates is None or shown == templates)
        answer = house.call("GET", f"/v1/runs/{world.shared_run}", key=key)
        assert answer.status == (200 if templates is None else 404)  # of several templates
    assert house.call("GET", "/metrics", key=key).status == (200 if "metrics" in scopes else 403)


# ---------------------------------------------------------------- names

bodies = st.fixed_dictionaries(
    {
        "template": st.sampled_from(TEMPLATES),
        "total": st.sampled_from(["66.9", "66.90", "67", "0", "-5"]),
        "channels": st.sampled_from([None, ["statement"], ["microsite", "statement"], ["statement", "microsite"]]),
        "priority": st.sampled_from(["normal", "high"]),
        "as_of": st.sampled_from([None, "2026-11-09"]),
    }
)


def text_of(body: dict[str, Any]) -> str:
    profile = json.dumps(profile_with(bill__total=111.25)).replace("111.25", body["total"])
    rest = {name: body[name] for name in ("template", "channels", "priority", "as_of") if body[name] is not None}
    return json.dumps(rest)[:-1] + f', "profile": {profile}}}'


def meaning(body: dict[str, Any]) -> str:
    said = {**body, "total": float(body["total"]), "channels": sorted(body["channels"] or ["all"])}
    return json.dumps(said, sort_keys=True)


@some
@given(first=bodies, second=bodies)
def test_a_name_means_one_request(house: HttpHouse, first: dict[str, Any], second: dict[str, Any]) -> None:
    name = f"name-{next(numbers)}"

    def send(body: dict[str, Any]) -> Answer:
        return house.call("POST", "/v1/requests", text_of(body), Idempotency_Key=name, Content_Type="application/json")

    taken = send(first)
    assert taken.status == 202
    again = send(second)
    if meaning(first) == meaning(second):
        assert (again.status, again.json["id"]) == (200, taken.json["id"])
    else:
        assert (again.status, again.json["code"]) == (409, "api.conflict")
    assert send(first).json["id"] == taken.json["id"]


# ---------------------------------------------------------------- streams


def line(name: str, template: str = "small", **changes: Any) -> dict[str, Any]:
    return {"request_id": name, "template": template, "profile": profile_with(**changes), "channels": ["statement"]}


def cut_stream(house: HttpHouse, data: bytes, chunked: bool) -> None:
    """Begin a stream that says it is longer, and hang up."""
    head = f"POST /v1/requests:stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.all}\r\n"
    head += "Content-Type: application/jsonl\r\n"
    if chunked:
        body = f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""
        head += "Transfer-Encoding: chunked\r\n\r\n"
    else:
        body = data
        head += f"Content-Length: {len(data) + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", house.port), timeout=30) as open_:
        open_.sendall(head.encode() + body)
        time.sleep(0.01)


def names_in(house: HttpHouse, names: list[str]) -> int:
    from renderer.orders import door_key

    keys = [door_key(house.services.vault, name) for name in names]
    with house.services.database.reading() as connection:
        wanted = select(func.count()).select_from(requests).where(requests.c.idempotency.in_(keys))
        return connection.scalar(wanted) or 0


@some
@given(
    many=st.integers(1, 12),
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=3),
    chunked=st.booleans(),
    doubled=st.booleans(),
)
@example(many=3, cuts=[0.0], chunked=True, doubled=False)
@example(many=3, cuts=[1.0], chunked=False, doubled=True)
def test_a_stream_cut_at_any_byte_and_sent_again_never_doubles(
    house: HttpHouse, many: int, cuts: list[float], chunked: bool, doubled: bool
) -> None:
    turn = next(numbers)
    names = [f"cut-{turn}-{number}" for number in range(many)]
    lines = [json.dumps(line(name, customer__id=name)).encode() for name in names]
    if doubled:
        lines.append(lines[0])
    data = b"\n".join(lines) + b"\n"
    for cut in cuts:
        cut_stream(house, data[: int(cut * len(data))], chunked)
    last = house.stream(data).lines[-1]
    assert last["status"] == "end" and last["accepted"] + last["known"] == len(lines) and last["refused"] == 0
    assert names_in(house, names) == many
    after = house.stream(data).lines[-1]
    assert (after["accepted"], after["known"]) == (0, len(lines))


def test_a_line_that_was_cut_is_not_taken(house: HttpHouse) -> None:
    """Even where what came of it reads as a whole record."""
    data = json.dumps(line("half")).encode()
    cut_stream(house, data, chunked=False)
    time.sleep(0.5)
    assert names_in(house, ["half"]) == 0
