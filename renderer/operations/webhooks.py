"""Webhook endpoints as operators handle them: made, rotated, tried out, and what their messages are signed with.

Secrets have to be used, so the ledger has them sealed by the installation's key, each for its own id; they are shown
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from renderer.deliver.addresses import Rules, networks
from renderer.deliver.sender import Answer, Resolve, Sender
from renderer.deliver.signing import TEST, Message, headers, new_secret
from renderer.errors import BadInput, EnvironmentFault, UsageError, nearest
from renderer.ledger.endpoints import Endpoint, Endpoints, SealedSecret
from renderer.ledger.model import TOPICS, Clock, new_id, wall_clock
from renderer.ledger.seal import Vault
from renderer.publishing import check_ids
from renderer.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Made:
    """An endpoint with a secret that was just made. ``doubt`` is what speaks against its address for now."""

    endpoint: Endpoint
    secret: str
    doubt: BadInput | None = None


class Webhooks:
    """What the commands do. ``resolve`` finds the addresses of names; None asks the system."""

    def __init__(
        self,
        settings: Settings,
        endpoints: Endpoints,
        vault: Vault,
        resolve: Resolve | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._vault = vault
        self._resolve = resolve
        self._clock = clock

    def add(
        self, url: str, *, name: str = "", topics: Sequence[str] | None = None, templates: Sequence[str] | None = None
    ) -> Made:
        """A new endpoint, told of what happens from now on. Raises UsageError."""
        for topic in topics or ():
            if topic not in TOPICS:
                raise UsageError("usage.argument", "There is no such topic.", hint=nearest(topic, [*TOPICS]))
        check_ids(templates or ())
        target = rules(self._settings).read(url)
        name = name.strip() or target.host
        if len(name) > 100 or not name.isprintable():
            raise UsageError("usage.argument", "An endpoint's name has at most 100 printable characters.")
        doubt = None
        try:
            asyncio.run(self._look(url))
        except BadInput as error:
            if error.code == "webhook.address":
                raise
            doubt = error
        sealed, secret = self._fresh()
        endpoint = self._endpoints.add(
            self._endpoints.new_id(),
            sealed,
            name=name,
            url=url,
            topics=sorted({*topics}) if topics else None,
            templates=sorted({*templates}) if templates else None,
        )
        return Made(endpoint=endpoint, secret=secret, doubt=doubt)

    def rotate(self, endpoint_id: str, overlap_ms: int) -> Made:
        """Another secret; until the overlap ends, messages are signed with those before as well. Raises UsageError."""
        sealed, secret = self._fresh()
        return Made(endpoint=known(self._endpoints.rotate(endpoint_id, sealed, overlap_ms)), secret=secret)

    def test(self, endpoint_id: str) -> Answer:
        """Send a message that says nothing, now and whatever the endpoint's state; the answer. Raises UsageError."""
        endpoint = known(self._endpoints.get(endpoint_id))
        now = self._clock()
        message = Message(id=f"test-{new_id(now)}", type=TEST, at_ms=now, data={"endpoint": endpoint.id})
        body = message.body()
        keys = open_secrets(self._vault, self._endpoints.secrets([endpoint_id])[endpoint_id])

        async def send() -> Answer:
            sender = make_sender(self._settings, self._resolve)
            try:
                return await sender.post(endpoint.url, headers(message.id, body, keys, now // 1000), body)
            finally:
                await sender.close()

        return asyncio.run(send())

    async def _look(self, url: str) -> None:
        sender = make_sender(self._settings, self._resolve)
        try:
            await sender.addresses(rules(self._settings).read(url))
        finally:
            await sender.close()

    def _fresh(self) -> tuple[SealedSecret, str]:
        secret, secret_id = new_secret(), self._endpoints.new_id()
        return SealedSecret(id=secret_id, sealed=self._vault.seal(secret.encode(), _name(secret_id))), secret


def open_secrets(vault: Vault, secrets: Sequence[SealedSecret]) -> list[str]:
    """Those secrets that this installation's key opens, as receivers have them. Raises EnvironmentFault when it opens
    none. One that it does not open was sealed with another key, and whoever rotated it must not wait for it to end."""
    found: list[str] = []
    fault: EnvironmentFault | None = None
    for secret in secrets:
        try:
            found.append(vault.open(secret.sealed, _name(secret.id)).decode())
        except EnvironmentFault as error:
            fault = error
    if fault is not None and not found:
        raise fault
    return found


def rules(settings: Settings) -> Rules:
    """The rules for addresses, as the settings have them. Raises EnvironmentFault."""
    return Rules(networks(settings.webhook_allow))


def make_sender(settings: Settings, resolve: Resolve | None = None) -> Sender:
    """What sends, for one event loop. Raises EnvironmentFault."""
    return Sender(rules(settings), connections=settings.webhook_connections, ca=settings.webhook_ca, resolve=resolve)


def known(endpoint: Endpoint | None) -> Endpoint:
    """The endpoint. Raises UsageError when there is none."""
    if endpoint is None:
        raise UsageError("webhook.endpoint", "There is no such endpoint.", hint="dearly webhook list")
    return endpoint


def _name(secret_id: str) -> str:
    return f"webhook {secret_id}"
