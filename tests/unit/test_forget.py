"""Forgetting a recipient: everything goes, also what is made meanwhile, and a proof without a name stays."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update
from typer.testing import CliRunner

from renderer.bootstrap import Services, build, recipient_use
from renderer.cli import main as cli
from renderer.ledger.model import Claim, artefact_key, new_id, wall_clock
from renderer.ledger.tables import (
    artefacts,
    attempts,
    chunk_uses,
    erasures,
    history,
    metadata,
    outbox,
    parts,
    requests,
    runs,
    sealed,
    set_aside,
    tallies,
)
from renderer.operations import forget
from renderer.orders import MadePlan, Order, submission
from renderer.render.model import RenderResult, write_artefact
from renderer.render.video.chunks import Mine
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.settings import Settings
from renderer.shelf import Shelf
from renderer.store.local import LocalStore
from renderer.template.model import Channel
from renderer.template.release import Release
from tests.engines import AsItStands
from workers.leash import owned_prefix
from workers.tasks import work_on

ROOT = Path(__file__).resolve().parents[2]
ANNA, BRUNO = "kunde-4711-Quastenflosser", "kunde-0815"
RELEASE = Release({"template.yaml": b"id: nothing"})


class Engine(AsItStands):
    """Writes a file for each channel. ``meanwhile`` is called while a channel is rendered."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[str], object]] = []

    def files(self, plan: MadePlan, channel: Channel, out: Path, use: str) -> RenderResult:
        content = f"{plan.data} {channel}".encode()
        for call in self.meanwhile:
            call(use)
        return RenderResult(
            channel=channel, artefacts=(write_artefact(out, channel, "page", "page.txt", content, "text/plain"),)
        )


class Bench:
    """A home with two customers' requests."""

    def __init__(self, home: Path, url: str) -> None:
        self.engine = Engine()
        self.services: Services = build(
            Settings(home=home, database_url=url, broker_url=""),
            self.engine,
        )
        self.database = self.services.database
        self.release = self.services.releases.publish(RELEASE)
        self.shelf: Shelf = forget.shelf_of(self.services)
        self.run = self.services.intake.open_run("batch")

    def submit(self, recipient: str, *channels: Channel) -> str:
        item = submission(
            self.services.vault,
            Order(profile=f'{{"name": "{recipient}"}}'),
            recipient=recipient,
            idempotency=(new_id(1),),
            template="nothing",
            release=self.release,
            channels=channels or ("statement",),
        )
        assert self.services.intake.submit(self.run, [item]) == 1
        return item.id

    def make(self, request_id: str, *channels: Channel) -> None:
        for work in ("plan", *(channels or ("statement",))):
            part_id = f"{request_id}-{work}"
            with self.database.writing() as connection:
                connection.execute(
                    update(parts)
                    .where(parts.c.id == part_id, parts.c.state == "submitted", parts.c.waits == 0)
                    .values(state="dispatched", lease_until_ms=2**50)
                )
            work_on(self.services, [part_id])

    def done(self, recipient: str) -> str:
        request_id = self.submit(recipient)
        self.make(request_id)
        assert self.state(request_id) == "done"
        return request_id

    def state(self, request_id: str) -> str:
        with self.database.reading() as connection:
            return str(connection.scalar(select(requests.c.state).where(requests.c.id == request_id)))

    def files(self, request_id: str) -> list[str]:
        return forget.files_of(self.services, request_id)

    def count(self, table: object, *where: object) -> int:
        with self.database.reading() as connection:
            asked = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return connection.scalar(asked) or 0

    def chunk(self, key: str, *uses: str, personal: bool = True) -> None:
        for use in uses:
            self.shelf.hold([key], use)
        claim = self.shelf.claim(key, personal)
        assert isinstance(claim, Mine)
        self.shelf.put(key, claim.token, b"frames", "digest")

    def chunks(self) -> set[str]:
        return {key.rpartition("/")[2] for key in self.services.store.list("chunks")}

    def set_aside(self, recipient: str, record: int) -> None:
        vault = self.services.vault
        with self.database.writing() as connection:
            connection.execute(
                insert(set_aside).values(
                    run_id=self.run,
                    record=record,
                    code="profile.kind",
                    faults="[]",
                    recipient=vault.keyed("recipient", recipient),
                    data=vault.seal(recipient.encode(), f"record {record}"),
                    amounts=vault.seal(b"66.90", f"amounts {record}"),
                    at_ms=1,
                )
            )


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    made = Bench(tmp_path / "home", ledger_url)
    yield made
    made.database.close()


