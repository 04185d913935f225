"""Inside a render process: the template as it was last saved, and the views that are warm.

The parent calls :func:`work` through a guard, one operation at a time. Whatever a template does here (loop, grow, crash
an engine) ends this process at most; the next call starts a new one, which reads everything again.
"""

from __future__ import annotations

import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from renderer import pipeline
from renderer.errors import DearlyError, ErrorList
from renderer.plan.build import Planner
from renderer.preflight.lint import lint
from renderer.preview.film import DRAFT_LONG_SIDE, draft
from renderer.preview.look import Look, Tools
from renderer.preview.model import Bench, Line, Person, Still, View
from renderer.preview.people import People
from renderer.preview.places import written
from renderer.render.video.text import TextEngine
from renderer.template.load import load_release
from renderer.template.release import read_folder

Report = Callable[..., None]
KEPT_VIEWS = 4
STILL_PX = 400
PAPER_PX = 420
TYPICAL_PAPER = 100_000


def work(bench: Bench, revision: int, operation: str, arguments: tuple[Any, ...], report: Report) -> Any:
    """One operation of :class:`Desk` in this process. Raises what it raises."""
    if _Here.desk is None or _Here.desk.bench != bench:
        if bench.patient:
            os.nice(10)
        _Here.desk = Desk(bench)
    return getattr(_Here.desk, operation)(revision, *arguments, report)


class _Here:
    """This process's desk; a spawned child has nothing else to keep it in."""

    desk: Desk | None = None


