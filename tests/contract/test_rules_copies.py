"""Copies that people make of what we made, and mailboxes that are linked anew: R11, R33, R37 of the rules of sync."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from storage import tables as t
from tests.contract.mailboxes import (
    Backwards,
    Office,
    changed,
    details,
    hub_to_mailbox,
    plain,
    rehearsed,
    texts,
)


def _copy(office: Office, name: str, /, **fields: Any) -> str:
    """The owner copies an item, and changes the copy; gives its id."""
    side = office[name]
    made = side.account.copy(side.collection, office.id_of(name, "Lunch"))
    if fields:
        side.account.put(side.collection, made, changed(office.held(name)[made], **fields))
    return made


# ---------------------------------------------------------------- R37


@pytest.mark.parametrize("page_size", [1, 100])
@pytest.mark.parametrize("fields", [{}, {"summary": "Dinner"}], ids=["as it was", "changed"])
def test_r37_a_persons_copy_is_a_new_item_and_the_originals_link_does_not_move(
    tmp_path: Path, page_size: int, fields: dict[str, Any]
) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    office["ada"].account.unkind.page_size = page_size
    original = office.id_of("ada", "Lunch")
    links = {row.remote_id: row.item_id for row in office.world.rows(t.links)}
    made = _copy(office, "ada", **fields)
    office.world.settle()
    copied = office.held("ada")[made].uid
    assert set(office.world.hub()) == {"U", copied} == set(office.world.sides["dav"].items())
    assert {row.remote_id: row.item_id for row in office.world.rows(t.links)}.items() >= links.items()
    side = office["ada"]
    side.account.put(side.collection, made, changed(office.held("ada")[made], location="Room 9"))
    office.world.phone_edit("U", lambda text: text.replace("Room 1", "Room 2"))
    office.world.settle()
    assert details(office.held("ada")[original]).location == "Room 2"
    assert "Room 9" in office.world.hub()[copied].text
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


@pytest.mark.parametrize("page_size", [1, 100])
def test_r37_of_a_copy_and_its_deleted_original_the_copy_stays(tmp_path: Path, page_size: int) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    office["ada"].account.unkind.page_size = page_size
    made = _copy(office, "ada", summary="Dinner")
    office.remove("ada", "Lunch")
    office.world.settle()
    assert office.titles() == ["Dinner"]
    assert set(office.world.hub()) == {office.held("ada")[made].uid} == set(office["dav"].items())
    assert len(office.held("ada")) == 1


@pytest.mark.parametrize("page_size", [1, 100])
def test_r37_what_moved_to_another_place_is_the_same_item(tmp_path: Path, page_size: int) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    side = office["ada"]
    side.account.unkind.page_size = page_size
    old = office.id_of("ada", "Lunch")
    item = office.held("ada")[old]
    side.account.remove(side.collection, old)
    side.account.put(side.collection, "/work/elsewhere", changed(item, location="Room 7"), known_as="U")
    office.world.settle()
    assert set(office.world.hub()) == {"U"} == set(office["dav"].items())
    assert "Room 7" in office["dav"].texts()["U"]


@pytest.mark.parametrize("connector", [MemoryConnector, Backwards])
@pytest.mark.parametrize("page_size", [1, 100])
@pytest.mark.parametrize("fields", [{}, {"summary": "Dinner"}, {"location": "Room 9"}], ids=["same", "other", "moved"])
def test_r11_r37_linked_anew_originals_and_copies_stay_what_they_are(
    tmp_path: Path, connector: type[MemoryConnector], page_size: int, fields: dict[str, Any]
) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    _copy(office, "ada", **fields)
    office.world.settle()
    hub, there = texts(office.world.hub()), texts(office.held("ada"))
    account = office["ada"].account
    account.unkind.page_size = page_size
    office.world.unbind("ada")
    office.open("ada", account).connector = connector(account)
    assert office.world.cycle("ada").linked == 2
    assert office.world.settle() == 0
    assert texts(office.world.hub()) == hub
    assert texts(office.held("ada")) == there


def test_r11_r37_what_got_another_title_while_it_was_not_linked_is_the_same_item(tmp_path: Path) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    account = office["ada"].account
    office.world.unbind("ada")
    account.put("/work/", next(iter(account.items("/work/"))), changed(plain("x", "Dinner"), start=None, end=None))
    office.open("ada", account)
    office.world.settle()
    assert len(office.held("ada")) == len(office.world.hub()) == 1
    assert "Dinner" in str([row.fields for row in office.world.rows(t.conflicts)])


@pytest.mark.parametrize("first", ["ada", "dav"])
@pytest.mark.parametrize("connector", [MemoryConnector, Backwards])
@pytest.mark.parametrize("fields", [{}, {"summary": "Dinner"}], ids=["same", "other"])
def test_r11_r37_a_lost_hub_is_filled_again_without_copies(
    tmp_path: Path, first: str, connector: type[MemoryConnector], fields: dict[str, Any]
) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    office.world.phone_put(plain("V", "Walk"))
    office.world.settle()
    _copy(office, "ada", **fields)
    office.world.settle()
    accounts = {name: office[name].account for name in ("ada", "dav")}
    uids = set(office["dav"].items())
    _lose_the_hub(office)
    for name in sorted(accounts, key=lambda n: n != first):
        if name == "ada":
            office.open(name, accounts[name]).connector = connector(accounts[name])
        else:
            office.world.bind(name, account=accounts[name])
    office.world.settle()
    assert len(office.world.hub()) == len(office.held("ada")) == len(uids) == 3
    assert set(office["dav"].items()) == uids
    assert "V" in office.world.hub()
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


def _lose_the_hub(office: Office) -> None:
    for name in list(office.world.sides):
        office.world.unbind(name)
    with office.world.database.begin() as unit:
        tables = ("contact_emails", "contact_phones", "contact_addresses", "contacts", "attendees", "events", "tasks")
        for name in (*tables, "revisions", "items"):
            if name in t.metadata.tables:
                unit.session.connection.execute(t.metadata.tables[name].delete())


def test_r37_a_copy_of_what_the_hub_has_deleted_is_new_and_brings_nothing_back(tmp_path: Path) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    side = office["ada"]
    item = office.copy("ada", "Lunch")
    office.world.phone_remove("U")
    office.world.settle()
    assert office.held("ada") == {}
    side.account.make(side.collection, item, known_as="U")
    office.world.settle()
    (uid,) = office.world.hub()
    assert uid != "U"


def test_r33_r37_a_rehearsal_of_a_copy_makes_one_item(tmp_path: Path) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    _copy(office, "ada", summary="Dinner")
    assert rehearsed(office, "ada") == [("hub", "create", "Dinner")]
    account = office["ada"].account
    office.world.unbind("ada")
    office.open("ada", account)
    assert sorted(rehearsed(office, "ada")) == [("hub", "create", "Dinner"), ("hub", "link", "Lunch")]
