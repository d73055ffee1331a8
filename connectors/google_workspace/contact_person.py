"""What stands in a person of Google's People API, besides the fields of a contact: its source, our keys, its labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from connectors.google_workspace.places import GROUPS

Person: TypeAlias = Mapping[str, Any]
"""A Person as JSON, read with `metadata`."""

CONTACT = "CONTACT"
READ_CONTACTS = ["READ_SOURCE_TYPE_CONTACT"]
"""What is asked for: a contact as its owner wrote it, without what the person's own Google profile says."""
UID = "AgendaHubUid"
"""The key in clientData of the UID under which the hub made a contact."""
KEY = "AgendaHubKey"
"""... of the write that made it, to find it by."""
UNFINISHED = "AgendaHubUnfinished"
"""... of the digest of what it is to become, on a contact that is written in several steps."""
COLLECTION = "AgendaHubCollection"
"""... of the collection, on a contact that was made in one and on its label: the name that we gave to the label."""
MY_CONTACTS = f"{GROUPS}/myContacts"
_SYSTEM = ("myContacts", "starred", "all", "blocked", "chatBuddies", "friends", "family", "coworkers")
SYSTEM_GROUPS = frozenset(f"{GROUPS}/{name}" for name in _SYSTEM)
"""Google's own groups: no labels, and nobody's categories."""


def name_of(person: Person) -> str:
    """Its id: people/c123."""
    return str(person.get("resourceName") or "")


def is_person(person: Person) -> bool:
    """Whether it says who it is and where it comes from: else nothing follows from it (SYNC.md R01)."""
    return bool(name_of(person)) and isinstance(person.get("metadata"), dict)


def former_names(person: Person) -> tuple[str, ...]:
    """Ids that it had before: linking it with a profile may change its id."""
    return tuple(str(name) for name in (person.get("metadata") or {}).get("previousResourceNames") or ())


def is_deleted(person: Person) -> bool:
    """A tombstone (P3)."""
    return bool((person.get("metadata") or {}).get("deleted"))


def source_of(person: Person) -> Mapping[str, Any]:
    """What the owner wrote, as a source: its id, etag and updateTime; of other contacts what Google noted itself."""
    sources = [one for one in (person.get("metadata") or {}).get("sources") or () if isinstance(one, dict)]
    ours = [one for one in sources if one.get("type") == CONTACT]
    others = [one for one in sources if one.get("type") == "OTHER_CONTACT"]
    return next(iter([*ours, *others]), {})


def own_uid(person: Person) -> str:
    """The UID that Google gives: by the id of the source, which stays when the contact's id changes."""
    found = source_of(person).get("id") or name_of(person).rpartition("/")[2]
    return f"{found}@people.google.com"


def hidden(person: Person, key: str) -> str:
    """What we hid on it under a key; "" for what others made."""
    found = (one for one in person.get("clientData") or () if one.get("key") == key)
    return next((str(one.get("value") or "") for one in found), "")


def with_hidden(person: Person, keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """All its clientData, to be sent: these keys with other values, "" takes one away."""
    kept = [_sent(one) for one in person.get("clientData") or () if one.get("key") not in keys]
    return [*kept, *({"key": key, "value": value} for key, value in keys.items() if value)]


def _sent(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("key", "value") if name in entry}


def groups_of(person: Person) -> frozenset[str]:
    """The ids of the groups that it is in: contactGroups/1a2b."""
    return frozenset(_groups(person))


def _groups(person: Person) -> Iterator[str]:
    for one in person.get("memberships") or ():
        group = (one.get("contactGroupMembership") or {}).get("contactGroupResourceName")
        if group:
            yield str(group)


def memberships(groups: frozenset[str]) -> list[dict[str, Any]]:
    """To be sent: in these groups and no others. One it must be at least (P8)."""
    names = sorted(groups or {MY_CONTACTS})
    return [{"contactGroupMembership": {"contactGroupResourceName": name}} for name in names]


def photo_url(person: Person) -> str:
    """Where its picture is; "" where its owner gave it none."""
    for photo in person.get("photos") or ():
        source = ((photo.get("metadata") or {}).get("source") or {}).get("type") or CONTACT
        if photo.get("url") and not photo.get("default") and source == CONTACT:
            return str(photo["url"])
    return ""
