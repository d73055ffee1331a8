"""Series: written in several steps, broken off between them, and read whole (E9, E10; R05, R14 to R16, R20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sync_engine.errors import OutcomeUnknown, PartlyWritten, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Broken, Changed, RemoteRef, Write
from tests.contract.connector_contract import task
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada, refusal
from tests.integration.microsoft.microsoft365_desk import calendar_of, card, event, moved, weekly, without
from tests.integration.microsoft.test_exchange_writes import JPEG, updates, with_photo
from tests.servers.microsoft.ews_xml import local


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def same(found: Changed, item: Item) -> bool:
    """All but the calendar's own stamps."""
    assert isinstance(found.item.record, Event)
    assert isinstance(item.record, Event)
    return replace(found.item.record, zones=()) == replace(item.record, zones=())


def created(desk: Desk, item: Item) -> RemoteRef:
    ref = desk.connector.create(desk.calendar, item, "key")
    found = desk.there(desk.calendar, ref.id)
    assert same(found, item)
    desk.asked()
    return found.ref


def test_r14_r15_a_series_comes_back_as_it_was_written(desk: Desk) -> None:
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413", "16", "Farewell")))
    created(desk, item)
    (stored,) = desk.stored(desk.calendar)
    assert (len(stored.exceptions), len(stored.cancelled)) == (2, 1)
    assert not any("Unfinished" in name for name in stored.extended)


def test_a_series_without_exceptions_is_one_request(desk: Desk) -> None:
    (answer,) = desk.connector.write(desk.calendar, [Write(None, weekly(), key="key")])
    assert isinstance(answer, RemoteRef)
    assert desk.asked() == ["CreateItem"]
    assert desk.there(desk.calendar, answer.id).ref == answer


def test_r20_one_changed_occurrence_is_all_that_is_sent(desk: Desk) -> None:
    before = weekly(overrides=(moved("20260323"),))
    after = weekly(overrides=(moved("20260323", summary="Long standup"),))
    ref = created(desk, before)
    new = desk.connector.update(desk.calendar, ref, after, before)
    bodies = desk.bodies()
    assert [local(one) for one in bodies] == ["UpdateItem", "GetItem", "UpdateItem", "GetItem", "UpdateItem"]
    assert [updates(one) for one in bodies if local(one) == "UpdateItem"] == [
        ["SetItemField AgendaHubUnfinished"],
        ["SetItemField item:Subject"],
        ["DeleteItemField AgendaHubUnfinished"],
    ]
    assert bodies[0].get("ConflictResolution") == "NeverOverwrite"
    found = desk.there(desk.calendar, ref.id)
    assert same(found, after)
    assert (found.ref.id, new.version) == (new.id, "")  # somebody may have written in between: reading it back tells


def test_r14_one_cancelled_occurrence_goes_alone(desk: Desk) -> None:
    before = weekly(overrides=(moved("20260323"),))
    after = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    ref = created(desk, before)
    desk.connector.update(desk.calendar, ref, after, before)
    assert desk.asked() == ["UpdateItem", "GetItem", "DeleteItem", "GetItem", "UpdateItem"]
    assert same(desk.there(desk.calendar, ref.id), after)


def test_r14_a_cancelled_occurrence_does_not_come_back_at_a_full_listing(desk: Desk) -> None:
    item = weekly(more=without("20260330"))
    ref = created(desk, item)
    hub = desk.hub(desk.calendar)
    assert same(Changed(ref, hub.items[ref.id]), item)


def test_r16_a_series_that_is_shifted_keeps_its_exceptions(desk: Desk) -> None:
    before = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    after = Item.read(before.text.replace("T090000", "T100000").replace("T093000", "T103000"))
    ref = created(desk, before)
    desk.connector.update(desk.calendar, ref, after, before)
    assert same(desk.there(desk.calendar, ref.id), after)


def test_r16_a_cancelled_occurrence_that_comes_back_comes_back(desk: Desk) -> None:
    before = weekly(more=without("20260330", "20260406"), overrides=(moved("20260323"),))
    after = weekly(more=without("20260406"), overrides=(moved("20260323"),))
    ref = created(desk, before)
    desk.connector.update(desk.calendar, ref, after, before)
    assert same(desk.there(desk.calendar, ref.id), after)


def test_r15_an_exception_that_was_moved_far_is_found_again(desk: Desk) -> None:
    far = moved("20260323").replace("DTSTART;TZID=Europe/Berlin:20260323", "DTSTART;TZID=Europe/Berlin:20270823")
    before = weekly(overrides=(far.replace("DTEND;TZID=Europe/Berlin:20260323", "DTEND;TZID=Europe/Berlin:20270823"),))
    after = Item.read(before.text.replace("20270823T113000", "20270823T120000"))
    ref = created(desk, before)
    desk.connector.update(desk.calendar, ref, after, before)
    assert same(desk.there(desk.calendar, ref.id), after)


