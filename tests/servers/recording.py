"""A proxy in front of a server that speaks lines: everything that a client says is kept; it breaks where it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Recorded:
    """What came from clients, in packets as they came."""

    port: int
    said: list[bytes] = field(default_factory=list)
    breaks_after: int | None = None  # octets of answers, for each connection that is made from now on

    @property
    def lines(self) -> list[bytes]:
        return b"".join(self.said).split(b"\r\n")


@contextmanager
def recording(target: int) -> Iterator[Recorded]:
    """On a free port of 127.0.0.1, in front of another one there."""
    listener = socket.create_server(("127.0.0.1", 0))
    found = Recorded(listener.getsockname()[1])
    pairs: list[tuple[socket.socket, socket.socket]] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", target))
                pairs.append((client, server))
                threading.Thread(target=_carry, args=(client, server, found.said, None), daemon=True).start()
                threading.Thread(target=_carry, args=(server, client, None, found.breaks_after), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for pair in pairs:
            for line in pair:
                line.close()


def _carry(here: socket.socket, there: socket.socket, kept: list[bytes] | None, most: int | None) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(1 << 16):
            if kept is not None:
                kept.append(data)
            if most is not None and len(data) >= most:
                there.sendall(data[:most])
                here.shutdown(socket.SHUT_RDWR)
                break
            most = None if most is None else most - len(data)
            there.sendall(data)
    with contextlib.suppress(OSError):
        there.shutdown(socket.SHUT_RDWR if most is not None else socket.SHUT_WR)
