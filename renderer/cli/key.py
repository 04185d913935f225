"""``dearly key``: the keys of the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from renderer.api.keys import SCOPES, Keys
from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.cli.groups import make_app, put_on
from renderer.cli.options import JsonOption
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import wall_clock
from renderer.settings import Settings
from renderer.times import DAY_MS, HOUR_MS, day, iso, minute

app = make_app("Make, list, rotate and revoke the keys of the HTTP API.")

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="The key's id, as 'dearly key list' shows it.", show_default=False)
]


@console.reports_errors
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will have it.", show_default=False)],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="What it allows: " + ", ".join(SCOPES) + ". May be repeated."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", metavar="ID", help="Only requests of this template. May be repeated."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3650, help="It ends after so many days.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Make a key. It is shown once: the ledger has only a digest of it.

    [bold]Example:[/] dearly key create crm --scope submit --scope read --scope artefacts
    """
    expires_ms = None if days is None else wall_clock() + days * DAY_MS
    key, shown = _keys(build(Settings())).create(name, scope or [], template, expires_ms)
    _show(key, shown, json_)


@console.reports_errors
def list_(json_: JsonOption = False) -> None:
    """List the keys, the newest first, without what opens them.

    [bold]Example:[/] dearly key list
    """
    services = build(Settings(), only_look=True)
    found = services.key_ring.listed()
    if json_:
        console.print_json({"keys": [_as_json(key) for key in found]})
        return
    if not found:
        console.out.print("There is no key yet. Make one with: dearly key create NAME --scope SCOPE")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Key", "Name", "Scopes", "Templates", "Made", "Last used", "State"):
        table.add_column(title, no_wrap=title in ("Key", "Made", "Last used"))
    for key in found:
        table.add_row(
            key.id,
            escape(key.name),
            " ".join(sorted(key.scopes)),
            "all" if key.templates is None else " ".join(sorted(key.templates)),
            day(key.created_ms),
            "never" if key.used_ms is None else minute(key.used_ms),
            _state(key),
        )
    console.out.print(table)


@console.reports_errors
def rotate(
    key: KeyArgument,
    overlap_hours: Annotated[
        float,
        typer.Option("--overlap-hours", metavar="H", min=0, max=24 * 90, help="The old one works so much longer."),
    ] = 24.0,
    json_: JsonOption = False,
) -> None:
    """Give a key another secret. The id, the scopes and what was handed in with it stay; it is shown once.

    [bold]Example:[/] dearly key rotate 3f9a1c0b7d52 --overlap-hours 48
    """
    found, shown = _keys(build(Settings())).rotate(key, int(overlap_hours * HOUR_MS))
    _show(found, shown, json_)


@console.reports_errors
def revoke(key: KeyArgument, json_: JsonOption = False) -> None:
    """Let a key open nothing any more, nor any link that was made with it. It cannot be undone.

    [bold]Example:[/] dearly key revoke 3f9a1c0b7d52
    """
    found = _keys(build(Settings())).revoke(key)
    if json_:
        console.print_json(_as_json(found))
    else:
        console.out.print(f"The key [bold]{found.id}[/] ({escape(found.name)}) opens nothing any more.")


COMMANDS: Mapping[str, Callable[..., None]] = {"create": create, "list": list_, "rotate": rotate, "revoke": revoke}


def register(only: str | None = None) -> None:
    """Put the commands on :data:`app`, once."""
    put_on(app, COMMANDS)


def _keys(services: Services) -> Keys:
    return Keys(services.key_ring, services.vault)


def _show(key: ApiKey, shown: str, json_: bool) -> None:
    if json_:
        console.print_json({**_as_json(key), "key": shown})
        return
    console.out.print(shown, markup=False, soft_wrap=True)
    console.err.print(
        f"This is the key [bold]{key.id}[/] ({escape(key.name)}). Keep it now: it is not shown again.", soft_wrap=True
    )


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "templates": None if key.templates is None else sorted(key.templates),
        "created": iso(key.created_ms),
        "expires": iso(key.expires_ms),
        "revoked": iso(key.revoked_ms),
        "used": iso(key.used_ms),
        "state": _state(key),
    }


def _state(key: ApiKey) -> str:
    if key.revoked_ms is not None:
        return "revoked"
    if not key.lives(wall_clock()):
        return "expired"
    return "works" if key.expires_ms is None else f"works until {day(key.expires_ms)}"
