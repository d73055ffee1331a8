"""Somebody takes the label of a collection of ours off a contact: in no direction it stands there twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory import Account
from sync_engine.ports import Direction, Policy
from tests.integration.google_workspace.contacts_desk import card, parts_desk
from tests.integration.google_workspace.test_contacts_sync import Bound, HubClock
from tests.servers.google_workspace.people_checks import group_names
from tests.servers.google_workspace.protocol import Fault
from tests.world import Side, World


@contextmanager
def company(tmp_path: Path, direction: Direction) -> Iterator[Bound]:
    """A label of ours with three contacts."""
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        label = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "Company"}]).name
        bound = Bound(desk, world, desk.contacts(), label)
        number = world.add_binding("google", label)
        world.sides["google"] = Side("google", Account(), label, number, Policy(direction=direction), bound.part)
        for name in "ABC":
            world.phone_put(card(name, name, "CATEGORIES:Golf\r\n"))
        bound.minutes(3)
        yield bound


def take_off(bound: Bound) -> str:
    """Contact A loses the label; its id."""
    (name,) = (one.name for one in bound.desk.book.contacts.living() if one.fields["names"][0]["givenName"] == "A")
    bound.desk.book.put_label(name, bound.collection, on=False)
    return name


@pytest.mark.parametrize(
    ("edited", "lag", "fault"),
    [(False, 0, ""), (True, 5, ""), (True, 0, "before"), (False, 5, "before"), (True, 5, "after")],
)
def test_what_only_mirrors_the_hub_gets_its_label_back(tmp_path: Path, edited: bool, lag: int, fault: str) -> None:
    with company(tmp_path, Direction.OUT) as bound:
        bound.desk.google.people.switches.lag = timedelta(minutes=lag)
        name = take_off(bound)
        if edited:
            bound.world.phone_edit("A", lambda text: text.replace("END:", "NOTE:new\r\nEND:"))
        if fault:
            broken = Fault(503, "backendError", method="updateContact$", after=fault == "after")
            bound.desk.google.faults.append(broken)
        bound.minutes(12, each=4)
        bound.both_hold("A", "B", "C")
        fields = bound.desk.book.contacts.get(name).fields
        assert bound.collection in group_names(fields)
        assert len(group_names(fields)) == 3, "My contacts, and the label that is a category"
        assert [one["value"] for one in fields.get("biographies", [])] == (["new"] if edited else [])
        bound.quiet()


def test_where_changes_go_both_ways_it_is_a_deletion(tmp_path: Path) -> None:
    with company(tmp_path, Direction.BOTH) as bound:
        name = take_off(bound)
        bound.minutes(5, each=4)
        assert bound.titles() == ["B", "C"]
        assert bound.desk.book.contacts.get(name), "it is its owner's to keep"
        bound.quiet()
