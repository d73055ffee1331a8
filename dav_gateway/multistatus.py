"""The answer 207 (RFC 4918 13)."""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.answers import XML, Answer, parts
from dav_gateway.elements import MULTISTATUS, MULTISTATUS_END


def multistatus(pieces: Iterator[str], end: str = "") -> Answer:
    """A 207 made of response elements; `end` is what follows them."""

    def whole() -> Iterator[str]:
        yield MULTISTATUS
        yield from pieces
        yield end + MULTISTATUS_END

    return Answer(207, parts(whole()), {"content-type": XML})
