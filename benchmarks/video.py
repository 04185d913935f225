"""What a film costs, as ratios of one run: ``.venv/bin/python -m benchmarks.video [--recipients N] [--json]``.

The same composition is made three ways: footage behind a panel with two texts that move in. *Dearly* composes in YUV
and encodes through PyAV; *MoviePy* composes with its own ``CompositeVideoClip`` and writes with its own writer; *x264
alone* gets finished frames from memory. All use one thread, preset veryfast, CRF 21. CPU seconds count children too.
Then the film of a real template, if one is named, against x264 alone on its frames. What is prepared once (footage,
fonts) is shown apart and not counted, for either side. Then what one more recipient costs (:mod:`.recipients`), and
what memory a worker takes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.board import FPS, HEIGHT, PANEL, PROFILE, TEXTS, WIDTH, board_files, make_footage
from benchmarks.recipients import CORES, measure, memory, with_voice
from benchmarks.recipients import text_of as recipients_text
from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.pipeline import open_template, plan, prepare_job, profiles
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.profile.model import Profile
from renderer.render.model import RenderJob
from renderer.render.video.encode import EncodedChunk, EncodeProfile, FrameAt, configure, encode_chunk, golden_extradata
from renderer.render.video.encoders import Run
from renderer.render.video.mezzanine import split
from renderer.render.video.render import FilmSource
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine
from renderer.template.load import load_release
from renderer.template.release import Release

Frame = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """One way to make the frames."""

    what: str
    frames: int
    cpu_ms_per_frame: float
    frames_per_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=150, help="frames of the synthetic film (default 150)")
    parser.add_argument("--template", help="also measure the film of this template (folder or id)")
    parser.add_argument("--profile", type=Path, help="with this profile")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--recipients", type=int, default=6, help="further recipients of each film (default 6)")
    parser.add_argument("--renders", type=int, default=20, help="films made by one worker for its memory (default 20)")
    parser.add_argument("--full", action="store_true", help="100 recipients and 500 films; takes six minutes")
    options = parser.parse_args()
    recipients, renders = (100, 500) if options.full else (options.recipients, options.renders)
    with tempfile.TemporaryDirectory() as folder:
        report = synthetic(options.frames, Path(folder))
        if options.template and options.profile:
            report["template"] = real(options.template, options.profile, Path(folder))
        report["load_before"] = round(os.getloadavg()[0], 1)
        if recipients:
            moviepy_cpu_s = report["costs"][-1]["cpu_ms_per_frame"] / 1000
            per_frame = moviepy_s(options.frames, Path(folder))
            report["recipients"] = [
                measure(
                    film,
                    recipients,
                    Path(folder) / film,
                    lambda frames: frames * per_frame,
                    lambda frames: frames * moviepy_cpu_s,
                )
                for film in ("energy-bill", "synthetic")
            ]
            report["with_voice"] = with_voice(recipients, Path(folder) / "voice")
        if renders:
            report["memory"] = memory(renders, Path(folder) / "memory")
    print(json.dumps(report, indent=2) if options.json else text_of(report))


def synthetic(frames: int, folder: Path) -> dict[str, Any]:
    """The three ways, and how far their pictures are apart."""
    footage = make_footage(frames)
    fonts = load_fonts([FontRequest("IBM Plex Sans", (400, 700))], folder / "fonts")
    started = cpu()
    source, score_frames = board_source(frames, footage, fonts, folder)
    source.prepare([Run(0, score_frames)])
    prepared = cpu() - started
    ours, chunk = costs("Dearly", frames, lambda: encode_dearly(source, score_frames))
    moviepy, path = costs("MoviePy", frames, lambda: encode_moviepy(frames, footage, fonts, folder))
    whole = [frame.copy() for frame in map(source(), range(score_frames))]
    composed, _ = costs("Dearly, composing only", frames, lambda: compose_only(source, score_frames))
    alone, _ = costs("x264 alone", frames, lambda: encode_alone(whole))
    return {
        "size": f"{WIDTH}×{HEIGHT}",
        "preparing_once_cpu_s": round(prepared, 2),
        "costs": [asdict(cost) for cost in (ours, composed, alone, moviepy)],
        "ratios": {
            "dearly_to_x264_alone": ratio(ours, alone),
            "moviepy_to_dearly": ratio(moviepy, ours),
        },
        "psnr_db_dearly_to_moviepy": round(psnr(last_of_chunk(chunk), last_of_file(path)), 1),
    }


def real(template: str, profile: Path, folder: Path) -> dict[str, Any]:
    """A template's film, frame by frame through the encoder, against x264 alone on the same frames."""
    planner = open_template(template)
    record = next(iter(profiles(profile, planner)))
    if not isinstance(record, Profile):
        raise SystemExit("the profile breaks the contract")
    job = prepare_job(planner.template, plan(planner, record), record.images, folder / "cache")
    source, frames = job_source(job)
    source.prepare([Run(0, frames)])
    size = source.score
    shown = EncodeProfile(width=size.width, height=size.height, fps=Fraction(size.fps_num, size.fps_den))
    repeated = 0

    def ours() -> None:
        nonlocal repeated
        frame_at = source()
        step = 100
        for start in range(0, frames, step):
            stop = min(start + step, frames)
            repeated += encode_chunk((frame_at(number) for number in range(start, stop)), shown).repeated

    made, _ = costs("Dearly", frames, ours)
    composed, _ = costs("Dearly, composing only", frames, lambda: compose_only(source, frames))
    sample = 0.0
    frame_at, step = source(), 100
    for start in range(0, frames, step):  # a hundred frames at a time, so that memory holds them
        held = [frame_at(number).copy() for number in range(start, min(start + step, frames))]
        before = cpu()
        encode_alone(held, shown)
        sample += cpu() - before
    alone = Cost("x264 alone", frames, round(1000 * sample / frames, 2), round(frames / sample, 1))
    return {
        "template": planner.template.id,
        "frames": frames,
        "frames_not_encoded": repeated,
        "costs": [asdict(cost) for cost in (made, composed, alone)],
        "ratios": {"dearly_to_x264_alone": ratio(made, alone)},
    }


