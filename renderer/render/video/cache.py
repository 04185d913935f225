"""Files that are written once under a digest and then only read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from renderer.errors import EnvironmentFault

UNFINISHED = ".writing-"
ABANDONED_S = 3600.0
"""An unfinished file that nobody has written to for so long is one whose writer was killed."""


def source_digest(modules: Iterable[Path]) -> str:
    """One name for the sources of ``modules``, so that what other code made is not found under it."""
    hashed = hashlib.blake2b(digest_size=32)
    for path in modules:
        source = path.read_bytes()
        hashed.update(len(source).to_bytes(8, "big") + source)
    return hashed.hexdigest()


def write_once(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a file that then appears at ``path`` whole, unless another process was faster.

    Whoever finishes first keeps the file; under one digest both would hold the same. Nothing is left behind when
    ``write`` fails. Raises what it raises, and EnvironmentFault ``environment.disk`` when the disk refuses.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path.parent)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            os.replace(temporary, path)
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"A prepared file could not be written: {error.strerror}.",
            hint="Free some space where DEARLY_HOME is.",
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove what killed writers left: footage is hundreds of megabytes."""
    for file in folder.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError):  # another process cleared it
            if time.time() - file.stat().st_mtime > ABANDONED_S:
                file.unlink()
