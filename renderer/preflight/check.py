"""A set of profiles against a template before it is sent: what breaks, what does not fit, what is never reached."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import pipeline
from renderer.assets.fonts import FontSet
from renderer.errors import BadInput, DearlyError, ErrorList, Place, ProfileError, RenderError, TemplateError
from renderer.guard import Guard
from renderer.plan.build import Planner
from renderer.plan.model import Fact, RenderPlan, Series, Table
from renderer.plan.read import read_plan
from renderer.preflight.lint import lint
from renderer.preflight.lint_beside import seen
from renderer.preflight.model import CheckReport, Finding, Fit
from renderer.preflight.pronounce import Listener
from renderer.profile.load import BadRecord
from renderer.render.model import RenderJob
from renderer.template.layers import BarChartLayer
from renderer.template.load import load_release
from renderer.template.model import Template
from renderer.template.release import Release

if TYPE_CHECKING:
    from renderer.render.video.score import Score
    from renderer.render.voice import VoiceSettings

STATEMENTS = 25
"""So many records are laid out as statements too; a page costs a third of a second, the rest a few milliseconds."""
Step = Callable[[int, int], None]
Drawn = tuple[int, bytes, Mapping[str, bytes]]
"""A record's number, its plan's bytes and its pictures."""


@dataclass
class _Tally:
    """What has been counted so far."""

    findings: list[Finding] = field(default_factory=list)
    suppressed: Counter[str] = field(default_factory=Counter)
    chosen: Counter[str] = field(default_factory=Counter)
    seen: dict[str, int] = field(default_factory=dict)
    planned: list[Drawn] = field(default_factory=list)
    records: int = 0
    broken: set[int] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    def fault(self, record: int, error: DearlyError) -> None:
        if error.code == "render.safe-area":  # worth a look, once for all records
            if str(error) not in self.told:
                self.told.add(str(error))
                self.findings.append(Finding(error.at(record=record), severe=False))
            return
        self.broken.add(record)
        self.findings.append(Finding(error.at(record=record)))


def check(
    planner: Planner,
    source: Path | None,
    cache: Path,
    *,
    as_of: date | None = None,
    locale: str | None = None,
    statements: int = STATEMENTS,
    progress: Step | None = None,
    voices: VoiceSettings | None = None,
) -> CheckReport:
    """Lint the template and, with ``source``, try every record of it. With ``voices``, names that the film's voice
    would guess at are counted. Raises UsageError for an unreadable file, EnvironmentFault for a voice that must be
    there.

    Records are planned here and drawn in a guarded child process; nothing is encoded and no file is kept.
    """
    tally = _Tally(findings=lint(planner, cache))
    if source is None:
        return CheckReport(findings=tuple(tally.findings))
    listener = Listener(planner.template, voices, cache) if voices is not None else None
    for item in pipeline.profiles(source, planner):
        tally.records += 1
        if isinstance(item, BadRecord):
            for fault in item.errors:
                tally.fault(item.record, fault)
            continue
        if item.recipient in tally.seen:
            tally.fault(
                item.record,
                ProfileError(
                    "profile.duplicate",
                    f"The recipient's key is that of record {tally.seen[item.recipient]}.",
                    place=Place(record=item.record),
                    hint="One record per recipient; a run sets the second aside.",
                ),
            )
            continue
        tally.seen[item.recipient] = item.record
        try:
            made = pipeline.plan(planner, item, as_of=as_of, locale=locale)
        except ErrorList as error:
            for fault in error.errors:
                tally.fault(item.record, fault)
            continue
        except BadInput as error:
            tally.fault(item.record, error)
            continue
        tally.chosen.update(f"{decision.kind}:{one}" for decision in made.decisions for one in decision.chosen)
        if made.suppression is not None:
            tally.suppressed[made.suppression] += 1
        else:
            tally.planned.append((item.record, made.data, dict(item.images)))
            if listener is not None:
                listener.hear(item.record, made)
    fits: list[Fit] = []
    if tally.planned and not any(finding.severe for finding in tally.findings if finding.error.place.record is None):
        with Guard() as guard:
            drawn = guard.call(
                draw_in_child,
                dict(planner.template.release.files),
                tally.planned,
                cache,
                statements,
                seconds=120 + 20.0 * len(tally.planned),
                progress=progress,
            )
        for record, faults, changes in drawn:
            for fault in faults:
                tally.fault(record, fault)
            fits += changes
    return CheckReport(
        findings=tuple(tally.findings),
        records=tally.records,
        good=tally.records - len(tally.broken),
        broken=len(tally.broken),
        suppressed=dict(tally.suppressed),
        chosen=dict(tally.chosen),
        unreached=unreached(planner, tally.chosen),
        fits=_merged(fits),
        doubts=listener.doubts() if listener is not None else (),
    )


def draw_in_child(
    files: Mapping[str, bytes], planned: Sequence[Drawn], cache: Path, statements: int, report: Step
) -> list[tuple[int, list[DearlyError], list[Fit]]]:
    """Everything that can be seen of each plan without encoding a film: (record, faults, fits)."""
    template = load_release(Release(files))
    fonts = pipeline.template_fonts(template, cache)
    results = []
    for index, (record, data, images) in enumerate(planned):
        job = pipeline.prepare_job(template, read_plan(data), images, cache)
        faults: list[DearlyError] = list(_glyphs(job.plan, fonts))
        fits: list[Fit] = []
        if not faults:
            _draw(template, job, record, index < statements, faults, fits)
        results.append((record, faults, fits))
        report(index + 1, len(planned))
    return results


def _draw(
    template: Template, job: RenderJob, record: int, with_statement: bool, faults: list[DearlyError], fits: list[Fit]
) -> None:
    def attempt(work: Callable[[], object]) -> None:
        try:
            work()
        except DearlyError as error:
            faults.append(error)

    with tempfile.TemporaryDirectory(prefix="dearly-check-") as folder:
        out = Path(folder)
        if "video" in template.channels:
            attempt(lambda: _film(job, record, faults, fits))
        if "statement" in template.channels and with_statement:
            attempt(lambda: pipeline.render_channel("statement", job, out))
        if "microsite" in template.channels:
            attempt(lambda: pipeline.render_channel("microsite", job, out))


def _film(job: RenderJob, record: int, faults: list[DearlyError], fits: list[Fit]) -> None:
    """Scores the film in every format: what was made to fit or is hard to use, which texts leave the safe area."""
    from renderer.render.video.render import film_scores
    from renderer.render.video.safe import outside

    video = job.template.config.channels.video
    for score in film_scores(job).values():
        assert video is not None
        margins = video.margins(score.format)
        fits += _film_fits(score, record)
        fits += _missing_bars(job, score.format, record)
        for scene, interaction, doubt in seen(score, margins):
            fits.append(
                Fit(format=score.format, scene=scene, layer=interaction, change=doubt, records=1, example=record)
            )
        told: set[tuple[str, str]] = set()
        for scene, part in outside(score, margins):
            layer, place = _layer_place(job.template, scene, part)
            if (scene, layer) not in told:
                told.add((scene, layer))
                faults.append(
                    TemplateError(
                        "render.safe-area",
                        f"The text of layer '{layer}' leaves the safe area of {score.format}.",
                        place=place,
                        hint="Move it, shrink it, or give the layer a box for this format (`formats`).",
                    )
                )


def _layer_place(template: Template, scene_id: str, part: str) -> tuple[str, Place]:
    """The storyboard's layer that a layer of the score was made from, and where it stands."""
    board, video = template.storyboard, template.config.channels.video
    assert board is not None and video is not None
    number, scene = next((n, one) for n, one in enumerate(board.scenes) if one.id == scene_id)
    made = [(n, one.id) for n, one in enumerate(scene.layers) if part == one.id or part.startswith(f"{one.id}-")]
    index, layer = max(made, key=lambda one: len(one[1]))
    place = template.lines[video.storyboard].place(("scenes", number, "layers", index))
    return layer, Place(file=place.file, line=place.line, scene=scene_id, channel="video")


