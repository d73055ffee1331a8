"""Reading a request's body under bounds of size and patience."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import BinaryIO

import anyio
from starlette.types import Receive

from dav_gateway.answers import Refused

PATIENCE = 60.0  # seconds without a further octet
_PASSED_OVER = 32 * 1024 * 1024  # octets of a too large body that are read and dropped: else the client sees no answer


class TooLargeError(Exception):
    """The body is larger than any request may be."""


def announced(headers: Mapping[str, str]) -> int | None:
    """Octets the body will have; None when the client does not say."""
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return int(length[:18])
    return None if "transfer-encoding" in headers else 0


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body. Raises `TooLargeError`, and `Refused` (408, 400) when it stops."""
    length = announced(headers)
    if length == 0:
        return b""
    if length is not None and length > limit and (length > _PASSED_OVER or "expect" in headers):
        raise TooLargeError
    pieces: list[bytes] = []
    size, more = 0, True
    while more and size <= _PASSED_OVER:
        piece, more = await _next(receive)
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
    if size > limit:
        raise TooLargeError
    return b"".join(pieces)


async def spool_body(receive: Receive, headers: Mapping[str, str], limit: int, file: BinaryIO) -> None:
    """Write the body into a file, and go to its beginning. Raises as `read_body` does, and `Refused` (507)."""
    length = announced(headers)
    passed_over = max(limit, _PASSED_OVER)
    if length is not None and length > limit and (length > passed_over or "expect" in headers):
        raise TooLargeError
    size, more = 0, length != 0
    while more and size <= passed_over:
        piece, more = await _next(receive)
        size += len(piece)
        if size <= limit:
            _write(file, piece)
    if size > limit:
        raise TooLargeError
    file.seek(0)


def _write(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
    except OSError as err:
        if err.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(507, "The server's disk is full: nothing was stored.") from err
        raise


async def _next(receive: Receive) -> tuple[bytes, bool]:
    try:
        with anyio.fail_after(PATIENCE):
            message = await receive()
    except TimeoutError as err:
        raise Refused(408, "The request stopped arriving.") from err
    if message["type"] == "http.disconnect":
        raise Refused(400, "The request ended early.")
    return message.get("body", b""), message.get("more_body", False)
