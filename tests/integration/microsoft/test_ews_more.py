"""More of what Exchange does, line by line (E1, E7, E8, E11), through exchangelib; and the switches of both fronts."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import pytest
from exchangelib import Contact
from exchangelib.errors import ErrorServerBusy
from lxml import etree

from tests.integration.microsoft.test_ews_e01_sync import people, rounds
from tests.servers.microsoft.ews_client import BERLIN, Desk
from tests.servers.microsoft.ews_xml import stored, t


def test_e01_reading_a_message_is_a_change_of_its_own(ews: Desk) -> None:
    box = ews.site.exchange.mailbox("ada@example.com")
    mail = box.create("inbox", {"Subject": stored(t("Subject", "Hello")), "IsRead": stored(t("IsRead", "false"))})
    got, state = rounds(ews.account.inbox)
    assert [(verb, item.subject, item.is_read) for verb, item in got] == [("create", "Hello", False)]
    box.update(mail.id, {"IsRead": stored(t("IsRead", "true"))})
    [(verb, (item_id, read))], _ = rounds(ews.account.inbox, state)
    assert (verb, item_id.id, read) == ("read_flag_change", mail.folder_id, True)


def test_e01_a_first_round_may_tell_what_is_gone(ews: Desk) -> None:
    people(ews, 2)
    box = ews.site.exchange.mailbox("ada@example.com")
    first, second = box.in_collection("contacts")
    box.delete(first.id)
    assert [verb for verb, _ in rounds(ews.account.contacts)[0]] == ["create"]
    ews.site.mood.early_tombstones = True
    got, _ = rounds(ews.account.contacts)
    assert [(verb, item.id) for verb, item in got] == [("create", second.folder_id), ("delete", first.folder_id)]


def test_e01_a_write_may_be_seen_later_by_sync(ews: Desk) -> None:
    _, state = rounds(ews.account.contacts)
    ews.site.exchange.lag = timedelta(hours=1)
    made = Contact(account=ews.account, folder=ews.account.contacts, display_name="Late").save()
    assert ews.account.contacts.get(id=made.id).display_name == "Late"
    nothing, state = rounds(ews.account.contacts, state)
    assert nothing == []
    ews.site.exchange.lag = timedelta(0)
    assert [item.id for _, item in rounds(ews.account.contacts, state)[0]] == [made.id]


def test_e07_who_comes_too_early_gets_the_same_again(ews: Desk) -> None:
    folder = ews.account.contacts
    ews.site.mood.busy, ews.site.mood.back_off, ews.site.mood.insists = 1, 300, True
    for _ in range(2):
        with pytest.raises(ErrorServerBusy):
            list(folder.all().only("display_name"))
    time.sleep(0.35)
    assert list(folder.all().only("display_name")) == []


def test_e08_a_property_may_be_named_by_its_tag(ews: Desk) -> None:
    uri = '<t:ExtendedFieldURI PropertyTag="0x3a45" PropertyType="String"/>'
    prop = f"<t:ExtendedProperty>{uri}<t:Value>Dr.</t:Value></t:ExtendedProperty>"
    ews.post(f"<m:CreateItem><m:Items><t:Contact>{prop}</t:Contact></m:Items></m:CreateItem>")
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds>'
    shape = f"<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{uri}</t:AdditionalProperties></m:ItemShape>"  # noqa: E501
    constant = '<t:FieldURIOrConstant><t:Constant Value="Dr."/></t:FieldURIOrConstant>'
    wanted = f"<m:Restriction><t:IsEqualTo>{uri}{constant}</t:IsEqualTo></m:Restriction>"
    found = ews.post(f'<m:FindItem Traversal="Shallow">{shape}{wanted}{where}</m:FindItem>').text
    assert found.count("<t:Value>Dr.</t:Value>") == 1
    unasked = shape.replace(uri, '<t:ExtendedFieldURI PropertyTag="0x3a46" PropertyType="String"/>')
    assert "Dr." not in ews.post(f'<m:FindItem Traversal="Shallow">{unasked}{where}</m:FindItem>').text


def test_e08_some_properties_have_two_names(ews: Desk) -> None:
    tags = {"0x3a06": "Eva", "0x3a1c": "+420 1", "0x3a59": "Brno"}
    props = "".join(
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="String"/><t:Value>{value}</t:Value>'
        "</t:ExtendedProperty>"
        for tag, value in tags.items()
    )
    ews.post(f"<m:CreateItem><m:Items><t:Contact>{props}</t:Contact></m:Items></m:CreateItem>")
    [found] = ews.account.contacts.all()
    assert (found.given_name, found.physical_addresses[0].city) == ("Eva", "Brno")
    assert [one.phone_number for one in found.phone_numbers if one.label == "MobilePhone"] == ["+420 1"]
    found.given_name = "Ada"
    found.save(update_fields=["given_name"])
    uri = '<t:ExtendedFieldURI PropertyTag="0x3a06" PropertyType="String"/>'
    shape = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{uri}</t:AdditionalProperties>"
    ids = f'<m:ItemIds><t:ItemId Id="{found.id}"/></m:ItemIds>'
    assert "<t:Value>Ada</t:Value>" in ews.post(f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape>{ids}</m:GetItem>").text


_ICALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:choir
DTSTART;TZID=Europe/Berlin:20270316T090000
DURATION:PT1H
SUMMARY:Choir; and tea
RRULE:{rule}
EXDATE;TZID=Europe/Berlin:20270323T090000
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT10M
END:VALARM
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=7;COUNT=4",
        "FREQ=WEEKLY;BYDAY=TU,TH;WKST=MO;COUNT=4",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=3TU;COUNT=4",
        "FREQ=MONTHLY;BYMONTHDAY=16",
        "FREQ=YEARLY;BYDAY=-1TU;BYMONTH=3;COUNT=4",
        "FREQ=YEARLY;BYMONTHDAY=16;BYMONTH=3;UNTIL=20300316T080000Z",
    ],
)
def test_e19_appointments_are_written_and_read_as_icalendar(ews: Desk, rule: str) -> None:
    content = base64.b64encode(_ICALENDAR.format(rule=rule).encode()).decode()
    item = f'<t:CalendarItem><t:MimeContent CharacterSet="UTF-8">{content}</t:MimeContent></t:CalendarItem>'
    ews.post(f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{item}</m:Items></m:CreateItem>')
    [found] = ews.account.calendar.all()
    assert (found.uid, found.subject, found.reminder_minutes_before_start) == ("choir", "Choir; and tea", 10)
    shape = "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"
    ids = f'<m:ItemIds><t:ItemId Id="{found.id}"/></m:ItemIds>'
    got = etree.fromstring(ews.post(f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape>{ids}</m:GetItem>").content)
    told = base64.b64decode(got.findtext(".//{*}MimeContent") or "").decode()
    assert f"RRULE:{rule}\r\n" in told
    assert "EXDATE;TZID=W. Europe Standard Time:20270323T090000" in told
    assert "SUMMARY:Choir\\; and tea" in told


def test_e11_a_client_of_2007_names_the_zone_in_another_place(ews: Desk) -> None:
    rule = (
        "<t:Recurrence><t:DailyRecurrence><t:Interval>14</t:Interval></t:DailyRecurrence>"
        "<t:NumberedRecurrence><t:StartDate>2026-03-16</t:StartDate><t:NumberOfOccurrences>2</t:NumberOfOccurrences>"
        "</t:NumberedRecurrence></t:Recurrence>"
    )
    ews.post(
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem><t:Subject>x</t:Subject>'
        "<t:Start>2026-03-16T08:00:00Z</t:Start><t:End>2026-03-16T09:00:00Z</t:End>"
        f'{rule}<t:MeetingTimeZone TimeZoneName="W. Europe Standard Time"/>'
        "</t:CalendarItem></m:Items></m:CreateItem>"
    )
    [master] = ews.account.calendar.all()
    days = ews.account.calendar.view(start=master.start, end=master.start + timedelta(days=60))
    assert [one.start.astimezone(BERLIN).hour for one in days] == [9, 9]  # the clocks go forward in between
