"""Any number of requests in a stream: each is told once, however often the stream is cut."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from dearly import streaming
from dearly.client import (
    Busy,
    Client,
    NotAllowed,
)
from tests.client_house import answer, in_ledger, line, name, problem
from tests.http_house import HttpHouse
from tests.wire import Plan, Wire

pytestmark = pytest.mark.integration


def test_answers_come_while_lines_are_still_read(dearly: Client) -> None:
    """A caller that wants an answer before it says more gets it: nothing waits for a piece to be full."""
    answered: list[str] = []
    mine = [name() for _ in range(4)]

    def lines() -> Iterator[dict[str, Any]]:
        yield line(mine[0])
        yield line(mine[1])
        until = time.monotonic() + 30
        while not answered:  # the first answer may need a further line to be told: the caller's thread is here
            assert time.monotonic() < until
            time.sleep(0.05)
            yield line(name())
        yield line(mine[2])
        yield line(mine[3], bill__total="much")

    statuses = {}
    for one in dearly.submit_many(lines()):
        answered.append(one.request_id)
        statuses[one.request_id] = one
    assert [statuses[one].status for one in mine] == ["accepted"] * 3 + ["refused"]
    wrong = statuses[mine[3]]
    assert (wrong.code, wrong.field, wrong.id) == ("profile.kind", "bill.total", None)
    assert [one.number for one in statuses.values()] == list(range(1, len(statuses) + 1))


@pytest.mark.parametrize("plan", [Plan(up=60_000), Plan(down=8_000), Plan(down=1)], ids=repr)
def test_a_stream_that_is_cut_is_sent_again_and_told_once(
    house: HttpHouse, dearly: Client, bad: Wire, plan: Plan
) -> None:
    before = in_ledger(house)
    bad.plans.extend([plan, Plan(say=problem(503, "environment.ledger", "Retry-After: 0")), plan])
    mine = [name() for _ in range(300)]
    answers = list(dearly.submit_many(map(line, mine)))
    assert [one.request_id for one in answers] == mine
    assert {one.status for one in answers} <= {"accepted", "known"}
    assert bad.cut >= 1 and in_ledger(house) == before + 300
    assert {one.status for one in dearly.submit_many(map(line, mine))} == {"known"}


def test_a_stream_that_the_api_stops_goes_on(house: HttpHouse, dearly: Client, bad: Wire) -> None:
    stopped = {"status": "stopped", "lines": 0, "code": "environment.ledger", "message": "The ledger is away."}
    bad.plans.append(Plan(say=answer(200, json.dumps(stopped).encode() + b"\n")))
    bad.plans.append(Plan(say=answer(200, b'{"status":"accepted","line":1,"id":"x"')))  # cut in a line, politely
    mine = [name() for _ in range(20)]
    assert [one.status for one in dearly.submit_many(map(line, mine))] == ["accepted"] * 20
    with Client(bad.url, house.all, patience_s=0) as hasty:
        bad.plans.append(Plan(say=answer(200, json.dumps(stopped).encode() + b"\n")))
        with pytest.raises(Busy) as busy:
            list(hasty.submit_many(map(line, mine)))
        assert busy.value.code == "environment.ledger"
    with Client(bad.url, house.key("read")) as reader, pytest.raises(NotAllowed):
        list(reader.submit_many(map(line, mine)))


def test_a_caller_may_stop_or_break(house: HttpHouse, dearly: Client) -> None:
    first = next(iter(dearly.submit_many(line(name()) for _ in range(10_000_000))))
    assert first.number == 1

    def broken() -> Iterator[dict[str, Any]]:
        yield line(name())
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="own"):
        list(dearly.submit_many(broken()))
    with pytest.raises(ValueError, match="line 2: request_id"):
        list(dearly.submit_many([line(name()), {"template": "small"}]))
    until = time.monotonic() + 30
    while any(thread.name == "dearly-stream" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert list(dearly.submit_many([])) == []


def test_memory_does_not_grow_with_the_lines(monkeypatch: pytest.MonkeyPatch, house: HttpHouse, bad: Wire) -> None:
    """Lines that are slow to go: the iterable is not read ahead of what may be unanswered."""
    monkeypatch.setattr(streaming, "OPEN_LINES", 40)
    monkeypatch.setattr(streaming, "PIECE_LINES", 20)
    read = told = most = 0

    def lines() -> Iterator[dict[str, Any]]:
        nonlocal read, most
        for _ in range(400):
            read += 1
            most = max(most, read - told)
            yield line(name())

    tracemalloc.start()
    with Client(bad.url, house.all) as dearly:
        for _ in dearly.submit_many(lines()):
            told += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == 400 and most <= 40 + 20 + 2
    assert peak < 8 * 2**20
