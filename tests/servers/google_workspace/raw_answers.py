"""A server whose test says, for each request, what goes over the wire: half answers, closed lines, trickling bodies."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    """One request."""

    method: str
    path: str  # with the query
    headers: Mapping[str, str]  # names in small letters
    body: bytes

    @property
    def token(self) -> str:
        """Whose it is."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class Reply:
    """What to send."""

    body: bytes = b"{}"
    status: int = 200
    kind: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False  # close the line without an answer
    close_after: bool = False  # close the line a moment after the answer, without saying so
    missing: int = 0  # octets of the body that never come
    trickle: float = 0.0  # seconds between any two octets


def told(document: Any, status: int = 200, **headers: str) -> Reply:
    """JSON."""
    return Reply(json.dumps(document).encode(), status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def refusal(status: int, reason: str, **headers: str) -> Reply:
    """As Calendar says it."""
    error = {"errors": [{"domain": "usageLimits", "reason": reason, "message": reason}], "code": status}
    return told({"error": error | {"message": reason}}, status, **headers)


@dataclass
class RawServer:
    """What it was asked, and where it is."""

    url: str
    seen: list[Seen]
    lines: list[socket.socket]  # connections, in the order in which they were made


@contextmanager
def raw_answers(say: Callable[[Seen], Reply], context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """On a free port of 127.0.0.1; `say` is called in a thread of each connection."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.say, server.seen, server.lines = say, [], []
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        scheme = "https" if context else "http"
        yield RawServer(f"{scheme}://127.0.0.1:{server.server_address[1]}/", server.seen, server.lines)
    finally:
        server.shutdown()
        for line in server.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 64
    say: Callable[[Seen], Reply]
    seen: list[Seen]
    lines: list[socket.socket]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.lines.append(self.request)
        super().setup()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.seen.append(seen)
        self._send(self.server.say(seen))

    def _send(self, reply: Reply) -> None:
        if reply.drop:
            self._hang_up()
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        whole = reply.body[: len(reply.body) - reply.missing]
        if reply.trickle:
            for octet in whole:
                self.wfile.write(bytes([octet]))
                time.sleep(reply.trickle)
        else:
            self.wfile.write(whole)
        if reply.close_after or reply.missing:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815
