"""Measures what an estimate needs to know: a few recipients rendered for real, in this process, and timed.

Each film's chunks are encoded one by one, which tells what a unit costs in each scene; then the film is made again from
those chunks, which tells what it costs beside them. What one half of the films says of the other half is the margin.
"""

from __future__ import annotations

import platform
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from os import cpu_count
from pathlib import Path
from statistics import fmean
from time import process_time

from renderer import pipeline
from renderer.errors import BadInput, UsageError
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.preflight.cost import DEFAULT, ChunkKind, CostModel
from renderer.preflight.listening import ListeningVoice
from renderer.preflight.survey import survey
from renderer.profile.load import BadRecord
from renderer.profile.model import Profile
from renderer.render.model import RenderJob, RenderResult
from renderer.render.video.chunks import Busy, Kept, Mine
from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.packing import pack
from renderer.render.video.render import FilmSource, film_scores, render_video
from renderer.render.video.voices import film_voice
from renderer.render.voice import VoiceSettings
from renderer.template.load import load_release
from renderer.template.model import Channel
from renderer.template.release import Release

FILMS = 3
"""So many recipients are rendered: of a hundred, those who see the most different scenes."""
LOOKED_AT = 100
LEAST_MARGIN = 0.15
"""A processor does not take the same time twice: on a machine that does other work too, figures differ by as much."""
_Sample = tuple[ChunkKind, float, int]
"""A chunk's kind, its processor seconds, its bytes."""


def calibrate(
    planner: Planner,
    source: Path,
    cache: Path,
    *,
    channels: Sequence[Channel],
    as_of: date | None = None,
    locale: str | None = None,
    voices: VoiceSettings | None = None,
    films: int = FILMS,
) -> CostModel:
    """The costs of this template on this machine. Raises UsageError when no record of the file can be rendered."""
    chosen, plan_s = _chosen(planner, source, films, as_of, locale)
    if not chosen:
        raise UsageError("usage.argument", "No record of the file can be rendered, so nothing can be measured.")
    samples: list[list[_Sample]] = []
    beside: list[float] = []
    films_bytes: list[tuple[float, float, float]] = []
    spoken: list[tuple[float, float]] = []
    others: dict[Channel, list[tuple[float, int]]] = {"statement": [], "microsite": []}
    for plan, profile in chosen:
        job = pipeline.prepare_job(planner.template, plan, dict(profile.images), cache)
        with tempfile.TemporaryDirectory(prefix="dearly-calibrate-") as folder:
            out = Path(folder)
            film = statement = None
            if "video" in channels:
                voice = _fresh_voice(planner, plan, voices, out)
                job = replace(job, voice=voice)
                found, shelf = _encoded(job)
                samples.append(found)
                if voice is not None:
                    spoken.append((voice.spent_s, sum({name: seconds for name, seconds, _ in voice.said}.values())))
                ready = replace(job, chunks=shelf)
                if voice is None:
                    render_video(ready, out, processes=1)  # makes the sound, which films of one length share
                started = process_time()
                film = render_video(ready, out, processes=1)
                beside.append(process_time() - started)
                films_bytes.append(_film_bytes(job, film, sum(size for _, _, size in found)))
            if "statement" in channels:
                statement = _timed("statement", job, out, others, film, statement)
            if "microsite" in channels:
                _timed("microsite", job, out, others, film, statement)
    model = _model(samples, beside, films_bytes, others, plan_s)
    seconds = sum(length for _, length in spoken)
    return model if not seconds else replace(model, speech_s=sum(cpu for cpu, _ in spoken) / seconds)


def _fresh_voice(planner: Planner, plan: RenderPlan, voices: VoiceSettings | None, out: Path) -> ListeningVoice | None:
    """The film's voice, which has said nothing yet but what brings it to its level, as on the first of many films."""
    if voices is None:
        return None
    voice = film_voice(planner.template, plan.locale, voices, out)
    if voice is None:
        return None
    voice.speak("-", plan.locale)
    return ListeningVoice(voice)


def _chosen(
    planner: Planner, source: Path, films: int, as_of: date | None, locale: str | None
) -> tuple[list[tuple[RenderPlan, Profile]], float]:
    """Recipients who see the most different scenes, the ones with the longest films first; and what a plan costs."""
    plans: list[tuple[RenderPlan, Profile]] = []
    times: list[float] = []
    for item in pipeline.profiles(source, planner):
        if len(times) >= LOOKED_AT:
            break
        if isinstance(item, BadRecord):
            continue
        started = process_time()
        try:
            plan = pipeline.plan(planner, item, as_of=as_of, locale=locale)
        except BadInput:
            continue
        times.append(process_time() - started)
        if plan.suppression is None:
            plans.append((plan, item))
    chosen: list[tuple[RenderPlan, Profile]] = []
    seen: set[str] = set()
    while plans and len(chosen) < films:
        best = max(plans, key=lambda one: len(set(one[0].scenes) - seen))
        plans.remove(best)
        chosen.append(best)
        seen |= set(best[0].scenes)
    return chosen, fmean(times) if times else DEFAULT.plan_s


def _encoded(job: RenderJob) -> tuple[list[_Sample], EncodedShelf]:
    """Every chunk of a film in all its formats, timed, and a shelf that holds them."""
    found: list[_Sample] = []
    shelf = EncodedShelf()
    for score in film_scores(job).values():
        fps = Fraction(score.fps_num, score.fps_den)
        profile = EncodeProfile(width=score.width, height=score.height, fps=fps)
        frame_at = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache)()
        for use in survey(score, score.format).chunks:
            frame_at(use.key.first)  # prepares its footage, which is done once for all films
            started = process_time()
            chunk = encode_chunk((frame_at(number) for number in range(use.key.first, use.key.end)), profile)
            spent = process_time() - started
            found.append((use.kind, spent, len(chunk.samples)))
            shelf.kept[use.key.key] = Kept(pack(chunk, use.key.key), chunk.frames_digest)
    return found, shelf


