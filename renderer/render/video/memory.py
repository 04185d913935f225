"""Memory that was freed, given back to the system. Treating footage takes hundreds of megabytes for a while, and glibc
keeps them for later; a worker lives for days and has neighbours."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


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
