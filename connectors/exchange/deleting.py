"""Deleting items: into Deleted Items, from where a person can get them back, and without a word to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exchangelib.properties import ItemId

from connectors.exchange.failures import is_gone, item_failure
from connectors.exchange.places import Place
from connectors.exchange.reading import Reading
from connectors.exchange.sending import Answers, send
from connectors.exchange.services import DeleteItems
from connectors.exchange.transport import Transport
from sync_engine.errors import OutcomeUnknown, VersionConflict
from sync_engine.ports import RemoteRef


@dataclass(frozen=True, slots=True)
class _Delete:
    number: int
    key: ItemId


class Deleting:
    """Deletes items of one account."""

    def __init__(self, transport: Transport, reading: Reading) -> None:
        self._transport = transport
        self._reading = reading

    def delete(self, place: Place, refs: Sequence[tuple[int, RemoteRef]], answers: Answers) -> None:
        """Those that are still in their version: Exchange itself does not look (E5), so we do, just before.

        Raises AccountErrors of what was not sent.
        """
        if not refs:
            return
        there = self._reading.versions(place, [ref.id for _, ref in refs])
        group = [
            one
            for (number, ref), seen in zip(refs, there, strict=True)
            for one in answers.prepare(number, lambda n=number, r=ref, s=seen: _checked(n, r, s))  # type: ignore[misc]
        ]
        for number, _ in refs:
            if number not in answers.found and all(one.number != number for one in group):
                answers.found[number] = None  # gone already
        service = DeleteItems(account=self._transport.account(place.owner))

        def ask(these: Sequence[_Delete]) -> list[Any]:
            keys = [one.key for one in these]
            return self._transport.write(lambda: service.delete(keys), place.owner)

        send(answers, group, ask, lambda _, answer: _done(answer))


def _checked(number: int, ref: RemoteRef, seen: Any) -> _Delete | None:
    """None when it is gone. Raises VersionConflict."""
    if isinstance(seen, Exception):
        if is_gone(seen):
            return None
        raise VersionConflict("The item cannot be looked at before it is deleted.") from seen
    if not ref.version or seen.changekey != ref.version:
        raise VersionConflict("The item was changed in Exchange.")
    return _Delete(number, ItemId(seen.id, seen.changekey))


def _done(answer: Any) -> None:
    if isinstance(answer, OutcomeUnknown):
        raise answer
    if isinstance(answer, Exception) and not is_gone(answer):
        raise item_failure(answer) from answer
