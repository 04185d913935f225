"""Easings and tracks: what moves, as numbers per frame. No pictures, no text.

Keyframes of a storyboard (seconds, floats) become tracks of a score (frames, integers). Curves are those of Robert
Penner's easing equations; `ease` and its kin and `cubic-bezier()` are CSS Easing Functions Level 1, section 2.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

from renderer.render.video.score import REST, Property, Q, Track, U
from renderer.template.layers import Entrance, Keyframe, Keyframes, LayerBase, bezier_handles

Curve = Callable[[float], float]
POP_SCALE = 0.86
"""Where `pop` starts from."""

_BACK = 1.70158  # overshoots by 10 % (Penner)
_IN: dict[str, Curve] = {
    "sine": lambda t: 1 - math.cos(t * math.pi / 2),
    "quad": lambda t: t * t,
    "cubic": lambda t: t**3,
    "quart": lambda t: t**4,
    "quint": lambda t: t**5,
    "expo": lambda t: (2 ** (10 * (t - 1)) - 2**-10) / (1 - 2**-10),  # shifted so that it starts at exactly 0
    "circ": lambda t: 1 - math.sqrt(1 - t * t),
    "back": lambda t: t * t * ((_BACK + 1) * t - _BACK),
}
_CSS = {
    "ease": (0.25, 0.1, 0.25, 1.0),
    "ease-in": (0.42, 0.0, 1.0, 1.0),
    "ease-out": (0.0, 0.0, 0.58, 1.0),
    "ease-in-out": (0.42, 0.0, 0.58, 1.0),
}


@lru_cache(maxsize=128)
def easing(name: str) -> Curve:
    """The curve of that name: 0 gives 0 and 1 gives 1; `back` and bezier curves may leave that range in between.

    Raises KeyError for a name that the storyboard model would have refused.
    """
    if name == "linear":
        return lambda t: t
    if name == "hold":
        return lambda t: 1.0 if t >= 1 else 0.0
    handles = _CSS.get(name) or bezier_handles(name)
    if handles is not None:
        return _bezier(*handles)
    curve, _, way = name.partition("-")
    inward = _IN[curve]
    if way == "in":
        return inward
    if way == "out":
        return lambda t: 1 - inward(1 - t)
    return lambda t: inward(2 * t) / 2 if t < 0.5 else 1 - inward(2 - 2 * t) / 2


def _bezier(x1: float, y1: float, x2: float, y2: float) -> Curve:
    def axis(one: float, two: float, s: float) -> float:
        return 3 * (1 - s) ** 2 * s * one + 3 * (1 - s) * s * s * two + s**3

    def curve(t: float) -> float:
        if t <= 0 or t >= 1:
            return min(max(t, 0.0), 1.0)
        low, high = 0.0, 1.0
        for _ in range(40):  # x rises with s, so halving finds it; 40 halvings are below any quantum
            middle = (low + high) / 2
            low, high = (middle, high) if axis(x1, x2, middle) < t else (low, middle)
        return axis(y1, y2, (low + high) / 2)

    return curve


def frames_of(seconds: float, fps: Fraction) -> int:
    """Seconds as whole frames, halves up. Exact: 0.1 s means a tenth, not the nearest binary fraction."""
    return math.floor(Fraction(repr(seconds)) * fps + Fraction(1, 2))


def keyframed(keyframes: Sequence[tuple[float, float, str]], second: float) -> float:
    """The value at ``second`` of keyframes (at, value, easing) in order of time; at least one."""
    at, value, _ = keyframes[0]
    if second <= at:
        return value
    for next_at, next_value, name in keyframes[1:]:
        if second < next_at:
            return value + (next_value - value) * easing(name)((second - at) / (next_at - at))
        at, value = next_at, next_value
    return value


def sampled(value: Callable[[int], float], frames: int, unit: int) -> Track:
    """A track of ``value`` over ``frames`` frames, in steps of 1/``unit``, with an entry wherever it changes."""
    entries: list[tuple[int, int]] = []
    for frame in range(frames):
        quantum = math.floor(value(frame) * unit + 0.5)
        if not entries or entries[-1][1] != quantum:
            entries.append((frame, quantum))
    return tuple(entries)


def view_path(
    start: float, stop: float, at: tuple[float, float], to: tuple[float, float], curve: str
) -> Callable[[float], tuple[float, float, float]]:
    """A way through a picture: for a part of its time (0 to 1) the scale and the point (x, y) in the middle.

    The scale changes by a constant ratio, which looks like an even move; the point keeps step with it, so that a zoom
    that also pans runs along straight lines (the fixed point of the move stands still).
    """
    pace = easing(curve)

    def view(time: float) -> tuple[float, float, float]:
        part = pace(time)
        scale = max(1.0, start * (stop / start) ** part)
        along = part if start == stop else (1 / scale - 1 / start) / (1 / stop - 1 / start)
        return scale, at[0] + (to[0] - at[0]) * along, at[1] + (to[1] - at[1]) * along

    return view


def layer_tracks(
    layer: LayerBase, frames: int, fps: Fraction, scale: Fraction, mirrored: bool
) -> dict[Property, Track]:
    """The tracks of a layer that lasts ``frames``. ``scale`` is output pixels per design pixel.

    Keyframes, entrance and exit work together: offsets add, everything else multiplies. What stays at rest is left out.
    """
    return dict(_tracks(layer.keyframes, layer.enter, layer.exit, layer.opacity, frames, fps, scale, mirrored))


@lru_cache(maxsize=4096)  # nothing in it is of a recipient, and films of one template share most of it
def _tracks(
    motion: Keyframes,
    enter: Entrance | None,
    leave: Entrance | None,
    base: float,
    frames: int,
    fps: Fraction,
    scale: Fraction,
    mirrored: bool,
) -> tuple[tuple[Property, Track], ...]:
    pixels, side = float(scale), -1.0 if mirrored else 1.0
    x = [(k.at_s, k.value[0], k.easing) for k in motion.position]
    y = [(k.at_s, k.value[1], k.easing) for k in motion.position]
    opacity, size, turn, shown = (_plain(k) for k in (motion.opacity, motion.scale, motion.rotation, motion.reveal))
    state = _states(enter, leave, frames, fps)

    def combined(name: str, frames_list: Sequence[tuple[float, float, str]], start: float) -> Callable[[int], float]:
        add = name in ("x", "y", "rotation")

        def value(frame: int) -> float:
            own = keyframed(frames_list, float(frame / fps)) if frames_list else start
            for change in state(frame):
                part = change.get(name)
                if part is not None:
                    own = own + part if add else own * part
            return own

        return value

    tracks: dict[Property, Track] = {
        "opacity": sampled(_clamped(combined("opacity", opacity, 1.0), base), frames, U),
        "x": sampled(_times(combined("x", x, 0.0), side * pixels), frames, Q),
        "y": sampled(_times(combined("y", y, 0.0), pixels), frames, Q),
        "scale": sampled(_times(combined("scale", size, 1.0), 1.0), frames, U),
        "rotation": sampled(_times(combined("rotation", turn, 0.0), side / 360), frames, U),
        "reveal": sampled(_clamped(combined("reveal", shown, 1.0), 1.0), frames, U),
    }
    return tuple((name, track) for name, track in tracks.items() if track != ((0, REST[name]),))


def _plain(keyframes: Iterable[Keyframe]) -> list[tuple[float, float, str]]:
    return [(keyframe.at_s, keyframe.value, keyframe.easing) for keyframe in keyframes]


def _times(value: Callable[[int], float], factor: float) -> Callable[[int], float]:
    return lambda frame: value(frame) * factor


def _clamped(value: Callable[[int], float], factor: float) -> Callable[[int], float]:
    return lambda frame: min(max(value(frame), 0.0), 1.0) * factor


def _states(
    enter: Entrance | None, leave: Entrance | None, frames: int, fps: Fraction
) -> Callable[[int], list[dict[str, float]]]:
    """What entrance and exit add at a frame: offsets in design pixels, factors for the rest."""
    parts: list[tuple[Entrance, int, bool]] = []
    for entrance, leaving in ((enter, False), (leave, True)):
        if entrance is not None:
            parts.append((entrance, max(1, min(frames_of(entrance.duration_s, fps), frames)), leaving))

    def state(frame: int) -> list[dict[str, float]]:
        changes = []
        for entrance, length, leaving in parts:
            passed = (frames - frame if leaving else frame) / length
            changes.append(_entrance(entrance, easing(entrance.easing)(min(1.0, passed)), leaving))
        return changes

    return state


def _entrance(entrance: Entrance, there: float, leaving: bool) -> dict[str, float]:
    """The change for an entrance that is ``there`` (0 away, 1 in place; may overshoot)."""
    away = 1 - there
    opacity = min(max(there, 0.0), 1.0)
    match entrance.motion:
        case "rise":
            return {"opacity": opacity, "y": away * entrance.distance_px * (-1 if leaving else 1)}
        case "fall":
            return {"opacity": opacity, "y": away * entrance.distance_px * (1 if leaving else -1)}
        case "slide":
            return {"opacity": opacity, "x": away * entrance.distance_px * (1 if leaving else -1)}
        case "pop":
            return {"opacity": opacity, "scale": POP_SCALE + (1 - POP_SCALE) * there}
        case "wipe":
            return {"reveal": opacity}
        case _:
            return {"opacity": opacity}
