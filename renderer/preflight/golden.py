"""Golden files of a template: what its samples looked like when somebody last said that it is right, and what differs.

For each sample a folder: the plan as canonical JSON, stills of every scene, pages of the PDF, and the web page at two
widths. They lie in ``golden/`` beside the template's files and are no part of its release.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from fluent.syntax.visitor import Visitor

from renderer import pipeline
from renderer.errors import DearlyError, EnvironmentFault, ErrorList, Place, UsageError
from renderer.guard import Guard
from renderer.plan.build import Planner
from renderer.preflight.check import unreached
from renderer.preflight.golden_browser import Chromium, find_chromium, major
from renderer.preflight.golden_model import PLAN, Difference, Drawn, GoldenReport
from renderer.preflight.golden_pictures import differing, differs, small
from renderer.profile.load import BadRecord
from renderer.profile.model import Profile
from renderer.template.model import Template

MANIFEST = "golden.json"
PAGES = {"page-phone": (390, 300), "page-desktop": (1200, 480)}
"""Golden pictures of the web page: the window's width in CSS pixels and the width that is kept."""
SAMPLE_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv")
DIFF_LINES = 400
Step = Callable[[int, int], None]


@dataclass
class _Tally:
    """What has been found so far. ``kept`` are golden files that were not made this time and count as they are."""

    made: dict[str, bytes] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    errors: list[tuple[str, DearlyError]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    chosen: Counter[str] = field(default_factory=Counter)
    said: set[str] = field(default_factory=set)
    chromium: str | None = None


def try_samples(
    planner: Planner, samples: Mapping[str, Profile | ErrorList], golden: Path, cache: Path, *,
    update: bool = False, as_of: date | None = None, with_page: bool = True, progress: Step | None = None,
) -> GoldenReport:  # fmt: skip
    """Draw every sample and compare it with the golden files in ``golden``; with ``update`` write them anew.

    Samples come from :func:`read_samples`. Raises UsageError for golden files that cannot be read, EnvironmentFault
    when they cannot be written. What is wrong with a sample stands in the report, and its golden files stay.
    """
    before = _read_manifest(golden)
    tally = _Tally()
    with ExitStack() as stack:
        browser = _browser(planner.template, with_page, before, tally, stack)
        guard = stack.enter_context(Guard())
        for number, (name, profile) in enumerate(samples.items()):
            if progress is not None:
                progress(number, len(samples))
            if isinstance(profile, ErrorList):
                tally.errors += [(name, error) for error in profile.errors]
                continue
            try:
                _draw(planner, name, profile, cache, as_of, guard, browser, tally)
            except ErrorList as error:
                tally.errors += [(name, one) for one in error.errors]
            except DearlyError as error:
                tally.errors.append((name, error))
        if progress is not None:
            progress(len(samples), len(samples))
    broken = {name for name, _ in tally.errors}
    tally.kept |= {path for path in before["files"] if path.partition("/")[0] in broken}
    differences = tuple(_differences(golden, before["files"], tally))
    written = _write(golden, before["files"], tally, differences) if update else 0
    return GoldenReport(
        samples=len(samples),
        files=len(tally.made),
        bytes=sum(map(len, tally.made.values())),
        differences=() if update else differences,
        errors=tuple(tally.errors),
        unreached=_unreached(planner, tally),
        notices=tuple(tally.notices),
        written=written,
    )


def read_samples(planner: Planner, folder: Path, profiles: Path | None = None) -> dict[str, Profile | ErrorList]:
    """The template's samples by the name of their file, or the records of ``profiles`` by their number.

    Raises UsageError when there is none, or a file that cannot be read.
    """
    found: dict[str, Profile | ErrorList] = {}
    if profiles is not None:
        sources = [(profiles, "record")]
    else:
        paths = sorted((folder / "samples").glob("*"))
        sources = [(path, _plain(path.stem)) for path in paths if path.suffix.lower() in SAMPLE_SUFFIXES]
    for path, stem in sources:
        items = list(pipeline.profiles(path, planner))
        for item in items:
            alone = len(items) == 1 and profiles is None
            name = stem if alone else f"{stem}-{item.record:04d}"
            while name in found:
                name += "x"
            found[name] = ErrorList(item.errors) if isinstance(item, BadRecord) else item
    if not found:
        raise UsageError(
            "usage.unreadable",
            "There is no sample to test with.",
            place=Place(file="samples"),
            hint="Put a record into the template's folder samples/, or name a file with --profiles.",
        )
    return found


def plan_diff(before: bytes, after: bytes) -> tuple[str, ...]:
    """What changed between two plans, as lines of a unified diff."""
    old, new = (_pretty(data) for data in (before, after))
    lines = list(difflib.unified_diff(old, new, "golden", "now", n=2, lineterm=""))
    return (*lines[:DIFF_LINES], *([f"… and {len(lines) - DIFF_LINES} lines more"] if len(lines) > DIFF_LINES else []))


def _draw(
    planner: Planner, name: str, profile: Profile, cache: Path, as_of: date | None, guard: Guard,
    browser: Chromium | None, tally: _Tally,
) -> None:  # fmt: skip
    from renderer.preflight.golden_draw import draw_in_child  # here, because the engines take a second to import

    made = pipeline.plan(planner, profile, as_of=as_of)
    tally.chosen.update(f"{decision.kind}:{one}" for decision in made.decisions for one in decision.chosen)
    with tempfile.TemporaryDirectory(prefix="dearly-test-") as folder:
        out = Path(folder)
        result: Drawn = guard.call(
            draw_in_child, dict(planner.template.release.files), made.data, dict(profile.images), cache, out
        )
        files = dict(result.files)
        page = out / "microsite" / "index.html"
        if page.is_file():
            for title, (window, kept) in PAGES.items():
                if browser is None:
                    tally.kept.add(f"{name}/{title}.webp")
                else:
                    files[f"{title}.webp"] = small(browser.picture(page, window), kept)
    tally.made |= {f"{name}/{file}": data for file, data in files.items()}
    tally.said |= result.said


def _browser(
    template: Template, wanted: bool, before: Mapping[str, Any], tally: _Tally, stack: ExitStack
) -> Chromium | None:
    tally.chromium = before["chromium"]
    if "microsite" not in template.channels:
        return None
    program = find_chromium() if wanted else None
    if program is None:
        why = "no Chromium is installed" if wanted else "--no-page was given"
        tally.notices.append(f"No pictures of the web page were made or compared: {why}.")
        return None
    browser = stack.enter_context(Chromium(program))
    if tally.chromium is not None and major(tally.chromium) != major(browser.version):
        tally.notices.append(
            f"The golden pictures of the web page are by {tally.chromium}, this machine has {browser.version}: "
            "letters may differ a little."
        )
    tally.chromium = browser.version
    return browser


def _differences(golden: Path, known: list[str], tally: _Tally) -> Iterator[Difference]:
    for path in sorted({*known, *tally.made} - (tally.kept - set(tally.made))):
        sample, _, name = path.partition("/")
        old = _read(golden / path) if path in known else None
        new = tally.made.get(path)
        if old is None or new is None:
            if old is not None or new is not None:
                change: Any = "new" if old is None else "gone"
                yield Difference(sample=sample, name=name, change=change, before=old, after=new)
        elif name == PLAN:
            if old != new:
                yield Difference(
                    sample=sample, name=name, change="changed", before=old, after=new, lines=plan_diff(old, new)
                )
        else:
            part = _part(old, new)
            if differs(part):
                yield Difference(sample=sample, name=name, change="changed", before=old, after=new, part=part)


def _part(old: bytes, new: bytes) -> float:
    try:
        return differing(old, new)
    except OSError:  # a golden picture that somebody broke
        return 1.0


def _write(golden: Path, known: list[str], tally: _Tally, differences: tuple[Difference, ...]) -> int:
    """Write what differs. Pictures within the tolerance stay byte for byte, so that a history of files is quiet."""
    try:
        for one in differences:
            path = golden / one.sample / one.name
            if one.after is None:
                path.unlink(missing_ok=True)
                if path.parent.is_dir() and not any(path.parent.iterdir()):
                    path.parent.rmdir()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(one.after)
        golden.mkdir(parents=True, exist_ok=True)
        files = sorted({*tally.made, *(set(known) & tally.kept)})
        manifest = {"schema": 1, "chromium": tally.chromium, "files": files}
        (golden / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk", f"The golden files cannot be written: {error.strerror}.", place=Place(file=golden.name)
        ) from error
    return len(differences)


def _read_manifest(golden: Path) -> dict[str, Any]:
    """Which golden files there are. Only these are ever compared or removed. Raises UsageError."""
    path = golden / MANIFEST
    if not path.exists():
        return {"files": [], "chromium": None}
    try:
        found = json.loads(path.read_text("utf-8"))
        files = [str(one) for one in found["files"]]
        if any(not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", one) for one in files):
            raise ValueError
        chromium = found.get("chromium")
        return {"files": files, "chromium": None if chromium is None else str(chromium)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "usage.unreadable",
            "The list of golden files cannot be read.",
            place=Place(file=MANIFEST),
            hint="Remove the folder and write it anew with --update.",
        ) from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _pretty(data: bytes) -> list[str]:
    try:
        return json.dumps(json.loads(data), ensure_ascii=False, indent=1).splitlines()
    except ValueError:
        return data.decode("utf-8", "replace").splitlines()


def _plain(stem: str) -> str:
    """A file's name as the name of a folder."""
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "sample"


def _unreached(planner: Planner, tally: _Tally) -> dict[str, tuple[str, ...]]:
    """Scenes, blocks, offers, segments, suppressions and copy keys that no sample reached."""
    found = unreached(planner, tally.chosen)
    if not tally.errors:
        book = planner.template.copy[planner.template.config.locales[0]]
        said, waiting = set(tally.said), list(tally.said)
        while waiting:
            sentence = book.sentences.get(waiting.pop())
            if sentence is not None and sentence.pattern is not None:
                named = _Named()
                named.visit(sentence.pattern)
                waiting += named.names - said
                said |= named.names
        silent = tuple(name for name in book.sentences if name not in said)
        if silent:
            found["copy"] = silent
    return found


class _Named(Visitor):
    """The sentences that a sentence names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_MessageReference(self, node: Any) -> None:
        """One ``{ other-sentence }``."""
        self.names.add(node.id.name)
