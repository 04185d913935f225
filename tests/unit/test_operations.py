"""Metrics, status and cleaning, on a ledger whose numbers are known."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, insert, select, update
from typer.testing import CliRunner

from renderer.bootstrap import Services, build
from renderer.cli import main as cli
from renderer.ledger import migrations
from renderer.ledger.model import Fault, Outcome, Produced, Submission, artefact_key, new_id, wall_clock
from renderer.ledger.tables import artefacts, chunks, outbox, parts, pauses, requests, runs
from renderer.ledger.tallies import LAG_MS, Tallies
from renderer.operations.clean import Cleaner, Wish
from renderer.operations.forget import shelf_of
from renderer.operations.metrics import LedgerCollector, exposition, registry
from renderer.operations.status import Status, as_json, look
from renderer.render.video.chunks import Mine
from renderer.settings import Settings
from renderer.store.local import LocalStore
from renderer.times import DAY_MS

START = 1_700_000_000_000
NAME = "Quastenflosser"


class Bench:
    """A home, a clock, and requests in every state."""

    def __init__(self, home: Path, url: str) -> None:
        self.now = START
        self.settings = Settings(home=home, database_url=url, broker_url="")
        self.services: Services = build(self.settings)
        self.database = self.services.database
        for part in (self.services.intake, self.services.ledger, self.services.leader, self.services.roll):
            part._clock = lambda: self.now
        self.batch = self.services.intake.open_run("batch", template="small")

    def submit(self, run: str | None = None) -> str:
        self.now += 1
        request_id = new_id(self.now)
        item = Submission(
            id=request_id,
            recipient=self.services.vault.keyed("recipient", NAME),
            idempotency=request_id,
            template="small",
            release="d",
            channels=("statement",),
            sealed=b"sealed",
        )
        assert self.services.intake.submit(run or self.batch, [item]) == 1
        return request_id

    def claim(self, part_id: str) -> Any:
        with self.database.writing() as connection:
            connection.execute(
                update(parts).where(parts.c.id == part_id).values(state="dispatched", lease_until_ms=self.now + 10**6)
            )
        return self.services.ledger.claim(part_id, "me", 10**6)

    def done(self, run: str | None = None, files: int = 1, size: int = 100) -> str:
        request_id = self.submit(run)
        self.services.ledger.planned(self.claim(f"{request_id}-plan"), "digest", b"plan")
        claim = self.claim(f"{request_id}-statement")
        self.now += 40
        made = []
        for number in range(files):
            key = artefact_key(request_id, f"statement/{number}.pdf")
            self.services.store.put_if_absent(key, b"x" * size)
            made.append(
                Produced(
                    path=f"{number}.pdf", kind="pdf", media_type="application/pdf", bytes=size, sha256="0", key=key
                )
            )
        assert self.services.ledger.finish(claim, Outcome(artefacts=tuple(made)))
        return request_id

    def fail(self) -> str:
        request_id = self.submit()
        fault = Fault(code="profile.kind", message="m")
        assert self.services.ledger.fail(self.claim(f"{request_id}-plan"), fault)
        return request_id

    def settle(self, run: str | None = None, state: str = "complete") -> None:
        with self.database.writing() as connection:
            connection.execute(
                update(runs).where(runs.c.id == (run or self.batch)).values(state=state, finished_ms=self.now)
            )

    def samples(self) -> dict[tuple[str, ...], float]:
        """Every sample by its name and labels' values."""
        collector = LedgerCollector(self.settings, lambda: self.database, lambda: self.now)
        return {
            (sample.name, *sample.labels.values()): sample.value
            for metric in collector.collect()
            for sample in metric.samples
        }

    def look(self, service: bool = True) -> Status:
        return look(self.settings, service, lambda: self.now)

    def codes(self, service: bool = True) -> list[str]:
        return [need.code for need in self.look(service).needs]


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    made = Bench(tmp_path / "home", ledger_url)
    yield made
    made.database.close()


# ---------------------------------------------------------------- Metrics


