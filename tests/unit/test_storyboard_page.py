"""The page of pictures: every kind is on it, and each picture is what the engine draws from the YAML beside it."""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from docs import make_storyboard_pictures as maker
from renderer import pipeline
from renderer.profile.load import read_one
from renderer.template.graphics import Layer
from renderer.template.storyboard import Backdrop, Transition

PAGE = maker.PAGE.read_text("utf-8")
REFERENCE = (maker.ROOT / "docs/template-reference.md").read_text("utf-8")
PIECES = {piece.name: piece for piece in maker.pieces(PAGE)}


def kinds_of(union: Any) -> set[str]:
    """The values of `kind` of a union of models."""
    models = get_args(get_args(union)[0])
    return {get_args(model.model_fields["kind"].annotation)[0] for model in models}


def test_every_kind_has_a_picture_on_both_pages() -> None:
    transitions = set(get_args(Transition.model_fields["kind"].annotation)) - {"cut"}
    wanted = kinds_of(Layer)
    wanted |= {f"backdrop-{kind}" for kind in kinds_of(Backdrop)} | {f"transition-{kind}" for kind in transitions}
    assert set(PIECES) == wanted
    for page in (PAGE, REFERENCE):
        assert set(re.findall(r"\(images/storyboard/([\w-]+)\.webp\)", page)) == wanted
    assert {path.stem for path in maker.TARGET.iterdir()} == wanted


def test_each_piece_shows_its_own_kind() -> None:
    for name, piece in PIECES.items():
        board = maker.storyboard(piece, PAGE)
        scene = board.scenes[1]
        if name.startswith("transition-"):
            assert scene.transition.kind == name.removeprefix("transition-")
        elif name.startswith("backdrop-"):
            assert scene.backdrop.kind == name.removeprefix("backdrop-")
        else:
            assert name in {layer.kind for layer in scene.layers}


def test_the_pictures_are_light() -> None:
    sizes = [path.stat().st_size for path in maker.TARGET.iterdir()]
    assert sum(sizes) < 600_000 and min(sizes) > 300


@pytest.mark.parametrize("name", ["paragraph", "ring", "transition-wipe"])
def test_a_picture_is_what_the_engine_draws(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make them anew with `python -m docs.make_storyboard_pictures` after looking at them."""
    planner = pipeline.open_template("energy-bill")
    person = read_one(maker.SAMPLE, planner.template.contract)
    plan = maker.sample(pipeline.plan(planner, person, locale="en"))
    picture = maker.picture(PIECES[name], planner.template, plan, tmp_path_factory.mktemp("cache"))
    drawn = np.asarray(picture.convert("RGB"), np.int16)
    kept = np.asarray(Image.open(maker.TARGET / f"{name}.webp").convert("RGB"), np.int16)
    assert drawn.shape == kept.shape
    assert float(np.abs(drawn - kept).mean()) < 2.5
