"""Signing as receivers check it, pauses that grow, and places that slow receivers cannot take."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from renderer.deliver.lanes import AT_ONCE, HELD, SLOW_AT_ONCE, SLOW_MS, Lanes
from renderer.deliver.retries import JITTER, LONGEST_REST_S, LONGEST_S, PAUSES_S, RESTS_S, pause_s, rest_s
from renderer.deliver.signing import Message, dedupe_of, headers, message_id, new_secret

MESSAGE = Message(id="request-1", type="request.done", at_ms=1_764_500_000_123, data={"request": "1", "ü": "é"})

# ---------------------------------------------------------------- Signing


def test_a_message_is_checked_by_the_library_of_the_standard() -> None:
    secret, body, now = new_secret(), MESSAGE.body(), int(time.time())
    given_ = headers(MESSAGE.id, body, [secret], now)
    assert Webhook(secret).verify(body, given_) == {
        "type": "request.done",
        "timestamp": "2025-11-30T10:53:20.123Z",
        "data": {"request": "1", "ü": "é"},
    }
    for changed in ({"webhook-id": "request-2"}, {"webhook-timestamp": str(now - 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, {**given_, **changed})
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace("done", "gone"), given_)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, given_)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers(MESSAGE.id, body, [secret], now - 600))


def test_while_a_secret_is_replaced_both_check() -> None:
    old, new, body = new_secret(), new_secret(), MESSAGE.body()
    both = headers(MESSAGE.id, body, [new, old], int(time.time()))
    assert both["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret).verify(body, both)


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100 and all(one.startswith("whsec_") and len(one) == 50 for one in made)


def test_a_body_is_the_same_each_time_and_an_id_can_be_read_back() -> None:
    assert MESSAGE.body() == MESSAGE.body() and json.loads(MESSAGE.body())["data"] == dict(MESSAGE.data)
    assert message_id("request 01a2 1") == "request-01a2-1" and dedupe_of("request-01a2-1") == "request 01a2 1"


# ---------------------------------------------------------------- Pauses


def test_pauses_grow_and_end() -> None:
    pauses = [pause_s(attempt, None, 0.0) for attempt in range(1, len(PAUSES_S) + 2)]
    assert pauses == [*PAUSES_S, None]
    assert list(PAUSES_S) == sorted(PAUSES_S) and PAUSES_S[:2] == (5, 300) and sum(PAUSES_S) > 3 * 86_400


@given(st.integers(1, 9), st.none() | st.floats(0, 10**9), st.floats(0, 1))
def test_a_receiver_may_ask_for_longer_but_not_for_ever_or_less(attempt: int, asked: float | None, by: float) -> None:
    usual = PAUSES_S[attempt - 1]
    pause = pause_s(attempt, asked, by)
    assert pause is not None and usual <= pause <= max(usual * (1 + JITTER), LONGEST_S)
    if asked is not None and asked <= LONGEST_S:
        assert pause >= asked


@given(st.integers(1, 10_000), st.none() | st.floats(0, 10**9), st.floats(0, 1))
def test_a_receiver_rests_for_a_while(failures: int, asked: float | None, chance: float) -> None:
    assert 0 <= rest_s(failures, asked, chance) <= max(RESTS_S[-1] * (1 + JITTER), LONGEST_REST_S)
    assert rest_s(1, None, chance) == 0 and rest_s(failures, 30, chance) >= 30


# ---------------------------------------------------------------- Lanes


class Bench:
    """Endpoints with more than enough waiting for each, and attempts under way."""

    def __init__(self, *names: str, most: int = 8) -> None:
        self.lanes: Lanes[int] = Lanes(most)
        self.names = list(names)
        self.way: list[str] = []

    def fill(self) -> None:
        for name, room in self.lanes.rooms(self.names).items():
            self.lanes.put(name, range(room))
        self.lanes.start(lambda name, _: self.way.append(name))
        assert len(self.way) == self.lanes.under_way <= AT_ONCE and self.lanes.held <= HELD

    def end(self, name: str, took_ms: int, through: bool = True) -> None:
        self.way.remove(name)
        self.lanes.ended(name, took_ms, through)

    def rounds(self, took: dict[str, int], count: int) -> None:
        for _ in range(count):
            self.fill()
            for name in list(self.way):
                if took[name] <= SLOW_MS:
                    self.end(name, took[name])
        self.fill()


def test_a_quick_receiver_gets_more_places_up_to_the_setting() -> None:
    bench = Bench("a")
    bench.fill()
    assert Counter(bench.way) == {"a": 2}
    bench.rounds({"a": 10}, 10)
    assert Counter(bench.way) == {"a": 8}
    bench.end("a", 10, through=False)
    bench.fill()
    assert Counter(bench.way) == {"a": 7}  # four may be; those under way are not broken off


@pytest.mark.parametrize("most", [1, 8])
def test_slow_receivers_leave_half_of_the_places(most: int) -> None:
    slow = [f"slow{number}" for number in range(500)]
    bench = Bench(*slow, most=most)
    for name in slow:  # each has been slow before
        bench.lanes.rooms([name], [name])
    bench.fill()
    assert len(bench.way) == SLOW_AT_ONCE
    bench.names.append("quick")
    for _ in range(5):
        bench.fill()
        assert bench.way.count("quick") > 0
        for _ in range(bench.way.count("quick")):
            bench.end("quick", 5)
    assert len(bench.way) == SLOW_AT_ONCE


def test_what_was_quick_and_is_down_comes_back_slowly() -> None:
    bench = Bench("a")
    bench.rounds({"a": 1}, 10)
    while bench.way:
        bench.end("a", 15_000, through=False)
    while bench.lanes.empty():
        pass
    bench.fill()
    assert Counter(bench.way) == {"a": 1}


def test_however_many_there_are_memory_is_bounded_and_each_has_its_turn() -> None:
    names = [f"e{number}" for number in range(2_000)]
    bench = Bench(*names)
    seen: set[str] = set()
    for _ in range(2_000 // AT_ONCE * 4):
        bench.fill()
        seen |= set(bench.way)
        for name in list(bench.way):
            bench.end(name, 1)
    assert seen == set(names)
