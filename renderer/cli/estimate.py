"""``dearly estimate``: what a campaign costs, before it is rendered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from renderer import pipeline
from renderer.bootstrap import voice_settings
from renderer.cli import console
from renderer.cli.options import AsOfOption, JsonOption, LocaleOption, TemplateArgument, parse_date
from renderer.cli.render import channels_of
from renderer.guard import Guard
from renderer.preflight.cost import DEFAULT, load_cost, save_cost
from renderer.settings import Settings

if TYPE_CHECKING:
    from renderer.preflight.estimate import Estimate

SHOWN = 8
"""So many scenes are shown; --json lists all."""


@console.reports_errors
def estimate(
    template: TemplateArgument,
    profiles: Annotated[
        Path,
        typer.Option("--profiles", metavar="FILE", help="The campaign's records (.jsonl, .csv or .json)."),
    ],
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="NAME",
            help="microsite, statement or video; may be given several times. Without it all that the template makes.",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help="Plan so many records, chosen by chance; all are read."),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="First render three recipients for real and measure what things cost here."),
    ] = False,
    as_of: AsOfOption = None,
    locale: LocaleOption = None,
    json_: JsonOption = False,
) -> None:
    """Tell what a campaign costs before it is rendered: processor hours, disk, and the scenes that cost most.

    [bold]Example:[/] dearly estimate energy-bill --profiles people.jsonl --calibrate
    """
    # Engines are imported here: every command's module is imported for --help.
    from renderer.preflight.calibrate import calibrate_in_child
    from renderer.preflight.estimate import estimate as run_estimate
    from renderer.render.video.encoders import usable_processes

    planner = pipeline.open_template(template)
    wanted = channels_of(planner.template, channel or [])
    settings = Settings()
    settings.prepare()
    day, voices = parse_date(as_of), voice_settings(settings)
    kept = settings.cache / "costs" / f"{planner.template.id}.json"
    with console.progress_bars(not json_) as bars:
        if calibrate:
            task = bars.add_task("calibrate", total=None)
            with Guard() as guard:
                measured = guard.call(
                    calibrate_in_child,
                    dict(planner.template.release.files),
                    profiles,
                    settings.cache,
                    wanted,
                    day,
                    locale,
                    voices,
                    seconds=1800,
                )
            save_cost(measured, kept)
            bars.remove_task(task)
        model = load_cost(kept)
        task = bars.add_task("estimate", total=None)
        found = run_estimate(
            planner,
            profiles,
            settings.cache,
            model or DEFAULT,
            channels=wanted,
            measured=model is not None,
            as_of=day,
            locale=locale,
            sample=sample,
            processes=usable_processes(),
            voices=voices,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    if json_:
        console.print_json(_as_json(found))
    else:
        _print(found)
    if found.bad or found.failed:
        raise typer.Exit(1)


def _as_json(found: Estimate) -> dict[str, object]:
    from renderer.preflight.advice import advice

    return {
        "template": found.template,
        "channels": list(found.channels),
        "counts": {
            "records": found.records,
            "bad": found.bad,
            "duplicates": found.duplicates,
            "planned": found.planned,
            "suppressed": _rounded(found.suppressed, 0),
            "failed": _rounded(found.failed, 0),
            "recipients": round(found.recipients),
        },
        "film": {
            "seconds_mean": round(found.film_s, 3),
            "formats": found.formats,
            "chunks": round(found.uses),
            "chunks_to_encode": {"personal": round(found.own_chunks), "shared": round(found.shared_chunks)},
            "shared_part": round(found.shared_part, 4),
            "seconds_to_encode": {"personal": round(found.own_s, 2), "shared": round(found.shared_s, 2)},
        },
        "cpu_s": {**_rounded(found.cpu, 2), "all": round(found.cpu_s, 2)},
        "bytes": {**_rounded(found.disk, 0), "all": round(found.disk_bytes)},
        "scenes": [
            {
                "scene": one.scene,
                "films": round(one.plays),
                "seconds_to_encode": {"personal": round(one.own_s, 2), "shared": round(one.shared_s, 2)},
                "cpu_s": round(one.cpu_s, 2),
                "part": round(one.part, 4),
                "causes": [
                    {
                        "films": films,
                        "layer": cause.cause.layer,
                        "shows": cause.cause.shows,
                        "moves": cause.cause.mover,
                        "seconds_shown": round(cause.layer_s, 2),
                        "seconds_personal": round(cause.personal_s, 2),
                        "seconds_changing": round(cause.changing_s, 2),
                        "seconds_of_scene": round(cause.scene_s, 2),
                    }
                    for films, cause in one.causes
                ],
            }
            for one in found.scenes
        ],
        "advice": list(advice(found)),
        "model": {
            "measured_here": found.measured,
            "machine": found.model.machine,
            "films_measured": found.model.films_measured,
            "margin": found.model.margin,
        },
    }


def _rounded(values: object, digits: int) -> dict[str, float]:
    assert hasattr(values, "items")
    return {name: round(value, digits) if digits else round(value) for name, value in values.items()}


def _print(found: Estimate) -> None:
    from renderer.preflight.advice import advice

    show = console.out.print
    stopped = sum(found.suppressed.values())
    reasons = ", ".join(f"{code} {count:,.0f}" for code, count in found.suppressed.items())
    show(
        f"[bold]{found.records:,}[/] records of [bold]{escape(found.template)}[/]: "
        f"[green]{found.recipients:,.0f} recipients[/], {stopped:,.0f} suppressed"
        + (f" ({reasons})" if reasons else "")
        + (f", [red]{found.bad:,} broken[/]" if found.bad else ", none broken")
        + (f", [red]{sum(found.failed.values()):,.0f} that cannot be rendered[/]" if found.failed else "")
    )
    if found.duplicates:
        show(f"[yellow]{found.duplicates:,} of them more than once[/]; a run sets the second aside.")
    if found.planned < found.records - found.bad:
        show(f"From a sample of {found.planned:,}; personal chunks are taken to be nobody else's.")
    if not found.recipients:
        return
    show(_whole(found))
    if found.scenes:
        show(_scenes(found))
    for line in advice(found):
        show(f"[cyan]›[/] {escape(line)}", soft_wrap=True)
    source = (
        f"measured on this machine with {found.model.films_measured} recipients"
        if found.measured
        else f"from figures of {found.model.machine}; [bold]--calibrate[/] measures this one"
    )
    show(f"\nProcessor time is ± {found.model.margin:.0%}, {source}.", soft_wrap=True)


def _whole(found: Estimate) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for name in ("A recipient", "All"):
        table.add_column(name, justify="right")
    people = found.recipients
    cores = os.cpu_count() or 1
    rows: list[tuple[str, str, str]] = []
    if found.uses:
        rows += [
            (
                "Film" if found.formats == 1 else f"Film, in {found.formats} formats",
                f"{found.film_s * found.formats:.1f} s",
                _time(found.film_s * found.formats * people),
            ),
            ("  encoded for one recipient alone", f"{found.own_s / people:.1f} s", _time(found.own_s)),
            ("  encoded once for all", "", _time(found.shared_s)),
            ("Chunks", f"{found.uses / people:.1f}", f"{found.uses:,.0f}"),
            ("  to encode", f"{found.unique_chunks / people:.1f}", f"{found.unique_chunks:,.0f}"),
            ("  shared", f"{found.shared_part:.0%}", ""),
        ]
    rows += [("Processor time", f"{found.cpu_s / people:.2f} s", _time(found.cpu_s))]
    rows += [(f"  {name}", f"{spent / people:.2f} s", _time(spent)) for name, spent in found.cpu.items()]
    rows += [(f"  on this machine's {cores} cores", "", _time(found.cpu_s / cores))]
    rows += [("Disk", _size(found.disk_bytes / people), _size(found.disk_bytes))]
    rows += [(f"  {name}", _size(size / people), _size(size)) for name, size in found.disk.items()]
    for name, one, whole in rows:
        style = None if name.startswith("  ") else "bold"
        table.add_row(name, one, whole, style=style)
    return table


def _scenes(found: Estimate) -> Table:
    table = Table(box=None, pad_edge=False, title="\nScenes that cost most", title_justify="left", header_style="bold")
    table.add_column("Scene")
    for name in ("Films", "Alone, each", "Cost"):
        table.add_column(name, justify="right")
    table.add_column("What keeps it from being shared")
    for one in found.scenes[:SHOWN]:
        each = one.own_s / one.plays if one.plays else 0.0
        why = "the scene before it, while they cross" if each >= 0.05 else "nothing: encoded once for all"
        if one.causes:
            cause = one.causes[0][1]
            why = f"{cause.cause.layer} ({cause.cause.shows}), {cause.layer_s:.1f} s"
        table.add_row(one.scene, f"{one.plays:,.0f}", f"{each:.1f} s", f"{one.part:.0%}", escape(why))
    return table


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h"


def _size(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{max(1, round(count / 1000)):,} kB"
