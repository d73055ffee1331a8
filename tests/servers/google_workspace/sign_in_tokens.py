"""The place where tokens are given and taken back (RFC 6749, 7009, 7523, 7636), with the words that Google uses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from tests.servers.google_workspace.admin_people import Company
from tests.servers.google_workspace.sign_in_grants import (
    IN_TESTING,
    LONG_NAMES,
    MOST_REFRESH_TOKENS,
    Code,
    OAuthClient,
    Refresh,
    ServiceAccount,
    SignInSwitches,
    is_scope,
    scope_list,
)
from tests.servers.google_workspace.sign_in_keys import ISSUER, Untrusted, signed, unverified, verified
from tests.servers.google_workspace.world import World

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NO_DELEGATION = (
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the "
    "scopes requested."
)
Told = dict[str, Any]


class Refused(Exception):
    """An error of OAuth."""

    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(text)
        self.status, self.told = status, {"error": error, "error_description": text}


@dataclass
class _Given:
    """An access token that came from here."""

    client: str
    address: str


class Tokens:
    """State and rules of the token endpoint."""

    def __init__(self, world: World, company: Company, switches: SignInSwitches) -> None:
        self._world, self._company, self._switches = world, company, switches
        self.clients: dict[str, OAuthClient] = {}
        self.accounts: dict[str, ServiceAccount] = {}
        self.codes: dict[str, Code] = {}
        self.consents: dict[tuple[str, str], tuple[str, ...]] = {}  # (client, address): scopes
        self.audiences = {"https://oauth2.googleapis.com/token"}  # what assertions must be made for
        self._refresh: dict[str, Refresh] = {}
        self._access: dict[str, _Given] = {}

    def give(self, form: dict[str, str]) -> Told:
        """An answer of /token. Raises Refused."""
        ways = {"authorization_code": self._by_code, "refresh_token": self._again, JWT_BEARER: self._by_assertion}
        kind = form.get("grant_type", "")
        if kind not in ways:
            raise Refused(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")
        return ways[kind](form)

    def revoke(self, token: str) -> Told:
        """Of either sort; the consent ends, and all tokens of it. Raises Refused."""
        found = self._refresh.get(token) or self._access.get(token)
        if found is None:
            raise Refused(400, "invalid_token", "Token expired or revoked")
        client = found.client if isinstance(found, _Given) else found.client.id
        self._end(client, found.address)
        return {}

    def take_back(self, address: str) -> None:
        """All consents of this person."""
        for client in self.clients:
            self._end(client, address)

    def new_refresh(self, client: OAuthClient, address: str, scopes: tuple[str, ...]) -> Refresh:
        """A new refresh token; when there are too many, the oldest one ends."""
        now = self._world.clock()
        made = Refresh(f"1//{secrets.token_urlsafe(24)}", client, address, scopes, now, now)
        theirs = [one for one in self._refresh.values() if (one.client.id, one.address) == (client.id, address)]
        if len(theirs) >= MOST_REFRESH_TOKENS:
            del self._refresh[theirs[0].token]
        self._refresh[made.token] = made
        self.consents.setdefault((client.id, address), scopes)
        return made

    def claims(self, address: str, scopes: frozenset[str] | tuple[str, ...]) -> Told:
        """Who it is, as far as the scopes allow to tell."""
        domain = address.rpartition("@")[2]
        told: Told = {"sub": str(int.from_bytes(address.encode()[:8]))}
        told |= {"hd": domain} if self._company.is_ours(address) else {}
        if LONG_NAMES["email"] in scopes:
            told |= {"email": address, "email_verified": True}
        if LONG_NAMES["profile"] in scopes:
            told["name"] = self._world.user(address).name
        return told

    # ------------------------------------------------------------ people

    def _by_code(self, form: dict[str, str]) -> Told:
        client, now = self._client(form), self._world.clock()
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.client is not client or now >= code.until:
            raise Refused(400, "invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refused(400, "redirect_uri_mismatch", "Bad Request")
        if code.method and not form.get("code_verifier"):
            raise Refused(400, "invalid_grant", "Missing code verifier.")
        if code.method and not code.proves(form["code_verifier"]):
            raise Refused(400, "invalid_grant", "Invalid code verifier.")
        told = self._person(client, code.address, code.scopes, code.nonce)
        if code.refresh:
            told["refresh_token"] = self.new_refresh(client, code.address, code.scopes).token
            if client.testing:
                told["refresh_token_expires_in"] = int(IN_TESTING.total_seconds()) - 1
        return told

    def _again(self, form: dict[str, str]) -> Told:
        client, now = self._client(form), self._world.clock()
        found = self._refresh.get(form.get("refresh_token", ""))
        if found is None or found.is_over(now):
            raise Refused(400, "invalid_grant", "Token has been expired or revoked.")
        if found.client is not client:
            raise Refused(401, "unauthorized_client", "Unauthorized")
        scopes = scope_list(form.get("scope", "")) or found.scopes
        if set(scopes) - set(found.scopes):
            raise Refused(400, "invalid_scope", "Bad Request")
        found.used = now
        return self._person(client, found.address, scopes)

    def _client(self, form: dict[str, str]) -> OAuthClient:
        client = self.clients.get(form.get("client_id", ""))
        if client is None:
            raise Refused(401, "invalid_client", "The OAuth client was not found.")
        if form.get("client_secret") != client.secret:
            raise Refused(401, "invalid_client", "Unauthorized")
        return client

    def _person(self, client: OAuthClient, address: str, scopes: tuple[str, ...], nonce: str = "") -> Told:
        told = self._opened(client.id, address, scopes, False)
        if "openid" in scopes:
            more = {"nonce": nonce} if nonce else {}
            whom = {"iss": ISSUER, "azp": client.id, "aud": client.id, **self.claims(address, scopes)}
            told["id_token"] = signed({**whom, **more})
        return told

    def _opened(self, client: str, address: str, scopes: tuple[str, ...], app: bool) -> Told:
        expires = self._world.clock() + self._switches.lifetime
        token = self._world.give(address, scopes, token=f"ya29.{secrets.token_urlsafe(16)}", expires=expires, app=app)
        self._access[token] = _Given(client, address)
        told: Told = {"access_token": token, "expires_in": int(self._switches.lifetime.total_seconds())}
        return told | {"token_type": "Bearer"} | ({} if app else {"scope": " ".join(scopes)})

    def _end(self, client: str, address: str) -> None:
        self.consents.pop((client, address), None)
        for name, one in list(self._refresh.items()):
            if (one.client.id, one.address) == (client, address):
                del self._refresh[name]
        for name, given in list(self._access.items()):
            if (given.client, given.address) == (client, address):
                self._world.revoke(name)
                del self._access[name]

    # ------------------------------------------------------------ service accounts

    def _by_assertion(self, form: dict[str, str]) -> Told:
        claims, account = self._asserted(form.get("assertion", ""))
        scopes = scope_list(str(claims.get("scope", "")))
        if not scopes or not all(is_scope(scope) for scope in scopes):
            raise Refused(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        person = str(claims.get("sub") or "").lower()
        if not person or person == account.address:
            return self._opened(account.client_id, account.address, scopes, True)
        if not self._company.is_ours(person) or not set(scopes) <= account.delegated:
            raise Refused(401, "unauthorized_client", _NO_DELEGATION)
        found = self._company.people.get(person)
        if found is None or found.suspended:
            raise Refused(400, "invalid_grant", "Invalid email or User ID")
        return self._opened(account.client_id, person, scopes, True)

    def _asserted(self, assertion: str) -> tuple[Told, ServiceAccount]:
        try:
            account = self.accounts.get(str(unverified(assertion).get("iss")))
            if account is None:
                raise Refused(400, "invalid_grant", "Invalid grant: account not found")
            skew = self._switches.clock_skew
            return verified(assertion, "service account", self.audiences, skew), account
        except Untrusted as error:
            raise Refused(400, "invalid_grant", str(error)) from None
