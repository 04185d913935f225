"""Counts distinct chunks among any number of uses, in memory that does not grow with them.

Uses are written to files by the first byte of their name, 20 bytes each, and each file is sorted at the end: ten
million uses take 200 MB of disk and a few megabytes of memory. Names are cut to 128 bits, of which no two ever meet by
chance.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

NAME_BYTES = 16
_USE = np.dtype([("high", ">u8"), ("low", ">u8"), ("kind", "<u4")])
_PARTS = 64
_BUFFER = 1 << 16


@dataclass(frozen=True)
class Distinct:
    """How many distinct names there are, by kind; of those how many came once and twice, and how many uses in all."""

    names: Mapping[int, int] = field(default_factory=dict)
    once: Mapping[int, int] = field(default_factory=dict)
    twice: Mapping[int, int] = field(default_factory=dict)
    uses: Mapping[int, int] = field(default_factory=dict)


class Tally:
    """A context manager; what it keeps on disk is gone when it ends. Raises OSError when the disk is full."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dearly-estimate-", dir=folder)
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        root = Path(self._folder.name)
        self._files = [(root / str(part)).open("wb", buffering=_BUFFER) for part in range(_PARTS)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()
        self._folder.cleanup()

    def add(self, name: bytes, kind: int) -> None:
        """One use of a name (16 bytes at least). A name that comes as several kinds counts as the lowest."""
        self._files[name[0] % _PARTS].write(name[:NAME_BYTES] + kind.to_bytes(4, "little"))

    def distinct(self) -> Distinct:
        """All that was added, counted."""
        names, once, twice, uses = (Counter[int]() for _ in range(4))
        for file in self._files:
            file.flush()
            found = np.fromfile(file.name, dtype=_USE)
            if not len(found):
                continue
            found = np.sort(found, order=("high", "low", "kind"))
            new = np.empty(len(found), dtype=bool)
            new[0] = True
            new[1:] = (found["high"][1:] != found["high"][:-1]) | (found["low"][1:] != found["low"][:-1])
            starts = np.flatnonzero(new)
            counts = np.diff(np.append(starts, len(found)))
            kinds = found["kind"][starts]
            for counter, chosen in ((names, counts > 0), (once, counts == 1), (twice, counts == 2)):
                counter.update(_counted(kinds[chosen]))
            uses.update(_counted(found["kind"]))
        return Distinct(names=names, once=once, twice=twice, uses=uses)


def _counted(kinds: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> dict[int, int]:
    values, counts = np.unique(kinds, return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}
