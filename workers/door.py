"""The Celery door: what the task ``dearly.submit`` does. It writes a request into the ledger and renders nothing.

Whoever can reach the broker can call it, so it trusts nothing: a template is an id of an installed one or the digest of
a release that is in the store, never a path; a profile goes through the template's contract. What is wrong with a
request is kept under its ``request_id`` and not raised: the caller asks the ledger, not the broker.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import structlog

from renderer.bootstrap import Services
from renderer.errors import BadInput, EnvironmentFault, RenderError, UsageError, nearest
from renderer.ledger.model import PRIORITIES, Fault, Submission, new_id, wall_clock
from renderer.orders import door_key, submission
from renderer.profile.carry import any_text
from renderer.publishing import NAME, Resolver
from renderer.template.model import CHANNELS, Channel
from workers import log
from workers.leash import sweep_old

KIND = "door"

DEADLY = 4
"""After so many deaths of the process that reads it a message is refused."""

KEPT_S = 7 * 86_400.0
"""What is known of the deaths of a message that never came again goes after so long."""

events = structlog.get_logger("dearly")


class Door:
    """Takes requests in. One for a process."""

    def __init__(self, services: Services, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._resolver = Resolver(services, now=now)
        self._marks = services.settings.home / "door"
        sweep_old(self._marks, KEPT_S)
        self._run: str | None = None

    def submit(self, message: Mapping[str, Any]) -> str | None:
        """Put a request into the ledger; its state there (``submitted`` or ``failed``), None when it was known already
        or has no usable ``request_id``. Raises EnvironmentFault."""
        request_id = message.get("request_id")
        if not isinstance(request_id, str) or not 1 <= len(request_id) <= 500:
            events.error("submission without a request_id")
            return None
        key = door_key(self._services.vault, request_id)
        if self._services.reader.known(key):
            return None
        if self._run is None:
            self._run = self._services.intake.open_run(KIND, idempotency=self._services.vault.keyed("run", KIND))
        try:
            with self._counted(key):
                item = self._read(message, key)
        except BadInput as error:
            fault = Fault.of(error)
            events.warning("submission refused", code=error.code)
            return "failed" if self._services.intake.refuse(self._run, self._refused(message, key), fault) else None
        except EnvironmentFault:
            raise
        except Exception as error:  # whatever it is, the sender must find out
            fault = Fault(code="job.fault", message=f"An unexpected {type(error).__name__}.")
            events.error("submission broke", error=type(error).__name__, where=log.where(error))
            return "failed" if self._services.intake.refuse(self._run, self._refused(message, key), fault) else None
        return "submitted" if self._services.intake.submit(self._run, [item]) else None

    @contextmanager
    def _counted(self, key: str) -> Iterator[None]:
        """Raise RenderError when this process's predecessors died of a message so often that it is to blame. To find
        that out each try is written into a file that only a death leaves behind: the broker would send it for ever.
        The file is locked as long as its process lives. Who finds it locked reads the same at the same time, because
        it was sent several times: nobody died of that, and it is not counted."""
        mark = self._marks / key
        tries = 0

        def forget() -> None:
            with suppress(OSError):
                mark.unlink()

        with ExitStack() as held:
            with suppress(OSError):  # a disk that is full is no reason to refuse anybody
                self._marks.mkdir(exist_ok=True)
                file = held.enter_context(mark.open("ab", buffering=0))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.callback(forget)
                tries = file.seek(0, os.SEEK_END)
                file.write(b".")
            if tries >= DEADLY:
                raise RenderError("job.poison", f"The process that read it died {DEADLY} times.")
            yield

    def _read(self, message: Mapping[str, Any], key: str) -> Submission:
        unknown = sorted(set(message) - {"template", "request_id", "profile", "channels", "priority"})
        if unknown:
            raise UsageError("usage.argument", "dearly.submit has an argument that it does not know.")
        priority = message.get("priority", "normal")
        if not isinstance(priority, str) or priority not in PRIORITIES:
            raise UsageError("usage.argument", "There is no such priority.", hint=nearest(str(priority), [*PRIORITIES]))
        pinned = self._resolver.find(message.get("template"))
        taken = self._services.engine.take(pinned.release, any_text(message.get("profile")))
        if taken.template != pinned.template:
            raise UsageError("usage.argument", "The release is one of another template.")
        return submission(
            self._services.vault,
            taken.order,
            recipient=taken.recipient,
            idempotency=key,
            template=pinned.template,
            release=pinned.release.files_digest,
            channels=_channels(message.get("channels"), taken.channels),
            priority=PRIORITIES[priority],
            notify=True,
        )

    def _refused(self, message: Mapping[str, Any], key: str) -> Submission:
        """What is kept of a message that is refused. A template or release that is none of ours is not: it would stand
        in the metrics for ever, and whatever goes through all releases would go through those too."""
        name = message.get("template")
        found = NAME.fullmatch(name) if isinstance(name, str) else None
        template, digest = found.groups() if found else ("", None)
        book = self._services.book
        if template not in book.templates():
            template, digest = "", None
        return Submission(
            id=new_id(wall_clock()),
            recipient="",
            idempotency=key,
            template=template,
            release=digest if digest and book.get(template, digest) else "",
            channels=(),
            sealed=b"",
            notify=True,
        )


def _channels(asked: object, offered: Sequence[Channel]) -> list[Channel]:
    if asked is None:
        return list(offered)
    known = isinstance(asked, list | tuple) and all(isinstance(name, str) for name in asked)
    chosen = [channel for channel in CHANNELS if known and channel in asked]  # type: ignore[operator]
    if not known or not chosen or len(chosen) != len(asked) or not set(chosen) <= set(offered):  # type: ignore[arg-type]
        raise UsageError("usage.argument", "A channel is unknown, named twice, or none that the template has.")
    return chosen
