"""Chromium plays one film three ways (MP4, its own HLS, hls.js) over more than a hundred chunk borders."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from renderer.cli import serve
from renderer.render.video.audio import RATE, encode_aac
from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.hls import hls_files
from renderer.render.video.mux import Tags, mux_mp4
from renderer.render.video.prepare import yuv_frame
from tests.browser.chromium import NEEDED, chromium

pytestmark = NEEDED

PLAYER = Path(sys.prefix) / "npm" / "node_modules" / "hls.js" / "dist" / "hls.min.js"
"""Installed by ``./run test`` from the lock beside this file."""

WIDTH, HEIGHT, FPS = 320, 176, 25
CHUNKS, CHUNK_FRAMES = 110, 6
FRAMES = CHUNKS * CHUNK_FRAMES
RATE_OF_PLAY = 2
BITS, BIT_PX = 10, 24
COLOURS = ((200, 30, 40), (20, 160, 60), (30, 60, 200))
CAPTIONS = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nPerché no?\n\n2\n00:00:20.000 --> 00:00:21.000\nEcco\n".encode()


def frame(number: int) -> NDArray[np.uint8]:
    """The chunk's colour; along the top the frame's number as white and black squares, the lowest bit first."""
    picture = np.full((HEIGHT, WIDTH, 3), COLOURS[number // CHUNK_FRAMES % 3], dtype=np.uint8)
    for bit in range(BITS):
        picture[16:64, 16 + BIT_PX * bit : 16 + BIT_PX * (bit + 1)] = 255 if number >> bit & 1 else 0
    return yuv_frame(picture)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a folder with the film as MP4 and as a stream, served as ``dearly serve`` does."""
    folder = tmp_path_factory.mktemp("hls")
    profile = EncodeProfile(width=WIDTH, height=HEIGHT, fps=Fraction(FPS))
    starts = range(0, FRAMES, CHUNK_FRAMES)
    chunks = [encode_chunk(map(frame, range(start, start + CHUNK_FRAMES)), profile) for start in starts]
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(FRAMES * RATE // FPS) / RATE)
    track = encode_aac(np.repeat(tone[:, None], 2, axis=1).astype(np.float32))
    tags = Tags(title="Film", locale="it")
    (folder / "hls").mkdir()
    personal = [number % 7 > 4 for number in range(CHUNKS)]
    for file in hls_files(chunks, personal, profile, track, CAPTIONS, tags):
        (folder / "hls" / file.name).write_bytes(file.data)
    mux_mp4(folder / "film.mp4", chunks, profile, track, tags)
    (folder / "index.html").write_text("<!doctype html><link rel=icon href='data:,'><title>Film</title>")
    return serve.start(folder)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser.new_page()


PLAY = """async ({ways, rate, times, bits, bitPx, frames, chunkFrames}) => {
  const one = async way => {
    const video = document.createElement('video');
    video.muted = true;
    document.body.append(video);
    const faults = [], waits = [], seen = [];
    const until = name => new Promise((done, fail) => {
      video.addEventListener(name, done, {once: true});
      video.addEventListener('error', () => fail(way + ': ' + (video.error && video.error.message)), {once: true});
    });
    const ready = until('canplaythrough');
    let player = null;
    if (way === 'hls.js') {
      player = new Hls();
      player.on(Hls.Events.ERROR, (_, data) => {
        if (data.fatal || data.details !== 'aborted') faults.push(data.details);  // a seek ends loads it made useless
      });
      player.loadSource('hls/film.m3u8');
      player.attachMedia(video);
    } else {
      video.src = way === 'mp4' ? 'film.mp4' : 'hls/film.m3u8';
    }
    await ready;
    if (player) video.textTracks[0].mode = 'showing';
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext('2d', {colorSpace: 'srgb', willReadFrequently: true});
    const look = () => {
      context.drawImage(video, 0, 0);
      const line = context.getImageData(0, 40, canvas.width, 1).data;
      let number = 0;
      for (let bit = 0; bit < bits; bit++) if (line[4 * (16 + bitPx * (bit + 0.5))] > 128) number |= 1 << bit;
      return [number, ...context.getImageData(160, 120, 1, 1).data.slice(0, 3)];
    };
    const sought = [];
    for (const time of times) {
      const done = until('seeked');
      video.currentTime = time;
      await done;
      await new Promise(after => setTimeout(after, 150));
      sought.push([time, look()]);
    }
    const back = until('seeked');
    video.currentTime = 0;
    await back;
    const before = video.getVideoPlaybackQuality().totalVideoFrames;
    const onFrame = (_, about) => {
      const found = look();
      seen.push([about.mediaTime, Math.max(about.mediaTime, video.currentTime), found]);
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    video.addEventListener('waiting', () => waits.push(video.currentTime));
    video.playbackRate = rate;
    const ended = until('ended');
    await video.play();
    await ended;
    const quality = video.getVideoPlaybackQuality();
    const cues = player && Array.from(video.textTracks[0].cues, cue => [cue.startTime, cue.endTime, cue.text]);
    const found = {way, faults, waits, seen, sought, cues, duration: video.duration,
                   heard: video.webkitAudioDecodedByteCount, size: [video.videoWidth, video.videoHeight],
                   decoded: quality.totalVideoFrames - before, corrupted: quality.corruptedVideoFrames || 0,
                   language: player && video.textTracks[0].label + ' ' + video.textTracks[0].language};
    if (player) player.destroy();
    video.removeAttribute('src');
    video.remove();
    return found;
  };
  const best = async way => {  // what is wrong with a film is so each time, what a busy machine does is not
    for (let turn = 1; ; turn++) {
      const found = await one(way);
      const numbers = new Set(found.seen.map(([, , [number]]) => number));
      const chunks = new Set([...numbers].map(number => Math.floor(number / chunkFrames)));
      const smooth = !found.waits.length && !found.faults.length && chunks.size > 100 && numbers.size > frames / 2;
      if (turn == 3 || smooth && Math.abs(found.decoded - frames) <= 5) return found;
    }
  };
  return await Promise.all(ways.map(best));
}"""


def test_a_hundred_borders_play_without_a_stall_as_mp4_and_as_hls(site: str, page: Page) -> None:
    """All three play side by side, twice as fast as they should: 50 frames a second, which a screen can show."""
    if not PLAYER.exists():
        pytest.skip("hls.js is not installed: start ./run test once")
    page.goto(site)
    page.add_script_tag(path=PLAYER)
    times = [17.02, 3.7, 26.18]
    ways = ["mp4", "native", "hls.js"]
    asked = {"ways": ways, "rate": RATE_OF_PLAY, "times": times, "bits": BITS, "bitPx": BIT_PX}
    asked |= {"frames": FRAMES, "chunkFrames": CHUNK_FRAMES}
    results: list[dict[str, Any]] = page.evaluate(PLAY, asked)
    assert [found["way"] for found in results] == ways
    for found in results:
        way = found["way"]
        assert (found["faults"], found["waits"], found["corrupted"]) == ([], [], 0), way
        assert found["size"] == [WIDTH, HEIGHT]
        assert abs(found["duration"] - FRAMES / FPS) <= 1024 / RATE, way
        assert found["heard"] > 100_000, way
        # Seeking decodes some frames that were not asked for; playing decodes each once.
        assert FRAMES - 5 <= found["decoded"] <= FRAMES + 5, way
        for time, (number, *colour) in found["sought"]:
            assert number == int(time * FPS), way
            assert np.abs(np.array(colour) - COLOURS[number // CHUNK_FRAMES % 3]).max() <= 8, (way, time)
        numbers = [number for _, _, (number, *_) in found["seen"]]
        assert numbers == sorted(numbers), way
        assert len(set(numbers)) > FRAMES // 2, way
        assert len({number // CHUNK_FRAMES for number in numbers}) > 100, way
        for time, after, (number, *colour) in found["seen"]:
            assert round(time * FPS) <= number <= round(after * FPS) + 3, (
                way
            )  # a later one may be up when it is looked at
            assert np.abs(np.array(colour) - COLOURS[number // CHUNK_FRAMES % 3]).max() <= 8, (way, time)
    last = results[-1]
    assert last["cues"] == [[1, 2.5, "Perché no?"], [20, 21, "Ecco"]]
    assert last["language"] == "Italiano it"
