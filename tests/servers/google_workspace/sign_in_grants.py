"""What people consented to: OAuth clients, codes, refresh tokens, and who may act for whom."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from tests.servers.google_workspace.world import AUTH

IN_TESTING = timedelta(days=7)  # how long a refresh token of an app lives whose consent screen is in "Testing"
IDLE = timedelta(days=182)
CODE_LIFE = timedelta(minutes=10)
MOST_REFRESH_TOKENS = 100  # of one person and one client; the oldest one ends without a word
LONG_NAMES = {"email": f"{AUTH}userinfo.email", "profile": f"{AUTH}userinfo.profile"}
_HERE = {"127.0.0.1", "localhost", "::1"}
Form = Mapping[str, str]


@dataclass
class OAuthClient:
    """An app that people sign in to."""

    id: str
    secret: str
    kind: str = "installed"  # or "web"
    redirect_uris: tuple[str, ...] = ()  # of a web app; an installed one may come back to any port of the machine
    testing: bool = False  # the consent screen's state

    def may_return(self, uri: str) -> bool:
        """Is it a place to come back to?"""
        where = urlsplit(uri)
        if self.kind == "installed":
            return where.scheme == "http" and where.hostname in _HERE and where.port is not None
        return uri in self.redirect_uris


@dataclass(frozen=True)
class Code:
    """A consent that is not redeemed yet."""

    client: OAuthClient
    address: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    method: str  # S256, plain, or "" without a challenge
    nonce: str
    refresh: bool  # a refresh token comes with it
    until: datetime

    def proves(self, verifier: str) -> bool:
        """PKCE (RFC 7636): is it the one whose digest was sent first?"""
        if self.method != "S256":
            return secrets.compare_digest(verifier, self.challenge)
        digest = hashlib.sha256(verifier.encode()).digest()
        return secrets.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), self.challenge)


@dataclass
class Refresh:
    """A refresh token."""

    token: str
    client: OAuthClient
    address: str
    scopes: tuple[str, ...]
    given: datetime
    used: datetime

    def is_over(self, now: datetime) -> bool:
        """Too old, or too long not used."""
        return now >= self.used + IDLE or (self.client.testing and now >= self.given + IN_TESTING)


@dataclass
class ServiceAccount:
    """A program with a key of its own. `delegated`: what it may do for everybody of the company."""

    address: str
    client_id: str
    delegated: set[str] = field(default_factory=set)


@dataclass
class SignInSwitches:
    """What a test may switch."""

    lifetime: timedelta = timedelta(seconds=3599)  # of access tokens
    unticked: set[str] = field(default_factory=set)  # scopes that the person does not allow
    says: str = ""  # access_denied and the like: the person says no, and the browser comes back with this error
    page: str = ""  # admin_policy_enforced, org_internal ...: the browser does not come back
    clock_skew: float = 0.0  # seconds that Google's clock is ahead of this machine's
    troubles: list[tuple[int, bytes]] = field(default_factory=list)  # what /token answers next: status and body


def scope_list(text: str) -> tuple[str, ...]:
    """As Google names them in its answers."""
    return tuple(dict.fromkeys(LONG_NAMES.get(scope, scope) for scope in text.split()))


def is_scope(scope: str) -> bool:
    """Is there such a one? All that begin as Google's do, here."""
    return scope == "openid" or (scope.startswith(AUTH) and len(scope) > len(AUTH))
