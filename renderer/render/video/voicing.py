"""The voice in the mix: speech and clips on the timeline, the room they stand in, and the music that gives way.

In: a score's voice cues and the port that has their sound. Out: :class:`.audio.Placed` clips, and a gain for everything
that is not voice, one value a sample. The timeline is known, so music goes down before a word begins; no detector is
late, and the same film always sounds the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.errors import RenderError
from renderer.render.video.audio import RATE, Pcm, Placed, decode_clip
from renderer.render.video.score import Score, U, VoiceCue
from renderer.render.video.speech import Voice

LOOK_AHEAD_S = 0.2
RELEASE_S = 0.6
"""Music takes so long to go down before a word, and to come back after the last one; pauses shorter than both together
are held, or it would pump."""
EDGE_S = 0.003
"""Speech and clips come in and go out over so much: no join can click."""
ROOM_S = 0.3
"""Room tone comes in and goes out over so much, before the first clip of a scene and after the last."""
_BLOCK = 2048
_QUIET_SHARE = 0.15
_FLOOR_RMS = 10 ** (-80 / 20)
"""A clip whose pauses are quieter than this has no room to speak of."""


def voice_clips(score: Score, assets: AssetDoor, voice: Voice | None) -> list[Placed]:
    """Everything that is said, and the room tone of the scenes that have recorded clips.

    Raises RenderError ``render.media`` when a clip does not decode or speech is gone."""
    found: list[Placed] = []
    edge = int(EDGE_S * RATE)
    scenes: dict[str, list[tuple[VoiceCue, Pcm]]] = {}
    for cue in score.voice:
        pcm = _sound(cue, assets, voice)
        scenes.setdefault(cue.scene, []).append((cue, pcm))
        found.append(Placed(pcm=pcm, start=cue.first, gain_db=cue.gain_u / U, fade_in=edge, fade_out=edge))
    for cues in scenes.values():
        if any(cue.media is not None for cue, _ in cues):
            tone = _room(cues)
            if tone is not None:
                found.append(tone)
    return found


def ducking(cues: Sequence[VoiceCue], samples: int, depth_db: float) -> NDArray[np.float32]:
    """The gain of music and sounds, shape (samples,): ``depth_db`` while somebody speaks, 0 dB otherwise.

    It moves along a raised cosine in decibels, and is down when a word begins."""
    depth = np.zeros(samples, dtype=np.float32)
    look, release = int(LOOK_AHEAD_S * RATE), int(RELEASE_S * RATE)
    down = (0.5 - 0.5 * np.cos(np.linspace(0, math.pi, look, endpoint=False))).astype(np.float32)
    up = (0.5 + 0.5 * np.cos(np.linspace(0, math.pi, release, endpoint=False))).astype(np.float32)
    for first, end in _stretches(cues, look + release):
        curve = np.concatenate([down, np.ones(end - first, dtype=np.float32), up])
        start, skip = max(0, first - look), max(0, look - first)
        part = depth[start : start + len(curve) - skip]
        np.maximum(part, curve[skip : skip + len(part)], out=part)
    return np.asarray(10 ** (depth * (depth_db / 20)), dtype=np.float32)


def _stretches(cues: Sequence[VoiceCue], gap: int) -> list[tuple[int, int]]:
    """When somebody speaks, in samples; shorter gaps belong to it."""
    found: list[tuple[int, int]] = []
    for cue in sorted(cues, key=lambda one: one.first):
        if found and cue.first - found[-1][1] < gap:
            found[-1] = found[-1][0], max(found[-1][1], cue.end)
        else:
            found.append((cue.first, cue.end))
    return found


def _sound(cue: VoiceCue, assets: AssetDoor, voice: Voice | None) -> Pcm:
    if cue.media is not None:
        return decode_clip(assets.get(cue.media))
    if voice is None:
        raise RenderError("render.media", "The film was scored with a voice and is mixed without one.")
    mono = voice.sound(cue.pcm).astype(np.float32) / np.float32(32768)
    return np.repeat(mono[:, None], 2, axis=1)


def _room(cues: Sequence[tuple[VoiceCue, Pcm]]) -> Placed | None:
    """The room of a scene's recorded clips, where they do not bring their own: in pauses and under speech.

    Noise with the spectrum of their quietest moments, so that a name from a machine stands in the room of the greeting.
    None for clips without a room.
    """
    power: NDArray[np.float64] = np.mean(
        [_floor(pcm) * 10 ** (cue.gain_u / U / 10) for cue, pcm in cues if cue.media is not None], axis=0
    )
    if math.sqrt(power.sum()) < _FLOOR_RMS:
        return None
    around = int(ROOM_S * RATE)
    first = max(0, min(cue.first for cue, _ in cues) - around)
    length = max(cue.end for cue, _ in cues) + around - first
    noise = _noise(power, length)
    gain = np.ones(length, dtype=np.float32)
    cross = int(0.01 * RATE)
    fade = (0.5 + 0.5 * np.cos(np.linspace(0, math.pi, cross))).astype(np.float32)
    for cue, _ in cues:
        if cue.media is None or cue.samples < 3 * cross:
            continue
        start, end = cue.first - first, cue.end - first
        gain[start + cross : end - cross] = 0
        gain[start : start + cross] *= fade
        gain[end - cross : end] *= fade[::-1]
    return Placed(pcm=noise * gain[:, None], start=first, fade_in=around, fade_out=around)


def _floor(pcm: Pcm) -> NDArray[np.float64]:
    """The power of a clip's quietest moments by frequency, shape (block / 2 + 1,); it sums to their mean square."""
    mono = pcm.mean(axis=1, dtype=np.float64)
    blocks = mono[: len(mono) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not len(blocks):
        return np.zeros(_BLOCK // 2 + 1)
    power = np.square(blocks).mean(axis=1)
    quiet = blocks[np.argsort(power)[: max(1, int(len(blocks) * _QUIET_SHARE))]]
    window = np.hanning(_BLOCK)
    spectrum = np.square(np.abs(np.fft.rfft(quiet * window, axis=1))).mean(axis=0)
    whole = spectrum.sum()
    return np.asarray(spectrum * (np.square(quiet).mean() / whole) if whole else spectrum)


def _noise(power: NDArray[np.float64], length: int) -> Pcm:
    """Noise of that power and colour, always the same, in both channels alike."""
    white = np.random.Generator(np.random.PCG64(1)).standard_normal(length)
    spectrum = np.fft.rfft(white)
    places = np.linspace(0, len(power) - 1, len(spectrum))
    # White noise has as much power at every frequency, so the shares only need to be made large again.
    shape = np.sqrt(np.interp(places, np.arange(len(power)), power) * len(power))
    coloured = np.fft.irfft(spectrum * shape, n=length)
    wanted, found = math.sqrt(power.sum()), math.sqrt(np.square(coloured).mean())
    return np.repeat((coloured * (wanted / found)).astype(np.float32)[:, None], 2, axis=1)
