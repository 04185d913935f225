"""A whole film, from plan to MP4: what players, ears and readers get."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
import pytest
import webvtt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, load_fonts
from renderer.errors import RenderError
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.render.model import RenderJob, RenderResult
from renderer.render.video import render as video
from renderer.render.video.audio import RATE, measure
from renderer.render.video.encode import EncodedChunk
from renderer.render.video.mux import mux_mp4
from renderer.template.load import load_release
from renderer.template.release import Release

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT, FPS = 640, 352, 25
FRAMES = 50 + 50 + 75 - 10
FONTS = Path(tempfile.gettempdir()) / f"dearly-test-fonts-{os.getuid()}"
"""Static fonts, kept from run to run: making them takes seconds, and they are addressed by digest."""
CLAP_S = 1.0

FILES = {
    "template.yaml": f"""
id: film-test
title: Film test
locales: [en]
fonts: [{{family: IBM Plex Sans, weights: [400, 700]}}]
brand:
  name: Nobody
  colours:
    ink: {{light: "#10262E"}}
    paper: {{light: "#FBF8F2"}}
    sun: {{light: "#F4A52A"}}
links:
  more: {{href: "https://example.org/more"}}
channels:
  video: {{hls: true, teaser: true, fps: {FPS}, formats: {{"16:9": {{width: {WIDTH}, height: {HEIGHT}}}}}}}
""",
    "contract.json": json.dumps(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "name", "as_of"],
            "properties": {
                "id": {"type": "string", "x-role": "recipient", "x-sensitivity": "personal"},
                "name": {"type": "string", "x-sensitivity": "personal"},
                "as_of": {"type": "string", "format": "date", "x-role": "as_of", "x-sensitivity": "public"},
            },
        }
    ),
    "facts.yaml": "name: {value: name, as: text}\n",
    "decisions.yaml": "scenes:\n  - {id: hello}\n  - {id: view}\n  - {id: end}\n",
    "copy/en.ftl": """hello = Hello { $name }
title-hello = Hello & welcome
title-view = The view
title-end = The end
said = Good to see you, { $name }. This sentence is long enough that it needs two lines, or even three of them.
""",
    "video/storyboard.yaml": """
music: {media: media/music.wav, gain_db: -12, fade_in_s: 0.2, fade_out_s: 1}
styles:
  big: {weight: 700, size_px: 64, colour: ink}
poster: {scene: hello, at_s: 1.5}
scenes:
  - id: hello
    title: title-hello
    duration_s: 2
    backdrop: {kind: colour, colour: sun}
    layers:
      - {id: name, kind: text, copy: hello, style: big, box: {x: 100, y: 250, width: 1080, height: 120},
         enter: {motion: rise, duration_s: 0.4}}
    captions:
      - {copy: said, in_s: 0.2, out_s: 2}
    interactions:
      - {id: name, kind: hotspot, layer: name, link: more, label: title-view}
    sounds:
      - {media: media/clap.wav, at_s: 1, gain_db: 0}
  - id: view
    title: title-view
    duration_s: 2
    backdrop: {kind: image, media: media/view.png, zoom: {from: 1, to: 1.2}, scrim: {colour: ink, opacity: 0.3}}
  - id: end
    title: title-end
    duration_s: 3
    transition: {kind: fade, duration_s: 0.4}
    backdrop: {kind: footage, media: media/clip.mp4, treatment: {when_short: bounce, effects: [{name: MirrorX}]}}
