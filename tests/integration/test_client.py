"""The Python client against the real API over HTTP, through a wire that breaks: nothing is lost, nothing doubled."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dearly import client as public
from dearly import downloading, streaming
from dearly.client import (
    ApiError,
    Busy,
    Client,
    Conflict,
    Damaged,
    NotAllowed,
    NotThere,
    Refused,
    StillOpen,
    Unreachable,
)
from renderer.ledger.model import Fault
from renderer.ledger.tables import requests
from tests.http_house import HttpHouse, http_house
from tests.small_template import profile_with
from tests.wire import Plan, Wire, wire

ROOT = Path(__file__).resolve().parents[2]
PDF = "statement/statement.pdf"
SECRET_NAME = "Zebulon Quatermain"

pytestmark = pytest.mark.integration
names = count()


def name() -> str:
    return f"client-{next(names)}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("client")
    with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=100_000, api_burst=1_000_000) as made:
        yield made


@pytest.fixture
def bad(house: HttpHouse) -> Iterator[Wire]:
    with wire(house.port) as made:
        yield made


@pytest.fixture
def dearly(house: HttpHouse, bad: Wire) -> Iterator[Client]:
    with Client(bad.url, house.all, patience_s=20) as made:
        yield made


def line(request_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "template": "small",
        "channels": ["statement"],
        "profile": profile_with(customer__id=request_id, **changes),
    }


def hand_in(dearly: Client, request_id: str | None = None, **changes: Any) -> public.Handed:
    return dearly.submit("small", profile_with(**changes), request_id or name(), channels=["statement"])


def in_ledger(house: HttpHouse) -> int:
    with house.services.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(requests)).scalar_one()


def answer(status: int, body: dict[str, Any] | bytes, *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} -", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def problem(status: int, code: str, *headers: str) -> bytes:
    return answer(status, {"code": code, "detail": "Not now.", "status": status}, *headers)


# ---------------------------------------------------------------- one


def test_one_request_from_its_profile_to_its_file(house: HttpHouse, dearly: Client, tmp_path: Path) -> None:
    called = name()
    handed = dearly.submit("small", profile_with(), called, channels=["statement"], priority="high")
    assert (handed.status, handed.state) == ("accepted", "submitted")
    assert dearly.submit("small", profile_with(), called, channels=["statement"], priority="high").status == "known"
    assert dearly.artefacts(handed.id) == ()
    threading.Timer(0.5, house.make, [handed.id]).start()
    request = dearly.wait(handed.id, timeout_s=30)
    assert (request.state, request.done, request.id) == ("done", True, handed.id)
    assert [(one.channel, one.state) for one in request.channels] == [("statement", "done")]
    assert request.created_at.tzinfo is not None and request.finished_at is not None
    (file,) = dearly.artefacts(handed.id)
    target = dearly.download(handed.id, file.path, tmp_path)
    assert target == tmp_path / "statement.pdf"
    assert hashlib.sha256(target.read_bytes()).hexdigest() == file.sha256 and target.stat().st_mode & 0o077 == 0
    assert dearly.download_all(handed.id, tmp_path / "all") == (tmp_path / "all" / PDF,)
    link = dearly.link(handed.id, PDF, expires_in_s=60)
    assert httpx.get(link.url).content == target.read_bytes()
    assert timedelta(0) < link.expires_at - datetime.now().astimezone() <= timedelta(seconds=60)


def test_a_number_is_handed_in_as_it_is(dearly: Client) -> None:
    """A Decimal, and a day, are what JSON's number and text say: the same request, by the API's own comparison."""
    called = name()
    assert hand_in(dearly, called, bill__total=66.9).status == "accepted"
    exact = profile_with(bill__total=Decimal("66.90"), bill__due=date(2026, 11, 30))
    assert dearly.submit("small", exact, called, channels=["statement"]).status == "known"
    for value in (Decimal("0.12345678901234567890"), Decimal("NaN"), float("inf"), {1, 2}, "\ud800"):
        with pytest.raises(ValueError) as caught:
            hand_in(dearly, bill__total=value)
        assert repr(value) not in str(caught.value)


def test_errors_are_a_tree_with_the_projects_codes(house: HttpHouse, dearly: Client, bad: Wire) -> None:
    called = name()
    hand_in(dearly, called)
    with pytest.raises(Conflict) as conflict:
        hand_in(dearly, called, bill__total=5)
    assert (conflict.value.status, conflict.value.code) == (409, "api.conflict")
    with pytest.raises(Refused) as refused:
        hand_in(dearly, bill__total="much", customer__name=None)
    assert refused.value.status == 422
    assert {(one.code, one.field) for one in refused.value.faults} >= {("profile.missing", "customer.name")}
    with pytest.raises(NotThere):
        dearly.request("0" * 32)
    with pytest.raises(NotAllowed) as scope, Client(bad.url, house.key("read")) as reader:
        hand_in(reader)
    assert scope.value.code == "api.scope"
    with pytest.raises(NotAllowed) as key, Client(bad.url, "dearly_x_y") as stranger:
        stranger.request("0" * 32)
    assert key.value.status == 401 and key.value.call
    for wrong in ("", "a b", "ü", "x" * 256, None):
        with pytest.raises(ValueError, match="request_id"):
            dearly.submit("small", profile_with(), wrong)  # type: ignore[arg-type]
    assert house.all not in repr(dearly)


@pytest.mark.parametrize("plan", [Plan(up=0), Plan(up=300), Plan(down=40), Plan(down=1)], ids=repr)
def test_a_call_that_is_cut_is_made_again_and_is_one(house: HttpHouse, dearly: Client, bad: Wire, plan: Plan) -> None:
    before = in_ledger(house)
    bad.plans.extend([plan, plan])
    assert hand_in(dearly).status in ("accepted", "known")
    assert bad.cut == 2 and in_ledger(house) == before + 1


def test_what_is_turned_away_comes_again_when_it_is_told_to(dearly: Client, bad: Wire) -> None:
    bad.plans.append(Plan(say=problem(429, "api.rate", "Retry-After: 1")))
    bad.plans.append(Plan(say=problem(503, "environment.ledger", "Retry-After: 1")))
    bad.plans.append(Plan(say=answer(502, b"<html>Bad gateway</html>")))
    begun = time.monotonic()
    assert hand_in(dearly).status == "accepted"
    assert time.monotonic() - begun >= 2 and not bad.plans


def test_an_api_that_says_at_once_is_not_stormed(house: HttpHouse, bad: Wire) -> None:
    """``Retry-After: 0``, or a date that is over: there are pauses all the same."""
    for at in ["0", "Mon, 01 Jan 2024 00:00:00 GMT"] * 100:
        bad.plans.append(Plan(say=problem(503, "environment.ledger", f"Retry-After: {at}")))
    with Client(bad.url, house.all, patience_s=1) as dearly, pytest.raises(Busy):
        hand_in(dearly)
    assert 200 - len(bad.plans) < 50


def test_patience_ends(house: HttpHouse, bad: Wire) -> None:
    with Client(bad.url, house.all, patience_s=0.5) as hasty:
        bad.plans.extend([Plan(say=problem(429, "api.rate", "Retry-After: 30"))])
        with pytest.raises(Busy) as busy:
            hand_in(hasty)
        assert (busy.value.status, busy.value.retry_after_s) == (429, 30)
        bad.plans.extend([Plan(up=0)] * 50)
        with pytest.raises(Unreachable):
            hand_in(hasty)
        # What cannot pass is said at once.
        bad.plans.clear()
        bad.plans.append(Plan(say=problem(500, "api.fault")))
        with pytest.raises(ApiError) as fault:
            hand_in(hasty)
        assert fault.value.status == 500 and not bad.plans


def test_a_key_that_calls_too_often_is_slowed_and_not_refused(tmp_path: Path) -> None:
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_rate=5, api_burst=3) as house:
        with Client(house.url, house.all) as dearly:
            assert {hand_in(dearly).status for _ in range(4)} == {"accepted"}
        assert in_ledger(house) == 4


def test_waiting_asks_ever_less_and_ends(house: HttpHouse, dearly: Client) -> None:
    handed = [hand_in(dearly) for _ in range(3)]
    with pytest.raises(StillOpen) as open_:
        dearly.wait(handed[0].id, timeout_s=0.5)
    assert open_.value.request.id == handed[0].id
    house.make(handed[1].id)
    threading.Timer(0.3, house.make, [handed[2].id, None, Fault(code="render.overflow", message="-")]).start()
    threading.Timer(0.6, house.make, [handed[0].id]).start()
    ended = list(dearly.wait_many([one.id for one in handed], timeout_s=30))
    assert [id for id, _ in ended] == [handed[place].id for place in (1, 2, 0)]
    failed = dict(ended)[handed[2].id]
    assert failed.state == "failed" and not failed.done
    assert failed.channels[0].error is not None and failed.channels[0].error.code == "render.overflow"
    again = dearly.retry(failed.id)
    assert again.status == "accepted" and dearly.retry(failed.id).id == again.id
    assert dearly.cancel(again.id).state == "cancelled"
    with pytest.raises(Conflict):
        dearly.cancel(handed[0].id)


def test_lists_go_on_over_pages(house: HttpHouse, dearly: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "PAGE", 2)
    mine = [hand_in(dearly).id for _ in range(5)]
    found = [request.id for request in dearly.requests(state="submitted", template="small")]
    assert found[:5] == mine[::-1] and len(found) == len(set(found))
    assert [request.state for request in dearly.requests(template="other")] == []


class Under(httpx.HTTPTransport):
    """A proxy that has the API under a path of its own, and something else beside it."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path
        if not path.startswith(b"/mail/"):
            return httpx.Response(404, json={"errors": ["This is another system."]})
        request.url = request.url.copy_with(raw_path=path.removeprefix(b"/mail"))
        return super().handle_request(request)


