"""The templates that requests name, opened: found by name, loaded once, kept."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from renderer.api.problems import Refusal
from renderer.bootstrap import Services
from renderer.errors import BadInput, UsageError
from renderer.ledger.key_ring import ApiKey
from renderer.publishing import Resolver
from renderer.template.load import load_release
from renderer.template.model import Template


@dataclass(frozen=True)
class Opened:
    """A release with what it says: requests pin ``digest``."""

    template: Template
    digest: str


class OpenedTemplates:
    """Used by several threads. A name means the same for :data:`KEPT_S`, so an activation is felt within that."""

    KEPT_S = 1.0
    KEPT_NAMES = 1_000
    KEPT = 8

    def __init__(self, services: Services, now: Callable[[], float] = time.monotonic) -> None:
        self._resolver = Resolver(services, now=now)
        self._now = now
        self._lock = threading.Lock()
        self._names: OrderedDict[str, tuple[float, str | BadInput]] = OrderedDict()
        self._opened: OrderedDict[str, Opened] = OrderedDict()

    def find(self, name: str, key: ApiKey) -> Opened:
        """The release that a name means. Raises a Refusal 403 where the key is not for its template, and as
        :meth:`renderer.publishing.Resolver.find` does."""
        wanted, _, _ = name.partition("@")
        if not key.may_use(wanted):
            raise Refusal(
                403, "api.scope", "This key is not for this template.", field="template", hint="Call with one that is."
            )
        with self._lock:
            since, found = self._names.get(name, (float("-inf"), ""))
            if self._now() - since >= self.KEPT_S or (isinstance(found, str) and found not in self._opened):
                found = self._look(name)
            if isinstance(found, UsageError) and key.templates is not None:
                raise UsageError(found.code, found.message)  # a hint names other templates, which are not its business
            if isinstance(found, BadInput):
                raise found
            self._opened.move_to_end(found)
            return self._opened[found]

    def _look(self, name: str) -> str | BadInput:
        try:
            found: str | BadInput = self._open(name)
        except BadInput as error:
            found = error
        self._names[name] = (self._now(), found)
        self._names.move_to_end(name)
        while len(self._names) > self.KEPT_NAMES:
            self._names.popitem(last=False)
        return found

    def _open(self, name: str) -> str:
        pinned = self._resolver.find(name)
        digest = pinned.release.files_digest
        if digest not in self._opened:
            template = load_release(pinned.release)
            self._opened[digest] = Opened(template, digest)
            while len(self._opened) > self.KEPT:
                self._opened.popitem(last=False)
        if self._opened[digest].template.id != pinned.template:
            raise UsageError("usage.argument", "The release is one of another template.")
        return digest
