"""Chunks are one closed GOP each, alike in every parameter set, and show what was composed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.encode import (
    SETTLE_FRAMES,
    EncodedChunk,
    EncodeProfile,
    FrameAt,
    encode_chunk,
    golden_extradata,
)
from renderer.render.video.encoders import encode_film, usable_processes
from renderer.render.video.parameter_sets import GOLDEN
from renderer.render.video.poster import rgb
from renderer.render.video.prepare import yuv_frame

Frame = NDArray[np.uint8]
WIDTH, HEIGHT, FPS = 320, 176, Fraction(25)
ROOT = Path(__file__).parents[2]
PROFILE = EncodeProfile(width=WIDTH, height=HEIGHT, fps=FPS)


def ramp(shift: int) -> Frame:
    """A picture with detail that moves with ``shift``."""
    wave = np.add.outer(np.arange(HEIGHT * 3 // 2), np.arange(WIDTH) + shift) % 200 + 20
    return np.ascontiguousarray(wave, dtype=np.uint8)


def decoded(chunks: Sequence[EncodedChunk]) -> list[Frame]:
    """All pictures of joined chunks, by a decoder that refuses the slightest fault."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = chunks[0].extradata
    decoder.thread_count = 1
    decoder.options = {"err_detect": "crccheck+bitstream+buffer+explode+careful+compliant+aggressive"}
    pictures: list[Frame] = []
    for sample in (sample for chunk in chunks for sample in chunk):
        pictures += [np.asarray(frame.to_ndarray(), np.uint8) for frame in decoder.decode(av.Packet(sample))]
    return pictures + [np.asarray(frame.to_ndarray(), np.uint8) for frame in decoder.decode(None)]


def units(chunk: EncodedChunk) -> Iterator[int]:
    """The types of all NAL units (H.264, table 7-1)."""
    for sample in chunk:
        position = 0
        while position < len(sample):
            yield sample[position + 4] & 31
            position += 4 + int.from_bytes(sample[position : position + 4], "big")


def test_a_chunk_is_one_closed_gop_without_b_frames_and_without_sei() -> None:
    chunk = encode_chunk((ramp(3 * n) for n in range(30)), PROFILE)
    assert (chunk.frames, chunk.keyframes, chunk.repeated) == (30, (0,), 0)
    assert list(units(chunk)) == [5] + [1] * 29
    assert len(chunk.samples) == sum(chunk.sizes)
    assert len(decoded([chunk])) == 30


@pytest.mark.parametrize("crf", [18, 21, 28])
def test_parameter_sets_do_not_depend_on_content_or_quality(crf: int) -> None:
    golden = golden_extradata(PROFILE)
    busy = np.random.default_rng(1).integers(16, 236, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
    profile = EncodeProfile(width=WIDTH, height=HEIGHT, fps=FPS, crf=crf)
    assert encode_chunk([busy] * 3, profile).extradata == golden
    assert encode_chunk([ramp(0)], profile).extradata == golden


def test_joined_chunks_decode_as_each_alone() -> None:
    lengths = [1, 7, 2, 25, 13]
    starts = np.cumsum([0, *lengths])
    chunks = [
        encode_chunk([ramp(2 * int(n)) for n in range(start, start + length)], PROFILE)
        for start, length in zip(starts, lengths, strict=False)
    ]
    alone = [picture for chunk in chunks for picture in decoded([chunk])]
    joined = decoded(chunks)
    assert len(joined) == sum(lengths)
    assert all(np.array_equal(one, other) for one, other in zip(joined, alone, strict=True))


def test_the_same_frames_give_the_same_bytes() -> None:
    chunks = {encode_chunk([ramp(n) for n in range(20)], PROFILE).samples for _ in range(3)}
    assert len(chunks) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 20)), min_size=1, max_size=6))
