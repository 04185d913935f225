"""The synthetic film of the benchmarks: footage behind a panel with two texts that move in."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image

from renderer.render.video.encode import EncodeProfile, configure

WIDTH, HEIGHT, FPS = 1280, 720, 25
PANEL = (90, 430, 880, 200)
TEXTS = (("Your bill for October is ready", 44, 120, 460), ("€ 84.20, due on 12 November", 60, 120, 530))
PROFILE = EncodeProfile(width=WIDTH, height=HEIGHT, fps=Fraction(FPS))


def board_files(frames: int, footage: bytes, personal: tuple[float, float] | None = None) -> dict[str, bytes]:
    """The template's files. In ``personal`` (seconds) the second text says the recipient's name, else nobody's."""
    left, top, wide, high = PANEL
    layers: list[dict[str, Any]] = [
        {
            "id": "panel",
            "kind": "shape",
            "shape": "rect",
            "fill": "ink",
            "opacity": 0.8,
            "box": {"x": left, "y": top, "width": wide, "height": high},
        }
    ]
    for index, (_, size, x, y) in enumerate(TEXTS):
        shown: dict[str, Any] = {"copy": f"text-{index}", "in_s": 0.2 * index}
        if personal is not None and index == 1:
            shown = {"copy": "personal", "in_s": personal[0], "out_s": personal[1]}
        layers.append(
            {
                "id": f"text-{index}",
                "kind": "text",
                "style": f"style-{index}",
                "box": {"x": x, "y": y, "width": 1100, "height": size * 1.4},
                "enter": {"motion": "rise", "duration_s": 0.5},
                **shown,
            }
        )
    scene = {
        "id": "only",
        "title": "text-0",
        "duration_s": frames / FPS,
        "backdrop": {"kind": "footage", "media": "media/clip.mp4", "treatment": {"when_short": "loop"}},
        "layers": layers,
    }
    styles = {
        f"style-{n}": {"weight": 700, "size_px": size, "colour": "paper"} for n, (_, size, _, _) in enumerate(TEXTS)
    }
    fields = {
        "id": {"type": "string", "x-role": "recipient", "x-sensitivity": "personal"},
        "name": {"type": "string", "default": "", "x-sensitivity": "personal"},
    }
    files: dict[str, Any] = {
        "template.yaml": {
            "id": "bench",
            "title": "Bench",
            "locales": ["en"],
            "fonts": [{"family": "IBM Plex Sans", "weights": [400, 700]}],
            "brand": {"name": "Bench", "colours": {"ink": {"light": "#10262E"}, "paper": {"light": "#FBF8F2"}}},
            "channels": {"video": {"fps": FPS, "formats": {"16:9": {"width": WIDTH, "height": HEIGHT}}}},
        },
        "contract.json": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id"],
            "properties": fields,
        },
        "facts.yaml": {"name": {"value": "name", "as": "text"}},
        "decisions.yaml": {"scenes": [{"id": "only"}]},
        "video/storyboard.yaml": {"styles": styles, "scenes": [scene]},
    }
    data = {path: json.dumps(value).encode() for path, value in files.items()}
    texts = [f"text-{n} = {text}" for n, (text, *_) in enumerate(TEXTS)]
    data["copy/en.ftl"] = "\n".join([*texts, "personal = For { $name }, by name"]).encode() + b"\n"
    data["media/clip.mp4"] = footage
    return data


def make_footage(frames: int) -> bytes:
    """Moving clouds of colour with some grain: neither a still, which costs x264 nothing, nor noise."""
    rng = np.random.default_rng(7)
    seeds = Image.fromarray(rng.integers(0, 256, (14, 40, 3), dtype=np.uint8))
    clouds = seeds.resize((3200, 900), Image.Resampling.BICUBIC)
    wide = np.asarray(clouds).astype(np.int16) // 2 + 60
    wide += rng.integers(-4, 5, wide.shape, dtype=np.int16)
    pixels = np.clip(wide, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=FPS)
        configure(stream.codec_context, PROFILE)
        for number in range(frames):
            x = number * 3 % (3200 - WIDTH)
            part = np.ascontiguousarray(pixels[number % 90 : number % 90 + HEIGHT, x : x + WIDTH])
            picture = av.VideoFrame.from_ndarray(part, format="rgb24")
            output.mux(stream.encode(picture.reformat(format="yuv420p", dst_colorspace=1)))
        output.mux(stream.encode(None))
    return buffer.getvalue()
