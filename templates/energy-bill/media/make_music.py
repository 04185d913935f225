"""Makes the film's music and its two sounds: music.flac, sound-count.flac, sound-air.flac.

A calm bed of 40 seconds: sixteen bars at 96 beats a minute in D, felt piano over a pad, a plucked pulse from the third
bar, bass from the fifth, thinner towards the end, where the last chord rings out. Everything is computed, nothing
sampled, with one seed. 48 kHz, stereo, 16 bits. Run from the project's folder:
``.venv/bin/python templates/energy-bill/media/make_music.py``.
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
SECONDS = 40
BEAT = 60 / 96
BAR = 4 * BEAT
PEAK_DB = -4.0
SEED = 96

# Bars of the harmony as MIDI notes: bass, pad, and the notes that the pulse plays. Voices move by steps.
_CHORDS: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "D": (38, (57, 62, 66, 69, 76), (69, 74, 78, 81)),  # D add9
    "Bm": (35, (57, 62, 66, 69, 74), (66, 69, 74, 78)),  # B minor 7
    "G": (43, (55, 59, 62, 66, 71), (66, 71, 74, 78)),  # G major 7
    "A": (45, (57, 61, 64, 69, 71), (64, 69, 71, 76)),  # A add9
    "Em": (40, (55, 59, 62, 66, 71), (67, 71, 74, 78)),  # E minor 9
    "F#m": (42, (57, 61, 64, 69, 73), (66, 69, 73, 76)),  # F sharp minor 7
}
_FORM = ("D", "D", "Bm", "G", "D", "A", "Bm", "G", "Em", "F#m", "G", "A", "Bm", "G", "A", "D")

# The piano's line: (bar, beat, MIDI note, loudness). Few notes, long rests: words are read meanwhile.
_LINE = (
    (0, 0.0, 69, 0.60),
    (0, 1.5, 74, 0.55),
    (0, 3.0, 78, 0.60),
    (1, 0.5, 76, 0.55),
    (1, 2.0, 74, 0.45),
    (2, 0.0, 73, 0.55),
    (2, 1.5, 74, 0.50),
    (2, 3.0, 69, 0.45),
    (3, 0.5, 71, 0.50),
    (3, 2.5, 74, 0.45),
    (4, 0.0, 78, 0.62),
    (4, 1.5, 76, 0.50),
    (4, 3.0, 74, 0.50),
    (5, 0.5, 76, 0.52),
    (5, 2.0, 71, 0.45),
    (6, 0.0, 74, 0.55),
    (6, 1.5, 78, 0.52),
    (6, 3.0, 81, 0.55),
    (7, 0.5, 79, 0.50),
    (7, 2.0, 78, 0.46),
    (8, 0.0, 76, 0.56),
    (8, 2.0, 79, 0.50),
    (9, 0.0, 78, 0.54),
    (9, 2.0, 73, 0.46),
    (10, 0.0, 74, 0.56),
    (10, 1.5, 78, 0.52),
    (10, 3.0, 81, 0.58),
    (11, 0.5, 83, 0.52),
    (11, 2.0, 81, 0.48),
    (12, 0.0, 78, 0.55),
    (12, 1.5, 76, 0.46),
    (12, 3.0, 74, 0.46),
    (13, 1.0, 71, 0.46),
    (13, 2.5, 74, 0.42),
    (14, 0.0, 76, 0.46),
    (14, 2.0, 73, 0.40),
    (15, 0.0, 74, 0.50),
    (15, 1.5, 78, 0.40),
)


def pitch(note: int, cents: float = 0) -> float:
    """Frequency of a MIDI note in Hz."""
    return float(440 * 2 ** ((note - 69 + cents / 100) / 12))


def piano(note: int, loudness: float, length_s: float = 3.2) -> Wave:
    """A felt piano: partials a little too high as on a string, dull and soon dying above, and a soft thud."""
    t = np.arange(int(length_s * RATE)) / RATE
    base, stiffness = pitch(note), 0.00028
    found = np.zeros_like(t)
    for partial in range(1, 11):
        frequency = base * partial * np.sqrt(1 + stiffness * partial**2)
        if frequency > 7_000:
            break
        level = np.exp(-0.53 * (partial - 1)) * (1 + 0.2 * (partial == 2)) * loudness ** (1 + 0.14 * partial)
        decay = 1.25 + 0.55 * partial + base / 900
        for cents, part in ((-0.7, 0.5), (0.8, 0.5)):  # two strings, hardly apart: the tone lives
            found += part * level * np.sin(2 * np.pi * frequency * 2 ** (cents / 1200) * t) * np.exp(-decay * t)
    thud = np.sin(2 * np.pi * 92 * t) * np.exp(-46 * t) * 0.10 * loudness
    return (found + thud) * _onset(t, 0.007) * _end(t, 0.3)


def pluck(note: int, loudness: float) -> Wave:
    """A soft wooden pluck, between kalimba and marimba."""
    t = np.arange(int(1.1 * RATE)) / RATE
    base = pitch(note)
    found = np.sin(2 * np.pi * base * t) * np.exp(-5.2 * t)
    found += 0.22 * np.sin(2 * np.pi * base * 2 * t) * np.exp(-9 * t)
    found += 0.16 * np.sin(2 * np.pi * base * 3.93 * t) * np.exp(-22 * t)
    return loudness * found * _onset(t, 0.005) * _end(t, 0.1)


def pad(note: int, length_s: float, source: np.random.Generator) -> Wave:
    """A warm held tone in stereo: three voices a few cents apart with few, slowly breathing overtones."""
    t = np.arange(int(length_s * RATE)) / RATE
    found = np.zeros((len(t), 2))
    for cents, left in ((-5.5, 0.8), (0.5, 0.5), (6.0, 0.2)):
        phase = source.random(6) * 2 * np.pi
        drift = 1 + 0.0006 * np.sin(2 * np.pi * 0.17 * t + phase[5])
        voice = np.zeros_like(t)
        turns = 2 * np.pi * pitch(note, cents) * np.cumsum(drift) / RATE
        for partial in range(1, 6):
            breath = 0.75 + 0.25 * np.sin(2 * np.pi * (0.09 + 0.02 * partial) * t + phase[partial - 1])
            voice += np.exp(-0.95 * (partial - 1)) * breath * np.sin(partial * turns + phase[partial - 1])
        found += voice[:, None] * np.array([left, 1 - left])
    rise, fall = min(1.1, length_s / 3), 1.3
    return found * (_onset(t, rise) * _end(t, fall))[:, None]


def bass(note: int, length_s: float) -> Wave:
    """A round low tone with just enough overtone to be heard on a phone."""
    t = np.arange(int(length_s * RATE)) / RATE
    base = pitch(note)
    found = sum(level * np.sin(2 * np.pi * partial * base * t) for partial, level in ((1, 1.0), (2, 0.34), (3, 0.12)))
    return np.asarray(found * np.exp(-0.75 * t) * _onset(t, 0.03) * _end(t, 0.18))


def beat() -> Wave:
    """A soft low knock, felt more than heard."""
    t = np.arange(int(0.30 * RATE)) / RATE
    sweep = 2 * np.pi * np.cumsum(52 + 46 * np.exp(-42 * t)) / RATE
    return np.sin(sweep) * np.exp(-15 * t) * _onset(t, 0.004) * _end(t, 0.05)


def shaker(source: np.random.Generator) -> Wave:
    """A breath of sand."""
    t = np.arange(int(0.09 * RATE)) / RATE
    noise = source.standard_normal(len(t))
    return band(noise, 4_500, 9_000) * np.exp(-52 * t) * _onset(t, 0.012) * _end(t, 0.02)


def band(wave: Wave, low: float, high: float) -> Wave:
    """``wave`` (one channel) with only what lies between two frequencies; edges an octave wide."""
    size = 1 << int(len(wave) * 2 - 1).bit_length()
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    keep = 1 / (1 + (low / np.maximum(frequency, 1)) ** 6) / (1 + (frequency / high) ** 6)
    return np.asarray(np.fft.irfft(np.fft.rfft(wave, size) * keep, size)[: len(wave)])


def room(source: np.random.Generator, seconds: float = 2.4) -> Wave:
    """The echo of a soft room, stereo: noise that dies away, the high of it sooner."""
    t = np.arange(int(seconds * RATE)) / RATE
    found = np.zeros((len(t), 2))
    for channel in (0, 1):
        noise = source.standard_normal(len(t))
        for low, high, decay in ((180, 900, 2.4), (900, 2_600, 3.2), (2_600, 6_000, 5.4)):
            found[:, channel] += band(noise, low, high) * np.exp(-decay * t)
    found *= np.minimum(1, t / 0.018)[:, None]
    return found / np.sqrt((found**2).sum(axis=0).mean())


def in_room(dry: Wave, echo: Wave) -> Wave:
    """What the room answers to ``dry``, of the same length."""
    size = 1 << int(len(dry) + len(echo)).bit_length()
    both = np.fft.rfft(dry, size, axis=0) * np.fft.rfft(echo, size, axis=0)
    return np.asarray(np.fft.irfft(both, size, axis=0)[: len(dry)])


def _onset(t: Wave, seconds: float) -> Wave:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(1, t / seconds)))


def _end(t: Wave, seconds: float) -> Wave:
    return _onset(t[::-1], seconds)


def put(track: Wave, wave: Wave, at_s: float, pan: float = 0.5) -> None:
    """Add ``wave`` to ``track`` (samples, 2) at a time; ``pan`` 0 is left and 1 right, at constant power."""
    start = round(at_s * RATE)
    part = wave[: max(0, len(track) - start)]
    if part.ndim == 1:
        part = part[:, None] * np.array([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)]) * np.sqrt(2)
    track[start : start + len(part)] += part


def music() -> Wave:
    """The bed, shape (samples, 2), peak at PEAK_DB."""
    source = np.random.default_rng(SEED)
    length = SECONDS * RATE
    pads, keys, plucks, low, sand = (np.zeros((length, 2)) for _ in range(5))
    for bar, name in enumerate(_FORM):
        at = bar * BAR
        root, voices, arpeggio = _CHORDS[name]
        last = bar == len(_FORM) - 1
        for voice in voices:
            put(pads, pad(voice, min(BAR + 1.3, SECONDS - at), source) * (0.78 if voice > 70 else 1), at)
        if bar >= 2 and not last:
            for step in range(8):
                note = arpeggio[(0, 2, 1, 3, 2, 1, 3, 2)[step]]
                accent = (1.0, 0.62, 0.74, 0.58, 0.86, 0.60, 0.74, 0.56)[step]
                swell = min(1.0, (bar - 0.6) / 3) * (1 if bar < 12 else 0.72 if bar < 14 else 0.5)
                humane = source.normal(0, 0.0035)
                tone = pluck(note, accent * swell * (1 + source.normal(0, 0.05)))
                put(plucks, tone, at + step * BEAT / 2 + humane, 0.34 + 0.32 * (step % 2))
        if bar >= 4:
            if last:
                put(low, bass(root, 4.4) * 0.8, at)
            else:
                put(low, bass(root, BEAT * 2.4), at)
                put(low, bass(root, BEAT * 1.3) * 0.7, at + BEAT * 2.5)
        if 4 <= bar < 14:
            for count in range(4):
                put(low, beat() * (0.62 if count % 2 == 0 else 0.36), at + count * BEAT)
                put(sand, shaker(source) * (0.8 + 0.2 * (count % 2)), at + (count + 0.5) * BEAT, 0.62)
    for bar, count, note, loudness in _LINE:
        at = bar * BAR + count * BEAT + max(0, source.normal(0.004, 0.005))
        put(keys, piano(note, loudness), at, 0.42 + (note - 74) * 0.012)
        if count == 0:
            put(keys, piano(note - 12, loudness * 0.55), at + 0.012, 0.46)
    delayed = np.zeros((length, 2))
    for echo_at, level in ((1.5, 0.30), (3.0, 0.14)):
        shift = round(echo_at * BEAT * RATE)
        delayed[shift:] += plucks[: length - shift, ::-1] * level
    echo = room(source)
    dry = pads * 0.033 + keys * 0.30 + (plucks + delayed) * 0.105 + low * 0.135 + sand * 0.08
    wet = in_room(pads * 0.030 + keys * 0.22 + (plucks + delayed) * 0.10 + sand * 0.03, echo)
    mix = dry + wet * 0.34
    mix -= mix.mean(axis=0)
    t = np.arange(length) / RATE
    mix *= (_onset(t, 0.03) * _end(t, 2.2))[:, None]
    # A gentle bend takes the few highest peaks down by a decibel or two, so that the rest need not be quieter.
    mix /= np.abs(mix).max()
    mix = np.tanh(1.25 * mix)
    return np.asarray(mix * 10 ** (PEAK_DB / 20) / np.abs(mix).max())


def counting() -> Wave:
    """Fourteen soft ticks over 1.2 s, slowing as a counter with the easing cubic-out does."""
    track = np.zeros((int(1.5 * RATE), 2))
    t = np.arange(int(0.05 * RATE)) / RATE
    tick = np.sin(2 * np.pi * 1_380 * t) * np.exp(-150 * t) + 0.5 * np.sin(2 * np.pi * 620 * t) * np.exp(-110 * t)
    tick *= _onset(t, 0.002) * _end(t, 0.01)
    for number in range(14):
        passed = 1 - (1 - number / 13.4) ** (1 / 3)
        put(track, tick * (0.55 + 0.45 * number / 13), 1.2 * passed, 0.5)
    return np.asarray(track * 10 ** (-12 / 20) / np.abs(track).max())


def air() -> Wave:
    """A breath of wind that passes from left to right, for a scene that changes."""
    source = np.random.default_rng(SEED + 1)
    length = int(0.9 * RATE)
    t = np.arange(length) / RATE
    noise = source.standard_normal(length)
    shape = np.exp(-(((t - 0.38) / 0.19) ** 2)) * _onset(t, 0.12) * _end(t, 0.2)
    soft, bright = band(noise, 250, 900) * 1.6, band(noise, 900, 2_600)
    wave = (soft + bright * np.exp(-(((t - 0.42) / 0.12) ** 2))) * shape
    across = 0.25 + 0.5 * t / t[-1]
    track = np.stack([wave * np.cos(across * np.pi / 2), wave * np.sin(across * np.pi / 2)], axis=1)
    return np.asarray(track * 10 ** (-12 / 20) / np.abs(track).max())


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
    for name, make in (("music", music), ("sound-count", counting), ("sound-air", air)):
        write_flac(make(), folder / f"{name}.flac")


if __name__ == "__main__":
    main()
