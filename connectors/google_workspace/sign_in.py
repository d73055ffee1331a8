"""Sign-in at Google (OAuth 2.0, RFC 6749 and 7523): where a connector's access token comes from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.auth.exceptions import MalformedError
from google.oauth2.credentials import Credentials as PersonCredentials
from google.oauth2.service_account import Credentials as ServiceCredentials

from connectors.google_workspace.sign_in_asking import Asking, asking
from connectors.google_workspace.sign_in_client import client_of, key_of, made_for
from connectors.google_workspace.sign_in_identity import who
from connectors.google_workspace.sign_in_places import token_uri
from connectors.google_workspace.sign_in_refusals import not_consented
from connectors.google_workspace.sign_in_scopes import scopes_of
from connectors.kept_sign_in import Granted, Kept
from connectors.needs_sign_in import account_of, not_signed_in
from connectors.refreshed_token import RefreshedToken
from connectors.settings import ConnectorSettings
from connectors.token_source import StandingToken, TokenSource
from connectors.tokens import MemoryTokens, TokenStore
from sync_engine.errors import NotAuthorised

OAUTH = ("desktop", "web", "app")
_ASK_APP_AGAIN = 900.0  # seconds: a delegation in the Admin console begins to count some time after it was made
_ASK_MAILBOX_AGAIN = 240.0  # the same for those of a fan-out, which nobody can sign in one by one
_memory: dict[str, MemoryTokens] = {}
_memory_lock = threading.Lock()


def token_source(settings: ConnectorSettings) -> TokenSource:
    """For ``auth`` bearer, desktop, web and app. Raises ValueError for any other."""
    if settings.auth == "bearer":
        return StandingToken(settings.secret)
    if settings.auth not in OAUTH:
        raise ValueError(f"auth {settings.auth!r} is not for Google; choose bearer, {', '.join(OAUTH)}.")
    return refreshed(settings)


def refreshed(settings: ConnectorSettings, clock: Callable[[], float] = time.time) -> RefreshedToken:
    """For ``auth`` desktop, web and app."""
    endpoint = TokenEndpoint(settings)
    return RefreshedToken(endpoint, settings.tokens or _of_this_process(endpoint), clock)


class TokenEndpoint:
    """As `connectors.refreshed_token.Endpoint`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self.made_for, self.scopes = made_for(settings), scopes_of(settings)
        again = _ASK_APP_AGAIN if settings.tokens else _ASK_MAILBOX_AGAIN
        self.ask_again = again if settings.auth == "app" else None

    def ask(self, kept: Kept) -> Granted:
        """As `Endpoint`."""
        with asking(self._settings) as request:
            return self._as_app(request) if self._settings.auth == "app" else self._again(request, kept)

    def nobody(self) -> NotAuthorised:
        """As `Endpoint`."""
        return not_signed_in(self._settings)

    def lacking(self, scopes: Sequence[str]) -> NotAuthorised:
        """As `Endpoint`."""
        return not_consented(scopes, self._settings)

    def _again(self, request: Asking, kept: Kept) -> Granted:
        """No scopes are sent: the answer is good for all that the person consented to."""
        client = client_of(self._settings)
        person = PersonCredentials(  # type: ignore[no-untyped-call]
            token=None,
            refresh_token=kept.refresh_token,
            token_uri=token_uri(self._settings),
            client_id=client.id,
            client_secret=client.secret,
        )
        person.refresh(request)  # type: ignore[no-untyped-call]
        return granted(request.answer, self._settings, kept.scopes)

    def _as_app(self, request: Asking) -> Granted:
        """A service account for itself, or for the person of the mailbox (domain-wide delegation)."""
        try:
            app = ServiceCredentials.from_service_account_info(  # type: ignore[no-untyped-call]
                key_of(self._settings), scopes=self.scopes, subject=self._settings.mailbox or None
            )
        except (MalformedError, ValueError):
            raise NotAuthorised(
                "The private key in the service account's JSON file cannot be read; give the file as Google made it: "
                f"agendahub account secret {account_of(self._settings)}."
            ) from None
        app.refresh(request)
        return granted(request.answer, self._settings, self.scopes)


def granted(answer: Mapping[str, Any], settings: ConnectorSettings, scopes: Sequence[str], nonce: str = "") -> Granted:
    """A token endpoint's answer. `scopes`: what it is good for if it does not say so (RFC 6749, section 5.1)."""
    client_id = client_of(settings).id if answer.get("id_token") else ""
    person, identity = who(str(answer.get("id_token") or ""), client_id, settings, nonce)
    return Granted(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer.get("refresh_token") or ""),
        lifetime=float(answer.get("expires_in") or 3600),
        scopes=tuple(str(answer["scope"]).split()) if answer.get("scope") else tuple(scopes),
        person=person,
        identity=identity,
        ends_in=float(answer.get("refresh_token_expires_in") or 0),
    )


def _of_this_process(endpoint: TokenEndpoint) -> TokenStore:
    """For the mailboxes of a fan-out: many, and each token is had again without a person."""
    name = f"{endpoint.made_for} {' '.join(sorted(endpoint.scopes))}"
    with _memory_lock:
        return _memory.setdefault(name, MemoryTokens())


def service_account(settings: ConnectorSettings) -> str:
    """Who signs in with ``auth`` app, and for whom. Raises NotAuthorised for a key that is none."""
    key = key_of(settings)
    return f"{key['client_email']} ({settings.mailbox})" if settings.mailbox else str(key["client_email"])
