"""One meeting in several mailboxes: R12, R13, R33, R36 of the rules of sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.ports import Direction, LinkState, Origin, Policy
from tests.contract.mailboxes import (
    STRANGER,
    Office,
    address,
    changed,
    details,
    hub_to_mailbox,
    meeting,
    plain,
    rehearsed,
    reminder,
    summaries,
    texts,
    with_reminder,
)

# ---------------------------------------------------------------- R12


@pytest.mark.parametrize("first", ["ada", "bob"])
def test_r12_a_phones_event_that_becomes_a_meeting_in_outlook_is_one_event(tmp_path: Path, first: str) -> None:
    office = hub_to_mailbox(tmp_path, "ada")
    office.open("bob").policy = Policy(direction=Direction.IN)  # no copies of what others do
    office.world.settle()
    office.invite("ada", "Lunch", "bob")
    for name in sorted(("ada", "bob"), key=lambda n: n != first):
        office.world.cycle(name)
    office.world.settle()
    assert office.titles() == ["Lunch"]
    assert set(office.world.hub()) == {"U"}
    assert len(office.held("ada")) == len(office.held("bob")) == 1
    links = {row.binding_id: (row.role, row.remote_uid) for row in office.world.rows(t.links)}
    uid = office.copy("ada", "Lunch").uid
    assert uid != "U"
    assert links[office["ada"].binding_id] == ("organizer", uid)
    assert links[office["bob"].binding_id] == ("guest", uid)
    assert [user.address for user in office.hub("Lunch").attendees] == [f"mailto:{address('bob')}"]
    assert "of bob" not in office.hub("Lunch").categories
    assert "of bob" not in details(office.copy("ada", "Lunch")).categories
    assert office.world.rows(t.quarantine) == []


@pytest.mark.parametrize("order", [("ada", "bob", "eve"), ("bob", "eve", "ada"), ("eve", "ada", "bob")])
def test_r12_a_meeting_of_three_mailboxes_is_one_event_that_its_organiser_says(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    office = Office.new(tmp_path, "ada", "bob", "eve")
    office.write("ada", plain("x", "Board"))
    office.invite("ada", "Board", "bob", "eve")
    for name in (*order, *order):
        office.world.cycle(name)
    office.world.settle()
    assert office.titles() == ["Board"]
    assert len(office.world.rows(t.links)) == 4
    assert len(office["dav"].items()) == 1
    assert set(details(office.copy("ada", "Board")).categories) == {"team", "daily"}
    assert office.writes() == {}
    office.edit("ada", "Board", location="Room 5")
    office.deliver(office.copy("ada", "Board"), "bob", "eve")
    office.world.settle()
    assert office.hub("Board").location == "Room 5"
    assert set(office.hub("Board").categories) == {"team", "daily"}
    assert details(office.copy("eve", "Board")).categories == ("of eve",)
    assert office.writes() == {}
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


def test_r12_a_strangers_meeting_in_two_mailboxes_is_one_event_and_his_change_one_change(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob", "eve")
    item = office.external("Talk", "bob", "eve")
    office.world.settle()
    assert office.titles() == ["Talk"]
    office.deliver(changed(item, location="Room 8"), "bob", "eve")
    changes = [office.world.cycle(name).pulled_changed for name in ("bob", "eve")]
    assert changes == [1, 0]
    office.world.settle()
    assert office.hub("Talk").location == "Room 8"
    assert "Room 8" in office["dav"].texts()["external-1"]
    assert office.writes() == {}
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


def test_r12_a_strangers_change_reaches_one_mailbox_before_the_other(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob", "eve")
    item = office.external("Talk", "bob", "eve")
    office.world.settle()
    for room, guest in (("Room 8", "eve"), ("Room 8", "bob"), ("Room 3", "bob"), ("Room 3", "eve")):
        office.deliver(changed(item, location=room), guest)
        office.world.settle()
        assert office.hub("Talk").location == room
        assert office.writes() == {}
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


def test_r12_r36_an_invitation_beside_our_own_copy_is_reported_where_nothing_may_be_deleted(tmp_path: Path) -> None:
    office = hub_to_mailbox(tmp_path, "ada", "bob")
    office["bob"].policy = Policy(direction=Direction.IN)
    ours = office.id_of("bob", "Lunch")
    office.invite("ada", "Lunch", "bob")
    office.world.settle()
    assert len(office.held("bob")) == 2
    (entry,) = office.world.rows(t.quarantine)
    assert (entry.operation, "another item with the UID" in entry.message) == ("read", True)
    office["bob"].account.remove("/work/", ours)
    office.world.settle()
    office.world.cycle("bob")
    assert office.titles() == ["Lunch"]
    assert summaries(office, "ada") == summaries(office, "bob") == ["Lunch"]
    assert office.world.rows(t.quarantine) == []
    assert "guest" in [row.role for row in office.world.rows(t.links)]


# ---------------------------------------------------------------- each mailbox's own


@pytest.mark.parametrize("order", [("bob", "eve", "kim"), ("kim", "bob", "eve")])
def test_r12_r21_three_mailboxes_with_other_reminders_write_nothing(tmp_path: Path, order: tuple[str, ...]) -> None:
    office = Office.new(tmp_path, "bob", "eve", "kim")
    office.external("Talk", "bob", "eve", "kim", reminders=(5, 15, 30))
    for name in order:
        office.world.cycle(name)
    office.world.settle()
    assert office.writes() == {}
    assert [reminder(office.copy(name, "Talk")) for name in ("bob", "eve", "kim")] == ["-PT5M", "-PT15M", "-PT30M"]
    office.remind("eve", "Talk", 45)
    office.world.settle()
    assert office.writes() == {}
    assert [reminder(office.copy(name, "Talk")) for name in ("bob", "eve", "kim")] == ["-PT5M", "-PT45M", "-PT30M"]
    assert "-PT45M" not in office["dav"].texts()["external-1"]
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


def test_r12_what_a_phone_changes_reaches_each_mailbox_and_leaves_the_rest_of_its_own(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob", "eve")
    office.external("Talk", "bob", "eve")
    office.world.settle()
    office.world.phone_edit("external-1", lambda text: text.replace("TRIGGER:-PT10M", "TRIGGER:-PT20M"))
    office.world.settle()
    assert [reminder(office.copy(name, "Talk")) for name in ("bob", "eve")] == ["-PT20M", "-PT20M"]
    assert [details(office.copy(name, "Talk")).categories for name in ("bob", "eve")] == [("of bob",), ("of eve",)]
    assert office.writes() == {"bob": ["update"], "eve": ["update"]}
    assert office.world.settle() == 0
    office.world.unbind("bob")
    office.world.phone_edit("external-1", lambda text: text.replace("TRIGGER:-PT20M", "TRIGGER:-PT25M"))
    office.world.settle()
    assert reminder(office.copy("eve", "Talk")) == "-PT25M"
    assert details(office.copy("eve", "Talk")).categories == ("of eve",)


def test_r12_one_guest_alone_shares_his_own_fields_with_the_hub(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    office.external("Talk", "bob")
    office.world.settle()
    office.remind("bob", "Talk", 45)
    office.world.settle()
    assert "-PT45M" in office["dav"].texts()["external-1"]
    office.world.phone_edit("external-1", lambda text: text.replace("TRIGGER:-PT45M", "TRIGGER:-PT20M"))
    office.world.settle()
    assert reminder(office.copy("bob", "Talk")) == "-PT20M"


# ---------------------------------------------------------------- R13


def _board(folder: Path, *guests: str) -> Office:
    office = Office.new(folder, "ada", *guests)
    office.write("ada", plain("x", "Board"))
    office.invite("ada", "Board", *guests)
    office.world.settle()
    office.writes()
    return office


def _link(office: Office, name: str) -> str:
    (state,) = (r.state for r in office.world.rows(t.links) if r.binding_id == office[name].binding_id)
    return str(state)


def test_r13_what_a_guest_changes_is_his_alone(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob")
    before = texts(office.world.hub()), texts(office.held("ada")), office["dav"].texts()
    office.edit("bob", "Board", location="Nowhere", description="boring")
    office.world.settle()
    office.remind("bob", "Board", 45)
    office.world.settle()
    assert (texts(office.world.hub()), texts(office.held("ada")), office["dav"].texts()) == before
    assert office.writes() == {}
    assert office.world.rows(t.quarantine) == office.world.rows(t.conflicts) == []


@pytest.mark.parametrize("full", [False, True])
def test_r13_a_guest_who_takes_his_copy_away_is_left_alone_until_he_is_invited_again(
    tmp_path: Path, full: bool
) -> None:
    office = _board(tmp_path, "bob")
    item, uid = office.copy("ada", "Board"), office.uid("Board")
    office.remove("bob", "Board")
    if full:
        office["bob"].account.put(office["bob"].collection, "/work/other", plain("other", "Other"))
        office["bob"].account.expire_cursors(office["bob"].collection)
    office.world.settle()
    assert office.hub("Board").summary == "Board"
    assert "Board" in summaries(office, "ada")
    assert office.held("bob").keys() <= {"/work/other"}
    office.world.phone_edit(uid, lambda text: text.replace("Room 1", "Room 2"))
    office.world.settle()
    assert details(office.copy("ada", "Board")).location == "Room 2"
    assert office.held("bob").keys() <= {"/work/other"}
    assert office.writes()["ada"][-1:] == ["update"]
    assert LinkState.LEFT in [row.state for row in office.world.rows(t.links)]
    office.again(changed(item, location="Room 2"), "bob")
    office.world.settle()
    assert office.titles().count("Board") == 1
    assert LinkState.LEFT not in [row.state for row in office.world.rows(t.links)]
    office.remove("bob", "Board")
    office.world.settle()
    assert "Board" in office.titles()
    assert office.world.rows(t.quarantine) == []


def test_r13_guests_who_all_take_their_copies_away_hold_up_no_listing(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob")
    office.remove("bob", "Board")
    office.world.settle()
    office["bob"].account.expire_cursors(office["bob"].collection)
    office.world.cycle("bob")  # an empty listing, where nothing should be
    assert office.world.settle() == 0


def test_r13_a_cancelled_meeting_leaves_the_hub_and_guests_copies_to_the_mail_system(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob", "eve")
    office.remove("ada", "Board")
    office.world.settle()
    assert office.titles() == []
    assert office["dav"].items() == {}
    assert summaries(office, "bob") == summaries(office, "eve") == ["Board"]
    office.edit("bob", "Board", status="CANCELLED", summary="Cancelled: Board")
    office.world.settle()
    office.remove("eve", "Board")
    office.world.settle()
    assert office.titles() == []
    assert office.writes() == {}
    assert office.world.rows(t.quarantine) == []


def test_r03_r13_a_cancelled_meeting_that_an_admin_brings_back_is_no_business_of_guests(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob")
    uid, item = office.uid("Board"), next(iter(office.world.hub().values()))
    number = office.world.hub_id(uid)
    office.remove("ada", "Board")
    office.world.settle()
    with office.world.database.begin() as unit:
        unit.update_item(number, item, Origin("admin"))
    office.world.settle()
    assert set(office.world.hub()) == {uid} == set(office["dav"].items())
    assert summaries(office, "bob") == ["Board"]
    (entry,) = office.world.rows(t.quarantine)  # Ada has to invite herself, as that sends mail (R10)
    assert (entry.binding_id, entry.operation) == (office["ada"].binding_id, "create")
    office.edit("bob", "Board", status="CANCELLED")
    office.world.settle()
    assert office.hub("Board").status == ""
    office.remove("bob", "Board")
    office.world.settle()
    assert office.titles() == ["Board"]
    assert "bob" not in office.writes()


def test_r13_a_phone_deletes_a_meeting_at_its_organiser_only(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob")
    office.world.phone_remove(office.uid("Board"))
    office.world.settle()
    assert office.held("ada") == {}
    assert summaries(office, "bob") == ["Board"]
    assert office.writes() == {"ada": ["delete"]}
    office.edit("bob", "Board", location="Room 3")
    office.world.settle()
    assert office.titles() == []


def test_r13_the_last_guest_off_the_list_takes_nothing_with_him(tmp_path: Path) -> None:
    office = _board(tmp_path, "bob")
    office.edit("ada", "Board", attendees=())
    office.world.settle()
    office.edit("bob", "Board", status="CANCELLED")  # which the mail system does
    office.world.settle()
    assert office.hub("Board").status == ""
    office.remove("bob", "Board")
    office.world.settle()
    assert office.titles() == ["Board"]
    assert summaries(office, "ada") == ["Board"]


def test_r13_of_a_strangers_meeting_the_last_copy_that_goes_takes_the_event_along(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob", "eve")
    office.external("Talk", "bob", "eve")
    office.world.settle()
    office.remove("bob", "Talk")
    office.world.settle()
    assert office.titles() == ["Talk"]
    assert summaries(office, "eve") == ["Talk"]
    office.remove("eve", "Talk")
    office.world.settle()
    assert office.titles() == []
    assert office.writes() == {}
    office.external("Talk", "bob", "eve")
    office.world.settle()
    assert office.titles() == ["Talk"]
    assert office.writes() == {}


def test_r13_a_write_that_only_the_organiser_may_do_is_shown_once_and_not_repeated(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    item = office.external("Talk", "bob")
    office.world.settle()
    office.world.phone_edit("external-1", lambda text: text.replace("Room 1", "Room 2"))
    for _ in range(4):
        office.world.cycle("bob")
    assert office.writes() == {"bob": ["update"]}
    (entry,) = office.world.rows(t.quarantine)
    assert (entry.operation, entry.title, entry.server_said) == ("update", "Talk", "not the organiser")
    office.world.phone_edit("external-1", lambda text: text.replace("Room 2", "Room 3"))
    for _ in range(3):
        office.world.cycle("bob")
    assert office.writes() == {"bob": ["update"]}
    office.deliver(changed(item, location="Room 3"), "bob")
    office.world.settle()
    assert office.world.rows(t.quarantine) == office.world.rows(t.intents) == []


def test_r13_a_guest_whose_mailbox_is_linked_anew_hears_what_the_organiser_has_said_since(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    item = office.external("Talk", "bob")
    office.world.settle()
    account = office["bob"].account
    office.world.unbind("bob")
    office.world.phone_edit("external-1", lambda text: text.replace("Room 1", "Room 2"))
    account.put("/work/", next(iter(account.items("/work/"))), changed(item, location="Room 7"))
    office.open("bob", account)
    office.world.settle()
    assert office.hub("Talk").location == "Room 7"
    assert "Room 2" in str([row.fields for row in office.world.rows(t.conflicts)])
    assert office.writes() == {}


def test_r12_an_organiser_who_is_bound_after_his_guests_takes_the_meeting_over(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "bob")
    item = meeting(plain("M", "Board"), address("ada"), [address("bob")])
    office.deliver(with_reminder(item, 45), "bob", reminders=(45,))
    office.world.settle()
    assert "-PT45M" in office["dav"].texts()["M"]
    office.world.phone_edit("M", lambda text: text.replace("coffee", "tea"))
    side = office.open("ada")
    side.account.put(side.collection, "/work/mine", changed(item, location="Room 4"))
    office.world.settle()
    assert (office.hub("Board").location, office.hub("Board").description) == ("Room 4", "Bring tea")
    assert office.titles() == ["Board"]
    assert reminder(office.copy("bob", "Board")) == "-PT45M"
    assert office.writes()["ada"] == ["update"]
    assert STRANGER not in str(office.hub("Board").attendees)


# ---------------------------------------------------------------- R33


def test_r33_a_rehearsal_knows_of_guests_and_copies(tmp_path: Path) -> None:
    office = Office.new(tmp_path, "ada", "bob")
    office.write("ada", plain("x", "Board"))
    office.invite("ada", "Board", "bob")
    office.world.cycle("ada")
    assert rehearsed(office, "bob") == [("hub", "link", "Board")]
    office.world.settle()
    office.edit("bob", "Board", location="Nowhere")
    assert rehearsed(office, "bob") == []
    office.remove("bob", "Board")
    assert rehearsed(office, "bob") == []
    office.world.settle()
    office.edit("ada", "Board", location="Room 5")
    assert rehearsed(office, "ada") == [("hub", "change", "Board")]
    office.world.cycle("ada")
    assert rehearsed(office, "bob") == []
    assert rehearsed(office, "dav") == [("remote", "change", "Board")]
