"""``dearly demo``: the samples of every template, in all channels, through the real queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from renderer.bootstrap import build
from renderer.cli import console, serve
from renderer.cli.gallery import Gallery
from renderer.cli.options import JsonOption
from renderer.cli.service import attached
from renderer.cli.showcase import Piece, Showcase, choose
from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from renderer.template.model import CHANNELS

EACH = 3
"""Samples of each template without ``--all``."""

LOOK_S = 0.25


@console.reports_errors
def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files and the gallery; made when missing.")
    ] = Path("dearly-demo"),
    all_: Annotated[bool, typer.Option("--all", help="All samples of each template, not only three.")] = False,
    serve_: Annotated[
        bool, typer.Option("--serve", help="Serve the folder on this machine until Ctrl-C, so that films can seek.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Render sample customers of every template: page, PDF and film, and a gallery to open in a browser.

    [bold]Example:[/] dearly demo --out my-demo
    """
    began = time.monotonic()
    settings = Settings()
    settings.prepare()
    with console.writes_into(out):
        out.mkdir(parents=True, exist_ok=True)
    with attached(settings) as alive:
        services = build(settings)
        pieces, refused = choose(None if all_ else EACH)
        showcase = Showcase(services, pieces, out)
        gallery = Gallery(out, pieces, settings.cache)
        gallery.write(showcase.standing(), finished=False)
        address = serve.start(out) if serve_ else None
        _say(f"Open {address or out / 'index.html'} now: it fills while the customers are rendered.", not json_)
        showcase.submit()
        try:
            dressing = ThreadPoolExecutor(1).submit(gallery.dress)  # takes seconds on a new machine
            _watch(showcase, gallery, alive, live=not json_, began=began)
            dressing.result()
            gallery.write(showcase.standing(), finished=True)
        except BaseException:
            showcase.cancel()
            raise
    for error in refused:
        console.show(error)
    if json_:
        console.print_json(showcase.report(out / "index.html"))
    else:
        _tell(showcase, out)
    if address is not None:
        _say(f"Serving {out} at {address} until Ctrl-C.", True)
        serve.until_interrupted()
    if refused or showcase.failures():
        raise typer.Exit(1)


def _watch(showcase: Showcase, gallery: Gallery, alive: Callable[[], None], live: bool, began: float) -> None:
    """Follow the run until every request has ended, writing files and gallery as parts finish."""
    told: set[tuple[str, str]] = set()
    with Live(console=console.err, refresh_per_second=8, transient=True) as display:
        while True:
            alive()
            changed = showcase.look()
            if changed:
                gallery.write(showcase.standing(), finished=showcase.finished())
            if not live:
                pass
            elif console.err.is_terminal:
                display.update(_progress(showcase.pieces, showcase, time.monotonic() - began))
            else:
                _plain(showcase, told, time.monotonic() - began)
            if showcase.finished():
                return
            stuck = showcase.stuck()
            if stuck is not None:
                raise EnvironmentFault(stuck.code, stuck.message, hint="See the logs in DEARLY_HOME.")
            time.sleep(LOOK_S)


def _progress(pieces: Sequence[Piece], showcase: Showcase, seconds: float) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title=f"{seconds:.0f} s", title_justify="left")
    table.add_column("Customer")
    for channel in CHANNELS:
        table.add_column(channel, min_width=10)
    standing = showcase.standing()
    for piece in pieces:
        states = standing[piece.name]
        table.add_row(f"{piece.template.id}/{piece.stem}", *(_cell(states.get(channel)) for channel in CHANNELS))
    return table


def _cell(state: tuple[str, int] | None) -> Text:
    match state:
        case None:
            return Text("")
        case ("done", _):
            return Text("done", style="green")
        case ("failed", _):
            return Text("failed", style="bold red")
        case ("running", percent) if percent:
            return Text(f"{percent} %", style="cyan")
        case ("running", _):
            return Text("working", style="cyan")
        case (("submitted" | "dispatched"), _):
            return Text("waiting", style="dim")
        case (other, _):
            return Text(other, style="yellow")


def _plain(showcase: Showcase, told: set[tuple[str, str]], seconds: float) -> None:
    """One line for each part that ended since the last look."""
    for name, states in showcase.standing().items():
        for channel, (state, _) in states.items():
            if state not in ("submitted", "dispatched", "running") and (name, channel) not in told:
                told.add((name, channel))
                _say(f"{seconds:6.1f} s  {name}  {channel}  {state}", True)


def _tell(showcase: Showcase, out: Path) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Customer", "Locale", "Channel", "File"):
        table.add_column(heading, no_wrap=True, overflow="ignore")
    for piece in showcase.pieces:
        for channel, file in showcase.links(piece).items():
            table.add_row(piece.stem, piece.plan.locale, channel, str(out / file))
    # Paths are for copying: they go over a narrow terminal's edge, but are never cut or broken into lines.
    wide = Measurement.get(console.out, console.out.options.update(max_width=10_000), table).maximum
    Console(highlight=False, width=max(wide, console.out.width)).print(table)
    for piece in showcase.pieces:
        if piece.plan.suppression is not None:
            console.err.print(f"{piece.name}: suppressed, [bold]{escape(piece.plan.suppression)}[/]", soft_wrap=True)
    for name, channel, fault in showcase.failures():
        console.err.print(
            f"[bold red]failed[/] {escape(f'{name} {channel}')}: {escape(fault.message)} [dim]\\[{fault.code}][/]",
            soft_wrap=True,
        )
    console.out.print(f"\nGallery: [bold]{escape(str(out / 'index.html'))}[/]", soft_wrap=True)


def _say(text: str, wanted: bool) -> None:
    if wanted:
        console.err.print(text, soft_wrap=True, markup=False)
