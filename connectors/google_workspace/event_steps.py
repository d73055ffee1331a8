"""What follows the first request of a write: changed and cancelled occurrences of a series.

The first request marks the series with what it is to become, the last one takes the mark away: whoever finds the mark
goes on. What the steps between write to occurrences that were there is under the condition that they are still as we
saw them. A step that is refused for good is left out, and told; one that cannot be made now leaves the rest for later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.described import Json
from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import Asked
from connectors.google_workspace.event_documents import (
    UNFINISHED,
    Event,
    Whole,
    hidden,
    is_cancelled,
    series_id,
)
from connectors.google_workspace.event_plans import Plan, to_update, with_hidden
from connectors.google_workspace.event_reading import Reading
from connectors.google_workspace.failures import is_gone, write_failure
from connectors.google_workspace.mapping_events import instance_key
from connectors.google_workspace.mapping_times import time_of
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.unfinished import later_steps, tell_refused
from sync_engine.errors import ItemError, NoAccess, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef

QUIET: Mapping[str, Any] = {"sendUpdates": "none", "supportsAttachments": True}
"""Of every change."""
_AT_ONCE = timedelta(minutes=1)  # after a change of a series its exceptions may get new stamps by themselves
_STAMPS = frozenset({"etag", "updated", "sequence"})


@dataclass(frozen=True, slots=True)
class _Step:
    """One request about one occurrence."""

    key: str
    body: dict[str, Json] | None  # None: it is cancelled

    def asked(self, events: Any, place: Place, series: str, there: Mapping[str, Event]) -> Asked:
        """The request, under the condition that the exception is still as it was seen."""
        found = there.get(self.key, {})
        names = {"calendarId": place.id, "eventId": str(found.get("id") or f"{series}_{self.key}")}
        tag = str(found.get("etag") or "") if not is_cancelled(found) else ""
        if self.body is None:
            return Asked(events.delete(**names, sendUpdates="none"), tag)
        return Asked(events.patch(**names, body=self.body, **QUIET), tag)


@dataclass(slots=True)
class _Outcome:
    """What came of some steps."""

    refused: list[ItemError] = field(default_factory=list)
    moved: list[_Step] = field(default_factory=list)  # the occurrence is not as it was seen

    def with_more(self, other: _Outcome) -> _Outcome:
        """Of more steps."""
        return _Outcome([*self.refused, *other.refused], [*self.moved, *other.moved])


class Steps:
    """Carries out the later steps of writes."""

    def __init__(self, transport: Transport, reading: Reading, home_zone: str) -> None:
        self._transport = transport
        self._reading = reading
        self._home_zone = home_zone

    def carry_out(
        self, place: Place, series: str, plan: Plan, seen: Sequence[Event] = (), *, again: bool = False
    ) -> RemoteRef:
        """All that follows. `seen`: the exceptions that were there before the first request.

        The reference has no version: what is read back tells whether somebody wrote between two steps. `again`: it
        broke off before. A step at which Google fails then (HTTP 500) counts as refused: it would hold up everything
        else in every cycle. Raises OutcomeUnknown when it breaks off, PartlyWritten when a step is refused.
        """
        with later_steps():
            refused = self._all(place, series, plan, seen, again=again)
            self.unmark(place, series)
        ref = RemoteRef(series)
        tell_refused(ref, refused)
        return ref

    def finish(self, place: Place, item_id: str, item: Item) -> None:
        """Go on with the write of exactly this item, if it broke off there and nobody moved the series since."""
        whole = self._reading.whole(place, item_id)
        if whole is None or whole.master is None or hidden(whole.master, UNFINISHED) != item.digest:
            return
        found = self._reading.read(place, whole)
        if not isinstance(found, Changed):
            return
        plan = _but(to_update(found.item, item, self._home_zone), set(_changed_since(whole.master, whole.exceptions)))
        if not _is_moved(whole.master, plan):
            self.carry_out(place, item_id, plan, whole.exceptions, again=True)

    def delete_days(self, place: Place, whole: Whole) -> None:
        """All occurrences of a series that the user does not see. Raises VersionConflict, and as `_send`."""
        there = _by_key(one for one in whole.exceptions if not is_cancelled(one))
        outcome = self._send(place, "", [_Step(key, None) for key in there], there, again=False)
        if outcome.moved:
            raise VersionConflict("The event was changed at Google.")
        for refusal in outcome.refused:
            raise refusal

    # ------------------------------------------------------------ the steps

    def _all(self, place: Place, series: str, plan: Plan, seen: Sequence[Event], *, again: bool) -> list[ItemError]:
        steps = [_Step(key, None) for key in plan.cancelled]
        steps += [_Step(key, body) for key, body in plan.exceptions.items()]
        outcome = self._send(place, series, steps, _by_key(seen), again=again)
        if not outcome.moved:
            return outcome.refused
        now = self._unchanged(place, series, seen)
        second = self._send(place, series, _of(outcome.moved, now), now, again=again)
        left = [one for one in outcome.moved if one.key not in now or one in second.moved]
        message = "Somebody changed this occurrence at Google meanwhile; that arrives with the next sync."
        return [*outcome.refused, *second.refused, *(VersionConflict(message) for _ in left)]

    def _unchanged(self, place: Place, series: str, seen: Sequence[Event]) -> dict[str, Event]:
        """The exceptions as they are now, of those that only got other stamps when their series was written.

        Or what their series says now: exceptions may follow it, in our mark of an unfinished write as well.
        """
        whole = self._reading.whole(place, series)
        now = _by_key(whole.exceptions if whole is not None else ())
        master = whole.master if whole is not None and whole.master is not None else {}
        before = _by_key(seen)
        return {key: one for key, one in now.items() if key in before and _follows(before[key], one, master)}

    def _send(
        self, place: Place, series: str, steps: Sequence[_Step], there: Mapping[str, Event], *, again: bool
    ) -> _Outcome:
        asked = [one.asked(self._reading.events, place, series, there) for one in steps]
        answers = self._transport.batch(asked, writing=True) if asked else []
        nowhere = [
            one.key for one, answer in zip(steps, answers, strict=True) if is_gone(answer) and one.key not in there
        ]
        named = self._named(place, series, nowhere)
        outcome = _Outcome()
        for step, request, answer in zip(steps, asked, answers, strict=True):
            if answer.status == 412 and request.if_match:
                outcome.moved.append(step)
            elif step.key not in named:
                outcome.refused += _refusal(step, answer, again=again)
        return outcome.with_more(self._send(place, series, _of(steps, named), named, again=again)) if named else outcome

    def _named(self, place: Place, series: str, keys: Sequence[str]) -> dict[str, Event]:
        """Occurrences by the ids that Google itself tells: where a series was split off another, they are not its."""
        instances = self._reading.events.instances
        asked = [Asked(instances(calendarId=place.id, eventId=series, originalStart=time_of(key))) for key in keys]
        answers = self._transport.batch(asked, writing=False) if asked else []
        return _by_key(one for answer in answers if answer.ok for one in answer.document.get("items") or ())

    def unmark(self, place: Place, series: str) -> None:
        """The last request. Raises as `write_failure` says."""
        body = with_hidden({}, {UNFINISHED: None})
        request = self._reading.events.patch(calendarId=place.id, eventId=series, body=body, **QUIET)
        answer = self._transport.answer(request, writing=True)
        if not answer.ok and not is_gone(answer):  # deleted since: the next pull sees that
            raise write_failure(answer, "the last step")


def _refusal(step: _Step, answer: Answer, *, again: bool) -> Iterator[ItemError]:
    """Why a step was refused, if it was. Raises AccountErrors."""
    if answer.ok or (step.body is None and is_gone(answer)):
        return
    what = f"the occurrence of {step.key}"
    failure = write_failure(answer, what)
    if again and answer.status == 500:
        failure = Rejected(f"Google fails each time at {what}.", server_said=answer.words)
    if isinstance(failure, NoAccess):  # the series itself was written a moment ago
        failure = Rejected(f"Google does not let {what} be changed.", server_said=answer.words)
    if not isinstance(failure, ItemError):
        raise failure
    yield failure


def _is_moved(master: Event, plan: Plan) -> bool:
    """Whether the series is at other times than those that were written."""
    if {"start", "end"} & plan.body.keys():
        return True
    lines = plan.body.get("recurrence")
    return lines is not None and sorted(lines) != sorted(master.get("recurrence") or ())


def _changed_since(master: Event, exceptions: Iterable[Event]) -> Iterator[str]:
    """Occurrences that somebody changed by hand after a write broke off, whom the pull that follows hears."""
    marked = _updated(master)
    for key, one in _by_key(exceptions).items():
        at = _updated(one)
        if marked and at and at > marked + _AT_ONCE:
            yield key


def _updated(event: Event) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(str(event.get("updated") or ""))
    return None


def _but(plan: Plan, keys: Collection[str]) -> Plan:
    """All but the steps about these occurrences."""
    exceptions = {key: body for key, body in plan.exceptions.items() if key not in keys}
    return replace(plan, exceptions=exceptions, cancelled=tuple(key for key in plan.cancelled if key not in keys))


def _of(steps: Sequence[_Step], keys: Iterable[str]) -> list[_Step]:
    wanted = set(keys)
    return [one for one in steps if one.key in wanted]


def _by_key(exceptions: Iterable[Event]) -> dict[str, Event]:
    return {instance_key(one): one for one in exceptions if series_id(one) and one.get("originalStartTime")}


def _follows(before: Event, now: Event, series: Event) -> bool:
    names = {name for name in {*before, *now} - _STAMPS if before.get(name) != now.get(name)}
    return all(now.get(name) == series.get(name) for name in names)


def whole_of(document: Mapping[str, Any], exceptions: Sequence[Event] = ()) -> Whole:
    """The item that an answer to a write shows."""
    return Whole(str(document["id"]), document, tuple(exceptions))
