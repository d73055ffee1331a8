"""When items take place, remembered by entity tag: a month's view asks for the same series again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from dav_gateway.occurrence import record_of
from sync_engine.model import Event, EventDetails, Task, TaskDetails

_MOST = 8192  # items, of about 1 KiB each
_D = TypeVar("_D", EventDetails, TaskDetails)

_known: dict[str, Event | Task] = {}  # by entity tag, which is a hash of the text: what is known stays true


def known(etag: str) -> Event | Task | None:
    """What is remembered of an item: its times, and nothing else."""
    return _known.get(etag)


def learn(etag: str, text: str, uid: str) -> Event | Task:
    """Read an item and remember its times. Raises `ItemError`."""
    record = record_of(text, uid)
    found: Event | Task
    if isinstance(record, Event):
        master = _times(record.master) if record.master else None
        found = replace(record, master=master, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())
    else:
        task = _times(record.master) if record.master else None
        found = replace(record, master=task, overrides=tuple(map(_times, record.overrides)), extra=(), stamps=())
    if len(_known) >= _MOST:
        _known.clear()
    _known[etag] = found
    return found


def _times(details: _D) -> _D:
    rules = tuple(line for line in details.extra if line.name == "EXRULE")
    return replace(
        details, summary="", description="", location="", url="", categories=(), organizer=None, attendees=(),
        alarms=(), attachments=(), params=(), extra=rules, components=(),
    )  # fmt: skip
