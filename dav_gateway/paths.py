"""The URL space: addresses to places and back.

    /dav/                                      root
    /dav/principals/{user}/                    a user
    /dav/calendars/{user}/{slug}/{href}        home, calendar or task list, item
    /dav/addressbooks/{user}/{slug}/{href}     home, address book, item
    /dav/files/{user}/...                      plain files and folders, to any depth
    /dav/attachments/{user}/{id}/{name}        managed attachments (RFC 8607)
    /dav/push/{user}/{registration}            registrations of WebDAV-Push

In a calendar home, names that begin with "~" are the gateway's own: ~inbox, ~outbox, ~birthdays ...

Addresses are taken with "@" or "%40", with and without a slash at the end, absolute or relative. Each segment is
decoded on its own: an href is an opaque key and may contain any character, "/" too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes, urlsplit

ROOT = "/dav/"
LONGEST = 700  # characters of a segment
DEEPEST = 34  # segments of an address
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile("[0-9A-Za-z_@~!$'()*,:=+-][0-9A-Za-z_.@~!$'()*,:=+-]*")  # is the same encoded and decoded
_PATH = re.compile(r"/[^/?#;][^?#;]*")  # has no host, query or fragment
_SAFE = "@~!$'()*,:=+"  # may stand in a segment (RFC 3986 3.3) and in XML as they are


class Area(StrEnum):
    """The first segment below the root."""

    ROOT = ""
    PRINCIPALS = "principals"
    CALENDARS = "calendars"
    ADDRESSBOOKS = "addressbooks"
    FILES = "files"
    ATTACHMENTS = "attachments"
    PUSH = "push"


_AREAS = frozenset(area.value for area in Area)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address points. Empty parts are not given."""

    area: Area
    user: str = ""
    slug: str = ""
    href: str = ""
    steps: tuple[str, ...] = ()  # below the user's files

    @property
    def contacts(self) -> bool:
        """Whether it is among the address books."""
        return self.area is Area.ADDRESSBOOKS


def place_at(raw_path: str, prefix: str = "") -> Place | None:
    """The place at a percent-encoded path, or None. `prefix` is what a proxy puts before it; it may be missing."""
    if prefix and raw_path.startswith(prefix + "/"):
        raw_path = raw_path[len(prefix) :]
    if raw_path in ("", "/"):
        return Place(Area.ROOT)
    if not (raw_path + "/").startswith(ROOT):
        return None
    segments = [decoded(segment) for segment in raw_path[len(ROOT) :].removesuffix("/").split("/")]
    return _place([segment for segment in segments if segment is not None], len(segments))


def _place(segments: list[str], count: int) -> Place | None:
    if len(segments) != count or (count > 1 and "" in segments):
        return None
    area, *rest = segments
    if area not in _AREAS or (area == Area.ROOT and count > 1):
        return None
    user, slug, href = (*rest, "", "", "")[:3]
    if area == Area.FILES:
        return Place(Area.FILES, user, steps=tuple(rest[1:])) if count <= DEEPEST else None
    deepest = 3 if area == Area.PRINCIPALS else 4
    return Place(Area(area), user, slug, href) if count <= deepest else None


def place_of_href(href: str, base_path: str, prefix: str = "") -> Place | None:
    """The place of an href in a body or a Destination header: absolute, or relative to the request's address."""
    path = href.strip()
    if not _PATH.fullmatch(path):
        try:
            path = urlsplit(path).path
        except ValueError:
            return None
    if not path.startswith("/"):
        path = base_path.rstrip("/") + "/" + path
    return place_at(path, prefix)


def decoded(segment: str) -> str | None:
    """A segment as text; None for what is no text or has control characters: nothing is ever stored there."""
    if _PLAIN.fullmatch(segment):  # most are; a listing or multiget has thousands
        return segment if len(segment) <= LONGEST else None
    try:
        value = unquote_to_bytes(segment).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None
    return None if len(value) > LONGEST or _CONTROL.search(value) or value in (".", "..") else value


def encoded(segment: str) -> str:
    """Text as a segment."""
    if _PLAIN.fullmatch(segment):
        return segment
    return quote(segment, safe=_SAFE)


def address(place: Place, prefix: str = "") -> str:
    """The path of a place: with a slash at the end, unless it is an item."""
    parts = [encoded(part) for part in (place.area, place.user, place.slug, *place.steps) if part]
    folder = prefix + ROOT + "".join(f"{part}/" for part in parts)
    return folder + encoded(place.href) if place.href else folder
