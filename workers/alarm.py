"""Ends what takes too long in the process that does it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TooSlow(BaseException):
    """The part took longer than it may. No Exception, so that no library swallows it."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the block after so long. A native call is not interrupted: after its lease the heart ends the
    process. Only a main thread has alarms; prefork children work in theirs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
