"""The search for planted names finds them however they are written."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from tests.chaos.customers import NAMES
from tests.chaos.privacy import SPELLINGS, spelled


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_every_spelling(name: str) -> None:
    data = json.dumps({"profile": {"name": f"{name} 00017", "total": 5}}, ensure_ascii=False)
    assert spelled(data)
    assert spelled(json.dumps({"name": name}))
    assert spelled(repr({"name": name}))
    assert spelled(ascii({"name": name}))
    assert spelled(repr(data.encode()))
    assert spelled(quote(data))
    assert spelled(quote_plus(data))
    assert spelled(data.encode().hex())
    assert spelled(html.escape(name).encode("ascii", "xmlcharrefreplace").decode())
    assert SPELLINGS.search(data.encode("utf-16-le"))
    for shift in range(3):
        assert spelled(base64.b64encode(b"." * shift + data.encode()).decode())
        assert spelled(json.dumps({"body": base64.b64encode(b"." * shift + data.encode()).decode()}))


def test_other_texts_are_none() -> None:
    assert not spelled("Anna Bianchi, C-1, 7731-SECRET, statement/statement.pdf")
