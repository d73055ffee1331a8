"""What a proxy, or a server in trouble, says in place of the answer."""

from __future__ import annotations

from typing import Any

from tests.integration.rules.system import HTML

LIES = {
    "html": (200, HTML),
    "nothing": (200, b""),
    "507": (507, HTML),
    "503": (503, b"{}"),
    "404": (404, HTML),
    "410": (410, HTML),
}
"""Status and body, by what a test asks for."""


async def say(send: Any, status: int, body: bytes) -> None:
    """To whoever asked an ASGI server."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
