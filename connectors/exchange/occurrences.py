"""Writing single occurrences of a series, each found by its number and looked at before it is touched (E10, R14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from exchangelib import CalendarItem
from exchangelib import errors as ews
from exchangelib.properties import ItemId, OccurrenceItemId

from connectors.exchange.asking import paths
from connectors.exchange.failures import item_failure
from connectors.exchange.mapping_times import plain_instant
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.places import Place
from connectors.exchange.plans import Plan
from connectors.exchange.services import DeleteItems, GetItems, UpdateItems
from connectors.exchange.transport import Transport
from connectors.microsoft.occasions import Occasion
from connectors.microsoft.series import instance_indexes, nearest_day
from sync_engine.errors import ItemError, OutcomeUnknown, Rejected
from sync_engine.model import Event

TOGETHER = 50  # occurrences of one request
_WHEN = paths(CalendarItem, ("original_start", "recurrence_id", "start"))
_GONE = (
    ews.ErrorItemNotFound,
    ews.ErrorCalendarOccurrenceIsDeletedFromRecurrence,
    ews.ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange,
)
_Found: TypeAlias = dict[date, ItemId | ItemError]


class Occurrences:
    """Writes occurrences of series."""

    def __init__(self, transport: Transport, home_zone: str) -> None:
        self._transport = transport
        self._home_zone = home_zone

    def write(self, place: Place, item_id: str, plan: Plan, event: Event) -> list[ItemError]:
        """Change some, delete some; gives what was refused. Raises AccountErrors."""
        days = [*plan.occurrences, *plan.cancelled]
        if not days:
            return []
        found = self._keys(place, item_id, event, days)
        refused = [err for err in found.values() if isinstance(err, ItemError)]
        refused += [_missing(day) for day in plan.occurrences if day not in found]
        keys = {day: key for day, key in found.items() if not isinstance(key, ItemError)}
        changes = [(keys[day].id, own) for day, own in plan.occurrences.items() if day in keys]
        gone = [keys[day] for day in plan.cancelled if day in keys]
        return [*refused, *self._change(place, changes), *self._delete(place, gone)]

    def _keys(self, place: Place, item_id: str, event: Event, days: Sequence[date]) -> _Found:
        """The occurrences of these days; those that are not there (any more) lack."""
        assert event.master is not None
        account, found = self._transport.account(place.owner), _Found()
        numbers = sorted(instance_indexes(event, days).items())
        series = Occasion(event.master, event.zones, self._home_zone)
        for start in range(0, len(numbers), TOGETHER):
            some = numbers[start : start + TOGETHER]
            keys = [OccurrenceItemId(id=item_id, instance_index=number) for _, number in some]
            service = GetItems(account=account)
            answers = self._transport.read(partial(service.read, keys, _WHEN), place.owner)
            for (day, _), answer in zip(some, answers, strict=True):
                if not isinstance(answer, _GONE):
                    found[day] = _checked(answer, day, series)
        return found

    def _change(self, place: Place, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[ItemError]:
        account = self._transport.account(place.owner)
        service = UpdateItems(account=account)
        items = [changed_item(CalendarItem, own, id=key, account=account) for key, own in changes]
        return self._written(place, items, partial(service.update, whatever_version=True))

    def _delete(self, place: Place, keys: Sequence[Any]) -> list[ItemError]:
        return self._written(place, keys, DeleteItems(account=self._transport.account(place.owner)).delete)

    def _written(self, place: Place, what: Sequence[Any], ask: Callable[[Sequence[Any]], list[Any]]) -> list[ItemError]:
        """What was refused; each on its own, also where a request is refused as a whole."""
        refused: list[ItemError] = []
        for start in range(0, len(what), TOGETHER):
            some = what[start : start + TOGETHER]
            try:
                answers = self._transport.write(partial(ask, some), place.owner)
            except Rejected as err:
                alone = (
                    [found for one in some for found in self._written(place, [one], ask)] if len(some) > 1 else [err]
                )
                refused += alone
            else:
                refused += [
                    _settled(one) for one in answers if isinstance(one, Exception) and not isinstance(one, _GONE)
                ]
        return refused


def _checked(answer: Any, day: date, series: Occasion) -> ItemId | ItemError:
    """Only the occurrence that is meant: Exchange may count in another way."""
    if isinstance(answer, Exception):
        return _settled(answer)
    at = answer.original_start or answer.recurrence_id or answer.start
    if at is None or nearest_day(plain_instant(at), series) != day:
        return Rejected(f"The occurrence of {day.isoformat()} is not where it should be in Exchange; it is left alone.")
    return ItemId(answer.id)


def _settled(answer: Exception) -> ItemError:
    """Raises OutcomeUnknown for what may pass."""
    found = item_failure(answer)
    if isinstance(found, OutcomeUnknown):
        raise found from answer
    return found


def _missing(day: date) -> Rejected:
    return Rejected(f"The series has no occurrence on {day.isoformat()} that could be changed.")
