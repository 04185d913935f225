"""A new template from the starter: its name, its files, and that it is sound."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from renderer import pipeline
from renderer.cli import main as cli
from renderer.errors import UsageError
from renderer.preflight.lint import lint
from renderer.preflight.sample import as_line, samples
from renderer.preflight.start import STARTER, start, template_id, title
from renderer.profile.load import BadRecord, read_one


@pytest.mark.parametrize(
    ("name", "id_", "said"),
    [
        ("my-year", "my-year", "My year"),
        ("Summer letter", "summer-letter", "Summer letter"),
        ("l’été", "l-ete", "L’été"),
        ("yes", "yes", "Yes"),
        ('a "b" \\ c: d #e', "a-b-c-d-e", 'A "b" \\ c: d #e'),
    ],
)
def test_a_name_becomes_id_and_title(name: str, id_: str, said: str, tmp_path: Path) -> None:
    assert (template_id(name), title(name)) == (id_, said)
    start(name, tmp_path / "made")
    config = pipeline.open_template(str(tmp_path / "made")).template.config
    assert (config.id, config.title) == (id_, said)


@pytest.mark.parametrize("name", ["", "123", "…", "本", "x" * 61, "a\nb"])
def test_a_name_that_cannot_be_an_id_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        template_id(name)


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/note.txt").write_text("kept")
    with pytest.raises(UsageError):
        start("mine", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["note.txt"]


def test_the_new_template_is_sound_and_its_samples_differ(tmp_path: Path) -> None:
    start("my-year", tmp_path / "t")
    planner = pipeline.open_template(str(tmp_path / "t"))
    assert lint(planner, tmp_path / "cache") == []
    plans = [
        pipeline.plan(planner, read_one(path, planner.template.contract))
        for path in sorted((tmp_path / "t/samples").iterdir())
    ]
    assert [plan.locale for plan in plans] == ["en", "it"]
    assert {plan.scenes[1] for plan in plans} == {"reached", "on-the-way"}
    assert planner.template.channels == ("microsite", "statement", "video")


def test_made_up_records_pass_the_contract(tmp_path: Path) -> None:
    start("my-year", tmp_path / "t")
    planner = pipeline.open_template(str(tmp_path / "t"))
    file = tmp_path / "made.jsonl"
    made = samples(planner.template.contract, planner.template, 20, 1)
    file.write_text("".join(as_line(record) + "\n" for record in made), "utf-8")
    read = list(pipeline.profiles(file, planner))
    assert len(read) == 20 and not [one for one in read if isinstance(one, BadRecord)]


def test_every_file_of_the_starter_teaches() -> None:
    """A comment stands in each file that can hold one."""
    marks = {".yaml": "# ", ".ftl": "# ", ".css": "/*", ".j2": "{#", ".json": "$comment"}
    for path in STARTER.rglob("*"):
        if path.is_file() and path.suffix in marks and path.parent.name != "samples":
            assert marks[path.suffix] in path.read_text("utf-8"), path.name


def test_the_command_prints_what_to_type_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.register()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.app, ["init", "my-year"])
    assert done.exit_code == 0, done.output
    for word in ("dearly check my-year", "plan my-year", "--explain", "render my-year", "preview my-year"):
        assert word in done.output
    again = CliRunner().invoke(cli.app, ["init", "my-year"])
    assert again.exit_code == 2 and "There is a folder of that name already" in again.output
