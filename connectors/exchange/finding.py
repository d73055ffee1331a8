"""Finding an item that the hub may have made, by what it hid on it (SYNC.md R06), and meetings by their UID (R12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connectors.exchange.asking import paths
from connectors.exchange.kinds import SORTS
from connectors.exchange.places import Place
from connectors.exchange.reading import Reading
from connectors.exchange.restrictions import AnyOf, Equal, key_is, meeting_is, uid_is
from connectors.exchange.services import FindItems
from connectors.exchange.transport import Transport
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed

_LONGEST = 255  # characters of a text that Exchange compares


class Finding:
    """Looks for items in folders."""

    def __init__(self, transport: Transport, reading: Reading) -> None:
        self._transport = transport
        self._reading = reading

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """By the key of the write; else by the UID, hidden or Exchange's own."""
        conditions = [key_is(key)] if key else []
        if len(item.uid) <= _LONGEST:
            conditions.append(uid_is(item.uid))
        if place.kind is Kind.EVENT:
            conditions.append(meeting_is(item.uid))
        found = self._matching(place, conditions)
        for is_it in (_with_key(key), _with_hidden(item.uid), _with_own(item.uid)):
            for one in filter(is_it, found):
                answer = self._reading.one(place, one.id)
                if isinstance(answer, Changed | Broken):
                    return answer
        return None

    def by_key(self, place: Place, key: str) -> str:
        """The id of what the write with this key made; "" when it made nothing."""
        found = filter(_with_key(key), self._matching(place, [key_is(key)]))
        return next((str(one.id) for one in found), "")

    def has_meeting(self, place: Place, uid: str) -> bool:
        """Whether an appointment with this UID is in the calendar."""
        return any(map(_with_own(uid), self._matching(place, [meeting_is(uid)])))

    def _matching(self, place: Place, conditions: Sequence[Equal]) -> list[Any]:
        """Oldest first: a copy that a user makes is younger than what he copied."""
        if not conditions:
            return []
        account, model = self._transport.account(place.owner), SORTS[place.kind].model
        names = ["hub_uid", "hub_key", "datetime_created", *(["uid"] if place.kind is Kind.EVENT else [])]
        service = FindItems(account=account)
        found = self._transport.read(
            lambda: service.matching(place.folder, AnyOf(conditions), paths(model, names)), place.owner
        )
        items = [one for one in found if isinstance(one, model)]
        return sorted(items, key=lambda one: str(one.datetime_created or ""))


def _with_key(key: str) -> Callable[[Any], bool]:
    return lambda one: bool(key) and one.hub_key == key


def _with_hidden(uid: str) -> Callable[[Any], bool]:
    return lambda one: one.hub_uid == uid


def _with_own(uid: str) -> Callable[[Any], bool]:
    return lambda one: getattr(one, "uid", None) == uid
