"""``dearly render``: one profile, in this process, without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from renderer import pipeline
from renderer.bootstrap import ShelfSource, recipient_use, voice_settings
from renderer.cli import console
from renderer.cli.options import (
    AsOfOption,
    JsonOption,
    LocaleOption,
    ProfileOption,
    SeedOption,
    TemplateArgument,
    check_folder,
    parse_date,
)
from renderer.errors import UsageError, nearest
from renderer.guard import Guard
from renderer.plan.model import RenderPlan
from renderer.profile.load import read_one
from renderer.render.model import Artefact, RenderResult
from renderer.render.video.playlists import ENTRANCE
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel, FormatName, Template


@console.reports_errors
def render(
    template: TemplateArgument,
    profile: ProfileOption,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files; made when missing.", show_default=False)
    ],
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="NAME",
            help="microsite, statement or video; may be given several times. Without it all that the template makes.",
        ),
    ] = None,
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="A format of the film, such as 9:16; may be given several times. Without it all that are listed.",
        ),
    ] = None,
    hls: Annotated[
        bool,
        typer.Option("--hls", help="Write each film as an HLS stream too, if the template does not say so itself."),
    ] = False,
    as_of: AsOfOption = None,
    locale: LocaleOption = None,
    seed: SeedOption = 0,
    json_: JsonOption = False,
) -> None:
    """Render one profile: page, PDF and film.

    [bold]Example:[/] dearly render energy-bill --profile templates/energy-bill/samples/11-typical.json --out out
    """
    check_folder(out)
    day = parse_date(as_of)
    planner = pipeline.open_template(template)
    wanted = channels_of(planner.template, channel or [])
    formats = formats_of(planner.template, format_ or [])
    person = read_one(profile, planner.template.contract)
    plan = pipeline.plan(planner, person, as_of=day, locale=locale, seed=seed)
    if plan.suppression is not None:
        if json_:
            console.print_json(summary(plan, {}))
        console.err.print(f"Suppressed by the template's rules: [bold]{plan.suppression}[/]. Nothing was rendered.")
        return
    settings = Settings()
    settings.prepare()
    with Guard() as guard, console.progress_bars(not json_) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in wanted}

        def step(name: Channel, done: int, total: int) -> None:
            bars.update(tasks[name], completed=done, total=total)

        results = guard.call(
            pipeline.render_in_child,
            dict(planner.template.release.files),
            plan.data,
            dict(person.images),
            wanted,
            settings.cache,
            out,
            formats,
            hls,
            ShelfSource(settings),
            recipient_use(settings, person.recipient),
            voice_settings(settings),
            progress=step,
        )
    for result in results.values():
        for warning in result.warnings:
            console.warn(f"{warning.place}: {warning.message}" if str(warning.place) else warning.message, warning.code)
    if json_:
        console.print_json(summary(plan, results))
    else:
        console.out.print(_table(results))
        if "video" in results:
            console.out.print(f"\n{_shared(results['video'])}")
        console.out.print(f"\nFolder: [bold]{escape(str(out))}[/]", soft_wrap=True)


def channels_of(template: Template, asked: list[str]) -> tuple[Channel, ...]:
    """The channels to make, in Dearly's order. Raises UsageError for one the template does not make."""
    for name in asked:
        if name not in CHANNELS:
            raise UsageError("usage.argument", f"There is no channel '{name}'.", hint=nearest(name, CHANNELS))
        if name not in template.channels:
            raise UsageError(
                "usage.argument",
                f"The template makes no {name}.",
                hint="It makes " + ", ".join(template.channels) + ".",
            )
    return tuple(name for name in template.channels if not asked or name in asked)


def formats_of(template: Template, asked: list[str]) -> tuple[FormatName, ...]:
    """The formats of the film to make, in the template's order; none are all. Raises UsageError for one that the
    template does not list."""
    video = template.config.channels.video
    listed: tuple[FormatName, ...] = tuple(video.formats) if video else ()
    for name in asked:
        if name not in listed:
            raise UsageError(
                "usage.argument",
                f"The template's film has no format '{name}'.",
                hint=f"It has {', '.join(listed)}; more can be listed in template.yaml under channels.video.formats."
                if listed
                else "The template makes no film.",
            )
    return tuple(name for name in listed if name in asked)


def summary(plan: RenderPlan, results: dict[Channel, RenderResult]) -> dict[str, object]:
    """What ``--json`` prints."""
    found: dict[str, object] = {
        "plan_digest": plan.digest,
        "release": f"{plan.template}@{plan.files_digest}",
        "suppressed": plan.suppression,
        "artefacts": [_artefact(artefact) for result in results.values() for artefact in result.artefacts],
        "warnings": [
            {"code": warning.code, "message": warning.message, "channel": result.channel, "place": str(warning.place)}
            for result in results.values()
            for warning in result.warnings
        ],
    }
    if "video" in results:
        figures = results["video"].figures
        names = ("frames_total", "frames_encoded", "personal_frames", "chunks", "chunks_reused")
        found |= {name: figures[name] for name in names}
        found["cpu_s"] = float(figures["cpu_s"])
    return found


def _shared(film: RenderResult) -> str:
    """How much of the film was there already, in a sentence."""
    figures = film.figures
    found, chunks = figures["chunks_reused"], figures["chunks"]
    encoded, total = figures["frames_encoded"], figures["frames_total"]
    return f"Film: {found} of {chunks} chunks were there already; {encoded} of {total} frames were encoded."


def _artefact(artefact: Artefact) -> dict[str, object]:
    return {
        "channel": artefact.channel,
        "kind": artefact.kind,
        "path": artefact.path,
        "media_type": artefact.media_type,
        "bytes": artefact.bytes,
        "sha256": artefact.sha256,
    }


def _table(results: dict[Channel, RenderResult]) -> Table:
    """The files, relative to the folder of ``--out``: a long one would break their names on a narrow terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Channel")
    table.add_column("Kind")
    table.add_column("File", overflow="fold")
    table.add_column("Size", justify="right")
    for result in results.values():
        for artefact in result.artefacts:
            if artefact.kind != "hls":
                table.add_row(artefact.channel, artefact.kind, artefact.path, _size(artefact.bytes))
                continue
            if artefact.path.endswith(f"/{ENTRANCE}"):  # a stream is one thing to whoever looks for it
                folder = artefact.path.removesuffix(ENTRANCE)
                size = sum(one.bytes for one in result.artefacts if one.path.startswith(folder))
                table.add_row(artefact.channel, artefact.kind, artefact.path, _size(size))
    return table


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"
