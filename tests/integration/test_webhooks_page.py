"""The page "Tell other systems by webhook" says what is so: what it shows a receiver to do checks real messages, and
its tables are those of the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from renderer.deliver.retries import PAUSES_S
from renderer.deliver.sender import TRY_S
from renderer.deliver.signing import Message, headers, new_secret
from renderer.ledger.model import TOPICS

PAGE = (Path(__file__).resolve().parents[2] / "docs/webhooks.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def block(language: str, holds: str) -> str:
    return next(str(text) for kind, text in BLOCK.findall(PAGE) if kind == language and holds in text)


@pytest.fixture
def message() -> tuple[str, dict[str, str], str]:
    """A secret, and a message that was signed with it and with another one."""
    secret = new_secret()
    body = Message(id="run-1", type="run.complete", at_ms=1, data={"run": "1", "ü": "\u2068é\u2069"}).body()
    return secret, headers("run-1", body, [new_secret(), secret], int(time.time())), body


def test_python_checks_a_message(message: tuple[str, dict[str, str], str]) -> None:
    secret, given, body = message
    names: dict[str, Any] = {}
    exec(block("python", "standardwebhooks"), names)
    assert names["received"](secret, given, body.encode())["type"] == "run.complete"
    with pytest.raises(Exception, match="No matching signature"):
        names["received"](secret, given, body.replace("complete", "held").encode())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_shell_checks_a_message(message: tuple[str, dict[str, str], str], tmp_path: Path) -> None:
    secret, given, body = message

    def check(sent: str) -> tuple[int, str]:
        (tmp_path / "body.json").write_bytes(sent.encode())
        given_ = {
            "secret": secret,
            "id": given["webhook-id"],
            "timestamp": given["webhook-timestamp"],
            "signature": given["webhook-signature"],
        }
        done = subprocess.run(
            ["sh", "-eu", "-c", block("sh", "openssl")],
            env={**given_, "PATH": "/usr/bin:/bin:/usr/local/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout.strip()

    assert check(body) == (0, "genuine")
    assert check(body.replace("complete", "held")) == (1, "forged")


def test_the_tables_are_those_of_the_code() -> None:
    assert {*re.findall(r"^\| `((?:request|run)\.\w+)` \|", PAGE, re.MULTILINE)} == {*TOPICS}
    units = {"second": 1, "minute": 60, "hour": 3600}
    pauses = re.findall(r"^\| \d+ \| (\d+) (second|minute|hour)s? \|", PAGE, re.MULTILINE)
    assert tuple(int(number) * units[unit] for number, unit in pauses) == PAUSES_S
    assert f"within {TRY_S:.0f} seconds" in PAGE


def test_the_message_that_is_shown_has_the_form_of_one() -> None:
    shown = json.loads(block("json", "run.complete").replace("\n", ""))
    assert {*shown} == {"type", "timestamp", "data"}
    assert {*shown["data"]} == {"run", "kind", "template", "release", "state", "counts"}
