"""``dearly batch resume``, ``approve``, ``cancel`` and ``retry``: what can be done with a run that was started."""

from __future__ import annotations

from typing import Annotated

import typer

from renderer.batch.balance import Settler
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_follow import DetachOption, FormatOption, go, tell
from renderer.cli.options import JsonOption, RunArgument
from renderer.errors import UsageError
from renderer.settings import Settings


@console.reports_errors
def resume(
    run: RunArgument,
    profiles: Annotated[
        str | None,
        typer.Option(
            "--profiles", metavar="FILE", help="The input, where not all of it was read; - is standard input."
        ),
    ] = None,
    format_: FormatOption = None,
    detach: DetachOption = False,
    json_: JsonOption = False,
) -> None:
    """Go on with a run that was interrupted: read the rest of its input, and follow it.

    [bold]Example:[/] dearly batch resume latest --profiles customers.jsonl
    """
    services = build(Settings())
    run_id = services.summary.run_id(run)
    found = services.batches.run(run_id)
    if found.state == "open" and profiles is None:
        raise UsageError(
            "usage.argument",
            f"Not all of the run's input was read: {found.records} records so far.",
            hint=f"dearly batch resume {run_id} --profiles FILE, or dearly batch cancel {run_id}",
        )
    go(services, run_id, profiles=profiles, format_=format_, detach=detach, json_=json_)


@console.reports_errors
def approve(run: RunArgument, detach: DetachOption = False, json_: JsonOption = False) -> None:
    """Let the rest of a run go on that was started with --hold-after, and follow it.

    [bold]Example:[/] dearly batch approve latest
    """
    services = build(Settings())
    run_id = services.summary.run_id(run)
    found = services.batches.run(run_id)
    if found.hold_after is None:
        raise UsageError("usage.run", "The run was not started with --hold-after: nothing of it waits for approval.")
    if found.state == "cancelled":
        raise UsageError("usage.run", "The run was cancelled.")
    released = services.intake.approve(run_id)
    if not json_:
        _say(f"Approved: {released} requests go on." if released else "Approved before: nothing waits any more.")
    if found.state == "open":  # who reads the input follows it
        tell(services, run_id, detached=True, json_=json_)
    else:
        go(services, run_id, profiles=None, format_=None, detach=detach, json_=json_)


@console.reports_errors
def cancel(run: RunArgument, json_: JsonOption = False) -> None:
    """End a run: what is done stays, everything else is cancelled, and the sums are made.

    [bold]Example:[/] dearly batch cancel latest
    """
    services = build(Settings())
    run_id = services.summary.run_id(run)
    if services.batches.run(run_id).state in ("complete", "unbalanced"):
        raise UsageError("usage.run", "The run has ended already.")
    cancelled = services.intake.cancel_run(run_id)
    settler = Settler(services)
    while not services.batches.run(run_id).settled:  # here, since perhaps no service runs
        settler.settle(slice_s=10, only=run_id)
    if not json_:
        _say(f"Cancelled {cancelled} requests.")
    try:
        tell(services, run_id, detached=False, json_=json_)
    except typer.Exit:
        if services.batches.run(run_id).state != "cancelled":
            raise
    # To be cancelled is what was asked for.


@console.reports_errors
def retry(
    run: RunArgument,
    failed: Annotated[bool, typer.Option("--failed", help="Try again every request that failed.")] = False,
    detach: DetachOption = False,
    json_: JsonOption = False,
) -> None:
    """Try again the requests of a run that failed, and follow it. What is done of them stays.

    [bold]Example:[/] dearly batch retry latest --failed
    """
    if not failed:
        raise UsageError("usage.argument", "Say what is to be tried again.", hint="Add --failed.")
    services = build(Settings())
    run_id = services.summary.run_id(run)
    again, left = services.batches.reopen_failed(run_id)
    if not json_:
        _say(f"{again} requests are tried again.")
        if left:
            _say(f"{left} are not: a later run has a request for their recipients.")
    go(services, run_id, profiles=None, format_=None, detach=detach, json_=json_)


def _say(text: str) -> None:
    console.err.print(text, soft_wrap=True, markup=False)
