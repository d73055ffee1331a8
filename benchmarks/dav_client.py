"""A client that costs little itself: one kept-alive connection, and bytes."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit


class Client:
    """One connection to a DAV server; opened again when the server closed it."""

    def __init__(self, url: str, username: str, password: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=600)
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.answered: dict[str, str] = {}  # headers of the last answer, names in lower case
        self._headers = {"Authorization": f"Basic {token}", "Connection": "keep-alive"}

    def ask(
        self,
        method: str,
        path: str,
        body: str = "",
        *,
        depth: str = "",
        content_type: str = "application/xml; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body."""
        more = {**self._headers, **({"Depth": depth} if depth else {}), **(headers or {})}
        if body:
            more["Content-Type"] = content_type
        try:
            return self._once(method, path, body, more)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()  # SOGo closes connections that are to be kept
            return self._once(method, path, body, more)

    def _once(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, body.encode() or None, dict(headers))
        answer = self._connection.getresponse()
        self.answered = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
