"""`Event` and `Task` to iCalendar (RFC 5545)."""

from __future__ import annotations

from sync_engine.formats.content_lines import fold
from sync_engine.formats.heads import write_params
from sync_engine.formats.moments import written
from sync_engine.formats.text_values import escape, escape_uri, join_list
from sync_engine.formats.vcard_writer import write_line
from sync_engine.model import (
    CalendarUser,
    Component,
    ContentLine,
    Event,
    EventDetails,
    Moment,
    Params,
    Task,
    TaskDetails,
)

PRODUCT = "-//AgendaHub//AgendaHub//EN"
_EPOCH = "19700101T000000Z"  # DTSTAMP is mandatory and the core has no clock
_TEXTS = (
    ("SUMMARY", "summary"),
    ("DESCRIPTION", "description"),
    ("LOCATION", "location"),
    ("STATUS", "status"),
    ("CLASS", "classification"),
    ("PRIORITY", "priority"),
)
_KEPT_ZONES = 512
_zone_texts: dict[int, tuple[Component, list[str]]] = {}


def write_calendar(item: Event | Task) -> str:
    """The text of an event or a task."""
    name = "VEVENT" if isinstance(item, Event) else "VTODO"
    stamped = {line.name for line in item.stamps}
    lines = ["BEGIN:VCALENDAR"]
    if "VERSION" not in stamped:
        lines.append("VERSION:2.0")
    if "PRODID" not in stamped:
        lines.append(f"PRODID:{PRODUCT}")
    lines += [write_line(line) for line in (*item.stamps, *item.extra)]
    for zone in item.zones:
        lines += component_lines(zone)
    for details in (*((item.master,) if item.master else ()), *item.overrides):
        lines.append(f"BEGIN:{name}")
        _write_details(lines, details, item.uid)
        lines.append(f"END:{name}")
    lines.append("END:VCALENDAR")
    return fold(lines)


def _write_details(lines: list[str], details: EventDetails | TaskDetails, uid: str) -> None:
    params = dict(details.params)
    lines.append(f"UID{_params(params, 'UID')}:{escape(uid)}")
    if not any(line.name == "DTSTAMP" for line in details.stamps):
        lines.append(f"DTSTAMP:{_EPOCH}")
    _write_times(lines, details, params)
    for name, field in _TEXTS:
        value = getattr(details, field)
        if value:
            lines.append(f"{name}{_params(params, name) if params else ''}:{escape(value)}")
    if details.url:
        lines.append(f"URL{_params(params, 'URL')}:{escape_uri(details.url)}")
    if details.categories:
        lines.append(f"CATEGORIES:{join_list(details.categories)}")
    _write_recurrence(lines, details, params)
    if details.sequence:
        lines.append(f"SEQUENCE:{details.sequence}")
    if details.organizer:
        lines.append(_user("ORGANIZER", details.organizer))
    lines += [_user("ATTENDEE", user) for user in details.attendees]
    lines += [write_line(line) for line in (*details.stamps, *details.attachments, *details.extra)]
    for part in (*details.alarms, *details.components):
        lines += component_lines(part)


def _write_times(lines: list[str], details: EventDetails | TaskDetails, params: dict[str, Params]) -> None:
    if details.recurrence_id:
        future = ";RANGE=THISANDFUTURE" if details.this_and_future else ""
        lines.append(_moment(f"RECURRENCE-ID{future}", details.recurrence_id, params, "RECURRENCE-ID"))
    if details.start:
        lines.append(_moment("DTSTART", details.start, params, "DTSTART"))
    if isinstance(details, EventDetails):
        if details.end:
            lines.append(_moment("DTEND", details.end, params, "DTEND"))
        if details.transparency:
            lines.append(f"TRANSP{_params(params, 'TRANSP')}:{escape(details.transparency)}")
    else:
        if details.due:
            lines.append(_moment("DUE", details.due, params, "DUE"))
        if details.completed:
            lines.append(_moment("COMPLETED", details.completed, params, "COMPLETED"))
        if details.percent_complete:
            lines.append(f"PERCENT-COMPLETE{_params(params, 'PERCENT-COMPLETE')}:{escape(details.percent_complete)}")
    if details.duration:
        lines.append(f"DURATION{_params(params, 'DURATION')}:{escape(details.duration)}")


def _write_recurrence(lines: list[str], details: EventDetails | TaskDetails, params: dict[str, Params]) -> None:
    for number, rule in enumerate(details.rules):
        lines.append(f"RRULE{'' if number else _params(params, 'RRULE')}:{rule}")
    # One line for each date: some programs read only the first of a list.
    lines += [_moment("RDATE", moment, {}, "RDATE") for moment in details.recurrence_dates]
    lines += [_moment("EXDATE", moment, {}, "EXDATE") for moment in details.exception_dates]


def _moment(head: str, moment: Moment, params: dict[str, Params], name: str) -> str:
    rest = _params(params, name) if params else ""
    if moment.is_date:
        return f"{head};VALUE=DATE{rest}:{moment.value}"
    if "/" in moment.value:
        rest = f";VALUE=PERIOD{rest}"
    if not moment.zone:
        return f"{head}{rest}:{moment.value}"
    if moment.zone == "UTC":
        return f"{head}{rest}:{written(moment)}"
    return f"{head}{write_params((('TZID', (moment.zone.strip(),)),))}{rest}:{moment.value}"


def _params(params: dict[str, Params], name: str) -> str:
    found = params.get(name)
    return write_params(found) if found else ""


def _user(name: str, user: CalendarUser) -> str:
    return f"{name}{write_params(user.params)}:{user.address}"


def component_lines(component: Component) -> list[str]:
    """The lines of a component. Zones are shared between items (the reader remembers them): they are written once."""
    known = _zone_texts.get(id(component))
    if known and known[0] is component:
        return known[1]
    lines = [f"BEGIN:{component.name}", *[_component_line(line) for line in component.lines]]
    for part in component.components:
        lines += component_lines(part)
    lines.append(f"END:{component.name}")
    if component.name == "VTIMEZONE" and len(lines) < 100:
        if len(_zone_texts) >= _KEPT_ZONES:
            _zone_texts.clear()
        _zone_texts[id(component)] = (component, lines)
    return lines


def _component_line(line: ContentLine) -> str:
    return f"{line.group}.{write_line(line)}" if line.group else write_line(line)
