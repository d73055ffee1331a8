"""Google's lists are minutes behind what was written (P5): what they show meanwhile is nobody's edit (SYNC.md R22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sync_engine.errors import Throttled
from sync_engine.ports import Changed, RemoteRef, Write
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, card, contact, hub, parts_desk


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def contacts(desk: PartsDesk) -> OnePart:
    return desk.contacts()


@pytest.fixture
def known(desk: PartsDesk, contacts: OnePart) -> Hub:
    """Three contacts that lists show; from now on these are five minutes behind."""
    for n in range(3):
        contacts.create("contacts", card(f"c{n}", f"u{n}"), f"k{n}")
    found = hub(contacts)
    desk.clock.turn(minutes=10)
    desk.google.people.switches.lag = timedelta(minutes=5)
    return found


def ref_of(known: Hub, n: int = 0) -> RemoteRef:
    name = list(known.items)[n]
    return RemoteRef(name, known.versions[name])


def nothing(known: Hub) -> bool:
    return (known.changed, known.removed) == ([], [])


@pytest.mark.parametrize("afresh", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_r22_a_list_that_shows_an_older_state_changes_nothing(
    desk: PartsDesk, contacts: OnePart, known: Hub, afresh: bool, restarted: bool
) -> None:
    before = ref_of(known)
    item = known.items[before.id]
    ref = contacts.update("contacts", before, card("new", item.uid), item)
    known.wrote(ref, card("new", item.uid))
    desk.book.change(before.id, {})  # so that it is in the list of changes, as it was
    known.connector = desk.contacts() if restarted else contacts
    for _ in range(3):
        desk.clock.turn(minutes=1)
        known.pull(afresh=afresh)
        assert nothing(known)
        assert known.versions[before.id] == ref.version


def test_r22_our_own_new_contact_arrives_late_and_is_known(desk: PartsDesk, contacts: OnePart, known: Hub) -> None:
    item = card("new", "u-new")
    ref = known.wrote(contacts.create("contacts", item, "key"), item)
    known.pull()
    assert nothing(known)
    (found,) = contacts.fetch("contacts", [ref.id])
    assert isinstance(found, Changed), "a direct read shows it at once"
    desk.clock.turn(minutes=6)
    known.pull()
    assert (known.changed, known.listed) == ([], [ref.id])


@pytest.mark.parametrize("afresh", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_r22_what_we_deleted_does_not_come_back(
    desk: PartsDesk, contacts: OnePart, known: Hub, afresh: bool, restarted: bool
) -> None:
    ref = ref_of(known)
    desk.book.change(ref.id, {"nicknames": [{"value": "x"}]})
    desk.book.catch_up()
    known.pull()
    ref = ref_of(known)
    contacts.delete("contacts", ref)
    del known.items[ref.id], known.versions[ref.id]
    known.connector = desk.contacts() if restarted else contacts
    for _ in range(7):
        known.pull(afresh=afresh)
        assert ref.id not in known.items
        desk.clock.turn(minutes=1)


@pytest.mark.parametrize("lag", [0, 5])
def test_r08_what_somebody_brings_back_after_our_deletion_is_there_again(
    desk: PartsDesk, contacts: OnePart, known: Hub, lag: int
) -> None:
    """From the trash, minutes later."""
    desk.google.people.switches.lag = timedelta(minutes=lag)
    ref = ref_of(known)
    before = desk.book.contacts.get(ref.id)
    contacts.delete("contacts", ref)
    del known.items[ref.id], known.versions[ref.id]
    desk.clock.turn(minutes=1)
    desk.book.contacts.put(ref.id, before.fields, deleted=False)
    for _ in range(4):
        known.pull()
        desk.clock.turn(minutes=2)
    assert ref.id in known.items


@pytest.mark.parametrize("afresh", [False, True])
def test_r22_what_we_deleted_does_not_come_back_beside_a_large_collection(
    desk: PartsDesk, contacts: OnePart, known: Hub, afresh: bool
) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    for n in range(250):
        desk.book.put_label(desk.book.add({"names": [{"givenName": f"x{n}"}]}).name, ours)
    desk.clock.turn(minutes=10)
    known.pull(afresh=True)
    ref = ref_of(known)
    desk.book.change(known_other(known, ref), {"nicknames": [{"value": "x"}]})
    contacts.delete("contacts", ref)
    del known.items[ref.id], known.versions[ref.id]
    known.connector = desk.contacts()
    known.pull(afresh=afresh)
    assert ref.id not in known.items
    assert len(known.items) == 2


def known_other(known: Hub, ref: RemoteRef) -> str:
    """The id of another contact."""
    return next(name for name in known.items if name != ref.id)


def test_a_persons_edit_arrives_when_lists_show_it(desk: PartsDesk, contacts: OnePart, known: Hub) -> None:
    name = ref_of(known).id
    desk.book.change(name, {"names": [{"givenName": "theirs"}]})
    assert nothing(known.pull())
    desk.clock.turn(minutes=6)
    assert known.pull().changed == [name]


def test_an_edit_after_ours_arrives_though_an_older_state_was_shown(
    desk: PartsDesk, contacts: OnePart, known: Hub
) -> None:
    ref = ref_of(known)
    item = known.items[ref.id]
    known.wrote(contacts.update("contacts", ref, card("ours", item.uid), item), card("ours", item.uid))
    desk.clock.turn(minutes=1)
    desk.book.change(ref.id, {"names": [{"givenName": "theirs"}]})
    for _ in range(3):
        known.pull()
        desk.clock.turn(minutes=3)
    assert "theirs" in known.titles


def test_p6_reads_by_name_that_are_behind_do_not_hide_what_we_wrote(
    desk: PartsDesk, contacts: OnePart, known: Hub
) -> None:
    """Google-api-python-client issue 2417: some updates in a row, and a stale etag is read."""
    desk.google.people.switches.stale_gets = True
    ref, base = ref_of(known), known.items[ref_of(known).id]
    for n in range(4):
        after = card(f"new {n}", base.uid)
        ref = contacts.update("contacts", ref, after, base)
        base = after
        (found,) = contacts.fetch("contacts", [ref.id])
        assert isinstance(found, Changed)
        assert (contact(found).full_name, found.ref.version) == (f"new {n}", ref.version)
    (told,) = contacts.write("contacts", [Write(ref, card("last", base.uid), base)])
    assert isinstance(told, RemoteRef)
    contacts.delete("contacts", told)


def test_p6_a_stale_read_in_another_process_is_no_conflict(desk: PartsDesk, contacts: OnePart, known: Hub) -> None:
    """It would be decided by what stood there before, and our own write be lost."""
    desk.google.people.switches.stale_gets = True
    before, base = ref_of(known), known.items[ref_of(known).id]
    ref = contacts.update("contacts", before, card("new", base.uid), base)
    another = desk.contacts()
    for act in (
        lambda: another.update("contacts", ref, card("newer", base.uid), card("new", base.uid)),
        lambda: another.delete("contacts", ref),
        lambda: list(another.write("contacts", [Write(ref, None)])),
    ):
        with pytest.raises(Throttled):
            act()
    desk.clock.turn(minutes=6)
    another.update("contacts", ref, card("newer", base.uid), card("new", base.uid))


def test_a_state_that_google_brought_back_is_believed_after_a_while(
    desk: PartsDesk, contacts: OnePart, known: Hub
) -> None:
    """ "Undo changes" in Google's own app might tell the old time."""
    name = ref_of(known).id
    known.versions[name] = known.versions[name].replace("2026-11-22T09:00", "2026-11-22T09:05")
    desk.clock.turn(hours=2)
    assert known.pull(afresh=True).changed == [name]


def test_r06_what_no_list_shows_yet_is_not_found(desk: PartsDesk, contacts: OnePart, known: Hub) -> None:
    """The engine waits for `lag` before it believes that."""
    desk.contacts().create("contacts", card("new", "u-new"), "key")
    assert contacts.find("contacts", card("new", "u-new"), "key") is None
    assert contacts.part.lag >= 300
    desk.clock.turn(minutes=6)
    assert isinstance(contacts.find("contacts", card("new", "u-new"), "key"), Changed)
    assert len(known.items) == 3
