"""Sign-in at Microsoft (OAuth 2.0, RFC 6749): where a connector's access token comes from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.kept_sign_in import Granted, Kept
from connectors.microsoft.sign_in_app import application
from connectors.microsoft.sign_in_kept import made_for
from connectors.microsoft.sign_in_refusals import refusal
from connectors.microsoft.sign_in_scopes import Resource, resource_of, scopes_of
from connectors.needs_sign_in import not_signed_in
from connectors.refreshed_token import RefreshedToken
from connectors.settings import ConnectorSettings
from connectors.token_source import StandingToken, TokenSource
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised

OAUTH = ("device", "web", "app")
_ASK_APP_AGAIN = 3600.0  # an app's refusal may be mended at Microsoft's side alone


def token_source(settings: ConnectorSettings, resource: Resource | None = None) -> TokenSource:
    """For ``auth`` bearer, device, web and app. Raises ValueError for any other."""
    if settings.auth == "bearer":
        return StandingToken(settings.secret)
    if settings.auth not in OAUTH:
        raise ValueError(f"auth {settings.auth!r} works without tokens; choose bearer, {', '.join(OAUTH)}.")
    return refreshed(settings, resource or resource_of(settings))


def refreshed(
    settings: ConnectorSettings, resource: Resource, clock: Callable[[], float] = time.time
) -> RefreshedToken:
    """For ``auth`` device, web and app."""
    return RefreshedToken(TokenEndpoint(settings, resource), settings.tokens or MemoryTokens(), clock)


class TokenEndpoint:
    """As `connectors.refreshed_token.Endpoint`."""

    def __init__(self, settings: ConnectorSettings, resource: Resource) -> None:
        self._settings = settings
        self.made_for, self.scopes = made_for(settings, resource), scopes_of(settings, resource)
        self.ask_again = _ASK_APP_AGAIN if settings.auth == "app" else None

    def ask(self, kept: Kept) -> Granted:
        """As `Endpoint`."""
        scopes = self.scopes
        if self._settings.auth != "app":  # what others of this sign-in need too, or we would undo each other's work
            scopes = sorted({*scopes, *kept.scopes}) if kept.made_for == self.made_for else scopes
        with application(self._settings) as app:
            if self._settings.auth == "app":
                answer = app.acquire_token_for_client(scopes=scopes)
            else:
                answer = app.acquire_token_by_refresh_token(kept.refresh_token, scopes=scopes)
        if "access_token" not in answer:
            raise refusal(answer, self._settings)
        return granted(answer, scopes)

    def nobody(self) -> NotAuthorised:
        """As `Endpoint`."""
        return not_signed_in(self._settings)

    def lacking(self, scopes: Sequence[str]) -> NotAuthorised:
        """As `Endpoint`. Microsoft consents to all or nothing."""
        return NotAuthorised(f"Needs sign-in: nobody consented to {', '.join(scopes)}.")


def granted(answer: Mapping[str, Any], scopes: Sequence[str]) -> Granted:
    """A token endpoint's answer, as msal gives it."""
    claims = answer.get("id_token_claims") or {}
    return Granted(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer.get("refresh_token") or ""),
        lifetime=float(answer.get("expires_in") or 0),
        scopes=tuple(scopes),
        person=str(claims.get("preferred_username") or claims.get("upn") or ""),
        identity=f"{claims['tid']}.{claims['oid']}" if "tid" in claims and "oid" in claims else "",
    )
