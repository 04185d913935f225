"""What the studio's render process makes: the very things that production makes, and errors where they are."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import pytest

from renderer import pipeline
from renderer.errors import DearlyError, ErrorList, RenderError, UsageError
from renderer.preflight.start import start
from renderer.preview.desk import Desk
from renderer.preview.faults import faults
from renderer.preview.model import Bench, Person, View
from renderer.profile.load import read_one
from renderer.render.model import RenderJob
from renderer.render.video.compose import Composer, frame_digest
from renderer.render.video.render import FilmSource, film_backdrops
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.units import sha256

CACHE = Path(gettempdir()) / "dearly-test-fonts"


def _quiet(*_: object) -> None:
    """No progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    start("book-year", tmp_path / "book-year")
    return tmp_path / "book-year"


@pytest.fixture
def desk(folder: Path, tmp_path: Path) -> Desk:
    return Desk(Bench(folder=folder, profiles=None, cache=CACHE, work=tmp_path / "work"))


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.people(1, _quiet)[0]


def _view(person: Person, revision: int = 1, **changes: str) -> View:
    assert person.sheet is not None
    sheet = json.dumps({**json.loads(person.sheet), **changes})
    return View(revision=revision, record=person.number, sheet=sheet, images=person.images)


@pytest.fixture
def production(folder: Path) -> Callable[[], RenderJob]:
    def job() -> RenderJob:
        planner = pipeline.open_template(str(folder))
        person = read_one(folder / "samples" / "ada.json", planner.template.contract)
        return pipeline.prepare_job(planner.template, pipeline.plan(planner, person), person.images, CACHE)

    return job


def test_frames_are_those_of_the_film_digest_for_digest(
    desk: Desk, ada: Person, production: Callable[[], RenderJob]
) -> None:
    job = production()
    score = build_score(job.plan, job.template, job.fonts, job.assets, TextEngine(job.fonts))
    frame_at = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=CACHE)()
    composer = Composer(score, film_backdrops(score, job.assets, CACHE), job.fonts, job.assets)
    view = _view(ada)
    film = desk.film(1, view, _quiet)
    assert film["digest"] == score.digest and film["frames"] == score.frames
    assert (film["width"], film["height"]) == (score.width, score.height)
    borders = {edge for scene in score.scenes for edge in (scene.first, scene.first + 1, scene.end - 1)}
    for number in sorted(borders, key=lambda number: number * 7919 % score.frames):  # in no order, as people scrub
        still = desk.frame(1, view, number, False, _quiet)
        frame = composer.frame(number)
        assert still.digest == frame_digest(frame)
        assert (frame_at(number) == frame.data).all()
        assert still.data.startswith(b"\xff\xd8")
    assert desk.frame(1, view, 5, True, _quiet).data.startswith(b"\x89PNG")


def test_every_listed_format_can_be_seen_and_the_page_shows_both(
    folder: Path, tmp_path: Path, production: Callable[[], RenderJob]
) -> None:
    config = folder / "template.yaml"
    text = config.read_text("utf-8")
    (flat,) = re.findall(r'"16:9": {width: \d+, height: \d+}', text)
    config.write_text(text.replace(flat, '"16:9": {width: 320, height: 180}\n      "9:16": {width: 180, height: 320}'))
    desk = Desk(Bench(folder=folder, profiles=None, cache=CACHE, work=tmp_path / "work"))
    view = _view(desk.people(1, _quiet)[0])
    upright = replace(view, format="9:16")
    sizes = [(film["width"], film["height"]) for film in (desk.film(1, one, _quiet) for one in (view, upright))]
    assert sizes == [(320, 180), (180, 320)]
    job = production()
    score = build_score(job.plan, job.template, job.fonts, job.assets, TextEngine(job.fonts), format="9:16")
    composer = Composer(score, film_backdrops(score, job.assets, CACHE), job.fonts, job.assets)
    assert desk.frame(1, upright, 30, False, _quiet).digest == frame_digest(composer.frame(30))
    for one in (view, upright):
        site = Path(desk.site(1, one, 1000, _quiet)["folder"])
        assert {"poster.jpg", "poster-9x16.jpg", "film-9x16.mp4"} <= {path.name for path in site.iterdir()}
    with pytest.raises(RenderError, match="no such format"):
        desk.film(1, replace(view, format="4:5"), _quiet)


