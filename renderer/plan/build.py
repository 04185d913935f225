"""From decisions to the plan: facts written once, every sentence said, links filled.

A :class:`Planner` holds one template, compiled; :meth:`Planner.plan` makes the plan of one profile. Pure: no file, no
clock.
"""

from __future__ import annotations

import decimal
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import quote

from renderer.decide.decide import Rules
from renderer.decide.expressions import CONTEXT, compile_expression
from renderer.decide.values import Work
from renderer.errors import ErrorList, ProfileError, TemplateError, UsageError, nearest
from renderer.labels import Sensitivity, highest
from renderer.plan.facts import FactBook
from renderer.plan.formats import Formats
from renderer.plan.model import Fact, Link, RenderPlan
from renderer.plan.sentences import Speaker
from renderer.profile.contract import value_at
from renderer.profile.model import Profile
from renderer.template.copy import CopyBook
from renderer.template.model import FactRule, Template
from renderer.template.references import spoken_keys
from renderer.units import Money, Quantity, decimal_text

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_HOST = re.compile(r"(?s)^(https://[^/?#]*|).*$")


class Planner:
    """One template, ready to plan any number of profiles. Raises ErrorList with what is wrong in its rules."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.rules = Rules(template)
        self.facts = FactBook(template, self.rules.scope)
        self._formats = {locale: Formats(locale) for locale in template.config.locales}
        said = spoken_keys(template.storyboard) if template.storyboard is not None else frozenset()
        self._speakers = {locale: _speaker(book, self.facts.labels, said) for locale, book in template.copy.items()}
        faults = list(self._check_config())
        if faults:
            raise ErrorList(faults)

    def plan(
        self, profile: Profile, *, as_of: date | None = None, locale: str | None = None, seed: int = 0
    ) -> RenderPlan:
        """The plan of one profile. Raises ProfileError when the profile and the arguments give no date or locale, or
        when a rule, a fact or a sentence fails on it. Date and locale given here win over the profile's."""
        speaks = self._locale(profile, locale)
        when = self._as_of(profile, as_of)
        try:
            with decimal.localcontext(CONTEXT):  # whatever the caller's arithmetic is
                return self._planned(profile, speaks, when, seed)
        except ProfileError as error:
            raise error.at(record=profile.record) from error

    def _planned(self, profile: Profile, speaks: str, when: date, seed: int) -> RenderPlan:
        work = Work()
        decided = self.rules.decide(profile, when, seed, work)
        suppressed = decided.suppression is not None
        speaker = self._speakers[speaks]
        facts: dict[str, Fact] = {}
        counts: dict[str, int] = {}
        if not suppressed:
            facts, counts = self.facts.make(decided.names, self._formats[speaks], speaker.plain, work)
        return RenderPlan(
            template=self.template.id,
            files_digest=self.template.release.files_digest,
            locale=speaks,
            direction=self._formats[speaks].direction,
            as_of=when,
            seed=seed,
            suppression=decided.suppression,
            segments=decided.segments,
            offers=decided.offers,
            scenes=decided.scenes,
            blocks=decided.blocks,
            facts=MappingProxyType(facts),
            copy=MappingProxyType({} if suppressed else speaker.say(facts, counts)),
            links=MappingProxyType({} if suppressed else self._links(facts)),
            decisions=decided.decisions,
            images=MappingProxyType(
                {name: str(fact.value).removeprefix("image:") for name, fact in facts.items() if fact.kind == "image"}
            ),
        )

    def _locale(self, profile: Profile, asked: str | None) -> str:
        field = self.template.contract.role("locale")
        wanted = asked or (value_at(profile.data, field.path) if field is not None else None)
        known = self.template.config.locales
        if wanted is None:
            raise ProfileError(
                "profile.locale",
                "Neither the record nor the command line gives a locale.",
                hint=f"Give one of {', '.join(known)} with --locale.",
            ).at(record=profile.record)
        for candidate in (str(wanted), str(wanted).partition("-")[0]):
            if candidate in known:
                return candidate
        message, hint = "The template does not speak the locale asked for.", f"It speaks {', '.join(known)}."
        if asked:
            raise UsageError("usage.argument", message, hint=hint)
        raise ProfileError("profile.locale", message, hint=hint).at(record=profile.record)

    def _as_of(self, profile: Profile, asked: date | None) -> date:
        field = self.template.contract.role("as_of")
        when = asked or (value_at(profile.data, field.path) if field is not None else None)
        if not isinstance(when, date):
            raise ProfileError(
                "profile.as-of",
                "Neither the record nor the command line gives the as-of date.",
                hint="Give it with --as-of YYYY-MM-DD; the machine's clock is never read.",
            ).at(record=profile.record)
        return when

    def _check_config(self) -> Iterator[TemplateError]:
        """What template.yaml says in terms of facts and fields: links and control totals."""
        lines = self.template.lines["template.yaml"]
        for name, rule in self.template.config.links.items():
            place = lines.place(("links", name, "href"))
            if set("{}") & set(_PLACEHOLDER.sub("", rule.href)):
                yield TemplateError("template.value", f"A placeholder of the link '{name}' is no fact id.", place=place)
            if "{" in _HOST.sub(r"\1", rule.href, count=1):
                yield TemplateError(
                    "template.unsafe",
                    f"The link '{name}' would take its host from a fact.",
                    place=place,
                    hint="Facts may stand behind the host only.",
                )
            for fact in _PLACEHOLDER.findall(rule.href):
                given = self.template.facts.get(fact)
                if given is None:
                    yield TemplateError(
                        "template.reference",
                        f"The link '{name}' names an unknown fact '{fact}'.",
                        place=place,
                        hint=nearest(fact, sorted(self.template.facts)),
                    )
                elif not isinstance(given, FactRule) or given.as_ == "image":
                    yield TemplateError("template.value", f"'{fact}' has no value for the link '{name}'.", place=place)
                elif self.facts.labels[fact] == "secret":
                    yield TemplateError(
                        "template.unsafe",
                        f"The link '{name}' would carry the secret '{fact}'.",
                        place=place,
                        hint="Secret values never enter an address.",
                    )
        for name, total in self.template.config.control_totals.items():
            for key in ("value", "currency"):
                try:
                    place = lines.place(("control_totals", name, key))
                    compile_expression(getattr(total, key), self.rules.scope, place)
                except TemplateError as error:
                    yield error

    def _links(self, facts: Mapping[str, Fact]) -> dict[str, Link]:
        """Addresses whose facts this plan has."""
        made = {}
        for name, rule in self.template.config.links.items():
            used = _PLACEHOLDER.findall(rule.href)
            if all(fact in facts for fact in used):
                href = _PLACEHOLDER.sub(lambda found: quote(_canonical(facts[found[1]]), safe=""), rule.href)
                made[name] = Link(id=name, href=href, sensitivity=highest([facts[fact].sensitivity for fact in used]))
        return made


_Asked = tuple[CopyBook, dict[str, Sensitivity], frozenset[str]]
_speakers: OrderedDict[int, tuple[_Asked, Speaker]] = OrderedDict()
KEPT_SPEAKERS = 32


def _speaker(book: CopyBook, labels: dict[str, Sensitivity], said: frozenset[str]) -> Speaker:
    """The speaker of a book. The last ones are kept: of a template that is read again, most books are the same."""
    known = _speakers.get(id(book))
    if known is None or known[0][0] is not book or known[0][1:] != (labels, said):
        known = (book, dict(labels), said), Speaker(book, labels, said)
        _speakers[id(book)] = known
        while len(_speakers) > KEPT_SPEAKERS:
            _speakers.popitem(last=False)
    return known[1]


def _canonical(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, Money | Quantity):
        value = value.amount
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
