"""Sessions: what a browser shows instead of the key that somebody signed in with.

The cookie holds the key's id, a mark of the secret that was typed, a nonce and the end, sealed with the installation's
key: nobody can read it or make one, and the key cannot be got back from it. Nothing is stored of a session that lives.
It ends with its time, with its key, with the secret it began with (after a rotation), and when somebody signs out;
whether it has, the doorman asks the ledger.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass

from renderer.errors import EnvironmentFault
from renderer.ledger.seal import Vault

LASTS_S = 8 * 3600
TICKET_S = 600
"""So long a page in a frame may load what it draws itself with."""
MOST = 600
"""Characters of a cookie or a ticket that are looked at."""

_SESSION, _TICKET = "operate session", "operate ticket"


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody signed in. ``mark`` is of the secret that was typed (:meth:`renderer.api.keys.Keys.mark`)."""

    key_id: str
    mark: str
    nonce: str
    until_s: int


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """Leave for the page of one request to load its styles, pictures and films. The page itself is opened with the
    session's cookie; once it is there it belongs to no site, being sandboxed, and shows none."""

    session: Session
    request_id: str


class Sessions:
    """Makes sessions and tickets, and knows them again."""

    def __init__(self, vault: Vault, now: Callable[[], float] = time.time) -> None:
        self._vault = vault
        self._now = now

    def begin(self, key_id: str, mark: str) -> Session:
        """A new session."""
        until_s = int(self._now()) + LASTS_S
        return Session(key_id=key_id, mark=mark, nonce=secrets.token_hex(16), until_s=until_s)

    def write(self, session: Session) -> str:
        """What the cookie holds."""
        return self._sealed(_SESSION, [*astuple(session)])

    def read(self, cookie: str) -> Session | None:
        """The session that a cookie holds; None for one that was not made here, or whose time is over."""
        said = self._opened(_SESSION, cookie)
        return None if said is None else self._alive(said, session_end=said[3])

    def ticket(self, session: Session, request_id: str) -> str:
        """Leave for one request's page to load its files, for a while. It ends with its session."""
        until_s = min(session.until_s, int(self._now()) + TICKET_S)
        return self._sealed(_TICKET, [*astuple(session), request_id, until_s])

    def read_ticket(self, ticket: str) -> Ticket | None:
        """What a ticket says; None for one that was not made here, or whose time is over."""
        said = self._opened(_TICKET, ticket)
        session = None if said is None else self._alive(said[:4], session_end=said[5])
        return None if session is None or said is None else Ticket(session=session, request_id=said[4])

    def form_token(self, session: Session) -> str:
        """What every form of a session holds: another site's page does not know it."""
        return self._vault.keyed("operate form", session.nonce)[:32]

    def is_form(self, session: Session, given: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.form_token(session).encode(), given.encode("utf-8", "replace"))

    def _alive(self, said: list[str], session_end: str) -> Session | None:
        key_id, mark, nonce, until_s = said
        if self._now() >= int(session_end):
            return None
        return Session(key_id=key_id, mark=mark, nonce=nonce, until_s=int(until_s))

    def _sealed(self, name: str, said: list[object]) -> str:
        data = self._vault.seal(json.dumps([str(one) for one in said]).encode(), name)
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def _opened(self, name: str, given: str) -> list[str] | None:
        if not given.isascii() or len(given) > MOST:
            return None
        try:
            data = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
            said: list[str] = json.loads(self._vault.open(data, name))
        except (ValueError, EnvironmentFault):
            return None
        return said
