"""The score: a film in integer frames, ready to be drawn. What composing, captions, chunk keys and checks all read.

Plain frozen data without floats. Lengths are 1/256 of an output pixel (suffix ``_q``), opacity, scale, reveal and turns
1/65536 (suffix ``_u``). A track is a tuple of (frame, value): the value holds from that frame until the next entry;
frames count from the layer's first frame. Rectangles are (left, top, right, bottom) from the frame's top left corner.

Equal scores promise equal frames on one engine (Pango, cairo, fonts by digest).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

from renderer.plan.model import Direction, Sensitivity
from renderer.template.model import FormatName
from renderer.units import canonical_json, digest

SCORE_SCHEMA = 2
Q = 256
"""Steps in a pixel."""
U = 65536
"""Steps in 1 (opacity, scale, reveal) or in one turn (rotation)."""

Track = tuple[tuple[int, int], ...]
Rect = tuple[int, int, int, int]
PhysicalSide = Literal["left", "right", "top", "bottom"]
Property = Literal["opacity", "x", "y", "scale", "rotation", "reveal", "step", "zoom", "focus_x", "focus_y"]

REST: Mapping[str, int] = {
    "opacity": U,
    "x": 0,
    "y": 0,
    "scale": U,
    "rotation": 0,
    "reveal": U,
    "step": 0,
    "zoom": U,
    "focus_x": U // 2,
    "focus_y": U // 2,
}
"""What a property is when it has no track. The last three belong to pictures that move inside their rectangle."""


def blank(text: str) -> bool:
    """Whether nothing of a text can be seen: it is empty, or holds only space and isolates (U+2066 to U+2069)."""
    return not text.strip("\u2066\u2067\u2068\u2069 \t\r\n\u00a0\u202f\u2009")


def value_at(track: Track, frame: int, rest: int) -> int:
    """The value of a track at a frame of its layer; ``rest`` for an empty track."""
    if not track:
        return rest
    index = bisect_right(track, frame, key=lambda entry: entry[0]) - 1
    return track[max(index, 0)][1]


@dataclass(frozen=True, kw_only=True)
class TextLook:
    """How text is set. ``colour`` is #rrggbbaa in sRGB; ``align`` is physical."""

    families: tuple[str, ...]
    weight: int
    size_q: int
    line_height_q: int
    letter_spacing_q: int
    colour: str
    tabular: bool
    align: Literal["left", "centre", "right"]
    direction: Direction
    language: str


@dataclass(frozen=True, kw_only=True)
class TextMark:
    """Characters ``start`` to ``end`` (counted in code points) in another colour (#rrggbbaa) or weight, or both."""

    start: int
    end: int
    colour: str | None = None
    weight: int | None = None


@dataclass(frozen=True, kw_only=True)
class TextContent:
    """One or (a counter) several texts in the same place; the track ``step`` says which. Isolates are kept.

    The layer's rectangle is that of the drawn lines. They are aligned in a column of ``width_q`` that begins at
    ``column_q`` from the rectangle's left; the first line's top is the rectangle's top. ``gap_q`` is extra room above a
    line that begins a paragraph. Colours of ``marks`` do not overlap, nor do weights. ``shown``: all of the text, or
    only the marks that have a colour, or all but those; so that words can change their colour by a fade.
    """

    texts: tuple[str, ...]
    look: TextLook
    column_q: int
    width_q: int
    lines: int
    wrap: Literal["word", "anywhere"] = "word"
    ellipsis: bool = False
    marks: tuple[TextMark, ...] = ()
    gap_q: int = 0
    shown: Literal["all", "marked", "unmarked"] = "all"
    kind: Literal["text"] = "text"


@dataclass(frozen=True, kw_only=True)
class ShapeContent:
    """A rect, ellipse or line in the layer's rectangle. Colours are #rrggbbaa. ``radii_q``: top left, top right, bottom
    right, bottom left. A line runs from top left to bottom right, or if ``falling`` is false from bottom left to top
    right. If ``rising``, reveal pushes the whole shape out from behind the side it comes from (a growing bar)."""

    shape: Literal["rect", "ellipse", "line"]
    fill: str | None
    stroke: str | None
    stroke_q: int
    radii_q: tuple[int, int, int, int]
    shadow: str | None = None
    shadow_blur_q: int = 0
    shadow_offset_q: int = 0
    falling: bool = True
    rising: bool = False
    kind: Literal["shape"] = "shape"


