"""Templates: the release that each id means, the earlier ones, and their contracts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renderer.api.catalogue import Named, Shown
from renderer.api.operate.doorman import Visitor
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.room import Room
from renderer.api.problems import not_there
from renderer.ledger.seen import SeenRelease
from renderer.publishing import TEMPLATE_ID

PATH = f"{PREFIX}/releases"

TemplateId = Annotated[str, Path(pattern=f"^{TEMPLATE_ID}$")]


def router(room: Room) -> APIRouter:
    """The addresses of releases."""
    found = APIRouter()
    reads = room.doorman.needs()
    services = room.services

    @found.get(PATH)
    async def listed(request: Request, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        def look() -> list[tuple[Named, tuple[SeenRelease, ...]]]:
            shown = [one for one in room.catalogue.listed() if visitor.key.may_use(one.id)]
            return [(one, services.browse.releases(one.id)) for one in shown]

        return room.pages.show(request, "releases.html", templates=await room.pool.run(look))

    @found.get(f"{PATH}/{{id}}")
    async def one(request: Request, id: TemplateId, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        shown: Shown | None = await room.pool.run(room.catalogue.one, id) if visitor.key.may_use(id) else None
        if shown is None:
            raise not_there("There is no such template.")
        fields = list(shown.template.contract.fields.values())
        return room.pages.show(request, "release.html", shown=shown, fields=fields)

    @found.get(f"{PATH}/{{id}}/contract.json")
    async def contract(
        id: TemplateId,
        visitor: Annotated[Visitor, Depends(reads)],
        release: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
    ) -> Response:
        def read() -> str | None:
            if not visitor.key.may_use(id):
                return None
            if release is not None:
                there = services.book.get(id, release) is not None
                return services.releases.get(release).text("contract.json") if there else None
            shown = room.catalogue.one(id)
            return None if shown is None else shown.template.release.text("contract.json")

        text = await room.pool.run(read)
        if text is None:
            raise not_there("There is no such template, or no such release of it.")
        headers = {"Cache-Control": "private, no-store"}
        return Response(text, 200, headers, "application/json")

    return found
