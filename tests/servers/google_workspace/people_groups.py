"""Labels and the system's groups: contactGroups.* (P10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.servers.google_workspace.people_book import SYSTEM_GROUPS, Book
from tests.servers.google_workspace.people_checks import ADDABLE, group_names, invalid, stale
from tests.servers.google_workspace.people_history import Document, State
from tests.servers.google_workspace.people_lists import Lists
from tests.servers.google_workspace.people_person import mask, stamp
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

_FIELDS = frozenset({"clientData", "groupType", "memberCount", "metadata", "name"})
_DEFAULT = "metadata,groupType,memberCount,name"
MOST_READ, MOST_MODIFIED = 200, 1000


class Groups:
    """Handlers. `book` finds a user's book."""

    def __init__(self, book: Callable[[Call], Book], lists: Lists) -> None:
        self._book, self._lists = book, lists

    def reads(self) -> dict[str, Handler]:
        """They change nothing."""
        return {
            "people.contactGroups.list": self._list,
            "people.contactGroups.get": self._get,
            "people.contactGroups.batchGet": self._batch_get,
        }

    def writes(self) -> dict[str, Handler]:
        """One at a time for each user."""
        return {
            "people.contactGroups.create": self._create,
            "people.contactGroups.update": self._update,
            "people.contactGroups.delete": self._delete,
            "people.contactGroups.members.modify": self._modify,
        }

    def _list(self, call: Call) -> Answer:
        book, fields = self._book(call), _mask(call.text("groupFields"))
        first = not call.text("syncToken") and not call.text("pageToken")
        found, more = self._lists.page(call, book.groups, 30, always=True)
        counts = _counts(book)
        system = [_system(name, fields, counts) for name in SYSTEM_GROUPS] if first else []
        groups = [*system, *(_label(state, fields, counts) for state in found)]
        told: Document = {"contactGroups": groups} if groups else {}
        return Answer({**told, "totalItems": len(book.groups.living()) + len(SYSTEM_GROUPS), **more})

    def _get(self, call: Call) -> Answer:
        most = int(call.params.get("maxMembers", 0))
        return Answer(self._one(call, call.text("resourceName"), _mask(call.text("groupFields")), most))

    def _batch_get(self, call: Call) -> Answer:
        names, fields = call.params.get("resourceNames", []), _mask(call.text("groupFields"))
        if not 0 < len(names) <= MOST_READ:
            raise invalid(f"Resource names must be 1 to {MOST_READ}.")
        responses = []
        for name in names:
            try:
                found = {"contactGroup": self._one(call, name, fields, int(call.params.get("maxMembers", 0)))}
            except GoogleError as error:
                found = {"status": {"code": 5, "message": str(error)}}
            responses.append({"requestedResourceName": name, **found})
        return Answer({"responses": responses})

    def _one(self, call: Call, name: str, fields: frozenset[str], most: int) -> Document:
        book = self._book(call)
        short = name.removeprefix("contactGroups/")
        counts = _counts(book)
        told = _system(short, fields, counts) if short in SYSTEM_GROUPS else _label(_state(book, name), fields, counts)
        members = [state.name for state in book.members(name)][:most]
        return told | ({"memberResourceNames": members} if members else {})

    def _create(self, call: Call) -> Answer:
        book, given = self._book(call), call.body.get("contactGroup", {})
        name = _free_name(book, given.get("name", ""))
        state = book.label(name, given.get("clientData"))
        return Answer(_label(state, _mask(call.body.get("readGroupFields", "")), _counts(book)))

    def _update(self, call: Call) -> Answer:
        book, given = self._book(call), call.body.get("contactGroup", {})
        state = _state(book, _label_name(call))
        if given.get("etag") and given["etag"] != state.etag:
            raise stale("contactGroup.etag")
        changing = mask(call.body.get("updateGroupFields") or "name", frozenset({"clientData", "name"}), "updateGroup")
        fields = dict(state.fields)
        if "name" in changing:
            fields["name"] = _free_name(book, given.get("name", ""), state.name)
        if "clientData" in changing:
            fields["clientData"] = given.get("clientData", [])
        state = book.groups.put(state.name, fields)
        return Answer(_label(state, _mask(call.body.get("readGroupFields", "")), _counts(book)))

    def _delete(self, call: Call) -> Answer:
        book = self._book(call)
        book.remove_label(_state(book, _label_name(call)).name, call.yes("deleteContacts"))
        return Answer({})

    def _modify(self, call: Call) -> Answer:
        book, group = self._book(call), call.text("resourceName")
        adding, removing = (call.body.get(f"resourceNamesTo{what}", []) for what in ("Add", "Remove"))
        if len(adding) + len(removing) > MOST_MODIFIED:
            raise invalid(f"At most {MOST_MODIFIED} members can be modified at once.")
        found = book.group(group)
        if found is None:
            raise _no_group(group)
        if adding and found.get("system") and group not in ADDABLE:
            raise invalid("Contacts cannot be added to this system contact group.")
        return Answer(_modified(book, group, adding, removing))


