"""What one more recipient costs once others were there: chunks are shared, only what is personal is encoded.

Part of :mod:`benchmarks.video`. Two films: the real ``energy-bill`` (the sample 11-typical with another name and other
figures for each recipient), and a synthetic one of 30 s of which 2 s are personal. Each is made once (the *first*
recipient, shown apart), then for others by two worker processes side by side, as the queue does it. CPU seconds are
those of the workers, from a parsed profile to the finished files; what a process pays once (imports, fonts, footage) is
not counted.

Voice and teaser are left out there, since MoviePy makes neither. What a recipient costs with both is measured apart
(:func:`with_voice`): ``energy-bill`` in English, spoken by Piper where it is installed; every name and figure is new.

*x264 alone* encodes the personal frames of one recipient from memory, with the same options, in both processes at once.
*MoviePy* renders its likeness of the composition in full (see :mod:`.video`) in two processes at once; a part of a film
is rendered and its time is multiplied, which favours MoviePy, because a start and an end are left out.
"""

from __future__ import annotations

import copy
import json
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.board import board_files, make_footage
from renderer import pipeline
from renderer.bootstrap import ShelfSource, voice_settings
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.profile.load import parse_record
from renderer.render.model import RenderJob
from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.keys import KeyBook
from renderer.render.video.render import FilmSource, film_scores, render_video
from renderer.settings import Settings
from renderer.template.load import load_release, load_template
from renderer.template.model import Template, VideoFormat
from renderer.template.release import Release

