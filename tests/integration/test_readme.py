"""What the documentation tells people to type works as it says, with the real command, in an empty folder.

Blocks marked ``sh`` are run in order, page by page; JSON examples and listings are compared with what comes out. The
blocks marked ``text`` that begin with ``./run`` set machines up: `./run test` itself has done that by now.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
EXAMPLE = re.compile(r"<!-- json: (\w+) -->\n```json\n(.*?)```", re.DOTALL)
OUTPUT = re.compile(r"<!-- output: ([\w -]+) -->\n```text\n(.*?)```", re.DOTALL)
SAMPLE = "templates/energy-bill/samples/11-typical.json"

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a clone to somebody who types: the templates are in it, results land in it."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "templates").mkdir()
    shutil.copytree(ROOT / "templates/energy-bill", folder / "templates/energy-bill")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def run(line: str, folder: Path, home: Path, *, code: int = 0) -> str:
    """What a line of shell prints to stdout."""
    path = f"{ROOT / '.venv/bin'}:{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["/bin/sh", "-euc", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "DEARLY_HOME": str(home), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/first-steps.md", "docs/estimate.md"])
def test_commands_of_a_page_work(page: str, clone: Path, home: Path) -> None:
    blocks = SHELL.findall((ROOT / page).read_text("utf-8"))
    assert blocks
    for block in blocks:
        run(block, clone, home)


def test_the_template_that_the_docs_build_works(tmp_path: Path, home: Path) -> None:
    """Files as printed; commands as printed, with all channels, the film included."""
    text = (DOCS / "write-a-template.md").read_text("utf-8")
    files = FILE.findall(text)
    assert len(files) >= 9
    for name, content in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    for block in SHELL.findall(text):
        run(block, tmp_path, home)
    assert json.loads(run("dearly check my-note --json", tmp_path, home))["warnings"] == []
    page = (tmp_path / "out/microsite/index.html").read_text("utf-8")
    assert "Ada Bell" in page and "£64.50" in page and "Delivery is free" in page
    out = tmp_path / "out"
    assert listing("all channels") <= {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def listing(name: str) -> set[str]:
    """The files of a listing in the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    block = text.partition(f"<!-- listing: {name} -->\n```text\n")[2].partition("```")[0]
    found, folder = set(), ""
    for line in block.splitlines()[1:]:
        if line.strip().endswith("/"):
            folder = line.strip()
        else:
            found |= {folder + word for word in line.split() if re.fullmatch(r"[a-z][\w-]*\.[a-z0-9]+", word)}
    assert len(found) > 8
    return found


def examples() -> dict[str, Any]:
    found = {name: json.loads(text) for name, text in EXAMPLE.findall((DOCS / "cli.md").read_text("utf-8"))}
    assert set(found) == {"error", "render", "check", "demo", "estimate"}
    return found


def test_json_of_render_and_its_errors_has_the_keys_shown(clone: Path, home: Path, tmp_path: Path) -> None:
    line = f"dearly render energy-bill --profile {SAMPLE} --channel statement --out {tmp_path} --json"
    got, shown = json.loads(run(line, clone, home)), examples()["render"]
    assert set(got) == set(shown)
    assert [set(one) for one in got["artefacts"]] == [set(one) for one in shown["artefacts"]]
    assert [one["path"] for one in got["artefacts"]] == [one["path"] for one in shown["artefacts"]]

    record = json.loads((clone / SAMPLE).read_text("utf-8"))
    del record["bill"]["total"], record["customer"]["photo"]
    (tmp_path / "bad.json").write_text(json.dumps(record), "utf-8")
    line = f"dearly render energy-bill --profile {tmp_path / 'bad.json'} --out {tmp_path} --json"
    assert json.loads(run(line, clone, home, code=1)) == examples()["error"]


def test_json_of_check_has_the_keys_shown(clone: Path, home: Path, tmp_path: Path) -> None:
    got = json.loads(run(f"dearly check energy-bill --profiles {SAMPLE} --statements 0 --json", clone, home))
    shown = examples()["check"]
    assert set(got) == set(shown) and set(got["counts"]) == set(shown["counts"])
    assert set(shown["chosen"]) <= set(got["chosen"]) and set(shown["unreached"]) <= set(got["unreached"])
    for fit in got["fits"]:
        assert set(fit) == set(shown["fits"][0])


def test_json_of_estimate_has_the_keys_shown(clone: Path, home: Path) -> None:
    got = json.loads(run(f"dearly estimate energy-bill --profiles {SAMPLE} --json", clone, home))
    shown = examples()["estimate"]
    assert set(got) == set(shown)
    for name in ("counts", "film", "model"):
        assert set(got[name]) == set(shown[name])
    for name in ("cpu_s", "bytes"):
        assert set(shown[name]) <= set(got[name])
    opening = next(one for one in got["scenes"] if one["scene"] == "opening")
    assert set(opening) == set(shown["scenes"][0])
    assert set(opening["causes"][0]) == set(shown["scenes"][0]["causes"][0])


def test_json_of_the_demo_has_the_keys_shown() -> None:
    """Its shape alone; the demonstration itself has a test of its own."""
    source = (ROOT / "renderer/cli/showcase.py").read_text("utf-8").partition("def report")[2]
    shown = examples()["demo"]
    for name in (*shown, *shown["counts"], *shown["customers"][0], "customer", "code", "message"):
        assert f'"{name}":' in source, name


def test_commands_that_check_work_and_print_what_is_shown(clone: Path, home: Path) -> None:
    text = (DOCS / "check-before-sending.md").read_text("utf-8")
    shown = dict(OUTPUT.findall(text))
    alone, many, explained = (run(block, clone, home).splitlines() for block in SHELL.findall(text))
    assert alone == ["The template is sound."]
    for line in shown["check"].splitlines():  # which texts shrink, and how far, is the storyboard's business
        if not re.search(r"shrunk|Scene", line):
            assert line.strip() in [one.strip() for one in many], line
    assert any("shrunk to" in line for line in many)
    for line in filter(None, shown["plan --explain"].splitlines()):
        assert line in explained
