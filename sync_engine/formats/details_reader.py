"""One VEVENT or VTODO (RFC 5545 3.6.1, 3.6.2) to `EventDetails` or `TaskDetails`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from sync_engine.errors import Unreadable
from sync_engine.formats import legacy
from sync_engine.formats.building import builder
from sync_engine.formats.heads import CACHED_LENGTH, read_head, split_line
from sync_engine.formats.heads import Head as PlainHead
from sync_engine.formats.moments import NAMELESS, read_moment, read_period
from sync_engine.formats.outline import OddLineError, as_line, in_order
from sync_engine.formats.text_values import text_list, unescape
from sync_engine.model import CalendarUser, Component, ContentLine, EventDetails, Moment, Params, TaskDetails

_user = builder(CalendarUser)
_MAX_SEQUENCE_DIGITS = 9


class DetailsDraft:
    """A VEVENT or VTODO while it is read."""

    __slots__ = ("component", "extra", "fields", "lists", "params", "stamps", "uid")

    def __init__(self, component: str) -> None:
        self.component = component
        self.uid = ""
        self.fields: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {}
        self.params: dict[str, Params] = {}
        self.extra: list[ContentLine] = []
        self.stamps: list[ContentLine] = []

    def details(self) -> EventDetails | TaskDetails:
        """The finished value, its lists in canonical order."""
        fields = self.fields
        for field, elements in self.lists.items():
            fields[field] = tuple(elements) if len(elements) == 1 else _ORDERS[field](elements)
        if self.params:
            fields["params"] = tuple(sorted(self.params.items()))
        if self.extra:
            fields["extra"] = in_order(self.extra)
        if self.stamps:
            fields["stamps"] = in_order(self.stamps)
        return EventDetails(**fields) if self.component == "VEVENT" else TaskDetails(**fields)


class CalendarHead(NamedTuple):
    """What the head of a line says, as far as calendars are concerned."""

    plain: PlainHead
    take: Taker
    field: str
    zone: str  # TZID
    only_date: bool  # VALUE=DATE
    rest: Params  # without TZID and VALUE


Taker: TypeAlias = Callable[[DetailsDraft, CalendarHead, str], None]


def read_details(component: str, lines: list[str], parts: list[Component]) -> DetailsDraft:
    """Read the lines of one VEVENT or VTODO. Raises `Unreadable` and `OddLineError`."""
    draft = DetailsDraft(component)
    cached, fresh = _HEADS[component]
    for line in lines:
        text, colon, value = line.partition(":")
        if '"' in text:
            text, value = split_line(line)
        head = cached(text) if len(text) <= CACHED_LENGTH else fresh(text)
        if head is None or not colon:
            raise OddLineError(line)
        head.take(draft, head, value)
    alarms = [part for part in parts if part.name == "VALARM"]
    if alarms:
        draft.lists["alarms"] = alarms
    if len(alarms) < len(parts):
        draft.lists["components"] = [part for part in parts if part.name != "VALARM"]
    return draft


# ---------------------------------------------------------------- heads


def _event_head(text: str) -> CalendarHead | None:
    plain = read_head(text)
    return None if plain is None else _calendar_head(plain, *_EVENT_TAKERS.get(plain.name, (_take_extra, "")))


def _task_head(text: str) -> CalendarHead | None:
    plain = read_head(text)
    return None if plain is None else _calendar_head(plain, *_TASK_TAKERS.get(plain.name, (_take_extra, "")))


_HEADS = {
    "VEVENT": (lru_cache(maxsize=4096)(_event_head), _event_head),
    "VTODO": (lru_cache(maxsize=1024)(_task_head), _task_head),
}


def _calendar_head(plain: PlainHead, take: Taker, field: str) -> CalendarHead:
    if not plain.params:
        return CalendarHead(plain, take, field, "", False, ())
    if any(not values for _, values in plain.params) and legacy.is_quoted_printable(
        legacy.name_bare_params(plain.params)
    ):
        plain = plain._replace(params=legacy.name_bare_params(plain.params))
    if legacy.is_quoted_printable(plain.params):
        take = _quoted_printable(take, plain.params)
        plain = plain._replace(params=legacy.without_encoding(plain.params))
    given = dict(plain.params)
    zone = ",".join(filter(str.strip, given.get("TZID", ())))
    if "TZID" in given and not zone.strip():
        zone = NAMELESS
    rest = tuple([param for param in plain.params if not _in_moment(param[0])])
    return CalendarHead(plain, take, field, zone, given.get("VALUE") == ("DATE",), rest)


def _in_moment(name: str) -> bool:
    # What has been read as a date or a time is one, whatever else VALUE says. A TZID with bare commas is one name.
    return name in ("VALUE", "TZID")


def _quoted_printable(take: Taker, params: Params) -> Taker:
    def take_decoded(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
        take(draft, head, legacy.decode_quoted_printable(value, params))

    return take_decoded


# ---------------------------------------------------------------- properties


def _take_extra(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    line = as_line(head.plain, value)
    if line.value or not head.field:
        draft.extra.append(line)


def _take_stamp(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    draft.stamps.append(as_line(head.plain, value))


def _take_attachment(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    line = as_line(head.plain, value)
    if line.value:
        draft.lists.setdefault("attachments", []).append(line)


def _take_uid(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    value = unescape(value.strip())
    if draft.uid and value != draft.uid:
        raise Unreadable("An item has two UIDs.")
    draft.uid = value
    if value and head.plain.params:
        draft.params["UID"] = head.plain.params


def _set(draft: DetailsDraft, head: CalendarHead, value: Any, params: Params, line: str) -> None:
    """Fill a field once; what comes later, or has no value, stays a line."""
    if value is None or head.field in draft.fields:
        _take_extra(draft, head, line)
        return
    draft.fields[head.field] = value
    if params:
        draft.params[head.plain.name] = params


def _take_text(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if value:
        _set(draft, head, unescape(value) if "\\" in value else value, head.plain.params, value)


def _take_word(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    word = unescape(value).strip().upper()
    if word:
        _set(draft, head, word, head.plain.params, value)


def _take_moment(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if value.strip():
        moment = read_moment(value, head.zone, only_date=head.only_date)
        _set(draft, head, moment, _unused(head, moment), value)


def _unused(head: CalendarHead, moment: Moment | None) -> Params:
    """Parameters that the moment does not say: also a TZID that has no meaning, on a date or a time in UTC."""
    if not head.zone or moment is None or moment.zone == head.zone:
        return head.rest
    return tuple([param for param in head.plain.params if param[0] != "VALUE"])


def _take_start(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if not value.strip():
        return
    moment = read_moment(value, head.zone, only_date=head.only_date)
    if moment is None:
        raise Unreadable(f"{head.plain.name} is not a date or time: {value[:40]!r}.")
    _set(draft, head, moment, _unused(head, moment), value)


def _take_recurrence_id(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    ranges = [param for param in head.rest if param[0] == "RANGE"]
    if ranges == [("RANGE", ("THISANDFUTURE",))] and value.strip() and head.field not in draft.fields:
        draft.fields["this_and_future"] = True
        head = head._replace(
            rest=tuple([param for param in head.rest if param not in ranges]),
            plain=head.plain._replace(params=tuple([param for param in head.plain.params if param not in ranges])),
        )
    _take_start(draft, head, value)


def _take_moments(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if not value.strip(","):
        return
    texts = [text for text in value.split(",") if text.strip()]
    moments = [
        read_period(text, head.zone) if "/" in text else read_moment(text, head.zone, only_date=head.only_date)
        for text in texts
    ]
    if head.rest or any(moment is None or _unused(head, moment) for moment in moments):
        _take_extra(draft, head, value)
    else:
        draft.lists.setdefault(head.field, []).extend(moments)


def _take_rule(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    rule = canonical_rule(value)
    rules = draft.lists.setdefault("rules", []) if rule else []
    if rule and head.plain.params and rules:
        _take_extra(draft, head, value)
    elif rule:
        rules.append(rule)
        if head.plain.params:
            draft.params["RRULE"] = head.plain.params


def canonical_rule(value: str) -> str:
    """An RRULE value in upper case, FREQ first and the other parts sorted."""
    return _cached_rule(value) if len(value) <= CACHED_LENGTH else _rule(value)


def _rule(value: str) -> str:
    parts = [part.strip() for part in value.upper().replace("\\", "").split(";")]
    return ";".join(sorted((part for part in parts if part), key=lambda part: (not part.startswith("FREQ="), part)))


_cached_rule = lru_cache(maxsize=1024)(_rule)


def _take_categories(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    found = [text for text in text_list(value) if text]
    if found and head.plain.params:
        _take_extra(draft, head, value)
    elif found:
        draft.lists.setdefault("categories", []).extend(found)


def _take_organizer(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if value:
        _set(draft, head, _user(value, head.plain.params), (), value)


def _take_attendee(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    if value:
        draft.lists.setdefault("attendees", []).append(_user(value, head.plain.params))


def _take_sequence(draft: DetailsDraft, head: CalendarHead, value: str) -> None:
    digits = value.strip()
    usable = digits.isdigit() and digits.isascii() and len(digits) <= _MAX_SEQUENCE_DIGITS
    if not usable or head.plain.params:
        _take_stamp(draft, head, value)
    else:
        draft.fields["sequence"] = max(int(digits), draft.fields.get("sequence", 0))


_TAKERS: dict[str, tuple[Taker, str]] = {
    "UID": (_take_uid, ""),
    "RECURRENCE-ID": (_take_recurrence_id, "recurrence_id"),
    "DTSTART": (_take_start, "start"),
    "DURATION": (_take_word, "duration"),
    "SUMMARY": (_take_text, "summary"),
    "DESCRIPTION": (_take_text, "description"),
    "LOCATION": (_take_text, "location"),
    "STATUS": (_take_word, "status"),
    "CLASS": (_take_word, "classification"),
    "PRIORITY": (_take_word, "priority"),
    "URL": (_take_text, "url"),
    "CATEGORIES": (_take_categories, "categories"),
    "ORGANIZER": (_take_organizer, "organizer"),
    "ATTENDEE": (_take_attendee, "attendees"),
    "RRULE": (_take_rule, "rules"),
    "RDATE": (_take_moments, "recurrence_dates"),
    "EXDATE": (_take_moments, "exception_dates"),
    "ATTACH": (_take_attachment, "attachments"),
    "SEQUENCE": (_take_sequence, "sequence"),
    "DTSTAMP": (_take_stamp, ""),
    "CREATED": (_take_stamp, ""),
    "LAST-MODIFIED": (_take_stamp, ""),
}
_EVENT_TAKERS = _TAKERS | {"DTEND": (_take_moment, "end"), "TRANSP": (_take_word, "transparency")}
_TASK_TAKERS = _TAKERS | {
    "DUE": (_take_moment, "due"),
    "COMPLETED": (_take_moment, "completed"),
    "PERCENT-COMPLETE": (_take_word, "percent_complete"),
}


# ---------------------------------------------------------------- canonical order


def _moment_order(moments: list[Moment]) -> tuple[Moment, ...]:
    return tuple(sorted(set(moments), key=lambda moment: (moment.value, moment.zone)))


def _text_order(texts: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


_ORDERS: dict[str, Callable[[list[Any]], tuple[Any, ...]]] = {
    "attendees": lambda users: tuple(sorted(users, key=lambda user: (user.address.lower(), user.address, user.params))),
    "categories": _text_order,
    "rules": _text_order,
    "recurrence_dates": _moment_order,
    "exception_dates": _moment_order,
    "attachments": in_order,
    "alarms": lambda parts: tuple(sorted(parts, key=repr)),
    "components": lambda parts: tuple(sorted(parts, key=repr)),
}
