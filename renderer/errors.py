"""The one error tree. Every error says what is wrong, where, and what to do; none repeats a profile's values.

    DearlyError
    ├── BadInput            never retried: somebody has to change something
    │   ├── UsageError          wrong use of a command, an unreadable file        (exit 2)
    │   ├── TemplateError       the template is wrong                             (exit 2)
    │   ├── ProfileError        a record breaks its contract                      (exit 1)
    │   └── RenderError         this profile cannot be rendered as it should      (exit 1)
    ├── TransientError      may work when tried again
    └── EnvironmentFault    the machine lacks something: pause, do not count an attempt   (exit 3)

Anything else that escapes is a bug. Codes are stable and listed in ``docs/errors.md``; :data:`CODES` is the register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches

CODES: dict[str, str] = {
    "usage.argument": "A command was called with arguments that do not go together.",
    "usage.unreadable": "A file named on the command line cannot be read.",
    "usage.format": "A profile file is not JSON, JSON Lines or CSV in UTF-8 as Dearly reads them.",
    "usage.count": "A command that takes exactly one record was given none or several.",
    "usage.run": "A run is not there, or does not take what was asked of it any more.",
    "template.missing-file": "A file that a template must have, or that one of its files names, is not there.",
    "template.syntax": "A template file is not valid YAML, JSON, Fluent or Jinja2.",
    "template.unknown-key": "A template file has a key that Dearly does not know.",
    "template.value": "A value in a template file is of the wrong kind or out of range.",
    "template.reference": "A template names something (scene, fact, copy key, style, font, media) that is not there.",
    "template.duplicate": "Two things of one kind in a template have the same id.",
    "template.expression": "An expression of a template is not allowed or does not compile.",
    "template.unreachable-default": "A choice in decisions.yaml has no default that can always be reached.",
    "template.copy": "A copy file lacks a message, or uses what copy must not use.",
    "template.unsafe": "A layout uses a construct that would let profile data run as code.",
    "template.path": "A reference leaves the template's folder or names a path or an address.",
    "template.release": "A bundle's content does not match its digest.",
    "profile.kind": "A field holds a value of another kind than the contract asks for.",
    "profile.missing": "A required field is missing.",
    "profile.unknown": "A record has a field that the contract does not declare.",
    "profile.value": "A value is outside what the contract allows (range, length, pattern, list, format).",
    "profile.text": "A text is too long or holds what no channel can carry (NUL, a lone surrogate, a control).",
    "profile.image": "An image is not one of the accepted formats, too large, or named by an address.",
    "profile.duplicate-key": "A JSON object names the same key twice.",
    "profile.depth": "A record is nested too deep or is too large.",
    "profile.as-of": "Neither the record nor the command line gives the as-of date.",
    "profile.locale": "Neither the record nor the command line gives a locale, or the template does not speak it.",
    "profile.duplicate": "A second record carries the same recipient key.",
    "batch.known": "The recipient of a record has a request already in a run that this one continues.",
    "decide.none": "An expression compares or computes with a value that this profile lacks.",
    "decide.expression": "An expression failed on this profile.",
    "decide.limit": "An expression ran too long or grew too large.",
    "plan.fact": "A fact could not be made from its expression.",
    "plan.copy": "A sentence could not be said for this profile.",
    "render.layout": "A layout failed on this plan.",
    "render.limit": "A layout ran too long, used too much memory or produced too much.",
    "render.overflow": "A text does not fit its box by the rule the template gives.",
    "render.glyph": "No listed font has a glyph for a character.",
    "render.face": "A font face was used that the template does not list.",
    "render.asset": "An image, style or font that a layout asks for is missing or was refused.",
    "render.warning": "An engine gave a warning, so the result may be incomplete.",
    "render.contrast": "A colour pair is below the contrast that readers need.",
    "render.media": "A piece of media could not be decoded or encoded.",
    "render.safe-area": "A text of the film lies where players put their controls, or too near to an edge.",
    "render.suppressed": "The rules say that this recipient gets nothing; there is nothing to render.",
    "environment.library": "A system library is missing.",
    "environment.font": "A font that the template lists is not installed.",
    "environment.disk": "The disk is full or a folder cannot be written.",
    "environment.broker": "The broker cannot be reached or started.",
    "environment.ledger": "The ledger's database cannot be opened.",
    "environment.worker": "A worker process ended unexpectedly.",
    "transient.child": "A render process ended unexpectedly.",
    "environment.key": "The installation's key is missing, readable by others, or not the one that was used.",
    "environment.clock": "This machine's clock is not the one of the ledger's server.",
    "environment.store": "The store of the files (a bucket) cannot be reached, refuses, or breaks off.",
    "environment.voice": "A voice is missing, or its model cannot be read.",
    "environment.setting": "A setting (DEARLY_…) has a value that it cannot have.",
    "environment.busy": "Another service of Dearly runs on this DEARLY_HOME.",
    "job.attempts": "A part was tried as often as allowed; each time the whole worker died.",
    "job.poison": "The process that worked on a part died each time, also when it worked on nothing else.",
    "job.dependency": "Another part of the request, whose files this one embeds, has failed.",
    "job.fault": "Something unexpected went wrong in Dearly; the log names the place.",
    "job.time": "A part took longer than its channel may.",
    "store.audit": "Frames of a film were drawn again and are not those that a kept chunk was encoded from.",
    "store.create-only": "The store (a bucket) does not keep the first of two writers, so it cannot be used.",
    "store.damaged": "A release's bundle, a kept chunk of a film or the store's mark is torn, or another one.",
    "store.missing": "A file that the ledger names is not in the store.",
    "store.other": "The store is not the one that the ledger's files are in, or is another installation's.",
    "webhook.address": "A receiver's address is none that may be sent to, or its name leads to one that is not.",
    "webhook.answer": "A receiver answered something else than that it has the message (2xx).",
    "webhook.broken": "A receiver dropped the connection, or answered what is no HTTP.",
    "webhook.connect": "A receiver could not be reached.",
    "webhook.endpoint": "There is no such webhook endpoint, or it is not in a state for this.",
    "webhook.failing": "A webhook endpoint was disabled: for days nothing got through to it.",
    "webhook.gone": "A receiver answered 410: it is not there any more, and its endpoint was disabled.",
    "webhook.redirect": "A receiver answered with another address, which is not followed.",
    "webhook.resolve": "A receiver's name leads to no address.",
    "webhook.timeout": "A receiver did not answer in time.",
    "webhook.tls": "A receiver's certificate or its TLS cannot be trusted.",
    "api.argument": "A part of an HTTP request's address, or one of its headers, is not what it may be.",
    "api.body": "The body of an HTTP request is not what its address takes.",
    "api.busy": "The HTTP API has more to do than it can.",
    "api.conflict": "The name of a request was used before, for something else.",
    "api.fault": "Something unexpected went wrong in the HTTP API; its log names the place.",
    "api.form": "A form of the operators' page was not sent by one of its pages, or not for this session.",
    "api.gone": "A file was made, and is not kept any more.",
    "api.key": "An HTTP request came without an API key, or with one that opens nothing.",
    "api.media-type": "The body of an HTTP request is of another kind than its address takes.",
    "api.method": "Another method than the one that the address of an HTTP request takes.",
    "api.path": "Nothing is at the address of an HTTP request, or nothing that this key may see.",
    "api.range": "The part of a file that was asked for lies outside it.",
    "api.rate": "More HTTP requests came with one API key, or from one address, than are allowed.",
    "api.scope": "An API key does not allow what was asked with it.",
    "api.slow": "The body of an HTTP request came too slowly.",
    "api.state": "A request or a run is in a state in which it does not take what was asked.",
    "api.too-large": "The body of an HTTP request is too large.",
}
"""Every code with the sentence that explains it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an error is. Any part may be unknown; ``line`` counts from 1, ``record`` from 1 in the order of input."""

    file: str | None = None
    line: int | None = None
    record: int | None = None
    field: str | None = None
    scene: str | None = None
    channel: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.file is not None:
            parts.append(self.file if self.line is None else f"{self.file}:{self.line}")
        elif self.line is not None:
            parts.append(f"line {self.line}")
        for name in ("record", "field", "scene", "channel"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name} {value}")
        return ", ".join(parts)


class DearlyError(Exception):
    """Base of all errors that Dearly raises on purpose.

    ``code`` is one of :data:`CODES`; ``message`` says what is wrong without any value of a profile; ``hint`` what to
    do.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, *, place: Place | None = None, hint: str | None = None) -> None:
        if code not in CODES:
            raise KeyError(f"error code {code!r} is not in the register")
        super().__init__(code, message, place, hint)
        self.code = code
        self.message = message
        self.place = place or Place()
        self.hint = hint

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} [{self.code}]" + (f"\n  {self.hint}" if self.hint else "")

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (render child, Celery), and keyword-only arguments do not pickle by themselves.
        return (_rebuild, (type(self), self.code, self.message, self.place, self.hint))

    def at(self, **known: object) -> DearlyError:
        """The same error with parts of its place filled in where they were unknown."""
        merged = {f.name: getattr(self.place, f.name) for f in fields(Place)}
        merged.update({name: value for name, value in known.items() if merged.get(name) is None})
        return type(self)(self.code, self.message, place=Place(**merged), hint=self.hint)

    def as_json(self) -> dict[str, object]:
        """For ``--json`` and the ledger: code, message, hint and the known parts of the place."""
        found: dict[str, object] = {"code": self.code, "message": self.message}
        found.update({f.name: v for f in fields(Place) if (v := getattr(self.place, f.name)) is not None})
        if self.hint:
            found["hint"] = self.hint
        return found


