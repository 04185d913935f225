"""What commands say when the system refuses, and how they list files."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, cast

import pytest
from rich.console import Console

from renderer.bootstrap import Services
from renderer.cli import console
from renderer.cli import render as command
from renderer.cli.gallery import Gallery
from renderer.cli.showcase import Piece, Showcase
from renderer.errors import EnvironmentFault
from renderer.render.model import Artefact, RenderResult

ROOT = Path(__file__).resolve().parents[2]
PRINTS = """
import sys, typer
from renderer.cli import console
app = typer.Typer()
@app.command()
@console.reports_errors
def prints() -> None:
    console.out.print("words")
app()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_named_with_what_to_do(unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PRINTS],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    first, hint = done.stderr.splitlines()  # and no complaint of Python at exit
    assert done.returncode == 3
    assert first.startswith("error standard output The output cannot be written: No space left on device.")
    assert first.endswith("[environment.disk]")
    assert "where there is space" in hint


def test_another_refusal_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    @console.reports_errors
    def refused() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(BaseException) as caught:
        refused()
    assert getattr(caught.value, "exit_code", None) == 3
    assert "--out and DEARLY_HOME" in capsys.readouterr().err


def test_a_gallery_that_cannot_be_written_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("renderer.cli.gallery.os.replace", full)
    with pytest.raises(EnvironmentFault) as caught:
        Gallery(tmp_path, [], tmp_path).write({}, finished=True)
    refused(caught.value, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_of_the_demo_that_cannot_be_written_name_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.touch()  # nothing can be made inside a file
    part = SimpleNamespace(id="1-statement", request_id="1", channel="statement", state="done")
    file = SimpleNamespace(path="statement/statement.pdf", kind="pdf", key="key")
    services = SimpleNamespace(
        reader=SimpleNamespace(parts=lambda _: [part], artefacts=lambda *_: [file]),
        store=SimpleNamespace(open=lambda _: BytesIO(b"content")),
    )
    showcase = Showcase(cast(Services, services), [], out)
    showcase._requests["1"] = cast(Piece, SimpleNamespace(name="bill/one"))
    with pytest.raises(EnvironmentFault) as caught:
        showcase.look()
    refused(caught.value, out)


def refused(error: EnvironmentFault, out: Path) -> None:
    assert (error.code, error.place.file) == ("environment.disk", str(out))
    assert "--out" in error.message and error.hint is not None and "Free some space" in error.hint


class _Rendered:
    """Stands in for the render process."""

    def __enter__(self) -> _Rendered:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def call(self, *_: object, **__: object) -> dict[str, RenderResult]:
        made = Artefact(
            channel="statement",
            kind="pdf",
            path="statement/statement.pdf",
            media_type="application/pdf",
            bytes=80_000,
            sha256="",
        )
        return {"statement": RenderResult(channel="statement", artefacts=(made,))}


def test_a_long_folder_breaks_no_file_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    printed = StringIO()
    monkeypatch.setattr(command, "Guard", _Rendered)
    monkeypatch.setattr(console, "out", Console(width=80, file=printed, highlight=False))
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    out = tmp_path / ("long-" * 20) / "folder"
    sample = ROOT / "templates/energy-bill/samples/11-typical.json"
    options: dict[str, Any] = {"template": "energy-bill", "profile": sample, "out": out, "channel": ["statement"]}
    command.render(**options)
    head, row, _, folder = printed.getvalue().splitlines()
    assert head.split() == ["Channel", "Kind", "File", "Size"]
    assert row.split() == ["statement", "pdf", "statement/statement.pdf", "80", "kB"]
    assert folder == f"Folder: {out}"
