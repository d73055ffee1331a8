"""Series at Google: written in steps, broken off between them, and read whole."""

from __future__ import annotations

import pytest

from connectors.google_workspace.event_documents import UNFINISHED, hidden
from sync_engine.errors import OutcomeUnknown, PartlyWritten, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef, Removed, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import EventsDesk, hub, read, same, written
from tests.integration.microsoft.microsoft365_desk import card, event, moved, weekly, without
from tests.servers.google_workspace.protocol import Fault

OCCURRENCE = r"_2026"
"""In the path of an occurrence."""


def marked(desk: EventsDesk, where: str) -> str:
    """What stands in the mark of the series."""
    return hidden(desk.entry(where).body, UNFINISHED)


def made(connector: OnePart, where: str, item: Item) -> RemoteRef:
    """The series as it is now."""
    return read(connector, where, connector.create(where, item, "key").id).ref


# ---------------------------------------------------------------- written


def test_r14_r15_a_series_comes_back_as_it_was_written(desk: EventsDesk, connector: OnePart, where: str) -> None:
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413", "16", "Farewell")))
    ref = connector.create(where, item, "key")
    assert same(read(connector, where, ref.id), item)
    assert hub(connector, where).items[ref.id].record == item.record
    assert len(desk.entries(where)) == 3
    assert marked(desk, where) == ""


