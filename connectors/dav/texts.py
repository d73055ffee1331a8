"""Texts of items as servers send them: decoded, in one normal form, within bounds."""

from __future__ import annotations

from email.message import Message

from connectors.dav.versions import normal_text
from connectors.dav.xml_bodies import ADDRESS_BOOK, Flavour
from sync_engine.errors import Unreadable
from sync_engine.formats.decoding import decode
from sync_engine.item import Item

MAX_CARD = 2 << 20
MAX_EVENT = 512 << 10


def too_large(flavour: Flavour) -> int:
    """Octets above which an item is not read (photos make cards large)."""
    return MAX_CARD if flavour is ADDRESS_BOOK else MAX_EVENT


def decoded(body: bytes, content_type: str) -> str:
    """Text of a GET. The charset of the header is tried, then what calendars and cards usually come in."""
    header = Message()
    header["Content-Type"] = content_type
    charset = header.get_content_charset()
    return normal_text(decode(body, charset))


def read_item(text: str, flavour: Flavour, *, uid_if_missing: str | None) -> Item:
    """Parse a text in its normal form. Raises Unreadable, also for one that is too large."""
    if len(text) > too_large(flavour):
        raise Unreadable(f"The item is larger than {too_large(flavour) >> 10} KiB, the limit; it is left alone.")
    return Item.read(text, uid_if_missing=uid_if_missing)
