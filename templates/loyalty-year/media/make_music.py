"""Makes the film's music and its three sounds: music.flac, sound-needle.flac, sound-sleeve.flac, sound-stamp.flac.

A groove between disco and a lazy afternoon: sixteen bars at 115.4 beats a minute, so that a beat has 13 frames of film,
in E flat: electric piano on the off beats, a bass in octaves, kick, snare, hats, a muted guitar, a little string line.
It begins as through a wall and opens with the third bar, where the story starts. Everything is computed, nothing
sampled, with one seed. 48 kHz, stereo, 16 bits. Run from the project's folder:
``.venv/bin/python templates/loyalty-year/media/make_music.py``.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

Wave = NDArray[np.float64]
"""Samples of one channel, or of shape (samples, 2)."""

RATE = 48_000
BEAT = 0.52
BAR = 4 * BEAT
BARS = 16
SWING = 0.045
"""How much later than half a beat the off beat comes, as part of a beat."""
PEAK_DB = -4.5
SEED = 115

# Two bars a round, as MIDI notes: bass root, chord. The last round but one lifts.
_CHORDS: dict[str, tuple[int, tuple[int, ...]]] = {
    "Fm9": (41, (56, 60, 63, 67)),
    "Bb13": (34, (56, 62, 65, 67)),
    "Ebmaj9": (39, (55, 58, 62, 65)),
    "Cm7": (36, (55, 58, 63, 67)),
    "Abmaj7": (32, (55, 60, 63, 67)),
    "Gm7": (43, (53, 58, 62, 65)),
}
_FORM = (
    "Fm9",
    "Bb13",
    "Ebmaj9",
    "Cm7",
    "Fm9",
    "Bb13",
    "Ebmaj9",
    "Cm7",
    "Abmaj7",
    "Gm7",
    "Fm9",
    "Bb13",
    "Ebmaj9",
    "Cm7",
    "Fm9",
    "Ebmaj9",
)

# Sixteenths of a bar: step, and for the bass an interval and a length in steps.
_BASS = (
    (0, 0, 2.6),
    (3, 0, 0.8),
    (4, 12, 1.2),
    (6, 0, 1.4),
    (8, 0, 1.6),
    (10, 12, 0.9),
    (11, 7, 0.8),
    (12, 10, 1.2),
    (14, 12, 1.4),
)
_KEYS = ((2, 1.6, 1.0), (5, 0.9, 0.7), (8, 1.2, 0.85), (11, 1.0, 0.8), (14, 1.3, 0.9))
_GUITAR = (0, 3, 4, 6, 7, 10, 12, 13, 15)
# The strings' line: (bar, step, note, steps).
_LINE = (
    (4, 0, 79, 6),
    (4, 8, 77, 6),
    (5, 0, 74, 12),
    (6, 0, 77, 6),
    (6, 8, 74, 6),
    (7, 0, 70, 12),
    (8, 0, 79, 6),
    (8, 8, 82, 6),
    (9, 0, 81, 6),
    (9, 8, 77, 6),
    (10, 0, 79, 12),
    (11, 0, 74, 6),
    (11, 8, 77, 6),
    (12, 0, 79, 12),
    (13, 0, 82, 6),
    (13, 8, 79, 6),
    (14, 0, 77, 12),
)


def pitch(note: float) -> float:
    """Frequency of a MIDI note in Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def _onset(t: Wave, seconds: float) -> Wave:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(1, t / seconds)))


def _end(t: Wave, seconds: float) -> Wave:
    return _onset(t[::-1], seconds)


def _time(seconds: float) -> Wave:
    return np.arange(int(seconds * RATE)) / RATE


def band(wave: Wave, low: float, high: float) -> Wave:
    """``wave`` (one channel) with only what lies between two frequencies; edges an octave wide."""
    size = 1 << int(len(wave) * 2 - 1).bit_length()
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    keep = 1 / (1 + (low / np.maximum(frequency, 1)) ** 6) / (1 + (frequency / high) ** 6)
    return np.asarray(np.fft.irfft(np.fft.rfft(wave, size) * keep, size)[: len(wave)])


