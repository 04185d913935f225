"""Golden files of a real template: what changed is found, what did not is not, and nothing else is touched."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from renderer import pipeline
from renderer.cli import main as cli
from renderer.errors import ErrorList, UsageError
from renderer.preflight.golden import MANIFEST, plan_diff, read_samples, try_samples
from renderer.preflight.golden_browser import Chromium, find_chromium
from renderer.preflight.golden_model import Difference, GoldenReport
from renderer.preflight.golden_pictures import differing, differs, marked, small
from renderer.preflight.golden_report import report_html
from renderer.preflight.start import start

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter template, with golden files of its plan, PDF and film."""
    start("my-year", tmp_path / "t")
    return tmp_path / "t"


def tried(folder: Path, cache: Path, *, update: bool = False, with_page: bool = False) -> GoldenReport:
    planner = pipeline.open_template(str(folder))
    samples = read_samples(planner, folder)
    return try_samples(planner, samples, folder / "golden", cache, update=update, with_page=with_page)


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def listing(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_change_is_found_where_it_shows_and_nowhere_else(folder: Path, cache: Path) -> None:
    before = pipeline.open_template(str(folder)).template.release.files_digest
    first = tried(folder, cache, update=True)
    assert first.passed and first.written == first.files == 16 and first.bytes < 200_000
    assert dict(first.unreached) == {"suppressions": ("nothing-borrowed",)}
    assert pipeline.open_template(str(folder)).template.release.files_digest == before  # golden/ is not released
    kept = listing(folder / "golden")

    # A style that nobody sees on paper or in the film changes no golden file, and no file is written again.
    swap(folder / "microsite/site.css", "margin-block: 3rem;", "margin-block: 2rem;")
    assert tried(folder, cache, update=True).written == 0
    assert listing(folder / "golden") == kept

    # One English sentence of the film: Bruno reads Italian.
    (folder / "golden/notes.txt").write_text("mine")
    swap(folder / "copy/en.ftl", "We keep the lights on for you.", "We keep a chair free for you.")
    found = tried(folder, cache)
    assert {(one.sample, one.name, one.change) for one in found.differences} == {
        ("ada", "plan.json", "changed"),
        ("ada", "film-thanks-1.webp", "changed"),
        ("ada", "film-thanks-2.webp", "changed"),
    }
    plan = next(one for one in found.differences if one.name == "plan.json")
    assert any(line.startswith("+") and "a chair free" in line for line in plan.lines)
    page = report_html(found, "My year")
    assert page.count("data:image/webp;base64,") == 6 and "a chair free" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)

    # Without Bruno half of the rules and their sentences are untested, and his golden files are of nobody.
    (folder / "samples/bruno.json").unlink()
    alone = tried(folder, cache, update=True)
    assert alone.unreached["scenes"] == ("on-the-way",) and alone.unreached["blocks"] == ("goal-open",)
    assert set(alone.unreached["copy"]) == {"goal-open", "film-on-the-way"}
    assert not (folder / "golden/bruno").exists() and (folder / "golden/notes.txt").read_text() == "mine"
    assert tried(folder, cache).passed


def test_a_broken_sample_keeps_its_golden_files(folder: Path, cache: Path) -> None:
    (folder / "samples/bruno.json").unlink()
    tried(folder, cache, update=True)
    kept = listing(folder / "golden")
    swap(folder / "samples/ada.json", '"books": 23', '"books": "many"')
    found = tried(folder, cache, update=True)
    assert not found.passed and found.errors[0][0] == "ada" and found.errors[0][1].code == "profile.kind"
    assert listing(folder / "golden") == kept
    assert "copy" not in found.unreached  # what was not drawn says nothing about sentences


def test_a_suppressed_sample_has_a_plan_and_no_picture(folder: Path, cache: Path) -> None:
    (folder / "samples/bruno.json").unlink()
    swap(folder / "samples/ada.json", '"books": 23', '"books": 0')
    tried(folder, cache, update=True)
    assert set(listing(folder / "golden")) == {MANIFEST, "ada/plan.json"}


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")
def test_pages_are_photographed_and_stay_without_a_browser(folder: Path, cache: Path) -> None:
    (folder / "samples/bruno.json").unlink()
    tried(folder, cache, update=True, with_page=True)
    kept = listing(folder / "golden")
    with Image.open(folder / "golden/ada/page-phone.webp") as picture:
        assert picture.width == 300 and picture.height > 600
    without = tried(folder, cache, update=True)
    assert without.passed and "--no-page" in without.notices[0] and listing(folder / "golden") == kept
    swap(folder / "microsite/site.css", "margin-block: 3rem;", "margin-block: 1rem;")
    names = {one.name for one in tried(folder, cache, with_page=True).differences}
    assert names == {"page-phone.webp", "page-desktop.webp"}


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")
def test_the_browser_shows_the_whole_page_and_ends(tmp_path: Path) -> None:
    page = tmp_path / "é page.html"
    page.write_text('<body style="margin:0"><div style="height:3000px;background:#0b6e69">', "utf-8")
    program = find_chromium()
    assert program is not None
    with Chromium(program) as browser:
        picture = browser.picture(page, 320)
        assert picture.size == (320, 3000) and picture.convert("RGB").getpixel((300, 2999)) == (11, 110, 105)
        process = browser._process
    assert process.poll() is not None


