"""What is to be sent for one write of a contact: its fields, its labels, and a picture that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from connectors.described import Json
from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_person import (
    COLLECTION,
    CONTACT,
    KEY,
    MY_CONTACTS,
    UID,
    UNFINISHED,
    Person,
    groups_of,
    hidden,
    memberships,
    name_of,
    source_of,
    with_hidden,
)
from connectors.google_workspace.mapping_contacts import contact_patch, new_contact, with_unknown
from connectors.google_workspace.places import GROUPS, OTHER_CONTACTS, Place
from connectors.photos import picture_change
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Contact, Kind

DATA = "clientData"
LABELS = "memberships"


@dataclass(frozen=True, slots=True)
class Plan:
    """One write."""

    fields: Mapping[str, Json] = field(default_factory=dict)  # of the person, as `updatePersonFields` names them
    into: frozenset[str] = frozenset()  # names of labels
    out_of: frozenset[str] = frozenset()
    photo: bytes | None = None  # None: as it is; empty: to be removed

    @property
    def several(self) -> bool:
        """Whether a step follows the first request."""
        return self.photo is not None

    def __bool__(self) -> bool:
        return bool(self.fields or self.into or self.out_of) or self.several


def to_create(item: Item) -> Plan:
    """A new contact. Raises `Rejected` for what cannot be expressed."""
    contact = contact_in(item)
    plan = Plan(new_contact(contact), into=frozenset(contact.categories))
    return _with_photo(plan, Contact(contact.uid), contact)


def to_update(base: Item, item: Item) -> Plan:
    """What differs, and nothing else (SYNC.md R20). Raises as `to_create`."""
    before, after = contact_in(base), contact_in(item)
    old, new = frozenset(before.categories), frozenset(after.categories)
    return _with_photo(Plan(contact_patch(before, after), new - old, old - new), before, after)


def _with_photo(plan: Plan, before: Contact, after: Contact) -> Plan:
    """A picture that is only an address has no place at Google, and takes nothing away there."""
    change = picture_change(before, after)
    if change is None or (change.data is None and after.photo is not None):
        return plan
    return replace(plan, photo=change.data or b"")


def contact_in(item: Item) -> Contact:
    """Its record. Raises `Rejected`."""
    if item.kind is not Kind.CONTACT:
        raise Rejected(f"Google's contacts take no {item.kind}; bind a collection that does.")
    return cast(Contact, item.record)


def refuse_others(place: Place) -> None:
    """Other contacts are Google's own notes. Raises `Rejected`."""
    if place.sort == OTHER_CONTACTS:
        raise Rejected("Google's other contacts can only be read; make the binding one-way, or bind the contacts.")


# ---------------------------------------------------------------- the JSON


def new_person(plan: Plan, place: Place, item: Item, key: str, groups: Groups) -> dict[str, Json]:
    """The person to create: under our keys, in its labels."""
    keys = {UID: item.uid, KEY: key, UNFINISHED: item.digest if plan.several else ""}
    keys[COLLECTION] = groups.mark_of(place)
    own = {MY_CONTACTS} | ({place.collection} if place.sort == GROUPS else set())
    labels = memberships(groups.ids_of(plan.into) | own)
    return {**plan.fields, DATA: with_hidden(plan.fields, keys), LABELS: labels}


def changed_person(plan: Plan, person: Person, item: Item, groups: Groups) -> dict[str, Json]:
    """The fields to update; `person` is what stands there: Google replaces each field whole."""
    found: dict[str, Json] = dict(with_unknown(person, plan.fields))
    if plan.into or plan.out_of:
        there = groups_of(person)
        labels = (there | groups.ids_of(plan.into)) - groups.known_ids(plan.out_of)
        if labels != there:
            found[LABELS] = memberships(labels)
    if plan.several or DATA in found:
        keys = {key: hidden(person, key) for key in (UID, KEY, COLLECTION)} | {
            UNFINISHED: item.digest if plan.several else ""
        }
        found[DATA] = with_hidden({DATA: found.get(DATA, person.get(DATA))}, keys)
    return found


def addressed(person: Person, fields: Mapping[str, Json]) -> dict[str, Json]:
    """With the state that it is a change to: Google refuses it when that is another one by now (P6)."""
    source = {name: source_of(person)[name] for name in ("id", "etag") if name in source_of(person)}
    return {
        "resourceName": name_of(person),
        "etag": person.get("etag", ""),
        "metadata": {"sources": [{"type": CONTACT, **source}]},
        **fields,
    }
