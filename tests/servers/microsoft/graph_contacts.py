"""Contacts, contact folders and photos."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.servers.microsoft import graph_extended, moments
from tests.servers.microsoft.graph_delta import Deltas, removed, thinned
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route, etag, named, page
from tests.servers.microsoft.mailbox import CONTACTS, Change, Collection, Item

_TEXTS = [
    "displayName",
    "givenName",
    "surname",
    "middleName",
    "nickName",
    "initials",
    "title",
    "generation",
    "companyName",
    "department",
    "jobTitle",
    "officeLocation",
    "profession",
    "businessHomePage",
    "assistantName",
    "manager",
    "mobilePhone",
    "personalNotes",
    "spouseName",
    "fileAs",
    "yomiGivenName",
    "yomiSurname",
    "yomiCompanyName",
    "birthday",
]
_LISTS = ["emailAddresses", "homePhones", "businessPhones", "imAddresses", "children", "categories"]
_ADDRESSES = ["homeAddress", "businessAddress", "otherAddress"]
_MOST = {"emailAddresses": 3, "homePhones": 2, "businessPhones": 2, "imAddresses": 3}
_FIELDS = {*_TEXTS, *_LISTS, *_ADDRESSES}
_FOLDER = r"(?:/contactFolders/([^/]+))?"


class Contacts:
    """What answers for /contacts and /contactFolders."""

    def __init__(self, deltas: Deltas) -> None:
        self.deltas = deltas

    def routes(self) -> list[Route]:
        """The paths."""
        one = _FOLDER + r"/contacts/([^/]+)"
        return [
            ("GET", _FOLDER + "/contacts", self.list),
            ("POST", _FOLDER + "/contacts", self.create),
            ("GET", _FOLDER + "/contacts/delta", self.delta),
            ("GET", one, self.get),
            ("PATCH", one, self.update),
            ("DELETE", one, self.delete),
            ("GET", one + r"/photo/\$value", self.get_photo),
            ("PUT", one + r"/photo/\$value", self.put_photo),
            ("PATCH", one + r"/photo/\$value", self.put_photo),
            ("DELETE", one + r"/photo/\$value", self.remove_photo),
            ("GET", "/contactFolders", self.folders),
            ("POST", "/contactFolders", self.add_folder),
            ("GET", "/contactFolders/([^/]+)/childFolders", self.folders),
            ("POST", "/contactFolders/([^/]+)/childFolders", self.add_folder),
            ("GET", "/contactFolders/delta", self.folder_delta),
            ("GET", "/contactFolders/([^/]+)", self.folder),
            ("PATCH", "/contactFolders/([^/]+)", self.rename_folder),
            ("DELETE", "/contactFolders/([^/]+)", self.remove_folder),
        ]

    def list(self, call: Call) -> Answer:
        items = call.mailbox.in_collection(_folder(call).id)
        return graph_extended.listed(call, items, partial(render, call))

    def create(self, call: Call) -> Answer:
        fields = _checked(call.json())
        item = call.mailbox.create(_folder(call).id, fields, extended=graph_extended.written(call.json()))
        return Answer(201, render(call, item))

    def get(self, call: Call) -> Answer:
        return Answer(200, render(call, call.mailbox.binned(call.args[1]) or _item(call)))

    def update(self, call: Call) -> Answer:
        fields, extended = _checked(call.json()), graph_extended.written(call.json())
        item = call.mailbox.update(_item(call).id, fields, if_key=call.if_match, extended=extended)
        return Answer(200, render(call, item))

    def delete(self, call: Call) -> Answer:
        call.mailbox.delete(_item(call).id, if_key=call.if_match)
        return Answer(204)

    def delta(self, call: Call) -> Answer:
        where = _folder(call).id
        state = self.deltas.state(call, where, call.mailbox.newest(where))
        changes = call.mailbox.changes(where, state["after"], state["floor"])
        return self.deltas.round(call, state, changes, _told)

    def get_photo(self, call: Call) -> Answer:
        photo = _item(call).photo
        if photo is None:
            raise GraphError(404, "ErrorItemNotFound", "The photo wasn't found.")
        return Answer(200, photo, {"Content-Type": "image/jpeg"})

    def put_photo(self, call: Call) -> Answer:
        if not isinstance(call.body, bytes) or not call.body:
            raise GraphError(400, "ErrorInvalidImage", "A photo is the octets of a picture.")
        call.mailbox.set_photo(_item(call).id, call.body)
        return Answer(200)

    def remove_photo(self, call: Call) -> Answer:
        call.mailbox.set_photo(_item(call).id, None)
        return Answer(204)

    def folders(self, call: Call) -> Answer:
        """In a folder, or in the default one, which is not listed itself, as in Graph."""
        top = call.mailbox.collection("contacts").id
        within = call.mailbox.collection(call.args[0]).id if call.args else top
        listed = [one for one in call.mailbox.of_kind(CONTACTS) if not one.well_known and call.may(one)]
        return page(call, named(call, [_shown(one) for one in listed if (one.parent or top) == within]))

    def folder(self, call: Call) -> Answer:
        return Answer(200, _shown(_contact_folder(call, call.args[0])))

    def add_folder(self, call: Call) -> Answer:
        parent = _contact_folder(call, call.args[0] if call.args else "contacts")
        return Answer(201, _shown(call.add_collection(CONTACTS, call.name_of("displayName"), parent.id)))

    def rename_folder(self, call: Call) -> Answer:
        call.mailbox.rename_collection(_contact_folder(call, call.args[0]).id, call.name_of("displayName"))
        return self.folder(call)

    def remove_folder(self, call: Call) -> Answer:
        folder = _contact_folder(call, call.args[0])
        if folder.well_known:
            raise GraphError(403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        call.mailbox.remove_collection(folder.id)
        return Answer(204)

    def folder_delta(self, call: Call) -> Answer:
        newest = call.mailbox.visible(call.mailbox.folder_log)
        state = self.deltas.state(call, "contactFolders", newest)
        changes = [one for one in call.mailbox.folder_changes(state["after"]) if one.seq <= state["floor"]]
        return self.deltas.round(call, state, changes, _folder_told)


def render(call: Call, item: Item) -> Json:
    """A contact as Graph shows it: every text is there, null if it is not set."""
    shown: Json = {"@odata.etag": etag(item), "id": call.id_of(item), "changeKey": item.change_key}
    shown |= {"createdDateTime": moments.stamp(item.created), "lastModifiedDateTime": moments.stamp(item.modified)}
    shown["parentFolderId"] = item.collection
    for names, nothing in ((_TEXTS, None), (_LISTS, []), (_ADDRESSES, {})):
        shown |= {name: item.fields.get(name, nothing) for name in names}
    return shown | graph_extended.shown(call, item)


def _told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    item = call.mailbox.items.get(change.item)
    if item is None or item.collection != _folder(call).id:
        return [removed(change.item if call.immutable else change.folder_id)]
    return [thinned(render(call, item), names)]


def _folder_told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    found = call.mailbox.collections.get(change.item)
    if found is None:
        return [removed(change.item)]
    return [_shown(found)] if found.kind == CONTACTS and not found.well_known else []


def _folder(call: Call) -> Collection:
    return _contact_folder(call, call.args[0] or "contacts")


def _contact_folder(call: Call, key: str) -> Collection:
    found = call.collection(key)
    if found.kind != CONTACTS:
        raise GraphError(400, "ErrorInvalidFolderId", "This is no contact folder.")
    return found


def _item(call: Call) -> Item:
    item = call.mailbox.find(call.args[1])
    if item.kind != CONTACTS or (call.args[0] and item.collection != _folder(call).id):
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    call.collection(item.collection)
    return item


def _shown(folder: Collection) -> Json:
    return {"id": folder.id, "displayName": folder.name, "parentFolderId": folder.parent}


def _checked(body: Json) -> dict[str, Any]:
    fields = {name: value for name, value in body.items() if name != graph_extended.NAME and not name.startswith("@")}
    if unknown := set(fields) - _FIELDS:
        raise GraphError(400, "RequestBodyRead", f"The property '{min(unknown)}' does not exist on a contact.")
    for name, most in _MOST.items():
        if len(fields.get(name) or []) > most:
            raise GraphError(400, "ErrorInvalidArgument", f"A contact has at most {most} {name}.")
    if fields.get("birthday"):
        try:
            fields["birthday"] = moments.stamp(moments.parse(fields["birthday"]))
        except ValueError as error:
            raise GraphError(400, "RequestBodyRead", "birthday is a DateTimeOffset, with a year.") from error
    return fields
