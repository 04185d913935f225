"""What a row says, where several rooms of the ledger ask for the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from renderer.ledger.model import Fault, Produced


def fault_of(row: Row[Any]) -> Fault | None:
    """Why a request or a part has failed, None where it has not."""
    return Fault(code=row.error_code, message=row.error_message) if row.error_code else None


def produced_of(row: Row[Any]) -> Produced:
    """A row of :data:`.tables.artefacts`."""
    return Produced(
        path=row.path,
        kind=row.kind,
        media_type=row.media_type,
        bytes=row.bytes,
        sha256=row.sha256,
        key=row.key,
        engine=row.engine,
    )
