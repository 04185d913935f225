"""What was made, in view on the operators' page: where it can run nothing, and for nobody else."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from PIL import Image

from renderer.api.operate.paper import SMALL, WIDTH
from renderer.ledger.model import Fault, artefact_key
from tests.http_house import HttpHouse
from tests.operate_house import (
    NAME,
    PAGE,
    Visitor,
    World,
    batch,
    make_sample,
    person,
    requests_of,
    text_of,
)


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
    assert house.services.store.delete(artefact_key(request, "statement/gone.pdf"))
    page = text_of(all_.get(f"/operate/requests/{request}"))
    assert page.count("The file cannot be shown. Download it instead.") == 2
    assert all_.get(f"/operate/requests/{request}/paper/1/statement/statement.pdf").status == 404
    assert all_.get(f"/operate/requests/{request}/files/statement/gone.pdf").status == 404
    assert all_.get(f"/operate/requests/{request}/paper/1/statement/gone.pdf").status == 404


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


def test_the_first_of_a_run_say_what_there_is_to_look_at(house: HttpHouse, tmp_path: Path, all_: Visitor) -> None:
    run = batch(house, tmp_path, [person(f"first-{number}") for number in range(3)])
    made, failed, _ = requests_of(house, run)
    make_sample(house, made)
    house.make(failed, fault=Fault(code="render.glyph", message="A glyph is missing."))
    shown = text_of(all_.get(f"/operate/runs/{run}"))
    assert "Nothing to show Record 2 failed" in shown and "Not made yet Record 3" in shown
    assert shown.count("Nothing to show") == shown.count("Not made yet") == 1
    listed = all_.get(f"/operate/requests?run={run}").body.decode()
    states = re.findall(rf"run={run}&amp;state=(\w+)", listed)
    assert {"submitted", "failed"} <= set(states) and "dispatched" not in states  # only parts are
