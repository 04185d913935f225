"""Encodes runs of a film's frames, in this process or in several. Knows nothing of what the frames show.

In: a source that makes the composer, and runs, asked for one by one as there is room for them. Out: encoded chunks, as
they are finished.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import pairwise

from renderer.errors import TransientError
from renderer.render.video.encode import EncodedChunk, EncodeProfile, FrameAt, encode_chunk
from renderer.render.video.witness import Witness

BEAT_S = 1.0
"""How often a caller hears of children that are at work."""

Tick = Callable[[int], None]
"""Called with the number of frames finished since it was last called, 0 included. What it raises ends the encoding."""


@dataclass(frozen=True)
class Run:
    """Frames ``first`` to ``end`` - 1. Without ``encode`` they are only composed, for their digest."""

    first: int
    end: int
    encode: bool = True

    @property
    def frames(self) -> int:
        return self.end - self.first


@dataclass(frozen=True)
class Made:
    """A run's chunk, if it was encoded, and the digest of its composed frames (:mod:`.witness`)."""

    run: Run
    chunk: EncodedChunk | None
    frames_digest: str


def encode_runs(
    source: Callable[[], FrameAt], runs: Iterable[Run], profile: EncodeProfile, *, processes: int, tick: Tick
) -> Iterator[Made]:
    """Encode runs in any order, each result as it is finished.

    ``runs`` is asked for the next one only when there is room for it. ``source`` makes the composer. With more than one
    process each child makes its own, so ``source`` must pickle; inside a daemonic process (a Celery prefork child may
    not spawn) use one.
    Raises what the composer raises; TransientError ``transient.child`` when a child ends unexpectedly.
    """
    if processes <= 1:
        frame_at: FrameAt | None = None
        for one in runs:
            frame_at = frame_at or source()
            yield _made(frame_at, one, profile, tick)
        return
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_child_start,
        initargs=(source, profile),
    ) as pool:
        waiting, busy = iter(runs), set[Future[Made]]()
        try:
            while True:
                while len(busy) < processes and (run := next(waiting, None)) is not None:
                    busy.add(pool.submit(_child_made, run))
                if not busy:
                    return
                done, busy = wait(busy, timeout=BEAT_S, return_when=FIRST_COMPLETED)
                tick(0)
                for future in done:
                    made = future.result()
                    tick(made.run.frames)
                    yield made
        except BrokenProcessPool as error:
            raise TransientError("transient.child", "A process that encodes video ended unexpectedly.") from error
        finally:
            for future in busy:
                future.cancel()


def encode_film(
    source: Callable[[], FrameAt],
    borders: Sequence[int],
    profile: EncodeProfile,
    *,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> tuple[EncodedChunk, ...]:
    """Encode all chunks of a film. Chunk i has the frames ``borders[i]`` to ``borders[i + 1] - 1``.

    ``progress`` gets the number of frames done so far. See :func:`encode_runs` for the rest.
    """
    done = 0

    def tick(frames: int) -> None:
        nonlocal done
        done += frames
        if progress is not None and frames:
            progress(done)

    runs = [Run(first, end) for first, end in pairwise(borders)]
    order = runs if processes <= 1 else longest_first(runs)
    made = encode_runs(source, order, profile, processes=min(processes, len(runs)), tick=tick)
    chunks = {one.run.first: one.chunk for one in made}
    return tuple(chunk for run in runs if (chunk := chunks[run.first]) is not None)


def longest_first(runs: Iterable[Run]) -> list[Run]:
    """The order in which no core waits for a long chunk at the end."""
    return sorted(runs, key=lambda run: (-run.frames, run.first))


def usable_processes() -> int:
    """How many encoding processes make sense here: one inside a worker's child, where parts run side by side already.

    A Celery child knows itself as daemonic only in billiard, Celery's own multiprocessing.
    """
    kinds = (sys.modules.get("multiprocessing.process"), sys.modules.get("billiard.process"))
    if any(kind is not None and kind.current_process().daemon for kind in kinds):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _made(frame_at: FrameAt, run: Run, profile: EncodeProfile, tick: Tick | None = None) -> Made:
    one = None if tick is None else lambda: tick(1)
    frames = (frame_at(number) for number in range(run.first, run.end))
    if run.encode:
        chunk = encode_chunk(frames, profile, one)
        return Made(run, chunk, chunk.frames_digest)
    witness = Witness()
    for frame in frames:
        witness.see(frame)
        if one is not None:
            one()
    return Made(run, None, witness.digest())


class _Child:
    """In a spawned child only: its film. The composer is made with the first chunk, whence errors find their way."""

    source: Callable[[], FrameAt]
    profile: EncodeProfile
    frame_at: FrameAt | None = None


def _child_start(source: Callable[[], FrameAt], profile: EncodeProfile) -> None:
    end_with_parent()
    _Child.source, _Child.profile = staticmethod(source), profile


def end_with_parent() -> None:
    """Have this spawned child end when its parent does: a parent that is killed cannot end its pool, whose children
    would wait for work for ever."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _child_made(run: Run) -> Made:
    frame_at = _Child.frame_at or _Child.source()
    _Child.frame_at = staticmethod(frame_at)
    return _made(frame_at, run, _Child.profile)
