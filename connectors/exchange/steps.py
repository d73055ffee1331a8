"""What follows the first request of a write: exceptions and cancelled occurrences of a series, a contact's picture.

The first request marks the item with what it is to become, the last one takes the mark away: whoever finds the mark
goes on. The first is under a condition, those after it follow within seconds and are not. A step that is refused for
good is left out, and told; one that cannot be made now leaves the rest for later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exchangelib import CalendarItem

from connectors.exchange.failures import item_failure
from connectors.exchange.kinds import SORTS
from connectors.exchange.mapping_recurrence import another_recurrence
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.occurrences import Occurrences, refused_for_good
from connectors.exchange.photos import Photos
from connectors.exchange.places import Place
from connectors.exchange.plans import Plan, half_said_anew, same_schedule, to_update
from connectors.exchange.reading import Reading
from connectors.exchange.services import UpdateItems
from connectors.exchange.transport import Transport
from connectors.unfinished import later_steps, tell_refused
from sync_engine.errors import ItemError, OutcomeUnknown
from sync_engine.item import Item
from sync_engine.model import Event, Kind
from sync_engine.ports import Changed, RemoteRef


class Steps:
    """Carries out the later steps of writes."""

    def __init__(self, transport: Transport, reading: Reading, home_zone: str) -> None:
        self._transport = transport
        self._reading = reading
        self._home_zone = home_zone
        self._photos = Photos(transport)
        self._occurrences = Occurrences(transport, home_zone)

    def carry_out(
        self, place: Place, item_id: str, plan: Plan, item: Item, *, new: bool = False, again: bool = False
    ) -> RemoteRef:
        """All that follows, of an item that was just made (`new`) or changed, or that broke off before (`again`).

        Raises OutcomeUnknown when it breaks off, PartlyWritten when a step is refused.
        """
        refused: list[ItemError] = []
        with later_steps():
            version = self._picture(place, item_id, plan, refused, new=new, again=again)
            if isinstance(item.record, Event):
                refused += self._exceptions(place, item_id, plan, item.record, again=again)
                version = ""
            ref = RemoteRef(item_id, self._unmarked(place, item_id, version))
        tell_refused(ref, refused)
        if isinstance(item.record, Event):
            return RemoteRef(item_id)  # it may be of somebody who wrote between two steps: what is read back tells
        return ref

    def finish(self, place: Place, item_id: str, item: Item) -> None:
        """Go on with the write of exactly this item, if it broke off there and nobody moved the series since."""
        (shown,) = self._reading.items(place, [item_id])
        if isinstance(shown, Exception) or shown.hub_unfinished != item.digest:
            return
        found = self._reading.one(place, item_id)
        if not isinstance(found, Changed):
            return
        plan = to_update(found.item, item, self._home_zone)
        if place.kind is Kind.EVENT and not same_schedule(found.item, item, self._home_zone):
            recurrence = half_said_anew(found.item, item, self._home_zone)
            if recurrence is None:
                return
            plan = replace(plan, afresh=recurrence)
        self.carry_out(place, item_id, plan, item, again=True)

    def _picture(
        self, place: Place, item_id: str, plan: Plan, refused: list[ItemError], *, new: bool, again: bool
    ) -> str:
        """The version that it led to; "" where that is not known."""
        if plan.picture is None:
            return ""
        try:
            return self._photos.write(place, item_id, plan.picture.data, new=new)
        except (ItemError, OutcomeUnknown) as err:
            refused.append(err if isinstance(err, ItemError) else refused_for_good(err, again=again))
            return ""

    def _exceptions(self, place: Place, item_id: str, plan: Plan, event: Event, *, again: bool) -> list[ItemError]:
        if plan.afresh is not None:
            self._forget_exceptions(place, item_id, plan.afresh)
        return self._occurrences.write(place, item_id, plan, event, again=again)

    def _forget_exceptions(self, place: Place, item_id: str, recurrence: Any) -> None:
        """Exchange forgets them when a recurrence becomes another one: so another one is said before the right one."""
        account = self._transport.account(place.owner)
        items = [
            changed_item(CalendarItem, {"recurrence": one}, id=item_id, account=account)
            for one in (another_recurrence(recurrence), recurrence)
        ]
        service = UpdateItems(account=account)
        for answer in self._transport.write(lambda: service.update(items, whatever_version=True), place.owner):
            if isinstance(answer, Exception):
                failed = item_failure(answer)
                raise OutcomeUnknown(f"A series could not be said anew: {failed}", server_said=failed.server_said)

    def _unmarked(self, place: Place, item_id: str, version: str) -> str:
        """The version without the mark; "" when somebody wrote in between, for then it holds more than we know."""
        if not version:
            (seen,) = self._reading.versions(place, [item_id])
            version = "" if isinstance(seen, Exception) else seen.changekey
        answer = self._without_mark(place, item_id, version) if version else None
        if isinstance(answer, tuple):
            return str(answer[1])
        answer = self._without_mark(place, item_id, "")
        if isinstance(answer, Exception):
            failed = item_failure(answer)
            raise OutcomeUnknown(f"The end of a write could not be noted: {failed}", server_said=failed.server_said)
        return ""

    def _without_mark(self, place: Place, item_id: str, version: str) -> Any:
        """If it is in this version; in whatever version it is, without one."""
        account = self._transport.account(place.owner)
        service = UpdateItems(account=account)
        known = {"id": item_id, "account": account} | ({"changekey": version} if version else {})
        item = changed_item(SORTS[place.kind].model, {"hub_unfinished": None}, **known)
        (answer,) = self._transport.write(lambda: service.update([item], whatever_version=not version), place.owner)
        return answer
