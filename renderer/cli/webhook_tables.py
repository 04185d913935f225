"""How webhook endpoints and deliveries are shown, to people and to machines; and times as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from renderer.cli.options import parse_date
from renderer.deliver.signing import message_id
from renderer.errors import UsageError
from renderer.ledger.delivery_log import Logged
from renderer.ledger.endpoints import Endpoint
from renderer.ledger.gauges import Listening
from renderer.times import DAY_MS, HOUR_MS, iso, minute, second

_SPANS = {"h": HOUR_MS, "d": DAY_MS}

SAID = 300
"""Characters of an answer that are shown."""


def endpoint_json(endpoint: Endpoint) -> dict[str, Any]:
    """For machines."""
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "url": endpoint.url,
        "topics": None if endpoint.topics is None else sorted(endpoint.topics),
        "templates": None if endpoint.templates is None else sorted(endpoint.templates),
        "state": endpoint.state,
        "why": endpoint.why,
        "created": iso(endpoint.created_ms),
        "delivered": iso(endpoint.delivered_ms),
        "failing": iso(endpoint.failing_ms),
    }


def endpoints_table(found: Sequence[Listening]) -> Table:
    """For people."""
    table = Table(box=None, pad_edge=False)
    for title in ("Endpoint", "Name", "URL", "Topics", "Templates", "State", "Waiting", "Last success"):
        table.add_column(title, no_wrap=title in ("Endpoint", "Last success"), overflow="fold")
    for one in found:
        endpoint = one.endpoint
        state = endpoint.state if endpoint.why is None else f"{endpoint.state} ({endpoint.why})"
        if endpoint.state == "active" and endpoint.why is None and endpoint.failing_ms is not None:
            state = f"failing since {minute(endpoint.failing_ms)}"
        table.add_row(
            endpoint.id,
            escape(endpoint.name),
            escape(endpoint.url),
            "all" if endpoint.topics is None else " ".join(sorted(endpoint.topics)),
            "all" if endpoint.templates is None else " ".join(sorted(endpoint.templates)),
            state,
            f"{one.waiting:,}",
            "never" if endpoint.delivered_ms is None else minute(endpoint.delivered_ms),
        )
    return table


def log_json(one: Logged) -> dict[str, Any]:
    """For machines."""
    return {
        "delivery": one.id,
        "webhook_id": message_id(one.dedupe),
        "type": one.topic,
        "happened": iso(one.at_ms),
        "state": one.state,
        "next": iso(one.next_ms),
        "attempts": [
            {
                "attempt": attempt.number,
                "at": iso(attempt.at_ms),
                "took_ms": attempt.took_ms,
                "status": attempt.status,
                "code": attempt.code,
            }
            for attempt in one.attempts
        ],
    }


def log_lines(found: Sequence[Logged]) -> Iterator[str]:
    """For people: a line for each message, and below it one for each attempt. Ids are too long for a table."""
    for one in found:
        state = one.state if one.next_ms is None else f"waits, next {minute(one.next_ms)}"
        yield f"{one.id}  {one.topic}  {message_id(one.dedupe)}  {state}"
        for attempt in one.attempts:
            status = "   " if attempt.status is None else str(attempt.status)
            how = attempt.code or "delivered"
            yield f"    {attempt.number:2}  {second(attempt.at_ms)}  {status}  {attempt.took_ms:5} ms  {how}"


def parse_since(text: str, now_ms: int) -> int:
    """A moment before now, as ``6h``, ``3d`` or a day. Raises UsageError."""
    span = re.fullmatch(r"([0-9]{1,4})([hd])", text)
    if span is not None:
        return now_ms - int(span[1]) * _SPANS[span[2]]
    try:
        day = parse_date(text)
    except UsageError:
        day = None
    if day is None:
        raise UsageError("usage.argument", "--since takes a day as YYYY-MM-DD, or a time such as 6h or 3d.")
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def readable(said: bytes) -> str:
    """The beginning of what a receiver answered, without anything that a terminal would obey."""
    text = said.decode("utf-8", "replace")[:SAID]
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text).strip()
