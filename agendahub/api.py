"""The admin API below /api/v1/: JSON in, JSON out, bearer tokens. docs/api.md describes it to its users.

For admins' programs, and users with the right hub.admin: there are no objects of somebody else to guess at. The API for
customer requests (web_ui/) stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from re import Pattern
from typing import Any, TypeAlias

import anyio.to_thread
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, compile_path

from agendahub import api_conflicts, api_history, api_holds, api_quarantine, api_sign_in, api_status, requests_api
from agendahub.api_call import ApiError, Call
from agendahub.api_door import TokenDoor
from agendahub.daemon import Daemon
from agendahub.failure import Failure
from agendahub.output import as_data
from agendahub.refusals import Missing, Stale
from agendahub.texts import _
from agendahub.workspace import utc_now
from crm.actor import ADMIN, Actor
from crm.errors import Forbidden
from crm.rights import actor_of, authorise
from dav_gateway.answers import Refused
from dav_gateway.incoming import TooLargeError, read_body
from storage.api_tokens import Token
from storage.database import Database
from storage.errors import StoreError, StoreRefused
from sync_engine.errors import SyncError
from web_ui.row_number import register

Handler: TypeAlias = Callable[[Call], Any]

PREFIX = "/api/v1"
_BODY = 64 * 1024  # octets
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}

log = structlog.get_logger("agendahub.api")
register()

TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/status", api_status.status),
    ("GET", "/holds", api_holds.list_holds),
    ("POST", "/holds/{binding:path}/approve", api_holds.approve),
    ("POST", "/holds/{binding:path}/discard", api_holds.discard),
    ("GET", "/holds/{binding:path}", api_holds.show_hold),
    ("POST", "/accounts/{account:path}/sign-in", api_sign_in.begin),
    ("DELETE", "/accounts/{account:path}/sign-in", api_sign_in.end),
    ("GET", "/conflicts", api_conflicts.list_conflicts),
    ("GET", "/conflicts/{number:row}", api_conflicts.show_conflict),
    ("POST", "/conflicts/{number:row}/resolve", api_conflicts.resolve),
    ("GET", "/history", api_history.list_changes),
    ("GET", "/runs", api_history.list_runs),
    ("GET", "/deleted", api_history.list_deleted),
    ("GET", "/items/{number:row}/history", api_history.versions),
    ("POST", "/undo", api_history.undo),
    ("GET", "/quarantine", api_quarantine.list_entries),
    ("POST", "/quarantine/retry", api_quarantine.retry_all),
    ("GET", "/quarantine/{number:row}", api_quarantine.show_entry),
    ("POST", "/quarantine/{number:row}/retry", api_quarantine.retry),
)


def routes(daemon: Daemon, prefix: str = "") -> list[BaseRoute]:
    """To be put beside others. `prefix`: what a proxy may put before every path."""
    door = TokenDoor()
    api = Api(daemon, door)
    starts = [f"{start}{PREFIX}" for start in dict.fromkeys(("", prefix.rstrip("/")))]
    own = [Route(f"{start}{{rest:path}}", api.answer, methods=_METHODS) for start in starts]
    return [*requests_api.routes(lambda: daemon.workspace, door, starts), *own]


@dataclass(frozen=True, slots=True)
class _Place:
    method: str
    pattern: Pattern[str]
    converters: dict[str, Any]
    handler: Handler


class Api:
    """Answers requests."""

    def __init__(self, daemon: Daemon, door: TokenDoor) -> None:
        self._daemon = daemon
        self._door = door
        self._places = [_Place(method, *compile_path(path)[::2], handler) for method, path, handler in TABLE]

    async def answer(self, request: Request) -> Response:
        """One request, whatever becomes of it."""
        try:
            body = await read_body(request.receive, dict(request.headers), _BODY)
            found = await anyio.to_thread.run_sync(self._work, request, body)
            return JSONResponse(as_data(found), headers=_HEADERS)
        except TooLargeError:
            return _error(413, _("A request has at most 64 KiB."))
        except (ApiError, Refused) as err:
            return _error(err.status, str(err), err.headers)
        except Exception as err:  # whatever it was: one sentence for the client, the rest for the log
            return _unforeseen(err)

    def _work(self, request: Request, body: bytes) -> Any:
        """In a worker thread: first who asks, then what for."""
        workspace, client = self._daemon.workspace, request.client.host if request.client else ""
        try:
            token = self._door.admit(workspace.database, request.headers.get("authorization", ""), client, utc_now())
            actor = _actor(workspace.database, token)
            handler, path = self._find(request.method, request.path_params["rest"])
            _may_administer(actor)
            if request.method != "GET" and token.access != "write":
                raise ApiError(403, _("This token may only look."))
            return handler(Call(self._daemon, token, path, _sent(request, body)))
        except Missing as err:
            raise ApiError(404, str(err)) from err
        except Stale as err:
            raise ApiError(409, str(err)) from err
        except (Failure, StoreRefused, SyncError) as err:
            raise ApiError(422, str(err)) from err
        except StoreError as err:
            raise ApiError(503, str(err), {"retry-after": "10"}) from err

    def _find(self, method: str, path: str) -> tuple[Handler, dict[str, Any]]:
        allowed = []
        for place in self._places:
            if found := place.pattern.match(path):
                if place.method == method:
                    texts = found.groupdict()
                    return place.handler, {name: place.converters[name].convert(text) for name, text in texts.items()}
                allowed.append(place.method)
        if allowed:
            methods = ", ".join(allowed)
            raise ApiError(405, _("This address takes {methods}.").format(methods=methods), {"allow": methods})
        raise ApiError(404, _("There is nothing at this address; docs/api.md lists what there is."))


def _actor(database: Database, token: Token) -> Actor:
    """An admin's program may everything; a user's what his roles give him. Raises `ApiError` for who is blocked."""
    if token.user_id is None:
        return ADMIN
    try:
        with database.read() as unit:
            return actor_of(unit, token.user_id)
    except Forbidden as err:
        raise ApiError(403, str(err)) from err


def _may_administer(actor: Actor) -> None:
    try:
        authorise(actor, "hub.admin")
    except Forbidden as err:
        raise ApiError(403, str(err)) from err


def _sent(request: Request, body: bytes) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query_params)
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise ApiError(422, _("The body is not JSON.")) from err
    if not isinstance(found, dict):
        raise ApiError(422, _("The body must be a JSON object."))
    return found


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers=_HEADERS | (headers or {}))


def _unforeseen(err: Exception) -> Response:
    log.error("a request to the API broke off unexpectedly", exc_info=err)
    told = _("Something went wrong that AgendaHub did not expect ({kind}); the log has the details.")
    return _error(500, told.format(kind=type(err).__name__))
