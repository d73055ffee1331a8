"""Reminders of systems that count minutes, and the alarms of a record (RFC 5545 3.6.6)."""

from __future__ import annotations

from datetime import timedelta

from sync_engine.formats.text_values import unescape
from sync_engine.model import Component, ContentLine
from sync_engine.recurrence import duration

_NONE = timedelta(0)
_MOST_MINUTES = 2_629_800  # five years, and more than any reminder


def minutes_before(alarms: tuple[Component, ...]) -> int | None:
    """How many minutes before the start Outlook reminds; None where no alarm can be said so.

    Of several alarms the last one before the start. Those of seconds, after the start or before the end have no place.
    """
    said = [minutes_of(alarm) for alarm in alarms if action_of(alarm) != "EMAIL"]
    return min((minutes for minutes in said if minutes is not None and minutes <= _MOST_MINUTES), default=None)


def minutes_of(alarm: Component) -> int | None:
    """How many minutes before the start an alarm rings; None of one that cannot be said so."""
    trigger = _line(alarm, "TRIGGER")
    if trigger is None:
        return None
    if ("RELATED", ("END",)) in trigger.params or ("VALUE", ("DATE-TIME",)) in trigger.params:
        return None
    text = trigger.value.strip()
    before = duration(text.removeprefix("-"))
    if before is None or before % timedelta(minutes=1) or not (text.startswith("-") or before == _NONE):
        return None
    return before // timedelta(minutes=1)


def reminder(minutes: int | None) -> tuple[Component, ...]:
    """The alarm of a reminder so many minutes before the start."""
    return () if minutes is None or minutes < 0 else (_alarm(ContentLine("TRIGGER", _before(minutes))),)


def reminder_at(instant: str | None) -> tuple[Component, ...]:
    """The alarm at an instant: 20260131T080000Z."""
    return (_alarm(ContentLine("TRIGGER", instant, (("VALUE", ("DATE-TIME",)),))),) if instant else ()


def instant_of_reminder(alarms: tuple[Component, ...]) -> str | None:
    """The first instant, 20260131T080000Z, at which an alarm is to ring; None where none has a fixed one."""
    triggers = [_line(alarm, "TRIGGER") for alarm in alarms if action_of(alarm) != "EMAIL"]
    values = [unescape(trigger.value).strip() for trigger in triggers if trigger is not None]
    return min((value for value in values if len(value) == 16 and value[8] == "T" and value[15] == "Z"), default=None)


def _alarm(trigger: ContentLine) -> Component:
    return Component("VALARM", (ContentLine("ACTION", "DISPLAY"), ContentLine("DESCRIPTION", "Reminder"), trigger))


def _before(minutes: int) -> str:
    if minutes and minutes % 1440 == 0:
        return f"-P{minutes // 1440}D"
    return f"-PT{minutes // 60}H" if minutes and minutes % 60 == 0 else f"-PT{minutes}M"


def _line(alarm: Component, name: str) -> ContentLine | None:
    return next((line for line in alarm.lines if line.name == name), None)


def action_of(alarm: Component) -> str:
    """What an alarm does: DISPLAY, AUDIO, EMAIL."""
    line = _line(alarm, "ACTION")
    return line.value.strip().upper() if line else "DISPLAY"
