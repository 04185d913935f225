"""``dearly forget``: remove all that is kept of a recipient, and leave a proof of it."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Annotated

import typer

from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.options import JsonOption
from renderer.errors import UsageError
from renderer.ledger.erasing import Erasure, Known
from renderer.operations import forget as forgetting
from renderer.settings import Settings
from renderer.times import iso
from workers.leash import sweep_work


@console.reports_errors
def forget(
    recipient: Annotated[
        str,
        typer.Argument(
            metavar="RECIPIENT",
            help="The recipient's key, as profiles have it; - reads it from standard input.",
            show_default=False,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: JsonOption = False,
) -> None:
    """Forget a recipient: profile, plan, results, records that were set aside, and pieces of film that only they have.

    Open requests are cancelled. What is left is a proof without personal data. A shell keeps what is typed, and others
    see a process's arguments: rather give the key on standard input.

    [bold]Example:[/] dearly forget - --yes < key.txt
    """
    key = _key(sys.stdin.readline() if recipient == "-" else recipient)
    services = build(Settings())
    with closing(services.database):
        known, last = forgetting.known(services, key), forgetting.last(services, key)
        if known.nothing and (last is None or last.finished_ms is not None):
            _nothing(last, json_)
            return
        if not yes:
            _ask(known)
        with console.progress_bars(not json_) as bars:
            task = bars.add_task("forgetting", total=max(1, known.requests))
            erasure = forgetting.forget(services, key, lambda: bars.advance(task))
    sweep_work(services.settings.work)  # what a worker that was killed had at work
    if json_:
        console.print_json({"forgotten": True, **_json(erasure)})
    else:
        _receipt(erasure)


def _key(text: str) -> str:
    """The key as contracts read it: without the blanks around it, and without the mark that some editors begin a file
    with. Otherwise somebody who is known would be told to be unknown."""
    key = text.removeprefix("\ufeff").strip()
    if not key:
        raise UsageError("usage.argument", "No key was given.")
    return key


def _ask(known: Known) -> None:
    """Raises UsageError where nobody can be asked, and ends the command where the answer is no."""
    if not sys.stdin.isatty():
        raise UsageError("usage.argument", "A recipient is only forgotten when that is confirmed.", hint="Add --yes.")
    console.err.print(
        f"Known of this recipient: {known.requests:,} requests ({known.open:,} open), {known.files:,} files,"
        f" {known.records:,} records set aside. None of it can be brought back.",
        soft_wrap=True,
    )
    typer.confirm("Forget them?", abort=True, err=True)


def _nothing(last: Erasure | None, json_: bool) -> None:
    if json_:
        console.print_json({"forgotten": False, **({} if last is None else _json(last))})
    elif last is None:
        console.out.print("Nothing is known of this recipient.")
    else:
        console.out.print(f"Nothing more is known of this recipient. Forgotten on {iso(last.finished_ms)}:")
        _receipt(last)


def _receipt(erasure: Erasure) -> None:
    """What may be kept and shown to others: no personal data is in it."""
    for name, value in (
        ("Erasure", erasure.id),
        ("Finished", iso(erasure.finished_ms) or ""),
        ("Requests", f"{erasure.requests:,}"),
        ("Records set aside", f"{erasure.records:,}"),
        ("Files", f"{erasure.artefacts:,} ({erasure.bytes:,} bytes)"),
        ("Pieces of film", f"{erasure.chunks:,}"),
    ):
        console.out.print(f"[bold]{name:<18}[/] {value}")


def _json(erasure: Erasure) -> dict[str, object]:
    return {
        "erasure": erasure.id,
        "finished": iso(erasure.finished_ms) or "",
        "requests": erasure.requests,
        "records": erasure.records,
        "artefacts": erasure.artefacts,
        "bytes": erasure.bytes,
        "chunks": erasure.chunks,
    }
