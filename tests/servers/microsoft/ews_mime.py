"""Appointments as iCalendar: what MimeContent of EWS has, and what DavMail writes and reads them by (MS-OXCICAL)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from lxml import etree

from sync_engine.windows_zones import WINDOWS_ZONES
from tests.servers.microsoft import ews_rrule
from tests.servers.microsoft.ews_xml import Element, instant, moment, stored, t, text
from tests.servers.microsoft.mailbox import Fields, Item

HOME = "W. Europe Standard Time"  # whose midnights whole days have
_BUSY = {"OPAQUE": "Busy", "TRANSPARENT": "Free"}
_CLASSES = {"PUBLIC": "Normal", "PRIVATE": "Private", "CONFIDENTIAL": "Confidential"}


class Appointment:
    """What one iCalendar object says: the master's fields, and what differs on single days."""

    def __init__(self, content: str) -> None:
        found: list[Any] = list(icalendar.Calendar.from_ical(base64.b64decode(content)).walk("VEVENT"))
        master = next(one for one in found if "RECURRENCE-ID" not in one)
        self.uid = str(master.get("UID", ""))
        self.fields = _fields(master)
        self.cancelled = {instant(_aware(when)) for when in _exdates(master)}
        others = [one for one in found if one is not master]
        self.exceptions = {instant(_aware(one["RECURRENCE-ID"].dt)): _fields(one) for one in others}

    def fill(self, item: Item) -> None:
        """What is not in fields."""
        item.cancelled |= self.cancelled
        item.exceptions.update(self.exceptions)


def _exdates(event: Any) -> Iterator[date]:
    held = event.get("EXDATE", [])
    for one in held if isinstance(held, list) else [held]:
        yield from (each.dt for each in one.dts)


def _fields(event: Any) -> Fields:
    begin = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else begin + event["DURATION"].dt
    whole = not isinstance(begin, datetime) or str(event.get("X-MICROSOFT-CDO-ALLDAYEVENT", "")) == "TRUE"
    zone = _windows(begin)
    parts = [
        t("Subject", str(event.get("SUMMARY", ""))),
        t("Sensitivity", _CLASSES.get(str(event.get("CLASS", "")), "Normal")),
        t("Body", str(event.get("DESCRIPTION", "")), BodyType="Text"),
        t("Start", instant(_aware(begin))),
        t("End", instant(_aware(end))),
        t("IsAllDayEvent", "true" if whole else "false"),
        t("LegacyFreeBusyStatus", _BUSY.get(str(event.get("TRANSP", "")), "Busy")),
        t("Location", str(event.get("LOCATION", ""))),
        t("StartTimeZone", Id=zone),
        t("EndTimeZone", Id=zone),
        *_reminder(event),
    ]
    if "CATEGORIES" in event:
        parts.append(t("Categories", *[t("String", str(one)) for one in event.categories]))
    if "RRULE" in event:
        parts.append(ews_rrule.read(event["RRULE"], begin))
    return {part.tag.partition("}")[2]: stored(part) for part in parts}


