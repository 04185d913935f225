"""Footage and pictures → mezzanines: treated once, for every film and every recipient.

In: an asset and the storyboard's treatment. Out: a :class:`.mezzanine.Mezzanine` of the composition's size and frame
rate, in the cache under digest(source, treatment, preparer). MoviePy does the treatment; it is the only place where
Dearly uses it. Pictures come from :mod:`.footage` and not from MoviePy's own reader, which starts a program that may
open anything, misses a frame now and then when it seeks, and takes the wrong colour matrix for untagged files.
"""

from __future__ import annotations

import importlib.metadata
import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from renderer.assets.door import Asset
from renderer.errors import BadInput, Place, RenderError
from renderer.render.video import mezzanine
from renderer.render.video.cache import source_digest
from renderer.render.video.footage import Footage, Picture
from renderer.render.video.mezzanine import Mezzanine
from renderer.units import canonical_json, digest

DESIGN_WIDTH = 1280
MAX_FRAMES = 3_000
MAX_IMAGE_PIXELS = 50_000_000

Rgb = tuple[int, int, int]
U = 65_536
"""The score's numbers count in 1/65536, so that what addresses a mezzanine has no floats."""


@cache
def preparer() -> dict[str, object]:
    """What the pixels depend on besides source and treatment. A chunk's key names the libraries; were an older
    library's mezzanine found here, its frames would not be those that the key promises."""
    return {
        "code": source_digest(Path(__file__).with_stem(name) for name in ("footage", "mezzanine", "prepare")),
        "packages": {name: importlib.metadata.version(name) for name in ("moviepy", "numpy", "pillow")},
        "opencv": str(cv2.__version__),
        "libraries": {name: list(version) for name, version in sorted(av.library_versions.items())},
    }


def prepare_footage(
    asset: Asset,
    treatment: Mapping[str, Any],
    *,
    scrim: Mapping[str, Any] | None,
    width: int,
    height: int,
    fps: Fraction,
    cache: Path,
) -> Mezzanine:
    """The footage after its treatment, frame n at time n / fps, covering width × height pixels.

    ``treatment`` and ``scrim`` are the score's settings of a backdrop: the storyboard's names, numbers in 1/65536 and
    colours as #rrggbbaa. Raises RenderError ``render.media``, naming the reference, for footage that does not decode or
    a treatment that its length or an effect does not allow; EnvironmentFault when the cache cannot be written.
    """
    part = {name: value for name, value in treatment.items() if name != "when_short"}
    key = digest(
        canonical_json(
            {
                "preparer": preparer(),
                "kind": "footage",
                "source": asset.digest,
                "treatment": part,
                "scrim": scrim,
                "size": [width, height],
                "fps": [fps.numerator, fps.denominator],
            }
        )
    )
    path = mezzanine.address(cache, key)
    found = mezzanine.load(path)
    if found is not None:
        return found
    with Footage(asset.data, asset.ref) as footage:
        try:
            frames = _treated(footage, _Treatment.of(part), _Veil.of(scrim), width, height, fps)
            return mezzanine.write(path, width, height, frames)
        except BadInput as error:
            raise error.at(file=asset.ref) from error.__cause__


def prepare_image(
    asset: Asset, *, focus_u: Sequence[int], scrim: Mapping[str, Any] | None, width: int, height: int, cache: Path
) -> Mezzanine:
    """A picture as one frame of width × height pixels, covering it with the focus in view.

    Raises RenderError ``render.media``, naming the reference, for what is no PNG, JPEG or WebP, or is too large.
    """
    key = digest(
        canonical_json(
            {
                "preparer": preparer(),
                "kind": "image",
                "source": asset.digest,
                "focus": focus_u,
                "scrim": scrim,
                "size": [width, height],
            }
        )
    )
    path = mezzanine.address(cache, key)
    found = mezzanine.load(path)
    if found is not None:
        return found
    picture = _cover(_read_image(asset), (focus_u[0] / U, focus_u[1] / U), width, height)
    return mezzanine.write(path, width, height, [yuv_frame(_veiled(picture, _Veil.of(scrim)))])


