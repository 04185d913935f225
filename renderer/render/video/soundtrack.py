"""A score's music and sounds → its audio track, kept for the next film that sounds the same.

The track of a film depends on its music, its sounds with their places, and its length: nothing personal. So it is
encoded once for all films that agree in these, and kept in the cache under their digest.
"""

from __future__ import annotations

import contextlib
import hashlib
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av

from renderer.assets.door import AssetDoor
from renderer.render.video.audio import BIT_RATE, MIXER, RATE, TARGET_LUFS, Placed, decode_clip, master, mix
from renderer.render.video.cache import write_once
from renderer.render.video.mux import AudioTrack
from renderer.render.video.score import Score, U, score_plain
from renderer.units import canonical_json, digest

_CHECK = 32


def soundtrack(score: Score, assets: AssetDoor, cache: Path) -> AudioTrack | None:
    """The film's audio track, exactly as long as its picture; None for a film without music and sounds.

    Raises what :mod:`.audio` raises for media that do not decode, and EnvironmentFault when the cache refuses.
    """
    if score.music is None and not score.sounds:
        return None
    samples = round(Fraction(score.frames * score.fps_den, score.fps_num) * RATE)
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
            }
        )
    )
    path = cache / "soundtrack" / key[:2] / f"{key}.m4a"
    mp4 = _read(path)
    if mp4 is None:
        mp4 = master(mix(placed(score, assets), samples)).mp4
        data = hashlib.blake2b(mp4, digest_size=_CHECK).digest() + mp4

        def fill(file: BinaryIO) -> None:
            file.write(data)

        write_once(path, fill)
    # Music and sounds are the template's; a voice that says a name would make the track that person's.
    return AudioTrack(mp4=mp4, samples=samples, rate=RATE, shared=True)


def placed(score: Score, assets: AssetDoor) -> list[Placed]:
    """The score's clips on the timeline, in samples."""

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
