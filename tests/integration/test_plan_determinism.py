"""The same inputs give the same plan, byte for byte, in any process, locale, time zone, folder and order of work."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from renderer.plan.build import Planner
from renderer.profile.load import parse_record, read_one
from renderer.template.load import HOME

ROOT = Path(__file__).parents[2]
SAMPLES = ("11-typical", "03-arabic-name", "07-credit")
SCRIPT = """
import sys
from pathlib import Path
from renderer import pipeline
from renderer.profile.load import read_one
planner = pipeline.open_template(sys.argv[1])
digests = {}
for path in sys.argv[2:]:
    for locale in (None, "ar", "it"):
        plan = pipeline.plan(planner, read_one(Path(path), planner.template.contract), locale=locale)
        digests[f"{Path(path).stem} {locale}"] = plan.digest
print(sorted(digests.items()))
"""


def digests(
    template: Path, samples: list[Path], variables: Mapping[str, str], cwd: Path, options: tuple[str, ...] = ()
) -> str:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, *options, "-c", SCRIPT, str(template), *map(str, samples)]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_fresh_processes_in_odd_surroundings_give_the_same_bytes(tmp_path: Path) -> None:
    template = HOME / "energy-bill"
    samples = [template / "samples" / f"{name}.json" for name in SAMPLES]
    elsewhere = tmp_path / "Andere Mappe ünïcode" / "other name"
    shutil.copytree(template, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (946684800, 946684800))
        path.chmod(0o755 if path.is_dir() else 0o640)
    first = digests(template, samples, {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}, ROOT)
    second = digests(
        elsewhere,
        [elsewhere / "samples" / path.name for path in reversed(samples)],
        {
            "PYTHONHASHSEED": "4242",
            "LANG": "ar_EG.UTF-8",
            "LC_ALL": "tr_TR",
            "LANGUAGE": "he",
            "TZ": "Pacific/Kiritimati",
        },
        tmp_path,
        ("-O",),
    )
    assert first == second and first.count("(") == 3 * len(SAMPLES)


def test_an_earlier_plan_leaves_no_trace_in_a_later_one(energy_bill: Planner) -> None:
    fresh = Planner(energy_bill.template)
    profiles = [
        read_one(HOME / "energy-bill" / "samples" / f"{name}.json", fresh.template.contract) for name in SAMPLES
    ]
    forwards = [[fresh.plan(profile, locale=locale).digest for locale in ("it", "ar", "en")] for profile in profiles]
    backwards = [[energy_bill.plan(p, locale=loc).digest for loc in ("en", "ar", "it")] for p in reversed(profiles)]
    assert forwards == [row[::-1] for row in reversed(backwards)]


def flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: cell for part, item in parts for key, cell in flat(item, f"{name}.{part}".strip(".")).items()}
    return {name: value if isinstance(value, str) else json.dumps(value)}


@pytest.mark.parametrize(
    "sample", sorted((HOME / "energy-bill" / "samples").glob("*.json")), ids=lambda path: path.stem
)
def test_json_lines_and_csv_of_a_record_give_the_same_plan(energy_bill: Planner, sample: Path, tmp_path: Path) -> None:
    contract = energy_bill.template.contract
    record = json.loads(sample.read_text("utf-8"))
    record["customer"].pop("photo", None)
    cells = flat(record)
    table = io.StringIO()
    csv.writer(table).writerows([list(cells), list(cells.values())])
    ways = {
        "indented.json": json.dumps(record, indent=2, ensure_ascii=False),
        "listed.json": json.dumps([record]),
        "lines.jsonl": "\n" + json.dumps(dict(reversed(record.items()))) + "\n",
        "table.csv": "\ufeff" + table.getvalue(),
    }
    expected = energy_bill.plan(parse_record(json.dumps(record), contract)).data
    for name, text in ways.items():
        (tmp_path / name).write_text(text, "utf-8", newline="")
        assert energy_bill.plan(read_one(tmp_path / name, contract)).data == expected, name
