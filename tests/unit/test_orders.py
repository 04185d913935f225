"""What a request carries while it waits comes back as it was, also from ledgers of an earlier version."""

from __future__ import annotations

import base64
import json

import pytest

from renderer.ledger.seal import Vault
from renderer.orders import MadePlan, Order, open_plan, seal_plan

IMAGES = {"face": b"\x89PNG\n\x00\xff"}


@pytest.mark.parametrize("text", ["{}", "", "two\nlines\n", "Zoë \u2068€ 5\u2069", "half a pair \ud83d", '"quoted"'])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    order = Order(profile=text, record=7, images=IMAGES, as_of="2026-11-01", locale="it", seed=3)
    assert Order.from_bytes(order.to_bytes()) == order
    plan = MadePlan(data=text, digest="d", images=IMAGES, suppression=None)
    assert MadePlan.from_bytes(plan.to_bytes()) == plan
    vault = Vault(b"k" * 32)
    assert open_plan(vault, seal_plan(vault, plan, "r"), "r") == plan


def test_what_an_earlier_version_packed_is_read() -> None:
    pictures = {name: base64.b64encode(data).decode() for name, data in IMAGES.items()}
    plan = json.dumps([{"data": '{"a":\n1}', "digest": "d", "suppression": "opted-out"}, pictures]).encode()
    assert MadePlan.from_bytes(plan) == MadePlan(data='{"a":\n1}', digest="d", images=IMAGES, suppression="opted-out")
    order = json.dumps([{"profile": "{}", "record": 2, "as_of": None, "locale": None, "seed": 0}, {}]).encode()
    assert Order.from_bytes(order) == Order(profile="{}", record=2)
