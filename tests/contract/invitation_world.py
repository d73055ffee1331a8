"""A hub that is invited by mail, and invites."""

from __future__ import annotations

import email.policy
from collections.abc import Mapping
from dataclasses import replace
from email.message import EmailMessage

from sqlalchemy import false, select

from crm.actor import OUTBOX
from crm.intake.model import Taken
from crm.invitation.answering import answer
from crm.invitation.model import Invitation
from crm.invitation.reading import invitations_of
from storage import tables as t
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import HubItem
from tests.contract.agenda_world import AgendaWorld
from tests.contract.answer_world import EVA, HELP, SETTINGS

BOSS = "boss@other.example"
TIME = {"DTSTART": "20260309T090000Z", "DTEND": "20260309T100000Z"}
STAMP = "20260301T080000Z"


def event(
    uid: str = "m1", *, organizer: str = EVA, sequence: int = 0, stamp: str = "20260301T080000Z", **more: str
) -> str:
    """One VEVENT; names of further properties have `_` for `-`."""
    named = {"SUMMARY": "Review", **TIME, **{name.replace("_", "-"): value for name, value in more.items()}}
    lines = [f"UID:{uid}", f"DTSTAMP:{stamp}", f"SEQUENCE:{sequence}", f"ORGANIZER;CN=Eva:mailto:{organizer}"]
    people = named.pop("ATTENDEES", "help@example.org").split()
    lines += [f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}" for address in people]
    lines += [f"{name}:{value}" for name, value in named.items() if value]
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(method: str, *events: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:{method}\r\n{''.join(events)}END:VCALENDAR\r\n"


class InvitationWorld(AgendaWorld):
    """Mails with calendar parts, and what became of them. Nothing is acknowledged by itself."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.settings = replace(SETTINGS, mailboxes={"help": replace(HELP, acknowledge=False)})

    def mail(self, method: str, *events: str, sender: str = EVA, headers: Mapping[str, str] | None = None) -> Taken:
        """A mail with one calendar part comes in."""
        return self.mail_of(method, calendar(method, *events), sender, headers)

    def mail_of(self, method: str, text: str, sender: str = EVA, headers: Mapping[str, str] | None = None) -> Taken:
        self._mails += 1
        mail = EmailMessage(policy=email.policy.SMTP)
        told = {"From": sender, "To": "help@example.org", "Subject": "Review", **(headers or {})}
        told |= {"Message-ID": f"<i{self._mails}@customer.example>", "Date": "Mon, 02 Mar 2026 08:00:00 +0000"}
        for name, value in told.items():
            mail[name] = value
        mail.set_content("You are invited.\n")
        mail.add_alternative(text, subtype="calendar", params={"method": method})
        return self.takes(mail.as_bytes())

    def invitations(self) -> list[Invitation]:
        """All, the oldest first."""

        def look(unit: SqlUnitOfWork) -> list[Invitation]:
            rows = unit.session.connection.execute(select(t.invitations).order_by(t.invitations.c.id))
            return [Invitation(**row._asdict()) for row in rows]

        return self.do(look)

    def last(self) -> Invitation:
        return self.invitations()[-1]

    def of_request(self, request_id: int) -> list[Invitation]:
        return list(self.do(lambda unit: invitations_of(unit, OUTBOX, request_id)))

    def agenda(self) -> dict[str, HubItem]:
        """The living items of the agenda, by UID."""

        def look(unit: SqlUnitOfWork) -> dict[str, HubItem]:
            rows = unit.session.connection.execute(
                select(t.items.c.id).where(t.items.c.deleted == false(), t.items.c.kind == "event")
            )
            return {item.uid: item for item in unit.items([row.id for row in rows]).values()}

        return self.do(look)

    def event(self, uid: str = "m1") -> Event:
        record = Item.read(self.text(self.agenda()[uid].id)).record
        assert isinstance(record, Event)
        return record

    def answer(self, number: int, how: str, comment: str = "") -> Invitation:
        return self.do(lambda unit: answer(unit, self.settings, self.ada, number, how, comment))

    def told_invitation(self, message_id: int) -> str:
        """The calendar part of a mail that was sent."""
        parts = [part for part in self.far.mails()[message_id].walk() if part.get_content_type() == "text/calendar"]
        text: str = parts[0].get_content()
        return text.replace("\r\n ", "").replace("\n ", "")
