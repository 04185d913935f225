"""Chromium plays our films: still pictures, joined chunks, seeking, colours, sound."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from renderer.render.video.audio import RATE, encode_aac
from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.mux import Tags, mux_mp4
from renderer.render.video.prepare import yuv_frame
from tests.browser.chromium import NEEDED, chromium

pytestmark = NEEDED

WIDTH, HEIGHT, FPS = 640, 352, 25
SCENES = ((200, 30, 40), (20, 160, 60), (30, 60, 200))
SCENE_FRAMES = 50


def frame(colour: tuple[int, int, int], number: int) -> NDArray[np.uint8]:
    """A scene's colour with a white bar that runs for twelve frames and then stands."""
    picture = np.full((HEIGHT, WIDTH, 3), colour, dtype=np.uint8)
    left = 16 * min(number, 12)
    picture[300:340, left : left + 64] = 255
    return yuv_frame(picture)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("playback") / "film.mp4"
    profile = EncodeProfile(width=WIDTH, height=HEIGHT, fps=Fraction(FPS))
    chunks = [encode_chunk((frame(colour, number) for number in range(SCENE_FRAMES)), profile) for colour in SCENES]
    assert all(chunk.repeated > 20 for chunk in chunks)
    seconds = len(SCENES) * SCENE_FRAMES / FPS
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)
    track = encode_aac(np.repeat(tone[:, None], 2, axis=1).astype(np.float32))
    mux_mp4(path, chunks, profile, track, Tags(title="Playback", locale="en"))
    return path


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser.new_page()


PLAY = """async data => {
  const video = document.createElement('video');
  document.body.append(video);
  const until = (name) => new Promise((done, fail) => {
    video.addEventListener(name, done, {once: true});
    video.addEventListener('error', () => fail(video.error && video.error.message), {once: true});
  });
  const loaded = until('canplaythrough');
  video.muted = true;
  video.src = 'data:video/mp4;base64,' + data;
  await loaded;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', {colorSpace: 'srgb', willReadFrequently: true});
  const at = async time => {
    const seeked = until('seeked');
    video.currentTime = time;
    await seeked;
    await new Promise(done => setTimeout(done, 150));
    context.drawImage(video, 0, 0);
    const read = (x, y) => Array.from(context.getImageData(x, y, 1, 1).data).slice(0, 3);
    return {ground: read(320, 100), bar: read(12 * 16 + 32, 320), past: read(12 * 16 + 96, 320)};
  };
  const seen = [];
  for (const time of [1.9, 5.5, 3.0, 0.9, 4.8]) seen.push([time, await at(time)]);
  const stalls = [];
  for (const name of ['stalled', 'waiting']) video.addEventListener(name, () => stalls.push(name));
  for (let turn = 0; turn < 3; turn++) {  // a film that stalls of itself does so each time, a busy machine not
    await at(0);
    stalls.length = 0;
    video.playbackRate = 2;
    const ended = until('ended');
    await video.play();
    await ended;
    if (!stalls.length) break;
  }
  const quality = video.getVideoPlaybackQuality();
  return {duration: video.duration, width: video.videoWidth, height: video.videoHeight, seen, stalls,
          corrupted: quality.corruptedVideoFrames || 0, shown: quality.totalVideoFrames,
          error: video.error && video.error.message};
}"""


def test_chromium_plays_seeks_and_shows_the_right_colours(film: Path, page: Page) -> None:
    page.set_content("<!doctype html><title>Film</title>")
    found: dict[str, Any] = page.evaluate(PLAY, base64.b64encode(film.read_bytes()).decode())
    assert found["error"] is None and found["corrupted"] == 0 and found["stalls"] == []
    assert (found["width"], found["height"]) == (WIDTH, HEIGHT)
    assert abs(found["duration"] - len(SCENES) * SCENE_FRAMES / FPS) < 0.001
    assert found["shown"] > 30
    for time, seen in found["seen"]:
        colour = np.array(SCENES[int(time * FPS) // SCENE_FRAMES])
        # A step of U or V is two steps of blue or red; the wrong matrix would be twenty and more.
        assert np.abs(np.array(seen["ground"]) - colour).max() <= 8, time
        assert np.abs(np.array(seen["bar"]) - 255).max() <= 6, time
        assert np.abs(np.array(seen["past"]) - colour).max() <= 8, time
