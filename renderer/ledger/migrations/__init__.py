"""The ledger's shape, step by step: Alembic revisions from the first shape to the one that the code reads.

A SQLite ledger is brought up by whoever opens it first to change something: who only looks may be of a new version,
while workers of the version before are still at work. A server's database is brought up when its operator says so
(``dearly migrate``), since other machines may still run the version before. Alembic is imported only when there is
something to do: opening a ledger of the right shape costs one query.

A revision stands in ``versions/`` as ``r<number>_<what>.py``, is frozen once it was released, and says in its own words
what it makes: it never imports :mod:`renderer.ledger.tables`, which goes on changing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
"""The revision that :mod:`renderer.ledger.tables` describes."""

FIRST = "0001"

_LOCK = 0x64656172  # any number, but always this one


def revision(connection: Connection) -> str | None:
    """The revision of a ledger, None for a database without one."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found: str | None = connection.scalar(text("select version_num from alembic_version"))
        return found
    # Before there were revisions the shape had a number in a table of its own; the only number was 1.
    return FIRST if "meta" in names else None


def upgrade(connection: Connection) -> None:
    """Bring a ledger up to HEAD, inside the connection's transaction: all of it or nothing."""
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = revision(connection)  # again, now that nobody else can change it
    config = _config(connection)
    if found == FIRST and not inspect(connection).has_table("alembic_version"):
        command.stamp(config, FIRST)
    command.upgrade(config, HEAD)


def known(name: str) -> bool:
    """Whether a revision is one of ours; one of a later version of Dearly is not."""
    from alembic.script import ScriptDirectory

    return name in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config
