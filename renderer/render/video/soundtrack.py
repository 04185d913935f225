"""A score's music, sounds and voice → its audio track, kept for the next film that sounds the same.

Without a voice, a film's track depends on its music, its sounds with their places, and its length: nothing personal.
So it is encoded once for all films that agree in these, and kept in the cache under their digest. So is a track whose
voice says nothing personal. One that says a name is that person's: it is made for one film and never kept.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av

from renderer.assets.door import AssetDoor
from renderer.render.video.audio import BIT_RATE, MIXER, RATE, TARGET_LUFS, Pcm, Placed, decode_clip, master, mix
from renderer.render.video.cache import write_once
from renderer.render.video.mux import AudioTrack
from renderer.render.video.score import Score, U, score_plain
from renderer.render.video.speech import Voice
from renderer.render.video.voicing import ducking, voice_clips
from renderer.units import canonical_json, digest

_CHECK = 32


def soundtrack(score: Score, assets: AssetDoor, cache: Path, voice: Voice | None = None) -> AudioTrack | None:
    """The film's audio track, exactly as long as its picture; None for a film that makes no sound. ``voice`` is the one
    that the score was made with.

    Raises what :mod:`.audio` raises for media that do not decode, and EnvironmentFault when the cache refuses.
    """
    if score.music is None and not score.sounds and not score.voice:
        return None
    samples = round(Fraction(score.frames * score.fps_den, score.fps_num) * RATE)
    if any(cue.sensitivity != "public" for cue in score.voice):
        return replace(master(mixed(score, assets, samples, voice)), shared=False)
    key = digest(
        canonical_json(
            {
                "mixer": MIXER,
                "avcodec": list(av.library_versions["libavcodec"]),
                "bit_rate": BIT_RATE,
                "target": str(TARGET_LUFS),
                "samples": samples,
                "fps": [score.fps_num, score.fps_den],
                "music": score_plain(score.music),
                "sounds": score_plain(score.sounds),
                "voice": score_plain(score.voice),
                "duck": score.duck_u,
            }
        )
    )
    path = cache / "soundtrack" / key[:2] / f"{key}.m4a"
    mp4 = _read(path)
    if mp4 is None:
        mp4 = master(mixed(score, assets, samples, voice)).mp4
        data = hashlib.blake2b(mp4, digest_size=_CHECK).digest() + mp4

        def fill(file: BinaryIO) -> None:
            file.write(data)

        write_once(path, fill)
    return AudioTrack(mp4=mp4, samples=samples, rate=RATE, shared=True)


def mixed(score: Score, assets: AssetDoor, samples: int, voice: Voice | None) -> Pcm:
    """Music and sounds, giving way to the voice; not levelled yet."""
    whole = mix(placed(score, assets), samples)
    if score.voice:
        whole *= ducking(score.voice, samples, score.duck_u / U)[:, None]
        whole += mix(voice_clips(score, assets, voice), samples)
    return whole


def placed(score: Score, assets: AssetDoor) -> list[Placed]:
    """The score's music and sounds on the timeline, in samples."""

    def at(frame: int) -> int:
        return round(Fraction(frame * score.fps_den, score.fps_num) * RATE)

    clips = []
    if score.music is not None:
        clips.append(
            Placed(
                pcm=decode_clip(assets.get(score.music.media)),
                gain_db=score.music.gain_u / U,
                fade_in=at(score.music.fade_in),
                fade_out=at(score.music.fade_out),
                fill=True,
            )
        )
    for sound in score.sounds:
        clips.append(Placed(pcm=decode_clip(assets.get(sound.media)), start=at(sound.first), gain_db=sound.gain_u / U))
    return clips


def _read(path: Path) -> bytes | None:
    """The track at ``path``; None if there is none or it is torn, which is then made anew."""
    with contextlib.suppress(FileNotFoundError):
        data = path.read_bytes()
        if hashlib.blake2b(data[_CHECK:], digest_size=_CHECK).digest() == data[:_CHECK]:
            return data[_CHECK:]
        path.unlink(missing_ok=True)
    return None
