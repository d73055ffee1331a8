"""What the Tasks API keeps of one user: lists of tasks, deleted ones too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.servers.google_workspace.world import World, stamp

Document = dict[str, Any]


@dataclass
class TaskList:
    """One list. The first one is the user's default and cannot be deleted."""

    id: str
    title: str
    updated: datetime
    etag: str
    tasks: dict[str, Document] = field(default_factory=dict)  # by id, as they are told, without links to themselves


class TaskBook:
    """The methods are a user's hand, e.g. in her phone's app; the API's handlers are made of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.lists: dict[str, TaskList] = {}
        self.add_list("My Tasks")

    @property
    def default(self) -> TaskList:
        """The list that is called @default."""
        return next(iter(self.lists.values()))

    def find(self, name: str) -> TaskList:
        """By its id. Raises KeyError."""
        return self.default if name == "@default" else self.lists[name]

    def add_list(self, title: str) -> TaskList:
        """A new list."""
        made = TaskList(f"MTIz{self._world.number():08d}", title, self._world.moment(), self._world.etag())
        self.lists[made.id] = made
        return made

    def add(self, where: TaskList, fields: Document, parent: str = "", previous: str = "") -> Document:
        """A new task, the first of its siblings or after `previous`."""
        task = {"id": f"VGFz{self._world.number():08d}", "kind": "tasks#task", "title": "", "status": "needsAction"}
        where.tasks[task["id"]] = task
        self.move(where, task["id"], parent, previous)
        return self.change(where, task["id"], fields)

    def change(self, where: TaskList, name: str, fields: Document) -> Document:
        """Other values; None clears. Raises KeyError."""
        task = where.tasks[name]
        for key, value in fields.items():
            if value is None or (key in {"hidden", "deleted"} and not value):
                task.pop(key, None)
            else:
                task[key] = value
        self._touch(where, task)
        return task

    def delete(self, where: TaskList, name: str) -> None:
        """And all below it. It is told of for some time, with showDeleted. Raises KeyError."""
        self.change(where, name, {"deleted": True})
        for task in list(where.tasks.values()):
            if task.get("parent") == name and not task.get("deleted"):
                self.delete(where, task["id"])

    def forget(self) -> None:
        """Deleted tasks are not told of any more, as some time after they were deleted."""
        for one in self.lists.values():
            one.tasks = {name: task for name, task in one.tasks.items() if not task.get("deleted")}

    def tick(self, where: TaskList, name: str) -> None:
        """Done, in an app of Google's: such tasks are hidden at once. Raises KeyError."""
        self.change(where, name, {"status": "completed", "completed": stamp(self._world.moment()), "hidden": True})

    def clear(self, where: TaskList) -> None:
        """Hide what is done."""
        for task in list(where.tasks.values()):
            if task["status"] == "completed" and not task.get("hidden"):
                self.change(where, task["id"], {"hidden": True})

    def move(self, where: TaskList, name: str, parent: str, previous: str) -> Document:
        """To another place. Raises KeyError if one of them is not there."""
        task = where.tasks[name]
        for other in filter(None, (parent, previous)):
            if where.tasks[other].get("deleted"):
                raise KeyError(other)
        task.pop("parent", None)
        if parent:
            task["parent"] = parent
        siblings = [one for one in self.told(where) if one.get("parent", "") == parent and one is not task]
        place = next((at + 1 for at, one in enumerate(siblings) if one["id"] == previous), 0)
        siblings.insert(place, task)
        for at, one in enumerate(siblings):
            one["position"] = f"{at:020d}"
        self._touch(where, task)
        return task

    def told(self, where: TaskList) -> list[Document]:
        """In the order of a listing."""
        return sorted(where.tasks.values(), key=lambda task: (task.get("position", ""), task["id"]))

    def _touch(self, where: TaskList, task: Document) -> None:
        at = self._world.moment()
        task |= {"updated": stamp(at), "etag": self._world.etag()}
        where.updated, where.etag = at, self._world.etag()
