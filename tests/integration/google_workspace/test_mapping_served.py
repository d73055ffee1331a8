"""What the mapping promises, through the real library and the test server: `kept` is what is read afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_engine.item import Item
from sync_engine.model import CalendarUser, Contact, Event
from sync_engine.ports import Changed
from tests.integration.google_workspace.contacts_desk import OnePart, parts_desk
from tests.integration.google_workspace.events_desk import ADA, events_desk
from tests.property.google_records import contacts, events, with_occurrences, words

_SOME = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = count(1)


class Connected:
    """A connector to a server of its own; without the fields of both, which are too many to be printed."""

    def __init__(self, connector: OnePart, where: str) -> None:
        self.connector = connector
        self.where = where


@pytest.fixture
def calendars() -> Iterator[Connected]:
    with events_desk() as desk:
        yield Connected(desk.connector(), f"calendars/{ADA}")


@pytest.fixture
def people() -> Iterator[Connected]:
    with parts_desk() as desk:
        yield Connected(desk.contacts(), "contacts")


def _hers(event: Event) -> Event:
    """A meeting that Ada organises."""
    ada = CalendarUser(f"mailto:{ADA}")

    def of(details: Any) -> Any:
        return replace(details, organizer=ada if details.attendees else None)

    return replace(
        event, uid=f"uid-{next(_numbers)}", master=of(event.master), overrides=tuple(map(of, event.overrides))
    )


def _read(connector: Any, where: str, remote_id: str) -> Any:
    (found,) = connector.fetch(where, [remote_id])
    assert isinstance(found, Changed), found
    return found


@_SOME
@given(events(), events(), st.sampled_from(["same", "other words", "other"]), st.data())
def test_r14_r15_r16_events_are_as_kept_says_after_each_write(
    calendars: Connected, event: Event, other: Event, change: str, data: st.DataObject
) -> None:
    before = _hers(event)
    assert before.master is not None
    after = _hers(other)
    if change != "other":
        said = data.draw(words()) if change == "other words" else {}
        bare = replace(before, master=replace(before.master, exception_dates=(), **said), overrides=())
        after = _hers(data.draw(with_occurrences(bare)))
    after = replace(after, uid=before.uid)
    connector, where = calendars.connector, calendars.where
    ref = connector.create(where, Item.of(before), f"key-{before.uid}")
    found = _read(connector, where, ref.id)
    assert found.item.record == connector.kept(before)
    connector.update(where, found.ref, Item.of(after), found.item)
    assert _read(connector, where, ref.id).item.record == connector.kept(after)


@_SOME
@given(contacts(), contacts())
def test_r20_contacts_are_as_kept_says_after_each_write(people: Connected, before: Contact, after: Contact) -> None:
    connector, where = people.connector, people.where
    one, two = (replace(contact, uid=f"uid-{next(_numbers)}") for contact in (before, after))
    ref = connector.create(where, Item.of(one), f"key-{one.uid}")
    found = _read(connector, where, ref.id)
    assert replace(found.item.record, uid=one.uid) == connector.kept(one)
    connector.update(where, found.ref, Item.of(two), found.item)
    again = _read(connector, where, ref.id)
    assert replace(again.item.record, uid=two.uid) == connector.kept(two)
