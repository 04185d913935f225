"""Handing in over HTTP, on both databases: a real server on loopback, answered by a real ledger."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from renderer.api import stream as streaming
from renderer.api.keys import KEPT_S
from renderer.api.spool import Spool
from renderer.publishing import keep
from renderer.template.release import read_folder
from tests.http_house import HttpHouse, http_house, line, problem, requests_in
from tests.ledgers import one_database
from tests.small_template import FILES, PROFILE, profile_with, write


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    with http_house(tmp_path, ledger_url) as made:
        yield made


# ---------------------------------------------------------------- handing in


def test_from_a_profile_to_a_file(house: HttpHouse) -> None:
    taken = house.submit("bill-1")
    assert taken.status == 202 and taken.json["status"] == "accepted"
    place = taken.headers["location"]
    seen = house.call("GET", place)
    assert seen.json["state"] == "submitted" and [one["channel"] for one in seen.json["channels"]] == ["statement"]
    house.make(taken.json["id"])
    assert house.call("GET", place).json["state"] == "done"
    (file,) = house.call("GET", f"{place}/artefacts").json["items"]
    got = house.call("GET", file["href"])
    assert got.status == 200 and hashlib.sha256(got.body).hexdigest() == file["sha256"]
    assert got.headers["content-disposition"] == 'attachment; filename="statement-statement.pdf"'
    assert got.headers["x-content-type-options"] == "nosniff" and "sandbox" in got.headers["content-security-policy"]


def test_the_same_again_is_known_and_something_else_is_a_conflict(house: HttpHouse) -> None:
    first = house.submit("bill-1")
    again = house.submit("bill-1")
    assert (first.status, again.status) == (202, 200)
    assert again.json == {**first.json, "status": "known"}
    problem(house.submit("bill-1", bill__total=67), 409, "api.conflict")
    problem(house.submit("bill-1", template="other"), 409, "api.conflict")
    assert requests_in(house) == 1


@pytest.mark.parametrize(("total", "written"), [("66.9", "66.90"), ("66.9", "669e-1"), ("67", "67.0"), ("0", "-0.0")])
def test_another_writing_of_the_same_json_is_the_same(house: HttpHouse, total: str, written: str) -> None:
    body = {"template": "small", "profile": profile_with(bill__total="TOTAL")}
    one = json.dumps(body).replace('"TOTAL"', total)
    other = json.dumps(dict(reversed(body.items())), indent=2).replace('"TOTAL"', written)
    answers = [
        house.call("POST", "/v1/requests", text, Idempotency_Key="k", Content_Type="application/json")
        for text in (one, other)
    ]
    assert [answer.status for answer in answers] == [202, 200]


@one_database
def test_a_body_may_begin_with_a_byte_order_mark(house: HttpHouse) -> None:
    """Programs on Windows write one. Further on it is a fault, told in plain words."""
    first, second, third = (json.dumps(line(name)).encode() for name in ("one", "two", "three"))
    single = json.loads(first)
    single.pop("request_id")
    body = BOM_UTF8 + json.dumps(single).encode()
    taken = house.call("POST", "/v1/requests", body, Idempotency_Key="k", Content_Type="application/json")
    assert taken.status == 202
    house.make(taken.json["id"])
    links = house.call(
        "POST", f"/v1/requests/{taken.json['id']}/links", BOM_UTF8 + b"{}", Content_Type="application/json"
    )
    assert links.status == 200
    found = house.stream(BOM_UTF8 + first + b"\n" + BOM_UTF8 + second + b"\n" + third).lines
    assert [one["status"] for one in found] == ["accepted", "refused", "accepted", "end"]
    assert found[1]["message"] == "A byte order mark stands before the record."
    assert "bom" not in json.dumps(found).lower()


@pytest.mark.parametrize("total", ["66.9", ["number", "66.9"], ["", "number", "66.9"], {"number": "66.9"}])
def test_what_only_looks_like_a_number_is_another_body(house: HttpHouse, total: object) -> None:
    assert house.submit("k", bill__total=66.9).status == 202
    problem(house.submit("k", bill__total=total), 409, "api.conflict")


def test_a_request_under_a_name_of_the_queue_is_not_doubled(house: HttpHouse) -> None:
    """Both doors share their senders' names."""
    from workers.door import Door

    door = Door(house.services)
    door.submit({"template": "small", "request_id": "bill-9", "profile": PROFILE})
    problem(house.submit("bill-9"), 409, "api.conflict")
    assert house.submit("bill-10").status == 202
    assert door.submit({"template": "small", "request_id": "bill-10", "profile": PROFILE}) is None


def test_every_fault_of_a_record_is_told_and_no_value(house: HttpHouse) -> None:
    answer = house.submit("bad", customer__name="Zanzibar" * 20, bill__currency="MOON-MONEY", usage__days=None)
    found = problem(answer, 422, "profile.value")
    assert {one["field"] for one in found["errors"]} >= {"customer.name", "bill.currency", "usage.days"}
    assert b"Zanzibar" not in answer.body and b"MOON" not in answer.body
    assert requests_in(house) == 0


