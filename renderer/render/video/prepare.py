"""Footage and pictures → mezzanines: treated once, for every film and every recipient.

In: an asset and the storyboard's treatment. Out: a :class:`.mezzanine.Mezzanine` of the composition's size and frame
rate, in the cache under digest(source, treatment, preparer). MoviePy does the treatment; it is the only place where
Dearly uses it. Pictures come from :mod:`.footage` and not from MoviePy's own reader, which starts a program that may
open anything, misses a frame now and then when it seeks, and takes the wrong colour matrix for untagged files.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image, ImageOps

from renderer.assets.door import Asset
from renderer.errors import BadInput, Place, RenderError
from renderer.render.video import mezzanine
from renderer.render.video.footage import Footage, Picture
from renderer.render.video.mezzanine import Mezzanine
from renderer.template.storyboard import Treatment
from renderer.units import canonical_json, digest

PREPARER = 1
"""Raise this when the same source and treatment would give other pixels."""

DESIGN_WIDTH = 1280
MAX_FRAMES = 3_000
MAX_IMAGE_PIXELS = 50_000_000

Rgb = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Veil:
    """An even colour over a picture: ``rgb`` sRGB 0 to 255, ``opacity`` 0 to 1. Blended in sRGB, as CSS does."""

    rgb: Rgb
    opacity: float


def prepare_footage(
    asset: Asset, treatment: Treatment, *, fade: Rgb = (0, 0, 0), veil: Veil | None = None,
    width: int, height: int, fps: Fraction, cache: Path,
) -> Mezzanine:
    """The footage after its treatment, frame n at time n / fps, covering width × height pixels.

    Raises RenderError ``render.media`` naming the reference for footage that does not decode, or a treatment that its
    length or an effect's parameters do not allow; EnvironmentFault when the cache cannot be written.
    """
    key = digest(canonical_json({
        "preparer": PREPARER, "kind": "footage", "source": asset.digest, "treatment": _fixed(treatment.model_dump()),
        "fade": fade, "veil": _veil_data(veil), "size": [width, height], "fps": [fps.numerator, fps.denominator],
    }))
    path = mezzanine.address(cache, key)
    found = mezzanine.load(path)
    if found is not None:
        return found
    with Footage(asset.data, asset.ref) as footage:
        try:
            return mezzanine.write(path, width, height, _treated(footage, treatment, fade, veil, width, height, fps))
        except BadInput as error:
            raise error.at(file=asset.ref) from error.__cause__


def prepare_image(
    asset: Asset, *, focus: tuple[float, float], scale: float = 1.0, veil: Veil | None = None,
    width: int, height: int, cache: Path,
) -> Mezzanine:
    """A picture as one frame of ``scale`` × (width, height) pixels, covering it with ``focus`` in view.

    Raises RenderError ``render.media`` naming the reference for a file that is no PNG, JPEG or WebP, or is too large.
    """
    wide, high = even(width * scale), even(height * scale)
    key = digest(canonical_json({
        "preparer": PREPARER, "kind": "image", "source": asset.digest, "focus": _fixed(focus),
        "veil": _veil_data(veil), "size": [wide, high],
    }))
    path = mezzanine.address(cache, key)
    found = mezzanine.load(path)
    if found is not None:
        return found
    picture = _veiled(_cover(_read_image(asset), focus, wide, high), veil)
    return mezzanine.write(path, wide, high, [yuv_frame(picture)])


def even(length: float) -> int:
    """The nearest even number of pixels, at least 2."""
    return max(2, round(length / 2) * 2)


_to_yuv = VideoReformatter()


def yuv_frame(picture: Picture) -> NDArray[np.uint8]:
    """An sRGB picture (height, width, 3) as contiguous yuv420p, (height * 3 / 2, width), Rec. 709 limited range."""
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(picture), format="rgb24")
    converted = _to_yuv.reformat(
        frame, format="yuv420p", src_colorspace=Colorspace.DEFAULT, dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG, threads=1,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP,
    )
    return np.ascontiguousarray(converted.to_ndarray(), dtype=np.uint8)


def _treated(
    footage: Footage, treatment: Treatment, fade: Rgb, veil: Veil | None, width: int, height: int, fps: Fraction
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
        raise RenderError("render.media", "The treatment starts after the footage's end.",
                          hint=f"The footage lasts {footage.duration_s:.2f} s.")
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
    for effect in treatment.effects:
        try:
            if effect.name == "Blur":
                clip = clip.image_transform(_blur(width, **dict(effect.parameters)))
            else:
                clip = clip.with_effects([getattr(vfx, effect.name)(**effect.parameters)])
        except TypeError as error:
            raise RenderError("render.media", f"The effect '{effect.name}' does not take these parameters.") from error
    if treatment.fade_in_s:
        clip = clip.with_effects([vfx.FadeIn(treatment.fade_in_s, initial_color=list(fade))])
    if treatment.fade_out_s:
        clip = clip.with_effects([vfx.FadeOut(treatment.fade_out_s, final_color=list(fade))])
    count = max(1, round(Fraction(clip.duration).limit_denominator(100_000) * fps))
    if count > MAX_FRAMES:
        raise RenderError("render.media", f"The prepared footage would have {count} frames; {MAX_FRAMES} are allowed.",
                          hint="Trim it with in_s and out_s.")
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


def _read_image(asset: Asset) -> Picture:
    try:
        with Image.open(io.BytesIO(asset.data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise RenderError("render.media", "The picture is above 50 megapixels.", place=Place(file=asset.ref))
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                white = Image.new("RGBA", upright.size, (255, 255, 255, 255))
                upright = Image.alpha_composite(white, upright.convert("RGBA"))
            return np.asarray(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RenderError(
            "render.media", "The picture cannot be read.", place=Place(file=asset.ref), hint="Use PNG, JPEG or WebP."
        ) from error


def _veiled(picture: Picture, veil: Veil | None) -> Picture:
    if veil is None or veil.opacity == 0:
        return picture
    colour = np.array(veil.rgb, dtype=np.float32) * veil.opacity
    return np.rint(picture * np.float32(1 - veil.opacity) + colour).astype(np.uint8)


def _blur(width: int, *, sigma_px: Any) -> Callable[[Picture], Picture]:
    """Gaussian blur; ``sigma_px`` counts in design pixels, so that every size looks alike."""
    sigma = float(sigma_px) * width / DESIGN_WIDTH
    return lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8)


def _veil_data(veil: Veil | None) -> object:
    return None if veil is None else {"rgb": veil.rgb, "opacity": _fixed(veil.opacity)}


def _fixed(value: Any) -> Any:
    """``value`` with every float as text, since canonical JSON has no floats. repr round-trips, so none collide."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: _fixed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fixed(item) for item in value]
    return value
