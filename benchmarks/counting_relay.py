"""Counts HTTP requests on their way to a server: the same yardstick for every client.

Bytes are passed on as they are, both ways; only the heads of the requests are looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_PIECE = 1 << 16


class Relay:
    """Listens on a free port of 127.0.0.1 and passes everything on to another one."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.methods: Counter[str] = Counter()
        self._target = target

    @property
    def requests(self) -> int:
        """How many came so far."""
        return self.methods.total()

    async def listen(self) -> asyncio.Server:
        """Start; `port` is known afterwards."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            answers = asyncio.create_task(_pump(there, writer))
            try:
                await self._requests(reader, back)
            finally:
                back.close()
                await answers

    async def _requests(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.methods[head.split(b" ", 1)[0].decode()] += 1
            length = _LENGTH.search(head)
            back.write(head + await reader.readexactly(int(length[1]) if length else 0))
            await back.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextmanager
def relays(*targets: int) -> Iterator[list[Relay]]:
    """One relay for each port, in a thread of their own, for as long as the context lasts."""
    found = [Relay(target) for target in targets]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[Any] = [asyncio.run_coroutine_threadsafe(relay.listen(), loop).result(10) for relay in found]
    try:
        yield found
    finally:
        for server in servers:
            loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
