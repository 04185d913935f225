"""``dearly webhook``: who is told of what happens, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.cli.groups import make_app, put_on
from renderer.cli.options import JsonOption
from renderer.cli.webhook_tables import (
    endpoint_json,
    endpoints_table,
    log_json,
    log_lines,
    parse_since,
    readable,
)
from renderer.deliver.signing import dedupe_of
from renderer.errors import CODES, UsageError
from renderer.ledger.endpoints import Endpoint
from renderer.ledger.model import TOPICS, wall_clock
from renderer.operations.webhooks import Made, Webhooks, known
from renderer.settings import Settings
from renderer.times import HOUR_MS

app = make_app("Tell other systems by signed HTTP messages what has ended.")

EndpointArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The endpoint's id, as 'dearly webhook list' shows it.", show_default=False)
]


@console.reports_errors
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the receiver is: https://…", show_default=False)],
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", metavar="T", help="Only this: " + ", ".join(TOPICS) + ". May be repeated."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", metavar="ID", help="Only what is of this template. May be repeated."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Your word for the receiver; without it, its host.")
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Tell a receiver of what happens from now on. The secret that it checks messages with is shown once.

    [bold]Example:[/] dearly webhook add https://crm.example/hooks/dearly --topic run.complete --topic run.held
    """
    made = _webhooks(build(Settings())).add(url, name=name, topics=topic, templates=template)
    _show(made, json_)
    if made.doubt is not None:
        console.warn(f"{made.doubt.message} It is tried all the same.", made.doubt.code)


@console.reports_errors
def list_(json_: JsonOption = False) -> None:
    """List the endpoints, the newest first, with what waits for each.

    [bold]Example:[/] dearly webhook list
    """
    from renderer.ledger.gauges import Gauges

    found = Gauges(build(Settings(), only_look=True).database).webhooks()
    if json_:
        console.print_json({"endpoints": [{**endpoint_json(one.endpoint), "waiting": one.waiting} for one in found]})
    elif found:
        console.out.print(endpoints_table(found))
    else:
        console.out.print("Nobody is told yet. Add a receiver with: dearly webhook add URL")


@console.reports_errors
def test(endpoint: EndpointArgument, json_: JsonOption = False) -> None:
    """Send a signed message that says nothing (test.ping) now, and show the answer. Exit code 1 if it did not get
    through.

    [bold]Example:[/] dearly webhook test 3f9a1c0b7d52
    """
    answer = _webhooks(build(Settings())).test(endpoint)
    said = readable(answer.said)
    if json_:
        found = {"status": answer.status, "took_ms": answer.took_ms, "code": answer.code, "said": said}
        console.print_json({"delivered": answer.code is None, **found})
    else:
        status = "no answer" if answer.status is None else f"status {answer.status}"
        how = "got through" if answer.code is None else f"did not get through: {CODES[answer.code]}"
        console.out.print(f"The message {how} ({status}, {answer.took_ms} ms)", soft_wrap=True, markup=False)
        if said:
            console.out.print(said, markup=False, soft_wrap=True)
    if answer.code is not None:
        raise typer.Exit(1)


@console.reports_errors
def log(
    endpoint: EndpointArgument,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1_000, help="The last N messages.")] = 20,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that are not tried any more.")] = False,
    json_: JsonOption = False,
) -> None:
    """Show the last messages to an endpoint with every attempt: when, the status, how long it took, why it failed.

    [bold]Example:[/] dearly webhook log 3f9a1c0b7d52 --limit 50
    """
    services = build(Settings(), only_look=True)
    known(services.endpoints.get(endpoint))
    found = services.delivery_log.of(endpoint, limit, "failed" if failed else None)
    if json_:
        console.print_json({"deliveries": [log_json(one) for one in found]})
    elif found:
        for line in log_lines(found):
            console.out.print(line, markup=False, soft_wrap=True)
    else:
        console.out.print("Nothing yet.")