def _modified(book: Book, group: str, adding: list[str], removing: list[str]) -> Document:
    missing, last = [], []
    for name in [*adding, *removing]:
        try:
            names = group_names(book.contacts.get(name).fields)
        except KeyError:
            missing.append(name)
            continue
        if name not in adding and names == {group}:
            last.append(name)
        elif (group in names) != (name in adding):
            book.put_label(name, group, on=name in adding)
    told = {"notFoundResourceNames": missing, "canNotRemoveLastContactGroupResourceNames": last}
    return {key: names for key, names in told.items() if names}


def _mask(text: str) -> frozenset[str]:
    return mask(text or _DEFAULT, _FIELDS, "groupFields")


def _counts(book: Book) -> Counter[str]:
    return Counter(name for state in book.contacts.living() for name in group_names(state.fields))


def _system(name: str, fields: frozenset[str], counts: Counter[str]) -> Document:
    resource = f"contactGroups/{name}"
    told: Document = {"resourceName": resource}
    if "groupType" in fields:
        told["groupType"] = "SYSTEM_CONTACT_GROUP"
    if "name" in fields:
        told |= {"name": name, "formattedName": SYSTEM_GROUPS[name]}
    return told | ({"memberCount": counts[resource]} if "memberCount" in fields and counts[resource] else {})


def _label(state: State, fields: frozenset[str], counts: Counter[str]) -> Document:
    told: Document = {"resourceName": state.name, "etag": state.etag}
    if "metadata" in fields:
        told["metadata"] = {"updateTime": stamp(state.at), **({"deleted": True} if state.deleted else {})}
    if state.deleted:
        return told
    if "groupType" in fields:
        told["groupType"] = "USER_CONTACT_GROUP"
    if "name" in fields:
        told |= {"name": state.fields["name"], "formattedName": state.fields["name"]}
    if "clientData" in fields and state.fields.get("clientData"):
        told["clientData"] = state.fields["clientData"]
    return told | ({"memberCount": counts[state.name]} if "memberCount" in fields and counts[state.name] else {})


def _label_name(call: Call) -> str:
    name = call.text("resourceName")
    if name.removeprefix("contactGroups/") in SYSTEM_GROUPS:
        raise invalid("System contact groups cannot be changed.")
    return name


def _state(book: Book, name: str) -> State:
    try:
        return book.groups.get(name)
    except KeyError:
        raise _no_group(name) from None


def _free_name(book: Book, name: str, own: str = "") -> str:
    if not name.strip():
        raise invalid("Contact group name is required.")
    taken = {state.fields["name"]: state.name for state in book.groups.living()}
    if taken.get(name, own) != own or name in SYSTEM_GROUPS.values():
        raise GoogleError(409, "alreadyExists", "Contact group name already exists.")
    return name


def _no_group(name: str) -> GoogleError:
    return GoogleError(404, "notFound", f"Contact group {name} was not found.")
