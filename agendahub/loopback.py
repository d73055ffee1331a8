"""Where a browser on this machine comes back to after a sign-in (RFC 8252, section 7.3): 127.0.0.1, for one answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from agendahub.failure import Failure
from agendahub.sign_in_page import HEADERS, page
from agendahub.texts import _
from connectors.person_sign_in import WrongState

_LARGEST = 64 * 1024  # octets of an answer
_LOOK = 0.2  # seconds between two looks whether somebody has signed in
_TAKES_SO_LONG = 10.0  # seconds for a browser to send what it began to send

Finish = Callable[[Mapping[str, str]], str]


class Loopback:
    """A context manager."""

    def __init__(self, port: int = 0, host: str = "localhost") -> None:
        self._host = host
        try:
            self._server = _Server(("127.0.0.1", port), _Answering)
        except OSError as err:
            said = _("Port {port} of this machine cannot be used ({reason}); choose another with --port.")
            raise Failure(said.format(port=port, reason=err.strerror)) from err

    @property
    def address(self) -> str:
        """The redirect URI. Microsoft takes every port of localhost for an app of the kind "mobile and desktop", Google
        every port of 127.0.0.1 for a client of the type "desktop app".
        """
        return f"http://{self._host}:{self._server.server_port}/"

    def wait(self, finish: Finish, patience: float, tick: Callable[[float], None] = lambda _left: None) -> str:
        """Until the browser comes: what `finish` says to its answer. Raises what it raises; Failure in the end."""
        self._server.finish = finish
        self._server.timeout, end = _LOOK, time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            tick(left)
            self._server.handle_request()
            if self._server.error is not None:
                raise self._server.error
            if self._server.result is not None:
                return self._server.result
        raise Failure(_("Nobody signed in within {minutes} minutes; begin again.").format(minutes=int(patience // 60)))

    def __enter__(self) -> Loopback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()


class _Server(ThreadingHTTPServer):  # browsers open connections that they do not use at once
    block_on_close = False
    once = threading.Lock()
    finish: Finish
    result: str | None = None
    error: Exception | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error; the library would print it with all it sent."""


class _Answering(BaseHTTPRequestHandler):
    server: _Server
    timeout = _TAKES_SO_LONG

    def do_GET(self) -> None:
        """Some browsers are sent back by an address."""
        if urlsplit(self.path).path == "/" and urlsplit(self.path).query:
            self._finish(urlsplit(self.path).query)
        else:
            self._show(404, _("There is nothing here."), well=False)

    def do_POST(self) -> None:
        """By a form, so that the code stands in no address."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST or urlsplit(self.path).path != "/":
            self._show(400, _("This is no answer to a sign-in."), well=False)
            return
        self._finish(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def log_message(self, *_args: Any) -> None:
        """Nothing: the line would hold the code."""

    def _finish(self, sent: str) -> None:
        answer = dict(parse_qsl(sent, keep_blank_values=True))
        if "state" not in answer:
            self._show(400, _("This is no answer to a sign-in."), well=False)
            return
        with self.server.once:
            if self.server.result is None and self.server.error is None:
                self._finish_with(answer)

    def _finish_with(self, answer: Mapping[str, str]) -> None:
        """The page goes out before the wait ends, and with it perhaps the program."""
        try:
            who = self.server.finish(answer)
        except WrongState as err:  # somebody else's: ours may still come
            self._show(400, str(err), well=False)
        except Exception as err:  # `wait` raises it
            self._show(400, str(err), well=False)
            self.server.error = err
        else:
            told = _("Signed in as {who}. You can close this window and go back to the terminal.")
            self._show(200, told.format(who=who), well=True)
            self.server.result = who

    def _show(self, status: int, text: str, *, well: bool) -> None:
        body = page(text, well=well).encode()
        self.send_response_only(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
