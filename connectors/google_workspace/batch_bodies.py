"""Many requests as one multipart/mixed body, and its answer (https://developers.google.com/calendar/api/guides/batch).

The library has the same, but gives up on the whole batch when one part of the answer is missing or cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from secrets import token_hex
from urllib.parse import urlsplit

from connectors.google_workspace.answers import Answer, answer_of

_UNSAID = frozenset({"user-agent", "x-goog-api-client", "accept-encoding", "content-length"})  # of the whole batch


def multipart(parts: Sequence[tuple[int, str, str, str | None, Mapping[str, str]]]) -> tuple[str, bytes]:
    """The content type and the body for (number, method, address, body, headers)."""
    boundary = f"batch_{token_hex(16)}"
    lines: list[str] = []
    for number, method, url, body, headers in parts:
        lines += [f"--{boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        lines += [f"Content-ID: <item-{number}>", "", f"{method} {_path(url)} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _UNSAID]
        lines += [*([f"Content-Length: {len(body.encode())}"] if body is not None else ()), "", body or ""]
    text = "\r\n".join([*lines, f"--{boundary}--", ""])
    return f'multipart/mixed; boundary="{boundary}"', text.encode()


def answers_in(content_type: str, content: bytes) -> dict[int, Answer]:
    """The answers by number, of those parts that can be read. None of them where it is no such body."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content)
    if not message.is_multipart() or message.defects:
        return {}
    found: dict[int, Answer] = {}
    for part in message.iter_parts():
        number = str(part.get("Content-ID", "")).strip("<> ").rpartition("-")[2]
        payload = part.get_payload(decode=True)
        answer = _answer(payload) if isinstance(payload, bytes) else None
        if number.isdigit() and answer is not None:
            found[int(number)] = answer
    return found


def _answer(text: bytes) -> Answer | None:
    """HTTP/1.1 200 OK, headers, an empty line, the body."""
    head, _, rest = text.lstrip().partition(b"\n")
    words = head.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return None
    message = BytesParser(policy=HTTP).parsebytes(rest)
    payload = message.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return answer_of(int(words[1]), dict(message.items()), content)


def _path(url: str) -> str:
    where = urlsplit(url)
    return f"{where.path}?{where.query}" if where.query else where.path
