"""E1 to E4: SyncFolderItems through exchangelib."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib import Body, Contact
from exchangelib.errors import ErrorInvalidSyncStateData, ErrorSchemaValidation, ErrorSyncFolderNotFound
from exchangelib.folders import Contacts

from tests.servers.microsoft.ews_client import Desk
from tests.servers.microsoft.ews_xml import stored, t


def people(desk: Desk, count: int) -> None:
    """Contacts without a client."""
    box = desk.site.exchange.mailbox("ada@example.com")
    for number in range(count):
        box.create("contacts", {"DisplayName": stored(t("DisplayName", f"Person {number}"))})


def rounds(folder: Any, state: str | None = None, size: int = 100) -> tuple[list[tuple[str, Any]], str]:
    """What a sync brings, and the state after it."""
    folder.item_sync_state = state
    got = list(folder.sync_items(max_changes_returned=size))
    return got, folder.item_sync_state


def test_e01_sync_gives_pages_and_an_opaque_state(ews: Desk) -> None:
    people(ews, 7)
    got, state = rounds(ews.account.contacts, size=3)
    assert [verb for verb, _item in got] == ["create"] * 7
    assert ews.site.requests.count("SyncFolderItems") == 3
    assert rounds(ews.account.contacts, state)[0] == []


def test_e01_creations_changes_and_deletions_come_once(ews: Desk) -> None:
    people(ews, 3)
    got, state = rounds(ews.account.contacts)
    box = ews.site.exchange.mailbox("ada@example.com")
    first, second, _third = box.in_collection("contacts")
    box.touch(first.id)
    box.delete(second.id)
    people(ews, 1)
    got, state = rounds(ews.account.contacts, state)
    assert sorted(verb for verb, _item in got) == ["create", "delete", "update"]
    assert [item.id for verb, item in got if verb == "delete"] == [second.folder_id]
    assert rounds(ews.account.contacts, state)[0] == []


def test_e01_more_than_512_changes_at_once_are_refused(ews: Desk) -> None:
    with pytest.raises(ErrorSchemaValidation):
        rounds(ews.account.contacts, size=513)


def test_e01_public_folders_have_no_sync(ews: Desk) -> None:
    folder = ews.account.contacts
    ews.site.public.add(folder.id)
    with pytest.raises(Exception, match="Public folders"):
        rounds(folder)


def test_e02_sync_brings_no_body(ews: Desk) -> None:
    Contact(
        account=ews.account, folder=ews.account.contacts, display_name="Bob", body=Body("long"), given_name="B"
    ).save()
    [(_verb, brief)], _state = rounds(ews.account.contacts)
    assert (brief.given_name, brief.body) == ("B", None)
    assert ews.account.contacts.get(id=brief.id).body == "long"


def test_e03_an_unknown_state_is_an_error_with_what_clients_look_for(ews: Desk) -> None:
    ews.site.mood.forget_states = 1
    _got, state = rounds(ews.account.contacts)
    with pytest.raises(ErrorInvalidSyncStateData):
        rounds(ews.account.contacts, state)


def test_e03_without_these_elements_exchangelib_stumbles(ews: Desk) -> None:
    _got, state = rounds(ews.account.contacts)
    ews.site.mood.forget_states, ews.site.mood.terse_errors = 1, True
    with pytest.raises(AttributeError):
        rounds(ews.account.contacts, state)


@pytest.mark.parametrize("state", ["rubbish", "cnViYmlzaA=="])
def test_e04_a_corrupt_state_is_refused(ews: Desk, state: str) -> None:
    with pytest.raises(ErrorInvalidSyncStateData):
        rounds(ews.account.contacts, state)


def test_e04_a_state_of_another_folder_is_refused(ews: Desk) -> None:
    _got, state = rounds(ews.account.calendar)
    with pytest.raises(ErrorInvalidSyncStateData):
        rounds(ews.account.contacts, state)


def test_e04_a_folder_that_is_gone_is_named_so(ews: Desk) -> None:
    folder = Contacts(parent=ews.account.contacts, name="AgendaHub").save()
    _got, state = rounds(folder)
    ews.site.exchange.mailbox("ada@example.com").remove_collection(folder.id)
    with pytest.raises(ErrorSyncFolderNotFound):
        rounds(folder, state)


def test_e01_what_goes_in_the_middle_of_a_round_is_gone_at_its_end(ews: Desk) -> None:
    people(ews, 4)
    box = ews.site.exchange.mailbox("ada@example.com")
    got: dict[str, str] = {}
    folder = ews.account.contacts
    for verb, item in folder.sync_items(max_changes_returned=2):
        if len(got) == 1:
            box.delete(next(iter(box.in_collection("contacts"))).id)
        got[item.id] = verb
    for verb, item in folder.sync_items(sync_state=folder.item_sync_state):
        got[item.id] = verb
    assert sorted(got.values()) == ["create"] * 3 + ["delete"]


def test_e01_an_item_that_was_moved_away_and_back_is_gone_under_its_old_id(ews: Desk) -> None:
    people(ews, 1)
    _got, state = rounds(ews.account.contacts)
    box = ews.site.exchange.mailbox("ada@example.com")
    other = box.add_collection("contacts", "Other")
    [item] = box.in_collection("contacts")
    old = item.folder_id
    box.move(item.id, other.id)
    box.move(item.id, "contacts")
    for _client in ("ours", "another"):
        got, _state = rounds(ews.account.contacts, state)
        assert [(verb, line.id) for verb, line in got] == [("delete", old), ("create", item.folder_id)]
