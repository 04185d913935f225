"""The generated pages of the documentation, made from the code they describe.

    .venv/bin/python -m docs.make_reference            # write them
    .venv/bin/python -m docs.make_reference --check    # say which are not what the code says; exit 1 if any

In: pydantic models, the command's options, the register of error codes, the settings. Out: Markdown. What the code does
not say stands in :mod:`.reference_words`; a name without words, or words without a name, is a ValueError.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import typer

from docs import reference_words as words
from docs.models import hints, inner_sections, model_sections, model_table, sentence, table
from renderer import errors
from renderer.api.app import build_app, describe
from renderer.bootstrap import build
from renderer.cli import main as cli
from renderer.decide.compiler import TESTS
from renderer.decide.filters import FILTERS, SELECT_TESTS
from renderer.ledger.model import MAX_ATTEMPTS
from renderer.preflight.sample_hints import NAMES as SAMPLE_NAMES
from renderer.preflight.sample_hints import Hint
from renderer.profile.contract import KEYWORDS
from renderer.render.chart import Drawing
from renderer.render.layout_lint import LAYOUT_NAMES, OWN_FILTERS
from renderer.render.sandbox import FILTERS_ALLOWED as LAYOUT_FILTERS
from renderer.settings import Settings
from renderer.template.layers import COMPOSITION_HEIGHT, COMPOSITION_WIDTH, EASINGS
from renderer.template.lexicon import Pronunciation
from renderer.template.model import DecisionRules, FactRule, SeriesRule, TableRule, TemplateConfig
from renderer.template.storyboard import Storyboard

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
MADE = "<!-- Made by docs/make_reference.py. Change the code or that file, not this page. -->\n"
GROUP_EXITS = {"usage": 2, "template": 2, "environment": 3}
"""Exit code of a group of codes where no line of the code says it; all others end with 1."""
CLASS_EXITS = {
    name: kind.exit_code
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.DearlyError)
}


def pages() -> dict[str, str]:
    """The text of every generated page by file name."""
    return {
        "template-reference.md": template_reference(),
        "cli.md": cli_reference(),
        "errors.md": error_reference(),
        "settings.md": settings_reference(),
        "api.openapi.json": api_description(),
    }


def described(names: Iterable[str], said: Mapping[str, str], what: str) -> list[tuple[str, str]]:
    """(name, words) in the order of ``said``. Raises ValueError where one knows a name that the other does not."""
    odd = set(names) ^ set(said)
    if odd:
        raise ValueError(f"{what}: reference_words and the code differ in {sorted(odd)}")
    return [(f"`{name}`", text) for name, text in said.items()]


# ---------------------------------------------------------------- template-reference.md


def template_reference() -> str:
    """Every key of every file of a template."""
    kinds = {key: [kind for kind, keys in KEYWORDS.items() if key in keys] for key in words.CONTRACT_KEYWORDS}
    contract = described({key for keys in KEYWORDS.values() for key in keys}, words.CONTRACT_KEYWORDS, "contract")
    fact_kinds = get_args(hints(FactRule)["as_"])
    parts = [
        MADE,
        "# Template reference\n",
        "Every key of every file of a template. How to write one is told in [Write a template](write-a-template.md).\n",
        "Words in the column *Kind*: an **id** is lower-case letters and digits, joined by `-` or `_`; a **reference**"
        " is `media/…` (a file of the template) or `asset:…` (a file that templates share); a **colour** is"
        " `#RRGGBB` or `#RRGGBBAA`, sRGB. An unknown key is an error that gives its file, its line and the"
        " nearest known key.\n",
        "## template.yaml\n",
        sentence("What the template is, what it makes, and the sender's marks.") + "\n",
        model_table(TemplateConfig),
        *inner_sections(TemplateConfig),
        "## contract.json\n",
        "What data the template needs: a part of JSON Schema 2020-12. The whole describes one object, the record.\n",
        table(
            ("Keyword", "On", "What it is"),
            (
                (key, "every field" if kinds[key.strip("`")] == ["any"] else ", ".join(kinds[key.strip("`")]), text)
                for key, text in contract
            ),
        ),
        "### x-sample\n",
        "Hints for `dearly sample`. Without hints a field gets a value that the contract allows; with them values are"
        " believable and fit each other. Expressions see the fields of earlier steps and "
        + ", ".join(f"`{name}`" for name in SAMPLE_NAMES)
        + ": `draw` is even from 0 to 1, `bell` about 0 from -1 to 1, `index` and `count` the place in a list,"
        " `rows` the items before. In the rows of a list `row` is the current item.\n",
        model_table(Hint),
        *inner_sections(Hint),
        "## facts.yaml\n",
        "Facts by id: each figure that a channel may show, written once. A fact is one value, a series or a table."
        " Ids are letters, digits and underscores; they do not end in `_n`.\n",
        table(("`as`", "What it is"), described(fact_kinds, words.FACT_KINDS, "kinds of facts")),
        *model_sections((FactRule, SeriesRule, TableRule), 3),
        "## decisions.yaml\n",
        sentence(DecisionRules.__doc__) + "\n",
        model_table(DecisionRules),
        *inner_sections(DecisionRules),
        "### The rule language\n",
        "Expressions are values, comparisons, `and`, `or`, `not`, `a if b else c`, `in`, arithmetic (`+ - * / // %`) of"
        " numbers and dates, lists, and the filters and tests below. `~` joins texts. Numbers are exact decimals."
        " Names are the fields of the contract, derived values, `segment.NAME` (with `_` for `-`), `as_of`, and `row`"
        " inside series and tables; dates have `.year .month .day`, the difference of two dates `.days`. Comparing,"
        " computing or deciding with a value that is absent is an error: ask `is not none` first. Only true and false"
        " are conditions: zero or an empty list is neither.\n",
        table(("Filter", "What it gives"), described(FILTERS, words.FILTERS, "filters")),
        table(("Test", "How it is written"), described({*TESTS, "in"}, words.TESTS, "tests")),
        "`selectattr` and `rejectattr` take one of these tests and what to compare with, such as"
        " `selectattr('kwh', 'gt', 100)`: "
        + ", ".join(f"`{name}`" for name in (*SELECT_TESTS, "in"))
        + "; or alone `'none'` and `'true'`; or none, for fields that are true or false.\n",
        "## Layouts\n",
        "Files that end in `.html.j2`, written in Jinja2. They place what the plan holds and format nothing."
        " What they may not do stands in [Write a template](write-a-template.md#what-a-layout-may-not-do).\n",
        table(("Name", "What it gives"), described(LAYOUT_NAMES, words.LAYOUT_NAMES, "names of layouts")),
        table(
            ("Filter", "What it gives"),
            described(LAYOUT_FILTERS | OWN_FILTERS, words.LAYOUT_FILTERS, "filters of layouts"),
        ),
        "### Drawings\n",
        *(
            f"`{name}`: {sentence(method.__doc__)}\n\n{_options(method)}"
            for name, method in (("chart", Drawing.chart), ("bars", Drawing.bars), ("ring", Drawing.ring))
        ),
        "## video/storyboard.yaml\n",
        f"The film. Lengths are design pixels of a composition of {COMPOSITION_WIDTH} by {COMPOSITION_HEIGHT}, times"
        " are seconds from the start of the scene, those of keyframes from the layer's in point.\n",
        sentence(Storyboard.__doc__) + "\n",
        model_table(Storyboard),
        *inner_sections(Storyboard),
        "### Easings\n",
        ", ".join(f"`{name}`" for name in EASINGS) + ", and `cubic-bezier(x1, y1, x2, y2)`.\n",
        "## voice/lexicon.LOCALE.yaml\n",
        "How words are pronounced: each key is a word, or several, and each value a respelling or these keys. Capitals "
        "make no difference. See [Give your film a voice](voice.md).\n",
        model_table(Pronunciation),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _options(method: Any) -> str:
    rows = [
        (f"`{name}`", "none" if item.default in (None, "") else f"`{item.default}`")
        for name, item in inspect.signature(method).parameters.items()
        if item.kind is item.KEYWORD_ONLY
    ]
    return table(("Option", "Default"), rows)


# ---------------------------------------------------------------- cli.md


def cli_reference() -> str:
    """Every command with its arguments and options; the rest of the page is ``docs/frames/cli.md``."""
    cli.register()
    group: Any = typer.main.get_command(cli.app)
    made = "\n".join(_command(name, command) for name, command in commands(group))
    frame = (DOCS / "frames/cli.md").read_text("utf-8")
    return MADE + frame.replace("{{ commands }}\n", made)


def commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of a group and of the groups below it, by its full name (``batch start``)."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def _command(name: str, command: Any) -> str:
    text, _, example = command.help.partition("[bold]Example:[/]")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(
        ["dearly", name, *(one.metavar if one.required else f"[{one.metavar}]" for one in arguments), "[OPTIONS]"]
    )
    rows = [(f"`{one.metavar}`", "required" if one.required else "none", one.help or "") for one in arguments]
    rows += [(_switch(one), _option_default(one), one.help or "") for one in options]
    return "\n".join(
        [
            f"### dearly {name}\n",
            sentence(text) + "\n",
            f"```text\n{usage}\n```\n",
            table(("Option", "Default", "What it does"), rows),
            f"Example: `{sentence(example)}`\n",
        ]
    )


def _switch(option: Any) -> str:
    name = next(one for one in option.opts if one.startswith("--"))
    if option.secondary_opts:
        return f"`{name}`, `{option.secondary_opts[0]}`"
    return f"`{name}`" if option.is_flag else f"`{name} {option.metavar}`"


def _option_default(option: Any) -> str:
    if option.required:
        return "required"
    if option.is_flag:
        return "neither" if option.secondary_opts and option.default is None else "off"
    return "none" if option.default in (None, (), [], "") else f"`{option.default}`"


# ---------------------------------------------------------------- errors.md


def error_reference() -> str:
    """Every code with its meaning, exit codes and advice."""
    described(errors.CODES, words.ADVICE, "error codes")
    exits = exit_codes()
    groups: dict[str, list[str]] = {}
    for code in errors.CODES:
        groups.setdefault(code.partition(".")[0], []).append(code)
    parts = [
        MADE,
        (DOCS / "frames/errors.md").read_text("utf-8"),
        *(
            f"## {group}\n\n"
            + table(
                ("Code", "Exit", "What happened", "What to do"),
                (
                    (f"`{code}`", " or ".join(map(str, exits[code])), errors.CODES[code], words.ADVICE[code])
                    for code in sorted(codes)
                ),
            )
            for group, codes in groups.items()
        ),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def exit_codes() -> dict[str, tuple[int, ...]]:
    """The exit codes that each error code can end a command with: those of the classes that the code is raised as."""
    found: dict[str, set[int]] = {code: set() for code in errors.CODES}
    for folder in ("renderer", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                    first = node.args[0]
                    if node.func.id in CLASS_EXITS and isinstance(first, ast.Constant) and first.value in found:
                        found[str(first.value)].add(CLASS_EXITS[node.func.id])
    return {
        code: tuple(sorted(known)) or (GROUP_EXITS.get(code.partition(".")[0], 1),) for code, known in found.items()
    }


# ---------------------------------------------------------------- settings.md


def settings_reference() -> str:
    """Every setting; the rest of the page is ``docs/frames/settings.md``."""
    prefix = Settings.model_config["env_prefix"]
    rows = []
    for name, field in Settings.model_fields.items():
        default = "see below" if field.default_factory else f"`{field.default}`" if field.default != "" else "empty"
        rows.append((f"`{prefix}{name.upper()}`", default, field.description or ""))
    frame = (DOCS / "frames/settings.md").read_text("utf-8")
    return (
        (MADE + frame)
        .replace("{{ settings }}\n", table(("Setting", "Default", "What it is"), rows))
        .replace("{{ attempts }}", str(MAX_ATTEMPTS))
    )


# ---------------------------------------------------------------- api.openapi.json


def api_description() -> str:
    """The HTTP API as OpenAPI."""
    with tempfile.TemporaryDirectory() as home:
        services = build(Settings(home=Path(home), database_url="sqlite://"))
        app, _ = build_app(services)
        return json.dumps(describe(app), ensure_ascii=False, indent=1) + "\n"


# ---------------------------------------------------------------- command


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with ``--check`` only compare; the exit code."""
    stale = []
    for name, text in pages().items():
        path = DOCS / name
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    print(("Not what the code says: " if "--check" in arguments else "Written: ") + (", ".join(stale) or "none"))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
