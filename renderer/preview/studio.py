"""The studio's desk clerk: knows the template's revision, the views that were opened, and which process makes what.

Three processes: ``live`` plans, composes frames and fills pages; ``paper`` lays out statements, which takes longest;
``back`` encodes drafts and fills the contact sheet while the other two stay quick. Nothing of a template runs here.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from watchfiles import DefaultFilter, awatch

from renderer.errors import DearlyError, UsageError
from renderer.preview.faults import faults
from renderer.preview.lane import Lane, Unwanted, Wanted
from renderer.preview.model import Bench, Line, Person, Still, View
from renderer.preview.people import LISTED
from renderer.render.voice import VoiceSettings
from renderer.units import canonical_json, digest

KEPT = 300
TYPICAL_PAPER = 100_000
SLICE, FOUND = 2_000, 50
"""Records that are skimmed at a time, and lines of a list that are sent at a time."""
FRAME_S, PAGE_S, PAPER_S, DRAFT_S = 120.0, 60.0, 60.0, 600.0


class Stale(Exception):
    """The template was saved since this view was opened."""


@dataclass(frozen=True)
class Site:
    """One microsite that can be framed: where its files are, and the view that film and statement come from."""

    folder: Path
    view: str


class Studio:
    """One template's studio. Use :meth:`run` around it; all methods belong to one event loop."""

    def __init__(
        self, folder: Path, profiles: Path | None, cache: Path, work: Path, voices: VoiceSettings | None = None
    ) -> None:
        self.folder, self.profiles = folder.resolve(), profiles
        self.revision = 1

        def lane(name: str, patient: bool = False) -> Lane:
            place = work / name
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            bench = Bench(
                folder=self.folder, profiles=profiles, cache=cache, work=place, patient=patient, voices=voices
            )
            return Lane(bench)

        self.live, self.paper_lane, self.back = lane("live"), lane("paper"), lane("back", patient=True)
        self.sites: OrderedDict[str, Site] = OrderedDict()
        self._site_of: dict[str, str] = {}
        self._views: OrderedDict[str, View] = OrderedDict()
        self._names: dict[str, str] = {}
        self._people: tuple[int, list[Person]] = (0, [])
        self._lines: list[Line] = []
        self._all_lines = False
        self._file_saved = asyncio.Event()
        self._paper_bytes: dict[str, int] = {}
        self._last_paper = TYPICAL_PAPER
        self._drafts: dict[str, asyncio.Task[Path]] = {}
        self._drafting: str | None = None
        self._listeners: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Warm the processes and begin to watch the files."""
        self._tasks = [asyncio.create_task(self._warm()), asyncio.create_task(self._watch(self.folder, None))]
        if self.profiles is not None:
            file = self.profiles.resolve()
            self._tasks.append(asyncio.create_task(self._watch(file.parent, file)))
            self._tasks.append(asyncio.create_task(self._skim()))

    async def close(self) -> None:
        """End the processes, the watching and every stream of events."""
        self._stop.set()
        for queue in self._listeners:
            queue.put_nowait(None)
        for task in (*self._tasks, *self._drafts.values()):
            task.cancel()
        await asyncio.gather(*(lane.close() for lane in (self.live, self.paper_lane, self.back)))
        await asyncio.gather(*self._tasks, *self._drafts.values(), return_exceptions=True)

    async def _warm(self) -> None:
        async def warm(lane: Lane) -> None:
            with contextlib.suppress(DearlyError, Unwanted):  # whoever asks next is told
                await lane.ask(self.revision, "warm", lane is self.paper_lane, wanted=self._still(self.revision))

        await warm(self.live)
        await asyncio.gather(warm(self.paper_lane), warm(self.back))

    async def _watch(self, folder: Path, only: Path | None) -> None:
        """Count a new revision whenever something is saved."""
        async for changes in awatch(
            folder, watch_filter=_Saved(), debounce=60, step=20, stop_event=self._stop, recursive=only is None
        ):
            if only is None or any(Path(path).resolve() == only for _, path in changes):
                self.revision += 1
                if only is not None:
                    self._file_saved.set()
                self.tell({"type": "reload", "revision": self.revision})

    async def _skim(self) -> None:
        """Keep a line of every record of a long file, and read them again when the file is saved."""
        while True:
            self._file_saved.clear()
            lines: list[Line] = []
            try:
                while not self._file_saved.is_set():
                    ask = self.back.ask(self.revision, "skim", len(lines) + 1, SLICE, seconds=PAPER_S)
                    lines += (more := await ask)
                    self._lines, self._all_lines = lines, len(more) < SLICE
                    self.tell({"type": "people", "total": len(lines), "all": self._all_lines})
                    if self._all_lines:
                        break
            except DearlyError:  # the template is broken, or the file; a view says so
                await asyncio.sleep(1)
                continue
            await self._file_saved.wait()

    # ------------------------------------------------------------ events

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event to every open page."""
        for queue in self._listeners:
            queue.put_nowait(event)

    async def events(self) -> AsyncIterator[dict[str, Any] | None]:
        """Events as they happen; None where nothing happened for a while. Ends with the studio."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield {"type": "hello", "revision": self.revision}
            while not self._stop.is_set():
                try:
                    event = await asyncio.wait_for(queue.get(), 15)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._listeners.discard(queue)

    # ------------------------------------------------------------ what is shown

    async def state(self, wanted: Wanted) -> dict[str, Any]:
        """The template, the records to choose from, and what is wrong with either."""
        revision = self.revision
        found: dict[str, Any] = {"revision": revision, "template": None, "people": [], "more": False, "errors": []}
        try:
            found["template"] = await self.live.ask(revision, "template", wanted=wanted)
            found["people"] = [
                {"number": person.number, "label": person.label, "recipient": person.recipient, "locale": person.locale,
                 "errors": [fault for error in person.errors for fault in faults(error, self.folder)]}
                for person in await self._everybody(revision)
            ]  # fmt: skip
            found["more"] = self.profiles is not None and len(found["people"]) >= LISTED
        except DearlyError as error:
            found["errors"] = faults(error, self.folder)
        return found

    def people(self, find: str, offset: int) -> dict[str, Any]:
        """Lines of a long list: records that hold all the words, or begin with the one number, FOUND from ``offset``
        on."""
        words = find.casefold().split()
        found = [line for line in self._lines if all(word in line.sought for word in words)]
        if len(words) == 1 and words[0].isdigit():
            found.sort(key=lambda line: (str(line.number) != words[0], not str(line.number).startswith(words[0])))
        return {
            "total": len(self._lines), "all": self._all_lines, "found": len(found),
            "lines": [{"number": line.number, "recipient": line.recipient, "words": line.words}
                      for line in found[offset : offset + FOUND]],
        }  # fmt: skip

    async def lint(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Findings about the template alone."""
        findings = await self.back.ask(self.revision, "lint", wanted=wanted)
        return [
            {**fault, "severe": severe} for error, severe in findings for fault in faults(error, self.folder)
        ]  # fmt: skip

    async def open(
        self, record: int, sheet: str | None, images: dict[str, bytes], choice: dict[str, Any], wanted: Wanted
    ) -> dict[str, Any]:
        """Plan a view of a record, or of what the form made of it, and name it. Raises DearlyError."""
        revision = self.revision
        person = await self._person(revision, record)
        if person.sheet is None and sheet is None:
            raise person.errors[0]
        view = View(
            revision=revision,
            record=record,
            sheet=sheet or person.sheet or "",
            images={**person.images, **images},
            **choice,
        )
        made = await self.live.ask(revision, "plan", view, wanted=wanted)
        made_images: dict[str, bytes] = made.pop("images")
        name = self._name(replace(view, images={**view.images, **made_images}))
        return {
            "view": name,
            "revision": revision,
            "recipient": person.recipient,
            "images": sorted(made_images),
            **made,
        }

    async def film(self, name: str, wanted: Wanted) -> dict[str, Any]:
        """The film's score in short."""
        view = self._view(name)
        return await self.live.ask(view.revision, "film", view, seconds=PAGE_S, wanted=self._both(view, wanted))  # type: ignore[no-any-return]

    async def frame(self, name: str, number: int, exact: bool, wanted: Wanted) -> Still:
        """One frame."""
        view = self._view(name)
        return await self.live.ask(  # type: ignore[no-any-return]
            view.revision, "frame", view, number, exact, seconds=FRAME_S, wanted=self._both(view, wanted)
        )

    async def site(self, name: str, wanted: Wanted) -> dict[str, Any]:
        """The microsite. ``site`` stays the same as long as the page's files do."""
        view = self._view(name)
        size = self._paper_bytes.get(name, self._last_paper)
        made = await self.live.ask(
            view.revision, "site", view, size, seconds=FRAME_S, wanted=self._both(view, wanted)
        )  # fmt: skip
        return {**self._placed_site(name, made), "paper_bytes": size}

    async def paper(self, name: str, wanted: Wanted) -> dict[str, Any]:
        """The statement."""
        view = self._view(name)
        made: dict[str, Any] = await self.paper_lane.ask(
            view.revision, "paper", view, seconds=PAPER_S, wanted=self._both(view, wanted)
        )
        self._paper_bytes[name] = self._last_paper = made["bytes"]
        return made

    async def paper_page(self, name: str, number: int, wanted: Wanted) -> bytes:
        """One page of the statement as a PNG."""
        view = self._view(name)
        return await self.paper_lane.ask(  # type: ignore[no-any-return]
            view.revision, "paper_page", view, number, seconds=PAPER_S, wanted=self._both(view, wanted)
        )

    async def tile(self, record: int, choice: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        """One record in small."""
        revision = self.revision
        person = await self._person(revision, record)
        if person.sheet is None:
            return {"errors": [fault for error in person.errors for fault in faults(error, self.folder)]}
        view = View(revision=revision, record=record, sheet=person.sheet, images=person.images, **choice)
        name = self._name(view)
        made: dict[str, Any] = await self.back.ask(
            revision, "tile", view, seconds=FRAME_S, wanted=self._both(view, wanted)
        )
        made["errors"] = [fault for error in made["errors"] for fault in faults(error, self.folder)]
        if "microsite" in made:
            made["microsite"] = self._placed_site(name, made["microsite"])
        return made

    def images_of(self, name: str) -> dict[str, bytes]:
        """The pictures of a view's profile, for a form that keeps them; of older views too."""
        view = self._views.get(name)
        return dict(view.images) if view is not None else {}

    def image(self, name: str, image: str) -> bytes:
        """A picture of the view's profile. Raises KeyError."""
        return self._view(name).images[image]

    # ------------------------------------------------------------ drafts

    def draft(self, name: str) -> asyncio.Task[Path]:
        """The view's draft, begun if it was not. A draft of another view that is still at work is given up."""
        view = self._view(name)
        if name not in self._drafts or (self._drafts[name].done() and not _made(self._drafts[name])):
            if self._drafting is not None and self._drafting != name:
                self.back.interrupt()
            self._drafts[name] = asyncio.create_task(self._encode(name, view))
            for old in [one for one, task in self._drafts.items() if task.done() and one != name][:-8]:
                del self._drafts[old]
        return self._drafts[name]

    def in_format(self, name: str, format: str | None) -> str:
        """The name of the same view in another format of the film, None for the first."""
        return self._name(replace(self._view(name), format=format))

    async def _encode(self, name: str, view: View) -> Path:
        self._drafting = name

        def step(done: int, total: int) -> None:
            loop.call_soon_threadsafe(self.tell, {"type": "draft", "view": name, "done": done, "total": total})

        loop = asyncio.get_running_loop()
        try:
            path = await self.back.ask(
                view.revision, "draft", view, seconds=DRAFT_S, progress=step, wanted=self._still(view.revision)
            )
        finally:
            if self._drafting == name:
                self._drafting = None
        return Path(path)

    # ------------------------------------------------------------ names

    async def _everybody(self, revision: int) -> list[Person]:
        if self._people[0] != revision:
            self._people = (revision, await self.live.ask(revision, "people", seconds=PAPER_S))
        return self._people[1]

    async def _person(self, revision: int, record: int) -> Person:
        for person in await self._everybody(revision):
            if person.number == record:
                return person
        if self.profiles is None:
            raise UsageError("usage.count", f"There is no sample {record}.", hint="Choose one of the list.")
        return await self.live.ask(revision, "person", record, seconds=PAPER_S)  # type: ignore[no-any-return]

    def _name(self, view: View) -> str:
        """A name for a view that says nothing about it."""
        name = self._names.setdefault(view.key, secrets.token_urlsafe(9))
        self._views[name] = view
        self._views.move_to_end(name)
        while len(self._views) > KEPT:
            old, gone = self._views.popitem(last=False)
            self._names.pop(gone.key, None)
            self._paper_bytes.pop(old, None)
        return name

    def _view(self, name: str) -> View:
        view = self._views.get(name)
        if view is None or view.revision != self.revision:
            raise Stale
        return view

    def _placed_site(self, view: str, made: dict[str, Any]) -> dict[str, Any]:
        """A site's answer with the name it is framed by: the same name for the same files."""
        content = digest(canonical_json(made.pop("files")))
        name = self._site_of.setdefault(content, secrets.token_urlsafe(12))
        self.sites[name] = Site(Path(made.pop("folder")), view)
        self.sites.move_to_end(name)
        while len(self.sites) > KEPT:
            gone, _ = self.sites.popitem(last=False)
            self._site_of = {key: value for key, value in self._site_of.items() if value != gone}
        return {**made, "site": name}

    def _still(self, revision: int) -> Wanted:
        async def current() -> bool:
            return revision == self.revision

        return current

    def _both(self, view: View, wanted: Wanted) -> Wanted:
        async def current() -> bool:
            return view.revision == self.revision and await wanted()

        return current


class _Saved(DefaultFilter):
    """Changes that count: not those of editors' own files, nor of code and notes that no template reads."""

    ignore_entity_patterns = (*DefaultFilter.ignore_entity_patterns, r"^\.", r"~$", r"\.tmp$", r"\.md$", r"^4913$")


def _made(task: asyncio.Task[Path]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result().is_file()
