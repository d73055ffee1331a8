"""The API below /api/v1, beside the admin API. Its description is at /api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from web_ui import errors
from web_ui.gate import Gate
from web_ui.hub import GetHub
from web_ui.routes import (
    activities,
    agenda,
    answers,
    audit,
    canned,
    catalogue,
    documents,
    invitations,
    lists,
    mail_quarantine,
    me,
    messages,
    people,
    reports,
    request_parts,
    requests,
    roles,
    rules,
    sales,
)

ROUTERS: tuple[APIRouter, ...] = (
    me.router,
    lists.router,
    requests.router,
    request_parts.router,
    messages.router,
    answers.router,
    canned.router,
    documents.router,
    sales.router,
    activities.router,
    agenda.router,
    invitations.router,
    catalogue.router,
    rules.router,
    mail_quarantine.router,
    reports.router,
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
    errors.add_to(app)
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
    """What generated clients call it: requests_close."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"
