"""Sign-in to the admin API: a bearer token (RFC 6750), never a cookie.

Guessing is limited by address. A token that was right before is never locked out by somebody else's failures.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from threading import Lock

from agendahub.api_call import ApiError
from agendahub.texts import _
from dav_gateway.auth import PER_ADDRESS, TOUCH_AFTER, WINDOW, network
from dav_gateway.limiter import FailureWindow
from storage.api_tokens import Token, token_with, touch_token
from storage.app_passwords import hash_of
from storage.database import Database
from storage.errors import StoreError

_CHALLENGE = {"www-authenticate": 'Bearer realm="AgendaHub"'}


class TokenDoor:
    """Checks tokens. Safe to share between threads."""

    def __init__(self) -> None:
        self._failures = FailureWindow(PER_ADDRESS, WINDOW)
        self._right: dict[str, datetime] = {}  # hashes of tokens that were right, and when their use was written
        self._lock = Lock()

    def admit(self, database: Database, authorization: str, client: str, now: datetime) -> Token:
        """The token of an Authorization header. Raises `ApiError`: 401, or 429 after too many failures."""
        scheme, _space, shown = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not shown.strip():
            raise ApiError(401, _("Send a token: Authorization: Bearer ... (agendahub token add)."), _CHALLENGE)
        hashed, address = hash_of(shown), network(client)
        if hashed not in self._right and self._failures.exceeded(address, now):
            wait = {"retry-after": str(int(WINDOW.total_seconds()))}
            raise ApiError(429, _("Too many wrong tokens; wait some minutes."), wait)
        with database.read() as unit:
            token = token_with(unit.session.connection, hashed)
        if token is None:
            self._wrong(hashed, address, now)
            raise ApiError(401, _("This token is wrong or revoked."), _CHALLENGE | {"www-authenticate": _INVALID})
        self._remember(database, token, hashed, now)
        return token

    def _wrong(self, hashed: str, address: str, now: datetime) -> None:
        self._failures.add(address, now)
        with self._lock:
            self._right.pop(hashed, None)

    def _remember(self, database: Database, token: Token, hashed: str, now: datetime) -> None:
        """Its last use is written now and then; a full disk must not keep an admin from looking."""
        with self._lock:
            written = self._right.get(hashed) or token.last_used_at
            due = written is None or now - written >= TOUCH_AFTER
            self._right[hashed] = now if due or written is None else written
        if due:
            with suppress(StoreError), database.begin() as unit:
                touch_token(unit.session.connection, token.id, now)


_INVALID = 'Bearer realm="AgendaHub", error="invalid_token"'
