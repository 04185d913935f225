"""Who and what the HTTP API lets in, and what it tells of itself."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from renderer.ledger.database import Database
from renderer.ledger.model import wall_clock
from renderer.ledger.tables import api_keys
from tests.http_house import Answer, HttpHouse, http_house, line, problem, requests_in
from tests.ledgers import one_database
from tests.small_template import PROFILE


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    with http_house(tmp_path, ledger_url) as made:
        yield made


# ---------------------------------------------------------------- keys


def test_without_a_key_nothing_is_told(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    wrong = [None, "", "dearly_", "x" * 63, house.all[:-1] + ("A" if house.all[-1] != "A" else "B"), house.all + "A"]
    for shown in wrong:
        headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
        answer = house.call("GET", f"/v1/requests/{id_}", key=None, **headers)
        problem(answer, 401, "api.key")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert not shown or shown.encode() not in answer.body
    problem(house.call("GET", f"/v1/requests/{id_}", key=None, Authorization=f"Basic {house.all}"), 401, "api.key")
    problem(house.call("GET", f"/v1/requests/{id_}?key={house.all}", key=None), 401, "api.key")


def test_a_key_is_rotated_with_an_overlap_and_revoked(house: HttpHouse) -> None:
    first = house.key("read")
    id_ = first[7:19]
    _, second = house.keys.rotate(id_, 60_000)
    assert second[7:19] == id_ and second != first
    assert [house.call("GET", "/v1/templates", key=key).status for key in (first, second)] == [200, 200]
    _, third = house.keys.rotate(id_, 0)
    time.sleep(1.1)
    assert [house.call("GET", "/v1/templates", key=key).status for key in (first, second, third)] == [401, 401, 200]
    house.keys.revoke(id_)
    time.sleep(1.1)
    assert house.call("GET", "/v1/templates", key=third).status == 401


def test_a_key_ends_when_its_time_is_over(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    end_ms = wall_clock() + 3_600_000
    key = house.key("read", expires_ms=end_ms)
    assert house.call("GET", "/v1/templates", key=key).status == 200
    monkeypatch.setattr(house.services.key_ring, "_clock", lambda: end_ms)
    time.sleep(1.1)  # so long the process goes on with what it knows
    problem(house.call("GET", "/v1/templates", key=key), 401, "api.key")


def test_what_opens_a_key_is_nowhere_in_the_ledger(house: HttpHouse, tmp_path: Path) -> None:
    key = house.key("read")
    house.call("GET", "/v1/templates", key=key)
    secret = key.rpartition("_")[2].encode() if "_" not in key[20:] else key[20:].encode()
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes()
    with house.services.database.reading() as connection:
        for table in ("api_keys", "api_secrets"):
            rows = connection.exec_driver_sql(f"select * from {table}").all()
            assert secret.decode() not in repr(rows)


def test_the_last_use_is_written_at_most_once_a_minute(house: HttpHouse) -> None:
    key = house.key("read")

    def used() -> int | None:
        with house.services.database.reading() as connection:
            return connection.scalar(select(api_keys.c.used_ms).where(api_keys.c.id == key[7:19]))

    assert used() is None
    house.call("GET", "/v1/templates", key=key)
    until = time.monotonic() + 60
    while (first := used()) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.05)
    house.call("GET", "/v1/templates", key=key)
    house.services.key_ring.used(key[7:19])
    assert used() == first


# ---------------------------------------------------------------- limits


def test_a_key_that_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_rate=0.01, api_burst=3) as house:
        answers = [house.call("GET", "/v1/templates") for _ in range(4)]
        assert [one.status for one in answers] == [200, 200, 200, 429]
        problem(answers[3], 429, "api.rate")
        assert 1 <= int(answers[3].headers["retry-after"]) <= 100
        assert [one.headers["ratelimit"].split(";")[1] for one in answers] == ["r=2", "r=1", "r=0", "r=0"]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=300'
        assert house.call("GET", "/v1/templates", key=house.key("read")).status == 200


def test_guessing_keys_is_slowed_down_and_good_keys_are_not(house: HttpHouse) -> None:
    statuses = {401}
    until = time.monotonic() + 60
    while statuses == {401} and time.monotonic() < until:  # one in two seconds is forgiven
        statuses |= {
            house.call("GET", "/v1/templates", key="dearly_000000000000_" + "x" * 43).status for _ in range(40)
        }
    assert statuses == {401, 429}
    assert house.call("GET", "/v1/templates", key=house.key("read")).status == 200


@one_database
def test_bodies_are_refused_before_they_are_read(house: HttpHouse) -> None:
    import http.client

    for path, size in (("/v1/requests", 17 * 2**20), (f"/v1/requests/{'0' * 32}/links", 65 * 2**10)):
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
        connection.putrequest("POST", path)
        connection.putheader("Authorization", f"Bearer {house.all}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(size))
        connection.putheader("Idempotency-Key", "k")
        connection.endheaders()
        answer = connection.getresponse()  # nothing of the body was sent
        assert answer.status == 413 and answer.getheader("connection") == "close"
        assert json.loads(answer.read())["code"] == "api.too-large"
        connection.close()


@one_database
def test_a_body_that_grows_while_it_is_sent_is_cut_off(house: HttpHouse) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(18):
            yield b" " * 2**20

    try:
        answer = house.call("POST", "/v1/requests", pieces(), Idempotency_Key="k", Content_Type="application/json")
    except (BrokenPipeError, ConnectionResetError):
        return  # the connection was closed while we still sent
    problem(answer, 413, "api.too-large")


@one_database
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "zstd"])
def test_compressed_bodies_are_not_taken(house: HttpHouse, coding: str) -> None:
    answer = house.call("POST", "/v1/requests", b"x", Idempotency_Key="k", Content_Encoding=coding)
    problem(answer, 415, "api.media-type")


@one_database
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_bodies_of_another_kind_are_not_taken(house: HttpHouse, kind: str) -> None:
    for path in ("/v1/requests", "/v1/requests:stream"):
        answer = house.call("POST", path, b"{}", Idempotency_Key="k", Content_Type=kind)
        problem(answer, 415, "api.media-type")
        assert "accept-post" in answer.headers


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "api.body"),
        (b"{", 400, "api.body"),
        (b"[]", 400, "api.body"),
        (b"null", 400, "api.body"),
        (b"\xff\xfe{}", 400, "api.body"),
        (b'{"template": "small", "template": "small"}', 400, "api.body"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "api.body"),
        (b'{"template":"small","profile":' + b'{"a":' * 22 + b"1" + b"}" * 23, 400, "api.body"),
        (b'{"template":"small","profile":{"bill":{"total":NaN}}}', 422, "profile.missing"),
        (b'{"template":"small","profile":{"bill":{"total":1e999999999}}}', 422, "profile.missing"),
        (b'{"template":"small","profile":{"bill":{"total":' + b"9" * 5000 + b"}}}", 422, "profile.missing"),
        (b'{"template":"small","profile":{"customer":{"id":"\\ud800","id":"x"}}}', 422, "profile.duplicate-key"),
        (b'{"template":"small\\u0000","profile":{}}', 422, "api.body"),
        (b'{"template":"small","profile":{"\\ud800":1}}', 422, "profile.unknown"),
    ],
)
def test_hostile_bodies(house: HttpHouse, body: bytes, status: int, code: str) -> None:
    began = time.monotonic()
    answer = house.call("POST", "/v1/requests", body, Idempotency_Key="k", Content_Type="application/json")
    assert answer.status == status, answer.body
    codes = {answer.json["code"], *(one["code"] for one in answer.json.get("errors", ()))}
    assert code in codes, codes
    assert time.monotonic() - began < 20 and requests_in(house) == 0


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "x" * 256, "a\tb"])
def test_names_of_requests(house: HttpHouse, name: str) -> None:
    body = {"template": "small", "profile": PROFILE}
    answer = house.call("POST", "/v1/requests", body, Idempotency_Key=name.encode("utf-8").decode("latin-1"))
    problem(answer, 422, "api.argument")


def test_a_call_without_a_name_is_refused(house: HttpHouse) -> None:
    found = problem(house.call("POST", "/v1/requests", {"template": "small", "profile": PROFILE}), 422, "api.argument")
    assert found["field"] == "idempotency-key"


def test_a_call_with_two_names_is_refused(house: HttpHouse) -> None:
    body = json.dumps({"template": "small", "profile": PROFILE}).encode()
    for names in (("one", "other"), ("one", "one")):
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
        connection.putrequest("POST", "/v1/requests")
        connection.putheader("Authorization", f"Bearer {house.all}")
        for name in names:
            connection.putheader("Idempotency-Key", name)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        found = problem(Answer(answer.status, headers, answer.read()), 400, "api.argument")
        assert found["field"] == "idempotency-key"
        connection.close()
    assert requests_in(house) == 0


# ---------------------------------------------------------------- the service


@one_database
def test_errors_of_the_framework_are_problems_too(house: HttpHouse) -> None:
    problem(house.call("GET", "/v1/nothing"), 404, "api.path")
    problem(house.call("GET", "/v1/requests/"), 404, "api.path")
    answer = house.call("DELETE", "/v1/requests")
    problem(answer, 405, "api.method")
    assert {*answer.headers["allow"].split(", ")} == {"GET", "HEAD", "POST"}
    problem(house.call("GET", f"/v1/requests/{'g' * 32}"), 422, "api.argument")


def test_a_crash_is_a_problem_and_tells_nothing(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Anna Bianchi")

    monkeypatch.setattr(house.services.browse, "request", broken)
    answer = house.call("GET", f"/v1/requests/{'0' * 32}")
    problem(answer, 500, "api.fault")
    assert b"Anna" not in answer.body
    assert "content-security-policy" in answer.headers


def test_a_ledger_that_cannot_be_reached_is_said_so(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    import structlog

    from renderer.api import app, stream
    from renderer.errors import EnvironmentFault

    def gone(*_: object) -> None:
        raise EnvironmentFault("environment.ledger", f"The ledger's database could not be used: {why}.", hint=why)

    why = 'connection to server at "10.11.12.13", port 5432 failed: FATAL: no password for user "ledger_owner"'
    monkeypatch.setattr(house.services.hand_in, "put", gone)
    with structlog.testing.capture_logs() as logs:
        for module in (app, stream):
            monkeypatch.setattr(module, "calls", structlog.get_logger("dearly"))
        answer = house.submit("a")
        answered = house.stream([line("a")])
        monkeypatch.setattr(house.services.key_ring, "find", gone)
        stranger = house.call("GET", "/v1/requests", key=house.all[:-43] + "A" * 43)
    problem(answer, 503, "environment.ledger")
    assert int(answer.headers["retry-after"]) > 0
    *said, last = answered.lines
    assert said == [] and (last["status"], last["code"]) == ("stopped", "environment.ledger")
    problem(stranger, 503, "environment.ledger")
    for told in (answer, answered, stranger):
        assert b"10.11.12.13" not in told.body and b"ledger_owner" not in told.body
    assert sum(why in entry.get("reason", "") for entry in logs) == 3
    monkeypatch.undo()
    assert house.stream([line("a")]).lines[-1]["accepted"] == 1


def test_readiness_needs_a_living_worker(house: HttpHouse) -> None:
    assert house.call("GET", "/healthz", key=None).json == {"status": "ok"}
    answer = house.call("GET", "/readyz", key=None)
    assert answer.status == 503 and answer.json == {"ready": False, "ledger": True, "store": True, "workers": 0}
    until = time.monotonic() + 60
    while answer.status != 200:  # a look is used again for a second
        assert time.monotonic() < until
        house.services.roll.beat("w", name="worker", queues=("control",), children=1)
        answer = house.call("GET", "/readyz", key=None)
        time.sleep(0.1)
    assert answer.json["workers"] == 1


def test_metrics_are_for_keys_that_may_read_them(house: HttpHouse) -> None:
    answer = house.call("GET", "/metrics", key=house.key("metrics"))
    assert answer.status == 200 and b"dearly_info" in answer.body
    problem(house.call("GET", "/metrics", key=house.key("read")), 403, "api.scope")


def test_no_connection_is_left_to_the_ledger(tmp_path: Path, ledger_url: str) -> None:
    with http_house(tmp_path, ledger_url) as house:
        assert house.call("GET", "/metrics", key=house.key("metrics")).status == 200
    if ledger_url.startswith("sqlite"):
        files = []
        for file in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # somebody has closed it meanwhile
                files.append(os.readlink(file))
        assert not [file for file in files if file.startswith(str(tmp_path / "ledger.sqlite"))]
        return
    with closing(Database(ledger_url)) as database, database.reading() as connection:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        until = time.monotonic() + 30  # the server's processes end after their connections
        while connection.exec_driver_sql(others).scalar():
            assert time.monotonic() < until
            time.sleep(0.05)


@one_database
def test_no_page_elsewhere_may_read_an_answer(house: HttpHouse) -> None:
    for method in ("GET", "OPTIONS"):
        answer = house.call(method, "/v1/templates", Origin="https://evil.example", Access_Control_Request_Method="GET")
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_log_has_no_ids_of_people_and_no_addresses(
    house: HttpHouse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import structlog

    from renderer.api import gate

    with structlog.testing.capture_logs() as logs:
        monkeypatch.setattr(gate, "calls", structlog.get_logger("dearly"))
        id_ = house.submit("secret-name").json["id"]
        house.call("GET", f"/v1/requests/{id_}?x=private")
        house.call("GET", "/v1/private-place")
        until = time.monotonic() + 60
        while len(logs) < 3:  # a line is written once the answer has gone
            assert time.monotonic() < until
            time.sleep(0.02)
    assert [one["route"] for one in logs] == ["/v1/requests", "/v1/requests/{id}", "-"]
    assert {one["status"] for one in logs} == {202, 200, 404}
    text = json.dumps(logs, default=str)
    for secret in ("secret-name", "private", id_, house.all, "Anna"):
        assert secret not in text
