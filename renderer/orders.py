"""What a request carries while it waits, as bytes and back: the order that was handed in, and the plan made from it.

Both hold everything personal, so they exist outside a process only sealed (:class:`renderer.ledger.seal.Vault`). Orders
know nothing of contracts or plans: these are text here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from renderer.ledger.model import Submission, new_id, wall_clock
from renderer.ledger.seal import Vault
from renderer.template.model import Channel


@dataclass(frozen=True, kw_only=True)
class Order:
    """One profile (JSON text, see :mod:`renderer.profile.carry`), its pictures by digest, and what the caller chose:
    as-of date (ISO) and locale, None where the profile says it, and the seed."""

    profile: str
    record: int = 1
    images: Mapping[str, bytes] = field(default_factory=dict)
    as_of: str | None = None
    locale: str | None = None
    seed: int = 0

    def to_bytes(self) -> bytes:
        return _packed(
            self.profile,
            {
                "record": self.record,
                "as_of": self.as_of,
                "locale": self.locale,
                "seed": self.seed,
            },
            self.images,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Order:
        fields, images = _unpacked(data, "profile")
        return cls(images=images, **fields)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An order as it came in from outside: of which template, the channels that has, and the recipient's key."""

    template: str
    channels: tuple[Channel, ...]
    recipient: str
    order: Order


@dataclass(frozen=True, kw_only=True)
class MadePlan:
    """A plan (canonical JSON), its digest, the pictures it shows, and the suppression's code if there is one.

    ``amounts`` are the control amounts that it accounts for (:mod:`renderer.plan.controls`), None where its template
    has no control totals. They are kept by themselves, not with the plan."""

    data: str
    digest: str
    images: Mapping[str, bytes] = field(default_factory=dict)
    suppression: str | None = None
    amounts: bytes | None = None

    def to_bytes(self) -> bytes:
        return _packed(self.data, {"digest": self.digest, "suppression": self.suppression}, self.images)

    @classmethod
    def from_bytes(cls, data: bytes) -> MadePlan:
        fields, images = _unpacked(data, "data")
        return cls(images=images, **fields)


def submission(
    vault: Vault,
    order: Order,
    *,
    recipient: str,
    idempotency: Sequence[str] | str,
    template: str,
    release: str,
    channels: Sequence[Channel],
    priority: int = 0,
    record: int = 0,
    notify: bool = False,
    body: str | None = None,
    amounts: bytes | None = None,
) -> Submission:
    """The request to put into the ledger. ``recipient`` is the recipient's key in clear and ``idempotency`` whatever
    makes the request the same one when it is handed in twice (or a keyed digest of that already); both leave here only
    as keyed digests. ``amounts`` are its control amounts, as bytes."""
    request_id = new_id(wall_clock())
    return Submission(
        id=request_id,
        template=template,
        release=release,
        channels=tuple(channels),
        priority=priority,
        record=record,
        notify=notify,
        body=body,
        recipient=vault.keyed("recipient", recipient),
        idempotency=idempotency if isinstance(idempotency, str) else vault.keyed("idempotency", *idempotency),
        sealed=vault.seal(order.to_bytes(), f"profile {request_id}"),
        amounts=None if amounts is None else seal_amounts(vault, amounts, request_id, "amounts"),
    )


def door_key(vault: Vault, request_id: str) -> str:
    """The idempotency key of a request that came in under its sender's ``request_id``, by the queue or over HTTP."""
    return vault.keyed("idempotency", "door", request_id)


def open_order(vault: Vault, sealed: bytes, request_id: str) -> Order:
    """The order of a request."""
    return Order.from_bytes(vault.open(sealed, f"profile {request_id}"))


def seal_plan(vault: Vault, plan: MadePlan, request_id: str) -> bytes:
    """A plan, to be kept beside its request."""
    return vault.seal(plan.to_bytes(), f"plan {request_id}")


def seal_amounts(vault: Vault, amounts: bytes, request_id: str, kind: Literal["amounts", "accounted"]) -> bytes:
    """Control amounts, as they came in or as the plan accounts for them, to be kept beside their request."""
    return vault.seal(amounts, f"{kind} {request_id}")


def open_amounts(vault: Vault, sealed: bytes, request_id: str, kind: Literal["amounts", "accounted"]) -> bytes:
    """What :func:`seal_amounts` sealed."""
    return vault.open(sealed, f"{kind} {request_id}")


def open_plan(vault: Vault, sealed: bytes, request_id: str) -> MadePlan:
    """The plan of a request."""
    return MadePlan.from_bytes(vault.open(sealed, f"plan {request_id}"))


def _packed(text: str, fields: Mapping[str, Any], images: Mapping[str, bytes]) -> bytes:
    """A line of JSON, then the text as it is: quoted once more it would be half as long again."""
    pictures = {name: base64.b64encode(data).decode() for name, data in images.items()}
    head = json.dumps([fields, pictures], ensure_ascii=True)
    return f"{head}\n{text}".encode("utf-8", "surrogatepass")


def _unpacked(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    head, line_end, text = data.partition(b"\n")
    fields, pictures = json.loads(head)
    if line_end:  # without one it was packed before 0.2.0, and the fields have the text
        fields[name] = text.decode("utf-8", "surrogatepass")
    return fields, {name: base64.b64decode(text) for name, text in pictures.items()}