def test_plan_page_and_statement_are_those_of_production(
    desk: Desk, ada: Person, production: Callable[[], RenderJob], tmp_path: Path
) -> None:
    job, view = production(), _view(ada)
    assert desk.plan(1, view, _quiet)["plan_json"].encode() == job.plan.data
    results = pipeline.render_all(
        ("statement", "microsite", "video"), job.template, job.plan, {}, CACHE, tmp_path / "made"
    )
    paper = desk.paper(1, view, _quiet)
    assert paper["sha256"] == results["statement"].artefacts[0].sha256
    site = desk.site(1, view, paper["bytes"], _quiet)
    made = {item.path: item.sha256 for item in results["microsite"].artefacts if item.kind not in ("mp4", "pdf")}
    assert dict(site["files"]) == made
    assert sha256(Path(site["folder"], "index.html").read_bytes()) == made["microsite/index.html"]


def test_facts_say_where_they_are_placed(desk: Desk, ada: Person) -> None:
    view = _view(ada)
    film, site, paper = desk.film(1, view, _quiet), desk.site(1, view, 1, _quiet), desk.paper(1, view, _quiet)
    assert "books" in site["placed"]["facts"] and "books" in paper["placed"]["facts"]
    place = film["placed"]["facts"]["books"][0]
    assert 0 <= place["first"] < place["end"] <= film["frames"] and place["scene"] in {s["id"] for s in film["scenes"]}
    written = desk.template(1, _quiet)["written"]
    lines = [one["line"] for one in written if one["name"] == "books" and one["file"] == "microsite/index.html.j2"]
    source = (desk.bench.folder / "microsite" / "index.html.j2").read_text().splitlines()
    assert lines and all("books" in source[line - 1] for line in lines)
    # A sentence of the block that was not chosen is written but not placed.
    assert "goal-reached" in site["placed"]["copy"] and "goal-open" not in site["placed"]["copy"]


def test_an_edited_value_changes_every_channel(desk: Desk, ada: Person) -> None:
    before, after = _view(ada), _view(ada, books="3")
    for make in (
        lambda view: desk.plan(1, view, _quiet)["digest"],
        lambda view: desk.site(1, view, 1, _quiet)["files"],
        lambda view: desk.paper(1, view, _quiet)["sha256"],
        lambda view: [scene["id"] for scene in desk.film(1, view, _quiet)["scenes"]],
    ):
        assert make(before) != make(after)


def test_a_broken_file_is_an_error_with_line_and_excerpt_and_mending_it_recovers(desk: Desk, ada: Person) -> None:
    page = desk.bench.folder / "microsite" / "index.html.j2"
    sound = page.read_text()
    page.write_text(sound.replace("{{ facts.books }}", "{{ facts.boks }}"))
    with pytest.raises(DearlyError) as caught:
        desk.site(2, _view(ada, 2), 1, _quiet)
    line = next(number for number, text in enumerate(sound.splitlines(), 1) if "{{ facts.books }}" in text)
    fault = faults(caught.value, desk.bench.folder)[0]
    assert (fault["file"], fault["line"]) == ("microsite/index.html.j2", line)
    assert dict(fault["lines"])[line].strip() == '<p class="figure">{{ facts.boks }}</p>'
    rules = desk.bench.folder / "decisions.yaml"
    right = rules.read_text()
    rules.write_text(right.replace("suppress:", "supress:"))
    with pytest.raises(ErrorList, match="supress"):
        desk.plan(3, _view(ada, 3), _quiet)
    page.write_text(sound)
    rules.write_text(right)
    assert desk.site(4, _view(ada, 4), 1, _quiet)["placed"]["facts"]


