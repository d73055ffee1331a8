"""Answers that guests outside mail (iMIP REPLY) reach the organiser's own calendar (RFC 6638 3.2, RFC 6047)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.intake.aside import take_or_keep
from crm.intake.model import Delivered
from crm.settings import CrmSettings, Mailbox
from dav_gateway.scheduling.mailed import OwnMeetings
from storage.tables import invitations
from tests.servers.meetings import Office, calendar, meeting, office, partstat

BOX = Mailbox(name="office", address="office@example.org")
STRANGER = "stranger@example.org"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def mailed(people: Office, *lines: str, sender: str = STRANGER, guest: str = "stranger", sequence: int = 0) -> str:
    """A mail with an answer comes in; gives how it is called from now on."""
    said = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{guest}@example.org"
    given = {line.partition(":")[0].partition(";")[0] for line in lines}
    usual = ("DTSTAMP:20261122T080000Z", "ORGANIZER:mailto:ada@example.org", said, f"SEQUENCE:{sequence}", "UID:m1")
    kept = (line for line in usual if line.partition(":")[0].partition(";")[0] not in given)
    event = "\r\n".join(["BEGIN:VEVENT", *lines, *kept, "END:VEVENT"])
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, "ada@example.org", "Accepted: Planning"
    text = calendar(event).decode().replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REPLY")
    mail.set_content(text, subtype="calendar", params={"method": "REPLY"})
    settings = CrmSettings(mailboxes={"office": BOX}, signing_key=b"k" * 32, own_calendars=OwnMeetings())
    now = people.hub.clock()
    with people.hub.database.read() as unit:
        number = len(unit.session.connection.execute(select(invitations.c.id)).all())
    mail["Message-ID"] = f"<{number}@example.org>"
    came = Delivered("office", "INBOX", f"1/{number}", mail.as_bytes(), arrived_at=now, started_at=now)
    take_or_keep(people.hub.database, settings, came)
    with people.hub.database.read() as unit:
        rows = unit.session.connection.execute(select(invitations).order_by(invitations.c.id)).all()
    assert len(rows) == number + 1
    return str(rows[-1].state)


def test_the_answer_of_a_guest_outside_stands_in_the_organizers_copy_and_inbox(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "stranger"))))
    assert mailed(people) == "applied"
    text = people.ada.only()
    assert (partstat(text, "stranger"), partstat(text, "bob")) == ("ACCEPTED", "NEEDS-ACTION")
    assert "SCHEDULE-STATUS=2.0:mailto:stranger@example.org" in text
    assert "METHOD:REPLY" in people.ada.only("~inbox")
    assert partstat(people.bob.only(), "stranger") == "ACCEPTED"
    people.ada.change("Planning", "Plans")
    assert partstat(people.ada.only(), "stranger") == "ACCEPTED"


def test_only_the_guest_himself_answers_and_only_what_he_is_invited_to(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "stranger"))))
    before = people.ada.only()
    assert mailed(people, sender="other@example.org") == "refused"  # in the name of another
    assert mailed(people, sender="other@example.org", guest="other") == "refused"  # not invited
    assert mailed(people, sender="bob@example.org", guest="bob") == "refused"  # he answers in his calendar
    assert mailed(people, "UID:m2") == "refused"
    assert mailed(people, "ORGANIZER:mailto:cleo@example.org") == "refused"
    assert mailed(people, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:stranger@example.org") == "unread"
    assert people.ada.only() == before
    assert people.ada.texts("~inbox") == []


def test_an_answer_to_an_earlier_version_and_an_older_answer_change_nothing(people: Office) -> None:
    people.ada.put(calendar(meeting("SEQUENCE:2", guests=("stranger",))))
    assert mailed(people, sequence=1) == "outdated"
    assert mailed(people, sequence=2) == "applied"
    declined = "ATTENDEE;PARTSTAT=DECLINED:mailto:stranger@example.org"
    assert mailed(people, declined, "DTSTAMP:20261121T080000Z", sequence=2) == "outdated"
    assert partstat(people.ada.only(), "stranger") == "ACCEPTED"
    assert mailed(people, declined, "DTSTAMP:20261123T080000Z", sequence=2) == "applied"
    assert partstat(people.ada.only(), "stranger") == "DECLINED"


def test_an_answer_to_one_occurrence_by_mail_becomes_an_override(people: Office) -> None:
    people.ada.put(calendar(meeting("RRULE:FREQ=WEEKLY;COUNT=4", guests=("stranger",))))
    assert mailed(people, "RECURRENCE-ID:20261208T090000Z", "DTSTART:20261208T090000Z") == "applied"
    series, week = people.ada.only().split("RECURRENCE-ID:20261208T090000Z")
    assert "PARTSTAT=NEEDS-ACTION" in series
    assert "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0:mailto:stranger@example.org" in week
