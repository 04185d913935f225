"""The page "Deploy the service" and the files in deploy/ are in step with the code: every command, setting and path
that they name exists, and what they promise of times and limits is what the code has."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from configparser import RawConfigParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from docs import make_reference
from renderer.api import gate, server, stream
from renderer.cli import main as cli
from renderer.settings import Settings
from workers import supervisor

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs/deploy.md"
FILES = [PAGE, *sorted(path for path in DEPLOY.iterdir() if path.is_file())]
UNITS = sorted(DEPLOY.glob("*.service"))
RUN = re.compile(r"(?:^ *|`|/bin/|exec worker |-ec\n.*\n *)dearly ([a-z]+(?: [a-z]+)?)", re.MULTILINE)
BESIDE = {"DEARLY_ENV"}
"""Read by deploy/dearly itself."""


def text(path: Path) -> str:
    return path.read_text("utf-8")


def unit(path: Path) -> RawConfigParser:
    found = RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(path)
    return found


def compose() -> Any:
    return YAML(typ="safe").load(text(DEPLOY / "compose.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    named = set(re.findall(r"\bDEARLY_[A-Z0-9_]+\b", text(path))) - BESIDE
    assert named <= {f"DEARLY_{name.upper()}" for name in Settings.model_fields}, path


@pytest.mark.parametrize("path", [PAGE, *UNITS, DEPLOY / "compose.yaml"], ids=lambda path: path.name)
def test_every_command_that_is_named_is_one(path: Path) -> None:
    cli.register()
    known = {name for name, _ in make_reference.commands(typer.main.get_command(cli.app))}
    blocks = re.findall(r"```.*?```|`[^`]+`", text(path), re.DOTALL) if path == PAGE else [text(path)]
    asked = {words for block in blocks for words in RUN.findall(block)}
    assert asked and not {words for words in asked if words not in known and words.split()[0] not in known}
    for service in ("api", "worker"):
        assert compose()["services"][service]["command"] == [service] and service in known


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"\b(?:deploy|requirements)/[\w.-]+\w", text(PAGE))
    assert len(named) > 8 and all((ROOT / name).exists() for name in named), named
    copied = re.findall(r"^COPY (.+) \S+$", text(DEPLOY / "Containerfile"), re.MULTILINE)
    assert all((ROOT / name).exists() for line in copied for name in line.split())
    assert all((ROOT / f"requirements/{name}.txt").exists() for name in ("postgres", "s3"))
    assert 'EXTRAS="postgres s3"' in text(DEPLOY / "Containerfile")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_hardened_and_give_time_to_end(path: Path) -> None:
    service = dict(unit(path)["Service"])
    program, command = service["ExecStart"].split(" ", 1)
    assert program == "/opt/dearly/.venv/bin/dearly" and command in ("worker", "api")
    assert service["User"] == "dearly" and service["KillMode"] == "mixed" and service["LimitCORE"] == "0"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict" and service["CapabilityBoundingSet"] == "" and service["MemoryMax"]
    # Commands and services find one another there.
    assert service["Environment"] == f"XDG_RUNTIME_DIR=/run/{service['RuntimeDirectory']}"
    assert f"XDG_RUNTIME_DIR=/run/{service['RuntimeDirectory']}" in text(DEPLOY / "dearly")
    needed = supervisor.STOP_S if command == "worker" else server.LEAVE_S
    grace = compose()["services"][command]["stop_grace_period"]
    assert int(service["TimeoutStopSec"]) >= 2 * needed - 10 > 0 and int(grace.rstrip("s")) >= 1.5 * needed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_reads_the_units_without_a_word(path: Path, tmp_path: Path) -> None:
    here = tmp_path / path.name
    here.write_text(text(path).replace("/opt/dearly/.venv/bin/dearly", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, timeout=60)
    about = [line for line in done.stderr.splitlines() if path.name in line]
    assert not about, about


def test_proxies_have_room_for_what_the_api_takes() -> None:
    for name in ("nginx.conf", "Caddyfile"):
        limits = [int(size) for size in re.findall(r"(?:client_max_body_size|max_size) (\d+)", text(DEPLOY / name))]
        assert max(limits) * 10**6 >= gate.RECORD_BODY and "Dearly-Answers after-body" in text(DEPLOY / name)
        assert "/v1/requests:stream" in text(DEPLOY / name)
    waits = re.findall(r"(?:client_body_timeout|proxy_send_timeout) (\d+)s", text(DEPLOY / "nginx.conf"))
    assert waits and all(int(seconds) > stream.IDLE_S for seconds in waits)
    assert "$request_uri" not in text(DEPLOY / "nginx.conf") and "$request " not in text(DEPLOY / "nginx.conf")


def test_no_secret_is_in_an_image_or_a_file() -> None:
    found = compose()
    for service in found["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if any(word in name for word in ("PASSWORD", "SECRET")):
                assert str(value).startswith("${"), name
    assert re.search(r"^(ARG|ENV).*(PASS|SECRET|KEY)", text(DEPLOY / "Containerfile"), re.MULTILINE) is None
    assert re.search(r"^USER dearly$", text(DEPLOY / "Containerfile"), re.MULTILINE)
    for line in text(DEPLOY / "compose.env").splitlines():
        if "PASSWORD" in line or "SECRET" in line:
            assert line.endswith("=")


def test_the_brokers_password_is_no_argument(tmp_path: Path) -> None:
    """Whoever may list the machine's processes would have it."""
    script = compose()["services"]["valkey"]["command"][-1].replace("$$", "$")
    (tmp_path / "valkey-server").write_text('#!/bin/sh\necho "$@"\ncat\n')
    (tmp_path / "valkey-server").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "VALKEY_PASSWORD": "7c3f"}
    said = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, timeout=60).stdout
    arguments, rest = said.split("\n", 1)
    assert arguments.startswith("- --appendonly yes") and "7c3f" not in arguments and rest == "requirepass 7c3f\n"


def test_nothing_tells_its_makers_of_us() -> None:
    assert "-master.telemetry=false" in compose()["services"]["seaweedfs"]["command"]


def test_the_look_of_a_container_says_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs: it is not healthy, whatever is asked for."""
    from deploy import healthy

    monkeypatch.setenv("DEARLY_HOME", str(tmp_path))
    monkeypatch.setenv("DEARLY_API_PORT", "1")
    for asked in ([], ["api"], ["worker"]):
        assert healthy.main(asked) == 1


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_look_of_a_container_asks_the_api(
    status: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deploy import healthy

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Api) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv("DEARLY_HOME", str(tmp_path))
        monkeypatch.setenv("DEARLY_API_PORT", str(running.server_port))
        assert healthy.main(["api"]) == healthy.main([]) == code
        assert healthy.main(["worker"]) == 1
        running.shutdown()
