"""Google's sign-in: the page where a person says yes, the places where tokens are given and taken back.

    client = google.sign_in.client("web", redirect_uris=("http://127.0.0.1:8080/back",), testing=True)
    google.sign_in.config(client)                          # the JSON file that the Cloud console offers for download
    google.sign_in.person = "ada@example.com"              # who sits at the browser, and says yes at once
    key = google.sign_in.service_account()                 # its JSON file
    google.sign_in.delegate(key, AUTH + "contacts", ...)   # domain-wide delegation
    google.sign_in.take_back("ada@example.com")            # as she can on her account's page

Pages: /o/oauth2/v2/auth (and /o/oauth2/auth), /token, /revoke, /v1/userinfo (and /oauth2/v2/userinfo, v3),
/oauth2/v1/certs, /.well-known/openid-configuration.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers.google_workspace.admin_people import Company
from tests.servers.google_workspace.sign_in_grants import (
    CODE_LIFE,
    LONG_NAMES,
    Code,
    Form,
    OAuthClient,
    ServiceAccount,
    SignInSwitches,
    is_scope,
    scope_list,
)
from tests.servers.google_workspace.sign_in_keys import KEY_ID, certificate, key, private_pem
from tests.servers.google_workspace.sign_in_tokens import Refused, Tokens
from tests.servers.google_workspace.world import World


class SignIn:
    """An area of the server, for all that is in no discovery document."""

    def __init__(self, world: World, company: Company) -> None:
        self._world, self._company = world, company
        self.switches = SignInSwitches()
        self.tokens = Tokens(world, company, self.switches)
        self.person = "ada@example.com"
        self.asked: list[dict[str, str]] = []  # forms that came to /token
        self.pages: list[dict[str, str]] = []  # queries that came to the page

    # ------------------------------------------------------------ what a test prepares

    def client(self, kind: str = "installed", redirect_uris: Iterable[str] = (), testing: bool = False) -> OAuthClient:
        """A new one."""
        number = f"{self._world.number()}-{secrets.token_hex(4)}.apps.googleusercontent.com"
        made = OAuthClient(number, f"GOCSPX-{secrets.token_hex(8)}", kind, tuple(redirect_uris), testing)
        self.tokens.clients[made.id] = made
        return made

    def config(self, client: OAuthClient, root: str) -> dict[str, Any]:
        """Its JSON file, for this server. `root` ends with a slash."""
        places = {"auth_uri": f"{root}o/oauth2/v2/auth", "token_uri": f"{root}token"}
        names = {"client_id": client.id, "client_secret": client.secret, "project_id": "agenda"}
        uris = list(client.redirect_uris) or ["http://localhost"]
        return {client.kind: {**names, **places, "redirect_uris": uris}}

    def service_account(self, root: str, name: str = "hub") -> dict[str, Any]:
        """A new one's JSON file. `root` ends with a slash."""
        address = f"{name}-{self._world.number()}@agenda.iam.gserviceaccount.com"
        made = ServiceAccount(address, f"1{self._world.number():020d}")
        self.tokens.accounts[address] = made
        self.tokens.audiences.add(f"{root}token")
        told = {"type": "service_account", "project_id": "agenda", "private_key_id": KEY_ID, "client_email": address}
        told |= {"private_key": private_pem("service account"), "client_id": made.client_id}
        return {**told, "auth_uri": f"{root}o/oauth2/auth", "token_uri": f"{root}token"}

    def delegate(self, account: dict[str, Any], *scopes: str) -> None:
        """Domain-wide delegation: exactly these from now on; none takes it back."""
        self.tokens.accounts[account["client_email"]].delegated = set(scopes)

    def refresh_token(self, client: OAuthClient, address: str, *scopes: str) -> str:
        """As if this person had signed in."""
        return self.tokens.new_refresh(client, self._world.user(address).address, scope_list(" ".join(scopes))).token

    def take_back(self, address: str) -> None:
        """The person takes all consents back."""
        self.tokens.take_back(address.lower())

    # ------------------------------------------------------------ pages

    def routes(self) -> list[Route]:
        """All of them."""
        get, post = ["GET"], ["POST"]
        return [
            *(Route(f"/o/oauth2/{name}", self._page, methods=get) for name in ("auth", "v2/auth")),
            Route("/token", self._told(self._token), methods=post),
            Route("/revoke", self._told(self._revoke), methods=[*get, *post]),
            *(Route(path, self._who, methods=get) for path in ("/v1/userinfo", "/oauth2/{version}/userinfo")),
            Route("/oauth2/v1/certs", self._certificates, methods=get),
            Route("/.well-known/openid-configuration", self._about, methods=get),
        ]

    def handlers(self) -> dict[str, Any]:
        """None: no discovery document has them."""
        return {}

    async def _page(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.pages.append(query)
        client = self.tokens.clients.get(query.get("client_id", ""))
        if client is None:
            return _error_page(401, "invalid_client", "The OAuth client was not found.")
        if problem := _page_problem(query, client):
            return _error_page(400, *problem)
        if self.switches.page:
            return _error_page(400, self.switches.page, "Access blocked")
        back = {"state": query["state"]} if "state" in query else {}
        if self.switches.says:
            return _came_back(query, {"error": self.switches.says, **back})
        code = self._consent(query, client)
        scopes = " ".join(self.tokens.codes[code].scopes)
        return _came_back(query, {**back, "iss": "https://accounts.google.com", "code": code, "scope": scopes})

    def _consent(self, query: Form, client: OAuthClient) -> str:
        """The person says yes to all, or nearly all. Returns the code."""
        address = self._world.user(self.person).address
        asked = [scope for scope in scope_list(query["scope"]) if scope not in self.switches.unticked]
        before = self.tokens.consents.get((client.id, address))
        if query.get("include_granted_scopes") == "true":
            asked += [scope for scope in before or () if scope not in asked]
        first = before is None or "consent" in query.get("prompt", "")
        self.tokens.consents[client.id, address] = tuple(dict.fromkeys([*(before or ()), *asked]))
        method = query.get("code_challenge_method", "plain") if query.get("code_challenge") else ""
        code = f"4/0A{secrets.token_urlsafe(24)}"
        self.tokens.codes[code] = Code(
            client,
            address,
            tuple(asked),
            query["redirect_uri"],
            query.get("code_challenge", ""),
            method,
            query.get("nonce", ""),
            first and query.get("access_type") == "offline",
            self._world.clock() + CODE_LIFE,
        )
        return code

    def _told(self, run: Callable[[dict[str, str]], dict[str, Any]]) -> Callable[[Request], Any]:
        """A page that answers with JSON."""

        def locked(form: dict[str, str]) -> dict[str, Any]:
            with self._world.lock:
                return run(form)

        async def page(request: Request) -> Response:
            form = {**dict(request.query_params), **dict(parse_qsl((await request.body()).decode()))}
            form |= _proof(request.headers.get("authorization", ""))
            if request.url.path == "/token":
                self.asked.append(form)
                if self.switches.troubles:
                    status, body = self.switches.troubles.pop(0)
                    return Response(body, status, media_type="text/html" if body[:1] == b"<" else "application/json")
            try:
                return JSONResponse(await run_in_threadpool(locked, form))
            except Refused as error:
                return JSONResponse(error.told, error.status)

        return page

    def _token(self, form: dict[str, str]) -> dict[str, Any]:
        return self.tokens.give(form)

    def _revoke(self, form: dict[str, str]) -> dict[str, Any]:
        return self.tokens.revoke(form.get("token", ""))

    async def _who(self, request: Request) -> Response:
        grant = self._world.grant(request.headers.get("authorization", ""))
        if grant is None or not grant.scopes & {"openid", LONG_NAMES["email"]}:
            told = {"error": "invalid_request", "error_description": "Invalid Credentials"}
            return JSONResponse(told, 401)
        return JSONResponse(self.tokens.claims(grant.user.address, grant.scopes))

    async def _certificates(self, request: Request) -> Response:
        owner = "https://accounts.google.com"
        await run_in_threadpool(key, owner)
        return JSONResponse({KEY_ID: certificate(owner)})

    async def _about(self, request: Request) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}"
        told = {"issuer": "https://accounts.google.com", "authorization_endpoint": f"{base}/o/oauth2/v2/auth"}
        told |= {"token_endpoint": f"{base}/token", "revocation_endpoint": f"{base}/revoke"}
        return JSONResponse({**told, "userinfo_endpoint": f"{base}/v1/userinfo"})


