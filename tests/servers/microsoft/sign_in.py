"""The token endpoint of Microsoft's identity platform, as far as sign-in by code, device, secret and refresh needs."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

Form = dict[str, str]


@dataclass
class Grant:
    """What an access token is good for."""

    address: str  # of the person; "" for an application by itself
    expires: datetime
    only: frozenset[str] | None = None  # mailboxes in small letters; None: the person's own, or an application's all

    def may(self, who: str) -> bool:
        """Is this mailbox open to it?"""
        if self.only is not None:
            return who.lower() in self.only
        return not self.address or who.lower() == self.address.lower()


@dataclass
class SignIn:
    """State of the endpoint. Switches: `revoked` makes every refresh end in invalid_grant, `consented` a device's."""

    clock: Callable[[], datetime]
    lifetime: timedelta = timedelta(hours=1)
    revoked: bool = False
    consented: bool = False  # has the person typed the device code?
    not_consented: str = ""  # nobody consented to scopes with this in their names
    person: str = "ada@example.com"
    only: frozenset[str] | None = None  # what an application may open
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[Form] = field(default_factory=list)  # forms that came
    _codes: dict[str, Form] = field(default_factory=dict)
    _refresh: set[str] = field(default_factory=set)

    def give(self, address: str = "", only: frozenset[str] | None = None) -> str:
        """A new access token."""
        token = f"access-{secrets.token_hex(8)}"
        self.grants[token] = Grant(address, self.clock() + self.lifetime, only)
        return token

    def grant(self, authorization: str) -> Grant | None:
        """Of a request's header, if it is still good."""
        found = self.grants.get(authorization.removeprefix("Bearer ").strip())
        return found if found is not None and found.expires > self.clock() else None

    async def about(self, request: Request) -> Response:
        """The discovery document that msal reads first."""
        base = f"{request.url.scheme}://{request.url.netloc}/{request.path_params['tenant']}"
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
        told = {name: f"{base}/oauth2/v2.0/{what}" for name, what in names.items()}
        told |= {"device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode", "issuer": f"{base}/v2.0"}
        return JSONResponse(told)

    async def endpoint(self, request: Request) -> Response:
        """/authorize, /devicecode and /token."""
        what = request.path_params["what"]
        if what == "authorize":
            return self._authorize(dict(request.query_params))
        form = {name: str(value) for name, value in _pairs(await request.body())}
        self.asked.append(form)
        if what == "devicecode":
            told = {"device_code": "device", "user_code": "ABCD-1234", "expires_in": 900, "interval": 1}
            return JSONResponse({**told, "verification_uri": "https://localhost/device", "message": "Type ABCD-1234"})
        status, body = self._token(form)
        return JSONResponse(body, status)

    def _authorize(self, query: Form) -> Response:
        code = secrets.token_hex(8)
        self._codes[code] = query
        told = {"code": code, "state": query.get("state", "")}
        if query.get("response_mode") == "form_post":
            inputs = "".join(f'<input type="hidden" name="{name}" value="{value}"/>' for name, value in told.items())
            return HTMLResponse(f'<form method="POST" action="{query["redirect_uri"]}">{inputs}</form>')
        more = urlencode(told)
        return RedirectResponse(f"{query['redirect_uri']}?{more}", 302)

    def _token(self, form: Form) -> tuple[int, dict[str, Any]]:
        kind = form.get("grant_type", "")
        if kind == "client_credentials":
            return 200, self._tokens("", form, refresh=False)
        if kind == "refresh_token":
            return self._refreshed(form)
        if kind == "authorization_code":
            asked = self._codes.pop(form.get("code", ""), None)
            if asked is None or not _proven(asked, form):
                return 400, _error("invalid_grant", "AADSTS70008: The provided authorization code is expired or used.")
            return 200, self._tokens(self.person, {**form, "nonce": asked.get("nonce", "")})
        if kind.endswith("device_code"):
            if not self.consented:
                return 400, _error("authorization_pending", "AADSTS70016: The person has not signed in yet.")
            return 200, self._tokens(self.person, form)
        return 400, _error("unsupported_grant_type", f"AADSTS70003: {kind}")

    def _refreshed(self, form: Form) -> tuple[int, dict[str, Any]]:
        """Each refresh token is good once: the new one replaces it."""
        if self.not_consented and self.not_consented in form.get("scope", ""):
            return 400, _error("invalid_grant", "AADSTS65001: The user or administrator has not consented.")
        if self.revoked or form.get("refresh_token") not in self._refresh:
            return 400, _error("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.")
        self._refresh.discard(form["refresh_token"])
        return 200, self._tokens(self.person, form)

    def refresh_token(self) -> str:
        """One that is good."""
        token = f"refresh-{secrets.token_hex(8)}"
        self._refresh.add(token)
        return token

    def _tokens(self, address: str, form: Form, refresh: bool = True) -> dict[str, Any]:
        token = self.give(address, None if address else self.only)
        told: dict[str, Any] = {"token_type": "Bearer", "access_token": token, "scope": form.get("scope", "")}
        told["expires_in"] = int(self.lifetime.total_seconds())
        if refresh:
            told |= {"refresh_token": self.refresh_token(), "client_info": _packed({"uid": "u1", "utid": "t1"})}
            told["id_token"] = self._id_token(address, form)
        return told

    def _id_token(self, address: str, form: Form) -> str:
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {"iss": "https://127.0.0.1/v2.0", "sub": "u1", "aud": form.get("client_id")}
        claims |= {"iat": now, "exp": now + 3600, "preferred_username": address, "oid": "u1", "tid": "t1"}
        claims |= {"nonce": form["nonce"]} if form.get("nonce") else {}
        return f"{_packed({'alg': 'none'})}.{_packed(claims)}.{_packed({})}"


def _proven(asked: Form, form: Form) -> bool:
    """PKCE: is the verifier the one whose hash was sent first?"""
    challenge = asked.get("code_challenge")
    if not challenge:
        return True
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=") == challenge


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True)


def _error(code: str, text: str) -> dict[str, Any]:
    return {"error": code, "error_description": text, "error_codes": [int(text[6:].split(":", maxsplit=1)[0])]}


def _packed(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
