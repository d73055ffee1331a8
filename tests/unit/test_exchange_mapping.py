"""What of Exchange's world is refused, read kindly or left alone: case by case."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from exchangelib import Attendee, Body, CalendarItem, Mailbox
from exchangelib import Contact as EwsContact
from exchangelib import Task as EwsTask
from exchangelib.indexed_properties import PhoneNumber
from exchangelib.recurrence import DailyRegeneration, NoEndPattern, TaskRecurrence
from exchangelib.version import EXCHANGE_2016, Version
from lxml import etree

from connectors.exchange.mapping_contacts import CONTACT_FIELDS, contact_patch, new_contact, read_contact
from connectors.exchange.mapping_events import EVENT_FIELDS
from connectors.exchange.mapping_series import event_patch, new_event, read_event
from connectors.exchange.mapping_tasks import TASK_FIELDS, new_task, read_task, task_patch
from connectors.exchange.mapping_updates import SparseUpdate, changed_item
from connectors.fields import ALL_FIELDS
from connectors.photos import PictureWrite, photo_of, picture_change, picture_of
from connectors.reminders import reminder_at
from sync_engine.errors import Rejected
from sync_engine.model import (
    Address,
    CalendarUser,
    Contact,
    ContentLine,
    Event,
    EventDetails,
    Labelled,
    Moment,
    Photo,
    Task,
    TaskDetails,
)

HOME = "Europe/Zurich"
_JPEG = b"\xff\xd8\xff\xe0picture"


def _event(**values: Any) -> Event:
    return Event("u", EventDetails(**{"start": Moment("20260601T090000", "Europe/Berlin"), **values}))


def _task(**values: Any) -> Task:
    return Task("u", TaskDetails(**values))


def test_what_is_said_to_be_carried_are_fields_of_records() -> None:
    assert CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS < ALL_FIELDS


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Event("u", EventDetails(summary="x")), "without a start"),
        (_event(end=Moment("20260601T080000", "Europe/Berlin")), "ends before it starts"),
        (_event(summary="x" * 256), "at most 255 characters as the title"),
        (_event(categories=("x" * 256,)), "as a category"),
        (_event(rules=("FREQ=HOURLY;COUNT=3",)), "several times a day"),
        (_event(rules=("FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1",)), "set of weekdays"),
        (_event(recurrence_dates=(Moment("20260602T090000", "Europe/Berlin"),)), "RDATE"),
        (replace(_event(), master=None), "single occurrences"),
    ],
)
def test_r09_what_exchange_cannot_hold_is_refused_with_the_reason(event: Event, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        new_event(event, HOME)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (_task(start=Moment("20260602"), due=Moment("20260601")), "due before it starts"),
        (_task(summary="x" * 256), "at most 255"),
        (_task(rules=("FREQ=DAILY",)), "no start"),
        (_task(due=Moment("20260601"), rules=("FREQ=DAILY",), exception_dates=(Moment("20260602"),)), "cancelled"),
    ],
)
def test_r09_tasks_that_exchange_cannot_hold_are_refused(task: Task, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        new_task(task)


def test_what_is_there_and_could_not_be_put_there_hinders_no_other_change() -> None:
    """Such as a title that was too long when it was refused, and is not what is changed now."""
    before = _event(summary="x" * 256)
    changed = replace(before, master=replace(before.master, location="here"))  # type: ignore[type-var]
    assert event_patch(before, changed, HOME).master == {"location": "here"}


# ---------------------------------------------------------------- contacts


def _update(patch: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is sent for a patch: verb, property and entry."""
    item, names = changed_item(EwsContact, patch)
    update = SparseUpdate.__new__(SparseUpdate)
    update.account = type("A", (), {"version": Version(build=EXCHANGE_2016)})()
    sent = [etree.fromstring(etree.tostring(one)) for one in update._update_elems(item, names)]
    return [(etree.QName(one).localname, one[0].get("FieldURI", ""), one[0].get("FieldIndex", "")) for one in sent]


def test_r20_one_phone_number_is_one_entry_and_no_other_is_touched() -> None:
    before = Contact("u", "Ada", phones=(Labelled("1", ("home",)), Labelled("2", ("cell",))))
    after = replace(before, phones=(Labelled("1", ("home",)), Labelled("3", ("cell",))))
    assert contact_patch(before, after) == {"phone_numbers__MobilePhone": "3"}
    assert _update(contact_patch(before, after)) == [("SetItemField", "contacts:PhoneNumber", "MobilePhone")]
    gone = contact_patch(before, replace(before, phones=()))
    assert _update(gone) == [
        ("DeleteItemField", "contacts:PhoneNumber", "HomePhone"),
        ("DeleteItemField", "contacts:PhoneNumber", "HomePhone2"),  # the one number may stand in either place
        ("DeleteItemField", "contacts:PhoneNumber", "MobilePhone"),
    ]


