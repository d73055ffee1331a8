"""What goes wrong becomes a status and one sentence: {"error": "..."}, with what is missing or the version now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from crm.actor import Actor
from crm.errors import CrmError, Forbidden, Invalid, Missing, NotThere, Refused, Stale
from crm.rights import scope_of
from storage.errors import CommitInDoubt, StoreError, StoreRefused
from sync_engine.errors import SyncError
from web_ui.hub import Refusal

SAFE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotThere, 404),
    (Forbidden, 403),
    (Stale, 409),
    (Refused, 409),
    (Missing, 422),
    (Invalid, 422),
    (StoreRefused, 422),
    (StoreError, 503),
    (CrmError, 422),
    (SyncError, 502),
)
NOTHING = "There is none, or it is not yours to see."
_RETRY = {"retry-after": "10"}
_DOUBT = "Whether this was stored is not known; look, or send it again with the same Idempotency-Key."

_WORDS = {  # of pydantic's names for what is wrong; the others are told in its own words
    "missing": "say this too",
    "string_too_short": "too short, {min_length} or more",
    "string_too_long": "too long, at most {max_length} characters",
    "too_short": "give at least {min_length}",
    "too_long": "give at most {max_length}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "one of {expected}",
    "timezone_aware": "say the time zone too, as in 2026-01-31T09:00:00+01:00",
    "datetime_parsing": "write a time like 2026-01-31T09:00:00+01:00",
    "datetime_from_date_parsing": "write a time like 2026-01-31T09:00:00+01:00",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "value_error": "{error}",
}

log = structlog.get_logger("agendahub.api")


def told(err: Exception, actor: Actor | None = None) -> Response:
    """The answer to a request that ended with this.

    Who does not see every request must not hear from the words whether there is one that is not his.
    """
    if isinstance(err, NotThere) and (actor is None or scope_of(actor, "request.read") != "all"):
        return sentence(404, NOTHING)
    if isinstance(err, Refusal):
        return sentence(err.status, str(err), err.headers, **err.more)
    if isinstance(err, CommitInDoubt):
        return sentence(503, _DOUBT, _RETRY)
    for kind, status in _STATUS:
        if isinstance(err, kind):
            return sentence(status, str(err), _RETRY if status == 503 else None, **_more(err))
    log.error("a request to the API broke off unexpectedly", exc_info=err)
    words = f"Something went wrong that AgendaHub did not expect ({type(err).__name__}); the log has the details."
    return sentence(500, words)


def sentence(status: int, words: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """{"error": ...}"""
    return JSONResponse({"error": words, **more}, status, headers=SAFE | dict(headers or {}))


def add_to(app: FastAPI) -> None:
    """Have the frame's own errors told in the same form; `told` does the rest, in `web_ui.gate`."""
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _http)
    for kind in (CrmError, StoreError, SyncError, Refusal):
        app.add_exception_handler(kind, _told)


async def _told(request: Request, err: Exception) -> Response:
    call = request.scope.get("state", {}).get("call")
    return told(err, call.actor if call is not None else None)


async def _http(_request: Request, err: Exception) -> Response:
    assert isinstance(err, HTTPException)
    words = {
        404: "There is nothing at this address; docs/api.md lists what there is.",
        405: "This address does not take this method.",
        400: "The body is not JSON.",
    }.get(err.status_code, str(err.detail))
    return sentence(422 if err.status_code == 400 else err.status_code, words, err.headers)


async def _unfit(_request: Request, err: Exception) -> Response:
    assert isinstance(err, RequestValidationError)
    problems = err.errors()
    words = "; ".join(_problem(found) for found in problems[:5])
    return sentence(422, f"{words}.", fields=[_place(found) for found in problems[:20]])


def _problem(found: Mapping[str, Any]) -> str:
    """Never what was sent: it may be a secret, and may be long."""
    if found["type"] == "json_invalid":
        return "The body is not JSON"
    if found["type"] == "extra_forbidden":
        return f"There is no {_place(found)} here"
    words = _WORDS.get(found["type"])
    told = str(found["msg"]) if words is None else words.format_map(found.get("ctx", {}))
    return f"{_place(found)}: {told}"


def _place(found: Mapping[str, Any]) -> str:
    where = ".".join(str(part)[:100] for part in found["loc"][1:])
    return where or "The body"


def _more(err: Exception) -> dict[str, object]:
    if isinstance(err, Missing):
        return {"missing": list(err.fields)}
    if isinstance(err, Stale):
        return {"version": err.version}
    return {}
