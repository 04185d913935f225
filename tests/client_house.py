"""Tests of the Python client: what is handed in, what the ledger has, and answers for a wire that breaks."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from sqlalchemy import func, select

from dearly import client as public
from dearly.client import (
    Client,
)
from renderer.ledger.tables import requests
from tests.http_house import HttpHouse
from tests.small_template import profile_with

PDF = "statement/statement.pdf"

names = count()


def name() -> str:
    return f"client-{next(names)}"


def line(request_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "template": "small",
        "channels": ["statement"],
        "profile": profile_with(customer__id=request_id, **changes),
    }


def hand_in(dearly: Client, request_id: str | None = None, **changes: Any) -> public.Handed:
    return dearly.submit("small", profile_with(**changes), request_id or name(), channels=["statement"])


def in_ledger(house: HttpHouse) -> int:
    with house.services.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(requests)).scalar_one()


def answer(status: int, body: dict[str, Any] | bytes, *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} -", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def problem(status: int, code: str, *headers: str) -> bytes:
    return answer(status, {"code": code, "detail": "Not now.", "status": status}, *headers)