def test_still_pictures_cost_bytes_not_encoding_and_look_the_same(runs: list[tuple[int, int]]) -> None:
    shifts = [shift for shift, length in runs for _ in range(length)]
    chunk = encode_chunk([ramp(37 * shift) for shift in shifts], PROFILE)
    pictures = decoded([chunk])
    assert len(pictures) == len(shifts) == chunk.frames
    longest = 0
    for number, (shift, picture) in enumerate(zip(shifts, pictures, strict=True)):
        longest = longest + 1 if number and shift == shifts[number - 1] else 0
        if longest > SETTLE_FRAMES:
            assert np.array_equal(picture, pictures[number - 1])
            assert chunk.sizes[number] < 60
        assert np.abs(picture.astype(int) - ramp(37 * shift)).mean() < 4
    assert chunk.repeated == sum(max(0, len(run) - 1 - SETTLE_FRAMES) for run in _runs(shifts))


def _runs(values: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][-1] == value:
            runs[-1].append(value)
        else:
            runs.append([value])
    return runs


def test_motion_after_a_long_still_is_predicted_from_the_right_picture() -> None:
    # More repeats than frame_num counts to before it starts again: the numbers have to wrap.
    frames = [ramp(0)] * 90 + [ramp(n) for n in range(20)] + [ramp(19)] * 90 + [ramp(19 + n) for n in range(20)]
    pictures = decoded([encode_chunk(frames, PROFILE)])
    worst = max(np.abs(one.astype(int) - other).mean() for one, other in zip(pictures, frames, strict=True))
    assert worst < 4


