"""Many calls in one request: multipart/mixed with an HTTP request in each part, answered in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus

MOST = 50  # Calendar API, "Sending batch requests"
BOUNDARY = "batch_Yw7TzVdFsJc"


@dataclass(frozen=True)
class Part:
    """One request in a batch."""

    name: str  # its Content-ID, with <>
    verb: str
    target: str  # path and query
    headers: Mapping[str, str]  # names in small letters
    body: bytes


@dataclass(frozen=True)
class Told:
    """Its answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreadable(Exception):
    """No batch."""


def run(content_type: str, body: bytes, run_one: Callable[[Part], Told]) -> tuple[str, bytes]:
    """Content type and body of the answer: an answer for each part, the last one first."""
    parts = _parts(content_type, body)
    if not 0 < len(parts) <= MOST:
        raise Unreadable(f"The batch has {len(parts)} calls; it must have 1 to {MOST}.")
    if len({part.name for part in parts}) < len(parts):
        raise Unreadable("Two parts have the same Content-ID.")
    told = [(part, run_one(part)) for part in parts]
    lines = b"".join(_written(part, answer) for part, answer in reversed(told))
    return f"multipart/mixed; boundary={BOUNDARY}", lines + f"--{BOUNDARY}--\r\n".encode()


def _parts(content_type: str, body: bytes) -> list[Part]:
    if not content_type.lower().startswith("multipart/mixed"):
        raise Unreadable("The batch is no multipart/mixed.")
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise Unreadable("The batch has no parts.")
    return [_part(one) for one in message.get_payload() if isinstance(one, Message)]


def _part(one: Message) -> Part:
    if one.get_content_type() != "application/http":
        raise Unreadable("A part is no application/http.")
    inside = one.get_payload(decode=True)
    assert isinstance(inside, bytes)
    first, _, rest = inside.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    words = first.decode().split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Unreadable(f"A part does not begin with a request line: {first!r}")
    head, _, body = rest.partition(b"\n\n")
    headers = BytesParser().parsebytes(head + b"\n\n", headersonly=True)
    return Part(one["Content-ID"] or "", words[0], words[1], {k.lower(): str(v) for k, v in headers.items()}, body)


def _written(part: Part, told: Told) -> bytes:
    name = f"<response-{part.name.strip().removeprefix('<')}"
    head = [f"--{BOUNDARY}", "Content-Type: application/http", f"Content-ID: {name}", ""]
    head += [f"HTTP/1.1 {told.status} {HTTPStatus(told.status).phrase}"]
    head += [f"{key}: {value}" for key, value in told.headers.items()]
    return "\r\n".join([*head, f"Content-Length: {len(told.body)}", "", ""]).encode() + told.body + b"\r\n"
