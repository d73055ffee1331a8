"""Tasks: what of a `Task` stands where in a Google task."""

from __future__ import annotations

from connectors.described import Document, Json
from sync_engine.model import Task

TASK_FIELDS: frozenset[str] = frozenset()


def read_task(document: Document, uid: str) -> Task:
    """The task of a Google task. Raises `Unreadable`."""
    raise NotImplementedError


def new_task(task: Task) -> dict[str, Json]:
    """The JSON that creates a task. Raises `Rejected` for what Google cannot express."""
    raise NotImplementedError


def task_patch(base: Task, task: Task) -> dict[str, Json]:
    """The JSON that makes `base` into `task`: changed properties only (SYNC.md R20). Raises as `new_task`."""
    raise NotImplementedError


def kept_task(task: Task) -> Task:
    """What will be read of a task that was written. Raises as `new_task`."""
    raise NotImplementedError
