"""What follows the first request of a write: exceptions and cancelled occurrences of a series, a contact's photo.

The first request marks the item with what it is to become, the last one takes the mark away: whoever finds the mark
goes on. The first is under a condition, those after it follow within seconds and are not. A step that is refused for
good is left out, and told; one that cannot be made now leaves the rest for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.extended import UNFINISHED, flattened, value_of
from connectors.microsoft365.failures import is_from_another, is_gone, write_failure
from connectors.microsoft365.feed import pages
from connectors.microsoft365.mapping_events import SCHEDULE
from connectors.microsoft365.mapping_series import days_of_instances
from connectors.microsoft365.places import Place
from connectors.microsoft365.plans import DONE, Plan, to_update, with_properties
from connectors.microsoft365.reading import Reading, written
from connectors.microsoft365.transport import Transport
from connectors.photos import media_type
from connectors.unfinished import later_steps, tell_refused
from sync_engine.errors import ItemError, Rejected
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef

_NEAR = timedelta(days=3)  # around a day whose occurrence is looked for
_FAR = timedelta(days=120)  # between two days that are looked for apart
_SELECT = "$select=id,type,originalStart,originalStartTimeZone,originalEndTimeZone,start,end,isAllDay"


class Steps:
    """Carries out the later steps of writes."""

    def __init__(self, transport: Transport, reading: Reading, home_zone: str) -> None:
        self._transport = transport
        self._reading = reading
        self._home_zone = home_zone

    def carry_out(self, place: Place, item_id: str, plan: Plan, *, again: bool = False) -> RemoteRef:
        """All that follows. Raises OutcomeUnknown when it breaks off, PartlyWritten when a step is refused.

        `again`: it broke off before. A step at which the server fails then (HTTP 500) counts as refused: it would hold
        up everything else in every cycle.
        """
        ref = RemoteRef(item_id)
        refused: list[ItemError] = []
        with later_steps():
            for step in self._steps(place, item_id, plan):
                refused += _refusal(step, again=again)
            try:
                ref = self._unmark(place, item_id)
            except ItemError as err:
                refused.append(err)
        tell_refused(ref, refused)
        return replace(ref, version="")  # it may be somebody's who wrote between two steps: what is read back tells

    def finish(self, place: Place, item_id: str, item: Item) -> None:
        """Go on with the write of exactly this item, if it broke off there and nobody moved the series since."""
        document = self._reading.document(place, item_id)
        if document is None or value_of(document, UNFINISHED) != item.digest:
            return
        (found,) = self._reading.read_all(place, [document])
        if not isinstance(found, Changed):
            return
        plan = to_update(found.item, item, self._home_zone)
        if not SCHEDULE & plan.body.keys():
            self.carry_out(place, item_id, plan, again=True)

    # ------------------------------------------------------------ the steps

    def _steps(self, place: Place, item_id: str, plan: Plan) -> Iterator[_Step]:
        if plan.photo is not None:
            yield _Step("the photo", lambda: self._put_photo(place, item_id, plan))
        days = [*plan.occurrences, *plan.cancelled]
        if not days:
            return
        ids = self._instances(place, item_id, days)
        for day, properties in plan.occurrences.items():
            yield _Step(f"the occurrence of {day}", partial(self._change, place, ids.get(day, ""), day, properties))
        for day in plan.cancelled:
            if day in ids:  # else it is not there: cancelled before, or never one of the series
                yield _Step(
                    f"the cancellation of {day}", partial(self._ask, "delete", place, ids[day]), gone_is_fine=True
                )

    def _change(self, place: Place, instance: str, day: date, properties: Mapping[str, Any]) -> Answer:
        if not instance:
            raise Rejected(f"The series has no occurrence on {day.isoformat()} that could be changed.")
        return self._ask("patch", place, instance, flattened(dict(properties)))

    def _put_photo(self, place: Place, item_id: str, plan: Plan) -> Answer:
        path = f"{self._reading.path(place, item_id)}/photo/$value"
        if not plan.photo:
            answer = self._transport.ask("delete", path, owner=place.owner)
            return Answer(204) if is_gone(answer) else answer
        return self._transport.ask("put", path, plan.photo, {"Content-type": media_type(plan.photo)}, owner=place.owner)

    def _unmark(self, place: Place, item_id: str) -> RemoteRef:
        answer = self._ask("patch", place, item_id, with_properties({}, {UNFINISHED: DONE}))
        if is_gone(answer):  # deleted since: the next pull sees that
            return RemoteRef(item_id)
        if not answer.ok or is_from_another(answer):
            raise write_failure(answer, "the last step")
        return written(place, item_id, answer.document)

    def _ask(self, method: str, place: Place, item_id: str, body: Any = None) -> Answer:
        return self._transport.ask(method, self._reading.path(place, item_id), body, owner=place.owner)

    # ------------------------------------------------------------ which occurrences

    def _instances(self, place: Place, item_id: str, days: Sequence[date]) -> dict[date, str]:
        """The ids of the occurrences of these days, wherever they are now."""
        master = self._reading.document(place, item_id)
        if master is None:
            return {}
        found = days_of_instances(master.get("exceptionOccurrences") or (), master)
        path = f"{self._reading.path(place, item_id)}/instances?$top=200&{_SELECT}"
        for first, last in _spans([day for day in days if day not in found]):
            window = f"&startDateTime={first}T00:00:00Z&endDateTime={last}T00:00:00Z"
            for page in pages(self._transport, path + window, place.owner):
                found |= days_of_instances(page, master)
        return found


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Stretches of time with all these days in them, and no long gaps."""
    ordered = sorted(days)
    first = 0
    for n, day in enumerate(ordered):
        if n + 1 == len(ordered) or ordered[n + 1] - day > _FAR:
            yield ordered[first] - _NEAR, day + _NEAR
            first = n + 1


@dataclass(frozen=True, slots=True)
class _Step:
    """One request."""

    what: str
    ask: Callable[[], Answer]
    gone_is_fine: bool = False


def _refusal(step: _Step, *, again: bool) -> list[ItemError]:
    """Carry out a step; gives why it was refused, if it was. Raises AccountErrors."""
    try:
        answer = step.ask()
        if is_from_another(answer) or not (answer.ok or (step.gone_is_fine and is_gone(answer))):
            failure = write_failure(answer, step.what)
            if again and answer.status == 500:
                failure = Rejected(f"Microsoft 365 fails each time at {step.what}.", server_said=answer.words)
            raise failure
    except ItemError as err:
        return [err]
    return []
