"""Layouts: a plan and a template's HTML become one page of markup. Shared by the microsite and the statement.

In: a :class:`~renderer.render.model.RenderJob` and the path of a layout in its release. Out: HTML as text. A layout
places facts, sentences and blocks; it formats nothing, computes no figure and holds no rule about customers.

Names that every layout sees (``docs/template-reference.md`` lists them too):

=================  ===================================================================================================
``facts.ID``       prints ``<bdi>text</bdi>``; ``.text .value .kind .ratio .points .ticks .columns .rows``;
                   ``'ID' in facts`` asks whether the plan has it
``t('key')``       a sentence as markup: escaped, every fact in it inside ``<bdi>``
``text('key')``    the same sentence as plain text, for attributes and titles
``blocks``         ids of the chosen blocks in order; ``has('ID')`` asks for a block, a scene or an offer
``offers``         the chosen offer by slot; ``segments`` the recipient's segments
``link('ID')``     a declared address; ``'ID' in links`` asks whether it could be made
``asset('REF')``   the address of ``media/…``, ``asset:…`` or of an image fact, as the channel can reach it
``chart``, ``bars``, ``ring``  inline SVG from facts, see :mod:`.chart`
``brand``          ``.name .logo .logo_dark``; ``locale``, ``dir`` (``ltr`` or ``rtl``), ``as_of`` (ISO date)
=================  ===================================================================================================

and what the channel adds (``head``, ``film``, ``statement``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError, UndefinedError
from markupsafe import Markup

from renderer.errors import BadInput, DearlyError, Place, RenderError, TemplateError
from renderer.plan.model import Fact, Message, RenderPlan, Series
from renderer.render.chart import Drawing
from renderer.render.layout_lint import refuse, syntax_error
from renderer.render.layout_views import FactView, Lookup, isolated, plain_text
from renderer.render.model import RenderJob
from renderer.render.sandbox import Budget, LayoutEnvironment, Printed
from renderer.template.model import Template

if TYPE_CHECKING:
    from renderer.template.release import Release

_SAFE_HREF = re.compile(r"(https://|mailto:|tel:)[^\s\"'<>\\]*")
_LENGTH = re.compile(r"[A-Za-z0-9 .,%()+*/'_-]*")


def page(
    job: RenderJob, entry: str, extra: Mapping[str, Any] | None = None, *, asset_url: Callable[[str], str] | None = None
) -> str:
    """The layout ``entry`` of the job's template, filled with the job's plan.

    ``extra`` adds names (plain data or :class:`~.sandbox.View`; mappings may be read as ``name.part``). ``asset_url``
    turns a reference (``media/…``, ``asset:…``, ``image:<digest>``) into an address for the channel; without it
    references come out as ``dearly:<reference>``, for a fetcher that asks the asset door.

    Raises TemplateError for a layout that is missing, unsafe or does not compile, RenderError ``render.layout`` when it
    fails on this plan, ``render.limit`` when it runs too long or grows too large, and what ``asset_url`` raises.
    """
    release = job.template.release
    if entry not in release.files:
        raise TemplateError("template.missing-file", f"The template has no file '{entry}'.", place=Place(file=entry))
    environment = _environment(_Sources(release.files_digest, release))
    names = _names(job, asset_url or (lambda reference: f"dearly:{reference}"))
    try:
        return "".join(environment.pieces(entry, {**names, **(extra or {})}, Budget()))
    except DearlyError as error:
        raise error.at(file=_place(error, entry).file, line=_place(error, entry).line) from error
    except TemplateSyntaxError as error:
        raise syntax_error(entry, error) from error
    except UndefinedError as error:
        name = re.search(r"'([A-Za-z_][\w-]*)'(?: is undefined)?$", error.message or "")
        known = name is not None and any(name[1] in source for source in environment.loader.sources.values())  # type: ignore[union-attr]
        what = f"'{name[1]}'" if name and known else "something"
        raise RenderError(
            "render.layout",
            f"The layout uses {what}, which this plan does not have.",
            place=_place(error, entry),
            hint="Ask with 'ID' in facts, or has('ID'), before using it.",
        ) from None
    except JinjaError as error:
        raise RenderError("render.layout", f"The layout failed: {error.message}.", place=_place(error, entry)) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError) as error:
        # The text of such an error may repeat a value, so only its kind is told.
        code = "render.limit" if isinstance(error, RecursionError | MemoryError) else "render.layout"
        raise RenderError(code, f"The layout failed with {type(error).__name__}.", place=_place(error, entry)) from None


def brand_css(template: Template, *, dark: bool = False) -> str:
    """The brand tokens as CSS custom properties on ``:root``: ``--colour-NAME`` and ``--NAME`` for lengths.

    With ``dark``, dark variants follow for screens that prefer them; paper stays light. Raises TemplateError for a
    length that could leave its declaration.
    """
    brand = template.config.brand
    light = [f"--colour-{name}:{pair.light};" for name, pair in brand.colours.items()]
    for name, length in brand.lengths.items():
        if not _LENGTH.fullmatch(length):
            raise TemplateError(
                "template.value",
                f"The length '{name}' is not a plain CSS value.",
                place=Place(file="template.yaml", field=f"brand.lengths.{name}"),
            )
        light.append(f"--{name}:{length};")
    css = f":root{{{''.join(light)}}}\n"
    variants = [f"--colour-{name}:{pair.dark};" for name, pair in brand.colours.items() if pair.dark]
    if dark and variants:
        css += f"@media screen and (prefers-color-scheme:dark){{:root{{{''.join(variants)}}}}}\n"
    return css


# ---------------------------------------------------------------- names


def _names(job: RenderJob, asset_url: Callable[[str], str]) -> dict[str, Any]:
    plan, config = job.plan, job.template.config
    chosen = {*plan.blocks, *plan.scenes, *plan.offers.values()}
    drawing = Drawing(
        direction=plan.direction,
        colours={name: pair.light for name, pair in config.brand.colours.items()},
        font_family=", ".join(f"'{font.family}'" for font in config.fonts),
    )

    def asset(reference: str | FactView) -> str:
        if isinstance(reference, FactView):
            if reference.fact.kind != "image":
                raise RenderError("render.asset", f"The fact '{reference.fact.id}' is not an image.")
            return asset_url(f"image:{plan.images[reference.fact.id]}")
        return asset_url(reference)

    def link(name: str) -> str:
        if name not in plan.links:
            raise RenderError(
                "render.layout",
                "The layout uses a link that this plan does not have.",
                hint="Ask with 'ID' in links first.",
            )
        href = plan.links[name].href
        if not _SAFE_HREF.fullmatch(href):
            raise RenderError("render.layout", f"The link '{name}' is not an https, mailto or tel address.")
        return href

    logo = {name: asset_url(reference) for name in ("logo", "logo_dark") if (reference := getattr(config.brand, name))}
    return {
        "facts": Lookup(plan.facts, FactView),
        "t": lambda key: isolated(_message(plan, key).text),
        "text": lambda key: plain_text(_message(plan, key).text),
        "blocks": plan.blocks,
        "has": lambda name: name in chosen,
        "offers": dict(plan.offers),
        "segments": plan.segments,
        "link": link,
        "links": Lookup(plan.links, lambda item: item.href),
        "asset": asset,
        "chart": lambda name, **options: drawing.chart(_series(plan, name), **_texts(options)),
        "bars": lambda names, **options: drawing.bars(tuple(_fact(plan, name) for name in names), **_texts(options)),
        "ring": lambda name, **options: drawing.ring(_fact(plan, name), **_texts(options)),
        "brand": Lookup({"name": config.brand.name, **logo}),
        "locale": plan.locale,
        "dir": plan.direction,
        "as_of": plan.as_of.isoformat(),
    }


def _message(plan: RenderPlan, key: str) -> Message:
    if key not in plan.copy:
        raise RenderError(
            "render.layout",
            "The layout asks for a sentence that this plan does not have.",
            hint="Sentences whose facts are absent are left out: ask for the fact first.",
        )
    return plan.copy[key]


def _fact(plan: RenderPlan, name: str) -> Fact:
    if name not in plan.facts:
        raise RenderError(
            "render.layout",
            "The layout draws a fact that this plan does not have.",
            hint="Ask with 'ID' in facts first.",
        )
    return plan.facts[name]


def _series(plan: RenderPlan, name: str) -> Fact:
    fact = _fact(plan, name)
    if not isinstance(fact.value, Series):
        raise RenderError("render.layout", f"The fact '{name}' is not a series, so it has no chart.")
    return fact


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options for a drawing; markup and figures come as their plain text."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Markup):
            value = plain_text(value.striptags())
        found[name] = plain_text(value.text) if isinstance(value, Printed) else value
    return found


# ---------------------------------------------------------------- environment


@dataclass(frozen=True)
class _Sources:
    """A release, equal by digest, so that compiled layouts are kept from one page to the next."""

    digest: str
    release: Release = field(compare=False, hash=False, repr=False)


@lru_cache(maxsize=8)
def _environment(sources: _Sources) -> LayoutEnvironment:
    """A pure function of the release; kept because compiling a layout costs 100 times what filling it does."""
    layouts = {path: sources.release.text(path) for path in sources.release.files if path.endswith(".j2")}
    return LayoutEnvironment(layouts, refuse)


def _place(error: BaseException, entry: str) -> Place:
    """Where in the layouts an error came from: the innermost frame whose file is one of them."""
    if isinstance(error, BadInput) and error.place.file is not None:
        return error.place
    found = Place(file=entry)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(".j2"):
            found = Place(file=name, line=trace.tb_lineno)
        trace = trace.tb_next
    return found


def layout_paths(files: Sequence[str]) -> tuple[str, ...]:
    """Which of a release's files are layouts."""
    return tuple(sorted(path for path in files if path.endswith(".j2")))
