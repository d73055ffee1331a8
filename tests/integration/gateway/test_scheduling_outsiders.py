"""Guests outside: a mail each, through the outbox, where the configuration wants that (RFC 6638 3.2.9, RFC 6047)."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import select

from agendahub.outsiders import ByMail
from crm.settings import CrmSettings, Mailbox
from dav_gateway.app import gateway
from storage.crm import mail_raws
from storage.tables import messages, outgoing
from tests.servers.gateway import serving
from tests.servers.meetings import Office, calendar, meeting, office

BOX = Mailbox(name="office", address="office@example.org", display_name="Office")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        mail = ByMail(CrmSettings(mailboxes={"office": BOX}, signing_key=b"k" * 32), "office")
        with serving(gateway(found.hub.database, outsiders=mail)) as url:
            for guest in (found.ada, found.bob, found.cleo):
                guest.phone.base = url
            yield found


def mails(people: Office) -> list[EmailMessage]:
    with people.hub.database.read() as unit:
        connection = unit.session.connection
        wanted = select(messages.c.raw_digest).join(outgoing, outgoing.c.message_id == messages.c.id)
        digests = connection.execute(wanted.order_by(messages.c.id)).scalars().all()
        raws = [mail_raws.raw_of(connection, digest) for digest in digests]
    return [message_from_bytes(raw or b"", policy=SMTP) for raw in raws]


def itip(mail: EmailMessage) -> str:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return str(part.get_content()).replace("\r\n ", "").replace("\n ", "")


def test_a_guest_outside_is_mailed_once_for_each_change(people: Office) -> None:
    body = calendar(meeting(guests=("bob", "stranger")))
    people.ada.put(body)
    people.ada.put(body)
    (mail,) = mails(people)
    assert (mail["To"], mail["From"], mail["Reply-To"]) == (
        "stranger@example.org",
        "Ada <office@example.org>",
        "Ada <ada@example.org>",
    )
    assert mail["Subject"] == "Invitation: Planning"
    assert "METHOD:REQUEST" in itip(mail)
    assert "ORGANIZER;CN=Ada:mailto:ada@example.org" in itip(mail)
    assert "SCHEDULE-" not in itip(mail)
    line = next(line for line in people.ada.only().splitlines() if "stranger@" in line)
    assert "SCHEDULE-STATUS=1.1" in line
    people.ada.change("Planning", "Plans")
    people.ada.delete()
    assert [one["Subject"] for one in mails(people)] == [
        "Invitation: Planning",
        "Invitation: Plans",
        "Cancelled: Plans",
    ]
    assert "METHOD:CANCEL" in itip(mails(people)[-1])


def test_an_answer_to_an_organizer_outside_is_mailed(people: Office) -> None:
    body = calendar(meeting(organizer="stranger")).replace(b"NEEDS-ACTION;RSVP=TRUE", b"NEEDS-ACTION")
    assert people.bob.put(body).status_code == 201
    assert mails(people) == []
    assert people.bob.answer("ACCEPTED").status_code == 204
    (mail,) = mails(people)
    assert mail["To"] == "stranger@example.org"
    text = itip(mail)
    assert "METHOD:REPLY" in text
    assert text.count("ATTENDEE") == 1
    assert "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org" in text
    assert "SCHEDULE-STATUS=1.1:mailto:stranger@example.org" in people.bob.only()


def test_what_is_no_mail_address_gets_no_mail(people: Office) -> None:
    body = calendar(meeting(guests=())).replace(
        b"END:VEVENT", b"ATTENDEE:urn:uuid:1\r\nATTENDEE:mailto:x y@ example\r\nEND:VEVENT"
    )
    assert people.ada.put(body).status_code == 201
    assert mails(people) == []
    assert "SCHEDULE-STATUS=3.7:urn:uuid:1" in people.ada.only()
