"""What goes wrong on the line to a mail server, in one clear sentence."""

from __future__ import annotations

import contextlib
import socket
import ssl

from connectors.broken_connections import connection_failure
from sync_engine.errors import NotAuthorised, Unavailable

_LONGEST = 300  # characters of a server's words


def broken(err: Exception, host: str) -> Unavailable:
    """The error for a line that could not be made, or broke."""
    return connection_failure(err, host, writing=False)


def no_encryption(host: str) -> NotAuthorised:
    """The server does not offer STARTTLS, or somebody in between hides that it does."""
    return NotAuthorised(
        f"{host} offers no encryption (STARTTLS), and a password is never sent in clear; use imaps:// or smtps://."
    )


def words(said: object) -> str:
    """A server's words as one readable line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]


def watch(line: socket.socket | ssl.SSLSocket) -> None:
    """Have the system notice within two minutes that nobody is there any more, and send short lines at once."""
    for level, name, value in (
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 15),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 4),
    ):
        if hasattr(socket, name):
            with contextlib.suppress(OSError):
                line.setsockopt(level, getattr(socket, name), value)
