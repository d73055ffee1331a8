"""E13 to E15: what a contact can hold, its photo, and mailboxes of other people."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib import IMPERSONATION, Contact, FileAttachment
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorFolderNotFound,
    ErrorImpersonateUserDenied,
    ErrorNonExistentMailbox,
    UnauthorizedError,
)
from exchangelib.folders import Contacts
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress

from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import Desk

JPEG = b"\xff\xd8\xff\xe0 a picture"


def full_contact(desk: Desk) -> Any:
    """With something in each indexed property."""
    return Contact(
        account=desk.account,
        folder=desk.account.contacts,
        display_name="Bob",
        email_addresses=[EmailAddress(label=f"EmailAddress{n}", email=f"bob{n}@example.com") for n in (1, 2, 3)],
        phone_numbers=[
            PhoneNumber(label="MobilePhone", phone_number="+420 1"),
            PhoneNumber(label="HomePhone", phone_number="2"),
        ],
        physical_addresses=[PhysicalAddress(label="Home", street="Long 1", city="Brno", country="CZ", zipcode="60200")],
    ).save()


def test_e13_mails_phones_and_addresses_have_keys(ews: Desk) -> None:
    bob = full_contact(ews)
    got = ews.account.contacts.get(id=bob.id)
    assert [mail.email for mail in got.email_addresses] == [f"bob{n}@example.com" for n in (1, 2, 3)]
    phones = {phone.label: phone.phone_number for phone in got.phone_numbers}
    assert (phones["MobilePhone"], phones["HomePhone"]) == ("+420 1", "2")
    [home] = got.physical_addresses
    assert (home.street, home.city, home.zipcode) == ("Long 1", "Brno", "60200")


def test_e13_one_entry_is_changed_and_the_others_stay(ews: Desk) -> None:
    bob = full_contact(ews)
    bob.phone_numbers = [PhoneNumber(label="MobilePhone", phone_number="+420 9")]
    bob.save(update_fields=["phone_numbers"])
    got = {phone.label: phone.phone_number for phone in ews.account.contacts.get(id=bob.id).phone_numbers}
    assert got["MobilePhone"] == "+420 9"
    assert len(ews.account.contacts.get(id=bob.id).email_addresses) == 3


@pytest.mark.parametrize(
    "words",
    [
        '<t:EmailAddresses><t:Entry Key="EmailAddress4">a@example.com</t:Entry></t:EmailAddresses>',
        '<t:PhoneNumbers><t:Entry Key="Satellite">1</t:Entry></t:PhoneNumbers>',
        "<t:ShoeSize>44</t:ShoeSize>",
    ],
)
def test_e13_an_unknown_key_is_against_the_schema(ews: Desk, words: str) -> None:
    create = f"<m:CreateItem><m:Items><t:Contact>{words}</t:Contact></m:Items></m:CreateItem>"
    answer = ews.post(create)
    assert (answer.status_code, "ErrorSchemaValidation" in answer.text) == (500, True)
    assert list(ews.site.exchange.mailbox("ada@example.com").in_collection("contacts")) == []


def test_e14_a_photo_is_an_attachment_and_changes_the_change_key(ews: Desk) -> None:
    bob = full_contact(ews)
    assert not ews.account.contacts.get(id=bob.id).has_picture
    key = bob.changekey
    bob.attach(FileAttachment(name="ContactPicture.jpg", content=JPEG, is_contact_photo=True))
    assert bob.changekey != key
    got = ews.account.contacts.get(id=bob.id)
    assert (got.has_picture, got.changekey) == (True, bob.changekey)
    [photo] = got.attachments
    assert (photo.name, photo.is_contact_photo, photo.content) == ("ContactPicture.jpg", True, JPEG)
    got.detach(photo)
    assert not ews.account.contacts.get(id=bob.id).has_picture


def test_e14_a_new_photo_takes_the_place_of_the_old(ews: Desk) -> None:
    bob = full_contact(ews)
    for content in (b"old", JPEG):
        bob.attach(FileAttachment(name="ContactPicture.jpg", content=content, is_contact_photo=True))
    [photo] = ews.account.contacts.get(id=bob.id).attachments
    assert photo.content == JPEG


def test_e14_the_photo_of_a_person(ews: Desk) -> None:
    ask = "<m:GetUserPhoto><m:Email>{}</m:Email><m:SizeRequested>HR96x96</m:SizeRequested></m:GetUserPhoto>"
    ews.site.photos["ada@example.com"] = JPEG
    assert "<m:HasChanged>true</m:HasChanged>" in ews.post(ask.format("ada@example.com")).text
    assert "ErrorItemNotFound" in ews.post(ask.format("bob@example.com")).text


@pytest.fixture
def two(ews: Desk) -> Desk:
    """Bob has a mailbox too."""
    add_person(ews.site, "bob", "geheim", "bob@example.com", "Bob Builder")
    return ews


def test_e15_impersonation_needs_a_permission(two: Desk) -> None:
    with pytest.raises(ErrorImpersonateUserDenied):
        assert two.sign_in("bob@example.com", access=IMPERSONATION).contacts
    two.site.impersonators.add("ada")
    folder = two.sign_in("bob@example.com", access=IMPERSONATION).contacts
    Contact(account=folder.account, folder=folder, display_name="Eve").save()
    assert len(list(two.site.exchange.mailbox("bob@example.com").in_collection("contacts"))) == 1
    assert list(two.site.exchange.mailbox("ada@example.com").in_collection("contacts")) == []


def test_e15_impersonation_of_nobody(two: Desk) -> None:
    two.site.impersonators.add("ada")
    with pytest.raises(ErrorNonExistentMailbox):
        assert two.sign_in("carl@example.com", access=IMPERSONATION).contacts


def test_e15_a_delegate_reads_and_writes_and_others_may_not(two: Desk) -> None:
    with pytest.raises(ErrorAccessDenied):
        assert two.sign_in("bob@example.com").contacts
    two.site.delegates.add(("ada@example.com", "bob@example.com"))
    folder = two.sign_in("bob@example.com").contacts
    saved = Contact(account=folder.account, folder=folder, display_name="Eve").save()
    assert two.site.exchange.mailbox("bob@example.com").find(saved.id).kind == "contacts"


def test_e15_a_delegate_asks_for_a_folder_that_is_not_there(two: Desk) -> None:
    two.site.delegates.add(("ada@example.com", "bob@example.com"))
    box = two.site.exchange.mailbox("bob@example.com")
    box.remove_collection("contacts")
    with pytest.raises(ErrorFolderNotFound):
        assert two.sign_in("bob@example.com").contacts.absolute


def test_e15_public_folders_are_read_page_by_page(ews: Desk) -> None:
    shared = Contacts(parent=ews.account.contacts, name="Public").save()
    ews.site.public.add(shared.id)
    for number in range(5):
        Contact(account=ews.account, folder=shared, display_name=f"P{number}").save()
    found = shared.all().only("display_name")
    found.page_size = 2
    ews.site.requests.clear()
    assert len(list(found)) == 5
    assert ews.site.requests.count("FindItem") == 3


def test_a_wrong_password_is_said_at_once(ews: Desk) -> None:
    with pytest.raises(UnauthorizedError):
        assert ews.sign_in(password="wrong").contacts
