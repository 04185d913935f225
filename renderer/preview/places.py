"""Where facts and sentences are placed: in layouts and storyboard by file and line, and in what was really drawn.

Two answers to two questions. :func:`written` reads the template and says where a name stands. :class:`Noted` watches
one rendering and says which names it asked for, so a block that was not chosen does not count. The film's answer is in
its score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

from renderer.errors import TemplateError
from renderer.plan.model import RenderPlan
from renderer.render.layout_lint import Reference
from renderer.render.layout_lint import references as layout_references
from renderer.render.video.score import Score
from renderer.template.model import Channel, Template
from renderer.template.references import references as board_references

T = TypeVar("T")
_BOARD_FACTS = ("fact", "counter", "image", "series", "ratio")


@dataclass(frozen=True, kw_only=True)
class Written:
    """One place in the template's files that names a fact or a sentence."""

    channel: Channel
    what: str
    name: str
    file: str
    line: int


def written(template: Template) -> tuple[Written, ...]:
    """Every place of every fact (``what`` is ``fact``) and sentence (``copy``), channel by channel."""
    channels = template.config.channels
    found: list[Written] = []
    for channel, options in (("microsite", channels.microsite), ("statement", channels.statement)):
        if options is not None:
            found += _in_layouts(template, channel, options.page)  # type: ignore[arg-type]
    if channels.video is not None and template.storyboard is not None:
        lines = template.lines[channels.video.storyboard]
        for use in board_references(template.storyboard):
            what = "copy" if use.kind == "copy" else "fact" if use.kind in _BOARD_FACTS else None
            if what is not None:
                place = lines.place(use.path)
                found.append(Written(channel="video", what=what, name=use.name, file=lines.file, line=place.line or 1))
    return tuple(dict.fromkeys(found))


def _in_layouts(template: Template, channel: Channel, entry: str) -> Iterator[Written]:
    """The places in a layout and in what it includes. A layout that cannot be read has none: drawing it says why."""
    waiting, seen = [entry], {entry}
    while waiting:
        path = waiting.pop(0)
        if path not in template.release.files:
            continue
        for use in _uses(path, template.release.text(path)):
            if use.kind == "layout" and use.name not in seen:
                seen.add(use.name)
                waiting.append(use.name)
            elif use.kind in ("fact", "copy"):
                yield Written(channel=channel, what=use.kind, name=use.name, file=path, line=use.line)


@lru_cache(maxsize=256)
def _uses(path: str, source: str) -> tuple[Reference, ...]:
    """What a layout names; remembered, since most files are as they were when one of them is saved."""
    try:
        return layout_references(path, source)
    except TemplateError:
        return ()


class Noted(Mapping[str, T]):
    """A mapping that writes down which of its values were asked for by name."""

    def __init__(self, names: Mapping[str, T]) -> None:
        self._names = names
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> T:
        value = self._names[name]
        self.asked.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names  # asking whether a fact is there does not place it


@dataclass(frozen=True)
class NotedPlan:
    """A plan that equals ``plan``, and what a channel asked of it."""

    plan: RenderPlan
    facts: Noted[Any]
    copy: Noted[Any]

    def placed(self) -> dict[str, list[str]]:
        """Ids of the facts and sentences that were asked for; a sentence brings its facts along."""
        said = sorted(self.copy.asked)
        facts = self.facts.asked | {fact for name in said for fact in self.copy[name].facts}
        return {"facts": sorted(facts), "copy": said}


def noted(plan: RenderPlan) -> NotedPlan:
    """``plan`` under watch. Its bytes and digest are those of the original."""
    facts, copy = Noted(plan.facts), Noted(plan.copy)
    watched = replace(plan, facts=facts, copy=copy)
    assert watched.digest == plan.digest  # worked out now, since writing the plan asks for everything
    facts.asked.clear()
    copy.asked.clear()
    return NotedPlan(watched, facts, copy)


def drawn(score: Score) -> dict[str, dict[str, list[dict[str, object]]]]:
    """Where the film draws each fact and sentence: scene, layer, first frame and the frame after the last; of a
    sentence that is only a caption, its frames."""
    facts: dict[str, list[dict[str, object]]] = {}
    copy: dict[str, list[dict[str, object]]] = {}
    for scene in score.scenes:
        for layer in scene.layers:
            first = scene.first + layer.first
            place: dict[str, object] = {
                "scene": scene.id, "layer": layer.id, "first": first, "end": first + layer.frames,
            }  # fmt: skip
            for name in layer.facts:
                facts.setdefault(name, []).append(place)
            for name in layer.messages:
                copy.setdefault(name, []).append(place)
    for caption in score.captions:
        copy.setdefault(caption.message, []).append(
            {"scene": None, "layer": None, "first": caption.first, "end": caption.end}
        )
    return {"facts": facts, "copy": copy}
