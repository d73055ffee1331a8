"""The Tasks API: lists and tasks. No sync tokens, no own ids, due dates without a time.

google.tasks.book("ada@example.com").add(book.default, {"title": "Milk"})     # as by her own hand
google.tasks.switches.if_match = False                                        # TaskSwitches
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.routing import Route

from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler
from tests.servers.google_workspace.task_book import Document, TaskBook, TaskList
from tests.servers.google_workspace.world import World, stamp

MOST_TITLE, MOST_NOTES, MOST_LISTS = 1024, 8192, 2000
_WRITABLE = ("title", "notes", "status", "due", "completed", "deleted")


@dataclass
class TaskSwitches:
    """Besides those of the whole server."""

    if_match: bool = True  # a write with another etag in If-Match is refused; else the last one wins
    most_tasks: int = 20_000  # of a list


class Tasks:
    """An area of the server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.switches = TaskSwitches()
        self._books: dict[str, TaskBook] = {}

    def book(self, address: str) -> TaskBook:
        """What this user has."""
        address = self._world.user(address).address
        with self._world.lock:
            if address not in self._books:
                self._books[address] = TaskBook(self._world)
            return self._books[address]

    def routes(self) -> list[Route]:
        """None."""
        return []

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {
            "tasks.tasklists.list": self._lists,
            "tasks.tasklists.get": lambda call: Answer(_told_list(call, self._list(call))),
            "tasks.tasklists.insert": self._insert_list,
            "tasks.tasklists.patch": self._rename_list,
            "tasks.tasklists.update": self._rename_list,
            "tasks.tasklists.delete": self._delete_list,
            "tasks.tasks.list": self._tasks,
            "tasks.tasks.get": lambda call: Answer(_told(call, self._list(call), self._task(call))),
            "tasks.tasks.insert": self._insert,
            "tasks.tasks.patch": self._patch,
            "tasks.tasks.update": self._update,
            "tasks.tasks.delete": self._delete,
            "tasks.tasks.move": self._move,
            "tasks.tasks.clear": self._clear,
        }

    # ------------------------------------------------------------ lists

    def _lists(self, call: Call) -> Answer:
        told = [_told_list(call, one) for one in self._of(call).lists.values()]
        return Answer(self._page(call, "tasks#taskLists", told, 1000, 1000))

    def _insert_list(self, call: Call) -> Answer:
        book, title = self._of(call), call.body.get("title") or ""
        if not title or len(title) > MOST_TITLE:
            raise GoogleError(400, "invalid", "Invalid task list title")
        if len(book.lists) >= MOST_LISTS:
            raise GoogleError(403, "quotaExceeded", "Too many task lists.", domain="usageLimits")
        return Answer(_told_list(call, book.add_list(title)))

    def _rename_list(self, call: Call) -> Answer:
        found = self._list(call)
        self._check(call, found.etag)
        if title := call.body.get("title"):
            found.title, found.updated, found.etag = title, self._world.moment(), self._world.etag()
        return Answer(_told_list(call, found))

    def _delete_list(self, call: Call) -> Answer:
        book, found = self._of(call), self._list(call)
        if found is book.default:
            raise GoogleError(400, "invalid", "Invalid Value: the default task list cannot be deleted.")
        self._check(call, found.etag)
        del book.lists[found.id]
        return Answer()

    # ------------------------------------------------------------ tasks

    def _tasks(self, call: Call) -> Answer:
        where, book = self._list(call), self._of(call)
        passes = _filter(call)
        told = [_told(call, where, task) for task in book.told(where) if passes(task)]
        return Answer(self._page(call, "tasks#tasks", told, 20, 100))

    def _insert(self, call: Call) -> Answer:
        book, where = self._of(call), self._list(call)
        if len(where.tasks) >= self.switches.most_tasks:
            raise GoogleError(403, "quotaExceeded", "The list has too many tasks.", domain="usageLimits")
        fields = self._fields(call.body, {})
        for name in ("parent", "previous"):
            if call.text(name) and call.text(name) not in where.tasks:
                raise GoogleError(400, "invalid", f"Invalid {name}.", location=name)
        return Answer(_told(call, where, book.add(where, fields, call.text("parent"), call.text("previous"))))

    def _patch(self, call: Call) -> Answer:
        where, task = self._list(call), self._task(call)
        self._check(call, task["etag"])
        return Answer(_told(call, where, self._of(call).change(where, task["id"], self._fields(call.body, task))))

    def _update(self, call: Call) -> Answer:
        """What is not sent is cleared."""
        where, task = self._list(call), self._task(call)
        if call.body.get("id") != task["id"]:
            raise GoogleError(400, "invalid", "Missing or wrong task ID", location="id")
        self._check(call, task["etag"])
        cleared = dict.fromkeys(("notes", "due", "completed", "deleted"))
        whole = {**cleared, "title": "", "status": "needsAction", **call.body}
        return Answer(_told(call, where, self._of(call).change(where, task["id"], self._fields(whole, task))))

    def _delete(self, call: Call) -> Answer:
        where, task = self._list(call), self._task(call)
        self._check(call, task["etag"])
        if not task.get("deleted"):
            self._of(call).delete(where, task["id"])
        return Answer()

    def _move(self, call: Call) -> Answer:
        book, where, task = self._of(call), self._list(call), self._task(call)
        there = self._named(book, call.text("destinationTasklist")) if "destinationTasklist" in call.params else where
        if there is not where:
            there.tasks[task["id"]] = where.tasks.pop(task["id"])
        try:
            return Answer(_told(call, there, book.move(there, task["id"], call.text("parent"), call.text("previous"))))
        except KeyError:
            raise GoogleError(400, "invalid", "Invalid parent or previous.") from None

    def _clear(self, call: Call) -> Answer:
        self._of(call).clear(self._list(call))
        return Answer()

    # ------------------------------------------------------------ what they share

    def _of(self, call: Call) -> TaskBook:
        return self.book(call.user.address)

    def _list(self, call: Call) -> TaskList:
        return self._named(self._of(call), call.text("tasklist"))

    def _named(self, book: TaskBook, name: str) -> TaskList:
        try:
            return book.find(name)
        except KeyError:
            raise GoogleError(404, "notFound", "Task list not found.") from None

    def _task(self, call: Call) -> Document:
        try:
            return self._list(call).tasks[call.text("task")]
        except KeyError:
            raise GoogleError(404, "notFound", "Task not found.") from None

    def _check(self, call: Call, etag: str) -> None:
        if self.switches.if_match and call.if_match not in {"", etag}:
            raise GoogleError(412, "conditionNotMet", "Precondition Failed", location="If-Match")

    def _fields(self, body: Document, task: Document) -> Document:
        """What is written. Done tasks get the time of it; due loses its time."""
        fields = {name: body[name] for name in _WRITABLE if name in body}
        if len(fields.get("title") or "") > MOST_TITLE or len(fields.get("notes") or "") > MOST_NOTES:
            raise GoogleError(400, "invalid", "The title or the notes are too long.")
        for name in ("due", "completed"):
            if fields.get(name):
                fields[name] = stamp(_moment(fields[name], name))
        if fields.get("due"):
            fields["due"] = fields["due"][:10] + "T00:00:00.000Z"
        status = fields.get("status", task.get("status", "needsAction")) or "needsAction"
        if status not in {"needsAction", "completed"}:
            raise GoogleError(400, "invalid", "Invalid status", location="status")
        if status == "needsAction":
            fields |= {"completed": None, "hidden": None}
        elif not fields.get("completed") and not task.get("completed"):
            fields["completed"] = stamp(self._world.moment())
        return {**fields, "status": status, **({"title": ""} if fields.get("title", "") is None else {})}

    def _page(self, call: Call, kind: str, told: list[Document], usual: int, most: int) -> Document:
        switches = self._world.switches
        if switches.backwards:
            told = told[::-1]
        size = call.number("maxResults", usual, most) or usual
        if not size > 0:
            raise GoogleError(400, "invalid", "Invalid maxResults", location="maxResults")
        size = min(size, switches.page_size or size)
        page: Document = {"kind": kind, "etag": f'"{len(told)}-{self._world.number()}"'}
        token, start = call.text("pageToken"), _start(call.text("pageToken"))
        if switches.empty_pages and not token:
            return page | {"items": [], "nextPageToken": "at-0"}
        end = start + max(1, size - 1 if switches.short_pages else size)
        more = {"nextPageToken": f"at-{end}"} if end < len(told) else {}
        return page | {"items": told[start:end]} | more