class EncodedShelf:
    """A shelf in memory, for one process; see :class:`~renderer.render.video.chunks.ChunkShelf`."""

    secret = bytes(32)
    audit_one_in = 0

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def claim(self, key: str, personal: bool) -> Kept | Mine | Busy:
        return self.kept.get(key) or Mine(1)

    def renew(self, tokens: Mapping[str, int]) -> None:
        """Nobody else is here."""

    def put(self, key: str, token: int, data: bytes, frames_digest: str) -> bytes:
        self.kept[key] = Kept(data, frames_digest)
        return data

    def give_up(self, key: str, token: int) -> None:
        """Nobody waits."""

    def drop(self, key: str, data: bytes | None) -> None:
        self.kept.pop(key, None)

    def audited(self, keys: Iterable[str]) -> None:
        """Nothing is."""

    def hold(self, keys: Iterable[str], use: str, *, keep: bool = False) -> None:
        """It holds everything."""

    def release(self, use: str) -> int:
        return 0


def _film_bytes(job: RenderJob, film: RenderResult, chunk_bytes: int) -> tuple[float, float, float]:
    """(bytes a format beside the chunks, bytes a second of sound and streams, formats) of one film."""
    scores = film_scores(job)
    seconds = sum(score.frames * score.fps_den / score.fps_num for score in scores.values())
    files = {kind: sum(one.bytes for one in film.artefacts if one.kind == kind) for kind in ("mp4", "hls")}
    copies = 2 if files["hls"] else 1  # a stream holds all chunks once more
    rest = sum(one.bytes for one in film.artefacts) - sum(files.values())
    return rest / len(scores), (sum(files.values()) - copies * chunk_bytes) / seconds, len(scores)


def _timed(
    channel: Channel,
    job: RenderJob,
    out: Path,
    others: Mapping[Channel, list[tuple[float, int]]],
    film: RenderResult | None,
    statement: RenderResult | None,
) -> RenderResult:
    """A page or a PDF of one recipient, timed."""
    started = process_time()
    made = pipeline.render_channel(channel, job, out, film=film, statement=statement)
    spent = process_time() - started
    # A page carries film and PDF as links to files that are counted already.
    size = sum(one.bytes for one in made.artefacts if not one.path.endswith((".mp4", ".pdf")) or channel == "statement")
    others[channel].append((spent, size))
    return made


def _model(
    samples: Sequence[Sequence[_Sample]],
    beside: Sequence[float],
    films_bytes: Sequence[tuple[float, float, float]],
    others: Mapping[Channel, Sequence[tuple[float, int]]],
    plan_s: float,
) -> CostModel:
    model = replace(DEFAULT, machine=f"this machine ({platform.machine()}, {cpu_count()} cores)", plan_s=plan_s)
    margin = LEAST_MARGIN
    if samples:
        every = [one for film in samples for one in film]
        model = replace(
            _with_rates(model, every),
            film_s=sum(beside) / sum(formats for *_, formats in films_bytes),
            film_bytes=fmean(one[0] for one in films_bytes),
            film_bytes_a_second=fmean(one[1] for one in films_bytes),
            films_measured=len(samples),
        )
        for left_out in range(len(samples) if len(samples) > 1 else 0):
            rest = _with_rates(model, [one for n, film in enumerate(samples) if n != left_out for one in film])
            said = sum(rest.chunk_s(kind) for kind, _, _ in samples[left_out])
            spent = sum(cpu for _, cpu, _ in samples[left_out])
            margin = max(margin, abs(said - spent) / spent)
    if others["statement"]:
        model = replace(
            model,
            statement_s=_later(others["statement"]),
            statement_bytes=fmean(size for _, size in others["statement"]),
        )
    if others["microsite"]:
        model = replace(
            model,
            microsite_s=_later(others["microsite"]),
            microsite_bytes=fmean(size for _, size in others["microsite"]),
        )
    return replace(model, margin=round(margin, 2))


def _later(timed: Sequence[tuple[float, int]]) -> float:
    """What one costs when others came before: the first one loads fonts and styles for all."""
    return fmean(cpu for cpu, _ in timed[1:] or timed)


def _with_rates(model: CostModel, samples: Sequence[_Sample]) -> CostModel:
    """With what a unit costs: in all, and in each scene."""
    by_scene: defaultdict[str, list[_Sample]] = defaultdict(list)
    for one in samples:
        by_scene[one[0].scene].append(one)

    def rate(some: Sequence[_Sample]) -> tuple[float, float]:
        return (
            sum(cpu for _, cpu, _ in some) / sum(kind.units for kind, _, _ in some),
            sum(size for _, _, size in some) / sum(kind.byte_units for kind, _, _ in some),
        )

    unit_s, unit_bytes = rate(samples)
    scenes = {scene: rate(some) for scene, some in sorted(by_scene.items())}
    return replace(model, unit_s=unit_s, unit_bytes=unit_bytes, scenes=scenes)


def calibrate_in_child(
    files: Mapping[str, bytes],
    source: Path,
    cache: Path,
    channels: Sequence[Channel],
    as_of: date | None,
    locale: str | None,
    voices: VoiceSettings | None,
    report: Callable[..., None],
) -> CostModel:
    """The same from a release's files, as :class:`renderer.guard.Guard` runs it."""
    planner = Planner(load_release(Release(files)))
    return calibrate(planner, source, cache, channels=channels, as_of=as_of, locale=locale, voices=voices)
