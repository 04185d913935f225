"""The pieces of the operators' page by themselves: sessions, looks that are used again, words, bars, the account."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.api.operate.glances import Glances
from renderer.api.operate.routes.entrance import _place
from renderer.api.operate.sessions import LASTS_S, TICKET_S, Sessions
from renderer.api.operate.words import WIDE, bar, percent, plain, several, shown, when
from renderer.batch.account import UNKNOWN, account
from renderer.batch.model import Balance
from renderer.ledger.seal import Vault
from renderer.ledger.summary import Run, Tally

VAULT = Vault(bytes(32))
REQUEST = "0123456789abcdef" * 2


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


# ---------------------------------------------------------------- sessions


def test_a_session_is_what_it_was_until_its_second() -> None:
    clock = Clock()
    sessions = Sessions(VAULT, clock)
    session = sessions.begin("0123456789ab", "mark")
    cookie = sessions.write(session)
    assert "0123456789ab" not in cookie and "mark" not in cookie
    clock.now += LASTS_S - 1
    assert sessions.read(cookie) == session
    clock.now += 1
    assert sessions.read(cookie) is None


def test_a_ticket_ends_before_and_with_its_session() -> None:
    clock = Clock()
    sessions = Sessions(VAULT, clock)
    session = sessions.begin("0123456789ab", "mark")
    ticket = sessions.ticket(session, REQUEST)
    found = sessions.read_ticket(ticket)
    assert found is not None and (found.request_id, found.session) == (REQUEST, session)
    clock.now += TICKET_S
    assert sessions.read_ticket(ticket) is None and sessions.read(sessions.write(session)) == session
    clock.now += LASTS_S - TICKET_S - 10
    late = sessions.ticket(session, REQUEST)
    clock.now += 10
    assert sessions.read_ticket(late) is None


def test_nothing_else_opens_a_session() -> None:
    sessions = Sessions(VAULT, Clock())
    session = sessions.begin("0123456789ab", "mark")
    cookie, ticket = sessions.write(session), sessions.ticket(session, REQUEST)
    assert sessions.read(ticket) is None and sessions.read_ticket(cookie) is None
    assert Sessions(Vault(bytes([1] * 32)), Clock()).read(cookie) is None
    for given_ in ("", "x", cookie[:-1], cookie[:-2] + "AA", cookie + "A" * 700, "\u00fc" * 40):
        assert sessions.read(given_) is None


def test_a_form_belongs_to_its_session() -> None:
    sessions = Sessions(VAULT, Clock())
    one, other = sessions.begin("0123456789ab", "mark"), sessions.begin("0123456789ab", "mark")
    assert sessions.is_form(one, sessions.form_token(one))
    for given_ in ("", "\u00fc", sessions.form_token(other)):
        assert not sessions.is_form(one, given_)


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("/operate/runs/0a", "/runs/0a"),
        ("/operate/runs?state=open", "/runs?state=open"),
        ("/operate", ""),
        ("https://example.com/operate", ""),
        ("//example.com", ""),
        ("/operate//example.com", ""),
        ("/operate/../v1/runs", ""),
        ("/operate/sign-in", ""),
        ("/operatex", ""),
        ("/operate/a\r\nb", ""),
        ("javascript:alert(1)", ""),
        ("/operate/" + "a" * 400, ""),
    ],
)
def test_after_signing_in_nobody_is_led_away(to: str, place: str) -> None:
    assert _place(to) == place


# ---------------------------------------------------------------- looks


def test_a_look_is_used_again_for_a_moment_and_longer_where_it_took_long() -> None:
    clock = Clock()
    glances, looks = Glances(clock), []

    def look(took: float) -> int:
        looks.append(took)
        clock.now += took
        return len(looks)

    assert glances.look("a", lambda: look(0.01)) == glances.look("a", lambda: look(0.01)) == 1
    clock.now += 1.1
    assert glances.look("a", lambda: look(2.0)) == 2
    clock.now += 9
    assert glances.look("a", lambda: look(0.01)) == 2
    clock.now += 2
    assert glances.look("a", lambda: look(0.01)) == 3
    assert glances.look("b", lambda: look(0.01)) == 4
    glances.drop("b")
    assert glances.look("b", lambda: look(0.01)) == 5


def test_of_those_who_look_at_once_one_does() -> None:
    glances, looks = Glances(lambda: 0.0), []
    gate = threading.Event()

    def look() -> int:
        gate.wait(60)
        looks.append(1)
        return len(looks)

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(glances.look("a", look))) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(60)
    assert found == [1] * 8 and len(looks) == 1


def test_a_look_that_fails_is_not_kept() -> None:
    glances = Glances()
    with pytest.raises(ZeroDivisionError):
        glances.look("a", lambda: 1 // 0)
    assert glances.look("a", lambda: 7) == 7


# ---------------------------------------------------------------- words


def test_texts_of_others_stay_texts() -> None:
    assert shown("<b>\u202eevil\x1b") == "<bdi>&lt;b&gt;[U+202E]evil[U+001B]</bdi>"
    assert (
        plain("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") == "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    )
    assert several(1, "request") == "1 request" and several(2000, "process", "processes") == "2,000 processes"
    assert '<time datetime="2026-11-30T12:03:04Z"' in when(1_796_040_184_000)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_what_is_not_all_is_never_all(part: int, whole: int) -> None:
    found = int(percent(part, whole).removesuffix(" %"))
    assert (found == 100) == (whole > 0 and part >= whole)


@given(
    st.builds(
        Tally,
        waiting=st.integers(0, 10**7),
        working=st.integers(0, 50),
        done=st.integers(0, 10**7),
        failed=st.integers(0, 5),
        suppressed=st.integers(0, 5),
        set_aside=st.integers(0, 5),
        cancelled=st.integers(0, 10**6),
    )
)
def test_a_bar_shows_whatever_there_is_and_is_never_too_long(tally: Tally) -> None:
    pieces = bar(tally, tally.all)
    named = {name for name, _, width in pieces if width > 0}
    assert {name for name in ("failed", "set_aside") if getattr(tally, name)} <= named or sum(
        width for _, _, width in pieces
    ) == WIDE
    at = 0
    for _, start, width in pieces:
        assert start == at and width >= 0
        at += width
    assert at <= WIDE


# ---------------------------------------------------------------- the account


def run_of(**changes: object) -> Run:
    known: dict[str, object] = {
        "id": REQUEST, "kind": "batch", "template": "small", "release": "r", "state": "running", "expected": 10,
        "records": 10, "totals": None, "why": None, "options": {}, "scope": None, "hold_after": None,
        "approved_ms": None, "created_ms": 1, "sealed_ms": 2, "cancelled_ms": None, "finished_ms": None,
    }  # fmt: skip
    return Run(**{**known, **changes})  # type: ignore[arg-type]


def test_the_account_of_a_run_that_goes_on_says_what_is_open() -> None:
    balance = Balance(input=10, totals={"total": {"EUR": {"in": Decimal("12.50"), "set_aside": Decimal(1)}}})
    found = account(run_of(totals=balance.to_json()), Tally(done=6, waiting=3, set_aside=1))
    assert found.columns == ("Records", "total EUR") and found.balanced is None
    lines = {line.name: line.cells for line in found.lines}
    assert lines["Input"] == ("10", "12.50") and lines["Done"] == ("6", UNKNOWN)
    assert lines["Set aside"] == ("1", "1.00") and lines["Open"] == ("3", UNKNOWN)
    assert found.verdict == "3 of 10 records are open."


def test_the_account_of_a_run_that_does_not_add_up_says_so() -> None:
    balance = Balance(
        input=10,
        outcomes={"done": 9},
        totals={"total": {"EUR": {"in": Decimal(10), "done": Decimal(9)}}},
        settled=True,
        why=("10 records came in; 9 are accounted for.",),
    )
    run = run_of(state="unbalanced", totals=balance.to_json(), why=balance.to_json(), finished_ms=3)
    found = account(run, Tally(done=9))
    assert found.balanced is False and found.why == balance.why
    last = found.lines[-1]
    assert (last.name, last.cells, last.missing) == ("Difference", ("1", "1.00"), True)
    assert account(run, Tally(done=10)).why[1:] == (
        "9 records were done when the run was summed up; the ledger now has 10.",
    )
