"""Encoded chunks as bytes that say what they are, and back. What is torn or another chunk is not taken for one."""

from __future__ import annotations

import hashlib
import struct

from renderer.render.video.encode import EncodedChunk, EncodeProfile, golden_extradata

_MAGIC = b"DEARLYC1"
_HEAD = struct.Struct("<8s32sHII")
_CHECK = 16


class BadChunk(Exception):
    """What was kept is no chunk that may be used; the message says why."""


def pack(chunk: EncodedChunk, key: str) -> bytes:
    """A chunk as bytes that say what they are: head (magic, key, length of the avcC record, frames, repeated frames),
    avcC record, the samples' sizes (32 bits each), samples, BLAKE2b-128 of all that. Little endian."""
    head = _HEAD.pack(_MAGIC, bytes.fromhex(key), len(chunk.extradata), chunk.frames, chunk.repeated)
    sizes = struct.pack(f"<{chunk.frames}I", *chunk.sizes)
    body = b"".join((head, chunk.extradata, sizes, chunk.samples))
    return body + _checksum(body)


def unpack(data: bytes, key: str, profile: EncodeProfile, frames_digest: str = "") -> EncodedChunk:
    """The chunk of that key. Raises BadChunk if it is torn or damaged, of another key, or of other parameter sets."""
    body, check = data[:-_CHECK], data[-_CHECK:]
    if len(body) < _HEAD.size or _checksum(body) != check:
        raise BadChunk("its checksum is wrong")
    magic, name, header, frames, repeated = _HEAD.unpack_from(body)
    if magic != _MAGIC:
        raise BadChunk("it has another form")
    if name.hex() != key:
        raise BadChunk("it is another chunk")
    extradata = body[_HEAD.size : _HEAD.size + header]
    if extradata != golden_extradata(profile):
        raise BadChunk("its parameter sets are not the profile's")
    at = _HEAD.size + header + 4 * frames
    sizes = struct.unpack(f"<{frames}I", body[at - 4 * frames : at])
    if not frames or sum(sizes) != len(body) - at:
        raise BadChunk("its samples are not complete")
    return EncodedChunk(
        extradata=extradata,
        samples=body[at:],
        sizes=sizes,
        keyframes=(0,),
        repeated=repeated,
        frames_digest=frames_digest,
    )


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK, person=b"dearly chunk").digest()
