"""The laws of the mapping to Google.

What is read of what was written is what `kept` says; what is kept is kept again; a patch holds what differs and nothing
else, and makes of one record the other, however Google treats the exceptions of a series.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.google_workspace.mapping_contacts import contact_patch, kept_contact, new_contact, read_contact
from connectors.google_workspace.mapping_events import event_patch, kept_event, new_event, read_event
from connectors.google_workspace.mapping_tasks import kept_task, new_task, read_task, task_patch
from sync_engine.decide import remote_as_meant
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Task
from sync_engine.recurrence import instances
from sync_engine.zones import resolve
from tests.property.google_keeps import GoogleSeries, Ways, merged, person_answered
from tests.property.google_records import HORIZON, contacts, events, tasks, with_occurrences, words

pytestmark = pytest.mark.slow

HOME = "Europe/Zurich"
_FEW = settings(max_examples=40, deadline=None)
_ways = st.builds(Ways, st.booleans(), st.booleans())


def _text_is_the_same(record: Any) -> bool:
    return bool(Item.read(Item.of(record).text).record == record)


# ---------------------------------------------------------------- contacts


@_FEW
@given(contacts())
def test_a_contact_that_was_put_is_got_as_kept_says_also_as_text(contact: Contact) -> None:
    kept = kept_contact(contact)
    got = read_contact(person_answered(new_contact(contact)), "uid-1", {})
    assert replace(got, categories=kept.categories) == kept
    assert _text_is_the_same(kept)


@_FEW
@given(contacts())
def test_what_is_kept_of_a_contact_is_kept_again_and_changes_nothing(contact: Contact) -> None:
    kept = kept_contact(contact)
    assert kept_contact(kept) == kept
    assert new_contact(kept) == new_contact(contact)
    assert contact_patch(contact, contact) == contact_patch(contact, kept) == {}


@_FEW
@given(contacts(), contacts())
def test_r20_a_contact_patch_has_changed_lists_only_and_makes_the_new_one(one: Contact, two: Contact) -> None:
    before, patch = new_contact(one), contact_patch(one, two)
    assert all(before.get(name, []) != entries for name, entries in patch.items())
    got = read_contact(person_answered({**before, **patch}), "uid-1", {})
    assert replace(got, categories=()) == replace(kept_contact(two), categories=())


@_FEW
@given(contacts(), st.sampled_from(["note", "role", "birthday"]))
def test_r20_one_changed_field_is_one_list(contact: Contact, field: str) -> None:
    change: dict[str, Any] = {field: "1999-09-09"}
    there = {"note": "biographies", "role": "occupations", "birthday": "birthdays"}[field]
    expected = {there} if getattr(contact, field) != "1999-09-09" else set()
    assert set(contact_patch(contact, replace(contact, **change))) == expected


_FIELDS = [f.name for f in fields(Contact) if f.compare and f.name not in ("uid", "kind", "params", "photo")]


@_FEW
@given(contacts(), contacts(), st.sampled_from(_FIELDS))
def test_r20_what_somebody_changes_of_a_contact_at_google_stays_changed_there(
    sent: Contact, other: Contact, name: str
) -> None:
    sent, other = _each_once(sent), _each_once(other)
    echo = kept_contact(sent)
    change: dict[str, Any] = {name: getattr(kept_contact(other), name)}
    there = kept_contact(replace(echo, **change))
    meant = remote_as_meant(there, sent, echo)
    assert isinstance(meant, Contact)
    assert contact_patch(there, meant) == {}


def _each_once(contact: Contact) -> Contact:
    """Whoever has a number twice has it once at Google, and keeps the other one when that goes.

    A label in Apple's words for home or work stays in the hub when it is taken off at Google, and comes back there.
    """
    said = {
        name: [one for one in getattr(contact, name) if not any("_$!<" in line.value for line in one.companions)]
        for name in ("emails", "phones", "urls", "chats")
    }
    once: dict[str, Any] = {
        name: tuple({one.value.removeprefix("tel:"): one for one in reversed(found)}.values())[::-1]
        for name, found in said.items()
    }
    addresses = [one for one in contact.addresses if not any("_$!<" in line.value for line in one.companions)]
    places = {(one.street, one.locality, one.country): one for one in reversed(addresses)}
    return replace(contact, addresses=tuple(places.values())[::-1], **once)


# ---------------------------------------------------------------- events


@settings(max_examples=60, deadline=None)
@given(events(), _ways)
def test_r14_r15_an_event_that_was_put_is_got_as_kept_says_also_as_text(event: Event, ways: Ways) -> None:
    kept = kept_event(event, HOME)
    got = read_event(*GoogleSeries(ways).apply(new_event(event, HOME)).answer(), "uid-1", "America/Denver")
    assert _without_organizer(got) == _without_organizer(kept)
    if event.master and event.master.attendees:
        assert got.master == kept.master
    assert _text_is_the_same(kept)


@settings(max_examples=60, deadline=None)
@given(events())
def test_what_is_kept_of_an_event_is_kept_again_and_changes_nothing(event: Event) -> None:
    kept = kept_event(event, HOME)
    assert kept_event(kept, HOME) == kept
    assert new_event(kept, HOME) == new_event(event, HOME)
    assert not event_patch(event, kept, HOME)
    assert not event_patch(event, event, HOME)


@settings(max_examples=60, deadline=None)
@given(events())
def test_r16_an_event_takes_place_at_the_same_times_at_google(event: Event) -> None:
    from zoneinfo import ZoneInfo

    assert event.master is not None
    assert event.master.start is not None
    since = resolve(event.master.start, (), ZoneInfo(HOME))
    home = ZoneInfo("UTC" if event.master.start.is_date else HOME)
    times = [
        [found[:2] for found in instances(one, since, since + HORIZON, limit=400, floating=home)]
        for one in (event, kept_event(event, HOME))
    ]
    assert times[0] == times[1]


@settings(max_examples=120, deadline=None)
@given(events(), events(), st.sampled_from(["same", "other words", "other"]), st.data(), _ways)
def test_r14_r15_r16_whatever_changes_in_a_series_the_patch_makes_it_so(
    event: Event, other: Event, change: str, data: st.DataObject, ways: Ways
) -> None:
    assert event.master is not None
    after = other
    if change != "other":
        said = data.draw(words()) if change == "other words" else {}
        bare = replace(event, master=replace(event.master, exception_dates=(), **said), overrides=())
        after = data.draw(with_occurrences(bare))
    google = GoogleSeries(ways).apply(new_event(event, HOME)).apply(event_patch(event, after, HOME))
    got = read_event(*google.answer(), "uid-1", "America/Denver")
    assert _without_organizer(got) == _without_organizer(kept_event(after, HOME))


def _without_organizer(event: Event) -> Event:
    """It is said once, where an event is made."""
    assert event.master is not None
    overrides = tuple(replace(one, organizer=None) for one in event.overrides)
    return replace(event, master=replace(event.master, organizer=None), overrides=overrides)


@_FEW
@given(events(), words(), st.data())
def test_r20_what_somebody_changes_of_an_event_at_google_stays_changed_there(
    sent: Event, said: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(said)))
    echo = kept_event(sent, HOME)
    assert echo.master is not None
    there = kept_event(replace(echo, master=replace(echo.master, **{name: said[name]})), HOME)
    meant = remote_as_meant(there, sent, echo)
    assert isinstance(meant, Event)
    assert not event_patch(there, meant, HOME)


@_FEW
@given(events(), st.sampled_from(["summary", "description", "location"]))
def test_r20_one_changed_field_of_an_event_is_one_property(event: Event, field: str) -> None:
    assert event.master is not None
    single = replace(
        event, master=replace(event.master, rules=(), recurrence_dates=(), exception_dates=()), overrides=()
    )
    assert single.master is not None
    change: dict[str, Any] = {field: "other words"}
    write = event_patch(single, replace(single, master=replace(single.master, **change)), HOME)
    assert (set(write.master), write.exceptions, write.cancelled) == ({field}, {}, ())


# ---------------------------------------------------------------- tasks


@_FEW
@given(tasks())
def test_a_task_that_was_put_is_got_as_kept_says_and_kept_again(task: Task) -> None:
    kept = kept_task(task)
    assert read_task(new_task(task), "uid-1") == kept == kept_task(kept)
    assert task_patch(task, kept) == task_patch(task, task) == {}
    assert _text_is_the_same(kept)


@_FEW
@given(tasks(), tasks())
def test_r20_a_task_patch_has_changed_properties_only_and_makes_the_new_one(one: Task, two: Task) -> None:
    patch, kept = task_patch(one, two), kept_task(two)
    got = read_task(merged(new_task(one), patch), "uid-1")
    assert got.master is not None
    assert kept.master is not None
    noted = kept.master.status == "COMPLETED" and kept.master.completed is None  # then Google has a time of its own
    assert (replace(got, master=replace(got.master, completed=None)) if noted else got) == kept
    assert not patch or any(new_task(one).get(name) != value for name, value in patch.items())
