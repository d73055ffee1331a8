"""An invitation to what the hub had copied into the guest's mailbox: R12 of the rules of sync."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agendahub.held import Asked, discard_held
from agendahub.restoring import blocked
from storage import tables as t
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError
from sync_engine.ports import Direction, HubItem, LinkState, Origin, Policy
from tests.contract.mailboxes import (
    STRANGER,
    Backwards,
    Office,
    address,
    changed,
    details,
    hub_to_mailbox,
    meeting,
    plain,
    rehearsed,
    summaries,
)
from tests.faults import Crash, Fault, FaultyConnector, FaultyStore, Script
from tests.stores import only_on

pytestmark = pytest.mark.slow


def _of_ada(folder: Path, page_size: int = 100) -> Office:
    """Ada has an appointment, and Bob has a plain copy of it from the hub."""
    office = Office.new(folder, "ada", "bob")
    office.write("ada", plain("x", "Lunch"))
    office.world.settle()
    office["bob"].account.unkind.page_size = page_size
    assert office.writes() == {"bob": ["create"]}
    return office


def _deleted(office: Office) -> list[HubItem]:
    with office.world.database.read() as unit:
        return [i for i in unit.changed_items(office.world.collection_id, 0, 1000) if i.deleted]


def _all_is_well(office: Office) -> None:
    """One meeting, the invitation in Bob's mailbox; nothing is deleted but our copy, and then it is quiet."""
    assert office.titles() == ["Lunch"]
    assert summaries(office, "ada") == summaries(office, "bob") == ["Lunch"]
    assert details(office.copy("bob", "Lunch")).categories == ("of bob",)
    assert details(office.copy("bob", "Lunch")).attendees
    roles = {row.binding_id: row.role for row in office.world.rows(t.links) if row.state != LinkState.LEFT}
    assert (roles[office["ada"].binding_id], roles[office["bob"].binding_id]) == ("organizer", "guest")
    assert len(office["dav"].items()) == 1
    assert "of bob" not in office.hub("Lunch").categories
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == office.world.rows(t.intents) == []
    assert office.world.settle() == 0
    assert office.writes() == {}


@pytest.mark.parametrize("full", [False, True], ids=["changes", "listing"])
@pytest.mark.parametrize("first", ["ada", "bob"])
@pytest.mark.parametrize("made", ["by ada", "by a phone"])
def test_r12_an_invitation_takes_the_place_of_the_copy_that_the_hub_had_made(
    tmp_path: Path, made: str, first: str, full: bool
) -> None:
    office = _of_ada(tmp_path) if made == "by ada" else hub_to_mailbox(tmp_path, "ada", "bob")
    office.invite("ada", "Lunch", "bob")
    if full:
        office["bob"].account.expire_cursors(office["bob"].collection)
    office.world.cycle(first)
    office.world.settle()
    assert office.writes() == {"bob": ["delete"]}
    _all_is_well(office)
    office.edit("ada", "Lunch", location="Room 7")
    office.deliver(office.copy("ada", "Lunch"), "bob")
    office.world.settle()
    assert office.hub("Lunch").location == "Room 7"
    _all_is_well(office)


def test_r12_an_invitation_that_arrives_right_after_the_copy_was_made(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "ada", "bob")
    office.write("ada", plain("x", "Lunch"))
    office.world.cycle("ada")
    item = meeting(office.copy("ada", "Lunch"), address("ada"), [address("bob")])
    office["ada"].account.put("/work/", office.id_of("ada", "Lunch"), item)
    office.world.cycle("bob")  # makes the copy: nobody has told yet
    office.deliver(item, "bob")
    office.world.settle()
    assert office.writes() == {"bob": ["create", "delete"]}
    _all_is_well(office)


