"""Films in several formats, really made: their files, what the command says, what ``check`` finds."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from renderer import pipeline
from renderer.cli import main as cli
from renderer.preflight.check import check
from renderer.preflight.start import start

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter template with a small flat and a small upright film."""
    folder = tmp_path_factory.mktemp("formats") / "notes"
    start("notes", folder)
    change(folder / "template.yaml", '"16:9": {width: 1280, height: 720}', BOTH)
    return folder


BOTH = '"16:9": {width: 320, height: 180}\n      "9:16": {width: 180, height: 320}'


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def run(template: Path, out: Path, *options: str) -> dict[str, object]:
    cli.register()
    profile = next(iter(sorted((template / "samples").glob("*.json"))))
    call = ["render", str(template), "--profile", str(profile), "--out", str(out), "--json", *options]
    result = CliRunner().invoke(cli.app, call)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def size(path: Path) -> tuple[int, int, int]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, sum(1 for _ in container.decode(stream))


def test_every_listed_format_is_made_and_the_page_holds_both(template: Path, tmp_path: Path) -> None:
    said = run(template, tmp_path)
    video = tmp_path / "video"
    width, height, frames = size(video / "film.mp4")
    assert (width, height) == (320, 180)
    assert size(video / "film-9x16.mp4") == (180, 320, frames)
    assert said["frames_total"] == 2 * frames
    scores = [json.loads((video / f"score{ending}.json").read_bytes()) for ending in ("", "-9x16")]
    assert [score["format"] for score in scores] == ["16:9", "9:16"]
    assert scores[0]["captions"] == scores[1]["captions"]
    assert {path.name for path in video.glob("poster*.jpg")} >= {"poster.jpg", "poster-9x16.jpg"}
    assert len(list(video.glob("captions*.vtt"))) == 1, "captions are shared"
    assert (tmp_path / "microsite" / "film-9x16.mp4").samefile(video / "film-9x16.mp4")


def test_one_format_can_be_made_alone(template: Path, tmp_path: Path) -> None:
    run(template, tmp_path, "--channel", "video", "--format", "9:16")
    assert {path.name for path in (tmp_path / "video").glob("*.mp4")} == {"film-9x16.mp4"}


def test_a_format_that_is_not_listed_is_refused(template: Path, tmp_path: Path) -> None:
    cli.register()
    profile = next(iter(sorted((template / "samples").glob("*.json"))))
    call = ["render", str(template), "--profile", str(profile), "--out", str(tmp_path / "out"), "--format", "1:1"]
    result = CliRunner().invoke(cli.app, call)
    assert result.exit_code == 2
    assert "no format '1:1'" in result.output and "It has 16:9, 9:16" in result.output


def test_check_names_a_text_outside_the_safe_area_with_its_line(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    start("notes", folder)
    change(folder / "template.yaml", '"16:9": {width: 1280, height: 720}', BOTH)
    board = folder / "video" / "storyboard.yaml"
    low = 'formats: {"9:16": {box: {x: 60, y: 1150, width: 600, height: 100}}}'
    change(board, "{kind: text, id: line, copy: hello-line,", "{kind: text, id: line, " + low + ", copy: hello-line,")
    line = next(n for n, text in enumerate(board.read_text("utf-8").splitlines(), 1) if low in text)
    people = tmp_path / "people.jsonl"
    records = [json.loads(one.read_bytes()) for one in sorted((folder / "samples").glob("*.json"))]
    people.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    report = check(pipeline.open_template(str(folder)), people, tmp_path / "cache", statements=0)
    assert report.records > 1
    found = [one for one in report.findings if one.error.code == "render.safe-area"]
    assert len(found) == 1, "once, however many records there are"
    assert not found[0].severe and report.broken == 0
    assert "'line'" in found[0].error.message and "9:16" in found[0].error.message
    place = found[0].error.place
    assert (place.file, place.line, place.scene) == ("video/storyboard.yaml", line, "hello")
