"""What Graph accepts of an event, how it shows one, and when it mails somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any

from tests.servers.microsoft import graph_extended, moments, recurrence
from tests.servers.microsoft.graph_protocol import Call, GraphError, Json, Switches, etag
from tests.servers.microsoft.mailbox import Exchange, Fields, Item, Mailbox
from tests.servers.microsoft.series import Occurrence, split_id

_FIELDS = set(
    "subject body bodyPreview start end isAllDay recurrence attendees organizer location locations categories"  # noqa: SIM905
    " importance sensitivity showAs isReminderOn reminderMinutesBeforeStart responseRequested isOnlineMeeting"
    " onlineMeetingProvider onlineMeetingUrl onlineMeeting allowNewTimeProposals hideAttendees isDraft isCancelled"
    " originalStartTimeZone originalEndTimeZone".split()
)
_SILENT = {"categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity"}  # of the own copy
_DEFAULTS: Fields = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "isAllDay": False,
    "attendees": [],
    "categories": [],
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isReminderOn": False,
    "reminderMinutesBeforeStart": 15,
    "isOnlineMeeting": False,
    "isOrganizer": True,
    "isCancelled": False,
    "recurrence": None,
}


def checked(body: Json, old: Fields) -> Fields:
    """The fields to write; GraphError 400 for what cannot be (G15, G16, G17)."""
    skipped = {graph_extended.NAME, "transactionId"}
    fields = {name: value for name, value in body.items() if name not in skipped and not name.startswith("@")}
    if unknown := set(fields) - _FIELDS:
        raise GraphError(400, "RequestBodyRead", f"The property '{min(unknown)}' does not exist on an event.")
    merged = {**old, **fields}
    _check_times(merged)
    if merged.get("recurrence"):
        try:
            recurrence.check(merged["recurrence"])
        except recurrence.Inexpressible as error:
            raise GraphError(400, "ErrorInvalidRecurrence", str(error)) from error
    return fields


def _check_times(fields: Fields) -> None:
    if not fields.get("start") or not fields.get("end"):
        raise GraphError(400, "ErrorInvalidArgument", "An event needs start and end.")
    start, end = fields["start"], fields["end"]
    try:
        begin, finish = moments.instant(start), moments.instant(end)
    except moments.UnknownZone as error:
        raise GraphError(400, "TimeZoneNotSupportedException", f"No valid TimeZone: {error}") from error
    if finish < begin:
        raise GraphError(400, "ErrorPropertyValidationFailure", "An event cannot end before it starts.")
    if fields.get("isAllDay"):
        walls = moments.wall(start), moments.wall(end)
        midnight = all(one.time() == time(0) for one in walls)
        if not midnight or start.get("timeZone") != end.get("timeZone") or walls[1] - walls[0] < timedelta(days=1):
            raise GraphError(400, "ErrorInvalidArgument", "An all-day event is from midnight to midnight in one zone.")


def checked_zone(call: Call) -> str:
    """The zone that answers are in."""
    try:
        moments.zone(call.zone)
    except moments.UnknownZone as error:
        raise GraphError(400, "TimeZoneNotSupportedException", f"No valid TimeZone: {error}") from error
    return call.zone


def render(call: Call, item: Item, switches: Switches) -> Json:
    """A single event, or the master of a series."""
    shown = _common(call, item, item.fields)
    shown |= {"iCalUId": item.uid, "uid": item.uid, "seriesMasterId": None, "transactionId": item.transaction or None}
    shown["type"] = "seriesMaster" if item.recurs else "singleInstance"
    if shown["recurrence"]:
        zone = item.fields["start"].get("timeZone", "UTC")
        told = zone if switches.recurrence_zone is None else switches.recurrence_zone
        shown["recurrence"] = {
            **shown["recurrence"],
            "range": {**shown["recurrence"]["range"], "recurrenceTimeZone": told},
        }
    if "cancelledOccurrences" in call.query.get("$select", ""):
        shown["cancelledOccurrences"] = [f"OID.{call.id_of(item)}.{day}" for day in sorted(item.cancelled)]
    return shown | graph_extended.shown(call, item)


def render_occurrence(call: Call, one: Occurrence, brief: bool = False) -> Json:
    """An occurrence or an exception; its iCalUId is its own, `uid` is the series'."""
    if not one.day:
        return render(call, one.master, Switches())
    own: Json = {
        "id": told_id(call, one.id, one.master),
        "type": one.type,
        "seriesMasterId": call.id_of(one.master),
        "occurrenceId": f"OID.{call.id_of(one.master)}.{one.day}",
    }
    shown = _common(call, one.master, one.fields)
    if brief and one.type == "occurrence":
        return {"@odata.etag": shown["@odata.etag"], **own, "start": shown["start"], "end": shown["end"]}
    compact = one.day.replace("-", "")
    own |= {"uid": one.master.uid, "iCalUId": f"{one.master.uid}{compact}", "recurrence": None}
    return shown | own | {"originalStart": moments.stamp(one.original)}


def told_id(call: Call, item_id: str, master: Item) -> str:
    """A derived id in the kind that was asked for."""
    _, day = split_id(item_id)
    return f"{call.id_of(master)}.OCC.{day}" if day else call.id_of(master)


def _common(call: Call, item: Item, fields: Fields) -> Json:
    shown: Json = {"@odata.etag": etag(item), "id": call.id_of(item), "changeKey": item.change_key}
    shown |= {"createdDateTime": moments.stamp(item.created), "lastModifiedDateTime": moments.stamp(item.modified)}
    shown |= {**_DEFAULTS, **fields}
    shown |= {"originalStartTimeZone": fields["start"].get("timeZone", "UTC")}
    shown |= {"originalEndTimeZone": fields["end"].get("timeZone", "UTC")}
    shown.setdefault("organizer", {"emailAddress": {"name": call.mailbox.name, "address": call.mailbox.address}})
    for name in ("start", "end"):
        shown[name] = _in_zone(fields[name], checked_zone(call), bool(fields.get("isAllDay")))
    return shown


def _in_zone(moment: dict[str, str], zone: str, whole_day: bool) -> dict[str, Any]:
    """An all-day event is at midnight in whatever zone it is asked for."""
    if whole_day:
        return {"dateTime": moments.seven(moments.wall(moment)), "timeZone": zone}
    return dict(moments.written(moments.instant(moment), zone))


def mail_about(
    server: Exchange,
    mailbox: Mailbox,
    fields: Fields,
    kind: str,
    changed: set[str] | None = None,
    before: Sequence[Json] = (),
) -> None:
    """Graph mails the attendees by itself, whenever the organiser's copy is written; there is no switch for it.

    `before`: attendees that there were; whoever is not one any more gets a cancellation.
    """
    everybody = [*(fields.get("attendees") or []), *before]
    people = list(dict.fromkeys(one["emailAddress"]["address"] for one in everybody))
    others = [one for one in people if one.lower() != mailbox.address.lower()]
    silent = changed is not None and changed <= _SILENT
    if others and fields.get("isOrganizer", True) and not fields.get("isDraft") and not silent:
        server.send(mailbox.address, others, kind, fields.get("subject", ""))
