"""Templates that requests can name, what their profiles hold, and their releases."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from renderer.api.catalogue import Catalogue, Shown
from renderer.api.described import answers, with_key
from renderer.api.house import House
from renderer.api.model import ReleaseSaid, TemplateSaid, TemplatesSaid, WholeTemplateSaid
from renderer.api.pages import said
from renderer.api.problems import not_there
from renderer.ledger.key_ring import ApiKey
from renderer.publishing import TEMPLATE_ID
from renderer.times import moment

PATH = "/v1/templates"


def router(house: House) -> APIRouter:
    """The addresses of templates."""
    found = APIRouter(tags=["templates"])
    reads = house.doorkeeper.needs("read")
    catalogue = Catalogue(house.services)

    @found.get(
        PATH,
        summary="List templates",
        operation_id="listTemplates",
        response_model=None,
        responses=answers((200, TemplatesSaid, "All that this key may use."), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def listed(request: Request, key: Annotated[ApiKey, Depends(reads)]) -> Response:
        shown = await house.pool.run(catalogue.listed)
        return said(
            request,
            TemplatesSaid(
                items=tuple(
                    TemplateSaid(id=one.id, title=one.title, active=one.active) for one in shown if key.may_use(one.id)
                )
            ),
        )

    @found.get(
        f"{PATH}/{{id}}",
        summary="See a template",
        operation_id="getTemplate",
        response_model=None,
        responses=answers((200, WholeTemplateSaid, "What its id means now."), problems=(404,), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def one(
        request: Request,
        id: Annotated[str, Path(pattern=f"^{TEMPLATE_ID}$")],
        key: Annotated[ApiKey, Depends(reads)],
    ) -> Response:
        if not key.may_use(id):
            raise not_there("There is no such template.")
        shown = await house.pool.run(catalogue.one, id)
        if shown is None:
            raise not_there("There is no such template.")
        return said(request, _whole(shown))

    return found


def _whole(shown: Shown) -> WholeTemplateSaid:
    template = shown.template
    return WholeTemplateSaid(
        id=template.id,
        title=template.config.title,
        active=shown.active,
        description=template.config.description,
        locales=template.config.locales,
        channels=template.channels,
        retention_days=template.config.retention_days,
        contract=json.loads(template.release.text("contract.json")),
        releases=tuple(
            ReleaseSaid(
                digest=one.digest,
                title=one.title,
                published_at=moment(one.published_ms),
                active=one.digest == shown.active,
            )
            for one in shown.releases
        ),
    )
