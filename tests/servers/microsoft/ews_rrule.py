"""Recurrences of EWS as RRULE and back, as far as Exchange itself writes them into iCalendar (MS-OXCICAL 2.1.3.2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.servers.microsoft.ews_xml import Element, local, t, text

_DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_NTH = {"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "-1": "Last"}
_MONTHS = [date(2000, number, 1).strftime("%B") for number in range(1, 13)]


def read(rule: Any, begin: date) -> Element:
    """<t:Recurrence> of icalendar's RRULE; KeyError for what Exchange has no pattern for."""
    count, until = rule.get("COUNT"), rule.get("UNTIL")
    first = t("StartDate", f"{begin:%Y-%m-%d}")
    if count:
        bounds = t("NumberedRecurrence", first, t("NumberOfOccurrences", str(count[0])))
    elif until:
        bounds = t("EndDateRecurrence", first, t("EndDate", f"{until[0]:%Y-%m-%d}"))
    else:
        bounds = t("NoEndRecurrence", first)
    return t("Recurrence", _pattern(rule, begin), bounds)


def _pattern(rule: Any, begin: date) -> Element:
    interval = t("Interval", str(rule.get("INTERVAL", [1])[0]))
    days = [str(day) for day in rule.get("BYDAY", [])]
    month = t("Month", _MONTHS[int(rule.get("BYMONTH", [begin.month])[0]) - 1])
    kind = str(rule["FREQ"][0])
    if kind == "DAILY":
        return t("DailyRecurrence", interval)
    if kind == "WEEKLY":
        names = [_DAYS[day] for day in days] or [begin.strftime("%A")]
        first = t("FirstDayOfWeek", _DAYS[str(rule.get("WKST", ["MO"])[0])])
        return t("WeeklyRecurrence", interval, t("DaysOfWeek", " ".join(names)), first)
    if days:
        nth = [t("DaysOfWeek", _DAYS[days[0][-2:]]), t("DayOfWeekIndex", _NTH[days[0][:-2]])]
        yearly = t("RelativeYearlyRecurrence", *nth, month)
        return yearly if kind == "YEARLY" else t("RelativeMonthlyRecurrence", interval, *nth)
    day = t("DayOfMonth", str(rule.get("BYMONTHDAY", [begin.day])[0]))
    yearly = t("AbsoluteYearlyRecurrence", day, month)
    return yearly if kind == "YEARLY" else t("AbsoluteMonthlyRecurrence", interval, day)


def write(recurrence: Element, begin: datetime) -> str:
    """The value of RRULE."""
    pattern, bounds = recurrence[0], recurrence[1]
    short = {name: day for day, name in _DAYS.items()}
    days = [short[name] for name in text(pattern, "t:DaysOfWeek").split()]
    nth = {name: number for number, name in _NTH.items()}.get(text(pattern, "t:DayOfWeekIndex"), "")
    names = {"Daily": "DAILY", "Weekly": "WEEKLY", "AbsoluteMonthly": "MONTHLY", "RelativeMonthly": "MONTHLY"}
    parts = [f"FREQ={names.get(local(pattern).removesuffix('Recurrence'), 'YEARLY')}"]
    parts += [f"INTERVAL={text(pattern, 't:Interval')}"] if text(pattern, "t:Interval") not in {"", "1"} else []
    parts += [f"BYDAY={','.join(nth + day for day in days)}"] if days else []
    parts += [f"BYMONTHDAY={text(pattern, 't:DayOfMonth')}"] if text(pattern, "t:DayOfMonth") else []
    if month := text(pattern, "t:Month"):
        parts.append(f"BYMONTH={_MONTHS.index(month) + 1}")
    if first := text(pattern, "t:FirstDayOfWeek"):
        parts.append(f"WKST={short[first]}")
    if count := text(bounds, "t:NumberOfOccurrences"):
        parts.append(f"COUNT={count}")
    if until := text(bounds, "t:EndDate")[:10]:
        parts.append(f"UNTIL={until.replace('-', '')}T{begin:%H%M%S}Z")
    return ";".join(parts)
