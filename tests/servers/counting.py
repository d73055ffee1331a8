"""A proxy in front of a real server that counts requests by method."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.servers.processes import Server

READS = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"}
_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive", "date", "server"}


@dataclass
class Counted:
    """The server as a client sees it through the proxy, and what was asked of it."""

    server: Server
    methods: Counter[str] = field(default_factory=Counter)

    @property
    def writes(self) -> int:
        """Requests that are not for reading."""
        return sum(count for method, count in self.methods.items() if method not in READS)


@contextmanager
def counting(upstream: Server) -> Iterator[Counted]:
    """Listens on a free port of 127.0.0.1 as long as this lasts."""
    methods: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self._pass_on

        def _pass_on(self) -> None:
            methods[self.command] += 1
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP | {"host"}}
            url = upstream.url.rstrip("/") + self.path
            answer = requests.request(self.command, url, data=body, headers=headers, allow_redirects=False, timeout=30)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.content)

        def log_message(self, *_words: Any) -> None:
            """Quiet."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Counted(replace(upstream, url=f"http://127.0.0.1:{proxy.server_address[1]}/"), methods)
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(5)
