"""The documentation is true: generated pages are what the code says, and what pages name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from docs import make_reference
from docs.models import slug
from renderer import errors
from renderer.cli import main as cli
from renderer.plan.model import RenderPlan
from renderer.profile.contract import KEYWORDS
from renderer.settings import Settings
from renderer.template.load import REQUIRED

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")])
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
EXCERPT = re.compile(r"<!-- from: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
NAMED_FILE = re.compile(r"`((?:renderer|workers|docs|templates|tests|benchmarks|requirements|assets)/[\w./*<>-]+)`")


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return make_reference.pages()


def every_page() -> Iterator[tuple[Path, str]]:
    for path in PAGES:
        yield path, path.read_text("utf-8")


def test_generated_pages_are_what_the_code_says(generated: dict[str, str]) -> None:
    stale = [name for name, text in generated.items() if (DOCS / name).read_text("utf-8") != text]
    assert not stale, f"run .venv/bin/python -m docs.make_reference: {stale}"


def test_every_command_and_option_is_listed_under_its_command(generated: dict[str, str]) -> None:
    cli.register()
    for name, command in make_reference.commands(typer.main.get_command(cli.app)):
        section = generated["cli.md"].partition(f"### dearly {name}\n")[2].partition("\n### ")[0]
        asked = command.params
        names = [name for one in asked for name in (one.opts if one.param_type_name == "option" else [one.metavar])]
        missing = [name for name in names if f"`{name}" not in section]
        assert section and not missing, f"{name}: {missing}"


def test_every_error_code_has_meaning_exit_code_and_advice(generated: dict[str, str]) -> None:
    for code, meaning in errors.CODES.items():
        rows = [line for line in generated["errors.md"].splitlines() if line.startswith(f"| `{code}` |")]
        assert len(rows) == 1, code
        _, _, exits, said, advice, _ = rows[0].split(" | ") if rows[0].count(" | ") == 5 else _cells(rows[0])
        assert set(exits.split(" or ")) <= {"1", "2", "3"} and said == meaning and advice.strip(" |"), code


def _cells(row: str) -> list[str]:
    return ["", *(cell.strip() for cell in row.strip("|").split("|")), ""]


def test_exit_codes_of_the_page_are_those_of_the_classes() -> None:
    found = make_reference.exit_codes()
    assert found["template.syntax"] == (2,)
    assert found["profile.image"] == (1,)
    assert found["environment.font"] == (3,)
    assert found["usage.format"] == (1, 2)  # one line of a file, or the file as a whole


def test_every_setting_is_listed(generated: dict[str, str]) -> None:
    for name in Settings.model_fields:
        assert f"| `DEARLY_{name.upper()}` |" in generated["settings.md"]


def test_every_key_of_a_template_is_listed(generated: dict[str, str]) -> None:
    page = generated["template-reference.md"]
    for keyword in {key for keys in KEYWORDS.values() for key in keys}:
        assert f"| `{keyword}` |" in page
    for file in REQUIRED:
        assert f"## {file}\n" in page


def test_keys_that_templates_use_are_all_in_the_reference(generated: dict[str, str]) -> None:
    """The other way round: what authors write is found by looking it up."""
    from renderer.located import read_yaml
    from renderer.template.model import FORMATS

    listed = set(re.findall(r"^\| `([\w$-]+)` \|", generated["template-reference.md"], re.MULTILINE))
    storyboard = ROOT / "templates/energy-bill/video/storyboard.yaml"
    board, _ = read_yaml(storyboard.read_text("utf-8"), storyboard.name)
    used = set(_keys(board["scenes"]))
    assert used and used <= listed | set(FORMATS) | {name for scene in board["scenes"] for name in _parameters(scene)}


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _parameters(value: object) -> Iterator[str]:
    """Names of effects' parameters, which are MoviePy's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from inner if key == "parameters" else _parameters(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parameters(inner)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name).resolve() if name else path
        if not page.exists() or (anchor and anchor not in anchors(page)):
            broken.append(target)
    assert not broken


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text("utf-8"))
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_pages_name_exist(path: Path) -> None:
    missing = []
    for name in NAMED_FILE.findall(path.read_text("utf-8")):
        if "<" not in name and not list(ROOT.glob(name.rstrip("/"))):
            missing.append(name)
    assert not missing


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_excerpts_stand_in_the_files_they_are_from(path: Path) -> None:
    for name, excerpt in EXCERPT.findall(path.read_text("utf-8")):
        assert excerpt in (ROOT / name).read_text("utf-8"), f"{name}: {excerpt.splitlines()[0]}"


