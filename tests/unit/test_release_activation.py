"""A release becomes the active one only where the store has all of it: each request would wait for what is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from typer.testing import CliRunner

from renderer import publishing
from renderer.bootstrap import Releases, Services, build, release_key
from renderer.cli import main as cli
from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from renderer.store.memory import MemoryStore
from renderer.template.release import read_folder
from tests import small_template


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = build(Settings(home=tmp_path / "home", broker_url="", database_url=""))
    yield made
    made.database.close()


@pytest.fixture
def both(services: Services, tmp_path: Path) -> tuple[str, str]:
    """Two releases of one template, the second one active."""
    found = []
    for title in ("One", "Two"):
        changes = small_template.changed("template.yaml", "title: A small bill", f"title: {title}")
        kept = publishing.keep(services, read_folder(small_template.write(tmp_path / title, changes)))
        found.append(kept.release.files_digest)
        services.book.activate("small", found[-1])
    return found[0], found[1]


def run(services: Services, *arguments: str) -> tuple[int, Any]:
    cli.register()
    done = CliRunner(env={"DEARLY_HOME": str(services.settings.home)}).invoke(
        cli.app, ["release", *arguments, "--json"]
    )
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(("content", "code"), [(None, "store.missing"), (b"PK no bundle", "store.damaged")])
@pytest.mark.parametrize("command", ["activate", "rollback"])
def test_a_release_whose_bundle_is_lost_is_refused(
    services: Services, both: tuple[str, str], command: str, content: bytes | None, code: str
) -> None:
    one, two = both
    bundle = services.settings.store / release_key(one)
    whole = bundle.read_bytes()
    bundle.unlink()
    if content is not None:
        bundle.write_bytes(content)
    named = f"small@{one[:8]}" if command == "activate" else "small"

    exit_code, said = run(services, command, named)
    assert exit_code == 3
    (error,) = said["errors"]
    assert error["code"] == code
    assert f"small@{one[:12]}" in error["message"] and "Publish the same files again" in error["hint"]
    assert services.book.active("small") == two

    bundle.unlink(missing_ok=True)
    bundle.write_bytes(whole)
    exit_code, said = run(services, command, named)
    assert (exit_code, said["active"], said["active_before"]) == (0, one, two)


class Away(MemoryStore):
    """A store that does not answer."""

    def open(self, key: str) -> BinaryIO:
        raise EnvironmentFault("environment.store", "The store does not answer.")


def test_a_store_that_is_away_is_no_lost_release(
    services: Services, both: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = both
    monkeypatch.setattr(services.releases, "get", Releases(Away()).get)
    changes: list[Callable[[], object]] = [
        lambda: publishing.activate(services, "small", one),
        lambda: publishing.roll_back(services, "small"),
    ]
    for change in changes:
        with pytest.raises(EnvironmentFault) as caught:
            change()
        assert caught.value.code == "environment.store"
    assert services.book.active("small") == two


def test_a_rollback_goes_only_to_the_release_that_was_looked_at(
    services: Services, both: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody activates another one between the look and the change."""
    one, two = both
    looked: list[str] = []
    get = services.releases.get

    def slow(digest: str) -> object:
        looked.append(digest)
        if len(looked) == 1:
            services.book.activate("small", one)
        return get(digest)

    monkeypatch.setattr(services.releases, "get", slow)
    switch = publishing.roll_back(services, "small")
    assert switch is not None and (switch.before, switch.now) == (one, two)
    assert looked == [one, two]