# ---------------------------------------------------------------- the three ways


def encode_dearly(source: FilmSource, frames: int) -> EncodedChunk:
    frame_at = source()
    return encode_chunk((frame_at(number) for number in range(frames)), PROFILE)


def compose_only(source: Callable[[], FrameAt], frames: int) -> None:
    frame_at = source()
    for number in range(frames):
        frame_at(number)


def encode_alone(frames: Sequence[Frame], profile: EncodeProfile = PROFILE) -> None:
    context = av.CodecContext.create("libx264", "w")
    configure(context, profile)
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_numpy_buffer(frame, format="yuv420p")
        picture.pts = number
        context.encode(picture)
    context.encode(None)


def encode_moviepy(frames: int, footage: bytes, fonts: FontSet, folder: Path) -> Path:
    from moviepy import ColorClip, CompositeVideoClip, TextClip, VideoFileClip, vfx

    source = folder / "footage.mp4"
    source.write_bytes(footage)
    left, top, wide, high = PANEL
    length = frames / FPS
    clips: list[Any] = [
        VideoFileClip(str(source), audio=False).with_duration(length),
        ColorClip((wide, high), color=(16, 38, 46)).with_opacity(0.8).with_position((left, top)).with_duration(length),
    ]
    face = next(str(one.path) for one in fonts.faces if one.weight == 700)
    for index, (text, size, x, y) in enumerate(TEXTS):
        clip = TextClip(font=face, text=text, font_size=size, color="#FBF8F2", margin=(0, 12)).with_duration(length)
        start = 0.2 * index

        def place(t: float, x: int = x, y: int = y, start: float = start) -> tuple[float, float]:
            return x, y - 12 + 28 * (1 - min(max((t - start) / 0.5, 0), 1)) ** 3

        clips.append(clip.with_position(place).with_start(start).with_effects([vfx.CrossFadeIn(0.5)]))
    target = folder / "moviepy.mp4"
    film = CompositeVideoClip(clips, size=(WIDTH, HEIGHT)).with_duration(length)
    film.write_videofile(
        str(target),
        fps=FPS,
        codec="libx264",
        preset="veryfast",
        audio=False,
        threads=1,
        logger=None,
        ffmpeg_params=["-crf", "21", "-bf", "0"],
    )
    return target


