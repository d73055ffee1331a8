"""The rules of a VTIMEZONE (RFC 5545 3.6.5): from when on which offset holds.

Rules are expanded by arithmetic, year by year, between bounds: a hostile one costs no more than an honest one.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from sync_engine.model import Component

LAST_YEAR = 2100
_FIRST_YEAR = 1900  # from which on rules are looked at; Windows lets its own begin in 1601
_MOST_ONSETS = 1000  # of one observance
_MOST_OF_ZONE = 4000  # in all: a zone that changes more often is not believed
_MOST_MONTHS = 10_000  # that are looked at for one zone; real ones need 500 at most
_KEPT = 256  # zones that are remembered
_EACH = range(1, 6)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Onset(NamedTuple):
    """From this wall clock time (as it was before) on, another offset holds."""

    at: datetime
    before: timedelta
    after: timedelta


class Observances:
    """All changes of offset of one VTIMEZONE."""

    def __init__(self, onsets: list[Onset]) -> None:
        self.onsets = sorted(onsets)
        self._times = [onset.at for onset in self.onsets]
        self._instants = [_earlier(onset.at, onset.before) for onset in self.onsets]

    def offset_at(self, local: datetime) -> timedelta:
        """What the wall clock is ahead of UTC.

        Of a time that occurs twice the first is meant; one that is skipped has the offset before (RFC 5545 3.3.5).
        """
        at = bisect_right(self._times, local) - 1
        if at < 0:
            return self.onsets[0].before
        onset = self.onsets[at]
        skipped = local < onset.at + (onset.after - onset.before)
        return onset.before if skipped else onset.after

    def offset_from(self, utc: datetime) -> timedelta:
        """What the wall clock is ahead of UTC at an instant, given in UTC."""
        at = bisect_right(self._instants, utc) - 1
        return self.onsets[at].after if at >= 0 else self.onsets[0].before


def _earlier(time: datetime, by: timedelta) -> datetime:
    try:
        return time - by
    except OverflowError:
        return time


_at_hand: dict[int, tuple[Component, Observances | None]] = {}


def observances_of(zone: Component) -> Observances | None:
    """The rules of a VTIMEZONE; None when it has none that can be used."""
    known = _at_hand.get(
        id(zone)
    )  # items share their zones: comparing them each time would cost more than all the rest
    if known and known[0] is zone:
        return known[1]
    found = _read(zone)
    if len(_at_hand) >= _KEPT:
        _at_hand.clear()
    _at_hand[id(zone)] = (zone, found)
    return found


class _Work:
    """What may still be done for a zone: thousands of rules cost little to write."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MOST_MONTHS


@lru_cache(maxsize=_KEPT)
def _read(zone: Component) -> Observances | None:
    onsets: list[Onset] = []
    work = _Work()
    for part in zone.components:
        if part.name in ("STANDARD", "DAYLIGHT"):
            onsets += _onsets(part, work)
        if len(onsets) > _MOST_OF_ZONE or work.left < 0:
            return None
    return Observances(onsets) if onsets else None


def _onsets(observance: Component, work: _Work) -> list[Onset]:
    values: dict[str, list[str]] = {}
    for line in observance.lines:
        values.setdefault(line.name, []).append(line.value.strip().upper())
    before, after = _offset(values.get("TZOFFSETFROM")), _offset(values.get("TZOFFSETTO"))
    start = _time(values.get("DTSTART", [""])[0])
    if after is None or start is None:
        return []
    before = after if before is None else before
    times = {start}
    for text in ",".join(values.get("RDATE", [])).split(","):
        further = _time(text)
        if further:
            times.add(further)
    for rule in dict.fromkeys(values.get("RRULE", [])):
        times.update(islice(_yearly(rule, start, before, work), _MOST_ONSETS))
    return [Onset(time, before, after) for time in sorted(times)[:_MOST_ONSETS]]


def _offset(values: list[str] | None) -> timedelta | None:
    """UTC-OFFSET: +0100, -033000."""
    text = values[0].replace(":", "") if values else ""
    digits = text.lstrip("+-")
    if not (digits.isdigit() and digits.isascii() and len(digits) in (4, 6)):
        return None
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:] or 0))
    return None if offset >= timedelta(days=1) else -offset if text[0] == "-" else offset


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.rstrip("Z")[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall clock time
    except ValueError:
        return None


def _yearly(rule: str, start: datetime, before: timedelta, work: _Work) -> Iterator[datetime]:
    """The onsets of an RRULE: one day of one month, each year. That is all that zones have; other rules give none."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if parts.get("FREQ") != "YEARLY" or parts.get("INTERVAL", "1") != "1":
        return
    last = _time(parts.get("UNTIL", "")) or _time(parts.get("UNTIL", "") + "T235959")
    if last is not None and parts["UNTIL"].endswith("Z"):
        last += before
    count = int(parts["COUNT"]) if parts.get("COUNT", "").isdecimal() and len(parts["COUNT"]) < 5 else _MOST_ONSETS
    months = list(dict.fromkeys(_numbers(parts.get("BYMONTH", "")))) or [start.month]
    numbers = _numbers(parts.get("BYMONTHDAY", ""))
    if not numbers and "BYDAY" not in parts:
        numbers = [start.day]
    by_day = _weekdays(parts["BYDAY"]) if "BYDAY" in parts else None
    first = start.year if "COUNT" in parts else max(start.year, _FIRST_YEAR)
    looked = _months(first, [month for month in months if 1 <= month <= 12], work)
    days = (day for year, month in looked for day in _days(year, month, numbers, by_day))
    times = (datetime.combine(day, start.time()) for day in days)
    for time in islice((time for time in times if time >= start), count):
        if last is not None and time > last:
            return
        yield time


def _months(first: int, months: list[int], work: _Work) -> Iterator[tuple[int, int]]:
    """Each month of each year, as long as there is work to be done."""
    for year in range(first, LAST_YEAR + 1):
        for month in months:
            work.left -= 1
            if work.left < 0:
                return
            yield year, month


def _days(year: int, month: int, numbers: list[int], by_day: dict[int, set[int]] | None) -> list[date]:
    last = monthrange(year, month)[1]
    of_month = {number if number > 0 else last + 1 + number for number in numbers} or set(range(1, last + 1))
    days = [date(year, month, day) for day in sorted(of_month) if 1 <= day <= last]
    if by_day is None:
        return days
    return [day for day in days if _is_among(day, last, by_day.get(day.weekday(), ()))]


def _is_among(day: date, last: int, wanted: Collection[int]) -> bool:
    """Whether it is the first, or the last but one ... of its weekday in the month."""
    return bool(wanted) and ((day.day + 6) // 7 in wanted or -((last - day.day) // 7 + 1) in wanted)


def _weekdays(by_day: str) -> dict[int, set[int]]:
    """Weekday -> which ones of a month: 1SU, -1SU; of SU all."""
    found: dict[int, set[int]] = {}
    for entry in by_day.split(","):
        number, name = entry[:-2], entry[-2:]
        if name in _WEEKDAYS and (number in ("", "+") or _is_number(number)):
            which = _EACH if number in ("", "+") else {int(number)}
            found.setdefault(_WEEKDAYS.index(name), set()).update(which)
    return found


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",")[:62] if _is_number(one)]


def _is_number(text: str) -> bool:
    """Up to three characters, one sign at most."""
    return len(text) < 4 and text[text[:1] in ("+", "-") :].isdecimal()
