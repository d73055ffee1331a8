"""Connections for httplib2 that end when they should, and never send a request twice by themselves.

httplib2 sends a request again when a kept connection was closed before an answer came, a POST too; it meets such dead
connections after each pause, reads proxies and certificates from the environment, and waits for a trickling answer for
ever. It is not to be shared between threads: answers get mixed up. A transport has one `Line` for each thread.
"""

from __future__ import annotations

import http.client
import select
import socket
import time
from base64 import b64encode
from typing import Any
from urllib.parse import unquote, urlsplit

import httplib2
from httplib2.decode import DecodeLimitError, DecodeRatioError
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors.broken_connections import NotConnected
from connectors.settings import ConnectorSettings

IDLE = 60.0  # seconds after which a connection is not used again: firewalls forget it without a word
PATIENCE = 10  # times the timeout that a whole answer may take
MAX_BODY = 256 << 20  # octets of an answer, unpacked
MAX_DOWNLOAD = 32 << 20  # octets of a file
_PIECE = 1 << 16
BROKEN = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, DecodeLimitError, DecodeRatioError)
"""All that a connection may raise."""


class _Bounded(http.client.HTTPResponse):
    """An answer whose body is read to its end, within a time and a size, or not at all."""

    until = 0.0  # on the monotonic clock

    def read(self, amt: int | None = None) -> bytes:
        """All of it. Raises TimeoutError when it trickles in, IncompleteRead when it is cut off."""
        if amt is not None:
            return super().read(amt)
        length = None if self.chunked else self.length
        pieces, size = [], 0
        while not self.isclosed() and (length is None or size < length):
            piece = self.read1(_PIECE if length is None else min(_PIECE, length - size))
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > self.until:
                raise TimeoutError("The answer trickles in too slowly.")
            if size > MAX_BODY:
                raise http.client.HTTPException("The answer is too large.")
        if length is not None and size < length:
            raise http.client.IncompleteRead(b"", length - size)
        self.close()
        return b"".join(pieces)


class _Kept:
    """Mixed into httplib2's connections: `http.client` alone connects and asks the proxy."""

    _used = 0.0  # when an answer came last; 0: none did on this connection

    def __init__(self, host: str, port: int | None = None, *, proxy_info: Any = None, **more: Any) -> None:
        super().__init__(host, port, proxy_info=None, **more)  # type: ignore[call-arg]
        self.response_class = _Bounded
        if proxy_info:
            self._behind(proxy_info)

    def _behind(self: Any, proxy: str) -> None:
        where = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
        headers = {}
        if where.username:
            name = f"{unquote(where.username)}:{unquote(where.password or '')}"
            headers["Proxy-Authorization"] = f"Basic {b64encode(name.encode()).decode()}"
        self.set_tunnel(self.host, self.port, headers)
        self.host, self.port = where.hostname or "", where.port or 3128

    def connect(self: Any) -> None:
        """Raises NotConnected: whatever was to be sent was not."""
        try:
            self._connect()
        except BROKEN as err:
            self.close()
            raise NotConnected(str(err)) from err
        self._used = 0.0

    def request(self: Any, *args: Any, **kwargs: Any) -> None:
        """On a connection that is still alive; of a new one TLS itself has more to say at first."""
        old = self.sock is not None and self._used > 0
        if old and (time.monotonic() - self._used > IDLE or _has_ended(self.sock)):
            self.close()
        super().request(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self: Any) -> http.client.HTTPResponse:
        """Raises OSError where httplib2 would send the request again. A challenge is not for httplib2 to answer."""
        try:
            response: _Bounded = super().getresponse()  # type: ignore[misc]
        except http.client.HTTPException as err:
            raise ConnectionAbortedError("The connection ended before the answer.") from err
        self._used = time.monotonic()
        response.until = self._used + PATIENCE * self.timeout
        del response.headers["WWW-Authenticate"]
        return response


class _Plain(_Kept, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    _connect = http.client.HTTPConnection.connect


class _Encrypted(_Kept, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    _connect = http.client.HTTPSConnection.connect


class Line(httplib2.Http):  # type: ignore[misc]
    """One thread's connections. Follows no redirect, keeps no cache, reads no variables of the environment."""

    def __init__(self, settings: ConnectorSettings) -> None:
        super().__init__(
            timeout=settings.timeout,
            proxy_info=settings.proxy or None,
            ca_certs=settings.ca_file or DEFAULT_CA_BUNDLE_PATH,
            decode_limit_hard=MAX_BODY,
            decode_limit_safe=MAX_BODY,
            decode_limit_ratio=10_000,
            decode_limit_chunk=_PIECE,
        )
        self.follow_redirects = False

    def request(self, uri: str, method: str = "GET", *args: Any, **kwargs: Any) -> tuple[httplib2.Response, bytes]:
        """Once. After a failure nothing of the connection is used again. Raises what `BROKEN` names."""
        kwargs["connection_type"] = _Encrypted if uri.startswith("https:") else _Plain
        try:
            answer: tuple[httplib2.Response, bytes] = super().request(uri, method, *args, **kwargs)
        except BaseException:
            self.close()
            raise
        return answer


def _has_ended(connection: socket.socket) -> bool:
    """Whether the server closed it, or said something that nobody asked for."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
