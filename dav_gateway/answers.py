"""What a handler gives back: an answer, or a refusal that becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Body: TypeAlias = bytes | Iterator[bytes]
"""At once, or in parts that are made while they are sent (in worker threads, one at a time)."""

XML = "application/xml; charset=utf-8"
PART = 128 * 1024  # characters of an answer that are sent together


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Header names are in lower case."""

    status: int
    body: Body = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request is refused: a status, one sentence, and the failed precondition (as XML) if the standard has one."""

    def __init__(
        self, status: int, message: str, *, condition: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.condition = condition
        self.headers = headers or {}


def not_found() -> Refused:
    """It is not there, or not for this user to know of."""
    return Refused(404, "There is nothing at this address.")


def not_allowed(privilege: str, path: str) -> Refused:
    """The user may see it but not do this (RFC 3744 7.1.1)."""
    resource = f"<D:resource><D:href>{path}</D:href><D:privilege><D:{privilege}/></D:privilege></D:resource>"
    return Refused(
        403,
        "You may read this but not change it.",
        condition=f"<D:need-privileges>{resource}</D:need-privileges>",
    )


def plain(status: int, sentence: str, headers: dict[str, str] | None = None) -> Answer:
    """An answer for people."""
    return Answer(status, f"{sentence}\n".encode(), {"content-type": "text/plain; charset=utf-8", **(headers or {})})


def parts(pieces: Iterable[str]) -> Iterator[bytes]:
    """Gather small pieces into parts worth sending."""
    gathered: list[str] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PART:
            yield "".join(gathered).encode()
            gathered.clear()
            size = 0
    if gathered:
        yield "".join(gathered).encode()