def test_pages_are_all_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [page.name for page in DOCS.glob("*.md") if f"(docs/{page.name})" not in readme]
    assert not missing


def test_the_picture_is_there_and_light() -> None:
    picture = ROOT / "docs/images/one-bill.jpg"
    assert 30_000 < picture.stat().st_size < 400_000


# ---------------------------------------------------------------- architecture


ARCHITECTURE = (DOCS / "architecture.md").read_text("utf-8")


def rooms() -> dict[str, str]:
    """What the list of rooms names, by path, with the words beside it."""
    listing = ARCHITECTURE.partition("## The rooms")[2].partition("```\n")[2].partition("```")[0]
    found: dict[str, str] = {}
    trail: list[str] = []
    for line in listing.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, said = line.strip().partition(" ")
        trail = [*trail[:depth], name]
        found["".join(trail)] = said.strip()
    return found


def test_rooms_of_the_architecture_exist() -> None:
    missing = [path for path in rooms() if not list(ROOT.glob(path.replace("<id>", "*").rstrip("/")))]
    assert rooms() and not missing


def test_every_package_and_module_of_the_top_is_a_room() -> None:
    top = ROOT / "renderer"
    packages = {f"renderer/{path.parent.relative_to(top).as_posix()}/" for path in top.rglob("*/__init__.py")}
    modules = {f"renderer/{path.name}" for path in top.glob("*.py") if not path.name.startswith("__")}
    assert not (packages | modules) - set(rooms())


def test_modules_that_a_room_names_are_in_it() -> None:
    """A word of the list that is the name of a module elsewhere, and not here, is a leftover."""
    for path, said in rooms().items():
        folder = ROOT / path
        if path.startswith("renderer/") and folder.is_dir():
            words = [word.strip() for word in re.sub(r"\([^)]*\)|:.*", "", said).split(",")]
            for word in words:
                if re.fullmatch(r"[a-z_]+", word) and len(words) > 2:
                    assert (folder / f"{word}.py").is_file() or (folder / word).is_dir(), f"{path} has no {word}"


def test_stages_named_in_the_video_section_are_modules() -> None:
    section = ARCHITECTURE.partition("## How a film is made")[2].partition("\n## ")[0]
    for names in re.findall(r"^\d\. \*\*[^*]+\*\* \(([^)]+)\)", section, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            source = "".join(path.read_text("utf-8") for path in (ROOT / "renderer/render/video").glob("*.py"))
            assert (ROOT / f"renderer/render/video/{name}.py").is_file() or f"def {name}(" in source, name


def test_the_keys_of_a_plan_are_those_of_the_code() -> None:
    section = ARCHITECTURE.partition("## Plan\n")[2].partition("\n## ")[0]
    listed = [
        name for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert sorted(listed) == sorted(field.name for field in fields(RenderPlan))


def test_the_glossary_is_in_order_and_without_doubles() -> None:
    entries = re.findall(r"^\| ([a-z][a-z -]*) \|", ARCHITECTURE.partition("## Glossary")[2], re.MULTILINE)
    assert len(entries) > 30
    assert entries == sorted(set(entries))


def test_the_changelog_has_the_version() -> None:
    from renderer import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
