"""E15: folders that are made, shared and public, and the people in groups, through exchangelib."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib import CalendarItem, Contact
from exchangelib.errors import ErrorAccessDenied, ErrorFolderExists, ErrorInvalidOperation
from exchangelib.folders import Calendar, Contacts, SingleFolderQuerySet, Tasks
from exchangelib.properties import DistinguishedFolderId, Mailbox

from tests.integration.microsoft.test_ews_e09_series import START
from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import Desk

NAMES = ["Team / Übersicht", "100 % <&> more?", 'a\'b "c"', "日本語 😀", " x#y;z"]
BOB = "bob@example.com"


@pytest.fixture
def two(ews: Desk) -> Desk:
    """Bob has a mailbox too."""
    add_person(ews.site, "bob", "geheim", BOB, "Bob Builder")
    return ews


def _others(desk: Desk, name: str, kind: Any = Calendar) -> Any:
    """A folder of Bob's as whoever shares it finds it: by its well-known name and his address."""
    account = desk.account
    where = DistinguishedFolderId(id=name, mailbox=Mailbox(email_address=BOB))
    found = SingleFolderQuerySet(account=account, folder=kind(root=account.root, _distinguished_id=where)).resolve()
    if isinstance(found, Exception):  # exchangelib gives errors back as if they were folders
        raise found
    found._distinguished_id = None  # exchangelib put our own address there: it would write to our own calendar
    return found


@pytest.mark.parametrize("name", NAMES)
def test_folders_have_names_of_any_characters(ews: Desk, name: str) -> None:
    for parent, kind in (("contacts", Contacts), ("calendar", Calendar), ("tasks", Tasks)):
        above = getattr(ews.account, parent)
        made = kind(parent=above, name=name).save()
        [found] = [one for one in above.children if one.id == made.id]
        assert (found.name, type(found)) == (name, kind)
        found.name = f"{name}!"
        found.save(update_fields=["name"])
        box = ews.site.exchange.mailbox("ada@example.com")
        assert box.collection(made.id).name == f"{name}!"
        with pytest.raises(ErrorFolderExists):
            kind(parent=above, name=f"{name}!".upper()).save()
        found.delete()
        assert made.id not in box.collections


def test_e15_a_shared_calendar_is_read_and_written_as_far_as_it_was_shared(two: Desk) -> None:
    box = two.site.exchange.mailbox(BOB)
    with pytest.raises(ErrorAccessDenied):
        _others(two, "calendar")
    two.site.exchange.directory.share(box.collection("calendar").id, "ada@example.com")
    calendar = _others(two, "calendar")
    assert (calendar.effective_rights.read, calendar.effective_rights.create_contents) == (True, False)
    event = CalendarItem(account=two.account, folder=calendar, subject="x", start=START, end=START)
    with pytest.raises(ErrorAccessDenied):
        event.save()
    with pytest.raises(ErrorAccessDenied):
        _others(two, "contacts", Contacts)
    two.site.exchange.directory.share(box.collection("calendar").id, "ada@example.com", "write")
    assert box.find(event.save().id).fields["Subject"]
    assert [one.subject for one in _others(two, "calendar").all()] == ["x"]


def test_e15_public_folders_are_a_tree_that_everybody_reads_page_by_page(two: Desk) -> None:
    plans = two.site.add_public_folder("calendar", "Plans")
    inner = two.site.add_public_folder("contacts", "People", plans.id, "write")
    root = two.account.public_folders_root
    [found] = [one for one in root.children if one.name == "Plans"]
    assert found.effective_rights.create_contents is False
    with pytest.raises(ErrorAccessDenied):
        CalendarItem(account=two.account, folder=found, subject="x", start=START, end=START).save()
    [people] = list(found.children)
    assert people.id == inner.id
    for number in range(5):
        Contact(account=two.account, folder=people, display_name=f"P{number}").save()
    wanted = people.all().only("display_name")
    wanted.page_size = 2
    assert sorted(one.display_name for one in wanted) == [f"P{number}" for number in range(5)]
    with pytest.raises(ErrorInvalidOperation):
        list(people.sync_items())


def test_e15_public_folders_are_not_walked_through_at_once(ews: Desk) -> None:
    answer = ews.post(
        '<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="publicfoldersroot"/></m:ParentFolderIds></m:FindFolder>'
    )
    assert "ErrorInvalidOperation" in answer.text


def test_groups_are_expanded_one_level_at_a_time(two: Desk) -> None:
    directory = two.site.exchange.directory
    directory.add_group("inner@example.com", "Inner", BOB)
    directory.add_group("outer@example.com", "Outer", "ada@example.com", "inner@example.com")
    protocol = two.account.protocol
    found = [(one.email_address, one.mailbox_type) for one in protocol.expand_dl("outer@example.com")]
    assert found == [("ada@example.com", "Mailbox"), ("inner@example.com", "PublicDL")]
    assert [one.email_address for one in protocol.expand_dl("inner@example.com")] == [BOB]
    [outer] = protocol.resolve_names(["Outer"])
    assert (outer.email_address, outer.mailbox_type) == ("outer@example.com", "PublicDL")
