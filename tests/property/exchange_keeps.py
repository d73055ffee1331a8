"""What Exchange would answer to what was written, through exchangelib's own XML both ways."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exchangelib import CalendarItem, EWSDateTime, EWSTimeZone
from exchangelib.recurrence import DeletedOccurrence
from exchangelib.version import EXCHANGE_2016, Version
from lxml import etree

from connectors.exchange.mapping_updates import item_values
from connectors.microsoft.series import SeriesWrite

VERSION = Version(build=EXCHANGE_2016)
TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"
_SCHEDULE = {"start", "end", "is_all_day", "recurrence", "_start_timezone", "_end_timezone"}


def answered(item: Any) -> Any:
    """The item as a server would send it: times in UTC, the body as HTML."""
    element = etree.fromstring(etree.tostring(item.to_xml(version=VERSION)))
    for name in ("Start", "End"):
        if (time := element.find(TYPES + name)) is not None:
            time.text = datetime.fromisoformat(time.text or "").astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("IsAllDayEvent", "ReminderIsSet"):  # exchangelib writes 1 and reads true
        if (flag := element.find(TYPES + name)) is not None:
            flag.text = {"1": "true", "0": "false"}[flag.text or ""]
    return type(item).from_xml(element, account=None)


def kept(kind: Any, properties: dict[str, Any]) -> Any:
    """The item of these properties, which may be entries of lists."""
    return answered(kind(**item_values(properties)))


class ExchangeSeries:
    """One appointment or series. Exceptions are forgotten when its times or its pattern are written."""

    def __init__(self) -> None:
        self.master: dict[str, Any] = {}
        self.own: dict[date, dict[str, Any]] = {}
        self.cancelled: set[date] = set()

    def apply(self, write: SeriesWrite) -> ExchangeSeries:
        if _SCHEDULE & set(write.master):
            self.own, self.cancelled = {}, set()
        self.master |= write.master
        for day, own in write.occurrences.items():
            assert day not in self.cancelled, "a cancelled occurrence cannot be written"
            self.own[day] = self.own.get(day, {}) | own
        for day in write.cancelled:
            assert day not in self.cancelled, "a cancelled occurrence cannot be cancelled again"
            self.own.pop(day, None)
            self.cancelled.add(day)
        return self

    def answer(self) -> tuple[Any, list[Any]]:
        """The master and the exceptions, as exchangelib reads them."""
        master = kept(CalendarItem, self.master)
        master.deleted_occurrences = [DeletedOccurrence(start=self._original(day)) for day in sorted(self.cancelled)]
        return master, [self._exception(day) for day in sorted(self.own)]

    def _exception(self, day: date) -> Any:
        inherited = {name: value for name, value in self.master.items() if name not in ("recurrence", "uid", "hub_uid")}
        length = self.master["end"] - self.master["start"]
        start = self._original(day)
        if self.master["is_all_day"]:  # days are days, also where the clock changes
            last = _local(self.master["end"]).date() + (day - _local(self.master["start"]).date())
            times = {"start": start, "end": _at(datetime.combine(last, datetime.min.time()), start.tzinfo)}
        else:
            end = _local(self.master["end"]) + (day - _local(self.master["start"]).date())
            times = (
                {"start": start, "end": _at(end, self.master["end"].tzinfo)}
                if length
                else {"start": start, "end": start}
            )
        item = kept(CalendarItem, {**inherited, **times, **self.own[day]})
        item.original_start = self._original(day)
        return item

    def _original(self, day: date) -> EWSDateTime:
        start = self.master["start"]
        return _at(datetime.combine(day, _local(start).time()), start.tzinfo)


def _local(at: Any) -> datetime:
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second)


def _at(local: datetime, zone: Any) -> EWSDateTime:
    """A time that the clock skips is as long after the last one before (as zoneinfo has it)."""
    utc = local.replace(tzinfo=ZoneInfo(zone.key)).astimezone(UTC)
    made = EWSDateTime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, tzinfo=EWSTimeZone("UTC"))
    return made.astimezone(zone) + timedelta(0)