class Desk:
    """The operations. Each takes the revision of the template's files it is asked for and a ``report`` of progress,
    and gives plain data."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._revision = 0
        self._tools: Tools | None = None
        self._fonts = ""
        self._people = People(bench)
        self._looks: OrderedDict[tuple[str, int | None], Look] = OrderedDict()

    def warm(self, revision: int, with_paper: bool, report: Report) -> None:
        """Read the template and import the engines, so that the first view comes sooner."""
        del report
        tools = self._ready(revision)
        import renderer.render.microsite.render

        if with_paper:
            pipeline.template_fonts(tools.planner.template, self.bench.cache).activate()
            import renderer.render.statement.engine  # noqa: F401

    def template(self, revision: int, report: Report) -> dict[str, Any]:
        """What the studio shows of the template itself."""
        del report
        template = self._ready(revision).planner.template
        config = template.config
        video = config.channels.video
        locale, as_of = template.contract.role("locale"), template.contract.role("as_of")
        return {
            "id": config.id, "title": config.title, "locales": list(config.locales),
            "channels": list(template.channels), "brand": config.brand.name,
            "formats": [{"id": name, "width": size.width, "height": size.height}
                        for name, size in (video.formats.items() if video else ())],
            "schema": template.contract.schema,
            "roles": {"locale": locale.path if locale else None, "as_of": as_of.path if as_of else None},
            "digest": template.release.files_digest,
            "written": [vars(place) for place in written(template)],
        }  # fmt: skip

    def people(self, revision: int, report: Report) -> list[Person]:
        """The records to choose from: the samples, or the first of the file."""
        del report
        return self._people.listed(self._ready(revision).planner.template.contract)

    def person(self, revision: int, number: int, report: Report) -> Person:
        """One record of the file by its number, however far down. Raises UsageError where there is none."""
        del report
        return self._people.numbered(self._ready(revision).planner.template.contract, number)

    def skim(self, revision: int, first: int, count: int, report: Report) -> list[Line]:
        """A slice of the file's records as a list shows them."""
        del report
        return self._people.skim(self._ready(revision).planner.template.contract, first, count)

    def lint(self, revision: int, report: Report) -> list[tuple[DearlyError, bool]]:
        """What ``dearly check`` finds in the template alone: (finding, whether it is severe)."""
        del report
        planner = self._ready(revision).planner
        return [(finding.error, finding.severe) for finding in lint(planner, self.bench.cache)]

    def plan(self, revision: int, view: View, report: Report) -> dict[str, Any]:
        """The plan of a view with what the form shows."""
        del report
        return self._look(revision, view).summary()

    def site(self, revision: int, view: View, paper_bytes: int, report: Report) -> dict[str, Any]:
        """The view's microsite in a folder, as it is beside a statement of ``paper_bytes``."""
        del report
        look = self._look(revision, view)
        look.need("microsite")
        return look.site(paper_bytes)

    def paper(self, revision: int, view: View, report: Report) -> dict[str, Any]:
        """The view's statement."""
        del report
        look = self._look(revision, view)
        look.need("statement")
        return look.paper()

    def paper_page(self, revision: int, view: View, number: int, report: Report) -> bytes:
        """One page of the statement as a picture."""
        del report
        look = self._look(revision, view)
        look.need("statement")
        return look.paper_page(number)

    def film(self, revision: int, view: View, report: Report) -> dict[str, Any]:
        """The view's score."""
        del report
        look = self._look(revision, view)
        look.need("video")
        return look.film()

    def frame(self, revision: int, view: View, number: int, exact: bool, report: Report) -> Still:
        """One frame of the view's film in production's size."""
        del report
        look = self._look(revision, view)
        look.need("video")
        return look.frame(number, exact=exact)

    def draft(self, revision: int, view: View, report: Report) -> str:
        """A small film with sound; its path."""
        look = self._look(revision, view, DRAFT_LONG_SIDE)
        look.need("video")
        target = look.out / "draft.mp4"
        if not target.is_file():
            draft(look.score, look.job, target, report)
        return str(target)

    def tile(self, revision: int, view: View, report: Report) -> dict[str, Any]:
        """Everything of one record in small, for the contact sheet. A channel's error takes its place."""
        del report
        look = self._look(revision, view, DRAFT_LONG_SIDE)
        found: dict[str, Any] = {"suppressed": look.plan.suppression, "locale": look.plan.locale, "errors": []}
        if look.plan.suppression is not None:
            return found
        found |= {"direction": look.plan.direction, "segments": list(look.plan.segments)}

        def attempt(channel: str, make: Callable[[], Any]) -> None:
            if channel in look.template.channels:
                try:
                    found[channel] = make()
                except DearlyError as error:
                    found["errors"] += _each(error.at(channel=channel))

        attempt("video", lambda: list(_stills(look)))
        attempt("microsite", lambda: look.site(TYPICAL_PAPER))
        attempt("statement", lambda: look.paper_page(0, PAPER_PX))
        return found

    def _ready(self, revision: int) -> Tools:
        if self._tools is None or revision != self._revision:
            self._forget()
            planner = Planner(load_release(read_folder(self.bench.folder)))
            fonts = pipeline.template_fonts(planner.template, self.bench.cache)
            kept = self._tools.text if self._tools is not None and fonts.digest == self._fonts else None
            posters = self._tools.posters if self._tools is not None else {}
            self._tools = Tools(planner, kept or TextEngine(fonts), self.bench.cache, posters, self.bench.voices)
            self._revision, self._fonts = revision, fonts.digest
        return self._tools

    def _look(self, revision: int, view: View, width: int | None = None) -> Look:
        tools = self._ready(revision)
        key = (view.key, width)
        if key not in self._looks:
            self._looks[key] = Look(view, tools, self.bench.work / f"{view.key}-{width or 'full'}", width=width)
            limit = KEPT_VIEWS if not self.bench.patient else 2
            while len(self._looks) > limit:
                self._looks.popitem(last=False)
        self._looks.move_to_end(key)
        return self._looks[key]

    def _forget(self) -> None:
        """Views of an older revision, and their files but the latest ones, which a page may still be loading."""
        self._looks.clear()
        old = sorted(self.bench.work.glob("*"), key=lambda path: path.stat().st_mtime)
        for folder in old[: -4 * KEPT_VIEWS]:
            shutil.rmtree(folder, ignore_errors=True)


def _stills(look: Look) -> Iterator[dict[str, Any]]:
    """One still of each scene, late enough that all of it is there."""
    for scene in look.score.scenes:
        number = min(scene.first + scene.frames * 7 // 10, look.score.frames - 1)
        yield {"scene": scene.id, "frame": number, "data": look.frame(number, width=STILL_PX).data}


def _each(error: DearlyError) -> list[DearlyError]:
    return list(error.errors) if isinstance(error, ErrorList) else [error]
