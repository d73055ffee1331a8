"""iCalendar (RFC 5545) to `Event` and `Task`; vCalendar 1.0 as far as it says the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sync_engine.errors import Unreadable
from sync_engine.formats.details_reader import DetailsDraft, read_details
from sync_engine.formats.outline import Node, as_line, heads_of, in_order, outline, read_component
from sync_engine.model import Component, ContentLine, Event, EventDetails, Moment, Task, TaskDetails

_ITEMS = ("VEVENT", "VTODO")
_OTHER_ITEMS = {"VJOURNAL": "a journal entry", "VFREEBUSY": "free/busy times", "VPOLL": "a poll", "VCARD": "a contact"}
_STAMPS = frozenset(("PRODID", "VERSION", "CALSCALE", "METHOD"))
_CACHED_LENGTH = 4096  # of one component's text; longer ones are read each time: the memory stays bounded


def read_calendar(node: Node, lines: list[str], uid_if_missing: str | None) -> Event | Task:
    """The item of a VCALENDAR. Raises `Unreadable` and `OddLineError`."""
    drafts: list[DetailsDraft] = []
    zones: list[Component] = []
    for child in node.children:
        if child.name in _ITEMS:
            parts = [component_of(part, lines) for part in child.children]
            drafts.append(read_details(child.name, child.own_lines(lines), parts))
        elif child.name in _OTHER_ITEMS:
            raise Unreadable(f"The calendar holds {_OTHER_ITEMS[child.name]}; only events and tasks are kept here.")
        else:
            zones.append(component_of(child, lines))
    if not drafts:
        raise Unreadable("The calendar holds no event and no task.")
    extra, stamps = _properties(node, lines)
    return _item(drafts, uid_if_missing, {"extra": extra, "stamps": stamps, "zones": tuple(zones)})


def _properties(node: Node, lines: list[str]) -> tuple[tuple[ContentLine, ...], tuple[ContentLine, ...]]:
    extra: list[ContentLine] = []
    stamps: list[ContentLine] = []
    for head, value in heads_of(node.own_lines(lines)):
        (stamps if head.name in _STAMPS else extra).append(as_line(head, value))
    return in_order(extra), in_order(stamps)


def component_of(node: Node, lines: list[str]) -> Component:
    """A component as it is. Zones and alarms repeat: they are read once and remembered."""
    text = "\n".join(lines[node.first - 1 : node.last + 1])
    return _cached(text) if len(text) <= _CACHED_LENGTH else read_component(node, lines)


@lru_cache(maxsize=1024)
def _cached(text: str) -> Component:
    lines = text.split("\n")
    return read_component(outline(lines).children[0], lines)


def _item(drafts: list[DetailsDraft], uid_if_missing: str | None, common: dict[str, Any]) -> Event | Task:
    uid = _uid_of(drafts, uid_if_missing)
    if len({draft.component for draft in drafts}) > 1:
        raise Unreadable(f"An event and a task share the UID {uid!r}.")
    details: list[EventDetails | TaskDetails] = []
    for draft in drafts:
        made = draft.details()
        if made not in details:
            details.append(made)
    masters = [one for one in details if one.recurrence_id is None]
    overrides = sorted((one for one in details if one.recurrence_id), key=_recurrence_key)
    if len(masters) > 1 or len({_recurrence_key(one) for one in overrides}) < len(overrides):
        raise Unreadable(
            f"Two different {'events' if drafts[0].component == 'VEVENT' else 'tasks'} share the UID {uid!r}."
        )
    made_by: Any = Event if drafts[0].component == "VEVENT" else Task
    item: Event | Task = made_by(uid, masters[0] if masters else None, tuple(overrides), **common)
    return item


def _recurrence_key(details: EventDetails | TaskDetails) -> tuple[str, str]:
    moment = details.recurrence_id or Moment("")
    return moment.value, moment.zone


def _uid_of(drafts: list[DetailsDraft], uid_if_missing: str | None) -> str:
    uids = {draft.uid or uid_if_missing for draft in drafts}
    if len(uids) > 1:
        raise Unreadable(f"The calendar holds {len(uids)} items with different UIDs; split it first.")
    uid = uids.pop()
    if uid is None:
        raise Unreadable(f"The {'event' if drafts[0].component == 'VEVENT' else 'task'} has no UID.")
    return uid
