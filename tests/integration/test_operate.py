"""The operators' page over HTTP: who is let in and until when, what each key sees, that forms count once and only from
pages of ours, and that a run of any size costs a page the same."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import Engine, delete, event, func, insert, select, update

from renderer.api.keys import SCOPES, WHOLE
from renderer.api.operate.paper import SMALL, WIDTH
from renderer.batch.aside import write_aside
from renderer.batch.report import as_json, gather, write_csv
from renderer.ledger.model import Fault, new_id, wall_clock
from renderer.ledger.tables import artefacts, history, parts, pauses, releases, requests, runs, set_aside, workers
from tests.http_house import TEMPLATES, Answer, HttpHouse, http_house
from tests.operate_house import NAME, PAGE, Visitor, batch, held_run, make_sample, person, requests_of, text_of

turns = count()
some = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("operate")
    with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=100_000, api_burst=1_000_000) as made:
        yield made


@pytest.fixture
def all_(house: HttpHouse) -> Visitor:
    return Visitor(house, house.all)


@pytest.fixture
def held(house: HttpHouse, tmp_path: Path) -> str:
    return held_run(house, tmp_path, turn=f"-{next(turns)}-")


def location(answer: Answer) -> str:
    assert answer.status == 303, (answer.status, text_of(answer))
    return answer.headers["location"]


def run_row(house: HttpHouse, run: str) -> Any:
    with house.services.database.reading() as connection:
        return connection.execute(select(runs).where(runs.c.id == run)).one()


def waiting_of(house: HttpHouse, run: str) -> int:
    """Requests of a run that wait for its approval."""
    with house.services.database.reading() as connection:
        wanted = select(func.count()).select_from(parts).join(requests, requests.c.id == parts.c.request_id)
        wanted = wanted.where(requests.c.run_id == run, parts.c.channel == "plan", parts.c.waits > 0)
        return connection.scalar(wanted) or 0


# ---------------------------------------------------------------- signing in and out


def test_a_key_signs_in_and_never_comes_back(house: HttpHouse) -> None:
    key = house.key("read")
    visitor = Visitor(house)
    answer = visitor.sign_in(key, to="/operate/runs?state=open")
    assert location(answer) == "/operate/runs?state=open"
    cookie = answer.headers["set-cookie"]
    name, *attributes = [part.strip().lower() for part in cookie.split(";")]
    assert name.startswith("dearly-operate=")
    assert {"httponly", "samesite=strict", "path=/operate", "max-age=28800"} <= set(attributes)
    assert "secure" not in attributes  # this address speaks no HTTPS
    assert key not in cookie and key.split("_")[1] not in cookie
    assert "Nothing" in text_of(visitor.get("/operate/runs")) or "Runs" in text_of(visitor.get("/operate/runs"))
    assert location(visitor.get("/operate/sign-in")) == "/operate"


@pytest.mark.parametrize("shown", ["", "dearly_nobody", "dearly_0123456789ab_" + "A" * 43])
def test_what_is_no_key_signs_nobody_in(house: HttpHouse, shown: str) -> None:
    visitor = Visitor(house)
    answer = visitor.sign_in(shown)
    assert answer.status == 401 and "set-cookie" not in answer.headers
    assert "This key opens nothing." in text_of(answer)
    assert not shown or shown not in answer.body.decode()


def test_a_key_that_may_not_read_signs_nobody_in(house: HttpHouse) -> None:
    answer = Visitor(house).sign_in(house.key("submit"))
    assert answer.status == 403 and "set-cookie" not in answer.headers and "'read'" in text_of(answer)


def test_guesses_are_slowed_down_and_a_good_key_is_not(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("renderer.api.limits.Buckets.take", _refused_missed)
        answer = Visitor(house).sign_in("nothing")
        assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
        assert Visitor(house).sign_in(house.all).status == 303


def _refused_missed(self: Any, name: str) -> Any:
    """Of an address there is nothing left; of keys there is."""
    from renderer.api.limits import Taken

    return Taken(name != "127.0.0.1", 5, 0 if name != "127.0.0.1" else 2)


def test_who_is_not_signed_in_is_led_to_the_door_and_back(house: HttpHouse, held: str) -> None:
    visitor = Visitor(house)
    door = location(visitor.get(f"/operate/runs/{held}"))
    assert door == f"/operate/sign-in?to=%2Foperate%2Fruns%2F{held}"
    shown = visitor.get(door).body.decode()
    assert f'name="to" value="/operate/runs/{held}"' in shown
    assert location(visitor.sign_in(house.all, to=f"/operate/runs/{held}")) == f"/operate/runs/{held}"
    picture = Visitor(house).get(f"/operate/runs/{held}/report.csv", Sec_Fetch_Dest="image")
    assert picture.status == 401


def test_signing_out_ends_the_session(house: HttpHouse) -> None:
    visitor = Visitor(house, house.all)
    kept = visitor.cookie
    answer = visitor.send("/operate/sign-out", {"token": visitor.token()})
    assert location(answer) == "/operate/sign-in" and "max-age=0" in answer.headers["set-cookie"].lower()
    visitor.cookie = kept  # somebody wrote it down before
    assert location(visitor.get("/operate")) == "/operate/sign-in"


def test_signing_out_counts_in_every_process_of_the_api(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    with http_house(tmp_path, url) as house, http_house(tmp_path, url) as other:
        visitor, elsewhere = Visitor(house, house.all), Visitor(other)
        elsewhere.cookie = visitor.cookie
        assert elsewhere.get("/operate").status == 200
        assert location(visitor.send("/operate/sign-out", {"token": visitor.token()})) == "/operate/sign-in"
        until = time.monotonic() + 10  # what was alive a moment ago is taken to be so for a second
        while elsewhere.get("/operate").status == 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert location(elsewhere.get("/operate")) == "/operate/sign-in"
        assert Visitor(other, house.all).get("/operate").status == 200  # the key opens as before
        assert location(visitor.get("/operate")) == "/operate/sign-in"


@pytest.mark.parametrize("how", ["revoked", "rotated", "expired"])
def test_a_session_ends_with_its_key(house: HttpHouse, how: str) -> None:
    key = house.key("read", expires_ms=wall_clock() + 2_000 if how == "expired" else None)
    visitor = Visitor(house, key)
    assert visitor.get("/operate").status == 200
    key_id = key.split("_")[1]
    if how == "revoked":
        house.keys.revoke(key_id)
    elif how == "rotated":
        _, fresh = house.keys.rotate(key_id, 0)
        assert Visitor(house, fresh).get("/operate").status == 200
    until = time.monotonic() + 10
    while visitor.get("/operate").status == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert location(visitor.get("/operate")) == "/operate/sign-in"
    assert visitor.send("/operate/sign-out", {"token": "x"}).status == 401


def test_a_rotated_key_opens_as_long_as_the_overlap_lasts(house: HttpHouse) -> None:
    key = house.key("read")
    visitor = Visitor(house, key)
    house.keys.rotate(key.split("_")[1], 60_000)
    time.sleep(1.1)
    assert visitor.get("/operate").status == 200


def test_behind_a_proxy_addresses_and_cookie_are_its(tmp_path: Path) -> None:
    address = "https://dearly.example/render"
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_url=address) as house:
        visitor = Visitor(house)
        assert visitor.sign_in(house.all).status == 403  # sent by a page of another address
        visitor.sent["Origin"] = "https://dearly.example"
        answer = visitor.sign_in(house.all)
        assert location(answer) == "/render/operate"
        cookie = answer.headers["set-cookie"].lower()
        assert (
            cookie.startswith("__secure-dearly-operate=") and "; secure" in cookie and "path=/render/operate;" in cookie
        )
        links = re.findall(r'(?:href|src|action)="([^"#]+)"', visitor.get("/operate").body.decode())
        assert links and all(link.startswith("/render/operate") for link in links)


# ---------------------------------------------------------------- forms


def test_a_form_from_elsewhere_changes_nothing(house: HttpHouse, all_: Visitor, held: str) -> None:
    token = all_.token()
    other = Visitor(house, house.all)
    fields = {"token": token}
    refused = {
        "no token": all_.send(f"/operate/runs/{held}/approve", {}),
        "a wrong token": all_.send(f"/operate/runs/{held}/approve", {"token": "0" * 32}),
        "another session's token": other.send(f"/operate/runs/{held}/approve", fields),
        "another origin": all_.send(f"/operate/runs/{held}/approve", fields, Origin="https://example.com"),
        "no origin": all_.send(f"/operate/runs/{held}/approve", fields, Origin="null"),
        "another site": all_.send(f"/operate/runs/{held}/approve", fields, Sec_Fetch_Site="cross-site"),
        "the same site": all_.send(f"/operate/runs/{held}/approve", fields, Sec_Fetch_Site="same-site"),
        "nobody knows where": all_.send(f"/operate/runs/{held}/reject", fields, Origin="", Sec_Fetch_Site=""),
        "signing in from elsewhere": other.sign_in(house.all, Origin="https://example.com"),
    }
    assert {name: answer.status for name, answer in refused.items()} == dict.fromkeys(refused, 403)
    row = run_row(house, held)
    assert row.approved_ms is None and row.state == "running"
    assert all_.get(f"/operate/runs/{held}/approve").status == 200
    assert run_row(house, held).approved_ms is None  # to ask is not to decide
    assert all_.send(f"/operate/runs/{held}/approve", fields).status == 303


def test_a_form_of_another_kind_is_not_read(house: HttpHouse, all_: Visitor, held: str) -> None:
    sent = {**all_.sent, "Cookie": all_.cookie, "Content_Type": "text/plain"}
    answer = house.call("POST", f"/operate/runs/{held}/approve", f"token={all_.token()}", key=None, **sent)
    assert answer.status == 415
    many = all_.send(f"/operate/runs/{held}/approve", {f"f{number}": "x" for number in range(20)})
    assert many.status == 400
    assert all_.send("/operate/sign-in", {"key": "x" * 100_000}).status == 413
    assert all_.get("/operate/sign-out").status == 405


# ---------------------------------------------------------------- approving and rejecting


def test_approving_lets_the_rest_go_on_and_says_who(house: HttpHouse, held: str) -> None:
    key = house.keys.create("Ada of operations", ["read", "runs:approve"], None, None)
    visitor = Visitor(house, key[1])
    page = text_of(visitor.get(f"/operate/runs/{held}"))
    assert ("3 requests wait for an approval" in page and "waiting for approval" in page) or "at work" in page
    until = time.monotonic() + 60  # a look may be used again for a while
    while f"small waits for an approval {held[:12]}" not in text_of(visitor.get("/operate")):
        assert time.monotonic() < until
        time.sleep(0.2)
    asked = text_of(visitor.get(f"/operate/runs/{held}/approve"))
    assert "Approve 3 requests" in asked and key[0].id in asked and "2 requests of the sample are not made yet" in asked
    answer = visitor.decide(held, "approve")
    assert location(answer) == f"/operate/runs/{held}?said=approved"
    shown = text_of(visitor.get(location(answer)))
    assert "Approved. The run goes on." in shown and f"by key {key[0].id} (Ada of operations)" in shown
    assert "wait for an approval" not in shown
    assert waiting_of(house, held) == 0
    # The same form sent twice says the same and changes nothing.
    before = run_row(house, held)
    assert location(visitor.decide(held, "approve")) == f"/operate/runs/{held}?said=approved"
    assert run_row(house, held) == before


def test_who_comes_second_is_told_who_was_first(house: HttpHouse, held: str) -> None:
    first, second = (Visitor(house, house.key("read", "runs:approve")) for _ in range(2))
    token = second.token()
    assert location(first.decide(held, "approve")).endswith("said=approved")
    for decision in ("approve", "reject"):
        answer = second.send(f"/operate/runs/{held}/{decision}", {"token": token})
        assert location(answer) == f"/operate/runs/{held}?said=late"
        assert "Somebody else was first. The run was approved on" in text_of(second.get(location(answer)))
    assert run_row(house, held).state == "running"  # an approved run is not called off by a form that came late
    assert location(second.get(f"/operate/runs/{held}/reject")) == f"/operate/runs/{held}?said=over"


def test_rejecting_ends_what_is_open(house: HttpHouse, held: str) -> None:
    visitor = Visitor(house, house.all)
    assert "Reject 5 requests" in text_of(visitor.get(f"/operate/runs/{held}/reject"))
    assert location(visitor.decide(held, "reject")) == f"/operate/runs/{held}?said=rejected"
    row = run_row(house, held)
    assert row.state == "cancelled" and row.approved_ms is None
    assert house.services.summary.tally(held).cancelled == 5
    assert location(visitor.decide(held, "reject")).endswith("said=rejected")
    late = location(Visitor(house, house.key("read", "runs:approve")).decide(held, "approve"))
    assert late.endswith("said=late") and run_row(house, held).approved_ms is None
    assert "Cancelled" in text_of(visitor.get(f"/operate/runs/{held}"))


def test_of_many_who_decide_at_once_one_is_first(house: HttpHouse, tmp_path: Path) -> None:
    visitors = [Visitor(house, house.key("read", "runs:approve")) for _ in range(6)]
    tokens = [visitor.token() for visitor in visitors]
    for turn in range(4):
        run = held_run(house, tmp_path, turn=f"-race{turn}-")

        def decide(place: int, run: str = run) -> str:
            decision = "approve" if place % 2 else "reject"
            return location(visitors[place].send(f"/operate/runs/{run}/{decision}", {"token": tokens[place]}))

        with ThreadPoolExecutor(6) as threads:
            said = [where.rpartition("=")[2] for where in threads.map(decide, range(6))]
        assert sorted(said)[1:] == ["late"] * 5 or sorted(said)[:-1] == ["late"] * 5, said
        row, (first,) = run_row(house, run), [one for one in said if one != "late"]
        assert (row.state, row.approved_ms is None) == (
            ("cancelled", True) if first == "rejected" else ("running", False)
        )
        with house.services.database.reading() as connection:
            decided = connection.scalars(
                select(history.c.owner).where(history.c.run_id == run, history.c.event.in_(("approved", "cancelled")))
            ).all()
        assert len(decided) == 1 and decided[0].startswith("key ")


def test_an_approval_that_was_interrupted_can_be_finished(
    house: HttpHouse, held: str, all_: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.services.intake.mark_approved(held, "key 000000000000")
    assert "let the rest go on again" not in text_of(all_.get(f"/operate/runs/{held}"))  # it has only begun
    monkeypatch.setattr("renderer.api.operate.run_view.STUCK_MS", 0)
    assert "let the rest go on again" in text_of(all_.get(f"/operate/runs/{held}"))
    assert "It was approved before." in text_of(all_.get(f"/operate/runs/{held}/approve"))
    assert location(all_.decide(held, "approve")).endswith("said=late")
    assert house.services.intake.release(held) == 0  # nothing is left that waits


def test_no_report_keeps_an_approval_waiting(
    house: HttpHouse, held: str, all_: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [batch(house, tmp_path, [person(f"long-{number}")]) for number in range(2)]
    made, go_on = [], threading.Event()

    def slow(services: Any, run: str) -> Any:
        made.append(run)
        assert go_on.wait(60)
        return gather(services, run)

    monkeypatch.setattr("renderer.api.operate.routes.runs.gather", slow)
    with ThreadPoolExecutor(4) as threads:
        reports = [threads.submit(all_.get, f"/operate/runs/{run}/report.json") for run in [*others, *others]]
        try:
            until = time.monotonic() + 30
            while len(made) < 2:
                assert time.monotonic() < until
                time.sleep(0.02)
            assert location(all_.decide(held, "approve")).endswith("said=approved")
            assert waiting_of(house, held) == 0
        finally:
            go_on.set()
        assert [report.result().status for report in reports] == [200] * 4
    assert sorted(made) == sorted(others)  # who asks for the same meanwhile has it of the one who asked first


def test_a_run_that_is_not_held_is_not_decided_about(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    run = batch(house, tmp_path, [person("free")])
    for decision in ("approve", "reject"):
        assert location(all_.get(f"/operate/runs/{run}/{decision}")).endswith("said=over")
        assert location(all_.decide(run, decision)).endswith("said=over")
    assert run_row(house, run).state == "running"
    page = text_of(all_.get(f"/operate/runs/{run}"))
    assert "Approve" not in page and "Reject" not in page


# ---------------------------------------------------------------- scopes


class World:
    """A held run with a finished sample, of each template."""

    def __init__(self, house: HttpHouse, folder: Path) -> None:
        self.runs, self.requests = {}, {}
        for template in TEMPLATES:
            self.runs[template] = held_run(house, folder, template, turn="-world-")
            self.requests[template] = requests_of(house, self.runs[template])[0]
            make_sample(house, self.requests[template])
        self.single = house.submit("single").json["id"]
        self.endless = house.call("GET", f"/v1/requests/{self.single}").json["run"]


@pytest.fixture(scope="module")
def world(house: HttpHouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(house, tmp_path_factory.mktemp("world"))


def pages(world: World, template: str) -> list[tuple[str, str]]:
    """Addresses that concern one template, with the scope that each needs."""
    run, request = world.runs[template], world.requests[template]
    return [
        ("read", f"/operate/runs/{run}"),
        ("read", f"/operate/runs/{run}/report.json"),
        ("read", f"/operate/runs/{run}/report.csv"),
        ("records", f"/operate/runs/{run}/set-aside"),
        ("runs:approve", f"/operate/runs/{run}/approve"),
        ("runs:approve", f"/operate/runs/{run}/reject"),
        ("read", f"/operate/requests/{request}"),
        ("artefacts", f"/operate/requests/{request}/files/statement/statement.pdf"),
        ("artefacts", f"/operate/requests/{request}/files/microsite/index.html"),
        ("artefacts", f"/operate/requests/{request}/paper/1/statement/statement.pdf"),
        ("read", f"/operate/releases/{template}"),
        ("read", f"/operate/releases/{template}/contract.json"),
    ]


def everywhere(world: World) -> list[str]:
    """Addresses that concern nothing in particular."""
    return ["/operate", "/operate/runs", "/operate/requests", "/operate/releases", "/operate/workers"]


@some
@given(
    scopes=st.sets(st.sampled_from(sorted(SCOPES))),
    templates=st.none() | st.sets(st.sampled_from(TEMPLATES), min_size=1),
)
def test_no_key_sees_on_these_pages_what_its_scope_forbids(
    house: HttpHouse, world: World, scopes: set[str], templates: set[str] | None
) -> None:
    scopes = scopes | {"read"} if templates is None else (scopes | {"read"}) - WHOLE
    visitor = Visitor(house, house.key(*scopes, templates=None if templates is None else sorted(templates)))
    allowed = set(TEMPLATES) if templates is None else templates
    for template in TEMPLATES:
        for scope, path in pages(world, template):
            status = visitor.get(path).status
            wanted = 403 if scope not in scopes else 200 if template in allowed else 404
            assert status == wanted, (path, status, wanted)
    for path in everywhere(world):
        answer = visitor.get(path)
        if path == "/operate/workers" and templates is not None:
            assert answer.status == 403
            continue
        assert answer.status == 200
        shown = answer.body.decode()
        for template in set(TEMPLATES) - allowed:
            assert world.runs[template] not in shown and world.requests[template] not in shown, path
            assert f">{template}<" not in shown, path
        if templates is not None:
            assert "Workers" not in text_of(answer) and world.endless not in shown
        assert NAME not in shown
    single = visitor.get(f"/operate/requests/{world.single}")
    assert single.status == (200 if "small" in allowed else 404)
    assert (world.endless in single.body.decode()) == (templates is None)
    page = visitor.get(f"/operate/requests/{world.requests[sorted(allowed)[0]]}").body.decode()
    assert ("<iframe" in page) == ("artefacts" in scopes) == ("/samples/" in page)
    assert NAME not in page
    for template in TEMPLATES:
        if "runs:approve" not in scopes or template not in allowed:
            answer = visitor.decide(world.runs[template], "approve")
            assert answer.status == (403 if "runs:approve" not in scopes else 404)
            assert run_row(house, world.runs[template]).approved_ms is None


def test_a_key_of_a_template_is_told_of_its_failures_only(house: HttpHouse, tmp_path: Path) -> None:
    (request,) = requests_of(house, batch(house, tmp_path, [person("fails")], "other"))
    house.make(request, fault=Fault(code="render.frames", message="Frames are missing."))
    for template in TEMPLATES:
        page = text_of(Visitor(house, house.key("read", templates=[template])).get("/operate"))
        assert ("render.frames" in page) == (template == "other")


def test_ids_are_found_by_those_who_may_see_them(house: HttpHouse, world: World) -> None:
    visitor = Visitor(house, house.key("read", templates=["small"]))
    run, request = world.runs["small"], world.requests["small"]
    assert location(visitor.get(f"/operate/find?id={run[:26]}")) == f"/operate/runs/{run}"
    assert location(visitor.get(f"/operate/find?id=+{request}")) == f"/operate/requests/{request}"
    for hidden in (world.runs["other"], world.requests["other"], "0" * 32, "%3Cb%3E", "nothing"):
        assert visitor.get(f"/operate/find?id={hidden}").status == 404


# ---------------------------------------------------------------- what was made, in view


def ticket_of(visitor: Visitor, request: str) -> str:
    found = re.search(
        r'<iframe src="(/operate/samples/[A-Za-z0-9_-]+)/microsite/index.html"', page_of(visitor, request)
    )
    assert found is not None
    return found[1]


def page_of(visitor: Visitor, request: str) -> str:
    return visitor.get(f"/operate/requests/{request}").body.decode()


def test_a_sample_is_shown_where_it_can_run_nothing_and_knows_nobody(house: HttpHouse, world: World) -> None:
    visitor = Visitor(house, house.key("read", "artefacts"))
    request = world.requests["small"]
    page = page_of(visitor, request)
    assert re.search(r'<iframe [^>]*sandbox=""', page) and 'referrerpolicy="no-referrer"' in page
    ticket = ticket_of(visitor, request)
    shown = visitor.get(f"{ticket}/microsite/index.html")
    assert shown.status == 200 and shown.body == PAGE.encode() and shown.headers["content-type"].startswith("text/html")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox;") and "script-src 'none'" in policy and "allow-" not in policy
    assert "frame-ancestors 'self'" in policy and shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert shown.headers["cache-control"] == "private, no-store"
    nobody = Visitor(house)  # what the sandboxed page loads comes without a cookie
    assert nobody.get(f"{ticket}/microsite/site.css").headers["content-type"].startswith("text/css")
    assert nobody.get(f"{ticket}/microsite/poster.jpg").headers["content-type"] == "image/jpeg"
    assert nobody.get(f"{ticket}/statement/statement.pdf").status == 404  # the page's own files only
    assert nobody.get(f"{ticket}/microsite/nothing").status == 404
    assert nobody.get(f"{ticket[:-4]}AAAA/microsite/index.html").status == 401
    # By any other way the page is a download.
    saved = visitor.get(f"/operate/requests/{request}/files/microsite/index.html")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert (
        "sandbox" in saved.headers["content-security-policy"] and saved.headers["cache-control"] == "private, no-store"
    )


def test_the_address_of_a_sample_alone_opens_no_page(house: HttpHouse, world: World) -> None:
    """Addresses stand in the logs of proxies."""
    key = house.key("read", "artefacts")
    page = f"{ticket_of(Visitor(house, key), world.requests['small'])}/microsite/index.html"
    for visitor in (Visitor(house), Visitor(house, key), Visitor(house, house.all)):  # also in another session
        answer = visitor.get(page)
        assert answer.status == 401 and NAME not in answer.body.decode()


def test_a_ticket_ends_with_its_minutes_its_session_and_its_key(
    house: HttpHouse, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = world.requests["small"]
    visitor = Visitor(house, house.key("read", "artefacts"))
    ticket = ticket_of(visitor, request)
    visitor.send("/operate/sign-out", {"token": visitor.token()})
    assert Visitor(house).get(f"{ticket}/microsite/site.css").status == 401
    key = house.key("read", "artefacts")
    visitor = Visitor(house, key)
    ticket = ticket_of(visitor, request)
    assert Visitor(house).get(f"{ticket}/microsite/site.css").status == 200
    with monkeypatch.context() as patch:
        patch.setattr("renderer.api.operate.sessions.TICKET_S", 0)
        assert Visitor(house).get(f"{ticket_of(visitor, request)}/microsite/site.css").status == 401
    house.keys.revoke(key.split("_")[1])
    time.sleep(1.1)
    assert Visitor(house).get(f"{ticket}/microsite/site.css").status == 401


def test_papers_are_pictures_and_films_come_in_parts(house: HttpHouse, world: World, all_: Visitor) -> None:
    base = f"/operate/requests/{world.requests['small']}"
    picture = all_.get(f"{base}/paper/1/statement/statement.pdf")
    assert picture.headers["content-type"] == "image/png" and picture.body.startswith(b"\x89PNG")
    assert picture.headers["cache-control"] == "private, no-store"
    small = all_.get(f"{base}/paper/1/statement/statement.pdf?small=1").body
    assert [Image.open(io.BytesIO(one)).width for one in (picture.body, small)] == [WIDTH, SMALL]
    shown = all_.get(f"/operate/runs/{world.runs['small']}").body.decode()
    assert f'src="{base}/files/video/poster.jpg"' in shown
    assert all_.get(f"{base}/paper/2/statement/statement.pdf").status == 404
    assert all_.get(f"{base}/paper/1/video/film.mp4").status == 404
    part = all_.get(f"{base}/files/video/film.mp4", Range="bytes=3-6")
    assert (part.status, part.body) == (206, b"film")


def test_a_file_that_is_no_paper_can_still_be_had(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    run = batch(house, tmp_path, [person("torn")])
    (request,) = requests_of(house, run)
    kinds = {"statement/statement.pdf": ("pdf", "application/pdf"), "statement/gone.pdf": ("pdf", "application/pdf")}
    house.make(request, {"statement/statement.pdf": b"%PDF-1.7 torn", "statement/gone.pdf": b"x"}, kinds=kinds)
    with house.services.database.writing() as connection:
        connection.execute(
            update(artefacts).where(artefacts.c.path == "statement/gone.pdf").values(key="requests/gone/1/x")
        )
    page = text_of(all_.get(f"/operate/requests/{request}"))
    assert page.count("The file cannot be shown. Download it instead.") == 2
    assert all_.get(f"/operate/requests/{request}/paper/1/statement/statement.pdf").status == 404
    assert all_.get(f"/operate/requests/{request}/files/statement/gone.pdf").status == 503


def test_a_page_that_cannot_be_read_is_no_page(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    run = batch(house, tmp_path, [person("torn-page")])
    (request,) = requests_of(house, run)
    torn = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[9 0 R]/Count 1>>endobj\n"
    torn += b"trailer<</Size 3/Root 1 0 R>>\n%%EOF"
    house.make(
        request, {"statement/statement.pdf": torn}, kinds={"statement/statement.pdf": ("pdf", "application/pdf")}
    )
    assert "1 page" in text_of(all_.get(f"/operate/requests/{request}"))
    assert all_.get(f"/operate/requests/{request}/paper/1/statement/statement.pdf").status == 404


# ---------------------------------------------------------------- downloads


def test_downloads_are_what_the_commands_write(house: HttpHouse, world: World, tmp_path: Path, all_: Visitor) -> None:
    run = world.runs["other"]
    aside, table = tmp_path / "aside.jsonl", tmp_path / "report.csv"
    write_aside(house.services, run, aside)
    with table.open("w", newline="") as file:
        write_csv(house.services, run, file)
    answer = all_.get(f"/operate/runs/{run}/set-aside")
    assert answer.body == aside.read_bytes() and b'"_set_aside"' in answer.body and b"C-bad" in answer.body
    assert answer.headers["content-disposition"] == f'attachment; filename="set-aside-{run}.jsonl"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert all_.get(f"/operate/runs/{run}/report.csv").body == table.read_bytes()
    report = json.loads(json.dumps(as_json(gather(house.services, run))))
    assert all_.get(f"/operate/runs/{run}/report.json").json == report
    endless = world.endless
    for name in ("report.csv", "report.json", "set-aside"):
        assert all_.get(f"/operate/runs/{endless}/{name}").status == 409
    assert "takes requests" in text_of(all_.get(f"/operate/runs/{endless}"))


# ---------------------------------------------------------------- hostile texts


def test_texts_of_others_are_shown_as_they_are(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    evil = "</title><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>'\""
    run = batch(house, tmp_path, [person("evil-1"), person("evil-2")])
    failed, done = requests_of(house, run)
    house.make(failed, fault=Fault(code="render.glyph", message=evil))
    house.make(done, {"statement/a.pdf": b"%PDF-1.7"})
    with house.services.database.writing() as connection:
        renamed = update(artefacts).where(artefacts.c.path == "statement/a.pdf").values(path=f"statement/{evil}.pdf")
        assert connection.execute(renamed).rowcount == 1
    row = {"faults": 1, "since_ms": 1, "fault_ms": 1, "until_ms": 1, "code": evil, "message": evil}
    with house.services.database.writing() as connection:  # also what nobody from outside can say today
        connection.execute(insert(set_aside).values(run_id=run, record=9, field=evil, code=evil, faults="[]", at_ms=1))
        connection.execute(update(requests).where(requests.c.id == done).values(reason=evil))
        connection.execute(update(parts).where(parts.c.request_id == done).values(warnings=json.dumps([evil])))
        connection.execute(insert(pauses).values(queue=evil, **row))
    house.services.roll.beat("w", name=evil, queues=[evil], children=1)
    key = house.keys.create("<b>Ada</b>", [*SCOPES], None, None)[1]
    visitor = Visitor(house, key)
    with house.services.database.writing() as connection:
        before = connection.scalar(select(releases.c.title).where(releases.c.template == "other"))
        connection.execute(update(releases).where(releases.c.template == "other").values(title=evil))
    try:
        paths = ["/operate", "/operate/releases", "/operate/releases/other", f"/operate/runs/{run}"]
        paths += [f"/operate/requests/{failed}", f"/operate/requests/{done}", f"/operate/requests?run={run}"]
        paths.append("/operate/workers")
        seen = [visitor.get(path) for path in paths]
    finally:
        with house.services.database.writing() as connection:
            connection.execute(update(releases).where(releases.c.template == "other").values(title=before))
            connection.execute(delete(pauses))
            connection.execute(delete(workers))
    for path, answer in zip(paths, seen, strict=True):
        assert answer.status == 200, path
        body = answer.body.decode()
        assert "<script>" not in body and "<img src=x" not in body and "<b>Ada</b>" not in body, path
        assert "\u202e" not in body, path
        assert "alert" not in re.findall(r"<title>(.*?)</title>", body)[0]
    assert "[U+202E]<img src=x" in text_of(seen[3]) and "[U+202E]<img src=x" in text_of(seen[1])


class _Found(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.code |= bool(self.tags) and self.tags[-1][0] in ("script", "style") and bool(data.strip())


def test_pages_hold_to_their_policy(house: HttpHouse, world: World, all_: Visitor) -> None:
    paths = everywhere(world) + [
        path for scope, path in pages(world, "small") if not re.search(r"\.|set-aside|paper", path)
    ]
    paths += ["/operate/sign-in", "/operate/nothing", f"/operate/runs/{'0' * 32}"]
    for path in paths:
        answer = all_.get(path) if path != "/operate/sign-in" else Visitor(house).get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy, path
        assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert ("frame-src" in policy) == path.startswith("/operate/requests/"), path
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "same-origin"  # no-referrer would hide where our forms come from
        assert answer.headers["x-frame-options"] == "DENY" and "noindex" in answer.headers["x-robots-tag"]
        found = _Found()
        found.feed(answer.body.decode())
        assert not found.code, path
        for tag, attributes in found.tags:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], (path, tag)
            for name in ("href", "src", "action", "poster"):
                value = attributes.get(name)
                assert value is None or value.startswith(("/operate", "#")), (path, value)
        assert '<html lang="en">' in answer.body.decode() and "<h1" in answer.body.decode()


def test_styles_and_script_are_kept_for_good_and_nothing_else_is_there(house: HttpHouse, all_: Visitor) -> None:
    sheets = re.findall(r'"(/operate/sheets/[^"]+)"', all_.get("/operate").body.decode())
    assert {path.rpartition("/")[2] for path in sheets} == {"mark.svg", "fonts.css", "operate.css", "operate.js"}
    for path in sheets:
        answer = Visitor(house).get(path)
        assert answer.status == 200 and "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"IBM Plex Sans" in next(Visitor(house).get(path).body for path in sheets if path.endswith("fonts.css"))
    for path in (
        "/operate/sheets/0/operate.css",
        f"{sheets[0].rpartition('/')[0]}/base.html",
        "/operate/sheets/0/..%2fapp.py",
    ):
        assert Visitor(house).get(path).status == 404


def test_the_page_is_in_no_description_of_the_api(house: HttpHouse) -> None:
    assert "operate" not in house.call("GET", "/v1/openapi.json", key=None).body.decode().lower().replace(
        "operation", ""
    )
    assert house.call("GET", "/operatex").headers["content-type"] == "application/problem+json"


def test_what_is_wrong_with_a_call_is_said_on_a_page(house: HttpHouse, all_: Visitor) -> None:
    for path, status in (
        ("/operate/runs/zzz", 404),
        ("/operate/runs?state=maybe", 422),
        (f"/operate/runs/{'0' * 32}", 404),
        ("/operate/runs?after=" + "A" * 40, 422),
    ):
        answer = all_.get(path)
        assert answer.status == status and answer.headers["content-type"].startswith("text/html")
        assert answer.headers["x-request-id"] in text_of(answer)


# ---------------------------------------------------------------- a large ledger


@contextmanager
def watched() -> Iterator[list[tuple[str, int]]]:
    """Every SELECT of this process with the rows that it gives."""
    found: list[tuple[str, int]] = []
    asking = False

    def ask(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal asking
        if asking or not statement.lstrip().upper().startswith("SELECT"):
            return
        asking = True
        try:
            rows = connection.exec_driver_sql(f"select count(*) from ({statement})", parameters).scalar()
            plan = [row[3] for row in connection.exec_driver_sql(f"explain query plan {statement}", parameters)]
            whole = [step for step in plan if re.fullmatch(r"SCAN (requests|parts|set_aside|artefacts|history)", step)]
            assert not whole, (statement, plan)
        finally:
            asking = False
        found.append((statement, rows))

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", ask)


@pytest.mark.slow
def test_a_large_run_costs_a_page_no_more_than_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.api.operate.glances.KEPT_S", 0.0)
    monkeypatch.setattr("renderer.api.operate.glances.TIMES", 0)
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", api_rate=1e5, api_burst=10**6) as house:
        visitor = Visitor(house, house.all)
        large = fill(house, 6_000)
        paths = ["/operate", "/operate/runs", f"/operate/runs/{large}", f"/operate/runs/{large}/approve"]
        paths += [f"/operate/requests?run={large}&state=failed", "/operate/workers", "/operate/releases"]
        paths.append(f"/operate/requests/{requests_of(house, large)[7]}")
        for path in paths:
            with watched() as asked:
                answer = visitor.get(path)
            assert answer.status == 200, (path, text_of(answer))
            assert len(asked) <= 60 and sum(rows for _, rows in asked) <= 300, (path, len(asked), asked)
            assert len(answer.body) < 60_000, path
        shown = text_of(visitor.get(f"/operate/runs/{large}"))
        assert "of 6,400 records" in shown and "400" in shown, shown


def fill(house: HttpHouse, many: int) -> str:
    """A held run of so many requests, straight into the tables: a tenth failed, the first hundred done."""
    now = wall_clock()
    run = new_id(now)
    digest = house.services.book.active("small")
    states = ["done" if place < 100 else "failed" if place % 20 == 0 else "submitted" for place in range(many)]
    ids = [new_id(now) for _ in range(many)]
    with house.services.database.writing() as connection:
        connection.execute(
            insert(runs).values(
                id=run, kind="batch", template="small", release=digest, state="running", expected=many + 400,
                records=many + 400, hold_after=100, created_ms=now - 1000, sealed_ms=now, options="{}", scope=run,
            )
        )  # fmt: skip
        connection.execute(
            insert(requests),
            [
                {
                    "id": ids[place], "run_id": run, "record": place + 1, "recipient": f"r{place}",
                    "idempotency": f"i{place}", "template": "small", "release": digest, "notify": 0, "state": state,
                    "error_code": "render.glyph" if state == "failed" else None,
                    "error_message": "A glyph is missing." if state == "failed" else None,
                    "created_ms": now, "finished_ms": now if state in ("done", "failed") else None,
                }
                for place, state in enumerate(states)
            ],
        )  # fmt: skip
        connection.execute(
            insert(parts),
            [
                {
                    "id": f"{ids[place]}-{work}", "request_id": ids[place], "channel": work, "queue": "statement",
                    "priority": 0, "record": place + 1, "state": state, "waits": 0 if state == "done" else 1,
                    "needed": 0, "available_ms": now, "attempts": 1, "crashes": 0, "losses": 0, "faults": 0,
                    "lease_token": 0, "step": 0, "steps": 0,
                }
                for place, state in enumerate(states)
                for work in ("plan", "statement")
            ],
        )  # fmt: skip
        connection.execute(
            insert(set_aside),
            [
                {
                    "run_id": run, "record": many + 1 + place, "code": "profile.missing", "field": "bill",
                    "faults": json.dumps([]), "at_ms": now,
                }
                for place in range(400)
            ],
        )  # fmt: skip
    return run
