"""Who looks: sessions by cookie, forms that were made for them, and no form from elsewhere."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from renderer.api.bodies import body_of
from renderer.api.caller import Doorkeeper
from renderer.api.keys import KEPT, KEPT_S, Keys
from renderer.api.operate.sessions import LASTS_S, Session, Sessions
from renderer.api.pool import Pool
from renderer.api.problems import Refusal
from renderer.ledger.ended_sessions import EndedSessions
from renderer.ledger.key_ring import ApiKey

NEEDED = "read"
"""The scope that signing in takes."""
FORM = "application/x-www-form-urlencoded"
FIELDS = 10


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who is signed in. ``token`` goes into every form."""

    key: ApiKey
    session: Session
    token: str

    def may(self, scope: str) -> bool:
        return scope in self.key.scopes

    @property
    def sees_all(self) -> bool:
        """Whether the installation as a whole is any of the key's business."""
        return self.key.templates is None


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A form that a visitor sent from a page of ours."""

    visitor: Visitor
    fields: Mapping[str, str]


Admit = Callable[[Request], Coroutine[Any, Any, Visitor]]
Take = Callable[[Request], Coroutine[Any, Any, Posted]]


class SignedOut(Refusal):
    """Nobody is signed in, or not any more."""

    def __init__(self) -> None:
        super().__init__(401, "api.key", "You are not signed in.", hint="Sign in with an API key.")


class Doorman:
    """Admits visitors. ``url`` is the address that browsers reach the API under; empty: that of the call itself.

    Whether a session was signed out is known to the ledger, and so to every process of the API; as with keys it is
    taken to be alive for a second after the ledger said so."""

    def __init__(
        self, keys: Keys, sessions: Sessions, ended: EndedSessions, pool: Pool, doorkeeper: Doorkeeper, url: str
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._ended = ended
        self._pool = pool
        self._doorkeeper = doorkeeper
        self._lock = threading.Lock()
        self._alive: OrderedDict[str, float] = OrderedDict()
        self._url = urlsplit(url)
        self.base = self._url.path.rstrip("/")
        self._secure = self._url.scheme == "https"
        self._cookie = ("__Secure-" if self._secure else "") + "dearly-operate"

    def needs(self, scope: str = NEEDED) -> Admit:
        """A dependency: the visitor of a call, who has this scope. Raises a Refusal 401, 403 or 429."""

        async def admit(request: Request) -> Visitor:
            visitor = await self.visitor(request)
            if visitor is None:
                raise SignedOut
            return _with(visitor, scope)

        return admit

    def posts(self, scope: str = NEEDED) -> Take:
        """A dependency: a form of a visitor who has this scope. Raises a Refusal 401, 403, 415 or 429."""

        async def take(request: Request) -> Posted:
            self.check_place(request)
            visitor = await self.visitor(request)
            if visitor is None:
                raise SignedOut
            fields = await fields_of(request)
            if not self._sessions.is_form(visitor.session, fields.get("token", "")):
                raise Refusal(
                    403, "api.form", "The form was not made for this session.", hint="Open the page anew and try again."
                )
            return Posted(visitor=_with(visitor, scope), fields=fields)

        return take

    async def visitor(self, request: Request) -> Visitor | None:
        """Who is signed in, if anybody is. Raises a Refusal 429."""
        session = self._sessions.read(request.cookies.get(self._cookie, ""))
        key = None if session is None else await self.key_of(session)
        if session is None or key is None or NEEDED not in key.scopes:
            return None
        found = Visitor(key=key, session=session, token=self._sessions.form_token(session))
        request.scope["state"]["visitor"] = found
        self._doorkeeper.count(request, key)
        return found

    async def key_of(self, session: Session) -> ApiKey | None:
        """The key of a session as it is now; None when it was signed out, or what was typed opens nothing any more."""
        known = self._keys.recently(session.key_id, session.mark) if self._recently(session) else None
        return known or await self._pool.run(self._standing, session)

    def shows(self, request: Request, session: Session) -> bool:
        """Whether a call comes with the cookie of this very session."""
        shown = self._sessions.read(request.cookies.get(self._cookie, ""))
        return shown is not None and shown.nonce == session.nonce

    async def sign_in(self, request: Request, shown: str) -> Session:
        """A session for one who shows a key. Raises a Refusal 401, 403 or 429."""
        key = await self._pool.run(self._keys.holder, shown)
        if key is None:
            self._doorkeeper.missed(request)
            raise Refusal(401, "api.key", "This key opens nothing.", hint="It may have been revoked or have expired.")
        self._doorkeeper.count(request, key)
        if NEEDED not in key.scopes:
            raise Refusal(
                403,
                "api.scope",
                f"This key does not have the scope '{NEEDED}', which this page needs.",
                hint="Sign in with one that has it. `dearly key create` makes it.",
            )
        return self._sessions.begin(key.id, self._keys.mark(shown))

    def remember(self, answer: Response, session: Session) -> None:
        """Put a session into the browser."""
        self._set(answer, self._sessions.write(session), LASTS_S)

    async def end(self, answer: Response, session: Session) -> None:
        """End a session everywhere, and take it out of the browser. Raises EnvironmentFault, and then it has not
        ended."""
        await self._pool.run(self._ended.add, session.nonce, session.until_s * 1000)
        with self._lock:
            self._alive.pop(session.nonce, None)
        self._set(answer, "", 0)

    def check_place(self, request: Request) -> None:
        """Raises a Refusal 403 for a form that is not sent by a page of ours. Every browser says where a form comes
        from; what says nothing is no browser."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site")
        ours = origin in self._origins(request) if origin is not None else site == "same-origin"
        if not ours or site not in (None, "same-origin"):
            raise Refusal(
                403,
                "api.form",
                "The form does not come from a page of this address.",
                hint="Open this page under the address that DEARLY_API_URL says." if self._url.netloc else None,
            )

    def _recently(self, session: Session) -> bool:
        with self._lock:
            return time.monotonic() - self._alive.get(session.nonce, float("-inf")) < KEPT_S

    def _standing(self, session: Session) -> ApiKey | None:
        now = time.monotonic()
        if self._ended.has(session.nonce):
            return None
        key = self._keys.standing(session.key_id, session.mark)
        if key is not None:
            with self._lock:
                self._alive[session.nonce] = now
                self._alive.move_to_end(session.nonce)
                while len(self._alive) > KEPT:
                    self._alive.popitem(last=False)
        return key

    def _origins(self, request: Request) -> set[str]:
        if self._url.netloc:
            return {f"{self._url.scheme}://{self._url.netloc}".lower()}
        host = request.headers.get("host", "").lower()
        return {f"{scheme}://{host}" for scheme in ("http", "https")} if host else set()

    def _set(self, answer: Response, value: str, seconds: int) -> None:
        answer.set_cookie(
            self._cookie,
            value,
            max_age=seconds,
            path=f"{self.base}/operate",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )


def _with(visitor: Visitor, scope: str) -> Visitor:
    if not visitor.may(scope):
        raise Refusal(
            403,
            "api.scope",
            f"Your key does not have the scope '{scope}'.",
            hint="Sign in with one that has it. `dearly key create` makes it.",
        )
    return visitor


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form; of several of a name the last. Raises a Refusal 400 or 415."""
    data = await body_of(request, FORM)
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise Refusal(400, "api.body", "The form cannot be read.", hint="Open the page anew and try again.") from None
    return dict(pairs)
