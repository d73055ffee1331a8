"""The item that a test of an account writes and deletes again (`account test`, canary)."""

from __future__ import annotations

from sync_engine.item import Item
from sync_engine.model import Kind

_TITLE = "AgendaHub connection test (can be deleted)"
_CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//AgendaHub//EN\r\nUID:{uid}\r\nFN:{title}\r\nN:{title};;;;\r\nEND:VCARD\r\n"
)
_CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//AgendaHub//EN\r\nBEGIN:{component}\r\nUID:{uid}\r\n"
    "DTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\n{end}SUMMARY:{title}\r\nEND:{component}\r\nEND:VCALENDAR\r\n"
)


def probe_item(kind: Kind, uid: str) -> Item:
    """A contact, or an event or task in the past, without anybody to be invited."""
    if kind is Kind.CONTACT:
        return Item.read(_CARD.format(uid=uid, title=_TITLE))
    component, end = ("VEVENT", "DTEND:20200101T001500Z\r\n") if kind is Kind.EVENT else ("VTODO", "")
    return Item.read(_CALENDAR.format(uid=uid, title=_TITLE, component=component, end=end))
