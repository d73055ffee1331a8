"""Meetings that are in several mailboxes already: one UID, own ids (R12, R13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.servers.microsoft.ews_xml import Element, instant, stored, t
from tests.servers.microsoft.mailbox import Exchange, Fields, Item


def hold_meeting(
    exchange: Exchange, organizer: str, guests: Sequence[str], subject: str, start: datetime, end: datetime
) -> list[Item]:
    """Copies, the organiser's first; nobody gets a mail for it."""
    uid = f"040000008200E00074C5B7101A82E008{exchange.number():016X}"
    copies = []
    for address in [organizer, *guests]:
        box = exchange.mailbox(address)
        fields = _fields(exchange, organizer, guests, subject, start, end)
        fields["MyResponseType"] = stored(t("MyResponseType", "Organizer" if address == organizer else "Accept"))
        copies.append(box.create("calendar", fields, uid=uid))
    return copies


def _fields(
    exchange: Exchange, organizer: str, guests: Sequence[str], subject: str, start: datetime, end: datetime
) -> Fields:
    invited = [t("Attendee", _person(exchange, who), t("ResponseType", "Accept")) for who in guests]
    parts = [
        t("Subject", subject),
        t("Start", instant(start)),
        t("End", instant(end)),
        t("Organizer", _person(exchange, organizer)),
        t("RequiredAttendees", *invited),
    ]
    return {part.tag.partition("}")[2]: stored(part) for part in parts}


def _person(exchange: Exchange, address: str) -> Element:
    known = exchange.mailboxes.get(address.lower())
    name = known.name if known else address
    return t("Mailbox", t("Name", name), t("EmailAddress", address), t("RoutingType", "SMTP"))
