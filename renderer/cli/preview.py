"""``dearly preview``: a template live in the browser, with every sample and every channel."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from renderer.bootstrap import voice_settings
from renderer.cli import console
from renderer.cli.options import TemplateArgument
from renderer.errors import Place, UsageError
from renderer.settings import Settings
from renderer.template.load import find_template
from workers.leash import owned_prefix


@console.reports_errors
def preview(
    template: TemplateArgument,
    profiles: Annotated[
        Path | None,
        typer.Option(
            "--profiles", metavar="FILE", help="Show these records (.json, .jsonl or .csv) instead of the samples."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="Port; without it any that is free.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
) -> None:
    """See a template live: page, PDF and film follow every change of its files and of a profile's values.

    [bold]Example:[/] dearly preview energy-bill
    """
    from renderer.preview.server import listen, serve
    from renderer.preview.studio import Studio

    folder = find_template(template)
    if profiles is not None and not profiles.is_file():
        raise UsageError("usage.unreadable", "There is no such file of profiles.", place=Place(file=profiles.name))
    settings = Settings()
    settings.prepare()
    address = listen(port)
    # By this name others know that it is ours, and remove it once we were killed: pages of people may be in it.
    work = Path(tempfile.mkdtemp(dir=settings.work, prefix=f"{owned_prefix()}preview-"))

    def started() -> None:
        console.out.print(f"Preview of [bold]{folder.name}[/]: [bold]{address.url}[/]", soft_wrap=True)
        console.err.print("The address is for you alone: it carries a key. Ctrl-C ends the preview.", style="dim")
        if open_:
            webbrowser.open(_door(work, address.url).as_uri())

    async def run() -> None:
        await serve(
            Studio(folder, profiles, settings.cache, work, voice_settings(settings)), address, settings.cache, started
        )

    try:
        asyncio.run(run())
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _door(work: Path, url: str) -> Path:
    """A file of ours alone that leads to the studio: a browser's command line could be read by other users."""
    path = work / "open.html"
    path.touch(mode=0o600)
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Dearly</title><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={escape(url)}"><a href="{escape(url)}">Open the preview</a>\n',
        encoding="utf-8",
    )
    return path
