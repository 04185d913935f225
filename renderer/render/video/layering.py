"""What resolving a layer takes: what the plan says, where it is, how it fits, how it moves.

In: a storyboard scene, the plan, the stage, the ports. Out: pieces of score layers, and what was done to make texts
fit. :mod:`.layer_kinds` puts them together. Raises RenderError with the scene and layer, never with a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from renderer.errors import Place, RenderError
from renderer.labels import highest
from renderer.plan.model import Fact, Link, Message, RenderPlan
from renderer.render.video.fit import Fitted, Room, fit
from renderer.render.video.geometry import Align, Stage, moved
from renderer.render.video.motion import easing, frames_of, layer_tracks, sampled
from renderer.render.video.score import (
    Content,
    FitRecord,
    Property,
    Q,
    Rect,
    ScoreLayer,
    TextContent,
    TextLook,
    Track,
    U,
    blank,
    value_at,
)
from renderer.render.video.text import Measure
from renderer.template.layers import Fit as FitRule
from renderer.template.layers import LayerBase, TextStyle
from renderer.template.storyboard import Scene


@dataclass(frozen=True, kw_only=True)
class FilmLook:
    """What the storyboard's tokens mean. ``colours`` #rrggbb(aa) by token; ``faces`` (family, weight) pairs."""

    styles: Mapping[str, TextStyle]
    colours: Mapping[str, str]
    families: tuple[str, ...]
    faces: frozenset[tuple[str, int]]

    def colour(self, token: str, opacity: float = 1) -> str:
        """A token as #rrggbbaa. Raises RenderError for an unknown one."""
        if token not in self.colours:
            raise RenderError(
                "render.layout",
                f"There is no colour token '{token}'.",
                hint="Colour tokens stand in template.yaml under brand.colours.",
            )
        value = self.colours[token].lower()
        alpha = int(value[7:9], 16) if len(value) == 9 else 255
        return f"{value[:7]}{int(alpha * opacity + 0.5):02x}"


@dataclass(frozen=True, kw_only=True)
class SceneWork:
    """All that resolving the layers of one scene needs. ``drawn`` gathers the rectangles of texts by layer id, ``fits``
    the fit records."""

    scene: Scene
    plan: RenderPlan
    stage: Stage
    fps: Fraction
    look: FilmLook
    measure: Measure
    media: Callable[[str], str]
    drawn: dict[str, Rect] = field(default_factory=dict)
    fits: list[FitRecord] = field(default_factory=list)

    def fail(self, code: str, layer: LayerBase, message: str, hint: str | None = None) -> RenderError:
        """An error that names the scene and the layer."""
        return RenderError(
            code,
            f"Layer '{layer.id}'{self.stage.where}: {message}",
            hint=hint,
            place=Place(scene=self.scene.id, channel="video"),
        )

    def fact(self, layer: LayerBase, fact_id: str) -> Fact:
        """A fact of the plan, which must be there."""
        if fact_id not in self.plan.facts:
            raise self.fail(
                "render.layout",
                layer,
                f"this plan has no fact '{fact_id}'.",
                "Show the layer only with a block or scene whose rule needs that fact (shown_with).",
            )
        return self.plan.facts[fact_id]

    def message(self, layer: LayerBase, key: str) -> Message:
        """A sentence of the plan, which must be there."""
        if key not in self.plan.copy:
            raise self.fail(
                "render.layout",
                layer,
                f"this plan has no copy '{key}'.",
                "The copy, or a fact in it, is missing for this profile; see shown_with.",
            )
        return self.plan.copy[key]

    def text_look(self, layer: LayerBase, style_id: str, align: Align) -> TextLook:
        """The look of a style."""
        style = self.look.styles.get(style_id)
        if style is None:
            raise self.fail("render.layout", layer, f"there is no text style '{style_id}'.")
        first = style.family or self.look.families[0]
        if (first, style.weight) not in self.look.faces:
            raise self.fail(
                "render.face",
                layer,
                f"the style '{style_id}' asks for '{first}' {style.weight}.",
                "List that weight under fonts in template.yaml.",
            )
        families = (first, *(family for family in self.look.families if family != first))
        return TextLook(
            families=families,
            weight=style.weight,
            size_q=self.stage.length(style.size_px),
            line_height_q=self.stage.length(style.size_px * style.line_height),
            letter_spacing_q=self.stage.length(style.size_px * style.letter_spacing_em),
            colour=self.look.colour(style.colour),
            tabular=style.tabular,
            align=align,
            direction=self.plan.direction,
            language=self.plan.locale,
        )

    def fitted(
        self, layer: LayerBase, candidates: list[tuple[str, ...]], look: TextLook, room: Room, part: str = ""
    ) -> Fitted:
        """A text that fits; recorded. ``part`` names a piece of a chart."""
        try:
            found = fit(self.measure, candidates, look, room)
        except RenderError as error:
            raise self.fail(error.code, layer, error.message, error.hint) from error
        if found is None:
            raise self.fail(
                "render.overflow",
                layer,
                "its text does not fit its box.",
                "Allow more lines, a smaller size, a shorter variant or an ellipsis, or enlarge the box.",
            )
        self.fits.append(
            FitRecord(
                scene=self.scene.id,
                layer=layer.id + part,
                variant=found.variant,
                size_q=found.look.size_q,
                full_size_q=look.size_q,
                lines=found.lines,
                broken=found.wrap == "anywhere" and not found.ellipsis,
                ellipsized=found.ellipsis,
            )
        )
        return found


