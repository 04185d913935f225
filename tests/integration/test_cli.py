"""Commands as scripts use them: exit codes, one JSON object on stdout, errors that repeat nobody's data."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from renderer.cli import main
from renderer.plan.build import Planner
from renderer.profile.load import read_one
from tests.small_template import PROFILE, changed, plan_of, profile_with, write

ROOT = Path(__file__).parents[2]
COMMANDS = ("demo", "render", "plan", "check", "sample")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A DEARLY_HOME of the test's own, and a place to work in."""
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.fixture
def folder(home: Path) -> Path:
    return write(home / "template")


def profile_file(folder: Path, *records: Any) -> str:
    path = folder / "people.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records or (PROFILE,)))
    return str(path)


def run(*arguments: str | Path) -> Result:
    main.register()
    result = CliRunner().invoke(main.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def process(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "renderer.cli.main", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


# ---------------------------------------------------------------- help, exit codes


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: dearly {command}" in " ".join(result.stdout.split())


def test_without_a_command_the_commands_are_shown() -> None:
    result = run("--help")
    assert all(f" {command} " in result.stdout for command in COMMANDS)


def test_a_plan_is_the_plan(folder: Path, home: Path, small: Planner) -> None:
    result = run("plan", folder, "--profile", profile_file(home))
    assert result.exit_code == 0
    assert result.stdout.encode() == plan_of(small).data + b"\n"


def test_a_plan_can_be_explained(folder: Path, home: Path) -> None:
    result = run("plan", folder, "--profile", profile_file(home), "--explain")
    assert result.exit_code == 0
    assert "amount → due-scene (default)" in result.stdout
    assert "bill.total < 0 is false (bill.total = 66.9)" in result.stdout


WRONG = [
    (1, ("plan", "T", "--profile", "bad")),
    (1, ("plan", "T", "--profile", "odd")),
    (2, ("plan", "T", "--profile", "two")),
    (2, ("plan", "T", "--profile", "none.json")),
    (2, ("plan", "T", "--profile", "T")),
    (2, ("plan", "T")),
    (2, ("plan", "nowhere", "--profile", "good")),
    (2, ("plan", "broken", "--profile", "good")),
    (2, ("plan", "T", "--profile", "good", "--as-of", "yesterday")),
    (2, ("plan", "T", "--profile", "good", "--as-of", "20261109")),
    (2, ("plan", "T", "--profile", "good", "--locale", "fr")),
    (2, ("plan", "T", "--profile", "good", "--seed", "99999999999999999999")),
    (2, ("plan", "T", "--profile", "good", "--sed", "1")),
    (2, ("render", "T", "--profile", "good", "--out", "out", "--channel", "vidoe")),
    (2, ("render", "T", "--profile", "good", "--out", "good")),
    (2, ("render", "T", "--profile", "good", "--out", "good/inside")),
    (1, ("render", "T", "--profile", "bad", "--out", "out")),
    (2, ("sample", "T", "--out", "people.csv")),
    (2, ("sample", "T", "--out", "good/people.jsonl")),
    (2, ("sample", "T", "--count", "0")),
    (2, ("check", "broken")),
    (2, ("check", "T", "--profiles", "none.csv")),
]


@pytest.mark.parametrize(
    ("code", "arguments"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_exit_codes(folder: Path, home: Path, code: int, arguments: tuple[str, ...]) -> None:
    write(home / "broken", dict(changed("facts.yaml", "steps: 8", "stps: 8")))
    named = {
        "T": str(folder),
        "good": profile_file(home),
        "bad": str(home / "bad.json"),
        "odd": str(home / "odd.json"),
        "two": str(home / "two.json"),
    }
    (home / "bad.json").write_text(json.dumps(profile_with(bill__total="x")))
    (home / "odd.json").write_text(json.dumps(profile_with(usage__days=0)))
    (home / "two.json").write_text(json.dumps([PROFILE, PROFILE]))
    filled = [named.get(one, one.replace("good/", f"{named['good']}/")) for one in arguments]
    result = run(*filled)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.strip()


def test_the_environment_is_another_matter(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("DEARLY_HOME", str(home / "file" / "home"))
    result = run("render", folder, "--profile", profile_file(home), "--out", home / "out", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["errors"][0]["code"] == "environment.disk"


def test_every_fault_of_a_record_is_shown_and_none_of_its_values(folder: Path, home: Path) -> None:
    record = profile_with(bill__total="zq8Kx91w", customer__name="zq8Kx91w\0", usage__zq8Kx91w=1, usage__days=None)
    result = run("plan", folder, "--profile", profile_file(home, record))
    assert result.exit_code == 1
    assert all(part in result.stderr for part in ("bill.total", "customer.name", "field usage", "usage.days"))
    assert result.stderr.count("error record 1") == 4
    assert "zq8Kx91w" not in result.output


# ---------------------------------------------------------------- one JSON object


JSON_ERRORS = [
    (1, ("render", "T", "--profile", "bad", "--out", "out"), "profile.kind"),
    (2, ("render", "T", "--profile", "none.json", "--out", "out"), "usage.unreadable"),
    (2, ("render", "nowhere", "--profile", "bad", "--out", "out"), "usage.unreadable"),
    (2, ("render", "T", "--profile", "bad", "--out", "out", "--as-of", "x"), "usage.argument"),
    (2, ("render", "T", "--profile", "bad"), "usage.argument"),
    (2, ("render", "T", "--profle", "bad"), "usage.argument"),
    (2, ("rendr", "T"), "usage.argument"),
    (2, ("check", "nowhere"), "usage.unreadable"),
]


@pytest.mark.parametrize(("code", "arguments", "said"), JSON_ERRORS)
def test_errors_are_one_json_object_too(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    code: int, arguments: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    (home / "bad.json").write_text(json.dumps(profile_with(bill__total="x")))
    named = {"T": str(folder), "bad": str(home / "bad.json"), "out": str(home / "out")}
    monkeypatch.setattr(sys, "argv", ["dearly", *(named.get(one, one) for one in arguments), "--json"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    out, err = capsys.readouterr()
    assert caught.value.code == code
    assert [error["code"] for error in json.loads(out)["errors"]] == [said]
    assert out.count("\n") == 1 and said in err


def test_a_render_answers_with_its_artefacts(home: Path) -> None:
    profile = ROOT / "templates" / "energy-bill" / "samples" / "11-typical.json"
    found = process(
        "render", "energy-bill", "--profile", profile, "--channel", "statement", "--out", home / "out", "--json"
    )
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert set(answer) >= {"plan_digest", "release", "artefacts", "warnings"} and not set(answer) & {
        "frames_total",
        "errors",
    }
    assert len(answer["plan_digest"]) == 64 and answer["release"].startswith("energy-bill@")
    (artefact,) = answer["artefacts"]
    data = (home / "out" / "statement" / "statement.pdf").read_bytes()
    assert artefact == {
        "channel": "statement",
        "kind": "pdf",
        "path": "statement/statement.pdf",
        "media_type": "application/pdf",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def test_who_is_suppressed_is_rendered_nothing(folder: Path, home: Path) -> None:
    result = run(
        "render", folder, "--profile", profile_file(home, profile_with(bill__total=0)), "--out", home / "out", "--json"
    )
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["suppressed"], answer["artefacts"]) == ("nothing-due", [])
    assert not (home / "out").exists()


# ---------------------------------------------------------------- samples


def test_samples_are_json_lines_with_numbers_and_pass_the_contract(home: Path, energy_bill: Planner) -> None:
    assert run("sample", "energy-bill", "--count", "5", "--seed", "3", "--out", home / "new" / "a.jsonl").exit_code == 0
    shown = run("sample", "energy-bill", "--count", "5", "--seed", "3").stdout
    lines = (home / "new" / "a.jsonl").read_text("utf-8").splitlines()
    assert lines == shown.splitlines() and len(lines) == 5
    assert lines != run("sample", "energy-bill", "--count", "5", "--seed", "4").stdout.splitlines()
    for line in lines:
        bill = json.loads(line)["bill"]
        assert isinstance(bill["total"], int | float) and isinstance(bill["lines"][0]["amount"], int | float)
        (home / "one.jsonl").write_text(line)
        assert read_one(home / "one.jsonl", energy_bill.template.contract)


def test_a_reader_that_has_enough_is_no_error(home: Path) -> None:
    dearly = f"{shlex.quote(sys.executable)} -m renderer.cli.main"
    command = f"{dearly} sample energy-bill --count 300 | head -1; exit ${{PIPESTATUS[0]}}"
    found = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0 and found.stdout.count("\n") == 1
    assert "Traceback" not in found.stderr and "BrokenPipe" not in found.stderr
