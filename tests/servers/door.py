"""A door before a server on loopback: who comes while it is shut is refused at once, as if nobody were there."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Door:
    """Forwards connections to a port of 127.0.0.1; new ones only while it is open."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = _listening(0)
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._begin()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """For a while; those who are inside are put out."""
        self.close()
        try:
            yield
        finally:
            self._listener = _listening(self.port)
            self._begin()

    def close(self) -> None:
        """For good."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _begin(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target), 5)
            self._open += [near, far]
            threading.Thread(target=_both_ways, args=(near, far), daemon=True).start()


def _both_ways(near: socket.socket, far: socket.socket) -> None:
    back = threading.Thread(target=_carry, args=(far, near), daemon=True)
    back.start()
    _carry(near, far)
    back.join()
    near.close()
    far.close()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for side in (one, other):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def _listening(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


@contextmanager
def door(target: int) -> Iterator[Door]:
    """Closed at the end."""
    made = Door(target)
    try:
        yield made
    finally:
        made.close()
