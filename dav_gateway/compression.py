"""Answers as gzip, for clients that ask for it (RFC 9110 8.4): lists of items shrink to a tenth on a phone's network.

Only answers without an entity tag are compressed: a tag stands for octets, and clients compare it with what PUT gave
them. Pages of the web UI are not compressed here either: they carry secrets (CSRF tokens) beside what others can
write, whose length would then give these away (BREACH). An answer to a DAV method holds no secret, and no other site
can make a browser send one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from dav_gateway.accept import takes_gzip
from dav_gateway.answers import Answer

SMALLEST = 1400  # octets: a shorter answer fits into one packet as it is
_LEVEL = 1  # a third of the time of level 6 for an eighth more octets
_GZIP = 16 + zlib.MAX_WBITS
_TYPES = ("application/xml", "text/xml", "text/calendar", "text/vcard", "text/plain")


def compressed(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """The answer as the client wants it; the same in most cases."""
    if "etag" in answer.headers or not answer.headers.get("content-type", "").startswith(_TYPES):
        return answer
    body = answer.body
    if isinstance(body, bytes) and len(body) < SMALLEST:
        return answer
    vary = ", ".join(filter(None, (answer.headers.get("vary", ""), "Accept-Encoding")))
    if not takes_gzip(headers.get("accept-encoding", "")):
        return Answer(answer.status, body, {**answer.headers, "vary": vary})
    changed = {**answer.headers, "vary": vary, "content-encoding": "gzip"}
    if isinstance(body, bytes):
        return Answer(answer.status, b"".join(_squeezed(iter((body,)))), changed)
    return Answer(answer.status, _squeezed(body), changed)


def _squeezed(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Never an empty part: that would be taken for the end."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for part in parts:
        squeezed = squeezer.compress(part)
        if squeezed:
            yield squeezed
    yield squeezer.flush()