def _film_fits(score: Score, record: int) -> list[Fit]:
    found = []
    for fit in score.fits:
        if fit.changed:
            words = [f"shrunk to {round(100 * fit.size_q / fit.full_size_q)} %"] if fit.size_q < fit.full_size_q else []
            words += ["said shorter"] if fit.variant else []
            words += ["broken inside a word"] if fit.broken else []
            words += ["cut with an ellipsis"] if fit.ellipsized else []
            change = ", ".join(words)
            found.append(
                Fit(format=score.format, scene=fit.scene, layer=fit.layer, change=change, records=1, example=record)
            )
    return found


def _missing_bars(job: RenderJob, format_name: str, record: int) -> Iterator[Fit]:
    """Bar charts of this film with a figure below zero, for which no bar is drawn."""
    board, plan = job.template.storyboard, job.plan
    chosen = {*plan.scenes, *plan.blocks, *plan.offers.values()}
    for scene in board.scenes if board is not None else ():
        for layer in scene.layers if scene.id in chosen else ():
            if not isinstance(layer, BarChartLayer) or (layer.shown_with and chosen.isdisjoint(layer.shown_with)):
                continue
            fact = plan.facts.get(layer.series or "")
            series = fact.value if fact is not None else None
            drawn = [point.y.value for point in series.points] if isinstance(series, Series) else []
            drawn += [plan.facts[bar.fact].ratio for bar in layer.bars if bar.fact in plan.facts]
            if any(value is not None and Decimal(value) < 0 for value in drawn):
                change = "without a bar for a figure below zero"
                yield Fit(format=format_name, scene=scene.id, layer=layer.id, change=change, records=1, example=record)


