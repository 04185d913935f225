"""Pictures that come with a profile: checked, re-encoded, stripped of metadata, held by digest."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from pathlib import Path, PurePosixPath

from PIL import Image, ImageCms, ImageOps

from renderer.errors import ProfileError
from renderer.units import digest

MAX_BYTES = 5 * 2**20
MAX_PIXELS = 25_000_000
LONGEST_SIDE = 2400
FORMATS = ("PNG", "JPEG", "WEBP")
_DATA_FORM = "Write data:image/png;base64, (or jpeg, or webp), then the picture."
_DATA = re.compile(r"^data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=\s]+)$")


class ImageReader:
    """Reads the values of fields with the format ``image``: a data URI, or a file beside the profiles.

    ``folder`` is the folder of the profile file, or None where there is none (records that came by a queue).
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder.resolve() if folder is not None else None

    def read(self, value: str) -> tuple[str, bytes]:
        """(digest of the source bytes, cleaned PNG or JPEG bytes). Raises ProfileError with no part of ``value`` in
        it."""
        data = self._source(value)
        if len(data) > MAX_BYTES:
            raise _too_large()
        return digest(data), clean(data)

    def _source(self, value: str) -> bytes:
        found = _DATA.match(value)
        if found:
            try:
                return base64.b64decode(re.sub(r"\s", "", found[1]), validate=True)
            except (binascii.Error, ValueError):
                raise _refused("The data URI is not valid base64.") from None
        if value[:5].lower() == "data:":
            raise _refused("The data URI is not a PNG, JPEG or WebP picture in base64.", _DATA_FORM)
        if ":" in value.partition("/")[0]:
            raise _refused("The image is named by an address.", "Give a data URI or a file beside the profiles.")
        if self._folder is None:
            raise _refused("There is no folder beside this record to read a file from.", "Give a data URI.")
        try:
            name = PurePosixPath(value)
            path = (self._folder / name).resolve()
            if "\\" in value or name.is_absolute() or not path.is_relative_to(self._folder):
                raise _refused(
                    "The image's path leaves the folder of the profiles.", "Give a file beside the profiles."
                )
            if not path.is_file():
                raise _refused("There is no such image file.", "Put it beside the profiles.")
            if path.stat().st_size > MAX_BYTES:
                raise _too_large()
            return path.read_bytes()
        except (OSError, ValueError, RuntimeError):  # a NUL in the name, a link that leads to itself
            raise _refused("The image file cannot be read.", "Put it beside the profiles.") from None


def clean(data: bytes) -> bytes:
    """The picture alone: turned upright, at most 2400 px a side, sRGB, JPEG (or PNG where it is transparent)."""
    try:
        picture = _decoded(data)
    except ProfileError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:  # decoders raise almost anything on a file that is broken or was made to hurt
        raise _refused("The file is not a PNG, JPEG or WebP picture that can be read.") from None
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(picture.mode, picture.size)  # new: nothing but pixels comes along
    bare.paste(picture)
    out = io.BytesIO()
    if bare.mode == "RGBA":
        bare.save(out, "PNG", optimize=True)
    else:
        bare.save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()


def _decoded(data: bytes) -> Image.Image:
    """The first frame, upright, RGB or RGBA in sRGB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            image.seek(0)
            profile = image.info.get("icc_profile")
            upright = ImageOps.exif_transpose(image)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            return _in_srgb(
                upright.convert("RGBA" if clear else "RGB"), profile if image.mode.startswith("RGB") else None
            )


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Phones write Display P3: without its profile, which is dropped, such a picture would look pale."""
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB")) or picture
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture  # a broken profile says nothing: sRGB is what it is shown as elsewhere too


def _too_large() -> ProfileError:
    return _refused(f"The image is larger than {MAX_BYTES // 2**20} MB.", "Send a smaller picture.")


def _too_many_pixels() -> ProfileError:
    return _refused(f"The image has more than {MAX_PIXELS // 1_000_000} million pixels.", "Send a smaller picture.")


def _refused(message: str, hint: str | None = None) -> ProfileError:
    return ProfileError("profile.image", message, hint=hint)
