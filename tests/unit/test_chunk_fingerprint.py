"""The engine's fingerprint, which stands in every chunk's key: it changes with whatever draws."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import renderer.render.video as video
from renderer.render.video import fingerprint


def test_no_module_that_draws_is_left_out_of_the_fingerprint() -> None:
    """What the composer, the backdrops and the encoder's stillness import from this package, over any number of
    steps."""
    folder = Path(video.__file__).parent
    data = {"score", "geometry", "visible", "cache"}  # values and places; no pixel

    def imports(name: str) -> set[str]:
        tree = ast.parse((folder / f"{name}.py").read_text("utf-8"))
        lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {f"{line.module}.{alias.name}" for line in lines for alias in line.names}
        named = {name.removeprefix("renderer.render.video.").split(".")[0] for name in named}
        return {name for name in named if (folder / f"{name}.py").exists()}

    found: set[str] = set()
    todo = {"compose", "backdrops", "stillness"}
    while todo:
        found.add(name := todo.pop())
        todo |= imports(name) - found - data
    assert {"sprites", "blend", "text", "prepare", "mezzanine"} <= found
    assert not found & fingerprint.NOT_DRAWING


@pytest.mark.parametrize(
    ("module", "counts"), [("assets/fonts.py", True), ("render/video/blend.py", True), ("render/video/hls.py", False)]
)
def test_what_draws_enters_the_fingerprint_by_its_source_wherever_it_is(
    monkeypatch: pytest.MonkeyPatch, module: str, counts: bool
) -> None:
    read, before = Path.read_bytes, fingerprint._source_digest()
    changed = Path(video.__file__).parents[2] / module
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.resolve() == changed.resolve()))
    assert (fingerprint._source_digest() != before) is counts


def test_the_fingerprint_names_encoder_and_text_libraries() -> None:
    found = fingerprint.engine_fingerprint()
    assert str(found["encoder"]).startswith("x264 - core ")
    assert {"pango", "cairo"} <= set(found["text"])  # type: ignore[call-overload]
    assert "unknown" not in found["shaping"].values()  # type: ignore[attr-defined]
