"""Canonical JSON (RFC 8785 without floats): equal values, equal bytes."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.units import MAX_SAFE_INTEGER, Money, canonical_json, decimal_text, digest, sha256

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785, 3.2.3: keys in the order of their UTF-16 code units, not of their code points.
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}',
        ),
        # RFC 8785, 3.2.2.2: the shortest escapes, lower-case hexadecimal, nothing else escaped.
        ('\u20ac$\u000f\u000aA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\u007f\u2028", '"\u007f\u2028"'),
        ({"numbers": [333333333, -5, 0], "literals": [None, True, False]},
         '{"literals":[null,true,false],"numbers":[333333333,-5,0]}'),
        (Money(amount=Decimal("1.50"), currency="EUR"), '{"amount":"1.50","currency":"EUR"}'),
        ([date(2026, 1, 2), Decimal("-0.0"), Decimal("1E+2")], '["2026-01-02","0.0","100"]'),
    ],
)  # fmt: skip
def test_known_vectors(value: Any, text: str) -> None:
    assert canonical_json(value) == text.encode()


@given(DATA)
def test_json_reads_back_equal_and_order_of_keys_does_not_matter(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value
    if isinstance(value, dict):
        assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize("value", [1.0, float("nan"), {1: 2}, {"a", "b"}, b"x", object()])
def test_what_has_no_one_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("value", [MAX_SAFE_INTEGER + 1, -MAX_SAFE_INTEGER - 1, "\ud800", Decimal("Infinity")])
def test_values_without_a_safe_form_are_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_decimals_are_written_plainly(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert "e" not in text.lower()
    assert value or not text.startswith("-")


def test_digests_are_the_published_functions() -> None:
    assert digest(b"").startswith("0e5751c026e543b2e8ab2eb06099daa1")  # BLAKE2b-256 of nothing
    assert sha256(b"").startswith("e3b0c44298fc1c149afbf4c8996fb924")
