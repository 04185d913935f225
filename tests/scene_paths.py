"""Every sequence of scenes that a template's rules could choose, for tests of storyboards."""

from __future__ import annotations

import itertools

from renderer.template.model import CandidateRule, ChoiceRule, Template


def scene_paths(template: Template) -> tuple[tuple[str, ...], ...]:
    """One sequence for each combination of choices, conditions aside."""
    slots: list[list[str | None]] = []
    for rule in template.decisions.scenes:
        if isinstance(rule, CandidateRule):
            slots.append([rule.id])
        else:
            slots.append([*(one.id for one in rule.from_), rule.default if isinstance(rule, ChoiceRule) else None])
    return tuple(tuple(one for one in path if one is not None) for path in itertools.product(*slots))