def test_metrics_say_what_the_ledger_says(bench: Bench) -> None:
    bench.done()
    bench.done()
    bench.fail()
    waiting = bench.submit()
    bench.submit()
    bench.claim(f"{waiting}-plan")
    bench.services.roll.beat("w1", name="pages", queues=["site", "statement"], children=2)
    bench.services.leader.lead("dispatcher", "me", 60_000)
    with bench.database.writing() as connection:
        connection.execute(insert(outbox).values(topic="t", dedupe="d", payload="{}", created_ms=bench.now))
        connection.execute(
            insert(pauses).values(
                queue="video", faults=1, since_ms=1, fault_ms=1, until_ms=1, code="environment.disk", message="m"
            )
        )
        for key, personal in (("a", True), ("b", False), ("c", False)):
            row = {"audits": 0, "created_ms": 1, "used_ms": 1, "lease_token": 1, "lease_until_ms": 0}
            connection.execute(insert(chunks).values(key=key, bytes=1000, personal=personal, **row))
    bench.now += LAG_MS + 1
    while Tallies(bench.database, lambda: bench.now).fold():
        pass
    found = bench.samples()
    assert found["dearly_ledger_up",] == 1
    assert found["dearly_parts", "control", "ready"] == 1
    assert found["dearly_parts", "control", "running"] == 1
    assert found["dearly_parts", "statement", "ready"] == 0
    assert found["dearly_queue_oldest_seconds", "control"] == pytest.approx((LAG_MS + 1) / 1000)
    assert found["dearly_queue_oldest_seconds", "urgent"] == 0
    assert (found["dearly_queue_paused", "video"], found["dearly_queue_paused", "site"]) == (1, 0)
    assert found["dearly_requests_open", "submitted"] == 1
    assert found["dearly_requests_open", "running"] == 1
    assert found["dearly_requests_ended_total", "small", "done"] == 2
    assert found["dearly_requests_ended_total", "small", "failed"] == 1
    assert found["dearly_attempts_total", "statement", "done"] == 2
    assert found["dearly_attempts_total", "plan", "failed"] == 1
    assert found["dearly_part_duration_seconds_count", "statement"] == 2
    assert found["dearly_part_duration_seconds_bucket", "statement", "0.05"] == 2
    assert found["dearly_part_duration_seconds_bucket", "statement", "0.025"] == 0
    assert found["dearly_part_duration_seconds_sum", "statement"] == pytest.approx(0.08)
    assert found["dearly_artefact_bytes_total", "statement"] == 200
    assert found["dearly_runs", "open"] == 1
    assert found["dearly_workers", "pages"] == 1
    assert found["dearly_worker_children", "pages"] == 2
    assert found["dearly_worker_heartbeat_age_seconds", "pages"] == pytest.approx((LAG_MS + 1) / 1000)
    assert found["dearly_leader",] == 1
    assert found["dearly_outbox_waiting",] == 1
    assert (found["dearly_chunks_bytes", "personal"], found["dearly_chunks_bytes", "shared"]) == (1000, 2000)
    assert found["dearly_disk_free_bytes",] > 0


def test_metrics_have_the_form_that_prometheus_reads_and_name_nobody(bench: Bench) -> None:
    ids = [bench.done(), bench.submit(), bench.batch]
    text = exposition(bench.settings)
    families = list(text_string_to_metric_families(text))
    assert len(families) > 20
    assert all(family.name.startswith("dearly_") and family.documentation for family in families)
    assert not [one for one in (*ids, NAME, bench.services.vault.keyed("recipient", NAME)) if one in text]


def test_every_metric_is_in_the_documentation(bench: Bench) -> None:
    bench.done()
    bench.services.roll.beat("w1", name="pages")
    Tallies(bench.database, lambda: bench.now + 60_000).fold()
    page = (Path(__file__).resolve().parents[2] / "docs/operate.md").read_text()
    families = text_string_to_metric_families(exposition(bench.settings))
    counters = {"counter": "_total"}
    names = {family.name + counters.get(family.type, "") for family in families}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_a_ledger_that_is_away_is_the_news(bench: Bench) -> None:
    lost = Settings(home=bench.settings.home, database_url="postgresql://nobody@127.0.0.1:1/x", broker_url="")
    assert "dearly_ledger_up 0.0" in exposition(lost)


