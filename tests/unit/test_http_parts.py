"""The pieces of the HTTP API by themselves: lines out of pieces, links, limits, waiting answers."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import tempfile
from codecs import BOM_UTF8
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.api.files import file_name
from renderer.api.limits import KEPT, Buckets, Budget, Held
from renderer.api.lines import Line, Splitter
from renderer.api.links import Links
from renderer.api.offers import read_json, read_offer
from renderer.api.pages import Cursors
from renderer.api.problems import Refusal
from renderer.api.spool import IN_MEMORY, Spool
from renderer.ledger.seal import Vault

VAULT = Vault(bytes(32))
REQUEST, KEY = "0123456789abcdef" * 2, "0123456789ab"


# ---------------------------------------------------------------- lines


@given(data=st.binary(max_size=200), sizes=st.lists(st.integers(1, 40), min_size=1))
def test_lines_are_the_same_whatever_the_pieces_are(data: bytes, sizes: list[int]) -> None:
    splitter = Splitter(longest=30)
    found: list[Line] = []
    start = turn = 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        found += splitter.feed(data[start : start + size])
        start, turn = start + size, turn + 1
    found += splitter.end()
    lines = [
        line.removeprefix(BOM_UTF8) if not number and len(line) <= 30 else line
        for number, line in enumerate(data.split(b"\n"))
    ]
    wanted = [(number, line) for number, line in enumerate(lines, 1) if line.strip() or len(line) > 30]
    assert [(line.number, line.data) for line in found] == [
        (number, line if len(line) <= 30 else None) for number, line in wanted
    ]


def test_only_the_first_line_may_have_a_byte_order_mark_before_it() -> None:
    splitter = Splitter()
    found = splitter.feed(BOM_UTF8[:1])
    for piece in (BOM_UTF8[1:], b"{}\n", BOM_UTF8 + b"{}\n"):
        found += splitter.feed(piece)
    assert found == [Line(1, b"{}"), Line(2, BOM_UTF8 + b"{}")]
    alone = Splitter()
    assert alone.feed(BOM_UTF8) + alone.end() == []


def test_a_splitter_holds_no_more_than_one_line() -> None:
    splitter = Splitter(longest=1000)
    for _ in range(1000):
        splitter.feed(b"x" * 1000)
    assert len(splitter._rest) <= 1000
    assert splitter.end() == [Line(1, None)]


# ---------------------------------------------------------------- links


def test_a_link_says_what_it_was_made_for_until_its_second() -> None:
    links = Links(VAULT)
    token = links.token(REQUEST, KEY, 1_000, "statement/statement.pdf")
    for now, there in ((999, True), (999.99, True), (1_000, False), (1_001, False)):
        assert (links.read(token, now) is not None) is there
    link = links.read(token, 0)
    assert link is not None and (link.request_id, link.key_id, link.until_s) == (REQUEST, KEY, 1_000)
    assert link.leads_to("statement/statement.pdf") and not link.leads_to("statement/other.pdf")


def test_no_other_text_is_the_same_link() -> None:
    """Base64 has spare bits at its end: a token has one writing all the same."""
    links = Links(VAULT)
    token = links.token(REQUEST, KEY, 1_000, "p")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(token)):
        for letter in letters:
            other = token[:place] + letter + token[place + 1 :]
            assert (links.read(other, 0) is not None) is (other == token)
    for other in ("", "A", token + "A", token + "=", token[:-1], "é" * 70, f" {token}", token.lower()):
        assert links.read(other, 0) is None
    assert Links(Vault(secrets.token_bytes(32))).read(token, 0) is None


def test_a_link_holds_nothing_but_ids() -> None:
    data = base64.urlsafe_b64decode(Links(VAULT).token(REQUEST, KEY, 1_000, "Anna/secret.pdf") + "==")
    assert b"Anna" not in data and b"secret" not in data


# ---------------------------------------------------------------- limits


def test_a_bucket_fills_with_time_up_to_its_size() -> None:
    now = 0.0
    buckets = Buckets(2, 4, lambda: now)
    assert [buckets.take("a").granted for _ in range(5)] == [True] * 4 + [False]
    assert buckets.take("b").left == 3
    now = 0.5
    assert [buckets.take("a").granted for _ in range(2)] == [True, False]
    now = 100.0
    taken = buckets.take("a")
    assert (taken.granted, taken.left) == (True, 3)
    now = 99.0  # a clock that goes back gives nothing
    assert buckets.take("a").left == 2


def test_a_wait_is_long_enough() -> None:
    now = 0.0
    buckets = Buckets(0.1, 1, lambda: now)
    buckets.take("a")
    wait = buckets.take("a").wait_s
    now = wait
    assert buckets.take("a").granted


def test_buckets_are_not_kept_for_ever() -> None:
    buckets = Buckets(1, 1, lambda: 0.0)
    for number in range(KEPT + 500):
        buckets.take(str(number))
    assert len(buckets._buckets) == KEPT


def test_what_is_held_is_let_go() -> None:
    held = Held(2)
    assert [held.enter("a"), held.enter("a"), held.enter("a"), held.enter("b")] == [True, True, False, True]
    held.leave("a")
    assert held.enter("a")
    for name in ("a", "a", "b"):
        held.leave(name)
    assert not held._held


def test_a_budget_comes_back() -> None:
    budget = Budget(10)
    with budget.hold(6), pytest.raises(Refusal) as caught, budget.hold(5):
        pass
    assert caught.value.status == 503 and "Retry-After" in caught.value.headers
    with budget.hold(10):
        pass


# ---------------------------------------------------------------- waiting answers


@given(pieces=st.lists(st.binary(min_size=1, max_size=300), max_size=30), eager=st.booleans())
def test_answers_come_out_as_they_went_in(pieces: list[bytes], eager: bool) -> None:
    async def through() -> bytes:
        out = []
        with Spool(Path(tempfile.gettempdir())) as spool:
            for piece in pieces:
                await spool.put(piece)
                if eager:
                    out.append(await spool.get())
            await spool.end()
            while data := await spool.get():
                out.append(data)
        return b"".join(out)

    assert asyncio.run(through()) == b"".join(pieces)


def test_answers_that_nobody_reads_do_not_stay_in_memory(tmp_path: Path) -> None:
    async def wait() -> None:
        with Spool(tmp_path) as spool:
            for _ in range(40):
                await spool.put(b"x" * (IN_MEMORY // 8))
            assert spool._file._rolled  # type: ignore[attr-defined]
            assert list(tmp_path.iterdir()) == []  # the file has no name
            got = 0
            while got < 40 * (IN_MEMORY // 8):
                got += len(await spool.get())
            assert spool._written == 0

    asyncio.run(wait())


# ---------------------------------------------------------------- what is handed in


@given(st.binary(max_size=100))
def test_no_bytes_break_the_reading_of_a_body(data: bytes) -> None:
    try:
        read_offer(read_json(data), named=True)
    except Refusal as error:
        assert error.status in (400, 422)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["template", "profile", "channels", "priority", "as_of", "locale", "request_id"])


@given(given_=st.dictionaries(names, json_values), named=st.booleans())
def test_no_json_breaks_it_either(given_: dict[str, object], named: bool) -> None:
    try:
        _, offer = read_offer(read_json(json.dumps(given_).encode()), named=named)
    except Refusal as error:
        assert error.status in (400, 422) and error.code == "api.body"
    else:
        assert len(offer.digest(VAULT)) == 64


def test_a_cursor_is_read_only_where_it_was_made() -> None:
    cursors = Cursors(VAULT)
    assert cursors.read(cursors.write(REQUEST)) == REQUEST and cursors.read(None) is None
    for wrong in ("", "A" * 60, cursors.write(REQUEST)[:-2], Cursors(Vault(b"x" * 32)).write(REQUEST)):
        with pytest.raises(Refusal):
            cursors.read(wrong)


@pytest.mark.parametrize(
    ("path", "name"),
    [("statement/statement.pdf", "statement-statement.pdf"), ('a"b\r\nc', "a-b-c"), ("../..", "file"), ("ü", "file")],
)
def test_names_to_save_under_mind_no_header(path: str, name: str) -> None:
    assert file_name(path) == name
