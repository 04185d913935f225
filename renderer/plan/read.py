"""A plan from its canonical JSON: how a worker gets the plan that was made once for a request.

Reading what :attr:`RenderPlan.data` wrote gives an equal plan with the same digest. Only Dearly's own plans are read: a
text that is none is a bug and raises whatever it raises.
"""

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
    FactKind,
    Link,
    Message,
    Point,
    RenderPlan,
    Series,
    Table,
    Tick,
)
from renderer.units import Money, Quantity


def read_plan(data: str | bytes) -> RenderPlan:
    """The plan. Raises ValueError for a plan of another schema."""
    plan = json.loads(data)
    if plan["schema"] != PLAN_SCHEMA:
        raise ValueError(f"a plan of schema {plan['schema']}")
    return RenderPlan(
        **{
            **plan,
            "as_of": date.fromisoformat(plan["as_of"]),
            "segments": tuple(plan["segments"]),
            "offers": MappingProxyType(plan["offers"]),
            "scenes": tuple(plan["scenes"]),
            "blocks": tuple(plan["blocks"]),
            "facts": MappingProxyType({name: _fact(fact) for name, fact in plan["facts"].items()}),
            "copy": MappingProxyType(
                {name: Message(**{**item, "facts": tuple(item["facts"])}) for name, item in plan["copy"].items()}
            ),
            "links": MappingProxyType({name: Link(**item) for name, item in plan["links"].items()}),
            "decisions": tuple(map(_decision, plan["decisions"])),
            "images": MappingProxyType(plan["images"]),
        }
    )


def _fact(data: Mapping[str, Any]) -> Fact:
    return Fact(**{**data, "value": _value(data["kind"], data["value"]), "steps": tuple(data["steps"])})


def _value(kind: FactKind, value: Any) -> Any:
    match kind:
        case "money":
            return Money(amount=Decimal(value["amount"]), currency=value["currency"])
        case "quantity" if isinstance(value, dict):
            return Quantity(amount=Decimal(value["amount"]), unit=value["unit"])
        case "quantity" | "number" | "percent":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "text" | "image":
            return value
        case "series":
            points = (
                Point(x=Cell(**point["x"]), y=Cell(**point["y"]), mark=point["mark"]) for point in value["points"]
            )
            return Series(points=tuple(points), ticks=tuple(Tick(**tick) for tick in value["ticks"]))
        case "table":
            rows = (
                MappingProxyType({name: None if cell is None else Cell(**cell) for name, cell in row.items()})
                for row in value["rows"]
            )
            return Table(columns=tuple(value["columns"]), rows=tuple(rows))


def _decision(data: Mapping[str, Any]) -> Decision:
    candidates = tuple(Candidate(**candidate) for candidate in data["candidates"])
    return Decision(**{**data, "chosen": tuple(data["chosen"]), "candidates": candidates})
