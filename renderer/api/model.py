"""What the API says, as models: the answers are made of them, and its description is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from renderer.ledger.model import Fault, Produced, RunState, State
from renderer.ledger.seen import SeenPart, SeenRequest, SeenRun
from renderer.template.model import Channel
from renderer.times import moment

ID = r"^[0-9a-f]{32}$"
Id = Annotated[str, Field(pattern=ID, examples=["019aa9d8b1c24f0e8a7d3b5c6e9f0a1b"])]
Digest = Annotated[str, Field(description="A release's digest, in hex.")]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultSaid(_Said):
    """Why something failed."""

    code: str = Field(description="One of docs/errors.md.", examples=["render.overflow"])
    message: str


class ChannelSaid(_Said):
    """One channel of a request."""

    channel: str
    state: State
    attempts: int
    step: int = Field(description="Steps done of the present attempt.")
    steps: int = Field(description="Steps in all, as far as they are known.")
    error: FaultSaid | None = None
    warnings: tuple[str, ...] = Field(description="Codes.")
    finished_at: datetime | None = None


class RequestSaid(_Said):
    """One recipient and one release of a template."""

    id: Id
    run: Id
    template: str = Field(examples=["energy-bill"])
    release: Digest
    state: State
    reason: str | None = Field(None, description="The code of the rule that suppressed it.")
    error: FaultSaid | None = None
    created_at: datetime
    finished_at: datetime | None = None
    files_kept: bool = Field(description="False when its files were removed.")


class WholeRequestSaid(RequestSaid):
    """A request with its channels."""

    channels: tuple[ChannelSaid, ...]


class RequestsSaid(_Said):
    """A page of requests, the newest first."""

    items: tuple[RequestSaid, ...]
    next: str | None = Field(description="The address of the next page; null at the end. A page may be short, or "
                             "empty, and have a next one.")  # fmt: skip


class HandedSaid(_Said):
    """A request that is in the ledger."""

    id: Id
    status: Literal["accepted", "known"] = Field(description="Whether it is new, or was handed in before.")
    state: State
    href: str = Field(description="Where to ask for it.", examples=["/v1/requests/019aa9d8b1c24f0e8a7d3b5c6e9f0a1b"])


class FileSaid(_Said):
    """One file of a request."""

    path: str = Field(examples=["statement/statement.pdf"])
    kind: str
    media_type: str = Field(examples=["application/pdf"])
    bytes: int
    sha256: str
    href: str = Field(description="Where to download it, with a key.")


class FilesSaid(_Said):
    """The files of a request's channels that are done."""

    items: tuple[FileSaid, ...]


class LinkSaid(_Said):
    """An address that opens one file without a key."""

    path: str
    url: str = Field(description="Absolute where DEARLY_API_URL is set, a path otherwise.")
    expires_at: datetime
    media_type: str
    bytes: int
    sha256: str


class LinksSaid(_Said):
    """Links, by path."""

    items: tuple[LinkSaid, ...]


class RunSaid(_Said):
    """One submission of many requests, or the run of those that have none of their own."""

    id: Id
    kind: str = Field(description="What made it: batch, api, door, demo.")
    template: str | None = Field(None, description="Where all its requests are of one.")
    release: Digest | None = None
    state: RunState
    held: bool = Field(description="Whether requests of it wait for an approval.")
    created_at: datetime
    approved_at: datetime | None = None
    finished_at: datetime | None = None


class StandingCounts(_Said):
    """A run's records by what became of them. `working`, `waiting` and `held` are still open."""

    input: int = Field(description="Records that came in; while the input is read, those so far.")
    done: int
    failed: int
    suppressed: int
    set_aside: int
    cancelled: int
    working: int
    waiting: int
    held: int


class WaitSaid(_Said):
    """Something that a run waits for."""

    for_: str = Field(alias="for", examples=["approval"])
    message: str
    hint: str | None = None


class ExampleSaid(_Said):
    """A record that ended so, and its request where it became one."""

    record: int
    request: str | None = None


class ReasonSaid(_Said):
    """Why records ended as they did."""

    code: str
    count: int
    field: str | None = None
    message: str | None = None
    examples: tuple[ExampleSaid, ...]


class TimesSaid(_Said):
    """When a run was started, its input read, it was approved, and it ended."""

    started: datetime | None
    input_read: datetime | None
    approved: datetime | None
    finished: datetime | None


