"""What a template holds, as frozen values. The YAML files are parsed into these models once, in :mod:`.load`.

Field descriptions are the template reference: ``docs/template-reference.md`` is checked against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from renderer.located import Lines
    from renderer.profile.contract import Contract
    from renderer.template.copy import CopyBook
    from renderer.template.lexicon import Lexicon
    from renderer.template.release import Release
    from renderer.template.storyboard import Storyboard

Channel = Literal["microsite", "statement", "video"]
CHANNELS: tuple[Channel, ...] = ("microsite", "statement", "video")
FormatName = Literal["16:9", "9:16", "1:1", "4:5"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
"""Formats of a film by aspect ratio, width first."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=60)]
Reference = Annotated[str, StringConstraints(pattern=r"^(media/|asset:)[A-Za-z0-9._/-]+$", max_length=200)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$")]
Weight = Annotated[int, Field(ge=100, le=900)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Strict(BaseModel):
    """Base of every model of a template file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# ---------------------------------------------------------------- template.yaml


class FontFamily(Strict):
    """One family of the template's font list. Order is fallback order."""

    family: str = Field(description="Family name as the font package states it, for example `IBM Plex Sans`.")
    weights: tuple[Weight, ...] = Field(
        (400, 700), min_length=1, description="Weights (100 to 900) that the template uses."
    )
    italic: bool = Field(False, description="Whether the italic faces of those weights are used too.")


class ColourPair(Strict):
    """A colour token. Colours are sRGB."""

    light: Colour = Field(description="On light pages, on paper and in the film.")
    dark: Colour | None = Field(None, description="On dark pages; without it the light one serves.")


class Brand(Strict):
    """The sender's marks and tokens, for every channel alike."""

    name: str = Field(description="The sender's name as readers know it.")
    logo: Reference | None = Field(None, description="The logo, an SVG or PNG in `media/` or shared assets.")
    logo_dark: Reference | None = Field(None, description="The logo for dark pages.")
    colours: Mapping[Id, ColourPair] = Field(description="Colour tokens by name; CSS sees `--colour-NAME`.")
    lengths: Mapping[Id, str] = Field({}, description="Other tokens by name; CSS sees `--NAME`.")
    contrast: tuple[tuple[Id, Id], ...] = Field(
        (), description="Pairs (text, ground) of colour tokens that `check` holds to WCAG 2.2 AA, 4.5 to 1."
    )


class MicrositeChannel(Strict):
    """The web page."""

    page: str = Field("microsite/index.html.j2", description="The page's layout.")
    styles: tuple[str, ...] = Field(("microsite/site.css",), description="Style sheets, in order.")


class StatementChannel(Strict):
    """The PDF."""

    page: str = Field("statement/statement.html.j2", description="The statement's layout.")
    styles: tuple[str, ...] = Field(("statement/statement.css",), description="Style sheets, in order.")
    max_pages: int = Field(20, ge=1, le=500, description="More pages than this fail the job.")
    title: Id = Field(description="Copy key of the document's title.")


Margin = Annotated[float, Field(ge=0, le=0.4)]


class SafeArea(Strict):
    """How far from the edges of the picture texts stay, as parts of its width or height. What is left out is 0.05;
    upright (9:16) 0.08 at the top, 0.16 at the bottom and 0.06 at the sides, where players put their controls."""

    top: Margin | None = Field(None, description="From the top, as part of the height.")
    bottom: Margin | None = Field(None, description="From the bottom, as part of the height.")
    start: Margin | None = Field(None, description="From the side where reading starts, as part of the width.")
    end: Margin | None = Field(None, description="From the side where reading ends, as part of the width.")


class Margins(Strict):
    """A safe area with every margin known, as parts of the frame."""

    top: float = 0.05
    bottom: float = 0.05
    start: float = 0.05
    end: float = 0.05


UPRIGHT_MARGINS = Margins(top=0.08, bottom=0.16, start=0.06, end=0.06)


class VideoFormat(Strict):
    """One picture size."""

    width: int = Field(ge=160, le=3840, multiple_of=2, description="Width in pixels, even.")
    height: int = Field(ge=160, le=3840, multiple_of=2, description="Height in pixels, even.")
    safe: SafeArea = Field(
        SafeArea(), description="Where texts stay; `check` reports those that leave it, drawings may."
    )


class VoiceOptions(Strict):
    """Whether and how the film speaks."""

    quality: Literal["good", "any"] = Field(
        "good",
        description="`good`: only a voice made for listening (Piper); `any`: also espeak-ng, which sounds like a "
        "machine. Without a voice for the locale the film has music and captions only.",
    )
    required: bool = Field(False, description="A film whose locale has no such voice fails instead.")
    duck_db: float = Field(-10, ge=-24, le=0, description="How far music and sounds give way to the voice.")
    say_secrets: bool = Field(
        False, description="Whether sentences that name a secret fact are spoken; else they are not said at all."
    )


class VideoChannel(Strict):
    """The film."""

    storyboard: str = Field("video/storyboard.yaml", description="The storyboard.")
    fps: Literal[24, 25, 30, 50, 60] = Field(25, description="Frames a second.")
    formats: Mapping[FormatName, VideoFormat] = Field(
        min_length=1, description="Picture sizes by aspect ratio; one film is made of each, the first is the main one."
    )
    voice: VoiceOptions = Field(VoiceOptions(), description="Who speaks what the storyboard's scenes say.")
    hls: bool = Field(
        False, description="Whether each film is also written as an HLS stream, in a folder that any web server serves."
    )
    teaser: bool = Field(
        False, description="Whether a GIF and a WebP for e-mail are made too; what they show, the storyboard says."
    )

    @field_validator("formats")
    @classmethod
    def _sizes_fit_names(cls, formats: Mapping[FormatName, VideoFormat]) -> Mapping[FormatName, VideoFormat]:
        """To within 2.5 %, so that sizes of whole macroblocks pass (640 by 352 for 16:9)."""
        for name, size in formats.items():
            across, up = map(int, name.split(":"))
            if not 0.975 < size.width * up / (size.height * across) < 1.025:
                raise PydanticCustomError(
                    "template.value",
                    "The picture size {width} by {height} has not the aspect ratio {name}.",
                    {"width": size.width, "height": size.height, "name": name},
                )
        return formats

    @property
    def first_format(self) -> FormatName:
        """The main format: its files carry no ending, the page falls back to it."""
        return next(iter(self.formats))

    def ending(self, name: FormatName) -> str:
        """What the names of a format's files end in: nothing for the first one, ``-9x16`` and so on for others."""
        return "" if name == self.first_format else "-" + name.replace(":", "x")

    def margins(self, name: FormatName) -> Margins:
        """The safe area of a format with what its author left out."""
        usual = UPRIGHT_MARGINS if name == "9:16" else Margins()
        return usual.model_copy(update=self.formats[name].safe.model_dump(exclude_none=True))


class Channels(Strict):
    """What the template makes. A channel left out is not made."""

    microsite: MicrositeChannel | None = Field(None, description="The web page; `{}` takes all defaults.")
    statement: StatementChannel | None = Field(None, description="The PDF.")
    video: VideoChannel | None = Field(None, description="The film.")


class LinkRule(Strict):
    """An address that pages may point to. Facts are percent-encoded into it."""

    href: str = Field(
        max_length=500,
        pattern=r"^(https://|mailto:|tel:)",
        description="The address (https, mailto or tel); `{fact}` puts a fact's canonical value in, never a secret.",
    )


class ControlTotal(Strict):
    """A sum that a batch run must account for."""

    value: Expression = Field(description="Expression that gives the amount of one record.")
    currency: Expression = Field(description="Expression that gives its currency.")


class TemplateConfig(Strict):
    """`template.yaml`."""

    id: Id = Field(description="The template's name; the folder need not be called so.")
    title: str = Field(max_length=120, description="A title for people who choose among templates.")
    description: str = Field("", max_length=1000, description="What the communication is for.")
    locales: tuple[str, ...] = Field(min_length=1, description="Locales it speaks; the first is the reference.")
    fonts: tuple[FontFamily, ...] = Field(min_length=1, description="Fonts, in fallback order.")
    brand: Brand = Field(description="Brand tokens.")
    channels: Channels = Field(description="Channels and their options.")
    links: Mapping[Id, LinkRule] = Field({}, description="Addresses by id.")
    control_totals: Mapping[Id, ControlTotal] = Field({}, description="Sums that a batch run must account for.")
    retention_days: int = Field(90, ge=1, le=3650, description="Days that profile and plan are kept.")


# ---------------------------------------------------------------- facts.yaml


class ValueRule(Strict):
    """How one value is read and written: the part that facts, axes and table columns share."""

    value: Expression = Field(description="Expression that gives the value; a fact whose value is none is left out.")
    as_: Literal["money", "quantity", "number", "percent", "date", "text", "copy", "image"] = Field(
        alias="as", description="Kind of the value; `copy` takes the value as a copy key and shows that sentence."
    )
    currency: Expression | None = Field(None, description="Expression that gives the currency (money).")
    unit: str | None = Field(None, description="CLDR unit id, for example `energy-kilowatt-hour` (quantity).")
    decimals: int | None = Field(
        None,
        ge=0,
        le=6,
        description="Decimals shown; without it the currency's own, or as many as the value has up to 2.",
    )
    style: Literal["full", "long", "medium", "short", "month", "month-year", "day-month"] | None = Field(
        None, description="How a date is written; without it `long`."
    )
    length: Literal["short", "long", "narrow"] | None = Field(None, description="How a unit is written (quantity).")
    sign: Literal["auto", "always", "never"] = Field(
        "auto", description="Signs: as the locale does, `always` a plus too, or `never` any."
    )


class FactRule(ValueRule):
    """One figure that channels may place."""

    steps: int = Field(0, ge=0, le=240, description="Texts a counter shows on its way from zero to the value.")
    of: Expression | None = Field(
        None, description="Expression of the whole that the value is a part of (for rings and bars)."
    )


class AxisRule(ValueRule):
    """The value axis of a series."""

    ticks: int = Field(4, ge=2, le=8, description="About how many ticks the axis has; round steps are chosen.")


class SeriesRule(Strict):
    """A row of points. Inside, `row` is the current item."""

    rows: Expression = Field(description="Expression that gives the list.")
    as_: Literal["series"] = Field(alias="as", description="Says that it is a series.")
    x: ValueRule = Field(description="The label of a point.")
    y: AxisRule = Field(description="The value of a point.")
    mark: Expression | None = Field(None, description="Expression that is true for the points to stress.")


class TableRule(Strict):
    """A table. Inside, `row` is the current item."""

    rows: Expression = Field(description="Expression that gives the list.")
    as_: Literal["table"] = Field(alias="as", description="Says that it is a table.")
    columns: Mapping[Id, ValueRule] = Field(min_length=1, description="Columns by id, in order.")


AnyFactRule = FactRule | SeriesRule | TableRule
NUMBERS = ("money", "quantity", "number", "percent")
"""Kinds of values that are numbers."""

# ---------------------------------------------------------------- decisions.yaml


class DerivedRule(Strict):
    """One derived value; later ones may name earlier ones."""

    value: Expression = Field(description="Expression that gives the value.")
    when: Expression | None = Field(None, description="If this is false the value is none.")


class SuppressRule(Strict):
    """A reason to send nothing."""

    code: Id = Field(description="Reason code that reports show.")
    when: Expression = Field(description="If this is true the recipient is suppressed.")


class SegmentRule(Strict):
    """A named group of recipients."""

    when: Expression = Field(description="If this is true the recipient belongs to it.")


class CandidateRule(Strict):
    """One thing that may be chosen."""

    id: Id = Field(description="Id of the scene, block or offer.")
    when: Expression | None = Field(None, description="Condition; without it always eligible.")
    excludes: tuple[Id, ...] = Field((), description="Ids that are not chosen any more once this one is.")


class ChoiceRule(Strict):
    """Exactly one of several: the first eligible candidate in order, else the default."""

    choose: Id = Field(description="Name of the choice.")
    from_: tuple[CandidateRule, ...] = Field(alias="from", min_length=1, description="Candidates in order.")
    default: Id = Field(description="Chosen when none is eligible; it has no condition, so it is always reachable.")


class NoneChoiceRule(Strict):
    """At most one of several: the first eligible candidate in order, or nothing."""

    maybe: Id = Field(description="Name of the choice.")
    from_: tuple[CandidateRule, ...] = Field(alias="from", min_length=1, description="Candidates in order.")


AnyRule = CandidateRule | ChoiceRule | NoneChoiceRule


class DecisionRules(Strict):
    """`decisions.yaml`: every condition of the template stands here."""

    derive: Mapping[Id, DerivedRule] = Field({}, description="Derived values by name, in order.")
    suppress: tuple[SuppressRule, ...] = Field((), description="Reasons to send nothing; the first that holds counts.")
    segments: Mapping[Id, SegmentRule] = Field({}, description="Segments by name; rules below may name `segment.NAME`.")
    offers: tuple[ChoiceRule | NoneChoiceRule, ...] = Field((), description="One offer for each named slot.")
    scenes: tuple[AnyRule, ...] = Field((), description="Scenes of the film, in order.")
    blocks: tuple[AnyRule, ...] = Field((), description="Blocks of page and statement, in order.")


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True, kw_only=True)
class Template:
    """One loaded template. ``release`` names and holds every byte it is made of; ``copy`` and ``lexicons`` are by
    locale, ``lines`` by file."""

    config: TemplateConfig
    contract: Contract
    decisions: DecisionRules
    facts: Mapping[str, AnyFactRule]
    copy: Mapping[str, CopyBook]
    storyboard: Storyboard | None
    release: Release
    lines: Mapping[str, Lines]
    lexicons: Mapping[str, Lexicon] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels this template makes, in Dearly's order."""
        return tuple(name for name in CHANNELS if getattr(self.config.channels, name) is not None)
