"""Plan + storyboard → score: the film in integer frames. The first step of making a film; nothing is drawn here.

Two ports are asked: :class:`~.text.Measure` for the room that texts take, and :class:`~.speech.Voice` for the time that
speech takes. A scene lasts as long as its storyboard says, or until its last word and ``tail_s`` more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import Place, RenderError
from renderer.plan.model import RenderPlan
from renderer.render.video.audio import RATE, decode_clip
from renderer.render.video.captioning import ISOLATES, said_by, samples_at, scene_captions
from renderer.render.video.geometry import Stage
from renderer.render.video.holding import held
from renderer.render.video.interactions import Crew, interactions
from renderer.render.video.layer_kinds import scene_layers
from renderer.render.video.layering import FilmLook, SceneWork
from renderer.render.video.moments import teaser_spans
from renderer.render.video.motion import easing, frames_of, sampled
from renderer.render.video.score import (
    FitRecord,
    MusicCue,
    Score,
    ScoreBackdrop,
    ScoreChapter,
    ScoreScene,
    ScoreTeaser,
    ScoreTransition,
    SoundCue,
    U,
)
from renderer.render.video.speech import Voice
from renderer.render.video.telling import BREATH_S, Said, Teller, lengthened_s
from renderer.render.video.text import Measure
from renderer.render.video.visible import drawn_texts, personal_spans
from renderer.template.formats import composition, in_format
from renderer.template.model import FormatName, Margins, Template
from renderer.template.storyboard import (
    Backdrop,
    ColourBackdrop,
    FootageBackdrop,
    GradientBackdrop,
    ImageBackdrop,
    Scene,
    Storyboard,
)

_USUAL_MARGINS = Margins()


@dataclass(frozen=True, kw_only=True)
class FilmFormat:
    """The picture size in pixels (even), the exact frame rate, and the format's name."""

    width: int
    height: int
    fps: Fraction
    name: FormatName = "16:9"


def build_score(
    plan: RenderPlan,
    template: Template,
    fonts: FontSet,
    assets: AssetDoor,
    measure: Measure,
    *,
    format: FormatName | None = None,
    voice: Voice | None = None,
) -> Score:
    """The score of ``plan``'s film in one of the template's formats, without a name in its first. Without a ``voice``
    the film has music and captions only.

    Raises RenderError ``render.overflow``, ``render.glyph``, ``render.face`` or ``render.layout`` with scene and layer,
    ``render.suppressed`` when the plan shows no scene, and TemplateError for media that are not there.
    """
    video, board = template.config.channels.video, template.storyboard
    if video is None or board is None:
        raise RenderError("render.layout", "The template has no film.", place=Place(channel="video"))
    name = format or video.first_format
    size = video.formats[name]
    board = in_format(board, name, video.margins(name))
    look = film_look(template, board, fonts)
    film = FilmFormat(width=size.width, height=size.height, fps=Fraction(video.fps), name=name)
    return score_film(
        plan,
        board,
        look,
        film,
        measure,
        lambda ref: assets.get(ref).digest,
        fonts.digest,
        teaser=video.teaser,
        margins=video.margins(name),
        teller=Teller(plan=plan, voice=voice, clip=lambda ref: _clip(assets, ref), options=video.voice),
    )


def film_look(template: Template, board: Storyboard, fonts: FontSet) -> FilmLook:
    """What the tokens of a storyboard, as it is drawn in one format, mean."""
    return FilmLook(
        styles=board.styles,
        colours={name: pair.light for name, pair in template.config.brand.colours.items()},
        families=fonts.families,
        faces=frozenset((face.family, face.weight) for face in fonts.faces),
    )


def _clip(assets: AssetDoor, ref: str) -> tuple[str, int]:
    asset = assets.get(ref)
    return asset.digest, len(decode_clip(asset))


