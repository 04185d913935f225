"""Score → frames. Backdrop planes, with sprites blended in where they are; nothing is drawn anywhere else.

In: a score, a backdrop for each scene that has an image or footage, fonts, assets. Out: one contiguous yuv420p picture
a frame (Rec. 709, limited range). The same score gives the same bytes, in whatever order frames are asked for.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import RenderError
from renderer.render.video.backdrops import Backdrop
from renderer.render.video.blend import Blender, Picture, Rect
from renderer.render.video.grounds import ground
from renderer.render.video.score import Q, Score, ScoreLayer, ScoreScene, U, value_at
from renderer.render.video.sprites import Drawing, SpriteRoom
from renderer.render.video.text import TextEngine, text_engine
from renderer.template.model import FormatName
from renderer.units import digest

Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class Frame:
    """One picture. ``data`` has shape (height * 3 / 2, width), dtype uint8: planes Y, U, V one after another.

    It is overwritten when the next frame is asked for. ``same_as_previous``: equal to the frame asked for before it.
    """

    number: int
    data: NDArray[np.uint8]
    same_as_previous: bool

    @property
    def planes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        """Views of Y (height, width), U and V (half of both)."""
        return Picture.over(self.data).planes


class Composer:
    """Draws the frames of one film. ``backdrops`` by scene id; colours and gradients are made here."""

    def __init__(
        self,
        score: Score,
        backdrops: Mapping[str, Backdrop],
        fonts: FontSet,
        assets: AssetDoor,
        *,
        text: TextEngine | None = None,
    ) -> None:
        self.score = score
        self._sprites = SpriteRoom(text or text_engine(fonts), assets, (score.width, score.height))
        self._blender = Blender(score.width, score.height)
        self._backdrops = backdrops
        self._scenes: dict[int, _SceneComposer] = {}
        self._out, self._incoming = (Picture.empty(score.width, score.height) for _ in range(2))
        self._shown: Key | None = None
        self._alone: _SceneComposer | None = None  # whose last picture is in _out, as that scene drew it

    def frame(self, number: int) -> Frame:
        """Frame ``number`` of the film. Raises IndexError outside it and what rasterising raises."""
        if not 0 <= number < self.score.frames:
            raise IndexError(f"the film has frames 0 to {self.score.frames - 1}")
        active = [
            (index, number - scene.first)
            for index, scene in enumerate(self.score.scenes)
            if scene.first <= number < scene.end
        ]
        prepared = [(self._scene(index), frame) for index, frame in active]
        key: Key = tuple(
            part
            for (index, frame), (scene, _) in zip(active, prepared, strict=True)
            for part in (index, scene.key(frame))
        )
        if len(active) > 1:
            key = (*key, active[1][1])  # a transition moves with every frame
        same = key == self._shown
        if not same:
            self._draw(prepared)
            self._shown = key
        return Frame(number, self._out.data, same)

    def frames(self, numbers: Iterable[int]) -> Iterator[Frame]:
        """Frames in the order given. Equal neighbours are drawn once."""
        for number in numbers:
            yield self.frame(number)

    def array(self, number: int) -> NDArray[np.uint8]:
        """The picture of a frame, as the encoder takes it."""
        return self.frame(number).data

    def _draw(self, active: Sequence[tuple[_SceneComposer, int]]) -> None:
        scene, frame = active[0]
        kept, self._alone = self._alone is scene, None
        scene.draw(frame, self._out, kept)
        if len(active) == 1:
            self._alone = scene
        for incoming, at in active[1:]:
            incoming.draw(at, self._incoming)
            transition = incoming.scene.transition
            amount = value_at(transition.amount, at, U)
            side, part = transition.side, amount / U
            match transition.kind:
                case "fade":
                    self._blender.dissolve(self._out, self._incoming, (amount * 256 + U // 2) // U)
                case "push":
                    self._blender.push(self._out, self._incoming, side, part)
                case "wipe":
                    self._blender.wipe(self._out, self._incoming, side, part, transition.softness_q / Q)
                case _:
                    self._blender.slide(self._out, self._incoming, side, part)

    def _scene(self, index: int) -> _SceneComposer:
        if index not in self._scenes:
            # Scenes play one after another: those that are over need not be kept.
            for old in [one for one in self._scenes if one < index - 1]:
                del self._scenes[old]
            scene = self.score.scenes[index]
            self._scenes[index] = _SceneComposer(
                index, scene, self._backdrop(scene), self._sprites, self._blender, self.score.format
            )
        return self._scenes[index]

    def _backdrop(self, scene: ScoreScene) -> Backdrop:
        if scene.backdrop.kind in ("colour", "gradient"):
            return ground(scene.backdrop, self.score.width, self.score.height)
        if scene.id not in self._backdrops:
            raise RenderError("render.media", f"The backdrop of scene '{scene.id}' was not prepared.")
        return self._backdrops[scene.id]


class _SceneComposer:
    """Draws one scene, and keeps what stands still at the bottom of it as a ground for the next frames."""

    def __init__(
        self,
        index: int,
        scene: ScoreScene,
        backdrop: Backdrop,
        sprites: SpriteRoom,
        blender: Blender,
        format: FormatName,
    ) -> None:
        self.scene = scene
        self._format = format
        self._index, self._backdrop, self._sprites, self._blender = index, backdrop, sprites, blender
        self._ground: Picture | None = None
        self._ground_keys: list[Key] = []
        self._before: list[Key] = []
        self._behind: int | None = None
        self._drawings: tuple[int, list[Drawing]] = (-1, [])
        self._moving: list[Rect] = []  # where the picture drawn last differs from the ground

    def key(self, frame: int) -> Key:
        """What the scene's picture at ``frame`` is made of; equal keys, equal pictures."""
        return (self._backdrop.key(frame), *(drawing.key for drawing in self._at(frame)))

    def draw(self, frame: int, out: Picture, kept: bool = False) -> None:
        """The scene's picture at ``frame`` into ``out``. ``kept``: the picture drawn last is still there, so that only
        what changes needs to be drawn."""
        drawings, behind = self._at(frame), self._backdrop.key(frame)
        keys = [drawing.key for drawing in drawings]
        if behind != self._behind:  # moving, or drawn for the first time: no ground yet
            self._behind, self._ground, self._ground_keys = behind, None, []
            self._before = keys
            out.copy(self._backdrop.planes(frame))
            self._blend(out, drawings)
            return
        changed = self._settle(frame, drawings, keys)
        assert self._ground is not None
        moving = self._places(drawings[len(self._ground_keys) :])
        if kept and changed is not None and _area([*changed, *self._moving]) < _area([(0, 0, *self._ground.size)]):
            for rect in dict.fromkeys([*changed, *self._moving]):
                out.copy_part(self._ground, rect)
        else:
            out.copy(self._ground.planes)
        self._blend(out, drawings[len(self._ground_keys) :])
        self._before, self._moving = keys, moving

    def _settle(self, frame: int, drawings: list[Drawing], keys: list[Key]) -> list[Rect] | None:
        """Bring the ground up to date: everything from the bottom that is as it was in the frame before. Gives the
        rectangles in which it changed, None for all of it."""
        known = len(self._ground_keys)
        anew = self._ground is None or keys[:known] != self._ground_keys
        if anew:
            self._ground = self._ground or Picture.like(self._backdrop.planes(frame))
            self._ground.copy(self._backdrop.planes(frame))
            self._ground_keys, known = [], 0
        assert self._ground is not None
        still = known
        while still < min(len(keys), len(self._before)) and keys[still] == self._before[still]:
            still += 1
        self._blend(self._ground, drawings[known:still])
        self._ground_keys = keys[:still]
        return None if anew else self._places(drawings[known:still])

    def _places(self, drawings: Iterable[Drawing]) -> list[Rect]:
        found = (self._blender.place(drawing.sprite, drawing.dx, drawing.dy) for drawing in drawings)
        return [place for place in found if place is not None]

    def _blend(self, picture: Picture, drawings: Iterable[Drawing]) -> None:
        for drawing in drawings:
            self._blender.blend(picture, drawing.sprite, drawing.dx, drawing.dy, drawing.opacity)

    def _at(self, frame: int) -> list[Drawing]:
        if self._drawings[0] != frame:
            found = []
            for number, layer in enumerate(self.scene.layers):
                if layer.first <= frame < layer.first + layer.frames:
                    try:
                        drawing = self._sprites.drawing((self._index, number), layer, frame - layer.first)
                    except RenderError as error:
                        raise _of_layer(error, self.scene, layer, self._format) from error
                    if drawing is not None:
                        found.append(drawing)
            self._drawings = frame, found
        return self._drawings[1]


def _of_layer(error: RenderError, scene: ScoreScene, layer: ScoreLayer, format: FormatName) -> RenderError:
    """The same error with the scene and the layer that was drawn, and the format unless it is the usual one."""
    place = replace(error.place, scene=error.place.scene or scene.id, channel=error.place.channel or "video")
    message = error.message[:1].lower() + error.message[1:]
    where = "" if format == "16:9" else f" in {format}"
    return RenderError(error.code, f"Layer '{layer.id}'{where}: {message}", place=place, hint=error.hint)


def _area(rects: Iterable[Rect]) -> int:
    return sum((right - left) * (bottom - top) for left, top, right, bottom in rects)


def frame_digest(frame: Frame) -> str:
    """The name of a frame's picture: BLAKE2b-256 over its planes."""
    return digest(np.ascontiguousarray(frame.data).tobytes())
