"""``dearly check``: lint a template and try a set of profiles against it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from renderer import pipeline
from renderer.bootstrap import voice_settings
from renderer.cli import console
from renderer.cli.options import AsOfOption, JsonOption, LocaleOption, TemplateArgument, parse_date
from renderer.preflight.check import STATEMENTS
from renderer.preflight.check import check as run_check
from renderer.preflight.model import CheckReport
from renderer.settings import Settings

SHOWN = 200


@console.reports_errors
def check(
    template: TemplateArgument,
    profiles: Annotated[
        Path | None, typer.Option("--profiles", metavar="FILE", help="Profiles to try (.json, .jsonl or .csv).")
    ] = None,
    as_of: AsOfOption = None,
    locale: LocaleOption = None,
    statements: Annotated[
        int, typer.Option("--statements", metavar="N", min=0, help="Lay out so many records as PDF too.")
    ] = STATEMENTS,
    json_: JsonOption = False,
) -> None:
    """Lint a template, and try profiles: broken records, missing glyphs, texts that do not fit, rules never reached.

    [bold]Example:[/] dearly check energy-bill --profiles people.jsonl
    """
    planner = pipeline.open_template(template)
    settings = Settings()
    settings.prepare()
    with console.progress_bars(not json_) as bars:
        task = bars.add_task("check", total=None)
        report = run_check(
            planner,
            profiles,
            settings.cache,
            as_of=parse_date(as_of),
            locale=locale,
            statements=statements,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
            voices=voice_settings(settings),
        )
    if json_:
        console.print_json(_as_json(report))
    else:
        _print(report, profiles is not None)
    if report.template_faults:
        raise typer.Exit(2)
    if report.broken:
        raise typer.Exit(1)


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "counts": {
            "records": report.records,
            "good": report.good,
            "broken": report.broken,
            "suppressed": sum(report.suppressed.values()),
        },
        "suppressed": dict(report.suppressed),
        "errors": [finding.error.as_json() for finding in report.findings if finding.severe],
        "warnings": [finding.error.as_json() for finding in report.findings if not finding.severe],
        "fits": [
            {
                "format": fit.format,
                "scene": fit.scene,
                "layer": fit.layer,
                "change": fit.change,
                "records": fit.records,
                "example": fit.example,
            }
            for fit in report.fits
        ],
        "doubts": [
            {"fact": doubt.fact, "locale": doubt.locale, "records": doubt.records, "example": doubt.example}
            for doubt in report.doubts
        ],
        "unreached": {kind: list(ids) for kind, ids in report.unreached.items()},
        "chosen": dict(report.chosen),
    }


def _print(report: CheckReport, with_profiles: bool) -> None:
    for finding in report.findings[:SHOWN]:
        if finding.severe:
            console.show(finding.error)
        else:
            console.warn(f"{finding.error.place}: {finding.error.message}", finding.error.code)
    if len(report.findings) > SHOWN:
        console.err.print(f"… and {len(report.findings) - SHOWN} more; --json lists all.")
    show = console.out.print
    if not with_profiles:
        faults = report.template_faults
        show(
            "[green]The template is sound.[/]"
            if not faults
            else f"[red]{faults} fault{'s' * (faults != 1)} in the template.[/]"
        )
        return
    show(
        f"[bold]{report.records}[/] record{'s' * (report.records != 1)}: "
        f"[green]{report.good} good[/], [red]{report.broken} broken[/], {sum(report.suppressed.values())} suppressed"
        + (
            f" ({', '.join(f'{code} {count}' for code, count in report.suppressed.items())})"
            if report.suppressed
            else ""
        )
    )
    if report.fits:
        table = Table(
            box=None,
            title="In the film: texts changed to fit, bars left out, links hard to reach",
            title_justify="left",
            header_style="bold",
        )
        for column in ("Scene", "Layer", "Format", "Change", "Records", "Example"):
            table.add_column(column, justify="right" if column in ("Records", "Example") else "left")
        for fit in report.fits:
            table.add_row(fit.scene, fit.layer, fit.format, fit.change, str(fit.records), f"record {fit.example}")
        show(table)
    if report.doubts:
        table = Table(box=None, title="Names the voice would guess at", title_justify="left", header_style="bold")
        for column in ("Fact", "Locale", "Records", "Example"):
            table.add_column(column, justify="right" if column in ("Records", "Example") else "left")
        for doubt in report.doubts:
            table.add_row(doubt.fact, doubt.locale, str(doubt.records), f"record {doubt.example}")
        show(table)
    for kind, ids in report.unreached.items():
        show(f"[yellow]Never reached[/] {kind}: {escape(', '.join(ids))}")
