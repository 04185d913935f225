"""What a client of the HTTP API sees of what it handed in, and does with it: requests, files and runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from renderer.ledger.model import Fault
from renderer.ledger.tables import requests
from tests.http_house import Answer, HttpHouse, http_house, line, problem
from tests.ledgers import one_database
from tests.small_template import profile_with


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    with http_house(tmp_path, ledger_url) as made:
        yield made


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


@one_database
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
