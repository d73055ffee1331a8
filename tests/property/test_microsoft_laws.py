"""The laws of the mapping to Microsoft's world.

Put-then-get returns what the system can carry; get-then-put changes nothing; a patch holds the changed fields only.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bodies import html_of, text_of
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.zone_names import windows_name, zone_name
from connectors.microsoft365.extended import EXTENDED
from connectors.microsoft365.mapping_contacts import contact_patch, new_contact, read_contact
from connectors.microsoft365.mapping_recurrence import get_recurrence, put_recurrence
from connectors.microsoft365.mapping_series import event_patch, new_event, read_event
from connectors.microsoft365.mapping_tasks import new_task, read_task, task_patch
from sync_engine.item import Item
from sync_engine.model import Contact, Event, EventDetails, Moment, Task
from sync_engine.recurrence import instances
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zones import local_time, resolve
from tests.property.microsoft_records import contacts, events, recurrences, starts, tasks
from tests.property.outlook_calendar import HORIZON, GraphSeries, graph_keeps, outlook_days
from tests.property.series_drawn import reworded, with_occurrences

pytestmark = pytest.mark.slow

_FEW = settings(max_examples=60, deadline=None)


# ---------------------------------------------------------------- contacts


@_FEW
@given(contacts())
def test_a_contact_put_and_got_is_the_same_also_as_text(contact: Contact) -> None:
    got = read_contact(new_contact(contact), "")
    assert got == contact
    assert Item.read(Item.of(got).text).record == got


@_FEW
@given(contacts())
def test_a_contact_got_and_put_changes_nothing(contact: Contact) -> None:
    document = new_contact(contact)
    read = read_contact(document, "")
    assert new_contact(read) == document
    assert contact_patch(contact, read) == {}


@_FEW
@given(contacts(), contacts())
def test_r20_a_contact_patch_has_changed_properties_only_and_makes_the_new_one(one: Contact, two: Contact) -> None:
    before, patch = new_contact(one), contact_patch(one, two)
    for name, value in patch.items():
        if name != EXTENDED:
            assert before.get(name) != value
    assert read_contact(_patched(before, patch), "") == two


def _patched(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """As Graph does it: property by property, extended ones by their id."""
    extended = {one["id"]: one for one in (*document.get(EXTENDED, ()), *patch.get(EXTENDED, ()))}
    return {**document, **patch, EXTENDED: list(extended.values())}


@_FEW
@given(contacts(), st.sampled_from(["note", "title", "birthday"]))
def test_r20_one_changed_field_is_one_property(contact: Contact, field: str) -> None:
    change: dict[str, Any] = {field: "1999-09-09"}
    changed = replace(contact, **change)
    there = {"note": "personalNotes", "title": "jobTitle", "birthday": "birthday"}[field]
    expected = {there} if getattr(contact, field) != "1999-09-09" else set()
    assert set(contact_patch(contact, changed)) == expected


# ---------------------------------------------------------------- recurrences


@settings(max_examples=250, deadline=None)
@given(starts.flatmap(lambda at: st.tuples(st.just(at), recurrences(at.date()))))
def test_r16_a_pattern_and_its_rule_take_place_on_the_same_days_for_two_years(drawn: Any) -> None:
    at, recurrence = drawn
    first = Moment(f"{at:%Y%m%dT%H%M%S}", "Europe/Berlin")
    rule = rule_of(recurrence, first)
    event = Event("u", EventDetails(start=first, rules=(rule,)))
    begin = resolve(first, ())
    found = list(instances(event, begin, begin + HORIZON, limit=5000))
    local = [local_time(first) + (day - at.date()) for day in outlook_days(recurrence)]
    expected = [resolve(Moment(f"{time:%Y%m%dT%H%M%S}", first.zone), ()) for time in local]
    assert [one[0] for one in found if one[0] < begin + HORIZON - timedelta(days=1)] == [
        one for one in expected if one < begin + HORIZON - timedelta(days=1)
    ]


@settings(max_examples=250, deadline=None)
@given(starts.flatmap(lambda at: st.tuples(st.just(at), recurrences(at.date()))), st.booleans())
def test_a_pattern_made_a_rule_and_read_again_says_the_same(drawn: Any, all_day: bool) -> None:
    at, recurrence = drawn
    first = Moment(f"{at:%Y%m%d}") if all_day else Moment(f"{at:%Y%m%dT%H%M%S}", "America/New_York")
    rule = rule_of(recurrence, first)
    again = recurrence_of(EventDetails(start=first, rules=(rule,)), first, ())
    assert again is not None
    assert outlook_days(again) == outlook_days(recurrence)
    assert rule_of(again, first) == rule
    assert get_recurrence(put_recurrence(recurrence, "UTC")) == recurrence


# ---------------------------------------------------------------- events


@_FEW
@given(events())
def test_an_event_put_and_got_is_the_same_also_as_text(event: Event) -> None:
    got = read_event(*graph_keeps(new_event(event, "UTC"), event.uid))
    assert got == event
    assert Item.read(Item.of(got).text).record == got


@_FEW
@given(events(), st.data())
def test_r14_r15_cancelled_and_changed_occurrences_come_back(event: Event, data: st.DataObject) -> None:
    series = data.draw(with_occurrences(event))
    got = read_event(*graph_keeps(new_event(series, "UTC"), series.uid))
    assert got == series
    assert not event_patch(series, got, "UTC")
    since = resolve(series.master.start, ()) if series.master and series.master.start else datetime.now(UTC)
    until = since + HORIZON
    times = [list(instances(one, since, until, limit=5000)) for one in (series, got)]
    assert times[0] == times[1]


@settings(max_examples=200, deadline=None)
@given(events(), events(), st.sampled_from(["same", "other words", "other"]), st.data())
def test_r14_r15_r16_whatever_changes_in_a_series_the_patch_makes_it_so(
    event: Event, other: Event, change: str, data: st.DataObject
) -> None:
    before = data.draw(with_occurrences(event))
    changed = {"same": event, "other words": reworded(event, other), "other": other}[change]
    after = data.draw(with_occurrences(changed))
    graph = GraphSeries(event.uid).apply(new_event(before, "UTC"))
    assert read_event(*graph.apply(event_patch(before, after, "UTC")).answer()) == after


@_FEW
@given(events())
def test_an_event_got_and_put_changes_nothing(event: Event) -> None:
    kept = graph_keeps(new_event(event, "UTC"), event.uid)
    read = read_event(*kept)
    assert not event_patch(event, read, "UTC")
    assert graph_keeps(new_event(read, "UTC"), event.uid) == kept


@_FEW
@given(events(), st.sampled_from(["summary", "description", "location"]))
def test_r20_one_changed_field_of_an_event_is_one_property(event: Event, field: str) -> None:
    assert event.master is not None
    change: dict[str, Any] = {field: "other words"}
    changed = replace(event, master=replace(event.master, **change))
    write = event_patch(event, changed, "UTC")
    there = {"summary": "subject", "description": "body", "location": "location"}[field]
    assert (set(write.master), write.occurrences, write.cancelled) == ({there}, {}, ())


@_FEW
@given(events())
def test_r10_nobody_is_ever_written_into_an_event(event: Event) -> None:
    from sync_engine.model import CalendarUser

    assert event.master is not None
    invited = replace(event.master, attendees=(CalendarUser("mailto:b@x"),), organizer=CalendarUser("mailto:a@x"))
    write = new_event(replace(event, master=invited), "UTC")
    assert not {"attendees", "organizer"} & set(write.master)
    assert not event_patch(event, replace(event, master=invited), "UTC")


# ---------------------------------------------------------------- tasks


@_FEW
@given(tasks())
def test_a_task_put_and_got_is_the_same_also_as_text(task: Task) -> None:
    got = read_task(new_task(task), "")
    assert got == task
    assert Item.read(Item.of(got).text).record == got
    assert new_task(got) == new_task(task)


@_FEW
@given(tasks(), tasks())
def test_r20_a_task_patch_has_changed_properties_only_and_makes_the_new_one(one: Task, two: Task) -> None:
    before, patch = new_task(one), task_patch(one, two)
    assert all(before.get(name) != value for name, value in patch.items())
    assert read_task({**before, **patch}, "") == two


# ---------------------------------------------------------------- words


@settings(max_examples=300, deadline=None)
@given(st.text("a <&>\n\t\xa0'é\"", max_size=30))
def test_a_text_as_html_and_back_is_the_same(text: str) -> None:
    assert text_of(html_of(text)).replace("\xa0", " ") == text.rstrip("\n").replace("\xa0", " ")


def test_r19_every_windows_zone_and_its_iana_zone_are_each_other() -> None:
    for windows in WINDOWS_ZONES:
        assert windows_name(zone_name(windows), ()) == windows
        assert windows_name(windows, ()) == windows
