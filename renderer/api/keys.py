"""API keys: how they are written, what they may allow, and who shows one.

A key reads ``dearly_<id>_<secret>``: a fixed prefix that secret scanners can look for, the key's id (12 hex digits),
and 256 random bits. The ledger has the id and a digest of the whole key under the installation's key (HMAC-SHA256), so
a copy of the ledger opens nothing, and neither does a guess.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from renderer.errors import UsageError, nearest
from renderer.ledger.key_ring import ApiKey, KeyRing
from renderer.ledger.seal import Vault
from renderer.publishing import check_ids

SCOPES: Final[Mapping[str, str]] = {
    "submit": "hand requests in; cancel them and try failed ones again",
    "read": "see requests, runs, reports and templates; on the operators' page also how the installation does",
    "artefacts": "download files, and make links to them",
    "records": "download the records that were set aside, as they came",
    "runs:approve": "approve and cancel runs",
    "metrics": "read the installation's metrics",
}
"""What a key can be allowed, and what that is."""

WHOLE = frozenset({"metrics"})
"""Scopes that concern the whole installation: not for keys of some templates only."""

KEPT_S = 1.0
"""So long a key is taken to be what it was: a revocation is felt within this time."""
KEPT = 1_000

_WRITTEN = re.compile(r"dearly_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_LENGTH = 63


class Keys:
    """Makes keys and knows them again. Used by several threads."""

    def __init__(self, ring: KeyRing, vault: Vault, now: Callable[[], float] = time.monotonic) -> None:
        self._ring = ring
        self._vault = vault
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        self._noted: dict[str, float] = {}

    def create(
        self, name: str, scopes: Sequence[str], templates: Sequence[str] | None, expires_ms: int | None
    ) -> tuple[ApiKey, str]:
        """A new key, and what its holder shows: nobody can read that again. Raises UsageError."""
        if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
            raise UsageError("usage.argument", "A key's name has 1 to 100 printable characters.")
        if not scopes:
            raise UsageError("usage.argument", "A key needs a scope.", hint="Scopes are: " + ", ".join(SCOPES) + ".")
        for scope in scopes:
            if scope not in SCOPES:
                raise UsageError("usage.argument", "There is no such scope.", hint=nearest(scope, [*SCOPES]))
        check_ids(templates or ())
        if templates and (whole := sorted(WHOLE & {*scopes})):
            raise UsageError("usage.argument", f"A key for some templates cannot have the scope '{whole[0]}'.")
        key_id = self._ring.new_id()
        shown = _fresh(key_id)
        key = self._ring.add(
            key_id,
            self._digest(shown),
            name=name.strip(),
            scopes=sorted({*scopes}),
            templates=sorted({*templates}) if templates else None,
            expires_ms=expires_ms,
        )
        return key, shown

    def rotate(self, key_id: str, overlap_ms: int) -> tuple[ApiKey, str]:
        """Another secret for a key; the old one works for ``overlap_ms`` more. Raises UsageError."""
        shown = _fresh(key_id)
        key = self._ring.rotate(key_id, self._digest(shown), overlap_ms)
        if key is None:
            raise UsageError("usage.argument", "There is no such key, or it was revoked.")
        return key, shown

    def revoke(self, key_id: str) -> ApiKey:
        """Let a key open nothing any more. Raises UsageError when there is none."""
        key = self._ring.revoke(key_id)
        if key is None:
            raise UsageError("usage.argument", "There is no such key.")
        return key

    def recent(self, shown: str) -> ApiKey | None:
        """The key that somebody shows, where it was seen a moment ago: without asking the ledger."""
        if len(shown) != _LENGTH:
            return None
        digest = self._digest(shown)  # what is kept in memory is not the key either
        with self._lock:
            since, key = self._kept.get(digest, (float("-inf"), None))
        return key if self._now() - since < KEPT_S else None

    def holder(self, shown: str) -> ApiKey | None:
        """The key that somebody shows; None when it opens nothing."""
        found = _WRITTEN.fullmatch(shown)
        if found is None:
            return None
        digest = self._digest(shown)
        now = self._now()
        there = self._ring.find(found[1])
        if there is None:
            return None
        key, digests = there
        same = [hmac.compare_digest(digest, one) for one in digests]  # each in constant time, and all of them
        if not any(same):
            return None
        self._keep(digest, now, key)
        return key

    def opens(self, shown: str) -> bool:
        """Whether what somebody showed a while ago still opens something: asked again at most once a second."""
        return (self.recent(shown) or self.holder(shown)) is not None

    def mark(self, shown: str) -> str:
        """What a session remembers of the secret that it began with: nobody can go back from it."""
        return self._mark(self._digest(shown))

    def recently(self, key_id: str, mark: str) -> ApiKey | None:
        """The key of a session, where it was seen a moment ago: without asking the ledger."""
        with self._lock:
            since, key = self._kept.get(f"{key_id} {mark}", (float("-inf"), None))
        return key if self._now() - since < KEPT_S else None

    def standing(self, key_id: str, mark: str) -> ApiKey | None:
        """The key of a session; None when the secret that it began with opens nothing any more."""
        now = self._now()
        there = self._ring.find(key_id)
        if there is None:
            return None
        key, digests = there
        same = [hmac.compare_digest(mark, self._mark(one)) for one in digests]
        if not any(same):
            return None
        self._keep(f"{key_id} {mark}", now, key)
        return key

    def alive(self, key_id: str) -> bool:
        """Whether a key that made something still opens anything."""
        return self._ring.find(key_id) is not None

    def to_note(self, key: ApiKey) -> bool:
        """Whether it is time to write down that this key is used; once a minute it is."""
        now = self._now()
        with self._lock:
            if now - self._noted.get(key.id, float("-inf")) < 60:
                return False
            self._noted[key.id] = now
            return True

    def note(self, key: ApiKey) -> None:
        """Write down that a key is used."""
        self._ring.used(key.id)

    def _keep(self, name: str, now: float, key: ApiKey) -> None:
        with self._lock:
            self._kept[name] = (now, key)
            self._kept.move_to_end(name)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def _mark(self, digest: str) -> str:
        return self._vault.keyed("api session", digest)[:32]

    def _digest(self, shown: str) -> str:
        return self._vault.keyed("api key", shown)


def _fresh(key_id: str) -> str:
    return f"dearly_{key_id}_{secrets.token_urlsafe(32)}"
