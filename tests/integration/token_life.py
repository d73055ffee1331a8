"""What holds of every token endpoint: of Microsoft's with msal, of Google's with google-auth."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from starlette.responses import Response

from connectors.token_source import TokenSource
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

ANSWERS: list[tuple[Response, type[Exception], str]] = [
    (Response("", 429, {"Retry-After": "17"}), Throttled, "asks to wait 17 seconds"),
    (Response("", 429), Unavailable, "HTTP 429"),
    (Response("<html>", 200), Unavailable, "cannot be understood"),
    (Response("", 302, {"Location": "https://127.0.0.1:1/"}), Unavailable, "cannot be understood"),
    (Response('{"error": "temporarily_unavailable"}', 400), Unavailable, "cannot answer now"),
    (Response('{"error": "invalid_grant"}', 400), NotAuthorised, "sign in again"),
    (Response('{"error": "never_heard_of"}', 400), NotAuthorised, "never_heard_of"),
]
"""An answer to a refresh token, what comes of it, and a part of the words."""


class Killed(BaseException):
    """The process ends."""


class Dies(MemoryTokens):
    """Killed right after the tokens were saved."""

    def save(self, tokens: str) -> None:
        """Keep them, and die."""
        super().save(tokens)
        raise Killed


class Moves(Protocol):
    """A clock that a test moves."""

    now: float  # seconds since 1970


def reacts(source: TokenSource, expected: type[Exception], words: str) -> None:
    """To an answer; one that says how long to wait says 17 seconds."""
    with pytest.raises(expected, match=words) as failed:
        source.token()
    if isinstance(failed.value, Throttled):
        assert failed.value.retry_after == 17.0


def outlives_trouble(source: TokenSource, trouble: dict[str, Any], clock: Moves, life: float) -> None:
    """A token is used as long as it is good while the endpoint is down. `life`: its seconds."""
    token = source.token()
    trouble["/token"] = Response("oops", 503)
    clock.now += life - 200
    assert source.token() == token
    assert source.token() == token
    clock.now += 250
    with pytest.raises(Unavailable, match="HTTP 503"):
        source.token()
    trouble.clear()
    assert source.token() != token


def renewed_once(source: TokenSource) -> None:
    """A token that was refused, by whoever is told of it."""
    first = source.token()
    source.refused(first)
    second = source.token()
    assert second != first
    source.refused(first)  # a slow thread: it is another one already
    assert source.token() == second
    with pytest.raises(NotAuthorised, match="given a moment ago"):
        source.refused(second)
