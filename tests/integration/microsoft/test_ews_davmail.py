"""E19: DavMail, which is not exchangelib, reads and writes contacts and events through our Exchange.

Run by `make test-servers`. It writes appointments as iCalendar in MimeContent and contacts by MAPI properties;
exchangelib must read the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests
from exchangelib import CalendarItem, Contact, EWSDate, EWSDateTime
from exchangelib.fields import TUESDAY
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.recurrence import Recurrence, WeeklyPattern

from tests.servers.microsoft.davmail import davmail, why_not
from tests.servers.microsoft.ews_client import BERLIN, Desk, desk

if why_not():
    pytest.skip(f"DavMail: {why_not()}", allow_module_level=True)

CALENDAR, CONTACTS = "/users/ada@example.com/calendar/", "/users/ada@example.com/contacts/"
_ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""
_TIMED = "DTSTART;TZID=Europe/Berlin:20270316T090000\nDTEND;TZID=Europe/Berlin:20270316T100000\n"
_CARD = """BEGIN:VCARD
VERSION:3.0
UID:{uid}
FN:Bob Builder
N:Builder;Bob;;;
EMAIL;TYPE=work:bob@example.com
TEL;TYPE=cell:+420 1
ORG:Site;Team
BDAY:1990-05-06
NOTE:{note}
ADR;TYPE=home:;;Long 1;Brno;;60200;CZ
CATEGORIES:A,B
END:VCARD
"""


@dataclass
class Dav:
    """DavMail as its clients see it."""

    base: str
    exchange: Desk
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, body: str = "", kind: str = "text/xml", **headers: str) -> requests.Response:
        """A request; whatever is refused is an error of the test."""
        sent = {"Content-Type": f"{kind}; charset=utf-8", **headers}
        data = body.replace("\n", "\r\n").encode()
        answer = self.session.request(method, self.base + path, data=data, headers=sent, timeout=60)
        assert answer.ok, (answer.status_code, answer.text)
        return answer

    def put(self, path: str, body: str) -> None:
        """A card or an event."""
        self.ask("PUT", path, body, "text/vcard" if "VCARD" in body else "text/calendar")

    def paths(self, collection: str) -> list[str]:
        """What is in it."""
        wish = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        found = re.findall("<D:href>([^<]*)</D:href>", self.ask("PROPFIND", collection, wish, Depth="1").text)
        return [path for path in found if path != collection]

    def read(self, collection: str, item: Any) -> str:
        """As iCalendar or vCard, with unfolded lines; items that others made are called by their ids."""
        ending = ".EML"
        answer = self.ask("GET", f"{collection}{quote(item.id, safe='')}{ending}")
        return answer.content.decode().replace("\r\n ", "")


@pytest.fixture(scope="module")
def dav() -> Iterator[Dav]:
    """One DavMail, which Ada has signed in to, and her mailbox; answers are held against the schemas at the end."""
    with desk() as exchange, davmail(exchange.site.url) as base:
        made = Dav(base, exchange)
        made.session.trust_env, made.session.auth = False, ("ada@example.com", "secret")
        yield made
        made.session.close()


def _event(uid: str, title: str, more: str = "", times: str = _TIMED) -> str:
    event = f"UID:{uid}\nDTSTAMP:20260101T000000Z\n{times}SUMMARY:{title}\nDESCRIPTION:Words\nLOCATION:Brno\n{more}"
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{_ZONE}BEGIN:VEVENT\n{event}END:VEVENT\nEND:VCALENDAR\n"


def _written(dav: Dav, subject: str) -> Any:
    [found] = [one for one in dav.exchange.account.calendar.all() if one.subject == subject]
    return found


def test_e19_a_wrong_password_is_refused_through_davmail(dav: Dav) -> None:
    answer = requests.request("PROPFIND", dav.base + CALENDAR, auth=("ada@example.com", "wrong"), timeout=60)
    assert answer.status_code == 401


@pytest.mark.mails  # DavMail deletes with SendToAllAndSaveCopy, even a contact
def test_e19_a_contact_of_davmail_is_one_of_exchangelib(dav: Dav) -> None:
    dav.put(CONTACTS + "c1.vcf", _CARD.format(uid="c1", note="Hello"))
    [found] = [one for one in dav.exchange.account.contacts.all() if one.body == "Hello"]
    assert (found.given_name, found.surname, found.company_name, found.department) == ("Bob", "Builder", "Site", "Team")
    assert [one.email for one in found.email_addresses if one.email] == ["bob@example.com"]
    assert [one.phone_number for one in found.phone_numbers if one.label == "MobilePhone"] == ["+420 1"]
    [home] = [one for one in found.physical_addresses if one.label == "Home"]
    assert (home.street, home.city, home.country, home.zipcode) == ("Long 1", "Brno", "CZ", "60200")
    assert (str(found.birthday)[:10], found.categories) == ("1990-05-06", ["A", "B"])
    dav.put(CONTACTS + "c1.vcf", _CARD.format(uid="c1", note="Changed"))
    assert [one.body for one in dav.exchange.account.contacts.all() if one.id == found.id] == ["Changed"]
    card = dav.ask("GET", CONTACTS + "c1.vcf").text
    assert "NOTE:Changed" in card
    assert "BDAY:1990-05-06" in card
    dav.ask("DELETE", CONTACTS + "c1.vcf")
    assert [one for one in dav.exchange.account.contacts.all() if one.id == found.id] == []


def test_e19_a_contact_of_exchangelib_is_one_of_davmail(dav: Dav) -> None:
    account = dav.exchange.account
    made = Contact(
        account=account,
        folder=account.contacts,
        display_name="Eva Malá",
        given_name="Eva",
        surname="Malá",
        job_title="Boss",
        email_addresses=[EmailAddress(label="EmailAddress1", email="eva@example.com")],
        phone_numbers=[PhoneNumber(label="HomePhone", phone_number="2")],
        physical_addresses=[PhysicalAddress(label="Business", street="Short 2", city="Praha")],
    ).save()
    assert len(dav.paths(CONTACTS)) == 1
    card = dav.read(CONTACTS, made)
    for line in ("FN:Eva Malá", "N:Malá;Eva;;;", "TITLE:Boss", "EMAIL;TYPE=work:eva@example.com", "TEL;TYPE=home:2"):
        assert line in card
    assert "ADR;TYPE=work:;;Short 2;Praha" in card


def test_e19_an_event_of_davmail_is_one_of_exchangelib(dav: Dav) -> None:
    dav.put(CALENDAR + "one.ics", _event("one@davmail", "Lunch", "CATEGORIES:Red\nCLASS:PRIVATE\n"))
    found = _written(dav, "Lunch")
    assert (found.uid, found.location, found.body, found.sensitivity) == ("one@davmail", "Brno", "Words", "Private")
    assert found.start == EWSDateTime(2027, 3, 16, 9, tzinfo=BERLIN)
    assert (found._start_timezone.ms_id, found.categories) == ("W. Europe Standard Time", ["Red"])
    assert "DTSTART;TZID=" in dav.ask("GET", CALENDAR + "one.ics").text
    dav.put(CALENDAR + "one.ics", _event("one@davmail", "Dinner"))
    assert _written(dav, "Dinner").uid == "one@davmail"
    assert [one.subject for one in dav.exchange.account.calendar.all() if one.uid == "one@davmail"] == ["Dinner"]


def test_e19_a_whole_day_of_davmail_is_one_of_exchangelib(dav: Dav) -> None:
    times = "DTSTART;VALUE=DATE:20270701\nDTEND;VALUE=DATE:20270702\n"
    dav.put(CALENDAR + "fair.ics", _event("fair@davmail", "Fair", times=times))
    found = _written(dav, "Fair")
    assert (found.is_all_day, found.start) == (True, EWSDate(2027, 7, 1))
    assert "DTSTART;VALUE=DATE:20270701" in dav.ask("GET", CALENDAR + "fair.ics").text


def test_e19_a_series_of_davmail_is_one_of_exchangelib(dav: Dav) -> None:
    more = "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20270323T090000\n"
    dav.put(CALENDAR + "choir.ics", _event("choir@davmail", "Choir", more))
    account = dav.exchange.account
    master = account.calendar.get(id=_written(dav, "Choir").id)
    pattern, boundary = master.recurrence.pattern, master.recurrence.boundary
    assert (type(pattern), pattern.interval, pattern.weekdays) == (WeeklyPattern, 1, [2])
    assert (boundary.start, boundary.number) == (EWSDate(2027, 3, 16), 4)
    assert [one.start for one in master.deleted_occurrences] == [EWSDateTime(2027, 3, 23, 9, tzinfo=BERLIN)]


def test_e19_a_series_of_exchangelib_is_one_of_davmail(dav: Dav) -> None:
    account, start = dav.exchange.account, EWSDateTime(2027, 4, 6, 9, tzinfo=BERLIN)
    pattern = WeeklyPattern(interval=2, weekdays=[TUESDAY], first_day_of_week="Monday")
    made = CalendarItem(
        account=account,
        folder=account.calendar,
        subject="Board",
        start=start,
        end=start + timedelta(hours=1),
        recurrence=Recurrence(pattern=pattern, start=EWSDate(2027, 4, 6), number=3),
    ).save()
    moved = made.occurrence(index=2)
    moved.refresh()
    moved.start, moved.end = moved.start + timedelta(hours=3), moved.end + timedelta(hours=3)
    moved.save(update_fields=["start", "end"])
    made.occurrence(index=3).delete()
    seen = dav.read(CALENDAR, made)
    assert "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=MO;COUNT=3" in seen
    assert re.search("EXDATE;TZID=[^:]*:20270504T090000", seen)
    assert "RECURRENCE-ID:20270420T070000Z" in seen  # DavMail's own spelling
    assert re.search("DTSTART;TZID=[^:]*:20270420T120000", seen)


@pytest.mark.mails
def test_e19_davmail_would_mail_about_a_deletion_and_our_guard_sees_it(dav: Dav) -> None:
    dav.put(CALENDAR + "gone.ics", _event("gone@davmail", "Gone"))
    before = len(dav.exchange.site.dispositions)
    dav.ask("DELETE", CALENDAR + "gone.ics")
    assert dav.exchange.site.dispositions[before:] == [("DeleteItem", "SendToAllAndSaveCopy")]
    assert [one for one in dav.exchange.account.calendar.all() if one.subject == "Gone"] == []
