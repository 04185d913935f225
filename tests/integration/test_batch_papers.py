"""What is asked about a run afterwards, of one with real plans, films and statements: list, status, report, verify,
export. The commands as scripts call them; the work is done in this process."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from renderer.batch.balance import Settler
from renderer.batch.intake import open_batch, take_in
from renderer.batch.model import BatchOptions
from renderer.bootstrap import Services, build
from renderer.cli import main
from renderer.ledger.database import Database
from renderer.ledger.model import QUEUES
from renderer.ledger.tables import runs
from renderer.settings import Settings
from renderer.template.release import read_folder
from renderer.units import sha256
from tests.small_template import drawable, profile_with, write
from workers.tasks import work_on

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SECRET = "Quastenflosser"


@dataclass(frozen=True)
class Made:
    """A home in which a run has come to its end."""

    home: Path
    services: Services
    database: Database
    run: str

    def ask(self, *arguments: str) -> Result:
        main.register()
        found = CliRunner(env={"DEARLY_HOME": str(self.home), "COLUMNS": "100"}).invoke(main.app, ["batch", *arguments])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found

    def told(self, *arguments: str, code: int = 0) -> Any:
        found = self.ask(*arguments, "--json")
        assert found.exit_code == code, found.output
        return json.loads(found.stdout)

    def stored(self, path: str) -> tuple[Path, str]:
        """The stored file with that path of the first request that has one, and the request."""
        pages = self.services.walk.requests(self.run, files=True)
        asked = ((file, one) for page in pages for one in page for part in one.parts for file in part.files)
        file, one = next((file, one) for file, one in asked if file.path == path)
        return self.services.settings.store / file.key, one.id


def person(number: int, **changes: Any) -> dict[str, Any]:
    return profile_with(customer__id=f"{SECRET}-{number}", customer__name=f"{SECRET} {number}", **changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("papers")
    settings = Settings(home=folder / "home", broker_url="", database_url="")
    services = build(settings)
    page = "<html><head>{{ head }}</head><body><p>{{ t('hello') }}</p></body></html>\n"
    release = read_folder(write(folder / "template", drawable({"microsite/index.html.j2": page})))
    people = [
        person(1),
        person(2, bill__total=20.5),
        person(3, bill__total=0),  # nothing due: suppressed
        person(4, bill__total="much"),  # set aside
        person(5, bill__total=7, bill__currency="USD"),
        person(1),  # twice
    ]
    source = folder / "people.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in people))
    run, _ = open_batch(services, release, BatchOptions())
    take_in(services, run.id, str(source))
    while ready := [part for queue in QUEUES.values() for part in services.leader.dispatch(queue, 100, 60_000)]:
        work_on(services, [part.part_id for part in ready])
    settler = Settler(services)
    ended = settler.settle()
    while settler.busy:
        ended += settler.settle()
    assert ended == [run.id]
    database = Database(settings.database)
    yield Made(settings.home, services, database, run.id)
    database.close()


def test_the_run_is_listed_and_stands_complete(made: Made) -> None:
    (listed,) = made.told("list")["runs"]
    counts = {"input": 6, "done": 3, "failed": 0, "suppressed": 1, "set_aside": 2, "cancelled": 0}
    assert listed["run"] == made.run and listed["counts"] == {**counts, "open": 0}
    assert made.run[:14] in made.ask("list").stdout
    status = made.told("status", made.run[:20])
    assert (status["run"], status["state"], status["waits"]) == (made.run, "complete", [])
    assert status["counts"].items() >= counts.items()
    assert "complete" in made.ask("status", "latest").stdout
    assert "complete" in made.ask("status", "latest", "--watch").stdout, "what has ended is not watched"


def test_the_report_adds_up_in_records_and_in_money(made: Made) -> None:
    told = made.told("report", "latest")
    assert told["balanced"] is True and told["why"] == []
    counts = told["counts"]
    assert counts == {"input": 6, "done": 3, "failed": 0, "suppressed": 1, "set_aside": 2, "cancelled": 0}
    assert counts["input"] == sum(count for name, count in counts.items() if name != "input")
    sums = {one["currency"]: one for one in told["control_totals"]}
    assert Decimal(sums["EUR"]["input"]) == Decimal("154.30") and Decimal(sums["EUR"]["done"]) == Decimal("87.40")
    assert Decimal(sums["EUR"]["set_aside"]) == Decimal("66.90") and Decimal(sums["USD"]["done"]) == 7
    assert {Decimal(one["difference"]) for one in sums.values()} == {Decimal(0)}
    assert told["unread"] == {"total": {"input": 1, "set_aside": 1}}
    assert {name: channel["states"] for name, channel in told["channels"].items()} == {
        name: {"done": 3, "suppressed": 1} for name in ("microsite", "statement", "video")
    }
    assert told["channels"]["video"]["figures"]["frames_total"] != "0"
    engines = {digest: one for channel in told["channels"].values() for digest, one in channel["engines"].items()}
    assert set(engines) == set(told["engines"]) and all("dearly" in one for one in told["engines"].values())
    assert [(one["code"], one["count"]) for one in told["suppressed"]] == [("nothing-due", 1)]
    text = made.ask("report", "latest")
    assert text.exit_code == 0 and "Balanced." in text.stdout and "154.30" in text.stdout
    assert SECRET not in text.output and SECRET not in json.dumps(told)


def test_a_row_for_each_record(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert made.ask("report", "latest", "--format", "csv", "--out", str(out)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert [row["state"] for row in rows] == ["done", "done", "suppressed", "set_aside", "done", "set_aside"]
    assert rows[3]["field"] == "bill.total" and rows[5]["reason"] == "profile.duplicate" and rows[3]["line"] == "4"
    assert rows[0]["video"] == "done" and SECRET not in out.read_text("utf-8")
    assert made.ask("report", "latest", "--format", "csv").stdout == out.read_text("utf-8")
    for form in ("text", "json"):
        assert made.ask("report", "latest", "--format", form, "--out", str(out)).exit_code == 0
        assert made.run in out.read_text("utf-8") and "\x1b" not in out.read_text("utf-8")
    assert json.loads(out.read_text("utf-8"))["run"] == made.run
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert made.ask("report", "latest", "--format", "csv", "--json").exit_code == 2
    assert made.ask("report", "latest", "--out", str(tmp_path / "no" / "file")).exit_code == 3


def test_what_is_stored_is_verified(made: Made) -> None:
    told = made.told("verify", "latest")
    assert told["whole"] is True and told["counts"]["requests"] == 4
    assert told["counts"]["files"] == len([*made.services.store.list("artefacts")])
    assert "Whole." in made.ask("verify", "latest").stdout
    film, request = made.stored("video/film.mp4")
    content = film.read_bytes()
    try:
        film.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
        (wrong,) = made.told("verify", "latest", code=1)["wrong"]
        assert (wrong["kind"], wrong["path"], wrong["request"]) == ("digest", "video/film.mp4", request)
        found = made.ask("verify", "latest")
        assert found.exit_code == 1 and request in found.stdout and "video/film.mp4" in found.stdout
        film.unlink()
        assert made.told("verify", "latest", code=1)["wrong"][0]["kind"] == "missing"
    finally:
        film.write_bytes(content)
    assert made.ask("verify", "latest").exit_code == 0


def test_what_was_made_is_exported(made: Made, tmp_path: Path) -> None:
    to = tmp_path / "out"
    told = made.told("export", "latest", "--to", str(to))
    assert told["counts"]["requests"] == 3 and told["wrong"] == []
    assert told["without"] == {"set_aside": 2, "suppressed": 1}
    entries = [json.loads(line) for line in (to / "manifest.jsonl").read_text("utf-8").splitlines()]
    files = [one for one in entries if one["entry"] == "file"]
    assert len(files) == told["counts"]["files"] and entries[-1]["engines"]
    for one in files:
        assert sha256((to / one["path"]).read_bytes()) == one["sha256"]
    assert any(path.suffix == ".pdf" for path in to.glob("00000/00000001-*/statement/*"))
    assert SECRET not in "".join(str(path) for path in to.rglob("*")) + (to / "manifest.jsonl").read_text("utf-8")
    again = made.ask("export", "latest", "--to", str(to))
    assert again.exit_code == 0 and "0 new" in again.stdout
    only = made.told("export", "latest", "--to", str(tmp_path / "pdf"), "--channel", "statement", "--link")
    assert (only["counts"]["files"], only["counts"]["linked"]) == (3, 3)


def test_a_run_that_does_not_balance_ends_with_1_in_every_form(made: Made) -> None:
    with made.database.writing() as connection:
        connection.execute(update(runs).values(state="unbalanced", why='{"why": ["A cent is missing."]}'))
    try:
        for form in ("text", "json", "csv"):
            assert made.ask("report", "latest", "--format", form).exit_code == 1
        assert "A cent is missing." in made.ask("report", "latest").stdout
        assert made.told("report", "latest", code=1)["why"] == ["A cent is missing."]
        assert "A cent is missing." in made.ask("status", "latest").stdout
    finally:
        with made.database.writing() as connection:
            connection.execute(update(runs).values(state="complete", why=None))


def test_wrong_uses_are_refused(made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for arguments in (
        ("export", "latest", "--to", str(tmp_path)),
        ("export", "latest", "--to", str(tmp_path / "file")),
        ("export", "latest", "--to", str(tmp_path / "new"), "--channel", "film"),
        ("report", "0000"),
        ("verify", "nobody"),
        ("status", "ffff"),
    ):
        told = made.told(*arguments, code=2)
        assert told["errors"][0]["code"] in ("usage.argument", "usage.run")
    assert not (tmp_path / "new").exists() and (tmp_path / "file").read_text() == "mine"
