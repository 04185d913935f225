"""Plans a second and microsites a second on one core.

    .venv/bin/python -m benchmarks.plans [--template ID] [--seconds 5] [--json]

References of the same run: Babel's own ``format_currency`` for plans (one plan writes a few hundred figures), and a
bare Jinja2 render of a 40-row table for microsites.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jinja2
from babel.numbers import format_currency

from renderer import pipeline
from renderer.profile.load import BadRecord
from renderer.profile.model import Profile
from renderer.settings import Settings
from renderer.template.load import find_template

ROWS = "<table>{% for r in rows %}<tr><td>{{ r.a }}</td><td>{{ r.b }}</td><td>{{ r.c }}</td></tr>{% endfor %}</table>"


def cpu_per_call(work: Callable[[], object], seconds: float) -> float:
    """CPU seconds of one call, over at least ``seconds`` of CPU time."""
    work()
    count, start = 0, time.process_time()
    while (used := time.process_time() - start) < seconds:
        work()
        count += 1
    return used / count


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--template", default="energy-bill")
    parser.add_argument("--seconds", type=float, default=5.0, help="CPU seconds for each figure")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)

    planner = pipeline.open_template(options.template)
    folder = find_template(options.template) / "samples"
    people: list[Profile] = []
    for file in sorted(folder.glob("*.json")):
        people += [item for item in pipeline.profiles(file, planner) if not isinstance(item, BadRecord)]
    people = [person for person in people if pipeline.plan(planner, person).suppression is None]
    turn = itertools.cycle(people)
    plan_s = cpu_per_call(lambda: pipeline.plan(planner, next(turn)).digest, options.seconds)
    money_s = cpu_per_call(lambda: format_currency(Decimal("1234.56"), "EUR", locale="it"), options.seconds / 5)

    settings = Settings()
    settings.prepare()
    plans = itertools.cycle([(pipeline.plan(planner, person), dict(person.images)) for person in people])
    with tempfile.TemporaryDirectory() as out:

        def site() -> None:
            made, images = next(plans)
            job = pipeline.prepare_job(planner.template, made, images, settings.cache)
            pipeline.render_channel("microsite", job, Path(out))

        site_s = cpu_per_call(site, options.seconds)
    table = jinja2.Environment(autoescape=True).from_string(ROWS)
    rows = [{"a": f"line {index}", "b": f"{index} kWh", "c": f"{index},00 €"} for index in range(40)]
    bare_s = cpu_per_call(lambda: table.render(rows=rows), options.seconds / 5)

    figures = {
        "plans_per_s": 1 / plan_s,
        "plan_over_format_currency": plan_s / money_s,
        "microsites_per_s": 1 / site_s,
        "microsite_over_bare_jinja_table": site_s / bare_s,
    }
    if options.json:
        json.dump(figures, sys.stdout)
        sys.stdout.write("\n")
    else:
        print(f"plans on one core            {figures['plans_per_s']:8.1f} a second")
        print(
            f"  one plan costs as much as  {figures['plan_over_format_currency']:8.0f} calls of Babel's format_currency"
        )
        print(f"microsites on one core       {figures['microsites_per_s']:8.1f} a second")
        print(f"  one costs as much as       {figures['microsite_over_bare_jinja_table']:8.1f} bare tables of 40 rows")
    return figures


if __name__ == "__main__":
    main()
