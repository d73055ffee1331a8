"""Calendars, events, their instances, and answers to invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.servers.microsoft import graph_extended, moments, series
from tests.servers.microsoft.directory import WRITE
from tests.servers.microsoft.graph_event_rules import checked, mail_about, render, render_occurrence
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route, Switches, named, page
from tests.servers.microsoft.mailbox import CALENDAR, Collection, Exchange, Item, Mailbox, NotThere

CALENDARS = r"(?:/calendars/([^/]+)|/calendar)?"


class Events:
    """What answers for /events, /calendarView and /calendars; delta rounds are in graph_event_delta.py."""

    def __init__(self, server: Exchange, switches: Switches) -> None:
        self.server, self.switches = server, switches

    def routes(self) -> list[Route]:
        """The paths."""
        one = CALENDARS + r"/events/([^/]+)"
        return [
            ("GET", CALENDARS + "/events", self.list),
            ("POST", CALENDARS + "/events", self.create),
            ("GET", CALENDARS + "/calendarView", self.view),
            ("GET", one, self.get),
            ("PATCH", one, self.update),
            ("DELETE", one, self.delete),
            ("GET", one + "/instances", self.instances),
            ("GET", one + "/exceptionOccurrences", self.exceptions),
            *[("POST", one + "/" + verb, self._reply(verb)) for verb in ("accept", "decline", "tentativelyAccept")],
            ("POST", one + "/cancel", self.cancel),
            ("POST", one + "/forward", self.forward),
            ("GET", "/calendars", self.calendars),
            ("POST", "/calendars", self.add_calendar),
            ("GET", "/calendar", self.calendar),
            ("GET", "/calendars/([^/]+)", self.calendar),
            ("PATCH", "/calendars/([^/]+)", self.rename_calendar),
            ("DELETE", "/calendars/([^/]+)", self.remove_calendar),
        ]

    def list(self, call: Call) -> Answer:
        items = call.mailbox.in_collection(calendar_of(call).id)
        return graph_extended.listed(call, items, lambda item: render(call, item, self.switches))

    def create(self, call: Call) -> Answer:
        body, where = call.json(), calendar_of(call).id
        name = str(body.get("transactionId") or "")
        if known := call.mailbox.by_transaction(where, name):
            if self.switches.transaction_conflict:
                raise GraphError(409, "ErrorDuplicateTransactionId", "Your request can't be completed: it was already.")
            return Answer(201, render(call, known, self.switches))
        fields = checked(body, {})
        item = call.mailbox.create(where, fields, transaction=name, extended=graph_extended.written(body))
        mail_about(self.server, call.mailbox, item.fields, "invitation")
        return Answer(201, render(call, item, self.switches))

    def get(self, call: Call) -> Answer:
        if binned := call.mailbox.binned(call.args[1]):
            return Answer(200, render(call, binned, self.switches))
        item, day = event_of(call)
        if day:
            return Answer(200, render_occurrence(call, _there(item, day)))
        shown = render(call, item, self.switches)
        if "exceptionOccurrences" in call.query.get("$expand", ""):
            made = [_there(item, one) for one in sorted(item.exceptions)]
            shown["exceptionOccurrences"] = [render_occurrence(call, one) for one in made]
            if (most := self.switches.expanded) and len(made) > most:
                shown["exceptionOccurrences"] = shown["exceptionOccurrences"][:most]
                link = f"{call.prefix}{call.path}/exceptionOccurrences?$skip={most}"
                shown["exceptionOccurrences@odata.nextLink"] = link
        return Answer(200, shown)

    def exceptions(self, call: Call) -> Answer:
        """The rest of an expanded list, which OData lets a server cut."""
        item, _ = event_of(call)
        days = sorted(item.exceptions)[int(call.query.get("$skip", "0")) :]
        return Answer(200, {"value": [render_occurrence(call, _there(item, day)) for day in days]})

    def update(self, call: Call) -> Answer:
        (item, day), body = event_of(call), call.json()
        if "transactionId" in body and body["transactionId"] != item.transaction:
            raise GraphError(400, "ErrorInvalidPropertySet", "transactionId cannot be changed.")
        if day:
            return self._update_occurrence(call, item, day, body)
        fields = checked(body, item.fields)
        extended = graph_extended.written(body)
        _guard(call, item)
        if {"recurrence", "start", "end"} & set(fields):
            item.exceptions.clear()  # a new pattern forgets what was said of single days
            item.cancelled.clear()
        before = item.fields.get("attendees") or []
        item = call.mailbox.update(item.id, fields, if_key=call.if_match, extended=extended)
        mail_about(self.server, call.mailbox, item.fields, "update", set(fields), before)
        return Answer(200, render(call, item, self.switches))

    def _update_occurrence(self, call: Call, item: Item, day: str, body: Json) -> Answer:
        fields = checked(body, _there(item, day).fields)
        if "recurrence" in fields:
            raise GraphError(400, "ErrorInvalidPropertySet", "An occurrence has no recurrence.")
        _guard(call, item)
        call.mailbox.change_occurrence(item.id, day, fields)
        mail_about(self.server, call.mailbox, item.fields, "update", set(fields), fields.get("attendees") or [])
        return Answer(200, render_occurrence(call, _there(item, day)))

    def delete(self, call: Call) -> Answer:
        item, day = event_of(call)
        _guard(call, item)
        if day:
            _there(item, day)
            call.mailbox.cancel_occurrence(item.id, day)
        else:
            call.mailbox.delete(item.id)
        mail_about(self.server, call.mailbox, item.fields, "cancellation")
        return Answer(204)

    def instances(self, call: Call) -> Answer:
        item, _ = event_of(call)
        found = series.occurrences(item, *window(call)) if item.recurs else iter(())
        return page(call, [render_occurrence(call, one) for one in found])

    def view(self, call: Call) -> Answer:
        start, end = window(call)
        found = [
            one
            for item in call.mailbox.in_collection(calendar_of(call).id)
            for one in series.occurrences(item, start, end)
        ]
        found.sort(key=lambda one: one.start)
        return page(call, [render_occurrence(call, one) for one in found])

    def _reply(self, verb: str) -> Callable[[Call], Answer]:
        def reply(call: Call) -> Answer:
            item, _ = event_of(call)
            if item.fields.get("isOrganizer", True):
                raise GraphError(400, "ErrorInvalidRequest", "Your request can't be completed. You're the organizer.")
            said = {"accept": "accepted", "decline": "declined"}.get(verb, "tentativelyAccepted")
            body = call.body if isinstance(call.body, dict) else {}
            call.mailbox.update(item.id, {"responseStatus": {"response": said}})
            if body.get("sendResponse", True):
                organizer = item.fields["organizer"]["emailAddress"]["address"]
                self.server.send(call.mailbox.address, [organizer], "response", item.fields.get("subject", ""))
            return Answer(202)

        return reply

    def cancel(self, call: Call) -> Answer:
        item, _ = event_of(call)
        mail_about(self.server, call.mailbox, item.fields, "cancellation")
        call.mailbox.delete(item.id)
        return Answer(202)

    def forward(self, call: Call) -> Answer:
        item, _ = event_of(call)
        people = [one["emailAddress"]["address"] for one in call.json().get("toRecipients") or []]
        self.server.send(call.mailbox.address, people, "invitation", item.fields.get("subject", ""))
        return Answer(202)

    def calendars(self, call: Call) -> Answer:
        """The own ones, then what others shared: these are worked with under the ids that are told here."""
        own = [_shown(call, call.mailbox, one) for one in call.mailbox.of_kind(CALENDAR) if call.may(one)]
        return page(call, named(call, own + ([] if call.guest else _shared(call))))

    def calendar(self, call: Call) -> Answer:
        found = call.collection(call.args[0] if call.args else "calendar")
        if found.kind != CALENDAR:
            raise NotThere(found.id)
        return Answer(200, _shown(call, call.mailbox, found))

    def add_calendar(self, call: Call) -> Answer:
        return Answer(201, _shown(call, call.mailbox, call.add_collection(CALENDAR, call.name_of("name"))))

    def rename_calendar(self, call: Call) -> Answer:
        call.mailbox.rename_collection(calendar_of(call).id, call.name_of("name"))
        return self.calendar(call)

    def remove_calendar(self, call: Call) -> Answer:
        found = calendar_of(call)
        if found.well_known:
            raise GraphError(400, "ErrorCannotDeleteDefaultCalendar", "The default calendar cannot be deleted.")
        call.mailbox.remove_collection(found.id)
        return Answer(204)


def calendar_of(call: Call) -> Collection:
    """Which the path names; the default one if it names none."""
    found = call.collection(call.args[0] or "calendar")
    if found.kind != CALENDAR:
        raise GraphError(400, "ErrorInvalidFolderId", "This is no calendar.")
    return found


def event_of(call: Call) -> tuple[Item, str]:
    """Which the path names, and of a series the day; "" for the whole event."""
    master, day = series.split_id(call.args[1])
    item = call.mailbox.find(master)
    if item.kind != CALENDAR or (call.args[0] and item.collection != calendar_of(call).id):
        raise NotThere(master)
    call.collection(item.collection)
    return item, day


def window(call: Call) -> tuple[datetime, datetime]:
    """startDateTime and endDateTime, which must be there."""
    try:
        start, end = (moments.parse(call.query[name]) for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError) as error:
        raise GraphError(400, "ErrorInvalidParameter", "startDateTime and endDateTime are needed.") from error
    return start.astimezone(UTC), end.astimezone(UTC)


def _there(item: Item, day: str) -> series.Occurrence:
    found = series.occurrence(item, day)
    if found is None:
        raise NotThere(f"{item.id} {day}")
    return found


def _guard(call: Call, item: Item) -> None:
    if call.if_match not in {None, item.change_key}:
        raise GraphError(412, "ErrorIrresolvableConflict", "The send or update operation could not be performed.")


def _shared(call: Call) -> list[Json]:
    """Calendars of others that are open to the caller."""
    me, all_of_them = call.mailbox.address.lower(), call.mailbox.server.mailboxes.values()
    open_to_me = {collection for person, collection in call.mailbox.server.directory.shares if person == me}
    found = [(box, one) for box in all_of_them for one in box.of_kind(CALENDAR) if one.id in open_to_me]
    return [_shown(call, box, one) for box, one in found]


def _shown(call: Call, box: Mailbox, one: Collection) -> Json:
    me = call.guest or call.mailbox.address
    can_edit = box.address.lower() == me.lower() or box.server.directory.may(me, one.id, WRITE)
    shown: Json = {"id": one.id, "name": one.name, "color": "auto", "hexColor": "", "canEdit": can_edit}
    shown |= {"isDefaultCalendar": bool(one.well_known) and box is call.mailbox, "canShare": box is call.mailbox}
    return {**shown, "owner": {"name": box.name, "address": box.address}}
