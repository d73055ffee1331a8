"""The engine where other programs were caught at Google: it holds the same as Google, and then it is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.memory import Account
from sync_engine.item import Item
from sync_engine.model import Event, title_of
from sync_engine.ports import Policy
from sync_engine.recurrence import instances
from tests.integration.google_workspace.events_desk import ADA, BOB, EventsDesk, events_desk
from tests.integration.google_workspace.test_events_sync import HERS, Bound
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly
from tests.servers.google_workspace.protocol import Fault
from tests.world import Side, World

BOBS = f"calendars/{BOB}"
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    world = World.sqlite(tmp_path)
    with events_desk() as desk:
        desk.google.give(BOB)
        made = Bound(desk, world)
        made.bind()
        yield made


def begins(bound: Bound) -> dict[str, list[str]]:
    """When everything in the hub takes place, in UTC, by its title."""
    records = [one.record for one in bound.world.hub().values() if isinstance(one.record, Event)]
    return {title_of(one): [f"{begin:%m%d %H}" for begin, _, _ in instances(one, *YEAR)] for one in records}


def at(day: str, minute: str = "00", hour: int = 9) -> dict[str, str]:
    return {"dateTime": f"2026-{day}T{hour:02}:{minute}:00", "timeZone": "Europe/Berlin"}


@pytest.mark.parametrize("refused", [False, True])
def test_r16_this_and_following_in_google_calendar_is_two_series(refused: bool, bound: Bound) -> None:
    """The new one has all that was hidden on the first, and takes over an exception under its old id."""
    if refused:  # the UID: it is hidden then
        bound.desk.google.faults.append(Fault(400, reason="invalid", domain="global", method="events.import"))
    bound.world.phone_put(weekly("s", overrides=(moved("20260323"), moved("20260413", "16", "Bye"))))
    bound.quiet()
    split(bound.desk, bound.there()[0].id)
    bound.quiet()
    assert begins(bound) == {"Standup": ["0316 08", "0323 10"], "Split": ["0330 07", "0406 07", "0413 14"]}
    assert title_of(bound.world.hub()["s"].record) == "Standup"


def split(desk: EventsDesk, series: str) -> None:
    """Somebody changes the title from the 30th of March on."""
    box, body = desk.google.calendar.calendars.boxes[ADA], dict(desk.entry(HERS, series).body)
    exception = f"{series}_20260413T070000Z"
    desk.by_hand(HERS, series, {"recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260329T215959Z"]})
    body |= {"summary": "Split", "start": at("03-30"), "end": at("03-30", "30")}
    body["recurrence"] = ["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"]
    desk.put(HERS, **body, id=f"{series}_R20260330T070000")
    box.drop(exception)
    desk.by_hand(HERS, exception, {"summary": "Bye", "start": at("04-13", hour=16), "end": at("04-13", "30", 16)})


def test_who_is_invited_to_one_day_instead_of_the_series_and_to_all_of_it_again(bound: Bound) -> None:
    desk = bound.desk
    times = {"start": at("03-12"), "end": at("03-12", "30"), "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}
    body = {"summary": "Lunch", "attendees": [{"email": ADA}], **times}
    name = str(desk.api(BOB).events().insert(calendarId=BOB, body=body, sendUpdates="none").execute()["id"])
    bound.quiet()
    desk.by_hand(BOBS, f"{name}_20260319T080000Z", {"location": "Zoo"}, BOB)
    desk.by_hand(BOBS, name, {"attendees": []}, BOB)
    bound.quiet()
    assert list(begins(bound).values()) == [["0319 08"]]
    desk.by_hand(BOBS, name, {"attendees": [{"email": ADA}]}, BOB)
    bound.quiet()
    assert list(begins(bound).values()) == [["0312 08", "0319 08", "0326 08"]]


def test_r13_guests_that_google_does_not_keep_stay_in_the_hub(bound: Bound) -> None:
    """In a second calendar, in which its owner takes no part for an import."""
    desk = bound.desk
    where = desk.calendar()
    desk.google.switches.calendars_alone = True
    number = bound.world.add_binding("second", where)
    bound.world.sides["second"] = Side("second", Account(), where, number, Policy(), desk.connector())
    people = f"ORGANIZER:mailto:{BOB}\r\nATTENDEE:mailto:{ADA}\r\nATTENDEE:mailto:{BOB}\r\n"
    bound.world.phone_put(Item.read(event("Meeting", "m").text.replace("END:VEVENT", f"{people}END:VEVENT")))
    bound.quiet()
    assert "attendees" not in desk.entry(where).body
    desk.by_hand(where, desk.entry(where).id, {"location": "Zoo"})
    bound.quiet()
    bound.world.phone_edit("m", lambda text: text.replace("SUMMARY:Meeting", "SUMMARY:Dinner"))
    bound.quiet()
    text = bound.world.hub()["m"].text
    assert (text.count("ATTENDEE"), "LOCATION:Zoo" in text, desk.entry(where).body["summary"]) == (2, True, "Dinner")
    assert desk.google.calendar.events(BOB) == []


def test_r32_a_public_event_of_the_hub_stays_one_and_is_not_shown_to_more_people(bound: Bound) -> None:
    bound.world.phone_put(event("Lunch", "e", CLASS="PUBLIC"))
    bound.quiet()
    (entry,) = bound.there()
    assert entry.body.get("visibility", "default") == "default"
    for change, said in (({"location": "Zoo"}, "PUBLIC"), ({"visibility": "private"}, "PRIVATE")):
        bound.desk.by_hand(HERS, entry.id, change)
        bound.quiet()
        assert f"CLASS:{said}" in bound.world.hub()["e"].text
