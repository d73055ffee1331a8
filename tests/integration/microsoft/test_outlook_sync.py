"""The engine with a connector to Outlook: a hub, a phone and Outlook hold the same, and then it is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_engine.errors import OutcomeUnknown
from sync_engine.item import Item
from sync_engine.model import Contact, Kind
from tests.contract.connector_contract import task
from tests.integration.microsoft import one_system
from tests.integration.microsoft.microsoft365_desk import card, event, moved, weekly, without
from tests.integration.microsoft.one_system import MUCH, Office, bound, many_steps, simple

MOODS = [one_system.exchange, one_system.exchange_sparse, one_system.microsoft365, one_system.microsoft365_unbounded]


@pytest.fixture(params=[one_system.exchange, one_system.microsoft365], ids=["exchange", "microsoft365"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    with request.param() as made:
        yield made


@pytest.fixture(params=MOODS, ids=[one.__name__ for one in MOODS])
def any_office(request: pytest.FixtureRequest) -> Iterator[Office]:
    with request.param() as made:
        yield made


def test_r21_what_the_hub_has_arrives_whole_and_then_it_is_quiet(any_office: Office, tmp_path: Path) -> None:
    series = weekly("s", more=without("20260330"), overrides=(moved("20260323"),))
    milk = Item.read(task("Milk", "t").text.replace("SUMMARY", "LOCATION:shop\r\nSUMMARY"))
    everything = {
        Kind.CONTACT: [card("Ada", "a", MUCH), card("Bob", "b")],
        Kind.EVENT: [series, event("Lunch", "e", LOCATION="here")],
        Kind.TASK: [milk],
    }
    for kind, items in everything.items():
        office = bound(any_office, kind, tmp_path)
        for item in items:
            office.world.phone_put(item)
        before = {uid: item.text for uid, item in office.world.hub().items()}
        office.quiet()
        now = {uid: item.text for uid, item in office.world.hub().items()}
        assert now == before, "what Outlook has no place for stays in the hub"
        assert len(office.stored()) == len(items)


def test_r07_both_sides_edit_and_both_edits_stay(office: Office, tmp_path: Path) -> None:
    people = bound(office, Kind.CONTACT, tmp_path)
    people.world.phone_put(card("Ada", "a", MUCH))
    people.quiet()
    people.outlook.remark("Ada", "Countess")
    people.world.phone_edit("a", lambda text: text.replace("+41 79 000 00 00", "+41 79 111 11 11"))
    people.quiet()
    record = people.world.hub()["a"].record
    assert isinstance(record, Contact)
    assert (record.title, len(record.emails), len(record.phones), len(record.extra)) == ("Countess", 4, 1, 1)
    assert record.photo is not None
    (stored,) = people.stored()
    assert "+41 79 111 11 11" in str(stored.fields)
    assert office.has_photo(stored)


def test_r03_deletions_go_both_ways_and_nothing_else_does(office: Office, tmp_path: Path) -> None:
    agenda = bound(office, Kind.EVENT, tmp_path)
    for n in range(6):
        agenda.world.phone_put(event(f"e{n}", f"u{n}"))
    agenda.quiet()
    agenda.world.phone_remove("u0")
    agenda.outlook.remove("e1")
    agenda.quiet()
    agenda.both_hold("e2", "e3", "e4", "e5")


def test_r37_a_copy_in_outlook_is_a_new_item(office: Office, tmp_path: Path) -> None:
    people = bound(office, Kind.CONTACT, tmp_path)
    people.world.phone_put(card("Ada", "a"))
    people.quiet()
    (stored,) = people.stored()
    copied = {**stored.fields, **people.outlook.titled("Ada's copy")}
    office.desk.ada.create(stored.collection, copied, extended=stored.extended)
    people.quiet()
    people.both_hold("Ada", "Ada's copy")


@pytest.mark.parametrize("kind", list(Kind))
def test_r11_a_lost_link_table_doubles_nothing(office: Office, tmp_path: Path, kind: Kind) -> None:
    things = bound(office, kind, tmp_path)
    for n in range(4):
        things.world.phone_put(simple(kind, f"c{n}", f"u{n}"))
    things.quiet()
    things.world.unbind("outlook")
    things.bind()
    things.quiet()
    things.both_hold("c0", "c1", "c2", "c3")


@pytest.mark.parametrize(("kind", "writes"), [(Kind.CONTACT, 5), (Kind.EVENT, 7), (Kind.TASK, 3)])
def test_r05_r06_any_answer_may_get_lost(office: Office, tmp_path: Path, kind: Kind, writes: int) -> None:
    """New, changed and deleted items, of one request and of several; the n-th write's answer is lost, for each n."""
    things = bound(office, kind, tmp_path)
    for n in range(1, writes + 1):
        things.world.phone_put(many_steps(kind, f"series {n}", f"s{n}"))
        things.world.phone_put(simple(kind, f"single {n}", f"u{n}"))
        if n > 1:
            things.world.phone_put(simple(kind, f"changed {n - 1}", f"u{n - 1}"))
        if n > 2:
            things.world.phone_remove(f"u{n - 2}")
        office.desk.listening.lose = n
        for _ in range(3):
            try:
                things.world.cycle("outlook")
            except OutcomeUnknown:
                continue
        office.desk.listening.lose = 0
        things.quiet()
        kept = [f"changed {n - 1}"] if n > 1 else []
        things.both_hold(*(f"series {i}" for i in range(1, n + 1)), *kept, f"single {n}")
    marks = [value for one in things.stored() for name, value in one.extended.items() if "Unfinished" in name]
    assert set(marks) <= {"-"}, "a write was left in its middle"