def _glyphs(plan: RenderPlan, fonts: FontSet) -> list[DearlyError]:
    """Facts and sentences with characters that no listed font draws."""
    found: list[DearlyError] = []
    for name, fact in plan.facts.items():
        missing = fonts.missing_glyphs(_fact_text(fact))
        if missing:
            named = ", ".join(f"U+{ord(character):04X}" for character in missing[:4])
            found.append(
                RenderError(
                    "render.glyph",
                    f"No listed font draws {named}.",
                    place=Place(field=name),
                    hint="List a font for that script in template.yaml, or keep such records out.",
                )
            )
    return found


def _fact_text(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, Series):
        return "".join(cell.text for point in value.points for cell in (point.x, point.y))
    if isinstance(value, Table):
        return "".join(cell.text for row in value.rows for cell in row.values() if cell is not None)
    return fact.text


def unreached(planner: Planner, chosen: Counter[str]) -> dict[str, tuple[str, ...]]:
    """What the rules could choose and no record got, by kind."""
    kinds = {"scenes": "scene", "blocks": "block", "offers": "offer"}
    found = {
        title: tuple(one for one in planner.rules.ids(kind) if f"{kind}:{one}" not in chosen)  # type: ignore[arg-type]
        for title, kind in kinds.items()
    }
    found["segments"] = tuple(one for one in planner.template.decisions.segments if f"segment:{one}" not in chosen)
    found["suppressions"] = tuple(
        rule.code for rule in planner.template.decisions.suppress if f"suppression:{rule.code}" not in chosen
    )
    return {title: ids for title, ids in found.items() if ids}


def _merged(fits: list[Fit]) -> tuple[Fit, ...]:
    """One line per text and change."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    first: dict[tuple[str, str, str, str], int] = {}
    for fit in fits:
        key = (fit.scene, fit.layer, fit.format, fit.change)
        counts[key] += 1
        first.setdefault(key, fit.example)
    return tuple(
        Fit(format=form, scene=scene, layer=layer, change=change, records=counts[key], example=first[key])
        for key in sorted(counts)
        for scene, layer, form, change in (key,)
    )
