"""The laws of the mapping to Exchange, through exchangelib's own XML.

Put-then-get returns what the system can carry; get-then-put changes nothing; a patch holds the changed fields only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exchangelib import CalendarItem, HTMLBody
from exchangelib import Contact as EwsContact
from exchangelib import Task as EwsTask
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bodies import html_of
from connectors.exchange.mapping_contacts import contact_patch, new_contact, read_contact
from connectors.exchange.mapping_series import event_patch, new_event, read_event
from connectors.exchange.mapping_tasks import new_task, read_task, task_patch
from connectors.exchange.mapping_updates import Shown
from sync_engine.item import Item
from sync_engine.model import Contact, Event, EventDetails, Task
from sync_engine.recurrence import instances
from sync_engine.zones import resolve
from tests.property.exchange_keeps import ExchangeSeries, answered, kept
from tests.property.microsoft_records import contacts, events, tasks
from tests.property.outlook_calendar import HORIZON
from tests.property.series_drawn import reworded, with_occurrences

HOME = "Europe/Zurich"
_FEW = settings(max_examples=40, deadline=None)


# ---------------------------------------------------------------- contacts


@_FEW
@given(contacts())
def test_a_contact_put_and_got_is_the_same_also_as_text(contact: Contact) -> None:
    item = answered(EwsContact(**new_contact(contact)))
    got = read_contact(item, "")
    assert got == contact
    assert Item.read(Item.of(got).text).record == got
    assert new_contact(got) == new_contact(contact)
    assert contact_patch(contact, got) == {}


@_FEW
@given(contacts(), contacts())
def test_r20_a_contact_patch_has_changed_properties_only_and_makes_the_new_one(one: Contact, two: Contact) -> None:
    before = Shown(EwsContact(**new_contact(one)))
    there = {name: before[name] for name in contact_patch(Contact("u"), one)} | {"display_name": one.full_name}
    patch = contact_patch(one, two)
    numbered = ("email_addresses", "phone_numbers", "im_addresses")  # all places of a kind are said together
    assert all(before.get(name) != value for name, value in patch.items() if not name.startswith(("body", *numbered)))
    assert replace(read_contact(kept(EwsContact, there | patch), ""), uid=two.uid) == two


@_FEW
@given(contacts(), st.sampled_from(["note", "title", "birthday"]))
def test_r20_one_changed_field_is_one_property(contact: Contact, field: str) -> None:
    change: dict[str, Any] = {field: "1999-09-09"}
    there = {"note": "body", "title": "job_title", "birthday": "birthday"}[field]
    expected = {there} if getattr(contact, field) != "1999-09-09" else set()
    assert set(contact_patch(contact, replace(contact, **change))) == expected


# ---------------------------------------------------------------- events


@_FEW
@given(events(), st.data())
def test_r14_r15_an_event_put_and_got_takes_place_at_the_same_times(event: Event, data: st.DataObject) -> None:
    series = data.draw(with_occurrences(event))
    got = read_event(*ExchangeSeries().apply(new_event(series, HOME)).answer())
    assert _with_rules_of(series, got) == series
    assert Item.read(Item.of(got).text).record == got
    assert not event_patch(series, got, HOME).master.keys() - {"recurrence"}
    assert _times(got) == _times(series)


def _with_rules_of(series: Event, got: Event) -> Event:
    """Every second year is every 24 months in Exchange: the same days, by another rule."""
    assert got.master is not None
    assert series.master is not None
    return replace(got, master=replace(got.master, rules=series.master.rules))


def _times(event: Event) -> list[Any]:
    assert event.master is not None
    assert event.master.start is not None
    since = resolve(event.master.start, ())
    return [one[:2] for one in instances(event, since, since + HORIZON, limit=400)]


@_FEW
@given(events(), events(), st.sampled_from(["same", "other words", "other"]), st.data())
def test_r14_r15_r16_whatever_changes_in_a_series_the_patch_makes_it_so(
    event: Event, other: Event, change: str, data: st.DataObject
) -> None:
    before = data.draw(with_occurrences(event))
    changed = {"same": event, "other words": reworded(event, other), "other": other}[change]
    after = data.draw(with_occurrences(changed))
    series = ExchangeSeries().apply(new_event(before, HOME)).apply(event_patch(before, after, HOME))
    assert read_event(*series.answer()) == read_event(*ExchangeSeries().apply(new_event(after, HOME)).answer())


@_FEW
@given(events(), st.data())
def test_an_event_got_and_put_changes_nothing(event: Event, data: st.DataObject) -> None:
    read = read_event(*ExchangeSeries().apply(new_event(data.draw(with_occurrences(event)), HOME)).answer())
    assert not event_patch(read, read, HOME)
    assert read_event(*ExchangeSeries().apply(new_event(read, HOME)).answer()) == read


@_FEW
@given(events(), st.sampled_from(["summary", "description", "location"]))
def test_r20_one_changed_field_of_an_event_is_one_property(event: Event, field: str) -> None:
    assert event.master is not None
    change: dict[str, Any] = {field: "other words"}
    write = event_patch(event, replace(event, master=replace(event.master, **change)), HOME)
    there = {"summary": "subject", "description": "body", "location": "location"}[field]
    assert (set(write.master), write.occurrences, write.cancelled) == ({there}, {}, ())


@_FEW
@given(st.text("ab <&>\n'é\"", max_size=20))
def test_a_description_comes_back_also_when_exchange_makes_html_of_it(text: str) -> None:
    event = Event("u", EventDetails(start=None, description=text.strip()))
    item = CalendarItem(body=HTMLBody(html_of(text.strip())))
    assert Shown(item)["body"].startswith("<html>")
    from connectors.exchange.mapping_texts import body_row

    assert event.master is not None
    assert body_row("description").get(Shown(item)) == {"description": event.master.description}


# ---------------------------------------------------------------- tasks


@_FEW
@given(tasks())
def test_a_task_put_and_got_is_the_same_also_as_text(drawn: Task) -> None:
    task = _without_time_of_completion(drawn)
    got = read_task(answered(EwsTask(**new_task(task))), "")
    assert _with_rules(got, task) == task
    assert Item.read(Item.of(got).text).record == got
    assert not task_patch(task, got).keys() - {"recurrence"}


@_FEW
@given(tasks(), tasks())
def test_r20_a_task_patch_has_changed_properties_only_and_makes_the_new_one(one: Task, two: Task) -> None:
    one, two = _without_time_of_completion(one), _without_time_of_completion(two)
    patched = kept(EwsTask, {**new_task(one), **task_patch(one, two)})
    assert read_task(patched, "") == read_task(kept(EwsTask, new_task(two)), "")


def _without_time_of_completion(task: Task) -> Task:
    """Exchange says itself when a task was done."""
    assert task.master is not None
    return replace(task, master=replace(task.master, completed=None))


def _with_rules(got: Task, task: Task) -> Task:
    assert got.master is not None
    assert task.master is not None
    return replace(got, master=replace(got.master, rules=task.master.rules))
