"""The queue's processes for as long as a command needs them, and signals that end the command with everything put
away."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from renderer.settings import Settings


@contextmanager
def attached(settings: Settings) -> Iterator[Callable[[], None]]:
    """The queue's processes: those that run on this home already, or our own until we are through. Gives a check
    that they live, which raises EnvironmentFault. SIGTERM ends us as Ctrl-C does, with everything put away."""
    from workers.start import Service

    service = Service(settings)
    with _signals():

        def alive() -> None:
            obey()
            service.check()

        try:
            service.check()
            yield alive
        finally:
            service.stop()


@contextmanager
def detached(settings: Settings) -> Iterator[Callable[[], None]]:
    """The queue's processes: those that run on this home already, or new ones that go on by themselves until nothing
    is left to do. Gives a check that starts them again where they have ended."""
    from workers.start import run_alone

    with _signals():

        def alive() -> None:
            obey()
            run_alone(settings)

        alive()
        yield alive


@contextmanager
def _signals() -> Iterator[None]:
    _Asked.number = None
    before = {number: signal.signal(number, _ended) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Asked:
    """The signal that asked this process to end. Python drops what a handler raises while an object's finaliser or a
    weak reference's callback runs, so it is remembered as well, and the loop looks."""

    number: int | None = None


def obey() -> None:
    """End if we were asked to."""
    if _Asked.number is not None:
        _end(_Asked.number)


def _ended(number: int, _frame: FrameType | None) -> NoReturn:
    _Asked.number = number
    _end(number)


def _end(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    signal.signal(number, signal.SIG_IGN)  # one is enough, and putting away takes a moment
    sys.exit(128 + number)
