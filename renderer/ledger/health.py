"""How webhook endpoints do, as attempts say it: since when nothing has got through, how long each rests, and which is
told no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, or_, update

from renderer.ledger.tables import webhook_endpoints
from renderer.times import DAY_MS, HOUR_MS

FAILING_MS = 5 * DAY_MS
"""An endpoint to which nothing has got through for so long is disabled."""

GAP_MS = 36 * HOUR_MS
"""Failures that lie further apart say nothing about the time between them. Longer than any pause between attempts."""

GONE = "webhook.gone"
FAILING = "webhook.failing"
"""The codes for which an endpoint is disabled."""

UNSIGNED = "environment.key"
"""The code for which one is held that stays active: its secret cannot be opened."""

SEEN_MS = 60_000
"""The last success of an endpoint is written at most so often."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What some attempts say about an endpoint. It rests until ``rests_ms``, also where one got through."""

    through: bool
    rests_ms: int | None = None
    gone: bool = False


def tend(connection: Connection, endpoint_id: str, health: Health, now_ms: int) -> None:
    """Write down how an endpoint does. One that is well is seldom written to."""
    endpoint = webhook_endpoints.c
    ours = endpoint.id == endpoint_id
    if health.through:
        stale = or_(endpoint.delivered_ms.is_(None), endpoint.delivered_ms < now_ms - SEEN_MS)
        # A rest that is not over stays: what got through was under way when it was asked for.
        rests = case((endpoint.rests_ms > now_ms, endpoint.rests_ms), else_=None)
        well = {"failures": 0, "failing_ms": None, "failed_ms": None, "rests_ms": rests, "delivered_ms": now_ms}
        connection.execute(update(webhook_endpoints).where(ours, or_(endpoint.failures > 0, stale)).values(well))
    else:
        begins = or_(endpoint.failing_ms.is_(None), endpoint.failed_ms < now_ms - GAP_MS)
        connection.execute(
            update(webhook_endpoints)
            .where(ours)
            .values(
                failures=endpoint.failures + 1,
                failing_ms=case((begins, now_ms), else_=endpoint.failing_ms),
                failed_ms=now_ms,
            )
        )
    if health.rests_ms is not None:  # what was under way when it began cuts no rest short
        earlier = or_(endpoint.rests_ms.is_(None), endpoint.rests_ms < health.rests_ms)
        connection.execute(update(webhook_endpoints).where(ours, earlier).values(rests_ms=health.rests_ms))
    ends = and_(ours, endpoint.state == "active")
    if not health.gone:
        ends = and_(ends, endpoint.failing_ms < now_ms - FAILING_MS)
    why = GONE if health.gone else FAILING
    connection.execute(update(webhook_endpoints).where(ends).values(state="disabled", why=why))


def hold(connection: Connection, endpoint_id: str, until_ms: int | None, why: str) -> None:
    """Let an endpoint that is told of things rest for a fault of ours, or with None go on that was held for it."""
    endpoint = webhook_endpoints.c
    ours = and_(endpoint.id == endpoint_id, endpoint.state == "active")
    if until_ms is None:
        connection.execute(update(webhook_endpoints).where(ours, endpoint.why == why).values(why=None))
        return
    later = case((endpoint.rests_ms > until_ms, endpoint.rests_ms), else_=until_ms)
    connection.execute(update(webhook_endpoints).where(ours).values(why=why, rests_ms=later))
