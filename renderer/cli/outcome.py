"""``dearly outcome``: what became of a request that was handed in through the queue."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.options import JsonOption
from renderer.errors import UsageError
from renderer.orders import door_key
from renderer.settings import Settings


@console.reports_errors
def outcome(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID", help="The request_id that it was sent with.")],
    json_: JsonOption = False,
) -> None:
    """What became of a request that another system has sent: its state, its files, or why there are none.

    [bold]Example:[/] dearly outcome bill-2026-11-0815 --json
    """
    services = build(Settings(), only_look=True)
    request = services.reader.by_key(door_key(services.vault, request_id))
    if request is None:
        raise UsageError("usage.run", "No request with this id was handed in.")
    files = services.reader.artefacts(request.id)
    if json_:
        console.print_json(
            {
                "request_id": request_id,
                "request": request.id,
                "template": request.template,
                "release": request.release,
                "state": request.state,
                "suppressed": request.reason,
                "error": None
                if request.fault is None
                else {"code": request.fault.code, "message": request.fault.message},
                "channels": dict(services.reader.channels(request.id)),
                "artefacts": [
                    {
                        "path": file.path,
                        "kind": file.kind,
                        "media_type": file.media_type,
                        "bytes": file.bytes,
                        "sha256": file.sha256,
                        "key": file.key,
                        "engine": file.engine,
                    }
                    for file in files
                ],
                "engines": services.reader.engines(file.engine for file in files if file.engine),
            }
        )
        return
    console.out.print(f"[bold]{escape(request.state)}[/] {escape(request.template)}")
    if request.fault is not None:
        console.out.print(f"{escape(request.fault.message)} [dim]\\[{request.fault.code}][/]", soft_wrap=True)
    for channel, state in sorted(services.reader.channels(request.id).items()):
        console.out.print(f"  {channel}: {state}")
    for file in files:
        console.out.print(f"  {escape(file.path)}  {file.bytes} bytes  sha256 {file.sha256}", soft_wrap=True)
