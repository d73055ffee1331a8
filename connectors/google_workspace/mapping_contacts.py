"""Contacts: what of a `Contact` stands where in a person of the People API.

A photo is a request of its own; the groups of a contact need ids, so they are written by who knows these.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.described import Document, Json
from sync_engine.model import Contact

CONTACT_FIELDS: frozenset[str] = frozenset()
PERSON_FIELDS = "names,metadata,clientData,memberships,photos"
"""What to ask for."""


def read_contact(person: Document, uid: str, groups: Mapping[str, str]) -> Contact:
    """The contact of a person; `groups` are the names of the labels by resource name, others are left out."""
    raise NotImplementedError


def new_contact(contact: Contact) -> dict[str, Json]:
    """The JSON that creates a contact, without its groups."""
    raise NotImplementedError


def contact_patch(base: Contact, contact: Contact) -> dict[str, Json]:
    """The JSON that makes `base` into `contact`: changed properties only (SYNC.md R20); its keys are
    the updatePersonFields."""
    raise NotImplementedError


def kept_contact(contact: Contact) -> Contact:
    """What will be read of a contact that was written."""
    raise NotImplementedError


def with_unknown(person: Document, patch: Mapping[str, Json]) -> dict[str, Json]:
    """A patch in which each entry keeps what `person` says of the same entry and no record can (SYNC.md R20).

    Google replaces a list whole: without this a job's symbol or an address' display name would go.
    """
    raise NotImplementedError
