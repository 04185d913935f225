"""What a campaign will cost, before it is rendered: a set of profiles against a template, without encoding anything.

Every record is read and checked; those that are chosen (all, or a sample) are planned and scored in child processes,
and their chunks named. Names are counted on disk (:mod:`.tally`), so memory does not grow with the number of records.
What the counts cost is told by a :class:`~.cost.CostModel`.
"""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from time import process_time

from renderer import pipeline
from renderer.errors import BadInput, TransientError
from renderer.plan.build import Planner
from renderer.preflight.cost import ChunkKind, CostModel
from renderer.preflight.listening import ListeningVoice
from renderer.preflight.survey import Cause, SceneCause, survey
from renderer.preflight.tally import NAME_BYTES, Distinct, Tally
from renderer.profile.carry import from_text, to_text
from renderer.profile.load import BadRecord
from renderer.profile.model import Profile
from renderer.render.video.encoders import end_with_parent
from renderer.render.voice import VoiceSettings
from renderer.template.load import load_release
from renderer.template.model import Channel, Template
from renderer.template.release import Release

BATCH = 20
"""Records that go to a child at a time: about a second's work."""
ALONE = 40
"""So many records are done here; children take as long to start."""
RECIPIENTS = 0
"""The kind under which recipients are tallied; chunks have the others."""
Step = Callable[[int, int | None], None]
Carried = tuple[int, str, dict[str, bytes]]
"""A record's number, its profile as text, its pictures."""