def test_r18_exceptions_of_a_series_of_days(desk: Desk) -> None:
    own = "DTSTART;VALUE=DATE:20260316\r\nDTEND;VALUE=DATE:20260317\r\nRRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\n"
    other = (
        "RECURRENCE-ID;VALUE=DATE:20260406\r\nDTSTART;VALUE=DATE:20260407\r\nDTEND;VALUE=DATE:20260408\r\nSUMMARY:T\r\n"
    )
    created(desk, calendar_of("days", f"{own}SUMMARY:Tidy\r\nEXDATE;VALUE=DATE:20260330\r\n", other))


def test_many_exceptions_are_few_requests(desk: Desk) -> None:
    days = [f"202603{day:02}" for day in range(2, 30)]
    own = (
        "DTSTART;TZID=Europe/Berlin:20260302T090000\r\nDTEND;TZID=Europe/Berlin:20260302T093000\r\n"
        "RRULE:FREQ=DAILY;COUNT=28\r\nSUMMARY:Standup\r\n"
    )
    item = calendar_of("daily", own, *[moved(day) for day in days])
    (answer,) = desk.connector.write(desk.calendar, [Write(None, item, key="key")])
    assert desk.asked() == ["CreateItem", "GetItem", "UpdateItem", "GetItem", "UpdateItem"]
    assert isinstance(answer, RemoteRef)
    assert same(desk.there(desk.calendar, answer.id), item)
    assert desk.asked() == ["GetItem", "GetItem"]


def test_a_series_that_was_changed_meanwhile_is_not_touched(desk: Desk) -> None:
    before = weekly(overrides=(moved("20260323"),))
    ref = created(desk, before)
    (stored,) = desk.stored(desk.calendar)
    desk.ada.touch(stored.id)
    with pytest.raises(VersionConflict):
        desk.connector.update(desk.calendar, ref, weekly(more=without("20260330")), before)
    assert desk.asked() == ["UpdateItem"]
    assert not stored.cancelled


def test_what_somebody_writes_between_the_steps_is_not_taken_for_ours(desk: Desk) -> None:
    before = weekly(overrides=(moved("20260323"),))
    ref = created(desk, before)
    (stored,) = desk.stored(desk.calendar)
    desk.fail(Trouble("UpdateItem", skip=2, meanwhile=lambda: desk.ada.touch(stored.id)))
    new = desk.connector.update(desk.calendar, ref, weekly(more=without("20260330")), before)
    assert new == RemoteRef(ref.id, "")
    assert not any("Unfinished" in name for name in stored.extended)