class StandingSaid(_Said):
    """How a run stands: the same as `dearly batch status --json`."""

    run: Id
    kind: str
    template: str | None
    release: Digest | None
    state: RunState
    input_read: bool = Field(description="Whether all of the input was read.")
    counts: StandingCounts
    parts_at_work: Mapping[str, int]
    per_second: float | None
    eta_s: int | None
    waits: tuple[WaitSaid, ...]
    failed: tuple[ReasonSaid, ...]
    suppressed: tuple[ReasonSaid, ...]
    set_aside: tuple[ReasonSaid, ...]
    times: TimesSaid
    why: tuple[str, ...] = Field(description="What does not add up.")


class RunsSaid(_Said):
    """A page of runs, the newest first."""

    items: tuple[RunSaid, ...]
    next: str | None = Field(description="The address of the next page; null at the end.")


class TemplateSaid(_Said):
    """A template that requests can name."""

    id: str = Field(examples=["energy-bill"])
    title: str
    active: Digest | None = Field(description="The release that its id means; null: the installed template as it is.")


class TemplatesSaid(_Said):
    """All templates."""

    items: tuple[TemplateSaid, ...]


class ReleaseSaid(_Said):
    """A release that was published."""

    digest: Digest
    title: str
    published_at: datetime
    active: bool


class WholeTemplateSaid(TemplateSaid):
    """What its id means now: how to fill it, what it makes, and its releases."""

    description: str
    locales: tuple[str, ...]
    channels: tuple[Channel, ...]
    retention_days: int = Field(description="Days that profile and plan are kept.")
    contract: Mapping[str, Any] = Field(description="JSON Schema of a profile.")
    releases: tuple[ReleaseSaid, ...]


class HealthSaid(_Said):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadySaid(_Said):
    """Whether requests can be taken in and made."""

    ready: bool
    ledger: bool
    store: bool
    workers: int = Field(description="Workers that were heard of lately.")


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


def _fault(fault: Fault | None) -> FaultSaid | None:
    return None if fault is None else FaultSaid(code=fault.code, message=fault.message)


def request_said(seen: SeenRequest) -> RequestSaid:
    return RequestSaid(**_of_request(seen))


def whole_request_said(seen: SeenRequest) -> WholeRequestSaid:
    return WholeRequestSaid(channels=tuple(map(_channel, seen.parts)), **_of_request(seen))


def _of_request(seen: SeenRequest) -> dict[str, Any]:
    return {
        "id": seen.id,
        "run": seen.run_id,
        "template": seen.template,
        "release": seen.release,
        "state": seen.state,
        "reason": seen.reason,
        "error": _fault(seen.fault),
        "created_at": moment(seen.created_ms),
        "finished_at": _time(seen.finished_ms),
        "files_kept": not seen.gone,
    }


def _channel(part: SeenPart) -> ChannelSaid:
    return ChannelSaid(
        channel=part.channel,
        state=part.state,
        attempts=part.attempts,
        step=part.step,
        steps=part.steps,
        error=_fault(part.fault),
        warnings=part.warnings,
        finished_at=_time(part.finished_ms),
    )


def file_said(base: str, request_id: str, file: Produced) -> FileSaid:
    """``base`` is the house's."""
    return FileSaid(
        path=file.path,
        kind=file.kind,
        media_type=file.media_type,
        bytes=file.bytes,
        sha256=file.sha256,
        href=f"{base}/v1/requests/{request_id}/artefacts/{file.path}",
    )


def run_said(seen: SeenRun) -> RunSaid:
    return RunSaid(**_of_run(seen))


def standing_said(found: Mapping[str, Any]) -> StandingSaid:
    """Of what :func:`renderer.batch.standing.as_json` gives."""
    return StandingSaid.model_validate(found)


def _of_run(seen: SeenRun) -> dict[str, Any]:
    return {
        "id": seen.id,
        "kind": seen.kind,
        "template": seen.template,
        "release": seen.release,
        "state": seen.state,
        "held": seen.hold_after is not None and seen.approved_ms is None and seen.state in ("open", "running"),
        "created_at": moment(seen.created_ms),
        "approved_at": _time(seen.approved_ms),
        "finished_at": _time(seen.finished_ms),
    }