@pytest.mark.parametrize("known", ["", "https://dearly.example/mail"], ids=["unknown", "known"])
def test_behind_a_proxy_with_a_path_everything_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    """Whether the API knows of that path (DEARLY_API_URL) or not."""
    monkeypatch.setattr(public, "PAGE", 1)
    with (
        http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_url=known) as house,
        httpx.Client(transport=Under()) as http,
        Client(f"{house.url}/mail/", house.all, http=http) as dearly,
    ):
        ids = [hand_in(dearly).id for _ in range(3)]
        assert [one.id for one in dearly.requests()] == ids[::-1]
        house.make(ids[0])
        assert dearly.wait(ids[0], timeout_s=10).done
        (path,) = dearly.download_all(ids[0], tmp_path / "files")
        assert path == tmp_path / "files" / PDF
        assert dearly.link(ids[0], PDF).url.startswith(f"{known or house.url + '/mail'}/v1/links/")
        with Client(house.url, house.all, http=http) as lost, pytest.raises(NotThere) as other:
            lost.request(ids[0])
        assert other.value.code == "http"


def test_an_id_is_a_name_and_never_a_way(house: HttpHouse, dearly: Client) -> None:
    """What somebody gave as an id cannot lead to another call, as of a run that would be approved."""
    run = house.services.intake.open_run("batch", template="small", hold_after=1)
    for id in (f"../runs/{run}/approve?", f"../runs/{run}/approve#", f"..%2fruns%2f{run}%2fapprove?"):
        for call in (dearly.cancel, dearly.retry, dearly.request):
            with pytest.raises(ApiError) as caught:
                call(id)
            assert caught.value.status in (404, 422)
    assert next(iter(dearly.runs())).held


