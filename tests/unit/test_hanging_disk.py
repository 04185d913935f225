"""A network's disk that is away hangs whoever asks how full it is, and must not hang whoever asks for metrics."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import build
from renderer.operations import metrics, status
from renderer.operations.hanging import MayHang
from renderer.operations.metrics import LedgerCollector
from renderer.settings import Settings


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set, no disk answers."""
    answers, usage = threading.Event(), shutil.disk_usage

    def hangs(path: Any) -> Any:
        answers.wait(250)
        return usage(path)

    monkeypatch.setattr(shutil, "disk_usage", hangs)
    yield answers
    answers.set()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a home with a ledger."""
    found = Settings(home=tmp_path, broker_url="", database_url="")
    build(found).database.close()
    return found


def test_metrics_come_without_the_disk_and_with_it_once_it_is_back(
    settings: Settings, back: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "DISK_S", 0.1)
    collector = LedgerCollector(settings)

    def names() -> set[str]:
        return {metric.name for metric in collector.collect()}

    began, threads = time.monotonic(), threading.active_count()
    for _ in range(3):
        found = names()
        assert "dearly_ledger_up" in found and "dearly_parts" in found
        assert not any(name.startswith("dearly_disk") for name in found)
    assert time.monotonic() - began < 60
    assert threading.active_count() <= threads + 2  # one for the disk, however often it is asked; one for the store
    back.set()
    monkeypatch.setattr(metrics, "DISK_S", 30)
    assert {"dearly_disk_free_bytes", "dearly_disk_size_bytes"} <= names() | names()
    collector.close()


def test_status_is_told_without_the_disk(
    settings: Settings, back: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "DISK_S", 0.1)
    found = status.look(settings, service=False)
    assert found.disk is None and found.ledger is not None
    assert [need.code for need in found.needs] == ["disk"]
    back.set()


def test_what_breaks_is_not_there_and_is_asked_again() -> None:
    answers: list[int | OSError] = [OSError("gone"), 5]

    def call() -> int:
        found = answers.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    asked = MayHang(call)
    found = []
    for _ in range(2):
        asked.begin()
        found.append(asked.found(30))
    assert found == [None, 5]