def piano(note: int, seconds: float, loudness: float) -> Wave:
    """An electric piano: a tine's bell over a warm fork, the bell sooner gone."""
    t = _time(seconds + 0.35)
    base = pitch(note)
    bell = 1.5 * loudness * np.exp(-7 * t) * np.sin(2 * np.pi * base * t)
    fork = np.sin(2 * np.pi * base * t + bell) + 0.16 * np.sin(2 * np.pi * 4 * base * t) * np.exp(-22 * t)
    fork = 0.8 * fork + 0.2 * np.sin(2 * np.pi * base * 1.003 * t)
    fork += 0.3 * np.sin(2 * np.pi * 2 * base * t) * np.exp(-4 * t)
    gate = np.where(t < seconds, 1.0, np.exp(-16 * (t - seconds)))
    return np.asarray(loudness * fork * np.exp(-1.6 * t) * gate * _onset(t, 0.004) * _end(t, 0.08))


def bass(note: int, seconds: float) -> Wave:
    """A plucked bass with a soft click and enough overtones to be heard on a phone."""
    t = _time(seconds + 0.07)
    base = pitch(note)
    found = np.zeros_like(t)
    for partial in range(1, 9):
        found += np.sin(2 * np.pi * partial * base * t) / partial**1.25 * np.exp(-(1.4 + 1.9 * partial) * t)
    found += 0.5 * np.sin(2 * np.pi * base * t) * np.exp(-1.2 * t)
    gate = np.where(t < seconds, 1.0, np.exp(-60 * (t - seconds)))
    return np.asarray(found * gate * _onset(t, 0.006) * _end(t, 0.02))


def kick() -> Wave:
    t = _time(0.3)
    sweep = 2 * np.pi * np.cumsum(50 + 110 * np.exp(-48 * t)) / RATE
    return np.asarray(np.sin(sweep) * np.exp(-11 * t) * _onset(t, 0.002) * _end(t, 0.06))


def snare(source: np.random.Generator) -> Wave:
    """A dry snare and a clap in one, without edge."""
    t = _time(0.24)
    noise = band(source.standard_normal(len(t)), 900, 5_200)
    claps = sum(np.exp(-((t - at) * 260).clip(0)) * (t >= at) for at in (0.0, 0.011, 0.023))
    skin = np.sin(2 * np.pi * 188 * t) * np.exp(-28 * t) * 0.7
    return np.asarray((noise * (0.35 * claps + np.exp(-19 * t)) * 0.5 + skin) * _onset(t, 0.002) * _end(t, 0.05))


def hat(source: np.random.Generator, seconds: float) -> Wave:
    t = _time(seconds)
    noise = band(source.standard_normal(len(t)), 5_200, 8_600)
    return np.asarray(noise * np.exp(-4.2 / seconds * t) * _onset(t, 0.002) * _end(t, seconds / 4))


def guitar(notes: tuple[int, ...], source: np.random.Generator, loudness: float) -> Wave:
    """A muted scratch: three strings, plucked and at once damped."""
    t = _time(0.13)
    found = np.zeros_like(t)
    for note in notes:
        base, phase = pitch(note + 12), source.random() * 6
        for partial in range(1, 6):
            tone = np.sin(partial * (2 * np.pi * base * t + phase)) / partial
            found += tone * np.exp(-(26 + 7 * partial) * t)
    return np.asarray(loudness * found * _onset(t, 0.002) * _end(t, 0.03))


def strings(note: int, seconds: float, source: np.random.Generator) -> Wave:
    """A few violins far back, in stereo, each with its own slow trembling."""
    t = _time(seconds + 0.35)
    found = np.zeros((len(t), 2))
    for cents, left in ((-8, 0.85), (-2, 0.5), (5, 0.35), (9, 0.15)):
        tremble = 1 + 0.0035 * np.sin(2 * np.pi * (5.1 + cents * 0.03) * t + source.random() * 6)
        turns = 2 * np.pi * pitch(note + cents / 100) * np.cumsum(tremble) / RATE
        voice = sum(np.sin(partial * turns) / partial**1.6 for partial in range(1, 7))
        found += np.asarray(voice)[:, None] * np.array([left, 1 - left])
    return np.asarray(found * (_onset(t, 0.09) * _end(t, 0.32))[:, None])