def test_a_suppressed_record_has_a_plan_and_no_channels(desk: Desk, ada: Person) -> None:
    view = _view(ada, books="0")
    assert json.loads(desk.plan(1, view, _quiet)["plan_json"])["suppression"] == "nothing-borrowed"
    with pytest.raises(RenderError, match="nothing-borrowed"):
        desk.film(1, view, _quiet)
    assert desk.tile(1, view, _quiet)["suppressed"] == "nothing-borrowed"


def test_a_tile_has_all_channels_in_small_and_shows_errors_in_place(desk: Desk, ada: Person) -> None:
    tile = desk.tile(1, _view(ada), _quiet)
    assert tile["errors"] == [] and tile["statement"].startswith(b"\x89PNG")
    assert [still["scene"] for still in tile["video"]] == [s["id"] for s in desk.film(1, _view(ada), _quiet)["scenes"]]
    (desk.bench.folder / "statement" / "statement.css").write_text("h1 { colour: red }")
    tile = desk.tile(2, _view(ada, 2), _quiet)
    assert "statement" not in tile and "microsite" in tile
    assert tile["errors"][0].place.file == "statement/statement.css"


def test_a_broken_sample_is_listed_with_its_errors(desk: Desk) -> None:
    (desk.bench.folder / "samples" / "zoe.json").write_text('{"id": "z"}')
    (desk.bench.folder / "samples" / "zz.json").write_text("{")
    people = desk.people(1, _quiet)
    assert [person.number for person in people] == [1, 2, 3, 4]
    assert [bool(person.errors) for person in people] == [False, False, True, True]
    assert people[3].errors[0].place.file == "samples/zz.json"


def test_records_of_a_long_file_are_listed_skimmed_and_opened_by_number(folder: Path, tmp_path: Path) -> None:
    record = json.loads((folder / "samples" / "ada.json").read_text())
    file = tmp_path / "people.jsonl"
    lines = [json.dumps({**record, "id": f"P-{number}", "name": f"Reader {number}"}) for number in range(1, 701)]
    file.write_text("\n".join([*lines[:150], "", "{broken", *lines[150:]]))
    desk = Desk(Bench(folder=folder, profiles=file, cache=CACHE, work=tmp_path / "work"))
    people = desk.people(1, _quiet)
    assert len(people) == 100 and people[0].label == "Record 1"
    assert desk.person(1, 650, _quiet).recipient == "P-649"  # the empty line does not count, the broken one does
    assert desk.person(1, 151, _quiet).errors
    with pytest.raises(UsageError, match="no record 702"):
        desk.person(1, 702, _quiet)
    skimmed = desk.skim(1, 1, 400, _quiet) + desk.skim(1, 401, 400, _quiet)
    assert [line.number for line in skimmed] == list(range(1, 702))
    assert (skimmed[0].recipient, "Reader 1" in skimmed[0].words, skimmed[0].words.count("P-1")) == ("P-1", True, 0)
    assert skimmed[150].words.startswith("cannot be read") and skimmed[-1].sought.startswith("701 p-700 ")
    assert [line.number for line in desk.skim(1, 700, 5, _quiet)] == [700, 701]  # asked anew, it finds the place


def test_a_draft_is_small_whole_and_reports_progress(desk: Desk, ada: Person) -> None:
    import av

    steps: list[tuple[int, int]] = []
    path = desk.draft(1, _view(ada), lambda done, total: steps.append((done, total)))
    frames = desk.film(1, _view(ada), _quiet)["frames"]
    with av.open(path) as film:
        assert (film.streams.video[0].width, film.streams.video[0].frames) == (640, frames)
    assert steps[-1] == (frames, frames) and len(steps) > 10
    began = time.process_time()
    assert desk.draft(1, _view(ada), _quiet) == path and time.process_time() - began < 0.5
