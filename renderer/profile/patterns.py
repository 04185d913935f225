"""How much a pattern of a contract may cost. Pure.

Patterns run in an engine whose time grows with text times pattern and never faster, so nothing here is about
backtracking. But counted repetitions make a short pattern a long one, ``([a-z]{0,1000}){50}`` one of 50,000 places, and
a text of some thousand characters then takes minutes.
"""

from __future__ import annotations

import re

MAX_PLACES = 2_000
"""Places of a pattern: characters and classes, each as often as it may be repeated by a count."""

_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_ATOM = re.compile(
    r"\\[pP]\{[^}]*\}|\\u\{[0-9a-fA-F]+\}|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\((?:\?(?:<[^>=!]+>|[^)(]*?:|[=!]))?|.",
    re.DOTALL,
)


def places(pattern: str) -> int:
    """The places of a pattern that an engine takes; what it does not take is not counted rightly."""
    groups: list[list[int]] = [[]]
    at = 0
    while at < len(pattern):
        count = _COUNT.match(pattern, at)
        if count is not None and groups[-1]:
            groups[-1][-1] *= max(1, int(count[2] or count[1]))
            at = count.end()
            continue
        found = _ATOM.match(pattern, at)
        assert found is not None  # its last alternative is any character
        at = found.end()
        if found[0].startswith("("):
            groups.append([])
        elif found[0] == ")" and len(groups) > 1:
            inside = sum(groups.pop())
            groups[-1].append(inside)
        elif found[0] not in "*+?|^$":
            groups[-1].append(1)
    return sum(map(sum, groups))