def test_a_refused_name_can_be_used_again(house: HttpHouse) -> None:
    assert house.submit("k", bill__currency="?").status == 422
    assert house.submit("k").status == 202


def test_a_template_is_found_by_every_id_that_it_may_have(house: HttpHouse, tmp_path: Path) -> None:
    config = FILES["template.yaml"].replace("id: small", "id: small_print-2")
    pinned = keep(house.services, read_folder(write(tmp_path / "template", {"template.yaml": config})))
    house.services.book.activate("small_print-2", pinned.release.files_digest)
    key = house.key("submit", "read", templates=["small_print-2"])
    taken = house.submit("bill-1", template="small_print-2", key=key)
    assert taken.status == 202, taken.json
    assert house.call("GET", "/v1/templates/small_print-2", key=key).json["id"] == "small_print-2"
    (listed,) = house.call("GET", "/v1/requests?template=small_print-2").json["items"]
    assert listed["id"] == taken.json["id"]


def test_templates_are_named_by_id_or_digest(house: HttpHouse) -> None:
    digest = house.services.book.active("small")
    assert digest is not None
    for name in (f"small@{digest}", f"small@{digest[:8]}"):
        taken = house.submit(f"by {name}".replace(" ", "-"), template=name)
        assert house.call("GET", taken.headers["location"]).json["release"] == digest
    problem(house.submit("a", template="nothing"), 422, "usage.argument")
    problem(house.submit("b", template="small@" + "0" * 64), 422, "usage.argument")
    problem(house.submit("c", template="../small"), 422, "api.body")
    problem(house.submit("d", template=f"other@{digest}"), 422, "usage.argument")


@one_database
def test_a_key_is_told_of_no_other_template(house: HttpHouse) -> None:
    for key, told in ((house.all, True), (house.key("submit", templates=["smal"]), False)):
        found = problem(house.submit("a", template="smal", key=key), 422, "usage.argument")
        assert ("small" in json.dumps(found)) is told


@one_database
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": []}, "channels"),
        ({"channels": ["statement", "statement"]}, "channels"),
        ({"channels": "statement"}, "channels"),
        ({"channels": [["statement"]]}, "channels"),
        ({"priority": "soon"}, "priority"),
        ({"priority": 2}, "priority"),
        ({"profile": None}, "profile"),
        ({"profile": "{}"}, "profile"),
        ({"template": 5}, "template"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"as_of": "20260201"}, "as_of"),
        ({"locale": "../en"}, "locale"),
        ({"request_id": "x"}, None),
    ],
)
def test_fields_that_are_not_what_they_may_be(house: HttpHouse, change: dict[str, Any], field: str | None) -> None:
    body = {"template": "small", "profile": PROFILE, **change}
    found = problem(house.call("POST", "/v1/requests", body, Idempotency_Key="k"), 422, "api.body")
    assert found.get("field") == field


# ---------------------------------------------------------------- streams


def test_a_stream_is_answered_line_by_line(house: HttpHouse) -> None:
    lines = [
        line("a"),
        line("b", bill__currency="?"),
        {"request_id": "c"},
        line("a"),
        line("a", bill__total=5),
    ]
    data = b"".join(json.dumps(one).encode() + b"\r\n" for one in lines) + b"\n  \n[1]\nnot json"
    answer = house.stream(data)
    assert answer.status == 200 and answer.headers["content-type"] == "application/jsonl"
    *said, last = answer.lines
    assert [(one["line"], one["status"]) for one in said] == [
        (1, "accepted"), (2, "refused"), (3, "refused"), (4, "known"), (5, "refused"), (8, "refused"), (9, "refused"),
    ]  # fmt: skip
    assert [one.get("code") for one in said] == [
        None, "profile.value", "api.body", None, "api.conflict", "api.body", "api.body",
    ]  # fmt: skip
    assert said[1]["field"] == "bill.currency" and said[3]["id"] == said[0]["id"]
    assert last == {"status": "end", "lines": 9, "accepted": 1, "known": 1, "refused": 5}
    assert requests_in(house) == 1


def test_a_stream_without_a_line_is_answered_too(house: HttpHouse) -> None:
    assert house.stream(b"").lines == [{"status": "end", "lines": 0, "accepted": 0, "known": 0, "refused": 0}]


def test_a_stream_sent_again_doubles_nothing(house: HttpHouse) -> None:
    lines = [line(f"n{number}", customer__id=f"C-{number}") for number in range(450)]
    first = house.stream([*lines[:300], line("bad", bill__currency="?")])
    again = house.stream(lines)
    assert first.lines[-1]["accepted"] == 300
    assert again.lines[-1] == {"status": "end", "lines": 450, "accepted": 150, "known": 300, "refused": 0}
    ids = {one["request_id"]: one["id"] for one in first.lines[:300]}
    assert all(one["id"] == ids[one["request_id"]] for one in again.lines[:300])
    assert requests_in(house) == 450


