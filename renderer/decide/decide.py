"""From a profile to derived values and decisions, each decision with its candidates and the reason for each.

:class:`Rules` compiles a template's ``decisions.yaml`` once; :meth:`Rules.decide` applies it to one profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from renderer.decide.expressions import CONTEXT, Compiled, compile_expression
from renderer.decide.model import Candidate, Decision, Decisions
from renderer.decide.scope import Scope
from renderer.decide.values import Work
from renderer.errors import DearlyError, ErrorList, TemplateError
from renderer.labels import Sensitivity, highest
from renderer.profile.contract import RESERVED
from renderer.profile.model import Profile
from renderer.template.model import AnyRule, CandidateRule, ChoiceRule, NoneChoiceRule, Template
from renderer.units import decimal_text

MASK = "(secret)"
FILE = "decisions.yaml"
Kind = Literal["offer", "scene", "block"]
_SHORT = Decimal("0.0001")
"""Reasons show numbers to here; the values beside them are exact."""


@dataclass(frozen=True)
class _Derived:
    name: str
    value: Compiled
    when: Compiled | None


@dataclass(frozen=True)
class _Candidate:
    id: str
    when: Compiled | None
    excludes: tuple[str, ...]


@dataclass(frozen=True)
class _Choice:
    """A compiled rule: its candidates in order; ``default`` is None where nothing may be chosen."""

    id: str
    candidates: tuple[_Candidate, ...]
    default: str | None


class Rules:
    """A template's decisions, compiled. Raises ErrorList with file and line of every expression that is wrong."""

    def __init__(self, template: Template) -> None:
        self._contract = template.contract
        self._lines = template.lines[FILE]
        self._faults: list[DearlyError] = []
        rules = template.decisions
        labels: dict[str, Sensitivity] = {}
        scope = Scope(self._contract, MappingProxyType(labels))
        self._derived: list[_Derived] = []
        for name, derived in rules.derive.items():
            if name in (*self._contract.top, *RESERVED, "as_of") or not name.isidentifier():
                self._faults.append(
                    TemplateError(
                        "template.value",
                        f"'{name}' cannot name a derived value.",
                        place=self._lines.place(("derive", name)),
                        hint="Choose a name of letters and underscores that no field has.",
                    )
                )
            when = self._compile(derived.when, scope, ("derive", name, "when"))
            value = self._compile(derived.value, scope, ("derive", name, "value"))
            if value is not None:
                # A value that was chosen by looking at a field tells something about that field: both labels count.
                labels[name] = highest([part.sensitivity for part in (value, when) if part])
                self._derived.append(_Derived(name, value, when))
            else:
                labels[name] = "public"
        self._suppress = [
            (rule.code, self._compile(rule.when, scope, ("suppress", index, "when")))
            for index, rule in enumerate(rules.suppress)
        ]
        self._segments = {
            name: self._compile(rule.when, scope, ("segments", name, "when")) for name, rule in rules.segments.items()
        }
        for name, condition in self._segments.items():
            if f"segment.{name.replace('-', '_')}" in labels:
                place = self._lines.place(("segments", name))
                self._faults.append(
                    TemplateError("template.duplicate", f"Two segments are '{name}' in rules.", place=place)
                )
            labels[f"segment.{name.replace('-', '_')}"] = condition.sensitivity if condition else "public"
        self._offers = [self._choice(rule, scope, ("offers", index)) for index, rule in enumerate(rules.offers)]
        self._scenes = [self._choice(rule, scope, ("scenes", index)) for index, rule in enumerate(rules.scenes)]
        self._blocks = [self._choice(rule, scope, ("blocks", index)) for index, rule in enumerate(rules.blocks)]
        if self._faults:
            raise ErrorList(self._faults)
        self.scope = scope

    def decide(self, profile: Profile, as_of: date, seed: int, work: Work | None = None) -> Decisions:
        """All values and decisions for one profile. Raises ProfileError where a rule cannot be applied to it.

        Who is suppressed gets nothing, so nothing further is decided. ``work`` is what the expressions of one plan may
        do together. ``seed`` is for experiments and tie-breaks to come; nothing uses it yet, and nothing else may be
        random.
        """
        work = work or Work()
        names: dict[str, Any] = {**profile.data, "as_of": as_of}
        for derived in self._derived:
            holds = derived.when is None or derived.when.truth(names, work)
            names[derived.name] = derived.value.value(names, work) if holds else None
        decisions: list[Decision] = []
        suppression = self._suppressed(names, work, decisions)
        if suppression is not None:
            return Decisions(
                names=MappingProxyType(names),
                suppression=suppression,
                segments=(),
                offers=MappingProxyType({}),
                scenes=(),
                blocks=(),
                decisions=tuple(decisions),
            )
        segments = self._segmented(names, work, decisions)
        names["segment"] = MappingProxyType({name.replace("-", "_"): name in segments for name in self._segments})
        decisions += self._chosen("offer", self._offers, names, work)
        decisions += self._chosen("scene", self._scenes, names, work)
        decisions += self._chosen("block", self._blocks, names, work)
        return Decisions(
            names=MappingProxyType(names),
            suppression=None,
            segments=segments,
            offers=MappingProxyType({d.id: d.chosen[0] for d in decisions if d.kind == "offer" and d.chosen}),
            scenes=tuple(one for d in decisions if d.kind == "scene" for one in d.chosen),
            blocks=tuple(one for d in decisions if d.kind == "block" for one in d.chosen),
            decisions=tuple(decisions),
        )

    def ids(self, kind: Kind) -> tuple[str, ...]:
        """Every id of a kind that some profile could get, in order."""
        choices = {"offer": self._offers, "scene": self._scenes, "block": self._blocks}[kind]
        return tuple(
            one
            for choice in choices
            for one in (*(c.id for c in choice.candidates), *((choice.default,) if choice.default else ()))
        )

    def _suppressed(self, names: Mapping[str, Any], work: Work, decisions: list[Decision]) -> str | None:
        found: str | None = None
        candidates = []
        for code, when in self._suppress:
            assert when is not None
            holds = when.truth(names, work)
            candidates.append(self._candidate(code, holds, when, names))
            if holds and found is None:
                found = code
        if candidates:
            decisions.append(
                Decision(
                    id="suppression",
                    kind="suppression",
                    chosen=(found,) if found else (),
                    candidates=tuple(candidates),
                    fallback=found is None,
                )
            )
        return found

    def _segmented(self, names: Mapping[str, Any], work: Work, decisions: list[Decision]) -> tuple[str, ...]:
        found = []
        for name, when in self._segments.items():
            assert when is not None
            holds = when.truth(names, work)
            decisions.append(
                Decision(
                    id=name,
                    kind="segment",
                    chosen=(name,) if holds else (),
                    candidates=(self._candidate(name, holds, when, names),),
                    fallback=False,
                )
            )
            if holds:
                found.append(name)
        return tuple(found)

    def _chosen(self, kind: Kind, choices: list[_Choice], names: Mapping[str, Any], work: Work) -> Iterator[Decision]:
        excluded: dict[str, str] = {}
        for choice in choices:
            chosen: _Candidate | None = None
            tried = []
            for candidate in choice.candidates:
                holds = candidate.when is None or candidate.when.truth(names, work)
                if candidate.id in excluded:
                    tried.append(
                        Candidate(
                            id=candidate.id,
                            eligible=False,
                            rule=candidate.when.source if candidate.when else None,
                            reason=f"excluded by {excluded[candidate.id]}",
                            values={},
                        )
                    )
                    continue
                if holds and chosen is None:
                    chosen = candidate
                tried.append(self._candidate(candidate.id, holds, candidate.when, names))
            result = chosen.id if chosen else choice.default
            fallback = chosen is None and choice.default is not None
            if fallback and choice.default is not None:
                tried.append(
                    Candidate(
                        id=choice.default,
                        eligible=True,
                        rule=None,
                        reason="default: nothing before it holds",
                        values={},
                    )
                )
            if chosen is not None:
                excluded.update(dict.fromkeys(chosen.excludes, chosen.id))
            yield Decision(
                id=choice.id, kind=kind, chosen=(result,) if result else (), candidates=tuple(tried), fallback=fallback
            )

    def _candidate(self, name: str, holds: bool, when: Compiled | None, names: Mapping[str, Any]) -> Candidate:
        if when is None:
            return Candidate(id=name, eligible=True, rule=None, reason="always", values={})
        values = {path: _shown(path, names, self.scope) for path in when.paths}
        said = ", ".join(f"{path} = {_words(value)}" for path, value in values.items())
        return Candidate(
            id=name,
            eligible=holds,
            rule=when.source,
            values=values,
            reason=f"{when.source} is {'true' if holds else 'false'}" + (f" ({said})" if said else ""),
        )

    def _choice(self, rule: AnyRule, scope: Scope, path: tuple[str | int, ...]) -> _Choice:
        match rule:
            case CandidateRule():
                return _Choice(rule.id, (self._one(rule, scope, path),), None)
            case ChoiceRule():
                return _Choice(rule.choose, self._several(rule.from_, scope, path), rule.default)
            case NoneChoiceRule():
                return _Choice(rule.maybe, self._several(rule.from_, scope, path), None)

    def _several(
        self, rules: tuple[CandidateRule, ...], scope: Scope, path: tuple[str | int, ...]
    ) -> tuple[_Candidate, ...]:
        return tuple(self._one(rule, scope, (*path, "from", index)) for index, rule in enumerate(rules))

    def _one(self, rule: CandidateRule, scope: Scope, path: tuple[str | int, ...]) -> _Candidate:
        return _Candidate(rule.id, self._compile(rule.when, scope, (*path, "when")), rule.excludes)

    def _compile(self, source: str | None, scope: Scope, path: tuple[str | int, ...]) -> Compiled | None:
        if source is None:
            return None
        try:
            return compile_expression(source, scope, self._lines.place(path))
        except TemplateError as error:
            self._faults.append(error)
            return None


def _shown(path: str, names: Mapping[str, Any], scope: Scope) -> Any:
    """A value as a reason shows it: secret ones masked, lists and objects only counted."""
    if scope.label(path) == "secret":
        return MASK
    value: Any = names
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    if isinstance(value, Mapping):
        return "(given)"
    if isinstance(value, timedelta):
        return f"{value.days} days"
    return f"({len(value)} items)" if isinstance(value, tuple | list) else value


def _words(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return decimal_text(value.quantize(_SHORT, context=CONTEXT).normalize(CONTEXT))
    return str(value)
