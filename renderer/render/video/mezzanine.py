"""Prepared pictures on disk: raw yuv420p frames that are read by number, at once, through a memory map.

In: frames and the digest of everything they are made from. Out: a file under that digest, written once. Layout: a
header of 64 bytes (magic, width, height, frames, little endian), then frame after frame: Y, U, V planes, Rec. 709
limited range. Whoever finishes first keeps the file; equal digests promise equal frames, so a lost race is harmless.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.cache import write_once
from renderer.render.video.memory import give_back

KEPT_BYTES = 16 * 1024 * 1024
"""About so much of a mezzanine counts as memory of the process while its frames are read one after another."""

_MAGIC = b"DEARLYM1"
_HEADER = struct.Struct("<8sIII44x")

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
"""Y of shape (height, width), U and V of half of both, dtype uint8, Rec. 709 limited range."""


@dataclass(frozen=True, kw_only=True)
class Mezzanine:
    """Frames of one size, mapped read-only. Indexing gives views, never copies."""

    width: int
    height: int
    frames: int
    pixels: NDArray[np.uint8]
    """Shape (frames, height * width * 3 / 2)."""

    def planes(self, number: int) -> Planes:
        """Frame ``number``, counted from 0."""
        if number % max(1, KEPT_BYTES // self.pixels.shape[1]) == 0 and isinstance(self.pixels, np.memmap):
            # Pages stay in the system's cache, but no longer count as this process's memory.
            self.pixels._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
        return split(self.pixels[number], self.width, self.height)


def split(frame: NDArray[np.uint8], width: int, height: int) -> Planes:
    """The three planes of one contiguous yuv420p frame, as views."""
    flat = frame.reshape(-1)
    luma, chroma = width * height, width * height // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )


def address(cache: Path, name: str) -> Path:
    """Where the mezzanine of that digest is or will be."""
    return cache / "mezzanine" / name[:2] / f"{name}.yuv"


def load(path: Path) -> Mezzanine | None:
    """The mezzanine at ``path``, or None if there is none (or a broken one, which is then made anew)."""
    try:
        with path.open("rb") as file:
            magic, width, height, frames = _HEADER.unpack(file.read(_HEADER.size))
            size = os.fstat(file.fileno()).st_size
    except (FileNotFoundError, struct.error):
        return None
    stride = width * height * 3 // 2
    if magic != _MAGIC or frames == 0 or size != _HEADER.size + frames * stride:
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    pixels = np.memmap(path, dtype=np.uint8, mode="r", offset=_HEADER.size, shape=(frames, stride))
    return Mezzanine(width=width, height=height, frames=frames, pixels=pixels)


def write(path: Path, width: int, height: int, frames: Iterable[NDArray[np.uint8]]) -> Mezzanine:
    """Write frames (contiguous yuv420p) to ``path`` unless another process was faster, and map them.

    Raises EnvironmentFault ``environment.disk`` when they cannot be written, RenderError when there are none.
    """

    def fill(file: BinaryIO) -> None:
        count = 0
        file.write(_HEADER.pack(_MAGIC, width, height, 0))
        for frame in frames:
            file.write(frame.data)
            count += 1
        if count == 0:
            raise RenderError("render.media", "The treatment leaves nothing of the footage.")
        file.seek(0)
        file.write(_HEADER.pack(_MAGIC, width, height, count))

    write_once(path, fill)
    give_back()
    found = load(path)
    if found is None:
        raise EnvironmentFault("environment.disk", "Prepared footage could not be read back.")
    return found
