"""Contacts: what of a `Contact` stands where in a Graph contact.

A photo is a request of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.days import day_at, day_of, instant_of, text_of_day
from connectors.described import (
    Described,
    Document,
    Json,
    carries,
    get,
    list_row,
    one_line_ends,
    patch,
    put_new,
    text_row,
)
from connectors.microsoft.contact_parts import (
    chats_of,
    chosen_chats,
    chosen_emails,
    chosen_url,
    emails_of,
    file_as,
    nickname_text,
    nicknames_of,
    urls_of,
)
from connectors.microsoft.phones import PHONE_KINDS, by_kind, labelled
from connectors.microsoft.postal import ADDRESS_KINDS, Postal, address_of, addresses_by_kind
from connectors.microsoft365.extended import UID, flattened, text_tag, time_tag, value_of
from connectors.names import company_texts, name_of, name_texts, organization_of
from connectors.photos import kept_photo
from sync_engine.model import Contact, Labelled

_ANNIVERSARY = time_tag(0x3A41)
_NAMES = {
    "prefixes": "title",
    "given": "givenName",
    "additional": "middleName",
    "family": "surname",
    "suffixes": "generation",
}
_PHONES = {"HomePhone": "homePhones", "BusinessPhone": "businessPhones", "MobilePhone": "mobilePhone"}
_POSTAL = {
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "countryOrRegion",
}


def _put_name(contact: Contact) -> dict[str, Json]:
    return {_NAMES[part]: text or None for part, text in name_texts(contact).items()}


def _put_company(contact: Contact) -> dict[str, Json]:
    company, department = company_texts(contact)
    return {"companyName": company or None, "department": department or None}


def _put_phones(contact: Contact) -> dict[str, Json]:
    numbers = by_kind(contact.phones)
    found: dict[str, Json] = {}
    for kind in PHONE_KINDS:
        these = numbers.get(kind.name, ())
        if kind.places > 1:
            found[_PHONES[kind.name]] = list(these)
        else:
            found[_PHONES.get(kind.name) or text_tag(kind.tag)] = "".join(these) or None
    return found


def _get_phones(document: Document) -> dict[str, Any]:
    found: list[Labelled] = []
    for kind in PHONE_KINDS:
        plain = document.get(_PHONES.get(kind.name, ""))
        these = plain if isinstance(plain, list) else [plain or value_of(document, text_tag(kind.tag))]
        found += labelled(kind.name, tuple(these))
    return {"phones": tuple(sorted(found, key=lambda phone: (phone.types, phone.value)))}


def _put_addresses(contact: Contact) -> dict[str, Json]:
    """Graph replaces an address whole: every part is said, the empty ones too."""
    placed = addresses_by_kind(contact.addresses)
    return {f"{kind}Address": _address(placed.get(kind, Postal())) for kind in ADDRESS_KINDS}


def _address(postal: Postal) -> dict[str, Json]:
    return {there: getattr(postal, here) or None for here, there in _POSTAL.items()}


def _get_addresses(document: Document) -> dict[str, Any]:
    read = [address_of(kind, _postal(document.get(f"{kind}Address") or {})) for kind in ADDRESS_KINDS]
    found = [address for address in read if address]
    return {"addresses": tuple(sorted(found, key=lambda address: address.types))}


def _postal(parts: Document) -> Postal:
    return Postal(**{here: one_line_ends(parts.get(there) or "") for here, there in _POSTAL.items()})


CONTACT_TABLE: tuple[Described[Contact], ...] = (
    text_row("full_name", "displayName"),
    Described(
        ("name",),
        tuple(_NAMES.values()),
        _put_name,
        lambda document: {"name": name_of({part: document.get(there) for part, there in _NAMES.items()})},
    ),
    Described((), ("fileAs",), lambda contact: {"fileAs": file_as(contact) or None}, lambda _: {}),
    Described(
        ("nicknames",),
        ("nickName",),
        lambda contact: {"nickName": nickname_text(contact) or None},
        lambda document: {"nicknames": nicknames_of(document.get("nickName"))},
    ),
    Described(
        ("organization",),
        ("companyName", "department"),
        _put_company,
        lambda document: {"organization": organization_of(document.get("companyName"), document.get("department"))},
    ),
    text_row("title", "jobTitle"),
    text_row("role", "profession"),
    Described(
        ("emails",),
        ("emailAddresses",),
        lambda contact: {"emailAddresses": [{"address": address} for address in chosen_emails(contact)]},
        lambda document: {"emails": emails_of(one.get("address") for one in document.get("emailAddresses") or ())},
    ),
    Described(
        ("phones",),
        tuple(_PHONES.get(kind.name) or text_tag(kind.tag) for kind in PHONE_KINDS),
        _put_phones,
        _get_phones,
    ),
    Described(("addresses",), tuple(f"{kind}Address" for kind in ADDRESS_KINDS), _put_addresses, _get_addresses),
    Described(
        ("urls",),
        ("businessHomePage",),
        lambda contact: {"businessHomePage": chosen_url(contact) or None},
        lambda document: {"urls": urls_of(document.get("businessHomePage"))},
    ),
    Described(
        ("chats",),
        ("imAddresses",),
        lambda contact: {"imAddresses": chosen_chats(contact)},
        lambda document: {"chats": chats_of(document.get("imAddresses") or ())},
    ),
    Described(
        ("birthday",),
        ("birthday",),
        lambda contact: {"birthday": instant_of(day_of(contact.birthday))},
        lambda document: {"birthday": text_of_day(day_at(document.get("birthday")))},
    ),
    Described(
        ("anniversary",),
        (_ANNIVERSARY,),
        lambda contact: {_ANNIVERSARY: instant_of(day_of(contact.anniversary))},
        lambda document: {"anniversary": text_of_day(day_at(value_of(document, _ANNIVERSARY)))},
    ),
    text_row("note", "personalNotes"),
    list_row("categories", "categories"),
)
CONTACT_FIELDS = carries(CONTACT_TABLE)


def new_contact(contact: Contact) -> dict[str, Json]:
    """The JSON that creates a contact, with its UID."""
    return flattened(put_new(CONTACT_TABLE, contact) | {UID: contact.uid})


def contact_patch(base: Contact, contact: Contact) -> dict[str, Json]:
    """The JSON that makes `base` into `contact`: changed properties only (SYNC.md R20); empty when there are none."""
    return flattened(patch(CONTACT_TABLE, base, contact))


def read_contact(document: Document, uid_if_missing: str) -> Contact:
    """The contact of a Graph contact that was read with its extended properties."""
    return Contact(value_of(document, UID) or uid_if_missing, **get(CONTACT_TABLE, document))


def kept_contact(contact: Contact) -> Contact:
    """What will be read of a contact that was written: without what Graph has no place for."""
    return replace(read_contact(new_contact(contact), contact.uid), photo=kept_photo(contact))
