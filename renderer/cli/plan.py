"""``dearly plan``: the plan as JSON, or its decisions for a person to read."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from renderer import pipeline
from renderer.cli import console
from renderer.cli.options import AsOfOption, LocaleOption, ProfileOption, SeedOption, TemplateArgument, parse_date
from renderer.plan.model import Decision, RenderPlan
from renderer.profile.load import read_one


@console.reports_errors
def plan(
    template: TemplateArgument,
    profile: ProfileOption,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what was decided and why instead of the plan.")
    ] = False,
    as_of: AsOfOption = None,
    locale: LocaleOption = None,
    seed: SeedOption = 0,
) -> None:
    """Plan one profile: every figure, word and choice, before anything is rendered.

    [bold]Example:[/] dearly plan energy-bill --profile templates/energy-bill/samples/11-typical.json --explain
    """
    planner = pipeline.open_template(template)
    person = read_one(profile, planner.template.contract)
    made = pipeline.plan(planner, person, as_of=parse_date(as_of), locale=locale, seed=seed)
    if explain:
        _explain(made)
    else:
        sys.stdout.write(made.data.decode("utf-8") + "\n")


def _explain(made: RenderPlan) -> None:
    show = console.out.print
    show(f"[bold]{made.template}[/] in [bold]{made.locale}[/], as of {made.as_of}, plan {made.digest[:12]}")
    if made.suppression is not None:
        show(f"\n[bold yellow]Suppressed[/]: {made.suppression}")
    titles = {
        "suppression": "Suppression",
        "segment": "Segments",
        "offer": "Offers",
        "scene": "Scenes",
        "block": "Blocks",
    }
    for kind, title in titles.items():
        listed = [decision for decision in made.decisions if decision.kind == kind]
        if listed:
            show(f"\n[bold]{title}[/]")
        for decision in listed:
            _decision(decision)


def _decision(decision: Decision) -> None:
    show = console.out.print
    result = ", ".join(decision.chosen) or "nothing"
    label = result if result == decision.id else f"{decision.id} → {result}"
    colour = "green" if decision.chosen else "dim"
    show(f"  [{colour}]{escape(label)}[/]" + (" [dim](default)[/]" if decision.fallback else ""))
    for candidate in decision.candidates:
        if candidate.rule is None and candidate.id in decision.chosen and not decision.fallback:
            continue
        mark = "[green]✓[/]" if candidate.eligible else "[dim]·[/]"
        show(f"      {mark} {escape(candidate.id)}: [dim]{escape(candidate.reason)}[/]", soft_wrap=True)
