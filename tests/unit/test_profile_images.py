"""Pictures of recipients: only pixels come through, and nothing outside the folder of the profiles is opened."""

from __future__ import annotations

import base64
import io
import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from renderer.errors import ProfileError
from renderer.profile.images import MAX_BYTES, ImageReader, clean
from renderer.units import digest

RED = Image.new("RGB", (40, 20), (200, 30, 30))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(clean(data)))


def refused(data: bytes) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        clean(data)
    assert caught.value.code == "profile.image"
    return caught.value


def uri(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_accepted_kinds_become_jpeg(kind: str) -> None:
    picture = opened(encoded(RED, kind))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (40, 20))
    red, green, _ = picture.getpixel((20, 10))  # type: ignore[misc]
    assert red > 150 > green


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_stays(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (1, 2, 3, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    picture = opened(encoded(image, "PNG", **options))
    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret-place"
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret-place", zip=False)
    for data in (
        encoded(RED, "JPEG", exif=exif, comment=b"secret-place"),
        encoded(RED, "WEBP", exif=exif, xmp=b"secret-place"),
        encoded(RED.convert("RGBA"), "PNG", pnginfo=text, exif=exif),
    ):
        assert b"secret-place" in data
        cleaned = clean(data)
        assert b"secret-place" not in cleaned
        assert not Image.open(io.BytesIO(cleaned)).getexif()


def test_a_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert opened(encoded(RED, "JPEG", exif=exif)).size == (20, 40)


def test_colours_are_brought_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = opened(encoded(RED, "PNG", icc_profile=profile))
    assert "icc_profile" not in same.info
    broken = opened(encoded(RED, "PNG", icc_profile=b"no profile"))
    assert broken.size == (40, 20)


def test_a_moving_picture_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("#ff0000", "#0000ff")]
    picture = opened(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    red, _, blue = picture.getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > 50 > blue


def test_large_pictures_are_made_smaller() -> None:
    assert max(opened(encoded(Image.new("L", (4000, 100)), "PNG")).size) == 2400


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds nothing of it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [header, data, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.mark.parametrize("side", [5001, 12_000, 60_000])
def test_declared_sizes_are_believed_and_refused(side: int) -> None:
    start = time.process_time()
    assert "million pixels" in refused(bomb(side, side)).message
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        encoded(RED, "GIF"),
        encoded(RED, "TIFF"),
        encoded(RED, "BMP"),
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        encoded(RED, "PNG")[:-30],
        encoded(RED, "JPEG")[:200],
        bomb(100, 100),
    ],
)
def test_other_kinds_and_broken_files(data: bytes) -> None:
    assert "not a PNG, JPEG or WebP" in refused(data).message


def test_a_text_chunk_that_unfolds_to_gigabytes_is_refused() -> None:
    chunk = b"zTXt" + b"a\0\0" + zlib.compress(b"x" * 50_000_000)
    png = encoded(RED, "PNG")
    data = png[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
    assert refused(data)


# ---------------------------------------------------------------- where a picture may come from


def test_a_data_uri_and_a_file_give_the_same(tmp_path: Path) -> None:
    data = encoded(RED, "PNG")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "red.png").write_bytes(data)
    reader = ImageReader(tmp_path)
    assert reader.read("in/red.png") == reader.read(uri(data)) == (digest(data), clean(data))


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/a.png",
        "http://169.254.169.254/a.png",
        "//example.org/a.png",
        "file:///etc/passwd",
        "ftp:a.png",
        "C:\\a.png",
        "..\\a.png",
        "../out.png",
        "in/../../out.png",
        "link.png",
        "folder-link/out.png",
        "a\0.png",
        "",
        ".",
        "in",
        "loop",
        "x" * 5000,
        "data:image/gif;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
        "data:text/html,<script>",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,A",
    ],
)
def test_nothing_else_is_opened(tmp_path: Path, value: str) -> None:
    home = tmp_path / "home"
    (home / "in").mkdir(parents=True)
    (tmp_path / "out.png").write_bytes(encoded(RED, "PNG"))
    (home / "link.png").symlink_to(tmp_path / "out.png")
    (home / "folder-link").symlink_to(tmp_path)
    (home / "loop").symlink_to(home / "loop")
    with pytest.raises(ProfileError) as caught:
        ImageReader(home).read(value)
    assert caught.value.code == "profile.image"
    assert len(value) < 3 or value not in str(caught.value)


def test_an_absolute_path_is_refused_even_inside(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(RED, "PNG"))
    with pytest.raises(ProfileError, match="leaves the folder"):
        ImageReader(tmp_path).read(str(tmp_path / "a.png"))


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ProfileError):
        ImageReader(tmp_path).read("a.png")


def test_without_a_folder_only_data_uris_are_read() -> None:
    data = encoded(RED, "JPEG")
    assert ImageReader(None).read(uri(data, "jpeg"))[0] == digest(data)
    with pytest.raises(ProfileError, match="no folder"):
        ImageReader(None).read("a.png")


def test_five_megabytes_are_the_limit(tmp_path: Path) -> None:
    data = encoded(RED, "PNG") + b"\0" * MAX_BYTES
    (tmp_path / "a.png").write_bytes(data)
    for value in ("a.png", uri(data)):
        with pytest.raises(ProfileError, match="larger than 5 MB"):
            ImageReader(tmp_path).read(value)
