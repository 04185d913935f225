"""A record that was made to hurt holds nothing up: it is refused, and what comes with it and after it is taken in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.http_house import http_house
from tests.ledgers import sqlite
from tests.small_template import profile_with

pytestmark = pytest.mark.integration

MANY = 150_000


def line(name: str, profile: dict[str, Any]) -> dict[str, Any]:
    return {"request_id": name, "template": "small", "profile": profile, "channels": ["statement"]}


def test_a_stream_and_a_call_go_on_after_a_record_that_was_made_to_hurt(tmp_path: Path) -> None:
    undeclared = {**profile_with(), **{f"custmer{number}": 0 for number in range(MANY)}}
    items = {"code": "energy", "amount": "x", "amuont": 1}
    wrong = profile_with(bill__lines=[items] * 9_999)
    values = profile_with(bill__lines=[[0] * 9_999] * 30)
    deep = json.loads("[" * 15 + "]" * 15)
    hostile = {"undeclared": undeclared, "wrong": wrong, "values": values, "deep": profile_with(customer__name=deep)}
    with http_house(tmp_path, sqlite(tmp_path / "ledger.sqlite")) as house:
        lines = [line("first", profile_with())]
        for name, profile in hostile.items():
            lines += [line(name, profile), line(f"after {name}".replace(" ", "-"), profile_with())]
        answers = {one["request_id"]: one for one in house.stream(lines).lines if "request_id" in one}
        assert [one["status"] for one in answers.values()] == ["accepted", *["refused", "accepted"] * len(hostile)]
        assert answers["undeclared"]["code"] == "profile.unknown" and answers["undeclared"]["more"] > 0
        for name, profile in hostile.items():
            body = {key: value for key, value in line(name, profile).items() if key != "request_id"}
            answer = house.call("POST", "/v1/requests", body, Idempotency_Key=f"single-{name}")
            assert answer.status == 422 and answer.headers["content-type"] == "application/problem+json", name
        assert house.submit("last").status == 202