@dataclass(frozen=True, kw_only=True)
class _Veil:
    """An even colour over a picture, blended in sRGB as CSS does. ``opacity`` 0 to 1."""

    rgb: Rgb
    opacity: float

    @classmethod
    def of(cls, scrim: Mapping[str, Any] | None) -> _Veil | None:
        if scrim is None:
            return None
        own = int(scrim["colour"][7:9] or "ff", 16) / 255
        return cls(rgb=_rgb(scrim["colour"]), opacity=scrim["opacity"] / U * own)


@dataclass(frozen=True, kw_only=True)
class _Treatment:
    """A treatment's settings in seconds and parts of 1. The fields are the storyboard's."""

    in_s: float
    out_s: float | None
    speed: float
    crop: tuple[float, float, float, float] | None
    focus: tuple[float, float]
    mirror: bool
    fade_in_s: float
    fade_out_s: float
    fade_colour: Rgb
    effects: tuple[tuple[str, dict[str, Any]], ...]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> _Treatment:
        crop, focus, end = settings["crop"], settings["focus"], settings["out_s"]
        return cls(
            in_s=settings["in_s"] / U,
            out_s=None if end is None else end / U,
            speed=settings["speed"] / U,
            crop=None if crop is None else (crop[0] / U, crop[1] / U, crop[2] / U, crop[3] / U),
            focus=(focus[0] / U, focus[1] / U),
            mirror=settings["mirror"],
            fade_in_s=settings["fade_in_s"] / U,
            fade_out_s=settings["fade_out_s"] / U,
            fade_colour=_rgb(settings["fade_colour"] or "#000000"),
            effects=tuple(
                (effect["name"], {name: _parameter(value) for name, value in effect["parameters"].items()})
                for effect in settings["effects"]
            ),
        )


