"""Pictures that say "as before": H.264 frames of a few bytes, written without an encoder.

In: the samples x264 made for the frames that differ, and how often each is repeated. Out: the samples of all frames,
at a constant rate. A repeated frame is a P picture whose macroblocks are all skipped: motion zero, no residue, no
deblocking, so every decoder shows exactly the picture before. Each is a reference picture and replaces the one before
(there is one reference frame), so what x264 predicted from stays right; only ``frame_num`` of later pictures moves on.

Section and table numbers are of ITU-T H.264 (08/2021).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from renderer.errors import RenderError

# Table 9-44, rangeTabLPS, rows 44 to 62: coding starts in state 44 and only ever rises (9.3.1.1, 9.3.3.2.1.1).
_FIRST_STATE = 44
_RANGE_LPS = (
    (14, 18, 21, 24),
    (14, 17, 20, 23),
    (13, 16, 19, 22),
    (12, 15, 18, 21),
    (12, 14, 17, 20),
    (11, 14, 16, 19),
    (11, 13, 15, 18),
    (10, 12, 15, 17),
    (10, 12, 14, 16),
    (9, 11, 13, 15),
    (9, 11, 12, 14),
    (8, 10, 12, 14),
    (8, 9, 11, 13),
    (7, 9, 11, 12),
    (7, 9, 10, 12),
    (7, 8, 10, 11),
    (6, 8, 9, 11),
    (6, 7, 9, 10),
    (6, 7, 8, 9),
)
# Table 9-13, mb_skip_flag of P slices, cabac_init_idc 2: m = 29, n = 16; at QP 51 this is state 44, likely skipped.
_CABAC_INIT_IDC, _SLICE_QP = 2, 51


class SkipWriter:
    """Puts repeated pictures between the samples of one chunk.

    ``extradata`` is the chunk's avcC record. Raises RenderError ``render.media`` if its parameter sets are not the kind
    that :mod:`.encode` asks for.
    """

    def __init__(self, extradata: bytes, width: int, height: int) -> None:
        sps_size = int.from_bytes(extradata[6:8], "big")
        pps_start = 8 + sps_size + 3
        pps_size = int.from_bytes(extradata[pps_start - 2 : pps_start], "big")
        self._sps = _Sps(extradata[8 : 8 + sps_size])
        self._pps = _Pps(extradata[pps_start : pps_start + pps_size])
        self._macroblocks = -(-width // 16) * -(-height // 16)

    def interleave(self, samples: Sequence[bytes], repeats: Sequence[int]) -> list[bytes]:
        """All samples in order: sample i, then ``repeats[i]`` pictures that repeat it."""
        if not any(repeats):
            return list(samples)
        whole, shift = [], 0
        modulus = 1 << self._sps.frame_num_bits
        for number, (sample, count) in enumerate(zip(samples, repeats, strict=True)):
            whole.append(self._renumbered(sample, (number + shift) % modulus) if shift else sample)
            for _ in range(count):
                shift += 1
                whole.append(self._skip_picture((number + shift) % modulus))
        return whole

    def _renumbered(self, sample: bytes, frame_num: int) -> bytes:
        """The sample with another ``frame_num`` in each slice header (7.3.3)."""
        units, position = [], 0
        while position < len(sample):
            end = position + 4 + int.from_bytes(sample[position : position + 4], "big")
            unit = sample[position + 4 : end]
            if unit[0] & 31 != 1 or unit[0] >> 5 == 0:  # a slice of a reference picture
                raise RenderError("render.media", "The video encoder made an unexpected unit.")
            payload = unit.replace(b"\x00\x00\x03", b"\x00\x00")
            reader = _Bits(payload, 8)
            reader.ue(), reader.ue(), reader.ue()
            # Only the bytes around the field are touched; the rest of the slice stays where it is.
            first, last = reader.position // 8, (reader.position + self._sps.frame_num_bits - 1) // 8
            below = (last + 1) * 8 - reader.position - self._sps.frame_num_bits
            mask = ((1 << self._sps.frame_num_bits) - 1) << below
            window = int.from_bytes(payload[first : last + 1], "big") & ~mask | frame_num << below
            changed = payload[:first] + window.to_bytes(last + 1 - first, "big") + payload[last + 1 :]
            units.append(_unit(changed))
            position = end
        return b"".join(units)

    def _skip_picture(self, frame_num: int) -> bytes:
        """One P picture of skipped macroblocks (7.3.3 for the header, 7.3.4 for the data)."""
        header = _Writer()
        header.ue(0)  # first_mb_in_slice
        header.ue(5)  # slice_type: P, and so are all slices of the picture
        header.ue(0)  # pic_parameter_set_id
        header.bits(frame_num, self._sps.frame_num_bits)
        if self._pps.references > 1:
            header.bits(1, 1)  # num_ref_idx_active_override_flag
            header.ue(0)
        else:
            header.bits(0, 1)
        header.bits(0, 1)  # ref_pic_list_modification_flag_l0
        if self._pps.weighted:  # pred_weight_table: neither luma nor chroma is weighted
            header.ue(0)
            header.ue(0)
            header.bits(0, 2)
        header.bits(0, 1)  # adaptive_ref_pic_marking_mode_flag
        header.ue(_CABAC_INIT_IDC)
        header.se(_SLICE_QP - self._pps.initial_qp)  # slice_qp_delta
        if self._pps.deblocking_control:
            header.ue(1)  # disable_deblocking_filter_idc
        header.align(1)
        return _unit(b"\x41" + header.data() + _skipped_macroblocks(self._macroblocks))


class _Sps:
    """What a slice header depends on (7.3.2.1.1)."""

    def __init__(self, unit: bytes) -> None:
        reader = _Bits(unit.replace(b"\x00\x00\x03", b"\x00\x00"), 8)
        profile = reader.bits(8)
        reader.bits(16)
        reader.ue()
        if profile in (100, 110, 122, 244, 44):
            chroma = reader.ue()
            reader.ue(), reader.ue()
            reader.bits(1)
            scaling = reader.bits(1)
        else:
            chroma, scaling = 1, 0
        self.frame_num_bits = reader.ue() + 4
        order_type = reader.ue()
        references = reader.ue()
        reader.bits(1)
        reader.ue(), reader.ue()
        frames_only = reader.bits(1)
        if chroma != 1 or scaling or order_type != 2 or references != 1 or not frames_only:
            raise RenderError("render.media", "The video encoder made parameter sets of an unexpected kind.")


class _Pps:
    """What a slice header depends on (7.3.2.2)."""

    def __init__(self, unit: bytes) -> None:
        reader = _Bits(unit.replace(b"\x00\x00\x03", b"\x00\x00"), 8)
        reader.ue(), reader.ue()
        cabac = reader.bits(1)
        reader.bits(1)
        groups = reader.ue()
        self.references = reader.ue() + 1
        reader.ue()
        self.weighted = reader.bits(1)
        reader.bits(2)
        self.initial_qp = 26 + reader.se()
        reader.se(), reader.se()
        self.deblocking_control = reader.bits(1)
        reader.bits(1)
        redundant = reader.bits(1)
        if not cabac or groups or redundant:
            raise RenderError("render.media", "The video encoder made parameter sets of an unexpected kind.")


@lru_cache(maxsize=8)
def _skipped_macroblocks(count: int) -> bytes:
    """Slice data that skips ``count`` macroblocks: for each, mb_skip_flag = 1 and end_of_slice_flag (CABAC, 9.3.4)."""
    out = _Writer()
    low, span, outstanding, first = 0, 510, 0, True
    state = _FIRST_STATE

    def put(bit: int) -> None:
        nonlocal outstanding, first
        if first:
            first = False
        else:
            out.bits(bit, 1)
        while outstanding:
            out.bits(1 - bit, 1)
            outstanding -= 1

    def renormalise() -> None:
        nonlocal low, span, outstanding
        while span < 256:
            if low < 256:
                put(0)
            elif low >= 512:
                low -= 512
                put(1)
            else:
                low -= 256
                outstanding += 1
            low, span = low << 1, span << 1

    for number in range(count):
        span -= _RANGE_LPS[state - _FIRST_STATE][span >> 6 & 3]  # the likely symbol: skipped
        state = min(state + 1, 62)
        renormalise()
        span -= 2  # end_of_slice_flag: terminate bin
        if number < count - 1:
            renormalise()
    low += span  # EncodeFlush, 9.3.4.5
    span = 2
    renormalise()
    put(low >> 9 & 1)
    out.bits(low >> 7 & 3 | 1, 2)  # its last bit is rbsp_stop_one_bit
    out.align(0)
    return out.data()


def _unit(payload: bytes) -> bytes:
    """A length-prefixed NAL unit with emulation prevention (7.4.1)."""
    escaped = re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)
    return len(escaped).to_bytes(4, "big") + escaped


class _Bits:
    """Reads bits, from the highest on."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self.position >> 3] >> (7 - (self.position & 7)) & 1
            self.position += 1
        return value

    def ue(self) -> int:
        """Exp-Golomb, unsigned (9.1)."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Exp-Golomb, signed (9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


class _Writer:
    """Writes bits, from the highest on."""

    def __init__(self) -> None:
        self._bits: list[str] = []

    def bits(self, value: int, count: int) -> None:
        self._bits.append(format(value, f"0{count}b"))

    def ue(self, value: int) -> None:
        code = format(value + 1, "b")
        self._bits.append("0" * (len(code) - 1) + code)

    def se(self, value: int) -> None:
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self, bit: int) -> None:
        self._bits = ["".join(self._bits)]
        self._bits.append(str(bit) * (-len(self._bits[0]) % 8))

    def data(self) -> bytes:
        whole = "".join(self._bits)
        return int(whole, 2).to_bytes(len(whole) // 8, "big")