def test_runs_and_templates(house: HttpHouse, dearly: Client) -> None:
    run = house.services.intake.open_run("batch", template="small", hold_after=1)
    assert next(iter(dearly.runs())).id == run and next(iter(dearly.runs(state="open"))).held
    assert dearly.run(run).counts["input"] == 0
    assert dearly.approve_run(run).approved_at is not None
    report = dearly.report(run)
    assert report.balanced is None and report.counts["done"] == 0
    with pytest.raises(Conflict):  # nothing failed, and it has not ended
        dearly.retry_run(run)
    assert dearly.cancel_run(run).state == "cancelled"
    endless = dearly.request(hand_in(dearly).id).run
    with pytest.raises(Conflict):
        dearly.report(endless)
    assert [one.id for one in dearly.templates()][-2:] == ["other", "small"]
    whole = dearly.template("small")
    assert whole.contract["properties"]["bill"] and whole.channels and whole.active in whole.releases


# ---------------------------------------------------------------- many


def test_answers_come_while_lines_are_still_read(dearly: Client) -> None:
    """A caller that wants an answer before it says more gets it: nothing waits for a piece to be full."""
    answered: list[str] = []
    mine = [name() for _ in range(4)]

    def lines() -> Iterator[dict[str, Any]]:
        yield line(mine[0])
        yield line(mine[1])
        until = time.monotonic() + 30
        while not answered:  # the first answer may need a further line to be told: the caller's thread is here
            assert time.monotonic() < until
            time.sleep(0.05)
            yield line(name())
        yield line(mine[2])
        yield line(mine[3], bill__total="much")

    statuses = {}
    for one in dearly.submit_many(lines()):
        answered.append(one.request_id)
        statuses[one.request_id] = one
    assert [statuses[one].status for one in mine] == ["accepted"] * 3 + ["refused"]
    wrong = statuses[mine[3]]
    assert (wrong.code, wrong.field, wrong.id) == ("profile.kind", "bill.total", None)
    assert [one.number for one in statuses.values()] == list(range(1, len(statuses) + 1))


