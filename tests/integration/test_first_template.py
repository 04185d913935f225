"""The page "Make your first template" does what it says: its commands run, its edits apply, its figure arrives."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/make-your-first-template.md").read_text("utf-8")
STEP = re.compile(r"^```sh\n(?P<shell>.*?)^```|<!-- edit: (?P<file>\S+) -->\n```diff\n(?P<diff>.*?)^```", re.M | re.S)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


def edited(text: str, diff: str) -> str:
    """``text`` with the lines of a block put in; their place must be there exactly once."""
    lines = diff.splitlines(keepends=True)
    assert all(line[:1] in " +-" for line in lines)
    old = "".join(line[1:] for line in lines if line[0] != "+")
    new = "".join(line[1:] for line in lines if line[0] != "-")
    assert text.count(old) == 1, diff
    return text.replace(old, new)


def run(line: str, folder: Path, home: Path) -> str:
    path = f"{ROOT / '.venv/bin'}:{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["/bin/sh", "-euc", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "DEARLY_HOME": str(home), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_page_leads_to_a_template_of_ones_own(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    steps = list(STEP.finditer(PAGE))
    assert len([step for step in steps if step["file"]]) == 11 and len(steps) >= 15
    said = ""
    for step in steps:
        if step["shell"] is not None:
            said += run(step["shell"], tmp_path, home)
        else:
            path = tmp_path / step["file"]
            path.write_text(edited(path.read_text("utf-8"), step["diff"]), "utf-8")
    assert "all as they were" in said
    ada, bruno = (tmp_path / name for name in ("out", "out-bruno"))
    assert "6,440" in (ada / "microsite/index.html").read_text("utf-8")
    assert "you have gone far" in (ada / "video/transcript.txt").read_text("utf-8")
    assert "pagine" not in (bruno / "microsite/index.html").read_text("utf-8")
    assert (ada / "statement/statement.pdf").stat().st_size > 10_000
    report = json.loads(run("dearly check my-year --profiles my-year/samples/ada.json --json", tmp_path, home))
    assert report["warnings"] == [] and report["counts"]["good"] == 1
    italian = {**json.loads((tmp_path / "my-year/samples/ada.json").read_text("utf-8")), "locale": "it"}
    (tmp_path / "ada-it.json").write_text(json.dumps(italian), "utf-8")
    plan = json.loads(run("dearly plan my-year --profile ada-it.json", tmp_path, home))
    assert "sei andato lontano" in json.dumps(plan, ensure_ascii=False)
