"""The API below /api/v1, beside the admin API. Its description is at /api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from web_ui import errors
from web_ui.field_docs import describe
from web_ui.gate import Gate
from web_ui.hub import GetHub
from web_ui.routes import (
    activities,
    agenda,
    answers,
    audit,
    canned,
    catalogue,
    customers,
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
from web_ui.shapes import Problem

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
    customers.router,
    catalogue.router,
    rules.router,
    mail_quarantine.router,
    reports.router,
    people.router,
    roles.router,
    audit.router,
)


_REFUSED: dict[int | str, str] = {
    401: "No token, or a wrong one.",
    403: "You may see it, but not do this; or the token may only look.",
    404: "There is none, or it is not yours to see.",
    409: "Not any more as you saw it, or not in this state.",
    422: "What was sent cannot be understood, or something must be given first.",
    429: "Too many wrong tokens: wait.",
    503: "The store is away or busy: try again.",
}


class Described(FastAPI):
    """Says of each field what its source says."""

    def openapi(self) -> dict[str, Any]:
        """The description of the API."""
        if self.openapi_schema is None:
            describe(super().openapi()["components"]["schemas"], all_routes())
        return super().openapi()


def described() -> FastAPI:
    """The routes alone: nobody is asked who he is."""
    app = Described(
        title="AgendaHub: customer requests",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
        dependencies=[Depends(HTTPBearer(auto_error=False))],  # for the description; the gate lets in
        responses={status: {"model": Problem, "description": words} for status, words in _REFUSED.items()},
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
