"""What the commands share that put a batch run on its way: they follow it until it needs nobody any more, and say how
it went."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from renderer.batch.intake import KNOWN, take_in
from renderer.batch.model import Balance
from renderer.batch.standing import Standing, as_json, look
from renderer.bootstrap import Services
from renderer.cli import console
from renderer.cli.batch_status import line, view
from renderer.cli.service import attached, detached
from renderer.errors import EnvironmentFault, UsageError
from renderer.profile.stream import form_of

LOOK_S = 1.0
"""Time between two looks; longer where a look itself takes long."""

LINE_S = 10.0
"""Time between two lines where the output is no terminal."""

START_S = 20.0
"""How long a service may take to start before it is said that nobody works."""

FormatOption = Annotated[
    str | None,
    typer.Option("--format", metavar="F", help="How the profiles are written: jsonl, csv or json; else by the ending."),
]
DetachOption = Annotated[
    bool, typer.Option("--detach", help="Return when the input is read; the service goes on until all is done.")
]


def go(
    services: Services,
    run_id: str,
    *,
    profiles: str | None,
    format_: str | None,
    detach: bool,
    json_: bool,
) -> None:
    """Read the input if one is given, then follow the run; with ``detach`` do not wait for it. Ends the process with
    the run's exit code.

    Ctrl-C leaves the run as it is and stops our own service in order. Raises what :func:`take_in` raises."""
    form = form_of(format_)
    settled = services.batches.run(run_id).settled
    live = not json_ and console.err.is_terminal
    try:
        with nullcontext(_nothing) if settled else (detached if detach else attached)(services.settings) as alive:
            if profiles is not None:
                _read(services, run_id, profiles, form, alive, live=live, quiet=json_)
                alive()
            if not detach:
                _wait(services, run_id, alive, live=live, quiet=json_)
    except (UsageError, EnvironmentFault) as error:
        raise _with_way_on(services, run_id, profiles, error) from error
    except KeyboardInterrupt:
        read = " --profiles FILE" if services.batches.run(run_id).state == "open" else ""
        _say(f"Stopped. The run stays as it is; go on with: dearly batch resume {run_id}{read}")
        raise typer.Exit(130) from None
    tell(services, run_id, detached=detach, json_=json_)


def _with_way_on(
    services: Services, run_id: str, profiles: str | None, error: UsageError | EnvironmentFault
) -> UsageError | EnvironmentFault:
    """An error that ended the command and not the run: it says how to go on."""
    try:
        state = services.batches.run(run_id).state
    except EnvironmentFault:  # the ledger itself is away
        state = "open"
    if state not in ("open", "running") or (isinstance(error, UsageError) and state != "open"):
        return error
    hint = f"{error.hint} " if error.hint else ""
    how = "stays open, and nothing of it is lost" if state == "open" else "stays as it is"
    again = f"dearly batch resume {run_id}" + (f" --profiles {profiles}" if state == "open" and profiles else "")
    return type(error)(
        error.code, error.message, place=error.place, hint=f"{hint}The run {how}; when this is mended: {again}"
    )


def _nothing() -> None:
    """Nobody has to live for a run that has ended."""


def _read(
    services: Services,
    run_id: str,
    profiles: str,
    form: Any,
    alive: Callable[[], None],
    *,
    live: bool,
    quiet: bool,
) -> None:
    began = shown = looked = time.monotonic()
    first: int | None = None
    with Live(console=console.err, auto_refresh=False, transient=True) if live else nullcontext() as display:

        def progress(records: int, done: tuple[int, int] | None) -> None:
            nonlocal shown, looked, first
            now = time.monotonic()
            first = records if first is None else first
            if now - looked > LOOK_S:
                looked = now
                alive()
            if quiet or now - shown < (0.2 if live else LINE_S):
                return
            shown = now
            text = f"Reading the input: {records:,} records"
            if done is not None and done[1]:
                text += f", {100 * done[0] // done[1]} %"
            if records > first:
                text += f", {(records - first) / max(now - began, 0.001):,.0f} a second"
            if display is None:
                _say(text)
            else:
                display.update(Text(text), refresh=True)

        run = take_in(services, run_id, profiles, form=form, progress=progress)
    if not quiet:
        _say(f"Read {run.expected or 0:,} records in {time.monotonic() - began:,.0f} s.")


def _wait(services: Services, run_id: str, alive: Callable[[], None], *, live: bool, quiet: bool) -> None:
    shown, first = 0.0, time.monotonic()
    with Live(console=console.err, auto_refresh=False, transient=True) if live else nullcontext() as display:
        while True:
            began = time.monotonic()
            found = look(services, run_id)
            if began - first < START_S:  # the service that we have just started is on its way
                found = replace(found, waits=tuple(wait for wait in found.waits if wait.word != "workers"))
            if display is not None:
                display.update(view(found), refresh=True)
            elif not quiet and began - shown > LINE_S and not over(found):
                _say(line(found))
                shown = began
            if over(found):
                return
            pause = max(LOOK_S, 10 * (time.monotonic() - began))
            while (left := began + pause - time.monotonic()) > 0:
                alive()
                time.sleep(min(0.25, left))


def over(found: Standing) -> bool:
    """Whether the run needs nobody any more: it has ended, or all that is left of it waits for an approval."""
    waits = found.run.state == "running" and found.tally.open > 0 and found.held == found.tally.open
    return found.ended or waits


def tell(services: Services, run_id: str, *, detached: bool, json_: bool) -> None:
    """Say how a run stands, and end with its exit code: 0 when all is well so far."""
    found = look(services, run_id)
    code = exit_code(services, found, detached=detached)
    if found.run.sealed_ms is not None and found.input == 0:  # on stderr, with --json too
        console.warn("The input holds no record: nothing was made.")
    if json_:
        balance = Balance.from_json(services.batches.run(run_id).totals).to_json()
        console.print_json(as_json(found) | {"totals": balance["totals"], "unread": balance["unread"]})
    else:
        console.out.print(view(found))
        for hint in _hints(found, detached):
            _say(hint)
    if code:
        raise typer.Exit(code)


def exit_code(services: Services, found: Standing, *, detached: bool = False) -> int:
    """1 when a request failed, a record was set aside for another reason than being known, or the run was cancelled or
    does not add up; else 0. A command that did not wait only knows that the input was read."""
    if detached and not found.ended:
        return 0
    run = found.run
    bad = found.tally.failed or run.state in ("cancelled", "unbalanced", "open")
    return int(bool(bad or services.batches.set_aside_but(run.id, KNOWN)))


def _hints(found: Standing, detached: bool) -> list[str]:
    run = found.run.id
    hints = []
    if detached and not found.ended:
        hints.append(f"The service goes on by itself. Look with: dearly batch status {run} --watch")
    if found.tally.set_aside and not detached:
        hints.append(f"Records that were set aside, to mend and send again: dearly batch set-aside {run} --out FILE")
    if found.tally.failed and not detached:
        hints.append(f"Try again what failed: dearly batch retry {run} --failed")
    if found.held and found.run.state == "running":
        hints.append(f"Let the rest go on: dearly batch approve {run}")
    return hints


def _say(text: str) -> None:
    console.err.print(text, soft_wrap=True, markup=False)
