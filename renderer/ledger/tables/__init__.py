"""The ledger's tables. What must never be is refused by the database itself: an unknown state, a second artefact under
one key, a request submitted twice, a history that is rewritten.

This is what the code reads; :mod:`renderer.ledger.migrations` makes it, and a test holds the two together.

Nothing personal stands in clear: the recipient's key and the caller's idempotency key are keyed digests, profile and
plan are sealed (``sealed.data``).

Each subject has a module here; who asks imports from this one.
"""

from __future__ import annotations

from renderer.ledger.tables.base import metadata
from renderer.ledger.tables.chunks import chunk_uses, chunks
from renderer.ledger.tables.jobs import (
    LEASED,
    READY,
    artefacts,
    attempts,
    engines,
    history,
    outbox,
    part_needs,
    parts,
    requests,
    runs,
    sealed,
    set_aside,
)
from renderer.ledger.tables.keys import api_keys, api_secrets, ended_sessions
from renderer.ledger.tables.releases import activations, releases
from renderer.ledger.tables.upkeep import erasures, leases, marks, pauses, tallies, workers
from renderer.ledger.tables.webhooks import webhook_attempts, webhook_deliveries, webhook_endpoints, webhook_secrets

__all__ = [
    "LEASED",
    "READY",
    "activations",
    "api_keys",
    "api_secrets",
    "artefacts",
    "attempts",
    "chunk_uses",
    "chunks",
    "ended_sessions",
    "engines",
    "erasures",
    "history",
    "leases",
    "marks",
    "metadata",
    "outbox",
    "part_needs",
    "parts",
    "pauses",
    "releases",
    "requests",
    "runs",
    "sealed",
    "set_aside",
    "tallies",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
    "webhook_secrets",
    "workers",
]
