"""Sign-in at Microsoft (OAuth 2.0, RFC 6749): where a connector's access token comes from, and how long it lives.

Tokens are kept by `ConnectorSettings.tokens` and refreshed under its lock, so that all threads and processes make one
refresh. What was refused is remembered there too: the token endpoint is not asked again before something changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from connectors.microsoft.sign_in_app import application
from connectors.microsoft.sign_in_kept import Kept, made_for
from connectors.microsoft.sign_in_refusals import not_signed_in, refusal
from connectors.microsoft.sign_in_scopes import Resource, resource_of, scopes_of
from connectors.settings import ConnectorSettings
from connectors.token_source import StandingToken, TokenSource
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

OAUTH = ("device", "web", "app")
_LOOK_AGAIN = 60.0  # seconds after which the store is asked whether somebody signed in anew, or out
_ASK_APP_AGAIN = 3600.0  # an app's refusal may be mended at Microsoft's side alone
_SO_SOON = 60.0  # seconds after a refused token in which another one that is refused is no accident


def token_source(settings: ConnectorSettings, resource: Resource | None = None) -> TokenSource:
    """For ``auth`` bearer, device, web and app. Raises ValueError for any other."""
    if settings.auth == "bearer":
        return StandingToken(settings.secret)
    if settings.auth not in OAUTH:
        raise ValueError(f"auth {settings.auth!r} works without tokens; choose bearer, {', '.join(OAUTH)}.")
    return RefreshedToken(settings, resource or resource_of(settings))


class RefreshedToken:
    """A `TokenSource` over kept tokens. Safe for many threads; others may exist for the same account."""

    def __init__(self, settings: ConnectorSettings, resource: Resource, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._resource, self._clock = settings, resource, clock
        self._store = settings.tokens or MemoryTokens()
        self._made_for, self._scopes = made_for(settings, resource), scopes_of(settings, resource)
        self._seen, self._seen_at = Kept(), float("-inf")
        self._later = float("-inf")  # no refresh before, as long as the old token is good
        self._refused_at = float("-inf")

    def token(self) -> str:
        """As `TokenSource`."""
        now = self._clock()
        kept = self._seen if now - self._seen_at < _LOOK_AGAIN else self._look()
        if self._good(kept) or (now < self._later and self._lasts(kept)):
            return kept.access_token
        return self._renewed()

    def refused(self, token: str) -> None:
        """As `TokenSource`."""
        with self._store.lock():
            kept, now = self._look(), self._clock()
            if kept.access_token != token:
                return  # somebody has another one already
            if now - self._refused_at < _SO_SOON:
                raise NotAuthorised(
                    "The server refuses a token that was given a moment ago: check the permissions of the app, and "
                    "that it may open this mailbox."
                )
            self._refused_at = now
            self._keep(replace(kept, access_token=""))

    def _renewed(self) -> str:
        with self._store.lock():
            kept = self._look()  # while we waited for the lock, somebody may have refreshed
            if self._good(kept):
                return kept.access_token
            self._stop_if_refused(kept)
            try:
                fresh = self._asked(kept)
            except NotAuthorised as err:
                self._keep(kept.with_refusal(err, self._made_for, self._scopes, self._clock()))
                raise
            except (Unavailable, Throttled):
                if not self._lasts(kept):
                    raise
                self._later = self._clock() + _LOOK_AGAIN
                return kept.access_token
            self._keep(fresh)  # before the first use: a rotated refresh token must not be lost with us
        return fresh.access_token

    def _asked(self, kept: Kept) -> Kept:
        """One request for a token. Raises NotAuthorised, Unavailable, Throttled."""
        scopes = self._scopes
        if self._settings.auth != "app":  # what others of this sign-in need too, or we would undo each other's work
            scopes = sorted({*scopes, *kept.scopes}) if kept.made_for == self._made_for else scopes
        with application(self._settings) as app:
            if self._settings.auth == "app":
                answer = app.acquire_token_for_client(scopes=scopes)
            else:
                answer = app.acquire_token_by_refresh_token(kept.refresh_token, scopes=scopes)
        if "access_token" not in answer:
            raise refusal(answer, self._settings)
        return kept.renewed(answer, self._made_for, scopes, self._clock())

    def _stop_if_refused(self, kept: Kept) -> None:
        """The same question would get the same answer."""
        if self._settings.auth != "app" and not kept.refresh_token:
            raise not_signed_in(self._settings)
        if not kept.was_refused(self._made_for, self._scopes):
            return
        if self._settings.auth != "app" or self._clock() - kept.refused_at < _ASK_APP_AGAIN:
            raise kept.refusal()

    def _good(self, kept: Kept) -> bool:
        return kept.good(self._made_for, self._scopes, self._clock())

    def _lasts(self, kept: Kept) -> bool:
        return kept.lasts(self._made_for, self._scopes, self._clock() + 5)

    def _look(self) -> Kept:
        self._seen, self._seen_at = Kept.read(self._store.load()), self._clock()
        return self._seen

    def _keep(self, kept: Kept) -> None:
        self._store.save(kept.written())
        self._seen, self._seen_at = kept, self._clock()
