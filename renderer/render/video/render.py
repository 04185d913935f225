"""A plan → its film. The video channel's entrance; the steps are those of
``docs/architecture.md``, "How a film is made".

1. Score: plan and storyboard in integer frames (:mod:`.scoring`).
2. Cut and name: where chunks begin and end (:mod:`.cuts`), and what can be seen in each (:mod:`.keys`).
3. Find the chunks that were made before, for whomever; compose and encode the rest (:mod:`.chunks`, :mod:`.compose`,
   :mod:`.encode`).
4. Sound, whole (:mod:`.soundtrack`).
5. Join (:mod:`.mux`, and :mod:`.hls` where a stream is wanted), and write what stands beside the film: captions,
   chapters, transcript, poster, teaser, interactions, score.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import DearlyError, EnvironmentFault, Place
from renderer.render.model import Artefact, Kind, RenderJob, RenderResult, RenderWarning, write_artefact
from renderer.render.video.backdrops import Backdrop, media_backdrop
from renderer.render.video.captions import captions_vtt, chapters_vtt, transcript_txt
from renderer.render.video.chunks import ChunkWork, FilmChunks
from renderer.render.video.compose import Composer
from renderer.render.video.encode import EncodedChunk, EncodeProfile, FrameAt
from renderer.render.video.encoders import Run, usable_processes
from renderer.render.video.hls import hls_files, write_hls
from renderer.render.video.interactions import interactions_json
from renderer.render.video.keys import KeyBook
from renderer.render.video.memory import give_back, keep_apart
from renderer.render.video.moments import mark_place
from renderer.render.video.mux import AudioTrack, Tags, mux_mp4
from renderer.render.video.poster import mail_poster_jpeg, poster_frame, poster_jpeg
from renderer.render.video.score import Score, ScoreScene
from renderer.render.video.scoring import build_score
from renderer.render.video.soundtrack import soundtrack
from renderer.render.video.teaser import make_teaser
from renderer.render.video.text import text_engine


@dataclass(frozen=True, kw_only=True)
class FilmSource:
    """Makes the composer of one film. A value that pickles, so that every encoding process can make its own."""

    score: Score
    assets: AssetDoor
    fonts: FontSet
    cache: Path

    def __call__(self) -> FrameAt:
        """The film's frames by number. Media are prepared, unless that was done, when a frame first shows them; errors
        name the scene."""
        return Composer(self.score, assets=self.assets, fonts=self.fonts, backdrops=self.backdrops()).array

    def prepare(self, runs: Sequence[Run]) -> None:
        """Prepare the media that some runs show, so that several processes need not do it side by side."""
        backdrops = self.backdrops()
        for scene in self.score.scenes:
            if scene.id in backdrops and any(run.first < scene.end and scene.first < run.end for run in runs):
                backdrops[scene.id]

    def backdrops(self) -> Mapping[str, Backdrop]:
        """The image and footage backdrops by scene, each prepared and opened when it is first asked for."""
        return _Backdrops(self.score, self.assets, self.cache)


POOL_FRAMES = 250
"""From so many frames of 1280 by 720 on, several processes are faster than one: each takes half a second to start."""


def render_video(job: RenderJob, out: Path, *, processes: int | None = None) -> RenderResult:
    """Render the film of ``job`` into ``out/video/``, once in each format.

    ``processes`` is how many chunks are encoded at a time; without it one per usable core, or one inside a Celery
    worker. Raises what scoring, composing, preparing and encoding raise (see there), with the scene where one is to
    blame; EnvironmentFault when a file cannot be written. Leaves no temporary file behind.
    """
    started = _cpu_s()
    keep_apart()
    scores = film_scores(job)
    score = next(iter(scores.values()))
    sound = soundtrack(score, job.assets, job.cache, job.voice)  # formats differ in what is seen, not in what is heard
    count = usable_processes() if processes is None else processes
    total = sum(one.frames for one in scores.values())
    films: list[_Film] = []
    for suffix, one in scores.items():
        before = sum(film.score.frames for film in films)

        def progress(done: int, before: int = before) -> None:
            if job.progress is not None:
                job.progress(before + done, total)

        films.append(_film(job, out, one, suffix, sound, processes=count, progress=progress))
        give_back()
    beside: list[tuple[Kind, str, bytes, str]] = [
        ("captions", "captions.vtt", captions_vtt(score), "text/vtt"),
        ("chapters", "chapters.vtt", chapters_vtt(score), "text/vtt"),
        ("transcript", "transcript.txt", transcript_txt(score), "text/plain"),
    ]
    artefacts = [artefact for film in films for artefact in film.artefacts]
    artefacts += [write_artefact(out, "video", kind, name, data, media) for kind, name, data, media in beside]
    return RenderResult(
        channel="video",
        artefacts=tuple(artefacts),
        warnings=tuple(warning for film in films for warning in film.warnings),
        figures={
            "frames_total": total,
            "frames_encoded": sum(film.chunks.encoded for film in films),
            "personal_frames": sum(film.score.personal_frames for film in films),
            "chunks": sum(len(film.chunks.chunks) for film in films),
            "chunks_reused": sum(film.chunks.reused for film in films),
            "cpu_s": f"{_cpu_s() - started:.2f}",
        },
    )


def film_scores(job: RenderJob) -> dict[str, Score]:
    """The score of the film in each format that is wanted, by what the names of its files end in.

    Raises what :func:`~.scoring.build_score` raises.
    """
    video = job.template.config.channels.video
    engine = text_engine(job.fonts)
    if video is None:
        return {"": build_score(job.plan, job.template, job.fonts, job.assets, engine, voice=job.voice)}
    return {
        video.ending(name): build_score(
            job.plan, job.template, job.fonts, job.assets, engine, format=name, voice=job.voice
        )
        for name in job.formats or video.formats
    }


@dataclass(frozen=True, kw_only=True)
class _Film:
    """The film in one format."""

    score: Score
    artefacts: tuple[Artefact, ...]
    warnings: tuple[RenderWarning, ...]
    chunks: FilmChunks


def _film(
    job: RenderJob,
    out: Path,
    score: Score,
    suffix: str,
    sound: AudioTrack | None,
    *,
    processes: int,
    progress: Callable[[int], None],
) -> _Film:
    """Compose, encode and join the film of one score, and write what belongs to this format alone.

    ``suffix`` ends the names of its files: none for the template's first format, ``-9x16`` for that one.
    """
    profile = EncodeProfile(width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den))
    source = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache)
    frame_at = source()
    stills = _stills(score, frame_at, suffix)

    def fitting(frames: int) -> int:
        return processes if frames * score.width * score.height >= POOL_FRAMES * 1280 * 720 else 1

    film = ChunkWork(
        book=KeyBook(score, profile, job.chunks.secret if job.chunks else bytes(32)),
        profile=profile,
        source=source,
        here=lambda: frame_at,
        prepare=source.prepare,
        processes=fitting,
        progress=progress,
        shelf=job.chunks,
        use=job.use,
    ).film()
    tags = Tags(title=job.template.config.title, locale=score.locale)
    artefacts = [_joined(out, f"film{suffix}.mp4", film.chunks, profile, sound, tags)]
    if job.streams:
        stream = hls_files(film.chunks, film.personal, profile, sound, captions_vtt(score), tags)
        artefacts += write_hls(out, f"hls{suffix}", stream)
    artefacts.append(write_artefact(out, "video", "score", f"score{suffix}.json", score.data, "application/json"))
    artefacts += [write_artefact(out, "video", kind, name, data, media) for kind, name, data, media in stills]
    if score.interactions:
        timed = interactions_json(score)
        artefacts.append(
            write_artefact(out, "video", "interactions", f"interactions{suffix}.json", timed, "application/json")
        )
    return _Film(
        score=score,
        artefacts=tuple(artefacts),
        warnings=tuple(_warnings(score, bool(stills))),
        chunks=film,
    )


def _stills(score: Score, frame_at: FrameAt, suffix: str) -> list[tuple[Kind, str, bytes, str]]:
    """Pictures that stand for the film: poster, poster with a play mark, and for the main format the teaser."""
    still = poster_frame(score)
    if still is None:
        return []
    frame, mark = frame_at(still), mark_place(score, still)
    found: list[tuple[Kind, str, bytes, str]] = [
        ("poster", f"poster{suffix}.jpg", poster_jpeg(frame), "image/jpeg"),
        ("mail-poster", f"poster-play{suffix}.jpg", mail_poster_jpeg(frame, mark), "image/jpeg"),
    ]
    teaser = None if suffix else make_teaser(score, frame_at, still)
    if teaser is not None:
        found += [
            ("teaser", "teaser.gif", teaser.gif, "image/gif"),
            ("teaser", "teaser.webp", teaser.webp, "image/webp"),
        ]
    return found


def _in_format(score: Score) -> str:
    """Says which format a message is about, unless it is the one that storyboards are drawn in."""
    return "" if score.format == "16:9" else f" in {score.format}"


def film_backdrops(score: Score, assets: AssetDoor, cache: Path) -> dict[str, Backdrop]:
    """The image and footage backdrops of a film by scene id, all prepared."""
    return dict(_Backdrops(score, assets, cache))


class _Backdrops(Mapping[str, Backdrop]):
    """The image and footage backdrops of a film by scene id. Each is prepared when it is asked for, since a film whose
    chunks are there already needs none."""

    def __init__(self, score: Score, assets: AssetDoor, cache: Path) -> None:
        self._scenes = {scene.id: scene for scene in score.scenes if scene.backdrop.kind in ("image", "footage")}
        self._score, self._assets, self._cache = score, assets, cache
        self._made: dict[str, Backdrop] = {}

    def __getitem__(self, scene: str) -> Backdrop:
        if scene not in self._made:
            self._made[scene] = self._prepared(self._scenes[scene])
        return self._made[scene]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scenes)

    def __len__(self) -> int:
        return len(self._scenes)

    def __contains__(self, scene: object) -> bool:
        return scene in self._scenes

    def _prepared(self, scene: ScoreScene) -> Backdrop:
        score = self._score
        try:
            return media_backdrop(
                scene.backdrop,
                frames=scene.frames,
                width=score.width,
                height=score.height,
                fps=Fraction(score.fps_num, score.fps_den),
                assets=self._assets,
                cache=self._cache,
            )
        except DearlyError as error:
            raise error.at(scene=scene.id, channel="video") from error.__cause__


def _joined(
    out: Path, name: str, chunks: tuple[EncodedChunk, ...], profile: EncodeProfile, sound: AudioTrack | None, tags: Tags
) -> Artefact:
    with _temporary(out / "video") as path:
        mux_mp4(path, chunks, profile, sound, tags)
        return write_artefact(out, "video", "mp4", name, path, "video/mp4")


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """A file name in ``folder`` that is free, and free again afterwards, whatever happens."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".film-", suffix=".mp4")
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"The film cannot be written: {error.strerror}.",
            place=Place(channel="video"),
            hint="Free some space, or name another folder with --out.",
        ) from error
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _warnings(score: Score, has_poster: bool) -> Iterator[RenderWarning]:
    for fit in score.fits:
        if fit.changed:
            what = "ends in an ellipsis" if fit.ellipsized else "was made to fit: smaller, broken or in other words"
            yield RenderWarning(
                code="render.overflow",
                message=f"The text of layer '{fit.layer}' {what}{_in_format(score)}.",
                place=Place(scene=fit.scene, channel="video"),
            )
    if not has_poster:
        yield RenderWarning(
            code="render.asset",
            message="Every moment of the film shows something secret, so it has no poster.",
            place=Place(channel="video"),
        )


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that ended."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
