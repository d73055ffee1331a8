"""The line between the daemon and a server, which can be cut: refused, or broken in the middle of an answer."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from tests.servers.processes import free_port

_MOST = 3000  # octets of answers that pass on a bad line before it breaks


class Wire:
    """Listens on a port of its own and passes everything on to the server's, until told otherwise."""

    def __init__(self, target: int, dice: random.Random) -> None:
        self.port = free_port()
        self.bad = False
        self._target = target
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()
        self.up()

    def up(self) -> None:
        """Take connections."""
        self._do(self._listen())

    def down(self) -> None:
        """Connections are refused, open ones are reset."""
        self._do(self._hang_up())

    def close(self) -> None:
        """For good."""
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            _reset(writer)
        await asyncio.sleep(0.01)  # until those who served them have seen it

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, forth}
        with suppress(OSError):
            await asyncio.gather(self._pump(reader, forth), self._pump(back, writer, breaks=True))
        for end in (writer, forth):
            _reset(end)
            self._open.discard(end)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, breaks: bool = False) -> None:
        left = self._dice.randrange(_MOST)
        while data := await source.read(65536):
            if breaks and self.bad:
                sink.write(data[:left])
                left -= len(data)
                if left <= 0:
                    raise ConnectionResetError
            else:
                sink.write(data)
            await sink.drain()
        raise ConnectionResetError  # one side is done: none of our parties goes on with half a connection


def _reset(writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("socket")
    if peer is not None and writer.get_extra_info("sockname"):
        with suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\0" * 8)
    writer.close()