@console.reports_errors
def resend(
    delivery: Annotated[
        str | None,
        typer.Argument(metavar="DELIVERY", help="Its number in the log, or a webhook-id.", show_default=False),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="ID", help="All that failed for good, of this endpoint.")
    ] = None,
    since: Annotated[
        str,
        typer.Option("--since", metavar="WHEN", help="With --endpoint: from this day (YYYY-MM-DD) on, or 6h, 3d."),
    ] = "3d",
    json_: JsonOption = False,
) -> None:
    """Send a message again, or all that failed, under the ids that they had.

    [bold]Example:[/] dearly webhook resend --endpoint 3f9a1c0b7d52 --since 12h
    """
    if (delivery is None) == (endpoint is None):
        raise UsageError(
            "usage.argument",
            "Name one delivery, or an endpoint with --endpoint.",
            hint="dearly webhook log ID shows deliveries, dearly webhook list the endpoints.",
        )
    services = build(Settings())
    if endpoint is not None:
        known(services.endpoints.get(endpoint))
        count = services.delivery_log.failed_again(endpoint, parse_since(since, wall_clock()))
    else:
        ids = services.delivery_log.find(dedupe_of(delivery or ""))
        if not ids:
            hint = "dearly webhook log ID"
            raise UsageError("webhook.endpoint", "There is no such delivery, or it is not kept any more.", hint=hint)
        count = services.delivery_log.again(ids)
    if json_:
        console.print_json({"resent": count})
    else:
        console.out.print(f"{count:,} are sent again.")


@console.reports_errors
def rotate(
    endpoint: EndpointArgument,
    overlap_hours: Annotated[
        float,
        typer.Option("--overlap-hours", metavar="H", min=0, max=24 * 30, help="The old one signs so much longer too."),
    ] = 24.0,
    json_: JsonOption = False,
) -> None:
    """Give an endpoint another secret. Until the overlap ends, messages are signed with both; it is shown once.

    [bold]Example:[/] dearly webhook rotate 3f9a1c0b7d52 --overlap-hours 48
    """
    _show(_webhooks(build(Settings())).rotate(endpoint, int(overlap_hours * HOUR_MS)), json_)


@console.reports_errors
def pause(endpoint: EndpointArgument, json_: JsonOption = False) -> None:
    """Tell an endpoint nothing for now. What happens meanwhile waits for it.

    [bold]Example:[/] dearly webhook pause 3f9a1c0b7d52
    """
    found = known(build(Settings()).endpoints.pause(endpoint))
    if found.state == "disabled":
        raise UsageError("webhook.endpoint", "It is disabled already.", hint=f"dearly webhook resume {found.id}")
    _say(found, "is told nothing for now", json_)


@console.reports_errors
def resume(endpoint: EndpointArgument, json_: JsonOption = False) -> None:
    """Tell an endpoint again that was paused or disabled, first what has waited for it.

    [bold]Example:[/] dearly webhook resume 3f9a1c0b7d52
    """
    _say(known(build(Settings()).endpoints.resume(endpoint)), "is told again", json_)


@console.reports_errors
def remove(endpoint: EndpointArgument, json_: JsonOption = False) -> None:
    """Tell an endpoint nothing any more. Its address, its secrets and what waits for it go; it cannot be undone.

    [bold]Example:[/] dearly webhook remove 3f9a1c0b7d52
    """
    services = build(Settings())
    found = known(services.endpoints.remove(endpoint))
    services.deliveries.end_waiting(endpoint)
    _say(found, "is told nothing any more", json_, state="removed")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "add": add,
    "list": list_,
    "test": test,
    "log": log,
    "resend": resend,
    "rotate": rotate,
    "pause": pause,
    "resume": resume,
    "remove": remove,
}


def register(only: str | None = None) -> None:
    """Put the commands on :data:`app`, once."""
    put_on(app, COMMANDS)


def _webhooks(services: Services) -> Webhooks:
    return Webhooks(services.settings, services.endpoints, services.vault)


def _show(made: Made, json_: bool) -> None:
    if json_:
        console.print_json({**endpoint_json(made.endpoint), "secret": made.secret})
        return
    console.out.print(made.secret, markup=False, soft_wrap=True)
    console.err.print(
        f"This is the secret of the endpoint {made.endpoint.id} ({made.endpoint.name}). Keep it now: it is not shown "
        "again.",
        soft_wrap=True,
        markup=False,
    )


def _say(endpoint: Endpoint, what: str, json_: bool, state: str | None = None) -> None:
    if json_:
        console.print_json({**endpoint_json(endpoint), "state": state or endpoint.state})
    else:
        console.out.print(f"The endpoint {endpoint.id} ({endpoint.name}) {what}.", markup=False, soft_wrap=True)