""",
}


def sound(samples: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def music() -> bytes:
    time = np.arange(RATE * 2) / RATE
    return sound(0.2 * np.sin(2 * np.pi * 110 * time) + 0.1 * np.sin(2 * np.pi * 220 * time))


def clap() -> bytes:
    noise = np.random.default_rng(1).uniform(-1, 1, RATE // 50)
    return sound(np.concatenate([noise, np.zeros(RATE // 10)]))


def view() -> bytes:
    pixels = np.indices((400, 700)).sum(axis=0) % 256
    buffer = io.BytesIO()
    Image.fromarray(np.stack([pixels, pixels // 2, 255 - pixels], axis=2).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def clip() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 352, "yuv420p"
        for number in range(30):
            picture = np.full((352, 640, 3), (40, 90, 140), dtype=np.uint8)
            picture[100:200, number * 10 : number * 10 + 100] = (240, 200, 60)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def release(**changed: str) -> Release:
    media = {"media/music.wav": music(), "media/clap.wav": clap(), "media/view.png": view(), "media/clip.mp4": clip()}
    return Release({**{path: text.encode() for path, text in {**FILES, **changed}.items()}, **media})


def job(cache: Path, *, files: Release | None = None, name: str = "Ada", **more: Any) -> RenderJob:
    template = load_release(files or release())
    record = json.dumps({"id": "1", "name": name, "as_of": "2026-11-22"})
    plan = Planner(template).plan(parse_record(record, template.contract), locale="en")
    fonts = load_fonts([FontRequest("IBM Plex Sans", (400, 700))], FONTS)
    return RenderJob(
        plan=plan, template=template, assets=AssetDoor(template.release.files), fonts=fonts, cache=cache, **more
    )


@dataclass(frozen=True)
class Film:
    """One finished film."""

    folder: Path
    result: RenderResult
    progress: list[tuple[int, int]]

    @property
    def path(self) -> Path:
        return self.folder / "video" / "film.mp4"

    @property
    def stream(self) -> Path:
        return self.folder / "video" / "hls" / "film.m3u8"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    base = tmp_path_factory.mktemp("film")
    progress: list[tuple[int, int]] = []
    made = job(base / "cache", progress=lambda done, total: progress.append((done, total)))
    return Film(base / "out", video.render_video(made, base / "out", processes=2), progress)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, bytes]]:
    """The boxes of an MP4 by path (ISO/IEC 14496-12, 4.2)."""
    stop = len(data) if end is None else end
    while start < stop:
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        name = kind.decode("latin-1")
        yield name, data[start + 8 : start + size]
        if name in ("moov", "trak", "mdia", "minf", "stbl", "edts"):
            yield from boxes(data, start + 8, start + size)
        start += size


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(), np.uint8) for frame in container.decode(video=0)]


def pcm(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        return np.concatenate([np.asarray(frame.to_ndarray(), np.float32) for frame in container.decode(audio=0)], 1).T


@pytest.mark.parametrize("where", ["path", "stream"])
def test_a_strict_decoder_is_silent(film: Film, where: str) -> None:
    done = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-xerror",
            "-err_detect",
            "+crccheck+bitstream+buffer+explode",
            "-i",
            str(getattr(film, where)),
            "-f",
            "null",
            "-",
        ],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_frames_rate_and_length_are_exact(film: Film) -> None:
    with av.open(str(film.path)) as container:
        picture, heard = container.streams.video[0], container.streams.audio[0]
        assert isinstance(picture, VideoStream) and isinstance(heard, AudioStream)
        assert (picture.frames, picture.start_time) == (FRAMES, 0)
        assert picture.average_rate == FPS
        assert picture.duration is not None and picture.time_base is not None
        assert picture.duration * picture.time_base * FPS == FRAMES
        assert heard.duration is not None and heard.time_base is not None
        assert abs(float(heard.duration * heard.time_base) - FRAMES / FPS) <= 1024 / RATE
        assert (heard.rate, heard.codec_context.name, heard.language) == (RATE, "aac", "eng")
        context = picture.codec_context
        assert (context.profile, context.pix_fmt, context.has_b_frames) == ("High", "yuv420p", False)
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        stamps = [packet.pts for packet in container.demux(picture) if packet.pts is not None]
        assert len(set(np.diff(stamps))) == 1
    assert len(pictures(film.path)) == FRAMES


def test_the_file_starts_fast_and_says_nothing_of_its_making(film: Film) -> None:
    data = film.path.read_bytes()
    found = list(boxes(data))
    names = [name for name, _ in found]
    assert names.index("moov") < names.index("mdat")
    assert names.count("stts") == 2
    stts = next(body for name, body in found if name == "stts")
    assert struct.unpack(">II", stts[4:12]) == (1, FRAMES)
    edits = [struct.unpack(">IIi", body[4:16]) for name, body in found if name == "elst"]
    assert edits[0][2] == 0 and edits[1][2] == 1024  # the picture's is the identity, the sound's skips the priming
    created, changed = struct.unpack(">II", next(body for name, body in found if name == "mvhd")[4:12])
    assert (created, changed) == (0, 0)
    assert b"Lavf" not in data and b"x264" not in data
    with av.open(str(film.path)) as container:
        assert container.metadata["title"] == "Film test"


def test_keyframes_stand_at_chunk_starts_and_nowhere_else(film: Film) -> None:
    with av.open(str(film.path)) as container:
        keys = [number for number, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    score = json.loads((film.folder / "video" / "score.json").read_bytes())
    starts = {scene["first"] for scene in score["scenes"]}
    assert starts <= set(keys)
    assert np.diff([*keys, FRAMES]).max() <= 4 * FPS


def test_the_join_decodes_as_the_chunks_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[tuple[EncodedChunk, ...]] = []
    real = mux_mp4

    def spy(path: Path, chunks: tuple[EncodedChunk, ...], *rest: Any) -> None:
        caught.append(chunks)
        real(path, chunks, *rest)

    monkeypatch.setattr(video, "mux_mp4", spy)
    video.render_video(job(tmp_path / "cache"), tmp_path, processes=1)
    alone: list[NDArray[np.uint8]] = []
    for chunk in caught[0]:
        decoder = av.CodecContext.create("h264", "r")
        decoder.extradata = chunk.extradata
        frames = [frame for sample in chunk for frame in decoder.decode(av.Packet(sample))] + decoder.decode(None)
        alone += [np.asarray(frame.to_ndarray(), np.uint8) for frame in frames]
    joined = pictures(tmp_path / "video" / "film.mp4")
    assert len(joined) == len(alone)
    assert all(np.array_equal(one, other) for one, other in zip(joined, alone, strict=True))


def test_the_stream_shows_what_the_file_shows(film: Film) -> None:
    one, other = pictures(film.path), pictures(film.stream)
    assert len(one) == len(other) == FRAMES
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    listed = [artefact for artefact in film.result.artefacts if artefact.kind == "hls"]
    assert listed[-1].path == "video/hls/film.m3u8"  # written when all that it names is there
    assert {artefact.path for artefact in listed} == {f"video/hls/{path.name}" for path in film.stream.parent.iterdir()}
    # The name is in the first scene; nothing after it is personal, and so it is named for everybody.
    names = film.stream.with_name("video.m3u8").read_text().split()
    assert [name.startswith("video-1.") for name in names if name.endswith(".m4s")] == [True, False]


def test_a_stream_is_made_when_template_or_caller_wants_it(tmp_path: Path) -> None:
    plain = release(**{"template.yaml": FILES["template.yaml"].replace("hls: true, ", "")})
    assert job(tmp_path).streams
    assert job(tmp_path, files=plain, hls=True).streams
    assert not job(tmp_path, files=plain).streams


def test_the_command_lists_a_stream_as_one_thing(tmp_path: Path) -> None:
    files = {
        "template.yaml": FILES["template.yaml"].replace("hls: true, ", "").replace("teaser: true, ", ""),
        "contract.json": FILES["contract.json"],
        "facts.yaml": FILES["facts.yaml"],
        "decisions.yaml": "scenes:\n  - {id: end}\n",
        "copy/en.ftl": "title-end = The end\n",
        "video/storyboard.yaml": "scenes: [{id: end, title: title-end, duration_s: 1, "
        "backdrop: {kind: colour, colour: sun}}]\n",
        "profile.json": json.dumps({"id": "1", "name": "Ada", "as_of": "2026-11-22"}),
    }
    for name, text in files.items():
        path = tmp_path / "t" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    asked = ["render", tmp_path / "t", "--profile", tmp_path / "t" / "profile.json", "--out", tmp_path / "out"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from renderer.cli.main import main; main()",
            *map(str, asked),
            "--hls",
            "--locale",
            "en",
        ],
        env={**os.environ, "DEARLY_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "video/film.mp4" in done.stdout and "video/hls/film.m3u8" in done.stdout
    assert ".m4s" not in done.stdout
    assert len(pictures(tmp_path / "out" / "video" / "hls" / "film.m3u8")) == FPS


def test_another_persons_stream_in_the_same_folder_is_gone(film: Film, tmp_path: Path) -> None:
    folder = tmp_path / "video" / "hls"
    folder.mkdir(parents=True)
    (folder / "video-9.m4s").write_bytes(b"somebody else's")
    (folder / "notes.txt").write_bytes(b"not ours")
    video.render_video(job(film.folder.parent / "cache"), tmp_path, processes=1)
    assert {path.name for path in folder.iterdir()} - {"notes.txt"} == {
        path.name for path in film.stream.parent.iterdir()
    }
    assert (folder / "notes.txt").exists()


def test_the_same_plan_gives_the_same_bytes_on_one_process_or_two(film: Film, tmp_path: Path) -> None:
    video.render_video(job(tmp_path / "cache"), tmp_path, processes=1)
    for name in (
        "film.mp4",
        "captions.vtt",
        "chapters.vtt",
        "transcript.txt",
        "poster.jpg",
        "teaser.gif",
        "score.json",
    ):
        assert (tmp_path / "video" / name).read_bytes() == (film.folder / "video" / name).read_bytes(), name


@pytest.mark.parametrize("where", ["path", "stream"])
def test_a_clap_is_heard_when_the_storyboard_says(film: Film, where: str) -> None:
    heard = np.abs(pcm(getattr(film, where))).max(axis=1)
    assert abs(float(np.argmax(heard > 0.6 * heard.max())) / RATE - CLAP_S) <= 0.005


def test_the_sound_is_level_and_its_peaks_are_held(film: Film) -> None:
    loudness = measure(np.ascontiguousarray(pcm(film.path), dtype=np.float32))
    assert abs(loudness.integrated + 16) <= 1.5
    assert loudness.true_peak <= -1


def cues(film: Film, name: str) -> list[Any]:
    return list(webvtt.read(str(film.folder / "video" / name)).captions)


def test_captions_are_webvtt_that_people_can_read(film: Film) -> None:
    captions = cues(film, "captions.vtt")
    assert len(captions) == 2
    for caption in captions:
        lines = caption.text.split("\n")
        assert len(lines) <= 2 and max(map(len, lines)) <= 42
    assert " ".join(caption.text.replace("\n", " ") for caption in captions).startswith("Good to see you, Ada.")
    # The storyboard ends it at 2 s; nothing follows, so it stays until it can be read.
    assert captions[0].start == "00:00:00.200" and captions[1].end > "00:00:02.000"
    chapters = cues(film, "chapters.vtt")
    assert [chapter.text for chapter in chapters] == ["Hello &amp; welcome", "The view", "The end"]
    transcript = (film.folder / "video" / "transcript.txt").read_text()
    assert "Hello & welcome\n---------------\n[Hello Ada]\nGood to see you, Ada." in transcript


def test_the_poster_is_the_storyboards_frame(film: Film) -> None:
    with Image.open(film.folder / "video" / "poster.jpg") as poster:
        assert poster.size == (WIDTH, HEIGHT)
        found = np.asarray(poster)[5, 5]
    assert np.abs(found.astype(int) - (0xF4, 0xA5, 0x2A)).max() <= 4


def test_what_stands_beside_the_film_belongs_to_it(film: Film) -> None:
    folder = film.folder / "video"
    with Image.open(folder / "poster.jpg") as poster, Image.open(folder / "poster-play.jpg") as marked:
        assert marked.size == poster.size
        away = np.abs(np.asarray(marked).astype(int) - np.asarray(poster)).max(axis=2) > 60
        assert away.any() and not away[:5].any(), "a mark, and nothing else"
    for name in ("teaser.gif", "teaser.webp"):
        with Image.open(folder / name) as teaser:
            assert teaser.width <= 600 and abs(teaser.width * HEIGHT / WIDTH - teaser.height) <= 1
            assert teaser.n_frames > 20  # type: ignore[attr-defined]
        assert (folder / name).stat().st_size <= 1_000_000
    (spot,) = json.loads((folder / "interactions.json").read_text())["interactions"]
    assert (spot["id"], spot["label"], spot["href"]) == ("hello.name", "The view", "https://example.org/more")
    assert (spot["start_frame"], spot["end_frame"]) == (1, 50), "as long as the name can be seen"


def test_figures_and_progress_count_every_frame(film: Film) -> None:
    figures = film.result.figures
    assert figures["frames_total"] == FRAMES
    assert figures["personal_frames"] == 49  # the name is not to be seen in the first
    assert 50 < int(figures["frames_encoded"]) < FRAMES - 20
    assert float(figures["cpu_s"]) > 0
    assert film.progress[-1] == (FRAMES, FRAMES)
    assert {artefact.kind for artefact in film.result.artefacts} == {
        "mp4",
        "captions",
        "chapters",
        "transcript",
        "poster",
        "mail-poster",
        "teaser",
        "interactions",
        "score",
        "hls",
    }
    for artefact in film.result.artefacts:
        assert (film.folder / artefact.path).stat().st_size == artefact.bytes


def test_a_second_film_prepares_nothing_again(film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("renderer.render.video.soundtrack.master", refuse)
    monkeypatch.setattr("renderer.render.video.mezzanine.write", refuse)
    video.render_video(job(film.folder.parent / "cache", name="Grace"), tmp_path, processes=1)


def test_corrupt_footage_names_scene_and_reference_and_leaves_nothing(tmp_path: Path) -> None:
    files = release()
    broken = Release({**files.files, "media/clip.mp4": files.files["media/clip.mp4"][:5000]})
    with pytest.raises(RenderError) as caught:
        video.render_video(job(tmp_path / "cache", files=broken), tmp_path / "out")
    assert caught.value.code == "render.media"
    assert (caught.value.place.scene, caught.value.place.file) == ("end", "media/clip.mp4")
    assert not (tmp_path / "out").exists()


def test_a_failed_join_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise RenderError("render.media", "Stopped half-way.")

    monkeypatch.setattr(video, "mux_mp4", fail)
    with pytest.raises(RenderError):
        video.render_video(job(tmp_path / "cache"), tmp_path / "out", processes=1)
    assert list((tmp_path / "out" / "video").iterdir()) == []
