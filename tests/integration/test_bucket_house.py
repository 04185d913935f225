"""An installation with its files in a bucket: everything that asks about them, removes them, or brings them out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import IncompleteRead
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from renderer.batch.export import export
from renderer.batch.verify import verify
from renderer.bootstrap import Services, build
from renderer.cli import main as cli
from renderer.errors import EnvironmentFault, UsageError
from renderer.installation import MARKER
from renderer.ledger.database import Database
from renderer.ledger.leader import Roll
from renderer.ledger.model import artefact_key, wall_clock
from renderer.ledger.tables import parts, pauses
from renderer.operations import forget
from renderer.operations.clean import Cleaner, Wish
from renderer.operations.retention import Retention
from renderer.operations.status import look
from renderer.operations.upkeep import SHARDS, Caretaker
from renderer.orders import MadePlan, Order, submission
from renderer.render.model import RenderResult, write_artefact
from renderer.render.video.chunks import Mine
from renderer.settings import Settings
from renderer.store.base import Store
from renderer.template.model import Channel
from renderer.template.release import Release
from tests import stores
from tests.engines import AsItStands
from tests.http_house import http_house
from tests.stores import Bucket, Moto
from workers.tasks import work_on

pytestmark = pytest.mark.integration

RELEASE = Release({"template.yaml": b"id: nothing\nretention_days: 3650"})
CONTENT = b"a letter " * 100_000


class Engine(AsItStands):
    """Writes one file."""

    def files(self, plan: MadePlan, channel: Channel, out: Path, use: str) -> RenderResult:
        file = write_artefact(out, channel, "pdf", "statement.pdf", CONTENT, "application/pdf")
        return RenderResult(channel=channel, artefacts=(file,))


class House:
    """A home whose files are in a bucket, and a run in it."""

    def __init__(self, home: Path, bucket: Bucket) -> None:
        self.settings = Settings(home=home, store_url=bucket.url, s3_endpoint=bucket.endpoint, s3_region=stores.REGION)
        self.services: Services = build(self.settings, Engine())
        self.release = self.services.releases.publish(RELEASE)
        self.run = self.services.intake.open_run("batch", template="nothing", release=self.release)

    def submit(self, recipient: str) -> str:
        item = submission(
            self.services.vault,
            Order(profile="{}"),
            recipient=recipient,
            idempotency=recipient,
            template="nothing",
            release=self.release,
            channels=("statement",),
            record=1,
        )
        assert self.services.intake.submit(self.run, [item]) == 1
        return item.id

    def work(self, request_id: str, kind: str) -> None:
        part_id = f"{request_id}-{kind}"
        with self.services.database.writing() as connection:
            connection.execute(
                update(parts)
                .where(parts.c.id == part_id, parts.c.state == "submitted", parts.c.waits == 0)
                .values(state="dispatched", lease_until_ms=2**50)
            )
        work_on(self.services, [part_id])

    def done(self, recipient: str = "anna") -> str:
        request_id = self.submit(recipient)
        self.work(request_id, "plan")
        self.work(request_id, "statement")
        return request_id

    def key(self, request_id: str) -> str:
        return artefact_key(request_id, "statement/statement.pdf")


@pytest.fixture
def bucket(moto: Moto) -> Iterator[Bucket]:
    yield moto.bucket()
    moto.faults.clear()


@pytest.fixture
def house(tmp_path: Path, bucket: Bucket) -> Iterator[House]:
    made = House(tmp_path / "home", bucket)
    yield made
    made.services.database.close()


def away(moto: Moto) -> None:
    """The store answers nothing but errors."""

    def fault(environ: dict[str, object], start: object, _inner: object) -> list[bytes]:
        environ["wsgi.input"].read(int(str(environ.get("CONTENT_LENGTH") or 0)))  # type: ignore[attr-defined]
        start("503 Service Unavailable", [("Content-Length", "0")])  # type: ignore[operator]
        return [b""]

    moto.faults.append(fault)


def test_files_are_made_verified_exported_and_forgotten(house: House, bucket: Bucket, tmp_path: Path) -> None:
    request_id = house.done()
    services = house.services
    assert services.store.stat(house.key(request_id)) == len(CONTENT)
    assert not (house.settings.home / "store").exists()
    found = verify(services, house.run)
    assert (found.whole, found.files, found.bytes) == (True, 1, len(CONTENT))
    exported = export(services, house.run, tmp_path / "out", link=True)
    assert (exported.written, exported.linked, exported.wrong) == (1, 0, [])
    assert next((tmp_path / "out").rglob("statement.pdf")).read_bytes() == CONTENT
    shelf = forget.shelf_of(services)
    mine = shelf.claim("ab" * 32, personal=True)
    assert isinstance(mine, Mine)
    shelf.put("ab" * 32, mine.token, b"a piece of film", "digest")
    shelf.hold(["ab" * 32], f"{request_id}-statement")
    assert "ab" * 32 in shelf.find(["ab" * 32])
    forget.forget(services, "anna")
    listed = bucket.client().list_objects_v2(Bucket=bucket.name)["Contents"]
    assert [one["Key"].rpartition("dearly/one/")[2].split("/")[0] for one in listed] == [MARKER, "releases"]


def test_results_are_cleaned_by_age_and_not_for_the_disks_sake(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = house.done()
    services = house.services
    services.intake.seal_run(house.run, 1)
    services.leader.settle()
    with services.database.writing() as connection:
        connection.exec_driver_sql("update runs set state = 'complete'")
    gone = Cleaner(services, Wish(days=0), clock=lambda: 2**50).run()
    assert (gone.requests, gone.artefacts.bytes) == (1, len(CONTENT))
    assert services.store.stat(house.key(request_id)) is None
    monkeypatch.setenv("DEARLY_HOME", str(house.settings.home))
    monkeypatch.setenv("DEARLY_STORE_URL", house.settings.store_url)
    cli.register()
    said = CliRunner().invoke(cli.app, ["clean", "--free", "1"])
    assert said.exit_code == 2 and "--older-than" in said.output


def test_what_no_row_names_is_swept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = house.done()
    stray = artefact_key(request_id, "statement/stray.pdf")
    house.services.store.put_if_absent(stray, b"left")
    with house.services.database.writing() as connection:
        connection.exec_driver_sql("update requests set finished_ms = 1")
    caretaker = Caretaker(house.services)
    caretaker._shard = SHARDS.index(stray.split("/")[1])
    for _ in caretaker.abandoned(None):
        pass
    assert house.services.store.stat(stray) is None
    assert house.services.store.stat(house.key(request_id)) == len(CONTENT)


def test_a_store_that_is_away_burns_no_attempt_and_nobody_loses_data_by_it(house: House, moto: Moto) -> None:
    done = house.done()
    request_id = house.submit("bruno")
    house.work(request_id, "plan")
    away(moto)
    house.work(request_id, "statement")
    with house.services.database.reading() as connection:
        part = connection.execute(select(parts).where(parts.c.id == f"{request_id}-statement")).one()
        pause = connection.execute(select(pauses)).one()
    assert (part.state, part.attempts, part.faults) == ("submitted", 0, 1)
    assert (pause.queue, pause.code) == ("statement", "environment.store")
    for call in (
        lambda: verify(house.services, house.run),
        lambda: Retention(Caretaker(house.services)._upkeep, house.services.store).days("f" * 64),
        lambda: house.services.store_care.prove(),
    ):
        with pytest.raises(EnvironmentFault) as caught:
            call()
        assert caught.value.code == "environment.store"
    told = look(house.settings, service=False)
    assert told.store.fault is not None
    assert "store" in [need.code for need in told.needs]
    moto.faults.clear()
    assert look(house.settings, service=False).store.fault is None
    assert Retention(Caretaker(house.services)._upkeep, house.services.store).days(house.release) == 3650
    assert verify(house.services, house.run).files == 1 and done


def test_downloads_come_from_the_bucket_and_break_off_where_it_does(tmp_path: Path, bucket: Bucket, moto: Moto) -> None:
    with http_house(tmp_path, "", store_url=bucket.url, s3_endpoint=bucket.endpoint, s3_region=stores.REGION) as api:
        id_ = api.submit("one").json["id"]
        api.make(id_, {"statement/statement.pdf": CONTENT})
        path = f"/v1/requests/{id_}/artefacts/statement/statement.pdf"
        assert api.call("GET", path).body == CONTENT
        moto.requests.clear()
        part = api.call("GET", path, Range="bytes=500000-500099")
        assert (part.status, part.body) == (206, CONTENT[500_000:500_100])
        assert [method for method, _ in moto.requests] == ["GET", "GET"]
        # The first piece is there, what comes after is not: no client takes that for the file.
        moto.faults.append(lambda environ, *_: None if environ["HTTP_RANGE"].startswith("bytes=0-") else _broken())
        with pytest.raises(IncompleteRead):
            api.call("GET", path)
        moto.faults.clear()
        away(moto)
        ready = api.call("GET", "/readyz", key=None)
        assert (ready.status, ready.json["store"], ready.json["ledger"]) == (503, False, True)
        gone = api.call("GET", path)
        assert gone.status == 503 and gone.json["code"] == "environment.store"
        assert stores.ACCESS not in gone.body.decode() and bucket.name not in gone.body.decode()


def test_a_store_moves_from_a_folder_into_a_bucket_and_back(
    tmp_path: Path, bucket: Bucket, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("DEARLY_HOME", str(home))
    services = build(Settings(), Engine())
    kept = {f"artefacts/{number:02}/file": b"%d" % number * 1000 for number in range(20)}
    for key, content in kept.items():
        services.store.put_if_absent(key, content)
    services.database.close()
    for name in ("DEARLY_STORE_URL", "DEARLY_S3_ENDPOINT", "DEARLY_S3_REGION"):
        monkeypatch.setenv(name, bucket.environment[name])
    with pytest.raises(EnvironmentFault) as caught:  # empty as yet
        build(Settings()).store.stat("k")
    assert caught.value.code == "store.other"

    def copy(source: str) -> dict[str, int]:
        cli.register()
        said = CliRunner().invoke(cli.app, ["copy-store", source, "--json"])
        assert said.exit_code == 0, said.output
        found: dict[str, int] = json.loads(said.stdout)
        return found

    with closing(Database(Settings().database)) as database:
        roll = Roll(database, lambda: wall_clock() + 3_600_000)  # it is not missed, however long this takes
        roll.beat("elsewhere:1:1", queues=["site"])
        cli.register()
        said = CliRunner().invoke(cli.app, ["copy-store", str(home / "store")])
        assert said.exit_code == UsageError.exit_code and "another machine" in said.output
        roll.stop("elsewhere:1:1")
    assert copy(str(home / "store")) == {"copied": 20, "bytes": sum(map(len, kept.values())), "there": 0}
    assert copy(str(home / "store")) == {"copied": 0, "bytes": 0, "there": 20}
    moved = build(Settings())
    assert {key: _read(moved.store, key) for key in moved.store.list("artefacts")} == kept
    moved.database.close()
    for name in ("DEARLY_STORE_URL",):
        monkeypatch.delenv(name)
    (home / "store").rename(tmp_path / "old")
    assert copy(bucket.url)["copied"] == 20
    back = build(Settings())
    assert {key: _read(back.store, key) for key in back.store.list("artefacts")} == kept
    back.database.close()
    assert list((home / "work").iterdir()) == []


def test_another_installations_store_is_neither_copied_nor_copied_into(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = build(Settings(home=tmp_path / "other"))
    other.store.put_if_absent("artefacts/x", b"theirs")
    other.database.close()
    house.services.store.put_if_absent("artefacts/y", b"ours")
    for home, store_url, source in (
        (house.settings.home, house.settings.store_url, str(tmp_path / "other/store")),
        (tmp_path / "other", house.settings.store_url, str(tmp_path / "other/store")),
    ):
        monkeypatch.setenv("DEARLY_HOME", str(home))
        monkeypatch.setenv("DEARLY_STORE_URL", store_url)
        monkeypatch.setenv("DEARLY_S3_ENDPOINT", house.settings.s3_endpoint)
        monkeypatch.setenv("DEARLY_S3_REGION", stores.REGION)
        cli.register()
        said = CliRunner().invoke(cli.app, ["copy-store", source])
        assert said.exit_code == 3 and "store.other" in said.output
    assert list(house.services.store.list("artefacts")) == ["artefacts/y"]


def _broken(*content: bytes) -> Iterator[bytes]:
    """The connection ends without an answer."""
    yield from content
    raise ConnectionAbortedError


def _read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()