@dataclass
class Found:
    """What a batch of records gave. ``said`` is speech by name and kind (:func:`_speech_kind`). Sums of causes: films,
    then the seconds of :class:`~.survey.SceneCause`."""

    films: int = 0
    suppressed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    uses: list[tuple[bytes, ChunkKind]] = field(default_factory=list)
    said: list[tuple[bytes, int]] = field(default_factory=list)
    plays: Counter[str] = field(default_factory=Counter)
    causes: dict[tuple[str, Cause], list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    plan_s: float = 0.0

    def add_cause(self, one: SceneCause) -> None:
        """Count one scene of one film."""
        self.sum_causes({(one.scene, one.cause): [1, one.scene_s, one.layer_s, one.personal_s, one.changing_s]})

    def sum_causes(self, causes: Mapping[tuple[str, Cause], Sequence[float]]) -> None:
        """Add other sums to these."""
        for name, values in causes.items():
            sums = self.causes.setdefault(name, [0.0] * len(values))
            for index, value in enumerate(values):
                sums[index] += value

    def merge(self, other: Found) -> None:
        """Add a batch, but for its uses and its speech, which go to tallies."""
        self.films += other.films
        for mine, theirs in (
            (self.suppressed, other.suppressed),
            (self.failed, other.failed),
            (self.plays, other.plays),
        ):
            mine.update(theirs)
        self.sum_causes(other.causes)
        self.seconds += other.seconds
        self.plan_s += other.plan_s


@dataclass(frozen=True, kw_only=True)
class SceneCost:
    """A scene's part in the cost of all films, in all formats: seconds encoded for recipients alone and for all at
    once, processor seconds, and its part of the films' processor time. ``causes`` are the commonest, with how many
    films each stands for and the means of :class:`~.survey.SceneCause`."""

    scene: str
    plays: float
    own_s: float
    shared_s: float
    cpu_s: float
    part: float
    causes: tuple[tuple[int, SceneCause], ...]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What rendering a whole file of profiles comes to. Counts of films and chunks are for all of it, scaled from the
    ``planned`` records where those are a sample; ``cpu`` and ``disk`` by part, in seconds and bytes.
    ``film_s`` is a film's mean length, made in so many ``formats``; what is to be encoded is counted in all of them."""

    template: str
    channels: tuple[Channel, ...]
    records: int
    bad: int
    duplicates: int
    planned: int
    suppressed: Mapping[str, float]
    failed: Mapping[str, float]
    recipients: float
    film_s: float
    formats: int
    uses: float
    own_chunks: float
    shared_chunks: float
    own_s: float
    shared_s: float
    cpu: Mapping[str, float]
    disk: Mapping[str, float]
    scenes: tuple[SceneCost, ...]
    model: CostModel
    measured: bool

    @property
    def unique_chunks(self) -> float:
        return self.own_chunks + self.shared_chunks

    @property
    def shared_part(self) -> float:
        """The part of all chunk uses that needs no encoding."""
        return 1 - self.unique_chunks / self.uses if self.uses else 0.0

    @property
    def cpu_s(self) -> float:
        return sum(self.cpu.values())

    @property
    def disk_bytes(self) -> float:
        return sum(self.disk.values())


def estimate(
    planner: Planner,
    source: Path,
    cache: Path,
    model: CostModel,
    *,
    channels: Sequence[Channel],
    measured: bool = False,
    as_of: date | None = None,
    locale: str | None = None,
    sample: int | None = None,
    processes: int = 1,
    voices: VoiceSettings | None = None,
    progress: Step | None = None,
) -> Estimate:
    """Estimate a campaign. ``sample`` is how many records are planned, chosen by chance but always the same ones.

    With ``voices``, films that speak are spoken, since scenes wait for their voice; what was said is kept, and a run
    finds it. Raises UsageError for an unreadable file, TransientError when a child dies, EnvironmentFault for a voice
    that must be there, OSError when the disk is full.
    """
    total = _count(source, planner)
    chosen = None
    if sample is not None and total is not None and sample < total:
        chosen = frozenset(random.Random(7).sample(range(1, total + 1), sample))
    counts = Counter[str]()
    found, kinds = Found(), dict[ChunkKind, int]()
    with Tally() as tally, Tally() as speech:

        def records() -> Iterator[Carried]:
            for item in pipeline.profiles(source, planner):
                counts["records"] += 1
                if progress is not None and counts["records"] % 50 == 1:
                    progress(counts["records"], total)
                if isinstance(item, BadRecord):
                    counts["bad"] += 1
                    continue
                tally.add(blake2b(item.recipient.encode(), digest_size=NAME_BYTES).digest(), RECIPIENTS)
                if chosen is None or item.record in chosen:
                    counts["planned"] += 1
                    yield _carried(item)

        order = _Order(tuple(channels), as_of, locale, voices)
        for batch in _batches(records(), planner, cache, order, processes, total):
            for name, kind in batch.uses:
                tally.add(name, kinds.setdefault(kind, len(kinds) + 1))
            for name, length in batch.said:
                speech.add(name, length)
            found.merge(batch)
        if progress is not None:
            progress(counts["records"], counts["records"])
        distinct, spoken = tally.distinct(), speech.distinct()
    return _reckoned(planner.template, model, counts, found, kinds, distinct, spoken, tuple(channels), measured)


def _count(source: Path, planner: Planner) -> int | None:
    """How many records there are, at most; None for a file that does not say before it is read."""
    if source.suffix.lower() == ".json":
        return sum(1 for _ in pipeline.profiles(source, planner))
    try:
        with source.open("rb") as file:
            lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return None  # reading it will say what is wrong
    return max(1, lines)


def _carried(profile: Profile) -> Carried:
    return profile.record, to_text(profile), dict(profile.images)


# ---------------------------------------------------------------- planning and scoring, here or in children


@dataclass(frozen=True)
class _Order:
    channels: tuple[Channel, ...]
    as_of: date | None
    locale: str | None
    voices: VoiceSettings | None = None


class Surveyor:
    """Plans and scores records of one template. Made once in each process."""

    def __init__(self, planner: Planner, cache: Path, order: _Order) -> None:
        self._planner, self._cache, self._order = planner, cache, order
        self._video = planner.template.config.channels.video if "video" in order.channels else None

    def survey(self, batch: Sequence[Carried]) -> Found:
        """What some records give."""
        found = Found()
        for record, text, images in batch:
            try:
                self._one(from_text(text, self._planner.template.contract, record, images), found)
            except BadInput as error:
                found.failed[error.code] += 1
        return found

    def _one(self, profile: Profile, found: Found) -> None:
        from renderer.render.video.render import film_scores

        started = process_time()
        plan = pipeline.plan(self._planner, profile, as_of=self._order.as_of, locale=self._order.locale)
        found.plan_s += process_time() - started
        if plan.suppression is not None:
            found.suppressed[plan.suppression] += 1
            return
        if self._video is not None:
            job = pipeline.prepare_job(
                self._planner.template, plan, dict(profile.images), self._cache, voices=self._order.voices
            )
            voice = None if job.voice is None else ListeningVoice(job.voice)
            job = replace(job, voice=voice)
            surveys = [survey(score, score.format) for score in film_scores(job).values()]
            if voice is not None:
                # Every format speaks the same.
                for name, seconds, personal in dict.fromkeys(voice.said):
                    found.said.append((bytes.fromhex(name)[:NAME_BYTES], _speech_kind(seconds, personal)))
            found.seconds += surveys[0].seconds
            found.plays.update(plan.scenes)
            for number, one in enumerate(surveys):
                found.uses += [(use.name[:NAME_BYTES], use.kind) for use in one.chunks]
                for cause in one.causes if number == 0 else ():
                    found.add_cause(cause)
        found.films += 1


def _batches(
    records: Iterator[Carried], planner: Planner, cache: Path, order: _Order, processes: int, total: int | None
) -> Iterator[Found]:
    """What the records give, batch by batch. No more than a few batches are read ahead."""
    if processes <= 1 or (total is not None and total <= ALONE):
        here = Surveyor(planner, cache, order)
        while batch := list(islice(records, 1)):
            yield here.survey(batch)
        return
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(dict(planner.template.release.files), cache, order),
    ) as pool:
        busy: set[Future[Found]] = set()
        try:
            while True:
                while len(busy) < 2 * processes and (batch := list(islice(records, BATCH))):
                    busy.add(pool.submit(_survey, batch))
                if not busy:
                    return
                done, busy = wait(busy, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise TransientError("transient.child", "A process that estimates ended unexpectedly.") from error
        finally:
            for future in busy:
                future.cancel()


class _Child:
    """In a child only."""

    surveyor: Surveyor


def _start(files: Mapping[str, bytes], cache: Path, order: _Order) -> None:
    end_with_parent()
    _Child.surveyor = Surveyor(Planner(load_release(Release(files))), cache, order)


def _survey(batch: Sequence[Carried]) -> Found:
    return _Child.surveyor.survey(batch)


# ---------------------------------------------------------------- from counts to figures


def _reckoned(
    template: Template,
    model: CostModel,
    counts: Mapping[str, int],
    found: Found,
    kinds: Mapping[ChunkKind, int],
    distinct: Distinct,
    spoken: Distinct,
    channels: tuple[Channel, ...],
    measured: bool,
) -> Estimate:
    good = counts.get("records", 0) - counts.get("bad", 0)
    planned = counts.get("planned", 0)
    factor = good / planned if planned else 0.0
    films = found.films * factor
    fps = template.config.channels.video.fps if template.config.channels.video else 25
    made = {kind: _scaled(kind.personal, number, distinct, factor) for kind, number in kinds.items()}
    chunk_cpu = {kind: count * model.chunk_s(kind) for kind, count in made.items()}
    formats = len({kind.format for kind in kinds})
    cpu: dict[str, float] = {"plans": films * (found.plan_s / found.films if found.films else model.plan_s)}
    disk: dict[str, float] = {}
    if "video" in channels and kinds:
        if spoken.names:
            cpu["speech"] = model.speech_s * _spoken_s(spoken, factor)
        cpu["chunks of one recipient"] = sum(cost for kind, cost in chunk_cpu.items() if kind.personal)
        cpu["chunks for all, once"] = sum(cost for kind, cost in chunk_cpu.items() if not kind.personal)
        cpu["films, beside their chunks"] = films * formats * model.film_s
        disk["chunks, kept to be shared"] = sum(count * model.chunk_bytes(kind) for kind, count in made.items())
        in_films = sum(distinct.uses.get(number, 0) * model.chunk_bytes(kind) for kind, number in kinds.items())
        video = template.config.channels.video
        copies = 2 if video is not None and video.hls else 1  # a stream holds all chunks once more
        seconds = found.seconds * factor * formats
        disk["films"] = (
            copies * in_films * factor + films * formats * model.film_bytes + seconds * model.film_bytes_a_second
        )
    if "statement" in channels:
        cpu["statements"], disk["statements"] = films * model.statement_s, films * model.statement_bytes
    if "microsite" in channels:
        cpu["pages"], disk["pages"] = films * model.microsite_s, films * model.microsite_bytes
    return Estimate(
        template=template.id,
        channels=channels,
        records=counts.get("records", 0),
        bad=counts.get("bad", 0),
        duplicates=distinct.uses.get(RECIPIENTS, 0) - distinct.names.get(RECIPIENTS, 0),
        planned=planned,
        suppressed={code: count * factor for code, count in found.suppressed.items()},
        failed={code: count * factor for code, count in found.failed.items()},
        recipients=films,
        film_s=found.seconds / found.films if found.films else 0.0,
        formats=formats,
        uses=sum(distinct.uses.get(number, 0) for number in kinds.values()) * factor,
        own_chunks=sum(count for kind, count in made.items() if kind.personal),
        shared_chunks=sum(count for kind, count in made.items() if not kind.personal),
        own_s=sum(count * kind.frames for kind, count in made.items() if kind.personal) / fps,
        shared_s=sum(count * kind.frames for kind, count in made.items() if not kind.personal) / fps,
        cpu=cpu,
        disk=disk,
        scenes=_scene_costs(found, made, chunk_cpu, factor, fps),
        model=model,
        measured=measured,
    )


def _speech_kind(seconds: float, personal: bool) -> int:
    """The kind that speech is tallied as: its length in hundredths, and whether it names somebody."""
    return 2 * round(100 * seconds) + personal


def _spoken_s(spoken: Distinct, factor: float) -> float:
    """Seconds of speech that have to be made. What names nobody is taken to be in the sample."""
    return sum(kind // 2 / 100 * count * (factor if kind % 2 else 1) for kind, count in spoken.names.items())


def _scaled(personal: bool, number: int, distinct: Distinct, factor: float) -> float:
    """Distinct chunks of a kind in the whole file, from those in a sample.

    Personal ones are taken to be each recipient's own, which is the most there can be. Of shared ones those that were
    seen once and twice tell how many were not seen at all (Chao 1984, the bias-corrected form).
    """
    names = distinct.names.get(number, 0)
    if personal or factor == 1:
        return names * factor
    once, twice = distinct.once.get(number, 0), distinct.twice.get(number, 0)
    return min(names * factor, names + once * (once - 1) / (2 * (twice + 1)))


def _scene_costs(
    found: Found,
    made: Mapping[ChunkKind, float],
    chunk_cpu: Mapping[ChunkKind, float],
    factor: float,
    fps: int,
) -> tuple[SceneCost, ...]:
    whole = sum(chunk_cpu.values()) or 1.0
    costs = []
    for scene in {kind.scene for kind in made}:
        own = sum(count * kind.frames for kind, count in made.items() if kind.scene == scene and kind.personal)
        shared = sum(count * kind.frames for kind, count in made.items() if kind.scene == scene and not kind.personal)
        cpu = sum(cost for kind, cost in chunk_cpu.items() if kind.scene == scene)
        causes = sorted(
            (
                (int(films), SceneCause(scene, cause, *(value / films for value in seconds)))
                for (name, cause), (films, *seconds) in found.causes.items()
                if name == scene
            ),
            key=lambda one: (-one[0], one[1].cause.layer),
        )
        costs.append(
            SceneCost(
                scene=scene,
                plays=found.plays.get(scene, 0) * factor,
                own_s=own / fps,
                shared_s=shared / fps,
                cpu_s=cpu,
                part=cpu / whole,
                causes=tuple(causes[:3]),
            )
        )
    return tuple(sorted(costs, key=lambda one: (-one.cpu_s, one.scene)))