def test_the_command(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit codes, JSON, the report's place."""
    cli.register()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    run = CliRunner()
    (folder / "samples/bruno.json").unlink()
    refused = run.invoke(cli.app, ["test", str(folder), "--profiles", str(folder / "samples/ada.json")])
    assert refused.exit_code == 2 and "--profiles needs --golden" in refused.output
    first = run.invoke(cli.app, ["test", str(folder), "--no-page", "--json"])
    answer = json.loads(first.stdout)
    assert first.exit_code == 1 and {one["change"] for one in answer["differences"]} == {"new"}
    assert answer["report"] == "dearly-test.html" and (tmp_path / "dearly-test.html").is_file()
    elsewhere = ["--profiles", str(folder / "samples/ada.json"), "--golden", str(tmp_path / "kept")]
    other = run.invoke(cli.app, ["test", str(folder), *elsewhere, "--no-page", "--update"])
    assert other.exit_code == 0 and (tmp_path / "kept/record-0001/plan.json").is_file()
    assert not (folder / "golden").exists()


def test_what_cannot_be_read_is_refused(folder: Path, cache: Path) -> None:
    planner = pipeline.open_template(str(folder))
    (folder / "golden").mkdir()
    for text in ("[]", "{", '{"files": ["../../etc/passwd"]}', '{"files": ["a/b/c"]}'):
        (folder / "golden" / MANIFEST).write_text(text)
        with pytest.raises(UsageError):
            try_samples(planner, {}, folder / "golden", cache)
    for path in (folder / "samples").iterdir():
        path.unlink()
    with pytest.raises(UsageError):
        read_samples(planner, folder)


def test_samples_are_named_by_file_and_record(folder: Path) -> None:
    ada = (folder / "samples/ada.json").read_text("utf-8").strip()
    (folder / "samples/ma ny.jsonl").write_text(ada + "\n" + ada.replace("23", "-1") + "\n", "utf-8")
    (folder / "samples/picture.png").write_bytes(b"no record")
    samples = read_samples(pipeline.open_template(str(folder)), folder)
    assert list(samples) == ["ada", "bruno", "ma-ny-0001", "ma-ny-0002"]
    assert isinstance(samples["ma-ny-0002"], ErrorList)


# ---------------------------------------------------------------- pictures and plans


def drawing(text: str = "£64.50", size: tuple[int, int] = (480, 270), shade: int = 0) -> bytes:
    picture = Image.new("RGB", size, (250 - shade, 245 - shade, 234 - shade))
    ImageDraw.Draw(picture).text((40, 40), text, fill="#1F2430", font_size=48)
    return small(picture, 480)


def test_the_tolerance_forgives_shades_and_no_figures() -> None:
    assert differing(drawing(), drawing()) == 0
    assert not differs(differing(drawing(), drawing(shade=6)))
    assert differs(differing(drawing(), drawing("£64.60")))
    assert differs(differing(drawing(), drawing(size=(480, 280))))
    assert differing(drawing(size=(480, 200)), drawing(size=(480, 400))) >= 0.5


def test_the_difference_is_marked_where_it_is() -> None:
    with Image.open(io.BytesIO(marked(drawing("A1"), drawing("A2")))) as picture:
        shown = picture.convert("RGB")
    strong = [(x, y) for x in range(480) for y in range(270) if _strong(shown, x, y)]
    assert strong and all(60 < x < 140 and 30 < y < 110 for x, y in strong)


def _strong(picture: Image.Image, x: int, y: int) -> bool:
    pixel = picture.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel[0] - pixel[1] > 90


def test_a_plans_diff_is_short_and_readable() -> None:
    old = json.dumps({"facts": {"total": {"text": "64,50 €"}}, "locale": "it"}).encode()
    new = old.replace(b"64,50", b"64,60")
    changed = [line for line in plan_diff(old, new) if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ['-   "text": "64,50 €"', '+   "text": "64,60 €"']


def test_the_report_escapes_what_samples_say() -> None:
    evil = "<script>alert(1)</script>"
    one = Difference(sample=evil, name="plan.json", change="changed", before=b"", after=b"", lines=(f"+{evil}",))
    page = report_html(GoldenReport(samples=1, files=1, bytes=1, differences=(one,)), evil)
    assert "<script" not in page and page.count("&lt;script&gt;") >= 4
