"""The pictures of ``docs/storyboard.md``, drawn by the engine from the YAML that stands beside each of them.

    .venv/bin/python -m docs.make_storyboard_pictures

In: the page, and a sample of the template `energy-bill` with a few words and figures of this file. Out: one WebP for
each piece of YAML in ``docs/images/storyboard/``, three moments of its scene side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from PIL import Image
from ruamel.yaml import YAML

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.plan.model import Fact, Message, RenderPlan
from renderer.profile.load import read_one
from renderer.render.video.compose import Composer, Frame
from renderer.render.video.render import film_backdrops
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.settings import Settings
from renderer.template.model import Template
from renderer.template.storyboard import Storyboard

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/storyboard.md"
TARGET = ROOT / "docs/images/storyboard"
SAMPLE = ROOT / "templates/energy-bill/samples/11-typical.json"
SIZE = (416, 234)
GAP = 8
SCENE_S = 2.8
MOMENTS = (0.45, 1.05, 2.7)
"""Seconds into a scene; a transition is shown a quarter, half and three quarters through."""
TOTAL = "\u2068€66.90\u2069"
WORDS = {
    "page-sample-bill": f"Your bill of {TOTAL} is lower than the last one.",
    "page-sample-why": "A mild October counted for more than the price of energy.",
    "page-sample-key": "more than the price",
    "page-sample-green": "renewable",
    "page-sample-energy": "Energy",
    "page-sample-network": "Network",
    "page-sample-taxes": "Taxes and fees",
}
PARTS = {"part_energy": ("€32.49", "0.486"), "part_network": ("€15.20", "0.227"), "part_taxes": ("€19.21", "0.287")}


@dataclass(frozen=True)
class Piece:
    """One picture of the page: its name, and what its YAML says."""

    name: str
    data: Any


def main() -> None:
    """Draw every picture of the page, and say how large they are."""
    settings = Settings()
    settings.prepare()
    planner = pipeline.open_template("energy-bill")
    plan = sample(pipeline.plan(planner, read_one(SAMPLE, planner.template.contract), locale="en"))
    TARGET.mkdir(parents=True, exist_ok=True)
    for piece in pieces(PAGE.read_text("utf-8")):
        path = TARGET / f"{piece.name}.webp"
        picture(piece, planner.template, plan, settings.cache).save(path, quality=82, method=6)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.1f} kB")


def pieces(page: str) -> Iterator[Piece]:
    """The pictures that the page shows, each with the YAML under it."""
    for found in re.finditer(r"!\[[^\]]*\]\(images/storyboard/([\w-]+)\.webp\)\n\n```yaml\n(.*?)```", page, re.DOTALL):
        yield Piece(found[1], YAML(typ="safe").load(found[2]))


def styles(page: str) -> Any:
    """The text styles that the page gives."""
    found = re.search(r"```yaml\n(styles:\n.*?)```", page, re.DOTALL)
    assert found is not None
    return YAML(typ="safe").load(found[1])["styles"]


def sample(plan: RenderPlan) -> RenderPlan:
    """The sample's plan with the words and figures of this file."""
    said = {key: Message(id=key, text=text, facts=(), sensitivity="public") for key, text in WORDS.items()}
    parts = {
        key: Fact(id=key, kind="text", value=text, text=text, spoken=text, sensitivity="public", ratio=ratio)
        for key, (text, ratio) in PARTS.items()
    }
    parts["green_share"] = replace(
        plan.facts["green_share"], text="64%", ratio="0.64", steps=tuple(f"{step}%" for step in range(65))
    )
    return replace(plan, scenes=("opening", "closing-debit"), copy={**plan.copy, **said}, facts={**plan.facts, **parts})


def storyboard(piece: Piece, page: str) -> Storyboard:
    """Two scenes: a plain one, and the one that the piece is about."""
    own = piece.data if isinstance(piece.data, dict) else {"layers": piece.data}
    moves = "transition" in own
    plain = {"title": "film-chapter-opening", "duration_s": SCENE_S, "backdrop": {"kind": "colour", "colour": "paper"}}
    image = {"kind": "image", "media": "media/image-hills.jpg"}
    old = {"layers": [_word("label-neighbours")], "backdrop": {"kind": "colour", "colour": "sun"}}
    new = {"layers": [_word("label-you")] if moves else [], **({"backdrop": image} if moves else {}), **own}
    scenes = [{**plain, "id": "opening", **old}, {**plain, "id": "closing-debit", **new}]
    return Storyboard.model_validate({"styles": styles(page), "scenes": scenes})


def _word(copy: str) -> dict[str, Any]:
    box = {"x": 90, "y": 300, "width": 1100, "height": 110}
    return {"id": "word", "kind": "text", "copy": copy, "style": "title", "box": box, "align": "centre",
            "fit": {"min_size_px": 40}}  # fmt: skip


def picture(piece: Piece, template: Template, plan: RenderPlan, cache: Path) -> Image.Image:
    """Three moments of a piece's scene side by side."""
    board = storyboard(piece, PAGE.read_text("utf-8"))
    own = replace(template, storyboard=board)
    fonts = pipeline.template_fonts(template, cache)
    assets = AssetDoor(template.release.files)
    score = build_score(plan, own, fonts, assets, TextEngine(fonts))
    composer = Composer(score, film_backdrops(score, assets, cache), fonts, assets)
    scene, rate = score.scenes[1], score.fps_num / score.fps_den
    if scene.transition.frames:
        shown = [scene.first + round(scene.transition.frames * part) for part in (0.25, 0.5, 0.75)]
    else:
        shown = [scene.first + round(moment * rate) for moment in MOMENTS]
    strip = Image.new("RGB", (3 * SIZE[0] + 2 * GAP, SIZE[1]), "#ffffff")
    for index, number in enumerate(shown):
        still = rgb(composer.frame(number)).resize(SIZE, Image.Resampling.LANCZOS)
        strip.paste(still, (index * (SIZE[0] + GAP), 0))
    return strip


def rgb(frame: Frame) -> Image.Image:
    """A composed frame as a player shows it."""
    picture = av.VideoFrame.from_ndarray(frame.data, format="yuv420p")
    return Image.fromarray(picture.to_ndarray(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709"))


if __name__ == "__main__":
    main()
