"""Tasks: what of a `Task` stands where in a Google task.

Google knows the day on which a task is due and nothing of its time; to do and done, and nothing between. Recurring
tasks of Google's own apps are not told to programs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.described import (
    Described,
    Document,
    Json,
    carries,
    get,
    one_line_ends,
    patch,
    put_new,
)
from sync_engine.errors import Rejected, Unreadable
from sync_engine.model import Moment, Task, TaskDetails
from sync_engine.zones import local_time, resolve

MOST_TITLE = 1024  # characters (Tasks API, Task)
MOST_NOTES = 8192


def _text(field: str, name: str, most: int, what: str) -> Described[TaskDetails]:
    def put_it(details: TaskDetails) -> dict[str, Json]:
        text = one_line_ends(getattr(details, field))
        if len(text) > most:
            raise Rejected(f"Google takes {what} of {most} characters at most, and this task's has {len(text)}.")
        return {name: text or None}

    return Described((field,), (name,), put_it, lambda document: {field: one_line_ends(document.get(name) or "")})


def _put_due(details: TaskDetails) -> dict[str, Json]:
    return {"due": f"{local_time(details.due):%Y-%m-%dT00:00:00.000Z}" if details.due else None}


def _get_due(document: Document) -> dict[str, Any]:
    return {"due": Moment(f"{_time(document['due']):%Y%m%d}") if document.get("due") else None}


def _is_done(details: TaskDetails) -> bool:
    return details.status == "COMPLETED" or details.percent_complete == "100" or details.completed is not None


def _put_status(details: TaskDetails) -> dict[str, Json]:
    """Google notes by itself when something was done, if nobody says it."""
    if not _is_done(details):
        return {"status": "needsAction", "completed": None}
    if details.completed is None:
        return {"status": "completed"}
    return {"status": "completed", "completed": f"{resolve(details.completed, ()):%Y-%m-%dT%H:%M:%S.000Z}"}


def _get_status(document: Document) -> dict[str, Any]:
    done = document.get("status") == "completed"
    at = _time(document["completed"]) if done and document.get("completed") else None
    return {
        "status": "COMPLETED" if done else "",
        "completed": Moment(f"{at:%Y%m%dT%H%M%S}", "UTC") if at else None,
    }


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"Google sent a time that is none: {str(text)[:40]!r}.") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


TASK_TABLE: tuple[Described[TaskDetails], ...] = (
    _text("summary", "title", MOST_TITLE, "a title"),
    _text("description", "notes", MOST_NOTES, "notes"),
    Described(("due",), ("due",), _put_due, _get_due),
    Described(("status", "completed"), ("status", "completed"), _put_status, _get_status, whole=True),
)
TASK_FIELDS = carries(TASK_TABLE)


def read_task(document: Document, uid: str) -> Task:
    """The task of a Google task. Raises `Unreadable`."""
    return Task(uid, TaskDetails(**get(TASK_TABLE, document)))


def new_task(task: Task) -> dict[str, Json]:
    """The JSON that creates a task. Raises `Rejected` for what Google cannot express."""
    return put_new(TASK_TABLE, _details(task))


def task_patch(base: Task, task: Task) -> dict[str, Json]:
    """The JSON that makes `base` into `task`: changed properties only (SYNC.md R20). Raises as `new_task`."""
    details = _details(task)
    return patch(TASK_TABLE, base.master or TaskDetails(), details)


def kept_task(task: Task) -> Task:
    """What will be read of a task that was written. Raises as `new_task`."""
    return read_task(new_task(task), task.uid)


def _details(task: Task) -> TaskDetails:
    if task.master is None or task.overrides:
        raise Rejected("Google Tasks holds no changed or single occurrences of a recurring task.")
    if task.master.rules or task.master.recurrence_dates:
        raise Rejected("Google Tasks lets no program make a recurring task; it stays on the other sides.")
    return task.master
