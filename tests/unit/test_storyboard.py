"""The storyboard's language: what it refuses, and the names it uses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from renderer.template import graphics, layers, storyboard
from renderer.template.references import NameUse, references
from tests.film_samples import box, scene, text_layer
from tests.film_samples import storyboard as board


def refused(*layers: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        board(scene("one", list(layers), **more))
    return str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"when": "usage > 3"}, "Extra inputs are not permitted"),
        ({"fact": "name"}, "either 'copy' or 'fact'"),
        ({"in_s": 2, "out_s": 1}, "in point before its out point"),
        ({"out_s": 3}, "inside the scene"),
        ({"enter": {"motion": "fade", "easing": "bouncy"}}, "no easing 'bouncy'"),
        ({"keyframes": {"opacity": [{"at_s": 1, "value": 0}, {"at_s": 1, "value": 1}]}}, "in order of time"),
        ({"keyframes": {"scale": [{"at_s": 0, "value": 1e9}]}}, "'scale' must lie between 0 and 50"),
        ({"keyframes": {"scale": [{"at_s": 0, "value": -1}]}}, "'scale' must lie between 0 and 50"),
        ({"keyframes": {"rotation": [{"at_s": 0, "value": 1e300}]}}, "'rotation' must lie between"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused(more: dict[str, Any], message: str) -> None:
    assert message in refused(text_layer(**more))


def test_ids_are_distinct() -> None:
    assert "template.duplicate" in refused(text_layer("a"), text_layer("a"))
    with pytest.raises(ValidationError, match=r"template.duplicate|same id"):
        board(scene("one", []), scene("one", []))


def test_captions_do_not_overlap_and_end_with_the_scene() -> None:
    one, two = {"copy": "caption", "in_s": 0, "out_s": 1.2}, {"copy": "caption", "in_s": 1, "out_s": 2}
    assert "without overlap" in refused(captions=[one, two])
    assert "end with the scene" in refused(captions=[{**two, "out_s": 2.5}])


def test_a_cut_takes_no_time_and_a_fade_does() -> None:
    assert "A cut has duration 0" in refused(transition={"kind": "cut", "duration_s": 1})
    assert "A cut has duration 0" in refused(transition={"kind": "fade"})


def test_every_name_is_listed_with_the_way_to_it() -> None:
    uses = references(
        board(
            scene(
                "one",
                [
                    text_layer(variants=["hello-short"], shown_with="portrait", below="chip"),
                    {
                        "kind": "shape",
                        "id": "s",
                        "shape": "rect",
                        "fill": "sun",
                        "around": "headline",
                        "box": box(0, 0, 1, 1),
                        "shadow": {"colour": "ink"},
                    },
                    {
                        "kind": "bars",
                        "id": "b",
                        "bars": [{"fact": "total", "label": "you"}],
                        "colour": "accent",
                        "box": box(0, 0, 9, 9),
                    },
                    {"kind": "image", "id": "i", "fact": "photo", "box": box(0, 0, 9, 9)},
                ],
                backdrop={
                    "kind": "footage",
                    "media": "media/a.mp4",
                    "scrim": {"colour": "ink"},
                    "treatment": {"fade_colour": "paper"},
                },
                sounds=[{"media": "asset:sounds/pop.wav"}],
                captions=[{"copy": "caption", "in_s": 0, "out_s": 1}],
            ),
            music={"media": "media/music.flac"},
            poster={"scene": "one", "at_s": 1},
        )
    )
    at = ("scenes", 0)
    for expected in (
        NameUse("media", "media/music.flac", ("music", "media")),
        NameUse("font", ":600", ("styles", "headline", "weight")),
        NameUse("chosen", "one", (*at, "id")),
        NameUse("copy", "title", (*at, "title")),
        NameUse("media", "media/a.mp4", (*at, "backdrop", "media")),
        NameUse("colour", "paper", (*at, "backdrop", "treatment", "fade_colour")),
        NameUse("copy", "hello-short", (*at, "layers", 0, "variants", 0)),
        NameUse("chosen", "portrait", (*at, "layers", 0, "shown_with", 0)),
        NameUse("layer", "chip", (*at, "layers", 0, "below")),
        NameUse("layer", "headline", (*at, "layers", 1, "around")),
        NameUse("colour", "ink", (*at, "layers", 1, "shadow", "colour")),
        NameUse("ratio", "total", (*at, "layers", 2, "bars", 0, "fact")),
        NameUse("image", "photo", (*at, "layers", 3, "fact")),
        NameUse("media", "asset:sounds/pop.wav", (*at, "sounds", 0, "media")),
        NameUse("copy", "caption", (*at, "captions", 0, "copy")),
        NameUse("scene", "one", ("poster", "scene")),
    ):
        assert expected in uses


# A new field of one of these types either names nothing, or must be listed by `references`.
NAMES_NOTHING = {"id", "box", "family"}


def test_no_field_that_holds_a_name_is_forgotten() -> None:
    """Fill each Id or Reference field of each model with a marker: `references` must find every one."""
    from pathlib import Path

    source = Path(str(storyboard.__file__)).with_name("references.py").read_text("utf-8")
    for module in (layers, graphics, storyboard):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__:
                for name, field in model.model_fields.items():
                    kind = str(field.annotation)
                    holds_name = any(
                        "max_length=60" in str(meta) or "max_length=200" in str(meta)
                        for meta in (*field.metadata, kind)
                    )
                    if holds_name and name not in NAMES_NOTHING:
                        assert (field.alias or name) in source, f"{model.__name__}.{name}"


def test_every_field_of_the_language_is_described() -> None:
    for module in (layers, graphics, storyboard):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__:
                for name, field in model.model_fields.items():
                    assert field.description or name == "kind", f"{model.__name__}.{name}"
