"""A small film made by hand for tests of the video channel: its storyboard, its plan, its fonts, its ports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.labels import Sensitivity
from renderer.plan.model import Cell, Direction, Fact, Message, Point, RenderPlan, Series, Tick
from renderer.render.video.compose import Composer
from renderer.render.video.layering import FilmLook
from renderer.render.video.score import Score
from renderer.render.video.scoring import FilmFormat, score_film
from renderer.render.video.text import TextEngine
from renderer.template.storyboard import Storyboard

COLOURS = {
    "ink": "#10262E",
    "ink-soft": "#4A6169",
    "paper": "#FBF8F2",
    "card": "#FFFFFF",
    "line": "#DDE3E1",
    "accent": "#0B6E69",
    "accent-soft": "#D9ECEA",
    "sun": "#F4A52A",
    "up": "#B5402F",
}


@cache
def fonts() -> FontSet:
    """The brand's fonts. Static files are kept between runs."""
    weights = (400, 500, 600, 700)
    return load_fonts(
        [
            FontRequest("IBM Plex Sans", weights),
            FontRequest("IBM Plex Sans Arabic", weights),
            FontRequest("Noto Color Emoji", (400,)),
        ],
        Path(gettempdir()) / "dearly-test-fonts",
    )


@cache
def engine() -> TextEngine:
    return TextEngine(fonts())


def fact(fact_id: str, text: str, *, sensitivity: Sensitivity = "public", **more: Any) -> Fact:
    """A fact with sensible other fields."""
    values: dict[str, Any] = {"kind": "text", "value": text, "spoken": text, **more}
    return Fact(id=fact_id, text=text, sensitivity=sensitivity, **values)


def history(count: int = 13) -> Fact:
    """A year of usage; the last month is marked."""
    points = tuple(
        Point(
            x=Cell(value=f"2026-{1 + i % 12:02d}-01", text="JFMAMJJASONDJ"[i % 13]),
            y=Cell(value=str(120 + 90 * ((i * 7) % 5)), text=f"{120 + 90 * ((i * 7) % 5)} kWh"),
            mark=i == count - 1,
        )
        for i in range(count)
    )
    ticks = tuple(Tick(value=str(v), text=str(v)) for v in (0, 200, 400, 600))
    return fact("history", "", kind="series", value=Series(points=points, ticks=ticks))


def plan(
    *,
    name: str = "Maria",
    direction: Direction = "ltr",
    locale: str = "it",
    scenes: tuple[str, ...] = ("one", "two"),
    copy: Mapping[str, str] | None = None,
    facts: Mapping[str, Fact] | None = None,
    blocks: tuple[str, ...] = (),
) -> RenderPlan:
    """A plan with a name (personal), an amount (public, with steps) and a history. ``copy`` adds or replaces."""
    every = {
        "name": fact("name", name, sensitivity="personal"),
        "total": fact("total", "142,60 €", ratio="0.6", steps=tuple(f"{i * 14 + i // 10 * 2},60 €" for i in range(11))),
        "neighbours": fact("neighbours", "230 kWh", ratio="1"),
        "history": history(),
        **(facts or {}),
    }
    texts = {
        "hello": f"Ciao \u2068{name}\u2069, ecco la tua bolletta",
        "hello-short": f"Ciao \u2068{name}\u2069",
        "title": "La bolletta",
        "you": "Tu",
        "them": "I vicini",
        "caption": "Ecco la tua bolletta",
        **(copy or {}),
    }
    messages = {
        key: Message(
            id=key,
            text=text,
            facts=("name",) if "\u2068" in text else (),
            sensitivity="personal" if "\u2068" in text else "public",
        )
        for key, text in texts.items()
    }
    return RenderPlan(
        template="test",
        files_digest="0" * 64,
        locale=locale,
        direction=direction,
        as_of=date(2026, 11, 1),
        seed=1,
        suppression=None,
        segments=(),
        offers={},
        scenes=scenes,
        blocks=blocks,
        facts=every,
        copy=messages,
        links={},
        decisions=(),
    )


def box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    return {"x": x, "y": y, "width": width, "height": height}


def text_layer(layer_id: str = "headline", **more: Any) -> dict[str, Any]:
    """A text layer that says hello, with any field replaced."""
    layer = {
        "kind": "text",
        "id": layer_id,
        "copy": "hello",
        "style": "headline",
        "box": box(96, 120, 900, 200),
        "fit": {"max_lines": 2, "min_size_px": 36},
    }
    layer.update({key.rstrip("_"): value for key, value in more.items()})
    return {key: value for key, value in layer.items() if value is not None}


