"""Contacts: what of a `Contact` stands where in exchangelib's Contact. A photo is an attachment (`photos`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from exchangelib import EWSDate

from connectors.days import day_of, text_of_day
from connectors.described import Described, Document, carries, get, patch, put_new
from connectors.exchange import mapping_library  # noqa: F401 - teaches exchangelib what is read here
from connectors.exchange.mapping_texts import body_row, categories_row, plain, row, short
from connectors.exchange.mapping_updates import Shown, item_values, names_of
from connectors.microsoft.contact_parts import (
    MOST_CHATS,
    MOST_EMAILS,
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
from connectors.microsoft.phones import PHONE_KINDS, PhoneKind, by_kind, labelled
from connectors.microsoft.postal import Postal, address_of, addresses_by_kind
from connectors.names import company_texts, name_of, name_texts, organization_of
from connectors.photos import kept_photo
from sync_engine.model import Contact, Labelled

_NAMES = {
    "prefixes": "name_prefix",
    "given": "given_name",
    "additional": "middle_name",
    "family": "surname",
    "suffixes": "generation",
}
_EMAILS = [f"email_addresses__EmailAddress{number}" for number in range(1, MOST_EMAILS + 1)]
_CHATS = [f"im_addresses__ImAddress{number}" for number in range(1, MOST_CHATS + 1)]
_PHONES = {
    (kind.name, number): f"phone_numbers__{kind.name}{number if number > 1 else ''}"
    for kind in PHONE_KINDS
    for number in range(1, kind.places + 1)
}
_ADDRESSES = {"home": "Home", "business": "Business", "other": "Other"}
_POSTAL = {"street": "street", "city": "city", "state": "state", "postal_code": "zipcode", "country": "country"}


def _put_name(contact: Contact) -> dict[str, Any]:
    return {_NAMES[part]: short(text, "a part of a name") for part, text in name_texts(contact).items()}


def _display_name(contact: Contact) -> str:
    """Exchange wants one of everybody."""
    reachable = [entry.value for entry in (*contact.emails, *contact.phones)]
    return next((text for text in map(plain, (contact.full_name, file_as(contact), *reachable)) if text.strip()), "-")


def _put_company(contact: Contact) -> dict[str, Any]:
    company, department = company_texts(contact)
    return {"company_name": plain(company) or None, "department": plain(department) or None}


def _numbered(names: list[str], values: list[str]) -> dict[str, Any]:
    """Values to the first of several places; the rest is cleared."""
    return dict(zip(names, [*map(plain, values), *[None] * len(names)], strict=False))


def _phone_row(kind: PhoneKind) -> Described[Contact]:
    """Writes the numbers of one kind. Which of two stands where, a record does not tell: both are said."""
    names = [_PHONES[kind.name, number] for number in range(1, kind.places + 1)]
    return Described(
        ("phones",),
        tuple(names),
        lambda contact: _numbered(names, list(by_kind(contact.phones).get(kind.name, ()))),
        lambda _shown: {},
        whole=True,
    )


def _get_phones(shown: Document) -> dict[str, Any]:
    found: list[Labelled] = []
    for (kind, _), name in _PHONES.items():
        found += labelled(kind, (shown.get(name) or "",))
    return {"phones": tuple(sorted(set(found), key=lambda phone: (phone.types, phone.value)))}


def _put_addresses(contact: Contact) -> dict[str, Any]:
    placed = addresses_by_kind(contact.addresses)
    return {
        _part(kind, here): plain(getattr(placed.get(kind, Postal()), here)) or None
        for kind in _ADDRESSES
        for here in _POSTAL
    }


def _get_addresses(shown: Document) -> dict[str, Any]:
    read = [
        address_of(kind, Postal(**{here: shown.get(_part(kind, here)) or "" for here in _POSTAL}))
        for kind in _ADDRESSES
    ]
    return {"addresses": tuple(sorted((one for one in read if one), key=lambda one: one.types))}


def _part(kind: str, here: str) -> str:
    return f"physical_addresses__{_ADDRESSES[kind]}__{_POSTAL[here]}"


def _day_row(field: str, name: str) -> Described[Contact]:
    """A birthday; free text stays in the hub."""

    def put_it(contact: Contact) -> dict[str, Any]:
        day = day_of(getattr(contact, field))
        return {name: EWSDate.from_date(day) if day else None}

    def get_it(shown: Document) -> dict[str, Any]:
        day = shown.get(name)
        return {field: text_of_day(date(day.year, day.month, day.day) if day else None)}

    return Described((field,), (name,), put_it, get_it)


CONTACT_TABLE: tuple[Described[Contact], ...] = (
    Described(
        ("full_name",),
        ("display_name",),
        lambda contact: {"display_name": _display_name(contact)},
        lambda shown: {"full_name": plain(shown.get("display_name") or "")},
    ),
    Described(
        ("name",),
        tuple(_NAMES.values()),
        _put_name,
        lambda shown: {"name": name_of({part: shown.get(there) for part, there in _NAMES.items()})},
    ),
    Described((), ("file_as",), lambda contact: {"file_as": plain(file_as(contact)) or None}, lambda _: {}),
    Described(
        ("nicknames",),
        ("nickname",),
        lambda contact: {"nickname": plain(nickname_text(contact)) or None},
        lambda shown: {"nicknames": nicknames_of(shown.get("nickname"))},
    ),
    Described(
        ("organization",),
        ("company_name", "department"),
        _put_company,
        lambda shown: {"organization": organization_of(shown.get("company_name"), shown.get("department"))},
    ),
    row("title", "job_title"),
    row("role", "profession"),
    Described(
        ("emails",),
        tuple(_EMAILS),
        lambda contact: _numbered(_EMAILS, chosen_emails(contact)),
        lambda shown: {"emails": emails_of(shown.get(name) for name in _EMAILS)},
        whole=True,  # a record does not tell the order of the second and the third, nor a place that is left empty
    ),
    *(_phone_row(kind) for kind in PHONE_KINDS),
    Described(("phones",), tuple(_PHONES.values()), None, _get_phones),
    Described(
        ("addresses",),
        tuple(_part(kind, here) for kind in _ADDRESSES for here in _POSTAL),
        _put_addresses,
        _get_addresses,
    ),
    Described(
        ("urls",),
        ("business_homepage",),
        lambda contact: {"business_homepage": plain(chosen_url(contact)) or None},
        lambda shown: {"urls": urls_of(shown.get("business_homepage"))},
    ),
    Described(
        ("chats",),
        tuple(_CHATS),
        lambda contact: _numbered(_CHATS, chosen_chats(contact)),
        lambda shown: {"chats": chats_of(shown.get(name) for name in _CHATS)},
        whole=True,
    ),
    _day_row("birthday", "birthday"),
    _day_row("anniversary", "wedding_anniversary"),
    body_row("note"),
    categories_row(),
)
CONTACT_FIELDS = carries(CONTACT_TABLE) | {"photo"}
CONTACT_NAMES = (*names_of(CONTACT_TABLE), "has_picture", "attachments")


def new_contact(contact: Contact) -> dict[str, Any]:
    """The field values of exchangelib's Contact that creates it, with its UID. Raises `Rejected`."""
    return item_values(put_new(CONTACT_TABLE, contact) | {"hub_uid": contact.uid})


def contact_patch(base: Contact, contact: Contact) -> dict[str, Any]:
    """What makes `base` into `contact`, for `changed_item`: changed properties only (SYNC.md R20); None clears."""
    return patch(CONTACT_TABLE, base, contact)


def read_contact(item: Any, uid_if_missing: str) -> Contact:
    """The contact of exchangelib's Contact that was read with `CONTACT_NAMES`."""
    return _read(Shown(item), item.hub_uid or uid_if_missing)


def kept_contact(contact: Contact) -> Contact:
    """What will be read of a contact that was written: without what Exchange has no place for."""
    return replace(_read(put_new(CONTACT_TABLE, contact), contact.uid), photo=kept_photo(contact))


def _read(shown: Mapping[str, Any], uid: str) -> Contact:
    return Contact(uid, **get(CONTACT_TABLE, shown))