def _parameter(value: Any) -> Any:
    """An effect's parameter; the score keeps a number that is not whole as text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def even(length: float) -> int:
    """The nearest even number of pixels, at least 2."""
    return max(2, round(length / 2) * 2)


class _Own(threading.local):
    """A converter for each thread: one shared by two of them crashes."""

    def __init__(self) -> None:
        self.reformatter = VideoReformatter()


_own = _Own()


def yuv_frame(picture: Picture) -> NDArray[np.uint8]:
    """An sRGB picture (height, width, 3) as contiguous yuv420p, (height * 3 / 2, width), Rec. 709 limited range."""
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(picture), format="rgb24")
    converted = _own.reformatter.reformat(
        frame,
        format="yuv420p",
        src_colorspace=Colorspace.DEFAULT,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        threads=1,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP,
    )
    return np.ascontiguousarray(converted.to_ndarray(), dtype=np.uint8)


def _treated(
    footage: Footage, treatment: _Treatment, veil: _Veil | None, width: int, height: int, fps: Fraction
) -> Iterator[NDArray[np.uint8]]:
    # MoviePy takes half a second to import, and most films find all they need in the cache.
    import moviepy.video.fx as vfx
    from moviepy.video.VideoClip import VideoClip

    class FootageClip(VideoClip):  # type: ignore[misc]  # MoviePy is untyped
        def __init__(self) -> None:
            super().__init__(frame_function=footage.at, duration=footage.duration_s)
            self.size = (footage.width, footage.height)
            self.fps = float(fps)

    end = footage.duration_s if treatment.out_s is None else min(treatment.out_s, footage.duration_s)
    if treatment.in_s >= end:
        raise RenderError(
            "render.media",
            "The treatment starts after the footage's end.",
            hint=f"The footage lasts {footage.duration_s:.2f} s.",
        )
    clip: Any = FootageClip().subclipped(treatment.in_s, end)
    if treatment.mirror:
        clip = clip.with_effects([vfx.MirrorX()])
    left, top, wide, high = _window(footage.width, footage.height, treatment.crop, treatment.focus, width / height)
    if (left, top, wide, high) != (0, 0, footage.width, footage.height):
        clip = clip.with_effects([vfx.Crop(x1=left, y1=top, width=wide, height=high)])
    if (wide, high) != (width, height):
        clip = clip.with_effects([vfx.Resize(new_size=(width, height))])
    if treatment.speed != 1:
        clip = clip.with_effects([vfx.MultiplySpeed(factor=treatment.speed)])
    for name, parameters in treatment.effects:
        try:
            if name == "Blur":
                clip = clip.image_transform(_blur(width, **parameters))
            else:
                clip = clip.with_effects([getattr(vfx, name)(**parameters)])
        except TypeError as error:
            raise RenderError("render.media", f"The effect '{name}' does not take these parameters.") from error
    if treatment.fade_in_s:
        clip = clip.with_effects([vfx.FadeIn(treatment.fade_in_s, initial_color=list(treatment.fade_colour))])
    if treatment.fade_out_s:
        clip = clip.with_effects([vfx.FadeOut(treatment.fade_out_s, final_color=list(treatment.fade_colour))])
    count = max(1, round(Fraction(clip.duration).limit_denominator(100_000) * fps))
    if count > MAX_FRAMES:
        raise RenderError(
            "render.media",
            f"The prepared footage would have {count} frames; {MAX_FRAMES} are allowed.",
            hint="Trim it with in_s and out_s.",
        )
    for number in range(count):
        picture = clip.get_frame(float(number / fps))
        yield yuv_frame(_veiled(np.clip(picture, 0, 255).astype(np.uint8, copy=False), veil))


def _window(
    width: int, height: int, crop: tuple[float, float, float, float] | None, focus: tuple[float, float], aspect: float
) -> tuple[int, int, int, int]:
    """The part (left, top, width, height in px) of a picture that fills a frame of ``aspect``, ``focus`` in view.

    ``focus`` counts in the cropped part; the window is centred on it as far as the picture reaches.
    """
    x, y, w, h = crop or (0.0, 0.0, 1.0, 1.0)
    left, top, wide, high = x * width, y * height, min(w, 1 - x) * width, min(h, 1 - y) * height
    if wide < 2 or high < 2:
        raise RenderError("render.media", "The crop leaves nothing of the picture.")
    inner_wide, inner_high = (high * aspect, high) if wide / high > aspect else (wide, wide / aspect)
    left += min(max(focus[0] * wide - inner_wide / 2, 0), wide - inner_wide)
    top += min(max(focus[1] * high - inner_high / 2, 0), high - inner_high)
    whole_wide, whole_high = min(round(inner_wide), width), min(round(inner_high), height)
    return min(round(left), width - whole_wide), min(round(top), height - whole_high), whole_wide, whole_high


def _cover(picture: Picture, focus: tuple[float, float], width: int, height: int) -> Picture:
    left, top, wide, high = _window(picture.shape[1], picture.shape[0], None, focus, width / height)
    part = Image.fromarray(picture).resize(
        (width, height), Image.Resampling.LANCZOS, box=(left, top, left + wide, top + high)
    )
    return np.asarray(part)


def image_size(asset: Asset) -> tuple[int, int]:
    """Width and height of a picture as it is seen, upright. Raises RenderError ``render.media``."""
    with _opened(asset) as image:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return (image.height, image.width) if turned else (image.width, image.height)


def _read_image(asset: Asset) -> Picture:
    with _opened(asset) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            white = Image.new("RGBA", upright.size, (255, 255, 255, 255))
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        return np.asarray(upright.convert("RGB"))


@contextmanager
def _opened(asset: Asset) -> Iterator[Image.Image]:
    """A picture whose head was read; faults of the rest are found where it is used."""
    try:
        with Image.open(io.BytesIO(asset.data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise RenderError("render.media", "The picture is above 50 megapixels.", place=Place(file=asset.ref))
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RenderError(
            "render.media", "The picture cannot be read.", place=Place(file=asset.ref), hint="Use PNG, JPEG or WebP."
        ) from error


def _veiled(picture: Picture, veil: _Veil | None) -> Picture:
    if veil is None or veil.opacity == 0:
        return picture
    colour = np.array(veil.rgb, dtype=np.float32) * veil.opacity
    return np.rint(picture * np.float32(1 - veil.opacity) + colour).astype(np.uint8)


def _blur(width: int, *, sigma_px: Any) -> Callable[[Picture], Picture]:
    """Gaussian blur; ``sigma_px`` counts in design pixels, so that every size looks alike."""
    sigma = float(sigma_px) * width / DESIGN_WIDTH
    return lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8)
