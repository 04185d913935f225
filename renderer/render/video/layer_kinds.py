"""Each kind of layer of a scene, resolved to score layers: texts and what follows them, pictures, shapes, charts.

In: a scene's work (:mod:`.layering`). Out: score layers in the storyboard's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from renderer.labels import Sensitivity, highest
from renderer.plan.model import Fact, Message
from renderer.render.video.charts import chart_layers
from renderer.render.video.codes import qr_layer
from renderer.render.video.layering import (
    SceneWork,
    box_rect,
    counted,
    growth,
    inside,
    layer_span,
    placed,
    room_of,
    text_content,
)
from renderer.render.video.lines import line_layers
from renderer.render.video.motion import sampled, view_path
from renderer.render.video.paragraph import paragraph_layers
from renderer.render.video.rings import donut_layers, ring_layers
from renderer.render.video.score import ImageContent, Property, Rect, ScoreLayer, ShapeContent, Track, U
from renderer.template.graphics import DonutLayer, Layer, LineChartLayer, ParagraphLayer, QrLayer, RingLayer
from renderer.template.layers import BarChartLayer, CounterLayer, ImageLayer, ShapeLayer, TextLayer, Zoom


def scene_layers(work: SceneWork) -> tuple[ScoreLayer, ...]:
    """All layers of a scene that are shown, in order. Texts come first, since shapes and other texts follow them."""
    chosen = {*work.plan.scenes, *work.plan.blocks, *work.plan.offers.values()}
    shown = [
        layer for layer in work.scene.layers if layer.shown_with is None or not chosen.isdisjoint(layer.shown_with)
    ]
    done: dict[str, tuple[ScoreLayer, ...]] = {}
    for layer in work.scene.layers:
        if isinstance(layer, TextLayer | CounterLayer | ParagraphLayer):
            if layer in shown:
                done[layer.id] = (
                    paragraph_layers(work, layer) if isinstance(layer, ParagraphLayer) else (_text(work, layer),)
                )
            else:  # what stands below it moves up into its place
                left, top, right, _ = box_rect(work, layer)
                work.drawn[layer.id] = (left, top, right, top)
    for layer in shown:
        if layer.id not in done:
            done[layer.id] = _drawing(work, layer, shown)
    return _labelled(work.scene.layers, done)


def _labelled(layers: Sequence[Layer], done: Mapping[str, tuple[ScoreLayer, ...]]) -> tuple[ScoreLayer, ...]:
    """The layers of a scene in order, each with the label of what its place and size come from as well.

    A shape around a text has the text's size, what stands below a text moves with its lines, and the parts of a chart
    make room for each other. None of that shows the text itself, so a secret one makes others personal.
    """
    labels: dict[str, Sensitivity] = {}
    for layer in layers:
        labels[layer.id] = highest([part.sensitivity for part in done.get(layer.id, ())])
    inherited: dict[str, Sensitivity] = {}
    for _ in layers:  # until what stands below something below something has heard of it
        for layer in layers:
            leading = (layer.below, layer.around if isinstance(layer, ShapeLayer) else None)
            of = [label for name in leading if name for label in (labels.get(name), inherited.get(name)) if label]
            inherited[layer.id] = "public" if highest(of) == "public" else "personal"
    found = []
    for layer in layers:
        for part in done.get(layer.id, ()):
            reasons = [part.sensitivity, inherited[layer.id]]
            if part.facts or part.messages:
                reasons.append("public" if labels[layer.id] == "public" else "personal")
            label = highest(reasons)
            found.append(part if label == part.sensitivity else replace(part, sensitivity=label))
    return tuple(found)


def _drawing(work: SceneWork, layer: Layer, shown: Sequence[Layer]) -> tuple[ScoreLayer, ...]:
    match layer:
        case ImageLayer():
            return _image(work, layer)
        case ShapeLayer():
            followed = layer.around is None or any(one.id == layer.around for one in shown)
            return (_shape(work, layer),) if followed else ()
        case BarChartLayer():
            return chart_layers(work, layer)
        case RingLayer():
            return ring_layers(work, layer)
        case DonutLayer():
            return donut_layers(work, layer)
        case LineChartLayer():
            return line_layers(work, layer)
        case QrLayer():
            return (qr_layer(work, layer),)
    raise TypeError(f"{type(layer).__name__} is drawn with the texts")


def _text(work: SceneWork, layer: TextLayer | CounterLayer) -> ScoreLayer:
    sources: list[Fact] | list[Message]
    tracks: dict[Property, Track] = {}
    if isinstance(layer, CounterLayer):
        fact = work.fact(layer, layer.fact)
        sources, candidates = [fact], [fact.steps or (fact.text,)]
        track = growth(work, layer, layer.start_s, layer.duration_s, layer.easing)
        tracks["step"] = counted(track, len(candidates[0]), layer_span(work, layer)[1])
    elif layer.fact is not None:
        fact = work.fact(layer, layer.fact)
        sources, candidates = [fact], [(fact.text,)]
    else:
        sources = [work.message(layer, key) for key in (layer.copy_ or "", *layer.variants)]
        candidates = [(message.text,) for message in sources]
    box = box_rect(work, layer)
    look = work.text_look(layer, layer.style, work.stage.align(layer.align, layer.mirror))
    found = work.fitted(layer, candidates, look, room_of(work, box, layer.fit))
    free = max(0, box[3] - box[1] - found.lines * found.look.line_height_q)
    top = box[1] + {"top": 0, "middle": free // 2, "bottom": free}[layer.valign]
    rect, content = text_content(found, box, top)
    inside(work, layer, rect)
    work.drawn[layer.id] = rect
    used: list[Any] = sources if isinstance(layer, CounterLayer) or layer.fact else [sources[found.variant]]
    return placed(work, layer, rect, content, used, tracks=tracks)


def _image(work: SceneWork, layer: ImageLayer) -> tuple[ScoreLayer, ...]:
    sources: list[Fact] = []
    if layer.fact is not None:
        fact = work.fact(layer, layer.fact)
        sources, reference = [fact], f"image:{fact.value}"
    else:
        reference = layer.media or ""
    align = work.stage.align(layer.align, layer.mirror)
    shadow, rect = layer.shadow, box_rect(work, layer)
    drawn: list[ScoreLayer] = []
    if shadow and layer.zoom:  # a picture that moves in its box stands on one shadow
        under = ShapeContent(
            shape="rect",
            fill=None,
            stroke=None,
            stroke_q=0,
            radii_q=(_radius(work, layer.radius_px, rect),) * 4,
            shadow=work.look.colour(shadow.colour, shadow.opacity),
            shadow_blur_q=work.stage.length(shadow.blur_px),
            shadow_offset_q=work.stage.length(shadow.offset_y_px),
        )
        drawn.append(placed(work, layer, rect, under, (), part="-shadow"))
        shadow = None
    content = ImageContent(
        media=reference,
        digest=work.media(reference),
        scaling=layer.scaling,
        focus_u=(_u(layer.focus[0]), _u(layer.focus[1])),
        radius_q=work.stage.length(layer.radius_px),
        place_u=(
            {"left": 0, "centre": U // 2, "right": U}[align],
            {"top": 0, "middle": U // 2, "bottom": U}[layer.valign],
        ),
        shadow=work.look.colour(shadow.colour, shadow.opacity) if shadow else None,
        shadow_blur_q=work.stage.length(shadow.blur_px) if shadow else 0,
        shadow_offset_q=work.stage.length(shadow.offset_y_px) if shadow else 0,
    )
    tracks: dict[Property, Track] = {}
    if layer.zoom:
        tracks = _view(layer.zoom, layer.focus, layer_span(work, layer)[1])
        content = replace(content, zoom_u=max(value for _, value in tracks["zoom"]))
    return (*drawn, placed(work, layer, rect, content, sources, tracks=tracks))


def _radius(work: SceneWork, pixels: float, rect: Rect) -> int:
    return min(work.stage.length(pixels), (rect[2] - rect[0]) // 2, (rect[3] - rect[1]) // 2)


def _view(zoom: Zoom, focus: tuple[float, float], frames: int) -> dict[Property, Track]:
    """The way through a picture: how large it is, and which point of it is in the middle, frame by frame."""
    path = view_path(zoom.from_, zoom.to, zoom.from_focus or focus, zoom.to_focus or focus, zoom.easing)
    last = max(frames - 1, 1)
    values = [path(frame / last) for frame in range(frames)]
    return {
        "zoom": sampled(lambda frame: values[frame][0], frames, U),
        "focus_x": sampled(lambda frame: values[frame][1], frames, U),
        "focus_y": sampled(lambda frame: values[frame][2], frames, U),
    }


def _u(part: float) -> int:
    return int(part * U + 0.5)


def _shape(work: SceneWork, layer: ShapeLayer) -> ScoreLayer:
    if layer.around is not None:
        if layer.around not in work.drawn:
            raise work.fail("render.layout", layer, f"'{layer.around}' is no text layer of this scene.")
        x, y = (work.stage.length(pixels) for pixels in layer.padding_px)
        left, top, right, bottom = work.drawn[layer.around]
        rect = (left - x, top - y, right + x, bottom + y)
    else:
        rect = box_rect(work, layer)
    radius = _radius(work, layer.radius_px, rect)
    shadow = layer.shadow
    content = ShapeContent(
        shape=layer.shape,
        fill=work.look.colour(layer.fill) if layer.fill and layer.shape != "line" else None,
        stroke=work.look.colour(layer.stroke) if layer.stroke else None,
        stroke_q=work.stage.length(layer.stroke_px),
        radii_q=(radius, radius, radius, radius),
        shadow=work.look.colour(shadow.colour, shadow.opacity) if shadow else None,
        shadow_blur_q=work.stage.length(shadow.blur_px) if shadow else 0,
        shadow_offset_q=work.stage.length(shadow.offset_y_px) if shadow else 0,
        falling=not work.stage.mirrored(layer.mirror),
    )
    return placed(work, layer, rect, content, ())
