"""The demonstration: real templates through the real queue, and the gallery as a browser gets it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import build
from renderer.cli.service import attached
from renderer.settings import Settings
from renderer.template.load import installed
from renderer.template.release import read_folder
from tests.filmless import without_film, write_folder
from tests.pauses import pause
from workers.start import is_running

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates/energy-bill"
RUNNER = """
import sys
from pathlib import Path
from renderer.cli import main, showcase
from renderer.template import load
home = Path(sys.argv.pop(1))
showcase.installed = lambda: load.installed(home)
main.main()
"""
FEWER = "from renderer.cli import demo, main; demo.EACH = 1; main.main()"
"""The command with one sample of each template: every film is minutes of one core."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One template without its film, and four samples: three speak Italian, one Arabic, one is suppressed."""
    home = tmp_path_factory.mktemp("templates")
    folder = write_folder(without_film(read_folder(TEMPLATE)), home / "small")
    (folder / "samples").mkdir()
    for name in ("01-longest-name", "03-arabic-name", "04-accents"):
        shutil.copy(TEMPLATE / f"samples/{name}.json", folder / "samples")
    record = json.loads((TEMPLATE / "samples/04-accents.json").read_text("utf-8"))
    record["consent"] = {"marketing": False, "service": False}
    (folder / "samples/00-opted-out.json").write_text(json.dumps(record), "utf-8")
    return home


def run(templates: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUNNER, str(templates), "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "DEARLY_HOME": str(home)},
        check=False,
    )


@pytest.fixture(scope="module")
def shown(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Path]:
    """Folder, report and home of one demonstration of everything."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    done = run(templates, home, "--all", "--json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout), home


def test_everything_is_accounted_for_and_every_file_is_what_was_made(
    shown: tuple[Path, dict[str, Any], Path],
) -> None:
    out, report, home = shown
    assert report["counts"] == {"input": 4, "done": 3, "failed": 0, "suppressed": 1, "cancelled": 0}
    assert report["failures"] == []
    for customer in report["customers"]:
        kinds = {(file["channel"], file["kind"]) for file in customer["artefacts"]}
        if customer["suppressed"]:
            assert kinds == set()
        else:
            assert {("microsite", "page"), ("statement", "pdf")} <= kinds
        for file in customer["artefacts"]:
            content = (out / file["path"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    assert not is_running(Settings(home=home))


def test_the_workers_plan_what_the_command_plans(shown: tuple[Path, dict[str, Any], Path]) -> None:
    _, report, home = shown
    requests = build(Settings(home=home, database_url="", broker_url="")).reader.requests(report["run"])
    made = {request.plan_digest for request in requests if request.state == "done"}
    assert made == {customer["plan_digest"] for customer in report["customers"] if not customer["suppressed"]}


class _Page(HTMLParser):
    """Tags with their attributes, and what a page would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_gallery_is_one_page_that_opens_from_disk(shown: tuple[Path, dict[str, Any], Path]) -> None:
    out, report, _ = shown
    text = (out / "index.html").read_text("utf-8")
    page = _Page(text)
    names = {tag for tag, _ in page.tags}
    assert "script" not in names
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style is not None and policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not any(a.get("http-equiv") == "refresh" for _, a in page.tags)  # it is finished
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert len(links) == 6
    for link in links:
        assert link is not None and (out / link).is_file()
    assert all((a["src"] or "").startswith("data:") for tag, a in page.tags if tag == "img")
    for customer in report["customers"]:
        assert customer["sample"].lstrip("0123456789-").replace("-", " ") in text.lower()
    assert "no-service-consent" in text


