"""The API for customer requests beside the admin API: both are below /api/v1, with the same tokens."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Scope

from agendahub.api_call import ApiError
from agendahub.api_door import TokenDoor
from agendahub.crm_settings import crm_settings
from agendahub.workspace import Workspace, utc_now
from storage.api_tokens import Token
from storage.database import Database
from web_ui.app import application
from web_ui.hub import Hub, Refusal


def routes(workspace: Callable[[], Workspace], door: TokenDoor, prefixes: list[str]) -> list[BaseRoute]:
    """To be put before the admin API's, which answers at all other addresses."""
    served = application(lambda: _hub(workspace(), door))
    return [_Beside(prefix, served) for prefix in prefixes]


class _Beside(Mount):
    """Takes only addresses that it knows."""

    def __init__(self, path: str, app: FastAPI) -> None:
        super().__init__(path, app=app)
        self._known = app.routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found, inner = super().matches(scope)
        if found is Match.NONE:
            return found, inner
        below = {**scope, **inner}
        if all(route.matches(below)[0] is Match.NONE for route in self._known):
            return Match.NONE, {}
        return found, inner


def _hub(workspace: Workspace, door: TokenDoor) -> Hub:
    database = workspace.database

    def admit(authorization: str, client: str) -> Token:
        return _admitted(door, database, authorization, client)

    return Hub(database, crm_settings(workspace), admit)


def _admitted(door: TokenDoor, database: Database, authorization: str, client: str) -> Token:
    try:
        return door.admit(database, authorization, client, utc_now())
    except ApiError as err:
        raise Refusal(err.status, str(err), headers=err.headers) from err
