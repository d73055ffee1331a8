"""If-Match and If-None-Match (RFC 9110 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dav_gateway.answers import Refused

_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s,"]+)')


def matches(header: str, etag: str | None) -> bool:
    """Whether a header lists this entity tag (None: there is nothing); ``*`` is anything that is there.

    Weak forms count: proxies weaken tags when they compress, and ours stand for exact texts. So do tags without quotes.
    """
    if etag is None or not header:
        return False
    return header.strip() == "*" or any(etag in found.groups() for found in _TAG.finditer(header))


def check(headers: Mapping[str, str], etag: str | None) -> None:
    """Refuses (412) a write that was meant for another state; `etag` is the present one, None when nothing is there."""
    wanted = headers.get("if-match", "")
    if wanted and not matches(wanted, etag):
        raise Refused(412, "It was changed or deleted meanwhile; read it again.")
    if matches(headers.get("if-none-match", ""), etag):
        raise Refused(412, "There is something at this address already.")
