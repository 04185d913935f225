"""``dearly batch start``: a file of profiles becomes a run."""

from __future__ import annotations

from typing import Annotated

import typer

from renderer.batch.intake import MOST_SAMPLED, look_into, open_batch
from renderer.batch.model import BatchOptions
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_follow import DetachOption, FormatOption, go
from renderer.cli.options import AsOfOption, JsonOption, LocaleOption, SeedOption, TemplateArgument, parse_date
from renderer.errors import UsageError, nearest
from renderer.ledger.model import PRIORITIES
from renderer.profile.stream import form_of
from renderer.publishing import resolve
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel


@console.reports_errors
def start(
    template: TemplateArgument,
    profiles: Annotated[
        str,
        typer.Option(
            "--profiles",
            metavar="FILE",
            help="The profiles: .jsonl, .csv or .json of any size; - for standard input.",
            show_default=False,
        ),
    ],
    format_: FormatOption = None,
    channel: Annotated[
        list[str] | None,
        typer.Option("--channel", metavar="C", help="Make only this channel; may be given several times."),
    ] = None,
    priority: Annotated[str, typer.Option("--priority", metavar="P", help="low, normal or high.")] = "normal",
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            min=1,
            max=MOST_SAMPLED,
            help="Make only N records, drawn evenly from all: a proof.",
        ),
    ] = None,
    hold_after: Annotated[
        int | None,
        typer.Option("--hold-after", metavar="N", min=0, help="Make the first N records; the rest waits for approval."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="NAME", help="A name of your own: with it the same run is never started twice."),
    ] = None,
    continues: Annotated[
        str | None,
        typer.Option(
            "--continues", metavar="RUN", help="Leave out whom this run, or one it continues, has dealt with."
        ),
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell webhooks of the end of each request, not only of the run.")
    ] = False,
    as_of: AsOfOption = None,
    locale: LocaleOption = None,
    seed: SeedOption = 0,
    detach: DetachOption = False,
    json_: JsonOption = False,
) -> None:
    """Make the communications of a whole file of profiles, follow the run, and account for every record.

    [bold]Example:[/] dearly batch start loyalty-year --profiles customers.jsonl --channel statement
    """
    form = form_of(format_)
    if priority == "urgent":
        raise UsageError(
            "usage.argument",
            "A batch cannot be urgent: whoever waits on the phone would wait behind it.",
            hint="--priority high goes before all other batches.",
        )
    if priority not in PRIORITIES:
        raise UsageError("usage.argument", "There is no such priority.", hint=nearest(priority, [*PRIORITIES]))
    parse_date(as_of)
    services = build(Settings())
    options = BatchOptions(
        channels=_channels(channel),
        priority=priority,
        as_of=as_of,
        locale=locale,
        seed=seed,
        sample=sample,
        notify=notify,
        continues=None if continues is None else services.summary.run_id(continues),
    )
    release = resolve(services, template)
    look_into(release, profiles, form)
    run, new = open_batch(services, release, options, key=key, hold_after=hold_after)
    if not json_:
        said = f"Run {run.id}" if new else f"Run {run.id} was started with this key before: going on with it"
        console.err.print(said, soft_wrap=True, markup=False)
    go(services, run.id, profiles=profiles, format_=format_, detach=detach, json_=json_)


def _channels(asked: list[str] | None) -> tuple[Channel, ...] | None:
    for name in asked or ():
        if name not in CHANNELS:
            raise UsageError("usage.argument", f"There is no channel '{name}'.", hint=nearest(name, CHANNELS))
    return tuple(channel for channel in CHANNELS if channel in asked) if asked else None
