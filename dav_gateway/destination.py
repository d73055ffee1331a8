"""Where COPY and MOVE lead to: the headers Destination (RFC 4918 10.3) and Overwrite (10.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from dav_gateway.answers import Refused
from dav_gateway.site import Call

_DEFAULT_PORTS = (None, 80, 443)


def destination(call: Call) -> Call:
    """The same request, as if it had been sent to where it leads to.

    Refuses no Destination at all (400), another server or what is no part of this gateway (502), and the source
    itself (403). Whose address it is and what is there remains to be asked: `must_be_ours`, `shelf`.
    """
    given = call.headers.get("destination", "").strip()
    split = _split(given)
    if split.netloc and not _here(split, call.headers):
        raise Refused(502, "It can only be copied or moved within this server.")
    place = call.place_of(given)
    if place is None:
        raise Refused(502, "There are no calendars, address books or files at that address.")
    if place == call.place:
        raise Refused(403, "It is at that address already.")
    return replace(call, place=place, path=split.path)


def _split(given: str) -> SplitResult:
    try:
        split = urlsplit(given)
        _ = split.port
    except ValueError:
        split = urlsplit("")
    if not split.path:
        raise Refused(400, "Say where to: the header Destination is missing or no address.")
    return split


def _here(split: SplitResult, headers: Mapping[str, str]) -> bool:
    """Whether an address is one of this server. A proxy may have changed the host, and TLS the port."""
    known = [headers.get("host", ""), *headers.get("x-forwarded-host", "").split(",")]
    return any(_authority(urlsplit(f"//{name.strip()}")) == _authority(split) for name in known)


def _authority(split: SplitResult) -> tuple[str, int | None]:
    try:
        port = split.port
    except ValueError:
        port = 0
    return (split.hostname or "").removesuffix("."), None if port in _DEFAULT_PORTS else port


def overwrites(call: Call) -> bool:
    """Whether what is at the destination shall give way: it shall unless the client says no."""
    value = call.headers.get("overwrite", "T").strip().upper()
    if value not in ("T", "F"):
        raise Refused(400, "The header Overwrite is T or F.")
    return value == "T"