def moviepy_s(frames: int, folder: Path) -> float:
    """Seconds by the clock for one MoviePy frame, with a film on each core at once."""
    footage = make_footage(frames)
    fonts = load_fonts([FontRequest("IBM Plex Sans", (400, 700))], folder / "fonts")
    places = [folder / f"moviepy-{core}" for core in range(CORES)]
    for place in places:
        place.mkdir()
    with ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(imported, range(CORES)))
        clock = time.perf_counter()
        list(pool.map(partial(encode_moviepy, frames, footage, fonts), places))
        return (time.perf_counter() - clock) / (CORES * frames)


def imported(_: int) -> None:
    """Have MoviePy in this process."""
    import moviepy  # noqa: F401

    time.sleep(0.5)  # so that each process gets one


# ---------------------------------------------------------------- the composition


def board_source(frames: int, footage: bytes, fonts: FontSet, folder: Path) -> tuple[FilmSource, int]:
    """The synthetic film's composer, and its number of frames."""
    template = load_release(Release(board_files(frames, footage)))
    made = Planner(template).plan(parse_record('{"id": "1"}', template.contract), as_of=date(2026, 11, 1), locale="en")
    return job_source(
        RenderJob(
            plan=made, template=template, assets=AssetDoor(template.release.files), fonts=fonts, cache=folder / "cache"
        )
    )


def job_source(job: RenderJob) -> tuple[FilmSource, int]:
    score = build_score(job.plan, job.template, job.fonts, job.assets, TextEngine(job.fonts))
    return FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache), score.frames


# ---------------------------------------------------------------- measuring


def costs(what: str, frames: int, make: Callable[[], T]) -> tuple[Cost, T]:
    before, clock = cpu(), time.perf_counter()
    result = make()
    used, took = cpu() - before, time.perf_counter() - clock
    return Cost(what, frames, round(1000 * used / frames, 2), round(frames / took, 1)), result


def cpu() -> float:
    """CPU seconds of this process and its finished children."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def ratio(one: Cost, other: Cost) -> float:
    return round(one.cpu_ms_per_frame / other.cpu_ms_per_frame, 2)


def psnr(one: Frame, other: Frame) -> float:
    """Peak signal to noise of two pictures' luma, in dB."""
    error = float(np.mean((split(one, WIDTH, HEIGHT)[0].astype(float) - split(other, WIDTH, HEIGHT)[0]) ** 2))
    return float(10 * np.log10(255**2 / (error + 1e-9)))


def last_of_file(path: Path) -> Frame:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8) for frame in container.decode(video=0)][-1]


def last_of_chunk(chunk: EncodedChunk) -> Frame:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = golden_extradata(PROFILE)
    frames = [frame for sample in chunk for frame in decoder.decode(av.Packet(sample))] + decoder.decode(None)
    return np.asarray(frames[-1].to_ndarray(), np.uint8)


def text_of(report: dict[str, Any]) -> str:
    lines = [f"{report['size']}, {report['costs'][0]['frames']} frames, one thread; ratios of this run"]
    for part in (report, report.get("template")):
        if part is None:
            continue
        if part is not report:
            lines.append(f"{part['template']}: {part['frames']} frames, {part['frames_not_encoded']} of them still")
        lines += [
            f"  {cost['what']:<24}{cost['cpu_ms_per_frame']:>8.2f} ms CPU a frame{cost['frames_per_s']:>9.1f} frames/s"
            for cost in part["costs"]
        ]
        lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in part["ratios"].items()]
    lines.append(f"  Dearly's and MoviePy's last pictures: {report['psnr_db_dearly_to_moviepy']} dB PSNR")
    for part in (*report.get("recipients", ()), report.get("with_voice"), report.get("memory")):
        if part is not None:
            lines += recipients_text(part)
    lines.append(f"Load of the machine when recipients were measured: {report['load_before']} before")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
