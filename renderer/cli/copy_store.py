"""``dearly copy-store``: bring the files of one store into another."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from renderer.batch.measures import size
from renderer.bootstrap import bucket
from renderer.cli import console
from renderer.cli.options import JsonOption
from renderer.errors import UsageError
from renderer.ledger.database import Database
from renderer.ledger.identity import Identity
from renderer.ledger.summary import Summary
from renderer.operations.copying import copy_store as run
from renderer.settings import Settings
from renderer.store.base import Store
from renderer.store.local import LocalStore
from renderer.store.s3_probe import probe
from workers.leash import owned_prefix
from workers.start import is_running


@console.reports_errors
def copy_store(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FROM", help="The folder that has them (the 'store' of a home), or s3://…", show_default=False
        ),
    ],
    json_: JsonOption = False,
) -> None:
    """Copy all files of a store into the one that the settings name. Stop every service first. What is there already is
    left, nothing is removed, and it may be called again.

    [bold]Example:[/] dearly copy-store ~/.local/share/dearly/store
    """
    settings = Settings()
    if is_running(settings):
        raise UsageError(
            "usage.argument", "A service runs on this DEARLY_HOME and goes on making files.", hint="Stop it first."
        )
    settings.prepare()
    origin = _origin(settings, source)
    target: Store = LocalStore(settings.store)
    if settings.store_url:
        in_bucket = bucket(settings)
        probe(in_bucket)
        target = in_bucket
    with (
        closing(Database(settings.database)) as database,
        console.progress_bars(not json_) as bars,
        tempfile.TemporaryDirectory(dir=settings.work, prefix=owned_prefix()) as work,
    ):
        if Summary(database).queues_served():  # started by hand, or on another machine
            raise UsageError(
                "usage.argument",
                "Workers of this ledger go on making files, here or on another machine.",
                hint="Stop all of them first. Those that were killed count for another 12 s.",
            )
        task = bars.add_task("files", total=None)
        found = run(origin, target, Identity(database), Path(work), lambda done: bars.update(task, completed=done))
    if json_:
        console.print_json({"copied": found.copied, "bytes": found.bytes, "there": found.there})
    else:
        console.out.print(f"[green]Copied[/] {found.copied:,} files, {size(found.bytes)}; {found.there:,} were there.")


def _origin(settings: Settings, source: str) -> Store:
    """Raises UsageError for what is no store."""
    if source.startswith("s3://"):
        return bucket(settings.model_copy(update={"store_url": source}))
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise UsageError("usage.argument", "FROM is neither a folder nor an address like s3://bucket/prefix.")
    return LocalStore(folder)
