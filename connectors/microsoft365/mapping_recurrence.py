"""Graph's patternedRecurrence and our neutral recurrence."""

from __future__ import annotations

from datetime import date

from connectors.described import Document, Json
from connectors.microsoft.patterns import INDEXES, WEEKDAYS, Pattern, PatternKind, Recurrence
from sync_engine.errors import Unreadable

_INDEX_OF = {word: number for number, word in INDEXES.items()}
_ABSOLUTE = (PatternKind.MONTHLY, PatternKind.YEARLY)
_RELATIVE = (PatternKind.MONTHLY_BY_DAY, PatternKind.YEARLY_BY_DAY)
_YEARLY = (PatternKind.YEARLY, PatternKind.YEARLY_BY_DAY)


def put_recurrence(recurrence: Recurrence, zone: str) -> dict[str, Json]:
    """The JSON of a recurrence whose days are those of a zone (Windows name)."""
    return {"pattern": _pattern(recurrence.pattern), "range": _range(recurrence, zone)}


def _pattern(pattern: Pattern) -> dict[str, Json]:
    found: dict[str, Json] = {"type": str(pattern.kind), "interval": pattern.interval}
    if pattern.weekdays:
        found["daysOfWeek"] = [WEEKDAYS[day] for day in pattern.weekdays]
    if pattern.kind is PatternKind.WEEKLY:
        found["firstDayOfWeek"] = WEEKDAYS[pattern.week_start]
    if pattern.kind in _ABSOLUTE:
        found["dayOfMonth"] = pattern.day
    if pattern.kind in _RELATIVE:
        found["index"] = INDEXES[pattern.index]
    if pattern.kind in _YEARLY:
        found["month"] = pattern.month
    return found


def _range(recurrence: Recurrence, zone: str) -> dict[str, Json]:
    found: dict[str, Json] = {"type": "noEnd", "startDate": recurrence.start.isoformat(), "recurrenceTimeZone": zone}
    if recurrence.until is not None:
        found |= {"type": "endDate", "endDate": recurrence.until.isoformat()}
    elif recurrence.count is not None:
        found |= {"type": "numbered", "numberOfOccurrences": recurrence.count}
    return found


def get_recurrence(value: Document) -> Recurrence:
    """The recurrence of its JSON, where Graph also says what is not used ("index" of a daily one ...)."""
    try:
        how, limits = value["pattern"], value["range"]
        kind = limits["type"]
        return Recurrence(
            _read_pattern(how),
            date.fromisoformat(limits["startDate"]),
            date.fromisoformat(limits["endDate"]) if kind == "endDate" else None,
            int(limits["numberOfOccurrences"]) if kind == "numbered" else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"Microsoft 365 sent a recurrence that cannot be read: {str(value)[:200]}.") from error


def _read_pattern(how: Document) -> Pattern:
    kind = PatternKind(how["type"])
    has_days = kind in (*_RELATIVE, PatternKind.WEEKLY)
    return Pattern(
        kind,
        int(how["interval"]),
        tuple(sorted(WEEKDAYS.index(day.lower()) for day in how["daysOfWeek"])) if has_days else (),
        WEEKDAYS.index((how.get("firstDayOfWeek") or "monday").lower()) if kind is PatternKind.WEEKLY else 0,
        int(how["dayOfMonth"]) if kind in _ABSOLUTE else 0,
        _INDEX_OF[(how.get("index") or "first").lower()] if kind in _RELATIVE else 0,
        int(how["month"]) if kind in _YEARLY else 0,
    )
