"""The page "Hand in over HTTP" does what it says: its commands lead from a key to a file, with a real service."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/http.md").read_text("utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORT = "8480"

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = f"{ROOT / '.venv/bin'}:{os.environ.get('PATH', '')}"
    home = str(tmp_path_factory.mktemp("home"))
    return {**os.environ, "PATH": path, "DEARLY_HOME": home, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


@pytest.fixture(scope="module")
def service(environment: dict[str, str], port: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Workers and the API, and the file with what the API logs."""
    logs = tmp_path_factory.mktemp("logs") / "api.log"
    commands = [["worker"], ["api", "--port", port]]
    with logs.open("w") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "renderer.cli.main", *command],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log if command[0] == "api" else subprocess.DEVNULL,
            )
            for command in commands
        ]
        try:
            until = time.monotonic() + 120
            while not ready(port):
                assert time.monotonic() < until and all(process.poll() is None for process in processes)
                time.sleep(0.3)
            yield logs
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
            for process in reversed(processes):
                process.wait(60)


def ready(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(json.load(answer)["ready"])
    except OSError:
        return False


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_from_a_key_to_a_file_by_curl(service: Path, environment: dict[str, str], port: str, tmp_path: Path) -> None:
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    blocks = SHELL.findall(PAGE)
    assert len(blocks) == 6
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", "\n".join(blocks).replace(PORT, port)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "taken.json").read_text())["status"] == "accepted"
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["state"] == "done", state
    assert (tmp_path / "statement.pdf").read_bytes().startswith(b"%PDF-")
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [one["status"] for one in answers] == ["accepted"] * 3 + ["end"]
    # What the page says of the log.
    text = service.read_text("utf-8")
    calls = [json.loads(line) for line in text.splitlines() if '"event": "call"' in line]
    assert {"/v1/requests", "/v1/requests/{id}", "/v1/links/{token}", "/v1/requests:stream"} <= {
        one["route"] for one in calls
    }
    link = json.loads((tmp_path / "links.json").read_text())["items"][0]["url"]
    for secret in (state["id"], link.rpartition("/")[2], "bill-2026-11-0815"):
        assert secret not in text


def test_every_scope_and_every_status_is_on_the_page() -> None:
    from renderer.api.described import WORDS
    from renderer.api.keys import SCOPES

    for scope in SCOPES:
        assert f"| `{scope}` |" in PAGE
    for status in WORDS.keys() - {304, 416}:
        assert str(status) in PAGE
