"""Parts of a body (RFC 9110 14), and whether a client has the present one (RFC 9110 13.1.2 to 13.1.5). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from dav_gateway.answers import Refused
from dav_gateway.preconditions import matches

_ONE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z", re.IGNORECASE)


class Part(NamedTuple):
    """Octets of a body, from `first` up to, without, `end`."""

    first: int
    end: int
    size: int  # of the whole body

    @property
    def headers(self) -> dict[str, str]:
        """What a 206 must say of it."""
        return {"content-range": f"bytes {self.first}-{self.end - 1}/{self.size}"}


def part_of(headers: Mapping[str, str], size: int, *, etag: str, changed_at: datetime) -> Part | None:
    """The part that a GET asks for; None for the whole body, also where several parts are asked for.

    Refuses (416) a part that is not there. `etag` is the present one, without quotes.
    """
    found = _ONE.match(headers.get("range", ""))
    if found is None or not _is_meant(headers.get("if-range", ""), etag, changed_at):
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None  # not valid, and so not there (RFC 9110 14.1.1)
    if first:
        part = Part(int(first), min(int(last) + 1, size) if last else size, size)
    elif last:
        part = Part(max(0, size - int(last)), size, size)
    else:
        return None
    if part.first >= part.end:
        raise Refused(416, f"It has only {size:,} octets.", headers={"content-range": f"bytes */{size}"})
    return part


def _is_meant(if_range: str, etag: str, changed_at: datetime) -> bool:
    """If-Range: the part is wanted of this state only. A weak tag does not do (RFC 9110 13.1.5)."""
    if not if_range:
        return True
    if if_range.startswith(('"', "W/")):
        return if_range == f'"{etag}"'
    at = http_time(if_range)
    return at is not None and at == changed_at.replace(microsecond=0)


def is_unchanged(headers: Mapping[str, str], etag: str, changed_at: datetime) -> bool:
    """Whether a GET is answered by 304. The time counts only where no entity tag was sent (RFC 9110 13.2.2)."""
    if "if-none-match" in headers:
        return matches(headers["if-none-match"], etag)
    since = http_time(headers.get("if-modified-since", ""))
    return since is not None and changed_at.replace(microsecond=0) <= since


def http_time(written: str) -> datetime | None:
    """A date of HTTP, in UTC; None when it is none."""
    try:
        at = parsedate_to_datetime(written)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # the last: years and zones beyond all time
        return None
