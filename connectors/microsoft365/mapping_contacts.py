"""Contacts: what of a `Contact` stands where in a Graph contact.

The first e-mail address stays the first, the types of addresses are not kept; what has no place (a fourth address, a
second mobile number) stays in the hub. A photo is a request of its own.
"""

from __future__ import annotations

from typing import Any

from connectors.microsoft.days import day_at, day_of, instant_of, text_of_day
from connectors.microsoft.described import (
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
from connectors.microsoft.phones import PHONE_KINDS, by_kind, labelled
from connectors.microsoft.postal import ADDRESS_KINDS, Postal, address_of, addresses_by_kind
from connectors.microsoft365.extended import UID, flattened, text_tag, time_tag, value_of
from sync_engine.model import Contact, Labelled, Name

MOST_EMAILS = 3
MOST_CHATS = 3
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
    return {there: " ".join(getattr(contact.name, here)) or None for here, there in _NAMES.items()}


def _get_name(document: Document) -> dict[str, Any]:
    parts = {here: document.get(there) for here, there in _NAMES.items()}
    return {"name": Name(**{here: (text,) for here, text in parts.items() if text})}


def file_as(contact: Contact) -> str:
    """How Outlook sorts a contact: family name first, then the given ones; of a company its name."""
    family, given = " ".join(contact.name.family), " ".join((*contact.name.given, *contact.name.additional))
    named = ", ".join(part for part in (family, given) if part)
    return named or contact.full_name or " ".join(contact.organization[:1])


def _put_company(contact: Contact) -> dict[str, Json]:
    company, units = contact.organization[:1], contact.organization[1:]
    return {"companyName": "".join(company) or None, "department": "; ".join(filter(None, units)) or None}


def _get_company(document: Document) -> dict[str, Any]:
    company, department = document.get("companyName") or "", document.get("department") or ""
    units = tuple(department.split("; ")) if department else ()
    return {"organization": (company, *units) if company or units else ()}


def _put_emails(contact: Contact) -> dict[str, Json]:
    ordered = sorted(contact.emails, key=lambda email: not email.preferred)
    addresses = list(dict.fromkeys(email.value.strip() for email in ordered if email.value.strip()))
    return {"emailAddresses": [{"address": address} for address in addresses[:MOST_EMAILS]]}


def _get_emails(document: Document) -> dict[str, Any]:
    """The first of several is the preferred one, so that it stays the first."""
    found = [one.get("address") for one in document.get("emailAddresses") or ()]
    first, *others = [address for address in dict.fromkeys(found) if address] or [""]
    preferred = Labelled(first, preferred=bool(others))
    return {"emails": (preferred, *(Labelled(other) for other in sorted(others))) if first else ()}


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


def _put_web(contact: Contact) -> dict[str, Json]:
    ordered = sorted(contact.urls, key=lambda url: not url.preferred)
    return {"businessHomePage": next((url.value for url in ordered if url.value), None)}


def _put_chats(contact: Contact) -> dict[str, Json]:
    handles = dict.fromkeys(chat.value for chat in contact.chats if chat.value)
    return {"imAddresses": list(handles)[:MOST_CHATS]}


def _get_chats(document: Document) -> dict[str, Any]:
    return {"chats": tuple(Labelled(handle) for handle in sorted(set(document.get("imAddresses") or ())) if handle)}


CONTACT_TABLE: tuple[Described[Contact], ...] = (
    text_row("full_name", "displayName"),
    Described(("name",), tuple(_NAMES.values()), _put_name, _get_name),
    Described((), ("fileAs",), lambda contact: {"fileAs": file_as(contact) or None}, lambda _: {}),
    Described(
        ("nicknames",),
        ("nickName",),
        lambda contact: {"nickName": ", ".join(contact.nicknames) or None},
        lambda document: {"nicknames": tuple(filter(None, (document.get("nickName") or "").split(", ")))},
    ),
    Described(("organization",), ("companyName", "department"), _put_company, _get_company),
    text_row("title", "jobTitle"),
    text_row("role", "profession"),
    Described(("emails",), ("emailAddresses",), _put_emails, _get_emails),
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
        _put_web,
        lambda document: {"urls": tuple(Labelled(url) for url in [document.get("businessHomePage")] if url)},
    ),
    Described(("chats",), ("imAddresses",), _put_chats, _get_chats),
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
