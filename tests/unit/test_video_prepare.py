"""Footage and pictures become frames by number, of the right moment, place and colour."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from renderer.assets.door import Asset, AssetDoor
from renderer.errors import RenderError
from renderer.render.video import mezzanine, prepare
from renderer.render.video.backdrops import Moving, Zooming, media_backdrop
from renderer.render.video.footage import Footage
from renderer.render.video.prepare import U, prepare_footage, prepare_image, yuv_frame
from renderer.render.video.score import ScoreBackdrop
from renderer.units import digest

WIDTH, HEIGHT, FPS = 320, 176, Fraction(25)
PLAIN: dict[str, Any] = {
    "in_s": 0,
    "out_s": None,
    "speed": U,
    "when_short": "hold",
    "crop": None,
    "focus": [U // 2, U // 2],
    "mirror": False,
    "fade_in_s": 0,
    "fade_out_s": 0,
    "fade_colour": None,
    "effects": [],
}


def level_of(number: int) -> int:
    """The luma of frame ``number`` of the test footage: every frame has its own."""
    return 30 + 4 * number


def footage(frames: int = 50, *, fps: int = 25, codec: str = "libx264", kind: str = "mp4") -> Asset:
    """Footage whose frames differ in brightness; the left third is darker than the rest."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as output:
        stream = output.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 352, "yuv420p"
        stream.codec_context.colorspace = 1
        stream.codec_context.color_range = 1
        stream.options = {"crf": "10", "g": "20"} if codec == "libx264" else {"crf": "15", "b": "0", "cpu-used": "8"}
        for number in range(frames):
            picture = np.full((528, 640), 128, dtype=np.uint8)
            picture[:352] = level_of(number)
            picture[:352, :213] = 20
            frame = av.VideoFrame.from_numpy_buffer(picture, format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return Asset("media/clip." + kind, buffer.getvalue(), digest(buffer.getvalue()), "video/" + kind)


def prepared(tmp_path: Path, asset: Asset, **settings: Any) -> mezzanine.Mezzanine:
    scrim = settings.pop("scrim", None)
    return prepare_footage(
        asset, {**PLAIN, **settings}, scrim=scrim, width=WIDTH, height=HEIGHT, fps=FPS, cache=tmp_path
    )


def lumas(film: mezzanine.Mezzanine) -> list[int]:
    """The brightness of each frame, right of the middle."""
    return [int(film.planes(number)[0][88, 240]) for number in range(film.frames)]


@pytest.mark.parametrize(("codec", "kind"), [("libx264", "mp4"), ("libvpx-vp9", "webm")])
def test_every_frame_is_the_one_of_its_time(tmp_path: Path, codec: str, kind: str) -> None:
    film = prepared(tmp_path, footage(20, codec=codec, kind=kind))
    assert film.frames == 20
    assert np.abs(np.array(lumas(film)) - [level_of(number) for number in range(20)]).max() <= 1


def test_trim_speed_and_other_rates_keep_time(tmp_path: Path) -> None:
    film = prepared(tmp_path, footage(50), in_s=U // 5 * 2 + 1, out_s=U * 6 // 5)
    assert film.frames == 20
    assert abs(lumas(film)[0] - level_of(10)) <= 1
    fast = prepared(tmp_path, footage(50), speed=2 * U)
    assert fast.frames == 25
    assert np.abs(np.array(lumas(fast)) - [level_of(2 * number) for number in range(25)]).max() <= 1
    rate = prepared(tmp_path, footage(40, fps=50))
    assert rate.frames == 20
    assert np.abs(np.array(lumas(rate)) - [level_of(2 * number) for number in range(20)]).max() <= 1


def test_mirror_crop_effects_and_fades_are_moviepys(tmp_path: Path) -> None:
    plain, mirrored = prepared(tmp_path, footage(5)), prepared(tmp_path, footage(5), mirror=True)
    assert plain.planes(3)[0][88, 10] < 25 < plain.planes(3)[0][88, 310]
    assert mirrored.planes(3)[0][88, 310] < 25 < mirrored.planes(3)[0][88, 10]
    cropped = prepared(tmp_path, footage(5), crop=[U // 2, 0, U // 2, U])
    assert cropped.planes(3)[0].min() > 25
    backwards = prepared(tmp_path, footage(30), effects=[{"name": "TimeMirror", "parameters": {}}])
    assert lumas(backwards)[1] > lumas(backwards)[-2] + 80
    faded = prepared(tmp_path, footage(50), fade_in_s=U // 2, fade_colour="#ffffffff")
    assert lumas(faded)[0] == 235
    assert abs(lumas(faded)[20] - level_of(20)) <= 1
    blurred = prepared(tmp_path, footage(2), effects=[{"name": "Blur", "parameters": {"sigma_px": 40}}])
    edge = np.abs(np.diff(blurred.planes(1)[0][88].astype(int))).max()
    assert edge < np.abs(np.diff(plain.planes(1)[0][88].astype(int))).max()


@pytest.mark.parametrize("kept", [0, 3 * 640 * 352 * 3 // 2, 1 << 30])
def test_backwards_every_frame_is_there_however_few_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr("renderer.render.video.footage.KEPT_BYTES", kept)
    film = prepared(tmp_path, footage(30), effects=[{"name": "TimeMirror", "parameters": {}}])
    found = np.array(lumas(film))[1:]
    assert np.abs(found - [level_of(29 - number) for number in range(1, film.frames)]).max() <= 1


def test_footage_that_plays_forwards_keeps_no_pictures() -> None:
    with Footage(footage(50).data, "media/clip.mp4") as read:
        for number in range(50):
            read.at(number / 25)
            assert len(read._kept) <= 2


def test_a_scrim_is_baked_in(tmp_path: Path) -> None:
    film = prepared(tmp_path, footage(2), scrim={"colour": "#ffffffff", "opacity": U})
    assert set(np.unique(film.planes(0)[0])) == {235}


def test_a_second_time_nothing_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = footage(5)
    first = prepared(tmp_path, asset)

    def refuse(*_: object) -> None:
        raise AssertionError("prepared twice")

    monkeypatch.setattr(Footage, "__init__", refuse)
    assert np.array_equal(prepared(tmp_path, asset).pixels, first.pixels)
    assert not list(tmp_path.rglob(".writing-*"))


@pytest.mark.parametrize("name", ["footage", "mezzanine", "prepare"])
def test_other_code_prepares_anew(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    read, known = Path.read_bytes, prepare.preparer()
    changed = Path(prepare.__file__).with_stem(name)
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path == changed))
    assert prepare.preparer.__wrapped__() != known


def test_another_library_prepares_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunk keys name the libraries, so frames that an older one prepared must not be found under them."""
    prepared(tmp_path, footage(10))
    monkeypatch.setattr(prepare, "preparer", lambda: {"opencv": "another"})
    prepared(tmp_path, footage(10))
    assert len(list((tmp_path / "mezzanine").rglob("*.yuv"))) == 2
    monkeypatch.undo()
    assert {"code", "packages", "opencv", "libraries"} <= set(prepare.preparer())


def test_racing_for_one_mezzanine_is_harmless(tmp_path: Path) -> None:
    asset = footage(10)
    with ThreadPoolExecutor(3) as pool:
        films = list(pool.map(lambda _: prepared(tmp_path, asset), range(3)))
    assert all(np.array_equal(film.pixels, films[0].pixels) for film in films)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_torn_mezzanine_is_made_anew(tmp_path: Path) -> None:
    asset = footage(5)
    prepared(tmp_path, asset)
    path = next(tmp_path.rglob("*.yuv"))
    path.write_bytes(path.read_bytes()[:-1000])
    assert prepared(tmp_path, asset).frames == 5


def test_a_failed_preparation_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="does not take these parameters") as caught:
        prepared(tmp_path, footage(5), effects=[{"name": "LumContrast", "parameters": {"no_such": 1}}])
    assert caught.value.place.file == "media/clip.mp4"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n",
        lambda data: b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        lambda data: data[: len(data) // 3],
        lambda data: data[:8] + b"\x00" * 4000,
        lambda data: b"",
    ],
    ids=["playlist", "concat", "cut off", "nothing inside", "empty"],
)
def test_what_is_no_footage_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    data = spoil(footage(5).data)
    with pytest.raises(RenderError) as caught:
        prepared(tmp_path, Asset("media/clip.mp4", data, digest(data), "video/mp4"))
    assert caught.value.code == "render.media"
    assert caught.value.place.file == "media/clip.mp4"


def picture(size: tuple[int, int], paint: Callable[[NDArray[np.uint8]], None], kind: str = "PNG") -> Asset:
    pixels = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    paint(pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return Asset("media/still.png", buffer.getvalue(), digest(buffer.getvalue()), "image/png")


def stripes() -> Iterator[tuple[int, tuple[int, int, int]]]:
    yield from enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)])


def test_an_image_covers_the_frame_about_its_focus(tmp_path: Path) -> None:
    def paint(pixels: NDArray[np.uint8]) -> None:
        for index, colour in stripes():
            pixels[:, index * 400 : index * 400 + 400] = colour

    asset = picture((1200, 220), paint)
    for focus, luma, red in ((0, 63, 240), (U, 32, 118)):
        still = prepare_image(asset, focus_u=[focus, U // 2], scrim=None, width=WIDTH, height=HEIGHT, cache=tmp_path)
        y, _, v = still.planes(0)
        assert (abs(int(y[88, 160]) - luma), abs(int(v[44, 80]) - red)) <= (1, 1)


def test_a_zoom_moves_by_fractions_of_a_pixel_about_its_focus(tmp_path: Path) -> None:
    def paint(pixels: NDArray[np.uint8]) -> None:
        pixels[:] = np.linspace(0, 255, 640).astype(np.uint8)[None, :, None]

    asset = picture((640, 352), paint)
    backdrop = ScoreBackdrop(
        kind="image",
        media="media/still.png",
        digest=asset.digest,
        moving=True,
        settings={"focus": [U // 2, U // 2], "zoom": {"from": U, "to": U * 5 // 4}, "scrim": None},
    )
    zooming = media_backdrop(
        backdrop,
        frames=100,
        width=WIDTH,
        height=HEIGHT,
        fps=FPS,
        assets=AssetDoor({"media/still.png": asset.data}),
        cache=tmp_path,
    )
    assert isinstance(zooming, Zooming)
    left = [float(zooming.planes(frame)[0][:, 20].mean()) for frame in range(100)]
    middle = [float(zooming.planes(frame)[0][:, 160].mean()) for frame in range(100)]
    assert max(middle) - min(middle) <= 1
    assert left[-1] - left[0] > 10
    assert max(np.diff(left)) < 1.2 and min(np.diff(left)) >= -0.01
    y, u, v = zooming.planes(50)
    assert (y.shape, u.shape, v.shape) == ((HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 2, WIDTH // 2))


@pytest.mark.parametrize(("frame", "scale"), [(0, 1.0), (99, 1.25)])
def test_a_zooms_luma_and_chroma_lie_on_each_other(tmp_path: Path, frame: int, scale: float) -> None:
    seeds = Image.fromarray(np.random.default_rng(5).integers(0, 256, (11, 20, 3), dtype=np.uint8))
    whole = seeds.resize((WIDTH * 2, HEIGHT * 2), Image.Resampling.BICUBIC)

    def paint(pixels: NDArray[np.uint8]) -> None:
        pixels[:] = np.asarray(whole)

    asset = picture(whole.size, paint)
    film = prepare_image(
        asset, focus_u=[U // 2, U // 2], scrim=None, width=WIDTH * 5 // 4, height=HEIGHT * 5 // 4, cache=tmp_path
    )
    zooming = Zooming(film, width=WIDTH, height=HEIGHT, frames=100, start=1, stop=1.25)
    inner = (WIDTH * (1 - 1 / scale), HEIGHT * (1 - 1 / scale), WIDTH * (1 + 1 / scale), HEIGHT * (1 + 1 / scale))
    wanted = whole.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, box=inner)
    expected = mezzanine.split(yuv_frame(np.asarray(wanted)), WIDTH, HEIGHT)
    for found, plane in zip(zooming.planes(frame), expected, strict=True):
        assert np.abs(found.astype(int) - plane).mean() < 0.8


def test_short_footage_holds_loops_or_bounces(tmp_path: Path) -> None:
    film = prepared(tmp_path, footage(4))
    assert [Moving(footage=film).key(n) for n in range(6)] == [0, 1, 2, 3, 3, 3]
    assert [Moving(footage=film, when_short="loop").key(n) for n in range(6)] == [0, 1, 2, 3, 0, 1]
    assert [Moving(footage=film, when_short="bounce").key(n) for n in range(8)] == [0, 1, 2, 3, 2, 1, 0, 1]
