"""``dearly``: the commands by name. Each lives in a module of its own."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated

import typer

from renderer import __version__
from renderer.cli import console
from renderer.cli.groups import make_app
from renderer.errors import UsageError

app = make_app("One customer profile and one template become a microsite, a PDF statement and a film.", "dearly")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"dearly {__version__}")
        raise typer.Exit


@app.callback()
def dearly(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """One customer profile and one template become a microsite, a PDF statement and a film."""


COMMANDS = (
    "demo",
    "render",
    "plan",
    "check",
    "estimate",
    "sample",
    "preview",
    "init",
    "test",
    "publish",
    "release",
    "batch",
    "worker",
    "api",
    "key",
    "webhook",
    "outcome",
    "status",
    "metrics",
    "clean",
    "copy-store",
    "forget",
    "migrate",
)
"""The commands in the order of ``--help``. Each is the function of that name (``-`` is ``_``) in the module of that
name."""

GROUPS = ("release", "batch", "key", "webhook")
"""Those that have commands of their own: their module has an ``app`` and a ``register`` as this one."""


def register(only: str | None = None, below: str | None = None) -> None:
    """Put the commands on :data:`app`, once; ``only`` one of them where it is known which is called, and of a group
    only the command ``below`` it, because importing all of them takes longer than most of them run."""
    if app.registered_commands or app.registered_groups:
        return
    for name in COMMANDS if only is None else (only,):
        word = name.replace("-", "_")
        module = import_module(f"renderer.cli.{word}")
        if name in GROUPS:
            module.register(below)
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, word))


def main() -> None:
    """Entry of the command. Ends the process with 0, 1, 2 or 3 (see :mod:`renderer.errors`)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    called, below, *_ = [*(argument for argument in sys.argv[1:] if not argument.startswith("-")), None, None]
    register(called if called in COMMANDS else None, below)
    if "--json" not in sys.argv[1:]:
        app()
    try:
        sys.exit(app(standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except typer.TyperException as error:  # a wrong option: machines get it as they get every other error
        message = getattr(error, "format_message", error.__str__)()
        console.report(UsageError("usage.argument", message), as_json=True)
        sys.exit(UsageError.exit_code)


if __name__ == "__main__":
    main()
