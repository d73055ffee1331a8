"""R12: one meeting of people in a company's own Exchange and in Microsoft 365, whoever organises it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.integration.microsoft.o365_account import Json, World, graph_world
from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import BERLIN, Desk
from tests.servers.microsoft.mailbox import Mailbox
from tests.servers.microsoft.meetings import Meeting, Plan, hold

__all__ = ["graph_world"]  # a fixture

EVE = "eve@example.com"


def _plan(**more: Any) -> Plan:
    return Plan("Plan", datetime(2026, 3, 16, 9), datetime(2026, 3, 16, 10), **more)


@pytest.fixture(params=["organised in Exchange", "organised in Microsoft 365"])
def hybrid(request: pytest.FixtureRequest, ews: Desk, world: World) -> tuple[Meeting, Mailbox, Mailbox]:
    """A weekly meeting of Eve, who is in the company's Exchange, and Ada, who is in Microsoft 365."""
    add_person(ews.site, "eve", "geheim", EVE, "Eve")
    eve = ews.site.exchange.mailbox(EVE)
    people = [eve, world.ada] if request.param == "organised in Exchange" else [world.ada, eve]
    return hold(people[0], people[1:], _plan(weeks=4)), eve, world.ada


def _in_exchange(ews: Desk) -> Any:
    [found] = ews.sign_in(EVE, "eve", "geheim").calendar.all()
    return found


def _in_cloud(world: World) -> Json:
    [found] = world.json("get", "/events")["value"]
    return dict(found)


def test_r12_both_fronts_tell_of_one_meeting(ews: Desk, world: World, hybrid: tuple[Meeting, Mailbox, Mailbox]) -> None:
    meeting, eve, _ = hybrid
    here, there = _in_exchange(ews), _in_cloud(world)
    assert here.uid == there["iCalUId"] == meeting.uid
    organizer = meeting.organizer.address
    assert here.organizer.email_address == there["organizer"]["emailAddress"]["address"] == organizer
    assert (here.my_response_type == "Organizer", there["isOrganizer"]) == (
        meeting.organizer is eve,
        meeting.organizer is not eve,
    )
    guest = next(iter(meeting.answers))
    assert [one.mailbox.email_address for one in here.required_attendees] == [guest]
    assert [one["emailAddress"]["address"] for one in there["attendees"]] == [guest]
    assert here.start == datetime(2026, 3, 16, 9, tzinfo=BERLIN)
    assert there["start"]["dateTime"].startswith("2026-03-16T08:00")


def test_r12_what_people_do_in_outlook_is_seen_on_both(
    ews: Desk, world: World, hybrid: tuple[Meeting, Mailbox, Mailbox]
) -> None:
    meeting, eve, ada = hybrid
    guest = ada if meeting.organizer is eve else eve
    meeting.answer(guest, "Accept")
    meeting.change(subject="Other plan", location="Room 1")
    meeting.move_one("2026-03-30", datetime(2026, 3, 30, 14), datetime(2026, 3, 30, 15))
    meeting.cancel_one("2026-04-06")
    here, there = _in_exchange(ews), _in_cloud(world)
    assert (here.subject, here.location) == (there["subject"], there["location"]["displayName"])
    assert [one.response_type for one in here.required_attendees] == ["Accept"]
    assert [one["status"]["response"] for one in there["attendees"]] == ["accepted"]
    calendar = ews.accounts[-1].calendar
    start, end = (datetime(2026, month, 1, tzinfo=BERLIN) for month in (3, 5))
    seen = [one.start.astimezone(BERLIN).strftime("%d %H") for one in calendar.view(start=start, end=end)]
    window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"
    view = world.json("get", f"/calendarView?{window}", prefer='outlook.timezone="Europe/Berlin"')["value"]
    assert seen == [f"{one['start']['dateTime'][8:10]} {one['start']['dateTime'][11:13]}" for one in view]
    assert seen == ["16 09", "23 09", "30 14"]


def test_r12_a_meeting_that_is_called_off_stays_at_the_guest_s_as_cancelled(
    ews: Desk, world: World, hybrid: tuple[Meeting, Mailbox, Mailbox]
) -> None:
    meeting, eve, _ = hybrid
    meeting.cancel()
    if meeting.organizer is eve:
        assert _in_cloud(world)["isCancelled"] is True
        assert list(ews.sign_in(EVE, "eve", "geheim").calendar.all()) == []
    else:
        assert _in_exchange(ews).is_cancelled is True
        assert world.json("get", "/events")["value"] == []