def box_rect(work: SceneWork, layer: LayerBase) -> Rect:
    """Where the layer's box is, below another layer's text if it says so."""
    rect = work.stage.rect(layer.box, layer.mirror)
    if layer.below is None:
        return rect
    if layer.below not in work.drawn:
        raise work.fail("render.layout", layer, f"'{layer.below}' is no earlier text layer of this scene.")
    return moved(rect, 0, work.drawn[layer.below][3])


def placed(
    work: SceneWork,
    layer: LayerBase,
    rect: Rect,
    content: Content,
    sources: Iterable[Fact | Message | Link],
    *,
    part: str = "",
    tracks: Mapping[Property, Track] | None = None,
) -> ScoreLayer:
    """A score layer of ``layer`` with its motion. Its own ``tracks`` replace the storyboard's; opacities multiply and
    offsets add."""
    first, frames = layer_span(work, layer)
    named = tuple(sources)
    mirrored = work.stage.mirrored(layer.mirror)
    motion: dict[Property, Track] = layer_tracks(layer, frames, work.fps, work.stage.scale, mirrored)
    own: dict[Property, Track] = dict(tracks or {})
    if "opacity" in own and "opacity" in motion:
        both = own["opacity"], motion["opacity"]
        own["opacity"] = sampled(lambda at: value_at(both[0], at, U) * value_at(both[1], at, U) / U, frames, 1)
    for axis in ("x", "y"):
        if axis in own and axis in motion:
            way = own[axis], motion[axis]
            own[axis] = sampled(lambda at, way=way: value_at(way[0], at, 0) + value_at(way[1], at, 0), frames, 1)  # type: ignore[misc]
    return ScoreLayer(
        id=layer.id + part,
        first=first,
        frames=frames,
        rect_q=rect,
        anchor_q=work.stage.anchor(layer.anchor, rect, layer.mirror),
        reveal_from=work.stage.side(layer.reveal_from, layer.mirror),
        content=content,
        tracks={**motion, **own},
        facts=tuple(dict.fromkeys(fact for one in named for fact in _facts_of(one))),
        messages=tuple(one.id for one in named if isinstance(one, Message)),
        links=tuple(one.id for one in named if isinstance(one, Link)),
        sensitivity=highest(tuple(one.sensitivity for one in named)),
    )


def _facts_of(source: Fact | Message | Link) -> tuple[str, ...]:
    if isinstance(source, Link):
        return ()
    return (source.id,) if isinstance(source, Fact) else tuple(source.facts)


def growth(work: SceneWork, layer: LayerBase, start_s: float, duration_s: float, curve: str) -> Track:
    """How far something has grown at each frame of its layer, 0 to 65536: from ``start_s`` on, over ``duration_s``."""
    _, frames = layer_span(work, layer)
    start, length = frames_of(start_s, work.fps), max(1, frames_of(duration_s, work.fps))
    pace = easing(curve)
    return sampled(lambda frame: min(max(pace(min(max((frame - start) / length, 0.0), 1.0)), 0.0), 1.0), frames, U)


def grown_part(whole: Track, first: float, length: float, frames: int) -> Track:
    """The growth of one piece of something that grows piece by piece: it begins at ``first`` (0 to 1) of the whole's
    growth and takes ``length`` of it."""

    def part(frame: int) -> float:
        at = value_at(whole, frame, U) / U
        return float(at > first) if length <= 0 else min(max((at - first) / length, 0.0), 1.0)

    return sampled(part, frames, U)


def counted(track: Track, count: int, frames: int) -> Track:
    """Which of ``count`` steps shows while something grows."""
    return sampled(
        lambda frame: float(min(max(round(value_at(track, frame, U) / U * (count - 1)), 0), count - 1)), frames, 1
    )


def layer_span(work: SceneWork, layer: LayerBase) -> tuple[int, int]:
    """A layer's first frame within the scene, and how many it has; at least one."""
    total = frames_of(work.scene.duration_s, work.fps)
    first = min(frames_of(layer.in_s, work.fps), total - 1)
    end = total if layer.out_s is None else min(frames_of(layer.out_s, work.fps), total)
    return first, max(1, end - first)


def room_of(work: SceneWork, rect: Rect, rule: FitRule) -> Room:
    """The room a box and its rule give."""
    smallest = 0 if rule.min_size_px is None else work.stage.length(rule.min_size_px)
    return Room(rect[2] - rect[0], rect[3] - rect[1], rule.max_lines, smallest, rule.ellipsis)


def inside(work: SceneWork, layer: LayerBase, rect: Rect) -> None:
    """A text at rest must lie inside the frame, or it would be cut in silence."""
    left, top, right, bottom = rect
    slack = Q // 2
    if left < -slack or top < -slack or right > work.stage.width * Q + slack or bottom > work.stage.height * Q + slack:
        raise work.fail(
            "render.overflow",
            layer,
            "its text reaches out of the frame.",
            "Move or shrink its box, or the one it stands below.",
        )


def text_content(found: Fitted, column: Rect, top: int) -> tuple[Rect, TextContent]:
    """Fitted text in a column: the rectangle of its drawn lines, from ``top`` on, and the content."""
    room, wraps_at = column[2] - column[0], found.column_q
    width = min(found.width_q, wraps_at)
    part = {"left": 0, "centre": 1, "right": 2}[found.look.align]
    start = column[0] + (room - wraps_at) * part // 2
    inset = (wraps_at - width) * part // 2
    empty = all(blank(text) for text in found.texts)
    height = 0 if empty else found.lines * found.look.line_height_q
    left = start + inset
    return (left, top, left + width, top + height), TextContent(
        texts=found.texts,
        look=found.look,
        column_q=-inset,
        width_q=wraps_at,
        lines=found.lines,
        wrap=found.wrap,
        ellipsis=found.ellipsis,
    )
