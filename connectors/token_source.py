"""Where requests get their access token from; a `sign_in` makes the sources, the transports ask them."""

from __future__ import annotations

from typing import Protocol


class TokenSource(Protocol):
    """The access token of one account. Used by many threads."""

    def token(self) -> str:
        """One that is good now, refreshed before it runs out. Raises NotAuthorised ("needs sign-in"), Unavailable."""

    def refused(self, token: str) -> None:
        """The server answered 401 to this token: the next `token` is another one. Raises NotAuthorised."""


class StandingToken:
    """One token that somebody else looks after (``auth = "bearer"``)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Always the same."""
        return self._token

    def refused(self, token: str) -> None:
        """Nothing else can be tried: the caller raises NotAuthorised when the same token comes again."""
