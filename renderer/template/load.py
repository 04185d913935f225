"""A folder, or a bundle, becomes a :class:`Template`; everything wrong with it is said at once, with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from renderer.assets.door import SHARED
from renderer.errors import DearlyError, ErrorList, Place, TemplateError, UsageError, nearest
from renderer.located import Lines, parse, read_yaml
from renderer.profile.contract import load_contract
from renderer.template.copy import is_locale, load_copy
from renderer.template.lexicon import lexicon_path, locale_of, read_lexicon
from renderer.template.model import (
    AnyFactRule,
    CandidateRule,
    ChoiceRule,
    DecisionRules,
    FactRule,
    NoneChoiceRule,
    SeriesRule,
    TableRule,
    Template,
    TemplateConfig,
)
from renderer.template.references import clip_locales, lacking_clips, misled_layers, references
from renderer.template.release import Release, read_folder
from renderer.template.storyboard import MAX_LAYERS, Storyboard

T = TypeVar("T")
Path_ = tuple[str | int, ...]
HOME = Path(__file__).resolve().parents[2] / "templates"
LONGEST = (("layers", MAX_LAYERS),)
"""Lists that are refused as soon as they are too long: reading thousands of layers takes seconds."""
REQUIRED = ("template.yaml", "contract.json", "facts.yaml", "decisions.yaml")


def find_template(name: str, home: Path = HOME) -> Path:
    """The folder of a template given as a folder or as an id. Raises UsageError when there is none."""
    folder = Path(name)
    if (folder / "template.yaml").is_file():
        return folder
    ids = dict(installed(home))
    if name in ids:
        return ids[name]
    if folder.is_dir():
        raise UsageError(
            "usage.unreadable",
            "The folder holds no template.yaml.",
            place=Place(file=folder.name),
            hint="Name a template's folder or one of these ids: " + ", ".join(sorted(ids)) + ".",
        )
    raise UsageError("usage.unreadable", f"There is no template '{name}'.", hint=nearest(name, sorted(ids)))


def installed(home: Path = HOME) -> Iterable[tuple[str, Path]]:
    """(id, folder) of the templates in a folder of templates, by id."""
    found = {}
    for config in sorted(home.glob("*/template.yaml")):
        try:
            data, _ = read_yaml(config.read_text("utf-8"), config.name)
        except (DearlyError, OSError, UnicodeDecodeError):
            continue  # a broken template has no id to be found by; naming its folder shows what is wrong
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            found[data["id"]] = config.parent
    return sorted(found.items())


def load_template(folder: Path) -> Template:
    """The template in a folder. Raises ErrorList or TemplateError."""
    if not folder.is_dir():
        raise UsageError("usage.unreadable", "There is no such folder.", place=Place(file=folder.name))
    return load_release(read_folder(folder))


def load_release(release: Release) -> Template:
    """The template that a release holds. Raises ErrorList: first what each file gets wrong by itself, then what does
    not fit together."""
    missing = [path for path in REQUIRED if path not in release.files]
    if missing:
        raise ErrorList(
            [
                TemplateError("template.missing-file", f"A template needs a file '{path}'.", place=Place(file=path))
                for path in missing
            ]
        )
    parts = _Parts(release)
    config = parts.read("template.yaml", lambda data, lines: parse(TemplateConfig, data, lines))
    contract = parts.attempt(lambda: load_contract(release.text("contract.json"), "contract.json"))
    rules = parts.read("decisions.yaml", lambda data, lines: parse(DecisionRules, data, lines))
    facts = parts.read("facts.yaml", _facts)
    storyboard = None
    if config is not None and config.channels.video is not None and config.channels.video.storyboard in release.files:
        storyboard = parts.read(config.channels.video.storyboard, lambda data, lines: parse(Storyboard, data, lines))
    lexicons = {
        locale: parts.read(path, read_lexicon) for path in release.files if (locale := locale_of(path)) is not None
    }
    if config is not None:
        parts.faults += _check_lexicons(lexicons, config)
        parts.faults += _check_files(config, release, parts.lines["template.yaml"])
    if rules is not None:
        parts.faults += _check_decisions(rules, parts.lines["decisions.yaml"])
    copy = None
    if config is not None and facts is not None and all(map(is_locale, config.locales)):
        copy = parts.attempt(lambda: load_copy(release, config.locales, facts))
    if parts.faults or config is None or contract is None or rules is None or facts is None or copy is None:
        raise ErrorList(parts.faults)
    template = Template(
        config=config,
        contract=contract,
        decisions=rules,
        facts=MappingProxyType(facts),
        copy=copy,
        storyboard=storyboard,
        release=release,
        lines=MappingProxyType(parts.lines),
        lexicons=MappingProxyType({locale: one for locale, one in lexicons.items() if one is not None}),
    )
    faults = [*_check_config(template), *_check_storyboard(template)]
    if faults:
        raise ErrorList(faults)
    return template


class _Parts:
    """Reads a release's files one by one and keeps their faults, so that one broken file does not hide the next."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.lines: dict[str, Lines] = {}
        self.faults: list[DearlyError] = []

    def read(self, path: str, make: Callable[[Any, Lines], T]) -> T | None:
        def both() -> T:
            data, self.lines[path] = read_yaml(self._release.text(path), path, LONGEST)
            return make(data, self.lines[path])

        return self.attempt(both)

    def attempt(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ErrorList as error:
            self.faults += error.errors
        except TemplateError as error:
            self.faults.append(error)
        return None


_FACT_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_FACT_KINDS: Mapping[str, type[FactRule | SeriesRule | TableRule]] = {"series": SeriesRule, "table": TableRule}


def _facts(data: Any, lines: Lines) -> dict[str, AnyFactRule]:
    if not isinstance(data, dict):
        raise TemplateError("template.value", "facts.yaml must map fact ids to their rules.", place=lines.place(()))
    facts: dict[str, AnyFactRule] = {}
    faults: list[DearlyError] = []
    for name, rule in data.items():
        kind = rule.get("as") if isinstance(rule, dict) else None
        model = _FACT_KINDS.get(str(kind), FactRule)
        inner = Lines(lines.file, {path[1:]: line for path, line in lines.by_path.items() if path[:1] == (name,)})
        if not _FACT_ID.fullmatch(name) or name.endswith("_n"):
            faults.append(
                TemplateError(
                    "template.value",
                    f"'{name}' is no fact id.",
                    place=lines.place((name,)),
                    hint="Use small letters, digits and underscores; the ending _n is taken by plural selectors.",
                )
            )
            continue
        try:
            facts[name] = parse(model, rule, inner)
        except ErrorList as error:
            faults += error.errors
    if faults:
        raise ErrorList(faults)
    return facts


def _check_files(config: TemplateConfig, release: Release, own: Lines) -> Iterable[DearlyError]:
    """Every file that template.yaml names is there."""
    named: list[tuple[tuple[str | int, ...], str]] = []
    for channel in ("microsite", "statement"):
        options = getattr(config.channels, channel)
        if options is not None:
            named.append((("channels", channel, "page"), options.page))
            named += [(("channels", channel, "styles", index), path) for index, path in enumerate(options.styles)]
    if config.channels.video is not None:
        named.append((("channels", "video", "storyboard"), config.channels.video.storyboard))
    for key in ("logo", "logo_dark"):
        reference = getattr(config.brand, key)
        if reference is not None:
            named.append((("brand", key), reference))
    shared = _shared()
    for path, file in named:
        if file not in release.files and file not in shared:
            yield TemplateError(
                "template.missing-file",
                f"The template has no file '{file}'.",
                place=own.place(path),
                hint=nearest(file, [name for name in release.files if not name.startswith("copy/")]),
            )
    for index, locale in enumerate(config.locales):
        if not is_locale(locale):
            yield TemplateError(
                "template.value",
                f"'{locale}' is no locale that Unicode's CLDR knows.",
                place=own.place(("locales", index)),
                hint="Write it like 'it', 'ar' or 'pt-BR'.",
            )
        if locale in config.locales[:index]:
            yield TemplateError(
                "template.duplicate", f"The locale '{locale}' stands twice.", place=own.place(("locales", index))
            )
    for index, (text, ground) in enumerate(config.brand.contrast):
        for token in (text, ground):
            if token not in config.brand.colours:
                yield TemplateError(
                    "template.reference",
                    f"There is no colour token '{token}'.",
                    place=own.place(("brand", "contrast", index)),
                    hint=nearest(token, list(config.brand.colours)),
                )


def _check_lexicons(locales: Iterable[str], config: TemplateConfig) -> Iterable[DearlyError]:
    for locale in locales:
        if locale not in config.locales:
            yield TemplateError(
                "template.reference",
                f"The template does not speak '{locale}', so this lexicon would never be read.",
                place=Place(file=lexicon_path(locale)),
                hint=nearest(locale, list(config.locales)),
            )


def _check_config(template: Template) -> Iterable[DearlyError]:
    own = template.lines["template.yaml"]
    statement = template.config.channels.statement
    sentences = template.copy[template.config.locales[0]].sentences
    if statement is not None:
        if statement.title not in sentences:
            yield TemplateError(
                "template.reference",
                f"There is no sentence '{statement.title}'.",
                place=own.place(("channels", "statement", "title")),
                hint=nearest(statement.title, list(sentences)),
            )
        elif sentences[statement.title].facts:
            yield TemplateError(
                "template.copy",
                "The document's title names facts; it stands in the file's metadata.",
                place=own.place(("channels", "statement", "title")),
                hint="Use a sentence without facts.",
            )


def _check_decisions(rules: DecisionRules, lines: Lines) -> Iterable[DearlyError]:
    """Ids are unique within a list, and what a rule excludes exists."""
    for name in ("offers", "scenes", "blocks"):
        seen: set[tuple[str, str]] = set()
        listed = getattr(rules, name)
        ids = [candidate.id for rule in listed for candidate in _candidates(rule)]
        defaults = [rule.default for rule in listed if isinstance(rule, ChoiceRule)]
        for index, rule in enumerate(listed):
            at = (name, index)
            choice = getattr(rule, "choose", None) or getattr(rule, "maybe", None) or rule.id
            default = rule.default if isinstance(rule, ChoiceRule) else None
            inside: list[tuple[Path_, CandidateRule]] = [
                (at if isinstance(rule, CandidateRule) else (*at, "from", number), candidate)
                for number, candidate in enumerate(_candidates(rule))
            ]
            named = [(at, "choice", choice), *((path, "id", candidate.id) for path, candidate in inside)]
            if default is not None and default not in ids:
                named.append(((*at, "default"), "id", default))
            for path, what, own in named:
                if (what, own) in seen:
                    message = f"The {what} '{own}' stands twice in '{name}'."
                    yield TemplateError("template.duplicate", message, place=lines.place(path))
                seen.add((what, own))
            if default in ids:
                yield TemplateError(
                    "template.unreachable-default",
                    f"The default '{default}' is also a candidate in '{name}'.",
                    place=lines.place((*at, "default")),
                    hint="A default has no condition: leave it out of 'from'.",
                )
            for path, candidate in inside:
                place = lines.place((*path, "excludes"))
                for other in candidate.excludes:
                    if other in defaults:
                        message = f"'{candidate.id}' excludes the default '{other}'."
                        hint: str | None = "A default must always be reachable."
                        yield TemplateError("template.unreachable-default", message, place=place, hint=hint)
                    elif other not in ids:
                        message = f"'{candidate.id}' excludes '{other}', which is not in '{name}'."
                        yield TemplateError("template.reference", message, place=place, hint=nearest(other, ids))


def _check_storyboard(template: Template) -> Iterable[DearlyError]:
    """Every name in the storyboard exists, and every scene that can be chosen is drawn."""
    board = template.storyboard
    video = template.config.channels.video
    if board is None or video is None:
        return
    lines = template.lines[video.storyboard]
    known = _names(template, board)
    for use in references(board):
        if use.kind == "layer":
            continue  # see below
        if use.name not in known[use.kind]:
            what = {
                "chosen": "id in decisions.yaml",
                "image": "fact of an image",
                "series": "series",
                "ratio": "fact with a ratio",
                "counter": "fact with steps",
            }.get(use.kind, use.kind)
            yield TemplateError(
                "template.reference",
                f"There is no {what} '{use.name}'.",
                place=lines.place(use.path),
                hint=nearest(use.name, sorted(known[use.kind])),
            )
    for place, locale in clip_locales(board):
        if locale not in template.config.locales:
            yield TemplateError(
                "template.reference",
                f"The template does not speak '{locale}', so this clip would never be heard.",
                place=lines.place(place),
                hint=nearest(locale, list(template.config.locales)),
            )
    for place, locale in lacking_clips(board, template.config.locales):
        yield TemplateError(
            "template.reference",
            f"This clip has no recording for '{locale}', which the template speaks, so nothing would be heard there.",
            place=lines.place(place),
            hint="Name a recording for each locale of the template, or one file for all.",
        )
    for use, able in misled_layers(board):
        yield TemplateError(
            "template.reference",
            f"'{use.name}' is no{' earlier' if use.path[-1] == 'below' else ''} text layer of this scene.",
            place=lines.place(use.path),
            hint=nearest(use.name, able),
        )
    drawn = {scene.id for scene in board.scenes}
    for index, rule in enumerate(template.decisions.scenes):
        wanted = [c.id for c in _candidates(rule)] + ([rule.default] if isinstance(rule, ChoiceRule) else [])
        for scene in wanted:
            if scene not in drawn:
                yield TemplateError(
                    "template.reference",
                    f"The storyboard has no scene '{scene}'.",
                    place=template.lines["decisions.yaml"].place(("scenes", index)),
                    hint=nearest(scene, sorted(drawn)),
                )


def _names(template: Template, board: Storyboard) -> Mapping[str, set[str]]:
    """Everything a storyboard may name, by kind of name."""
    facts = template.facts
    single = {name: rule for name, rule in facts.items() if isinstance(rule, FactRule)}
    weights = [(font.family, weight) for font in template.config.fonts for weight in font.weights]
    decisions = template.decisions
    chosen = {
        candidate.id
        for rules in (decisions.offers, decisions.scenes, decisions.blocks)
        for rule in rules
        for candidate in _candidates(rule)
    }
    chosen |= {
        rule.default
        for rules in (decisions.offers, decisions.scenes, decisions.blocks)
        for rule in rules
        if isinstance(rule, ChoiceRule)
    }
    return {
        "copy": set(template.copy[template.config.locales[0]].sentences),
        "fact": {name for name, rule in single.items() if rule.as_ != "image"},
        "counter": {name for name, rule in single.items() if rule.steps},
        "image": {name for name, rule in single.items() if rule.as_ == "image"},
        "series": {name for name, rule in facts.items() if isinstance(rule, SeriesRule)},
        "ratio": {name for name, rule in single.items() if rule.of is not None},
        "style": set(board.styles),
        "colour": set(template.config.brand.colours),
        "font": {f"{family}:{weight}" for family, weight in weights} | {f":{weight}" for _, weight in weights},
        "media": {path for path in template.release.files if path.startswith("media/")} | _shared(),
        "scene": {scene.id for scene in board.scenes},
        "chosen": chosen,
        "link": set(template.config.links),
    }


def _shared() -> set[str]:
    """References to the assets that templates share."""
    return {f"asset:{path.relative_to(SHARED).as_posix()}" for path in SHARED.rglob("*") if path.is_file()}


def _candidates(rule: CandidateRule | ChoiceRule | NoneChoiceRule) -> tuple[CandidateRule, ...]:
    return (rule,) if isinstance(rule, CandidateRule) else rule.from_
