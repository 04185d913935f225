"""One transaction of a batch's intake: which recipients are known, what is put in, and how far the input was read.

Opened by :meth:`.batches.Batches.taking`, which sees that nobody else takes the same run further.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from renderer.errors import UsageError
from renderer.ledger.intake import put_requests
from renderer.ledger.model import OPEN, Submission
from renderer.ledger.tables import requests, runs, set_aside

_LIST = 500  # values of one IN: SQLite takes only so many


@dataclass(frozen=True, kw_only=True)
class Known:
    """A request that a recipient has in the scope of a run."""

    id: str
    run_id: str
    record: int
    over: bool
    """It failed or was cancelled: another one may come in its place."""


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A record that does not become a request. ``faults`` is JSON; ``recipient`` a keyed digest, None where the key
    could not be read; ``data`` the record as it came, sealed, None where it was too large to be kept; ``amounts`` its
    control amounts, sealed."""

    record: int
    line: int | None
    field: str | None
    code: str
    faults: str
    recipient: str | None
    data: bytes | None
    amounts: bytes | None


class Taking:
    """One transaction of an intake."""

    def __init__(self, connection: Connection, now_ms: int, run: Row[Any]) -> None:
        self._connection = connection
        self._now = now_ms
        self._run = run

    @property
    def totals(self) -> str | None:
        """The run's sums as they stand."""
        totals: str | None = self._run.totals
        return totals

    def known(self, recipients: Collection[str]) -> dict[str, list[Known]]:
        """The requests in the run's scope of each of these recipients (keyed digests), the oldest first. Raises
        UsageError while one of them is still to be cancelled: nobody is left out for a request that never ends well."""
        found: dict[str, list[Known]] = {}
        wanted = list(recipients)
        for start in range(0, len(wanted), _LIST):
            rows = self._connection.execute(
                select(
                    requests.c.id,
                    requests.c.run_id,
                    requests.c.record,
                    requests.c.recipient,
                    requests.c.state,
                    runs.c.state.label("run_state"),
                )
                .join(runs, runs.c.id == requests.c.run_id)
                .where(requests.c.recipient.in_(wanted[start : start + _LIST]), runs.c.scope == self._run.scope)
                .order_by(requests.c.id)
            )
            for row in rows:
                if row.run_state == "cancelled" and row.state in OPEN:
                    raise being_cancelled(row.run_id)
                over = row.state in ("failed", "cancelled")
                known = Known(id=row.id, run_id=row.run_id, record=row.record, over=over)
                found.setdefault(row.recipient, []).append(known)
        return found

    def put(self, submissions: Sequence[Submission]) -> set[str]:
        """Put requests in; the ids of those that are new."""
        return {item.id for item in put_requests(self._connection, self._now, self._run, submissions)}

    def set_aside(self, rows: Sequence[SetAside]) -> None:
        """Put records aside."""
        if rows:
            self._connection.execute(
                insert(set_aside), [{"run_id": self._run.id, "at_ms": self._now, **vars(row)} for row in rows]
            )

    def move(self, *, records: int, digest: str, totals: str, options: str) -> None:
        """Say how far the input was read."""
        self._connection.execute(
            update(runs)
            .where(runs.c.id == self._run.id)
            .values(records=records, input_digest=digest, totals=totals, options=options)
        )


def being_cancelled(run_id: str) -> UsageError:
    """That a run cannot be continued yet."""
    return UsageError(
        "usage.run",
        "The run to continue was cancelled, and not all of it has ended yet.",
        hint=f"dearly batch cancel {run_id}",
    )
