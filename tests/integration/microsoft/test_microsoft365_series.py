"""Series: written in several steps, broken off between them, and read whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.microsoft365.extended import UNFINISHED
from sync_engine.errors import OutcomeUnknown, PartlyWritten, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Changed, RemoteRef, Write
from tests.integration.microsoft.microsoft365_desk import Desk, card, desk_of_ada, event, moved, weekly, without
from tests.servers.microsoft.graph_protocol import Fault

OCCURRENCES = r"\.OCC\."


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def there(desk: Desk, where: str, remote_id: str) -> Changed:
    (found,) = desk.connector.fetch(where, [remote_id])
    assert isinstance(found, Changed)
    return found


def same(found: Changed, item: Item) -> bool:
    """But for the UID, which is Outlook's own."""
    assert isinstance(found.item.record, Event)
    return replace(found.item.record, uid=item.uid) == item.record


def test_r14_r15_a_series_comes_back_as_it_was_written(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413", "16", "Farewell")))
    ref = desk.connector.create(where, item, "key")
    found = there(desk, where, ref.id)
    assert same(found, item)
    assert found.ref.id == ref.id
    (stored,) = desk.stored(where)
    assert (sorted(stored.exceptions), stored.cancelled) == (["2026-03-23", "2026-04-13"], {"2026-03-30"})
    assert stored.extended[UNFINISHED] == "-"


def test_r20_one_changed_occurrence_is_all_that_is_sent(desk: Desk) -> None:
    where = desk.calendar()
    before = weekly(overrides=(moved("20260323"),))
    ref = desk.connector.create(where, before, "key")
    after = weekly(overrides=(moved("20260323", summary="Long standup"),))
    desk.bodies()
    ref = desk.connector.update(where, ref, after, before)
    mark, change, unmark = desk.bodies()
    assert (set(mark), change, set(unmark)) == (
        {"singleValueExtendedProperties"},
        {"subject": "Long standup"},
        {"singleValueExtendedProperties"},
    )
    assert same(there(desk, where, ref.id), after)


def test_r14_one_cancelled_occurrence_goes_alone(desk: Desk) -> None:
    where = desk.calendar()
    before, after = (
        weekly(overrides=(moved("20260323"),)),
        weekly(more=without("20260330"), overrides=(moved("20260323"),)),
    )
    ref = desk.connector.create(where, before, "key")
    desk.sent.clear()
    ref = desk.connector.update(where, ref, after, before)
    assert [method for method, _, _ in desk.sent] == ["PATCH", "DELETE", "PATCH"]
    assert same(there(desk, where, ref.id), after)


def test_r16_a_series_that_is_shifted_keeps_its_exceptions(desk: Desk) -> None:
    where = desk.calendar()
    before = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    after = Item.read(before.text.replace("T090000", "T100000").replace("T093000", "T103000"))
    ref = desk.connector.create(where, before, "key")
    ref = desk.connector.update(where, ref, after, before)
    assert same(there(desk, where, ref.id), after)


def test_r15_an_exception_that_was_moved_far_is_found_again(desk: Desk) -> None:
    where = desk.calendar()
    far = moved("20260323").replace("DTSTART;TZID=Europe/Berlin:20260323", "DTSTART;TZID=Europe/Berlin:20270823")
    before = weekly(overrides=(far.replace("DTEND;TZID=Europe/Berlin:20260323", "DTEND;TZID=Europe/Berlin:20270823"),))
    ref = desk.connector.create(where, before, "key")
    after = Item.read(before.text.replace("20270823T113000", "20270823T120000"))
    ref = desk.connector.update(where, ref, after, before)
    assert same(there(desk, where, ref.id), after)


def test_days_that_are_years_apart_are_looked_for_apart(desk: Desk) -> None:
    where = desk.calendar()
    text = weekly(more=without("20260323", "20270322")).text.replace("COUNT=5", "COUNT=100")
    ref = desk.connector.create(where, Item.read(text), "key")
    assert desk.stored(where)[0].cancelled == {"2026-03-23", "2027-03-22"}
    looked = [path for method, path in desk.asked() if path.endswith("/instances")]
    assert len(looked) == 2
    assert same(there(desk, where, ref.id), Item.read(text))


# ---------------------------------------------------------------- broken off


def broken(desk: Desk, method: str = "PATCH") -> None:
    """The server fails at the next occurrence."""
    desk.graph.faults.append(Fault(503, code="ServiceUnavailable", method=method, path=OCCURRENCES))


def test_r05_a_new_series_that_broke_off_is_finished(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(more=without("20260330"), overrides=(moved("20260323"), moved("20260413")))
    broken(desk, "DELETE")
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(where, item, "key")
    (stored,) = desk.stored(where)
    assert (stored.extended[UNFINISHED], stored.cancelled) == (item.digest, set())
    desk.connector.finish(where, None, item, "key")
    found = desk.connector.find(where, item, "key")
    assert isinstance(found, Changed)
    assert same(found, item)
    assert stored.extended[UNFINISHED] == "-"
    assert len(desk.stored(where)) == 1


def test_r05_a_changed_series_that_broke_off_is_finished(desk: Desk) -> None:
    where = desk.calendar()
    before = weekly(overrides=(moved("20260323"),))
    ref = desk.connector.create(where, before, "key")
    after = weekly(summary="Daily", more=without("20260330"), overrides=(moved("20260413", "15", "Daily"),))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        desk.connector.update(where, ref, after, before)
    desk.connector.finish(where, ref, after, "")
    assert same(there(desk, where, ref.id), after)


def test_r05_finishing_twice_or_what_did_not_break_off_writes_nothing(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"),))
    ref = desk.connector.create(where, item, "key")
    simple = desk.connector.create(where, event(), "other")
    desk.sent.clear()
    desk.connector.finish(where, ref, item, "key")
    desk.connector.finish(where, None, item, "key")
    desk.connector.finish(where, simple, event("changed"), "other")
    desk.connector.finish(where, None, event(uid="never"), "never sent")
    desk.connector.finish(where, RemoteRef("AAkAaaaaaa=", "x"), item, "")
    assert desk.sent == []


def test_r05_a_series_that_somebody_moved_meanwhile_is_not_gone_on_with(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"),))
    broken(desk)
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(where, item, "key")
    (stored,) = desk.stored(where)
    noon = {"dateTime": "2026-03-16T12:00:00", "timeZone": "Europe/Berlin"}
    desk.ada.update(stored.id, {"start": noon, "end": noon})
    desk.sent.clear()
    desk.connector.finish(where, None, item, "key")
    assert desk.sent == []


def test_r09_an_occurrence_that_is_refused_leaves_the_others_written(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"), moved("20260413")))
    desk.graph.faults.append(Fault(400, code="ErrorOccurrenceCrossingBoundary", method="PATCH", path=OCCURRENCES))
    with pytest.raises(PartlyWritten) as told:
        desk.connector.create(where, item, "key")
    (stored,) = desk.stored(where)
    assert (sorted(stored.exceptions), stored.extended[UNFINISHED]) == (["2026-04-13"], "-")
    assert told.value.remote_id == stored.id
    assert told.value.version == there(desk, where, stored.id).ref.version
    assert "ErrorOccurrenceCrossingBoundary" in told.value.server_said


def test_an_occurrence_that_the_series_does_not_have_is_told(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"), moved("20260324")))
    with pytest.raises(PartlyWritten, match="2026-03-24"):
        desk.connector.create(where, item, "key")
    assert len(desk.stored(where)) == 1


def test_series_and_simple_events_go_in_one_call(desk: Desk) -> None:
    where = desk.calendar()
    series = weekly(overrides=(moved("20260323"),))
    writes = [
        Write(None, event("a", "a"), key="a"),
        Write(None, series, key="s"),
        Write(None, event("b", "b"), key="b"),
    ]
    broken(desk)
    first, second, third = desk.connector.write(where, writes)
    assert isinstance(first, RemoteRef)
    assert isinstance(second, OutcomeUnknown)
    assert isinstance(third, RemoteRef)
    desk.connector.finish(where, None, series, "s")
    hub = desk.hub(where)
    assert hub.titles == ["Standup", "a", "b"]


def test_what_outlook_cannot_express_is_refused_before_any_request(desk: Desk) -> None:
    where = desk.calendar()
    desk.asked()
    item = Item.read(weekly().text.replace("FREQ=WEEKLY;COUNT=5;BYDAY=MO", "FREQ=HOURLY;COUNT=5"))
    with pytest.raises(Rejected):
        desk.connector.create(where, item, "key")
    assert [type(one) for one in desk.connector.write(where, [Write(None, item, key="key")])] == [Rejected]
    with pytest.raises(Rejected):
        desk.connector.create(where, card(), "key")
    assert desk.asked() == []


def test_r08_a_series_in_another_version_is_left_alone(desk: Desk) -> None:
    where = desk.calendar()
    before = weekly(overrides=(moved("20260323"),))
    ref = desk.connector.create(where, before, "key")
    desk.ada.change_occurrence(ref.id, "2026-03-23", {"subject": "theirs"})
    with pytest.raises(VersionConflict):
        desk.connector.update(where, ref, weekly(overrides=(moved("20260323", "16"),)), before)
    assert desk.stored(where)[0].exceptions["2026-03-23"]["subject"] == "theirs"


def test_r09_a_step_at_which_the_server_fails_each_time_holds_up_nothing(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"), moved("20260413")))
    desk.graph.faults.append(
        Fault(500, code="ErrorInternalServerError", method="PATCH", path=OCCURRENCES + "2026-03-23", times=9)
    )
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(where, item, "key")
    with pytest.raises(PartlyWritten, match="fails each time at the occurrence of 2026-03-23"):
        desk.connector.finish(where, None, item, "key")
    (stored,) = desk.stored(where)
    assert (sorted(stored.exceptions), stored.extended[UNFINISHED]) == (["2026-04-13"], "-")
