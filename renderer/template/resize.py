"""Layers and text styles at another scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from renderer.template.graphics import Layer
from renderer.template.layers import Box, OtherFormat, TextStyle


class FormatStyles:
    """The text styles of a format. Scaled ones are added as they are asked for."""

    def __init__(self, styles: Mapping[str, TextStyle], name: OtherFormat) -> None:
        self.found: dict[str, TextStyle] = {}
        self._literal: set[str] = set()
        for key, style in styles.items():
            special = style.formats.get(name)
            changes = special.model_dump(exclude_none=True) if special else {}
            self.found[key] = style.model_copy(update=changes)
            if "size_px" in changes:
                self._literal.add(key)

    def scaled(self, key: str, scale: float) -> str:
        """The name of a style at another size; one with a size of its own for this format stays."""
        scale = self.factor(key, scale)
        if scale == 1 or key not in self.found:
            return key
        name = f"{key}-at-{round(scale * 1000)}"
        style = self.found[key]
        self.found.setdefault(name, style.model_copy(update={"size_px": style.size_px * scale}))
        return name

    def factor(self, key: str, scale: float) -> float:
        return 1 if key in self._literal else round(scale, 3)


def resized(layer: Layer, scale: float, styles: FormatStyles, box: Box) -> Layer:
    """A layer with every length in it scaled, in a box of the format's composition."""
    changes: dict[str, Any] = {"box": box}
    if scale != 1:
        changes = {**_scaled(layer, scale), **changes}
        for key in type(layer).model_fields:
            value = getattr(layer, key)
            if (key == "style" or key.endswith("_style")) and isinstance(value, str):
                changes[key] = styles.scaled(value, scale)
        rule = getattr(layer, "fit", None)
        if rule is not None and rule.min_size_px is not None:
            smallest = rule.min_size_px * styles.factor(layer.style, scale)  # type: ignore[union-attr]
            changes["fit"] = rule.model_copy(update={"min_size_px": smallest})
    return layer.model_copy(update=changes)


def _scaled(model: BaseModel, scale: float) -> dict[str, Any]:
    """The lengths of a model, and of the models in it, at another scale: fields named ``…_px``, and positions."""
    changes: dict[str, Any] = {}
    for key in type(model).model_fields:
        value = getattr(model, key)
        if key in ("formats", "box", "fit") or value is None:
            continue
        if key.endswith("_px") or (key == "value" and isinstance(value, tuple)):
            changes[key] = tuple(one * scale for one in value) if isinstance(value, tuple) else value * scale
        elif isinstance(value, BaseModel):
            changes[key] = value.model_copy(update=_scaled(value, scale))
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            changes[key] = tuple(one.model_copy(update=_scaled(one, scale)) for one in value)
    return changes