def test_a_series_without_exceptions_is_one_request_after_the_look(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.asked()
    connector.create(where, weekly(more=without("20260330")), "key")
    assert desk.asked() == ["events.list", "events.import"]


def test_exceptions_of_a_new_series_go_in_one_request(desk: EventsDesk, connector: OnePart, where: str) -> None:
    desk.asked()
    connector.create(where, weekly(overrides=tuple(moved(f"202603{day}") for day in (23, 30))), "key")
    assert desk.outer == 4  # the look, the import, both exceptions, the last step
    assert desk.asked() == ["events.list", "events.import", "events.patch", "events.patch", "events.patch"]


def test_r20_one_changed_occurrence_is_all_that_is_sent(desk: EventsDesk, connector: OnePart, where: str) -> None:
    before = weekly(overrides=(moved("20260323"), moved("20260413")))
    ref = made(connector, where, before)
    after = weekly(overrides=(moved("20260323", summary="Long standup"), moved("20260413")))
    bodies = desk.bodies("patch")
    connector.update(where, ref, after, before)
    mark, change, unmark = bodies
    assert (list(mark), change, list(unmark)) == (
        ["extendedProperties"],
        {"summary": "Long standup"},
        ["extendedProperties"],
    )
    assert same(read(connector, where, ref.id), after)


def test_r14_one_cancelled_occurrence_goes_alone(desk: EventsDesk, connector: OnePart, where: str) -> None:
    before = weekly(overrides=(moved("20260323"),))
    after = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    ref = made(connector, where, before)
    desk.asked()
    connector.update(where, ref, after, before)
    assert desk.asked() == ["events.list", "events.patch", "events.delete", "events.patch"]
    found = read(connector, where, ref.id)
    assert same(found, after)
    assert hub(connector, where).items[ref.id].record == after.record


def test_r14_a_cancelled_occurrence_that_takes_place_again(connector: OnePart, where: str) -> None:
    before, after = weekly(more=without("20260330")), weekly()
    ref = made(connector, where, before)
    connector.update(where, ref, after, before)
    assert same(read(connector, where, ref.id), after)


def test_r14_an_occurrence_cancelled_at_google_takes_place_again(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly()
    ref = made(connector, where, item)
    desk.cancel(where, f"{ref.id}_20260330T070000Z")
    found = read(connector, where, ref.id)
    assert same(found, weekly(more=without("20260330")))
    connector.update(where, found.ref, item, found.item)
    assert same(read(connector, where, ref.id), item)


def test_r16_a_series_that_is_shifted_keeps_its_exceptions(connector: OnePart, where: str) -> None:
    before = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    after = Item.read(before.text.replace("T090000", "T100000").replace("T093000", "T103000"))
    ref = made(connector, where, before)
    connector.update(where, ref, after, before)
    assert same(read(connector, where, ref.id), after)
    assert hub(connector, where).items[ref.id].record == after.record


def test_r16_a_single_event_becomes_a_series_and_one_again(connector: OnePart, where: str) -> None:
    single = Item.read(weekly().text.replace("RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\n", ""))
    series = weekly(overrides=(moved("20260323"),))
    ref = connector.create(where, single, "key")
    connector.update(where, ref, series, single)
    found = read(connector, where, ref.id)
    assert same(found, series)
    connector.update(where, found.ref, single, found.item)
    assert same(read(connector, where, ref.id), single)
    assert hub(connector, where).items[ref.id].record == single.record


def test_r08_a_deleted_series_goes_with_its_exceptions(desk: EventsDesk, connector: OnePart, where: str) -> None:
    ref = made(connector, where, weekly(overrides=(moved("20260323"),)))
    there = hub(connector, where)
    connector.delete(where, ref)
    assert desk.entries(where) == []
    there.pull()
    assert (there.items, set(there.removed)) == ({}, {ref.id})
    assert list(connector.fetch(where, [ref.id])) == [Removed(ref.id)]


def test_many_series_are_deleted_in_three_requests(desk: EventsDesk, connector: OnePart, where: str) -> None:
    refs = [connector.create(where, weekly(f"s{n}"), f"k{n}") for n in range(8)]
    now = hub_refs(connector, where, refs)
    desk.asked()
    assert written(connector, where, *(Write(ref, None) for ref in now)) == [None] * 8
    assert (desk.outer, desk.entries(where)) == (3, [])


def hub_refs(connector: OnePart, where: str, refs: list[RemoteRef]) -> list[RemoteRef]:
    """As they are now."""
    seen = hub(connector, where)
    return [RemoteRef(one.id, seen.versions[one.id]) for one in refs]


def test_what_google_cannot_express_is_refused_before_any_request(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    desk.asked()
    item = Item.read(weekly().text.replace("FREQ=WEEKLY;COUNT=5;BYDAY=MO", "FREQ=HOURLY;COUNT=5"))
    for refused in (item, card()):
        with pytest.raises(Rejected):
            connector.create(where, refused, "key")
        assert [type(one) for one in written(connector, where, Write(None, refused, key="key"))] == [Rejected]
    assert desk.asked() == []


# ---------------------------------------------------------------- somebody else's hand


def test_r07_an_exception_that_somebody_changed_makes_a_write_a_conflict(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """The entity tag of the series does not tell."""
    item = weekly(overrides=(moved("20260323"),))
    ref = made(connector, where, item)
    desk.by_hand(where, f"{ref.id}_20260323T080000Z", {"summary": "Theirs"})
    after = weekly(summary="Ours", overrides=(moved("20260323", summary="Ours"),))
    with pytest.raises(VersionConflict):
        connector.delete(where, ref)
    with pytest.raises(VersionConflict):
        connector.update(where, ref, after, item)
    outcomes = written(connector, where, Write(ref, after, item), Write(ref, None))
    assert [type(one) for one in outcomes] == [VersionConflict, VersionConflict]
    assert desk.entry(where, f"{ref.id}_20260323T080000Z").body["summary"] == "Theirs"


def test_r07_what_somebody_writes_between_two_steps_is_not_written_over(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    before = weekly(overrides=(moved("20260323"), moved("20260413")))
    after = weekly(overrides=(moved("20260323", summary="Ours"), moved("20260413", summary="Ours too")))
    ref = made(connector, where, before)
    patch = desk.google.handlers["calendar.events.patch"]

    def meanwhile(call: object) -> object:
        """After the first step, and once."""
        answer = patch(call)  # type: ignore[arg-type]
        desk.google.handlers["calendar.events.patch"] = patch
        entry = desk.entry(where, f"{ref.id}_20260323T080000Z")
        entry.body = entry.body | {"summary": "Theirs"}
        desk.google.calendar.calendars.touch(desk.google.calendar.box(where.partition("/")[2]), entry)
        return answer

    desk.google.handlers["calendar.events.patch"] = meanwhile  # type: ignore[assignment]
    with pytest.raises(PartlyWritten, match="Somebody changed this occurrence"):
        connector.update(where, ref, after, before)
    found = read(connector, where, ref.id)
    wanted = weekly(overrides=(moved("20260323", summary="Theirs"), moved("20260413", summary="Ours too")))
    assert same(found, wanted)
    assert marked(desk, where) == ""


def test_exceptions_whose_tags_change_with_their_series_are_written(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """Nobody says whether Google gives an exception a new tag when its series is written."""
    before = weekly(overrides=(moved("20260323"),))
    after = weekly(overrides=(moved("20260323", summary="Ours"),))
    ref = made(connector, where, before)
    patch = desk.google.handlers["calendar.events.patch"]

    def restamped(call: object) -> object:
        answer = patch(call)  # type: ignore[arg-type]
        desk.google.handlers["calendar.events.patch"] = patch
        box = desk.google.calendar.box(where.partition("/")[2])
        desk.google.calendar.calendars.touch(box, desk.entry(where, f"{ref.id}_20260323T080000Z"))
        return answer

    desk.google.handlers["calendar.events.patch"] = restamped  # type: ignore[assignment]
    connector.update(where, ref, after, before)
    assert same(read(connector, where, ref.id), after)


# ---------------------------------------------------------------- broken off


def broken(desk: EventsDesk, status: int = 503, **more: object) -> None:
    """The server fails at the next occurrence."""
    desk.google.faults.append(Fault(status, reason="backendError", path=OCCURRENCE, **more))  # type: ignore[arg-type]


def test_r05_a_new_series_that_broke_off_is_finished(desk: EventsDesk, connector: OnePart, where: str) -> None:
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413")))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        connector.create(where, item, "key")
    assert marked(desk, where) == item.digest
    connector.finish(where, None, item, "key")
    found = connector.find(where, item, "key")
    assert isinstance(found, Changed)
    assert same(found, item)
    assert marked(desk, where) == ""


def test_r05_a_new_series_that_broke_off_is_finished_by_creating_it_again(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly(overrides=(moved("20260323"),))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        connector.create(where, item, "key")
    ref = connector.create(where, item, "key")
    assert same(read(connector, where, ref.id), item)
    assert marked(desk, where) == ""


def test_r05_a_changed_series_that_broke_off_is_finished(desk: EventsDesk, connector: OnePart, where: str) -> None:
    before = weekly(overrides=(moved("20260323"),))
    ref = made(connector, where, before)
    after = weekly(summary="Daily", more=without("20260330"), overrides=(moved("20260413", "15", "Daily"),))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        connector.update(where, ref, after, before)
    connector.finish(where, ref, after, "")
    assert same(read(connector, where, ref.id), after)


def test_r05_an_occurrence_that_comes_back_is_finished_too(desk: EventsDesk, connector: OnePart, where: str) -> None:
    item = weekly(overrides=(moved("20260413"),))
    ref = made(connector, where, item)
    desk.cancel(where, f"{ref.id}_20260330T070000Z")
    found = read(connector, where, ref.id)
    broken(desk, times=2)
    with pytest.raises(OutcomeUnknown):
        connector.update(where, found.ref, item, found.item)
    connector.finish(where, found.ref, item, "")
    assert same(read(connector, where, ref.id), item)
    assert marked(desk, where) == ""


def test_r05_finishing_twice_or_what_did_not_break_off_writes_nothing(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly(overrides=(moved("20260323"),))
    ref = connector.create(where, item, "key")
    simple = connector.create(where, event(), "other")
    desk.asked()
    connector.finish(where, ref, item, "key")
    connector.finish(where, None, item, "key")
    connector.finish(where, simple, event("changed"), "other")
    connector.finish(where, None, event(uid="never"), "never sent")
    connector.finish(where, RemoteRef("neverwas", "x"), item, "")
    assert not {"events.patch", "events.delete", "events.import"} & set(desk.asked())


def test_r05_a_series_that_somebody_moved_meanwhile_is_not_gone_on_with(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly(overrides=(moved("20260323"),))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        connector.create(where, item, "key")
    noon = {"dateTime": "2026-03-16T12:00:00", "timeZone": "Europe/Berlin"}
    desk.by_hand(where, desk.entry(where).id, {"start": noon, "end": noon})
    desk.asked()
    connector.finish(where, None, item, "key")
    assert "events.patch" not in desk.asked()


def test_r09_an_occurrence_that_is_refused_leaves_the_others_written(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly(overrides=(moved("20260323"), moved("20260413")))
    broken(desk, 400)
    with pytest.raises(PartlyWritten) as told:
        connector.create(where, item, "key")
    assert told.value.remote_id == desk.entry(where).id
    assert "backendError" in told.value.server_said
    assert len(desk.entries(where)) == 2
    assert marked(desk, where) == ""


def test_an_occurrence_that_the_series_does_not_have_is_told(connector: OnePart, where: str) -> None:
    item = weekly(overrides=(moved("20260323"), moved("20260324")))
    with pytest.raises(PartlyWritten, match="20260324"):
        connector.create(where, item, "key")


def test_r09_a_step_at_which_the_server_fails_each_time_holds_up_nothing(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    item = weekly(overrides=(moved("20260323"), moved("20260413")))
    desk.google.faults.append(Fault(500, reason="backendError", path=OCCURRENCE + "0323", times=9))
    with pytest.raises(OutcomeUnknown):
        connector.create(where, item, "key")
    with pytest.raises(PartlyWritten, match="fails each time at the occurrence of 20260323"):
        connector.finish(where, None, item, "key")
    assert marked(desk, where) == ""


def test_series_and_single_events_go_in_one_call(desk: EventsDesk, connector: OnePart, where: str) -> None:
    series = weekly(overrides=(moved("20260323"),))
    writes = [
        Write(None, event("a", "a"), key="a"),
        Write(None, series, key="s"),
        Write(None, event("b", "b"), key="b"),
    ]
    broken(desk)
    first, second, third = written(connector, where, *writes)
    assert isinstance(first, RemoteRef)
    assert isinstance(second, OutcomeUnknown)
    assert isinstance(third, RemoteRef)
    connector.finish(where, None, series, "s")
    assert hub(connector, where).titles == ["Standup", "a", "b"]