def score_film(
    plan: RenderPlan,
    board: Storyboard,
    look: FilmLook,
    film: FilmFormat,
    measure: Measure,
    media: Callable[[str], str],
    fonts_digest: str,
    *,
    teaser: bool = False,
    margins: Margins = _USUAL_MARGINS,
    teller: Teller | None = None,
) -> Score:
    """The score from its bare inputs. ``media`` gives the digest of a reference. See :func:`build_score`."""
    if plan.suppression is not None or not plan.scenes:
        raise RenderError(
            "render.suppressed", "The rules chose no scene, so there is no film.", place=Place(channel="video")
        )
    stage = Stage(
        film.width, film.height, Fraction(film.width, composition(film.name)[0]), plan.direction == "rtl", film.name
    )
    fits: list[FitRecord] = []
    scenes: list[ScoreScene] = []
    chosen: list[Scene] = []
    told: list[tuple[Said, ...]] = []
    heard_until = 0
    for scene in (_scene(board, scene_id) for scene_id in plan.scenes):
        before = scenes[-1] if scenes else None
        first = 0 if before is None else before.end - _overlap(scene, before, film.fps)
        said: tuple[Said, ...] = ()
        if teller is not None:
            start = samples_at(first, film.fps)
            said = teller.tell(scene, heard_until - start)
            heard_until = max([heard_until, *(start + one.cue.end + round(BREATH_S * RATE) for one in said)])
        scene = held(scene, lengthened_s(scene, said))
        chosen.append(scene)
        told.append(said)
        work = SceneWork(scene=scene, plan=plan, stage=stage, fps=film.fps, look=look, measure=measure, media=media)
        scenes.append(_scored(work, before))
        fits += work.fits
    frames = scenes[-1].end
    spans = personal_spans(scenes, film.width, film.height)
    return Score(
        width=film.width,
        height=film.height,
        format=film.name,
        fps_num=film.fps.numerator,
        fps_den=film.fps.denominator,
        frames=frames,
        locale=plan.locale,
        direction=plan.direction,
        plan=plan.digest,
        fonts=fonts_digest,
        scenes=tuple(scenes),
        captions=scene_captions(plan, chosen, scenes, told, film.fps),
        chapters=_chapters(plan, chosen, scenes),
        music=_music(board, film.fps, media),
        sounds=_sounds(chosen, scenes, film.fps, media),
        texts=tuple(text for scene in scenes for text in drawn_texts(scene, film.width, film.height)),
        fits=tuple(fits),
        personal_frames=sum(end - first for first, end in spans),
        personal_spans=spans,
        poster_frame=_poster(board, scenes, film),
        poster_mark=_poster_mark(board, stage) if film.name == "16:9" else None,
        teaser=_teaser(board, scenes, film) if teaser else None,
        interactions=interactions(
            Crew(plan=plan, stage=stage, fps=film.fps, format=film.name, margins=margins), chosen, scenes
        ),
        voice=tuple(
            replace(one.cue, first=samples_at(scored.first, film.fps) + one.cue.first)
            for scored, said in zip(scenes, told, strict=True)
            for one in said
        ),
        duck_u=0 if teller is None or not any(told) else round(teller.options.duck_db * U),
    )


