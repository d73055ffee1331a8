"""Series as EWS tells of them: occurrences counted from 1, the changed ones, the deleted ones (E9, E10)."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule
from lxml import etree

from sync_engine.windows_zones import WINDOWS_ZONES
from tests.servers.microsoft.ews_xml import Element, Refused, find, instant, local, moment, t, text
from tests.servers.microsoft.mailbox import Item

ZONES = {  # of the hundred and more that Windows has, those that GetServerTimeZones tells
    "UTC": "UTC",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "India Standard Time": "Asia/Calcutta",
    "Tokyo Standard Time": "Asia/Tokyo",
}
_DAYS = dict(zip(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"], range(7), strict=True))
_SETS = {"Day": list(range(7)), "Weekday": list(range(5)), "WeekendDay": [5, 6]}
_NTH = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}
_MONTHS = {date(2000, n, 1).strftime("%B"): n for n in range(1, 13)}


def zone_of(item: Item) -> ZoneInfo:
    """Where a series repeats at the same time of day."""
    held = item.fields.get("StartTimeZone") or item.fields.get("MeetingTimeZone")
    zone = etree.fromstring(held) if held else t("MeetingTimeZone")
    name = zone.get("Id") or zone.get("TimeZoneName") or "UTC"  # of 2010 and later, of 2007
    if name not in WINDOWS_ZONES:
        raise Refused("ErrorInvalidTimeZone", f"The time zone {name} is not known here.")
    return ZoneInfo(WINDOWS_ZONES[name])


def when(item: Item, name: str = "Start") -> datetime:
    """Start or End of an item, in UTC."""
    return moment(etree.fromstring(item.fields[name]).text or "").astimezone(UTC)


def is_master(item: Item) -> bool:
    """Does it recur?"""
    return "Recurrence" in item.fields


def originals(item: Item) -> Iterator[datetime]:
    """When the occurrences are by the rule alone, in UTC; may have no end."""
    recurrence, zone = etree.fromstring(item.fields["Recurrence"]), zone_of(item)
    start = when(item).astimezone(zone).replace(tzinfo=None)
    pattern, bounds = recurrence[0], recurrence[1]
    count = int(text(bounds, "t:NumberOfOccurrences") or 0)
    until = text(bounds, "t:EndDate")[:10]
    latest = datetime.combine(date.fromisoformat(until), time.max) if until else None
    rule = rrule.rrule(dtstart=start, count=count or None, until=latest, **_rule(pattern, start))
    return (hit.replace(tzinfo=zone).astimezone(UTC) for hit in rule)


def _rule(pattern: Element, start: datetime) -> dict[str, Any]:
    interval = int(text(pattern, "t:Interval") or 1)
    month = _MONTHS.get(text(pattern, "t:Month"))
    names = text(pattern, "t:DaysOfWeek").split()
    days = [d for name in names for d in _SETS.get(name, [_DAYS.get(name, 0)])]
    nth = _NTH.get(text(pattern, "t:DayOfWeekIndex"), 0)
    day = int(text(pattern, "t:DayOfMonth") or start.day)
    match local(pattern):
        case "DailyRecurrence":
            return {"freq": rrule.DAILY, "interval": interval}
        case "WeeklyRecurrence":
            first = _DAYS.get(text(pattern, "t:FirstDayOfWeek"), 6)
            return {"freq": rrule.WEEKLY, "interval": interval, "byweekday": days, "wkst": first}
        case "AbsoluteMonthlyRecurrence":
            return {"freq": rrule.MONTHLY, "interval": interval, **_day(day)}
        case "RelativeMonthlyRecurrence":
            return {"freq": rrule.MONTHLY, "interval": interval, "byweekday": days, "bysetpos": nth}
        case "AbsoluteYearlyRecurrence":
            return {"freq": rrule.YEARLY, "bymonth": month, **_day(day)}
        case "RelativeYearlyRecurrence":
            return {"freq": rrule.YEARLY, "bymonth": month, "byweekday": days, "bysetpos": nth}
    raise Refused("ErrorCalendarInvalidRecurrence", f"{local(pattern)} is no pattern of appointments.")


def _day(day: int) -> dict[str, object]:
    """A day of the month; in short months the last one takes its place."""
    return {"bymonthday": list(range(28, day + 1)), "bysetpos": -1} if day > 28 else {"bymonthday": day}


def nth(item: Item, index: int) -> datetime:
    """The occurrence with this InstanceIndex, counted from 1 and over deleted ones as well."""
    hit = next(itertools.islice(originals(item), index - 1, None), None) if index > 0 else None
    if hit is None:
        raise Refused("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", "There is no such occurrence.")
    if instant(hit) in item.cancelled:
        raise Refused("ErrorCalendarOccurrenceIsDeletedFromRecurrence", "The occurrence was deleted.")
    return hit


def between(item: Item, start: datetime, end: datetime) -> Iterator[datetime]:
    """Original starts of what takes place in a window."""
    length = when(item, "End") - when(item)
    for hit in itertools.islice(originals(item), 10_000):
        if hit >= end + timedelta(days=31):
            return
        held = item.exceptions.get(instant(hit), {})
        at = moment(etree.fromstring(held["Start"]).text or "") if "Start" in held else hit
        if instant(hit) not in item.cancelled and at < end and at + length > start:
            yield hit


def bounds_of(item: Item, original: datetime) -> tuple[str, str]:
    """Start and End of an occurrence, as it is now."""
    held = item.exceptions.get(instant(original), {})
    usual = {"Start": original, "End": original + (when(item, "End") - when(item))}
    start, end = (etree.fromstring(held[n]).text or "" if n in held else instant(usual[n]) for n in usual)
    return start, end


def occurrence_id(item: Item, original: datetime) -> str:
    """The id of one occurrence, changed or not."""
    return base64.b64encode(f"{item.folder_id}|{instant(original)}".encode()).decode()


def about_series(item: Item) -> dict[str, Element]:
    """FirstOccurrence, LastOccurrence, ModifiedOccurrences and DeletedOccurrences of a master."""
    made: dict[str, Element] = {}
    live = [hit for hit in itertools.islice(originals(item), 2000) if instant(hit) not in item.cancelled]
    endless = find(etree.fromstring(item.fields["Recurrence"]), "t:NoEndRecurrence") is not None
    if live:
        made["FirstOccurrence"] = _info("FirstOccurrence", item, live[0])
    if live and not endless:
        made["LastOccurrence"] = _info("LastOccurrence", item, live[-1])
    if item.exceptions:
        changed = [_info("Occurrence", item, moment(day)) for day in sorted(item.exceptions)]
        made["ModifiedOccurrences"] = t("ModifiedOccurrences", *changed)
    if item.cancelled:
        gone = [t("DeletedOccurrence", t("Start", day)) for day in sorted(item.cancelled)]
        made["DeletedOccurrences"] = t("DeletedOccurrences", *gone)
    return made


def _info(name: str, item: Item, original: datetime) -> Element:
    start, end = bounds_of(item, original)
    key = t("ItemId", Id=occurrence_id(item, original), ChangeKey=item.change_key)
    return t(name, key, t("Start", start), t("End", end), t("OriginalStart", instant(original)))


def recurrence_told(item: Item) -> Element:
    """The Recurrence of an appointment: days are told with the offset of the zone, as xs:date may have one."""
    recurrence, zone = etree.fromstring(item.fields["Recurrence"]), zone_of(item)
    for name in ("StartDate", "EndDate"):
        held = find(recurrence[1], f"t:{name}")
        if held is not None and held.text:
            midnight = datetime.combine(date.fromisoformat(held.text[:10]), time(), zone)
            held.text = midnight.isoformat().replace("T00:00:00", "")
    return recurrence
