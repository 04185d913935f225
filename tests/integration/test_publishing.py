"""Releases from the folder to the worker: published, found by name, fetched, verified, prepared once for everybody."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import uharfbuzz
from typer.testing import CliRunner

from renderer import publishing
from renderer.bootstrap import Services, build, release_key
from renderer.cli import main as cli
from renderer.errors import BadInput, EnvironmentFault, UsageError
from renderer.ledger.model import Counts
from renderer.orders import Order, door_key, submission
from renderer.prepared import PreparedMedia
from renderer.publishing import Published, Resolver, publish, resolve
from renderer.render import engines
from renderer.render.microsite import webfonts
from renderer.render.video import prepare
from renderer.settings import Settings
from renderer.template.load import load_template
from renderer.template.model import CHANNELS, Template
from renderer.template.release import Release, read_folder
from tests import small_template
from tests.integration.queue_app import build_nothing
from workers.door import Door
from workers.lanes import LANES, SENT_MS
from workers.tasks import work_on

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

PAGE = "<html><head>{{ head }}</head><body><p>{{ t('hello') }}</p></body></html>\n"
FOOTAGE_SCENE = "backdrop: {kind: footage, media: media/sea.mp4}"


def write(folder: Path, title: str = "A small bill") -> Template:
    """The small template with that title, and footage behind its first scene."""
    plain = "backdrop: {kind: colour, colour: paper}"
    board = small_template.FILES["video/storyboard.yaml"]
    assert plain in board
    config = small_template.changed("template.yaml", "title: A small bill", f"title: {title}")["template.yaml"]
    changes = {
        "video/storyboard.yaml": board.replace(plain, FOOTAGE_SCENE, 1),
        "template.yaml": config,
        "microsite/index.html.j2": PAGE,
    }
    small_template.write(folder, small_template.drawable(changes))
    (folder / "media/sea.mp4").write_bytes(_sea())
    return load_template(folder)


def _sea() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 176, "yuv420p"
        for number in range(10):
            picture = np.full((264, 320), 100 + 5 * number, dtype=np.uint8)
            frame = av.VideoFrame.from_numpy_buffer(picture, format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


class Here:
    """Prepares in this process: a child of its own takes seconds to start. The commands' test has a real one."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, function: Callable[..., Any], *arguments: Any, seconds: float, progress: Any) -> Any:
        return function(*arguments, progress)


@pytest.fixture(autouse=True)
def guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "commands" not in request.node.name:
        monkeypatch.setattr("renderer.publishing.Guard", Here)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build(Settings(home=tmp_path / "home", broker_url="", database_url=""))


@pytest.fixture
def template(tmp_path: Path) -> Template:
    return write(tmp_path / "small")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed templates with the small one in it."""
    folder = tmp_path / "templates"
    write(folder / "small")
    from renderer.template.load import installed as real

    monkeypatch.setattr("renderer.publishing.installed", lambda: real(folder))
    return folder


def render_all(services: Services, release: str) -> str:
    """One request with all channels through the work of a worker; the run."""
    run = services.intake.open_run("test")
    profile = json.dumps(small_template.PROFILE)
    item = submission(
        services.vault,
        services.engine.take(services.releases.get(release), profile).order,
        recipient="r",
        idempotency=(run, "1"),
        template="small",
        release=release,
        channels=CHANNELS,
    )
    services.intake.submit(run, [item])
    services.intake.seal_run(run, 1)
    drain(services)
    return run


def drain(services: Services) -> None:
    while sent := [part for lane in LANES for part in services.leader.dispatch(lane, 10, SENT_MS)]:
        work_on(services, [part.part_id for part in sent])


def never(*_: object, **__: object) -> Any:
    raise AssertionError("made again, though it was there")


def no_making(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on faces, web fonts and footage can only be fetched."""
    monkeypatch.setattr(uharfbuzz, "subset", never)
    monkeypatch.setattr(webfonts, "_cut", never)
    monkeypatch.setattr(prepare, "_treated", never)


# ---- Prepared media


