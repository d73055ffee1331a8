"""Writing single occurrences of a series, each found by its number and looked at before it is touched (E10, R14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from exchangelib import CalendarItem
from exchangelib import errors as ews
from exchangelib.properties import ItemId, OccurrenceItemId

from connectors.exchange.asking import paths
from connectors.exchange.failures import is_internal, item_failure
from connectors.exchange.mapping_times import plain_instant
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.places import Place
from connectors.exchange.plans import Plan
from connectors.exchange.services import DeleteItems, GetItems, UpdateItems
from connectors.exchange.transport import Transport
from connectors.microsoft.series import instance_indexes, nearest_day
from connectors.occasions import Occasion
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

    def write(self, place: Place, item_id: str, plan: Plan, event: Event, *, again: bool) -> list[ItemError]:
        """Change some, delete some; gives what was refused. Raises AccountErrors.

        `again`: it failed before; a failure of the server's own is then a refusal.
        """
        days = [*plan.occurrences, *plan.cancelled]
        if not days:
            return []
        found = self._keys(place, item_id, event, days)
        refused = [err for err in found.values() if isinstance(err, ItemError)]
        refused += [_missing(day) for day in plan.occurrences if day not in found]
        keys = {day: key for day, key in found.items() if not isinstance(key, ItemError)}
        changes = [(keys[day].id, own) for day, own in plan.occurrences.items() if day in keys]
        gone = [keys[day] for day in plan.cancelled if day in keys]
        account = self._transport.account(place.owner)
        items = [changed_item(CalendarItem, own, id=key, account=account) for key, own in changes]
        change = partial(UpdateItems(account=account).update, whatever_version=True)
        refused += self._written(place, items, change, again=again)
        return refused + self._written(place, gone, DeleteItems(account=account).delete, again=again)

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

    def _written(
        self, place: Place, what: Sequence[Any], ask: Callable[[Sequence[Any]], list[Any]], *, again: bool
    ) -> list[ItemError]:
        """What was refused; each on its own, also where a request is refused as a whole."""
        refused: list[ItemError] = []
        for start in range(0, len(what), TOGETHER):
            some = what[start : start + TOGETHER]
            try:
                answers = self._transport.write(partial(ask, some), place.owner)
            except (Rejected, OutcomeUnknown) as err:
                refusal = refused_for_good(err, again=again)
                alone = (self._written(place, [one], ask, again=again) for one in some)
                refused += [refusal] if len(some) == 1 else [found for each in alone for found in each]
            else:
                failed = [one for one in answers if isinstance(one, Exception) and not isinstance(one, _GONE)]
                refused += [_settled(one) for one in failed]
        return refused


def refused_for_good(err: Rejected | OutcomeUnknown, *, again: bool) -> ItemError:
    """Raises OutcomeUnknown for what may pass."""
    if isinstance(err, Rejected):
        return err
    if not (again and is_internal(err)):
        raise err
    return Rejected("Exchange fails at this part for the second time.", server_said=err.server_said)


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
