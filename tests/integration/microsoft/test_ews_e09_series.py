"""E9 to E12: series, their occurrences, zones and the UID of events; and no mail (R10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from exchangelib import Attendee, CalendarItem, EWSDate, EWSDateTime, Mailbox
from exchangelib.errors import (
    ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange,
    ErrorCalendarOccurrenceIsDeletedFromRecurrence,
)
from exchangelib.fields import MONDAY, WEDNESDAY
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    WeeklyPattern,
)

from tests.servers.microsoft.ews_client import BERLIN, Desk

START = EWSDateTime(2026, 3, 16, 9, 0, tzinfo=BERLIN)  # a Monday, two weeks before the clocks change
PATTERNS = {
    "daily": DailyPattern(interval=2),
    "weekly": WeeklyPattern(interval=1, weekdays=[MONDAY, WEDNESDAY]),
    "monthly": AbsoluteMonthlyPattern(interval=1, day_of_month=16),
    "third Monday": RelativeMonthlyPattern(interval=1, weekday=MONDAY, week_number=3),
    "yearly": AbsoluteYearlyPattern(day_of_month=16, month=3),
    "third Monday of March": RelativeYearlyPattern(weekday=MONDAY, week_number=3, month=3),
}
SECOND = {
    "daily": date(2026, 3, 18),
    "weekly": date(2026, 3, 18),
    "monthly": date(2026, 4, 16),
    "third Monday": date(2026, 4, 20),
    "yearly": date(2027, 3, 16),
    "third Monday of March": date(2027, 3, 15),
}


def a_series(desk: Desk, pattern: Any = None, **bounds: Any) -> Any:
    """Weekly on Mondays, four times, unless something else is said."""
    bounds = bounds or {"number": 4}
    rule = Recurrence(
        pattern=pattern or WeeklyPattern(interval=1, weekdays=[MONDAY]), start=EWSDate(2026, 3, 16), **bounds
    )
    event = CalendarItem(
        account=desk.account,
        folder=desk.account.calendar,
        subject="Choir",
        start=START,
        end=START + timedelta(hours=1),
        recurrence=rule,
    )
    return event.save()


def again(desk: Desk, event: Any) -> Any:
    """The event as the server has it."""
    return desk.account.calendar.get(id=event.id)


@pytest.mark.parametrize("name", list(PATTERNS))
@pytest.mark.parametrize("bounds", [{"number": 4}, {"end": EWSDate(2030, 1, 1)}, {}], ids=["number", "end", "none"])
def test_e09_every_pattern_with_every_bound(ews: Desk, name: str, bounds: dict[str, Any]) -> None:
    rule = Recurrence(pattern=PATTERNS[name], start=EWSDate(2026, 3, 16), **bounds)
    event = CalendarItem(
        account=ews.account, folder=ews.account.calendar, subject="x", start=START, end=START, recurrence=rule
    ).save()
    master = again(ews, event)
    assert master.recurrence == rule
    assert master.type == "RecurringMaster"
    assert (master.last_occurrence is None) == (not bounds)
    assert master.occurrence(index=2) is not None
    second = ews.account.calendar.get(**_of(master, 2))
    assert second.start.astimezone(BERLIN).date() == SECOND[name]


def _of(master: Any, index: int) -> dict[str, Any]:
    occurrence = master.occurrence(index=index)
    occurrence.refresh()
    return {"id": occurrence.id}


def test_e09_a_master_tells_of_what_is_changed_and_what_is_deleted(ews: Desk) -> None:
    event = a_series(ews)
    moved = event.occurrence(index=2)
    moved.refresh()
    original = moved.start
    moved.start += timedelta(hours=2)
    moved.end += timedelta(hours=2)
    moved.save(update_fields=["start", "end"])
    event.occurrence(index=3).delete()
    master = again(ews, event)
    [changed], [gone] = master.modified_occurrences, master.deleted_occurrences
    assert (changed.original_start, changed.start) == (original, original + timedelta(hours=2))
    assert gone.start == datetime.fromisoformat("2026-03-30T07:00:00+00:00")
    assert master.first_occurrence.start == START
    assert ews.account.calendar.get(id=changed.id).type == "Exception"


def test_e09_sync_and_find_give_masters_and_a_view_gives_occurrences(ews: Desk) -> None:
    event = a_series(ews)
    event.occurrence(index=2).delete()
    [(_verb, master)] = ews.account.calendar.sync_items()
    assert (master.id, master.recurrence) == (event.id, None)
    assert [found.type for found in ews.account.calendar.all().only("type")] == ["RecurringMaster"]
    until = START + timedelta(days=60)
    seen = [found.start.astimezone(BERLIN).isoformat() for found in ews.account.calendar.view(start=START, end=until)]
    assert seen == ["2026-03-16T09:00:00+01:00", "2026-03-30T09:00:00+02:00", "2026-04-06T09:00:00+02:00"]


def test_e10_deleting_an_occurrence_twice(ews: Desk) -> None:
    event = a_series(ews)
    event.occurrence(index=2).delete()
    with pytest.raises(ErrorCalendarOccurrenceIsDeletedFromRecurrence):
        event.occurrence(index=2).delete()


def test_e10_an_index_beyond_the_series(ews: Desk) -> None:
    event = a_series(ews)
    with pytest.raises(ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange):
        event.occurrence(index=5).refresh()


def test_e11_times_come_in_utc_and_the_zone_beside_them(ews: Desk) -> None:
    event = a_series(ews)
    master = again(ews, event)
    assert master.start == START
    assert master._start_timezone.ms_id == "W. Europe Standard Time"
    assert b"<t:Start>2026-03-16T08:00:00Z</t:Start>" in ews.site.documents[-1]


def test_e11_all_day_is_midnight_in_the_zone(ews: Desk) -> None:
    event = CalendarItem(
        account=ews.account,
        folder=ews.account.calendar,
        subject="Fair",
        is_all_day=True,
        start=EWSDate(2026, 7, 1),
        end=EWSDate(2026, 7, 2),
    ).save()
    got = again(ews, event)
    assert (got.start, got.end) == (EWSDate(2026, 7, 1), EWSDate(2026, 7, 2))
    assert b"<t:Start>2026-06-30T22:00:00Z</t:Start>" in ews.site.documents[-1]


def test_e12_a_uid_is_given_at_creation_or_never(ews: Desk) -> None:
    event = CalendarItem(
        account=ews.account, folder=ews.account.calendar, subject="x", start=START, end=START, uid="ours@hub"
    ).save()
    assert again(ews, event).uid == "ours@hub"
    answer = ews.post(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{event.id}"/><t:Updates><t:SetItemField>'
        '<t:FieldURI FieldURI="calendar:UID"/><t:CalendarItem><t:UID>other</t:UID></t:CalendarItem>'
        "</t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
    assert "ErrorInvalidPropertySet" in answer.text
    assert again(ews, event).uid == "ours@hub"


def test_e12_the_server_makes_a_uid_and_creation_answers_with_ids_alone(ews: Desk) -> None:
    event = a_series(ews)
    assert b"UID" not in ews.site.documents[-1]
    assert again(ews, event).uid


@pytest.mark.mails
def test_r10_nothing_goes_out_unless_the_request_says_so(ews: Desk) -> None:
    guests = [Attendee(mailbox=Mailbox(email_address="bob@example.com"), response_type="Unknown")]
    event = CalendarItem(
        account=ews.account,
        folder=ews.account.calendar,
        subject="x",
        start=START,
        end=START,
        required_attendees=guests,
    ).save()
    event.subject = "y"
    event.save(update_fields=["subject"])
    assert ews.site.exchange.outbox == []
    assert set(ews.site.dispositions) == {("CreateItem", "SendToNone"), ("UpdateItem", "SendToNone")}
    event.delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    [mail] = ews.site.exchange.outbox
    assert (mail.kind, mail.recipients) == ("cancellation", ["bob@example.com"])