def _overlap(scene: Scene, before: ScoreScene, fps: Fraction) -> int:
    """How many frames of a scene run together with the scene before."""
    frames = max(1, frames_of(scene.duration_s, fps))
    return min(frames_of(scene.transition.duration_s, fps), before.frames // 2, frames // 2)


def _scene(board: Storyboard, scene_id: str) -> Scene:
    scene = board.scene(scene_id)
    if scene is None:
        raise RenderError(
            "render.layout",
            f"The storyboard has no scene '{scene_id}'.",
            place=Place(scene=scene_id, channel="video"),
            hint="Every scene that decisions.yaml can choose needs one in the storyboard.",
        )
    return scene


def _scored(work: SceneWork, before: ScoreScene | None) -> ScoreScene:
    scene = work.scene
    frames = max(1, frames_of(scene.duration_s, work.fps))
    transition = scene.transition
    overlap = 0 if before is None else _overlap(scene, before, work.fps)
    curve = easing(transition.easing)
    return ScoreScene(
        id=scene.id,
        title=scene.title,
        first=before.end - overlap if before else 0,
        frames=frames,
        transition=ScoreTransition(
            kind=transition.kind if overlap else "cut",
            frames=overlap,
            side=work.stage.side(transition.side, True),
            # The first frame already shows a part and the last not yet all: neither repeats what is beside it.
            amount=sampled(lambda frame: min(max(curve((frame + 1) / (overlap + 1)), 0.0), 1.0), overlap, U),
            softness_q=work.stage.length(transition.softness_px) if transition.kind == "wipe" and overlap else 0,
        ),
        backdrop=_backdrop(work),
        layers=scene_layers(work),
    )


def _backdrop(work: SceneWork) -> ScoreBackdrop:
    return score_backdrop(work.scene.backdrop, work.look, work.media, rtl=work.stage.rtl)


def score_backdrop(backdrop: Backdrop, look: FilmLook, media: Callable[[str], str], *, rtl: bool) -> ScoreBackdrop:
    """A storyboard's backdrop with its colours and digests. Nothing of a plan is in it: all recipients share it."""
    colour = look.colour
    match backdrop:
        case ColourBackdrop():
            return ScoreBackdrop(
                kind="colour", media=None, digest=None, moving=False, settings={"colour": colour(backdrop.colour)}
            )
        case GradientBackdrop():
            angle = backdrop.angle_deg
            if rtl:
                angle = (360 - angle) % 360
            stops = [[colour(stop.colour), int(stop.at * U + 0.5)] for stop in backdrop.stops]
            return ScoreBackdrop(
                kind="gradient",
                media=None,
                digest=None,
                moving=False,
                settings={"stops": stops, "angle_u": int(angle * U / 360 + 0.5)},
            )
        case ImageBackdrop() | FootageBackdrop():
            settings = _settings(backdrop.model_dump(mode="json", exclude={"kind", "media"}, by_alias=True), colour)
            moving = isinstance(backdrop, FootageBackdrop) or backdrop.zoom is not None
            return ScoreBackdrop(
                kind=backdrop.kind,
                media=backdrop.media,
                digest=media(backdrop.media),
                moving=moving,
                settings=settings,
            )
    raise TypeError(f"{type(backdrop).__name__} is no backdrop")


def _settings(value: Any, colour: Callable[[str], str]) -> Any:
    """A backdrop's settings as canonical data: floats in 1/65536, colour tokens as colours."""
    if isinstance(value, Mapping):
        if "parameters" in value:
            # An effect's own numbers may be whole or not, so the ones that are not are kept as text.
            texts = {key: repr(item) if isinstance(item, float) else item for key, item in value["parameters"].items()}
            return {**value, "parameters": texts}
        return {
            key: colour(item) if key in ("colour", "fade_colour") and isinstance(item, str) else _settings(item, colour)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_settings(item, colour) for item in value]
    if isinstance(value, float):
        return int(value * U + (0.5 if value >= 0 else -0.5))
    if isinstance(value, BaseModel):
        return _settings(value.model_dump(mode="json"), colour)
    return value


def _chapters(plan: RenderPlan, chosen: Sequence[Scene], scenes: Sequence[ScoreScene]) -> tuple[ScoreChapter, ...]:
    ends = [scene.first for scene in scenes[1:]] + [scenes[-1].end]
    chapters = []
    for scene, scored, end in zip(chosen, scenes, ends, strict=True):
        title = said_by(plan, scene.title, scene)
        chapters.append(
            ScoreChapter(
                scene=scene.id,
                first=scored.first,
                end=end,
                title=title.text.translate(ISOLATES),
                sensitivity=title.sensitivity,
            )
        )
    return tuple(chapters)


def _music(board: Storyboard, fps: Fraction, media: Callable[[str], str]) -> MusicCue | None:
    music = board.music
    if music is None:
        return None
    return MusicCue(
        media=music.media,
        digest=media(music.media),
        gain_u=round(music.gain_db * U),
        fade_in=frames_of(music.fade_in_s, fps),
        fade_out=frames_of(music.fade_out_s, fps),
    )


def _sounds(
    chosen: Sequence[Scene], scenes: Sequence[ScoreScene], fps: Fraction, media: Callable[[str], str]
) -> tuple[SoundCue, ...]:
    return tuple(
        SoundCue(
            media=sound.media,
            digest=media(sound.media),
            first=scored.first + frames_of(sound.at_s, fps),
            gain_u=round(sound.gain_db * U),
        )
        for scene, scored in zip(chosen, scenes, strict=True)
        for sound in scene.sounds
    )


def _poster(board: Storyboard, scenes: Sequence[ScoreScene], film: FilmFormat) -> int:
    """The frame of the still that the storyboard wants; :mod:`.poster` sees to it that nothing secret is in it."""
    scene, at = scenes[0], scenes[0].frames // 2
    wanted = board.poster
    if wanted is not None:
        found = next((one for one in scenes if one.id == wanted.scene), None)
        if found is not None:
            scene, at = found, min(frames_of(wanted.at_s, film.fps), found.frames - 1)
    return scene.first + at


def _poster_mark(board: Storyboard, stage: Stage) -> tuple[int, int] | None:
    """Where the storyboard wants the play mark."""
    if board.poster is None or board.poster.mark_at is None:
        return None
    x, y = board.poster.mark_at
    return int((1 - x if stage.rtl else x) * U + 0.5), int(y * U + 0.5)


def _teaser(board: Storyboard, scenes: Sequence[ScoreScene], film: FilmFormat) -> ScoreTeaser:
    """What the teaser shows."""
    spans = teaser_spans(board.teaser, scenes, _poster(board, scenes, film), film.fps)
    return ScoreTeaser(spans=spans, width=board.teaser.width_px, loops=board.teaser.loops)
