"""Does a request fit the discovery document, and does our answer?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.google_workspace.discovery import Json, Method
from tests.servers.google_workspace.partial import Unselectable, selected
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, error_info
from tests.servers.google_workspace.schemas import lacking, misfits, unfitting_text
from tests.servers.google_workspace.world import Grant

_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_EVERYWHERE = {"alt", "fields", "key", "prettyPrint", "quotaUser"}


def unauthorised() -> GoogleError:
    """The token opens nothing."""
    return GoogleError(401, "authError", _CREDENTIALS, location="Authorization")


def asked_call(
    method: Method,
    grant: Grant,
    names: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
) -> Call:
    """What a handler gets. Raises GoogleError for what the document does not allow."""
    if not method.scopes & grant.scopes:
        info = error_info(
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", service=f"{method.service}.googleapis.com"
        )
        text = "Request had insufficient authentication scopes."
        raise GoogleError(403, "insufficientPermissions", text, details=[info])
    params = _parameters(method, [*names.items(), *query])
    try:
        selected({}, params.get("fields", ""))
    except Unselectable as error:
        raise GoogleError(400, "invalidParameter", str(error), location="fields") from error
    return Call(method, grant.user, params, _body(method, headers, body), dict(headers), "", grant.app)


def answered(method: Method, answer: Answer) -> str:
    """What is wrong with an answer; "" if nothing."""
    if answer.code >= 300 or isinstance(answer.body, bytes):
        return "" if answer.code < 300 else f"a handler answers {answer.code}: it must raise GoogleError"
    if not method.response:
        return "" if answer.body is None else "an answer without a schema must be empty"
    return "; ".join(misfits(answer.body, {"$ref": method.response}, method.document))


def _parameters(method: Method, given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, text in given:
        schema = method.parameters.get(name)
        if schema is None:
            if name in _EVERYWHERE or name.startswith("$"):
                continue
            raise GoogleError(400, "invalidParameter", f'Unknown name "{name}"', location=name)
        if problem := unfitting_text(text, schema):
            raise GoogleError(400, "invalidParameter", problem, location=name)
        value: Any = text
        if schema.get("type") in {"boolean", "integer"}:
            value = text == "true" if schema["type"] == "boolean" else int(text)
        params[name] = [*params.get(name, []), value] if schema.get("repeated") else value
    for name, schema in method.parameters.items():
        if schema.get("required") and name not in params:
            raise GoogleError(400, "required", f"Required parameter: {name}", location=name)
    return params


def _body(method: Method, headers: Mapping[str, str], body: bytes) -> Json:
    if not method.request:
        return {}
    if body and "json" not in headers.get("content-type", ""):
        raise GoogleError(400, "badContent", "Media type is not supported; it must be application/json.")
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise GoogleError(400, "parseError", "Parse Error") from error
    schema = {"$ref": method.request}
    if wrong := list(misfits(value, schema, method.document, asked=True)):
        raise GoogleError(400, "invalid", f"Invalid JSON payload received. {wrong[0]}")
    if missing := list(lacking(value, schema, method)):
        raise GoogleError(400, "required", f"Required: {missing[0]}")
    return dict(value)
