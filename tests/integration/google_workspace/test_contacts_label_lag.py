"""Labels that no list shows yet (P5, P10): no category is lost, whoever made them and however long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync_engine.errors import Unavailable
from tests.integration.google_workspace.contacts_desk import PartsDesk, card, contact, hub, parts_desk
from tests.integration.google_workspace.test_contacts_sync import Bound, HubClock
from tests.servers.google_workspace.people_checks import group_names
from tests.servers.google_workspace.protocol import Fault
from tests.world import World

GOLF = "CATEGORIES:Golf\r\n"


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        made = Bound(desk, world, desk.contacts())
        made.bind()
        yield made


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        made.google.people.switches.label_lag = timedelta(minutes=5)
        yield made


def members(desk: PartsDesk, label: str) -> int:
    (group,) = (one.name for one in desk.book.groups.living() if one.fields["name"] == label)
    return len(desk.book.members(group))


@pytest.mark.parametrize("restarting", [False, True])
def test_r22_a_label_that_lists_show_late_loses_no_category(bound: Bound, restarting: bool) -> None:
    switches = bound.desk.google.people.switches
    switches.lag = switches.label_lag = timedelta(minutes=5)
    for n in range(4):
        bound.world.phone_put(card(f"c{n}", f"u{n}", GOLF))
        bound.minutes(1)
        if restarting:
            bound.world.sides["google"].connector = bound.desk.contacts()
        bound.minutes(1)
        assert all(bound.contact(uid).categories == ("Golf",) for uid in bound.world.hub())
    bound.minutes(12)
    bound.both_hold("c0", "c1", "c2", "c3")
    assert members(bound.desk, "Golf") == 4
    bound.quiet()


def test_a_name_that_an_unlisted_label_has_is_waited_for(desk: PartsDesk) -> None:
    desk.book.label("Golf")
    contacts = desk.contacts()
    with pytest.raises(Unavailable):
        contacts.create("contacts", card("Ada", "u", GOLF), "key")
    assert desk.book.contacts.living() == []
    desk.clock.turn(minutes=6)
    contacts.create("contacts", card("Ada", "u", GOLF), "key")
    assert members(desk, "Golf") == 1


def test_a_name_that_nobody_ever_shows_is_given_up(desk: PartsDesk) -> None:
    desk.google.people.switches.label_lag = timedelta(days=1)
    desk.book.label("Golf")
    contacts = desk.contacts()
    with pytest.raises(Unavailable):
        contacts.create("contacts", card("Ada", "u", GOLF), "key")
    desk.clock.turn(minutes=11)
    contacts.create("contacts", card("Ada", "u", GOLF), "key")
    assert members(desk, "Golf") == 0


def test_what_somebody_is_in_is_asked_for_where_no_list_shows_it(desk: PartsDesk) -> None:
    golf = desk.book.label("Golf").name
    name = desk.book.add({"names": [{"givenName": "A"}]}).name
    desk.book.put_label(name, golf)
    contacts = desk.contacts()
    known = hub(contacts)
    assert contact(next(contacts.fetch("contacts", [name]))).categories == ("Golf",)
    assert {type(one) for one in known.items.values()} == {type(card())}
    for minutes in (0, 0.5, 2, 6, 90):
        desk.clock.turn(minutes=minutes)
        desk.book.change(name, {"nicknames": [{"value": f"{minutes}"}]})
        known.pull()
        record = known.items[name].record
        assert record == contact(next(desk.contacts().fetch("contacts", [name])))
        assert getattr(record, "categories", ()) == ("Golf",)


def test_an_unlisted_label_that_goes_is_made_again(desk: PartsDesk) -> None:
    contacts = desk.contacts()
    contacts.create("contacts", card("Ada", "u", GOLF), "key")
    desk.clock.turn(minutes=2)
    (golf,) = (one.name for one in desk.book.groups.living())
    desk.book.remove_label(golf)
    ref = contacts.create("contacts", card("B", "b", GOLF), "key2")
    (again,) = (one.name for one in desk.book.groups.living())
    assert again != golf
    assert again in group_names(desk.book.contacts.get(ref.id).fields)


def test_a_change_names_a_label_that_no_list_shows_yet(desk: PartsDesk) -> None:
    name = desk.book.add({"names": [{"givenName": "A"}]}).name
    known = hub(desk.contacts())
    desk.book.put_label(name, desk.book.label("Golf").name)
    assert known.pull().changed == [name]
    assert getattr(known.items[name].record, "categories", ()) == ("Golf",)


def test_labels_that_google_does_not_know_hold_up_nobody(desk: PartsDesk) -> None:
    name = desk.book.add({"names": [{"givenName": "A"}]}).name
    known = hub(desk.contacts())
    desk.book.put_label(name, desk.book.label("Golf").name)
    desk.google.faults.append(Fault(404, "notFound", method="contactGroups.batchGet"))
    assert known.pull().changed == [name]
