"""Two systems and the hub: meetings, series, zones and whole days (R10, R12 to R19).

When something takes place is reckoned three times by nobody of ours: by each server for its mailbox, and by dateutil
for the hub.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage import tables as t
from sync_engine.item import Item
from sync_engine.model import Event, Kind
from tests import series_oracle
from tests.integration.microsoft.microsoft365_desk import calendar_of, event, moved, weekly, without
from tests.integration.rules.person import BERLIN, Wish
from tests.integration.rules.two_systems import Company, Rules, company
from tests.servers.microsoft.meetings import Meeting, Plan, hold

MONDAY = datetime(2026, 3, 16, 9)
TOKYO = "Tokyo Standard Time"
NEW_YORK = "Eastern Standard Time"
MONDAYS = ("03-16", "03-23", "03-30", "04-06", "04-13")
VTIMEZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)


class EventRules(Rules):
    """The same occurrences on all sides."""

    def test_r12_a_meeting_of_both_mailboxes_is_one_event_and_nothing_is_written(
        self, office: Company, organizer: str
    ) -> None:
        meet(office, organizer, weeks=5)
        office.writes()
        office.settle()
        assert office.nothing_written()
        office.all_hold("Plan")
        everywhere(office, "Plan", *berlin(*MONDAYS))
        links = office.world.rows(t.links)
        assert len(links) == 2
        assert len({link.item_id for link in links}) == 1

    def test_r12_r13_the_organisers_word_is_one_change_of_the_hub(self, office: Company, organizer: str) -> None:
        meeting = meet(office, organizer, weeks=5)
        office.settle()
        revisions = len(office.world.rows(t.revisions))
        office.writes()
        meeting.change(location="Room 7")
        meeting.move_one("2026-03-23", MONDAY.replace(day=24), MONDAY.replace(day=24, hour=10))
        meeting.cancel_one("2026-03-30")
        meeting.answer(office.people[office.other(organizer)].box, "Accept")
        office.settle()
        assert office.nothing_written()
        everywhere(office, "Plan", *berlin("03-16", "03-24", "04-06", "04-13"))
        assert "LOCATION:Room 7" in office.world.hub()[office.uid("Plan")].text
        assert "PARTSTAT=ACCEPTED" in office.world.hub()[office.uid("Plan")].text.replace("\r\n ", "")
        assert len(office.world.rows(t.revisions)) <= revisions + 3
        assert office.world.rows(t.quarantine) == []

    def test_r13_what_a_guest_does_with_a_meeting_is_nobody_elses_business(
        self, office: Company, organizer: str
    ) -> None:
        meeting = meet(office, organizer)
        office.settle()
        guest = office.other(organizer)
        office.people[guest].rename("Plan", "My own title")
        office.settle()
        assert office.people[organizer].titles() == office.hub() == ["Plan"]
        office.people[guest].box.delete(meeting.of(office.people[guest].box).id)
        office.settle()
        assert office.people[organizer].titles() == office.hub() == ["Plan"]
        assert office.people[guest].titles() == []

    def test_r10_r13_a_phone_that_changes_a_meeting_mails_nobody_and_is_told_what_cannot_be(
        self, office: Company, organizer: str
    ) -> None:
        meet(office, organizer)
        office.settle()
        office.world.phone_edit(office.uid("Plan"), lambda text: text.replace("SUMMARY:Plan", "SUMMARY:New plan"))
        office.writes()
        for _ in range(4):
            for name in office.names:
                office.cycle(name)
        told = [(row.title, row.operation) for row in office.world.rows(t.quarantine)]
        can_be = office.systems[organizer].quiet_organizer  # it can be asked to mail nobody
        changed, shown = (["New plan"], []) if can_be else (["Plan"], [("New plan", "update")])
        assert (office.people[organizer].titles(), told) == (changed, shown)
        assert sum(office.writes().values()) <= 2, "shown, not tried for ever"
        guest = office.other(organizer)
        assert office.people[guest].titles() == ["Plan"], "a guest's copy says what the organiser says"

    def test_r13_a_cancelled_meeting_is_gone_from_the_hub_and_nobody_is_told(
        self, office: Company, organizer: str
    ) -> None:
        meeting = meet(office, organizer)
        office.settle()
        meeting.cancel()
        office.writes()
        office.settle()
        assert office.hub() == office.people[organizer].titles() == []
        assert office.nothing_written()

    def test_r14_an_occurrence_that_one_person_cancels_is_gone_everywhere_for_good(
        self, office: Company, name: str
    ) -> None:
        office.people[name].plan(Wish("Standup", MONDAY, weeks=5))
        office.settle()
        office.across(name).cancel("Standup", "2026-03-23")
        office.settle()
        everywhere(office, "Standup", *berlin("03-16", "03-30", "04-06", "04-13"))
        office.people[name].cancel("Standup", "2026-04-13")
        office.settle()
        office.world.phone_edit(office.uid("Standup"), _also_without("20260330"))
        office.settle()
        everywhere(office, "Standup", *berlin("03-16", "04-06"))
        office.forget_cursors()
        office.settle()
        everywhere(office, "Standup", *berlin("03-16", "04-06"))

    def test_r15_an_occurrence_that_one_person_moves_is_once_at_the_new_time(self, office: Company, name: str) -> None:
        office.world.phone_put(weekly("s", more=without("20260413"), overrides=(moved("20260316", "11"),)))
        office.settle()
        office.people[name].move("Standup", "2026-03-23", datetime(2026, 3, 24, 15))
        office.settle()
        expected = [*berlin("03-16", hour=11), *berlin("03-24", hour=15), *berlin("03-30", "04-06")]
        everywhere(office, "Standup", *expected)
        office.across(name).move("Standup", "2026-03-23", datetime(2026, 3, 25, 8))
        office.settle()
        expected[1:2] = berlin("03-25", hour=8)
        everywhere(office, "Standup", *expected)
        assert office.world.rows(t.conflicts) == office.world.rows(t.quarantine) == []

    def test_r16_a_series_that_is_shifted_is_shifted_everywhere(self, office: Company, name: str) -> None:
        office.world.phone_put(weekly("s", more=without("20260330"), overrides=(moved("20260323"),)))
        office.settle()
        tuesday = Wish("Standup", MONDAY.replace(day=17, hour=14), weeks=4)
        office.people[name].shift("Standup", tuesday)
        office.settle()
        everywhere(office, "Standup", *berlin("03-17", "03-24", "03-31", "04-07", hour=14))
        office.forget_cursors()
        office.settle()
        everywhere(office, "Standup", *berlin("03-17", "03-24", "03-31", "04-07", hour=14))

    def test_r16_this_and_all_following_is_two_series_everywhere(self, office: Company, name: str) -> None:
        """As Outlook does it: the old series ends, a new one begins."""
        office.world.phone_put(weekly("s", overrides=(moved("20260316"),)))
        office.settle()
        person = office.people[name]
        person.shift("Standup", Wish("Standup", MONDAY, weeks=2))
        person.move("Standup", "2026-03-16", MONDAY.replace(hour=11))
        person.plan(Wish("Sit-down", datetime(2026, 3, 30, 10), weeks=3))
        office.settle()
        office.all_hold("Sit-down", "Standup")
        everywhere(office, "Standup", *berlin("03-16", hour=11), *berlin("03-23"))
        everywhere(office, "Sit-down", *berlin("03-30", "04-06", "04-13", hour=10))

    def test_r16_one_becomes_many_and_many_become_one(self, office: Company, name: str) -> None:
        office.people[name].plan(Wish("Standup", MONDAY))
        office.settle()
        office.across(name).shift("Standup", Wish("Standup", MONDAY, weeks=5))
        office.settle()
        everywhere(office, "Standup", *berlin(*MONDAYS))
        office.people[name].cancel("Standup", "2026-03-23")
        office.settle()
        office.people[name].shift("Standup", Wish("Standup", MONDAY))
        office.settle()
        everywhere(office, "Standup", *berlin("03-16"))
        office.world.phone_edit(office.uid("Standup"), _weekly_again)
        office.settle()
        everywhere(office, "Standup", *berlin("03-16", "03-23"))

    @pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
    def test_r17_nine_in_the_morning_stays_nine_when_the_clocks_change(
        self, office: Company, name: str, zone: str
    ) -> None:
        wish = Wish("Standup", datetime(2026, 1, 5, 9), zone=zone, weeks=100)
        office.people[name].plan(wish)
        office.settle()
        expected = [wish.at(wish.start + timedelta(weeks=n)) for n in range(100)]
        assert office.ada.held("Standup") == office.bob.held("Standup") == expected
        within = [one for one in expected if one < series_oracle.LAST.replace(tzinfo=UTC)]
        assert in_hub(office, "Standup") == within
        office.across(name).remark("Standup", "here")
        office.settle()
        assert office.ada.held("Standup") == office.bob.held("Standup") == expected

    @pytest.mark.parametrize("zone", ["Etc/GMT+11", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"])
    def test_r18_whole_days_keep_their_dates_wherever_the_mailboxes_are(self, tmp_path: Path, zone: str) -> None:
        with company(tmp_path, Kind.EVENT, self.openings) as office:
            for name, system in office.systems.items():
                office.use(name, system.another(zone=zone))
            day = {"DTSTART;VALUE=DATE": "20260312", "DTEND;VALUE=DATE": "20260314", "DTSTART": "", "DTEND": ""}
            office.world.phone_put(event("phone", "phone", **day))
            first = datetime(2026, 3, 12)
            for name, home in zip(office.names, (TOKYO, "Pacific Standard Time"), strict=True):
                office.people[name].plan(Wish(name, first, first + timedelta(days=2), home, whole_day=True))
            office.settle()
            for title in ("phone", *office.names):
                text = office.world.hub()[office.uid(title)].text
                assert "DTSTART;VALUE=DATE:20260312\r\nDTEND;VALUE=DATE:20260314" in text
                assert office.ada.days(title) == office.bob.days(title) == ("2026-03-12", "2026-03-13")
            for person in (office.ada, office.bob):
                for title in office.hub():
                    person.remark(title, f"seen by {person.box.name}")
                office.settle()
            for title in ("phone", *office.names):
                assert office.ada.days(title) == office.bob.days(title) == ("2026-03-12", "2026-03-13")

    def test_r18_a_series_of_whole_days_keeps_its_exceptions_days(self, office: Company) -> None:
        own = (
            "DTSTART;VALUE=DATE:20260316\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;VALUE=DATE:20260323\r\nSUMMARY:Duty\r\n"
        )
        exception = "RECURRENCE-ID;VALUE=DATE:20260330\r\nDTSTART;VALUE=DATE:20260331\r\nSUMMARY:Duty\r\n"
        item = calendar_of("duty", own, exception)
        office.world.phone_put(item)
        office.settle()
        assert office.world.hub()["duty"].text == item.text
        office.ada.remark("Duty", "here")
        office.settle()
        text = office.world.hub()["duty"].text
        assert "EXDATE;VALUE=DATE:20260323" in text
        assert "RECURRENCE-ID;VALUE=DATE:20260330\r\n" in text
        for person in (office.ada, office.bob):
            zone = ZoneInfo("Europe/Berlin")
            assert [one.astimezone(zone).date().day for one in person.held("Duty")] == [16, 31, 6]

    @pytest.mark.parametrize("zone", ["Our own zone", "(UTC+01:00) Amsterdam\\, Berlin", "Zürich"])
    def test_r19_a_zone_of_any_name_gives_the_right_instants_on_both_sides(self, office: Company, zone: str) -> None:
        quoted = '"' + zone.replace("\\", "") + '"'
        own = (
            f"DTSTART;TZID={quoted}:20260316T090000\r\nDTEND;TZID={quoted}:20260316T100000\r\n"
            "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Standup\r\n"
        )
        text = calendar_of("s", own).text.replace("BEGIN:VEVENT", VTIMEZONE.format(name=zone) + "BEGIN:VEVENT")
        item = Item.read(text)
        office.world.phone_put(item)
        office.settle()
        assert office.ada.held("Standup") == office.bob.held("Standup") == berlin(*MONDAYS)
        record = office.world.hub()["s"].record
        assert isinstance(record, Event)
        assert record == item.record, "the hub keeps the zone as it was told"
        office.ada.remark("Standup", "here")
        office.settle()
        assert office.ada.held("Standup") == office.bob.held("Standup") == berlin(*MONDAYS)


def in_hub(office: Company, title: str) -> list[datetime]:
    """When it takes place, as others read the hub's text."""
    text = office.world.hub()[office.uid(title)].text
    told = [begin for begin, shown in series_oracle.occurrences(text) if shown == title]
    return sorted(datetime.fromisoformat(one.replace("Z", "+00:00")).astimezone(UTC) for one in told)


def everywhere(office: Company, title: str, *expected: datetime) -> None:
    """The same occurrences on all sides, these."""
    told = (in_hub(office, title), office.ada.held(title), office.bob.held(title))
    assert told == (list(expected),) * 3


def berlin(*days: str, hour: int = 9) -> list[datetime]:
    """Of a month and day each, in 2026."""
    zone = ZoneInfo("Europe/Berlin")
    return [datetime.fromisoformat(f"2026-{day}T{hour:02}:00").replace(tzinfo=zone).astimezone(UTC) for day in days]


def meet(office: Company, organizer: str, weeks: int = 0) -> Meeting:
    """In both mailboxes already: Outlook's own invitation brought it to the guest."""
    boxes = {name: office.people[name].box for name in office.names}
    guest = next(box for name, box in boxes.items() if name != organizer)
    return hold(boxes[organizer], [guest], Plan("Plan", MONDAY, MONDAY + timedelta(hours=1), weeks=weeks))


def _also_without(day: str) -> Callable[[str], str]:
    return lambda text: text.replace("RRULE:FREQ=WEEKLY", f"{without(day)}RRULE:FREQ=WEEKLY")


def _weekly_again(text: str) -> str:
    return text.replace("BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n")
