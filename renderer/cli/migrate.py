"""``dearly migrate``: bring the ledger's database up to the shape that this version reads."""

from __future__ import annotations

from contextlib import closing

from renderer.cli import console
from renderer.ledger import migrations
from renderer.ledger.database import Database
from renderer.settings import Settings


@console.reports_errors
def migrate() -> None:
    """Bring the ledger up to date after an update of Dearly. Stop every worker first.

    A database server needs this. The ledger in DEARLY_HOME is also brought up by the service when it starts, and by
    commands that change something. All of it is done, or nothing.

    [bold]Example:[/] dearly migrate
    """
    with closing(Database(Settings().database, upgrade=True)):
        console.out.print(f"The ledger has shape [bold]{migrations.HEAD}[/].")