ROOT = Path(__file__).resolve().parents[1]
CORES = 2
NAMES = ("Ada", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gaia", "Hugo", "Irene", "Luca", "Marta", "Nico", "Olga")
SURNAMES = ("Bianchi", "Conti", "Esposito", "Fontana", "Gallo", "Leone", "Mancini", "Neri", "Orlando", "Parisi", "Riva")
SYNTHETIC_S, PERSONAL_S = 30, (14.0, 16.0)

T = TypeVar("T")


@dataclass(frozen=True)
class Spot:
    """Which film, where. Pickles: every process opens its own."""

    film: str
    home: Path
    tall: int = 720
    voice: bool = False
    """With voice and teaser, in English."""

    def settings(self) -> Settings:
        return Settings(home=self.home, chunk_audit=0)

    def template(self) -> Template:
        if self.film == "energy-bill":
            template = load_template(ROOT / "templates/energy-bill")
        else:
            template = load_release(Release(board_files(SYNTHETIC_S * 25, _footage(self.home), PERSONAL_S)))
        video = template.config.channels.video
        assert video is not None
        size = VideoFormat(width=self.tall * 16 // 9, height=self.tall)
        channels = template.config.channels.model_copy(
            update={"video": video.model_copy(update={"formats": {"16:9": size}, "teaser": self.voice})}
        )
        return replace(template, config=template.config.model_copy(update={"channels": channels}))

    def plan(self, planner: Planner, number: int) -> RenderPlan:
        """The plan of recipient ``number``: nobody's name or figures are those of another."""
        record = bill(number) if self.film == "energy-bill" else {"id": str(number), "name": name(number)}
        profile = parse_record(json.dumps(record), planner.template.contract)
        locale = "it" if "customer" in record and not self.voice else "en"
        return pipeline.plan(planner, profile, as_of=date(2026, 11, 9), locale=locale)


def name(number: int) -> str:
    """Two words; the first 143 are different."""
    return f"{NAMES[number % len(NAMES)]} {SURNAMES[number // len(NAMES) % len(SURNAMES)]}"


def bill(number: int) -> dict[str, Any]:
    """A customer like that of the sample, with figures of their own."""
    record: dict[str, Any] = copy.deepcopy(
        json.loads((ROOT / "templates/energy-bill/samples/11-typical.json").read_text("utf-8"))
    )
    record["customer"].pop("photo")
    record["customer"] |= {"id": f"C-{20000 + number}", "name": name(number), "given_name": name(number).split()[0]}
    record["bill"]["number"] = f"2026-1147-{number:05}"
    record["bill"]["lines"][4]["amount"] = round(7.5 + number / 10, 2)
    record["bill"]["total"] = round(66.9 + number / 10, 2)
    for month in record["usage"]["history"][:-1]:
        month["kwh"] += number % 37
    record["usage"]["last_year_kwh"] += number % 37
    record["previous"]["total"] = round(74.1 + number / 20, 2)
    record["offers"]["solar_saving"] = 486.0 + number
    return record


class Maker:
    """In one process: makes films of one spot."""

    def __init__(self, spot: Spot) -> None:
        settings = spot.settings()
        settings.prepare()
        self.spot, self.settings = spot, settings
        self.template = spot.template()
        self.planner = Planner(self.template)
        self.shelf = ShelfSource(settings)()

    def job(self, number: int) -> RenderJob:
        plan = self.spot.plan(self.planner, number)
        return pipeline.prepare_job(
            self.template,
            plan,
            {},
            self.settings.cache,
            chunks=self.shelf,
            use=f"recipient-{number}",
            voices=voice_settings(self.settings) if self.spot.voice else None,
        )

    def film(self, number: int, processes: int = 1) -> dict[str, Any]:
        """Make one recipient's film, throw it away; its figures, with CPU and clock in seconds."""
        started, clock = cpu(), time.perf_counter()
        with tempfile.TemporaryDirectory(dir=self.settings.work) as out:
            figures = dict(render_video(self.job(number), Path(out), processes=processes).figures)
        return {**figures, "cpu_s": cpu() - started, "clock_s": time.perf_counter() - clock}

    def alone_ms(self, number: int) -> float:
        """x264 alone on the personal frames of a recipient: CPU milliseconds a frame."""
        from benchmarks.video import encode_alone

        job = self.job(number)
        score = next(iter(film_scores(job).values()))
        profile = EncodeProfile(width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den))
        frame_at = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache)()
        frames, used = 0, 0.0
        for key in KeyBook(score, profile, bytes(32)).keys(KeyBook(score, profile, bytes(32)).borders()):
            if key.personal:
                held = [frame_at(frame).copy() for frame in range(key.first, key.end)]
                before = cpu()
                encode_alone(held, profile)
                used += cpu() - before
                frames += len(held)
        return 1000 * used / frames

    def bytes_ratio(self, number: int) -> float:
        """Bytes of a film's chunks together, as part of those of the same frames encoded in one go."""
        job = self.job(number)
        score = next(iter(film_scores(job).values()))
        profile = EncodeProfile(width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den))
        frame_at = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache)()
        whole = encode_chunk(map(frame_at, range(score.frames)), profile)
        book = KeyBook(score, profile, self.shelf.secret)
        keys = book.keys(book.borders())
        found = self.shelf.find([key.key for key in keys])
        return sum(len(found[key.key].data) for key in keys) / len(whole.samples)


class _Here:
    """In a worker process: its maker."""

    maker: Maker


def _start(spot: Spot) -> None:
    _Here.maker = Maker(spot)


