"""Connections that take no answer whose head is cut off.

Python's `http.client` takes the end of a connection for the end of a head: half an answer to a PUT would count as done,
with an entity tag, Location or Retry-After that is missing or cut short.
"""

from __future__ import annotations

import http.client
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection


class _Lines:
    """Reads lines, and knows the last one."""

    def __init__(self, reader: Any) -> None:
        self._read, self.close = reader.readline, reader.close
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        """As of a file."""
        self.last = self._read(limit)
        return self.last


class _Response(http.client.HTTPResponse):
    headers: Any
    fp: Any

    def begin(self) -> None:
        """Read the head. Raises HTTPException when the connection ends within it."""
        if self.headers is not None:
            return  # read already
        reader = self.fp
        lines = _Lines(reader)
        self.fp = lines
        try:
            super().begin()
        finally:
            self.fp = reader if self.fp is lines else None
        if not lines.last.endswith(b"\n"):
            raise http.client.HTTPException("the answer breaks off in its head")


class PlainConnection(HTTPConnection):
    """For http."""

    response_class = _Response


class TlsConnection(HTTPSConnection):
    """For https."""

    response_class = _Response


CONNECTIONS = {"http": PlainConnection, "https": TlsConnection}
