"""How ``dearly`` and each of its groups of commands is set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer


def make_app(help_: str, name: str | None = None) -> typer.Typer:
    """An application without commands yet."""
    return typer.Typer(
        name=name,
        help=help_,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # locals hold profiles
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def put_on(app: typer.Typer, commands: Mapping[str, Callable[..., None]]) -> None:
    """Give an application its commands, once, in the order of ``--help``."""
    if not app.registered_commands:
        for name, command in commands.items():
            app.command(name)(command)
