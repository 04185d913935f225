"""What a statement costs against bare WeasyPrint on the same HTML, in one run.

    .venv/bin/python -m benchmarks.statement [--template ID] [--rounds 8] [--json]

*Dearly* is everything from plan to bytes: layout, engine, tags made whole, faces, glyphs and warnings checked. *Bare*
is WeasyPrint's own ``write_pdf`` with the HTML ready, tags on (PDF/UA-1), and what a careful user shares between
documents: parsed styles and one font configuration. They take turns, so that a busy machine slows both. *Cold* is bare
WeasyPrint as most people call it, with styles and fonts made anew for each document. CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.plan.build import Planner
from renderer.profile.load import BadRecord
from renderer.render.model import RenderJob
from renderer.render.statement import render
from renderer.template.load import find_template


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run. Seconds are CPU seconds a document, the median round."""

    documents: int
    pages: int
    dearly_s: float
    bare_s: float
    cold_s: float
    ratio: float
    ratio_cold: float
    documents_per_second: float
    pages_per_second: float


def main(arguments: list[str] | None = None) -> Figures:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--template", default="energy-bill")
    parser.add_argument("--rounds", type=int, default=8, help="times all documents are made each way")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as cache:
        figures = measure(jobs(pipeline.open_template(options.template), Path(cache)), options.rounds)
    if options.json:
        print(json.dumps(figures.__dict__))
    else:
        print(f"{figures.documents} documents, {figures.pages} pages")
        print(
            f"Dearly  {figures.dearly_s * 1000:6.0f} ms CPU a document   "
            f"{figures.documents_per_second:.1f} documents/s, {figures.pages_per_second:.1f} pages/s on one core"
        )
        print(f"bare    {figures.bare_s * 1000:6.0f} ms   Dearly / bare = {figures.ratio:.2f} (goal at most 1.15)")
        print(f"cold    {figures.cold_s * 1000:6.0f} ms   Dearly / cold = {figures.ratio_cold:.2f}")
    return figures


def jobs(planner: Planner, cache: Path) -> list[RenderJob]:
    """One job for each sample that is not suppressed."""
    found = []
    for file in sorted((find_template(planner.template.id) / "samples").glob("*.json")):
        for person in pipeline.profiles(file, planner):
            if not isinstance(person, BadRecord):
                made = pipeline.plan(planner, person)
                if made.suppression is None:
                    found.append(pipeline.prepare_job(planner.template, made, person.images, cache))
    return found


def measure(work: list[RenderJob], rounds: int) -> Figures:
    """Make all documents each way in turn, ``rounds`` times; garbage is charged to who made it."""
    pages = sum(render.make(job).pages for job in work)
    ways: dict[str, list[Callable[[], object]]] = {
        "dearly": [partial(render.make, job) for job in work],
        "bare": [_bare(job, shared=True) for job in work],
        "cold": [_bare(job, shared=False) for job in work],
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    _cpu(ways["bare"])
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for name in list(ways)[:: 1 if turn % 2 else -1]:
            if name != "cold" or turn < 2:
                taken[name].append(_cpu(ways[name]))
    dearly, bare, cold = (statistics.median(taken[name]) for name in ways)
    return Figures(
        documents=len(work),
        pages=pages,
        dearly_s=dearly / len(work),
        bare_s=bare / len(work),
        cold_s=cold / len(work),
        ratio=dearly / bare,
        ratio_cold=dearly / cold,
        documents_per_second=len(work) / dearly,
        pages_per_second=pages / dearly,
    )


def _bare(job: RenderJob, *, shared: bool) -> Callable[[], bytes]:
    """WeasyPrint on the HTML that Dearly's engine gets, as a user of the library would call it."""
    job.fonts.activate()
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Images(URLFetcher):  # type: ignore[misc]
        def __init__(self, door: AssetDoor) -> None:
            super().__init__()
            self.door = door

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            asset = self.door.get(url.removeprefix("dearly:"))
            return URLFetcherResponse(url, asset.data, {"Content-Type": asset.media_type})

    html, sheets, images = render.markup(job), render.style_sheets(job), Images(job.assets)

    def parsed() -> tuple[list[CSS], FontConfiguration]:
        fonts = FontConfiguration()
        return [CSS(string=sheet, url_fetcher=images, font_config=fonts) for sheet in sheets.values()], fonts

    kept = parsed()

    def write() -> bytes:
        styles, fonts = kept if shared else parsed()
        document = HTML(string=html, url_fetcher=images)
        written: bytes = document.write_pdf(stylesheets=styles, font_config=fonts, pdf_variant="pdf/ua-1")
        return written

    return write


def _cpu(work: list[Callable[[], object]]) -> float:
    start = time.process_time()
    for way in work:
        way()
    gc.collect()
    return time.process_time() - start


if __name__ == "__main__":
    main()