def _films(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [_Here.maker.film(number) for number in numbers]


def _alone(number: int) -> float:
    return _Here.maker.alone_ms(number)


def _ready(_: int) -> None:
    time.sleep(0.5)  # so that each process gets one


def measure(
    film: str, recipients: int, home: Path, moviepy: Callable[[int], float], moviepy_cpu: Callable[[int], float]
) -> dict[str, Any]:
    """One film, for ``recipients`` further recipients. ``moviepy`` gives the seconds that both cores need for one of
    that many frames, when each renders its own, ``moviepy_cpu`` the CPU seconds."""
    spot = Spot(film, home)
    maker = Maker(spot)
    first = maker.film(0, processes=CORES)
    with ProcessPoolExecutor(
        CORES, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(spot,)
    ) as pool:
        list(pool.map(_ready, range(CORES)))
        list(pool.map(_films, [[number] for number in range(1, 1 + CORES)]))  # what a process pays once
        numbers = range(1 + CORES, 1 + CORES + recipients)
        shares = [list(islice(numbers, start, None, CORES)) for start in range(CORES)]
        clock = time.perf_counter()
        made = [one for share in pool.map(_films, shares) for one in share]
        clock_s = (time.perf_counter() - clock) / recipients
        alone = sum(pool.map(_alone, numbers[:CORES])) / CORES
    again = maker.film(numbers[0])["cpu_s"]
    ratio = maker.bytes_ratio(numbers[0])
    personal = made[0]["personal_frames"]
    cpu_s = mean(made, "cpu_s")
    goal = personal * alone / 1000 * 1.3 + 0.8
    peer_s = moviepy(made[0]["frames_total"])
    return {
        "film": film,
        "recipients": recipients,
        "frames": made[0]["frames_total"],
        "personal_frames": personal,
        "chunks": made[0]["chunks"],
        "first_cpu_s": round(first["cpu_s"], 2),
        "first_clock_s": round(first["clock_s"], 2),
        "further_cpu_s": round(cpu_s, 2),
        "further_clock_s": round(clock_s, 2),
        "further_frames_encoded": round(mean(made, "frames_encoded")),
        "further_chunks_reused": round(mean(made, "chunks_reused"), 1),
        "found_whole_cpu_s": round(again, 2),
        "x264_alone_ms_per_frame": round(alone, 2),
        "moviepy_clock_s": round(peer_s, 2),
        "ratios": {
            "further_cpu_to_goal": round(cpu_s / goal, 2),
            "first_to_further_cpu": round(first["cpu_s"] / cpu_s, 1),
            "moviepy_to_dearly_clock": round(peer_s / clock_s, 1),
            "moviepy_to_dearly_cpu": round(moviepy_cpu(made[0]["frames_total"]) / cpu_s, 1),
            "bytes_to_one_encode": round(ratio, 3),
        },
    }


def with_voice(recipients: int, home: Path) -> dict[str, Any] | None:
    """What one more recipient of ``energy-bill`` costs with voice and teaser; None where nothing speaks English."""
    spot = Spot("energy-bill", home, voice=True)
    maker = Maker(spot)
    if maker.job(0).voice is None:
        return None
    first = maker.film(0, processes=CORES)
    with ProcessPoolExecutor(
        CORES, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(spot,)
    ) as pool:
        list(pool.map(_ready, range(CORES)))
        list(pool.map(_films, [[number] for number in range(1, 1 + CORES)]))
        numbers = range(1 + CORES, 1 + CORES + recipients)
        shares = [list(islice(numbers, start, None, CORES)) for start in range(CORES)]
        clock = time.perf_counter()
        made = [one for share in pool.map(_films, shares) for one in share]
        clock_s = (time.perf_counter() - clock) / recipients
    return {
        "recipients": recipients,
        "frames": made[0]["frames_total"],
        "first_cpu_s": round(first["cpu_s"], 2),
        "further_cpu_s": round(mean(made, "cpu_s"), 2),
        "further_clock_s": round(clock_s, 2),
        "further_frames_encoded": round(mean(made, "frames_encoded")),
    }


def memory(renders: int, home: Path) -> dict[str, Any]:
    """Resident memory of one worker over many films, and of one that makes films of 1920 by 1080 whose footage is
    prepared already (and, apart, what preparing takes)."""
    context = multiprocessing.get_context("spawn")

    def resident(spot: Spot, films: Sequence[int]) -> dict[str, float]:
        with ProcessPoolExecutor(1, mp_context=context, initializer=_start, initargs=(spot,)) as pool:
            return pool.submit(_resident, films).result()

    many = resident(Spot("synthetic", home), range(1000, 1000 + renders))
    large = Spot("energy-bill", home, tall=1080)
    cold, warm = resident(large, [0]), resident(large, [1, 2])
    return {
        "renders": renders,
        "own_mb_after_a_tenth": many["early_mb"],
        "own_mb_at_the_end": many["late_mb"],
        "growth": round(many["late_mb"] / many["early_mb"], 3),
        "peak_mb_1080p": warm["peak_mb"],
        "peak_own_mb_1080p": warm["peak_own_mb"],
        "peak_mb_1080p_preparing": cold["peak_mb"],
    }


def _resident(films: Sequence[int]) -> dict[str, float]:
    """Make films; memory in MB. *Own* pages are those that no file stands behind; the rest is code and footage that is
    mapped, which the system may take back at any time."""
    own, whole, ended = [0.0], [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            own.append(_status("RssAnon"))
            whole.append(_status("VmRSS"))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    early = 0.0
    for count, number in enumerate(films):
        _Here.maker.film(number)
        if count == len(films) // 10:
            early = _status("RssAnon")
    ended.set()
    watcher.join()
    return {
        "early_mb": round(early, 1),
        "late_mb": round(_status("RssAnon"), 1),
        "peak_own_mb": round(max(own)),
        "peak_mb": round(max(whole)),
    }


def _status(name: str) -> float:
    """A line of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def mean(made: Sequence[Mapping[str, Any]], name: str) -> float:
    return sum(float(one[name]) for one in made) / len(made)


def cpu() -> float:
    """CPU seconds of this process and its finished children."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _footage(home: Path) -> bytes:
    path = home / "footage.mp4"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_footage(150))
    return path.read_bytes()


def text_of(report: Mapping[str, Any]) -> list[str]:
    """A film's report, or that of memory or of voice and teaser, in lines."""
    if "film" not in report and "further_cpu_s" in report:
        return [
            f"energy-bill with voice and teaser, in English: {report['frames']} frames",
            f"  first recipient {report['first_cpu_s']:.2f} CPU s; {report['recipients']} further ones "
            f"{report['further_cpu_s']:.2f} CPU s, {report['further_clock_s']:.2f} s by the clock; "
            f"{report['further_frames_encoded']} frames encoded",
        ]
    if "film" not in report:
        return [
            f"Memory of a worker over {report['renders']} films: {report['own_mb_after_a_tenth']} MB after a tenth, "
            f"{report['own_mb_at_the_end']} MB at the end (goal: flat)",
            f"  making films of 1920×1080: at most {report['peak_mb_1080p']} MB resident (goal: at most 600), "
            f"{report['peak_own_mb_1080p']} MB of them its own; while footage is prepared "
            f"{report['peak_mb_1080p_preparing']} MB",
        ]
    ratios, wall = report["ratios"], 12 if report["film"] == "energy-bill" else 50
    return [
        f"{report['film']}: {report['frames']} frames, {report['personal_frames']} of them personal, "
        f"{report['chunks']} chunks; {report['recipients']} further recipients",
        f"  first recipient  {report['first_cpu_s']:>7.2f} CPU s {report['first_clock_s']:>7.2f} s by the clock",
        f"  further ones     {report['further_cpu_s']:>7.2f} CPU s {report['further_clock_s']:>7.2f} s by the clock; "
        f"{report['further_chunks_reused']} chunks found, {report['further_frames_encoded']} frames encoded",
        f"  a film of which all is there {report['found_whole_cpu_s']:>5.2f} CPU s",
        f"  CPU to personal frames × 1.3 × x264 alone ({report['x264_alone_ms_per_frame']} ms) + 0.8 s: "
        f"{ratios['further_cpu_to_goal']} (goal: at most 1)",
        f"  MoviePy in full to a further one, both cores: {ratios['moviepy_to_dearly_clock']} by the clock "
        f"(goal: at least {wall}), {ratios['moviepy_to_dearly_cpu']} in CPU",
        f"  bytes to one continuous encode: {ratios['bytes_to_one_encode']} (goal: at most 1.10)",
    ]