def test_everything_of_a_recipient_goes_and_nothing_of_another(bench: Bench) -> None:
    anna, second, bruno = bench.done(ANNA), bench.done(ANNA), bench.done(BRUNO)
    bench.set_aside(ANNA, 7)
    bench.set_aside(BRUNO, 8)
    use = recipient_use(bench.services.settings, ANNA)
    bench.chunk("a" * 64, f"{anna}-statement")
    bench.chunk("b" * 64, f"{anna}-statement", f"{bruno}-statement")
    bench.chunk("c" * 64, use)
    bench.chunk("d" * 64, personal=False)
    speech = SpeechShelf(bench.services.settings.cache / "speech", b"key")
    speech.put("a name", b"sound", personal=True)
    speech.put("a word", b"sound", personal=False)

    proof = forget.forget(bench.services, ANNA)

    assert (proof.requests, proof.records, proof.artefacts, proof.chunks) == (2, 1, 2, 2)
    assert proof.bytes > 0 and proof.finished_ms is not None
    for request in (anna, second):
        assert bench.files(request) == []
        assert bench.count(sealed, sealed.c.request_id == request) == 0
        assert bench.state(request) == "done"  # what was done stays known, as a number
    assert len(bench.files(bruno)) == 1
    assert bench.count(sealed, sealed.c.request_id == bruno) == 2
    assert bench.count(artefacts) == 1
    assert bench.count(set_aside) == 2 and bench.count(set_aside, set_aside.c.data.is_not(None)) == 1
    assert bench.chunks() == {"b" * 64, "d" * 64}
    assert bench.count(chunk_uses, chunk_uses.c.use.in_([use, f"{anna}-statement"])) == 0
    assert speech.get("a name") is None and speech.get("a word") == b"sound"
    assert bench.count(tallies, tallies.c.name == "removed") == 1
    with bench.database.reading() as connection:
        row = connection.execute(select(requests).where(requests.c.id == anna)).one()
    assert row.forgotten_ms and row.dropped_ms and row.plan_digest is None


def test_open_requests_are_cancelled_first(bench: Bench) -> None:
    waiting, bruno = bench.submit(ANNA), bench.submit(BRUNO)
    forget.forget(bench.services, ANNA)
    assert (bench.state(waiting), bench.state(bruno)) == ("cancelled", "submitted")
    bench.make(waiting)  # its message comes all the same
    assert bench.files(waiting) == [] and bench.count(sealed, sealed.c.request_id == waiting) == 0


def test_a_second_call_finds_nothing_more_and_a_new_request_is_found(bench: Bench) -> None:
    bench.done(ANNA)
    first = forget.forget(bench.services, ANNA)
    assert forget.known(bench.services, ANNA).nothing
    assert forget.last(bench.services, ANNA) == first
    assert bench.count(erasures) == 1
    bench.done(ANNA)  # the customer came back
    assert forget.known(bench.services, ANNA).requests == 1
    again = forget.forget(bench.services, ANNA)
    assert again.id != first.id and (again.requests, again.artefacts) == (1, 1)
    assert forget.known(bench.services, BRUNO).nothing and forget.last(bench.services, BRUNO) is None


def test_a_worker_that_stores_its_files_while_we_forget_leaves_nothing(bench: Bench) -> None:
    request = bench.submit(ANNA, "statement", "video")
    bench.make(request, "statement")
    key = "e" * 64

    def meanwhile(use: str) -> None:
        forget.forget(bench.services, ANNA)
        assert bench.files(request) == []
        bench.chunk(key)  # the film's next piece: its use was written before and is gone

    bench.engine.meanwhile = [lambda use: bench.shelf.hold([key], use), meanwhile]
    bench.make(request, "video")
    assert bench.files(request) == []
    assert bench.count(artefacts) == 0 and bench.count(sealed) == 0
    assert bench.chunks() == set() and bench.count(chunk_uses) == 0
    assert list(bench.services.settings.work.rglob("page.txt")) == []


def test_a_worker_that_makes_a_plan_while_we_forget_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = bench.submit(ANNA)
    plan = bench.engine.plan

    def slow(release: Release, order: Order) -> MadePlan:
        forget.forget(bench.services, ANNA)
        return plan(release, order)

    monkeypatch.setattr(bench.engine, "plan", slow)
    bench.make(request)
    assert bench.count(sealed) == 0 and bench.files(request) == []


