"""Reading a request's body under bounds of size and patience."""

from __future__ import annotations

import anyio
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from web_ui.hub import Refusal

PATIENCE = 60.0  # seconds without a further octet


async def read_body(receive: Receive, headers: Headers, limit: int) -> bytes:
    """The whole body. Raises `Refusal` (413, 408, 400) when it is too long or stops."""
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdecimal() or int(announced[:18]) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await _next(receive)
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


async def _next(receive: Receive) -> Message:
    try:
        with anyio.fail_after(PATIENCE):
            message = await receive()
    except TimeoutError as err:
        raise Refusal(408, "The request stopped arriving.") from err
    if message["type"] == "http.disconnect":
        raise Refusal(400, "The request ended early.")
    return message


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"The body of this request has at most {limit // 1024} KiB.", headers={"connection": "close"})
