"""Single events at Google: made once under their own UID, changed under a condition, found again, brought back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.google_workspace.event_documents import KEY, UID, hidden
from connectors.google_workspace.event_plans import client_id
from sync_engine.errors import CollectionGone, NoAccess, OutcomeUnknown, Rejected, Throttled, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import BatchWrites, Changed, Keeps, ManySteps, RemoteRef, Write
from tests.contract.connector_contract import title
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    details,
    hub,
    read,
    same,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly, without
from tests.servers.google_workspace.protocol import Fault

Act = Callable[[OnePart, str, Write], object]


def alone(connector: OnePart, where: str, write: Write) -> object:
    """By the method for one."""
    try:
        if write.ref is None:
            assert write.item is not None
            return connector.create(where, write.item, write.key)
        if write.item is None:
            connector.delete(where, write.ref)
            return None
        return connector.update(where, write.ref, write.item, write.base)
    except (VersionConflict, Rejected, OutcomeUnknown) as err:
        return err


def together(connector: OnePart, where: str, write: Write) -> object:
    """In a batch with another write."""
    _, outcome = written(connector, where, Write(None, event("beside", "beside"), key="beside"), write)
    return outcome


both = pytest.mark.parametrize("act", [alone, together])


# ---------------------------------------------------------------- what is sent


@both
def test_r20_a_change_names_the_changed_property_only(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = event(LOCATION="Cafe", DESCRIPTION="Soup")
    ref = connector.create(where, item, "key")
    desk.by_hand(where, ref.id, {"colorId": "5", "guestsCanInviteOthers": False, "location": "Bar"})
    found = read(connector, where, ref.id)
    after = Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Dinner"))
    bodies = desk.bodies("patch")
    outcome = act(connector, where, Write(found.ref, after, found.item))
    assert isinstance(outcome, RemoteRef)
    assert bodies == [{"summary": "Dinner"}]
    body = desk.entry(where, ref.id).body
    assert (body["colorId"], body["guestsCanInviteOthers"], body["location"]) == ("5", False, "Bar")
    assert read(connector, where, ref.id).ref == outcome


@both
def test_r21_what_is_the_same_is_not_written(act: Act, desk: EventsDesk, connector: OnePart, where: str) -> None:
    item = event()
    ref = connector.create(where, item, "key")
    desk.asked()
    assert act(connector, where, Write(ref, item, item)) == ref
    assert "events.patch" not in desk.asked()


def test_the_uid_is_googles_own(desk: EventsDesk, connector: OnePart, where: str) -> None:
    ref = connector.create(where, event(uid="from-a-phone@x"), "key")
    assert (desk.entry(where).ical_uid, ref.uid) == ("from-a-phone@x", "from-a-phone@x")
    found = read(connector, where, ref.id)
    assert (found.item.uid, found.known_as) == ("from-a-phone@x", "")


def test_the_part_has_the_capabilities_of_google(connector: OnePart) -> None:
    assert isinstance(connector.part, Keeps)
    assert isinstance(connector, BatchWrites | ManySteps)


# ---------------------------------------------------------------- made once


@both
def test_r05_a_creation_that_is_repeated_is_the_same_event(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = event()
    first = connector.create(where, item, "key")
    assert act(connector, where, Write(None, item, key="key")) == first
    assert [one.ical_uid for one in desk.entries(where) if one.id == first.id] == ["uid-1"]


@both
def test_what_stands_there_already_is_not_written_over(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """An import would."""
    connector.create(where, event("theirs"), "their key")
    assert isinstance(act(connector, where, Write(None, event("ours"), key="our key")), VersionConflict)
    assert "theirs" in [one.body["summary"] for one in desk.entries(where)]


def test_two_with_one_uid_in_a_batch_do_not_write_over_each_other(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    first, second = written(connector, where, Write(None, event("a"), key="a"), Write(None, event("b"), key="b"))
    assert isinstance(first, RemoteRef)
    assert isinstance(second, VersionConflict)
    assert desk.entry(where).body["summary"] == "a"


@both
def test_r06_a_lost_answer_is_found_by_its_key(act: Act, desk: EventsDesk, connector: OnePart, where: str) -> None:
    desk.google.faults.append(Fault(503, reason="backendError", after=True, method="events.import", times=2))
    item = event()
    assert isinstance(act(connector, where, Write(None, item, key="key")), OutcomeUnknown)
    found = connector.find(where, item, "key")
    assert isinstance(found, Changed)
    assert same(found, item)
    assert connector.find(where, event(uid="never"), "other") is None


def test_a_copy_that_somebody_makes_is_not_taken_for_ours(desk: EventsDesk, connector: OnePart, where: str) -> None:
    """It has the same hidden properties (R37)."""
    ref = connector.create(where, event(), "key")
    body = desk.entry(where).body
    desk.put(where, **{**body, "summary": "Copy"}).created -= timedelta(days=1)
    found = connector.find(where, event(), "key")
    assert isinstance(found, Changed)
    assert found.ref.id == ref.id
    copy = next(one for one in desk.entries(where) if one.id != ref.id)
    assert read(connector, where, copy.id).known_as == ""


@both
def test_r03_a_deleted_event_comes_back_under_its_uid(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    ref = connector.create(where, event(LOCATION="Cafe"), "key")
    desk.cancel(where, ref.id)
    again = act(connector, where, Write(None, event("Again"), key="second"))
    assert isinstance(again, RemoteRef)
    assert (again.id, again.uid) == (ref.id, "uid-1")
    assert same(read(connector, where, ref.id), event("Again"))
    assert connector.find(where, event("Again"), "second") is not None


def test_r03_a_deleted_series_comes_back_with_all_its_occurrences(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    before = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    ref = connector.create(where, before, "key")
    desk.cancel(where, f"{ref.id}_20260406T070000Z")
    desk.cancel(where, ref.id)
    again = weekly(overrides=(moved("20260413"),))
    assert connector.create(where, again, "second").id == ref.id
    assert same(read(connector, where, ref.id), again)
    assert hub(connector, where).items[ref.id].record == again.record


@pytest.mark.parametrize("duplicates", [True, False])
def test_what_is_left_of_an_event_and_cannot_be_brought_back_is_left(
    duplicates: bool, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """Or imported over, where Google does that."""
    ref = connector.create(where, event(), "key")
    desk.cancel(where, ref.id)
    desk.google.calendar.box(where.partition("/")[2]).entries[ref.id].bare = True
    desk.google.switches.import_duplicates = duplicates
    again = connector.create(where, event("Again"), "second")
    found = read(connector, where, again.id)
    assert title(found.item) == "Again"
    assert (again.id, found.known_as) == ((client_id("second"), "uid-1") if duplicates else (ref.id, ""))


def test_what_had_an_id_of_ours_and_cannot_be_brought_back_is_told(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.google.faults.append(Fault(400, reason="invalid", method="events.import", times=9))
    ref = connector.create(where, event(), "key")
    desk.cancel(where, ref.id)
    desk.google.calendar.box(where.partition("/")[2]).entries[ref.id].bare = True
    with pytest.raises(Rejected, match="bring it back"):
        connector.create(where, event(), "key")


# ---------------------------------------------------------------- UIDs that Google does not take


@pytest.mark.parametrize("item", [event(uid="x" * 2000), weekly("y" * 2000, overrides=(moved("20260323"),))])
@both
def test_a_uid_that_is_too_long_is_hidden(
    act: Act, item: Item, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    act(connector, where, Write(None, item, key="key"))
    found = connector.find(where, item, "key")
    assert isinstance(found, Changed)
    assert found.known_as == item.uid
    assert same(found, item)
    again = connector.create(where, item, "key")
    assert again.id == found.ref.id


def test_a_uid_that_google_refuses_is_hidden_under_an_id_of_ours(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.google.faults.append(Fault(400, reason="invalid", message="Invalid iCalUID", method="events.import", times=2))
    ref = connector.create(where, event(), "key")
    assert ref.id == client_id("key")
    found = read(connector, where, ref.id)
    assert (found.known_as, same(found, event())) == ("uid-1", True)
    entry = desk.entry(where)
    assert (hidden(entry.body, KEY), hidden(entry.body, UID)) == ("key", "uid-1")
    assert connector.create(where, event(), "key").id == ref.id


def test_r05_an_id_of_ours_that_is_there_is_ours(desk: EventsDesk, connector: OnePart, where: str) -> None:
    """The answer to the insert was lost."""
    desk.google.faults.append(Fault(400, reason="invalid", method="events.import", times=9))
    desk.google.faults.append(Fault(503, reason="backendError", after=True, method="events.insert"))
    with pytest.raises(OutcomeUnknown):
        connector.create(where, event(), "key")
    assert connector.create(where, event(), "key").id == client_id("key")
    assert len(desk.entries(where)) == 1


def test_what_google_refuses_altogether_is_told_in_its_words(desk: EventsDesk, connector: OnePart, where: str) -> None:
    desk.google.faults.append(
        Fault(400, reason="invalid", message="Not like this", method="events.(import|insert)", times=2)
    )
    with pytest.raises(Rejected) as told:
        connector.create(where, event(), "key")
    assert "Not like this" in told.value.server_said


# ---------------------------------------------------------------- conditions


@both
def test_r07_a_change_of_another_version_is_a_conflict(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    ref = connector.create(where, event(), "key")
    desk.by_hand(where, ref.id, {"summary": "Theirs"})
    assert isinstance(act(connector, where, Write(ref, event("Ours"), event())), VersionConflict)
    assert isinstance(act(desk.connector(), desk.calendar(), Write(ref, event("Ours"), event())), VersionConflict)
    assert isinstance(alone(connector, where, Write(ref, None)), VersionConflict)
    assert desk.entry(where, ref.id).body["summary"] == "Theirs"


@both
def test_r08_what_is_gone_is_deleted_and_cannot_be_changed(
    act: Act, desk: EventsDesk, connector: OnePart, where: str
) -> None:
    ref = connector.create(where, event(), "key")
    desk.cancel(where, ref.id)
    assert isinstance(act(connector, where, Write(ref, event("Ours"), event())), VersionConflict)
    assert alone(connector, where, Write(ref, None)) is None


def test_without_a_base_or_a_version_it_is_looked_at_first(desk: EventsDesk, connector: OnePart, where: str) -> None:
    ref = connector.create(where, event(), "key")
    done = connector.update(where, ref, event("Dinner"), None)
    again = connector.update(where, RemoteRef(ref.id), event("Supper"), event("Dinner"))
    assert desk.entry(where).body["summary"] == "Supper"
    with pytest.raises(VersionConflict):
        connector.update(where, RemoteRef(ref.id), event("Tea"), event("Dinner"))
    with pytest.raises(VersionConflict):
        connector.update(where, done, event("Tea"), None)
    assert again.version
    connector.delete(where, RemoteRef(ref.id))
    assert desk.entries(where) == []


@both
def test_r06_a_lost_answer_to_a_change_is_in_doubt(act: Act, desk: EventsDesk, connector: OnePart, where: str) -> None:
    ref = connector.create(where, event(), "key")
    desk.google.faults.append(Fault(503, reason="backendError", after=True, method="events.patch"))
    assert isinstance(act(connector, where, Write(ref, event("Dinner"), event())), OutcomeUnknown)
    assert desk.entry(where, ref.id).body["summary"] == "Dinner"
    assert len([one for one in desk.google.requests if one.method == "calendar.events.patch"]) == 1


# ---------------------------------------------------------------- batches


def test_r09_one_bad_write_holds_up_no_other(desk: EventsDesk, connector: OnePart, where: str) -> None:
    refs = [connector.create(where, event(n, n), n) for n in "abc"]
    desk.google.faults.append(Fault(403, reason="forbidden", path=refs[1].id, method="events.patch"))
    outcomes = written(
        connector, where, *(Write(r, event("x", n), event(n, n)) for r, n in zip(refs, "abc", strict=True))
    )
    assert [type(one) for one in outcomes] == [RemoteRef, Rejected, RemoteRef]


def test_r09_a_missing_right_to_the_calendar_is_the_calendars(desk: EventsDesk) -> None:
    theirs = desk.calendar(BOB)
    desk.google.calendar.calendars.share(theirs.partition("/")[2], ADA, "reader")
    connector = desk.connector()
    with pytest.raises(NoAccess):
        written(connector, theirs, Write(None, event("a", "a"), key="a"), Write(None, event("b", "b"), key="b"))
    with pytest.raises(NoAccess):
        connector.create(theirs, event(), "key")


def test_r27_what_was_not_done_for_now_is_done_later(desk: EventsDesk, connector: OnePart, where: str) -> None:
    fault = Fault(403, reason="quotaExceeded", method="events.import", times=2)
    desk.google.faults.append(fault)
    with pytest.raises(Throttled):
        written(connector, where, *(Write(None, event(n, n), key=n) for n in "ab"))
    assert desk.entries(where) == []


def test_a_calendar_that_is_gone_takes_nothing(desk: EventsDesk, connector: OnePart, where: str) -> None:
    ref = connector.create(where, event(), "key")
    desk.google.calendar.box(where.partition("/")[2]).gone = True
    with pytest.raises(CollectionGone):
        connector.create(where, event("b", "b"), "b")
    with pytest.raises(CollectionGone):
        written(connector, where, Write(None, event("b", "b"), key="b"), Write(None, event("c", "c"), key="c"))
    with pytest.raises(VersionConflict):
        connector.update(where, ref, event("x"), event())


# ---------------------------------------------------------------- what is kept


@pytest.mark.parametrize(
    "item",
    [
        event(LOCATION="Cafe", DESCRIPTION="Soup\\nand bread", CATEGORIES="A,B", CLASS="PRIVATE", URL="https://x.org/"),
        event(PRIORITY="1", X_ODD="kept"),
        weekly(more=without("20260330"), overrides=(moved("20260323"),)),
        Item.read(weekly().text.replace(";TZID=Europe/Berlin", "").replace("T090000", "T090000")),
    ],
)
def test_what_is_kept_is_what_is_read_back(item: Item, connector: OnePart, where: str) -> None:
    kept = connector.part.kept(item.record)
    assert kept is not None
    ref = connector.create(where, item, "key")
    assert read(connector, where, ref.id).item.record == kept


def test_a_clock_of_a_meeting_is_google_s_own(connector: OnePart, where: str) -> None:
    ref = connector.create(where, event(), "key")
    assert details(read(connector, where, ref.id)).organizer is None