@pytest.mark.parametrize("plan", [Plan(up=60_000), Plan(down=8_000), Plan(down=1)], ids=repr)
def test_a_stream_that_is_cut_is_sent_again_and_told_once(
    house: HttpHouse, dearly: Client, bad: Wire, plan: Plan
) -> None:
    before = in_ledger(house)
    bad.plans.extend([plan, Plan(say=problem(503, "environment.ledger", "Retry-After: 0")), plan])
    mine = [name() for _ in range(300)]
    answers = list(dearly.submit_many(map(line, mine)))
    assert [one.request_id for one in answers] == mine
    assert {one.status for one in answers} <= {"accepted", "known"}
    assert bad.cut >= 1 and in_ledger(house) == before + 300
    assert {one.status for one in dearly.submit_many(map(line, mine))} == {"known"}


def test_a_stream_that_the_api_stops_goes_on(house: HttpHouse, dearly: Client, bad: Wire) -> None:
    stopped = {"status": "stopped", "lines": 0, "code": "environment.ledger", "message": "The ledger is away."}
    bad.plans.append(Plan(say=answer(200, json.dumps(stopped).encode() + b"\n")))
    bad.plans.append(Plan(say=answer(200, b'{"status":"accepted","line":1,"id":"x"')))  # cut in a line, politely
    mine = [name() for _ in range(20)]
    assert [one.status for one in dearly.submit_many(map(line, mine))] == ["accepted"] * 20
    with Client(bad.url, house.all, patience_s=0) as hasty:
        bad.plans.append(Plan(say=answer(200, json.dumps(stopped).encode() + b"\n")))
        with pytest.raises(Busy) as busy:
            list(hasty.submit_many(map(line, mine)))
        assert busy.value.code == "environment.ledger"
    with Client(bad.url, house.key("read")) as reader, pytest.raises(NotAllowed):
        list(reader.submit_many(map(line, mine)))


def test_a_caller_may_stop_or_break(house: HttpHouse, dearly: Client) -> None:
    first = next(iter(dearly.submit_many(line(name()) for _ in range(10_000_000))))
    assert first.number == 1

    def broken() -> Iterator[dict[str, Any]]:
        yield line(name())
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="own"):
        list(dearly.submit_many(broken()))
    with pytest.raises(ValueError, match="line 2: request_id"):
        list(dearly.submit_many([line(name()), {"template": "small"}]))
    until = time.monotonic() + 30
    while any(thread.name == "dearly-stream" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert list(dearly.submit_many([])) == []


def test_memory_does_not_grow_with_the_lines(monkeypatch: pytest.MonkeyPatch, house: HttpHouse, bad: Wire) -> None:
    """Lines that are slow to go: the iterable is not read ahead of what may be unanswered."""
    monkeypatch.setattr(streaming, "OPEN_LINES", 40)
    monkeypatch.setattr(streaming, "PIECE_LINES", 20)
    read = told = most = 0

    def lines() -> Iterator[dict[str, Any]]:
        nonlocal read, most
        for _ in range(400):
            read += 1
            most = max(most, read - told)
            yield line(name())

    tracemalloc.start()
    with Client(bad.url, house.all) as dearly:
        for _ in dearly.submit_many(lines()):
            told += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == 400 and most <= 40 + 20 + 2
    assert peak < 8 * 2**20


# ---------------------------------------------------------------- files


@pytest.fixture(scope="module")
def film(house: HttpHouse) -> tuple[str, bytes]:
    """A request with a file of a few megabytes."""
    data = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(100_000))
    id_ = house.submit(name()).json["id"]
    house.make(id_, {PDF: data})
    return id_, data


