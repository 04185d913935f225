"""``dearly key`` and ``dearly api``: keys are shown once and can be followed by their ids; a port is not shared."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from renderer.cli import key as key_command


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DEARLY_DATABASE_URL", raising=False)
    key_command.register()


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(key_command.app, [*arguments, "--json"])
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_life_of_a_key() -> None:
    made = run("create", "crm", "--scope", "read", "--scope", "submit", "--template", "energy-bill", "--days", "30")
    assert made["key"].startswith(f"dearly_{made['id']}_") and len(made["key"]) == 63
    assert (made["scopes"], made["templates"], made["used"]) == (["read", "submit"], ["energy-bill"], None)
    (listed,) = run("list")["keys"]
    assert "key" not in listed and listed["state"].startswith("works until")
    again = run("rotate", made["id"], "--overlap-hours", "1")
    assert again["id"] == made["id"] and again["key"] != made["key"]
    assert run("revoke", made["id"])["state"] == "revoked"
    assert run("rotate", made["id"], code=2)["errors"][0]["code"] == "usage.argument"
    assert run("list")["keys"][0]["state"] == "revoked"


@pytest.mark.parametrize(
    "arguments",
    [
        ("crm",),
        ("crm", "--scope", "everything"),
        ("", "--scope", "read"),
        ("a\nb", "--scope", "read"),
        ("crm", "--scope", "read", "--template", "../x"),
        ("crm", "--scope", "metrics", "--template", "energy-bill"),
    ],
)
def test_keys_that_cannot_be_made(arguments: tuple[str, ...]) -> None:
    assert run("create", *arguments, code=2)["errors"][0]["code"] == "usage.argument"
    assert run("list")["keys"] == []


def test_a_key_that_is_not_there_is_said_so() -> None:
    for command in ("rotate", "revoke"):
        assert run(command, "0" * 12, code=2)["errors"][0]["code"] == "usage.argument"


def test_a_port_that_somebody_has_is_said_so() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        command = [sys.executable, "-m", "renderer.cli.main", "api", "--port", str(listener.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3 and "environment.busy" in done.stderr