def test_what_a_killed_worker_has_left_is_found_by_the_last_look(bench: Bench) -> None:
    request, bruno = bench.done(ANNA), bench.done(BRUNO)
    proof = forget.forget(bench.services, ANNA)
    assert proof.finished_ms is not None and proof.checked_ms is None
    late = artefact_key(request, "video/film.mp4")
    bench.services.store.put_if_absent(late, b"stored just before it was killed")
    bench.chunk("f" * 64, f"{request}-statement")
    assert looked_again(bench, proof.finished_ms) == 0  # not yet
    assert looked_again(bench, proof.finished_ms + 1) == 1
    assert bench.files(request) == [] and bench.chunks() == set()
    assert len(bench.files(bruno)) == 1
    assert looked_again(bench, proof.finished_ms + 10**9) == 0  # once


def test_the_last_look_never_holds_the_dispatcher_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends what is urgent, and leads for seconds only, while a bucket takes its time to say what it has."""
    for _ in range(4):
        bench.done(ANNA)
        bench.done(BRUNO)
    for recipient in (ANNA, BRUNO):
        forget.forget(bench.services, recipient)
    asked: list[str] = []
    listed = LocalStore.list

    def counted(store: LocalStore, prefix: str) -> Iterator[str]:
        asked.append(prefix)
        return listed(store, prefix)

    monkeypatch.setattr(LocalStore, "list", counted)
    before = 0
    for _ in forget.look_again(bench.services, wall_clock() + 1000):
        assert len(asked) <= before + 1
        before = len(asked)
    assert before == 8


def looked_again(bench: Bench, before_ms: int) -> int:
    """The last look to its end; of how many."""
    look = forget.look_again(bench.services, before_ms)
    while True:
        try:
            next(look)
        except StopIteration as end:
            return int(end.value)


def test_the_proof_and_all_that_stays_hold_nothing_personal(bench: Bench) -> None:
    bench.done(ANNA)
    bench.set_aside(ANNA, 3)
    forget.forget(bench.services, ANNA)
    with bench.database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert "Quastenflosser" not in str(tuple(row)), table.name
        assert connection.scalars(select(erasures.c.recipient)).all() == [bench.services.vault.keyed("recipient", ANNA)]
        assert "forgotten" in connection.scalars(select(history.c.event)).all()


def test_the_tables_that_know_a_recipient_are_all_thought_of() -> None:
    """A new table or column has to be thought of here, and in renderer/ledger/erasing.py if it holds anything of one
    person."""
    of_requests = {
        table.name
        for table in metadata.sorted_tables
        if {"request_id", "part_id", "recipient", "use"} & {column.name for column in table.columns}
    }
    assert of_requests == {
        artefacts.name,  # rows go, with their files
        attempts.name,  # times and codes
        chunk_uses.name,  # go
        erasures.name,  # the proof
        history.name,  # events and codes
        "part_needs",  # ids
        parts.name,  # counts and codes
        requests.name,  # the keyed digest stays
        sealed.name,  # goes
        set_aside.name,  # data goes
    }
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if "BLOB" in str(column.type) or "Binary" in type(column.type).__name__
    }
    ours = {"webhook_secrets.sealed"}  # of receivers, not of recipients
    assert binary - ours == {"sealed.data", "set_aside.data", "set_aside.amounts"}
    assert {column.name for column in outbox.columns} >= {"payload"}  # ids and states
    assert {column.name for column in runs.columns}.isdisjoint({"recipient"})


STOPS = """
import os, signal, sys
from renderer.bootstrap import build
from renderer.operations import forget
from renderer.settings import Settings
from renderer.store.local import LocalStore
stop_at, calls = int(sys.argv[2]), 0
delete = LocalStore.delete
def dying(self, key):
    global calls
    calls += 1
    if calls == stop_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return delete(self, key)