def test_a_download_that_is_cut_goes_on(dearly: Client, bad: Wire, film: tuple[str, bytes], tmp_path: Path) -> None:
    id_, data = film
    (tmp_path / "film").write_bytes(b"the one before")
    bad.plans.extend([Plan(down=1_000_000), Plan(say=problem(429, "api.rate", "Retry-After: 0")), Plan(down=1_500_000)])
    assert dearly.download(id_, PDF, tmp_path / "film").read_bytes() == data
    assert bad.cut == 2 and bad.made == 4
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_a_download_is_whole_or_not_there(house: HttpHouse, bad: Wire, film: tuple[str, bytes], tmp_path: Path) -> None:
    id_, data = film
    with Client(bad.url, house.all, patience_s=0) as hasty:
        bad.plans.append(Plan(down=1_000_000))
        with pytest.raises(Unreachable):
            hasty.download(id_, PDF, tmp_path / "film")
        tag = hashlib.sha256(data).hexdigest()
        bad.plans.append(Plan(say=answer(200, b"something else", f'ETag: "{tag}"')))
        with pytest.raises(Damaged):
            hasty.download(id_, PDF, tmp_path / "film")
        with pytest.raises(NotThere):
            hasty.download(id_, "statement/other.pdf", tmp_path / "film")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_which_only_the_end_was_cut_is_whole(dearly: Client, bad: Wire, tmp_path: Path) -> None:
    """All bytes, and not the last chunk that says so: there is nothing left to ask for."""
    data = b"x" * downloading.PIECE
    tag = hashlib.sha256(data).hexdigest()
    head = f'HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\nETag: "{tag}"\r\nConnection: close\r\n\r\n'
    bad.plans.append(Plan(say=head.encode() + f"{len(data):x}\r\n".encode() + data + b"\r\n"))
    assert dearly.download("0" * 32, PDF, tmp_path / "film").read_bytes() == data


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    dearly: Client, bad: Wire, film: tuple[str, bytes], tmp_path: Path
) -> None:
    """The first piece is of a file with another tag: what goes on from it would be two halves."""
    id_, data = film
    cut = answer(200, b"x" * 500_000, 'ETag: "other"').replace(b"Content-Length: 500000", b"Content-Length: 600000")
    bad.plans.append(Plan(say=cut))
    assert dearly.download(id_, PDF, tmp_path / "film").read_bytes() == data


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "C:x", "", "a\\b"])
def test_a_folder_of_files_is_not_left(path: str) -> None:
    from dearly.downloading import place_in

    with pytest.raises(Damaged):
        place_in(Path("to"), path)


# ---------------------------------------------------------------- what it is


def test_it_needs_nothing_of_the_renderer_and_says_nothing_of_people(house: HttpHouse) -> None:
    """A process of its own, with the client's folder and the two libraries: it hands in, and what it logs and raises
    has no word of the profile."""
    code = f"""
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from dearly.client import *
from dearly.client import Client, Refused
with Client({house.url!r}, {house.all!r}) as dearly:
    profile = {profile_with(customer__name=SECRET_NAME)!r}
    dearly.submit("small", profile, "alone-1", channels=["statement"])
    list(dearly.submit_many([dict(request_id="alone-2", template="small", profile=profile)]))
    try:
        dearly.submit("small", {{**profile, {SECRET_NAME!r}: 1}}, "alone-3")
    except Refused as error:
        print(repr(error), error.faults)
    print(repr(dearly))
rooms = {{name.partition(".")[0] for name in sys.modules}}
assert not rooms & {{"renderer", "workers", "fastapi", "pydantic", "celery"}}, rooms
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "profile.unknown" in done.stdout and "POST" in done.stdout
    for secret in (SECRET_NAME, "Zebulon", house.all, house.all.rpartition("_")[2]):
        assert secret not in done.stdout + done.stderr


def test_public_names_are_all_there_and_the_licence_is_the_projects() -> None:
    assert {*public.__all__} >= {value for value in vars(public) if isinstance(vars(public)[value], type)
                                and vars(public)[value].__module__.startswith("dearly.errors")}  # fmt: skip
    assert all(hasattr(public, one) for one in public.__all__)
    assert (ROOT / "client/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
