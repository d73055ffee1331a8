"""Contacts: what of a `Contact` stands where in a person of the People API.

A photo is a request of its own; the groups of a contact need ids, so they are written by who knows these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.bodies import description_of
from connectors.described import (
    Described,
    Document,
    Json,
    carries,
    get,
    one_line_ends,
    patch,
    properties,
    put_new,
)
from connectors.google_workspace.mapping_dates import get_birthday, get_days, put_birthday, put_days
from connectors.google_workspace.mapping_labels import first_and_others, own, preferred_first
from connectors.google_workspace.mapping_more import MORE, more_lines, put_more
from connectors.google_workspace.mapping_names import (
    NAME_PARTS,
    get_jobs,
    get_names,
    get_roles,
    put_jobs,
    put_names,
    put_roles,
    without_name,
)
from connectors.google_workspace.mapping_reach import (
    get_addresses,
    get_chats,
    get_emails,
    get_phones,
    get_urls,
    put_addresses,
    put_chats,
    put_emails,
    put_phones,
    put_urls,
)
from connectors.photos import kept_photo
from sync_engine.errors import Rejected
from sync_engine.formats.outline import in_order
from sync_engine.model import Contact


def _put_nicknames(contact: Contact) -> dict[str, Json]:
    said = dict.fromkeys(one_line_ends(name).strip() for name in contact.nicknames)
    return {"nicknames": first_and_others({"value": name} for name in said if name)}


def _get_nicknames(person: Document) -> dict[str, Any]:
    found = preferred_first(own(person.get("nicknames")))
    return {"nicknames": tuple(one["value"] for one in found if one.get("value"))}


def _put_note(contact: Contact) -> dict[str, Json]:
    note = one_line_ends(contact.note)
    return {"biographies": [{"value": note, "contentType": "TEXT_PLAIN"}] if note else []}


def _get_note(person: Document) -> dict[str, Any]:
    entry = next(iter(own(person.get("biographies"))), {})
    kind = "html" if entry.get("contentType") == "TEXT_HTML" else "text"
    return {"note": description_of(entry.get("value"), kind)}


CONTACT_TABLE: tuple[Described[Contact], ...] = (
    Described(("full_name", "name"), ("names",), put_names, get_names),
    Described(("nicknames",), ("nicknames",), _put_nicknames, _get_nicknames),
    Described(("organization", "title"), ("organizations",), put_jobs, get_jobs),
    Described(("role",), ("occupations",), put_roles, lambda person: {"role": next(iter(get_roles(person)), "")}),
    Described(("emails",), ("emailAddresses",), put_emails, get_emails),
    Described(("phones",), ("phoneNumbers",), put_phones, get_phones),
    Described(("addresses",), ("addresses",), put_addresses, get_addresses),
    Described(("urls",), ("urls",), put_urls, get_urls),
    Described(("chats",), ("imClients", "sipAddresses"), put_chats, get_chats),
    Described(("birthday",), ("birthdays",), put_birthday, get_birthday),
    Described(("anniversary",), ("events",), put_days, lambda person: {"anniversary": get_days(person)[0]}),
    Described(("note",), ("biographies",), _put_note, _get_note),
    Described(
        ("extra",),
        MORE,
        put_more,
        lambda person: {"extra": in_order(more_lines(person))},
    ),
)
CONTACT_FIELDS = carries(CONTACT_TABLE) | {"categories", "photo"}
PERSON_FIELDS = ",".join(sorted({*properties(CONTACT_TABLE), "metadata", "clientData", "memberships", "photos"}))
"""What to ask for."""


def read_contact(person: Document, uid: str, groups: Mapping[str, str]) -> Contact:
    """The contact of a person; `groups` are the names of the labels by resource name, others are left out."""
    contact = Contact(uid, **get(CONTACT_TABLE, person))
    member = [(one.get("contactGroupMembership") or {}) for one in own(person.get("memberships"))]
    names = {groups.get(str(one.get("contactGroupResourceName"))) for one in member}
    named = contact if contact.full_name else replace(contact, full_name=without_name(contact))
    return replace(named, categories=tuple(sorted(name for name in names if name)))


def new_contact(contact: Contact) -> dict[str, Json]:
    """The JSON that creates a contact, without its groups. Raises `Rejected` for what is none."""
    _refuse_group(contact)
    return put_new(CONTACT_TABLE, contact)


def contact_patch(base: Contact, contact: Contact) -> dict[str, Json]:
    """The JSON that makes `base` into `contact`: changed properties only (SYNC.md R20).

    Its keys are the updatePersonFields; what is cleared is an empty list. Raises as `new_contact`.
    """
    _refuse_group(contact)
    return patch(CONTACT_TABLE, base, contact)


def _refuse_group(contact: Contact) -> None:
    if contact.kind == "group":
        raise Rejected("Google holds no groups among its contacts; put people into categories, which are its labels.")


def kept_contact(contact: Contact) -> Contact:
    """What will be read of a contact that was written. Raises as `new_contact`."""
    read = read_contact(new_contact(contact), contact.uid, {})
    return replace(read, categories=tuple(sorted(set(contact.categories))), photo=kept_photo(contact))


# ---------------------------------------------------------------- what no record has

_KEYS = {
    "birthdays": "",
    "emailAddresses": "value",
    "locations": "value",
    "names": "",
    "nicknames": "value",
    "organizations": "name",
}
"""What tells that two entries are one; there is no more than one where it is empty."""
_SAID = {
    "birthdays": ("date", "text"),
    "emailAddresses": ("value", "type"),
    "locations": ("value", "type"),
    "names": (*NAME_PARTS, "displayName", "displayNameLastFirst", "unstructuredName"),
    "nicknames": ("value",),
    "organizations": ("name", "department", "title", "phoneticName"),
}
"""What our own entries say, or Google makes of it."""
_ONLY_READ = ("metadata", "formattedType")


def with_unknown(person: Document, changes: Mapping[str, Json]) -> dict[str, Json]:
    """Changes in which each entry keeps what `person` says of the same entry and no record can (SYNC.md R20).

    Google replaces a list whole: without this the domain of a company or the sound of a title would go.
    """
    return {name: _completed(name, own(person.get(name)), entries) for name, entries in changes.items()}


def _completed(name: str, there: list[Document], entries: Json) -> Json:
    if name not in _KEYS:
        return entries
    known = {_key(name, one): one for one in reversed(there)}
    return [{**_unknown(name, known.get(_key(name, entry), {})), **entry} for entry in entries]


def _key(name: str, entry: Document) -> Json:
    return entry.get(_KEYS[name]) if _KEYS[name] else ""


def _unknown(name: str, entry: Document) -> dict[str, Json]:
    return {part: value for part, value in entry.items() if part not in (*_SAID[name], *_ONLY_READ)}
