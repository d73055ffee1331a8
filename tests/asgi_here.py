"""A client of an ASGI application in this process: no port."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from anyio.from_thread import BlockingPortal

Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Of a JSON answer."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Somebody with a token; "" for none. `portal` is where the application runs."""

    app: Application
    portal: BlockingPortal
    token: str = ""
    root: str = "/api/v1"
    address: str = "127.0.0.1"

    def ask(
        self,
        method: str,
        path: str,
        sent: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """`sent` goes out as JSON, `raw` as it is."""
        body = raw if raw is not None else b"" if sent is None else json.dumps(sent).encode()
        said = {"content-length": str(len(body)), **({"authorization": f"Bearer {self.token}"} if self.token else {})}
        answer: Answer = self.portal.call(
            _exchange, self.app, _scope(method, self.root + path, said | (headers or {}), self.address), body
        )
        return answer


def _scope(method: str, address: str, headers: dict[str, str], client: str) -> dict[str, Any]:
    path, _mark, query = address.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8008),
        "state": {},
    }


async def _exchange(app: Application, scope: dict[str, Any], body: bytes) -> Answer:
    answer, waiting = Answer(), [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
