"""An ASGI application on a free port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 20.0  # seconds to start and to end


class OneConnection(HttpToolsProtocol):
    """A connection that requests can keep something on, as NTLM does; it is dropped when the server ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new one, with nothing on it."""
        self.app_state = {**self.app_state, "connection": {}, "transport": transport}
        super().connection_made(transport)

    def shutdown(self) -> None:
        """An idle client is not waited for: TLS would wait for its farewell longer than the loop lives."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class QuickServer(uvicorn.Server):
    """Ends when it is told to; uvicorn's own looks for that, and for its connections, ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        """Until `end`."""
        await self.on_tick(0)
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What is being answered is answered first, for a second."""
        for server in self.servers:
            server.close()
        for one in list(self.server_state.connections):
            one.shutdown()
        if tasks := set(self.server_state.tasks):
            await asyncio.wait(tasks, timeout=1)
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(0)

    def end(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._over.set)


def connection(request: Request) -> dict[str, Any]:
    """What is kept for the connection that a request came by, as long as that is open."""
    held: dict[str, Any] = request.scope.get("state", {}).get("connection", {})
    return held


@contextmanager
def serving(app: Any, certificate: Path | None = None) -> Iterator[str]:
    """Its address: http, or https if a file with key and certificate is given."""
    # With the protocol named: only then asyncio turns off Nagle's algorithm, which costs 40 ms an answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            log_level="critical",
            lifespan="off",
            ws="none",
            http=OneConnection,
            loop="asyncio",
            ssl_certfile=str(certificate) if certificate else None,
        )
        server = QuickServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            if not server.ready.wait(PATIENCE):
                raise RuntimeError("The server did not come up.")
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            if server.ready.is_set():
                server.end()
            thread.join(PATIENCE)
