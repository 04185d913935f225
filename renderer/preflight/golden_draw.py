"""One sample → its golden files: the plan, stills of the film, pages of the PDF. Runs in a guarded child process.

The web page is left in a folder, complete, for a browser to take its picture. Everything is made by the functions that
production calls; nothing is encoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from renderer import pipeline
from renderer.plan.model import Fact, RenderPlan, Series, Table
from renderer.plan.read import read_plan
from renderer.preflight.golden_model import PLAN, Drawn
from renderer.preflight.golden_pictures import small
from renderer.preview.film import film_stand_in
from renderer.preview.places import drawn, noted
from renderer.render.model import RenderResult
from renderer.render.video.compose import Composer
from renderer.render.video.poster import poster_jpeg
from renderer.render.video.render import film_backdrops, film_scores
from renderer.render.video.score import Score
from renderer.template.load import load_release
from renderer.template.release import Release
from renderer.units import canonical_json

STILL_LONG_SIDE_PX = 480
PAPER_WIDTH_PX = 480
STILLS = (0.35, 0.8)
"""Where in a scene its stills are taken, as parts of the time in which no other scene shows."""
_RELEASE_KEYS = ("files_digest",)
"""Keys that change with every file of the template, whatever a reader sees."""


def draw_in_child(
    files: Mapping[str, bytes], made: bytes, images: Mapping[str, bytes], cache: Path, out: Path,
    report: Callable[[int, int], None],
) -> Drawn:  # fmt: skip
    """The golden files of one plan but for the page's pictures; its page lies in ``out/microsite``.

    Raises what rendering raises.
    """
    template = load_release(Release(files))
    plan = read_plan(made)
    found = {PLAN: golden_plan(plan)}
    said: set[str] = set()
    if plan.suppression is not None:
        return Drawn(files=found, said=frozenset())
    job = pipeline.prepare_job(template, plan, images, cache)
    watched = noted(plan)
    watching = replace(job, plan=watched.plan)
    film: RenderResult | None = None
    statement: RenderResult | None = None
    if "video" in template.channels:
        films = {
            ending: (score, Composer(score, film_backdrops(score, job.assets, cache), job.fonts, job.assets))
            for ending, score in film_scores(job).items()
        }
        for ending, (score, composer) in films.items():
            width = round(STILL_LONG_SIDE_PX * score.width / max(score.width, score.height))
            found |= {name: small(picture, width) for name, picture in _stills(score, composer, ending)}
            said |= set(drawn(score)["copy"]) | {scene.title for scene in score.scenes}
        film = film_stand_in(films, {}, out)
    report(1, 3)
    if "statement" in template.channels:
        statement = pipeline.render_channel("statement", watching, out)
        found |= {name: small(picture, PAPER_WIDTH_PX) for name, picture in _paper(out / statement.artefacts[0].path)}
        channel = template.config.channels.statement
        said |= {channel.title} if channel is not None else set()
    report(2, 3)
    if "microsite" in template.channels:
        pipeline.render_channel("microsite", watching, out, film=film, statement=statement)
    report(3, 3)
    said |= watched.copy.asked | set(_keys_in_facts(plan))
    return Drawn(files=found, said=frozenset(said))


def golden_plan(plan: RenderPlan) -> bytes:
    """The plan as canonical JSON without what every change of a file changes."""
    data = json.loads(plan.data)
    return canonical_json({key: value for key, value in data.items() if key not in _RELEASE_KEYS})


def _stills(score: Score, composer: Composer, ending: str) -> Iterator[tuple[str, Image.Image]]:
    """Two stills of each scene, by file name, from where it stands alone. ``ending`` names the film's format."""
    overlaps = [scene.transition.frames for scene in score.scenes]
    for scene, own, following in zip(score.scenes, overlaps, [*overlaps[1:], 0], strict=True):
        alone = max(1, scene.frames - own - following)
        for number, part in enumerate(STILLS, start=1):
            frame = composer.frame(min(scene.first + own + int(alone * part), scene.end - 1))
            with Image.open(BytesIO(poster_jpeg(frame.data))) as picture:
                yield f"film{ending}-{scene.id}-{number}.webp", picture.convert("RGB")


def _paper(path: Path) -> Iterator[tuple[str, Image.Image]]:
    """Each page of the PDF by file name, twice as wide as it is kept."""
    document = pypdfium2.PdfDocument(path)
    try:
        for index in range(len(document)):
            page = document[index]
            scale = 2 * PAPER_WIDTH_PX / page.get_width()
            yield f"statement-{index + 1}.webp", page.render(scale=scale).to_pil()
    finally:
        document.close()


def _keys_in_facts(plan: RenderPlan) -> Iterator[str]:
    """Facts of the kind ``copy`` hold a key as their value: that sentence was said as part of the fact."""
    for fact in plan.facts.values():
        for value in _values(fact):
            if isinstance(value, str) and value in plan.copy:
                yield value


def _values(fact: Fact) -> Iterator[Any]:
    value = fact.value
    if isinstance(value, Series):
        yield from (point.x.value for point in value.points)
    elif isinstance(value, Table):
        yield from (cell.value for row in value.rows for cell in row.values() if cell is not None)
    else:
        yield value
