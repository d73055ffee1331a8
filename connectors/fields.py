"""The names of all record fields, for connectors whose system holds whole vCards and iCalendar texts."""

from __future__ import annotations

from dataclasses import fields

from sync_engine.model import Contact, Event, EventDetails, Task, TaskDetails

ALL_FIELDS: frozenset[str] = frozenset(
    field.name for record in (Contact, Event, Task, EventDetails, TaskDetails) for field in fields(record)
)
