"""A line to PostgreSQL that breaks at a commit: before the server hears of it, or before we hear its answer."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import make_url

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # what psycopg sends
_COMMITTED = b"COMMIT\x00"  # of the server's answer


class Loses(StrEnum):
    """What gets lost."""

    REQUEST = "request"  # the server rolls back
    ANSWER = "answer"  # the server has committed


@dataclass
class CuttingProxy:
    """Forwards a port of 127.0.0.1 to the server's socket; cuts once, at the commit it is told."""

    url: str = ""
    loses: Loses | None = None
    at_commit: int = 1  # counted from when `cut` was called
    commits: int = 0
    cuts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self, loses: Loses, at_commit: int = 1) -> None:
        """Lose this of the n-th commit from now on."""
        with self._lock:
            self.loses, self.at_commit, self.commits = loses, at_commit, 0

    def due(self, data: bytes) -> Loses | None:
        """What to lose of a message to the server, if now is the time."""
        if not data.endswith(_COMMIT):
            return None
        with self._lock:
            self.commits += 1
            found = self.loses if self.commits == self.at_commit else None
            if found:
                self.loses, self.cuts = None, self.cuts + 1
            return found


@contextmanager
def cutting_proxy(url: str) -> Iterator[CuttingProxy]:
    """In front of the server of this address, which is on a Unix socket."""
    behind = make_url(url)
    target = str(Path(str(behind.query["host"])) / ".s.PGSQL.5432")
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = CuttingProxy()
    port = listener.getsockname()[1]
    proxy.url = behind.set(host="127.0.0.1", port=port, query={"sslmode": "disable"}).render_as_string(False)
    thread = threading.Thread(target=_accept, args=(listener, target, proxy), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _accept(listener: socket.socket, target: str, proxy: CuttingProxy) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(target)
            threading.Thread(target=_carry, args=(client, server, proxy), daemon=True).start()


def _carry(client: socket.socket, server: socket.socket, proxy: CuttingProxy) -> None:
    with client, server, contextlib.suppress(OSError):
        while True:
            for ready in select.select([client, server], [], [])[0]:
                data = ready.recv(1 << 16)
                if not data:
                    return
                loses = proxy.due(data) if ready is client else None
                if loses is Loses.REQUEST:
                    return
                (server if ready is client else client).sendall(data)
                if loses is Loses.ANSWER:
                    _wait_for(server)
                    return


def _wait_for(server: socket.socket) -> None:
    answer = b""
    while _COMMITTED not in answer and (data := server.recv(1 << 16)):
        answer += data