def test_a_line_that_is_too_long_does_not_stop_the_others(house: HttpHouse) -> None:
    long = b'{"request_id": "x", "profile": "' + b"x" * (17 * 2**20) + b'"}\n'
    *said, last = house.stream(json.dumps(line("a")).encode() + b"\n" + long + json.dumps(line("b")).encode()).lines
    assert [one["status"] for one in said] == ["accepted", "refused", "accepted"]
    assert said[1]["code"] == "api.too-large" and last["lines"] == 3


def test_streams_with_the_same_names_at_the_same_time(house: HttpHouse) -> None:
    """In opposite orders, too: neither waits for the other for ever."""
    lines = [line(f"both-{number}") for number in range(300)]
    with ThreadPoolExecutor(3) as threads:
        found = [answer.lines[-1] for answer in threads.map(house.stream, [lines, lines[::-1], lines])]
    assert sum(one["accepted"] for one in found) == 300 and sum(one["known"] for one in found) == 600
    assert requests_in(house) == 300


def test_calls_with_one_name_at_the_same_time_make_one_request(house: HttpHouse) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda total: house.submit("k", bill__total=total), [1, 2] * 8))
    statuses = sorted(answer.status for answer in found)
    assert statuses == [200] * 7 + [202] + [409] * 8 and requests_in(house) == 1


def test_a_client_that_sends_all_before_it_reads_is_answered(house: HttpHouse) -> None:
    """As most clients do. The answers are more than any socket holds back."""
    answer = house.stream(b"{}\n" * 40_000)
    assert len(answer.lines) == 40_001 and answer.lines[-1]["refused"] == 40_000


def test_streams_of_one_key_are_limited(tmp_path: Path) -> None:
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_streams=1) as house:
        with closing(_open_stream(house, house.all)) as first:
            _send(first, json.dumps(line("a")).encode() + b"\n")
            _until(lambda: requests_in(house) == 1)  # it has come in
            answer = house.stream([line("b")])
            problem(answer, 429, "api.rate")
            assert int(answer.headers["retry-after"]) > 0
        _until(lambda: house.stream([line("b")]).status == 200)


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def _open_stream(house: HttpHouse, key: str, **headers: str) -> http.client.HTTPConnection:
    """A stream that is begun and has no line yet."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    connection.putrequest("POST", "/v1/requests:stream")
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/jsonl", "Transfer-Encoding": "chunked"}
    for name, value in {**sent, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection


def _send(connection: http.client.HTTPConnection, data: bytes, *, end: bool = False) -> None:
    connection.send(b"%x\r\n%s\r\n" % (len(data), data) + (b"0\r\n\r\n" if end else b""))


@pytest.mark.parametrize("ending", ["revoked", "rotated"])
def test_a_stream_ends_with_its_key(house: HttpHouse, ending: str) -> None:
    shown = house.key("submit")
    stream = _open_stream(house, shown)
    _send(stream, json.dumps(line("before")).encode() + b"\n")
    _until(lambda: requests_in(house) == 1)
    key_id = shown.split("_")[1]
    _ = house.keys.revoke(key_id) if ending == "revoked" else house.keys.rotate(key_id, 0)
    time.sleep(KEPT_S + 0.1)
    _send(stream, json.dumps(line("after")).encode() + b"\n", end=True)
    said = [json.loads(text) for text in stream.getresponse().read().splitlines()]
    stream.close()
    assert [one["status"] for one in said] == ["accepted", "stopped"] and said[-1]["code"] == "api.key"
    assert requests_in(house) == 1


def test_a_stream_of_more_answers_than_may_wait_is_not_waited_for(
    house: HttpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that reads when all is sent, and a proxy that has to: with less said than was sent, and with more."""
    monkeypatch.setattr(streaming, "MOST", 1_000)
    put = Spool.put

    async def soon(self: Spool, data: bytes, most: int | None = None, patience_s: float | None = None) -> None:
        """For answers that nobody reads; what we send may take its time."""
        await put(self, data, most, patience_s and 1.0)

    monkeypatch.setattr(Spool, "put", soon)
    for data, last in ((b"{}" + b" " * 300 + b"\n", "end"), (b"x\n", "stopped")):
        stream = _open_stream(house, house.all, **{"Dearly-Answers": "after-body"})
        _send(stream, data * 500, end=last == "end")
        said = [json.loads(text) for text in stream.getresponse().read().splitlines()]
        stream.close()
        assert said[-1]["status"] == last and said[-1].get("code") == {"end": None, "stopped": "api.too-large"}[last]


def test_a_stream_that_never_begins_is_given_up(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "IDLE_S", 0.3)
    stream = _open_stream(house, house.all)
    answer = stream.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (408, "api.slow")
    stream.close()
