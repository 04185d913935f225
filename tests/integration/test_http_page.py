"""The pages "Hand in over HTTP" and "Use the Python client" do what they say: they lead from a key to a file, with a
real service."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from dearly.client import Client, Conflict
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/http.md").read_text("utf-8")
CLIENT_PAGE = (ROOT / "docs/python-client.md").read_text("utf-8")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORT = "8480"

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def port() -> str:
    return str(free_port())


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
                process.wait(120)


def key(environment: dict[str, str], *scopes: str) -> str:
    options = [word for scope in scopes for word in ("--scope", scope)]
    command = [sys.executable, "-m", "renderer.cli.main", "key", "create", "test", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


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


def test_from_a_key_to_a_file_by_the_python_client(
    service: Path, environment: dict[str, str], port: str, tmp_path: Path
) -> None:
    """As a system that has nothing of the renderer on its path."""
    blocks = PYTHON.findall(CLIENT_PAGE)
    assert len(blocks) == 4
    shutil.copy(ROOT / "templates/energy-bill/samples/12-high-user-ev.json", tmp_path / "profile.json")
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    body = '{"type":"request.done","timestamp":"2026-11-30T12:00:00Z","data":{}}'
    signature = Webhook(secret).sign("msg_1", datetime.now(UTC), body)
    sent = {"webhook-id": "msg_1", "webhook-timestamp": str(int(time.time())), "webhook-signature": signature}
    blocks.append(f"print(receive({sent!r}, {body.encode()!r}), receive({sent!r}, b'{{}}'))\n")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(ROOT / "client"),
            "DEARLY_URL": f"http://127.0.0.1:{port}",
            "DEARLY_KEY": key(environment, "submit", "read", "artefacts"),
            "DEARLY_WEBHOOK_SECRET": secret,
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "bill.pdf").read_bytes().startswith(b"%PDF-")
    said = done.stdout.splitlines()
    assert said[0] == "bill.pdf" and [line.split()[-1] for line in said[1:4]] == ["done"] * 3
    assert "profile.missing" in said[4] and "api.conflict" in said
    assert said[-2].startswith("msg_1 request.done") and said[-1] == "204 400"


def test_the_client_lives_through_a_restart_of_the_api(
    service: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """The API is killed in the middle of a stream and comes back: every line is in the ledger, once."""
    port = str(free_port())
    command = [sys.executable, "-m", "renderer.cli.main", "api", "--port", port]
    profile = json.loads((ROOT / "templates/energy-bill/samples/12-high-user-ev.json").read_text("utf-8"))
    secret = key(environment, "submit", "read")

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    api = start()

    def lines() -> Iterator[dict[str, Any]]:
        nonlocal api
        for number in range(120):
            if number == 60:
                api.kill()
                api.wait(60)
                api = start()
            yield {
                "request_id": f"restart-{number}",
                "template": "energy-bill",
                "channels": ["statement"],
                "priority": "low",
                "profile": profile | {"customer": profile["customer"] | {"id": f"R-{number}"}},
            }
            time.sleep(0.002)

    try:
        with Client(f"http://127.0.0.1:{port}", secret, patience_s=200) as dearly:
            answers = list(dearly.submit_many(lines()))
            assert [one.request_id for one in answers] == [f"restart-{number}" for number in range(120)]
            assert {one.status for one in answers} <= {"accepted", "known"}
            assert len({one.id for one in answers}) == 120
            assert {one.id for one in answers} <= {request.id for request in dearly.requests()}
            for one in answers[::-1]:  # nobody waits for what they would be
                with suppress(Conflict):
                    dearly.cancel(str(one.id))
    finally:
        api.kill()
        api.wait(60)


def test_every_scope_and_every_status_is_on_the_page() -> None:
    from renderer.api.described import WORDS
    from renderer.api.keys import SCOPES

    for scope in SCOPES:
        assert f"| `{scope}` |" in PAGE
    for status in WORDS.keys() - {304, 416}:
        assert str(status) in PAGE
