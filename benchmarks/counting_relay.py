"""Counts HTTP requests on their way to a server: the same yardstick for every client.

Bytes are passed on as they are, both ways; only the heads of the requests are looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_PIECE = 1 << 16


class Relay:
    """Listens on a free port of 127.0.0.1 and passes everything on to another one."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.methods: Counter[str] = Counter()
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def requests(self) -> int:
        """How many came so far."""
        return self.methods.total()

    async def listen(self) -> asyncio.Server:
        """Start; `port` is known afterwards."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def hang_up(self) -> None:
        """End all connections."""
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            answers = asyncio.create_task(_pump(there, writer))
            self._open |= {back, writer}
            try:
                await self._requests(reader, back)
            finally:
                back.close()
                await answers
                self._open -= {back, writer}

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
    ready, over = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_listen(found, ready, over),), daemon=True)
    thread.start()
    try:
        if not ready.wait(10):
            raise RuntimeError("the relays that count requests did not start")
        yield found
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


async def _listen(found: Sequence[Relay], ready: threading.Event, over: asyncio.Event) -> None:
    servers = [await relay.listen() for relay in found]
    ready.set()
    await over.wait()
    for server in servers:
        server.close()
    for relay in found:
        relay.hang_up()
    under_way = asyncio.all_tasks() - {asyncio.current_task()}
    if under_way:
        await asyncio.wait(under_way, timeout=5)
