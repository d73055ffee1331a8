"""Two records field by field, in words that a person can compare."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sync_engine.actions import FieldChange
from sync_engine.merge_report import describe
from sync_engine.model import Contact, Record


def field_changes(before: Record | None, after: Record | None) -> tuple[FieldChange, ...]:
    """Which fields differ. None: there is no record on that side."""
    old, new = fields_of(before), fields_of(after)
    names = sorted({*old, *new})
    return tuple(FieldChange(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n, "") != new.get(n, ""))


def fields_of(record: Record | None) -> dict[str, str]:
    """Every field that says something: "summary", "phones"; of an override "[20260131T090000].summary"."""
    if record is None:
        return {}
    if isinstance(record, Contact):
        return _fields(record, "")
    found = _fields(record.master, "")
    if record.extra:
        found["calendar"] = describe(record.extra)
    for override in record.overrides:
        found |= _fields(override, f"[{override.recurrence_id.value if override.recurrence_id else ''}].")
    return found


def _fields(details: Any, prefix: str) -> dict[str, str]:
    if details is None:
        return {}
    shown = {f.name: describe(getattr(details, f.name)) for f in fields(details) if f.compare and f.name != "uid"}
    return {prefix + name: text for name, text in shown.items() if text and text != "False"}