def test_r20_one_line_of_an_address_is_one_line() -> None:
    before = Contact("u", "Ada", addresses=(Address(street=("A 1",), locality=("Rome",), types=("home",)),))
    after = replace(before, addresses=(replace(before.addresses[0], locality=("Bern",)),))
    assert _update(contact_patch(before, after)) == [("SetItemField", "contacts:PhysicalAddress:City", "Home")]


def test_numbers_of_kinds_that_records_have_not_are_left_alone() -> None:
    item = EwsContact(display_name="Ada", phone_numbers=[PhoneNumber(label="Telex", phone_number="9")])
    read = read_contact(item, "u")
    assert read.phones == ()
    patch = contact_patch(read, replace(read, phones=(Labelled("1", ("home",)),)))
    assert patch == {"phone_numbers__HomePhone": "1", "phone_numbers__HomePhone2": None}


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        (Contact("u", organization=("Acme",)), "Acme"),
        (Contact("u", emails=(Labelled("a@x"),)), "a@x"),
        (Contact("u"), "-"),
    ],
)
def test_everybody_has_a_display_name(contact: Contact, name: str) -> None:
    assert new_contact(contact)["display_name"] == name


def test_what_has_no_place_is_not_kept_and_known_not_to_be() -> None:
    emails = tuple(Labelled(f"{letter}@x", ("home",)) for letter in "abcd")
    contact = Contact("u", "Ada", emails=emails, birthday="in spring", note="a\x0bb", photo=Photo(uri="https://x/y"))
    kept = read_contact(EwsContact(**new_contact(contact)), "u")
    assert [email.value for email in kept.emails] == ["a@x", "b@x", "c@x"]
    assert (kept.birthday, kept.note, kept.photo) == ("", "ab", None)
    assert contact_patch(contact, kept) == {}


@pytest.mark.parametrize(
    ("sent", "day"),
    [
        ("1985-04-12T11:59:00Z", "1985-04-12"),
        ("1985-04-11T22:00:00Z", "1985-04-12"),  # midnight in Berlin
        ("1985-04-12T05:00:00Z", "1985-04-12"),  # midnight in New York
        ("1604-02-29T11:59:00Z", "--0229"),
    ],
)
def test_a_birthday_is_the_nearest_day(sent: str, day: str) -> None:
    space = "http://schemas.microsoft.com/exchange/services/2006/types"
    text = f'<Contact xmlns="{space}"><Birthday>{sent}</Birthday></Contact>'
    assert read_contact(EwsContact.from_xml(etree.fromstring(text), account=None), "u").birthday == day


def test_a_picture_is_told_apart_from_its_spelling() -> None:
    data = base64.b64encode(_JPEG).decode()
    contact = Contact("u", photo=Photo(data=data, media_type="image/pjpeg"))
    assert picture_of(contact) == _JPEG
    assert photo_of(_JPEG) == Photo(data=data, media_type="image/jpeg")
    assert picture_change(contact, replace(contact, photo=photo_of(_JPEG))) is None
    assert picture_change(contact, Contact("u")) == PictureWrite(None)
    assert picture_change(Contact("u"), contact) == PictureWrite(_JPEG)
    assert picture_change(Contact("u"), Contact("u", photo=Photo(uri="https://x/y"))) is None
    assert picture_of(Contact("u", photo=Photo(data="!"))) is None


# ---------------------------------------------------------------- events


def _guests() -> Event:
    people = ("mailto:ada@x", "mailto:bob@x", "mailto:room@x", "mailto:cy@x")
    words = [(), (("PARTSTAT", ("ACCEPTED",)),), (("CUTYPE", ("ROOM",)),), (("ROLE", ("OPT-PARTICIPANT",)),)]
    attendees = tuple(CalendarUser(address, params) for address, params in zip(people, words, strict=True))
    return _event(organizer=CalendarUser("MAILTO:Ada@x"), attendees=attendees)


def test_r10_nobody_is_written_into_an_appointment_that_is_not_ours() -> None:
    names = {"required_attendees", "optional_attendees", "resources", "organizer"}
    assert not names & set(new_event(_guests(), HOME).master)
    assert not event_patch(_event(), _guests(), HOME)


def test_the_organisers_own_appointment_has_its_guests() -> None:
    master = new_event(_guests(), HOME, organizes=True).master
    told = {name: [one.mailbox.email_address for one in master[name]] for name in master if name.endswith("attendees")}
    assert told == {"required_attendees": ["bob@x"], "optional_attendees": ["cy@x"]}
    assert [one.mailbox.email_address for one in master["resources"]] == ["room@x"]


