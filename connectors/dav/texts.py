"""Texts of items as servers send them: decoded, in one normal form, within bounds."""

from __future__ import annotations

from email.message import Message

from connectors.dav.versions import normal_text
from connectors.dav.xml_bodies import ADDRESS_BOOK, Flavour
from sync_engine import recurrence
from sync_engine.formats.decoding import decode
from sync_engine.item import Item
from sync_engine.limits import CARD_OCTETS, EVENT_OCTETS, check
from sync_engine.model import Contact


def too_large(flavour: Flavour) -> int:
    """Octets above which an item is not read (photos make cards large)."""
    return CARD_OCTETS if flavour is ADDRESS_BOOK else EVENT_OCTETS


def decoded(body: bytes, content_type: str) -> str:
    """Text of a GET. The charset of the header is tried, then what calendars and cards usually come in."""
    header = Message()
    header["Content-Type"] = content_type
    charset = header.get_content_charset()
    return normal_text(decode(body, charset))


def read_item(text: str, *, uid_if_missing: str | None) -> Item:
    """Parse a text in its normal form. Raises Unreadable, and Rejected for one that is too large or never ends."""
    check(text)
    item = Item.read(text, uid_if_missing=uid_if_missing)
    if not isinstance(item.record, Contact):
        recurrence.check(item.record)
    return item
