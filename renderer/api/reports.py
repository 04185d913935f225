"""The report of a run as the API says it: the same as ``dearly batch report --json``, which makes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from renderer.api.model import Digest, Id, ReasonSaid, TimesSaid
from renderer.ledger.model import RunState


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OutcomesSaid(_Said):
    """Records by what became of them."""

    input: int
    done: int
    failed: int
    suppressed: int
    set_aside: int
    cancelled: int


class ControlSaid(_Said):
    """A control total in one currency. Amounts are decimal texts; null until they are known."""

    id: str
    currency: str
    input: str | None
    done: str | None
    failed: str | None
    suppressed: str | None
    set_aside: str | None
    cancelled: str | None
    forgotten: str | None = Field(description="What records came to whose recipients were forgotten before the sums.")
    difference: str | None = Field(description="What came in and is not accounted for.")


class ChannelReportSaid(_Said):
    """What a channel took and gave."""

    states: Mapping[str, int]
    failed: Mapping[str, int] = Field(description="By code.")
    warnings: Mapping[str, int] = Field(description="By code.")
    attempts: int
    process_deaths: int
    worker_deaths: int
    environment_faults: int
    figures: Mapping[str, str]
    files: int
    bytes: int
    engines: Mapping[str, int]


class GoneSaid(_Said):
    """Requests of which something is not kept any more."""

    files_forgotten: int
    files_cleaned: int
    profiles_dropped: int


class ReportTimesSaid(TimesSaid):
    """When things happened to the run."""

    first_part_started: datetime | None
    last_part_finished: datetime | None


class ReportSaid(_Said):
    """Everything that came in with a run, and what became of it."""

    run: Id
    template: str | None
    release: Digest | None
    state: RunState
    balanced: bool | None = Field(description="Whether all of it is accounted for; null while the run goes on.")
    why: tuple[str, ...] = Field(description="What does not add up.")
    counts: OutcomesSaid
    open: int
    control_totals: tuple[ControlSaid, ...]
    unread: Mapping[str, Mapping[str, int]]
    planned_otherwise: int
    amounts_erased: int
    failed: tuple[ReasonSaid, ...]
    suppressed: tuple[ReasonSaid, ...]
    set_aside: tuple[ReasonSaid, ...]
    channels: Mapping[str, ChannelReportSaid]
    plans: ChannelReportSaid
    engines: Mapping[str, Mapping[str, Any]]
    releases: Mapping[str, int]
    gone: GoneSaid
    options: Mapping[str, Any]
    times: ReportTimesSaid