def test_what_takes_long_to_count_is_counted_seldom(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    counted = 0

    def slow(_gauges: object) -> list[Any]:
        nonlocal clock, counted
        counted += 1
        clock += 0.5
        return []

    monkeypatch.setattr("renderer.operations.metrics._queues", slow)
    collector = LedgerCollector(bench.settings, lambda: bench.database, lambda: bench.now, lambda: clock)
    for _ in range(5):
        list(collector.collect())
        clock += 15
    assert counted == 2  # 0.5 s may be spent every 50 s


def test_metrics_are_served(bench: Bench) -> None:
    server, thread = start_http_server(
        0, "127.0.0.1", registry(LedgerCollector(bench.settings, lambda: bench.database))
    )
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert b"dearly_ledger_up 1.0" in answer.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ---------------------------------------------------------------- Status


def test_an_idle_installation_needs_nobody(bench: Bench) -> None:
    bench.done()
    bench.settle()
    assert bench.codes(service=False) == []
    ledger = bench.look().ledger
    assert ledger is not None and ledger.revision == migrations.HEAD


def test_parts_that_nobody_serves_are_told_of(bench: Bench) -> None:
    bench.submit()
    assert bench.codes(service=False) == ["service"]
    bench.services.roll.beat("w1", name="films", queues=["video"], children=1)
    assert bench.codes() == ["broker", "dispatcher", "worker"]
    bench.services.leader.lead("dispatcher", "me", 60_000)
    bench.services.roll.beat("w2", name="control", queues=["control"], children=1)
    assert bench.codes() == ["broker"]
    bench.now += 13_000  # neither beats any more
    assert "worker" in bench.codes()
    need = next(need for need in bench.look().needs if need.code == "worker")
    assert need.text == "No worker serves the queue 'control'; 1 part waits, the oldest for 13 s."


def test_pauses_unbalanced_runs_and_approvals_need_somebody(bench: Bench) -> None:
    bench.done()
    bench.settle(state="unbalanced")
    with bench.database.writing() as connection:
        row = {"faults": 3, "fault_ms": bench.now, "until_ms": bench.now, "code": "environment.disk"}
        connection.execute(
            insert(pauses).values(queue="video", since_ms=bench.now - 400_000, message="The disk is full.", **row)
        )
    held = bench.services.intake.open_run("batch", hold_after=0)
    with bench.database.writing() as connection:
        connection.execute(update(requests).values(record=5))
    bench.submit(held)
    with bench.database.writing() as connection:
        connection.execute(update(requests).where(requests.c.run_id == held).values(record=5))
    found = bench.look(service=False)
    assert [need.code for need in found.needs] == ["service", "paused", "unbalanced", "approval"]
    assert "'video' has been paused for 6 min: The disk is full." in found.needs[1].text
    for _ in range(60):  # however many have begun since
        bench.now += 1
        bench.services.intake.open_run("batch")
    ledger = bench.look(service=False).ledger
    assert ledger is not None and ledger.runs[-1].held
    assert [run.created_ms for run in ledger.runs] == sorted((run.created_ms for run in ledger.runs), reverse=True)
    assert "approval" in bench.codes()
    bench.now += 8 * DAY_MS
    assert "unbalanced" not in bench.codes()


def test_failures_of_the_last_hour_are_counted_by_code(bench: Bench) -> None:
    bench.fail()
    bench.fail()
    ledger = bench.look().ledger
    assert ledger is not None and dict(ledger.failures) == {"profile.kind": 2}
    bench.now += 3_700_000
    ledger = bench.look().ledger
    assert ledger is not None and dict(ledger.failures) == {}


def test_status_is_told_with_everything_down(tmp_path: Path) -> None:
    nothing = look(Settings(home=tmp_path / "home", database_url="", broker_url=""), False)
    assert nothing.needs == () and nothing.ledger is None
    assert not (tmp_path / "home").exists()  # looking changes nothing
    away = Settings(home=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/x", broker_url="redis://127.0.0.1:1/0")
    began = time.monotonic()
    found = look(away, False)
    assert [need.code for need in found.needs] == ["ledger"]
    assert found.disk is not None and not found.broker
    assert as_json(found)["ledger"]["error"]["code"] == "environment.ledger"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_screen_fits_and_json_is_one_object(bench: Bench, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.register()
    monkeypatch.setenv("DEARLY_HOME", str(bench.settings.home))
    monkeypatch.setenv("DEARLY_DATABASE_URL", bench.settings.database_url)
    monkeypatch.setenv("COLUMNS", columns)
    bench.submit()
    bench.fail()
    bench.services.roll.beat("w1", name="pages", queues=["site", "statement"], children=2)
    shown = CliRunner().invoke(cli.app, ["status"])
    assert shown.exit_code == 1  # nobody serves what waits
    assert max(map(len, shown.output.splitlines())) <= int(columns)
    found = json.loads(CliRunner().invoke(cli.app, ["status", "--json"]).output)
    assert found["needs"][0]["code"] == "service"
    assert found["queues"][0]["waiting"] == 1
    assert NAME not in shown.output + json.dumps(found)


# ---------------------------------------------------------------- Cleaning


def clean(bench: Bench, days: float | None = None, free: int | None = None, dry: bool = False) -> Any:
    return Cleaner(bench.services, Wish(days=days, free=free), dry=dry, clock=lambda: bench.now).run()


def stored(bench: Bench) -> int:
    return len(list(bench.services.store.list("artefacts")))


def rows(bench: Bench) -> int:
    with bench.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(artefacts)) or 0


def test_results_go_by_age_and_what_was_done_stays_known(bench: Bench) -> None:
    old = bench.done(files=3)
    bench.settle()
    bench.now += 50 * DAY_MS
    young = bench.done(bench.services.intake.open_run("door"))
    bench.now += DAY_MS
    planned = clean(bench, days=30, dry=True)
    assert (planned.requests, planned.artefacts.count, planned.artefacts.bytes) == (1, 3, 300)
    assert (stored(bench), rows(bench)) == (4, 4)
    found = clean(bench, days=30)
    assert (found.requests, found.artefacts) == (planned.requests, planned.artefacts)
    assert (stored(bench), rows(bench)) == (1, 1)
    with bench.database.reading() as connection:
        states = {row.id: (row.state, row.cleaned_ms is not None) for row in connection.execute(select(requests))}
    assert states == {old: ("done", True), young: ("done", False)}
    assert clean(bench, days=30).requests == 0


def test_nothing_of_an_open_run_goes(bench: Bench) -> None:
    bench.done()
    bench.submit()
    bench.now += 400 * DAY_MS
    assert clean(bench, days=0).requests == 0
    assert stored(bench) == 1
    bench.settle()
    assert clean(bench, days=0).requests == 1


def test_only_as_much_goes_as_was_asked_for_the_oldest_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (bench.done(size=1000) for _ in range(3))
    bench.settle()
    bench.now += DAY_MS
    monkeypatch.setattr(Cleaner, "_disk_free", lambda _: 10_000)
    assert clean(bench, free=9_000).requests == 0
    found = clean(bench, free=11_500, dry=True)
    assert (found.requests, found.free) == (2, 12_000)
    assert clean(bench, free=11_500).requests == 2
    with bench.database.reading() as connection:
        gone = set(connection.scalars(select(requests.c.id).where(requests.c.cleaned_ms.is_not(None))))
    assert gone == {first, second} and third not in gone


def test_pieces_of_film_go_before_results(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.done(size=1000)
    bench.settle()
    shelf = shelf_of(bench.services)
    claim = shelf.claim("a" * 64, False)
    assert isinstance(claim, Mine)
    shelf.put("a" * 64, claim.token, b"x" * 5000, "digest")
    monkeypatch.setattr(Cleaner, "_disk_free", lambda _: 10_000)
    bench.now = wall_clock() + DAY_MS
    planned = clean(bench, free=12_000, dry=True)
    assert (planned.chunks.count, planned.requests) == (1, 0)
    found = clean(bench, free=12_000)
    assert (found.chunks.count, found.requests) == (1, 0)
    assert list(bench.services.store.list("chunks")) == []


def test_caches_and_logs_that_nobody_used_go_and_fonts_stay(bench: Bench) -> None:
    cache, logs = bench.settings.cache, bench.settings.logs
    long_ago = (bench.now - 40 * DAY_MS) / 1000
    for path in (cache / "mezzanine/a.yuv", cache / "fonts/static/b.ttf", logs / "old.log"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
        os.utime(path, (long_ago, long_ago))
    (cache / "new.yuv").write_bytes(b"x")
    os.utime(cache / "new.yuv", (bench.now / 1000, bench.now / 1000))
    found = clean(bench)
    assert (found.cache.count, found.logs.count, found.requests) == (1, 1, 0)
    assert (cache / "fonts/static/b.ttf").exists() and (cache / "new.yuv").exists()


def test_a_log_that_a_quiet_process_has_open_goes_on(bench: Bench) -> None:
    path = bench.settings.logs / "broker.log"
    with path.open("ab") as log:
        log.write(b"long ago")
        log.flush()
        os.utime(path, ((bench.now - 40 * DAY_MS) / 1000,) * 2)
        assert clean(bench).logs.bytes == 8
        assert clean(bench).logs.count == 0
        log.write(b"trouble")
    assert path.read_bytes() == b"trouble"


def test_a_cleaning_that_is_cut_short_leaves_no_row_without_its_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        bench.done(files=2)
    bench.settle()
    bench.now += DAY_MS
    delete = LocalStore.delete
    calls = 0

    def dying(store: LocalStore, key: str) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return delete(store, key)

    monkeypatch.setattr(LocalStore, "delete", dying)
    with pytest.raises(KeyboardInterrupt):
        clean(bench, days=0)
    monkeypatch.undo()
    with bench.database.reading() as connection:
        keys = list(connection.scalars(select(artefacts.c.key)))
    assert all(bench.services.store.stat(key) is not None for key in keys)


def test_results_do_not_go_unasked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.register()
    monkeypatch.setenv("DEARLY_HOME", str(bench.settings.home))
    monkeypatch.setenv("DEARLY_DATABASE_URL", bench.settings.database_url)
    bench.done()
    bench.settle()
    asked = CliRunner().invoke(cli.app, ["clean", "--older-than", "0"])
    assert asked.exit_code == 2 and "--yes" in asked.output
    assert stored(bench) == 1
    done = CliRunner().invoke(cli.app, ["clean", "--older-than", "0", "--yes", "--json"])
    assert json.loads(done.output)["results"] == {"requests": 1, "files": 1, "bytes": 100}
    assert stored(bench) == 0