def _rebuild(kind: type[DearlyError], code: str, message: str, place: Place, hint: str | None) -> DearlyError:
    return kind(code, message, place=place, hint=hint)


class BadInput(DearlyError):
    """Somebody has to change something; trying again gives the same."""


class UsageError(BadInput):
    """A command was used wrongly."""

    exit_code = 2


class TemplateError(BadInput):
    """A template is wrong."""

    exit_code = 2


class ProfileError(BadInput):
    """A record breaks its template's contract."""


class RenderError(BadInput):
    """This plan cannot be rendered as the template promises."""


class TransientError(DearlyError):
    """May work when tried again."""


class EnvironmentFault(DearlyError):
    """The machine lacks something; no attempt is counted."""

    exit_code = 3


class ErrorList(BadInput):
    """Several errors found in one go; :attr:`errors` has them in the order found. Never empty."""

    def __init__(self, errors: Sequence[DearlyError]) -> None:
        first = errors[0]
        super().__init__(first.code, first.message, place=first.place, hint=first.hint)
        self.errors = tuple(errors)
        self.exit_code = max(error.exit_code for error in errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def at(self, **known: object) -> ErrorList:
        """The same errors, each with the parts of its place filled in where they were unknown."""
        return ErrorList([error.at(**known) for error in self.errors])

    def __reduce__(self) -> tuple[object, ...]:
        return (ErrorList, (self.errors,))


def nearest(name: str, known: Sequence[str]) -> str | None:
    """A hint for a misspelt name: the nearest known one, or the list when it is short, or None."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    if 0 < len(known) <= 12:
        return "Known here: " + ", ".join(sorted(known)) + "."
    return None
