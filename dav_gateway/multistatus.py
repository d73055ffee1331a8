"""The answer 207 (RFC 4918 13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dav_gateway.answers import XML, Answer, parts
from dav_gateway.elements import MULTISTATUS, MULTISTATUS_END, empty, propstat, response


def multistatus(pieces: Iterator[str], end: str = "") -> Answer:
    """A 207 made of response elements; `end` is what follows them."""

    def whole() -> Iterator[str]:
        yield MULTISTATUS
        yield from pieces
        yield end + MULTISTATUS_END

    return Answer(207, parts(whole()), {"content-type": XML})


def patched(path: str, names: Iterable[str], refused: Mapping[str, int], *, minimal: bool) -> Answer:
    """The answer to a PROPPATCH: what is fine is not done (424) when anything is refused, each with its status.

    `minimal`: when all went well there is nothing to tell (RFC 8144 2.2).
    """
    if minimal and not refused:
        return Answer(200, b"", {"preference-applied": "return=minimal"})
    by_status: dict[int, str] = {}
    for name, status in refused.items():
        by_status[status] = by_status.get(status, "") + empty(name)
    fine = "".join(empty(name) for name in dict.fromkeys(names) if name not in refused)
    told = "".join(propstat(status, found) for status, found in by_status.items())
    return multistatus(iter([response(path, told + propstat(424 if refused else 200, fine))]))
