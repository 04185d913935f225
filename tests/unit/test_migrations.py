"""The ledger's shape: what the revisions make is what the code reads, and an old ledger on disk is brought up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from typer.testing import CliRunner

from renderer.cli import main as cli
from renderer.errors import EnvironmentFault
from renderer.ledger import migrations
from renderer.ledger.database import Database
from renderer.ledger.tables import metadata
from tests.ledgers import Postgres


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    made = Database(ledger_url)
    yield made
    made.close()


def test_the_revisions_make_what_the_code_reads(database: Database, tmp_path: Path) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert migrations.revision(connection) == migrations.HEAD
        # Alembic does not compare checks and partial indexes, so a database made from the tables is held against it.
        engine = create_engine(f"sqlite:///{tmp_path / 'plain.sqlite'}")
        metadata.create_all(engine)
        if connection.dialect.name == "sqlite":
            with engine.connect() as plain:
                assert _details(connection) == _details(plain)
        engine.dispose()


def _details(connection: Connection) -> tuple[dict[str, list[str]], dict[str, str]]:
    inspector = inspect(connection)
    checks = {
        table: sorted(str(check["sqltext"]) for check in inspector.get_check_constraints(table))
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    indexes = connection.execute(text("select name, sql from sqlite_master where type = 'index' and sql is not null"))
    return checks, {name: " ".join(sql.lower().split()) for name, sql in indexes.all()}


def test_head_is_the_last_revision() -> None:
    assert ScriptDirectory.from_config(migrations._config()).get_heads() == [migrations.HEAD]


def test_a_server_is_brought_up_only_when_its_operator_says_so(postgres: Postgres) -> None:
    url = postgres.empty()
    with pytest.raises(EnvironmentFault, match="dearly migrate"):
        Database(url)
    Database(url, upgrade=True).close()
    Database(url).close()


def test_a_ledger_of_a_later_version_is_refused(ledger_url: str) -> None:
    with closing(Database(ledger_url)) as database, database.writing() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(EnvironmentFault, match="9999") as caught:
        Database(ledger_url, upgrade=True)
    assert caught.value.code == "environment.ledger"


def test_a_ledger_from_before_the_revisions_is_brought_up(tmp_path: Path) -> None:
    """The shape that Dearly 0.1 made, with a request half done."""
    file = tmp_path / "ledger.sqlite"
    _make_first_shape(file)
    with closing(Database(f"sqlite:///{file}")) as database, database.reading() as connection:
        assert migrations.revision(connection) == migrations.HEAD
        found = connection.execute(text("select id, state, waits, needed, attempts from parts order by id")).all()
        assert [tuple(row) for row in found] == [
            ("req-microsite", "submitted", 2, 0, 0),  # for the film, and for the plan that was never made
            ("req-plan", "submitted", 0, 3, 0),
            ("req-statement", "done", 0, 1, 1),
            ("req-video", "submitted", 1, 1, 0),
        ]
        assert connection.scalar(text("select state from runs")) == "running"
        assert connection.scalar(text("select event from history")) == "submitted"
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def _make_first_shape(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        command.upgrade(migrations._config(connection), migrations.FIRST)
    engine.dispose()
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(
            """
            drop table alembic_version;
            insert into meta values ('schema', '1');
            insert into runs values ('run', 'demo', 1, null, 5);
            insert into requests (id, run_id, recipient, idempotency, template, release, state, created_ms)
                values ('req', 'run', 'r', 'i', 't', 'd', 'running', 5);
            insert into parts (id, request_id, channel, queue, priority, state, waits, available_ms, attempts, faults,
                lease_owner, lease_token, lease_until_ms, step, steps)
                values ('req-video', 'req', 'video', 'video', 0, 'running', 0, 5, 1, 0, 'n:1:1', 1, 9, 0, 0),
                       ('req-statement', 'req', 'statement', 'statement', 0, 'done', 0, 5, 1, 0, 'n:1:1', 1, 9, 0, 0),
                       ('req-microsite', 'req', 'microsite', 'site', 0, 'submitted', 1, 5, 0, 0, null, 0, null, 0, 0);
            insert into part_needs values ('req-microsite', 'req-video'), ('req-microsite', 'req-statement');
            insert into artefacts values ('req-statement', 'p', 'pdf', 'application/pdf', 1, '00', 'key');
            insert into sealed values ('req', 'profile', x'00');
            insert into history (at_ms, request_id, event) values (5, 'req', 'submitted');
            """
        )


LOOKS = (
    "status", "metrics", "outcome x", "batch list", "batch status latest", "batch report latest", "batch verify latest",
    "batch export latest --to OUT", "batch set-aside latest --out OUT", "release list", "key list", "webhook list",
    "webhook log x", "clean --dry-run",
)  # fmt: skip
"""Commands that change nothing."""


@pytest.mark.parametrize("command_", LOOKS)
def test_who_only_looks_leaves_an_older_ledger_as_it_is(
    command_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers of the version before may be at work on it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    url = f"sqlite:///{home / 'ledger.sqlite'}"
    engine = create_engine(url)

    def shape() -> str | None:
        with engine.connect() as connection:
            return migrations.revision(connection)

    with engine.begin() as connection:
        command.upgrade(migrations._config(connection), "0007")
    monkeypatch.setenv("DEARLY_HOME", str(home))
    cli.register()
    said = CliRunner().invoke(cli.app, command_.replace("OUT", str(tmp_path / "out")).split())
    if command_ == "metrics":
        assert "dearly_ledger_up 0.0" in said.output
    else:
        assert said.exit_code == (1 if command_ == "status" else 3), said.output
        assert "shape 0007" in said.output and "dearly migrate" in said.output
    assert shape() == "0007"
    assert CliRunner().invoke(cli.app, ["migrate"]).exit_code == 0
    assert shape() == migrations.HEAD
    engine.dispose()


def test_who_only_looks_makes_a_ledger_where_there_is_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with closing(Database(url, only_look=True)) as made, made.reading() as connection:
        assert migrations.revision(connection) == migrations.HEAD