def room(source: np.random.Generator, seconds: float = 1.1) -> Wave:
    """The echo of a small warm room, stereo."""
    t = _time(seconds)
    found = np.zeros((len(t), 2))
    for channel in (0, 1):
        noise = source.standard_normal(len(t))
        for low, high, decay in ((200, 900, 5.0), (900, 2_600, 6.5), (2_600, 5_000, 10.0)):
            found[:, channel] += band(noise, low, high) * np.exp(-decay * t)
    found *= _onset(t, 0.012)[:, None] * _end(t, 0.2)[:, None]
    return np.asarray(found / np.sqrt((found**2).sum(axis=0).mean()))


def in_room(dry: Wave, echo: Wave) -> Wave:
    """What the room answers to ``dry``, of the same length."""
    size = 1 << int(len(dry) + len(echo)).bit_length()
    both = np.fft.rfft(dry, size, axis=0) * np.fft.rfft(echo, size, axis=0)
    return np.asarray(np.fft.irfft(both, size, axis=0)[: len(dry)])


def put(track: Wave, wave: Wave, at_s: float, pan: float = 0.5) -> None:
    """Add ``wave`` to ``track`` (samples, 2) at a time; ``pan`` 0 is left and 1 right, at constant power."""
    start = max(0, round(at_s * RATE))
    part = wave[: max(0, len(track) - start)]
    if part.ndim == 1:
        part = part[:, None] * np.array([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)]) * np.sqrt(2)
    track[start : start + len(part)] += part


def at(bar: int, step: float) -> float:
    """When a sixteenth of a bar comes, in seconds; off beats swing a little."""
    late = SWING * BEAT if step % 2 == 1 else 0.0
    return bar * BAR + step * BEAT / 4 + late


def music() -> Wave:
    """The groove, shape (samples, 2), peak at PEAK_DB."""
    source = np.random.default_rng(SEED)
    length = round(BARS * BAR * RATE)
    drums, hats, low, keys, scratch, line = (np.zeros((length, 2)) for _ in range(6))
    for bar, name in enumerate(_FORM):
        root, chord = _CHORDS[name]
        intro, last = bar < 2, bar == BARS - 1
        for step in (0, 4, 8, 12):
            put(drums, kick() * (0.8 if step else 1.0), at(bar, step))
            if step in (4, 12) and not intro:
                put(drums, snare(source) * 0.62, at(bar, step))
        if bar % 4 == 3:
            put(drums, snare(source) * 0.26, at(bar, 15))
        for step in range(0, 16, 2):
            if not intro or step % 4 == 2:
                opened = step % 4 == 2
                put(hats, hat(source, 0.16 if opened else 0.05) * (0.5 if opened else 0.3), at(bar, step), 0.6)
        for step, seconds, loudness in _KEYS:
            for number, note in enumerate(chord):
                human = source.normal(0, 0.003)
                put(keys, piano(note, seconds * BEAT / 4, loudness * 0.9), at(bar, step) + human, 0.36 + 0.09 * number)
        if not last:
            for step, up, steps in _BASS:
                put(low, bass(root + up, steps * BEAT / 4), at(bar, step))
        else:
            put(low, bass(root, BEAT * 2), at(bar, 0))
        if bar >= 2:
            for step in _GUITAR:
                loud = 1.0 if step % 4 == 3 else 0.62
                put(scratch, guitar(chord[1:], source, loud), at(bar, step), 0.24)
    for bar, step, note, steps in _LINE:
        put(line, strings(note, steps * BEAT / 4, source), at(bar, step))
    echo = room(source)
    # The kick makes room for itself: all but the drums step back a little with each beat.
    t = np.arange(length) / RATE
    pump = 1 - 0.28 * np.exp(-((t % BEAT) / 0.11))
    tuned = (low * 0.145 + keys * 0.125 + scratch * 0.19 + line * 0.085) * pump[:, None]
    dry = drums * 0.42 + hats * 0.36 + tuned
    wet = in_room(drums * 0.03 + hats * 0.03 + keys * 0.12 + scratch * 0.08 + line * 0.11, echo)
    mix = dry + wet * 0.30
    # The first two bars sound as from next door, and the door opens.
    wall = np.stack([band(mix[:, channel], 20, 620) for channel in (0, 1)], axis=1)
    door = np.clip((t - 1.5 * BAR) / (0.5 * BAR), 0, 1)[:, None] ** 2
    mix = wall * 0.95 * (1 - door) + mix * door
    mix = np.stack([band(mix[:, channel], 24, 9_000) for channel in (0, 1)], axis=1)
    mix -= mix.mean(axis=0)
    mix *= (_onset(t, 0.004) * _end(t, 0.06))[:, None]
    # A gentle bend rounds the peaks of kick and snare, as tape does.
    mix /= np.abs(mix).max()
    mix = np.tanh(1.5 * mix)
    return np.asarray(mix * 10 ** (PEAK_DB / 20) / np.abs(mix).max())