def _reminder(event: Any) -> list[Element]:
    alarms = [alarm for alarm in event.walk("VALARM") if isinstance(alarm.get("TRIGGER").dt, timedelta)]
    if not alarms:
        return [t("ReminderIsSet", "false")]
    minutes = int(-alarms[0]["TRIGGER"].dt.total_seconds() // 60)
    return [t("ReminderIsSet", "true"), t("ReminderMinutesBeforeStart", str(minutes))]


def _aware(when: date) -> datetime:
    """A point in time; of a whole day its midnight."""
    if not isinstance(when, datetime):
        return datetime(when.year, when.month, when.day, tzinfo=ZoneInfo(WINDOWS_ZONES[HOME]))
    return when if when.tzinfo else when.replace(tzinfo=ZoneInfo(WINDOWS_ZONES[HOME]))


def _windows(begin: date) -> str:
    """The first zone of Windows that keeps the same time."""
    if not isinstance(begin, datetime) or begin.tzinfo is None:
        return HOME
    if begin.tzinfo is UTC or str(begin.tzinfo) == "UTC":
        return "UTC"

    def year(zone: object) -> list[timedelta | None]:
        return [datetime(begin.year, month, 1, tzinfo=zone).utcoffset() for month in (1, 4, 7, 11)]  # type: ignore[arg-type]

    same = [name for name, iana in WINDOWS_ZONES.items() if year(ZoneInfo(iana)) == year(begin.tzinfo)]
    return HOME if HOME in same else same[0]


def mime(item: Item, known: dict[str, Element]) -> Element:
    """<t:MimeContent> of an appointment."""
    lines = ["BEGIN:VCALENDAR", "METHOD:PUBLISH", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0"]
    zone = known["StartTimeZone"].get("Id", "UTC") if "StartTimeZone" in known else "UTC"
    lines += [*_timezone(zone), *_event(item, known, zone, "")]
    for original, fields in sorted(item.exceptions.items()):
        changed = {name: etree.fromstring(xml) for name, xml in fields.items() if xml is not None}
        same = {name: element for name, element in known.items() if name not in fields}  # None: it lacks that alone
        lines += _event(item, {**same, **changed}, zone, original)
    content = "\r\n".join([*lines, "END:VCALENDAR", ""])
    return t("MimeContent", base64.b64encode(content.encode()).decode(), CharacterSet="UTF-8")


def _event(item: Item, known: dict[str, Element], zone: str, original: str) -> list[str]:
    kinds = {ours: theirs for theirs, ours in _CLASSES.items()}
    lines = ["BEGIN:VEVENT", f"UID:{item.uid}", f"DTSTAMP:{item.modified.astimezone(UTC):%Y%m%dT%H%M%SZ}"]
    for name, field in (("SUMMARY", "Subject"), ("DESCRIPTION", "Body"), ("LOCATION", "Location")):
        lines.append(f"{name}:{_escaped(known[field].text or '') if field in known else ''}")
    lines.append("DTSTART" + _when(moment(known["Start"].text or ""), zone))
    lines.append("DTEND" + _when(moment(known["End"].text or ""), zone))
    lines.append(f"X-MICROSOFT-CDO-ALLDAYEVENT:{(known['IsAllDayEvent'].text or '').upper()}")
    lines.append(f"X-MICROSOFT-CDO-BUSYSTATUS:{(known['LegacyFreeBusyStatus'].text or '').upper()}")
    lines.append(f"CLASS:{kinds.get(known['Sensitivity'].text or '', 'PUBLIC')}")
    lines.append("TRANSP:" + ("TRANSPARENT" if known["LegacyFreeBusyStatus"].text == "Free" else "OPAQUE"))
    if "Categories" in known:
        lines.append("CATEGORIES:" + ",".join(_escaped(one.text or "") for one in known["Categories"]))
    if original:
        lines.append("RECURRENCE-ID" + _when(moment(original), zone))
    elif "Recurrence" in known:
        lines.append("RRULE:" + ews_rrule.write(known["Recurrence"], moment(known["Start"].text or "")))
        lines += ["EXDATE" + _when(moment(day), zone) for day in sorted(item.cancelled)]
    if known["ReminderIsSet"].text == "true":
        minutes = text(t("x", known["ReminderMinutesBeforeStart"]), "t:ReminderMinutesBeforeStart")
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:REMINDER", f"TRIGGER:-PT{minutes}M", "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _when(at: datetime, zone: str) -> str:
    """Whole days are from midnight to midnight, with a property that says so."""
    local = at.astimezone(ZoneInfo(WINDOWS_ZONES.get(zone, "UTC")))
    return f":{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if zone == "UTC" else f";TZID={zone}:{local:%Y%m%dT%H%M%S}"


def _escaped(words: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        words = words.replace(plain, written)
    return words


def _timezone(zone: str) -> list[str]:
    """With the rule of Europe, where the zones of these tests are."""
    offsets = [datetime(2026, month, 15, tzinfo=ZoneInfo(WINDOWS_ZONES[zone])).utcoffset() for month in (1, 7)]
    winter, summer = (_offset(one or timedelta(0)) for one in offsets)
    parts = [("STANDARD", summer, winter, "16010101T030000", "10")]
    if winter != summer:
        parts.append(("DAYLIGHT", winter, summer, "16010101T020000", "3"))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for name, before, after, start, month in parts:
        rule = [f"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH={month}"] if len(parts) == 2 else []
        lines += [f"BEGIN:{name}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *rule]
        lines.append(f"END:{name}")
    return [*lines, "END:VTIMEZONE"]


def _offset(delta: timedelta) -> str:
    minutes = int(delta.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
