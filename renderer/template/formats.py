"""A storyboard, drawn for 16:9, as the storyboard of another format of the film. Pure: nothing is measured or drawn.

The short side of every format is 720 design pixels, so a text's size means the same in each. The default arrangement:

1. What fills the frame fills it. A shape from edge to edge, or a long thin line, stretches.
2. The rest is cut into blocks wherever an empty strip runs through the scene: columns first, then rows. What overlaps,
   stands below or around one another or on one line is one block. A drawing that texts run over is no block: it keeps
   its size and its place as a part of the frame.
3. Columns become rows, the start column on top, unless they have room side by side. Blocks keep their order.
4. A block is scaled as a whole: drawings, texts, motion. Texts on their own take the width of the safe area and more
   lines instead; type grows by up to a quarter where there is room. Drawings give way first where there is none.
5. What bled off an edge still does. Height that is left over stands above the first block and between former columns.

A text that fits in 16:9 fits here too: it may shrink by as much as its box became narrower. Overrides (`formats` of
styles, backdrops and layers) replace what the default gives, and are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from renderer.template.arrange import Arranger
from renderer.template.graphics import Layer
from renderer.template.layers import COMPOSITION_HEIGHT, COMPOSITION_WIDTH, OtherFormat
from renderer.template.model import FormatName, Margins
from renderer.template.resize import FormatStyles
from renderer.template.storyboard import Backdrop, FootageBackdrop, ImageBackdrop, Scene, Storyboard

SIZES: Mapping[FormatName, tuple[int, int]] = {
    "16:9": (COMPOSITION_WIDTH, COMPOSITION_HEIGHT),
    "9:16": (720, 1280),
    "1:1": (720, 720),
    "4:5": (720, 900),
}


def composition(name: FormatName) -> tuple[int, int]:
    """Width and height of a format's composition in design pixels."""
    return SIZES[name]


def in_format(board: Storyboard, name: FormatName, margins: Margins) -> Storyboard:
    """``board`` as it is drawn in the format ``name``, whose safe area ``margins`` gives. For 16:9 it is ``board``."""
    if name == "16:9":
        return board
    styles = FormatStyles(board.styles, name)
    scenes = tuple(_scene(scene, name, margins, styles) for scene in board.scenes)
    return board.model_copy(update={"scenes": scenes, "styles": styles.found})


def _scene(scene: Scene, name: OtherFormat, margins: Margins, styles: FormatStyles) -> Scene:
    layers, fixed = _overridden(scene.layers, name)
    placed = Arranger(layers, fixed, composition(name), margins, styles).layers()
    return scene.model_copy(update={"layers": placed, "backdrop": _backdrop(scene.backdrop, name)})


def _backdrop(backdrop: Backdrop, name: OtherFormat) -> Backdrop:
    if not isinstance(backdrop, ImageBackdrop | FootageBackdrop) or name not in backdrop.formats:
        return backdrop
    changes = _given(backdrop.formats[name])
    if isinstance(backdrop, FootageBackdrop):
        inner: dict[str, Any] = {key: changes.pop(key) for key in ("focus", "crop") if key in changes}
        changes["treatment"] = backdrop.treatment.model_copy(update=inner)
    return backdrop.model_copy(update=changes)


def _given(model: BaseModel) -> dict[str, Any]:
    """What an author wrote in an override: fields by name, as values of the model."""
    return {key: getattr(model, key) for key in type(model).model_fields if getattr(model, key) is not None}


def _overridden(layers: Sequence[Layer], name: OtherFormat) -> tuple[list[Layer], set[str]]:
    """The layers of this format with what its author wrote for it, and the ids of those with a box of their own."""
    found: list[Layer] = []
    fixed: set[str] = set()
    hidden: dict[str, Layer] = {}
    for layer in layers:
        special = layer.formats.get(name)
        changes = _given(special) if special else {}
        if changes.pop("hidden", False):
            hidden[layer.id] = layer
            continue
        if "box" in changes:
            fixed.add(layer.id)
            changes.setdefault("below", None)
        changed = layer.model_copy(update=changes)
        while changed.below in hidden:  # it moves up into the place of what is not there
            gone = hidden[changed.below]
            box = changed.box.model_copy(update={"y": changed.box.y + gone.box.y})
            changed = changed.model_copy(update={"below": gone.below, "box": box})
        if getattr(changed, "around", None) not in hidden:
            found.append(changed)
    return found, fixed
