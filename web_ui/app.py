"""The API below /api/v1, beside the admin API. Its description is at /api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from web_ui import answers
from web_ui.gate import Gate
from web_ui.hub import GetHub
from web_ui.routes import audit, catalogue, lists, me, people, request_parts, requests, roles

ROUTERS: tuple[APIRouter, ...] = (
    me.router,
    lists.router,
    requests.router,
    request_parts.router,
    catalogue.router,
    people.router,
    roles.router,
    audit.router,
)


def described() -> FastAPI:
    """The routes alone: nobody is asked who he is."""
    app = FastAPI(
        title="AgendaHub: customer requests",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
        description="Send `Authorization: Bearer TOKEN`; `agendahub token add NAME --user USER` makes one. docs/api.md",
    )
    for router in ROUTERS:
        app.include_router(router)
    answers.add_to(app)
    return app


def application(hub: GetHub) -> FastAPI:
    """What serves requests."""
    app = described()
    app.add_middleware(Gate, hub=hub)
    return app


def all_routes() -> Iterable[APIRoute]:
    """Everything that has an address, but the description."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _name(route: APIRoute) -> str:
    return route.name
