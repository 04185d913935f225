"""Who works, and what is kept up beside the work: leases, pauses, sums, and the proofs of what was erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from renderer.ledger.tables.base import metadata

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),  # node:pid:start of the process that has the children
    Column("name", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("children", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("beat_ms", BigInteger, nullable=False),
    Column("dead_ms", BigInteger),  # declared dead, or stopped in order
)

pauses = Table(
    "pauses",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("faults", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),  # the first fault
    Column("fault_ms", BigInteger, nullable=False),  # the last fault
    Column("until_ms", BigInteger, nullable=False),  # then one part may try
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),  # dispatcher
    Column("holder", Text, nullable=False),
    Column("token", Integer, nullable=False),  # fencing: one more with each holder
    Column("until_ms", BigInteger, nullable=False),
)

erasures = Table(
    "erasures",  # the proof that somebody was forgotten; counts grow until it is finished and looked after, none goes
    metadata,
    Column("id", Text, primary_key=True),
    Column("recipient", Text, nullable=False, index=True),  # keyed digest
    Column("at_ms", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),  # set aside
    Column("artefacts", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),  # null while it is carried out
    Column("checked_ms", BigInteger),  # when it was seen that work under way has left nothing
)

# Sums over what has ended, kept up by the leader: nobody counts a million rows to say how many there are.
tallies = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),  # attempts, requests, artefacts, removed
    Column("label", Text, primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),  # upper end of a histogram's bucket, or 0
    Column("count", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),  # milliseconds or bytes
)

# How far the leader's upkeep has come.
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
