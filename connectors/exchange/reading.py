"""Reading items: many in one request, then the exceptions of series and the pictures of contacts (E2, E9, E14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from exchangelib.errors import EWSError
from exchangelib.properties import ItemId

from connectors.exchange.failures import is_gone, may_pass, said
from connectors.exchange.kinds import SORTS, record_of
from connectors.exchange.meetings import role_of
from connectors.exchange.photos import Photos
from connectors.exchange.places import Place
from connectors.exchange.services import GetItems
from connectors.exchange.transport import Transport
from connectors.photos import with_picture
from sync_engine.errors import ItemError, SuspectListing, Unavailable, Unreadable
from sync_engine.item import Item
from sync_engine.model import Contact, Kind
from sync_engine.ports import Broken, Changed, RemoteRef, Removed

TOGETHER = 100
"""Items of one request."""
_RAW = 100_000  # characters of what cannot be read that are kept
_UNREAD = "unread"  # as a version: not empty, so it is read again when it is listed again, and not in every cycle
Answered: TypeAlias = Changed | Broken | Removed


class Reading:
    """Reads items of one account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._photos = Photos(transport)

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Answered]:
        """One answer for each id. `Removed` only when the server says that it is not there."""
        for start in range(0, len(ids), TOGETHER):
            some = ids[start : start + TOGETHER]
            yield from self._answers(place, some, self.items(place, some))

    def one(self, place: Place, item_id: str) -> Answered:
        """One item, as `fetch`."""
        return next(self.fetch(place, [item_id]))

    def items(self, place: Place, ids: Sequence[str]) -> list[Any]:
        """exchangelib's items, or exceptions in their place."""
        return self._read(place, [ItemId(item_id) for item_id in ids])

    def versions(self, place: Place, ids: Sequence[str]) -> list[Any]:
        """Items that have no more than an id and a change key, or exceptions."""
        account = self._transport.account(place.owner)
        keys = [ItemId(item_id) for item_id in ids]
        return self._transport.read(lambda: GetItems(account=account).read(keys, ()), place.owner)

    def _read(self, place: Place, keys: Sequence[Any]) -> list[Any]:
        account, fields = self._transport.account(place.owner), SORTS[place.kind].fields
        try:
            return self._transport.read(lambda: GetItems(account=account).read(keys, fields), place.owner)
        except SuspectListing as err:
            if isinstance(err.__cause__, EWSError) or err.__cause__ is None:
                raise
            if len(keys) == 1:
                return [err.__cause__]  # the library trips over this item
            return [answer for key in keys for answer in self._read(place, [key])]

    def _answers(self, place: Place, ids: Sequence[str], items: Sequence[Any]) -> Iterator[Answered]:
        there = [item for item in items if not isinstance(item, Exception)]
        exceptions = self._exceptions(place, there)
        photos = self._photos.read(place, there) if place.kind is Kind.CONTACT else {}
        for item_id, item in zip(ids, items, strict=True):
            if isinstance(item, Exception):
                yield _not_read(item_id, item)
            elif item_id in exceptions and exceptions[item_id] is None:
                yield _broken(item, Unreadable("A changed occurrence of this series cannot be read."))
            elif isinstance(photo := photos.get(item_id), Exception):
                _stop_if_passing(photo)
                yield _broken(item, Unreadable("The picture of this contact cannot be read.", server_said=said(photo)))
            else:
                yield read(place, item, exceptions.get(item_id) or (), photo)

    def _exceptions(self, place: Place, items: Sequence[Any]) -> dict[str, list[Any] | None]:
        """The changed occurrences of series, by the master's id; None where one of them was not given out."""
        if place.kind is not Kind.EVENT:
            return {}
        wanted = [(item.id, ItemId(one.id)) for item in items for one in item.modified_occurrences or ()]
        found: dict[str, list[Any] | None] = {}
        for start in range(0, len(wanted), TOGETHER):
            some = wanted[start : start + TOGETHER]
            for (master, _), answer in zip(some, self._read(place, [key for _, key in some]), strict=True):
                known = found.setdefault(master, [])
                if isinstance(answer, Exception):
                    _stop_if_passing(answer)
                    found[master] = None
                elif known is not None:
                    known.append(answer)
        return found


def read(place: Place, item: Any, exceptions: Sequence[Any] = (), photo: bytes | None = None) -> Changed | Broken:
    """What an item of exchangelib says."""
    try:
        record = record_of(place.kind, item, exceptions)
        if isinstance(record, Contact):
            record = with_picture(record, photo)
        made = Item.of(record)
    except ItemError as err:
        return _broken(item, err)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as err:  # whatever a server may say
        message = "Exchange says something of this item that makes no sense."
        return _broken(item, Unreadable(message, server_said=said(err)))
    return Changed(RemoteRef(item.id, item.changekey), made, item.hub_uid or "", role_of(place.kind, item))


def _broken(item: Any, err: ItemError) -> Broken:
    return Broken(RemoteRef(item.id, item.changekey), repr(item)[:_RAW], err)


def _not_read(item_id: str, answer: Exception) -> Broken | Removed:
    if is_gone(answer):
        return Removed(item_id)
    _stop_if_passing(answer)
    message = "Exchange does not give this item out, or in a form that nobody understands."
    return Broken(RemoteRef(item_id, _UNREAD), "", Unreadable(message, server_said=said(answer)))


def _stop_if_passing(answer: Exception) -> None:
    if may_pass(answer):
        message = "Exchange was not ready for some items; it is tried again later."
        raise Unavailable(message, server_said=said(answer)) from answer
