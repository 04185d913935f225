"""Music, sounds and voice → one AAC track, mixed and levelled whole. Audio is never cut.

In: the bytes of each clip with its place on the timeline in samples. Out: an :class:`.mux.AudioTrack`. Between them all
is float32 at 48 kHz, stereo, shape (samples, 2). Knows nothing of scenes; speech comes in as PCM that :mod:`.speech`
made.

Terms: *clip*, decoded sound; *placed*, a clip on the timeline; *LUFS*, loudness by ITU-R BS.1770-4, gated as EBU R 128
says; *dBTP*, true peak, found at four times the sample rate.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph
from numpy.typing import NDArray

from renderer.assets.door import Asset
from renderer.errors import Place, RenderError
from renderer.render.video.mux import AudioTrack

Pcm = NDArray[np.float32]
"""Shape (samples, 2), 48 kHz, full scale ±1."""

RATE = 48_000
TARGET_LUFS = -16.0
PEAK_DBTP = -1.0
CEILING_DBTP = -2.0
"""What the mix may peak at before AAC, which mostly adds less than a decibel."""
BIT_RATE = 128_000
CODERS = ("fast", "twoloop")
"""FFmpeg's AAC coders, in the order they are tried. For speech over music at this rate `fast` takes 40 % of the time,
and its noise is 10 dB lower in every band below 7 kHz; but it loses noise that is loud at all frequencies, where
`twoloop`, the default, does not (FFmpeg 8.1; measured on the energy bill's narration and on white noise)."""
MAKE_UP_DB = 4.0
"""So much gain a mix gets at most for what the limiter took."""
LOWER_DB = 3.0
"""Peaks are known this far below the ceiling, for another attempt under a lower one."""
LOST_LU = 1.0
"""So much loudness may be lost by a coder before the next one is tried."""
MIXER = 4
"""Raise this when the same clips in the same places would give another track."""

EDGE_S = 0.005
"""Every clip comes in and goes out over at least this long, so that no cut is heard as a click."""
LOOP_S = 0.05
MAX_CLIP_S = 600
_PEAK_TAPS, _PEAK_BLOCK = 24, 1024

av.logging.set_level(None)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A clip on the timeline. Lengths in samples; ``gain_db`` before levelling. ``fill`` loops or trims it to the whole
    track; else it plays once."""

    pcm: Pcm
    start: int = 0
    gain_db: float = 0.0
    fade_in: int = 0
    fade_out: int = 0
    fill: bool = field(default=False)


def decode_clip(asset: Asset) -> Pcm:
    """The whole of a FLAC, WAV or Ogg clip.

    Raises RenderError ``render.media``, naming the reference, for other bytes, a corrupt file or a very long one.
    """
    data = asset.data
    demuxer = next(
        (name for magic, name in ((b"fLaC", "flac"), (b"RIFF", "wav"), (b"OggS", "ogg")) if data.startswith(magic)),
        None,
    )
    if demuxer is None:
        raise RenderError("render.media", "The sound is neither FLAC, WAV nor Ogg.", place=Place(file=asset.ref))
    resampler = AudioResampler(format="flt", layout="stereo", rate=RATE)
    parts: list[Pcm] = []
    samples = 0
    try:
        with av.open(io.BytesIO(data), "r", format=demuxer) as container:
            if not container.streams.audio:
                raise RenderError("render.media", "The sound file has no sound.", place=Place(file=asset.ref))
            for frame in container.decode(container.streams.audio[0]):
                parts += [_samples(one) for one in resampler.resample(frame)]
                samples += frame.samples
                if samples > MAX_CLIP_S * frame.sample_rate:
                    raise RenderError(
                        "render.media", "The sound lasts more than ten minutes.", place=Place(file=asset.ref)
                    )
            parts += [_samples(one) for one in resampler.resample(None)]
    except av.FFmpegError as error:
        raise RenderError("render.media", "The sound cannot be decoded.", place=Place(file=asset.ref)) from error
    if not parts:
        raise RenderError("render.media", "The sound is empty.", place=Place(file=asset.ref))
    return np.concatenate(parts)


def mix(placed: Sequence[Placed], samples: int) -> Pcm:
    """The sum of all clips, ``samples`` long. What reaches past the end fades out there; nothing wraps or clips."""
    whole: Pcm = np.zeros((samples, 2), dtype=np.float32)
    edge = int(EDGE_S * RATE)
    for one in placed:
        room = samples - one.start
        if room <= 0:
            continue
        clip = _looped(one.pcm, room) if one.fill else one.pcm
        cut = len(clip) > room
        clip = clip[:room] * np.float32(10 ** (one.gain_db / 20))
        fade_in = one.fade_in if one.fill else max(one.fade_in, min(edge, 16))
        fade_out = max(one.fade_out, edge if cut or one.fill else 16)
        _fade(clip, min(fade_in, len(clip)), min(fade_out, len(clip)))
        whole[one.start : one.start + len(clip)] += clip
    return whole


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """``integrated`` in LUFS (-inf for silence), ``true_peak`` in dBTP."""

    integrated: float
    true_peak: float


def measure(pcm: Pcm) -> Loudness:
    """Loudness and true peak of a whole track, by FFmpeg's ``ebur128``."""
    return _metered(pcm, "true")


def loudness(pcm: Pcm) -> float:
    """Its loudness alone, in LUFS, for a quarter of the work."""
    return _metered(pcm, "none").integrated


def _metered(pcm: Pcm, peaks: str) -> Loudness:
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="stereo")
    meter = graph.add("ebur128", f"peak={peaks}:metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    integrated, peak = -math.inf, 0.0
    # Silence of the meter's window at the end, so that the last part of the track is counted too.
    padded = np.concatenate([pcm, np.zeros((RATE // 2, 2), dtype=np.float32)])
    for start in range(0, len(padded), RATE // 10):
        frame = _frame(padded[start : start + RATE // 10], start)
        source.push(frame)
        while True:
            try:
                read = sink.pull()
            except (av.BlockingIOError, av.EOFError):
                break
            data = read.metadata
            integrated = float(data.get("lavfi.r128.I", integrated))
            # As an amplitude, of both channels since the start.
            peak = max(peak, float(data.get("lavfi.r128.true_peak", 0.0)))
    return Loudness(integrated=integrated, true_peak=20 * math.log10(peak) if peak else -math.inf)


def master(pcm: Pcm) -> AudioTrack:
    """A mix levelled and encoded: -16 LUFS, and no true peak above -1 dBTP in what a player decodes.

    AAC moves peaks, noise by some decibels. So the result is decoded and measured, and if a peak came out too high the
    mix is limited that much lower.
    """
    ceiling, coder, mix = CEILING_DBTP, CODERS[0], _Mix(pcm)
    for _ in range(4):
        levelled, is_loud = mix.levelled(ceiling)
        track = encode_aac(levelled, coder)
        played = measure(decode_track(track))
        if coder != CODERS[-1] and is_loud - played.integrated > LOST_LU:
            coder = CODERS[-1]
            continue
        over = played.true_peak - PEAK_DBTP
        if over <= 0:
            break
        ceiling -= over + 0.2
    return track


def level(pcm: Pcm, ceiling_dbtp: float = CEILING_DBTP) -> Pcm:
    """The track at -16 LUFS with its true peak held under the ceiling: one gain for the whole, then a limiter.

    The gain is found again once after limiting, since limiting takes loudness. A silent track stays silent.
    """
    return _Mix(pcm).levelled(ceiling_dbtp)[0]


class _Mix:
    """A mix to be levelled, perhaps several times. Its loudness and its peaks are found once: they go with the gain."""

    def __init__(self, pcm: Pcm) -> None:
        self._pcm = pcm
        self._loud = loudness(pcm)
        self._peaks: NDArray[np.float32] | None = None

    def levelled(self, ceiling_dbtp: float) -> tuple[Pcm, float]:
        """See :func:`level`; and the loudness of the result."""
        if self._loud < -69:  # R 128 gates at -70 LUFS: there is nothing to measure
            return self._pcm, self._loud
        gain = TARGET_LUFS - self._loud
        limited = self._limited(gain, ceiling_dbtp)
        found = loudness(limited)
        if TARGET_LUFS - found > 0.3:
            limited = self._limited(gain + min(TARGET_LUFS - found, MAKE_UP_DB), ceiling_dbtp)
            found = loudness(limited)
        return limited, found

    def _limited(self, gain_db: float, ceiling_dbtp: float) -> Pcm:
        gain = 10 ** (gain_db / 20)
        if self._peaks is None:
            most = gain * 10 ** (MAKE_UP_DB / 20)
            self._peaks = _peaks(self._pcm, 10 ** ((CEILING_DBTP - LOWER_DB) / 20) / most)
        return _held(self._pcm * np.float32(gain), self._peaks * np.float32(gain), 10 ** (ceiling_dbtp / 20))


def limit(pcm: Pcm, ceiling_dbtp: float = CEILING_DBTP) -> Pcm:
    """Hold the true peak under a ceiling by turning the gain down around each peak, 5 ms ahead and after."""
    ceiling = 10 ** (ceiling_dbtp / 20)
    return _held(pcm, _peaks(pcm, ceiling), ceiling)


def _held(pcm: Pcm, peaks: NDArray[np.float32], ceiling: float) -> Pcm:
    """The gain curve is the sliding minimum of what every sample needs, then its moving average over the same window:
    it is smooth and nowhere above what is needed. Both channels share it, so the stereo picture stays. Away from peaks
    it is 1, and nothing is worked out there."""
    over = np.flatnonzero(peaks > ceiling)
    if not len(over):
        return pcm
    window = 2 * int(0.005 * RATE) + 1
    held = pcm.copy()
    cuts = np.flatnonzero(np.diff(over) > 4 * window)
    for first, last in zip(over[[0, *(cuts + 1)]], over[[*cuts, -1]], strict=True):
        part = slice(max(0, first - 2 * window), last + 2 * window)
        need = np.minimum(1.0, ceiling / np.maximum(peaks[part], 1e-9)).astype(np.float32)
        low = cv2.erode(need.reshape(1, -1), np.ones((1, window), dtype=np.uint8), borderType=cv2.BORDER_REPLICATE)
        held[part] *= cv2.blur(low, (window, 1), borderType=cv2.BORDER_REPLICATE).reshape(-1, 1)
    return held


def encode_aac(pcm: Pcm, coder: str = CODERS[0]) -> AudioTrack:
    """The track as AAC-LC, 128 kbit/s. Its first 1,024 samples are the encoder's own; an edit list skips them."""
    buffer = io.BytesIO()
    try:
        with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as output:
            stream = output.add_stream("aac", rate=RATE, options={"aac_coder": coder})
            stream.bit_rate = BIT_RATE
            stream.layout = "stereo"
            stream.codec_context.flags |= av.codec.context.Flags.bitexact
            stream.format = "fltp"
            for start in range(0, len(pcm), RATE):  # a second at a time, which FFmpeg cuts to its frames
                part = np.ascontiguousarray(pcm[start : start + RATE].T)
                frame = AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts = RATE, start
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise RenderError("render.media", "The sound could not be encoded.") from error
    return AudioTrack(mp4=buffer.getvalue(), samples=len(pcm), rate=RATE)


def decode_track(track: AudioTrack) -> Pcm:
    """What a player makes of an encoded track."""
    with av.open(io.BytesIO(track.mp4), "r", format="mov") as container:
        frames = [np.asarray(frame.to_ndarray(), np.float32) for frame in container.decode(container.streams.audio[0])]
    return np.ascontiguousarray(np.concatenate(frames, axis=1).T)[: track.samples]


def _looped(clip: Pcm, samples: int) -> Pcm:
    """The clip repeated to at least ``samples``; its end crosses over into its beginning."""
    over = min(int(LOOP_S * RATE), len(clip) // 4)
    if len(clip) >= samples or over == 0:
        repeats = -(-samples // len(clip))
        return np.tile(clip, (repeats, 1))[:samples].copy()
    ramp = np.linspace(0, math.pi / 2, over, dtype=np.float32)[:, None]
    body = len(clip) - over
    whole: Pcm = np.zeros((samples + len(clip), 2), dtype=np.float32)
    for start in range(0, samples, body):
        part = clip.copy()
        if start:
            part[:over] *= np.sin(ramp)
        part[body:] *= np.cos(ramp)
        whole[start : start + len(clip)] += part
    return whole[:samples]


def _fade(clip: Pcm, fade_in: int, fade_out: int) -> None:
    """Fade in place along a raised cosine, which starts and ends without a corner."""
    for length, part, order in ((fade_in, clip[:fade_in], 1), (fade_out, clip[len(clip) - fade_out :], -1)):
        if length:
            curve = (0.5 - 0.5 * np.cos(np.linspace(0, math.pi, length))).astype(np.float32)
            part *= curve[::order, None]


def _peaks(pcm: Pcm, ceiling: float) -> NDArray[np.float32]:
    """True peaks where they may reach the ceiling, and the samples' own elsewhere: a peak between samples that are all
    below half of it does not (6 dB; the worst a player meets is 3)."""
    peaks = _largest(pcm)
    count = -(-len(peaks) // _PEAK_BLOCK)
    padded = np.zeros(count * _PEAK_BLOCK, dtype=np.float32)
    padded[: len(peaks)] = peaks
    near = padded.reshape(count, _PEAK_BLOCK).max(axis=1, initial=0.0) > ceiling / 2
    borders = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    for first, last in borders.reshape(-1, 2) * _PEAK_BLOCK:
        start, end = max(0, first - _PEAK_TAPS), min(len(peaks), last + _PEAK_TAPS)
        found = _oversampled_peak(pcm[start:end])
        peaks[first : min(last, len(peaks))] = found[first - start : min(last, len(peaks)) - start]
    return peaks


def _oversampled_peak(pcm: Pcm) -> NDArray[np.float32]:
    """Per sample the largest of both channels there and just before, at four times the rate (BS.1770-4, annex 2)."""
    channels = np.ascontiguousarray(pcm.T)
    peaks = _largest(pcm)
    place = np.arange(-_PEAK_TAPS, _PEAK_TAPS)
    window = np.kaiser(2 * _PEAK_TAPS, 6.0)
    for phase in (0.25, 0.5, 0.75):
        kernel = np.sinc(place + phase) * window
        kernel = (kernel / kernel.sum()).astype(np.float32)[::-1].reshape(1, -1)
        between = cv2.filter2D(channels, -1, kernel, anchor=(_PEAK_TAPS, 0), borderType=cv2.BORDER_CONSTANT)
        np.maximum(peaks, np.abs(between).max(axis=0), out=peaks)
    return peaks


def _largest(pcm: Pcm) -> NDArray[np.float32]:
    """The larger of both channels' amplitudes, per sample."""
    return np.asarray(np.maximum(np.abs(pcm[:, 0]), np.abs(pcm[:, 1])), dtype=np.float32)


def _frame(part: Pcm, pts: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(part).reshape(1, -1), format="flt", layout="stereo")
    frame.sample_rate, frame.pts = RATE, pts
    return frame


def _samples(frame: AudioFrame) -> Pcm:
    return np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1, 2)
