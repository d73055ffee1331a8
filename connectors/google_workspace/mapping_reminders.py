"""Google's reminders, minutes before the start, and the alarms of a record (RFC 5545 3.6.6).

What rings after the start, before the end, at a fixed time or on the second has no place; nor has a sixth reminder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.described import Document, Json
from connectors.reminders import action_of, minutes_of, reminder
from sync_engine.model import Component, ContentLine

MOST = 5  # reminders of one event (Calendar API, Event)
MOST_MINUTES = 40320  # four weeks


def put_reminders(alarms: tuple[Component, ...]) -> dict[str, Json]:
    """The reminders of an event itself; of more than five those that ring last."""
    said = {(minutes_of(alarm), "email" if action_of(alarm) == "EMAIL" else "popup") for alarm in alarms}
    placed = sorted((minutes, how) for minutes, how in said if minutes is not None and minutes <= MOST_MINUTES)
    return {"useDefault": False, "overrides": [{"method": how, "minutes": minutes} for minutes, how in placed[:MOST]]}


def get_reminders(document: Document) -> dict[str, Any]:
    """The alarms of an event. Those of its calendar have been put in place of none (`with_defaults`)."""
    overrides = (document.get("reminders") or {}).get("overrides") or ()
    found = {_alarm(int(one.get("minutes") or 0), one.get("method") or "popup") for one in overrides}
    return {"alarms": tuple(sorted(found, key=repr))}


def with_defaults(document: Document, defaults: Json) -> Document:
    """An event that rings as its calendar does, with the reminders of the calendar as its own."""
    said = document.get("reminders") or {}
    if not said.get("useDefault") or not defaults:
        return document
    return {**document, "reminders": {**said, "overrides": list(defaults)}}


def _alarm(minutes: int, how: str) -> Component:
    (alarm,) = reminder(max(minutes, 0))
    if how != "email":
        return alarm
    lines = [ContentLine("ACTION", "EMAIL"), ContentLine("SUMMARY", "Reminder")]
    lines += [line for line in alarm.lines if line.name != "ACTION"]
    return replace(alarm, lines=tuple(sorted(lines, key=lambda line: line.name)))