def test_an_exception_that_is_not_given_out_is_not_taken_for_gone(desk: Desk) -> None:
    ref = created(desk, weekly(overrides=(moved("20260323"),)))
    (stored,) = desk.stored(desk.calendar)
    answer = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
      xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Body><m:GetItemResponse>
      <m:ResponseMessages><m:GetItemResponseMessage ResponseClass="Error"><m:MessageText>gone</m:MessageText>
      <m:ResponseCode>ErrorItemNotFound</m:ResponseCode><m:Items/></m:GetItemResponseMessage></m:ResponseMessages>
      </m:GetItemResponse></s:Body></s:Envelope>"""
    desk.fail(Trouble("GetItem", 200, answer, skip=1, headers={"content-type": "text/xml"}))
    (found,) = desk.connector.fetch(desk.calendar, [ref.id])
    assert isinstance(found, Broken)
    assert stored.exceptions


# ---------------------------------------------------------------- broken off


def test_r05_a_new_series_that_broke_off_is_finished(desk: Desk) -> None:
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413")))
    desk.fail(Trouble("DeleteItem", 503))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.calendar, item, "key")
    (stored,) = desk.stored(desk.calendar)
    assert item.digest in stored.extended.values()
    assert not stored.cancelled
    desk.connector.finish(desk.calendar, None, item, "key")
    found = desk.connector.find(desk.calendar, item, "key")
    assert isinstance(found, Changed)
    assert same(found, item)
    assert item.digest not in stored.extended.values()
    assert len(desk.stored(desk.calendar)) == 1


@pytest.mark.parametrize("skip", [1, 2], ids=["at-the-occurrences", "at-the-mark"])
def test_r05_a_changed_series_that_broke_off_is_finished(desk: Desk, skip: int) -> None:
    before = weekly(overrides=(moved("20260323"),))
    after = weekly(summary="Daily", more=without("20260330"), overrides=(moved("20260413", "15", "Daily"),))
    ref = created(desk, before)
    desk.fail(Trouble("UpdateItem", 502, skip=skip))
    with pytest.raises(OutcomeUnknown):
        desk.connector.update(desk.calendar, ref, after, before)
    desk.connector.finish(desk.calendar, ref, after, "")
    assert same(desk.there(desk.calendar, ref.id), after)
    (stored,) = desk.stored(desk.calendar)
    assert after.digest not in stored.extended.values()


def test_a_write_that_did_not_break_off_is_not_finished(desk: Desk) -> None:
    item = weekly(more=without("20260330"))
    ref = created(desk, item)
    for one in (item, weekly(more=without("20260406")), card()):
        desk.connector.finish(desk.calendar, ref, one, "key")
    assert set(desk.asked()) == {"GetItem"}
    assert same(desk.there(desk.calendar, ref.id), item)


def test_r27_nobody_asks_for_the_rest_of_what_is_one_request(desk: Desk) -> None:
    """After a lost answer of a batch there are fifty of them, and a request for each would be in vain."""
    ref = RemoteRef("AAMkAaaaaaaa=", "x")
    for item in (event(), task("a"), card()):
        desk.connector.finish(desk.calendar, None, item, "key")
    for item in (event(), task("a")):
        desk.connector.finish(desk.calendar, ref, item, "key")
    assert not desk.asked()
    desk.connector.finish(desk.contacts, None, with_photo(JPEG), "key")
    desk.connector.finish(desk.calendar, None, weekly(), "key")
    assert desk.asked() == ["FindItem", "FindItem"]
    desk.connector.finish(desk.contacts, ref, card(), "key")  # its picture may have been taken away
    assert desk.asked() == ["GetItem"]


def test_a_series_that_somebody_moved_since_is_not_finished(desk: Desk) -> None:
    item = weekly(more=without("20260330"))
    desk.fail(Trouble("DeleteItem", 503))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.calendar, item, "key")
    (stored,) = desk.stored(desk.calendar)
    zone = "http://schemas.microsoft.com/exchange/services/2006/types"
    times = {"Start": "2026-03-16T10:00:00Z", "End": "2026-03-16T10:30:00Z"}
    desk.ada.update(stored.id, {name: f'<t:{name} xmlns:t="{zone}">{at}</t:{name}>' for name, at in times.items()})
    desk.connector.finish(desk.calendar, None, item, "key")
    assert not stored.cancelled


def test_a_step_that_is_refused_leaves_the_others(desk: Desk) -> None:
    item = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    desk.fail(refusal("DeleteItem", "ErrorCannotDeleteObject"))
    with pytest.raises(PartlyWritten) as caught:
        desk.connector.create(desk.calendar, item, "key")
    (stored,) = desk.stored(desk.calendar)
    assert caught.value.remote_id == stored.folder_id
    assert (len(stored.exceptions), stored.cancelled) == (1, set())
    assert item.digest not in stored.extended.values()


def test_what_cannot_be_expressed_is_refused_and_nothing_sent(desk: Desk) -> None:
    item = Item.read(weekly().text.replace("FREQ=WEEKLY;COUNT=5;BYDAY=MO", "FREQ=HOURLY;COUNT=5"))
    (answer,) = desk.connector.write(desk.calendar, [Write(None, item, key="key")])
    assert isinstance(answer, Rejected)
    assert desk.asked() == []


def test_a_single_event_that_becomes_a_series_and_back(desk: Desk) -> None:
    single, series = event("Standup", "series"), weekly()
    ref = created(desk, single)
    ref = desk.connector.update(desk.calendar, ref, series, single)
    assert same(desk.there(desk.calendar, ref.id), series)
    desk.connector.update(desk.calendar, ref, single, series)
    assert same(desk.there(desk.calendar, ref.id), single)


def test_a_part_at_which_the_server_always_fails_does_not_hold_up_the_rest(desk: Desk) -> None:
    item = weekly(overrides=(moved("20260323"), moved("20260413")))
    desk.fail(refusal("UpdateItem", "ErrorInternalServerError"))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.calendar, item, "key")
    desk.fail(refusal("UpdateItem", "ErrorInternalServerError"))
    desk.fail(refusal("UpdateItem", "ErrorInternalServerError", skip=1))
    with pytest.raises(PartlyWritten, match="without 1 of its parts"):
        desk.connector.finish(desk.calendar, None, item, "key")
    (stored,) = desk.stored(desk.calendar)
    assert len(stored.exceptions) == 1
    assert not any("Unfinished" in name for name in stored.extended)
