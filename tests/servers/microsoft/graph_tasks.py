"""To Do: lists and tasks. Their ids are of one kind, and there is no change key in a task but the etag."""

from __future__ import annotations

import json

from tests.servers.microsoft import graph_extended, moments, recurrence
from tests.servers.microsoft.graph_delta import Deltas, removed, thinned
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route, etag, page
from tests.servers.microsoft.mailbox import TASKS, Change, Collection, Fields, Item

_FIELDS = {
    *("title", "body", "categories", "importance", "status", "dueDateTime", "startDateTime", "completedDateTime"),
    *("isReminderOn", "reminderDateTime", "recurrence"),
}
_EXTENSION = "extension "
_DEFAULTS: Fields = {
    "title": "",
    "body": {"contentType": "text", "content": ""},
    "categories": [],
    "importance": "normal",
    "status": "notStarted",
    "isReminderOn": False,
}


class Tasks:
    """What answers for /todo/lists."""

    def __init__(self, deltas: Deltas) -> None:
        self.deltas = deltas

    def routes(self) -> list[Route]:
        """The paths."""
        tasks = "/todo/lists/([^/]+)/tasks"
        return [
            ("GET", "/todo/lists", self.lists),
            ("POST", "/todo/lists", self.add_list),
            ("GET", "/todo/lists/delta", self.lists_delta),
            ("GET", "/todo/lists/([^/]+)", self.one_list),
            ("PATCH", "/todo/lists/([^/]+)", self.rename_list),
            ("DELETE", "/todo/lists/([^/]+)", self.remove_list),
            ("GET", tasks, self.list),
            ("POST", tasks, self.create),
            ("GET", tasks + "/delta", self.delta),
            ("GET", tasks + "/([^/]+)", self.get),
            ("PATCH", tasks + "/([^/]+)", self.update),
            ("DELETE", tasks + "/([^/]+)", self.delete),
        ]

    def lists(self, call: Call) -> Answer:
        return page(call, [_shown(one) for one in call.mailbox.of_kind(TASKS) if call.may(one)])

    def add_list(self, call: Call) -> Answer:
        return Answer(201, _shown(call.mailbox.add_collection(TASKS, call.name_of("displayName"))))

    def one_list(self, call: Call) -> Answer:
        return Answer(200, _shown(_list(call)))

    def rename_list(self, call: Call) -> Answer:
        call.mailbox.rename_collection(_list(call).id, call.name_of("displayName"))
        return self.one_list(call)

    def remove_list(self, call: Call) -> Answer:
        if _list(call).well_known:
            raise GraphError(400, "invalidRequest", "The default list cannot be deleted.")
        call.mailbox.remove_collection(_list(call).id)
        return Answer(204)

    def lists_delta(self, call: Call) -> Answer:
        state = self.deltas.state(call, "lists", call.mailbox.visible(call.mailbox.folder_log))
        changes = [one for one in call.mailbox.folder_changes(state["after"]) if one.seq <= state["floor"]]
        return self.deltas.round(call, state, changes, _list_told)

    def list(self, call: Call) -> Answer:
        items = call.mailbox.in_collection(_list(call).id)
        return graph_extended.listed(call, items, lambda item: _expanded(call, item))

    def create(self, call: Call) -> Answer:
        body = call.json()
        own = {_EXTENSION + one["extensionName"]: json.dumps(one) for one in body.get("extensions") or []}
        fields = _checked(call, {name: value for name, value in body.items() if name != "extensions"})
        return Answer(201, render(call.mailbox.create(_list(call).id, fields, extended=own)))

    def get(self, call: Call) -> Answer:
        return Answer(200, _expanded(call, _item(call)))

    def update(self, call: Call) -> Answer:
        fields = _checked(call, call.json())
        return Answer(200, render(call.mailbox.update(_item(call).id, fields, if_key=call.if_match)))

    def delete(self, call: Call) -> Answer:
        call.mailbox.delete(_item(call).id, if_key=call.if_match)
        return Answer(204)

    def delta(self, call: Call) -> Answer:
        where = _list(call).id
        state = self.deltas.state(call, where, call.mailbox.newest(where))
        return self.deltas.round(call, state, call.mailbox.changes(where, state["after"], state["floor"]), _told)


def render(item: Item) -> Json:
    """A task as Graph shows it."""
    shown: Json = {"@odata.etag": etag(item), "id": item.id}
    shown |= {"createdDateTime": moments.stamp(item.created), "lastModifiedDateTime": moments.stamp(item.modified)}
    return shown | _DEFAULTS | item.fields


def _expanded(call: Call, item: Item) -> Json:
    """With its open extensions, if they are asked for: a task has no extended properties."""
    shown = render(item)
    if "extensions" not in call.query.get("$expand", ""):
        return shown
    kept = [json.loads(text) for name, text in item.extended.items() if name.startswith(_EXTENSION)]
    return {**shown, "extensions": [{**one, "id": one["extensionName"]} for one in kept]}


def _told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    item = call.mailbox.items.get(change.item)
    if item is None or item.collection != _list(call).id:
        return [removed(change.item)]
    return [thinned(render(item), names)]


def _list_told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    found = call.mailbox.collections.get(change.item)
    if found is None:
        return [removed(change.item)]
    return [_shown(found)] if found.kind == TASKS else []


def _list(call: Call) -> Collection:
    found = call.collection(call.args[0])
    if found.kind != TASKS:
        raise GraphError(404, "ErrorItemNotFound", "This is no task list.")
    return found


def _item(call: Call) -> Item:
    item = call.mailbox.items.get(call.args[1])
    if item is None or item.collection != _list(call).id:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return item


def _shown(one: Collection) -> Json:
    known = "defaultList" if one.well_known else "none"
    return {"id": one.id, "displayName": one.name, "wellknownListName": known, "isOwner": True, "isShared": False}


def _checked(call: Call, body: Json) -> Fields:
    fields = {name: value for name, value in body.items() if not name.startswith("@")}
    if unknown := set(fields) - _FIELDS:
        raise GraphError(400, "RequestBodyRead", f"The property '{min(unknown)}' does not exist on a todoTask.")
    if fields.get("recurrence"):
        try:
            recurrence.check(fields["recurrence"])
        except recurrence.Inexpressible as error:
            raise GraphError(400, "invalidRequest", str(error)) from error
    if fields.get("status") == "completed":
        now = {"dateTime": moments.seven(call.mailbox.server.clock()), "timeZone": "UTC"}
        fields.setdefault("completedDateTime", now)
    elif "status" in fields:
        fields["completedDateTime"] = None
    return fields
