"""E5 to E8: conditional writes, ids and change keys, a busy server, properties of our own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from exchangelib import CalendarItem, Contact, Task
from exchangelib.errors import (
    ErrorIrresolvableConflict,
    ErrorItemNotFound,
    ErrorServerBusy,
    RateLimitError,
    TransportError,
)
from exchangelib.folders import Contacts
from exchangelib.items import ALWAYS_OVERWRITE, AUTO_RESOLVE, NEVER_OVERWRITE
from exchangelib.protocol import BaseProtocol

from tests.servers.microsoft.ews_client import Desk, OurKey


@pytest.fixture
def bob(ews: Desk) -> Any:
    """A contact."""
    return Contact(account=ews.account, folder=ews.account.contacts, display_name="Bob", given_name="Bob").save()


def _touch(desk: Desk, item: Any) -> None:
    box = desk.site.exchange.mailbox("ada@example.com")
    box.touch(box.find(item.id).id)


def test_e05_never_overwrite_refuses_an_old_change_key(ews: Desk, bob: Any) -> None:
    _touch(ews, bob)
    bob.given_name = "Robert"
    with pytest.raises(ErrorIrresolvableConflict):
        bob.save(update_fields=["given_name"], conflict_resolution=NEVER_OVERWRITE)
    assert ews.account.contacts.get(id=bob.id).given_name == "Bob"


@pytest.mark.parametrize("resolution", [AUTO_RESOLVE, ALWAYS_OVERWRITE])
def test_e05_the_others_overwrite(ews: Desk, bob: Any, resolution: str) -> None:
    _touch(ews, bob)
    bob.given_name = "Robert"
    bob.save(update_fields=["given_name"], conflict_resolution=resolution)
    assert ews.account.contacts.get(id=bob.id).given_name == "Robert"


def test_e05_a_deletion_does_not_look_at_the_change_key(ews: Desk, bob: Any) -> None:
    _touch(ews, bob)
    old = bob.id
    bob.delete()
    with pytest.raises(ErrorItemNotFound):
        ews.account.contacts.get(id=old)


def test_e06_a_move_gives_another_id_and_every_write_another_change_key(ews: Desk, bob: Any) -> None:
    old, key = bob.id, bob.changekey
    bob.given_name = "Robert"
    bob.save(update_fields=["given_name"])
    assert (bob.id, bob.changekey != key) == (old, True)
    _got, state = list(ews.account.contacts.sync_items()), ews.account.contacts.item_sync_state
    bob.move(Contacts(parent=ews.account.contacts, name="AgendaHub").save())
    assert bob.id != old
    assert [(verb, gone.id) for verb, gone in ews.account.contacts.sync_items(sync_state=state)] == [("delete", old)]


def test_e06_the_server_changes_change_keys_by_itself(ews: Desk, bob: Any) -> None:
    _touch(ews, bob)
    assert ews.account.contacts.get(id=bob.id).changekey != bob.changekey


def test_e07_busy_is_a_fault_that_says_how_long_to_wait(ews: Desk) -> None:
    account = ews.sign_in(patience=5)
    folder = account.contacts
    ews.site.mood.busy, ews.site.mood.back_off = 1, 400
    begun = time.monotonic()
    assert list(folder.all().only("display_name")) == []
    assert time.monotonic() - begun >= 0.4
    assert ews.site.requests[-2:] == ["FindItem", "FindItem"]


def test_e07_longer_than_the_client_waits_is_an_error(ews: Desk) -> None:
    folder = ews.sign_in(patience=5).contacts
    ews.site.mood.busy, ews.site.mood.back_off = 1, 60_000
    with pytest.raises(RateLimitError) as caught:
        list(folder.all().only("display_name"))
    assert caught.value.wait == 60


def test_e07_it_need_not_say_how_long(ews: Desk) -> None:
    folder = ews.account.contacts
    ews.site.mood.busy = 1
    with pytest.raises(ErrorServerBusy) as caught:
        list(folder.all().only("display_name"))
    assert caught.value.back_off == 10  # exchangelib's own guess, in seconds
    assert b"BackOffMilliseconds" not in ews.site.documents[-1]


def test_e07_a_write_may_be_done_though_no_answer_comes(ews: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ews.account.contacts
    monkeypatch.setattr(BaseProtocol, "TIMEOUT", 0.3)
    ews.site.mood.commit_then_wait = 1.0
    with pytest.raises(TransportError):
        Contact(account=ews.account, folder=folder, display_name="Once").save()
    monkeypatch.undo()
    assert [found.display_name for found in folder.all()] == ["Once"]


@pytest.fixture
def our_key() -> Any:
    """Known to exchangelib during a test."""
    for kind in (Contact, CalendarItem, Task):
        kind.register("our_key", OurKey)
    yield
    for kind in (Contact, CalendarItem, Task):
        kind.deregister("our_key")


def test_e08_a_property_of_our_own_comes_when_asked_for_and_finds_the_item(ews: Desk, our_key: None) -> None:
    folder = ews.account.contacts
    Contact(account=ews.account, folder=folder, display_name="Bob", our_key="k1").save()
    Contact(account=ews.account, folder=folder, display_name="Eve", our_key="k2").save()
    [found] = folder.filter(our_key="k2").only("display_name", "our_key")
    assert (found.display_name, found.our_key) == ("Eve", "k2")
    [unasked] = folder.filter(our_key="k2").only("display_name")
    assert unasked.our_key is None
    found.our_key = None
    found.save(update_fields=["our_key"])
    assert not folder.filter(our_key="k2").exists()


def test_e08_events_and_tasks_have_them_too(ews: Desk, our_key: None) -> None:
    task = Task(account=ews.account, folder=ews.account.tasks, subject="Buy", our_key="k3").save()
    [found] = ews.account.tasks.filter(our_key="k3")
    assert (found.id, found.our_key, found.status) == (task.id, "k3", "NotStarted")
    found.status = Task.COMPLETED
    found.save(update_fields=["status"])
    assert ews.account.tasks.get(id=task.id).is_complete
