"""A plan from its canonical JSON, as a worker finds it. ``read_plan(plan.data).data == plan.data``, always."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from renderer.plan.model import (
    PLAN_SCHEMA,
    Candidate,
    Cell,
    Decision,
    Fact,
    Link,
    Message,
    Point,
    RenderPlan,
    Series,
    Table,
    Tick,
)
from renderer.units import Money, Quantity


def read_plan(data: bytes) -> RenderPlan:
    """The plan that ``data`` holds. Raises ValueError when it is not a plan of this schema."""
    raw = json.loads(data)
    if not isinstance(raw, dict) or raw.get("schema") != PLAN_SCHEMA:
        raise ValueError(f"not a plan of schema {PLAN_SCHEMA}")
    made = {
        **raw,
        "as_of": date.fromisoformat(raw["as_of"]),
        "segments": tuple(raw["segments"]),
        "scenes": tuple(raw["scenes"]),
        "blocks": tuple(raw["blocks"]),
        "offers": MappingProxyType(raw["offers"]),
        "images": MappingProxyType(raw["images"]),
        "facts": _each(raw["facts"], _fact),
        "copy": _each(raw["copy"], lambda item: Message(**{**item, "facts": tuple(item["facts"])})),
        "links": _each(raw["links"], lambda item: Link(**item)),
        "decisions": tuple(_decision(item) for item in raw["decisions"]),
    }
    return RenderPlan(**made)


def _each(items: Mapping[str, Any], make: Any) -> Mapping[str, Any]:
    return MappingProxyType({name: make(item) for name, item in items.items()})


def _fact(item: dict[str, Any]) -> Fact:
    return Fact(**{**item, "value": _value(item["kind"], item["value"]), "steps": tuple(item["steps"])})


def _value(kind: str, value: Any) -> Any:
    match kind:
        case "money":
            return Money(amount=Decimal(value["amount"]), currency=value["currency"])
        case "quantity":
            return Quantity(amount=Decimal(value["amount"]), unit=value["unit"])
        case "number" | "percent":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "series":
            return Series(
                points=tuple(Point(x=Cell(**p["x"]), y=Cell(**p["y"]), mark=p["mark"]) for p in value["points"]),
                ticks=tuple(Tick(**tick) for tick in value["ticks"]),
            )
        case "table":
            return Table(
                columns=tuple(value["columns"]),
                rows=tuple({name: Cell(**cell) if cell is not None else None for name, cell in row.items()} for row in value["rows"]),
            )
    return value


def _decision(item: dict[str, Any]) -> Decision:
    return Decision(**{**item, "chosen": tuple(item["chosen"]),
                       "candidates": tuple(Candidate(**candidate) for candidate in item["candidates"])})
