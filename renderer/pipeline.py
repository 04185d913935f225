"""The recipe: the stages in the order data flows through them. Start reading Dearly here.

    profile ──▶ derive, decide ──▶ plan ──▶ render ──▶ (store, deliver, measure)

Each stage is one function or one object's method; everything else is detail behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.errors import RenderError
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.plan.read import read_plan
from renderer.profile.load import BadRecord, read_profiles
from renderer.profile.model import Profile
from renderer.render.model import RenderJob, RenderResult
from renderer.template.load import find_template, load_release, load_template
from renderer.template.model import CHANNELS, Channel, FormatName, Template
from renderer.template.release import Release

if TYPE_CHECKING:
    from renderer.render.video.chunks import ChunkShelf
    from renderer.render.video.speech import Voice
    from renderer.render.voice import VoiceSettings

Progress = Callable[[Channel, int, int], None]
ShelfSource: TypeAlias = "Callable[[], ChunkShelf]"
"""Opens the shelf of chunks; a value that pickles, because every process opens its own."""


def open_template(name: str) -> Planner:
    """1. The template, from a folder or an id, with all its rules compiled. Raises ErrorList with every fault."""
    return Planner(load_template(find_template(name)))


def open_release(release: Release) -> Planner:
    """1b. The same from a release, as a worker gets it."""
    return Planner(load_release(release))


def profiles(source: Path, planner: Planner) -> Iterator[Profile | BadRecord]:
    """2. Profiles that pass the template's contract, or why they do not."""
    return read_profiles(source, planner.template.contract)


def plan(
    planner: Planner, profile: Profile, *, as_of: date | None = None, locale: str | None = None, seed: int = 0
) -> RenderPlan:
    """3. Derive, decide, and write every word: all that is personal, in one frozen value."""
    return planner.plan(profile, as_of=as_of, locale=locale, seed=seed)


def prepare_job(
    template: Template,
    made: RenderPlan,
    images: Mapping[str, bytes],
    cache: Path,
    progress: Progress | None = None,
    channel: Channel | None = None,
    *,
    formats: Sequence[FormatName] = (),
    hls: bool = False,
    chunks: ChunkShelf | None = None,
    use: str | None = None,
    voices: VoiceSettings | None = None,
) -> RenderJob:
    """4. What a channel may read: the plan, the template's files, its pictures, its fonts. ``formats`` are those of the
    film that are wanted, none are all; ``hls`` asks for streams that the template does not ask for; ``chunks`` and
    ``use``: see :class:`~renderer.render.model.RenderJob`; ``voices`` are those that may speak the film.

    Raises EnvironmentFault ``environment.voice`` for a film that must speak and cannot."""
    report = None if progress is None or channel is None else _Report(progress, channel)
    return RenderJob(
        plan=made,
        template=template,
        assets=AssetDoor(template.release.files, images=images),
        fonts=template_fonts(template, cache),
        cache=cache,
        progress=report,
        formats=tuple(formats),
        hls=hls,
        chunks=chunks,
        use=use,
        voice=None if voices is None else _voice(template, made, voices, cache),
    )


def _voice(template: Template, made: RenderPlan, voices: VoiceSettings, cache: Path) -> Voice | None:
    from renderer.render.video.voices import film_voice

    return film_voice(template, made.locale, voices, cache)


def render_channel(
    channel: Channel,
    job: RenderJob,
    out: Path,
    *,
    film: RenderResult | None = None,
    statement: RenderResult | None = None,
) -> RenderResult:
    """5. The files of one channel, below ``out/<channel>``. A microsite embeds the film and the statement given to it.

    Engines are imported here and not above: a worker imports them after it forked, and only those it needs.
    """
    if job.plan.suppression is not None:
        raise RenderError("render.suppressed", f"The rules suppress this recipient: {job.plan.suppression}.")
    match channel:
        case "statement":
            from renderer.render.statement.render import render_statement

            return render_statement(job, out)
        case "video":
            from renderer.render.video.render import render_video

            return render_video(job, out)
        case "microsite":
            from renderer.render.microsite.render import render_microsite

            return render_microsite(job, out, film=film, statement=statement)


def render_all(
    channels: Sequence[Channel],
    template: Template,
    made: RenderPlan,
    images: Mapping[str, bytes],
    cache: Path,
    out: Path,
    progress: Progress | None = None,
    *,
    formats: Sequence[FormatName] = (),
    hls: bool = False,
    shelf: ShelfSource | None = None,
    use: str | None = None,
    voices: VoiceSettings | None = None,
) -> dict[Channel, RenderResult]:
    """4 and 5 for several channels in this process, the microsite last, because it embeds the others."""
    results: dict[Channel, RenderResult] = {}
    chunks = shelf() if shelf is not None and "video" in channels else None
    for channel in sorted(channels, key=lambda name: (name == "microsite", CHANNELS.index(name))):
        job = prepare_job(
            template,
            made,
            images,
            cache,
            progress,
            channel,
            formats=formats,
            hls=hls,
            chunks=chunks,
            use=use,
            voices=voices if channel == "video" else None,
        )
        results[channel] = render_channel(
            channel, job, out, film=results.get("video"), statement=results.get("statement")
        )
    return {channel: results[channel] for channel in CHANNELS if channel in results}


def render_in_child(
    files: Mapping[str, bytes],
    made: bytes,
    images: Mapping[str, bytes],
    channels: Sequence[Channel],
    cache: Path,
    out: Path,
    formats: Sequence[FormatName],
    hls: bool,
    shelf: ShelfSource | None,
    use: str | None,
    voices: VoiceSettings | None,
    report: Progress,
) -> dict[Channel, RenderResult]:
    """4 and 5 from plain bytes (a release's files, a plan's canonical JSON), as :class:`renderer.guard.Guard` runs
    them."""
    template = load_release(Release(files))
    return render_all(
        channels,
        template,
        read_plan(made),
        images,
        cache,
        out,
        report,
        formats=formats,
        hls=hls,
        shelf=shelf,
        use=use,
        voices=voices,
    )


def template_fonts(template: Template, cache: Path) -> FontSet:
    """The faces that the template lists."""
    return load_fonts(
        [FontRequest(font.family, font.weights, font.italic) for font in template.config.fonts], cache / "fonts"
    )


class _Report:
    """A channel's progress with its name."""

    def __init__(self, progress: Progress, channel: Channel) -> None:
        self._progress, self._channel = progress, channel

    def __call__(self, done: int, total: int) -> None:
        self._progress(self._channel, done, total)
