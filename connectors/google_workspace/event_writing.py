"""Conditional writes of single items. None is ever repeated blindly (SYNC.md R06).

An event is made by an import: that keeps its UID, and is a private copy that nobody is told of. But an import writes
over what has its UID already; so it is looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import Asked
from connectors.google_workspace.event_calendars import Calendars, gone
from connectors.google_workspace.event_documents import (
    KEY,
    UNFINISHED,
    Event,
    Whole,
    hidden,
    is_cancelled,
    is_of_series,
    is_series,
    mark_of,
    series_id,
    tag_of,
    whole_series,
)
from connectors.google_workspace.event_plans import (
    LONGEST_UID,
    Plan,
    anew,
    client_id,
    merged,
    refuse_marked,
    to_create,
    to_update,
    with_hidden,
    without_people,
)
from connectors.google_workspace.event_reading import Reading, written
from connectors.google_workspace.event_steps import QUIET, Steps, whole_of
from connectors.google_workspace.failures import Duplicate, Gone, is_gone, write_failure
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.people import organizer_in, people_in
from sync_engine.errors import ItemError, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef, Removed

_NO_PART = "participantIsNeitherOrganizerNorAttendee"


class Writing:
    """Writes the events of one account."""

    def __init__(
        self, transport: Transport, calendars: Calendars, reading: Reading, steps: Steps, home_zone: str
    ) -> None:
        self._transport = transport
        self._calendars = calendars
        self._reading = reading
        self._steps = steps
        self.home_zone = home_zone  # IANA: where floating times are

    # ------------------------------------------------------------ create

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """Make an event, and what follows it. Raises VersionConflict when something stands in its place."""
        plan = self.plan_new(place, item, key)
        listed = self._reading.lists([self.look_for(place, plan)])[0]
        if (there := self.standing(place, item, key, plan, listed)) is not None:
            return there
        answer = self._transport.answer(self.importing(place, item, plan).request, writing=True)
        return self.created(place, item, key, plan, answer)

    def plan_new(self, place: Place, item: Item, key: str) -> Plan:
        """What makes the event. Raises Rejected."""
        uid = item.uid if len(item.uid) <= LONGEST_UID else f"{client_id(key)}@agendahub"
        return to_create(item, key, self.home_zone, uid, alone=self._is_alone(place, item))

    def _is_alone(self, place: Place, *items: Item) -> bool:
        """Whether nobody who is invited is the owner of the calendar."""
        people = frozenset(one for item in items for one in people_in(item.record))
        return not people or not people & self._calendars.owners(place)

    def _is_anothers(self, place: Place, item: Item, base: Item) -> bool:
        """Whether an event of nobody is to become somebody else's meeting: at Google it would be the owner's."""
        organizer = organizer_in(item.record)
        return bool(organizer) and not people_in(base.record) and organizer not in self._calendars.owners(place)

    def look_for(self, place: Place, plan: Plan) -> HttpRequest:
        """Whatever has its UID, deleted or not."""
        return self._reading.events.list(calendarId=place.id, iCalUID=plan.body["iCalUID"], showDeleted=True)

    def look_at(self, place: Place, uid: str) -> HttpRequest:
        """Whatever has this UID and is there."""
        return self._reading.events.list(calendarId=place.id, iCalUID=uid)

    def standing(self, place: Place, item: Item, key: str, plan: Plan, listed: Sequence[Event]) -> RemoteRef | None:
        """What is to be done about what stands there; None where nothing does.

        What this key made is that event. What was deleted is brought back. Raises VersionConflict for anything else.
        """
        living = [one for one in listed if not is_cancelled(one)]
        if living:
            ours = next((one for one in living if hidden(one, KEY) == key and not series_id(one)), None)
            if ours is None:
                raise VersionConflict("An event with this UID is in the calendar already.")
            return self._ours(place, item, str(ours["id"]), living)
        remnant = next((one for one in listed if not series_id(one)), None)
        return self._revived(place, item, key, plan, remnant) if remnant is not None else None

    def _ours(self, place: Place, item: Item, series: str, living: Sequence[Event]) -> RemoteRef:
        """Made before; what did not follow then follows now."""
        whole = whole_series(series, living)
        if whole is None or whole.master is None or hidden(whole.master, UNFINISHED) != item.digest:
            return written(whole) if whole is not None else RemoteRef(series)
        self._steps.finish(place, series, item)
        return RemoteRef(series)

    def importing(self, place: Place, item: Item, plan: Plan) -> Asked:
        """The request that makes the event, where nothing stands."""
        return Asked(
            self._reading.events.import_(calendarId=place.id, body=plan.marked(item), supportsAttachments=True)
        )

    def created(self, place: Place, item: Item, key: str, plan: Plan, answer: Answer) -> RemoteRef:
        """What the answer to an import says, and what follows it. Raises as `write_failure` says."""
        if answer.status == 400 and answer.is_googles:
            return self._instead(place, item, key, plan, answer)
        return self._followed(place, plan, self._shown(answer, "calendar.events.import"))

    def _followed(self, place: Place, plan: Plan, document: Mapping[str, Any]) -> RemoteRef:
        if plan.several:
            return self._steps.carry_out(place, str(document["id"]), plan)
        return written(whole_of(document))

    def _instead(self, place: Place, item: Item, key: str, plan: Plan, refused: Answer) -> RemoteRef:
        """Where Google does not take the UID: under an id of ours. Raises what Google said first."""
        failure = write_failure(refused, "calendar.events.import")
        if not isinstance(failure, ItemError):
            failure = Rejected("Google does not take this event.", server_said=refused.words)
        if people_in(item.record) and "attendees" in plan.body:  # it would be everybody's, no private copy
            if _NO_PART not in refused.reasons:
                raise failure
            plan = without_people(plan)
            answer = self._transport.answer(self.importing(place, item, plan).request, writing=True)
            return replace(self.created(place, item, key, plan, answer), version="")  # a read tells what is kept
        plan = to_create(item, key, self.home_zone, "", alone=True)
        body = {name: value for name, value in plan.marked(item).items() if name != "iCalUID"} | {"id": client_id(key)}
        request = self._reading.events.insert(calendarId=place.id, body=body, **QUIET)
        answer = self._transport.answer(request, writing=True)
        if answer.status == 409:
            return self._taken(place, item, key, plan)
        try:
            document = self._shown(answer, "calendar.events.insert")
        except Rejected as err:
            raise failure from err
        return self._followed(place, plan, document)

    def _taken(self, place: Place, item: Item, key: str, plan: Plan) -> RemoteRef:
        """Our id is there already: this key made it."""
        names = {"calendarId": place.id, "eventId": client_id(key)}
        document = self._transport.ask(self._reading.events.get(**names), writing=False)
        if is_cancelled(document):
            return self._revived(place, item, key, plan, document)
        if hidden(document, KEY) != key:
            raise Duplicate("Another event has the id that this one was to have.")
        return self._ours(place, item, str(document["id"]), [document])

    def _revived(self, place: Place, item: Item, key: str, plan: Plan, remnant: Event) -> RemoteRef:
        """A deleted event comes back under its id, as it is to be now; occurrences that went with it follow."""
        plan = anew(plan)
        body = {name: value for name, value in plan.body.items() if name not in {"iCalUID", "organizer"}}
        names = {"calendarId": place.id, "eventId": str(remnant["id"])}
        mark = {UNFINISHED: item.digest} if plan.body.get("recurrence") else {}
        body = with_hidden(body, mark) | {"status": "confirmed"}
        answer = self._transport.answer(
            self._reading.events.update(**names, body=body, **QUIET),
            if_match=str(remnant.get("etag") or ""),
            writing=True,
        )
        if answer.status in {400, 403, 404, 410} and answer.is_googles:
            return self._over_the_remnant(place, item, key, plan, answer)
        document = self._shown(answer, "calendar.events.update")
        return self._completed(place, item, str(document["id"])) if mark else written(whole_of(document))

    def _over_the_remnant(self, place: Place, item: Item, key: str, plan: Plan, refused: Answer) -> RemoteRef:
        """What only its organiser could bring back is imported as if it were new, else it gets an id of ours."""
        if not plan.body.get("iCalUID"):
            message = "This event was deleted at Google, which does not let us bring it back; make a new one."
            raise Rejected(message, server_said=refused.words)
        answer = self._transport.answer(self.importing(place, item, plan).request, writing=True)
        if answer.status in {400, 403, 409} and answer.is_googles and "requiredAccessLevel" not in answer.reasons:
            return self._instead(place, item, key, plan, answer)
        return self._followed(place, plan, self._shown(answer, "calendar.events.import"))

    def _completed(self, place: Place, item: Item, series: str) -> RemoteRef:
        """What else is to be changed of a series that was brought back with its exceptions."""
        found = self._reading.one(place, series)
        if not isinstance(found, Changed):
            raise OutcomeUnknown("An event that was brought back cannot be read; it is looked for.")
        plan = to_update(found.item, item, self.home_zone)
        if plan.several:
            return self.update(place, found.ref, item, found.item)
        self._steps.unmark(place, series)
        return RemoteRef(series)

    @staticmethod
    def _shown(answer: Answer, what: str) -> dict[str, Any]:
        """What was written, as the answer shows it. Raises as `write_failure` says."""
        if what.endswith(("import", "insert")) and is_gone(answer):
            raise gone(Gone("", server_said=answer.words))
        if not answer.ok:
            raise write_failure(answer, what)
        if not answer.document.get("id"):
            raise OutcomeUnknown("Google did not say what it wrote; it is checked by a read.")
        return answer.document

    # ------------------------------------------------------------ update

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Write what differs if it is still the same; nothing where nothing differs. Raises VersionConflict."""
        if base is None or not ref.version:
            base, ref = self._looked_at(place, ref, base)
        plan = self.plan_update(place, ref, item, base)
        if not plan:
            return ref
        seen = self.seen(self._look(place, ref, item.uid), ref) if is_of_series(ref.version) else None
        answer = self._transport.answer(self.patching(place, ref, item, plan).request, **_if(ref), writing=True)
        return self.changed(place, ref, plan, answer, seen)

    def plan_update(self, place: Place, ref: RemoteRef, item: Item, base: Item) -> Plan:
        """What differs. Raises Rejected for what may not be written."""
        plan = to_update(base, item, self.home_zone)
        if "attendees" in plan.properties and (
            self._is_alone(place, item, base) or self._is_anothers(place, item, base)
        ):
            plan = without_people(plan)
        if plan:
            refuse_marked(mark_of(ref.version), plan)
        return plan

    def patching(self, place: Place, ref: RemoteRef, item: Item, plan: Plan) -> Asked:
        """The first request of an update."""
        names = {"calendarId": place.id, "eventId": ref.id}
        return Asked(self._reading.events.patch(**names, body=plan.marked(item), **QUIET), tag_of(ref.version))

    def changed(self, place: Place, ref: RemoteRef, plan: Plan, answer: Answer, seen: Whole | None) -> RemoteRef:
        """What the answer to a first request says, and what follows it. Raises as `write_failure` says."""
        if _is_passed_over(answer, ref, plan):
            return self._written_over(place, ref, plan, answer)
        document = self._shown(answer, "calendar.events.patch")
        if plan.several:
            return self._steps.carry_out(place, ref.id, plan, seen.exceptions if seen is not None else ())
        done = written(whole_of(document))
        unsure = seen is not None or is_series(document)  # an exception may have got another tag
        return RemoteRef(done.id, "" if unsure else done.version, done.uid, done.role)

    def _written_over(self, place: Place, ref: RemoteRef, plan: Plan, refused: Answer) -> RemoteRef:
        """Somebody else's meeting, of which this is a copy that we made: it is imported once more, with all it has."""
        whole = self.seen(self._reading.whole(place, ref.id), ref)
        if whole.master is None or not hidden(whole.master, KEY) or plan.several:
            raise _not_the_organiser(refused)
        body = merged(whole.master, plan.body)
        request = self._reading.events.import_(calendarId=place.id, body=body, supportsAttachments=True)
        document = self._shown(self._transport.answer(request, writing=True), "calendar.events.import")
        return RemoteRef(str(document["id"]), uid=str(document.get("iCalUID") or ""))

    def _looked_at(self, place: Place, ref: RemoteRef, base: Item | None) -> tuple[Item, RemoteRef]:
        """What stands there, where only a look can tell: it must be what the hub knows."""
        found = self._reading.one(place, ref.id)
        if isinstance(found, Removed):
            raise VersionConflict("The event is not at Google any more.")
        if not isinstance(found, Changed):
            raise VersionConflict("What stands at Google cannot be read.")
        same_text = base is not None and with_uid(found.item.record, base.uid) == base.record
        if found.ref.version != ref.version if ref.version else not same_text:
            raise VersionConflict("The event was changed at Google.")
        return found.item, found.ref

    def _look(self, place: Place, ref: RemoteRef, uid: str) -> Whole | None:
        """A series as it is now."""
        (listed,) = self._reading.with_uids(place, [uid])
        return whole_series(ref.id, listed) or self._reading.whole(place, ref.id)

    @staticmethod
    def seen(whole: Whole | ItemError | None, ref: RemoteRef) -> Whole:
        """What a look showed. Raises what it met, Gone, and VersionConflict when it is another version."""
        if isinstance(whole, ItemError):
            raise whole
        if whole is None:
            raise Gone("The event is not at Google any more.")
        if whole.version != ref.version:
            raise VersionConflict("The event was changed at Google.")
        return whole

    # ------------------------------------------------------------ delete

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """Delete if it is still the same; already gone is fine. Raises VersionConflict."""
        try:
            if not ref.version or is_of_series(ref.version):
                whole = self._reading.whole(place, ref.id)
                ref = RemoteRef(ref.id, self.seen(whole, ref).version if ref.version else _version_of(whole))
                if whole is not None and whole.master is None:
                    self._steps.delete_days(place, whole)
                    return
            asked = self.deleting(place, ref)
        except Gone:
            return
        deleted(self._transport.answer(asked.request, if_match=asked.if_match, writing=True))

    def deleting(self, place: Place, ref: RemoteRef) -> Asked:
        """The request. Raises Rejected for what is Google's own."""
        mark = mark_of(ref.version)
        refuse_marked(mark, None)
        names = {"calendarId": place.id, "eventId": ref.id}
        return Asked(self._reading.events.delete(**names, sendUpdates="none"), tag_of(ref.version))


def deleted(answer: Answer) -> None:
    """The answer to a deletion. Raises as `write_failure` says."""
    if not answer.ok and not is_gone(answer):
        raise write_failure(answer, "calendar.events.delete")


def _is_passed_over(answer: Answer, ref: RemoteRef, plan: Plan) -> bool:
    """Who is not the organiser is refused, or, as if all were well, told what stands there still."""
    if answer.status == 403:
        return "forbiddenForNonOrganizer" in answer.reasons
    if not answer.ok or (answer.document.get("organizer") or {}).get("self"):
        return False
    tag = tag_of(ref.version)
    return bool(tag) and answer.document.get("etag") == tag and _differs(answer.document, plan.body)


def _differs(document: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether some text that was written is another one."""
    return any(isinstance(value, str) and document.get(name) != value for name, value in body.items())


def _not_the_organiser(answer: Answer) -> Rejected:
    message = "Only the organiser can change this meeting; ask for it, or change your own copy in Google Calendar."
    return Rejected(message, server_said=answer.words)


def _version_of(whole: Whole | None) -> str:
    if whole is None:
        raise Gone("The event is not at Google any more.")
    return whole.version


def _if(ref: RemoteRef) -> dict[str, Any]:
    return {"if_match": tag_of(ref.version)}
