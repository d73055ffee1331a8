"""Persons as the People API shows them: the fields that were asked for, each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.servers.google_workspace.people_history import Document, State
from tests.servers.google_workspace.protocol import GoogleError

_OWN = (
    *("addresses", "biographies", "birthdays", "calendarUrls", "clientData", "emailAddresses", "events"),
    *("externalIds", "genders", "imClients", "interests", "locales", "locations", "memberships", "miscKeywords"),
    *("names", "nicknames", "occupations", "organizations", "phoneNumbers", "relations", "sipAddresses", "urls"),
    "userDefined",
)
WRITABLE = frozenset(_OWN)  # what updatePersonFields may name
READABLE = WRITABLE | {"ageRanges", "coverPhotos", "metadata", "photos", "skills"}  # what personFields may name
OF_OTHERS = frozenset({"emailAddresses", "metadata", "names", "phoneNumbers", "photos"})  # of other contacts
_SOURCES = {"people": "CONTACT", "otherContacts": "OTHER_CONTACT"}
PROFILE = "READ_SOURCE_TYPE_PROFILE"
FIRST = "sourcePrimary"  # of an entry as it is kept: its owner prefers it
MOST_LISTED = {"emailAddresses": 100, "phoneNumbers": 100}  # entries that lists show; a read by name has all


def mask(text: str, allowed: frozenset[str], name: str) -> frozenset[str]:
    """The fields that a mask names. GoogleError if there are none, or others than allowed."""
    asked = {part.strip() for part in text.split(",") if part.strip()}
    if not asked:
        raise GoogleError(400, "badRequest", f"{name} mask is required. Please specify one or more valid paths.")
    if wrong := sorted(asked - allowed):
        raise GoogleError(400, "badRequest", f'Invalid {name} mask path: "{wrong[0]}". Valid paths: {sorted(allowed)}.')
    return frozenset(asked)


def person(state: State, fields: frozenset[str], root: str, sources: list[str], *, listed: bool = False) -> Document:
    """What is told of a contact. `sources`: those asked for, or none for contact and profile."""
    told: Document = {"resourceName": state.name, "etag": state.etag}
    with_profile = bool(state.profile) and (not sources or PROFILE in sources)
    for name in sorted(fields & WRITABLE):
        entries = [*_entries(state, name), *(_of_profile(state, name) if with_profile else ())]
        if entries:
            next((one for one in entries if FIRST in one["metadata"]), entries[0])["metadata"]["primary"] = True
            told[name] = entries[: MOST_LISTED.get(name)] if listed else entries
    if "photos" in fields and not state.deleted:
        told["photos"] = [_photo(state, root)]
    if "metadata" in fields:
        told["metadata"] = _metadata(state, with_profile)
    return told


def stamp(at: datetime) -> str:
    """2026-11-22T09:00:00.123456Z."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _entries(state: State, name: str) -> Iterator[Document]:
    kept = state.fields.get(name, ())
    preferred = next((place for place, entry in enumerate(kept) if FIRST in entry), 0)
    for place, entry in enumerate(kept):
        metadata: Document = {"source": _source(state), **({FIRST: True} if place == preferred else {})}
        yield {**_shown(name, {key: value for key, value in entry.items() if key != FIRST}), "metadata": metadata}


def _of_profile(state: State, name: str) -> Iterator[Document]:
    for entry in state.profile.get(name, ()):
        source = {"type": "PROFILE", "id": f"1{state.id}"}
        yield {"metadata": {"source": source, "verified": True}, **_shown(name, entry)}


def _source(state: State) -> Document:
    return {"type": _SOURCES[state.name.partition("/")[0]], "id": f"{state.id:x}"}


def _metadata(state: State, with_profile: bool) -> Document:
    own = {**_source(state), "etag": state.source_etag, "updateTime": stamp(state.at)}
    told: Document = {"sources": [own], "objectType": "PERSON"}
    if with_profile:
        more = {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]}
        told["sources"].append({"type": "PROFILE", "id": f"1{state.id}", "etag": "#p", "profileMetadata": more})
    return told | ({"deleted": True} if state.deleted else {})


def _photo(state: State, root: str) -> Document:
    """Who has none gets the picture of a letter."""
    metadata = {"primary": True, "source": _source(state)}
    if not state.photo:
        return {"metadata": metadata, "url": f"{root}photos/default/s100/photo.jpg", "default": True}
    return {"metadata": metadata, "url": f"{root}photos/{state.photo}/s100/photo.jpg"}


def _shown(name: str, entry: Document) -> Document:
    """With what Google adds."""
    more: Document = {}
    if entry.get("type") and name not in {"miscKeywords", "locations", "nicknames"}:
        more["formattedType"] = entry["type"].capitalize()
    if name == "names":
        more |= _names(entry)
    elif name == "phoneNumbers" and entry.get("value", "").startswith("+"):
        more["canonicalForm"] = "+" + "".join(sign for sign in entry["value"] if sign.isdigit())
    elif name == "addresses" and "formattedValue" not in entry:
        more["formattedValue"] = _address(entry)
    elif name == "genders" and entry.get("value"):
        more["formattedValue"] = entry["value"].capitalize()
    elif name == "imClients" and entry.get("protocol"):
        more["formattedProtocol"] = entry["protocol"].capitalize()
    elif name == "memberships":
        group = entry["contactGroupMembership"]["contactGroupResourceName"]
        more["contactGroupMembership"] = {
            "contactGroupId": group.rpartition("/")[2],
            "contactGroupResourceName": group,
        }
    return {**entry, **more}


def _names(entry: Document) -> Document:
    """The whole name in both orders, as for a Western locale."""
    front = [entry.get(part, "") for part in ("honorificPrefix", "givenName", "middleName", "familyName")]
    end = f", {entry['honorificSuffix']}" if entry.get("honorificSuffix") else ""
    whole = " ".join(filter(None, front)) + end
    rest = " ".join(filter(None, front[:3]))
    last = f"{front[3]}, {rest}" if front[3] and rest else front[3] or rest
    return {"displayName": whole, "displayNameLastFirst": last + end, "unstructuredName": whole}


def _address(entry: Document) -> str:
    place = " ".join(filter(None, (entry.get("postalCode"), entry.get("city"))))
    names = ("streetAddress", "extendedAddress", "poBox")
    lines = [*(entry.get(name) for name in names), place, entry.get("region"), entry.get("country")]
    return "\n".join(filter(None, lines))
