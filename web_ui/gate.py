"""Before any route: who asks, whether he may change things, and how long the body is. No route can be left out.

A bearer token (RFC 6750), never a cookie, so that no web page can borrow it. The body is read only for whom was let in.
"""

from __future__ import annotations

import hashlib
import re

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.actor import Actor
from crm.rights import actor_of
from storage.api_tokens import Token
from web_ui.body import read_body
from web_ui.call import Call
from web_ui.errors import SAFE, told
from web_ui.hub import GetHub, Hub, Refusal

OPEN = frozenset({"/openapi.json"})  # says what there is, not what is in it
BODY = 64 * 1024  # octets
LARGE_BODY = 48 * 1024 * 1024  # of what carries attachments, or a whole mail
LARGE = re.compile(r"/requests/\d+/(drafts|answers)(/\d+)?|/rules/try")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Stands before an application."""

    def __init__(self, app: ASGIApp, hub: GetHub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        begun = False

        async def safe_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(_safe(message))

        try:
            inner = receive
            if _path(scope) not in OPEN:
                inner = await self._let_in(scope, receive)
            await self._app(scope, inner, safe_send)
        except Exception as err:
            answer = told(err)
            if begun:
                raise  # too late for an answer
            await answer(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive) -> Receive:
        headers, client = Headers(scope=scope), (scope.get("client") or ("",))[0]
        hub = self._hub()
        token, actor = await anyio.to_thread.run_sync(_who, hub, headers.get("authorization", ""), client)
        if scope["method"] not in SAFE_METHODS and token.access != "write":
            raise Refusal(403, "This token may only look.")
        large = LARGE.fullmatch(_path(scope)) is not None
        body = await read_body(receive, headers, LARGE_BODY if large else BODY)
        asked = hashlib.sha256(f"{scope['method']} {scope['path']} {scope['query_string']!r}\n".encode() + body)
        call = Call(hub, actor, dict(headers), token.id, asked.hexdigest())
        scope["state"] = {**scope.get("state", {}), "call": call}
        scope["headers"] = _as_json(scope["headers"])
        return _again(body, receive)


def _path(scope: Scope) -> str:
    """Below where the API is mounted."""
    whole: str = scope["path"]
    return whole.removeprefix(scope.get("root_path", ""))


def _who(hub: Hub, authorization: str, client: str) -> tuple[Token, Actor]:
    """In a worker thread. A user's rights are looked up for each request: what was taken from him is gone at once."""
    token = hub.admit(authorization, client)
    if token.user_id is None:
        return token, Actor(f"program {token.name}", unlimited=True)
    with hub.database.read() as unit:
        return token, actor_of(unit, token.user_id)


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Every body is JSON, whatever a program calls it: no web page can send our token along."""
    return [pair for pair in headers if pair[0].lower() != b"content-type"] + [(b"content-type", b"application/json")]


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _safe(message: Message) -> Message:
    """What a route did not say itself."""
    if message["type"] != "http.response.start":
        return message
    headers = list(message.get("headers", ()))
    said = {name.lower() for name, _value in headers}
    headers += [(name.encode(), value.encode()) for name, value in SAFE.items() if name.encode() not in said]
    return {**message, "headers": headers}