@dataclass(frozen=True, kw_only=True)
class ImageContent:
    """A picture in the layer's rectangle. ``media`` is a reference for the asset door, ``digest`` its content.

    ``place_u`` is where a contained picture lies in its box, 0 at the left and top. If ``zoom_u`` is not 0 the picture
    moves in its rectangle: it covers it, ``zoom`` times larger and at most ``zoom_u`` times, with the point
    (``focus_x``, ``focus_y``) in the middle as far as it reaches. The shadow is that of the picture's own outline.
    """

    media: str
    digest: str
    scaling: Literal["cover", "contain"]
    focus_u: tuple[int, int]
    radius_q: int
    place_u: tuple[int, int] = (U // 2, U // 2)
    zoom_u: int = 0
    shadow: str | None = None
    shadow_blur_q: int = 0
    shadow_offset_q: int = 0
    kind: Literal["image"] = "image"


@dataclass(frozen=True, kw_only=True)
class ArcContent:
    """A part of a ring that fills the layer's rectangle: from ``start_u`` clockwise over ``sweep_u``, in 1/65536 turns
    from the top. ``inset_q`` is taken off both flat ends. Reveal lets it grow along the ring from its start."""

    colour: str
    thickness_q: int
    start_u: int
    sweep_u: int
    inset_q: int = 0
    round_caps: bool = False
    kind: Literal["arc"] = "arc"


@dataclass(frozen=True, kw_only=True)
class PathContent:
    """A line through points, in 1/256 px from the rectangle's left top. ``runs`` are its unbroken pieces, each of two
    points or more, from left to right. ``area``, a colour, fills what is between the line and ``base_q``, fading out
    towards it. Reveal uncovers the rectangle from a side."""

    runs: tuple[tuple[tuple[int, int], ...], ...]
    smooth: bool
    stroke: str
    stroke_q: int
    area: str | None = None
    base_q: int = 0
    kind: Literal["path"] = "path"


@dataclass(frozen=True, kw_only=True)
class QrContent:
    """A QR code in the layer's rectangle, which is a square of whole pixels. ``rows`` are its modules without the quiet
    zone, a text of 0 and 1 for each row; ``module_q`` is the side of one, whole pixels; what is left is the ground."""

    rows: tuple[str, ...]
    module_q: int
    colour: str
    ground: str
    radius_q: int
    kind: Literal["qr"] = "qr"


Content = TextContent | ShapeContent | ImageContent | ArcContent | PathContent | QrContent


@dataclass(frozen=True, kw_only=True)
class ScoreLayer:
    """One thing that is drawn. ``first`` and ``frames`` count within the scene; ``tracks`` leave out what is at rest.

    ``anchor_q`` is the point that scale and rotation turn about. ``facts``, ``messages`` and ``links`` are where it
    comes from; ``sensitivity`` is the strictest label among them.
    """

    id: str
    first: int
    frames: int
    rect_q: Rect
    anchor_q: tuple[int, int]
    reveal_from: PhysicalSide
    content: Content
    tracks: Mapping[Property, Track]
    facts: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    sensitivity: Sensitivity = "public"

    @property
    def personal(self) -> bool:
        """Whether it shows something that derives from a field that is not public."""
        return self.sensitivity != "public"

    def at(self, name: Property, frame: int) -> int:
        """The value of a property at a frame of this layer."""
        return value_at(self.tracks.get(name, ()), frame, REST[name])


@dataclass(frozen=True, kw_only=True)
class ScoreBackdrop:
    """What is behind the layers. ``moving`` tells whether its frames differ.

    ``settings`` is canonical data: for a colour {colour}, for a gradient {stops: [[#rrggbbaa, at_u]], angle_u}, for an
    image or footage what the storyboard says with tokens resolved to colours and numbers in 1/65536, under the names of
    the storyboard.
    """

    kind: Literal["colour", "gradient", "image", "footage"]
    media: str | None
    digest: str | None
    moving: bool
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ScoreTransition:
    """How a scene comes in over the one before. ``amount`` is a track of how far it is, 0 to 65536, per scene frame.
    ``softness_q`` is the width of a wipe's edge."""

    kind: Literal["cut", "fade", "slide", "push", "wipe"]
    frames: int
    side: PhysicalSide
    amount: Track
    softness_q: int = 0


@dataclass(frozen=True, kw_only=True)
class ScoreScene:
    """One scene. ``first`` is its first frame in the film; it lasts ``frames``, of which the first
    ``transition.frames`` overlap the scene before."""

    id: str
    title: str
    first: int
    frames: int
    transition: ScoreTransition
    backdrop: ScoreBackdrop
    layers: tuple[ScoreLayer, ...]

    @property
    def end(self) -> int:
        """The frame after its last one."""
        return self.first + self.frames


@dataclass(frozen=True, kw_only=True)
class ScoreCaption:
    """One caption, in film frames; ``text`` without isolates. If it is spoken, ``words`` are the frames at which the
    words between its spaces are said."""

    first: int
    end: int
    text: str
    message: str
    sensitivity: Sensitivity
    words: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScoreChapter:
    """One chapter, in film frames, without gaps; ``title`` without isolates."""

    scene: str
    first: int
    end: int
    title: str
    sensitivity: Sensitivity


@dataclass(frozen=True, kw_only=True)
class SoundCue:
    """A sound that starts at a film frame. ``gain_u`` is decibels in 1/65536."""

    media: str
    digest: str
    first: int
    gain_u: int


@dataclass(frozen=True, kw_only=True)
class VoiceCue:
    """Something that is said: ``first`` and ``samples`` in samples at 48 kHz, from the film's start.

    Speech has the digest of its sound in ``pcm`` and no ``media``; a recorded clip has its reference and digest.
    """

    scene: str
    message: str | None
    first: int
    samples: int
    pcm: str
    media: str | None
    gain_u: int
    sensitivity: Sensitivity

    @property
    def end(self) -> int:
        """The sample after its last one."""
        return self.first + self.samples


@dataclass(frozen=True, kw_only=True)
class MusicCue:
    """The music bed; fades in frames."""

    media: str
    digest: str
    gain_u: int
    fade_in: int
    fade_out: int


@dataclass(frozen=True, kw_only=True)
class ScoreTeaser:
    """What the film's teaser shows: (first frame, frame after the last) in its order, never a secret. ``width`` in
    pixels at most; it plays ``loops`` times, 0 for ever."""

    spans: tuple[tuple[int, int], ...]
    width: int
    loops: int


@dataclass(frozen=True, kw_only=True)
class BoxKeyframe:
    """Where an interaction is from a film frame on, in 1/65536 of the frame's width and height; None: it is not there.

    Between two boxes it moves evenly.
    """

    frame: int
    box_u: Rect | None


@dataclass(frozen=True, kw_only=True)
class ScoreInteraction:
    """A call to action or a hotspot, in film frames. ``label`` without isolates; ``place`` is physical
    (``bottom-right``) and belongs to actions. ``link`` is the template's id of the address ``href``."""

    id: str
    kind: Literal["action", "hotspot"]
    scene: str
    first: int
    end: int
    label: str
    message: str
    link: str
    href: str
    place: str | None
    boxes: tuple[BoxKeyframe, ...]
    sensitivity: Sensitivity


@dataclass(frozen=True, kw_only=True)
class DrawnText:
    """A text that can be seen, from film frame ``first`` to ``last`` (both included)."""

    scene: str
    layer: str
    text: str
    first: int
    last: int
    sensitivity: Sensitivity


@dataclass(frozen=True, kw_only=True)
class FitRecord:
    """What was done so that a text fits. ``variant`` 0 is the layer's own copy; ``size_q`` is the final size."""

    scene: str
    layer: str
    variant: int
    size_q: int
    full_size_q: int
    lines: int
    broken: bool
    ellipsized: bool

    @property
    def changed(self) -> bool:
        """Whether a person may want to look at it (wrapping within the allowed lines is no news)."""
        return self.variant > 0 or self.size_q < self.full_size_q or self.broken or self.ellipsized


@dataclass(frozen=True, kw_only=True)
class Score:
    """A whole film. ``poster_frame`` is the still to show before it plays; ``poster_mark`` the middle of the play mark
    on it, in 1/65536 of the frame, if the storyboard says where; ``duck_u`` how far music gives way to the voice, in
    1/65536 of a decibel."""

    width: int
    height: int
    fps_num: int
    fps_den: int
    frames: int
    locale: str
    direction: Direction
    plan: str
    fonts: str
    scenes: tuple[ScoreScene, ...]
    captions: tuple[ScoreCaption, ...]
    chapters: tuple[ScoreChapter, ...]
    music: MusicCue | None
    sounds: tuple[SoundCue, ...]
    texts: tuple[DrawnText, ...]
    fits: tuple[FitRecord, ...]
    personal_frames: int
    personal_spans: tuple[tuple[int, int], ...]
    poster_frame: int
    schema: int = SCORE_SCHEMA
    poster_mark: tuple[int, int] | None = None
    teaser: ScoreTeaser | None = None
    interactions: tuple[ScoreInteraction, ...] = ()
    format: FormatName = "16:9"
    voice: tuple[VoiceCue, ...] = ()
    duck_u: int = 0

    @cached_property
    def data(self) -> bytes:
        """The score as canonical JSON."""
        return canonical_json(score_plain(self))

    @cached_property
    def digest(self) -> str:
        """The score's name."""
        return digest(self.data)


def score_plain(value: Any) -> Any:
    """A score, or a part of one, as JSON data. Floats raise in :func:`canonical_json`: there are none."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: score_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: score_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [score_plain(item) for item in value]
    return value
