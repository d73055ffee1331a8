"""Tasks: what of a `Task` stands where in a To Do task.

To Do knows days, not times, of what is due, started and done; of what is done it knows no percentage. A task that
recurs has no changed occurrences there: the next one is made when one is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.bodies import description_of
from connectors.described import Described, Document, Json, carries, get, one_line_ends, patch, put_new
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.words import importance, priority
from connectors.microsoft365.extended import UID, flattened, value_of
from connectors.microsoft365.mapping_recurrence import get_recurrence, put_recurrence
from connectors.microsoft365.mapping_times import get_day, get_moment, put_day, put_instant
from connectors.reminders import instant_of_reminder, reminder_at
from sync_engine.errors import Rejected
from sync_engine.model import Component, Moment, Task, TaskDetails
from sync_engine.zones import resolve

_STATUS = {"COMPLETED": "completed", "IN-PROCESS": "inProgress", "CANCELLED": "deferred"}
_STATUS_READ = {"completed": "COMPLETED", "inProgress": "IN-PROCESS", "deferred": "CANCELLED"}


@dataclass(frozen=True, slots=True)
class ToDo:
    """A task with what its times mean."""

    details: TaskDetails
    zones: tuple[Component, ...] = ()


def _put_day(field: str, name: str) -> Described[ToDo]:
    """A day: the time that a record may have with it has no place."""

    def put_it(todo: ToDo) -> dict[str, Json]:
        moment: Moment | None = getattr(todo.details, field)
        return {name: put_day(moment) if moment else None}

    return Described((field,), (name,), put_it, lambda document: {field: get_day(document.get(name))})


def _put_status(todo: ToDo) -> dict[str, Json]:
    details = todo.details
    if details.completed is not None or details.percent_complete == "100":
        return {"status": "completed"}
    return {"status": _STATUS.get(details.status, "notStarted")}


def _get_status(document: Document) -> dict[str, Any]:
    return {"status": _STATUS_READ.get(document.get("status") or "", "")}


def _put_completed(todo: ToDo) -> dict[str, Json]:
    moment = todo.details.completed
    return {"completedDateTime": put_instant(resolve(moment, todo.zones)) if moment else None}


def _put_recurrence(todo: ToDo) -> dict[str, Json]:
    details = todo.details
    first = details.due or details.start
    found = recurrence_of(details, Moment(first.value[:8]) if first else None, todo.zones)
    if found is not None and details.due is None:
        raise Rejected("To Do holds no recurring task without a day on which it is due; give it one.")
    return {"recurrence": put_recurrence(found, "UTC") if found else None}


def _get_recurrence(document: Document) -> dict[str, Any]:
    value, due = document.get("recurrence"), get_day(document.get("dueDateTime"))
    return {"rules": (rule_of(get_recurrence(value), due),) if value and due else ()}


def _put_reminder(todo: ToDo) -> dict[str, Json]:
    at = instant_of_reminder(todo.details.alarms)
    moment = put_instant(resolve(Moment(at[:15], "UTC"), ())) if at else None
    return {"isReminderOn": at is not None, "reminderDateTime": moment}


def _get_reminder(document: Document) -> dict[str, Any]:
    at = get_moment(document.get("reminderDateTime"), "UTC") if document.get("isReminderOn") else None
    return {"alarms": reminder_at(f"{at.value}Z" if at else None)}


def _get_body(document: Document) -> dict[str, Any]:
    body = document.get("body") or {}
    return {"description": description_of(body.get("content"), body.get("contentType"))}


TASK_TABLE: tuple[Described[ToDo], ...] = (
    Described(
        ("summary",),
        ("title",),
        lambda todo: {"title": one_line_ends(todo.details.summary)},
        lambda document: {"summary": one_line_ends(document.get("title") or "")},
    ),
    Described(
        ("description",),
        ("body",),
        lambda todo: {"body": {"contentType": "text", "content": one_line_ends(todo.details.description)}},
        _get_body,
    ),
    _put_day("start", "startDateTime"),
    _put_day("due", "dueDateTime"),
    Described(("status",), ("status",), _put_status, _get_status),
    Described(
        ("completed",),
        ("completedDateTime",),
        _put_completed,
        lambda document: {"completed": get_moment(document.get("completedDateTime"), "UTC")},
    ),
    Described(
        ("priority",),
        ("importance",),
        lambda todo: {"importance": importance(todo.details.priority)},
        lambda document: {"priority": priority(document.get("importance"))},
    ),
    Described(
        ("categories",),
        ("categories",),
        lambda todo: {"categories": sorted(set(todo.details.categories))},
        lambda document: {"categories": tuple(sorted(set(document.get("categories") or ())))},
    ),
    Described(("alarms",), ("isReminderOn", "reminderDateTime"), _put_reminder, _get_reminder),
    Described(("rules", "recurrence_dates"), ("recurrence",), _put_recurrence, _get_recurrence),
)
TASK_FIELDS = carries(TASK_TABLE)


def new_task(task: Task) -> dict[str, Json]:
    """The JSON that creates a task, with its UID. Raises `Rejected` for what To Do cannot express."""
    return flattened(put_new(TASK_TABLE, _todo(task)) | {UID: task.uid})


def task_patch(base: Task, task: Task) -> dict[str, Json]:
    """The JSON that makes `base` into `task`: changed properties only (SYNC.md R20). Raises as `new_task`."""
    return flattened(patch(TASK_TABLE, _todo(base), _todo(task)))


def read_task(document: Document, uid_if_missing: str) -> Task:
    """The task of a To Do task. Raises `Unreadable`."""
    return Task(value_of(document, UID) or uid_if_missing, TaskDetails(**get(TASK_TABLE, document)))


def kept_task(task: Task) -> Task:
    """What will be read of a task that was written. Raises as `new_task`."""
    return read_task(new_task(task), task.uid)


def _todo(task: Task) -> ToDo:
    if task.master is None or task.overrides or task.master.exception_dates:
        raise Rejected("To Do holds no changed or cancelled occurrences of a recurring task.")
    return ToDo(task.master, task.zones)
