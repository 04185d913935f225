"""The film in the studio: what its score says, frames as pictures, a small draft, and what a page needs of a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from renderer.preview.places import drawn
from renderer.render.model import Artefact, Kind, RenderJob, RenderResult, write_artefact
from renderer.render.video.captions import captions_vtt, chapters_vtt, transcript_txt
from renderer.render.video.compose import Composer, frame_digest
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.encoders import encode_film
from renderer.render.video.keys import film_borders
from renderer.render.video.mux import Tags, mux_mp4
from renderer.render.video.planar import video_frame
from renderer.render.video.poster import poster_frame, poster_jpeg
from renderer.render.video.render import FilmSource
from renderer.render.video.score import FitRecord, Score
from renderer.render.video.soundtrack import soundtrack
from renderer.template.model import Template, VideoFormat

DRAFT_LONG_SIDE = 640
JPEG_QUALITY = 90
DRAFT_CRF = 27


def film_summary(score: Score) -> dict[str, Any]:
    """What the studio shows of a score, as JSON data."""
    titles = {chapter.scene: chapter.title for chapter in score.chapters}
    return {
        "digest": score.digest,
        "width": score.width,
        "height": score.height,
        "fps": [score.fps_num, score.fps_den],
        "frames": score.frames,
        "poster_frame": poster_frame(score),
        "sound": score.music is not None or bool(score.sounds),
        "scenes": [
            {"id": scene.id, "title": titles.get(scene.id, scene.id), "first": scene.first, "frames": scene.frames,
             "transition": scene.transition.kind, "overlap": scene.transition.frames,
             "backdrop": scene.backdrop.kind, "layers": len(scene.layers)}
            for scene in score.scenes
        ],
        "captions": [
            {"first": caption.first, "end": caption.end, "text": caption.text, "message": caption.message}
            for caption in score.captions
        ],
        "fits": [_fit(fit, score) for fit in score.fits if fit.changed],
        "placed": drawn(score),
    }  # fmt: skip


def _fit(fit: FitRecord, score: Score) -> dict[str, Any]:
    words = []
    if fit.variant:
        words.append("said in other words")
    if fit.size_q < fit.full_size_q:
        words.append(f"shrunk to {round(100 * fit.size_q / fit.full_size_q)} %")
    if fit.broken:
        words.append("broken inside a word")
    if fit.ellipsized:
        words.append("cut with an ellipsis")
    scene = next(scene for scene in score.scenes if scene.id == fit.scene)
    layer = next((layer for layer in scene.layers if layer.id == fit.layer), None)
    first = scene.first + (layer.first + layer.frames // 2 if layer is not None else scene.frames // 2)
    return {"scene": fit.scene, "layer": fit.layer, "change": ", ".join(words), "frame": min(first, score.frames - 1)}


def picture(planes: NDArray[np.uint8], *, exact: bool = False, width: int | None = None) -> tuple[bytes, str]:
    """A composed frame (yuv420p, Rec. 709 limited) as a picture in sRGB with its media type: JPEG, or PNG if
    ``exact``."""
    frame = video_frame(np.ascontiguousarray(planes))
    pixels: NDArray[np.uint8] = VideoReformatter().reformat(
        frame, format="bgr24", src_colorspace=Colorspace.ITU709, dst_colorspace=Colorspace.DEFAULT,
        src_color_range=ColorRange.MPEG, dst_color_range=ColorRange.JPEG, threads=1,
    ).to_ndarray().astype(np.uint8, copy=False)  # fmt: skip
    if width is not None and width < pixels.shape[1]:
        height = round(pixels.shape[0] * width / pixels.shape[1])
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if exact:
        _, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        return bytes(data), "image/png"
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data), "image/jpeg"


def in_size(template: Template, long_side: int) -> Template:
    """The template with its film drawn smaller: the same storyboard, other pixels."""
    video = template.config.channels.video
    if video is None:
        return template
    formats = {}
    for name, size in video.formats.items():
        scale = min(1.0, long_side / max(size.width, size.height))
        width, height = (max(160, round(side * scale / 2) * 2) for side in (size.width, size.height))
        formats[name] = VideoFormat(width=width, height=height, safe=size.safe)
    smaller = video.model_copy(update={"formats": formats})
    channels = template.config.channels.model_copy(update={"video": smaller})
    return replace(template, config=template.config.model_copy(update={"channels": channels}))


def draft(score: Score, job: RenderJob, target: Path, progress: Callable[[int, int], None]) -> Path:
    """The film of a (small) score with its sound, encoded fast, at ``target``."""
    profile = EncodeProfile(
        width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den), crf=DRAFT_CRF,
        preset="superfast",
    )  # fmt: skip
    source = FilmSource(score=score, assets=job.assets, fonts=job.fonts, cache=job.cache)
    every = max(1, score.frames // 40)

    def step(done: int) -> None:
        if done % every == 0 or done == score.frames:
            progress(done, score.frames)

    chunks = encode_film(source, film_borders(score), profile, progress=step)
    sound = soundtrack(score, job.assets, job.cache, job.voice)
    target.parent.mkdir(parents=True, exist_ok=True)
    mux_mp4(target, chunks, profile, sound, Tags(title=job.template.config.title, locale=score.locale))
    return target


def film_stand_in(films: Mapping[str, tuple[Score, Composer]], posters: dict[str, bytes], out: Path) -> RenderResult:
    """What a page embeds of a film: poster, captions, chapters and transcript as production writes them, and an empty
    file in the place of each MP4.

    ``films`` are its formats by what the names of their files end in, the main one first. ``posters`` keeps the last
    ones by the digest of their frame.
    """
    score = next(iter(films.values()))[0]
    beside: list[tuple[Kind, str, bytes, str]] = [
        *(("mp4", f"film{ending}.mp4", b"", "video/mp4") for ending in films),
        ("captions", "captions.vtt", captions_vtt(score), "text/vtt"),
        ("chapters", "chapters.vtt", chapters_vtt(score), "text/vtt"),
        ("transcript", "transcript.txt", transcript_txt(score), "text/plain"),
    ]
    for ending, (one, composer) in films.items():
        still = poster_frame(one)
        if still is not None:
            frame = composer.frame(still)
            name = frame_digest(frame)
            if name not in posters:
                posters.update({name: poster_jpeg(frame.data)})
                for old in list(posters)[:-8]:
                    del posters[old]
            beside.append(("poster", f"poster{ending}.jpg", posters[name], "image/jpeg"))
    artefacts: list[Artefact] = [
        write_artefact(out, "video", kind, name, data, media) for kind, name, data, media in beside
    ]
    return RenderResult(channel="video", artefacts=tuple(artefacts))