def test_a_worker_with_an_empty_cache_makes_nothing_of_what_was_prepared(
    services: Services, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = publish(services, template)
    assert done.new and done.active and done.prepared_now == ("fonts", "webfonts", "mezzanine")
    assert sorted({one.path.split("/")[0] for one in done.prepared}) == ["fonts", "mezzanine", "webfonts"]
    shutil.rmtree(services.settings.cache)
    no_making(monkeypatch)
    run = render_all(build(services.settings), done.entry.digest)
    assert services.reader.counts(run) == Counts(input=1, done=1)
    for one in done.prepared:
        assert (services.settings.cache / one.path).stat().st_size == one.bytes
    assert not [*services.settings.cache.rglob(".writing-*")] and not [*services.settings.work.iterdir()]


def test_the_publishers_own_cache_has_them_too(
    services: Services, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = publish(services, template)
    no_making(monkeypatch)
    monkeypatch.setattr(PreparedMedia, "_bring", never)
    run = render_all(services, done.entry.digest)
    assert services.reader.counts(run) == Counts(input=1, done=1)


def test_published_twice_nothing_changes(
    services: Services, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(services, template)
    before = {path: path.stat().st_mtime_ns for path in services.settings.store.rglob("*") if path.is_file()}
    monkeypatch.setattr(publishing, "_prepare", never)
    second = publish(services, template)
    assert second == Published(entry=first.entry, new=False, prepared_now=(), switch=None, active=True)
    assert {path: path.stat().st_mtime_ns for path in services.settings.store.rglob("*") if path.is_file()} == before


def test_prepared_media_that_are_no_good_are_made_again(
    services: Services, template: Template, caplog: pytest.LogCaptureFixture
) -> None:
    done = publish(services, template)
    shutil.rmtree(services.settings.cache)
    whole = {one.key: (services.settings.store / one.key).read_bytes() for one in done.prepared}
    assert len(whole) == 4
    for number, (key, data) in enumerate(whole.items()):
        path = services.settings.store / key
        path.unlink()
        if number:
            half = len(data) // 2
            path.write_bytes([b"", data[: half // 2] + bytes(half - half // 2) + data[half:], data[:half]][number - 1])
    run = render_all(build(services.settings), done.entry.digest)
    assert services.reader.counts(run) == Counts(input=1, done=1)
    said = {record.fields["key"]: record.fields["code"] for record in caplog.records if hasattr(record, "fields")}
    codes = ["store.missing", "store.damaged", "store.damaged"]
    assert [said[key] for key in whole][:3] == codes and set(said) == set(whole)
    # Publishing the same files again mends the store.
    assert publish(services, template).prepared_now == ("fonts", "webfonts", "mezzanine")
    assert {key: (services.settings.store / key).read_bytes() for key in whole} == whole


def test_what_another_version_has_prepared_is_not_taken(
    services: Services, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = publish(services, template)
    shutil.rmtree(services.settings.cache)
    real = engines._packages
    monkeypatch.setattr(engines, "_packages", lambda *names: {**real(*names), "fonttools": "0.1"})
    engines.preparer_of.cache_clear()
    try:
        media = PreparedMedia(services.book, services.store, services.settings.cache)
        assert media.fetch("small", done.entry.digest, "microsite") == 0
        assert media.fetch("small", done.entry.digest, "video") == 1  # its footage, of the same libraries
        again = publish(services, template)
        assert (again.new, again.prepared_now) == (False, ("fonts", "webfonts"))
        assert len(again.entry.prepared) == 5 and again.entry.engine == done.entry.engine
    finally:
        engines.preparer_of.cache_clear()


def test_two_workers_may_fetch_at_once(services: Services, template: Template) -> None:
    done = publish(services, template)
    shutil.rmtree(services.settings.cache)
    faults: list[BaseException] = []

    def fetch() -> None:
        media = PreparedMedia(services.book, services.store, services.settings.cache)
        try:
            for channel in CHANNELS:
                media.fetch("small", done.entry.digest, channel)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    found = {path.relative_to(services.settings.cache).as_posix() for path in _files(services.settings.cache)}
    assert found == {one.path for one in done.prepared}


def test_a_release_that_is_published_while_a_worker_runs_is_fetched_later(
    services: Services, template: Template
) -> None:
    clock = [0.0]
    media = PreparedMedia(services.book, services.store, services.settings.cache, lambda: clock[0])
    digest = publishing.keep(services, template.release).release.files_digest
    assert media.fetch("small", digest, "statement") == 0
    publish(services, template)
    shutil.rmtree(services.settings.cache)
    assert media.fetch("small", digest, "statement") == 0
    clock[0] = 31.0
    assert media.fetch("small", digest, "statement") == 1


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# ---- Bundles


def test_requests_wait_for_a_bundle_that_is_lost_or_damaged(tmp_path: Path) -> None:
    services = build_nothing(Settings(home=tmp_path / "home", broker_url="", database_url=""))
    digest = services.releases.publish(Release({"template.yaml": b"id: nothing", "a": bytes(1000)}))
    path = services.settings.store / release_key(digest)
    whole = path.read_bytes()
    run = services.intake.open_run("test")
    order = Order(profile=json.dumps({"do": "go", "name": "n"}))
    given: dict[str, Any] = {"recipient": "r", "template": "nothing", "release": digest, "channels": ["statement"]}
    services.intake.submit(run, [submission(services.vault, order, idempotency=(run, "1"), **given)])
    services.intake.seal_run(run, 1)
    for content, code in ((None, "store.missing"), (whole[:-50], "store.damaged"), (b"", "store.damaged")):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        other = build_nothing(services.settings)
        with other.database.writing() as connection:
            connection.exec_driver_sql("update parts set available_ms = 0")
            connection.exec_driver_sql("update pauses set until_ms = 0")
        work_on(other, [part.part_id for part in other.leader.dispatch("control", 10, SENT_MS)])
        (pause,) = other.reader.pauses()
        assert (pause.queue, pause.fault.code) == ("control", code)
        with other.database.reading() as connection:
            found = connection.exec_driver_sql("select state, attempts from parts where channel = 'plan'").one()
        assert tuple(found) == ("submitted", 0)
        path.touch()
    mended = build_nothing(services.settings)
    mended.releases.publish(Release({"template.yaml": b"id: nothing", "a": bytes(1000)}))
    assert path.read_bytes() == whole
    with mended.database.writing() as connection:
        connection.exec_driver_sql("update parts set available_ms = 0")
        connection.exec_driver_sql("update pauses set until_ms = 0")
    drain(mended)
    assert mended.reader.counts(run) == Counts(input=1, done=1) and mended.reader.pauses() == []


def test_a_process_keeps_the_release_that_it_has(services: Services, template: Template) -> None:
    digest = services.releases.publish(template.release)
    services.releases.get(digest)
    (services.settings.store / release_key(digest)).unlink()
    assert services.releases.get(digest).files_digest == digest
    with pytest.raises(EnvironmentFault) as caught:
        build(services.settings).releases.get(digest)
    assert caught.value.code == "store.missing"


# ---- Names


def test_an_id_is_the_active_release_and_follows_at_once(services: Services, home: Path) -> None:
    clock = [0.0]
    resolver = Resolver(services, now=lambda: clock[0])
    one = resolver.find("small").release.files_digest
    assert services.book.active("small") is None and services.book.get("small", one) is not None
    write(home / "small", "A second bill")
    assert resolver.find("small").release.files_digest == one  # for ten seconds
    clock[0] = 10.5
    two = resolver.find("small").release.files_digest
    assert two != one
    services.book.activate("small", one)
    assert resolver.find("small").release.files_digest == one
    services.book.activate("small", two)
    assert resolver.find("small").release.files_digest == two
    services.book.roll_back("small")
    assert resolver.find("small").release.files_digest == one
    write(home / "small", "A third bill")
    clock[0] = 60.0
    assert resolver.find("small").release.files_digest == one  # a folder changes nothing once a release is active
    for pinned in (two, two[:8], two[:20]):
        assert resolver.find(f"small@{pinned}").release.files_digest == two


def test_a_folder_is_read_and_changes_nothing_that_is_active(services: Services, home: Path, tmp_path: Path) -> None:
    active = resolve(services, "small").files_digest
    services.book.activate("small", active)
    write(tmp_path / "draft", "A draft")
    draft = resolve(services, str(tmp_path / "draft")).files_digest
    assert draft == read_folder(tmp_path / "draft").files_digest
    assert services.book.get("small", draft) is not None and services.book.active("small") == active
    assert resolve(services, "small").files_digest == active
    (tmp_path / "draft/facts.yaml").write_text("no: [")
    with pytest.raises(BadInput) as caught:
        resolve(services, str(tmp_path / "draft"))
    assert caught.value.code == "template.syntax"
    with pytest.raises(UsageError, match="id@digest"):
        Resolver(services).find(str(tmp_path / "draft"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nobody", "no template with this id|no template 'nobody'"),
        ("small@0000000", "at least 8"),
        ("small@00000000", "No release with this digest"),
        ("small@" + "0" * 64, "No release with this digest"),
        ("nobody@{digest}", "No release|of another"),
        ("small@", "id@digest|no template"),
        ("small@XYZ", "id@digest|no template"),
    ],
)
def test_names_that_mean_nothing(services: Services, home: Path, name: str, says: str) -> None:
    digest = resolve(services, "small").files_digest[:12]
    for find in (lambda text: resolve(services, text), Resolver(services).find):
        with pytest.raises(UsageError, match=says):
            find(name.replace("{digest}", digest))


def test_the_door_follows_activations(services: Services, home: Path) -> None:
    door = Door(services, now=lambda: 0.0)  # what is installed is read once

    def sent(name: str, number: int) -> str:
        message = {"template": name, "request_id": f"q{number}", "profile": small_template.PROFILE}
        assert door.submit(message) == "submitted"
        found = services.reader.by_key(door_key(services.vault, f"q{number}"))
        assert found is not None
        return found.release

    one = sent("small", 1)
    two = publish(services, write(home / "small", "A second bill"), activate=False).entry.digest
    assert sent("small", 2) == one
    services.book.activate("small", one)
    services.book.activate("small", two)
    assert sent("small", 3) == two
    services.book.roll_back("small")
    assert sent("small", 4) == one
    assert sent(f"small@{two[:10]}", 5) == two
    assert door.submit({"template": str(home / "small"), "request_id": "q6", "profile": {}}) == "failed"
    assert services.reader.by_key(door_key(services.vault, "q3")).release == two  # type: ignore[union-attr]


# ---- What made it


def test_each_artefact_says_what_made_it(services: Services, template: Template) -> None:
    run = render_all(services, publish(services, template).entry.digest)
    (request,) = services.reader.requests(run)
    files = services.reader.artefacts(request.id)
    assert {file.path.split("/")[0] for file in files} == set(CHANNELS)
    known = services.reader.engines(file.engine for file in files if file.engine)
    for file in files:
        assert file.engine is not None
        assert known[file.engine]["channel"] == file.path.split("/")[0]
        assert known[file.engine]["dearly"] == "0.1.0"
    assert str(ROOT) not in json.dumps(dict(known)) and str(Path.home()) not in json.dumps(dict(known))


# ---- The commands


def test_the_commands_from_publishing_to_rolling_back(tmp_path: Path) -> None:
    cli.register()
    runner = CliRunner(env={"DEARLY_HOME": str(tmp_path / "home")})

    def run(*arguments: str, code: int = 0) -> Any:
        done = runner.invoke(cli.app, [*arguments, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    folder = tmp_path / "small"
    write(folder)
    one = run("publish", str(folder))
    assert (one["new"], one["active"], one["activated"]) == (True, True, True)
    assert one["prepared"]["files"] == 4 and one["prepared"]["stored_bytes"] < one["prepared"]["bytes"]
    again = run("publish", str(folder))
    assert (again["new"], again["active"], again["activated"], again["prepared"]["now"]) == (False, True, False, [])
    write(folder, "A second bill")
    two = run("publish", str(folder))
    assert (two["new"], two["active"], two["activated"]) == (True, False, False)
    assert run("release", "activate", f"small@{two['digest'][:8]}")["active"] == two["digest"]
    assert not run("release", "activate", f"small@{two['digest'][:8]}")["changed"]
    found = run("release", "list", "small")["releases"]
    assert [(one["title"], one["active"]) for one in found] == [("A second bill", True), ("A small bill", False)]
    back = run("release", "rollback", "small")
    assert (back["active"], back["active_before"]) == (one["digest"], two["digest"])
    refused = run("release", "rollback", "small", code=2)
    assert refused["errors"][0]["code"] == "usage.argument"
    write(folder, "A third bill")
    third = run("publish", str(folder), "--activate")
    assert third["active_before"] == one["digest"]
    for command in (("list", "nobody"), ("activate", "small"), ("activate", "small@0000000"), ("rollback", "nobody")):
        assert run("release", *command, code=2)["errors"]
    (folder / "media/sea.mp4").write_bytes(b"no film at all")
    assert run("publish", str(folder), code=2)["errors"][0]["code"] == "render.media"
    (folder / "decisions.yaml").unlink()
    assert run("publish", str(folder), code=2)["errors"][0]["code"] == "template.missing-file"
