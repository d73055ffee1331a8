"""Many writes in few requests. Those that need steps of their own go alone in their turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import Asked
from connectors.google_workspace.event_calendars import Calendars
from connectors.google_workspace.event_documents import Event, Whole, is_of_series, whole_series
from connectors.google_workspace.event_plans import Plan
from connectors.google_workspace.event_reading import Reading
from connectors.google_workspace.event_writing import Writing, deleted
from connectors.google_workspace.failures import Gone
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.write_turns import Alone, Prepared, Ready, WriteTurns
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.ports import Write, Written

_Prepared: TypeAlias = Prepared[Asked, Answer]
_NOT_ALLOWED = "Google does not let this account change this one event; ask its owner, or leave it as it is."


@dataclass(slots=True)
class _Looks:
    """What stands there, asked for all writes together."""

    plans: dict[int, Plan | ItemError] = field(default_factory=dict)  # of creations and updates, by their place
    listed: dict[int, list[Event]] = field(default_factory=dict)  # what has the UID of a creation
    series: dict[int, Whole | ItemError | None] = field(default_factory=dict)  # that are to be changed or deleted
    taken: set[str] = field(default_factory=set)  # UIDs of what is made together


class BatchWriting:
    """Answers `BatchWrites.write`."""

    def __init__(self, transport: Transport, calendars: Calendars, reading: Reading, writing: Writing) -> None:
        self._transport = transport
        self._calendars = calendars
        self._reading = reading
        self._writing = writing

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """One answer for each write, in their order."""
        looks = self._look(place, writes)
        turns = WriteTurns[Asked, Answer](
            lambda asked: self._transport.batch(asked, writing=True),
            lambda: self._calendars.ask(place).writable,
            _NOT_ALLOWED,
        )
        yield from turns.answers(self._prepare(place, n, write, looks) for n, write in enumerate(writes))

    # ------------------------------------------------------------ before

    def _look(self, place: Place, writes: Sequence[Write]) -> _Looks:
        looks = _Looks()
        for n, write in enumerate(writes):
            if write.item is not None:
                looks.plans[n] = self._planned(place, write, write.item)
        self._look_for_uids(place, writes, looks)
        series = {n: w.ref.id for n, w in enumerate(writes) if w.ref and is_of_series(w.ref.version)}
        unseen = {n: item_id for n, item_id in series.items() if looks.series.get(n) is None}
        found = self._reading.wholes(place, list(unseen.values()))  # also of those that Google knows by another UID
        looks.series |= {n: found[item_id] for n, item_id in unseen.items()}
        return looks

    def _planned(self, place: Place, write: Write, item: Item) -> Plan | ItemError:
        try:
            if write.ref is None:
                return self._writing.plan_new(place, item, write.key)
            if write.base is None or not write.ref.version:
                return Plan({})
            return self._writing.plan_update(place, write.ref, item, write.base)
        except ItemError as err:
            return err

    def _look_for_uids(self, place: Place, writes: Sequence[Write], looks: _Looks) -> None:
        """Creations: is the UID free? Series: are they still as they were?"""
        new = {n: plan for n, plan in looks.plans.items() if writes[n].ref is None and isinstance(plan, Plan)}
        requests = {n: self._writing.look_for(place, plan) for n, plan in new.items()}
        for n, write in enumerate(writes):
            if write.item is not None and write.ref is not None and is_of_series(write.ref.version):
                requests[n] = self._writing.look_at(place, write.item.uid)
        for n, listed in zip(requests, self._reading.lists(list(requests.values())), strict=True):
            if n in new:
                looks.listed[n] = listed
            else:
                ref = writes[n].ref
                looks.series[n] = whole_series(ref.id, listed) if ref is not None else None

    def _prepare(self, place: Place, n: int, write: Write, looks: _Looks) -> _Prepared:
        try:
            if write.item is None:
                return self._deletion(place, n, write, looks)
            plan = looks.plans[n]
            if isinstance(plan, ItemError):
                return plan
            if write.ref is None:
                return self._creation(place, write, write.item, plan, looks, looks.listed[n])
            return self._change(place, n, write, write.item, plan, looks)
        except Gone as err:
            return None if write.item is None else err
        except ItemError as err:
            return err

    def _creation(
        self, place: Place, write: Write, item: Item, plan: Plan, looks: _Looks, listed: Sequence[Event]
    ) -> _Prepared:
        uid = str(plan.body["iCalUID"])
        second = uid in looks.taken
        looks.taken.add(uid)
        if plan.several or listed or second:
            return Alone(lambda: self._writing.create(place, item, write.key))
        asked = self._writing.importing(place, item, plan)
        return Ready(asked, lambda answer: self._writing.created(place, item, write.key, plan, answer))

    def _change(self, place: Place, n: int, write: Write, item: Item, plan: Plan, looks: _Looks) -> _Prepared:
        ref, base = write.ref, write.base
        if ref is None:
            return None
        if base is None or not ref.version or plan.several:
            return Alone(lambda: self._writing.update(place, ref, item, base))
        if not plan:
            return ref
        seen = self._writing.seen(looks.series[n], ref) if n in looks.series else None
        asked = self._writing.patching(place, ref, item, plan)
        return Ready(asked, lambda answer: self._writing.changed(place, ref, plan, answer, seen))

    def _deletion(self, place: Place, n: int, write: Write, looks: _Looks) -> _Prepared:
        ref = write.ref
        if ref is None:
            return None
        if not ref.version:
            return Alone(lambda: self._writing.delete(place, ref))
        if n in looks.series and self._writing.seen(looks.series[n], ref).master is None:
            return Alone(lambda: self._writing.delete(place, ref))
        return Ready(self._writing.deleting(place, ref), deleted)
