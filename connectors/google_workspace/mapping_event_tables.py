"""Events: what of one `EventDetails` stands where in a Google event; `mapping_events` puts series together.

What Google has no place for is hidden on the event (`mapping_hidden`). An event that the hub has as cancelled is never
written as such: Google would delete it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.described import Described, Document, Json, Table, carries, get, one_line_ends, patch
from connectors.google_workspace.mapping_attachments import get_attachments, put_attachments
from connectors.google_workspace.mapping_colours import NAMES, color_id
from connectors.google_workspace.mapping_descriptions import get_description, put_description
from connectors.google_workspace.mapping_guests import get_people, put_attendees
from connectors.google_workspace.mapping_hidden import get_hidden, put_hidden
from connectors.google_workspace.mapping_recurrence import EXRULE, put_recurrence, read_lines
from connectors.google_workspace.mapping_reminders import get_reminders, put_reminders
from connectors.google_workspace.mapping_times import get_time, put_time, zone_of_series
from connectors.occasions import Occasion, end_of, start_of
from sync_engine.formats.outline import in_order
from sync_engine.formats.text_values import unescape
from sync_engine.model import ContentLine, EventDetails, Moment

COLOR = "COLOR"
HIDDEN = "extendedProperties"
CONFERENCE = "X-GOOGLE-CONFERENCE"
"""What Google itself calls the link of a conference in iCalendar; it is only read."""
_VISIBILITY = {"PUBLIC": "default", "PRIVATE": "private", "CONFIDENTIAL": "confidential"}
"""Programs say PUBLIC of whatever they write; at Google that would show it to all who may see only busy times."""
_CLASSES = {"public": "PUBLIC", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}

# ---------------------------------------------------------------- when


def _put_times(occasion: Occasion) -> dict[str, Json]:
    if occasion.details.rules or occasion.details.recurrence_dates:
        zone_of_series(occasion)
    return {
        "start": put_time(start_of(occasion), occasion),
        "end": put_time(end_of(occasion), occasion),
    }


def _get_times(document: Document) -> dict[str, Any]:
    return {"start": get_time(document.get("start")), "end": get_time(document.get("end"))}


def _get_recurrence(document: Document) -> dict[str, Any]:
    lines = read_lines(document.get("recurrence") or ())
    return {"rules": lines.rules, "recurrence_dates": lines.added}


# ---------------------------------------------------------------- what


def _text(field: str, name: str) -> Described[Occasion]:
    return Described(
        (field,),
        (name,),
        lambda occasion: {name: one_line_ends(getattr(occasion.details, field)) or None},
        lambda document: {field: one_line_ends(document.get(name) or "")},
    )


def _get_status(document: Document) -> dict[str, Any]:
    return {"status": "TENTATIVE" if document.get("status") == "tentative" else get_hidden(document).status}


def _put_visibility(occasion: Occasion) -> dict[str, Json]:
    """A class that nobody knows is private (RFC 5545 3.8.1.3)."""
    said = occasion.details.classification
    return {"visibility": _VISIBILITY.get(said, "private") if said else "default"}


def _get_visibility(document: Document) -> dict[str, Any]:
    """Google keeps confidential events as private ones; which they were is hidden."""
    seen = document.get("visibility") or "default"
    hidden = get_hidden(document).classification
    closed = seen in ("private", "confidential")
    return {"classification": (hidden if closed and hidden else _CLASSES.get(seen, ""))}


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _put_source(occasion: Occasion) -> dict[str, Json]:
    url = occasion.details.url
    return {"source": {"url": url, "title": url} if _is_web(url) else None}


def _get_url(document: Document) -> dict[str, Any]:
    said = (document.get("source") or {}).get("url") or get_hidden(document).url
    return {"url": said or _conference(document)}


def _conference(document: Document) -> str:
    """Where one takes part."""
    entries = (document.get("conferenceData") or {}).get("entryPoints") or ()
    video = (one.get("uri") for one in entries if one.get("entryPointType") == "video")
    return next((uri for uri in video if uri), "") or document.get("hangoutLink") or ""


# ---------------------------------------------------------------- the rest


def _put_lines(occasion: Occasion) -> dict[str, Json]:
    details = occasion.details
    colour = next((unescape(line.value) for line in details.extra if line.name == COLOR), "")
    return {
        "colorId": color_id(colour),
        HIDDEN: {"private": put_hidden(_without_place(details))},
    }


def _without_place(details: EventDetails) -> EventDetails:
    """What is to be hidden."""
    return EventDetails(
        classification="" if details.classification in ("", "PUBLIC", "PRIVATE") else details.classification,
        status=details.status if details.status == "CANCELLED" else "",
        priority=details.priority,
        url="" if _is_web(details.url) else details.url,
        categories=details.categories,
        extra=tuple(line for line in details.extra if line.name not in (EXRULE, CONFERENCE) and not _is_said(line)),
    )


def _is_said(line: ContentLine) -> bool:
    """Whether the colour of Google says it all."""
    return line.name == COLOR and not line.params and line.value in NAMES.values()


def _get_lines(document: Document) -> dict[str, Any]:
    hidden = get_hidden(document)
    lines = [line for line in hidden.extra if line.name != COLOR]
    lines += read_lines(document.get("recurrence") or ()).excepted
    lines += _colour(document.get("colorId"), hidden)
    if link := _conference(document):
        lines.append(ContentLine(CONFERENCE, link))
    return {"extra": in_order(lines), "categories": hidden.categories, "priority": hidden.priority}


def _colour(there: str | None, hidden: EventDetails) -> list[ContentLine]:
    """The colour that was written, unless somebody chose another one at Google."""
    written = [line for line in hidden.extra if line.name == COLOR]
    if written and color_id(unescape(written[0].value)) == there:
        return written
    return [ContentLine(COLOR, NAMES[there])] if there in NAMES else []


# ---------------------------------------------------------------- the tables

_TIMES: Described[Occasion] = Described(
    ("start", "end", "duration"), ("start", "end"), _put_times, _get_times, depends=("rules", "recurrence_dates")
)
_RECURRENCE: Described[Occasion] = Described(
    ("rules", "recurrence_dates"),
    ("recurrence",),
    lambda occasion: {"recurrence": put_recurrence(occasion)},
    _get_recurrence,
    depends=("start", "end", "duration", "extra"),
)
OCCURRENCE_TABLE: tuple[Described[Occasion], ...] = (
    _TIMES,
    _text("summary", "summary"),
    Described(
        ("description",),
        ("description",),
        lambda occasion: {"description": put_description(occasion.details.description) or None},
        lambda document: {"description": get_description(document.get("description") or "")},
    ),
    _text("location", "location"),
    Described(
        ("status",),
        ("status",),
        lambda occasion: {"status": "tentative" if occasion.details.status == "TENTATIVE" else "confirmed"},
        _get_status,
    ),
    Described(
        ("transparency",),
        ("transparency",),
        lambda occasion: {
            "transparency": "transparent" if occasion.details.transparency == "TRANSPARENT" else "opaque"
        },
        lambda document: {"transparency": "TRANSPARENT" if document.get("transparency") == "transparent" else ""},
    ),
    Described(("classification",), ("visibility",), _put_visibility, _get_visibility),
    Described(("url",), ("source",), _put_source, _get_url),
    Described(
        ("attendees",),
        ("attendees",),
        lambda occasion: {"attendees": put_attendees(occasion.details)},
        get_people,
    ),
    Described(
        ("alarms",),
        ("reminders",),
        lambda occasion: {"reminders": put_reminders(occasion.details.alarms)},
        get_reminders,
    ),
    Described(
        ("attachments",),
        ("attachments",),
        lambda occasion: {"attachments": put_attachments(occasion.details.attachments)},
        get_attachments,
    ),
    Described(("extra", "categories", "priority"), ("colorId", HIDDEN), _put_lines, _get_lines),
    Described((), ("sequence",), None, lambda document: {"sequence": document.get("sequence")}),
)
"""What an occurrence may have of its own."""
EVENT_TABLE: tuple[Described[Occasion], ...] = (*OCCURRENCE_TABLE, _RECURRENCE)
"""A single event or the master of a series."""
EVENT_FIELDS = carries(EVENT_TABLE) | {"organizer", "exception_dates", "this_and_future"}

SCHEDULE = frozenset({"start", "end", "recurrence"})
"""What makes other occurrences of a series."""


def changes(table: Table[Occasion], base: Occasion, occasion: Occasion) -> dict[str, Json]:
    """What differs. Of what is hidden only the lines that do: Google merges it into what is there."""
    found = patch(table, base, occasion)
    if HIDDEN in found:
        before, after = _put_lines(base)[HIDDEN]["private"], found[HIDDEN]["private"]
        found[HIDDEN] = {"private": {name: text for name, text in after.items() if before[name] != text}}
    return found


def read_details(document: Document, recurrence_id: Moment | None = None) -> EventDetails:
    """The details of one Google event. Raises `Unreadable`."""
    table = EVENT_TABLE if recurrence_id is None else OCCURRENCE_TABLE
    details = EventDetails(recurrence_id=recurrence_id, **get(table, document))
    return replace(details, sequence=details.sequence or 0)