@pytest.mark.parametrize(
    "rgb",
    [
        (0, 255, 0),
        (255, 0, 0),
        (0, 0, 255),
        (255, 255, 255),
        (0, 0, 0),
        (11, 110, 105),
        (244, 165, 42),
        (90, 90, 90),
    ],
)
def test_colours_survive_within_two_steps(rgb: tuple[int, int, int]) -> None:
    red, green, blue = (part / 255 for part in rgb)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # ITU-R BT.709-6, items 3.2 to 3.4 and 4.6
    expected = (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748)
    patch = yuv_frame(np.full((HEIGHT, WIDTH, 3), rgb, dtype=np.uint8))
    picture = decoded([encode_chunk([patch] * 3, PROFILE)])[-1].reshape(-1)
    area = WIDTH * HEIGHT
    found = picture[:area], picture[area : area * 5 // 4], picture[area * 5 // 4 :]
    for plane, value in zip(found, expected, strict=True):
        assert np.abs(plane - value).max() <= 2


@pytest.mark.parametrize(("width", "height"), [(270, 338), (480, 270), (322, 180)])
def test_any_even_size_keeps_its_colours_where_they_are(width: int, height: int) -> None:
    """PyAV's own way loses lines of a picture whose height is no multiple of four."""
    picture = np.full((height, width, 3), (244, 165, 42), dtype=np.uint8)
    picture[: height // 2 + 1] = (11, 110, 105)
    sent = yuv_frame(picture)
    seen = decoded([encode_chunk([sent] * 3, EncodeProfile(width=width, height=height, fps=FPS))])[-1]
    assert seen.shape == sent.shape
    assert np.abs(seen.astype(int) - sent)[:-1].mean() < 0.5
    shown = rgb(sent)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - picture)[[0, height // 2 - 8, height // 2 + 8, -1]].max() <= 6


def test_the_level_holds_the_size_and_rate() -> None:
    def level(width: int, height: int, fps: int) -> int:
        return EncodeProfile(width=width, height=height, fps=Fraction(fps)).level

    assert [level(1280, 720, 25), level(1280, 720, 60)] == [31, 32]
    assert [level(1920, 1080, 25), level(1920, 1080, 60)] == [40, 42]
    assert golden_extradata(EncodeProfile(width=1280, height=720, fps=FPS))[3] == 31
    with pytest.raises(RenderError):
        level(8000, 8000, 60)


@pytest.mark.parametrize("crf", [18, 23, 28])
@pytest.mark.parametrize("size", sorted(GOLDEN))
def test_parameter_sets_are_those_written_down(size: tuple[int, int, int], crf: int) -> None:
    """At every quality. What is written down never changes, or films of yesterday and today would not share."""
    width, height, fps = size
    profile = EncodeProfile(width=width, height=height, fps=Fraction(fps), crf=crf)
    grey = np.full((height * 3 // 2, width), 128, np.uint8)
    chunk = encode_chunk([grey, grey], profile)
    assert chunk.extradata.hex() == GOLDEN[size] == golden_extradata(profile).hex()


def test_the_usual_sizes_and_rates_are_written_down() -> None:
    wanted = {(1280, 720), (1920, 1080), (720, 1280)}
    assert {(*size, fps) for size in wanted for fps in (25, 30)} <= set(GOLDEN)


def test_an_encoder_that_makes_other_parameter_sets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another build of x264, say."""
    profile = EncodeProfile(width=1280, height=720, fps=Fraction(25), crf=19)  # not asked for before: results are kept
    other = {(1280, 720, 25): GOLDEN[1280, 720, 30]}
    monkeypatch.setattr("renderer.render.video.encode.GOLDEN", other)
    with pytest.raises(EnvironmentFault) as caught:
        golden_extradata(profile)
    assert caught.value.code == "environment.library"
    loose = EncodeProfile(width=1280, height=720, fps=Fraction(25), crf=19, preset="superfast")
    assert golden_extradata(loose)


def test_wrong_frames_are_refused() -> None:
    apart = np.zeros((HEIGHT * 3 // 2, WIDTH * 2), np.uint8)[:, ::2]
    for frames in ([], [np.zeros((10, 10), dtype=np.uint8)], [apart]):
        with pytest.raises(RenderError) as caught:
            encode_chunk(frames, PROFILE)
        assert caught.value.code == "render.media"


def source(kind: str) -> FrameAt:
    """A film for other processes: frame n is ``ramp(n)``."""
    if kind == "broken":
        raise RenderError("render.glyph", "No font has it.")
    return ramp


def test_processes_make_the_same_film_as_one() -> None:
    borders, done = (0, 15, 40, 60), list[int]()
    one = encode_film(partial(source, "whole"), borders, PROFILE)
    many = encode_film(partial(source, "whole"), borders, PROFILE, processes=2, progress=done.append)
    assert one == many
    assert [chunk.frames for chunk in many] == [15, 25, 20]
    assert done == sorted(done) and done[-1] == 60


@pytest.mark.parametrize("processes", [1, 2])
def test_a_composers_error_comes_through(processes: int) -> None:
    with pytest.raises(RenderError) as caught:
        encode_film(partial(source, "broken"), (0, 5, 10), PROFILE, processes=processes)
    assert caught.value.code == "render.glyph"


SLOW_FILM = """
import os, sys, time
from fractions import Fraction
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.encoders import encode_film

def source():
    os.write(1, b"%d\\n" % os.getpid())  # print may write the end of a line by itself, and two processes write here
    time.sleep(600)

if __name__ == "__main__":
    encode_film(source, (0, 5, 10), EncodeProfile(width=320, height=176, fps=Fraction(25)), processes=2)
"""


def runs(process: int) -> bool:
    """Whether a process is there and no zombie that nobody collected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_children_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "film.py"
    script.write_text(SLOW_FILM)
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    ) as parent:
        assert parent.stdout is not None
        try:
            children = [int(parent.stdout.readline()) for _ in range(2)]
        finally:
            parent.kill()
        parent.wait()
        deadline = time.monotonic() + 60
        while any(map(runs, children)):
            assert time.monotonic() < deadline, "an encoding process outlived its parent"
            time.sleep(0.05)


def test_a_daemonic_process_encodes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    assert usable_processes() == 1


def test_a_celery_child_encodes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import billiard.process

    config = billiard.process.current_process()._config  # type: ignore[attr-defined]
    monkeypatch.setitem(config, "daemon", True)
    assert usable_processes() == 1
    monkeypatch.setitem(config, "daemon", False)
    assert usable_processes() == len(os.sched_getaffinity(0))
