"""What the People API refuses in a contact (P6, P7, P8), and what it drops."""

from __future__ import annotations

from collections.abc import Callable

from tests.servers.google_workspace.people_history import Document, State
from tests.servers.google_workspace.people_person import FIRST, WRITABLE
from tests.servers.google_workspace.protocol import GoogleError

SINGLE = ("biographies", "birthdays", "genders", "names")
_ONLY_READ = {
    *("metadata", "formattedType", "formattedProtocol", "canonicalForm", "displayName", "displayNameLastFirst"),
}
_STRUCTURED = ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix")
ADDABLE = ("contactGroups/myContacts", "contactGroups/starred")  # of the system's groups
MY_CONTACTS = {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}
OLD = "Clear local cache and get the latest person."


def invalid(message: str) -> GoogleError:
    """400 INVALID_ARGUMENT."""
    return GoogleError(400, "badRequest", message)


def stale(what: str) -> GoogleError:
    """400 with reason failedPrecondition: somebody wrote since it was read (P6)."""
    message = f"Request {what} is different than the current {what}. {OLD}"
    return GoogleError(400, "failedPrecondition", message, rpc="FAILED_PRECONDITION")


def written(
    body: Document, fields: frozenset[str], group: Callable[[str], Document | None], state: State | None = None
) -> Document:
    """The fields of a person that is sent, as they are kept. `group` knows the groups; `state` is what it replaces."""
    kept = {name: _cleaned(name, body.get(name) or []) for name in fields & WRITABLE}
    for name in SINGLE:
        if len(kept.get(name, ())) > 1:
            raise invalid(f"Contact person field {name} is a singleton: it must not be given more than once.")
    for entry in [*kept.get("birthdays", ()), *kept.get("events", ())]:
        _check_date(entry.get("date") or {})
    for entry in kept.get("userDefined", ()):
        if not entry.get("key") or not entry.get("value"):
            raise invalid("User defined fields need a key and a value.")
    _check_memberships(kept, group, state)
    return kept


def check_etag(state: State, body: Document, etag_is_enough: bool) -> None:
    """The contact's source is named, with the etag that it has now (P6)."""
    sources = (body.get("metadata") or {}).get("sources") or []
    if not sources and not etag_is_enough:
        raise invalid("Request must set person.metadata.sources for the contact that is updated.")
    if sources and not any(source.get("type") == "CONTACT" for source in sources):
        raise invalid("Request person.metadata.sources has no source of type CONTACT.")
    etag = next((source.get("etag") for source in sources if source.get("type") == "CONTACT"), "")
    if not etag and not body.get("etag"):
        raise invalid("Request must set person.etag or person.metadata.sources.etag for the source that is updated.")
    if etag and etag != state.source_etag:
        raise stale("person.metadata.sources.etag")
    if not etag and body.get("etag") != state.etag:
        raise stale("person.etag")


def _cleaned(name: str, entries: list[Document]) -> list[Document]:
    """Without what is only read, and without what says nothing."""
    found = []
    for entry in entries:
        kept = {key: value for key, value in entry.items() if key not in _ONLY_READ and value not in ("", None, [], {})}
        if isinstance(kept.get("date"), dict):
            kept["date"] = {part: number for part, number in kept["date"].items() if number}
        if name == "memberships" and "contactGroupMembership" not in kept:
            continue  # domains are not ours to write
        if name == "names":
            kept = _name(kept)
        if not set(kept) - {"type", "contentType", "current"}:
            continue
        if name == "biographies":
            kept.setdefault("contentType", "TEXT_PLAIN")
        found.append(kept | ({FIRST: True} if (entry.get("metadata") or {}).get("sourcePrimary") else {}))
    if sum(FIRST in entry for entry in found) > 1:
        raise invalid(f"Only one entry of {name} may be source_primary.")
    return found


def _name(entry: Document) -> Document:
    """A whole name is taken apart, if its parts are not given; else the parts say it all."""
    whole = entry.pop("unstructuredName", "")
    if not whole or any(entry.get(part) for part in _STRUCTURED):
        return entry
    given, _, family = whole.rpartition(" ")
    return {**entry, **({"givenName": given, "familyName": family} if given else {"givenName": family})}


def _check_date(date: Document) -> None:
    if not date.get("year") and not date.get("month"):
        raise invalid("A date needs a year or a month.")
    if date.get("day") and not date.get("month"):
        raise invalid("A date with a day needs a month.")
    if not (0 <= date.get("month", 0) <= 12 and 0 <= date.get("day", 0) <= 31 and 0 <= date.get("year", 0) <= 9999):
        raise invalid("Invalid date.")


def _check_memberships(kept: Document, group: Callable[[str], Document | None], state: State | None) -> None:
    """At least one (P8) of groups that there are; of the system's groups only two can be added."""
    had = group_names(state.fields) if state else set()
    if state and "memberships" in kept and not kept["memberships"]:
        raise invalid("Contact person must have at least one contact group membership.")
    for name in group_names(kept):
        found = group(name)
        if found is None:
            raise invalid(f"Contact group {name!r} does not exist.")
        if found.get("system") and name not in ADDABLE and name not in had:
            raise invalid(f"Contacts cannot be added to the system contact group {name!r}.")


def group_names(fields: Document) -> set[str]:
    """Resource names of the groups that memberships name."""
    entries = (entry["contactGroupMembership"] for entry in fields.get("memberships", ()))
    return {str(entry.get("contactGroupResourceName", "")) for entry in entries}
