"""Marionette, the remote control of Mozilla's programs: JSON over TCP, each message with its length before it."""

from __future__ import annotations

import json
import socket
import time
from typing import Any


class Marionette:
    """A connection to a program that listens on a port of this machine."""

    def __init__(self, port: int, seconds: float) -> None:
        self._socket = _connected(port, seconds)
        self._received = b""
        self._number = 0
        self._message()  # it says hello first

    def command(self, name: str, **parameters: Any) -> Any:
        """What it answers; fails when that is an error."""
        self._number += 1
        said = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(said), said))
        _, _, error, result = self._message()
        assert not error, f"{name}: {error}"
        return result

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of an asynchronous function gives."""
        whole = f"""
            const done = arguments[arguments.length - 1];
            (async (...given) => {{ {script} }})(...Array.from(arguments).slice(0, -1)).then(
                value => done({{ is: value ?? null }}), error => done({{ error: `${{error}} ${{error?.stack}}` }})
            );"""
        answer = self.command(
            "WebDriver:ExecuteAsyncScript", script=whole, args=list(arguments), newSandbox=False, sandbox="system"
        )["value"]
        assert "error" not in answer, answer["error"]
        return answer["is"]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _message(self) -> Any:
        while b":" not in self._received:
            self._receive()
        length, _, self._received = self._received.partition(b":")
        while len(self._received) < int(length):
            self._receive()
        whole, self._received = self._received[: int(length)], self._received[int(length) :]
        return json.loads(whole)

    def _receive(self) -> None:
        part = self._socket.recv(65536)
        assert part, "the program closed the connection"
        self._received += part


def _connected(port: int, seconds: float) -> socket.socket:
    end = time.monotonic() + seconds
    while True:
        try:
            found = socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            assert time.monotonic() < end, "nothing listens on the port of Marionette"
            time.sleep(0.2)
            continue
        found.settimeout(150)
        return found
