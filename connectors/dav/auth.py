"""Sign-in: basic (RFC 7617), digest (RFC 7616) and bearer (RFC 6750)."""

from __future__ import annotations

from base64 import b64encode

from requests import PreparedRequest
from requests.auth import HTTPDigestAuth

from connectors.settings import ConnectorSettings


class SignIn:
    """Puts the account's proof on a request. Used by one thread at a time, as its connector is."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._header = _header(settings)
        self._digest = HTTPDigestAuth(settings.username, settings.secret) if settings.auth == "digest" else None

    def add(self, request: PreparedRequest) -> None:
        """Sign a request; digest also answers the server's challenge."""
        if self._digest is not None:
            self._digest(request)
        elif self._header:
            request.headers["Authorization"] = self._header


def _header(settings: ConnectorSettings) -> str:
    if settings.auth == "bearer":
        return f"Bearer {settings.secret}"
    if settings.auth == "basic" and (settings.username or settings.secret):
        return "Basic " + b64encode(f"{settings.username}:{settings.secret}".encode()).decode("ascii")
    if settings.auth not in {"basic", "digest"}:
        raise ValueError(f"auth is {settings.auth!r}; it must be basic, digest or bearer.")
    return ""
