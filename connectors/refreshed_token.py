"""Where a connector's access token comes from after a sign-in (OAuth 2.0, RFC 6749), and how long it lives.

Tokens are kept by `ConnectorSettings.tokens` and refreshed under its lock, so that all threads and processes make one
refresh. What was refused is remembered there too: the token endpoint is not asked again before something changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from connectors.kept_sign_in import Granted, Kept
from connectors.tokens import TokenStore
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

_LOOK_AGAIN = 60.0  # seconds after which the store is asked whether somebody signed in anew, or out
_SO_SOON = 60.0  # seconds after a refused token in which another one that is refused is no accident


class Endpoint(Protocol):
    """One system's token endpoint, for one account."""

    @property
    def made_for(self) -> str:
        """A digest of the app, its secret and the system: with another one a token is asked for again."""

    @property
    def scopes(self) -> Sequence[str]:
        """That a token must be good for."""

    @property
    def ask_again(self) -> float | None:
        """Seconds after which a refusal may have been mended elsewhere; None: a person has to sign in."""

    def ask(self, kept: Kept) -> Granted:
        """One request for a token. Raises NotAuthorised, Unavailable, Throttled."""

    def nobody(self) -> NotAuthorised:
        """Nobody has signed in."""

    def lacking(self, scopes: Sequence[str]) -> NotAuthorised:
        """The person did not consent to these."""


class RefreshedToken:
    """A `TokenSource` over kept tokens. Safe for many threads; others may exist for the same account."""

    def __init__(self, endpoint: Endpoint, store: TokenStore, clock: Callable[[], float] = time.time) -> None:
        self._endpoint, self._store, self._clock = endpoint, store, clock
        self._made_for, self._scopes = endpoint.made_for, tuple(endpoint.scopes)
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
                fresh = kept.renewed(self._endpoint.ask(kept), self._made_for, self._clock())
            except NotAuthorised as err:
                self._keep_refusal(kept, err)
                raise
            except (Unavailable, Throttled):
                if not self._lasts(kept):
                    raise
                self._later = self._clock() + _LOOK_AGAIN
                return kept.access_token
            self._keep(fresh)  # before the first use: a rotated refresh token must not be lost with us
            self._stop_if_lacking(fresh)
        return fresh.access_token

    def _stop_if_refused(self, kept: Kept) -> None:
        """The same question would get the same answer."""
        again = self._endpoint.ask_again
        if again is None and not kept.refresh_token:
            raise self._endpoint.nobody()
        if not kept.was_refused(self._made_for, self._scopes):
            return
        if again is None or self._clock() - kept.refused_at < again:
            raise kept.refusal()

    def _stop_if_lacking(self, fresh: Kept) -> None:
        if lacking := [scope for scope in self._scopes if scope not in fresh.scopes]:
            err = self._endpoint.lacking(lacking)
            self._keep_refusal(fresh, err)
            raise err

    def _good(self, kept: Kept) -> bool:
        return kept.good(self._made_for, self._scopes, self._clock())

    def _lasts(self, kept: Kept) -> bool:
        return kept.lasts(self._made_for, self._scopes, self._clock() + 5)

    def _look(self) -> Kept:
        self._seen, self._seen_at = Kept.read(self._store.load()), self._clock()
        return self._seen

    def _keep_refusal(self, kept: Kept, err: NotAuthorised) -> None:
        self._keep(kept.with_refusal(err, self._made_for, self._scopes, self._clock()))

    def _keep(self, kept: Kept) -> None:
        self._store.save(kept.written())
        self._seen, self._seen_at = kept, self._clock()
