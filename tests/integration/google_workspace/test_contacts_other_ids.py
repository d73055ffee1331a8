"""A contact that gets another id at Google, by being linked with a profile, stays the same contact everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.google_workspace.contact_person import KEY
from storage import tables as t
from sync_engine.ports import Changed, Removed
from tests.integration.google_workspace.contacts_desk import card, parts_desk
from tests.integration.google_workspace.test_contacts_sync import Bound, HubClock
from tests.servers.google_workspace.people_history import State
from tests.world import World

PROFILE = {"names": [{"givenName": "Countess"}]}


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        made = Bound(desk, world, desk.contacts())
        made.bind()
        for name in ("Ada", "Bob"):
            world.phone_put(card(name, name.lower()))
        made.quiet()
        yield made


def linked(bound: Bound) -> State:
    """Ada, by her new id."""
    (ada,) = (one for one in bound.desk.book.contacts.living() if one.fields["names"][0]["givenName"] == "Ada")
    return bound.desk.book.link(ada.name, PROFILE)


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("days", [0, 8])
@pytest.mark.parametrize("lag", [0, 5])
def test_r36_a_contact_with_another_id_is_the_same_whichever_list_tells_it(
    bound: Bound, days: int, edited: bool, lag: int
) -> None:
    bound.desk.google.people.switches.lag = timedelta(minutes=lag)
    ada = linked(bound)
    if edited:
        bound.world.phone_edit("ada", lambda text: text.replace("END:", "NOTE:from the phone\r\nEND:"))
    bound.desk.clock.turn(days=days)
    bound.minutes(12, each=2)
    bound.both_hold("Ada", "Bob")
    assert bound.contact("ada").note == ("from the phone" if edited else "")
    assert bound.world.rows(t.quarantine) == []
    assert ada.name in [link.remote_id for link in bound.world.rows(t.links)]
    bound.desk.book.change(ada.name, {"nicknames": [{"value": "Lady"}]})
    bound.minutes(4, each=3)
    assert bound.contact("ada").nicknames == ("Lady",)
    bound.quiet()


def test_an_old_id_is_nobodys_once_the_hub_has_heard_of_the_new_one(bound: Bound) -> None:
    ada = linked(bound)
    (before,) = bound.part.fetch("contacts", [ada.formerly[0]])
    assert isinstance(before, Changed)
    assert before.ref.id == ada.formerly[0]
    bound.cycle()
    old, new = bound.part.fetch("contacts", [ada.formerly[0], ada.name])
    assert old == Removed(ada.formerly[0])
    assert isinstance(new, Changed)


def test_r06_what_a_key_made_is_found_by_its_new_id(bound: Bound) -> None:
    made = bound.part.create("contacts", card("Eve", "eve"), "key")
    bound.desk.book.link(made.id, PROFILE)
    bound.desk.clock.turn(days=8)
    bound.cycle()
    found = bound.part.find("contacts", card("Eve", "eve"), "key")
    assert isinstance(found, Changed)
    state = bound.desk.book.contacts.get(found.ref.id)
    assert {"key": KEY, "value": "key"} in state.fields["clientData"]
