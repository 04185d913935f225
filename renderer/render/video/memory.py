"""Memory that was freed, given back to the system. Films take hundreds of megabytes for a while, and glibc keeps them
for later; a worker lives for days and has neighbours."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from typing import Any

LARGE_BYTES = 1024 * 1024
"""From this size on, what is freed goes back at once."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of mallopt(3), as malloc.h has them


@cache
def keep_apart() -> None:
    """Have large pieces of memory (:data:`LARGE_BYTES`) stand apart, where the C library can (glibc: ``mallopt(3)``).
    Once a process.

    glibc does so at first, and stops when one of up to 32 MB is freed: from then on pictures and the encoder's frames
    lie between small things that stay, and no free piece fits the next large one. At 1920 by 1080 that was a quarter of
    a worker's memory.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, 2 * LARGE_BYTES)


def give_back() -> None:
    """Give freed memory back, where the C library can (glibc: ``malloc_trim(3)``). Costs some milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
