"""What a client accepts: a version of vCard (RFC 6350 10.1), and compressed answers (RFC 9110 12.5.3). Pure."""

from __future__ import annotations

from collections.abc import Iterator

_VERSIONS = ("3.0", "4.0")


def card_version(accept: str) -> str:
    """The version of vCard that an Accept header wants most; "" where any will do, or none that we have is named."""
    if "version" not in accept.lower():
        return ""
    best, wanted = 0.0, ""
    for media, params, quality in _entries(accept):
        version = params.get("version", "").strip('"')
        if media == "text/vcard" and version in ("", *_VERSIONS) and quality > best:
            best, wanted = quality, version
    return wanted


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the client named gzip. A ``*`` does not count: who can read it, says so."""
    return any(name in ("gzip", "x-gzip") and quality > 0 for name, _, quality in _entries(accept_encoding))


def _entries(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, parameters and weight of each."""
    for entry in header.lower().split(","):
        name, *rest = (part.strip() for part in entry.split(";"))
        params = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in rest)}
        yield name, params, _quality(params.pop("q", "1"))


def _quality(written: str) -> float:
    try:
        return min(max(float(written), 0.0), 1.0)
    except ValueError:
        return 0.0
