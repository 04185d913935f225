"""``dearly publish``: a template becomes a release that requests can pin."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from renderer import pipeline
from renderer.batch.measures import size
from renderer.bootstrap import build, voice_settings
from renderer.cli import console
from renderer.cli.options import JsonOption, TemplateArgument
from renderer.cli.release import SHORT
from renderer.errors import BadInput, ErrorList
from renderer.preflight.check import check as run_check
from renderer.publishing import Published
from renderer.publishing import publish as run_publish
from renderer.settings import Settings

STEPS = {"prepare": "prepare the film's footage", "store": "put into the store"}


@console.reports_errors
def publish(
    template: TemplateArgument,
    activate: Annotated[
        bool | None,
        typer.Option(
            "--activate/--no-activate",
            help="Make it the active release, or do not. Without either, only a template's first release is.",
            show_default=False,
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Publish a template: check it, keep its files as a release that never changes, prepare its media for all workers.

    [bold]Example:[/] dearly publish energy-bill
    """
    planner = pipeline.open_template(template)
    settings = Settings()
    services = build(settings)
    with console.progress_bars(not json_) as bars:
        task = bars.add_task("check", total=None)
        found = run_check(planner, None, settings.cache, voices=voice_settings(settings))
        severe = [finding.error for finding in found.findings if finding.severe]
        if severe:
            errors = ErrorList(severe)
            errors.exit_code = 2
            raise errors
        try:
            done = run_publish(
                services,
                planner.template,
                activate=activate,
                progress=lambda step, count, total: bars.update(
                    task, description=STEPS[step], completed=count, total=total
                ),
            )
        except BadInput as error:
            error.exit_code = 2  # media that cannot be prepared are the template's fault, whoever finds it
            raise
    warnings = [finding.error.as_json() for finding in found.findings]
    if json_:
        console.print_json({**_as_json(done), "warnings": warnings})
    else:
        _print(done, len(warnings), template)


def _as_json(done: Published) -> dict[str, object]:
    entry = done.entry
    return {
        "template": entry.template,
        "digest": entry.digest,
        "release": f"{entry.template}@{entry.digest}",
        "new": done.new,
        "active": done.active,
        "activated": done.switch is not None,
        "active_before": done.switch.before if done.switch is not None else None,
        "title": entry.title,
        "contract": entry.contract,
        "retention_days": entry.retention_days,
        "files": entry.files,
        "bytes": entry.bytes,
        "prepared": {
            "now": list(done.prepared_now),
            "files": len(done.prepared),
            "bytes": sum(one.bytes for one in done.prepared),
            "stored_bytes": sum(one.stored for one in done.prepared),
        },
    }


def _print(done: Published, warnings: int, asked: str) -> None:
    entry = done.entry

    def show(line: str) -> None:
        console.out.print(line, soft_wrap=True)

    name = f"[bold]{escape(entry.template)}@{entry.digest[:SHORT]}[/]"
    if done.new:
        show(f"[green]Published[/] {name}: {entry.files} files, {size(entry.bytes)}")
    else:
        show(f"{name} was published before; its files are the same, so nothing of it changed.")
    if done.prepared_now:
        stored = size(sum(one.stored for one in done.prepared))
        whole = size(sum(one.bytes for one in done.prepared))
        show(f"Prepared for workers: {len(done.prepared)} files, {whole}, {stored} in the store")
    if done.switch is not None:
        before = f", in place of {done.switch.before[:SHORT]}" if done.switch.before else ""
        show(f"[green]Active[/] from now on{before}.")
    elif done.active:
        show("It is the active release, as before.")
    else:
        show(f"Not active. To make it so: dearly release activate {escape(entry.template)}@{entry.digest[:SHORT]}")
    if warnings:
        show(f"[yellow]{warnings} warning{'s' * (warnings != 1)}[/]; dearly check {escape(asked)} shows them.")
