"""The operators' pages themselves: policy, styles and script, texts of others, and what is wrong with a call."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from renderer.api.keys import SCOPES
from renderer.ledger.model import Fault
from renderer.ledger.tables import artefacts, parts, pauses, releases, requests, set_aside, workers
from tests.http_house import HttpHouse
from tests.operate_house import (
    Visitor,
    World,
    batch,
    everywhere,
    pages,
    person,
    requests_of,
    text_of,
)


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