def test_answers_and_the_organiser_are_read() -> None:
    item = CalendarItem(**new_event(_event(), HOME).master)
    item.organizer = Mailbox(name="Ada L", email_address="ada@x")
    item.required_attendees = [Attendee(mailbox=Mailbox(name="Bob", email_address="bob@x"), response_type="Tentative")]
    item.resources = [Attendee(mailbox=Mailbox(name="Room", email_address="/o=org/cn=room"), response_type="Unknown")]
    master = read_event(item).master
    assert master
    assert master.organizer == CalendarUser("mailto:ada@x", (("CN", ("Ada L",)),))
    assert master.attendees == (
        CalendarUser("invalid:nomail", (("CN", ("Room",)), ("CUTYPE", ("RESOURCE",)), ("ROLE", ("NON-PARTICIPANT",)))),
        CalendarUser("mailto:bob@x", (("CN", ("Bob",)), ("PARTSTAT", ("TENTATIVE",)))),
    )


def test_the_owner_of_an_appointment_without_guests_is_no_organiser() -> None:
    item = CalendarItem(**new_event(_event(), HOME).master)
    item.organizer = Mailbox(name="Ada L", email_address="ada@x")
    master = read_event(item).master
    assert master
    assert master.organizer is None


def test_the_link_of_an_online_meeting_and_its_cancellation_are_read_and_never_written() -> None:
    item = CalendarItem(**new_event(_event(), HOME).master, teams_link="https://teams.example/1")
    item.is_cancelled = True
    read = read_event(item)
    assert read.master
    assert (read.master.url, read.master.status) == ("https://teams.example/1", "CANCELLED")
    assert not event_patch(_event(), read, HOME)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "Busy"),
        ({"transparency": "TRANSPARENT"}, "Free"),
        ({"status": "TENTATIVE"}, "Tentative"),
        ({"extra": (ContentLine("X-MICROSOFT-CDO-BUSYSTATUS", "OOF"),)}, "OOF"),
        ({"extra": (ContentLine("X-MICROSOFT-CDO-BUSYSTATUS", "WORKINGELSEWHERE"),)}, "WorkingElsewhere"),
    ],
)
def test_show_as_both_ways(values: dict[str, Any], shown: str) -> None:
    event = _event(**values)
    master = new_event(event, HOME).master
    assert master["legacy_free_busy_status"] == shown
    read = read_event(CalendarItem(**master)).master
    assert read
    assert all(getattr(read, name) == value for name, value in values.items())


def test_floating_times_and_days_are_where_the_mailbox_is() -> None:
    floating = new_event(_event(start=Moment("20260601T090000")), HOME).master
    assert floating["start"].isoformat() == "2026-06-01T09:00:00+02:00"
    days = new_event(_event(start=Moment("20260601")), HOME).master
    assert (days["start"].isoformat(), days["end"].isoformat()) == (
        "2026-06-01T00:00:00+02:00",
        "2026-06-02T00:00:00+02:00",
    )


def test_a_series_that_becomes_a_single_appointment_loses_its_recurrence() -> None:
    before, after = _event(rules=("FREQ=DAILY",)), _event()
    assert event_patch(before, after, HOME).master == {"recurrence": None}


# ---------------------------------------------------------------- tasks


@pytest.mark.parametrize(
    ("values", "status", "percent"),
    [
        ({}, "NotStarted", 0),
        ({"status": "NEEDS-ACTION"}, "NotStarted", 0),
        ({"percent_complete": "30"}, "InProgress", 30),
        ({"status": "IN-PROCESS"}, "InProgress", 0),
        ({"percent_complete": "100"}, "Completed", 100),
        ({"completed": Moment("20260601T080000", "UTC")}, "Completed", 100),
        ({"status": "CANCELLED", "percent_complete": "30"}, "Deferred", 30),
    ],
)
def test_progress_is_said_as_exchange_wants_it(values: dict[str, Any], status: str, percent: int) -> None:
    made = new_task(_task(**values))
    assert (made["status"], made["percent_complete"]) == (status, Decimal(percent))
    item = EwsTask(**made)
    item.clean(version=Version(build=EXCHANGE_2016))  # which sets right what it takes for wrong
    assert (item.status, item.percent_complete) == (status, Decimal(percent))


def test_a_task_that_is_made_again_after_it_was_done_is_read_without_a_rule_and_keeps_it() -> None:
    again = TaskRecurrence(pattern=DailyRegeneration(interval=3), boundary=NoEndPattern(start=None))
    item = EwsTask(**new_task(_task(due=Moment("20260601"), summary="x")), recurrence=again)
    read = read_task(item, "u")
    assert read.master
    assert read.master.rules == ()
    changed = replace(read, master=replace(read.master, summary="y"))
    assert task_patch(read, changed) == {"subject": "y"}


def test_a_reminder_is_switched_off_and_its_time_left() -> None:
    with_it, without = _task(alarms=reminder_at("20260601T080000Z")), _task()
    assert task_patch(with_it, without) == {"reminder_is_set": False}
    assert set(task_patch(without, with_it)) == {"reminder_is_set", "reminder_due_by"}


def test_texts_are_text() -> None:
    body = new_task(_task(description="a\r\nb\x00"))["body"]
    assert (type(body), body) == (Body, "a\nb")
