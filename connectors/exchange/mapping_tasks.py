"""Tasks: what of a `Task` stands where in exchangelib's Task.

Exchange knows days, not times, of what is due and started; when a task was done it says itself. Of a task that recurs
it makes the next one when one is done, and has no changed occurrences.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from exchangelib import EWSDate
from exchangelib.recurrence import Regeneration, TaskRecurrence

from connectors.described import Described, Document, carries, get, patch, put, put_new
from connectors.exchange import mapping_library  # noqa: F401 - teaches exchangelib what is read here
from connectors.exchange.mapping_recurrence import get_recurrence, put_recurrence
from connectors.exchange.mapping_texts import body_row, categories_row, row
from connectors.exchange.mapping_times import plain_instant, put_instant
from connectors.exchange.mapping_updates import Shown, item_values, names_of
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.words import classification, importance, priority, sensitivity
from connectors.occasions import moment_at
from connectors.reminders import instant_of_reminder, reminder_at
from sync_engine.errors import Rejected
from sync_engine.model import Component, Moment, Task, TaskDetails
from sync_engine.zones import local_time, resolve

_STATUS = {"COMPLETED": "Completed", "IN-PROCESS": "InProgress", "CANCELLED": "Deferred"}
_STATUS_READ = {"Completed": "COMPLETED", "InProgress": "IN-PROCESS", "Deferred": "CANCELLED"} | {
    "WaitingOnOthers": "IN-PROCESS"
}


@dataclass(frozen=True, slots=True)
class ToDo:
    """A task with what its times mean."""

    details: TaskDetails
    zones: tuple[Component, ...] = ()


def _put_days(todo: ToDo) -> dict[str, Any]:
    """Days: the times that a record may have with them have no place."""
    start, due = (_day(moment) for moment in (todo.details.start, todo.details.due))
    if start and due and due < start:
        raise Rejected("Exchange holds no task that is due before it starts; mend its days.")
    return {"start_date": start, "due_date": due}


def _day(moment: Moment | None) -> EWSDate | None:
    return EWSDate.from_date(local_time(moment).date()) if moment else None


def _get_days(shown: Document) -> dict[str, Any]:
    return {"start": _moment(shown.get("start_date")), "due": _moment(shown.get("due_date"))}


def _moment(day: date | None) -> Moment | None:
    return Moment(f"{day:%Y%m%d}") if day else None


def _put_status(todo: ToDo) -> dict[str, Any]:
    """Exchange has each status with its own percentages: what is done is done whole, what is not begun has none."""
    details = todo.details
    percent = int(details.percent_complete) if details.percent_complete.isdecimal() else 0
    if details.status == "COMPLETED" or details.completed is not None or percent >= 100:
        return {"status": "Completed", "percent_complete": Decimal(100)}
    status = _STATUS.get(details.status, "InProgress" if percent else "NotStarted")
    return {"status": status, "percent_complete": Decimal(percent)}


def _get_status(shown: Document) -> dict[str, Any]:
    status, percent = shown.get("status") or "", int(shown.get("percent_complete") or 0)
    done = status == "Completed"
    return {
        "status": _STATUS_READ.get(status, ""),
        "percent_complete": str(percent) if percent and not done else "",
        "completed": _instant(shown.get("complete_date")) if done else None,
    }


def _instant(at: Any) -> Moment | None:
    return moment_at(plain_instant(at), "UTC") if isinstance(at, datetime) else None


def _put_recurrence(todo: ToDo) -> dict[str, Any]:
    details = todo.details
    first = details.due or details.start
    found = recurrence_of(details, Moment(first.value[:8]) if first else None, todo.zones)
    if found is None:
        return {"recurrence": None}
    made = put_recurrence(found)
    return {"recurrence": TaskRecurrence(pattern=made.pattern, boundary=made.boundary)}


def _get_recurrence(shown: Document) -> dict[str, Any]:
    """A task that is made again so many days after it was done has no rule that a calendar could say."""
    value, first = shown.get("recurrence"), _moment(shown.get("due_date") or shown.get("start_date"))
    if not value or not first or isinstance(value.pattern, Regeneration):
        return {"rules": ()}
    return {"rules": (rule_of(get_recurrence(value), first),)}


def _put_reminder(todo: ToDo) -> dict[str, Any]:
    """The time of a reminder cannot be taken away; it is switched off."""
    at = instant_of_reminder(todo.details.alarms)
    if at is None:
        return {"reminder_is_set": False}
    moment = resolve(Moment(at[:15], "UTC"), ()).replace(tzinfo=UTC)
    return {"reminder_is_set": True, "reminder_due_by": put_instant(moment)}


def _get_reminder(shown: Document) -> dict[str, Any]:
    at = _instant(shown.get("reminder_due_by")) if shown.get("reminder_is_set") else None
    return {"alarms": reminder_at(f"{at.value}Z" if at else None)}


TASK_TABLE: tuple[Described[ToDo], ...] = (
    row("summary", "subject", "the title of a task"),
    body_row("description"),
    Described(("start", "due"), ("start_date", "due_date"), _put_days, _get_days),
    Described(
        ("status", "percent_complete"),
        ("status", "percent_complete", "complete_date"),
        _put_status,
        _get_status,
        depends=("completed",),
        whole=True,
    ),
    Described(
        ("priority",),
        ("importance",),
        lambda todo: {"importance": importance(todo.details.priority).capitalize()},
        lambda shown: {"priority": priority((shown.get("importance") or "Normal").lower())},
    ),
    Described(
        ("classification",),
        ("sensitivity",),
        lambda todo: {"sensitivity": sensitivity(todo.details.classification).capitalize()},
        lambda shown: {"classification": classification((shown.get("sensitivity") or "Normal").lower())},
    ),
    categories_row(),
    Described(("alarms",), ("reminder_is_set", "reminder_due_by"), _put_reminder, _get_reminder),
    Described(
        ("rules", "recurrence_dates"), ("recurrence",), _put_recurrence, _get_recurrence, depends=("start", "due")
    ),
)
TASK_FIELDS = carries(TASK_TABLE)
TASK_NAMES = names_of(TASK_TABLE)


def new_task(task: Task) -> dict[str, Any]:
    """The field values of exchangelib's Task that creates it, with its UID. Raises `Rejected`."""
    return item_values(put_new(TASK_TABLE, _todo(task)) | {"hub_uid": task.uid})


def task_patch(base: Task, task: Task) -> dict[str, Any]:
    """What makes `base` into `task`, for `changed_item` (SYNC.md R20); None clears. Raises as `new_task`."""
    return patch(TASK_TABLE, _todo(base), _todo(task))


def read_task(item: Any, uid_if_missing: str) -> Task:
    """The task of exchangelib's Task that was read with `TASK_NAMES`. Raises `Unreadable`."""
    return Task(item.hub_uid or uid_if_missing, TaskDetails(**get(TASK_TABLE, Shown(item))))


def kept_task(task: Task) -> Task:
    """What will be read of a task that was written. Raises as `new_task`."""
    return Task(task.uid, TaskDetails(**get(TASK_TABLE, put(TASK_TABLE, _todo(task)))))


def _todo(task: Task) -> ToDo:
    if task.master is None or task.overrides or task.master.exception_dates:
        raise Rejected("Exchange holds no changed or cancelled occurrences of a recurring task.")
    return ToDo(task.master, task.zones)
