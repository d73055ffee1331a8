"""Microsoft 365: an appointment that the hub had copied to Bob, and to which Ada then invites him (SYNC.md R12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import Account
from storage import tables as t
from sync_engine.item import Item
from sync_engine.ports import Policy
from tests.integration.microsoft.microsoft365_desk import ADA, BOB, Desk, connect, desk_of_ada, event
from tests.servers.microsoft.mailbox import Item as Stored
from tests.servers.microsoft.mailbox import Mailbox
from tests.world import Side, World

LUNCH: dict[str, Any] = {
    "subject": "Lunch",
    "start": {"dateTime": "2026-03-12T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-03-12T10:00:00", "timeZone": "UTC"},
}


@dataclass
class Pair:
    """Ada's and Bob's calendars, bound to one of the hub."""

    desk: Desk
    world: World

    def box(self, name: str) -> Mailbox:
        return self.desk.exchange.mailbox({"ada": ADA, "bob": BOB}[name])

    def events(self, name: str) -> list[Stored]:
        return list(self.box(name).in_collection(self.box(name).well_known("calendar").id))

    def invite(self) -> None:
        """What Exchange does when Ada puts Bob on the list in Outlook: beside our copy there is her invitation."""
        (hers,) = self.events("ada")
        guests = [{"emailAddress": {"address": BOB, "name": "Bob"}, "type": "required"}]
        people = {"organizer": {"emailAddress": {"address": ADA, "name": "Ada"}}, "attendees": guests}
        self.box("ada").update(hers.id, {**people, "isOrganizer": True})
        calendar = self.box("bob").well_known("calendar").id
        self.box("bob").create(calendar, {**LUNCH, **people, "isOrganizer": False}, uid=hers.uid)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with desk_of_ada() as desk:
        bobs = connect(desk, secret=desk.graph.sign_in.give(BOB))
        desk.others.append(bobs)
        made = Pair(desk, World.sqlite(tmp_path))
        for name, connector in (("ada", desk.connector), ("bob", bobs)):
            where = f"calendars/{made.box(name).well_known('calendar').id}"
            number = made.world.add_binding(name, where)
            made.world.sides[name] = Side(name, Account(), where, number, Policy(), connector)
        yield made
        assert desk.exchange.outbox == [], "a sync sends no mail"


@pytest.mark.parametrize("first", ["ada", "bob"])
@pytest.mark.parametrize("made", ["in Outlook", "on a phone"])
def test_r12_the_invitation_takes_the_place_of_our_plain_copy(pair: Pair, made: str, first: str) -> None:
    if made == "in Outlook":
        pair.box("ada").create(pair.box("ada").well_known("calendar").id, LUNCH)
    else:
        pair.world.phone_put(event())
    pair.world.settle()
    (copy,) = pair.events("bob")
    pair.invite()
    assert len(pair.events("bob")) == 2
    pair.desk.sent.clear()
    pair.world.cycle(first)
    pair.world.settle()
    (left,) = pair.events("bob")
    assert (left.fields["isOrganizer"], left.id == copy.id) == (False, False)
    assert [(method, path.endswith(copy.id)) for method, path, _ in pair.desk.sent] == [("DELETE", True)]
    assert [item.text.count("SUMMARY:Lunch") for item in pair.world.hub().values()] == [1]
    assert {row.role for row in pair.world.rows(t.links)} == {"organizer", "guest"}
    assert pair.world.rows(t.quarantine) == pair.world.rows(t.conflicts) == []


def test_r08_r12_a_copy_that_bob_has_changed_is_taken_over_before_it_goes(pair: Pair) -> None:
    pair.world.phone_put(event())
    pair.world.settle()
    (copy,) = pair.events("bob")
    pair.box("bob").update(copy.id, {"location": {"displayName": "Where Bob eats"}})
    pair.world.settle()
    pair.invite()
    pair.world.settle()
    (left,) = pair.events("bob")
    assert left.fields["isOrganizer"] is False
    (item,) = pair.world.hub().values()
    assert isinstance(item, Item)
    assert "Where Bob eats" in item.text