def scene(scene_id: str, layers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A scene of two seconds on paper."""
    return {
        "id": scene_id,
        "title": "title",
        "duration_s": 2,
        "backdrop": {"kind": "colour", "colour": "paper"},
        "layers": layers,
        **more,
    }


def storyboard(*scenes: dict[str, Any], **more: Any) -> Storyboard:
    """A storyboard of these scenes, or of two that use every kind of layer."""
    return Storyboard.model_validate(json.loads(json.dumps({"styles": STYLES, "scenes": scenes or _scenes(), **more})))


STYLES: dict[str, Any] = {
    "headline": {"weight": 600, "size_px": 64, "line_height": 1.15, "letter_spacing_em": -0.015, "colour": "ink"},
    "figure": {"weight": 700, "size_px": 120, "line_height": 1.1, "colour": "accent", "tabular": True},
    "label": {"weight": 500, "size_px": 22, "colour": "ink-soft"},
    "on-accent": {"weight": 600, "size_px": 26, "colour": "card"},
}


def _scenes() -> list[dict[str, Any]]:
    one: list[dict[str, Any]] = [
        text_layer(enter={"motion": "rise"}),
        {
            "kind": "shape",
            "id": "chip",
            "shape": "rect",
            "around": "chip-text",
            "box": box(0, 0, 0, 0),
            "fill": "accent",
            "radius_px": 40,
            "enter": {"motion": "pop", "easing": "back-out"},
            "in_s": 0.4,
        },
        text_layer(
            "chip-text",
            copy="title",
            style="on-accent",
            box=box(116, 40, 400, 0),
            below="headline",
            in_s=0.4,
            fit={"max_lines": 1},
            enter={"motion": "pop", "easing": "back-out"},
        ),
        {
            "kind": "counter",
            "id": "amount",
            "fact": "total",
            "style": "figure",
            "box": box(96, 440, 800, 140),
            "duration_s": 1,
            "exit": {"motion": "fade", "duration_s": 0.3},
        },
        {
            "kind": "shape",
            "id": "underline",
            "shape": "line",
            "stroke": "sun",
            "stroke_px": 6,
            "box": box(96, 600, 500, 0),
            "in_s": 0.5,
            "enter": {"motion": "wipe"},
        },
    ]
    two: list[dict[str, Any]] = [
        {
            "kind": "shape",
            "id": "card",
            "shape": "rect",
            "fill": "card",
            "radius_px": 24,
            "box": box(80, 80, 1120, 560),
            "shadow": {"colour": "ink"},
        },
        {
            "kind": "bars",
            "id": "year",
            "series": "history",
            "colour": "accent-soft",
            "mark_colour": "accent",
            "box": box(120, 140, 640, 440),
            "label_style": "label",
            "value_style": "label",
            "baseline": "line",
        },
        {
            "kind": "bars",
            "id": "both",
            "orientation": "lying",
            "colour": "accent",
            "box": box(800, 200, 360, 240),
            "label_style": "label",
            "value_style": "label",
            "bars": [{"fact": "total", "label": "you", "colour": "sun"}, {"fact": "neighbours", "label": "them"}],
        },
    ]
    gradient = {
        "kind": "gradient",
        "angle_deg": 160,
        "stops": [{"colour": "paper", "at": 0}, {"colour": "accent-soft", "at": 1}],
    }
    return [
        scene("one", one, captions=[{"copy": "caption", "in_s": 0.2, "out_s": 2}]),
        scene("two", two, backdrop=gradient, transition={"kind": "fade", "duration_s": 0.4}),
    ]


def look(board: Storyboard) -> FilmLook:
    return FilmLook(
        styles=board.styles,
        colours=COLOURS,
        families=fonts().families,
        faces=frozenset((face.family, face.weight) for face in fonts().faces),
    )


FORMAT = FilmFormat(width=1280, height=720, fps=Fraction(25))


def score(the_plan: RenderPlan | None = None, board: Storyboard | None = None, film: FilmFormat = FORMAT) -> Score:
    """The score of a plan and a storyboard; images have the digest of their reference."""
    board = board or storyboard()
    return score_film(the_plan or plan(), board, look(board), film, engine(), lambda ref: ref, fonts().digest)


def one_scene(*layers: dict[str, Any], the_plan: RenderPlan | None = None, **more: Any) -> Score:
    """The score of a film of one scene with these layers."""
    the_plan = replace(the_plan or plan(), scenes=("one",))
    return score(the_plan, storyboard(scene("one", list(layers), **more)))


def composer(the_score: Score, images: Mapping[str, bytes] | None = None) -> Composer:
    return Composer(the_score, {}, fonts(), AssetDoor({}, images=images), text=engine())