def _filter(call: Call) -> Callable[[Document], bool]:
    """Which tasks a listing asks for."""
    updated = _moment(call.text("updatedMin"), "updatedMin") if call.text("updatedMin") else None
    bounds = {name: call.text(name) for name in ("dueMin", "dueMax", "completedMin", "completedMax")}
    limits = {name: _moment(text, name) for name, text in bounds.items() if text}
    completed = call.params.get("showCompleted", True)

    def within(task: Document, name: str) -> bool:
        if f"{name}Min" not in limits and f"{name}Max" not in limits:
            return True
        at = _moment(task[name], name) if task.get(name) else None
        return at is not None and limits.get(f"{name}Min", at) <= at <= limits.get(f"{name}Max", at)

    def passes(task: Document) -> bool:
        if task.get("deleted") and not call.yes("showDeleted"):
            return False
        if task.get("hidden") and not call.yes("showHidden"):
            return False
        if task["status"] == "completed" and not completed:
            return False
        fresh = updated is None or _moment(task["updated"], "updated") >= updated
        return fresh and within(task, "due") and within(task, "completed")

    return passes


def _moment(text: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise GoogleError(400, "invalid", f"Invalid value for: {name}: {text!r}", location=name) from None
    if at.tzinfo is None:
        raise GoogleError(400, "invalid", f"Invalid value for: {name}: {text!r} has no zone", location=name)
    return at.astimezone(UTC)


def _start(token: str) -> int:
    if token and not token.removeprefix("at-").isdigit():
        raise GoogleError(400, "invalid", "Invalid page token.", location="pageToken")
    return int(token.removeprefix("at-") or 0)


def _told(call: Call, where: TaskList, task: Document) -> Document:
    links = {"selfLink": f"{call.root}tasks/v1/lists/{where.id}/tasks/{task['id']}", "links": []}
    return {**task, **links, "webViewLink": f"https://tasks.google.com/task/{task['id']}?sa=6"}


def _told_list(call: Call, one: TaskList) -> Document:
    link = f"{call.root}tasks/v1/users/@me/lists/{one.id}"
    told = {"kind": "tasks#taskList", "id": one.id, "etag": one.etag, "title": one.title}
    return {**told, "updated": stamp(one.updated), "selfLink": link}
