"""What the API answers, as values. Fields that a newer API adds are passed over; JSON of another shape is no answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar
from urllib.parse import parse_qsl, urlsplit

from dearly.errors import Unreachable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ENDED = frozenset({"done", "failed", "suppressed", "cancelled"})
"""States that a request does not leave."""

_Value = TypeVar("_Value", bound="DataclassInstance")


class _Named(TypedDict):
    request_id: str
    template: str
    profile: Mapping[str, Any]


class Line(_Named, total=False):
    """One request of many, as :meth:`~dearly.client.Client.submit_many` takes it."""

    channels: list[str]
    priority: str
    as_of: str
    locale: str


@dataclass(frozen=True)
class Why:
    """Why something failed: a code of Dearly's list, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class Handed:
    """A request that is in the ledger. ``status`` is ``accepted``, or ``known`` when it was handed in before."""

    id: str
    status: str
    state: str


@dataclass(frozen=True)
class Answer:
    """What became of one of many. ``number`` counts the lines that were given, from 1.

    ``status`` is ``accepted``, ``known`` (it was there already, the same) or ``refused``: then it is not in the ledger,
    ``code`` and what follows say why, and ``more`` counts further faults of the same record. ``id`` is the request's.
    """

    number: int
    request_id: str
    status: str
    id: str | None = None
    code: str | None = None
    message: str | None = None
    field: str | None = None
    hint: str | None = None
    more: int = 0


@dataclass(frozen=True)
class Channel:
    """One channel of a request."""

    channel: str
    state: str
    attempts: int
    step: int
    steps: int
    error: Why | None
    warnings: tuple[str, ...]
    finished_at: datetime | None


@dataclass(frozen=True)
class Request:
    """One recipient and one release of a template.

    ``reason`` is the rule that suppressed it, ``error`` why it failed. ``channels`` is empty in lists.
    """

    id: str
    run: str
    template: str
    release: str
    state: str
    reason: str | None
    error: Why | None
    created_at: datetime
    finished_at: datetime | None
    files_kept: bool
    channels: tuple[Channel, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in ENDED

    @property
    def done(self) -> bool:
        """Whether its files are there."""
        return self.state == "done"


@dataclass(frozen=True)
class Artefact:
    """One file of a request, by its path."""

    path: str
    kind: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Link:
    """An address that opens one file without a key until its time is over."""

    path: str
    url: str
    expires_at: datetime
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Run:
    """One submission of many requests, or the run of those that have none of their own (kind ``api``, ``door``)."""

    id: str
    kind: str
    template: str | None
    release: str | None
    state: str
    held: bool
    created_at: datetime
    approved_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class Report:
    """What came in with a run, and what became of it, by counts.

    ``balanced`` is None while the run goes on; ``why`` says what does not add up. ``all`` is the whole report as the
    API gives it, with sums of money, reasons, channels and times.
    """

    run: str
    state: str
    balanced: bool | None
    why: tuple[str, ...]
    counts: Mapping[str, int]
    all: Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """How a run stands. ``counts`` has what is open too; ``all`` is the whole answer, with pace, waits and reasons."""

    run: str
    kind: str
    state: str
    counts: Mapping[str, int]
    waits: tuple[str, ...]
    all: Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """A template that requests can name. ``active`` is the release that its id means."""

    id: str
    title: str
    active: str | None


@dataclass(frozen=True)
class WholeTemplate(Template):
    """How a template is filled (``contract``, a JSON Schema), what it makes, and the digests of its releases."""

    description: str
    locales: tuple[str, ...]
    channels: tuple[str, ...]
    retention_days: int
    contract: Mapping[str, Any]
    releases: tuple[str, ...]


@contextmanager
def _of_the_api() -> Iterator[None]:
    """Raises Unreachable for what is not of the shape that the API gives."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Unreachable("The answer was not the API's: it is JSON of another kind.") from None


def time_of(text: str) -> datetime:
    """A time of the API, aware."""
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def _read(kind: type[_Value], said: Mapping[str, Any], **read: Any) -> _Value:
    """A value with the fields that the API has under the same names: times (``…_at``) as such, ``read`` as it is."""
    found = {field.name: said[field.name] for field in fields(kind) if field.name not in read}
    times = {name: time_of(value) for name, value in found.items() if name.endswith("_at") and value is not None}
    return kind(**{**found, **times, **read})


def _why(said: Mapping[str, Any] | None) -> Why | None:
    return None if said is None else _read(Why, said)


@_of_the_api()
def items(said: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a list has."""
    return list(said["items"])


@_of_the_api()
def page(said: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, Any]], dict[str, str]]:
    """What a page of a list has, and what the next one is asked for with: nothing where there is none.

    Not its address: a proxy may have the API under a path that the API does not know.
    """
    return list(said["items"]), dict(parse_qsl(urlsplit(said["next"] or "").query))


@_of_the_api()
def handed(said: Mapping[str, Any]) -> Handed:
    return _read(Handed, said)


@_of_the_api()
def request(said: Mapping[str, Any]) -> Request:
    return _read(Request, said, error=_why(said["error"]), channels=tuple(map(_channel, said.get("channels", ()))))


def _channel(said: Mapping[str, Any]) -> Channel:
    return _read(Channel, said, error=_why(said["error"]), warnings=tuple(said["warnings"]))


@_of_the_api()
def artefact(said: Mapping[str, Any]) -> Artefact:
    return _read(Artefact, said)


@_of_the_api()
def link(said: Mapping[str, Any], base: str) -> Link:
    """The only one of a list. ``base`` stands before an address that the API gives without one."""
    (one,) = said["items"]
    return _read(Link, one, url=one["url"] if "://" in one["url"] else base + one["url"])


@_of_the_api()
def run(said: Mapping[str, Any]) -> Run:
    return _read(Run, said)


@_of_the_api()
def standing(said: Mapping[str, Any]) -> Standing:
    return _read(Standing, said, waits=tuple(one["for"] for one in said["waits"]), all=said)


@_of_the_api()
def report(said: Mapping[str, Any]) -> Report:
    return _read(Report, said, why=tuple(said["why"]), all=said)


@_of_the_api()
def template(said: Mapping[str, Any]) -> Template:
    return _read(Template, said)


@_of_the_api()
def whole_template(said: Mapping[str, Any]) -> WholeTemplate:
    return _read(
        WholeTemplate,
        said,
        locales=tuple(said["locales"]),
        channels=tuple(said["channels"]),
        releases=tuple(one["digest"] for one in said["releases"]),
    )
