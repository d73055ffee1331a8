"""When items take place, remembered by entity tag: a month's view asks for the same series again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from dav_gateway.contents import Contents
from dav_gateway.occurrence import record_of
from storage.dav_items import Leaf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.model import CalendarUser, Event, EventDetails, Task, TaskDetails

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


def timetables(unit: SqlUnitOfWork, contents: Contents, leaves: Sequence[Leaf]) -> list[Event | Task]:
    """Of several items, those that can be read; only texts that were not looked at before are."""
    found = {leaf.etag: _known.get(leaf.etag) for leaf in leaves}
    missing = [leaf for leaf in leaves if found[leaf.etag] is None]
    texts = contents.texts(unit, missing) if missing else {}
    for leaf in missing:
        try:
            found[leaf.etag] = learn(leaf.etag, texts.get(leaf.href, ""), leaf.uid)
        except ItemError:
            continue
    return [one for leaf in leaves if (one := found[leaf.etag]) is not None]


_KEPT = ("EXRULE", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS")  # say when, and whether one is away


def _times(details: _D) -> _D:
    kept = tuple(line for line in details.extra if line.name in _KEPT)
    return replace(
        details, summary="", description="", location="", url="", categories=(), organizer=None,
        attendees=tuple(_undecided(details.attendees)),
        alarms=(), attachments=(), params=(), extra=kept, components=(),
    )  # fmt: skip


def _undecided(attendees: Sequence[CalendarUser]) -> Iterator[CalendarUser]:
    """Those who did not accept, with nothing but their answer: their own time is not, or not quite, taken."""
    for one in attendees:
        answer = next((param for param in one.params if param[0] == "PARTSTAT"), None)
        if answer != ("PARTSTAT", ("ACCEPTED",)):
            yield CalendarUser(one.address, (answer,) if answer else ())