def _proof(authorization: str) -> Form:
    """Client and secret, if they come as Basic (RFC 6749, section 2.3.1)."""
    sort, _, packed = authorization.partition(" ")
    if sort.lower() != "basic":
        return {}
    client, _, secret = base64.b64decode(packed).decode().partition(":")
    return {"client_id": unquote(client), "client_secret": unquote(secret)}


def _page_problem(query: Form, client: OAuthClient) -> tuple[str, str] | None:
    """Why the page shows an error, and no way back."""
    if query.get("response_type") != "code":
        return "unsupported_response_type", "Only the code flow is built."
    if not client.may_return(query.get("redirect_uri", "")):
        return "redirect_uri_mismatch", "The redirect URI in the request does not match the ones of the client."
    scopes = scope_list(query.get("scope", ""))
    if not scopes:
        return "invalid_request", "Missing required parameter: scope"
    if wrong := [scope for scope in scopes if not is_scope(scope)]:
        return "invalid_scope", f"Some requested scopes were invalid. {json.dumps({'invalid': wrong})}"
    if query.get("code_challenge") and query.get("code_challenge_method", "plain") not in {"S256", "plain"}:
        return "invalid_request", "Invalid code_challenge_method"
    return None


def _came_back(query: Form, told: Form) -> Response:
    joint = "&" if "?" in query["redirect_uri"] else "?"
    return RedirectResponse(f"{query['redirect_uri']}{joint}{urlencode(dict(told))}", 302)


def _error_page(status: int, error: str, text: str) -> Response:
    return HTMLResponse(f"<!DOCTYPE html><title>Error {status}: {error}</title><p>{text}</p>", status)
