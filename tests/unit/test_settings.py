"""Settings: defaults, addresses, and folders that are nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import EnvironmentFault
from renderer.settings import Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DEARLY_HOME", "DEARLY_BROKER_URL", "DEARLY_DATABASE_URL", "DEARLY_CHILDREN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)


def test_the_home_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Settings().home == tmp_path / "data/dearly"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert Settings().home == Path.home() / ".local/share/dearly"
    monkeypatch.setenv("DEARLY_HOME", "~/here")
    assert Settings().home == Path.home() / "here"


def test_empty_addresses_mean_the_embedded_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.embedded_broker
    assert settings.broker == f"redis+socket://{settings.broker_socket}"
    assert settings.database == f"sqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("DEARLY_BROKER_URL", "redis://queue.example/1")
    monkeypatch.setenv("DEARLY_DATABASE_URL", "postgresql+psycopg://db.example/dearly")
    settings = Settings(home=tmp_path)
    assert (settings.embedded_broker, settings.broker) == (False, "redis://queue.example/1")
    assert settings.database == "postgresql+psycopg://db.example/dearly"


@pytest.mark.parametrize(("name", "value"), [("DEARLY_CHUNK_LIMIT_GB", "0"), ("DEARLY_CHUNK_AUDIT", "often")])
def test_a_value_that_a_setting_cannot_have_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentFault, match=f"{name} cannot have this value") as caught:
        Settings()
    assert caught.value.code == "environment.setting"


def test_each_home_has_a_run_folder_of_its_own(tmp_path: Path) -> None:
    one, other = Settings(home=tmp_path / "a").run_folder, Settings(home=tmp_path / "b").run_folder
    assert one != other
    assert one == Settings(home=tmp_path / "a").run_folder
    assert one.stat().st_mode & 0o777 == 0o700


def test_a_run_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = Settings(home=tmp_path / "a").run_folder
    folder.chmod(0o777)
    with pytest.raises(EnvironmentFault):
        _ = Settings(home=tmp_path / "a").run_folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(EnvironmentFault):
        _ = Settings(home=tmp_path / "a").run_folder


def test_a_home_that_cannot_be_made_is_an_environment_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault):
        Settings(home=tmp_path / "file" / "home").prepare()
