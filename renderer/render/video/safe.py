"""Which texts leave the safe area: the part of the picture that no player covers and no screen cuts. Reads a score."""

from __future__ import annotations

from collections.abc import Iterator

from renderer.render.video.score import Q, Rect, Score, ScoreLayer, TextContent
from renderer.template.model import Margins

SLACK_Q = Q
"""What may stick out: rounding, never a letter."""


def safe_rect(score: Score, margins: Margins) -> Rect:
    """The safe area in 1/256 px; its start and end are on the sides where the film's language has them."""
    near, far = (margins.end, margins.start) if score.direction == "rtl" else (margins.start, margins.end)
    return (
        int(near * score.width * Q),
        int(margins.top * score.height * Q),
        int((1 - far) * score.width * Q),
        int((1 - margins.bottom) * score.height * Q),
    )


def outside(score: Score, margins: Margins) -> Iterator[tuple[str, str]]:
    """(scene, score layer) of every text that lies outside the safe area while it rests: half-way through its time,
    when it has come and has not begun to go."""
    left, top, right, bottom = safe_rect(score, margins)
    for scene in score.scenes:
        for layer in scene.layers:
            if isinstance(layer.content, TextContent) and any(text.strip() for text in layer.content.texts):
                x0, y0, x1, y1 = _resting(layer)
                beyond = max(left - x0, top - y0, x1 - right, y1 - bottom)
                if beyond > SLACK_Q:
                    yield scene.id, layer.id


def _resting(layer: ScoreLayer) -> Rect:
    middle = layer.frames // 2
    x, y = layer.at("x", middle), layer.at("y", middle)
    left, top, right, bottom = layer.rect_q
    return left + x, top + y, right + x, bottom + y