LocalStore.delete = dying
forget.forget(build(Settings()), sys.argv[1])
"""


@pytest.mark.chaos
def test_an_erasure_that_was_killed_goes_on(bench: Bench, ledger_url: str) -> None:
    made = [bench.done(ANNA) for _ in range(3)]
    bench.set_aside(ANNA, 3)
    bench.chunk("a" * 64, f"{made[0]}-statement")
    environment = {**os.environ, "DEARLY_HOME": str(bench.services.settings.home), "DEARLY_DATABASE_URL": ledger_url}
    for stop_at in (1, 2):
        ended = subprocess.run(
            [sys.executable, "-c", STOPS, ANNA, str(stop_at)], cwd=ROOT, env=environment, check=False
        )
        assert ended.returncode == -signal.SIGKILL
        last = forget.last(bench.services, ANNA)
        assert last is not None and last.finished_ms is None
    assert any(bench.files(request) for request in made)
    proof = forget.forget(bench.services, ANNA)
    assert not any(bench.files(request) for request in made)
    assert bench.chunks() == set() and bench.count(sealed) == 0
    assert (proof.requests, proof.records, proof.artefacts) == (3, 1, 3)  # each counted once
    assert bench.count(erasures) == 1


def test_the_sealed_bytes_are_gone_from_sqlites_files(tmp_path: Path) -> None:
    """``secure_delete`` overwrites them in the file, the checkpoint cuts the log. A neighbour's are still there, so the
    search works."""
    bench = Bench(tmp_path / "home", "")
    people = [ANNA, BRUNO] * 20  # several pages
    made = {recipient: [bench.done(recipient) for _ in people[:20]] for recipient in (ANNA, BRUNO)}
    bench.set_aside(ANNA, 3)
    with bench.database.reading() as connection:
        data = {row.request_id: row.data for row in connection.execute(select(sealed))}
        aside = connection.scalar(select(set_aside.c.data))
    hers = [data[request][5:60] for request in made[ANNA]] + [aside[5:40] if aside else b""]
    his = [data[request][5:60] for request in made[BRUNO]]

    def found(wanted: list[bytes]) -> int:
        home = bench.services.settings.home
        content = b"".join(file.read_bytes() for file in home.glob("ledger.sqlite*"))
        return sum(one in content for one in wanted)

    assert found(hers) == len(hers)
    forget.forget(bench.services, ANNA)
    assert found(hers) == 0
    assert found(his) == len(his)
    bench.database.close()


@pytest.mark.parametrize("given", [f"{ANNA}\n", f"  {ANNA} \t\r\n", f"\ufeff{ANNA}"])
def test_a_key_is_found_whatever_stands_around_it(
    bench: Bench, given: str, monkeypatch: pytest.MonkeyPatch, ledger_url: str
) -> None:
    """Contracts take blanks away too, so the ledger has none."""
    bench.done(ANNA)
    told = run_forget(bench, ledger_url, monkeypatch, "-", given)
    assert json.loads(told)["requests"] == 1
    assert json.loads(run_forget(bench, ledger_url, monkeypatch, f" {ANNA} "))["forgotten"] is False


def test_what_a_killed_worker_had_at_work_goes_though_no_service_runs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, ledger_url: str
) -> None:
    bench.done(ANNA)
    dead = subprocess.run(
        [sys.executable, "-c", "from workers.leash import owned_prefix; print(owned_prefix())"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.strip()
    work = bench.services.settings.work
    for name in (f"{dead}torn", f"{owned_prefix()}mine"):
        (work / name).mkdir()
        (work / name / "page.html").write_text(ANNA)
    run_forget(bench, ledger_url, monkeypatch, ANNA)
    assert [path.name for path in work.iterdir()] == [f"{owned_prefix()}mine"]


def run_forget(
    bench: Bench, ledger_url: str, monkeypatch: pytest.MonkeyPatch, argument: str, given: str | None = None
) -> str:
    cli.register()
    monkeypatch.setenv("DEARLY_HOME", str(bench.services.settings.home))
    monkeypatch.setenv("DEARLY_DATABASE_URL", ledger_url)
    told = CliRunner().invoke(cli.app, ["forget", argument, "--yes", "--json"], input=given)
    assert told.exit_code == 0, told.output
    return told.stdout


def test_a_reader_that_holds_the_log_does_not_stop_an_erasure(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", "")
    bench.done(ANNA)
    reader = sqlite3.connect(bench.services.settings.home / "ledger.sqlite", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from requests").fetchone()
    assert not bench.database.scrub(forget.SEALED, wait_s=0.05)
    reader.close()
    assert bench.database.scrub(forget.SEALED, wait_s=0.05)
    bench.database.close()


def test_claims_are_lost_with_the_request(bench: Bench) -> None:
    request = bench.submit(ANNA)
    with bench.database.writing() as connection:
        connection.execute(
            update(parts).where(parts.c.id == f"{request}-plan").values(state="dispatched", lease_until_ms=2**50)
        )
    claim: Claim | None = bench.services.ledger.claim(f"{request}-plan", "me", 1000)
    assert claim is not None
    forget.forget(bench.services, ANNA)
    assert not bench.services.ledger.beat(claim, 1, 2)
    assert not bench.services.ledger.planned(claim, "digest", b"sealed plan")
    assert bench.count(sealed) == 0
