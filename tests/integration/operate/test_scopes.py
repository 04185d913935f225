"""What each key sees on the operators' page, and what it may download."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.api.keys import SCOPES, WHOLE
from renderer.batch.aside import write_aside
from renderer.batch.report import as_json, gather, write_csv
from renderer.ledger.model import Fault
from tests.http_house import TEMPLATES, HttpHouse
from tests.operate_house import (
    NAME,
    Visitor,
    World,
    batch,
    everywhere,
    location,
    pages,
    person,
    requests_of,
    run_row,
    text_of,
)

some = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


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
