"""``dearly test``: the samples of a template against its golden files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from renderer import pipeline
from renderer.cli import console
from renderer.cli.options import AsOfOption, JsonOption, TemplateArgument, check_folder, parse_date
from renderer.errors import EnvironmentFault, Place, UsageError
from renderer.preflight.golden import read_samples, try_samples
from renderer.preflight.golden_model import GoldenReport
from renderer.preflight.golden_report import report_html
from renderer.settings import Settings
from renderer.template.load import find_template

SHOWN = 40
REPORT = Path("dearly-test.html")


@console.reports_errors
def test(
    template: TemplateArgument,
    profiles: Annotated[
        Path | None,
        typer.Option(
            "--profiles", metavar="FILE", help="Test these records instead of the samples; --golden must be given too."
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Take what is made now for right: write the golden files.")
    ] = False,
    golden: Annotated[
        Path | None,
        typer.Option("--golden", metavar="DIR", help="Folder of the golden files; without it golden/ in the template."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help=f"Page that shows what differs; without it {REPORT}, if something does."
        ),
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Leave the web page's pictures out.")] = False,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
) -> None:
    """Compare every sample with its golden files: plan, page, PDF and film; list what no sample reaches.

    [bold]Example:[/] dearly test energy-bill
    """
    folder = find_template(template)
    if profiles is not None and golden is None:
        raise UsageError(
            "usage.argument",
            "--profiles needs --golden.",
            hint="Golden files show the records' data, so those of real people never lie in the template's folder.",
        )
    store = folder / "golden" if golden is None else golden
    check_folder(store)
    planner = pipeline.open_template(template)
    samples = read_samples(planner, folder, profiles)
    settings = Settings()
    settings.prepare()
    with console.progress_bars(not json_) as bars:
        task = bars.add_task("test", total=None)
        found = try_samples(
            planner,
            samples,
            store,
            settings.cache,
            update=update,
            as_of=parse_date(as_of),
            with_page=not no_page,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    shown = _write(found, planner.template.config.title, report)
    if json_:
        console.print_json(_as_json(found, shown))
    else:
        _print(found, shown, template)
    if not found.passed:
        raise typer.Exit(1)


def _write(found: GoldenReport, title: str, asked: Path | None) -> Path | None:
    """The HTML report: where it was asked for, or when something differs."""
    if asked is None and not found.differences:
        return None
    path = asked or REPORT
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report_html(found, title), "utf-8")
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk", f"The report cannot be written: {error.strerror}.", place=Place(file=path.name)
        ) from error
    return path


def _as_json(found: GoldenReport, shown: Path | None) -> dict[str, Any]:
    return {
        "samples": found.samples,
        "files": found.files,
        "bytes": found.bytes,
        "written": found.written,
        "differences": [
            {"sample": one.sample, "file": one.name, "change": one.change, "part": f"{one.part:.6f}"}
            for one in found.differences
        ],
        "errors": [{"sample": sample, **error.as_json()} for sample, error in found.errors],
        "unreached": {kind: list(ids) for kind, ids in found.unreached.items()},
        "notices": list(found.notices),
        "report": None if shown is None else str(shown),
    }


def _print(found: GoldenReport, shown: Path | None, template: str) -> None:
    for notice in found.notices:
        console.warn(notice)
    for sample, error in found.errors:
        console.err.print(f"[bold]{escape(sample)}[/]:", end=" ")
        console.show(error)
    show = console.out.print
    for one in found.differences[:SHOWN]:
        part = f", {100 * one.part:.2f} % of its pixels" if one.part else ""
        show(f"[red]{one.change}[/] {escape(one.sample)}/{escape(one.name)}{part}", soft_wrap=True)
    if len(found.differences) > SHOWN:
        show(f"… and {len(found.differences) - SHOWN} more")
    for kind, ids in found.unreached.items():
        show(f"[yellow]No sample reaches[/] {kind}: {escape(', '.join(ids))}", soft_wrap=True)
    samples = f"{found.samples} sample{'s' * (found.samples != 1)}, {found.files} golden files"
    if found.differences:
        count = len(found.differences)
        show(f"[red]{samples}, {count} difference{'s' * (count != 1)}.[/] See {escape(str(shown))}", soft_wrap=True)
        show(f"If they are right: dearly test {escape(template)} --update", soft_wrap=True)
    elif found.errors:
        show(f"[red]{samples}; not every sample could be made.[/]")
    elif found.written:
        show(f"[green]{samples} ({found.bytes // 1000} kB), {found.written} written.[/]")
    else:
        show(f"[green]{samples}, all as they were.[/]")
