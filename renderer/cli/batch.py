"""``dearly batch``: runs over a whole file of profiles. Each command lives in a module of its own."""

from __future__ import annotations

from importlib import import_module

from renderer.cli.groups import make_app

app = make_app("Run a template over a whole file of profiles, and account for every record of it.")

COMMANDS = {
    "start": "batch_start",
    "list": "batch_list",
    "status": "batch_status",
    "approve": "batch_steer",
    "resume": "batch_steer",
    "cancel": "batch_steer",
    "retry": "batch_steer",
    "set-aside": "batch_set_aside",
    "report": "batch_report",
    "verify": "batch_verify",
    "export": "batch_export",
}
"""The module of each command, in the order of ``--help``. Its function is called as the command is, with ``_``."""


def register(only: str | None = None) -> None:
    """Put the commands on :data:`app`, once; ``only`` one of them where it is known which is called."""
    if app.registered_commands:
        return
    for name, module in COMMANDS.items():
        if only in COMMANDS and name != only:
            continue
        app.command(name)(getattr(import_module(f"renderer.cli.{module}"), name.replace("-", "_")))
