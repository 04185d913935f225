"""Whether the store answers: told at once where it does, and by a scrape that waits for nothing where it hangs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from renderer.bootstrap import build
from renderer.errors import EnvironmentFault
from renderer.installation import MARKER
from renderer.operations import store_watch
from renderer.operations.metrics import LedgerCollector, exposition
from renderer.operations.store_watch import EVERY_S, HANGS_S, StoreWatch, watch
from renderer.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_look_is_used_again_for_a_moment() -> None:
    clock, looks = Clock(), []

    def look() -> bool:
        looks.append(1)
        if len(looks) == 2:
            raise EnvironmentFault("environment.store", "away")
        return True

    watching = StoreWatch(look, clock)
    assert watching.up(30) is True and watching.up(30) is True and len(looks) == 1
    clock.now += EVERY_S
    assert watching.up(30) is False
    clock.now += EVERY_S
    assert watching.up(30) is True and len(looks) == 3


def test_a_store_that_hangs_is_told_of_and_looked_at_once_and_comes_back() -> None:
    clock, looks, answer = Clock(), [], threading.Event()

    def look() -> bool:
        looks.append(1)
        return answer.wait(60)

    watching = StoreWatch(look, clock)
    assert watching.up(0.01) is None  # not known yet
    clock.now += HANGS_S
    assert [watching.up(0.01) for _ in range(5)] == [False] * 5
    assert len(looks) == 1
    answer.set()
    clock.now += EVERY_S
    assert watching.up(30) is True


def test_a_folder_that_is_not_mounted_does_not_answer(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", broker_url="")
    with closing(build(settings).database):
        assert watch(settings).up(30) is True
        assert "dearly_store_up 1.0" in exposition(settings)
        (settings.store / MARKER).rename(tmp_path / "elsewhere")
        assert "dearly_store_up 0.0" in exposition(settings)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def scrape(collector: LedgerCollector) -> dict[str, float]:
    return {sample.name: sample.value for one in collector.collect() for sample in one.samples if not sample.labels}


def test_no_scrape_waits_for_a_bucket_that_hangs(
    tmp_path: Path, silent: str, monkeypatch: pytest.MonkeyPatch, bucket_keys: None
) -> None:
    monkeypatch.setattr(store_watch, "HANGS_S", 2.0)
    settings = Settings(home=tmp_path / "home", broker_url="", store_url="s3://bucket", s3_endpoint=silent)
    settings.prepare()
    with closing(LedgerCollector(settings)) as collector:
        first = scrape(collector)
        assert first["dearly_ledger_up"] == 1
        assert not first.get("dearly_store_up")  # not known yet, or away where opening the ledger took two seconds
        assert first["dearly_collect_seconds"] < 30
        until(lambda: scrape(collector).get("dearly_store_up") == 0)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
