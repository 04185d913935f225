"""``dearly release``: which releases there are, and which one requests are made with."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from renderer import publishing
from renderer.batch.measures import size
from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.cli.batch_tables import plain_table
from renderer.cli.groups import make_app, put_on
from renderer.cli.options import JsonOption
from renderer.errors import UsageError, nearest
from renderer.ledger.release_book import Listed, Switch
from renderer.publishing import NAME, whole_digest
from renderer.settings import Settings
from renderer.times import minute, moment

app = make_app("See which releases there are, and choose the one that requests are made with.")

SHORT = 12
"""Digits of a digest that are shown: enough to tell releases apart, and to name one."""

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A template's id.", show_default=False)]
PinnedArgument = Annotated[
    str,
    typer.Argument(metavar="ID@DIGEST", help="A release; 8 digits of its digest are enough.", show_default=False),
]


@console.reports_errors
def list_(
    template: Annotated[str | None, typer.Argument(metavar="TEMPLATE", help="Only those of this id.")] = None,
    json_: JsonOption = False,
) -> None:
    """List the releases that were published, the newest first.

    [bold]Example:[/] dearly release list energy-bill
    """
    services = build(Settings(), only_look=True)
    if template is not None:
        _known(services, template)
    found = services.book.listed(template)
    if json_:
        console.print_json({"releases": [_as_json(one) for one in found]})
        return
    if not found:
        console.out.print("Nothing was published yet.")
        return
    table = plain_table()
    for name in ("Release", "Published (UTC)", "Active", "Title"):
        table.add_column(name, no_wrap=name != "Title", overflow="fold")
    for name in ("Requests", "Prepared"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        entry = one.entry
        prepared = sum(file.stored for some in entry.prepared.values() for file in some)
        table.add_row(
            f"{escape(entry.template)}@{entry.digest[:SHORT]}",
            minute(entry.published_ms),
            "[green]active[/]" if one.active else "",
            escape(entry.title),
            f"{one.requests:,}",
            size(prepared) if prepared else "",
        )
    console.out.print(table)


@console.reports_errors
def activate(release: PinnedArgument, json_: JsonOption = False) -> None:
    """Make a release the active one: requests that name no digest are made with it from now on.

    [bold]Example:[/] dearly release activate energy-bill@1f0c3a9b
    """
    services = build(Settings())
    named = NAME.fullmatch(release)
    if named is None or named[2] is None:
        raise UsageError("usage.argument", "The release is not given as id@digest.", hint="See dearly release list.")
    template = named[1]
    _known(services, template)
    digest = whole_digest(services, template, named[2])
    switch = publishing.activate(services, template, digest)
    _tell(switch or Switch(template=template, before=digest, now=digest), json_)


@console.reports_errors
def rollback(template: IdArgument, json_: JsonOption = False) -> None:
    """Make the release active again that was so before. Again, and it goes one further back.

    [bold]Example:[/] dearly release rollback energy-bill
    """
    services = build(Settings())
    _known(services, template)
    switch = publishing.roll_back(services, template)
    if switch is None:
        raise UsageError(
            "usage.argument",
            f"No release of '{template}' was active before the present one.",
            hint=f"Choose one with dearly release activate; dearly release list {template} shows all.",
        )
    _tell(switch, json_)


def _known(services: Services, template: str) -> None:
    known = services.book.templates()
    if template not in known:
        raise UsageError(
            "usage.argument", f"No release of '{template}' was published here.", hint=nearest(template, known)
        )


def _tell(switch: Switch, json_: bool) -> None:
    if json_:
        changed = switch.before != switch.now
        console.print_json(
            {"template": switch.template, "active": switch.now, "active_before": switch.before, "changed": changed}
        )
        return
    name = f"[bold]{escape(switch.template)}@{switch.now[:SHORT]}[/]"
    if switch.before == switch.now:
        console.out.print(f"{name} is active already; nothing changed.")
        return
    before = f", in place of {switch.before[:SHORT]}" if switch.before else ""
    console.out.print(f"{name} is active from now on{before}.")
    console.out.print("Requests that were made before, and runs that have begun, keep their release.")


def _as_json(one: Listed) -> dict[str, object]:
    entry = one.entry
    files = [file for some in entry.prepared.values() for file in some]
    return {
        "template": entry.template,
        "digest": entry.digest,
        "release": f"{entry.template}@{entry.digest}",
        "published": moment(entry.published_ms).isoformat(timespec="milliseconds"),
        "title": entry.title,
        "active": one.active,
        "requests": one.requests,
        "contract": entry.contract,
        "retention_days": entry.retention_days,
        "files": entry.files,
        "bytes": entry.bytes,
        "prepared": {
            "files": len(files),
            "bytes": sum(file.bytes for file in files),
            "stored_bytes": sum(file.stored for file in files),
        },
    }


def register(only: str | None = None) -> None:
    """Put the commands on :data:`app`, once. They share their imports, so it is always all of them."""
    put_on(app, {"list": list_, "activate": activate, "rollback": rollback})
