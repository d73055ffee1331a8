"""Which calendars a user has at Google: his own, those he subscribes to, and others' that are open to him."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.errors import NotAuthorised, Rejected, SuspectListing
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection, RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    events_desk,
    hub,
    read,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event
from tests.servers.google_workspace.protocol import Fault

HERS, BOBS = f"calendars/{ADA}", f"calendars/{BOB}"


@pytest.fixture
def desk() -> Iterator[EventsDesk]:
    with events_desk() as made:
        made.google.give(BOB)
        yield made


def listed(connector: OnePart) -> dict[str, RemoteCollection]:
    """By id."""
    return {one.id: one for one in connector.collections()}


def test_calendars_have_their_names_colours_and_rights(desk: EventsDesk) -> None:
    calendars = desk.google.calendar.calendars
    own = desk.calendar()
    theirs = {role: desk.calendar(BOB, role) for role in ("reader", "freeBusyReader", "writer", "owner")}
    for role, where in theirs.items():
        calendars.share(where.partition("/")[2], ADA, role)
    calendars.enlist(ADA, desk.google.calendar.box(own.partition("/")[2]), summaryOverride="My work", colorId="3")
    found = listed(desk.connector())
    assert {role: found[where].read_only for role, where in theirs.items()} == {
        "reader": True, "freeBusyReader": True, "writer": False, "owner": False,
    }  # fmt: skip
    assert (found[own].name, found[HERS].name) == ("My work", ADA)
    assert all(one.kinds == {Kind.EVENT} for one in found.values())
    assert all(len(one.color) == 7 and one.color == one.color.upper() for one in found.values())
    assert len({one.color for one in found.values()}) > 1


def test_calendars_that_are_hidden_or_gone_are_not_offered(desk: EventsDesk) -> None:
    hidden, gone = desk.calendar(), desk.calendar()
    calendars = desk.google.calendar.calendars
    calendars.enlist(ADA, desk.google.calendar.box(hidden.partition("/")[2]), hidden=True)
    desk.google.calendar.box(gone.partition("/")[2]).gone = True
    assert listed(desk.connector()).keys() == {HERS}


def test_a_list_of_many_pages_is_read_to_its_end(desk: EventsDesk) -> None:
    made = {desk.calendar() for _ in range(7)}
    desk.google.switches.page_size, desk.google.switches.empty_pages = 2, True
    assert listed(desk.connector()).keys() == {HERS, *made}


@pytest.mark.parametrize(("role", "read_only"), [("writer", False), ("reader", True)])
def test_the_calendar_of_somebody_who_opened_it_is_offered(role: str, read_only: bool, desk: EventsDesk) -> None:
    """Although it is not in the user's own list."""
    connector = desk.connector(shared=(BOB, "nobody@example.com"))
    assert listed(connector).keys() == {HERS}
    desk.google.calendar.calendars.share(BOB, ADA, role, listed=False)
    found = listed(connector)
    assert found.keys() == {HERS, BOBS}
    assert (found[BOBS].read_only, found[BOBS].name) == (read_only, BOB)


def test_a_shared_calendar_that_is_in_the_list_is_offered_once(desk: EventsDesk) -> None:
    desk.google.calendar.calendars.share(BOB, ADA, "writer")
    assert list(listed(desk.connector(shared=(BOB.upper(),)))) == [HERS, BOBS]


def test_events_in_a_shared_calendar_are_read_and_written(desk: EventsDesk) -> None:
    desk.google.calendar.calendars.share(BOB, ADA, "writer", listed=False)
    connector = desk.connector(shared=(BOB,))
    ref = connector.create(BOBS, event(), "key")
    assert hub(desk.connector(BOB), BOBS).titles == ["Lunch"]
    connector.update(BOBS, ref, event("Dinner"), event())
    assert hub(connector, BOBS).titles == ["Dinner"]


def test_who_may_see_only_when_somebody_is_busy_sees_that(desk: EventsDesk) -> None:
    desk.google.calendar.calendars.share(BOB, ADA, "freeBusyReader", listed=False)
    desk.put(BOBS, summary="Secret", visibility="private")
    (item,) = hub(desk.connector(shared=(BOB,)), BOBS).items.values()
    assert "Secret" not in item.text
    assert "DTSTART" in item.text


def test_r24_a_sign_in_that_is_refused_is_told(desk: EventsDesk) -> None:
    connector = desk.connector(secret="not a token")
    with pytest.raises(NotAuthorised):
        connector.collections()
    with pytest.raises(NotAuthorised):
        list(connector.changes(HERS, None, lambda _: {}))
    with pytest.raises(NotAuthorised):
        connector.create(HERS, event(), "key")


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime", "fromGmail"])
def test_events_that_google_makes_for_itself_are_read_and_never_written(kind: str, desk: EventsDesk) -> None:
    connector = desk.connector()
    entry = desk.put(HERS, eventType=kind, summary="Away")
    found = read(connector, HERS, entry.id)
    after = Item.read(found.item.text.replace("SUMMARY:Away", "SUMMARY:Here"))
    desk.asked()
    with pytest.raises(Rejected, match="for a purpose of its own"):
        connector.update(HERS, found.ref, after, found.item)
    with pytest.raises(Rejected, match="for a purpose of its own"):
        connector.delete(HERS, found.ref)
    outcomes = written(connector, HERS, Write(found.ref, after, found.item), Write(found.ref, None))
    assert [type(one) for one in outcomes] == [Rejected, Rejected]
    assert desk.asked() == []


def test_a_server_that_fails_while_calendars_are_listed_is_told(desk: EventsDesk) -> None:
    desk.google.faults.append(Fault(page=b"<html>", method="calendarList.list"))
    with pytest.raises(SuspectListing):
        desk.connector().collections()


def test_what_a_ref_says_is_what_is_read(desk: EventsDesk) -> None:
    connector = desk.connector()
    ref = connector.create(HERS, event(), "key")
    found = read(connector, HERS, ref.id)
    assert (found.ref, found.as_written) == (RemoteRef(ref.id, ref.version), ref)
