"""Single calls of the Python client, through a wire that breaks: nothing is lost, nothing doubled."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from dearly import client as public
from dearly.client import (
    ApiError,
    Busy,
    Client,
    Conflict,
    NotAllowed,
    NotThere,
    Refused,
    StillOpen,
    Unreachable,
)
from renderer.ledger.model import Fault
from tests.client_house import PDF, answer, hand_in, in_ledger, name, problem
from tests.http_house import HttpHouse, http_house
from tests.small_template import profile_with
from tests.wire import Plan, Wire

pytestmark = pytest.mark.integration


def test_one_request_from_its_profile_to_its_file(house: HttpHouse, dearly: Client, tmp_path: Path) -> None:
    called = name()
    handed = dearly.submit("small", profile_with(), called, channels=["statement"], priority="high")
    assert (handed.status, handed.state) == ("accepted", "submitted")
    assert dearly.submit("small", profile_with(), called, channels=["statement"], priority="high").status == "known"
    assert dearly.artefacts(handed.id) == ()
    threading.Timer(0.5, house.make, [handed.id]).start()
    request = dearly.wait(handed.id, timeout_s=120)
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


@pytest.mark.parametrize("said", [{"status": "ok"}, [], "ok", 1, None, {"items": 1}, {"items": [{"id": 1}], "next": 1}])
def test_what_a_stranger_answers_is_no_answer(dearly: Client, bad: Wire, said: object) -> None:
    """A proxy or a captive page that answers every address with 200 and JSON of its own."""
    calls: list[Callable[[], object]] = [
        lambda: dearly.request("0" * 32),
        lambda: list(dearly.requests()),
        lambda: dearly.artefacts("0" * 32),
        lambda: dearly.link("0" * 32, PDF),
        lambda: dearly.run("0" * 32),
        lambda: dearly.report("0" * 32),
        lambda: dearly.templates(),
        lambda: dearly.template("small"),
        lambda: dearly.wait("0" * 32, timeout_s=5),
        lambda: dearly.retry("0" * 32),
    ]
    for call in calls:
        bad.plans.append(Plan(say=answer(200, json.dumps(said).encode())))
        with pytest.raises(Unreachable, match="not the API's"):
            call()


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
    ended = []
    for one in dearly.wait_many([one.id for one in handed], timeout_s=120):
        ended.append(one)
        if len(ended) == 1:
            house.make(handed[2].id, fault=Fault(code="render.overflow", message="-"))
        elif len(ended) == 2:
            house.make(handed[0].id)
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