def _levelled(track: Wave, decibels: float) -> Wave:
    track = track - track.mean(axis=0)
    t = np.arange(len(track)) / RATE
    track = track * (_onset(t, 0.004) * _end(t, 0.05))[:, None]
    return np.asarray(track * 10 ** (decibels / 20) / np.abs(track).max())


def needle() -> Wave:
    """A needle that comes down on a record: a soft thump, then dust."""
    source = np.random.default_rng(SEED + 1)
    track = np.zeros((int(1.3 * RATE), 2))
    t = _time(0.16)
    thump = np.sin(2 * np.pi * np.cumsum(70 + 90 * np.exp(-60 * t)) / RATE)
    put(track, thump * np.exp(-24 * t) * _onset(t, 0.004), 0.04)
    for _ in range(46):
        tick = _time(0.006)
        wave = np.sin(2 * np.pi * source.uniform(900, 2_600) * tick) * np.exp(-700 * tick) * _onset(tick, 0.0012)
        when = 0.1 + 1.1 * source.random() ** 1.4
        put(track, wave * source.uniform(0.05, 0.3) * (1.3 - when), when, source.random())
    return _levelled(track, -12)


def sleeve() -> Wave:
    """Card that slides over card, from right to left, and stops."""
    source = np.random.default_rng(SEED + 2)
    t = _time(0.5)
    noise = source.standard_normal(len(t))
    shape = np.exp(-(((t - 0.13) / 0.085) ** 2)) * _onset(t, 0.03)
    wave = (band(noise, 500, 1_400) * 1.3 + band(noise, 1_400, 4_200) * 0.8) * shape
    after = (t - 0.27).clip(0)
    wave += 0.5 * np.sin(2 * np.pi * 120 * t) * np.exp(-38 * after) * _onset(after, 0.006)
    across = np.clip(0.75 - 1.4 * t, 0.3, 0.75)
    return _levelled(np.stack([wave * np.cos(across * np.pi / 2), wave * np.sin(across * np.pi / 2)], axis=1), -12)


def stamp() -> Wave:
    """A rubber stamp on a ticket."""
    source = np.random.default_rng(SEED + 3)
    t = _time(0.34)
    thump = np.sin(2 * np.pi * np.cumsum(82 + 120 * np.exp(-70 * t)) / RATE) * np.exp(-17 * t)
    slap = band(source.standard_normal(len(t)), 500, 2_800) * np.exp(-48 * t) * 0.5
    track = np.zeros((len(t), 2))
    put(track, (thump + slap) * _onset(t, 0.003), 0)
    return _levelled(track, -10)


def write_flac(wave: Wave, path: Path) -> None:
    """16 bits, without dither: it would cost more bytes than the music."""
    whole = np.round(wave * 32_767).astype(np.int16)
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream("flac", rate=RATE)
        stream.layout, stream.format = "stereo", "s16"
        stream.options = {"compression_level": "12"}
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for start in range(0, len(whole), 4_608):
            part = np.ascontiguousarray(whole[start : start + 4_608]).reshape(1, -1)
            frame = AudioFrame.from_ndarray(part, "s16", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, make in (("music", music), ("sound-needle", needle), ("sound-sleeve", sleeve), ("sound-stamp", stamp)):
        write_flac(make(), folder / f"{name}.flac")


if __name__ == "__main__":
    main()