@pytest.fixture
def home(shown: tuple[Path, dict[str, Any], Path], tmp_path: Path) -> Path:
    """A new home whose fonts are cut already, which takes a machine many seconds the first time."""
    shutil.copytree(shown[2] / "cache", tmp_path / "home/cache")
    return tmp_path / "home"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary directory of its own, with a name short enough for sockets, which is the run-time folder too."""
    with tempfile.TemporaryDirectory(prefix="d-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def left_in(temporary: Path) -> list[str]:
    """What is there but the empty folder of all run-time folders."""
    return [path.name for path in temporary.rglob("*") if path != temporary / "dearly"]


def test_three_are_chosen_by_variety_and_nothing_is_left_behind(
    templates: Path, home: Path, tmp_path: Path, temporary: Path
) -> None:
    done = run(templates, home, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    lines = [line.split()[:3] for line in done.stdout.splitlines() if ".pdf" in line]
    assert [(name, locale) for name, locale, _ in lines] == [
        ("01-longest-name", "it"),
        ("03-arabic-name", "ar"),
        ("04-accents", "it"),
    ]
    assert str(tmp_path / "out/index.html") in done.stdout
    assert left_in(temporary) == []
    assert list((home / "work").iterdir()) == []


def test_what_cannot_be_rendered_is_listed_and_ends_with_1(templates: Path, home: Path, tmp_path: Path) -> None:
    broken = tmp_path / "templates/small"
    shutil.copytree(templates / "small", broken)
    record = json.loads((broken / "samples/04-accents.json").read_text("utf-8"))
    record["usage"]["kwh"] = "many"
    (broken / "samples/05-wrong.json").write_text(json.dumps(record), "utf-8")
    (broken / "samples/00-opted-out.json").unlink()
    (broken / "samples/03-arabic-name.json").unlink()
    done = run(tmp_path / "templates", home, "--all", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "05-wrong.json" in done.stderr and "profile.kind" in done.stderr
    assert "many" not in done.stderr
    assert "04-accents" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_leaves_nothing_running_and_nothing_open(
    templates: Path, tmp_path: Path, temporary: Path, number: signal.Signals
) -> None:
    home = tmp_path / "home"
    with closing(build(Settings(home=home, database_url="", broker_url="")).database) as database:
        pause(database, "statement")  # else all may be done before the interrupt comes
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(templates), "demo", "--all", "--out", str(tmp_path / "out")],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DEARLY_HOME": str(home)},
    )
    assert process.stderr is not None
    assert "index.html" in process.stderr.readline()
    text = (tmp_path / "out/index.html").read_text("utf-8")
    assert 'http-equiv="refresh"' in text  # the first page is there before anything is rendered, and looks again
    time.sleep(1)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode not in (0, None)
    assert left_in(temporary) == []
    settings = Settings(home=home, database_url="", broker_url="")
    assert not is_running(settings)
    assert build(settings).reader.open_runs("demo") == []


class QuietService:
    """In place of the queue's processes."""

    def __init__(self, _settings: Settings) -> None:
        pass

    def check(self) -> None:
        pass

    def stop(self) -> None:
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_is_obeyed_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.start.Service", QuietService)

    class Held:
        pass

    def interrupted(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    with attached(Settings(home=tmp_path)) as alive:
        alive()
        held = Held()
        watched = weakref.ref(held, interrupted)
        del held  # the interrupt is raised inside the callback, where Python drops it
        assert watched() is None
        with pytest.raises(KeyboardInterrupt):
            alive()


@pytest.mark.slow
@pytest.mark.timeout(900)  # films in two formats: some minutes beside other tests
def test_the_real_thing(tmp_path: Path) -> None:
    """As a newcomer runs it: every template, with its films."""
    done = subprocess.run(
        [sys.executable, "-c", FEWER, "demo", "--json", "--out", str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "DEARLY_HOME": str(tmp_path / "home")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    templates = {folder.name for _, folder in installed()}
    assert report["counts"]["done"] == report["counts"]["input"] == len(templates) >= 2
    assert {customer["template"] for customer in report["customers"]} == templates
    for customer in report["customers"]:
        kinds = {(file["channel"], file["kind"]) for file in customer["artefacts"]}
        assert {("microsite", "page"), ("statement", "pdf"), ("video", "mp4"), ("video", "captions")} <= kinds
        assert all((tmp_path / "out" / file["path"]).stat().st_size == file["bytes"] for file in customer["artefacts"])
