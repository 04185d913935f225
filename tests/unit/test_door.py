"""Nothing but references is opened: no path, no address, no trick leads out of a template's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.assets.door import AssetDoor
from renderer.errors import TemplateError
from renderer.units import digest

FILES = {"media/a.svg": b"<svg/>", "template.yaml": b"id: x", "media/deep/b.png": b"\x89PNG"}


@pytest.fixture
def door(tmp_path: Path) -> AssetDoor:
    shared = tmp_path / "assets"
    (shared / "sounds").mkdir(parents=True)
    (shared / "sounds" / "tick.flac").write_bytes(b"fLaC")
    (tmp_path / "secret.txt").write_text("x")
    (shared / "leak.txt").symlink_to(tmp_path / "secret.txt")
    (shared / "out").symlink_to(tmp_path)
    return AssetDoor(FILES, images={"abc": b"\x89PNG\r\n", "def": b"\xff\xd8"}, shared=shared)


@pytest.mark.parametrize(
    ("ref", "data", "kind"),
    [
        ("media/a.svg", b"<svg/>", "image/svg+xml"),
        ("media/deep/b.png", b"\x89PNG", "image/png"),
        ("asset:sounds/tick.flac", b"fLaC", "audio/flac"),
        ("image:abc", b"\x89PNG\r\n", "image/png"),
        ("image:def", b"\xff\xd8", "image/jpeg"),
    ],
)
def test_references_lead_to_bytes(door: AssetDoor, ref: str, data: bytes, kind: str) -> None:
    asset = door.get(ref)
    assert (asset.ref, asset.data, asset.digest, asset.media_type) == (ref, data, digest(data), kind)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "template.yaml",
        "/etc/passwd",
        "../template.yaml",
        "media/../template.yaml",
        "media/./a.svg",
        "media//a.svg",
        "media/%2e%2e/template.yaml",
        "media/..%2ftemplate.yaml",
        "media\\a.svg",
        "media/a.svg\n",
        "media/a.svg\0",
        "media/a.svg?x",
        "MEDIA/a.svg",
        "Media/a.svg",
        " media/a.svg",
        "media/.hidden",
        "http://example.org/media/a.svg",
        "https://example.org/a.svg",
        "//example.org/a.svg",
        "file:///etc/passwd",
        "file:media/a.svg",
        "data:image/svg+xml,<svg/>",
        "javascript:alert(1)",
        "ASSET:sounds/tick.flac",
        "asset:../secret.txt",
        "asset:/etc/passwd",
        "asset:sounds/../../secret.txt",
        "asset:leak.txt",
        "asset:out/secret.txt",
        "asset:sounds\\tick.flac",
        "asset:sounds/tick.flac\0",
        "asset:sounds/tick.flac\n",
        "asset:%2e%2e/secret.txt",
        "asset:",
        "image:../abc",
        "image:",
    ],
)
def test_everything_else_is_refused(door: AssetDoor, ref: str) -> None:
    with pytest.raises(TemplateError) as caught:
        door.get(ref)
    assert caught.value.code in ("template.path", "template.reference")


@pytest.mark.parametrize("ref", ["media/A.svg", "media/b.svg", "asset:sounds/tock.flac", "asset:sounds", "image:xyz"])
def test_what_is_not_there_is_said_to_be_missing(door: AssetDoor, ref: str) -> None:
    with pytest.raises(TemplateError) as caught:
        door.get(ref)
    assert caught.value.code == "template.reference"
