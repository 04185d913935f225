"""``dearly batch set-aside``: the records that did not become requests, as a file to mend and send again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from renderer.batch.aside import Lost, write_aside
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.options import JsonOption, RunArgument
from renderer.errors import EnvironmentFault, Place, UsageError
from renderer.settings import Settings

_LOST: Mapping[Lost, str] = {
    "too_large": "too large to be kept",
    "forgotten": "the recipient was forgotten",
    "retention": "the days are over that the template keeps profiles",
}


@console.reports_errors
def set_aside(
    run: RunArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to write; it must not be there.", show_default=False)
    ],
    all_: Annotated[
        bool, typer.Option("--all", help="Also records whose recipient an earlier run has dealt with.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Write the records of a run that were set aside, as they came and each with its reason, to mend and send again.

    [bold]Example:[/] dearly batch set-aside latest --out mend.jsonl
    """
    services = build(Settings(), only_look=True)
    run_id = services.summary.run_id(run)
    try:
        written, lost = write_aside(services, run_id, out, known=all_)
    except FileExistsError:
        raise UsageError("usage.argument", "The file of --out is there already.", hint="Name another one.") from None
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"The file of --out cannot be written: {error.strerror}.",
            place=Place(file=str(out)),
            hint="Free some space, check the rights, or name another file.",
        ) from error
    if json_:
        told = {"run": run_id, "file": str(out), "records": written, "without_content": lost.total()}
        console.print_json({**told, "without_content_because": dict(lost)})
        return
    console.out.print(f"{written} records in {out}", soft_wrap=True, markup=False)
    for why, count in lost.items():
        of = "1 record" if count == 1 else f"{count:,} records"
        console.warn(f"The content of {of} is not there, only the reason: {_LOST[why]}.")
    if written:
        console.err.print(
            f"Mend them, then: dearly batch start TEMPLATE --profiles {out} --continues {run_id}",
            soft_wrap=True,
            markup=False,
        )
