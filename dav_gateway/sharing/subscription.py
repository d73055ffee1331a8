"""Calendars that repeat a feed of somebody else's (Calendar Server's "subscribed" resource type and CS:source).

Apple's programs and DAVx5 read such feeds by themselves and want to be told of the address only. All others see an
ordinary calendar that is read-only; the server reads the feed into it.
"""

from __future__ import annotations

import re

from dav_gateway.elements import CALENDARSERVER, Element, text_of
from dav_gateway.site import Call
from storage.dav_store import Shelf

SUBSCRIBED = f"{{{CALENDARSERVER}}}subscribed"
SOURCE = f"{{{CALENDARSERVER}}}source"
_LONGEST = 2000
_URL = re.compile(r"(?:https?|webcals?)://[^\s\x00-\x20\x7f]+\Z", re.IGNORECASE)
_READS_ITSELF = re.compile(r"iOS/|iPadOS/|macOS/|Mac[ _+]OS[ _+]X/|dataaccessd|CalendarAgent|CoreDAV|DAVx5|DAVdroid")


def feed_address(source: Element | None) -> str:
    """The address in a CS:source element. Raises ValueError for what is none of a feed."""
    written = text_of(source)
    if not is_feed_address(written):
        raise ValueError(written)
    return written


def is_feed_address(address: str) -> bool:
    """Whether a feed can be at an address."""
    return _URL.match(address) is not None and len(address) <= _LONGEST


def may_change_source(shelf: Shelf) -> bool:
    """Only a subscription gets another source: what people keep in a calendar is not replaced by a feed."""
    return bool(shelf.source)


def is_shown_as_feed(call: Call, shelf: Shelf) -> bool:
    """Whether a client is to read the feed by itself: the owner's, if it can. The address may be secret to others."""
    mine = shelf.owner_id == call.who.user_id
    return bool(shelf.source) and mine and _READS_ITSELF.search(call.headers.get("user-agent", "")) is not None
