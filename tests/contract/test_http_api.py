"""The HTTP API from outside, on both databases: a real server on loopback, answered by a real ledger."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from renderer.errors import CODES
from renderer.ledger.database import Database
from renderer.ledger.model import Fault, wall_clock
from renderer.ledger.tables import api_keys, requests
from tests.http_house import Answer, HttpHouse, http_house
from tests.small_template import PROFILE, profile_with


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    with http_house(tmp_path, ledger_url) as made:
        yield made


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, which must be this one."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert (found["status"], found["code"]) == (status, code), found
    assert found["type"] == f"urn:dearly:error:{code}" and found["title"] == CODES[code]
    assert found["instance"] == f"urn:dearly:call:{answer.headers['x-request-id']}"
    return found


def count(house: HttpHouse) -> int:
    with house.services.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(requests)) or 0


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
    assert count(house) == 1


def test_another_writing_of_the_same_json_is_the_same(house: HttpHouse) -> None:
    body = {"template": "small", "profile": profile_with(bill__total=66.9)}
    first = house.call("POST", "/v1/requests", body, Idempotency_Key="k")
    text = json.dumps(dict(reversed(body.items())), indent=2).replace("66.9", "66.90")
    again = house.call("POST", "/v1/requests", text, Idempotency_Key="k", Content_Type="application/json")
    assert (first.status, again.status) == (202, 200)


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
    assert count(house) == 0


def test_a_refused_name_can_be_used_again(house: HttpHouse) -> None:
    assert house.submit("k", bill__currency="?").status == 422
    assert house.submit("k").status == 202


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


def line(name: str, **changes: Any) -> dict[str, Any]:
    body = {"template": "small", "profile": profile_with(**changes), "channels": ["statement"]}
    return {"request_id": name, **body}


def test_a_stream_is_answered_line_by_line(house: HttpHouse) -> None:
    lines = [line("a"), line("b", bill__currency="?"), {"request_id": "c"}, line("a"), line("a", bill__total=5)]
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
    assert count(house) == 1


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
    assert count(house) == 450


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
    assert count(house) == 300


def test_calls_with_one_name_at_the_same_time_make_one_request(house: HttpHouse) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda total: house.submit("k", bill__total=total), [1, 2] * 8))
    statuses = sorted(answer.status for answer in found)
    assert statuses == [200] * 7 + [202] + [409] * 8 and count(house) == 1


def test_a_client_that_sends_all_before_it_reads_is_answered(house: HttpHouse) -> None:
    """As most clients do. The answers are more than any socket holds back."""
    answer = house.stream(b"{}\n" * 40_000)
    assert len(answer.lines) == 40_001 and answer.lines[-1]["refused"] == 40_000


def test_streams_of_one_key_are_limited(tmp_path: Path) -> None:
    import http.client

    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_streams=1) as house:
        open_ = http.client.HTTPConnection("127.0.0.1", house.port)
        open_.putrequest("POST", "/v1/requests:stream")
        for name, value in (
            ("Authorization", f"Bearer {house.all}"),
            ("Content-Type", "application/jsonl"),
            ("Transfer-Encoding", "chunked"),
        ):
            open_.putheader(name, value)
        open_.endheaders()
        open_.send(b"1\r\n\n\r\n")
        time.sleep(0.5)
        answer = house.stream([line("a")])
        problem(answer, 429, "api.rate")
        assert int(answer.headers["retry-after"]) > 0
        open_.close()
        until = time.monotonic() + 10
        while (answer := house.stream([line("a")])).status != 200:
            assert time.monotonic() < until
            time.sleep(0.1)


# ---------------------------------------------------------------- looking


def test_pages_hold_each_request_once(house: HttpHouse) -> None:
    ids = [one["id"] for one in house.stream([line(f"n{number}") for number in range(7)]).lines[:7]]
    house.submit("else", template="other")
    found = []
    path = "/v1/requests?limit=3&template=small"
    while path:
        page = house.call("GET", path)
        assert page.status == 200
        found += [one["id"] for one in page.json["items"]]
        path = page.json["next"]
        assert (f'<{path}>; rel="next"' == page.headers.get("link")) is (path is not None)
    assert found == sorted(ids, reverse=True)


def test_addresses_lead_through_a_proxy_that_has_the_api_under_a_path(tmp_path: Path, ledger_url: str) -> None:
    """The proxy takes its path away, and whoever asks by an address of an answer comes through it again."""
    with http_house(tmp_path, ledger_url, api_url="https://dearly.example/mail/") as house:

        def follow(address: str) -> Answer:
            assert address.startswith("/mail/v1/"), address
            return house.call("GET", address.removeprefix("/mail"))

        taken = [house.submit(name) for name in ("a", "b", "c")]
        assert [one.headers["location"] for one in taken] == [one.json["href"] for one in taken]
        assert [follow(one.json["href"]).json["id"] for one in taken] == [one.json["id"] for one in taken]
        page = house.call("GET", "/v1/requests?limit=2")
        assert page.headers["link"] == f'<{page.json["next"]}>; rel="next"'
        assert [one["id"] for one in follow(page.json["next"]).json["items"]] == [taken[0].json["id"]]
        house.make(taken[0].json["id"])
        (file,) = house.call("GET", f"/v1/requests/{taken[0].json['id']}/artefacts").json["items"]
        assert follow(file["href"]).status == 200


def test_a_page_looks_at_so_many_rows_and_no_more(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.ledger.browse.WINDOW", 4)
    (old,) = [house.submit("old", template="other").json["id"]]
    house.stream([line(f"n{number}") for number in range(10)])
    path: str | None = "/v1/requests?template=other"
    pages = []
    while path:
        page = house.call("GET", path).json
        pages.append([one["id"] for one in page["items"]])
        path = page["next"]
    assert len(pages) >= 3 and [one for page in pages for one in page] == [old]


def test_lists_are_filtered(house: HttpHouse) -> None:
    first, second = (house.submit(name).json["id"] for name in ("a", "b"))
    house.make(first)
    run = house.call("GET", f"/v1/requests/{first}").json["run"]

    def ids(query: str) -> list[str]:
        return [one["id"] for one in house.call("GET", f"/v1/requests?{query}").json["items"]]

    assert ids("state=done") == [first] and ids("state=submitted") == [second]
    assert ids(f"run={run}") == [second, first] and ids("run=" + "0" * 32) == []
    for query in ("state=lost", "limit=0", "limit=201", "run=x", "template=../x", "after=!", "after=" + "A" * 60):
        problem(house.call("GET", f"/v1/requests?{query}"), 422, "api.argument")


def test_tags_say_whether_something_has_changed(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    house.submit("b")
    for path in (f"/v1/requests/{id_}", "/v1/requests?limit=1", "/v1/templates", "/v1/templates/small"):
        tag = house.call("GET", path).headers["etag"]
        same = house.call("GET", path, If_None_Match=f'"else", W/{tag}')
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    tag = house.call("GET", f"/v1/requests/{id_}").headers["etag"]
    house.make(id_)
    assert house.call("GET", f"/v1/requests/{id_}", If_None_Match=tag).status == 200


def test_a_head_is_a_get_without_its_body(house: HttpHouse) -> None:
    got, head = house.call("GET", "/v1/templates"), house.call("HEAD", "/v1/templates")
    assert head.status == 200 and head.body == b"" and head.headers["content-length"] == str(len(got.body))


def test_templates_say_how_to_fill_them(house: HttpHouse) -> None:
    shown = house.call("GET", "/v1/templates/small").json
    assert shown["contract"]["properties"]["bill"]["type"] == "object" and shown["locales"] == ["en", "ar"]
    assert [one["digest"] for one in shown["releases"]] == [shown["active"]]
    assert {"small", "other"} <= {one["id"] for one in house.call("GET", "/v1/templates").json["items"]}
    problem(house.call("GET", "/v1/templates/nothing"), 404, "api.path")


# ---------------------------------------------------------------- calling off, trying again


def test_a_request_is_called_off_once(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    for _ in range(2):
        assert house.call("POST", f"/v1/requests/{id_}/cancel").json["state"] == "cancelled"
    done = house.submit("b").json["id"]
    house.make(done)
    problem(house.call("POST", f"/v1/requests/{done}/cancel"), 409, "api.state")
    problem(house.call("POST", f"/v1/requests/{'0' * 32}/cancel"), 404, "api.path")


def test_what_failed_is_tried_again_as_a_request_of_its_own(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    problem(house.call("POST", f"/v1/requests/{id_}/retry"), 409, "api.state")
    house.make(id_, fault=Fault(code="job.fault", message="Something."))
    assert house.call("GET", f"/v1/requests/{id_}").json["error"]["code"] == "job.fault"
    first, again = (house.call("POST", f"/v1/requests/{id_}/retry") for _ in range(2))
    assert (first.status, again.status) == (202, 200) and first.json["id"] == again.json["id"] != id_
    new = house.call("GET", first.headers["location"]).json
    old = house.call("GET", f"/v1/requests/{id_}").json
    assert (new["release"], new["state"], old["state"]) == (old["release"], "submitted", "failed")
    from renderer.orders import open_order

    services = house.services
    orders = [
        open_order(services.vault, services.reader.sealed(one, "profile") or b"", one) for one in (id_, new["id"])
    ]
    assert orders[0] == orders[1]
    house.make(new["id"])
    assert house.call("GET", f"/v1/requests/{new['id']}").json["state"] == "done"


# ---------------------------------------------------------------- files


def test_parts_of_a_file(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    data = bytes(range(250)) * 4
    house.make(id_, {"statement/statement.pdf": data})
    path = f"/v1/requests/{id_}/artefacts/statement/statement.pdf"
    tag = house.call("GET", path).headers["etag"]
    for wanted, start, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=900-", 900, 1000),
        ("bytes=-10", 990, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes=990-5000", 990, 1000),
    ):
        answer = house.call("GET", path, Range=wanted)
        assert answer.status == 206 and answer.body == data[start:end], wanted
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1000"
        assert house.call("GET", path, Range=wanted, If_Range=tag).status == 206
        assert house.call("GET", path, Range=wanted, If_Range='"old"').body == data
    for ignored in ("bytes=1-2,5-6", "bytes=9-1", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b"):
        assert house.call("GET", path, Range=ignored).body == data, ignored
    for outside in ("bytes=1000-", "bytes=1000-2000", "bytes=-0"):
        answer = house.call("GET", path, Range=outside)
        problem(answer, 416, "api.range")
        assert answer.headers["content-range"] == "bytes */1000"
    assert house.call("GET", path, If_None_Match=tag).status == 304


@pytest.mark.parametrize(
    "path",
    [
        "statement/other.pdf",
        "../../releases",
        "..%2f..%2freleases",
        "%2e%2e/%2e%2e/ledger.sqlite",
        "/etc/passwd",
        "statement/statement.pdf%00",
        "statement%5cstatement.pdf",
        "STATEMENT/statement.pdf",
    ],
)
def test_only_files_that_the_ledger_names_are_opened(house: HttpHouse, path: str) -> None:
    id_ = house.submit("a").json["id"]
    house.make(id_)
    problem(house.call("GET", f"/v1/requests/{id_}/artefacts/{path}"), 404, "api.path")


def test_links_open_one_file_for_a_time_and_change_nothing(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    problem(house.call("POST", f"/v1/requests/{id_}/links"), 409, "api.state")
    house.make(id_, {"statement/statement.pdf": b"one", "statement/other.pdf": b"two"})
    made = house.call("POST", f"/v1/requests/{id_}/links").json["items"]
    assert [one["path"] for one in made] == ["statement/other.pdf", "statement/statement.pdf"]
    one = next(link for link in made if link["path"] == "statement/statement.pdf")
    for _ in range(2):
        got = house.call("GET", one["url"], key=None)
        assert (got.status, got.body) == (200, b"one")
    assert house.call("GET", one["url"], key=None, Range="bytes=1-").body == b"ne"
    assert house.call("HEAD", one["url"], key=None).status == 200
    problem(house.call("POST", f"/v1/requests/{id_}/links", {"paths": ["nothing"]}), 404, "api.path")
    bodies: list[dict[str, Any]] = [
        {"paths": []},
        {"paths": "x"},
        {"expires_in_s": 0},
        {"expires_in_s": 10**9},
        {"expires_in_s": True},
    ]
    for body in bodies:
        problem(house.call("POST", f"/v1/requests/{id_}/links", body), 422, "api.body")


def test_a_link_ends_with_its_time_and_with_its_key(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = house.submit("a").json["id"]
    house.make(id_)
    key = house.key("artefacts")
    (one,) = house.call("POST", f"/v1/requests/{id_}/links", {"expires_in_s": 60}, key=key).json["items"]
    until = time.time() + 60
    assert house.call("GET", one["url"], key=None).status == 200
    monkeypatch.setattr("renderer.api.routes.artefacts.time.time", lambda: until + 1)
    problem(house.call("GET", one["url"], key=None), 404, "api.path")
    monkeypatch.undo()
    house.keys.revoke(key[7:19])
    problem(house.call("GET", one["url"], key=None), 404, "api.path")


def test_files_that_are_gone_are_said_to_be(house: HttpHouse) -> None:
    id_ = house.submit("a").json["id"]
    house.make(id_)
    (one,) = house.call("POST", f"/v1/requests/{id_}/links").json["items"]
    with house.services.database.writing() as connection:
        connection.execute(update(requests).where(requests.c.id == id_).values(cleaned_ms=1))
    assert house.call("GET", f"/v1/requests/{id_}").json["files_kept"] is False
    assert house.call("GET", f"/v1/requests/{id_}/artefacts").json["items"] == []
    problem(house.call("GET", f"/v1/requests/{id_}/artefacts/statement/statement.pdf"), 410, "api.gone")
    problem(house.call("GET", one["url"], key=None), 410, "api.gone")
    problem(house.call("POST", f"/v1/requests/{id_}/links"), 410, "api.gone")


# ---------------------------------------------------------------- runs


def test_a_run_that_is_held_is_approved(house: HttpHouse) -> None:
    services = house.services
    run = services.intake.open_run("batch", template="small", hold_after=0)
    shown = house.call("GET", f"/v1/runs/{run}").json
    assert shown["state"] == "open" and shown["kind"] == "batch"
    (listed,) = [one for one in house.call("GET", "/v1/runs").json["items"] if one["id"] == run]
    assert listed["held"] is True
    assert house.call("POST", f"/v1/runs/{run}/approve").json["held"] is False
    assert house.call("POST", f"/v1/runs/{run}/approve").status == 200
    assert house.call("POST", f"/v1/runs/{run}/cancel").json["state"] == "cancelled"
    problem(house.call("POST", f"/v1/runs/{run}/approve"), 409, "api.state")


def test_a_run_is_reported_and_what_failed_is_tried_again(house: HttpHouse, tmp_path: Path) -> None:
    from renderer.batch.intake import open_batch, take_in
    from renderer.batch.model import BatchOptions

    source = tmp_path / "bills.jsonl"
    records = [profile_with(customer__id=f"C-{number}") for number in range(3)]
    records[1]["bill"]["currency"] = "?"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    digest = house.services.book.active("small")
    assert digest is not None
    release = house.services.releases.get(digest)
    batch, _ = open_batch(house.services, release, BatchOptions(channels=("statement",)))
    run = take_in(house.services, batch.id, str(source)).id
    report = house.call("GET", f"/v1/runs/{run}/report").json
    assert (report["counts"]["input"], report["counts"]["set_aside"], report["open"]) == (3, 1, 2)
    assert report["set_aside"][0]["code"] == "profile.value" and report["balanced"] is None
    assert report["control_totals"][0]["input"] == "133.8"
    first, second = (one["id"] for one in house.call("GET", f"/v1/requests?run={run}").json["items"])
    house.make(first)
    house.make(second, fault=Fault(code="job.fault", message="Something."))
    problem(house.call("POST", f"/v1/requests/{second}/retry"), 409, "api.state")
    assert house.call("POST", f"/v1/runs/{run}/retry").status == 200
    assert house.call("GET", f"/v1/requests/{second}").json["state"] in ("submitted", "running")
    tag = house.call("GET", f"/v1/runs/{run}/report").headers["etag"]
    assert house.call("GET", f"/v1/runs/{run}/report", If_None_Match=tag).status == 304


def test_the_run_that_takes_single_requests_has_no_end(house: HttpHouse) -> None:
    run = house.call("GET", house.submit("a").headers["location"]).json["run"]
    problem(house.call("POST", f"/v1/runs/{run}/cancel"), 409, "api.state")
    house.services.intake.cancel_run(run)  # by another way
    taken = house.submit("b")
    assert taken.status == 202
    assert house.call("GET", taken.headers["location"]).json["run"] != run


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


def test_a_key_ends_when_its_time_is_over(house: HttpHouse) -> None:
    end_ms = wall_clock() + 3_000
    key = house.key("read", expires_ms=end_ms)
    assert house.call("GET", "/v1/templates", key=key).status == 200
    time.sleep((end_ms - wall_clock()) / 1000 + 1.1)  # so long the process goes on with what it knows
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
    until = time.monotonic() + 10
    while (first := used()) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.05)
    house.call("GET", "/v1/templates", key=key)
    house.services.key_ring.used(key[7:19])
    assert used() == first


# ---------------------------------------------------------------- limits


def test_a_key_that_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_rate=0.5, api_burst=3) as house:
        answers = [house.call("GET", "/v1/templates") for _ in range(4)]
        assert [one.status for one in answers] == [200, 200, 200, 429]
        problem(answers[3], 429, "api.rate")
        assert 1 <= int(answers[3].headers["retry-after"]) <= 2
        assert [one.headers["ratelimit"].split(";")[1] for one in answers] == ["r=2", "r=1", "r=0", "r=0"]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=6'
        assert house.call("GET", "/v1/templates", key=house.key("read")).status == 200


def test_guessing_keys_is_slowed_down_and_good_keys_are_not(house: HttpHouse) -> None:
    statuses = {house.call("GET", "/v1/templates", key="dearly_000000000000_" + "x" * 43).status for _ in range(40)}
    assert statuses == {401, 429}
    assert house.call("GET", "/v1/templates", key=house.key("read")).status == 200


def test_bodies_are_refused_before_they_are_read(house: HttpHouse) -> None:
    import http.client

    for path, size in (("/v1/requests", 17 * 2**20), (f"/v1/requests/{'0' * 32}/links", 65 * 2**10)):
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
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


def test_a_body_that_grows_while_it_is_sent_is_cut_off(house: HttpHouse) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(18):
            yield b" " * 2**20

    try:
        answer = house.call("POST", "/v1/requests", pieces(), Idempotency_Key="k", Content_Type="application/json")
    except (BrokenPipeError, ConnectionResetError):
        return  # the connection was closed while we still sent
    problem(answer, 413, "api.too-large")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "zstd"])
def test_compressed_bodies_are_not_taken(house: HttpHouse, coding: str) -> None:
    answer = house.call("POST", "/v1/requests", b"x", Idempotency_Key="k", Content_Encoding=coding)
    problem(answer, 415, "api.media-type")


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
    assert time.monotonic() - began < 5 and count(house) == 0


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "x" * 256, "a\tb"])
def test_names_of_requests(house: HttpHouse, name: str) -> None:
    body = {"template": "small", "profile": PROFILE}
    answer = house.call("POST", "/v1/requests", body, Idempotency_Key=name.encode("utf-8").decode("latin-1"))
    problem(answer, 422, "api.argument")


def test_a_call_without_a_name_is_refused(house: HttpHouse) -> None:
    found = problem(house.call("POST", "/v1/requests", {"template": "small", "profile": PROFILE}), 422, "api.argument")
    assert found["field"] == "idempotency-key"


# ---------------------------------------------------------------- the service


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
    from renderer.errors import EnvironmentFault

    def gone(*_: object) -> None:
        raise EnvironmentFault("environment.ledger", "The ledger's database could not be used: gone.")

    monkeypatch.setattr(house.services.hand_in, "put", gone)
    answer = house.submit("a")
    problem(answer, 503, "environment.ledger")
    assert int(answer.headers["retry-after"]) > 0
    *said, last = house.stream([line("a")]).lines
    assert said == [] and (last["status"], last["code"]) == ("stopped", "environment.ledger")
    monkeypatch.undo()
    assert house.stream([line("a")]).lines[-1]["accepted"] == 1


def test_readiness_needs_a_living_worker(house: HttpHouse) -> None:
    assert house.call("GET", "/healthz", key=None).json == {"status": "ok"}
    answer = house.call("GET", "/readyz", key=None)
    assert answer.status == 503 and answer.json == {"ready": False, "ledger": True, "store": True, "workers": 0}
    house.services.roll.beat("w", name="worker", queues=("control",), children=1)
    time.sleep(1.1)
    answer = house.call("GET", "/readyz", key=None)
    assert answer.status == 200 and answer.json["workers"] == 1


def test_metrics_are_for_keys_that_may_read_them(house: HttpHouse) -> None:
    answer = house.call("GET", "/metrics", key=house.key("metrics"))
    assert answer.status == 200 and b"dearly_info" in answer.body
    problem(house.call("GET", "/metrics", key=house.key("read")), 403, "api.scope")


def test_no_connection_is_left_to_the_ledger(tmp_path: Path, ledger_url: str) -> None:
    with http_house(tmp_path, ledger_url) as house:
        assert house.call("GET", "/metrics", key=house.key("metrics")).status == 200
    if ledger_url.startswith("sqlite"):
        files = [os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        assert not [file for file in files if file.startswith(str(tmp_path / "ledger.sqlite"))]
        return
    with closing(Database(ledger_url)) as database, database.reading() as connection:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        until = time.monotonic() + 30  # the server's processes end after their connections
        while connection.exec_driver_sql(others).scalar():
            assert time.monotonic() < until
            time.sleep(0.05)


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
        time.sleep(0.2)
    assert [one["route"] for one in logs] == ["/v1/requests", "/v1/requests/{id}", "-"]
    assert {one["status"] for one in logs} == {202, 200, 404}
    text = json.dumps(logs, default=str)
    for secret in ("secret-name", "private", id_, house.all, "Anna"):
        assert secret not in text
