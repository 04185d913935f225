"""The parameter sets (avcC records: SPS and PPS) of the sizes and rates that films are made in.

Chunks join by copying bytes only if all of them have the same parameter sets, on every machine and in every year. So
those of the usual films are written down here. They were made with the options of :class:`.encode.EncodeProfile` at
preset ``veryfast``, and are the same at every CRF. A machine whose encoder makes others is told so before it encodes.
"""

from __future__ import annotations

from collections.abc import Mapping

PRESET = "veryfast"

_PPS, _CHROMA = "68ef3cb0", "fdf8f800"
"""The picture parameter set, and what an avcC record says of 4:2:0 with eight bits; the same for all."""


def _record(sps: str) -> str:
    """The avcC record (ISO/IEC 14496-15, 5.3.3.1) with a sequence parameter set."""
    return f"01{sps[2:8]}ffe1{len(sps) // 2:04x}{sps}01{len(_PPS) // 2:04x}{_PPS}{_CHROMA}"


GOLDEN: Mapping[tuple[int, int, int], str] = {
    (1280, 720, 25): _record("6764001facb402802dd80b50101014000003000400000300ca3c60ca80"),
    (1280, 720, 30): _record("6764001facb402802dd80b50101014000003000400000300f23c60ca80"),
    (
        1920,
        1080,
        25,
    ): "01640028ffe1001e67640028acb403c0113f2e02d4040405000003000100000300328f1832a001000468ef3cb0fdf8f800",
    (
        1920,
        1080,
        30,
    ): "01640028ffe1001e67640028acb403c0113f2e02d40404050000030001000003003c8f1832a001000468ef3cb0fdf8f800",
    (720, 1280, 25): _record("6764001facb405a050d80b50101014000003000400000300ca3c60ca80"),
    (720, 1280, 30): _record("6764001facb405a050d80b50101014000003000400000300f23c60ca80"),
    (
        1080,
        1920,
        25,
    ): "01640028ffe1001e67640028acb402201e3cbe02d4040405000003000100000300328f1832a001000468ef3cb0fdf8f800",
    (
        1080,
        1920,
        30,
    ): "01640028ffe1001e67640028acb402201e3cbe02d40404050000030001000003003c8f1832a001000468ef3cb0fdf8f800",
    (720, 720, 25): _record("6764001facb405a0b7602d4040405000000300100000030328f1832a"),
    (720, 720, 30): _record("6764001facb405a0b7602d40404050000003001000000303c8f1832a"),
    (
        1080,
        1080,
        25,
    ): "01640020ffe1001e67640020acb40220113cb2e02d4040405000000300100000030328f1832a01000468ef3cb0fdf8f800",
    (
        1080,
        1080,
        30,
    ): "01640020ffe1001e67640020acb40220113cb2e02d40404050000003001000000303c8f1832a01000468ef3cb0fdf8f800",
    (720, 900, 25): _record("6764001facb405a0e7f3e02d4040405000000300100000030328f1832a"),
    (720, 900, 30): _record("6764001facb405a0e7f3e02d40404050000003001000000303c8f1832a"),
    (
        1080,
        1350,
        25,
    ): "01640028ffe1001e67640028acb40220157cb3602d4040405000000300100000030328f1832a01000468ef3cb0fdf8f800",
    (
        1080,
        1350,
        30,
    ): "01640028ffe1001e67640028acb40220157cb3602d40404050000003001000000303c8f1832a01000468ef3cb0fdf8f800",
}
"""By width, height and frames a second; in hex."""