def test_r12_an_invitation_that_arrives_long_after_the_hub_heard_of_it(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    item = meeting(office.copy("ada", "Lunch"), address("ada"), [address("bob")])
    office["ada"].account.put("/work/", office.id_of("ada", "Lunch"), item)
    office.world.settle()
    assert "delete" not in office.writes().get("bob", [])
    office.deliver(item, "bob")
    office.world.settle()
    assert office.writes() == {"bob": ["delete"]}
    _all_is_well(office)


def test_r12_the_history_of_the_cycle_says_why_the_copy_goes(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    office.invite("ada", "Lunch", "bob")
    office.world.cycle("ada")
    counts = office.world.cycle("bob")
    assert counts.notes == ["'Lunch': an invitation took the place of the copy made here"]
    assert (counts.pushed_deleted, counts.pulled_deleted, counts.quarantined) == (1, 0, 0)


@pytest.mark.parametrize("direction", [Direction.OUT, Direction.BOTH])
def test_r12_where_the_hub_only_writes_its_copy_gives_way_too(tmp_path: Path, direction: Direction) -> None:
    office = _of_ada(tmp_path)
    office["bob"].policy = Policy(direction=direction)
    office.invite("ada", "Lunch", "bob")
    office.world.settle()
    assert office.writes() == {"bob": ["delete"]}
    _all_is_well(office)


def test_r12_where_the_hub_writes_nothing_both_stay_and_are_told(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    office["bob"].policy = Policy(direction=Direction.IN)
    office.invite("ada", "Lunch", "bob")
    office.world.settle()
    assert (office.writes(), len(office.held("bob"))) == ({}, 2)
    assert len(office.world.rows(t.quarantine)) == 1


def test_r12_a_strangers_invitation_takes_the_place_of_the_copy_as_well(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob", "eve")
    item = office.external("Talk", "eve")
    office.world.settle()
    assert office.writes() == {"bob": ["create"]}
    office.deliver(meeting(item, STRANGER, [address("eve"), address("bob")]), "eve", "bob")
    office.world.settle()
    assert summaries(office, "bob") == summaries(office, "eve") == office.titles() == ["Talk"]
    assert office.world.rows(t.quarantine) == []


# ---------------------------------------------------------------- what is not ours


def test_r12_what_the_guest_made_himself_is_never_deleted(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "ada", "bob")
    office.write("bob", plain("x", "Lunch"))
    office.world.settle()
    office.world.phone_edit(office.uid("Lunch"), lambda text: text.replace("Room 1", "Room 2"))  # we wrote it, too
    office.world.settle()
    office.writes()
    office.invite("ada", "Lunch", "bob")
    office.world.settle()
    assert len(office.held("bob")) == 2
    assert "bob" not in office.writes() or "delete" not in office.writes().get("bob", [])
    assert len(office.world.rows(t.quarantine)) == 1


def test_r12_what_was_only_read_is_never_deleted(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    office.write("bob", plain("x", "Lunch"))
    office.world.cycle("bob")
    (uid,) = office.world.hub()
    twin = meeting(plain(uid, "Lunch"), STRANGER, [address("bob")])
    office["bob"].account.put("/work/", "/work/invitation", twin)
    office.world.settle()
    assert office.writes() == {}
    assert len(office.held("bob")) == 2
    assert len(office.world.rows(t.quarantine)) == 1


def test_r12_r36_what_is_no_invitation_takes_no_place(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    office["bob"].account.put("/work/", "/work/imported", plain(office.uid("Lunch"), "Lunch"))
    office.world.settle()
    assert office.writes() == {}
    assert len(office.held("bob")) == 2
    assert len(office.world.rows(t.quarantine)) == 1


def test_r12_an_invitation_never_takes_the_place_of_another(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    item = office.external("Talk", "bob")
    office.world.settle()
    office.remind("bob", "Talk", 45)
    office.world.settle()
    office.world.phone_edit("external-1", lambda text: text.replace("TRIGGER:-PT45M", "TRIGGER:-PT20M"))
    office.world.settle()
    assert office.writes() == {"bob": ["update"]}
    office.again(item, "bob")
    office.world.settle()
    assert office.writes() == {}
    assert len(office.held("bob")) == 2
    assert len(office.world.rows(t.quarantine)) == 1


@only_on("sqlite")
@pytest.mark.parametrize("page_size", [1, 100])
@pytest.mark.parametrize("order", ["as told", "backwards"])
@pytest.mark.parametrize("full", [False, True], ids=["changes", "listing"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_r08_r12_what_was_written_into_the_copy_is_not_lost(
    tmp_path: Path, late: bool, full: bool, order: str, page_size: int
) -> None:
    office = _of_ada(tmp_path, page_size)
    if order == "backwards":
        office["bob"].connector = Backwards(office["bob"].account)
    ours = office.id_of("bob", "Lunch")
    edited = changed(office.held("bob")[ours], location="Where Bob wants it")
    if late:
        office.invite("ada", "Lunch", "bob")
    office["bob"].account.put("/work/", ours, edited)
    if not late:
        office.invite("ada", "Lunch", "bob")
    if full:
        office["bob"].account.expire_cursors(office["bob"].collection)
    office.world.cycle("ada")
    office.world.settle()
    there = office.held("bob").get(ours)
    assert (there is None) is ("Bob wants" in str(office.hub("Lunch").location))
    assert office.titles() == ["Lunch"]
    if there is not None:
        (entry,) = office.world.rows(t.quarantine)
        assert (entry.remote_id, "somebody has changed the copy" in entry.message) == (ours, True)
    assert office.world.rows(t.intents) == []


def _edited_too_late(folder: Path) -> tuple[Office, str]:
    """Bob changes the copy between the look at his mailbox and the deletion."""
    office = _of_ada(folder)
    ours = office.id_of("bob", "Lunch")
    office.invite("ada", "Lunch", "bob")
    office.world.cycle("ada")

    class Hasty(FaultyConnector):
        def delete(self, collection: str, ref: Any) -> None:
            self.inner.account.put("/work/", ours, changed(office.held("bob")[ours], location="Bob's"))
            super().delete(collection, ref)

    usual, office["bob"].connector = office["bob"].connector, Hasty(office["bob"].account)
    office.world.cycle("bob")
    office["bob"].connector = usual
    return office, ours


def test_r08_r12_a_copy_that_is_changed_while_it_goes_stays_and_is_told(tmp_path: Path) -> None:
    office, ours = _edited_too_late(tmp_path)
    office.world.settle()
    for word in ("more", "much more"):
        (entry,) = office.world.rows(t.quarantine)
        assert (entry.remote_id, "somebody has changed the copy" in entry.message) == (ours, True)
        assert office.titles() == ["Lunch"]
        assert details(office.held("bob")[ours]).location == "Bob's"
        assert LinkState.LEFT in [row.state for row in office.world.rows(t.links) if row.remote_id == ours]
        assert office.writes() == {}
        office["bob"].account.put("/work/", ours, changed(office.held("bob")[ours], description=word))
        office.world.settle()
    office["bob"].account.remove("/work/", ours)
    office.world.settle()
    _all_is_well(office)


# ---------------------------------------------------------------- the brake, undo, a rehearsal, crashes


def test_r02_r12_the_brake_holds_many_copies_and_a_refusal_leaves_them_there(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    ours = office.id_of("bob", "Lunch")
    office["bob"].policy = Policy(brake_count=0, brake_percent=0)
    office.invite("ada", "Lunch", "bob")
    office.world.cycle("ada")
    assert office.world.cycle("bob").held == 1
    assert office.writes() == {}
    with office.world.database.begin() as unit:
        assert discard_held(unit, Asked("bob"), Origin("admin"), office.world.clock()) == (0, [])
    office.world.settle()
    assert len(office.held("bob")) == 2
    assert office.titles() == ["Lunch"]
    assert office.writes() == {}
    assert LinkState.LEFT in [row.state for row in office.world.rows(t.links)]
    office["bob"].account.remove("/work/", ours)
    office.world.settle()
    _all_is_well(office)


def test_r03_r12_no_undo_brings_the_copy_back(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    office.invite("ada", "Lunch", "bob")
    office.world.settle()
    (gone,) = _deleted(office)
    with office.world.database.read() as unit:
        assert "invitation" in blocked(unit, gone)


def test_r12_r33_a_rehearsal_tells_that_the_copy_goes(tmp_path: Path) -> None:
    office = _of_ada(tmp_path)
    office.invite("ada", "Lunch", "bob")
    office.world.cycle("ada")
    assert rehearsed(office, "bob") == [("remote", "delete", "Lunch")]
    assert len(office.held("bob")) == 2


@only_on("sqlite")
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.LOST_REQUEST])
def test_r06_r12_wherever_it_breaks_off_the_invitation_stays_and_the_copy_goes(
    tmp_path: Path, fault: Fault, at: int
) -> None:
    office = _of_ada(tmp_path)
    office.invite("ada", "Lunch", "bob")
    office.world.cycle("ada")
    script = Script(fault, at)
    cycle = office.world.context("bob", FaultyConnector(office["bob"].account, script))
    with suppress(Crash, AccountError):
        run_cycle(replace(cycle, store=FaultyStore(office.world.database, script)))
    assert len(script.calls) > at
    assert len(office.held("bob")) in (1, 2)
    office.world.settle()
    office.writes()
    _all_is_well(office)
